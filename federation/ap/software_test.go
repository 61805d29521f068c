package ap

import (
	"strings"
	"testing"
	"time"
)

// No captured document makes a reader panic, and what is read can be sent on.
func TestEveryCapturedDocumentIsReadable(t *testing.T) {
	notes, actors, activities, collections := 0, 0, 0, 0
	for _, path := range corpusFiles(t) {
		o := corpusFile(t, path)
		HasContext(o)
		IsKeyStub(o)
		read := func(v any, err error) int {
			if err != nil {
				return 0
			}
			b, err := Marshal(v)
			if err == nil {
				_, err = Parse(b)
			}
			if err != nil {
				t.Errorf("%s: read, but not written again: %v", path, err)
			}
			return 1
		}
		n, err := ReadNote(o)
		notes += read(n, err)
		a, err := ReadActor(o)
		actors += read(a, err)
		c, err := ReadCollection(o)
		collections += read(c, err)
		v, err := ReadActivity(o)
		activities += read(o, err)
		kind := strings.Split(path, "/")[1]
		if kind == "activity" && err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if err == nil && v.Object != nil {
			if n, err := ReadNote(v.Object); err == nil {
				notes += read(n, nil)
			}
		}
	}
	if notes < 60 || actors < 35 || activities < 70 || collections < 8 {
		t.Errorf("read only %d notes, %d actors, %d activities, %d collections", notes, actors, activities, collections)
	}
}

func TestNotesOfEachSoftware(t *testing.T) {
	for path, check := range map[string]func(*Note) bool{
		"mastodon/object/note__lemmy-objects-note-1.json": func(n *Note) bool {
			return n.Language == "en" && len(n.Mentions) == 1 && strings.HasSuffix(n.RepliesID, "/replies") && n.Replies != nil &&
				n.Visibility("https://mastodon.madrid/users/felix/followers", "") == VisUnlisted && n.URL != ""
		},
		"mastodon/activity/create-question__pl-mastodon-question-activity.json": func(n *Note) bool {
			return n.Kind == "Question" && len(n.Poll.Options) == 4 && !n.Poll.EndTime.IsZero() && !n.Poll.Multiple
		},
		"mastodon/activity/create-note__pl-mastodon-create-with-attachment.json": func(n *Note) bool {
			return n.Attachments[0].MediaType == "image/jpeg" && n.Attachments[0].Type == "Document"
		},
		"gotosocial/activity/create__doc-posts-10.json": func(n *Note) bool { return n.IsVote() && n.Name == "tissues" },
		"pleroma/activity/create-chatmessage__pl-create-chat-message.json": func(n *Note) bool {
			return n.DirectMessage && len(n.Emojis) == 1
		},
		"pleroma/object/note__lemmy-objects-note.json": func(n *Note) bool { return n.Content != "" && len(n.Mentions) == 1 },
		"misskey/object/note__pl-quote-post-misskey-quote-post.json": func(n *Note) bool {
			return n.Quote == "https://misskey.io/notes/8vs6wxufd0" && n.QuoteLegacy
		},
		"misskey/object/question__pl-misskey-poll-no-end-date.json": func(n *Note) bool {
			return len(n.Poll.Options) > 1 && n.Poll.EndTime.IsZero()
		},
		"pixelfed/activity/create-note__ve-statuscase02.json": func(n *Note) bool {
			return len(n.Attachments) == 1 && len(n.Hashtags) == 2 && n.Attachments[0].URL != ""
		},
		"peertube/object/video__pl-peertube-moe-vid.json": func(n *Note) bool {
			return n.Kind == "Video" && n.AttributedTo == "https://peertube.moe/accounts/7even" && n.Name == "Friday Night" &&
				n.URL == "https://peertube.moe/videos/watch/df5f464b-be8d-46fb-ad81-2d4c2d1630e3" &&
				n.Attachments[0].MediaType == "video/mp4" && n.MediaType == "text/markdown" && n.Icon != "" && n.Attachments[0].Seconds == 29
		},
		"peertube/activity/create-video__pl-peertube-video-object-mpegurl-only.json": func(n *Note) bool {
			return n.Attachments[0].MediaType == "video/mp4" && n.Attachments[0].Seconds > 0
		},
		"peertube/activity/create-video__pl-framatube-org-video.json": func(n *Note) bool {
			a := n.Attachments[0] // of seven forms the largest is a gigabyte: one that can be played here is taken
			return a.Seconds == 3622 && a.Size == 113038439 && a.Icon != ""
		},
		"lemmy/object/page__lemmy-objects-page.json": func(n *Note) bool {
			return n.Kind == "Page" && n.Name == "Post title" && n.Audience != "" && n.Attachments[0].Type == "Link" && n.Icon != ""
		},
		"mbin/activity/create-note__mb-create-createentrycomment.json": func(n *Note) bool { return n.Language == "en" && len(n.Hashtags) == 1 },
		"wordpress/object/article__lemmy-objects-page.json": func(n *Note) bool {
			return n.Kind == "Article" && n.Summary != "" && !n.Sensitive && len(n.Attachments) == 4 && n.Name != ""
		},
		"ghost/object/article__gh-article-object.json":             func(n *Note) bool { return n.Name == "Post title" && n.Icon != "" },
		"plume/object/article__pl-baptiste-gelex-xyz-article.json": func(n *Note) bool { return len(n.Mentions) == 2 && n.URL != "" },
		"friendica/object/page__lemmy-objects-page-1.json":         func(n *Note) bool { return n.Kind == "Page" && n.Name != "" && n.Language == "de" },
		"hubzilla/activity/create-image__pl-hubzilla-create-image.json": func(n *Note) bool {
			return n.Kind == "Image" && n.AttributedTo == "https://hub.somaton.com/channel/testc6"
		},
		"mobilizon/object/event__lemmy-objects-event.json": func(n *Note) bool {
			return n.Kind == "Event" && !n.StartTime.IsZero() && n.EndTime.Sub(n.StartTime) == 2*time.Hour && n.Name != "" && len(n.Hashtags) == 3 &&
				n.Place == "The Kenn Centre, Devon Expressway, EX6 7TW Teignbridge, England, United Kingdom" && n.TimeZone == "Europe/London" && n.Language == "en"
		},
		"bridgy-fed/object/note__ve-statuscase08.json": func(n *Note) bool {
			return len(n.Hashtags) == 2 && n.Attachments[0].Name != "" && strings.HasPrefix(n.URL, "https://bsky.brid.gy/r/")
		},
		"bookwyrm/object/quotation__bw-quotation.json": func(n *Note) bool {
			return n.Quote == "" && n.Shown() && n.Content != "" && n.Quotation == "quote body" && n.Attachments[0].URL == "https://example.com/book/1"
		},
		"discourse/object/note__lemmy-objects-page.json":                 func(n *Note) bool { return n.Name == "Our next meeting" },
		"hostile-or-odd/object/note__pl-minds-invalid-mention-post.json": func(n *Note) bool { return len(n.Mentions) <= 1 },
	} {
		o := corpusFile(t, path)
		if strings.Contains(path, "/activity/") {
			a, err := ReadActivity(o)
			if err != nil || a.Object == nil {
				t.Errorf("%s: %v", path, err)
				continue
			}
			o = a.Object
		}
		n, err := ReadNote(o)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		} else if !check(n) {
			t.Errorf("%s: read as %+v", path, n)
		}
	}
}

func TestActorsOfEachSoftware(t *testing.T) {
	for path, want := range map[string]string{ // type, name, what it has
		"mastodon/actor/person__lemmy-objects-person.json":     "Person mastodon key inbox shared icon published",
		"gotosocial/actor/person__doc-actors-6.json":           "Person 1happyturtle key inbox fields locked",
		"pleroma/actor/person__lemmy-objects-person.json":      "Person lanodan key inbox shared icon emojis",
		"misskey/actor/person__pl-birthdays-misskey-user.json": "Person mkljczk key inbox shared",
		"pixelfed/actor/person__live-actor.json":               "Person dansup key inbox shared icon published",
		"peertube/actor/group__lemmy-objects-group.json":       "Group thelinuxexperiment_channel key inbox shared icon published",
		"lemmy/actor/application__lemmy-objects-instance.json": "Application enterprise.lemmy.ml key inbox published",
		"writefreely/actor/person__live-actor.json":            "Person matt key inbox icon",
		"wordpress/actor/group__lemmy-objects-group.json":      "Group dbzer0.com key inbox shared icon published fields webfinger",
		"friendica/actor/person__lemmy-objects-person-1.json":  "Person jakob key inbox shared icon fields locked",
		"hubzilla/actor/person__live-actor.json":               "Person scott key inbox shared icon webfinger locked",
		"mobilizon/actor/group__live-actor.json":               "Group framasoft key inbox shared icon",
		"discourse/actor/person__lemmy-objects-person.json":    "Person angus key inbox shared icon",
		"bridgy-fed/actor/service__ve-personcase09.json":       "Service bsky.brid.gy key inbox shared icon",
		"plume/actor/person__live-actor.json":                  "Person actapopuli key inbox shared icon",
		"micro-blog/actor/person__live-actor.json":             "Person manton key inbox shared icon fields",
		"relay/actor/application__pl-relay-relay.json":         "Application relay key inbox shared",
		"mbin/actor/application__lemmy-objects-instance.json":  "Application fedia.io key inbox locked",
		"bookwyrm/actor/person__bw-user.json":                  "Person mouse key inbox shared icon",
		"hostile-or-odd/actor/person__pl-mewmew-no-name.json":  "Person mewmew key inbox shared icon locked",
	} {
		a, err := ReadActor(corpusFile(t, path))
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		got := a.Type + " " + a.PreferredUsername
		for _, has := range []struct {
			word string
			it   bool
		}{
			{"key", len(a.PublicKeys) == 1 && strings.Contains(a.PublicKeys[0].PEM, "PUBLIC KEY-----") && a.PublicKeys[0].Owner == a.ID},
			{"inbox", a.Inbox != ""}, {"shared", a.SharedInbox != ""}, {"icon", a.Icon.URL != ""}, {"published", !a.Published.IsZero()},
			{"fields", len(a.Fields) > 0}, {"emojis", len(a.Emojis) > 0}, {"webfinger", a.WebFinger != ""}, {"locked", a.ManuallyApprovesFollowers},
		} {
			if has.it {
				got += " " + has.word
			}
		}
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", path, got, want)
		}
	}
}
