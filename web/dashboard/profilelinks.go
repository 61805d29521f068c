package dashboard

import (
	"html/template"
	"net/http"
	"time"

	"dassie/federation"
	"dassie/federation/markup"
	"dassie/store"
	"dassie/web/reply"
)

// linkRow is a link of the owner's profile and whether it leads back.
type linkRow struct {
	Link     template.HTML // shows where it leads
	Verified time.Time     // zero if it is not
	Checked  time.Time     // zero if it was not looked at yet
	Why      string        // why it is not verified, or why it could not be looked at
}

// verifiedLinks lists the links of the owner's profile.
func (v *view) verifiedLinks(me store.Actor) ([]linkRow, error) {
	known, err := v.tx.VerifiedLinks(me.ID)
	if err != nil {
		return nil, err
	}
	var rows []linkRow
	for _, address := range federation.ProfileLinks(me) {
		l := known[address]
		rows = append(rows, linkRow{
			Link: template.HTML(markup.Link(address)), Verified: v.local(l.VerifiedAt), Checked: v.local(l.CheckedAt), Why: l.Error,
		})
	}
	return rows, nil
}

// profileLinks handles POST /me/profile/links: "Check now".
func (d *Dashboard) profileLinks(w http.ResponseWriter, r *http.Request) {
	if err := d.service.CheckLinks(r.Context()); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/profile?done=links#links")
}
