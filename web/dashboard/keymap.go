package dashboard

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"dassie/store"
	"dassie/web/reply"
)

// fixedKeys cannot be given to anything else: the periods of Catch up.
var fixedKeys = []string{"1", "2", "3", "4", "5", "6", "7"}

// keyChoice is one key that the owner can put elsewhere (WCAG 2.1.4).
type keyChoice struct {
	ID, Name, Does, Key, Error string // ID and Name of the field
	usual                      string
}

// movedKeys reads the setting: what each usual key was replaced by.
func movedKeys(set store.Settings) map[string]string {
	moved := map[string]string{}
	for pair := range strings.SplitSeq(set.KeyMap, " ") {
		if usual, now, ok := strings.Cut(pair, ":"); ok {
			moved[usual] = now
		}
	}
	return moved
}

// keyChoices are all keys that can be put elsewhere, as they are now.
func keyChoices(set store.Settings) (list []keyChoice) {
	moved := movedKeys(set)
	add := func(usual, does string) {
		at := "k-" + hex.EncodeToString([]byte(usual))
		does, _, _ = strings.Cut(does, ";")
		c := keyChoice{ID: at, Name: at, Does: does, Key: usual, usual: usual}
		if now, ok := moved[usual]; ok {
			c.Key = now
		}
		list = append(list, c)
	}
	for _, g := range keyMap {
		for _, k := range g.Keys {
			if len(k.Keys) == 1 && k.Keys[0] != "Esc" && !slices.Contains(fixedKeys, k.Keys[0]) {
				add(k.Keys[0], k.Does)
			}
		}
	}
	add("g", "Go to a page, by the letter that follows")
	return list
}

// shownKeys is the map with the owner's keys in it.
func shownKeys(set store.Settings) []keyGroup {
	moved := movedKeys(set)
	taken := map[string]bool{}
	for _, now := range moved {
		taken[now] = true
	}
	groups := slices.Clone(keyMap)
	for i, g := range groups {
		groups[i].Keys = slices.Clone(g.Keys)
		for j, k := range g.Keys {
			if now, ok := moved[k.Keys[0]]; ok {
				k.Keys = append([]string{now}, k.Keys[1:]...)
			}
			// A second way ends where the owner gave its key to something else.
			if does, other, ok := strings.Cut(k.Does, "; "); ok && len(other) > 1 && taken[other[:1]] && strings.HasSuffix(other, "does the same") && other[1] == ' ' {
				k.Does = does
			}
			groups[i].Keys[j] = k
		}
	}
	return groups
}

// keysSave handles POST /me/keys: other keys, or with do=usual those that there were.
func (d *Dashboard) keysSave(w http.ResponseWriter, r *http.Request) {
	set := d.service.Settings()
	list := keyChoices(set)
	set.KeyMap = ""
	if r.PostForm.Get("do") != "usual" {
		if !readKeys(list, r.PostForm) {
			d.showKeys(w, r, answer{status: http.StatusUnprocessableEntity}, list)
			return
		}
		var pairs []string
		for _, c := range list {
			if c.Key != c.usual {
				pairs = append(pairs, c.usual+":"+c.Key)
			}
		}
		set.KeyMap = strings.Join(pairs, " ")
	}
	if err := d.service.SaveSettings(r.Context(), set); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/keys?done=saved")
}

// readKeys puts a sent form into the list, and says whether each key is one and does
// one thing.
func readKeys(list []keyChoice, form url.Values) bool {
	right := true
	for i := range list {
		c := &list[i]
		if form.Has(c.Name) {
			c.Key = strings.TrimSpace(form.Get(c.Name))
		}
		letter, size := utf8.DecodeRuneInString(c.Key)
		switch {
		case c.Key == "" || size != len(c.Key) || !unicode.IsGraphic(letter) || letter == utf8.RuneError:
			c.Error = "Give one key: a letter, digit or sign."
		case slices.Contains(fixedKeys, c.Key):
			c.Error = "1 to 7 are the periods of Catch up."
		}
		right = right && c.Error == ""
	}
	for i := range list {
		for j := range list {
			if i != j && list[i].Key == list[j].Key && list[i].Error == "" {
				list[i].Error = "“" + list[j].Does + "” has this key too."
				right = false
			}
		}
	}
	return right
}
