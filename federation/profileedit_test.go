package federation_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

// Several changes are one Update, and what others do not see is none.
func TestAnEditIsToldOnce(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	second := picture(t, 7, 44)
	name, yes, domains := "Alice", true, []string{"https://Paper.example", "paper.example", ""}
	first, err := alice.TakePicture(ctx(), "avatar", bytes.NewReader(picture(t, 3, 40)))
	if err != nil {
		t.Fatal(err)
	}
	if err := alice.EditProfile(ctx(), federation.ProfileEdit{Name: &name, Avatar: &first, Creditors: &domains, Locked: &yes, Discoverable: &yes}); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	a := person(t, bob, alice)
	if len(bob.Received("Update")) != 1 || a.Name != "Alice" || !a.Locked || !a.Discoverable || a.IconURL == "" || !slices.Equal(a.Extra.CreditedBy, []string{"paper.example"}) {
		t.Errorf("told %d times, bob sees %+v", len(bob.Received("Update")), a)
	}
	language := "de"
	if err := alice.EditProfile(ctx(), federation.ProfileEdit{Language: &language, Sensitive: &yes}); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if set := alice.Settings(); len(bob.Received("Update")) != 1 || set.Language != "de" || !set.PostSensitive {
		t.Errorf("told %d times, %+v", len(bob.Received("Update")), set)
	}
	long, none := strings.Repeat("x", 1001), ""
	for _, e := range []federation.ProfileEdit{{Bio: &long, Name: &none}, {Creditors: &[]string{"localhost"}, Name: &none}, {Language: &none, Name: &none}} {
		if err := alice.EditProfile(ctx(), e); reply.CodeOf(err) != reply.Unprocessable {
			t.Error(err)
		}
	}
	if me(t, alice).Name != "Alice" {
		t.Error("a refused edit changed something")
	}
	other, err := alice.TakePicture(ctx(), "avatar", bytes.NewReader(second))
	if err != nil {
		t.Fatal(err)
	}
	if err := alice.EditProfile(ctx(), federation.ProfileEdit{Avatar: &other}); err != nil {
		t.Fatal(err)
	}
	if f, _, err := alice.Media().Open(first); err == nil {
		_ = f.Close()
		t.Error("the picture before is still on disk")
	}
}

// Forms with files have two characters at the end of a line (HTML 4.10.21.7); apps
// that send them get back one, as they wrote it.
func TestEndsOfLinesAreKeptPlain(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bio := "I drink\r\n#coffee\rall day"
	if err := alice.EditProfile(ctx(), federation.ProfileEdit{Bio: &bio}); err != nil {
		t.Fatal(err)
	}
	if got := me(t, alice).Source; got != "I drink\n#coffee\nall day" {
		t.Errorf("the bio is %q", got)
	}
	p, err := alice.Publish(ctx(), federation.Draft{Text: "one\r\ntwo", Visibility: store.Public})
	if err != nil || p.Source != "one\ntwo" {
		t.Errorf("the post is %q, %v", p.Source, err)
	}
	if p, err = alice.Edit(ctx(), p.ID, federation.Draft{Text: "one\r\ntwo"}); err != nil || !p.EditedAt.IsZero() {
		t.Errorf("the same text again is an edit: %+v, %v", p, err)
	}
}
