package archive_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/color/palette"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
)

// photo is a picture that no other is.
func photo(r *rand.Rand) io.Reader {
	img := image.NewRGBA(image.Rect(0, 0, 30+r.Intn(30), 30))
	for i := range 400 {
		img.Set(i%30, i/30, color.RGBA{uint8(r.Intn(256)), uint8(r.Intn(256)), uint8(r.Intn(256)), 255})
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		panic(err)
	}
	return &b
}

// randomAccount lets alice do this and that, as chance has it.
func randomAccount(t *testing.T, seed int64) (*fedtest.Cluster, *fedtest.Server) {
	t.Helper()
	r := rand.New(rand.NewSource(seed))
	c := fedtest.New(t, "alice", "bob", "carol", "dan")
	alice := c.Servers[0]
	for _, other := range c.Servers[1:] {
		other.Follows(t, alice)
		alice.Follows(t, other)
	}
	a := &account{t: t, r: r, c: c, alice: alice}
	a.emojis()
	for range 40 {
		c.Advance(time.Duration(1+r.Intn(5000)) * time.Millisecond)
		a.doings()[r.Intn(len(a.doings()))]()
	}
	for _, do := range a.doings() { // each at least once
		c.Advance(time.Second)
		do()
	}
	c.Settle()
	return c, alice
}

type account struct {
	t     *testing.T
	r     *rand.Rand
	c     *fedtest.Cluster
	alice *fedtest.Server
	posts []store.Post
}

// emojis are one that stays, one that is called otherwise later, and one that moves.
func (a *account) emojis() {
	a.t.Helper()
	for _, code := range []string{"wave", "old", "gone"} {
		e, err := a.alice.AddEmoji(ctx(), code, photoPNG(a.r))
		a.must(err)
		if code == "wave" {
			continue
		}
		a.publish(federation.Draft{Text: "This is :" + code + ":", Visibility: store.Public})
		if code == "old" {
			_, err = a.alice.RenameEmoji(ctx(), e.ID, "new")
		} else {
			err = a.alice.RemoveEmoji(ctx(), e.ID)
		}
		a.must(err)
	}
	red, blue := image.NewPaletted(image.Rect(0, 0, 20, 20), palette.Plan9), image.NewPaletted(image.Rect(0, 0, 20, 20), palette.Plan9)
	for i := range blue.Pix {
		blue.Pix[i] = 7
	}
	var moving bytes.Buffer
	a.must(gif.EncodeAll(&moving, &gif.GIF{Image: []*image.Paletted{red, blue}, Delay: []int{10, 10}}))
	_, err := a.alice.AddEmoji(ctx(), "dance", &moving)
	a.must(err)
	name := "Alice :dance:"
	a.must(a.alice.EditProfile(ctx(), federation.ProfileEdit{Name: &name}))
}

// photoPNG is one whose format emojis may have.
func photoPNG(r *rand.Rand) io.Reader {
	img, err := jpeg.Decode(photo(r))
	if err != nil {
		panic(err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return &b
}

func (a *account) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *account) other() *fedtest.Server { return a.c.Servers[1+a.r.Intn(len(a.c.Servers)-1)] }

func (a *account) words() string {
	list := []string{":wave:", "Tulips & frost", "*really*", "<b>bold</b>", "#garden", "https://example.org/a?b=1&c=2", "„quoted“", "😀", "line\nbreak", "## Head", "`code`"}
	a.r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return strings.Join(list[:1+a.r.Intn(5)], " ")
}

func (a *account) upload() federation.Attached {
	m, err := a.alice.Upload(ctx(), photo(a.r), fmt.Sprintf("photo %d.jpg", a.r.Intn(1000)))
	a.must(err)
	alt := "What “" + a.words() + "” shows"
	return federation.Attached{ID: m.ID, Alt: &alt, Focal: &[2]float64{a.r.Float64()*2 - 1, a.r.Float64()*2 - 1}}
}

func (a *account) publish(d federation.Draft) store.Post {
	a.t.Helper()
	p, err := a.alice.Publish(ctx(), d)
	a.must(err)
	a.posts = append(a.posts, p)
	return p
}

func (a *account) draft() federation.Draft {
	d := federation.Draft{Text: a.words(), Visibility: store.Visibility(a.r.Intn(3)), Markdown: a.r.Intn(2) == 0, Language: []string{"en", "de"}[a.r.Intn(2)]}
	if a.r.Intn(3) == 0 {
		d.Summary = "Careful"
	}
	if a.r.Intn(3) == 0 {
		d.Text += " @" + a.other().Handle()
	}
	return d
}

func (a *account) shown() federation.Draft {
	d := a.draft()
	for range a.r.Intn(4) {
		d.Media = append(d.Media, a.upload())
	}
	return d
}

func (a *account) doings() []func() {
	ownOf := func(f func(store.Post)) func() {
		return func() {
			if len(a.posts) == 0 {
				a.publish(a.draft())
			}
			f(a.posts[a.r.Intn(len(a.posts))])
		}
	}
	theirs := func(f func(store.Post)) func() {
		return func() {
			p := a.other().Post(a.t, store.Public, a.words())
			a.c.Settle()
			if got, ok := a.alice.Has(a.t, p.URI); ok {
				f(got)
			}
		}
	}
	person := func(f func(store.Actor)) func() {
		return func() { f(a.alice.Find(a.t, a.other())) }
	}
	return []func(){
		func() { a.publish(a.shown()) },
		func() {
			d := a.draft()
			d.Poll = &federation.PollDraft{Options: []string{"Yes", "No <i>", "Perhaps"}, Multiple: a.r.Intn(2) == 0, Lasts: 29 * 24 * time.Hour}
			a.publish(d)
			a.c.Settle()
		},
		func() {
			d := a.shown()
			d.Visibility, d.Text = store.Direct, d.Text+" @"+a.other().Handle()
			a.publish(d)
		},
		func() { a.other().Post(a.t, store.Direct, "Psst @"+a.alice.Handle()+" "+a.words()); a.c.Settle() },
		ownOf(func(p store.Post) {
			_, err := a.alice.Edit(ctx(), p.ID, federation.Draft{Text: a.words(), Summary: "Edited", Markdown: true})
			if p.Kind == store.KindNote {
				a.must(err)
			}
		}),
		ownOf(func(p store.Post) {
			d := a.draft()
			if d.ParentID = p.ID; p.Visibility > d.Visibility {
				d.Visibility = p.Visibility
			}
			if d.Visibility == store.Direct {
				d.Text += " @" + a.other().Handle()
			}
			a.publish(d)
		}),
		ownOf(func(p store.Post) {
			if p.Visibility != store.Direct {
				_, _ = a.alice.Pin(ctx(), p.ID) // there may be too many
			}
		}),
		ownOf(func(p store.Post) { _, err := a.alice.Save(ctx(), p.ID); a.must(err) }),
		ownOf(func(p store.Post) {
			if p.Visibility.Open() {
				_, err := a.alice.Boost(ctx(), p.ID, store.Public)
				a.must(err)
			}
		}),
		theirs(func(p store.Post) { _, err := a.alice.Like(ctx(), p.ID); a.must(err) }),
		theirs(func(p store.Post) { _, err := a.alice.React(ctx(), p.ID, "🎉"); a.must(err) }),
		theirs(func(p store.Post) { _, err := a.alice.Save(ctx(), p.ID); a.must(err) }),
		theirs(func(p store.Post) { _, err := a.alice.Boost(ctx(), p.ID, store.Public); a.must(err) }),
		theirs(func(p store.Post) { d := a.shown(); d.ParentID = p.ID; a.publish(d) }),
		theirs(func(p store.Post) {
			d := a.draft()
			d.QuoteID, d.Visibility = p.ID, store.Public
			a.publish(d)
			a.c.Settle()
		}),
		theirs(func(p store.Post) {
			frost, yes := "frost", true
			f, err := a.alice.SaveFilter(ctx(), store.Filter{Title: a.words(), Context: store.FilterHome | store.FilterThread, Action: store.FilterHide})
			if err == nil {
				_, err = a.alice.FilterPost(ctx(), f.ID, p.ID)
				a.must(err)
				_, err = a.alice.EditFilterWord(ctx(), f.ID, federation.FilterWordEdit{Word: &frost, Whole: &yes})
				a.must(err)
			}
		}),
		person(func(p store.Actor) {
			l, err := a.alice.SaveList(ctx(), store.List{Title: a.words(), Exclusive: a.r.Intn(2) == 0, Replies: store.ListReplies(a.r.Intn(3))})
			a.must(err)
			a.must(a.alice.AddToList(ctx(), l.ID, p.ID))
		}),
		person(func(p store.Actor) {
			a.must(a.alice.Mute(ctx(), p.ID, time.Duration(a.r.Intn(2))*240*time.Hour, a.r.Intn(2) == 0))
		}),
		person(func(p store.Actor) { a.must(a.alice.SetNote(ctx(), p.ID, a.words())) }),
		person(func(p store.Actor) { a.must(a.alice.Endorse(ctx(), p.ID)) }),
		func() {
			s := a.c.Stranger(fmt.Sprintf("pest%d", a.r.Intn(1<<30)))
			f, err := a.alice.Lookup(ctx(), s.ActorID())
			a.must(err)
			a.must(a.alice.Block(ctx(), f.Actor.ID))
		},
		func() {
			_, err := a.alice.BlockServer(ctx(), fmt.Sprintf("bad%d.example", a.r.Intn(1000)))
			a.must(err)
			_, err = a.alice.SilenceServer(ctx(), fmt.Sprintf("loud%d.example", a.r.Intn(1000)))
			a.must(err)
		},
		func() {
			_, err := a.alice.SaveDraft(ctx(), 0, store.UnsentText{Text: a.words(), Media: []int64{a.upload().ID}, Visibility: store.Followers})
			a.must(err)
		},
		func() {
			_, err := a.alice.Schedule(ctx(), a.shown(), a.c.Now().Add(200*time.Hour))
			a.must(err)
		},
		func() {
			set := a.alice.Settings()
			set.Rules, set.TextSize, set.ShowCounts = a.words(), 125, !set.ShowCounts
			a.must(a.alice.SaveSettings(ctx(), set))
		},
		func() {
			name, bio := "Alice :dance: "+fmt.Sprint(a.r.Intn(9)), a.words()
			fields := []store.Field{{Name: "Garden", Source: "https://example.org"}}
			a.must(a.alice.EditProfile(ctx(), federation.ProfileEdit{Name: &name, Bio: &bio, Fields: &fields}))
			a.must(a.alice.SetPicture(ctx(), "avatar", photo(a.r)))
		},
		func() {
			_, err := a.alice.FollowTag(ctx(), "garden")
			a.must(err)
		},
		func() {
			poll := &federation.PollDraft{Options: []string{"Kale", "Leek"}, Lasts: 29 * 24 * time.Hour}
			p, err := a.other().Publish(ctx(), federation.Draft{Text: a.words(), Visibility: store.Public, Poll: poll})
			a.must(err)
			a.c.Settle()
			if got, ok := a.alice.Has(a.t, p.URI); ok {
				_, err = a.alice.Vote(ctx(), got.ID, []int{a.r.Intn(2)})
				a.must(err)
				a.c.Settle()
			}
		},
		theirs(func(p store.Post) { _, err := a.alice.MuteThread(ctx(), p.ID); a.must(err) }),
		func() {
			when := map[string]store.MailWhen{"follow": store.MailOff, "favourite": store.MailDigest}
			a.must(a.alice.ChooseMail(ctx(), federation.MailChoice{When: when, Hour: a.r.Intn(24), Always: true, PrivateText: a.r.Intn(2) == 0}))
			a.must(a.alice.SetNoticePolicy(ctx(), store.NoticePolicy{NotFollowed: store.NoticeAccept, NotFollowers: store.NoticeHold, NewAccounts: store.NoticeDrop, Private: store.NoticeAccept, Limited: store.NoticeHold}))
			a.must(a.alice.SetQuarantine(ctx(), 1+a.r.Intn(9)))
		},
		person(func(p store.Actor) {
			a.must(a.alice.Store().Write(ctx(), func(tx *store.Tx) error { return tx.AllowNotices(p.ID) }))
		}),
		func() {
			a.must(a.alice.Store().Write(ctx(), func(tx *store.Tx) error { return tx.LogSecurity("log-in", a.words(), "203.0.113.9") }))
		},
	}
}
