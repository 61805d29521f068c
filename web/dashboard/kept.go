package dashboard

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

const (
	keptPath = "/me/data/kept"
	logAge   = "keep_log_days" // the one age that does not wait for the night
)

type keptPage struct {
	assets.Owner
	Groups  []keptGroup
	Swept   []store.SweptKind // what the last house-keeping removed
	Last    time.Time         // when it ended; zero if there was none
	Freed   int64             // bytes of files
	Cut     bool              // it did not get through
	Next    time.Time
	Busy    bool
	LogDays int // that the log of requests has, and its bytes
	LogSize int64
}

// keptGroup is what stands under one heading.
type keptGroup struct {
	ID, Title string
	Fields    []keptField
}

// keptField is a number that says how long, or how much, is kept.
type keptField struct{ Name, Label, Hint, Value, Error string }

// keptGroups are the words for every age of store.Ages.
var keptGroups = []struct {
	id, title string
	fields    []keptWords
}{
	{"posts", "Others’ posts", []keptWords{{
		"keep_remote_days", "Days for posts of others", "What you answered, liked, boosted, saved or pinned stays, and so does what names you.",
		"post of others that nobody here touched", "posts of others that nobody here touched"}}},
	{"pictures", "Others’ pictures", []keptWords{{
		"keep_picture_days", "Days for pictures that nobody looks at", "They are fetched again when they are looked at.",
		"picture of others that nobody looked at", "pictures of others that nobody looked at"}, {
		"media_cache_mb", "Megabytes for all of them", "Faces and previews of links count too. What was not looked at for longest goes first.",
		"picture of others for which there is no room", "pictures of others for which there is no room"}}},
	{"notices", "Inbox", []keptWords{{
		"keep_notice_days", "Days for notices", "Those that are held back too.", "notice", "notices"}}},
	{"addresses", "Log-ins", []keptWords{{
		"keep_address_days", "Days for the addresses of your log-ins", "0 writes none down. They are for you alone: with them you see whether somebody else was here.",
		"address of a log-in", "addresses of log-ins"}, {
		"keep_security_days", "Days for the security log", "", "line of the security log", "lines of the security log"}}},
	{"requests", "Log of requests", []keptWords{{
		"keep_log_days", "Days for a log of requests", "0 is none. A line has the address, the time, the path and the length of the answer, and nothing of what was sent. After 7 days addresses are cut to their network.",
		"day of the log of requests", "days of the log of requests"}}},
	{"work", "Failed work", []keptWords{{
		"keep_job_days", "Days for what could not be worked on", "Such as a post of a server that sends something odd.", "piece of failed work", "pieces of failed work"}}},
}

// keptWords are those of one age: of its field, and of what goes by it.
type keptWords struct{ name, label, hint, one, many string }

// limits says what an age may be, and what it is unless one chooses.
func limits(a store.Age) string {
	set := store.DefaultSettings()
	return strconv.Itoa(a.Least) + " to " + strconv.Itoa(a.Most) + "; " + strconv.Itoa(*a.Of(&set)) + " unless you choose."
}

// kept handles GET /me/data/kept: how long everything stays, and what went.
func (d *Dashboard) kept(w http.ResponseWriter, r *http.Request) {
	d.showKept(w, r, answer{}, d.service.Settings(), nil)
}

// keptSave handles POST /me/data/kept. Where something would go by it, the page says
// first how much.
func (d *Dashboard) keptSave(w http.ResponseWriter, r *http.Request) {
	before := d.service.Settings()
	set, wrong := readAges(before, r.PostForm)
	if len(wrong) > 0 {
		d.showKept(w, r, answer{status: http.StatusUnprocessableEntity}, set, wrong)
		return
	}
	if r.PostForm.Get("sure") != "yes" {
		lines, night, err := d.lost(r, before, set)
		if err != nil {
			d.fail(w, r, err)
			return
		}
		if len(lines) > 0 {
			d.keptAsk(w, r, set, lines, night)
			return
		}
	}
	if err := d.service.SaveSettings(r.Context(), set); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, keptPath+"?done=ages")
}

// purge handles POST /me/data/kept/purge: house-keeping begins now, in the background.
func (d *Dashboard) purge(w http.ResponseWriter, r *http.Request) {
	if err := d.service.PurgeSoon(r.Context()); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, keptPath+"?done=purge")
}

// readAges puts a sent form over the settings as they are, and says what is wrong by
// field.
func readAges(set store.Settings, form url.Values) (store.Settings, map[string]string) {
	wrong := map[string]string{}
	for _, a := range store.Ages {
		if !form.Has(a.Name) {
			continue
		}
		n, err := strconv.Atoi(strings.TrimSpace(form.Get(a.Name)))
		if err != nil || n < a.Least || n > a.Most {
			wrong[a.Name] = "Give a whole number from " + strconv.Itoa(a.Least) + " to " + strconv.Itoa(a.Most) + "."
			continue
		}
		*a.Of(&set) = n
	}
	return set, wrong
}

// lost says what goes by the ages that become shorter, and whether some of it waits for
// the next house-keeping.
func (d *Dashboard) lost(r *http.Request, before, set store.Settings) (lines []string, night bool, err error) {
	shorter := map[string]bool{}
	for _, a := range store.Ages {
		shorter[a.Name] = *a.Of(&set) < *a.Of(&before)
	}
	var due map[string]int
	for _, g := range keptGroups {
		for _, f := range g.fields {
			if !shorter[f.name] {
				continue
			}
			if due == nil {
				if due, err = d.service.Due(r.Context(), set); err != nil {
					return nil, false, err
				}
			}
			if n := due[f.name]; n > 0 {
				soon := ""
				if f.name == logAge {
					soon = " within the hour"
				}
				night = night || soon == ""
				lines = append(lines, plural(n, f.one, f.many)+" "+verb(n, "goes", "go")+soon+".")
			}
		}
	}
	return lines, night, nil
}

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// keptAsk is the page before that.
func (d *Dashboard) keptAsk(w http.ResponseWriter, r *http.Request, set store.Settings, lines []string, night bool) {
	d.confirm(w, r, "Keep less", "data", func(v *view, page *confirmPage) error {
		page.Heading, page.Button, page.BackURL, page.Action = "Keep less from now on?", "Keep less", keptPath, keptPath
		next := federation.NextPurge(v.now, set)
		if night {
			lines = append(lines, "What has no time here goes at the next house-keeping, "+nightWords(v.now, next)+", or at once if you purge by hand then. Until that time you can change your mind.")
		}
		page.Lines = append(lines, "Posts and pictures of others can be fetched again. Anything else cannot be brought back, but for a backup that you made.")
		page.Hidden = []hidden{{"sure", "yes"}}
		for _, a := range store.Ages {
			page.Hidden = append(page.Hidden, hidden{a.Name, strconv.Itoa(*a.Of(&set))})
		}
		return nil
	})
}

// nightWords is "today at 03:00" or "tomorrow at 03:00".
func nightWords(now, night time.Time) string {
	if night.YearDay() == now.YearDay() {
		return "today at " + night.Format("15:04")
	}
	return "tomorrow at " + night.Format("15:04")
}

// keptFields draws the groups; what was sent and not taken is shown again.
func keptFields(set store.Settings, form url.Values, wrong map[string]string) (list []keptGroup) {
	for _, g := range keptGroups {
		group := keptGroup{ID: g.id, Title: g.title}
		for _, w := range g.fields {
			a, ok := store.AgeNamed(w.name)
			if !ok {
				continue // a test holds both tables together
			}
			f := keptField{w.name, w.label, strings.TrimSpace(limits(a) + " " + w.hint), strconv.Itoa(*a.Of(&set)), wrong[w.name]}
			if f.Error != "" {
				f.Value = form.Get(w.name)
			}
			group.Fields = append(group.Fields, f)
		}
		list = append(list, group)
	}
	return list
}

func (d *Dashboard) showKept(w http.ResponseWriter, r *http.Request, a answer, set store.Settings, wrong map[string]string) {
	d.show(w, r, "kept", a, func(v *view) (any, error) {
		page := keptPage{Groups: keptFields(set, r.PostForm, wrong), Next: federation.NextPurge(v.now, v.set)}
		last, busy, err := d.service.Purged(v.tx)
		if err != nil {
			return nil, err
		}
		for _, k := range last.Removed {
			page.Swept = append(page.Swept, store.SweptKind{What: strings.ToUpper(k.What[:1]) + k.What[1:], N: k.N})
		}
		page.Last, page.Freed, page.Cut, page.Busy = v.local(last.At), last.Bytes, last.Cut, busy
		if page.LogDays, page.LogSize, err = d.service.RequestLog().Held(); err != nil {
			d.log.Error("look how long the log of requests is", "err", err) // the numbers can be changed all the same
		}
		page.Owner, err = v.frame("What is kept", "data")
		return page, err
	})
}
