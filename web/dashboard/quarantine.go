package dashboard

import (
	"net/http"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// wave is what Home and the inbox say of a wave of strangers: how many there are, or
// until when the quarantine for it is on.
type wave struct {
	Count int
	Until string
	Days  int // younger accounts are held back
}

// quarantineForm is the quarantine as it can be changed.
type quarantineForm struct {
	Days  []assets.Option
	Until string // of the one for a wave; "" where none is on
	Wave  int    // how many days that one asks for
}

// quarantineDays are the choices for a lasting one.
var quarantineDays = []struct {
	value, text string
	days        int
}{{"0", "Off", 0}, {"1", "Younger than 1 day", 1}, {"3", "Younger than 3 days", 3}, {"7", "Younger than 7 days", 7}, {"14", "Younger than 14 days", 14}, {"30", "Younger than 30 days", 30}}

func (v *view) quarantineForm() (quarantineForm, error) {
	q, err := v.tx.Quarantine()
	form := quarantineForm{Wave: store.QuarantineWave}
	for _, d := range quarantineDays {
		form.Days = append(form.Days, assets.Option{Value: d.value, Label: d.text, Selected: d.days == q.Days})
	}
	if q.Wave(v.now) {
		form.Until = until(v.now, v.local(q.Until))
	}
	return form, err
}

// wave says what there is to say; nil for nothing. running is whether a quarantine
// that is on is said too.
func (v *view) wave(running bool) (*wave, error) {
	n, err := v.d.service.Wave(v.tx)
	if err != nil || n > 0 {
		return &wave{Count: n, Days: store.QuarantineWave}, err
	}
	q, err := v.tx.Quarantine()
	if err != nil || !running || !q.Wave(v.now) {
		return nil, err
	}
	return &wave{Until: until(v.now, v.local(q.Until)), Days: max(q.Days, store.QuarantineWave)}, nil
}

// quarantine handles POST /me/held/quarantine: a lasting one is saved, or one for a
// wave begins or ends.
func (d *Dashboard) quarantine(w http.ResponseWriter, r *http.Request) {
	var err error
	done := "saved"
	switch r.PostForm.Get("do") {
	case "begin":
		done, err = "quarantined", d.service.BeginWave(r.Context())
	case "end":
		done, err = "quarantine-ended", d.service.EndWave(r.Context())
	case "save":
		text := r.PostForm.Get("days")
		days := number(text)
		if days == 0 && text != "0" {
			days = -1
		}
		err = d.service.SetQuarantine(r.Context(), int(min(days, 1<<30)))
	default:
		err = reply.Errorf(reply.Unprocessable, "Choose what becomes of the quarantine.")
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, heldPath+"?done="+done)
}

// quarantineWhy says why an account counted as young at a moment.
func quarantineWhy(a store.Actor, server store.Host, at time.Time) string {
	since, byServer := federation.KnownSince(a, server, at)
	age := span(max(at.Sub(since), 0))
	switch {
	case byServer:
		return "Quarantine: their server was first met " + age + " before, so what it says about the age of accounts does not count yet."
	case a.PublishedAt.IsZero() || a.PublishedAt.After(at):
		return "Quarantine: their server does not say how old the account is; it was first met " + age + " before."
	}
	return "Quarantine: their account was " + age + " old."
}
