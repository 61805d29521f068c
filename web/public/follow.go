package public

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"dassie/assets"
	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

type followPage struct {
	assets.Visitor
	Account, Error, Target string
}

// Follow answers GET of /follow?account=@you@your.server: the visitor's own
// server finishes the follow. It shows the address there as a link and never
// sends anybody away by itself. With ?uri= it is the owner whom another server
// sent back to follow somebody: Home looks that up.
func (s *Site) Follow(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if uri := q.Get("uri"); uri != "" {
		reply.Redirect(w, r, "/me/search?q="+url.QueryEscape(uri))
		return
	}
	account := strings.TrimSpace(q.Get("account"))
	problem, target := "", ""
	if account != "" {
		problem, target = s.followTarget(r, account)
	}
	v, err := store.Get(r.Context(), s.svc.Store(), s.newView)
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	d := followPage{
		Visitor: v.visitor("Follow "+v.owner.Called(), "Follow "+v.owner.Handle+" from your own server.", "/follow"),
		Account: account, Error: problem, Target: target,
	}
	d.NoIndex = true
	var b bytes.Buffer
	if err := s.templates.Execute(&b, "follow", d); err != nil {
		s.Fail(w, r, err)
		return
	}
	reply.HTML(w, r, http.StatusOK, b.Bytes(), reply.Headers{OpenForms: true})
}

// followTarget says where a visitor finishes the follow, or what stands in the
// way.
func (s *Site) followTarget(r *http.Request, account string) (problem, target string) {
	const shape = "An address has two parts, like @you@your.server."
	res, err := ap.ParseResource("acct:" + strings.TrimPrefix(account, "@"))
	if err != nil || len(account) > 500 || res.User == "" || res.Host == "" {
		return shape, ""
	}
	if s.subscribe == nil {
		return "", ""
	}
	address, err := s.subscribe(r.Context(), res.User, res.Host)
	if err != nil {
		var known *reply.Error
		if errors.As(err, &known) {
			return reply.Message(err), ""
		}
		s.log.Warn("ask for the address of a follow", "host", res.Host, "err", err)
		return "This did not work. Follow by hand, as below.", ""
	}
	// Whatever their server says, the link leads there by https, and nowhere else.
	u, err := url.Parse(address)
	if err != nil || u.Scheme != s.svc.Origin().Scheme || u.Host == "" || u.User != nil {
		return res.Host + " does not say where to go on. Follow by hand, as below.", ""
	}
	return "", address
}
