package dashboard

import (
	"net/http"
	"strings"
	"unicode"

	"dassie/federation"
	"dassie/web/reply"
)

// noteSave handles POST /me/person/ID/note.
func (d *Dashboard) noteSave(w http.ResponseWriter, r *http.Request) {
	text := r.PostForm.Get("text")
	err := d.service.SetNote(r.Context(), idOf(r), text)
	if words, ok := refused(err); ok && reply.CodeOf(err) == reply.Unprocessable {
		d.showPerson(w, r, answer{status: refusedStatus(err)}, nil, func(page *personPage) {
			page.NoteText, page.NoteError = text, words
		})
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, personPath(idOf(r))+"?done=saved")
}

// choose handles POST /me/person/ID/choose: what is shown of somebody followed.
func (d *Dashboard) choose(w http.ResponseWriter, r *http.Request) {
	boosts, notify := r.PostForm.Get("boosts") == "yes", r.PostForm.Get("notify") == "yes"
	choice := federation.FollowChoice{Boosts: &boosts, Notify: &notify}
	typed := r.PostForm.Get("languages")
	if r.PostForm.Has("languages") {
		choice.Languages = strings.FieldsFunc(typed, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
		if choice.Languages == nil {
			choice.Languages = []string{} // of all
		}
	}
	err := d.service.Choose(r.Context(), idOf(r), choice)
	if words, ok := refused(err); ok && reply.CodeOf(err) == reply.Unprocessable {
		d.showPerson(w, r, answer{status: refusedStatus(err)}, nil, func(page *personPage) {
			page.Choice = &followChoice{boosts, notify, typed, words}
		})
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, personPath(idOf(r))+"?done=saved")
}

// recommend handles POST /me/person/ID/recommend: do = show or take off, on the
// profile.
func (d *Dashboard) recommend(w http.ResponseWriter, r *http.Request) {
	change := d.service.Endorse
	if r.PostForm.Get("do") == "off" {
		change = d.service.Disendorse
	}
	if err := change(r.Context(), idOf(r)); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, backTo(r, personPath(idOf(r))))
}
