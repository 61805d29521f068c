package dashboard

import (
	"bytes"
	"net/http"
	"time"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

// offlinePosts is how many posts a browser may keep.
const offlinePosts = 50

type offlinePage struct {
	assets.Plain
	Now   time.Time
	Cards []assets.Card
}

// offline handles GET /me/offline: what a browser keeps for when there is no
// connection, if the owner switched that on in it. A device can be stolen, so only
// what everybody can read is in it.
func (d *Dashboard) offline(w http.ResponseWriter, r *http.Request) {
	d.show(w, r, "offline", answer{}, func(v *view) (any, error) {
		page := offlinePage{Plain: assets.Plain{Title: "Not connected", Host: d.service.Origin().Host, Lang: "en"}, Now: v.now}
		v.inHome, v.filtersAt = true, store.FilterHome
		rows, err := v.tx.Home(store.Page{Limit: 2 * offlinePosts})
		if err != nil {
			return nil, err
		}
		cards, _, err := v.cards(rows)
		for _, c := range cards {
			open := c.Audience == "everyone" || c.Audience == "quiet"
			if open && c.Filtered == "" && len(page.Cards) < offlinePosts {
				page.Cards = append(page.Cards, c)
			}
		}
		return page, err
	})
}

// worker handles GET /me/worker.js: the service worker, for the owner alone.
func (d *Dashboard) worker(w http.ResponseWriter, r *http.Request) {
	body := assets.Static()[assets.StaticPath("worker.js")].Body
	reply.Worker(w, bytes.ReplaceAll(body, []byte("/icon.small.png"), []byte(assets.StaticPath("icon.small.png"))), "/me")
}
