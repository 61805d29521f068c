package federation_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"dassie/federation/ap"
	"dassie/federation/fedtest"
	"dassie/federation/markup"
	"dassie/store"
)

// became is a row of the report: what one captured document came to.
type became struct {
	software, document, what, notes string
}

// TestEveryCapturedDocumentArrives feeds each captured document to a server as
// its own server would: delivered with a good signature by a followed author,
// and fetched by address at a second one. Run it with -v to read what became of
// each.
func TestEveryCapturedDocumentArrives(t *testing.T) {
	dir := fedtest.CorpusDir(t, "..")
	c := fedtest.New(t, "alice", "fetcher")
	alice, fetcher := c.Servers[0], c.Servers[1]
	w := c.World(dir, alice)
	if len(w.Documents) < 200 {
		t.Fatalf("only %d documents in %s", len(w.Documents), dir)
	}
	var report []became
	for _, d := range w.Documents {
		row := became{software: d.Software, document: strings.TrimSuffix(d.Path[len(d.Software)+1:], ".json")}
		if _, err := ap.Parse(d.Raw); err != nil {
			t.Errorf("%s: %v", d.Path, err)
		}
		start := time.Now()
		switch d.Kind {
		case "actor":
			row.what, row.notes = meet(t, w, alice, d)
		case "object":
			row.what, row.notes = deliver(t, c, w, alice, w.Create(d.Body))
			// Captured without its activity, an object may say nothing of its audience.
			if _, isPost := alice.Has(t, d.Address()); isPost && (d.Body["to"] != nil || d.Body["cc"] != nil) {
				if fetched := fetch(t, fetcher, d.Address()); fetched != row.what {
					t.Errorf("%s: delivered it is a %s, fetched a %s", d.Path, row.what, fetched)
				}
			}
		case "activity":
			row.what, row.notes = deliver(t, c, w, alice, d.Body)
		case "collection":
			row.what = lookedUp(alice, d.Address())
		default:
			row.what = discovered(d)
		}
		if took := time.Since(start); took > slowness*5*time.Second {
			t.Errorf("%s took %v", d.Path, took)
		}
		if took := quickly(t, alice, d); took > slowness*5*time.Millisecond {
			t.Errorf("%s: parsing and storing took %v", d.Path, took)
		}
		report = append(report, row)
	}
	slices.SortStableFunc(report, func(a, b became) int { return cmp.Compare(a.software, b.software) })
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, r := range report {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", r.software, r.document, r.what, r.notes)
	}
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + text.String())
}

// quickly is the time of parsing and storing a document, the best of five: what else
// runs on the machine is no part of it.
func quickly(t *testing.T, s *fedtest.Server, d *fedtest.Document) time.Duration {
	t.Helper()
	body, err := json.Marshal(d.Body)
	if err != nil {
		t.Fatal(err)
	}
	var runs []time.Duration
	for range 5 {
		took, err := s.Measure(ctx(), body)
		if err != nil && !errors.Is(err, store.ErrNotFound) { // its author is not to be had
			t.Errorf("%s: %v", d.Path, err)
		}
		runs = append(runs, took)
	}
	return slices.Min(runs)
}

// meet looks an actor up, as the owner does who wants to follow them.
func meet(t *testing.T, w *fedtest.World, s *fedtest.Server, d *fedtest.Document) (what, notes string) {
	a, err := w.Meet(s, d.Address())
	if err != nil {
		return "refused", err.Error()
	}
	check := map[string]string{"name": a.Name, "bio": a.Summary, "handle": a.Handle()}
	for _, f := range a.Extra.Fields {
		check["field "+f.Name] = f.Value
	}
	for what, text := range check {
		if !utf8.ValidString(text) || what != "bio" && !strings.HasPrefix(what, "field") && strings.ContainsAny(text, "<>\n\x00") {
			t.Errorf("%s: %s is %q", d.Path, what, text)
		}
	}
	inert(t, d.Path, a.Summary)
	notes = fmt.Sprintf("%q", markup.Excerpt(a.Name, 30))
	for _, f := range a.Extra.Fields {
		inert(t, d.Path, f.Value)
		notes += fmt.Sprintf(" [%s: %s]", f.Name, f.Value)
	}
	if a.Locked {
		notes += " locked"
	}
	if n := len(a.Extra.Emojis); n > 0 {
		notes += fmt.Sprintf(" %d emoji", n)
	}
	if a.IconURL != "" {
		notes += " avatar"
	}
	return strings.ToLower(a.Kind) + " " + local(a.Handle()), notes
}

// deliver hands an activity over with the signature of its actor, whom the
// owner follows, and says what came of it.
func deliver(t *testing.T, c *fedtest.Cluster, w *fedtest.World, s *fedtest.Server, activity map[string]any) (what, notes string) {
	t.Helper()
	actor := idOf(activity["actor"])
	if _, err := w.Meet(s, actor); err != nil && actor != "" {
		notes = "actor unknown: " + err.Error() + "; "
	}
	before := len(s.Notified(t))
	status := w.Send(s, activity)
	c.Settle()
	told := ""
	if n := len(s.Notified(t)); n > before {
		told = " notified: " + strings.Join(s.Notified(t)[:n-before], ", ")
	}
	p, ok := s.Has(t, idOf(activity["object"]))
	if !ok || activity["type"] != "Create" && activity["type"] != "Update" {
		return fmt.Sprintf("%d", status), notes + told
	}
	readable(t, p)
	return describe(p), notes + content(p) + told
}

// fetch finds a post by its address, as the owner does with a pasted link.
func fetch(t *testing.T, s *fedtest.Server, address string) string {
	found, err := s.Lookup(ctx(), address)
	if err != nil || found.Post == nil {
		return fmt.Sprint("refused: ", err)
	}
	readable(t, *found.Post)
	return describe(*found.Post)
}

func lookedUp(s *fedtest.Server, address string) string {
	found, err := s.Lookup(ctx(), address)
	if err != nil {
		return "refused: " + err.Error()
	}
	return fmt.Sprintf("%+v", found)
}

// discovered reads a document that is no ActivityPub.
func discovered(d *fedtest.Document) string {
	o, err := ap.Parse(d.Raw)
	if err != nil {
		return err.Error()
	}
	if o.Has("subject") {
		user, host, err := ap.ParseHandle(o.Str("subject"))
		if err != nil {
			return "WebFinger of nobody: " + err.Error()
		}
		return "WebFinger of " + user + "@" + host
	}
	return "NodeInfo"
}

var kindNames = []string{"note", "question", "article", "video", "audio", "image", "event", "chat"}
var audiences = []string{"public", "unlisted", "followers", "direct"}

// describe says in one line what a post is.
func describe(p store.Post) string {
	s := kindNames[p.Kind] + ", " + audiences[p.Visibility]
	if p.Language != "" {
		s += ", " + p.Language
	}
	if p.Sensitive {
		s += ", sensitive"
	}
	if n := len(p.Extra.Mentions); n > 0 {
		s += fmt.Sprintf(", %d mentions", n)
	}
	if n := len(p.Extra.Tags); n > 0 {
		s += fmt.Sprintf(", %d tags", n)
	}
	if n := len(p.Extra.Emojis); n > 0 {
		s += fmt.Sprintf(", %d emoji", n)
	}
	if p.Extra.Poll != nil {
		s += fmt.Sprintf(", poll of %d", len(p.Extra.Poll.Options))
	}
	if p.Extra.QuoteURI != "" {
		s += ", quote"
	}
	if p.ParentURI != "" {
		s += ", reply"
	}
	if !p.EditedAt.IsZero() {
		s += ", edited"
	}
	return s
}

// content is what a reader sees of a post.
func content(p store.Post) string {
	s := ""
	if p.Title != "" {
		s += fmt.Sprintf("TITLE %q ", p.Title)
	}
	if p.Summary != "" {
		s += fmt.Sprintf("WARNING %q ", p.Summary)
	}
	s += strings.ReplaceAll(markup.Excerpt(p.Content, 160), "\n", " ")
	for _, a := range p.Extra.Attachments {
		s += fmt.Sprintf(" {%s %s alt %q}", a.MediaType, local(last(a.URL)), a.Alt)
	}
	return s
}

// readable holds a stored post to what every page relies on.
func readable(t *testing.T, p store.Post) {
	t.Helper()
	texts := []string{p.Title, p.Summary, p.Content, p.Language}
	for _, a := range p.Extra.Attachments {
		texts = append(texts, a.Alt)
		if !ap.IsURL(a.URL) || a.MediaType == "" {
			t.Errorf("%s: attachment %+v", p.URI, a)
		}
	}
	for _, text := range texts {
		if !utf8.ValidString(text) || strings.Contains(text, "\x00") {
			t.Errorf("%s: %q is no clean text", p.URI, text)
		}
	}
	if !ap.IsURL(p.URL) {
		t.Errorf("%s: page %q", p.URI, p.URL)
	}
	if p.Title == "" && strings.TrimSpace(markup.Text(p.Content)) == "" && len(p.Extra.Attachments) == 0 && p.Extra.Poll == nil {
		t.Errorf("%s: nothing to see: %+v", p.URI, p)
	}
	inert(t, p.URI, p.Content)
}

// inert: what is stored as safe HTML is the same once more cleaned.
func inert(t *testing.T, what, html string) {
	t.Helper()
	if again := markup.CleanHTML(html); again != html {
		t.Errorf("%s: stored HTML is not clean:\n%s\nand cleaned\n%s", what, html, again)
	}
}

func idOf(v any) string {
	if o, ok := v.(map[string]any); ok {
		v = o["id"]
	}
	if l, ok := v.([]any); ok && len(l) > 0 {
		return idOf(l[0])
	}
	s, _ := v.(string)
	return s
}

// local takes the addresses of the test's world out of a text.
func local(s string) string {
	before, _, _ := strings.Cut(s, ".localhost:")
	return before
}

func last(address string) string { return address[strings.LastIndexByte(address, '/')+1:] }
