package assets

import (
	"fmt"
	"html/template"
	"io"
	"regexp"
	"strings"
)

// pages is every page there is, and the layout it stands in. The page's own
// file is templates/pages/NAME.html; it defines "main" and, in the owner's
// layout, "side" if it has something to say beside the page.
var pages = map[string]string{
	// Before and outside the account.
	"login":          "plain",
	"authorize":      "plain",
	"authorize_code": "plain",
	"setup_code":     "plain",
	"setup_address":  "plain",
	"setup_account":  "plain",
	"setup_done":     "plain",
	"error":          "plain",
	"leave":          "plain",
	"left":           "plain",
	"mail_off":       "plain",

	// The owner's.
	"home":            "owner",
	"catchup":         "owner",
	"keys":            "owner",
	"write":           "owner",
	"post":            "owner",
	"edits":           "owner",
	"touched":         "owner",
	"react":           "owner",
	"messages":        "owner",
	"message":         "owner",
	"drafts":          "owner",
	"sending":         "owner",
	"emojis":          "owner",
	"media":           "owner",
	"confirm":         "owner",
	"requests":        "owner",
	"people":          "owner",
	"safety":          "owner",
	"trouble":         "owner",
	"blocked_servers": "owner",
	"block_server":    "owner",
	"server_list":     "owner",
	"search":          "owner",
	"person":          "owner",
	"notifications":   "owner",
	"held":            "owner",
	"profile":         "owner",
	"reach":           "owner",
	"settings":        "owner",
	"appearance":      "owner",
	"delivery":        "owner",
	"deliveries":      "owner",
	"deletion":        "owner",
	"followers":       "owner",
	"server":          "owner",
	"more":            "owner",
	"report":          "owner",
	"reports":         "owner",
	"move":            "owner",
	"data":            "owner",
	"expiry":          "owner",
	"expiry_ask":      "owner",
	"kept":            "owner",
	"asked":           "owner",
	"person_kept":     "owner",
	"promise":         "owner",
	"privacy_words":   "owner",
	"imports":         "owner",
	"import":          "owner",
	"csv":             "owner",
	"security":        "owner",
	"security_log":    "owner",
	"factor":          "owner",
	"codes":           "owner",
	"check":           "owner",
	"passkey":         "owner",
	"passkey_name":    "owner",
	"apps":            "owner",
	"pushes":          "owner",
	"mail":            "owner",
	"offline":         "plain",
	"saved":           "owner",
	"lists":           "owner",
	"filters":         "owner",
	"filter_post":     "owner",
	"filter":          "owner",
	"list":            "owner",
	"list_people":     "owner",
	"list_edit":       "owner",
	"person_lists":    "owner",
	"tags":            "owner",
	"tag":             "owner",

	// For visitors.
	"public_profile": "split",
	"public_media":   "split",
	"public_post":    "public",
	"public_tag":     "public",
	"public_archive": "public",
	"public_people":  "public",
	"public_search":  "public",
	"about":          "public",
	"ask_kept":       "public",
	"kept_link":      "public",
	"privacy":        "public",
	"follow":         "public",
}

// Set holds the parsed pages. They live in one template set, so that layouts
// and partials are in memory once and not once per page.
type Set struct{ all *template.Template }

// Templates parses every page. funcs are added to the helpers, and may not
// replace one. A missing or broken file, and a part that is used and not
// defined, is an error.
func Templates(funcs template.FuncMap) (*Set, error) {
	for name := range funcs {
		if _, taken := helpers[name]; taken {
			return nil, fmt.Errorf("template function %q exists already", name)
		}
	}
	all := template.New("").Funcs(helpers).Funcs(funcs).Option("missingkey=error")
	if _, err := all.ParseFS(files, "templates/layouts/*.html", "templates/partials/*.html"); err != nil {
		return nil, fmt.Errorf("parse layouts and partials: %w", err)
	}
	for name, layout := range pages {
		body, err := files.ReadFile("templates/pages/" + name + ".html")
		if err != nil {
			return nil, fmt.Errorf("read page %s: %w", name, err)
		}
		if _, err := all.Parse(assemble(name, layout, string(body))); err != nil {
			return nil, fmt.Errorf("parse page %s: %w", name, err)
		}
	}
	for _, t := range all.Templates() {
		if t.Tree == nil {
			continue
		}
		for _, m := range used.FindAllStringSubmatch(t.Tree.Root.String(), -1) {
			if all.Lookup(m[1]) == nil {
				return nil, fmt.Errorf("template %s uses %s, which is not defined", t.Name(), m[1])
			}
		}
	}
	return &Set{all}, nil
}

var used = regexp.MustCompile(`\{\{template "([^"]+)"`)

// assemble gives the parts of a page names of their own, "home main", and
// defines the page itself: top, main, and what follows in its layout.
func assemble(name, layout, body string) string {
	own := strings.NewReplacer(`{{define "main"}}`, `{{define "`+name+` main"}}`, `{{define "side"}}`, `{{define "`+name+` side"}}`)
	part := func(s string) string { return `{{template "` + s + `" .}}` }
	page := part(layout+"-top") + part(name+" main")
	if layout == "owner" {
		page += part("owner-middle")
		if strings.Contains(body, `{{define "side"}}`) {
			page += part(name + " side")
		}
	}
	return own.Replace(body) + `{{define "page ` + name + `"}}` + page + part(layout+"-end") + `{{end}}`
}

// Execute renders a page. Render into a buffer: after an error part of the
// page is already written.
func (s *Set) Execute(w io.Writer, page string, data any) error {
	if _, ok := pages[page]; !ok {
		return fmt.Errorf("render page %s: there is no such page", page)
	}
	if err := s.all.ExecuteTemplate(w, "page "+page, data); err != nil {
		return fmt.Errorf("render page %s: %w", page, err)
	}
	return nil
}

// Policy renders the words of the privacy policy without a page around them. Data:
// as the part of this name wants it.
func (s *Set) Policy(w io.Writer, data any) error {
	if err := s.all.ExecuteTemplate(w, "policy", data); err != nil {
		return fmt.Errorf("render the privacy policy: %w", err)
	}
	return nil
}

// Card renders the card of a post without a page around it. Data: pair PAGE CARD,
// as the part of this name wants it.
func (s *Set) Card(w io.Writer, page, card any) error {
	if err := s.all.ExecuteTemplate(w, "card", on{page, card}); err != nil {
		return fmt.Errorf("render a card: %w", err)
	}
	return nil
}
