package dashboard

import (
	"net/http"

	"dassie/assets"
)

// key is what one key does, or several after one another.
type key struct {
	Keys []string // pressed one after the other; several lines for several ways
	Does string
}

// keyGroup is a part of the map.
type keyGroup struct {
	Name string
	Keys []key
}

// keyMap is the map of /me/keys. static/app.js does what it says; a test reads one
// against the other.
var keyMap = []keyGroup{
	{"On a list", []key{
		{[]string{"j"}, "Next post"}, {[]string{"k"}, "Post before"}, {[]string{"o"}, "Open it; Enter does the same"}, {[]string{"p"}, "Its author"},
		{[]string{"x"}, "Open or close what stands behind a warning"}, {[]string{"e"}, "Its pictures, films and sounds"}, {[]string{"a"}, "The description of its picture"},
		{[]string{"."}, "Show new posts"},
	}},
	{"With a post", []key{
		{[]string{"r"}, "Reply"}, {[]string{"f"}, "Like, or take it back"}, {[]string{"b"}, "Boost, or take it back"}, {[]string{"d"}, "Save, or take it back"},
		{[]string{"m"}, "More: mute, report and others"},
	}},
	{"Anywhere", []key{
		{[]string{"c"}, "Write; n does the same"}, {[]string{"u"}, "Take back the post that is on its way out"}, {[]string{"/"}, "Search"}, {[]string{"Esc"}, "Out of a field or menu, then back"}, {[]string{"?"}, "This map"},
	}},
	{"Go to", []key{
		{[]string{"g", "h"}, "Home"}, {[]string{"g", "i"}, "Inbox"}, {[]string{"g", "c"}, "Catch up"}, {[]string{"g", "m"}, "Messages"}, {[]string{"g", "s"}, "Settings"},
		{[]string{"g", "p"}, "Profile"}, {[]string{"g", "d"}, "Drafts"}, {[]string{"g", "b"}, "Saved"},
	}},
	{"In Catch up", []key{
		{[]string{"1"}, "The first period, 1 hour; 2 to 7 are the others"}, {[]string{"w"}, "Group by author, or not; j and k then go from author to author"}, {[]string{"s"}, "Next order"},
	}},
}

// keys handles GET /me/keys: the map of the keys, and the form that puts others in
// their places.
func (d *Dashboard) keys(w http.ResponseWriter, r *http.Request) {
	d.showKeys(w, r, answer{}, nil)
}

// showKeys draws the map. sent is a form that was not taken, nil for none.
func (d *Dashboard) showKeys(w http.ResponseWriter, r *http.Request, a answer, sent []keyChoice) {
	d.show(w, r, "keys", a, func(v *view) (any, error) {
		if sent == nil {
			sent = keyChoices(v.set)
		}
		owner, err := v.frame("Keys", "more")
		return struct {
			assets.Owner
			Groups  []keyGroup
			Choices []keyChoice
			Moved   bool
		}{owner, shownKeys(v.set), sent, v.set.KeyMap != ""}, err
	})
}
