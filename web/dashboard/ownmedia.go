package dashboard

import (
	"net/http"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

const mediaShown = 20 // uploads on one page

// ownFile is one upload on the page.
type ownFile struct {
	ID, Kind, Title, Facts, Question, URL, Preview, Alt, PostURL, Error string
	Time                                                                time.Time
}

type mediaPage struct {
	assets.Owner
	Tabs  []assets.Tab
	Bare  bool // only those without a description
	Files []ownFile
	Sum   string
	Pager assets.Pager
}

const mediaPath = "/me/media"

// ownMedia handles GET /me/media; k=bare has what has no description.
func (d *Dashboard) ownMedia(w http.ResponseWriter, r *http.Request) {
	d.showMedia(w, r, answer{}, ownFile{})
}

// showMedia draws the page; refused is the file whose new description was not taken.
func (d *Dashboard) showMedia(w http.ResponseWriter, r *http.Request, a answer, refused ownFile) {
	query := r.URL.Query()
	d.show(w, r, "media", a, func(v *view) (any, error) {
		page := mediaPage{Bare: query.Get("k") == "bare"}
		sums, err := v.tx.SumMedia()
		if err != nil {
			return nil, err
		}
		page.Sum = plural(sums.All, "upload", "uploads") + ", " + megabytes(sums.Bytes)
		page.Tabs = []assets.Tab{{URL: mediaPath, Text: "All", Current: !page.Bare}, {URL: mediaPath + "?k=bare", Text: "Without description", Count: sums.Bare, Current: page.Bare}}
		at := pageOf(number(query.Get("before")), number(query.Get("after")), mediaShown)
		list, err := v.tx.OwnMedia(page.Bare, at)
		if err != nil {
			return nil, err
		}
		base := mediaPath + "?"
		if page.Bare {
			base += "k=bare&"
		}
		list, page.Pager = cutPage(list, at, base, func(m store.Media) int64 { return m.ID })
		for _, m := range list {
			f := v.ownFile(m)
			if f.ID == refused.ID {
				f.Alt, f.Error = refused.Alt, refused.Error
			}
			page.Files = append(page.Files, f)
		}
		page.Owner, err = v.frame("Media", "media")
		return page, err
	})
}

func (v *view) ownFile(m store.Media) ownFile {
	u := uploadForm(m, attachedFile{id: m.ID, alt: m.Alt})
	f := ownFile{ID: u.ID, Kind: u.Kind, Title: u.Title, Question: u.Question(), URL: u.URL, Preview: u.Preview, Alt: m.Alt, Time: v.local(m.At), Facts: u.Size}
	if u.Length != "" {
		f.Facts = u.Length + ", " + u.Size
	}
	if m.PostID != 0 {
		f.PostURL = postPath(m.PostID)
	}
	return f
}

// mediaDescribe handles POST /me/media/ID: another description.
func (d *Dashboard) mediaDescribe(w http.ResponseWriter, r *http.Request) {
	id, alt := idOf(r), lines(r.PostForm.Get("alt"))
	err := d.service.Redescribe(r.Context(), federation.Attached{ID: id, Alt: &alt})
	if text, ok := refused(err); ok && reply.CodeOf(err) != reply.NotFound {
		d.showMedia(w, r, answer{status: refusedStatus(err)}, ownFile{ID: decimal(id), Alt: alt, Error: text})
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, withDone(backTo(r, mediaPath), "described"))
}
