package dashboard

import (
	"net/http"

	"dassie/assets"
	"dassie/store"
)

type hidden struct{ Name, Value string }

type confirmPage struct {
	assets.Owner
	Heading, Action, Button, BackURL string
	Lines                            []string
	Card                             *assets.Card
	Who                              *assets.Person
	Hidden                           []hidden
	MoreURL, MoreText                string
	Harmless                         bool // nothing is lost by it: the button does not warn
}

// confirm shows the page before what cannot be taken back. Its form goes to its
// own address.
func (d *Dashboard) confirm(w http.ResponseWriter, r *http.Request, title, here string, fill func(*view, *confirmPage) error) {
	d.show(w, r, "confirm", answer{}, func(v *view) (any, error) {
		page := confirmPage{Action: r.URL.Path}
		var err error
		if page.Owner, err = v.frame(title, here); err != nil {
			return nil, err
		}
		return &page, fill(v, &page)
	})
}

// who fills the person that a confirm page is about.
func (v *view) who(page *confirmPage, id int64) (store.Actor, error) {
	a, err := v.actor(id)
	if err != nil {
		return a, err
	}
	face := v.face(a)
	page.Who = &face
	return a, nil
}
