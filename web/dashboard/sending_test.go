package dashboard

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"dassie/federation"
	"dassie/store"
)

func TestAPostWaitsAndCanBeTakenBack(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	bob.Follows(t, h.Server)
	h.holds(15)
	home := h.sent("/me/write", "do", "post", "text", "A *tpyo*", "audience", "followers", "key", "k1", "warning", "Words", "option", "Kale", "option", "Leek", "lasts", "3600")
	home.says(t, "“A *tpyo*”", "goes out in <b>15 s</b>", "Undo", "Edit", "Send now", `<progress max="15" value="15"`)
	home.hides(t, "Posted.")
	u := h.held()
	at := "/me/sending/" + decimal(u.ID)
	h.open(at).says(t, "On its way out", "A <em>tpyo</em>", "Words", "Followers", "Kale", "Undo")
	h.open("/me/write").says(t, `action="`+at+`"`)
	if len(h.own()) != 0 || len(bob.Received("Create")) != 0 {
		t.Fatal("it went out at once")
	}
	draft := h.sent(at, "do", "undo")
	draft.says(t, "Taken back.", "A *tpyo*</textarea>", `value="Kale"`, `value="Words"`, `value="followers" checked`)
	draft.hides(t, "goes out in")
	h.cluster.Advance(time.Minute)
	h.cluster.Settle()
	if len(h.own()) != 0 {
		t.Fatal("it went out though it was taken back")
	}
	id := decimal(u.ID)
	h.sent("/me/write", "do", "post", "text", "A typo", "audience", "followers", "key", "k2", "draft", id).says(t, "“A typo”")
	h.cluster.Advance(10 * time.Second)
	h.sent("/me/sending/"+decimal(h.held().ID), "do", "edit").says(t, "Held back while you change it.", "A typo</textarea>")
	h.sent("/me/write", "do", "post", "text", "No typo", "audience", "followers", "key", "k3", "draft", decimal(h.unsent(store.UnsentDraft)[0].ID))
	h.cluster.Advance(10 * time.Second)
	h.cluster.Settle()
	if len(h.own()) != 0 {
		t.Fatal("Edit did not begin the window anew")
	}
	last := h.held()
	h.sent("/me/sending/"+decimal(last.ID), "do", "now").says(t, "Posted.", "No typo")
	h.cluster.Settle()
	if n := len(bob.Received("Create")); n != 1 || len(h.unsent(store.UnsentDraft)) != 0 {
		t.Errorf("%d Creates, %d drafts left", n, len(h.unsent(store.UnsentDraft)))
	}
	late := h.sent("/me/sending/"+decimal(last.ID), "do", "undo")
	late.says(t, "It went out a moment ago.", "No typo")
	if p := h.submit("/me/sending/"+decimal(last.ID), "do", "dance"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("an unknown button: %d", p.status)
	}
	if p := h.submit("/me/sending/99", "do", "undo"); p.status != http.StatusNotFound {
		t.Errorf("nothing: %d", p.status)
	}
}

// held is the one post that waits.
func (h *house) held() store.Unsent {
	h.t.Helper()
	list := h.unsent(store.UnsentHeld)
	if len(list) != 1 {
		h.t.Fatalf("%d posts wait, want 1", len(list))
	}
	return list[0]
}

func (h *house) unsent(kind store.UnsentKind) []store.Unsent {
	h.t.Helper()
	list, err := store.Get(ctx, h.Store(), func(tx *store.Tx) ([]store.Unsent, error) { return tx.UnsentList(kind) })
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

func TestRepliesAndPrivatePostsWaitWhereTheyBelong(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	h.Follows(t, bob)
	bob.Post(t, store.Public, "Frost tonight")
	h.cluster.Settle()
	h.holds(5)
	parent := h.Home(t)[0]
	answer := h.sent("/me/write", "do", "post", "text", "@"+bob.Handle()+" here too", "audience", "everyone", "reply", decimal(parent.ID), "key", "a")
	answer.says(t, "goes out in", "Frost tonight")
	if !strings.HasPrefix(answer.location, postPath(parent.ID)) {
		t.Errorf("led to %s", answer.location)
	}
	private := h.sent("/me/write", "do", "post", "text", "@"+bob.Handle()+" psst", "audience", "named", "key", "b")
	private.says(t, "goes out in", "and 1 more")
	if !strings.HasPrefix(private.location, "/me/messages") {
		t.Errorf("led to %s", private.location)
	}
	h.cluster.Advance(6 * time.Second)
	h.cluster.Settle()
	if n := len(bob.Received("Create")); n != 2 {
		t.Errorf("%d Creates", n)
	}
	nobody := h.submit("/me/write", "do", "post", "text", "psst", "audience", "named", "key", "c")
	if nobody.status != http.StatusUnprocessableEntity {
		t.Errorf("what cannot go out is held: %d", nobody.status)
	}
	nobody.says(t, "psst</textarea>", "Name at least one person")
}

func TestTwentySubmitsOfOneFormMakeOnePost(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	bob.Follows(t, h.Server)
	h.holds(15)
	form := url.Values{"csrf": {h.token()}, "do": {"post"}, "text": {"once"}, "audience": {"everyone"}, "key": {"same"}}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if p := h.do("POST", "/me/write", form); p.status != http.StatusSeeOther {
				t.Errorf("%d: %s", p.status, p.main())
			}
		})
	}
	wg.Wait()
	h.held()
	h.cluster.Advance(16 * time.Second)
	h.cluster.Settle()
	if p := h.do("POST", "/me/write", form); !strings.HasPrefix(p.location, "/me?done=posted") {
		t.Errorf("the 21st, after it is out, leads to %s", p.location)
	}
	if n := len(bob.Received("Create")); n != 1 || len(h.own()) != 1 {
		t.Errorf("%d Creates, %d posts", n, len(h.own()))
	}
	// The back button brings the form back; another text in it is another post.
	form.Set("text", "twice")
	h.do("POST", "/me/write", form)
	if u := h.held(); u.Draft.Text != "twice" {
		t.Errorf("%+v", u)
	}
}

func TestPostsAreScheduledFromThePage(t *testing.T) {
	h := newHouse(t)
	set := h.Settings()
	set.Timezone = "Africa/Johannesburg" // two hours ahead
	if err := h.SaveSettings(ctx, set); err != nil {
		t.Fatal(err)
	}
	h.open("/me/write").says(t, `type="datetime-local"`, "Africa/Johannesburg time", "it goes out late")
	at := h.cluster.Now().In(time.FixedZone("", 2*3600)).Add(26 * time.Hour).Format(whenForm)
	h.open("/me/write").says(t, "Goes out <b>as soon as you press Post</b>")
	set.UndoSeconds = 15
	if err := h.SaveSettings(ctx, set); err != nil {
		t.Fatal(err)
	}
	h.open("/me/write").says(t, "Goes out <b>15 seconds after you press Post</b>", `<span class="to-followers"> to your followers</span>`, "You can change it until then.")
	set.UndoSeconds = 0
	if err := h.SaveSettings(ctx, set); err != nil {
		t.Fatal(err)
	}
	form := []string{"text", "Good morning", "audience", "everyone", "key", "k", "when", at}
	h.submit("/me/write", append(form, "do", "preview")...).says(t, "Goes out <b>", `value="`+at+`"`)
	h.sent("/me/write", append(form, "do", "post")...).says(t, "Scheduled.", "Good morning", "goes out Saturday 21 November, 16:00")
	h.open("/me/write").says(t, "<h2>Scheduled</h2>", "Good morning")
	for _, wrong := range []string{"2026-01-01T00:00", "tomorrow", h.cluster.Now().Format(whenForm)} {
		p := h.submit("/me/write", "do", "post", "text", "Too soon", "audience", "everyone", "when", wrong)
		p.says(t, "Too soon</textarea>", "at least five minutes from now")
	}
	u := h.unsent(store.UnsentScheduled)[0]
	if !u.DueAt.Equal(h.cluster.Now().Add(26 * time.Hour).Truncate(time.Minute)) {
		t.Errorf("due %v, now %v", u.DueAt, h.cluster.Now())
	}
	h.sent("/me/drafts/"+decimal(u.ID)+"/send").says(t, "Posted.", "Good morning")
}

func TestDraftsAreSentFromTheirList(t *testing.T) {
	h := newHouse(t)
	h.holds(30)
	good, err := h.SaveDraft(ctx, 0, store.UnsentText{Text: "Ready"})
	if err != nil {
		t.Fatal(err)
	}
	bad, err := h.SaveDraft(ctx, 0, store.UnsentText{Text: "psst", Visibility: store.Direct})
	if err != nil {
		t.Fatal(err)
	}
	h.sent("/me/drafts/"+decimal(good.ID)+"/send").says(t, "“Ready”", "goes out in <b>30 s</b>")
	h.open("/me/drafts").says(t, "goes out in a moment", "psst")
	p := h.submit("/me/drafts/" + decimal(bad.ID) + "/send")
	if p.says(t, "psst</textarea>", "Name at least one person"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("%d", p.status)
	}
	h.cluster.Advance(time.Minute)
	h.cluster.Settle()
	if len(h.own()) != 1 || len(h.unsent(store.UnsentDraft)) != 1 {
		t.Errorf("%d posts, %d drafts", len(h.own()), len(h.unsent(store.UnsentDraft)))
	}
}

// What could not go out is said on Home, and its text is there.
func TestAPostThatFailedIsSaidOnHome(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	h.Follows(t, bob)
	parent := bob.Post(t, store.Public, "Anyone?")
	h.cluster.Settle()
	here, _ := h.Has(t, parent.URI)
	if _, err := h.Send(ctx, federation.Draft{Text: "Me, here", ParentID: here.ID}, 15*time.Second); err != nil {
		t.Fatal(err)
	}
	if _, err := bob.Delete(ctx, parent.ID); err != nil {
		t.Fatal(err)
	}
	h.cluster.Settle()
	h.cluster.Advance(time.Minute)
	h.cluster.Settle()
	h.open("/me").says(t, "A post was not sent.", "may have been deleted", "Your text is kept in Drafts.")
	u := h.unsent(store.UnsentDraft)[0]
	h.open("/me/write?draft="+decimal(u.ID)).says(t, "Me, here</textarea>", "<h1>Write</h1>")
	h.open("/me/drafts").says(t, "It did not go out.")
}

func TestWhatIsTypedIsSavedByTheScript(t *testing.T) {
	h := newHouse(t)
	save := func(pairs ...string) page { return h.submit("/me/write", append(pairs, "do", "autosave")...) }
	if p := save("key", "f", "text", ""); p.status != 200 || len(h.unsent(store.UnsentDraft)) != 0 {
		t.Errorf("an empty text: %d", p.status)
	}
	save("key", "f", "text", "Half").says(t, `"draft":"`, `"time":"`)
	save("key", "f", "text", "Half a thought", "audience", "quiet")
	if list := h.unsent(store.UnsentDraft); len(list) != 1 || list[0].Draft.Text != "Half a thought" || list[0].Draft.Visibility != store.Unlisted {
		t.Fatalf("%+v", list)
	}
	if p := save("key", "f", "text", "long", "draft", "x"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("a broken form: %d", p.status)
	}
	h.sent("/me/write", "do", "post", "key", "f", "text", "A thought", "audience", "everyone")
	if list := h.unsent(store.UnsentDraft); len(list) != 0 {
		t.Errorf("the draft stays beside the post: %+v", list)
	}
	mine := h.own()[0]
	save("key", "g", "text", "A changed thought", "edit", decimal(mine.ID))
	u := h.unsent(store.UnsentDraft)[0]
	h.open("/me/drafts").says(t, "Change of a post")
	if p := h.submit("/me/drafts/" + decimal(u.ID) + "/send"); p.status != http.StatusConflict && p.status != http.StatusUnprocessableEntity {
		t.Errorf("a change is sent as a post: %d", p.status)
	}
	h.open("/me/write?draft="+decimal(u.ID)).says(t, "<h1>Edit post</h1>", "A changed thought</textarea>", `name="edit" value="`+decimal(mine.ID)+`"`)
	h.sent("/me/write", "do", "post", "key", "h", "text", "A changed thought", "edit", decimal(mine.ID), "draft", decimal(u.ID)).says(t, "A changed thought")
	if len(h.unsent(store.UnsentDraft)) != 0 || len(h.own()) != 1 {
		t.Error("the draft of a change stays")
	}
}
