package dashboard

import (
	"cmp"
	"net/http"
	"strings"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

// choices are the reactions that are offered, with the names that a reader hears.
var choices = []struct{ emoji, name string }{
	{"❤️", "Heart"}, {"👍", "Thumbs up"}, {"😂", "Tears of joy"}, {"😮", "Astonished"}, {"😢", "Crying"}, {"🎉", "Party"},
	{"🙏", "Thank you"}, {"👏", "Applause"}, {"🤔", "Thinking"}, {"🔥", "Fire"}, {"🌱", "Seedling"}, {"👀", "Eyes"},
}

type emojiChoice struct {
	Emoji, Name string
	Mine        bool
	Image       string // path of its picture, "" for a character
}

type reactPage struct {
	assets.Owner
	Card                   assets.Card
	Action, TakeBack, Back string
	Mine                   string
	Choices                []emojiChoice
	Value, Error           string
}

// reactAsk handles GET /me/post/ID/react.
func (d *Dashboard) reactAsk(w http.ResponseWriter, r *http.Request) {
	d.showReact(w, r, answer{}, "", "")
}

// react handles POST /me/post/ID/react.
func (d *Dashboard) react(w http.ResponseWriter, r *http.Request) {
	id, emoji := idOf(r), cmp.Or(r.PostForm.Get("emoji"), r.PostForm.Get("other"))
	_, err := d.service.React(r.Context(), id, emoji)
	if reply.CodeOf(err) == reply.Unprocessable {
		d.showReact(w, r, answer{status: http.StatusUnprocessableEntity}, strings.ToValidUTF8(emoji, "\uFFFD"), reply.Message(err))
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, backTo(r, postPath(id)))
}

// showReact renders the choice; value and problem are of a form that came back.
func (d *Dashboard) showReact(w http.ResponseWriter, r *http.Request, a answer, value, problem string) {
	d.show(w, r, "react", a, func(v *view) (any, error) {
		p, err := v.postShown(idOf(r))
		if err != nil {
			return nil, err
		}
		page := reactPage{Action: postPath(p.ID) + "/react", Back: postPath(p.ID), Value: value, Error: problem}
		if page.Owner, err = v.frame("React", ""); err != nil {
			return nil, err
		}
		cards, err := v.plainCards([]store.Post{p})
		if err != nil {
			return nil, err
		}
		page.Card = cards[0]
		mine := ""
		for _, x := range page.Card.Reaction {
			if x.Mine {
				mine = x.Emoji
			}
		}
		switch {
		case mine != "":
			page.Mine, page.TakeBack = mine, postPath(p.ID)+"/unlike"
		case page.Card.Liked:
			page.Mine, page.TakeBack = "your like", postPath(p.ID)+"/unlike"
		}
		page.Choices = offered(page.Card.Reaction, mine)
		return page, nil
	})
}

// offered are the usual choices, and before them what others answered with.
func offered(said []assets.Reaction, mine string) []emojiChoice {
	var list []emojiChoice
	known := map[string]bool{}
	for _, x := range said {
		known[x.Emoji] = true
		list = append(list, emojiChoice{x.Emoji, "used here", x.Emoji == mine, x.Image})
	}
	for _, c := range choices {
		if !known[c.emoji] {
			list = append(list, emojiChoice{c.emoji, c.name, false, ""})
		}
	}
	return list
}
