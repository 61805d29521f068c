package dashboard

import (
	"net/http"
	"net/url"

	"dassie/web/reply"
)

// saved is what the script is told of a draft that it saved.
type saved struct {
	Draft string `json:"draft"`
	Time  string `json:"time"` // as the owner reads it
}

// autosave answers the script, which saves what is typed once that pauses: the same
// form as do=draft, without files. An empty text is not worth a draft.
func (d *Dashboard) autosave(w http.ResponseWriter, r *http.Request, f writeForm, problem error) {
	if problem == nil && f.text == "" && f.draft == 0 {
		reply.JSON(w, http.StatusOK, saved{})
		return
	}
	if problem != nil { // a form that nobody vouches for may be among them
		reply.FailJSON(w, r, problem, d.log)
		return
	}
	u, err := d.keepDraft(r, f)
	if err != nil {
		reply.FailJSON(w, r, err, d.log)
		return
	}
	reply.JSON(w, http.StatusOK, saved{decimal(u.ID), u.EditedAt.In(zone(d.service.Settings())).Format("15:04")})
}

// Keep saves the text of a form of the write page that came without a session, once
// its writer has logged in, and says where it is.
func (d *Dashboard) Keep(r *http.Request, form url.Values) (target string, err error) {
	f, problem := readWriteForm(form)
	if problem != nil { // half of it is better than nothing
		f.reply, f.edit, f.draft, f.quote = 0, 0, 0, 0
	}
	u, err := d.keepDraft(r, f)
	if err != nil {
		return "", err
	}
	return "/me/write?draft=" + decimal(u.ID) + "&done=kept", nil
}
