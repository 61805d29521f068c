package dashboard

import (
	"bytes"
	"errors"
	"net/http"
	"time"

	"github.com/julienschmidt/httprouter"

	"dassie/assets"
	"dassie/federation/archive"
	"dassie/store"
	"dassie/web/auth"
	"dassie/web/reply"
)

const (
	dataPath    = "/me/data"
	archivePath = "/me/data/archive"
	slowLine    = 6 * time.Hour // how long the download of an archive may take
)

type dataPage struct {
	assets.Owner
	Archives []archiveRow
	Packing  *packing
	Lists    []dataList
}

type archiveRow struct {
	ID, Name, Error       string
	Size                  int64
	Posts, Files, Missing int
	Made, Until           time.Time
}

// packing is the archive that is being made.
type packing struct {
	ID, Stage   string
	Done, Total int
	Percent     int
	Bytes       int64
	Left        string // how long it takes yet, in words; "" while nobody knows
}

type dataList struct {
	Name, File string
	Count      int
}

// data handles GET /me/data: what can be taken along.
func (d *Dashboard) data(w http.ResponseWriter, r *http.Request) {
	d.show(w, r, "data", answer{}, func(v *view) (any, error) {
		var page dataPage
		all, err := v.tx.Archives()
		if err != nil {
			return nil, err
		}
		for _, a := range all {
			if a.State == store.ArchiveAsked {
				page.Packing = d.packing(a)
				continue
			}
			if d.service.Now().Sub(a.EndedAt) > archive.Lasts {
				continue // it is removed within the hour, and not handed out any more
			}
			page.Archives = append(page.Archives, archiveRow{
				ID: decimal(a.ID), Name: downloadName(v, a), Error: a.Error, Size: a.Size, Posts: a.Posts, Files: a.Files, Missing: a.Missing,
				Made: v.local(a.EndedAt), Until: v.local(a.EndedAt.Add(archive.Lasts)),
			})
		}
		if page.Lists, err = v.dataLists(); err != nil {
			return nil, err
		}
		page.Owner, err = v.frame("Your data", "data")
		return page, err
	})
}

// downloadName is what the file is called where it is saved.
func downloadName(v *view, a store.Archive) string {
	return v.d.service.Origin().Domain + "-" + v.local(a.AskedAt).Format("2006-01-02") + ".zip"
}

// packing says how far an archive is that was asked for.
func (d *Dashboard) packing(a store.Archive) *packing {
	at, since, busy := d.archives.Progress()
	if !busy {
		return &packing{ID: decimal(a.ID)} // what is told is of the one before
	}
	p := &packing{ID: decimal(a.ID), Stage: at.Stage, Done: at.Done, Total: at.Total, Bytes: at.Bytes}
	if at.Works == 0 {
		return p
	}
	share := at.Share()
	p.Done, p.Percent = min(p.Done, p.Total), int(100*share)
	if spent := d.service.Now().Sub(since); share > 0 && spent > 2*time.Second {
		p.Left = roughly(time.Duration(float64(spent) / share * (1 - share)))
	}
	return p
}

// roughly says a time that nobody knows exactly.
func roughly(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "Less than a minute left."
	case d < time.Hour:
		return "About " + plural(int(d.Round(time.Minute)/time.Minute), "minute", "minutes") + " left."
	}
	return "About " + plural(int(d.Round(time.Hour)/time.Hour), "hour", "hours") + " left."
}

// dataLists are the lists that come as tables.
func (v *view) dataLists() ([]dataList, error) {
	list := []dataList{
		{Name: "Following", File: "following_accounts.csv"}, {Name: "Followers", File: "followers.csv"}, {Name: "Lists", File: "lists.csv"},
		{Name: "Saved", File: "bookmarks.csv"}, {Name: "Mutes", File: "muted_accounts.csv"}, {Name: "Blocks", File: "blocked_accounts.csv"},
		{Name: "Blocked servers", File: "blocked_domains.csv"}, {Name: "Filters", File: "custom_filters.json"},
	}
	for i, count := range []func() (int, error){
		v.tx.CountFollowing,
		func() (int, error) { return v.tx.CountFollowers(store.FollowAccepted) },
		func() (int, error) { l, err := v.tx.Lists(); return len(l), err },
		v.tx.CountBookmarks,
		v.tx.CountMutes,
		v.tx.CountBlocks,
		func() (int, error) { l, err := v.tx.BlockedHosts(); return len(l), err },
		v.tx.CountFilters,
	} {
		n, err := count()
		if err != nil {
			return nil, err
		}
		list[i].Count = n
	}
	return list, nil
}

// archiveAsk handles GET /me/data/archive: what will be packed, for who gave the
// password in the last minutes. All that was ever written is in it, so a log-in is not enough to
// have it packed. Once it is, that is enough to load it down.
func (d *Dashboard) archiveAsk(w http.ResponseWriter, r *http.Request) {
	if !d.guard.AskedAgain(r) {
		reply.Redirect(w, r, auth.CheckPath(archivePath))
		return
	}
	d.confirm(w, r, "Pack an archive", "data", func(v *view, page *confirmPage) error {
		page.Heading, page.Button, page.BackURL, page.Harmless = "Pack an archive?", "Pack an archive", dataPath, true
		sizes, err := v.tx.ArchiveSizes()
		page.Lines = []string{
			"It holds " + plural(sizes.Posts, "post or boost", "posts and boosts") + " of every audience, private ones and what you got in private too, " +
				either(sizes.Files == 0, "", plural(sizes.Files, "file", "files")+" that you added to them, ") + "your profile, lists, drafts, filters and settings, and a page that shows it all without a server.",
			"There is no key and no password in it: nobody can speak as you with it. Still, whoever has the file can read everything you wrote.",
			"It is packed beside everything else, goes on after a restart, and can be downloaded for 7 days.",
		}
		return err
	})
}

// archiveMake handles POST /me/data/archive.
func (d *Dashboard) archiveMake(w http.ResponseWriter, r *http.Request) {
	if !d.guard.AskedAgain(r) {
		reply.Redirect(w, r, auth.CheckPath(archivePath))
		return
	}
	if err := d.archives.Ask(r.Context(), assets.BrowserName(r.UserAgent())); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, dataPath)
}

// archiveGet handles GET /me/data/archive/ID, in parts if the browser asks so. It asks
// for the password or a log-in just now, but not again for the rest of what the same
// session began.
func (d *Dashboard) archiveGet(w http.ResponseWriter, r *http.Request) {
	id, now := idOf(r), d.service.Now()
	key := resumeKey{archive: id}
	if s, in := d.guard.Session(r); in {
		key.session = string(s.Hash)
	}
	goesOn := d.resumes.goesOn(r, key, now)
	if !goesOn && !d.fresh(w, r, r.URL.Path) {
		return
	}
	a, f, err := d.archives.Open(r.Context(), id)
	if err != nil {
		d.fail(w, r, notFound(err))
		return
	}
	defer f.Close()
	if r.Method == http.MethodGet && !goesOn {
		d.resumes.begins(key, a.EndedAt, now)
		if err := d.archives.Downloaded(r.Context(), assets.BrowserName(r.UserAgent())); err != nil {
			d.fail(w, r, err)
			return
		}
	}
	name := d.service.Origin().Domain + "-" + a.AskedAt.In(zone(d.service.Settings())).Format("2006-01-02") + ".zip"
	reply.LimitTime(w, slowLine)
	reply.Download(w, r, f, name, a.EndedAt)
}

// archiveDrop handles POST /me/data/archive/ID/delete: what is being packed ends,
// what is packed goes. It can be packed again.
func (d *Dashboard) archiveDrop(w http.ResponseWriter, r *http.Request) {
	if err := d.archives.Drop(r.Context(), idOf(r)); err != nil && !errors.Is(err, store.ErrNotFound) {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, dataPath)
}

// dataTable handles GET /me/data/lists/NAME.csv.
func (d *Dashboard) dataTable(w http.ResponseWriter, r *http.Request) {
	name := httprouter.ParamsFromContext(r.Context()).ByName("name")
	if !archive.HasTable(name) {
		d.fail(w, r, notFound(store.ErrNotFound))
		return
	}
	if !d.fresh(w, r, r.URL.Path) {
		return
	}
	var b bytes.Buffer // whole, so that a fault is no half list
	if err := d.archives.Table(r.Context(), name, &b); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Download(w, r, bytes.NewReader(b.Bytes()), name, time.Time{})
}
