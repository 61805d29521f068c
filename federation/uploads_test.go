package federation_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

func upload(t *testing.T, s *fedtest.Server, title string, shade uint8) store.Media {
	t.Helper()
	m, err := s.Upload(ctx(), bytes.NewReader(picture(t, shade, 60)), title)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// saying is an upload with its description and what matters in it.
func saying(m store.Media, alt string, x, y float64) federation.Attached {
	return federation.Attached{ID: m.ID, Alt: &alt, Focal: &[2]float64{x, y}}
}

func publish(t *testing.T, s *fedtest.Server, d federation.Draft) store.Post {
	t.Helper()
	p, err := s.Publish(ctx(), d)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// look asks for a file as a peer does: unsigned, and not logged in.
func look(s *fedtest.Server, address string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", address, nil)
	r.Host = s.Host
	s.ServeHTTP(w, r)
	return w
}

func TestPicturesGoWithThePost(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	first, second := upload(t, alice, "sill.png", 3), upload(t, alice, "shed.png", 5)
	p := publish(t, alice, federation.Draft{Text: "Took stock", Sensitive: true, Media: []federation.Attached{
		saying(second, " The shed,\r\nlocked. ", 0, 0), saying(first, "Seedlings on a sill.", -0.5, 0.25)}})
	c.Settle()
	got, ok := bob.Has(t, p.URI)
	if !ok || len(got.Extra.Attachments) != 2 || !got.Sensitive {
		t.Fatalf("bob has %+v", got)
	}
	shed, sill := got.Extra.Attachments[0], got.Extra.Attachments[1]
	if shed.Alt != "The shed, locked." || sill.Alt != "Seedlings on a sill." || sill.FocalX != -0.5 || sill.FocalY != 0.25 || sill.Width != 60 || sill.Height != 60 ||
		sill.MediaType != "image/png" || sill.Blurhash != first.Blurhash || !strings.HasPrefix(sill.URL, "http://"+alice.Host+"/media/") {
		t.Errorf("bob shows %+v and %+v", shed, sill)
	}
	body := bob.Received("Create")[0].Body
	for _, want := range []string{`"type":"Document"`, `"focalPoint":[-0.5,0.25]`, `"name":"Seedlings on a sill."`, `"blurhash":`, "toot:focalPoint"} {
		if !strings.Contains(body, want) {
			t.Errorf("the Create does not say %s: %s", want, body)
		}
	}
	if strings.Contains(body, "sill.png") {
		t.Error("the file's name left")
	}
	if w := look(alice, sill.URL); w.Code != 200 || w.Header().Get("Content-Type") != "image/png" {
		t.Errorf("bob's server gets %d %v", w.Code, w.Header())
	}
}

func TestAPostMayBeAPictureAlone(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	p := publish(t, alice, federation.Draft{Media: []federation.Attached{{ID: upload(t, alice, "a.png", 3).ID}}})
	c.Settle()
	if got, ok := bob.Has(t, p.URI); !ok || len(got.Extra.Attachments) != 1 {
		t.Errorf("bob has %+v, %v", got.Extra.Attachments, ok)
	}
	if _, err := alice.Publish(ctx(), federation.Draft{Text: " "}); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("nothing at all is published: %v", err)
	}
}

// T39: the id of somebody's upload, of one that is used, gone or never was, makes
// no post.
func TestT39_UploadsAreUsedOnceAndByTheirOwner(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	used, free, theirs := upload(t, alice, "", 3), upload(t, alice, "", 5), upload(t, bob, "", 7)
	for range 20 { // or it has the number of one of alice's
		theirs = upload(t, bob, "", 7)
	}
	p := publish(t, alice, federation.Draft{Text: "One", Media: []federation.Attached{{ID: used.ID}}})
	drafted := upload(t, alice, "", 9)
	u, err := alice.SaveDraft(ctx(), 0, store.UnsentText{Text: "half", Media: []int64{drafted.ID, used.ID, 4711}})
	if err != nil || len(u.Draft.Media) != 1 {
		t.Fatalf("the draft keeps %v, %v", u.Draft.Media, err)
	}
	if err := alice.DropDraft(ctx(), u.ID); err != nil {
		t.Fatal(err)
	}
	for name, list := range map[string][]int64{
		"another post's": {used.ID}, "another server's": {theirs.ID}, "none": {4711}, "negative": {-1}, "twice": {free.ID, free.ID},
		"of a deleted draft": {drafted.ID}, "one of them used": {free.ID, used.ID}, "too many": {1, 2, 3, 4, 5},
	} {
		d := federation.Draft{Text: "Two"}
		for _, id := range list {
			d.Media = append(d.Media, federation.Attached{ID: id})
		}
		_, err := alice.Publish(ctx(), d)
		if reply.CodeOf(err) != reply.Unprocessable || reply.Message(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := lookAt(t, alice, func(tx *store.Tx) (int, error) { return tx.CountOwnPosts() }); n != 1 {
		t.Errorf("%d posts were made", n)
	}
	if _, err := alice.Edit(ctx(), p.ID, federation.Draft{Text: "One", Media: []federation.Attached{{ID: theirs.ID}}}); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("an edit took it: %v", err)
	}
	// What was refused is still free, and what a repeated request names is not taken twice.
	d := federation.Draft{Text: "Three", Key: "k", Media: []federation.Attached{{ID: free.ID}}}
	if again, first := publish(t, alice, d), publish(t, alice, d); again.ID != first.ID {
		t.Error("two posts were made of one request")
	}
}

func TestAnEditChangesAddsAndDropsPictures(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	kept, dropped, added := upload(t, alice, "", 3), upload(t, alice, "", 5), upload(t, alice, "", 7)
	d := federation.Draft{Text: "Look", Media: []federation.Attached{saying(kept, "First words", 0, 0), {ID: dropped.ID}}}
	p := publish(t, alice, d)
	c.Settle()
	if q, err := alice.Edit(ctx(), p.ID, d); err != nil || !q.EditedAt.IsZero() {
		t.Errorf("nothing changed, and yet: %v, %v", q.EditedAt, err)
	}
	c.Advance(time.Minute)
	d.Media = []federation.Attached{{ID: added.ID}, saying(kept, "Better words", 1, -1)}
	if _, err := alice.Edit(ctx(), p.ID, d); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	got, _ := bob.Has(t, p.URI)
	if len(got.Extra.Attachments) != 2 || got.Extra.Attachments[1].Alt != "Better words" || got.Extra.Attachments[1].FocalY != -1 || len(bob.Received("Update")) != 1 {
		t.Errorf("bob shows %+v after %d Updates", got.Extra.Attachments, len(bob.Received("Update")))
	}
	if w := look(alice, "http://"+alice.Host+"/media/"+dropped.Name); w.Code != 404 {
		t.Errorf("what the post does not show any more is served: %d", w.Code)
	}
	for _, name := range []string{dropped.File, dropped.Preview} {
		if _, _, err := alice.Media().Open(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("its file is still here: %v", err)
		}
	}
	for _, m := range []store.Media{kept, added} {
		if w := look(alice, "http://"+alice.Host+"/media/"+m.Name+"-small"); w.Code != 200 {
			t.Errorf("the preview answers %d", w.Code)
		}
	}
	d.Text, d.Media = "", nil
	if _, err := alice.Edit(ctx(), p.ID, d); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("nothing was left of it: %v", err)
	}
}

func TestFilesGoWithTheLastThatShowsThem(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	one, other := upload(t, alice, "", 3), upload(t, alice, "", 3)
	if one.File != other.File || one.Name == other.Name {
		t.Fatalf("the same picture is %s and %s under %s and %s", one.File, other.File, one.Name, other.Name)
	}
	p := publish(t, alice, federation.Draft{Text: "One", Media: []federation.Attached{{ID: one.ID}}})
	publish(t, alice, federation.Draft{Text: "Two", Media: []federation.Attached{{ID: other.ID}}})
	if _, err := alice.Delete(ctx(), p.ID); err != nil {
		t.Fatal(err)
	}
	if w := look(alice, "http://"+alice.Host+"/media/"+one.Name); w.Code != 404 {
		t.Errorf("a deleted post's file answers %d", w.Code)
	}
	if w := look(alice, "http://"+alice.Host+"/media/"+other.Name); w.Code != 200 {
		t.Errorf("the other post's file answers %d", w.Code)
	}
	loose := upload(t, alice, "", 9)
	if err := alice.DropUpload(ctx(), loose.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := alice.Media().Open(loose.File); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a deleted upload's file is still here: %v", err)
	}
	for _, id := range []int64{loose.ID, other.ID} {
		if err := alice.DropUpload(ctx(), id); reply.CodeOf(err) == reply.Internal || err == nil {
			t.Errorf("deleted once more, or out of its post: %v", err)
		}
		if _, err := alice.Describe(ctx(), federation.Attached{ID: id}); reply.CodeOf(err) == reply.Internal || err == nil {
			t.Errorf("described: %v", err)
		}
	}
}

func TestWhatIsWrongWithAFileIsSaidWithItsNameAndSize(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	for title, tc := range map[string]struct {
		body string
		code reply.Code
		says string
	}{
		"holiday.heic":         {"\x00\x00\x00\x18ftypheic" + strings.Repeat("x", 3<<20), reply.Unsupported, "“holiday.heic” (3.0 MB) was not added. HEIC pictures cannot be read here. Save it as JPEG and try again."},
		"../../etc/passwd":     {"root", reply.Unsupported, "“passwd” (4 bytes) was not added."},
		`C:\pictures\torn.png`: {string(picture(t, 3, 60)[:100]), reply.Unprocessable, "“torn.png” (100 bytes) was not added. This picture is damaged or incomplete."},
		"":                     {"", reply.Unsupported, "The file (0 bytes) was not added. This file is empty."},
		"big.jpg":              {"\xff\xd8\xff" + strings.Repeat("x", 17<<20), reply.TooLarge, "“big.jpg” (17.0 MB) was not added. This picture is over 16 MB"},
	} {
		_, err := alice.Upload(ctx(), strings.NewReader(tc.body), title)
		if reply.CodeOf(err) != tc.code || !strings.HasPrefix(reply.Message(err), tc.says) {
			t.Errorf("%q: %v, %q", title, reply.CodeOf(err), reply.Message(err))
		}
	}
	_, err := alice.Upload(ctx(), io.MultiReader(bytes.NewReader(picture(t, 3, 600)[:600]), broken{}), "cut.png")
	if reply.CodeOf(err) != reply.Invalid || !strings.Contains(reply.Message(err), "cut off") {
		t.Errorf("an upload that breaks off: %v", err)
	}
	long := strings.Repeat("word ", 400)
	m := upload(t, alice, "", 3)
	if _, err := alice.Describe(ctx(), federation.Attached{ID: m.ID, Alt: &long}); reply.CodeOf(err) != reply.Unprocessable || !strings.Contains(reply.Message(err), "1500") {
		t.Errorf("a description far too long: %v", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// T45: when a follower is removed, the addresses that they knew answer nobody, and
// those who still may see the post are told the new ones.
func TestT45_AddressesOfPrivateMediaChangeWhenAFollowerGoes(t *testing.T) {
	for how, act := range map[string]func(t *testing.T, alice, bob *fedtest.Server) error{
		"removed": func(t *testing.T, alice, bob *fedtest.Server) error {
			return alice.RemoveFollower(ctx(), person(t, alice, bob).ID)
		},
		"blocked": func(t *testing.T, alice, bob *fedtest.Server) error {
			return alice.Block(ctx(), person(t, alice, bob).ID)
		},
		"left": func(t *testing.T, alice, bob *fedtest.Server) error {
			return bob.Unfollow(ctx(), person(t, bob, alice).ID)
		},
		"blocks": func(t *testing.T, alice, bob *fedtest.Server) error {
			return bob.Block(ctx(), person(t, bob, alice).ID)
		},
	} {
		t.Run(how, func(t *testing.T) {
			c := fedtest.New(t, "alice", "bob", "carol")
			alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
			bob.Follows(t, alice)
			carol.Follows(t, alice)
			posts := map[store.Visibility]store.Post{}
			for _, v := range []store.Visibility{store.Public, store.Followers, store.Direct} {
				posts[v] = publish(t, alice, federation.Draft{Text: "Hello @" + bob.Handle() + " @" + carol.Handle(), Visibility: v,
					Media: []federation.Attached{{ID: upload(t, alice, "", uint8(3+v)).ID}, {ID: upload(t, alice, "", uint8(13+v)).ID}}})
			}
			onlyFans := publish(t, alice, federation.Draft{Text: "Fans", Visibility: store.Followers, Media: []federation.Attached{{ID: upload(t, alice, "", 33).ID}}})
			c.Settle()
			bob.Forget()
			carol.Forget()
			c.Advance(time.Minute)
			if err := act(t, alice, bob); err != nil {
				t.Fatal(err)
			}
			c.Settle()
			current := func(p store.Post) store.Post {
				return lookAt(t, alice, func(tx *store.Tx) (store.Post, error) { return tx.Post(p.ID) })
			}
			check := func(p store.Post, changes bool) {
				t.Helper()
				now := current(p)
				for i, a := range p.Extra.Attachments {
					w := look(alice, "http://"+alice.Host+a.URL)
					small := look(alice, "http://"+alice.Host+a.Preview)
					fresh := now.Extra.Attachments[i]
					if changed := w.Code == 404 && small.Code == 404 && fresh.URL != a.URL; changed != changes {
						t.Errorf("post %d: the old address answers %d, %d; now it is %s", p.Visibility, w.Code, small.Code, fresh.URL)
					}
					if w := look(alice, "http://"+alice.Host+fresh.URL); w.Code != 200 || fresh.ID != a.ID {
						t.Errorf("post %d: the new address answers %d", p.Visibility, w.Code)
					}
					if got, ok := carol.Has(t, p.URI); !ok || got.Extra.Attachments[i].URL != alice.Origin().URL(fresh.URL) {
						t.Errorf("post %d: carol shows %+v", p.Visibility, got.Extra.Attachments)
					}
				}
			}
			check(posts[store.Public], false)
			check(posts[store.Followers], true)
			check(onlyFans, true)
			check(posts[store.Direct], how == "blocked")
			for _, got := range bob.Received("Update") {
				// Bob is still named in one of them, unless he is blocked.
				if how == "blocked" || how == "blocks" || !strings.Contains(got.Body, posts[store.Followers].URI) {
					t.Errorf("bob was told: %s", got.Body)
				}
			}
		})
	}
}

// A follower who comes and goes costs one round of Updates a day; the owner's own
// removals are never put off by that.
func TestT45_LeavingAgainAndAgainIsOneRoundADay(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	carol.Follows(t, alice)
	p := publish(t, alice, federation.Draft{Text: "Fans", Visibility: store.Followers, Media: []federation.Attached{{ID: upload(t, alice, "", 33).ID}}})
	for range 4 {
		bob.Follows(t, alice)
		if err := bob.Unfollow(ctx(), person(t, bob, alice).ID); err != nil {
			t.Fatal(err)
		}
		c.Settle()
		c.Advance(time.Minute)
	}
	if n := len(carol.Received("Update")); n != 1 {
		t.Errorf("carol was told %d times", n)
	}
	bob.Follows(t, alice)
	before := lookAt(t, alice, func(tx *store.Tx) (store.Post, error) { return tx.Post(p.ID) })
	if err := alice.RemoveFollower(ctx(), person(t, alice, bob).ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if w := look(alice, "http://"+alice.Host+before.Extra.Attachments[0].URL); w.Code != 404 {
		t.Errorf("after the owner removed bob the address he knew answers %d", w.Code)
	}
	carol.Forget()
	c.SettleFor(26*time.Hour, time.Hour)
	if n := len(carol.Received("Update")); n != 0 {
		t.Errorf("what was put off came %d times, though a later round had done it", n)
	}
}

// renamings counts the rounds that wait to give private files new names.
func renamings(t *testing.T, s *fedtest.Server) int {
	t.Helper()
	jobs := lookAt(t, s, func(tx *store.Tx) ([]store.Job, error) { return tx.DueJobs(tx.Now(), 100) })
	return len(slices.DeleteFunc(jobs, func(j store.Job) bool { return j.Kind != "media-names" }))
}

func TestBlockingAServerIsOneRound(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	publish(t, alice, federation.Draft{Text: "Fans", Visibility: store.Followers, Media: []federation.Attached{{ID: upload(t, alice, "", 33).ID}}})
	c.Settle()
	first := person(t, alice, bob)
	err := alice.Store().Write(ctx(), func(tx *store.Tx) error {
		for _, name := range []string{"ben", "bea"} {
			a := first
			a.ID, a.Username, a.URI, a.Inbox = 0, name, first.URI+name, first.Inbox+name
			if err := tx.SaveActor(&a); err != nil {
				return err
			}
			f := store.Follower{ActorID: a.ID, State: store.FollowAccepted, FollowURI: a.URI + "/f", Follow: `{"type":"Follow"}`, AskedAt: tx.Now()}
			if err := tx.SaveFollower(f); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := alice.RejectAndBlock(ctx(), first.ID); err != nil {
		t.Fatal(err)
	}
	if n := renamings(t, alice); n != 1 {
		t.Errorf("for three on a server that is blocked %d rounds wait", n)
	}
}

func TestRemovingManyIsOneRound(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol", "dave")
	alice, bob, carol, dave := c.Servers[0], c.Servers[1], c.Servers[2], c.Servers[3]
	for _, s := range []*fedtest.Server{bob, carol, dave} {
		s.Follows(t, alice)
	}
	publish(t, alice, federation.Draft{Text: "Fans", Visibility: store.Followers, Media: []federation.Attached{{ID: upload(t, alice, "", 33).ID}}})
	c.Settle()
	if err := alice.RemoveFollower(ctx(), person(t, alice, bob).ID, person(t, alice, carol).ID); err != nil {
		t.Fatal(err)
	}
	if n := renamings(t, alice); n != 1 {
		t.Errorf("for two who are removed together %d rounds wait", n)
	}
	c.Settle()
	if n := len(dave.Received("Update")); n != 1 || len(bob.Received("Update"))+len(carol.Received("Update")) != 0 {
		t.Errorf("dave was told %d times, bob and carol %d", n, len(bob.Received("Update"))+len(carol.Received("Update")))
	}
}

// T46: private files are kept by nobody on the way, and what is not posted yet is
// to others as what never was.
func TestT46_PrivateFilesAreServedByNameAndKeptByNobody(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	at := func(name string) *httptest.ResponseRecorder { return look(alice, "http://"+alice.Host+"/media/"+name) }
	loose := upload(t, alice, "", 3)
	never := at(strings.Repeat("0", 32))
	for _, name := range []string{loose.Name, loose.Name + "-small", strings.Repeat("0", 32) + "-small", loose.Name + "-large"} {
		if w := at(name); w.Code != 404 || name != loose.Name+"-large" && (w.Body.String() != never.Body.String() || len(w.Header()) != len(never.Header())) {
			t.Errorf("%s: %d %v %s", name, w.Code, w.Header(), w.Body)
		}
	}
	w := httptest.NewRecorder()
	alice.ServeOwnMedia(w, httptest.NewRequest("GET", "/media/"+loose.Name, nil), loose.Name, func(*http.Request) bool { return true })
	if w.Code != 200 || w.Header().Get("Cache-Control") != reply.NoStore {
		t.Errorf("the owner gets %d %v", w.Code, w.Header())
	}
	for v, want := range map[store.Visibility]string{
		store.Public: "public, max-age=86400, immutable", store.Unlisted: "public, max-age=86400, immutable",
		store.Followers: reply.NoStore, store.Direct: reply.NoStore,
	} {
		m := upload(t, alice, "../evil\r\n.html", uint8(5+v))
		p := store.Post{URI: "x", ActorID: store.OwnerID, Visibility: v, PublishedAt: c.Now()}
		err := alice.Store().Write(ctx(), func(tx *store.Tx) error {
			p.ID = tx.NewID()
			p.URI += store.Random(4)
			if _, err := tx.AttachMedia(m.ID, p.ID); err != nil {
				return err
			}
			return tx.InsertPost(&p)
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{m.Name, m.Name + "-small"} {
			w := at(name)
			h := w.Header()
			if w.Code != 200 || h.Get("Cache-Control") != want || h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") ||
				!strings.HasPrefix(h.Get("Content-Disposition"), `inline; filename="image-`) || strings.Contains(h.Get("Content-Disposition"), "evil") {
				t.Errorf("%d: %d %v", v, w.Code, h)
			}
			if (h.Get("ETag") == "") == v.Open() || h.Get("Last-Modified") != "" {
				t.Errorf("%d: %v", v, h)
			}
		}
		if err := alice.Store().Write(ctx(), func(tx *store.Tx) error { return tx.DeletePost(p) }); err != nil {
			t.Fatal(err)
		}
		if w := at(m.Name); w.Code != 404 || w.Body.String() != never.Body.String() {
			t.Errorf("%d: after the post is gone: %d", v, w.Code)
		}
	}
}

func TestFilmsAreServedInParts(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	m, err := alice.Upload(ctx(), strings.NewReader("OggS\x00\x02 OpusHead 0123456789"), "song.ogg")
	if err != nil {
		t.Fatal(err)
	}
	publish(t, alice, federation.Draft{Media: []federation.Attached{{ID: m.ID}}})
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "http://"+alice.Host+"/media/"+m.Name, nil)
	r.Header.Set("Range", "bytes=16-19")
	r.Header.Set("Accept", "application/activity+json")
	alice.ServeHTTP(w, r)
	if w.Code != http.StatusPartialContent || w.Body.String() != "0123" || w.Header().Get("Content-Type") != "audio/ogg" ||
		w.Header().Get("Content-Security-Policy") != "default-src 'none'; media-src 'self'; frame-ancestors 'none'; sandbox" {
		t.Errorf("%d %q %v", w.Code, w.Body, w.Header())
	}
}
