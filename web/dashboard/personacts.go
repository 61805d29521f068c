package dashboard

import (
	"net/http"

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
	if err := d.service.Choose(r.Context(), idOf(r), federation.FollowChoice{Boosts: &boosts, Notify: &notify}); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, personPath(idOf(r))+"?done=saved")
}
