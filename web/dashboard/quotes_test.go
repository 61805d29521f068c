package dashboard

import (
	"net/http"
	"strings"
	"testing"

	"dassie/federation"
	"dassie/store"
)

func TestQuoteInTheBrowser(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	h.Follows(t, bob)
	bob.Post(t, store.Public, "Frost tonight")
	frost := h.Home(t)[0]
	page := h.open(postPath(frost.ID))
	page.says(t, `href="/me/write?quote=`+decimal(frost.ID)+`"`)
	h.open("/me/write?quote="+decimal(frost.ID)).says(t, "You quote", "Frost tonight", `name="quote" value="`+decimal(frost.ID)+`"`, "Who may quote this")

	sent := h.sent("/me/write", "do", "post", "text", "He is right", "audience", "everyone", "quote", decimal(frost.ID), "quotable", "nobody")
	sent.says(t, "He is right", "Waits for its author", "Frost tonight")
	mine := h.own()[0]
	if mine.Extra.QuotePolicy != store.QuoteNobody {
		t.Errorf("the choice of who may quote is %q", mine.Extra.QuotePolicy)
	}
	h.cluster.Settle()
	shown := h.open(postPath(mine.ID))
	shown.says(t, "He is right", "Frost tonight", "Open the quoted post", `class="text quotes"`)
	shown.hides(t, "Waits for its author")
	h.open("/me").says(t, "Open the quoted post")

	// The quoted author takes consent back.
	original, _ := bob.Has(t, frost.URI)
	stamps, err := store.Get(ctx, bob.Store(), func(tx *store.Tx) ([]store.Stamp, error) { return tx.StampsOf("quote", original.ID, 10) })
	if err != nil || len(stamps) != 1 {
		t.Fatalf("%v %v", stamps, err)
	}
	if err := bob.RevokeQuote(ctx, stamps[0].ID); err != nil {
		t.Fatal(err)
	}
	h.cluster.Settle()
	h.open(postPath(mine.ID)).says(t, "took consent back. Others see the link only.")
}

func TestBeingQuotedInTheBrowser(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	bob.Follows(t, h.Server)
	p := h.Post(t, store.Public, "Potatoes are up")
	here, _ := bob.Has(t, p.URI)
	q, err := bob.Publish(ctx, federation.Draft{Text: "So she says", QuoteID: here.ID})
	if err != nil {
		t.Fatal(err)
	}
	h.cluster.Settle()
	h.open("/me/inbox").says(t, "quoted you", "So she says", "Potatoes are up")
	h.open("/me/inbox?k=mentions").says(t, "quoted you")
	path := postPath(p.ID)
	page := h.open(path)
	page.says(t, "Quotes with your consent", "Take back consent", q.URI)
	_, rest, _ := strings.Cut(page.body, path+`/quotes?stamp=`)
	stamp, _, _ := strings.Cut(rest, `"`)
	ask := h.open(path + "/quotes?stamp=" + stamp)
	ask.says(t, "Take back consent?", "bob quotes your post", "nobody can make them", `name="stamp" value="`+stamp+`"`, `href="`+path+`#quotes"`)
	for _, wrong := range []string{path + "/quotes", path + "/quotes?stamp=4711", "/me/post/4711/quotes?stamp=" + stamp} {
		if p := h.do("GET", wrong, nil); p.status != http.StatusNotFound {
			t.Errorf("%s answers %d", wrong, p.status)
		}
	}
	for _, wrong := range []string{"", "4711", "x"} {
		if p := h.submit(path+"/quotes", "stamp", wrong); p.status != http.StatusNotFound {
			t.Errorf("stamp %q answers %d", wrong, p.status)
		}
	}
	if other := h.submit("/me/post/4711/quotes", "stamp", stamp); other.status != http.StatusNotFound {
		t.Errorf("a stamp of another post answers %d", other.status)
	}
	for range 2 { // twice is no harm
		h.sent(path+"/quotes", "stamp", stamp).says(t, "Taken back.")
	}
	h.open(path).hides(t, "Quotes with your consent")
	h.cluster.Settle()
	views, err := store.Get(ctx, bob.Store(), func(tx *store.Tx) (map[int64]federation.QuoteView, error) {
		return bob.QuoteViews(tx, []store.Post{q})
	})
	if err != nil || views[q.ID].State != federation.ShownRevoked {
		t.Errorf("bob sees %+v, %v", views[q.ID], err)
	}
}

// Who answers by quoting is told of once with the card, which has one anchor.
func TestAQuoteThatIsAMentionToo(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	bob.Follows(t, h.Server)
	here, _ := bob.Has(t, h.Post(t, store.Public, "Potatoes are up").URI)
	q, err := bob.Publish(ctx, federation.Draft{Text: "@" + h.Handle() + " says so", QuoteID: here.ID})
	if err != nil {
		t.Fatal(err)
	}
	h.cluster.Settle()
	mine, _ := h.Has(t, q.URI)
	inbox := h.open("/me/inbox")
	inbox.says(t, "quoted you", "named you")
	if n := strings.Count(inbox.body, `id="p-`+decimal(mine.ID)+`"`); n != 1 {
		t.Errorf("the anchor is there %d times:\n%s", n, inbox.main())
	}
	after := h.sent(postPath(mine.ID)+"/like", "back", "/me/inbox"+anchor(mine.ID))
	if after.location != "/me/inbox"+anchor(mine.ID) || strings.Count(after.body, `/unlike"`) != 1 {
		t.Errorf("a like from the inbox leads to %s:\n%s", after.location, after.main())
	}
}

func TestWhoMayQuoteIsASetting(t *testing.T) {
	h := newHouse(t)
	h.open("/me/settings").says(t, "Who may quote you", `value="public" selected`)
	h.sent("/me/settings", "language", "en", "timezone", "UTC", "quotable", "followers").says(t, `value="followers" selected`)
	if got := h.Settings().QuotePolicy; got != store.QuoteFollowers {
		t.Errorf("saved %q", got)
	}
	h.open("/me/write").says(t, `value="followers" selected`)
	h.sent("/me/settings", "language", "en", "timezone", "UTC", "quotable", "the moon")
	if got := h.Settings().QuotePolicy; got != store.QuoteFollowers {
		t.Errorf("nonsense saved %q", got)
	}
}

func TestADraftKeepsWhatItQuotes(t *testing.T) {
	h := newHouse(t, "bob")
	h.Follows(t, h.other("bob"))
	h.other("bob").Post(t, store.Public, "Frost tonight")
	frost := decimal(h.Home(t)[0].ID)
	h.sent("/me/write", "do", "draft", "text", "Half a thought", "audience", "everyone", "quote", frost, "quotable", "nobody").
		says(t, "Half a thought", "You quote", "Frost tonight", `name="quote" value="`+frost+`"`, `value="nobody" selected`)
	h.submit("/me/write", "do", "post", "text", "kept", "audience", "everyone", "quote", "4711").says(t, "kept", "not here any more")
	h.submit("/me/write", "do", "post", "text", "kept", "audience", "named", "quote", frost).says(t, "kept", `role="alert"`)
}
