package federation_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"strings"
	"testing"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

// picture is a PNG of one colour.
func picture(t *testing.T, shade uint8, side int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, side, side))
	for i := range img.Pix {
		img.Pix[i] = byte(i) * shade
	}
	img.Set(0, 0, color.White)
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func me(t *testing.T, s *fedtest.Server) store.Actor {
	t.Helper()
	a, err := store.Get(ctx(), s.Store(), func(tx *store.Tx) (store.Actor, error) { return tx.Actor(store.OwnerID) })
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAProfileReachesTheFollowers(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	bob.Follows(t, alice)
	alice.Lock(t, true)
	carol.Follows(t, alice)
	carol.Forget()
	err := alice.UpdateProfile(ctx(), federation.Profile{
		Name: " Alice\nB. ", Bio: "Gardener at https://example.org\n#tulips, ask @" + bob.Handle(),
		Fields: []store.Field{{Name: "Web", Source: "https://alice.example/"}, {}, {Name: "Pronouns", Source: "she <b>her</b>"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Settle()
	a := person(t, bob, alice)
	if a.Name != "Alice B." || !strings.Contains(a.Summary, `href="https://example.org"`) || len(a.Extra.Fields) != 2 {
		t.Errorf("bob sees %q, %q, %v", a.Name, a.Summary, a.Extra.Fields)
	}
	if v := me(t, alice).Extra.Fields; !strings.Contains(v[0].Value, `rel="me`) || strings.Contains(v[1].Value, "<b>") {
		t.Errorf("fields %v", v)
	}
	if len(carol.Received("Update")) != 0 {
		t.Error("somebody who only asked to follow was told")
	}
}

func TestWhatIsWrongWithAProfileIsSaidInWords(t *testing.T) {
	alice := fedtest.New(t, "alice").Servers[0]
	for _, tc := range []struct {
		p     federation.Profile
		words string
	}{
		{federation.Profile{Name: strings.Repeat("ä", 101)}, "101 characters"},
		{federation.Profile{Bio: strings.Repeat("ä", 1001)}, "1001 characters"},
		{federation.Profile{Fields: []store.Field{{Source: "value"}}}, "no label"},
		{federation.Profile{Fields: []store.Field{{Name: "label"}}}, "no value"},
		{federation.Profile{Fields: []store.Field{{Name: "label", Source: strings.Repeat("v", 256)}}}, "longer than 255"},
		{federation.Profile{Fields: make9()}, "9 fields"},
	} {
		err := alice.UpdateProfile(ctx(), tc.p)
		if reply.CodeOf(err) != reply.Unprocessable || !strings.Contains(reply.Message(err), tc.words) {
			t.Errorf("want %q: %v", tc.words, err)
		}
	}
	if a := me(t, alice); a.Name+a.Source != "" {
		t.Error("a refused profile was stored")
	}
}

func make9() []store.Field {
	var list []store.Field
	for range 9 {
		list = append(list, store.Field{Name: "n", Source: "v"})
	}
	return list
}

func TestOwnPicturesAreReplacedAndRemoved(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	if err := alice.SetPicture(ctx(), "avatar", bytes.NewReader(picture(t, 3, 40))); err != nil {
		t.Fatal(err)
	}
	if err := alice.SetPicture(ctx(), "header", bytes.NewReader(picture(t, 5, 40))); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	first := me(t, alice)
	if first.Avatar == "" || first.Header == "" {
		t.Fatalf("avatar %q, header %q", first.Avatar, first.Header)
	}
	seen := person(t, bob, alice)
	if !strings.HasSuffix(seen.IconURL, "/media/"+first.Avatar) || seen.Avatar == "" || seen.Header == "" {
		t.Errorf("bob shows %q of %q and header %q", seen.Avatar, seen.IconURL, seen.Header)
	}
	if err := alice.SetPicture(ctx(), "avatar", bytes.NewReader(picture(t, 7, 40))); err != nil {
		t.Fatal(err)
	}
	if _, _, err := alice.Media().Open(first.Avatar); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the old avatar's file is still there: %v", err)
	}
	if err := alice.RemovePicture(ctx(), "header"); err != nil || me(t, alice).Header != "" {
		t.Errorf("header %q, %v", me(t, alice).Header, err)
	}
	for _, tc := range []struct {
		kind string
		body string
		code reply.Code
	}{
		{"avatar", "this is no picture", reply.Unsupported},
		{"avatar", string(picture(t, 3, 40)[:60]), reply.Unprocessable},
		{"wallpaper", "", reply.Invalid},
	} {
		if err := alice.SetPicture(ctx(), tc.kind, strings.NewReader(tc.body)); reply.CodeOf(err) != tc.code || reply.Message(err) == "" {
			t.Errorf("%s %.10q: %v", tc.kind, tc.body, err)
		}
	}
}
