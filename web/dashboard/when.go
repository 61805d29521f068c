package dashboard

import (
	"net/http"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/web/reply"
)

// whenForm is how a browser writes the time of a field "datetime-local".
const whenForm = "2006-01-02T15:04"

// soonest is how far away the time of a scheduled post must be; federation refuses
// what is nearer.
const soonest = 5 * time.Minute

// whenField is the field for the time at which a post goes out.
func (v *view) whenField(f writeForm) assets.When {
	w := assets.When{Value: f.when, Min: v.now.Add(soonest + time.Minute).Format(whenForm), Zone: v.now.Location().String(), Ask: v.set.LateScheduled == "ask"}
	if at, err := time.ParseInLocation(whenForm, f.when, v.now.Location()); err == nil {
		w.At = at
	}
	return w
}

// schedule keeps a post until its time.
func (d *Dashboard) schedule(r *http.Request, f writeForm, draft federation.Draft) (target string, err error) {
	at, err := time.ParseInLocation(whenForm, f.when, zone(d.service.Settings()))
	if err != nil || at.Before(d.service.Now().Add(soonest)) {
		return "", reply.Errorf(reply.Unprocessable, "Choose a time at least five minutes from now, or leave it empty to post at once.")
	}
	if _, err := d.service.Schedule(r.Context(), draft, at); err != nil {
		return "", err
	}
	d.dropDraft(r, f)
	return "/me/drafts?done=scheduled", nil
}
