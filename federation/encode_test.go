package federation

import (
	"slices"
	"testing"
	"time"

	"dassie/federation/ap"
	"dassie/store"
)

func TestNoteInTheFourVisibilities(t *testing.T) {
	d := newDocServer(t, "example.org", "example.org")
	bob := d.person("bob", "b.example")
	d.follows(bob, store.FollowAccepted)
	followers := d.actorURI + "/followers"
	for v, want := range map[store.Visibility]struct {
		to, cc []string
		direct bool
	}{
		store.Public:    {[]string{ap.Public}, []string{followers, bob.URI}, false},
		store.Unlisted:  {[]string{followers}, []string{ap.Public, bob.URI}, false},
		store.Followers: {[]string{followers}, []string{bob.URI}, false},
		store.Direct:    {[]string{bob.URI}, []string{}, true},
	} {
		p := d.post(v, bob.named())
		for _, path := range []string{p.URI, p.URI + "/activity"} {
			o := d.object(path, &bob)
			if !slices.Equal(docItems(o["to"]), want.to) || !slices.Equal(docItems(o["cc"]), want.cc) {
				t.Errorf("%d at %s: to %v, cc %v", v, path, o["to"], o["cc"])
			}
		}
		n := d.object(p.URI, &bob)
		if direct := n["directMessage"] == true; direct != want.direct {
			t.Errorf("%d: directMessage %v", v, n["directMessage"])
		}
		create := d.object(p.URI+"/activity", &bob)
		if create["id"] != p.URI+"/activity" || create["type"] != "Create" || create["object"].(map[string]any)["id"] != p.URI {
			t.Errorf("%d: %v", v, create)
		}
	}
}

func TestNoteCarriesWhatWasWritten(t *testing.T) {
	d := newDocServer(t, "example.org", "social.example.org")
	bob := d.person("bob", "b.example")
	p := d.post(store.Public, bob.named(), func(p *store.Post) {
		p.Summary, p.Likes, p.Boosts, p.EditedAt = "Spiders", 3, 2, docNow.Add(time.Hour)
		p.ParentURI = "https://b.example/notes/1"
		p.Extra.Tags, p.Extra.Markdown = []string{"Dassie"}, true
		p.Extra.Attachments = []store.Attachment{{MediaType: "image/jpeg", Name: "abc.jpg", Alt: "A dassie on a rock", Width: 4, Height: 3, FocalX: 0.5}}
	})
	n := d.object(p.URI, nil)
	golden := map[string]string{
		"id": p.URI, "type": "Note", "attributedTo": d.actorURI, "summary": "Spiders", "content": "<p>Hello.</p>",
		"published": "2026-11-23T12:00:00Z", "updated": "2026-11-23T13:00:00Z", "inReplyTo": "https://b.example/notes/1",
		"context": d.contextURI(p.ID), "conversation": d.contextURI(p.ID),
	}
	for key, want := range golden {
		if n[key] != want {
			t.Errorf("%s is %v, not %s", key, n[key], want)
		}
	}
	if n["url"] != "https://social.example.org/@ann/"+p.URI[len("https://social.example.org/posts/"):] {
		t.Errorf("url %v", n["url"])
	}
	if n["sensitive"] != true || n["contentMap"].(map[string]any)["en"] != "<p>Hello.</p>" {
		t.Errorf("sensitive %v, contentMap %v", n["sensitive"], n["contentMap"])
	}
	source := n["source"].(map[string]any)
	if source["content"] != "Hello." || source["mediaType"] != "text/markdown" {
		t.Errorf("source %v", source)
	}
	tags := n["tag"].([]any)
	mention, hashtag := tags[0].(map[string]any), tags[1].(map[string]any)
	if mention["name"] != "@bob@b.example" || mention["href"] != bob.URI || hashtag["name"] != "#Dassie" || hashtag["href"] != "https://social.example.org/tags/dassie" {
		t.Errorf("tag %v", tags)
	}
	picture := n["attachment"].([]any)[0].(map[string]any)
	if picture["url"] != "https://social.example.org/media/abc.jpg" || picture["name"] != "A dassie on a rock" || picture["type"] != "Document" {
		t.Errorf("attachment %v", picture)
	}
	if n["likes"].(map[string]any)["totalItems"] != 3.0 || n["shares"].(map[string]any)["totalItems"] != 2.0 {
		t.Errorf("likes %v, shares %v", n["likes"], n["shares"])
	}
}

func TestUpdateHasOneIDPerEdit(t *testing.T) {
	d := newDocServer(t, "example.org", "example.org")
	p := d.post(store.Public, func(p *store.Post) { p.EditedAt = docNow.Add(time.Minute) })
	ids := map[string]bool{}
	d.write(func(tx *store.Tx) error {
		for range 2 {
			m, err := d.activityOf(tx, p, "Update")
			if err != nil {
				return err
			}
			ids[m.ID] = true
		}
		p.EditedAt = p.EditedAt.Add(time.Second)
		m, err := d.activityOf(tx, p, "Update")
		if err == nil {
			ids[m.ID] = true
		}
		return err
	})
	if len(ids) != 2 {
		t.Errorf("ids %v", ids)
	}
}

func TestConversationIsTheRootsOrOurs(t *testing.T) {
	d := newDocServer(t, "example.org", "example.org")
	bob := d.person("bob", "b.example")
	theirs := func(uri, context string, parent int64) store.Post {
		p := store.Post{URI: uri, ActorID: bob.ID, PublishedAt: docNow, ParentID: parent, Extra: store.PostExtra{Context: context}}
		if parent != 0 {
			p.ParentURI = "x"
		}
		d.write(func(tx *store.Tx) error { return tx.InsertPost(&p) })
		return p
	}
	under := func(p store.Post) func(*store.Post) {
		return func(q *store.Post) { q.ParentID, q.ParentURI = p.ID, p.URI }
	}
	root := theirs("https://b.example/1", "https://b.example/contexts/1", 0)
	answer := d.post(store.Public, under(root))
	mine := d.post(store.Public)
	reply := theirs("https://b.example/2", "", mine.ID)
	again := d.post(store.Public, under(reply))
	private := d.post(store.Followers)
	open := d.post(store.Public, under(private))
	for _, c := range []struct {
		p    store.Post
		want string
	}{
		{answer, "https://b.example/contexts/1"}, {mine, d.contextURI(mine.ID)}, {again, d.contextURI(mine.ID)},
		{open, d.contextURI(open.ID)}, // nothing tells a stranger that there is a private post above
	} {
		if got := d.object(c.p.URI, nil)["context"]; got != c.want {
			t.Errorf("context %v, not %s", got, c.want)
		}
	}
}
