package assets

import (
	"fmt"
	"html/template"
	"io"
)

// page says which layout a page stands in and which parts it uses. The page's
// own file is templates/pages/NAME.html; it defines "main", and where it needs
// them "side", "head" and "masthead".
type page struct {
	layout   string
	partials []string
}

// The parts that always come together.
var (
	cardParts  = []string{"card", "person"}
	entryParts = []string{"entry", "person"}
)

func parts(first []string, more ...string) []string {
	return append(append([]string{}, first...), more...)
}

// pages is every page there is.
var pages = map[string]page{
	// Before and outside the account.
	"login":         {"plain", []string{"field"}},
	"setup_code":    {"plain", []string{"field", "steps"}},
	"setup_address": {"plain", []string{"field", "steps"}},
	"setup_account": {"plain", []string{"field", "steps"}},
	"setup_done":    {"plain", []string{"steps"}},
	"error":         {"plain", nil},

	// The owner's.
	"home":          {"owner", parts(cardParts, "compose", "pager")},
	"write":         {"owner", parts(cardParts, "audience", "field")},
	"post":          {"owner", parts(cardParts, "compose", "thread")},
	"drafts":        {"owner", []string{"pager"}},
	"confirm":       {"owner", parts(cardParts, "field")},
	"requests":      {"owner", []string{"person", "facts", "pager"}},
	"people":        {"owner", []string{"person", "pager"}},
	"search":        {"owner", parts(cardParts, "pager")},
	"person":        {"owner", parts(cardParts, "facts", "pager")},
	"notifications": {"owner", parts(cardParts, "pager")},
	"profile":       {"owner", []string{"field"}},
	"settings":      {"owner", []string{"field"}},
	"delivery":      {"owner", []string{"delivery", "pager"}},
	"more":          {"owner", nil},

	// For visitors.
	"public_profile": {"public", parts(entryParts, "pager")},
	"public_post":    {"public", parts(entryParts, "entries")},
	"public_tag":     {"public", parts(entryParts, "pager")},
	"about":          {"public", []string{"person"}},
	"privacy":        {"public", nil},
	"follow":         {"public", []string{"person", "field"}},
}

// Set holds the parsed pages.
type Set struct{ pages map[string]*template.Template }

// Templates parses every page. funcs are added to the helpers, and may not
// replace one. A missing or broken file is an error.
func Templates(funcs template.FuncMap) (*Set, error) {
	for name := range funcs {
		if _, taken := helpers[name]; taken {
			return nil, fmt.Errorf("template function %q exists already", name)
		}
	}
	set := &Set{map[string]*template.Template{}}
	for name, p := range pages {
		t := template.New("layout").Funcs(helpers).Funcs(funcs).Option("missingkey=error")
		paths := []string{"templates/layouts/" + p.layout + ".html", "templates/partials/frame.html"}
		for _, partial := range p.partials {
			paths = append(paths, "templates/partials/"+partial+".html")
		}
		paths = append(paths, "templates/pages/"+name+".html")
		if _, err := t.ParseFS(files, paths...); err != nil {
			return nil, fmt.Errorf("parse page %s: %w", name, err)
		}
		set.pages[name] = t
	}
	return set, nil
}

// Execute renders a page. Render into a buffer: after an error part of the
// page is already written.
func (s *Set) Execute(w io.Writer, page string, data any) error {
	t, ok := s.pages[page]
	if !ok {
		return fmt.Errorf("render page %s: there is no such page", page)
	}
	if err := t.ExecuteTemplate(w, "layout", data); err != nil {
		return fmt.Errorf("render page %s: %w", page, err)
	}
	return nil
}
