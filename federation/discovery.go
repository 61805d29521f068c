package federation

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

// link is a link of WebFinger (RFC 7033 4.4.4) and of NodeInfo's index.
type link struct {
	Rel      string `json:"rel"`
	Type     string `json:"type,omitempty"`
	Href     string `json:"href,omitempty"`
	Template string `json:"template,omitempty"`
}

type jrd struct {
	Subject string   `json:"subject,omitempty"`
	Aliases []string `json:"aliases,omitempty"`
	Links   []link   `json:"links"`
}

// ServeWebFinger answers GET of /.well-known/webfinger (RFC 7033), on the host
// and on the handle's domain alike: the subject is always the canonical handle.
func (s *Service) ServeWebFinger(w http.ResponseWriter, r *http.Request) {
	reply.AnyOrigin(w.Header())
	q, err := url.ParseQuery(r.URL.RawQuery)
	resource := q.Get("resource")
	if err != nil || resource == "" {
		reply.FailText(w, r, reply.Errorf(reply.Invalid, "Say which account: ?resource=acct:name@%s", s.origin.Domain), s.log)
		return
	}
	switch s.resource(resource) {
	case docWebFinger:
		s.serveCached(w, r, docWebFinger, s.ownFinger)
	case docInstanceFinger:
		s.serveCached(w, r, docInstanceFinger, s.instanceFinger)
	default:
		reply.FailText(w, r, &reply.Error{Code: reply.NotFound, Message: "There is no such account here."}, s.log)
	}
}

// resource says whom a WebFinger client means. Anything but docWebFinger and
// docInstanceFinger is nobody.
func (s *Service) resource(text string) documentKind {
	const nobody = documentKind(255)
	res, err := ap.ParseResource(text)
	if err != nil {
		return nobody
	}
	if res.URL != "" {
		return s.resourceURL(res.URL, nobody)
	}
	if res.Host != s.origin.Host && res.Host != s.origin.Domain {
		return nobody
	}
	switch {
	case strings.EqualFold(res.User, s.me.Name):
		return docWebFinger
	case strings.EqualFold(res.User, s.origin.Host), strings.EqualFold(res.User, s.origin.Domain):
		return docInstanceFinger
	}
	return nobody
}

// resourceURL knows the actor's id and the addresses of the profile page.
func (s *Service) resourceURL(address string, nobody documentKind) documentKind {
	path := ""
	for _, host := range []string{s.origin.Host, s.origin.Domain} {
		base := s.origin.Scheme + "://" + host
		if rest, ok := strings.CutPrefix(address, base); ok && (rest == "" || rest[0] == '/') {
			path = "/" + strings.Trim(rest, "/")
		}
	}
	switch {
	case address == s.actorURI, path == "/", strings.EqualFold(path, "/@"+s.me.Name):
		return docWebFinger
	case path == "/instance":
		return docInstanceFinger
	}
	return nobody
}

func (s *Service) ownFinger(*store.Tx) (*document, error) {
	page := s.origin.URL("/@" + s.me.Name)
	return jsonDocument(reply.TypeJRD, jrd{
		Subject: "acct:" + s.origin.Handle(s.me.Name),
		Aliases: []string{page, s.actorURI},
		Links: []link{
			{Rel: "http://webfinger.net/rel/profile-page", Type: "text/html", Href: page},
			{Rel: "self", Type: ap.ContentType, Href: s.actorURI},
			{Rel: "http://ostatus.org/schema/1.0/subscribe", Template: s.origin.URL("/follow?uri={uri}")},
		},
	})
}

func (s *Service) instanceFinger(*store.Tx) (*document, error) {
	return jsonDocument(reply.TypeJRD, jrd{
		Subject: "acct:" + s.origin.Host + "@" + s.origin.Host,
		Aliases: []string{s.instanceURI()},
		Links:   []link{{Rel: "self", Type: ap.ContentType, Href: s.instanceURI()}},
	})
}

// ServeHostMeta answers GET of /.well-known/host-meta (RFC 6415) for old peers:
// XML, or JSON at host-meta.json and for those who ask for it.
func (s *Service) ServeHostMeta(w http.ResponseWriter, r *http.Request) {
	reply.AnyOrigin(w.Header())
	template := s.origin.URL("/.well-known/webfinger?resource={uri}")
	if strings.HasSuffix(r.URL.Path, ".json") || acceptsJSON(r) {
		s.serveCached(w, r, docHostMetaJSON, func(*store.Tx) (*document, error) {
			d, err := jsonDocument(reply.TypeJRD, jrd{Links: []link{{Rel: "lrdd", Type: "application/jrd+json", Template: template}}})
			if err == nil {
				d.vary = "Accept"
			}
			return d, err
		})
		return
	}
	s.serveCached(w, r, docHostMeta, func(*store.Tx) (*document, error) {
		// Scheme and host hold nothing that XML would have to escape.
		body := `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
			`<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">` + "\n" +
			`  <Link rel="lrdd" template="` + template + `"/>` + "\n</XRD>\n"
		return &document{body: []byte(body), contentType: reply.TypeXRD, control: reply.Brief, vary: "Accept"}, nil
	})
}

func acceptsJSON(r *http.Request) bool {
	for _, line := range r.Header.Values("Accept") {
		for part := range strings.SplitSeq(line, ",") {
			name, _, _ := strings.Cut(part, ";")
			if slices.Contains([]string{"application/json", "application/jrd+json"}, strings.ToLower(strings.TrimSpace(name))) {
				return true
			}
		}
	}
	return false
}

// jsonDocument is a public document of discovery, kept by others for minutes.
func jsonDocument(contentType string, v any) (*document, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write %T: %w", v, err)
	}
	return &document{body: body, contentType: contentType, control: reply.Brief}, nil
}
