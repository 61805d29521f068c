package dashboard

import (
	"net/http"
	"strings"

	"dassie/assets"
	"dassie/store"
)

const touchersShown = 40

type toucher struct {
	assets.Person
	Emoji string
}

type touchedPage struct {
	assets.Owner
	Heading     string
	Card        assets.Card
	Tabs        []assets.Tab
	People      []toucher
	Note, Empty string
	Pager       assets.Pager
}

// likes handles GET /me/post/ID/likes: who likes a post or reacted to it.
func (d *Dashboard) likes(w http.ResponseWriter, r *http.Request) {
	d.touchedBy(w, r, "likes", (*store.Tx).Likers)
}

// boosts handles GET /me/post/ID/boosts: who boosted it.
func (d *Dashboard) boosts(w http.ResponseWriter, r *http.Request) {
	d.touchedBy(w, r, "boosts", (*store.Tx).Boosters)
}

func (d *Dashboard) touchedBy(w http.ResponseWriter, r *http.Request, kind string, list func(*store.Tx, int64, store.Page) ([]int64, error)) {
	query := r.URL.Query()
	at := pageOf(number(query.Get("before")), number(query.Get("after")), touchersShown)
	d.show(w, r, "touched", answer{}, func(v *view) (any, error) {
		p, err := v.postShown(idOf(r))
		if err != nil {
			return nil, err
		}
		page := touchedPage{Heading: "Likes and reactions", Empty: "Nobody likes this post, as far as is known here."}
		if kind == "boosts" {
			page.Heading, page.Empty = "Boosts", "Nobody boosted this post, as far as is known here."
		}
		if page.Owner, err = v.frame(page.Heading, ""); err != nil {
			return nil, err
		}
		cards, err := v.plainCards([]store.Post{p})
		if err != nil {
			return nil, err
		}
		page.Card = cards[0]
		base := postPath(p.ID)
		page.Tabs = []assets.Tab{
			{URL: base + "/likes", Text: "Likes and reactions", Count: p.Likes, Current: kind == "likes"},
			{URL: base + "/boosts", Text: "Boosts", Count: p.Boosts, Current: kind == "boosts"},
		}
		ids, err := list(v.tx, p.ID, at)
		if err != nil {
			return nil, err
		}
		ids, page.Pager = cutPage(ids, at, base+"/"+kind+"?", func(id int64) int64 { return id })
		page.Pager.NewerText, page.Pager.OlderText = "Back", "More"
		if !p.Own() {
			page.Note = "Here are those that this server knows of. " + cards[0].Author.Called() + "’s own server knows more."
		}
		page.People, err = v.touchers(p.ID, ids)
		return page, err
	})
}

// touchers are people with what they reacted with, without those who are hidden.
func (v *view) touchers(postID int64, ids []int64) ([]toucher, error) {
	hidden, err := v.hidden(ids)
	if err != nil {
		return nil, err
	}
	pairs := make([][2]int64, len(ids))
	for i, id := range ids {
		pairs[i] = [2]int64{postID, id}
	}
	said, err := v.tx.ReactionsFor(pairs)
	if err != nil {
		return nil, err
	}
	emoji := map[int64]string{}
	for _, r := range said {
		emoji[r.ActorID] = strings.TrimSpace(emoji[r.ActorID] + " " + r.Emoji)
	}
	var out []toucher
	for _, id := range ids {
		if !hidden[id] {
			out = append(out, toucher{v.known(id), emoji[id]})
		}
	}
	return out, nil
}
