package mastodon

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

// The keys that Mastodon documents for each entity.
const (
	accountKeys = `id username acct display_name locked bot discoverable indexable group noindex hide_collections created_at note
		url uri avatar avatar_static header header_static followers_count following_count statuses_count last_status_at emojis roles fields`
	statusKeys = `id created_at in_reply_to_id in_reply_to_account_id sensitive spoiler_text visibility language uri url replies_count
		reblogs_count favourites_count edited_at favourited reblogged muted bookmarked content filtered reblog application account
		media_attachments mentions tags emojis card poll
		quote quote_approval quotes_count`
	relationshipKeys = `id following showing_reblogs notifying languages followed_by blocking blocked_by muting muting_notifications
		requested requested_by domain_blocking endorsed note`
	sourceKeys = `privacy sensitive language note fields follow_requests_count hide_collections discoverable indexable attribution_domains quote_policy`
	mediaKeys  = `id type url preview_url remote_url meta description blurhash`
	pollKeys   = `id expires_at expired multiple votes_count voters_count voted own_votes options emojis`
)

var exactDate = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)

// sound walks an answer: dates, ids, and lists that must not be null.
func sound(t *testing.T, what string, v any) {
	t.Helper()
	switch v := v.(type) {
	case object:
		for key, e := range v {
			s, text := e.(string)
			switch key {
			case "created_at", "edited_at", "expires_at", "verified_at":
				if e != nil && !exactDate.MatchString(s) || e == nil && key == "created_at" {
					t.Errorf("%s.%s: %v", what, key, e)
				}
			case "id", "avatar", "header", "url", "uri":
				if !text || s == "" {
					t.Errorf("%s.%s: %v", what, key, e)
				}
			case "fields", "emojis", "roles", "mentions", "tags", "media_attachments", "filtered", "languages", "options", "own_votes":
				if _, list := e.([]any); !list {
					t.Errorf("%s.%s is no list: %v", what, key, e)
				}
			}
			sound(t, what+"."+key, e)
		}
	case []any:
		for _, e := range v {
			sound(t, what+"[]", e)
		}
	}
}

func TestOwnersAccount(t *testing.T) {
	h := newHouse(t)
	me := read[object](h, "GET", "/api/v1/accounts/verify_credentials", "")
	hasKeys(t, "CredentialAccount", me, accountKeys+" source role")
	hasKeys(t, "source", me["source"], sourceKeys)
	hasKeys(t, "role", me["role"], "id name color permissions highlighted")
	sound(t, "me", me)
	src := me["source"].(object)
	if me["acct"] != "alice" || me["id"] != "1" || me["locked"] != true || me["display_name"] != "alice" ||
		me["followers_count"] != 1.0 || me["following_count"] != 1.0 || me["statuses_count"] != 2.0 || me["last_status_at"] != "2026-03-01" ||
		src["privacy"] != "public" || src["follow_requests_count"] != 1.0 || src["language"] != "en" {
		t.Errorf("%v", me)
	}
	if s := me["avatar"].(string); !strings.HasPrefix(s, "https://alice.example/static/") || !strings.HasSuffix(s, "avatar.png") {
		t.Errorf("avatar %s", s)
	}
	if me["url"] != "https://alice.example/@alice" {
		t.Errorf("url %v", me["url"])
	}
}

func TestAccountOfSomebodyElse(t *testing.T) {
	h := newHouse(t)
	h.write(func(tx *store.Tx) error {
		b := h.Bob
		b.Name, b.Summary, b.Bot, b.URL = "Bob :dassie:", "<p>Hi</p>", true, ""
		b.Extra = store.ActorExtra{
			Fields: []store.Field{{Name: "Site", Value: "<p>x</p>", Verified: storetest.Start}},
			Emojis: []store.Emoji{{Shortcode: "dassie", URL: "https://bob.example/d.png"}},
		}
		if err := tx.SaveActor(&b); err != nil {
			return err
		}
		if err := tx.SaveEmojis(b.HostID, b.Extra.Emojis); err != nil {
			return err
		}
		return tx.SetActorMedia(b.ID, "abc.jpg", "")
	})
	bob := read[object](h, "GET", "/api/v1/accounts/"+id(h.Bob.ID), "")
	hasKeys(t, "Account", bob, accountKeys)
	sound(t, "bob", bob)
	emoji := bob["emojis"].([]any)[0]
	hasKeys(t, "emoji", emoji, "shortcode url static_url visible_in_picker category")
	if address := emoji.(object)["url"].(string); !strings.HasPrefix(address, "https://alice.example/media/emoji-") {
		t.Errorf("an app fetches an emoji from %s", address)
	}
	hasKeys(t, "field", bob["fields"].([]any)[0], "name value verified_at")
	if bob["acct"] != "bob@bob.example" || bob["avatar"] != "https://alice.example/media/abc.jpg" || bob["bot"] != true ||
		bob["url"] != h.Bob.URI || bob["last_status_at"] != nil || bob["created_at"] != "2025-03-01T12:00:00.000Z" {
		t.Errorf("%v", bob)
	}
}

func TestStatusShapes(t *testing.T) {
	h := newHouse(t)
	p := store.Post{
		URI: "https://bob.example/full", ActorID: h.Bob.ID, Content: "<p>Look</p>", Summary: "rocks", Language: "de", Sensitive: true,
		Visibility: store.Followers, Kind: store.KindQuestion, PublishedAt: storetest.Start.Add(30*time.Minute + 5*time.Millisecond),
		EditedAt: storetest.Start.Add(40 * time.Minute),
		Extra: store.PostExtra{
			Attachments: []store.Attachment{
				{MediaType: "image/jpeg", URL: "https://bob.example/1.jpg", Alt: "A rock", Width: 40, Height: 20, Blurhash: "LEHV6nWB2yk8", FocalX: 0.5},
				{MediaType: "video/mp4", URL: "https://bob.example/2.mp4"}, {MediaType: "application/pdf", URL: "https://bob.example/3.pdf"},
			},
			Mentions: []store.Mention{{ActorID: 1, URI: h.Alice.URI, Handle: "alice@alice.example"}, {URI: "https://x.example/u", Handle: "u@x.example"}},
			Tags:     []string{"Dassie"},
			Poll:     &store.Poll{Options: []store.PollOption{{Name: "a", Votes: 2}, {Name: "b", Votes: 1}}, EndsAt: storetest.Start},
		},
	}
	h.write(func(tx *store.Tx) error {
		if err := tx.InsertPost(&p); err != nil {
			return err
		}
		return tx.AddHome(p.ID, false)
	})
	s := read[object](h, "GET", "/api/v1/statuses/"+id(p.ID), "")
	hasKeys(t, "Status", s, statusKeys)
	hasKeys(t, "account", s["account"], accountKeys)
	hasKeys(t, "poll", s["poll"], pollKeys)
	sound(t, "status", s)
	media := s["media_attachments"].([]any)
	for i, kind := range []string{"image", "video", "unknown"} {
		hasKeys(t, "media", media[i], mediaKeys)
		if media[i].(object)["type"] != kind {
			t.Errorf("%v", media[i])
		}
	}
	// Apps fetch what others attached from here, and know where it came from.
	picture, film := media[0].(object), media[1].(object)
	const here = "https://alice.example/media/post-"
	if !strings.HasPrefix(picture["url"].(string), here) || !strings.HasPrefix(picture["preview_url"].(string), here) || picture["remote_url"] != "https://bob.example/1.jpg" ||
		!strings.HasPrefix(film["url"].(string), here) || film["preview_url"] != nil || media[2].(object)["url"] != "https://bob.example/3.pdf" {
		t.Errorf("media: %v", media)
	}
	size := media[0].(object)["meta"].(object)["original"].(object)
	if size["width"] != 40.0 || size["size"] != "40x20" || size["aspect"] != 2.0 {
		t.Errorf("size %v", size)
	}
	mentions := s["mentions"].([]any)
	if hasKeys(t, "mention", mentions[0], "id username url acct"); len(mentions) != 1 || mentions[0].(object)["acct"] != "alice" {
		t.Errorf("%v", mentions)
	}
	hasKeys(t, "tag", s["tags"].([]any)[0], "name url")
	if s["visibility"] != "private" || s["created_at"] != "2026-03-01T12:30:00.005Z" || s["language"] != "de" || s["poll"].(object)["expired"] != true {
		t.Errorf("%v", s)
	}
	own := read[object](h, "GET", "/api/v1/statuses/"+id(h.Thanks.ID), "")
	hasKeys(t, "own Status", own, statusKeys+" pinned")
	if own["in_reply_to_id"] != id(h.Answer.ID) || own["in_reply_to_account_id"] != id(h.Bob.ID) {
		t.Errorf("%v", own)
	}
	boost := read[object](h, "GET", "/api/v1/statuses/"+id(h.Boost.ID), "")
	hasKeys(t, "boost", boost, statusKeys)
	inner := boost["reblog"].(object)
	if sound(t, "boost", boost); boost["content"] != "" || inner["id"] != id(h.Hello.ID) || inner["account"].(object)["acct"] != "alice" || inner["reblog"] != nil {
		t.Errorf("%v", boost)
	}
}

func TestNotificationShapes(t *testing.T) {
	h := newHouse(t)
	h.write(func(tx *store.Tx) error {
		return tx.Notify(&store.Notification{Kind: "follow_request", ActorID: h.Carol.ID})
	})
	list := read[[]object](h, "GET", "/api/v1/notifications", "")
	if len(list) != 2 || list[0]["type"] != "follow_request" || list[1]["type"] != "mention" {
		t.Fatalf("%v", list)
	}
	hasKeys(t, "Notification", list[0], "id type created_at group_key account")
	hasKeys(t, "Notification", list[1], "id type created_at group_key account status")
	for _, n := range list {
		sound(t, "notification", n)
		if n["group_key"] != "ungrouped-"+n["id"].(string) {
			t.Errorf("%v", n["group_key"])
		}
	}
	for query, want := range map[string]string{
		"types[]=mention": "mention", "types=mention": "mention", "exclude_types[]=mention&limit=": "follow_request",
		"types[]=mention&types[]=poll": "mention", "limit=1": "follow_request",
	} {
		got := read[[]object](h, "GET", "/api/v1/notifications?"+query, "")
		if len(got) != 1 || got[0]["type"] != want {
			t.Errorf("%s: %v", query, got)
		}
	}
}
