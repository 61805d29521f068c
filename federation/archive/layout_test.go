package archive_test

import (
	"bytes"
	"encoding/json"
	"image"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/ap"
	"dassie/federation/fedtest"
	"dassie/store"
)

// What Mastodon's archives and lists are like, for whoever reads them without us.
const (
	layoutContext   = "https://www.w3.org/ns/activitystreams"
	layoutPublic    = "https://www.w3.org/ns/activitystreams#Public"
	layoutFollowing = "Account address,Show boosts,Notify on new posts,Languages\n"
	layoutMuted     = "Account address,Hide notifications\n"
)

// layoutHouse is an owner with a post of every kind and visibility, and everything that is
// a list.
type layoutHouse struct {
	*fedtest.Cluster
	alice, bob *fedtest.Server
	posts      map[string]store.Post
	theirs     store.Post
	served     map[string]any // the actor as other servers see it
}

func newLayoutHouse(t *testing.T) *layoutHouse {
	t.Helper()
	c := fedtest.New(t, "alice", "bob", "carol")
	h := &layoutHouse{Cluster: c, alice: c.Servers[0], bob: c.Servers[1], posts: map[string]store.Post{}}
	alice, bob := h.alice, h.bob
	bob.Follows(t, alice)
	alice.Follows(t, bob, c.Servers[2])
	yes, no := true, false
	h.must(t, alice.Choose(ctx(), alice.Find(t, c.Servers[2]).ID, federation.FollowChoice{Boosts: &no, Notify: &yes, Languages: []string{"pt-BR", "de"}}))
	avatar, err := alice.TakePicture(ctx(), "avatar", picture(t))
	h.must(t, err)
	header, err := alice.TakePicture(ctx(), "header", picture(t))
	h.must(t, err)
	h.must(t, alice.EditProfile(ctx(), federation.ProfileEdit{Avatar: &avatar, Header: &header}))
	publish := func(name string, d federation.Draft) {
		t.Helper()
		p, err := alice.Publish(ctx(), d)
		h.must(t, err)
		h.posts[name] = p
	}
	publish("public", federation.Draft{Text: "Tulips", Visibility: store.Public})
	publish("quiet", federation.Draft{Text: "Quietly", Visibility: store.Unlisted})
	publish("followers", federation.Draft{Text: "For followers", Visibility: store.Followers})
	publish("private", federation.Draft{Text: "Hello @" + bob.Handle(), Visibility: store.Direct})
	publish("poll", federation.Draft{Text: "Which?", Visibility: store.Public, Poll: &federation.PollDraft{Options: []string{"Kale", "Leek"}, Lasts: time.Hour}})
	up, err := alice.Upload(ctx(), picture(t), "holiday.png")
	h.must(t, err)
	alt := "A white square"
	bare, err := alice.Upload(ctx(), picture(t), "bare.png")
	h.must(t, err)
	publish("bare", federation.Draft{Text: "Not described", Visibility: store.Unlisted, Media: []federation.Attached{{ID: bare.ID}}})
	publish("reply", federation.Draft{Text: "More", Visibility: store.Public, ParentID: h.posts["public"].ID, Summary: "Weather"})
	publish("picture", federation.Draft{Text: "With a picture", Visibility: store.Unlisted, Media: []federation.Attached{{ID: up.ID, Alt: &alt}}})
	theirs := bob.Post(t, store.Public, "By bob")
	c.Settle()
	h.theirs, _ = alice.Has(t, theirs.URI)
	_, err = alice.Boost(ctx(), h.theirs.ID, store.Public)
	h.must(t, err)
	_, err = alice.Boost(ctx(), h.posts["followers"].ID, store.Followers)
	h.must(t, err)
	_, err = alice.Like(ctx(), h.theirs.ID)
	h.must(t, err)
	_, err = alice.Save(ctx(), h.theirs.ID)
	h.must(t, err)
	c.Settle()
	var served []byte
	h.must(t, alice.Store().Read(ctx(), func(tx *store.Tx) error {
		doc, err := alice.ActorDocument(tx)
		if err == nil {
			served, err = ap.Marshal(doc)
		}
		return err
	}))
	h.must(t, json.Unmarshal(served, &h.served))
	return h
}

func (h *layoutHouse) must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// actor.json is the person as served, but for the names of the files beside it.
func TestTheLayoutOfActorJSON(t *testing.T) {
	h := newLayoutHouse(t)
	p, _ := pack(t, h.Cluster, h.alice)
	actor := p.json(t, "actor.json")
	for key, want := range map[string]string{"outbox": "outbox.json", "likes": "likes.json", "bookmarks": "bookmarks.json"} {
		if actor[key] != want {
			t.Errorf("%s is %v, want %s", key, actor[key], want)
		}
	}
	for key, name := range map[string]string{"icon": "avatar", "image": "header"} {
		is, _ := actor[key].(map[string]any)
		was, _ := h.served[key].(map[string]any)
		file, _ := is["url"].(string)
		if is["type"] != "Image" || is["mediaType"] != was["mediaType"] || path.Base(file) != file || strings.TrimSuffix(file, path.Ext(file)) != name || path.Ext(file) == "" {
			t.Errorf("%s is %v, served as %v", key, is, was)
		}
		if _, _, err := image.Decode(bytes.NewReader(p[file])); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	for _, key := range []string{"outbox", "likes", "bookmarks", "icon", "image"} {
		delete(actor, key)
		delete(h.served, key)
	}
	if !reflect.DeepEqual(actor, h.served) {
		t.Errorf("actor.json has otherwise\n%v\nserved is\n%v", actor, h.served)
	}
	for _, key := range []string{"@context", "id", "type", "preferredUsername", "name", "summary", "url", "inbox", "followers", "following", "publicKey", "published"} {
		if _, ok := actor[key]; !ok {
			t.Errorf("there is no %s", key)
		}
	}
}

// collectionIn reads a member as the collection that it must be: nothing but these fields.
func (p packed) collectionIn(t *testing.T, name string) (items []any, context any) {
	t.Helper()
	list := p.json(t, name)
	items, ok := list["orderedItems"].([]any)
	if list["id"] != name || list["type"] != "OrderedCollection" || !ok || list["totalItems"] != float64(len(items)) || len(list) != 5 {
		t.Fatalf("%s: %v", name, list)
	}
	return items, list["@context"]
}

// outbox.json has every own post as the whole activity by which it left.
func TestTheLayoutOfOutboxJSON(t *testing.T) {
	h := newLayoutHouse(t)
	p, _ := pack(t, h.Cluster, h.alice)
	items, context := p.collectionIn(t, "outbox.json")
	if list, _ := context.([]any); len(list) == 0 || list[0] != layoutContext {
		t.Errorf("its context is %v", context)
	}
	actor, _ := h.served["id"].(string)
	followers, _ := h.served["followers"].(string)
	bob := h.alice.Find(t, h.bob).URI
	audience := map[string][2]any{ // to, cc
		"public": {layoutPublic, followers}, "poll": {layoutPublic, followers}, "quiet": {followers, layoutPublic}, "picture": {followers, layoutPublic}, "bare": {followers, layoutPublic}, "reply": {layoutPublic, followers}, "followers": {followers, nil}, "private": {bob, nil},
	}
	found := map[string]map[string]any{}
	boosts := map[string]map[string]any{}
	var when []string
	for _, item := range items {
		if noContext(item) != "" {
			t.Errorf("there is a context in %s", noContext(item))
		}
		a := item.(map[string]any)
		for _, key := range []string{"id", "type", "actor", "published", "to", "object"} {
			if a[key] == nil {
				t.Errorf("an activity has no %s: %v", key, a)
			}
		}
		if a["actor"] != actor {
			t.Errorf("an activity by %v", a["actor"])
		}
		when = append(when, a["published"].(string))
		if a["type"] == "Announce" {
			boosts[a["object"].(string)] = a
			continue
		}
		note, ok := a["object"].(map[string]any)
		if a["type"] != "Create" || !ok {
			t.Fatalf("an activity is %v", a)
		}
		if !reflect.DeepEqual(a["to"], note["to"]) || !reflect.DeepEqual(a["cc"], note["cc"]) || a["published"] != note["published"] {
			t.Errorf("the Create says %v, %v, %v, its object %v, %v, %v", a["to"], a["cc"], a["published"], note["to"], note["cc"], note["published"])
		}
		found[note["id"].(string)] = note
		// What Mastodon's NoteSerializer always writes: programs that read archives stop without it.
		for _, key := range []string{"id", "type", "summary", "inReplyTo", "published", "url", "attributedTo", "to", "cc", "sensitive", "atomUri", "inReplyToAtomUri", "conversation", "content", "contentMap", "attachment", "tag", "replies", "likes", "shares"} {
			if _, ok := note[key]; !ok {
				t.Errorf("a post has no %s: %v", key, note)
			}
		}
		if note["atomUri"] != note["id"] || note["inReplyToAtomUri"] != note["inReplyTo"] {
			t.Errorf("a post is %v, answers %v", note["atomUri"], note["inReplyToAtomUri"])
		}
		for _, file := range note["attachment"].([]any) {
			for _, key := range []string{"type", "mediaType", "url", "name"} {
				if _, ok := file.(map[string]any)[key]; !ok {
					t.Errorf("a file has no %s: %v", key, file)
				}
			}
		}
	}
	if !slices.IsSorted(when) || len(items) != len(h.posts)+2 {
		t.Errorf("%d activities of %v", len(items), when)
	}
	for name, post := range h.posts {
		note := found[post.URI]
		kind := "Note"
		if name == "poll" {
			kind = "Question"
		}
		if note["type"] != kind || note["attributedTo"] != actor || note["content"] != post.HTML() || note["url"] == nil {
			t.Errorf("the %s post is %v", name, note)
		}
		if want := audience[name]; !only(note["to"], want[0]) || !only(note["cc"], want[1]) {
			t.Errorf("the %s post is to %v, cc %v", name, note["to"], note["cc"])
		}
	}
	if options, _ := found[h.posts["poll"].URI]["oneOf"].([]any); len(options) != 2 || found[h.posts["poll"].URI]["endTime"] == nil {
		t.Errorf("the poll is %v", found[h.posts["poll"].URI])
	}
	if !only(boosts[h.theirs.URI]["to"], layoutPublic) || !only(boosts[h.posts["followers"].URI]["to"], followers) {
		t.Errorf("boosts are %v", boosts)
	}
	h.attachment(t, p, found[h.posts["picture"].URI])
}

// attachment is at the path of its file below media_attachments, without a slash before it.
func (h *layoutHouse) attachment(t *testing.T, p packed, note map[string]any) {
	t.Helper()
	list, _ := note["attachment"].([]any)
	if len(list) != 1 {
		t.Fatalf("attachments are %v", list)
	}
	a := list[0].(map[string]any)
	at, _ := a["url"].(string)
	parts := strings.Split(at, "/")
	if n := len(parts); n < 5 || parts[0] != "media_attachments" || parts[1] != "files" || parts[n-2] != "original" || path.Ext(parts[n-1]) == "" || path.Clean(at) != at {
		t.Errorf("the picture is at %q", at)
	}
	if _, _, err := image.Decode(bytes.NewReader(p[at])); err != nil {
		t.Errorf("what is at %q: %v", at, err)
	}
	if a["name"] != "A white square" || a["mediaType"] == nil || a["type"] == nil {
		t.Errorf("the picture is %v", a)
	}
	files := 0
	for name := range p {
		if strings.HasPrefix(name, "media_attachments/") {
			files++
		}
	}
	if files != 1 {
		t.Errorf("%d files, not the one original", files)
	}
}

// noContext says where below a document another @context stands; "" for nowhere.
func noContext(v any) string {
	switch v := v.(type) {
	case map[string]any:
		for key, below := range v {
			if key == "@context" {
				return key
			}
			if at := noContext(below); at != "" {
				return key + "." + at
			}
		}
	case []any:
		for _, below := range v {
			if at := noContext(below); at != "" {
				return at
			}
		}
	}
	return ""
}

// only says that an audience is one address, or none.
func only(v, want any) bool {
	list, ok := v.([]any)
	if !ok && v != nil {
		list = []any{v}
	}
	if want == nil {
		return len(list) == 0
	}
	return len(list) == 1 && list[0] == want
}

// likes.json and bookmarks.json are bare addresses.
func TestTheLayoutOfLikesAndBookmarksJSON(t *testing.T) {
	h := newLayoutHouse(t)
	p, _ := pack(t, h.Cluster, h.alice)
	for _, name := range []string{"likes.json", "bookmarks.json"} {
		if items, context := p.collectionIn(t, name); context != layoutContext || len(items) != 1 || items[0] != h.theirs.URI {
			t.Errorf("%s: %v, %v", name, context, items)
		}
	}
}

// Every list is, to the byte, what Mastodon exports, in the archive and by itself.
func TestTheLayoutOfTheLists(t *testing.T) {
	h := newLayoutHouse(t)
	alice, bob, carol := h.alice, h.alice.Find(t, h.bob), h.alice.Find(t, h.Servers[2])
	yes, word := true, "goal"
	list, err := alice.SaveList(ctx(), store.List{Title: `Work, "stuff"`})
	h.must(t, err)
	h.must(t, alice.AddToList(ctx(), list.ID, bob.ID))
	f, err := alice.SaveFilter(ctx(), store.Filter{Title: "Sport", Context: store.FilterHome | store.FilterPublic, Action: store.FilterHide, ExpiresAt: time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC)}, federation.FilterWordEdit{Word: &word, Whole: &yes})
	h.must(t, err)
	_, err = alice.FilterPost(ctx(), f.ID, h.theirs.ID)
	h.must(t, err)
	h.must(t, alice.Mute(ctx(), bob.ID, 0, true))
	_, err = alice.BlockServer(ctx(), "spam.example")
	h.must(t, err)
	p, _ := pack(t, h.Cluster, alice)
	if got := lines(string(p["following_accounts.csv"])); got != lines(layoutFollowing+bob.Handle()+",true,false,\n"+carol.Handle()+",false,true,\"de, pt-BR\"\n") {
		t.Errorf("following_accounts.csv: %q", got)
	}
	h.must(t, alice.Block(ctx(), carol.ID))
	p, _ = pack(t, h.Cluster, alice)
	for name, want := range map[string]string{
		"following_accounts.csv": layoutFollowing + bob.Handle() + ",true,false,\n",
		"followers.csv":          "Account address\n" + bob.Handle() + "\n",
		"muted_accounts.csv":     layoutMuted + bob.Handle() + ",true\n",
		"blocked_accounts.csv":   carol.Handle() + "\n",
		"blocked_domains.csv":    "spam.example\n",
		"lists.csv":              `"Work, ""stuff""",` + bob.Handle() + "\n",
		"bookmarks.csv":          h.theirs.URI + "\n",
	} {
		if got := string(p[name]); got != want {
			t.Errorf("%s is\n%q, want\n%q", name, got, want)
		}
	}
	filters := p.json(t, "custom_filters.json")
	all, _ := filters["custom_filters"].([]any)
	want := map[string]any{
		"title": "Sport", "context": []any{"home", "public"}, "action": "hide", "expires_at": "2031-02-03T04:05:06Z",
		"keywords_attributes": []any{map[string]any{"keyword": "goal", "whole_word": true}}, "statuses": []any{h.theirs.URI},
	}
	if len(filters) != 1 || len(all) != 1 || !reflect.DeepEqual(all[0], any(want)) {
		t.Errorf("custom_filters.json is %v, want %v", filters, want)
	}
}

// Somebody who has nothing gets the same members, empty but for what they are.
func TestTheLayoutOfAnEmptyArchive(t *testing.T) {
	c := fedtest.New(t, "alice")
	p, _ := pack(t, c, c.Servers[0])
	for _, name := range []string{"outbox.json", "likes.json", "bookmarks.json"} {
		if items, _ := p.collectionIn(t, name); len(items) != 0 {
			t.Errorf("%s: %v", name, items)
		}
	}
	for name, want := range map[string]string{
		"following_accounts.csv": layoutFollowing, "muted_accounts.csv": layoutMuted,
		"blocked_accounts.csv": "", "blocked_domains.csv": "", "lists.csv": "", "bookmarks.csv": "",
	} {
		if got, ok := p[name]; !ok || string(got) != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if list, ok := p.json(t, "custom_filters.json")["custom_filters"].([]any); !ok || len(list) != 0 {
		t.Errorf("custom_filters.json is %s", p["custom_filters.json"])
	}
	for _, name := range []string{"icon", "image"} {
		if v, ok := p.json(t, "actor.json")[name]; ok && v != nil {
			t.Errorf("%s is %v, and there is no such file", name, v)
		}
	}
}
