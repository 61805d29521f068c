package public

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"dassie/assets"
	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

// Visitors make us ask other servers: seldom, and not for long.
const (
	asksPerSecond  = 0.2
	asksAtOnce     = 10
	askTime        = 8 * time.Second
	longestAddress = 2000 // bytes of what a server says
	longestURI     = 500  // bytes of what a visitor brings
)

type followPage struct {
	assets.Visitor
	Account, Error, Target string
}

// Follow answers GET of /follow?account=@you@your.server: the visitor's own
// server finishes the follow. It shows the address there as a link and never
// sends anybody away by itself. With ?uri= it is Interact.
func (s *Site) Follow(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("uri") != "" {
		s.Interact(w, r)
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

// Interact answers GET of /authorize_interaction?uri=: the owner, whom another
// server sent back to follow somebody or to answer a post. Search looks that up,
// once the owner is logged in.
func (s *Site) Interact(w http.ResponseWriter, r *http.Request) {
	uri := strings.TrimSpace(r.URL.Query().Get("uri"))
	if rest, ok := strings.CutPrefix(uri, "acct:"); ok {
		uri = "@" + strings.TrimPrefix(rest, "@")
	}
	if uri == "" || len(uri) > longestURI {
		reply.Redirect(w, r, "/me/search")
		return
	}
	reply.Redirect(w, r, "/me/search?q="+url.QueryEscape(uri))
}

// followTarget says where a visitor finishes the follow, or what stands in the
// way.
func (s *Site) followTarget(r *http.Request, account string) (problem, target string) {
	const shape = "An address has two parts, like @you@your.server."
	res, err := ap.ParseResource("acct:" + strings.TrimPrefix(account, "@"))
	if err != nil || len(account) > longestURI || res.User == "" || res.Host == "" {
		return shape, ""
	}
	if o := s.svc.Origin(); res.Host == o.Host || res.Host == o.Domain {
		return "That is an address on this server. Give your own, which you log in with elsewhere.", ""
	}
	if s.remote == nil {
		return "", ""
	}
	if !s.asks.Allow() {
		return "Too many people ask at once. Wait a minute, or follow by hand, as below.", ""
	}
	ctx, cancel := context.WithTimeout(r.Context(), askTime)
	defer cancel()
	doc, err := s.remote.GetJSON(ctx, s.svc.Origin().Scheme+"://"+res.Host+"/.well-known/webfinger?resource="+url.QueryEscape("acct:"+res.User+"@"+res.Host))
	if err != nil {
		s.log.Debug("ask where a follow is finished", "host", res.Host, "err", err)
		return res.Host + " does not answer, or does not know this address. Follow by hand, as below.", ""
	}
	if target = s.subscribeAddress(doc.Body); target == "" {
		return res.Host + " does not say where to go on. Follow by hand, as below.", ""
	}
	return "", target
}

// subscribeAddress reads where a server's people finish a follow. Whatever it
// says, the link leads there by our own scheme and without credentials.
func (s *Site) subscribeAddress(body []byte) string {
	var doc struct {
		Links []struct {
			Rel      string `json:"rel"`
			Template string `json:"template"`
		} `json:"links"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return "" // the visitor reads that the server does not say
	}
	me := s.svc.Origin().Handle(s.svc.Identity().Name)
	for _, l := range doc.Links {
		if l.Rel != "http://ostatus.org/schema/1.0/subscribe" || !strings.Contains(l.Template, "{uri}") || len(l.Template) > longestAddress {
			continue
		}
		address := strings.ReplaceAll(l.Template, "{uri}", url.QueryEscape(me))
		u, err := url.Parse(address)
		if err == nil && u.Scheme == s.svc.Origin().Scheme && u.Host != "" && u.User == nil {
			return address
		}
	}
	return ""
}
