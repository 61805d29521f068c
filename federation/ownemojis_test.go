package federation_test

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"net/http"
	"strings"
	"testing"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

// dancing is a GIF of two pictures.
func dancing(t *testing.T) []byte {
	t.Helper()
	g := gif.GIF{}
	for i := range 2 {
		img := image.NewPaletted(image.Rect(0, 0, 32, 32), color.Palette{color.White, color.Black})
		img.SetColorIndex(i, i, 1)
		g.Image, g.Delay = append(g.Image, img), append(g.Delay, 10)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func addEmoji(t *testing.T, s *fedtest.Server, code string, data []byte) store.OwnEmoji {
	t.Helper()
	e, err := s.AddEmoji(ctx(), code, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestOwnEmojisGoWithWhatUsesThem(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	leek, dance := addEmoji(t, alice, ":leek:", picture(t, 3, 60)), addEmoji(t, alice, "dance", dancing(t))
	p := publish(t, alice, federation.Draft{Text: "A :leek: at 12:leek:30, and `:dance:`", Markdown: true, Summary: ":nothing:", Visibility: store.Public,
		Poll: &federation.PollDraft{Options: []string{":dance:", "rest"}, Lasts: 3600e9}})
	c.Settle()
	got, ok := bob.Has(t, p.URI)
	if !ok || len(got.Extra.Emojis) != 2 || got.Extra.Emojis[0] != (store.Emoji{Shortcode: "leek", URL: alice.Origin().URL(leek.Address())}) {
		t.Fatalf("bob has %+v, %v", got.Extra.Emojis, ok)
	}
	sent := bob.Received("Create")[0].Body
	for _, want := range []string{`"type":"Emoji"`, `"name":":leek:"`, `"id":"` + alice.Origin().URL("/emojis/"), `"mediaType":"image/gif"`, `"mediaType":"image/png"`, `"Emoji":"toot:Emoji"`} {
		if !strings.Contains(sent, want) {
			t.Errorf("the Create lacks %s: %s", want, sent)
		}
	}

	// The object and its pictures: what moves goes as it came, beside its first picture.
	object := look(alice, leek.Address()[:strings.LastIndex(leek.Address(), "/")])
	if object.Code != 200 || !strings.Contains(object.Body.String(), `"name":":leek:"`) || !strings.Contains(object.Body.String(), leek.Address()) {
		t.Errorf("the object: %d %s", object.Code, object.Body)
	}
	if got := look(alice, dance.Address()); got.Code != 200 || got.Header().Get("Content-Type") != "image/gif" || !bytes.Equal(got.Body.Bytes(), dancing(t)) {
		t.Errorf("the animation: %d %v", got.Code, got.Header())
	}
	still := look(alice, strings.Replace(dance.Address(), "picture.gif", "still.png", 1))
	if still.Code != 200 || still.Header().Get("Content-Type") != "image/png" || !strings.HasPrefix(still.Body.String(), "\x89PNG") {
		t.Errorf("its first picture: %d %v", still.Code, still.Header())
	}
	for _, none := range []string{"/emojis/1", "/emojis/1/still.png", strings.Replace(leek.Address(), "png", "gif", 1), leek.Address() + "x"} {
		if got := look(alice, none); got.Code != http.StatusNotFound {
			t.Errorf("%s answers %d", none, got.Code)
		}
	}

	// Bob's server shows them from its cache.
	if err := alice.UpdateProfile(ctx(), federation.Profile{Name: "Alice :leek:", Bio: "I :dance:", Fields: []store.Field{{Name: "Grows", Source: ":leek:"}}}); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if a := person(t, bob, alice); len(a.Extra.Emojis) != 2 {
		t.Errorf("bob sees the profile with %+v", a.Extra.Emojis)
	}
	// A reaction with one.
	answer := bob.Post(t, store.Public, "Yes @"+alice.Handle())
	at, _ := alice.Has(t, answer.URI)
	if _, err := alice.React(ctx(), at.ID, ":leek:"); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if got := reactions(t, bob, answer.URI, alice.ActorURI()); len(got) != 1 || got[0] != ":leek:" {
		t.Errorf("bob has the reactions %q", got)
	}
	if _, err := alice.React(ctx(), at.ID, ":parsnip:"); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("a word without a picture: %v", err)
	}
}

// What was written with an emoji keeps it, whatever becomes of the word.
func TestRenamedAndRemovedEmojisStayWhereTheyAre(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	leek := addEmoji(t, alice, "leek", picture(t, 3, 60))
	p := alice.Post(t, store.Public, "One :leek:")
	kale, err := alice.RenameEmoji(ctx(), leek.ID, "kale")
	if err != nil || kale.ID == leek.ID || kale.File != leek.File {
		t.Fatalf("renamed to %+v: %v", kale, err)
	}
	if q := alice.Post(t, store.Public, "Two :leek: :kale:"); len(q.Extra.Emojis) != 1 || q.Extra.Emojis[0].Shortcode != "kale" {
		t.Errorf("the second has %+v", q.Extra.Emojis)
	}
	if err := alice.RemoveEmoji(ctx(), kale.ID); err != nil {
		t.Fatal(err)
	}
	if err := alice.RemoveEmoji(ctx(), kale.ID); reply.CodeOf(err) != reply.NotFound {
		t.Errorf("removed twice: %v", err)
	}
	// A new picture for the old word changes no old post, not even by an edit.
	again := addEmoji(t, alice, "kale", picture(t, 9, 60))
	edited, err := alice.Edit(ctx(), p.ID, federation.Draft{Text: "One :leek:, with butter", Markdown: true})
	if err != nil || len(edited.Extra.Emojis) != 1 || edited.Extra.Emojis[0].URL != leek.Address() {
		t.Errorf("after an edit: %+v, %v", edited.Extra.Emojis, err)
	}
	if _, err := alice.Store().Sweep(ctx()); err != nil {
		t.Fatal(err)
	}
	for _, e := range []store.OwnEmoji{leek, kale, again} {
		if got := look(alice, e.Address()); got.Code != 200 {
			t.Errorf("%s answers %d", e.Address(), got.Code)
		}
	}
}

func TestWhatIsNoEmojiIsRefusedInWords(t *testing.T) {
	alice := fedtest.New(t, "alice").Servers[0]
	addEmoji(t, alice, "leek", picture(t, 3, 60))
	jpeg := append([]byte("\xff\xd8\xff\xe0"), make([]byte, 600)...)
	for name, c := range map[string]struct {
		code string
		data []byte
		says string
	}{
		"taken":      {"leek", picture(t, 4, 60), "already"},
		"one letter": {"x", picture(t, 4, 60), "2 to 64"},
		"a space":    {"two words", picture(t, 4, 60), "2 to 64"},
		"not ascii":  {"Möhre", picture(t, 4, 60), "2 to 64"},
		"a JPEG":     {"photo", jpeg, "PNG, GIF or WebP"},
		"SVG":        {"vector", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "SVG"},
		"too large":  {"big", append(picture(t, 5, 60), make([]byte, 300<<10)...), "256 KB"},
		"broken":     {"broken", []byte("\x89PNG\r\n\x1a\nand no more"), "damaged"},
		"empty":      {"empty", nil, "empty"},
	} {
		_, err := alice.AddEmoji(ctx(), c.code, bytes.NewReader(c.data))
		if reply.CodeOf(err) == reply.Internal || err == nil || !strings.Contains(reply.Message(err), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if list, err := alice.OwnEmojis(ctx()); err != nil || len(list) != 1 {
		t.Errorf("%d emojis, %v", len(list), err)
	}
}
