package dashboard

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"dassie/store"
)

// readPart is what a card or a preview shows of a post: from its warning or text to
// the line that follows it.
func readPart(t *testing.T, body, from, to string) string {
	t.Helper()
	_, rest, ok := strings.Cut(body, from)
	part, _, found := strings.Cut(rest, to)
	if !ok || !found {
		t.Fatalf("the page has no %s … %s", from, to)
	}
	return strings.TrimSpace(part)
}

// What is previewed is, byte for byte, what is published.
func TestAPreviewIsWhatIsPublished(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	h.Follows(t, bob)
	bob.Post(t, store.Public, "Frost tonight")
	quoted := decimal(h.Home(t)[0].ID)
	h.addsEmoji("leek", photo(t, 1))
	id := h.submitFiles("/me/write", []string{"do", "add"}, map[string][]byte{"sill.png": photo(t, 7)}).uploads()[0]
	id2 := h.submitFiles("/me/write", []string{"do", "add"}, map[string][]byte{"shed.png": photo(t, 8)}).uploads()[0]
	everything := "Hi @" + bob.Handle() + " and @" + strings.ToUpper(bob.Handle()) + " and @nobody@nowhere.example #Leeks :leek:\n\n- **one** <b>raw</b> & https://example.org/?a=1&b=2\n- _two_ `:leek:`\n\n> quoted"
	for name, fields := range map[string][]string{
		"text":          {"text", everything},
		"warning":       {"text", everything, "warning", "About :leek: & <more>"},
		"poll":          {"text", everything, "option", ":leek:", "option", "<none>", "lasts", "86400", "multiple", "yes", "hide", "yes"},
		"files":         {"text", everything, "media", id, "alt-" + id, "Seedlings\r\n<on> a sill", "focus-" + id, "-1,1", "sensitive", "yes"},
		"files, warned": {"text", "short", "warning", "w", "media", id2, "alt-" + id2, "A shed"},
		"quote":         {"text", everything, "quote", quoted},
		"private":       {"text", everything, "audience", "named"},
		"arabic":        {"text", "مرحبا :leek:", "lang", "ar"},
	} {
		t.Run(name, func(t *testing.T) {
			fields := append([]string{"lang", "en", "audience", "everyone", "key", name}, fields...)
			if name == "private" {
				fields = append(fields[:2:2], fields[4:]...)
			}
			if name == "arabic" {
				fields = fields[2:]
			}
			shown := readPart(t, h.submit("/me/write", append(fields, "do", "preview")...).body, `<div class="box preview">`, "</div></section>")
			if sent := h.submit("/me/write", append(fields, "do", "post")...); sent.status != http.StatusSeeOther {
				t.Fatalf("%d: %s", sent.status, sent.main())
			}
			p := h.own()[0]
			card := readPart(t, h.open(postPath(p.ID)+"/card").body, `<div class="body">`, `<p class="delivery">`)
			if card != shown {
				t.Errorf("previewed:\n%s\npublished:\n%s", shown, card)
			}
		})
	}
}

func TestAnEditIsPreviewedAsItIsPublished(t *testing.T) {
	h := newHouse(t, "bob")
	h.addsEmoji("leek", photo(t, 1))
	p := h.Post(t, store.Public, "Seeds @"+h.other("bob").Handle())
	fields := []string{"edit", decimal(p.ID), "text", "Seeds :leek: @" + h.other("bob").Handle() + " **now**", "warning", "Gardening", "lang", "nl", "audience", "everyone"}
	shown := readPart(t, h.submit("/me/write", append(fields, "do", "preview")...).body, `<div class="box preview">`, "</div></section>")
	h.sent("/me/write", append(fields, "do", "post")...)
	if card := readPart(t, h.open(postPath(p.ID)+"/card").body, `<div class="body">`, `<p class="delivery">`); card != shown {
		t.Errorf("previewed:\n%s\npublished:\n%s", shown, card)
	}
}

func TestAThreadIsWrittenAndSentTogether(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	bob.Follows(t, h.Server)
	page := h.submit("/me/write", "do", "part", "text", "First", "audience", "everyone", "key", "k")
	page.says(t, ">First</textarea>", `name="part"`, "Post 2 of 2", "sent together")
	page = h.submit("/me/write", "do", "part", "text", "First", "part", "Second", "audience", "everyone")
	page.says(t, ">Second</textarea>", "Post 2 of 3", "Post 3 of 3")
	h.submit("/me/write", "do", "unpart-2", "text", "First", "part", "Second", "part", "Third", "audience", "everyone").says(t, ">Third</textarea>", "Post 2 of 2")

	form := []string{"text", "First", "part", "Second #leeks", "part", "", "part", "Third @" + bob.Handle(), "warning", "Seeds", "audience", "quiet", "key", "k"}
	h.submit("/me/write", append(form, "do", "preview")...).says(t, "Post 2 of 3", "Post 3 of 3", "leeks")
	for range 3 {
		h.sent("/me/write", append(form, "do", "post")...)
	}
	h.cluster.Settle()
	posts := h.own() // the newest first
	if len(posts) != 3 {
		t.Fatalf("%d posts", len(posts))
	}
	for i, text := range []string{"Third @" + bob.Handle(), "Second #leeks", "First"} {
		p := posts[i]
		if p.Source != text || p.Summary != "Seeds" || p.Visibility != store.Unlisted || i < 2 && p.ParentID != posts[i+1].ID {
			t.Errorf("post %d is %+v", i, p)
		}
		if i < 2 && p.PublishedAt.Sub(posts[i+1].PublishedAt) < time.Second {
			t.Errorf("post %d is not dated after the one before it", i)
		}
		if got, ok := bob.Has(t, p.URI); !ok || got.ParentURI != p.ParentURI {
			t.Errorf("bob has post %d: %v", i, ok)
		}
	}

	// All or nothing, and the text comes back.
	long := strings.Repeat("leek ", 1001)
	refused := h.submit("/me/write", "do", "post", "text", "Fine", "part", long, "audience", "everyone")
	refused.says(t, "Post 2 has 5005 characters", ">Fine</textarea>", ">"+long+"</textarea>", "-5, too long")
	if refused.status != http.StatusUnprocessableEntity || len(h.own()) != 3 {
		t.Errorf("%d, %d posts", refused.status, len(h.own()))
	}

	// A draft keeps it, and so does what it becomes.
	draft := h.sent("/me/write", "do", "draft", "text", "One", "part", "Two", "audience", "named")
	draft.says(t, ">One</textarea>", ">Two</textarea>")
	u, _ := url.Parse(draft.location)
	h.sent("/me/write", "do", "post", "text", "One @"+bob.Handle(), "part", "Two", "audience", "named", "draft", u.Query().Get("draft"))
	h.cluster.Settle()
	last := h.own()[0]
	if got, ok := bob.Has(t, last.URI); !ok || got.Visibility != store.Direct || last.Source != "Two" {
		t.Errorf("what follows a private post: %v %q", ok, last.Source)
	}
}

func TestWhoGetsItIsListed(t *testing.T) {
	h := newHouse(t, "bob", "carol")
	bob, carol := h.other("bob"), h.other("carol")
	bob.Follows(t, h.Server)
	form := []string{"text", "Hi @" + carol.Handle() + " @nobody@" + bob.Host, "audience", "everyone"}
	p := h.submit("/me/write", append(form, "do", "reach")...)
	p.says(t, "2 people on 2 servers", "@"+carol.Handle(), "@nobody@"+bob.Host+"</bdi> was not found", bob.Host, ">Hi @carol")
	h.submit("/me/write", "do", "reach", "text", "Hi @"+carol.Handle(), "audience", "named").says(t, "1 person on 1 server")
	h.submit("/me/write", "do", "reach", "text", "Hi", "audience", "named").says(t, "Nobody yet", "Nobody is named yet.")

	blocked := h.Find(t, carol)
	if err := h.Block(ctx, blocked.ID); err != nil {
		t.Fatal(err)
	}
	h.submit("/me/write", append(form, "do", "reach")...).says(t, "they do not get it")
	nobody := h.submit("/me/write", "do", "post", "text", "Hi", "audience", "named")
	nobody.says(t, "Name at least one person", `id="audience-error"`)
	if nobody.status != http.StatusUnprocessableEntity {
		t.Errorf("a private post without a name: %d", nobody.status)
	}
}

func TestNamesAreFoundAndPutIn(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	h.Follows(t, bob)
	h.addsEmoji("leek", photo(t, 1))
	h.Post(t, store.Public, "About #Leeks")
	find := func(q string) page {
		return h.submit("/me/write", "do", "find", "find", q, "text", "Hello", "audience", "quiet")
	}
	find("bo").says(t, `value="insert-@`+bob.Handle()+`"`, ">Hello</textarea>", `value="quiet" checked`, `id="find" open`)
	find("#le").says(t, `value="insert-#leeks"`)
	find(":le").says(t, `value="insert-:leek:"`)
	find("zz").says(t, "known here")
	h.submit("/me/write", "do", "insert-@"+bob.Handle(), "text", "Hello", "audience", "quiet").says(t, ">Hello @"+bob.Handle()+" </textarea>")
	h.submit("/me/write", "do", "insert-:leek:", "text", "Hello", "part", "and", "audience", "quiet").says(t, ">and :leek: </textarea>")
	for q, want := range map[string]string{"@bo": `"insert":"@` + bob.Handle() + `"`, "#LE": `"insert":"#leeks"`, ":l": `"insert":":leek:"`, "@nobody": "[]", "": "[]"} {
		if p := h.open("/me/suggest?q=" + url.QueryEscape(q)); !strings.Contains(p.body, want) {
			t.Errorf("%q suggests %s", q, p.body)
		}
	}
}

func TestFilesChangePlaces(t *testing.T) {
	h := newHouse(t)
	ids := h.submitFiles("/me/write", []string{"do", "add", "audience", "everyone"}, map[string][]byte{"a.png": photo(t, 1), "b.png": photo(t, 2), "c.png": photo(t, 3)}).uploads()
	p := h.submit("/me/write", "do", "up-"+ids[2], "media", ids[0], "media", ids[1], "alt-"+ids[1], "the second", "media", ids[2], "text", "kept")
	if got := p.uploads(); strings.Join(got, " ") != strings.Join([]string{ids[0], ids[2], ids[1]}, " ") {
		t.Errorf("%v became %v", ids, got)
	}
	p.says(t, ">the second</textarea>", ">kept</textarea>")
	if regexp.MustCompile(`up-` + ids[0]).MatchString(p.body) {
		t.Error("the first can go further up")
	}
}
