package federation_test

import (
	"net/http"
	"strings"
	"testing"

	"dassie/federation/fedtest"
	"dassie/store"
)

// arrive delivers an object of the stranger's, whom alice follows, and says what
// was kept of it.
func arrive(t *testing.T, alice *fedtest.Server, s *fedtest.Stranger, change map[string]any) (store.Post, bool) {
	t.Helper()
	o := s.Note("/o/"+store.Random(8), "")
	delete(o, "content")
	for k, v := range change {
		o[k] = v
	}
	if status := s.Send(alice, s.Activity("Create", o)); status != http.StatusAccepted {
		t.Fatalf("answered %d", status)
	}
	p, ok := alice.Has(t, o["id"].(string))
	if ok {
		readable(t, p)
	}
	return p, ok
}

func TestOtherKindsOfObjectArriveAsPosts(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob := c.Stranger("bob")
	followStranger(t, alice, bob)
	picture := map[string]any{"type": "Image", "url": bob.URL("/cover.png"), "name": "A lighthouse", "mediaType": "image/png"}
	type file = store.Attachment
	for name, tc := range map[string]struct {
		object         map[string]any
		title, content string
		warning        string
		files          []file
	}{
		"an article's summary is an abstract, its picture a cover": {
			map[string]any{"type": "Article", "name": "On light", "summary": "What it costs.", "content": "<p>Much.</p>", "image": picture},
			"On light", "<p>What it costs.</p><p>Much.</p>", "", []file{{MediaType: "image/png", URL: bob.URL("/cover.png"), Alt: "A lighthouse"}},
		},
		"but a warning if it is marked sensitive": {
			map[string]any{"type": "Article", "name": "On light", "summary": "Spiders", "sensitive": true, "content": "<p>Much.</p>"},
			"On light", "<p>Much.</p>", "Spiders", nil,
		},
		"an abstract that the text begins with is not repeated": {
			map[string]any{"type": "Article", "name": "On light", "summary": "Much light is […]", "content": "<h2>Much light</h2><p>is needed.</p>"},
			"On light", "<h2>Much light</h2><p>is needed.</p>", "", nil,
		},
		"a text that begins with its title has no second one": {
			map[string]any{"type": "Article", "name": "On light", "content": "<h1>On light</h1><p>Much.</p>"},
			"", "<h1>On light</h1><p>Much.</p>", "", nil,
		},
		"a text that is its title alone is said once": {
			map[string]any{"type": "Page", "name": "On light", "content": "<p>On light</p>"},
			"On light", "", "", nil,
		},
		"an article without text shows its preview": {
			map[string]any{"type": "Article", "name": "On light", "preview": map[string]any{"type": "Note", "content": "<p>Members only.</p>"}},
			"On light", "<p>Members only.</p>", "", nil,
		},
		"a page names the link it is about": {
			map[string]any{"type": "Page", "name": "Look at this", "attachment": []any{map[string]any{"type": "Link", "href": "https://example.org/news"}}},
			"Look at this", `<p><a href="https://example.org/news" rel="nofollow noopener"><span class="invisible">https://</span>example.org/news</a></p>`, "", nil,
		},
		"a page about a picture shows it": {
			map[string]any{"type": "Page", "name": "Look", "image": map[string]any{"type": "Image", "url": bob.URL("/p/1")}, "attachment": []any{map[string]any{"type": "Link", "href": bob.URL("/p/1")}}},
			"Look", "", "", []file{{MediaType: "image/jpeg", URL: bob.URL("/p/1")}},
		},
		"a link cannot claim another address": {
			map[string]any{"type": "Page", "name": "x", "attachment": []any{map[string]any{"type": "Link", "href": "https://evil.example/", "name": "https://bank.example/"}}},
			"x", `<p><a href="https://evil.example/" rel="nofollow noopener"><span class="invisible">https://</span>evil.example/</a></p>`, "", nil,
		},
		"a page on another site is a link, not the post's own address": {
			map[string]any{"type": "Page", "name": "x", "content": "<p>y</p>", "url": "https://bank.example/"},
			"x", `<p>y</p><p><a href="https://bank.example/" rel="nofollow noopener"><span class="invisible">https://</span>bank.example/</a></p>`, "", nil,
		},
		"a video can be played, with its thumbnail": {
			map[string]any{"type": "Video", "name": "Tides", "mediaType": "text/markdown", "content": "In **two** parts", "icon": []any{
				map[string]any{"type": "Image", "url": bob.URL("/small.jpg"), "width": 280}, map[string]any{"type": "Image", "url": bob.URL("/large.jpg"), "width": 850}},
				"url": []any{map[string]any{"type": "Link", "mediaType": "text/html", "href": bob.URL("/w/1")},
					map[string]any{"type": "Link", "mediaType": "application/x-mpegURL", "href": bob.URL("/1.m3u8"), "tag": []any{
						map[string]any{"type": "Link", "mediaType": "video/mp4", "href": bob.URL("/1.mp4"), "height": 720, "width": 1280}}}}},
			"Tides", "<p>In <strong>two</strong> parts</p>", "", []file{{MediaType: "video/mp4", URL: bob.URL("/1.mp4"), Width: 1280, Height: 720, Preview: bob.URL("/large.jpg")}},
		},
		"a video that only its own site can play is a link with a picture": {
			map[string]any{"type": "Video", "name": "Live", "icon": picture, "url": []any{map[string]any{"type": "Link", "mediaType": "text/html", "href": bob.URL("/w/2")}}},
			"Live", `<p><a href="` + bob.URL("/w/2") + `" rel="nofollow noopener">Watch at ` + bob.Host + `</a></p>`, "",
			[]file{{MediaType: "image/png", URL: bob.URL("/cover.png"), Alt: "A lighthouse"}},
		},
		"a song": {
			map[string]any{"type": "Audio", "name": "Foghorn", "url": []any{map[string]any{"type": "Link", "mediaType": "audio/ogg", "href": bob.URL("/1.ogg")},
				map[string]any{"type": "Link", "mediaType": "text/html", "href": bob.URL("/l/1")}}},
			"Foghorn", "", "", []file{{MediaType: "audio/ogg", URL: bob.URL("/1.ogg")}},
		},
		"a photo is not called by its file": {
			map[string]any{"type": "Image", "name": "IMG_1234.JPG", "url": []any{map[string]any{"type": "Link", "mediaType": "image/jpeg", "href": bob.URL("/0.jpg"), "width": 2200, "height": 1100}}},
			"", "", "", []file{{MediaType: "image/jpeg", URL: bob.URL("/0.jpg"), Width: 2200, Height: 1100}},
		},
		"an event says when and where": {
			map[string]any{"type": "Event", "name": "Dance", "content": "<p>Come.</p>", "startTime": "2026-12-05T19:00:00Z", "endTime": "2026-12-05T21:30:00Z", "timezone": "Europe/Vienna",
				"location": map[string]any{"type": "Place", "name": "Town <hall>", "address": map[string]any{"streetAddress": "High Street 1", "postalCode": "1010", "addressLocality": "Vienna"}}},
			"Dance", "<p><strong>When:</strong> Saturday, 5 December 2026, 20:00 to 22:30 (Europe/Vienna)<br><strong>Where:</strong> Town &lt;hall&gt;, High Street 1, 1010 Vienna</p><p>Come.</p>", "", nil,
		},
		"an event of two days without a zone, called off": {
			map[string]any{"type": "Event", "name": "Fair", "startTime": "2026-12-05T19:00:00Z", "endTime": "2026-12-06T12:00:00Z", "timezone": "../../etc/passwd", "location": "Quay", "ical:status": "CANCELLED"},
			"Fair", "<p><strong>This event is cancelled.</strong><br><strong>When:</strong> Saturday, 5 December 2026, 19:00 to Sunday, 6 December 2026, 12:00 (UTC)<br><strong>Where:</strong> Quay</p>", "", nil,
		},
		"a passage of a book": {
			map[string]any{"type": "Quotation", "content": "<p>True.</p>", "quote": "<p>All happy families</p><script>1</script>", "inReplyToBook": bob.URL("/book/1")},
			"", `<blockquote><p>All happy families</p></blockquote><p>True.</p><p><a href="` + bob.URL("/book/1") + `" rel="nofollow noopener">`, "", nil,
		},
		"a review with stars": {
			map[string]any{"type": "Review", "name": "Long", "content": "<p>But good.</p>", "rating": 3.5},
			"Long", "<p>Rated 3.5 of 5</p><p>But good.</p>", "", nil,
		},
		"what nobody has heard of, with words": {
			map[string]any{"type": "Recipe", "name": "Soup", "summary": "Leek.", "url": bob.URL("/soup")},
			"Soup", "<p>Leek.</p>", "", nil,
		},
		"a note may have a title (Discourse)": {
			map[string]any{"type": "Note", "name": "Our next meeting", "content": "<p>Monday.</p>"},
			"Our next meeting", "<p>Monday.</p>", "", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, ok := arrive(t, alice, bob, tc.object)
			if !ok {
				t.Fatal("not kept")
			}
			if p.Title != tc.title || p.Summary != tc.warning {
				t.Errorf("title %q, warning %q", p.Title, p.Summary)
			}
			if p.Content != tc.content && (tc.content == "" || !strings.HasPrefix(p.Content, tc.content)) {
				t.Errorf("content\n%s\nwant\n%s", p.Content, tc.content)
			}
			if len(p.Extra.Attachments) != len(tc.files) {
				t.Fatalf("files %+v", p.Extra.Attachments)
			}
			for i, f := range tc.files {
				if p.Extra.Attachments[i] != f {
					t.Errorf("file %+v, want %+v", p.Extra.Attachments[i], f)
				}
			}
		})
	}
}

func TestThingsThatAreNoPostsAreForgotten(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob := c.Stranger("bob")
	followStranger(t, alice, bob)
	for _, object := range []map[string]any{
		{"type": "Story", "attachment": map[string]any{"type": "Image", "url": bob.URL("/s.jpg")}, "expiresAt": "2026-12-01T00:00:00Z"},
		{"type": "CacheFile", "url": map[string]any{"type": "Link", "mediaType": "video/mp4", "href": bob.URL("/1.mp4")}},
		{"type": "Nothing"},
		{"type": "Tombstone"},
		{"type": "Person", "inbox": bob.URL("/in"), "preferredUsername": "x"},
	} {
		if p, ok := arrive(t, alice, bob, object); ok {
			t.Errorf("%s became %+v", object["type"], p)
		}
	}
	if n := len(alice.Home(t)); n != 0 {
		t.Errorf("%d posts in home", n)
	}
}

func TestAChatMessageIsForItsReceiverAlone(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob := c.Stranger("bob")
	if _, ok := arrive(t, alice, bob, map[string]any{"type": "ChatMessage", "content": "hi", "to": []any{alice.ActorURI()}, "cc": []any{}}); ok {
		t.Fatal("kept before its author is known")
	}
	c.Settle()
	if kinds := alice.Notified(t); len(kinds) != 1 || kinds[0] != "mention" {
		t.Fatalf("alice is told of %v", kinds)
	}
	// A chat message stays one, whatever it says of its audience.
	p, ok := arrive(t, alice, bob, map[string]any{"type": "ChatMessage", "content": "ho", "cc": []any{alice.ActorURI()}})
	if !ok || p.Visibility != store.Direct || p.Kind != store.KindChat {
		t.Errorf("kept %v, visibility %d, kind %d", ok, p.Visibility, p.Kind)
	}
}

func TestALongArticleEndsWithALinkToTheRest(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob := c.Stranger("bob")
	followStranger(t, alice, bob)
	p, ok := arrive(t, alice, bob, map[string]any{"type": "Article", "name": "Book", "url": bob.URL("/book"),
		"content": strings.Repeat(`<p>Wörter und <a href="https://example.org/a">mehr</a>.</p>`, 3000)})
	if !ok || len(p.Content) > 60<<10 {
		t.Fatalf("kept %v, %d bytes", ok, len(p.Content))
	}
	if !strings.HasSuffix(p.Content, `<p><a href="`+bob.URL("/book")+`" rel="nofollow noopener">Read the rest at `+bob.Host+`</a></p>`) {
		t.Errorf("it ends with %q", p.Content[len(p.Content)-300:])
	}
}

// PeerTube names two authors, the person and the channel: whichever sends it,
// the video is the same post, and nobody of another server can be one of them.
func TestAVideoOfAPersonAndAChannel(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob, eve := c.Stranger("bob"), c.Stranger("eve")
	followStranger(t, alice, bob)
	authors := []any{map[string]any{"type": "Group", "id": bob.URL("/channels/sea")}, map[string]any{"type": "Person", "id": bob.ActorID()}}
	p, ok := arrive(t, alice, bob, map[string]any{"type": "Video", "name": "Tides", "attributedTo": authors})
	if !ok || p.Title != "Tides" {
		t.Fatal("the person's own delivery is not kept")
	}
	video := bob.Note("/v/2", "x")
	video["type"], video["name"], video["attributedTo"] = "Video", "Waves", authors
	bob.Serve("/v/2", video)
	found, err := alice.Lookup(ctx(), bob.URL("/v/2"))
	if err != nil || found.Post == nil {
		t.Fatal(err)
	}
	author, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (store.Actor, error) { return tx.Actor(found.Post.ActorID) })
	if err != nil || author.URI != bob.ActorID() {
		t.Errorf("fetched, it is by %s, %v", author.URI, err)
	}
	event := map[string]any{"type": "Event", "name": "Fair", "attributedTo": bob.URL("/groups/fair"), "actor": bob.ActorID()}
	if _, ok := arrive(t, alice, bob, event); !ok {
		t.Error("an event of a group by its member (Mobilizon) is not kept")
	}
	forged := eve.Note("/v/3", "x")
	forged["attributedTo"], forged["actor"] = bob.ActorID(), eve.ActorID()
	followStranger(t, alice, eve)
	if status := eve.Send(alice, eve.Activity("Create", forged)); !refused(status) {
		t.Errorf("a post attributed to another server was answered %d", status)
	}
}
