package dashboard

import (
	"net/http"

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
	u, err := d.keepDraft(r, f)
	if problem != nil {
		err = problem
	}
	if err != nil {
		reply.FailJSON(w, r, err, d.log)
		return
	}
	reply.JSON(w, http.StatusOK, saved{decimal(u.ID), u.EditedAt.In(zone(d.service.Settings())).Format("15:04")})
}
