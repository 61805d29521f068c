package dashboard

import (
	"net/http"
	"slices"
	"strings"

	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// suggestionsShown is how many names are offered for what was begun.
const suggestionsShown = 8

// suggestion is a name that can stand in a text.
type suggestion struct {
	Insert string `json:"insert"` // "@bob@there.example", "#leeks", ":leek:"
	Words  string `json:"words"`  // beside it: the display name; "" for none
	Image  string `json:"image"`  // path; "" for none
}

// writeHelp is the part of the write page that puts names into the text, for those
// without script.
type writeHelp struct {
	Query string
	Open  bool
	Found []suggestion
}

func (v *view) writeHelp(f writeForm) (writeHelp, error) {
	help := writeHelp{Query: f.find, Open: f.do == "find"}
	if f.find == "" {
		return help, nil
	}
	var err error
	help.Found, err = v.suggestions(f.find)
	return help, err
}

// suggestions finds what is known here and begins so: people, hashtags after #,
// the owner's emojis after a colon.
func (v *view) suggestions(query string) (list []suggestion, err error) {
	query = strings.TrimSpace(query)
	switch {
	case strings.HasPrefix(query, "#"):
		begin := store.TagName(strings.TrimPrefix(query, "#"))
		names, err := v.tx.TagsLike(begin, suggestionsShown)
		for _, name := range names {
			list = append(list, suggestion{Insert: "#" + name})
		}
		return list, err
	case strings.HasPrefix(query, ":"):
		emojis, err := v.tx.OwnEmojisLike(strings.Trim(query, ":"), suggestionsShown)
		for _, e := range emojis {
			_, still, _ := federation.OwnEmojiPaths(e.Emoji())
			list = append(list, suggestion{Insert: ":" + e.Shortcode + ":", Image: still})
		}
		return list, err
	}
	begin := strings.ToLower(strings.TrimPrefix(query, "@"))
	people, err := v.tx.SearchPeople(begin, 3*suggestionsShown)
	slices.SortStableFunc(people, func(a, b store.Actor) int { // who is called so before whose name has it somewhere
		return rank(b, begin) - rank(a, begin)
	})
	for _, a := range people[:min(len(people), suggestionsShown)] {
		face := v.face(a)
		list = append(list, suggestion{Insert: face.Handle, Words: face.Called(), Image: face.Face()})
	}
	return list, err
}

// rank is how well what was begun fits somebody.
func rank(a store.Actor, begin string) int {
	if strings.HasPrefix(strings.ToLower(a.Handle()), begin) {
		return 1
	}
	return 0
}

// suggest handles GET /me/suggest?q=: what the script offers while somebody writes.
func (d *Dashboard) suggest(w http.ResponseWriter, r *http.Request) {
	found, err := store.Get(r.Context(), d.service.Store(), func(tx *store.Tx) ([]suggestion, error) {
		list, err := d.newView(tx, r).suggestions(cut(r.URL.Query().Get("q"), findLength))
		return append([]suggestion{}, list...), err
	})
	if err != nil {
		reply.FailJSON(w, r, err, d.log)
		return
	}
	reply.JSON(w, http.StatusOK, found)
}
