package mastodon

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

// everything is a house in which each entity is met in each state.
type everything struct {
	*house
	ids []string // of all there is, whatever it is
}

func newEverything(t *testing.T) *everything {
	e := &everything{house: newHouse(t)}
	e.people()
	e.posts()
	e.own()
	e.notices()
	return e
}

func (e *everything) has(ids ...int64) {
	for _, n := range ids {
		e.ids = append(e.ids, id(n))
	}
}

// put stores a post of somebody's and puts it into home.
func (e *everything) put(p store.Post, by store.Actor) store.Post {
	e.t.Helper()
	p.ActorID, p.URI = by.ID, fmt.Sprintf("https://%s/x/%d", by.Domain, len(e.ids))
	if p.PublishedAt.IsZero() {
		p.PublishedAt = storetest.Start.Add(time.Duration(len(e.ids)) * time.Second)
	}
	if by.ID == store.OwnerID {
		p.ID = store.IDAt(p.PublishedAt)
	}
	e.write(func(tx *store.Tx) error {
		if err := tx.InsertPost(&p); err != nil {
			return err
		}
		return tx.AddHome(p.ID, false)
	})
	e.has(p.ID)
	return p
}

// people are one with all there is to a profile, one who moved, one who is gone, and
// one of a blocked server.
func (e *everything) people() {
	e.write(func(tx *store.Tx) error {
		b := e.Bob
		b.Name, b.Summary, b.Bot = "Bob :dassie:", "<p>Hi</p>", true
		b.Extra = store.ActorExtra{
			Fields: []store.Field{{Name: "Site", Value: "<p>x</p>", Verified: storetest.Start}, {Name: "", Value: ""}},
			Emojis: []store.Emoji{{Shortcode: "dassie", URL: "https://bob.example/d.png"}},
		}
		if err := tx.SaveActor(&b); err != nil {
			return err
		}
		if err := tx.SaveEmojis(b.HostID, b.Extra.Emojis); err != nil {
			return err
		}
		for _, name := range []string{"gone", "moved", "blocked", "plain"} {
			a, err := storetest.Person(tx, name, name+".example")
			if err != nil {
				return err
			}
			e.has(a.ID)
			p := store.Post{ActorID: a.ID, URI: "https://" + a.Domain + "/p/1", Content: "<p>" + name + "</p>", PublishedAt: storetest.Start}
			if err := tx.InsertPost(&p); err != nil {
				return err
			}
			e.has(p.ID)
			if err := tx.Notify(&store.Notification{Kind: "follow", ActorID: a.ID}); err != nil {
				return err
			}
			switch name {
			case "gone":
				err = tx.ActorGone(a.ID)
			case "blocked":
				err = tx.BlockHost(a.Domain)
			case "moved":
				a.Extra.MovedTo = b.URI
				if err = tx.SaveActor(&a); err == nil {
					b.Extra.AlsoKnownAs = []string{a.URI}
					err = tx.SaveActor(&b)
				}
			case "plain":
				a.Kind, a.URL, a.PublishedAt = "Service", "", time.Time{} // its server says nothing of it
				err = tx.SaveActor(&a)
			}
			if err != nil {
				return err
			}
		}
		if err := tx.SaveMute(store.Mute{ActorID: e.Carol.ID, Until: storetest.Start.Add(24 * time.Hour)}); err != nil {
			return err
		}
		return tx.SetNote(e.Bob.ID, "A good neighbour.")
	})
	e.has(store.OwnerID, e.Bob.ID, e.Carol.ID)
}

func (e *everything) posts() {
	e.has(e.Hello.ID, e.Answer.ID, e.Thanks.ID, e.Walk.ID, e.Boost.ID, e.Tea.ID)
	options := []store.PollOption{{Name: "a :dassie:", Votes: 2}, {Name: "b", Votes: 1}}
	full := e.put(store.Post{
		Content: "<p>Look :dassie:</p>", Summary: "rocks", Language: "de", Sensitive: true, Visibility: store.Followers, EditedAt: storetest.Start.Add(time.Minute),
		Extra: store.PostExtra{
			Attachments: []store.Attachment{
				{MediaType: "image/jpeg", URL: "https://bob.example/1.jpg", Alt: "A rock", Width: 40, Height: 20, Blurhash: "LEHV6nWB2yk8", FocalX: 0.5},
				{MediaType: "video/mp4", URL: "https://bob.example/2.mp4"}, {MediaType: "audio/mpeg", URL: "https://bob.example/3.mp3", Seconds: 3.5}, {MediaType: "application/pdf", URL: "https://bob.example/4.pdf"},
			},
			Mentions: []store.Mention{{ActorID: 1, URI: e.Alice.URI, Handle: "alice@alice.example"}, {URI: "https://x.example/u", Handle: "u@x.example"}},
			Tags:     []string{"Dassie"}, Emojis: []store.Emoji{{Shortcode: "dassie", URL: "https://bob.example/d.png"}},
		},
	}, e.Bob)
	e.put(store.Post{BoostOf: e.Thanks.ID}, e.Bob) // of a reply
	e.put(store.Post{BoostOf: full.ID}, e.Bob)
	e.put(store.Post{Content: "<p>Private</p>", Visibility: store.Direct, Extra: store.PostExtra{Mentions: []store.Mention{{ActorID: 1, URI: e.Alice.URI, Handle: "alice@alice.example"}}}}, e.Bob)
	for i, q := range []store.Poll{
		{EndsAt: storetest.Start.Add(24 * time.Hour), Voters: 3}, {EndsAt: storetest.Start}, {Multiple: true, HideTotals: true}, {EndsAt: storetest.Start.Add(24 * time.Hour)},
	} {
		q.Options = slices.Clone(options)
		p := e.put(store.Post{Kind: store.KindQuestion, Content: "<p>Which?</p>", Extra: store.PostExtra{Poll: &q, Emojis: []store.Emoji{{Shortcode: "dassie", URL: "https://bob.example/d.png"}}}}, e.Bob)
		if i == 3 {
			read[object](e.house, "POST", "/api/v1/polls/"+id(p.ID)+"/votes", "choices[]=1")
		}
	}
	inner := e.quoting(e.Carol, "/posts/inner", e.Walk, store.QuoteAccepted)
	e.has(inner.ID, e.quoting(e.Bob, "/posts/outer", inner, store.QuoteAccepted).ID, e.quoting(e.Bob, "/posts/of-mine", e.Hello, store.QuoteAccepted).ID)
	for _, state := range []store.QuoteState{store.QuotePending, store.QuoteRefused, store.QuoteRevoked, store.QuoteLegacy} {
		e.has(e.quoting(e.Bob, fmt.Sprintf("/posts/q%d", state), e.Tea, state).ID)
	}
	lost := e.put(store.Post{Content: "<p>Soon gone</p>"}, e.Carol)
	e.has(e.quoting(e.Bob, "/posts/of-lost", lost, store.QuoteAccepted).ID)
	e.write(func(tx *store.Tx) error {
		if err := tx.DeletePost(lost); err != nil {
			return err
		}
		const link = "https://allotments.example/kale"
		if err := tx.SaveLinkCard(store.LinkCard{URL: link, Title: "Kale", Language: "en", Author: "Bob", AuthorURL: e.Bob.URL, AuthorID: e.Bob.ID, FetchedAt: storetest.Start}); err != nil {
			return err
		}
		if err := tx.SetPostLink(e.Walk.ID, link); err != nil {
			return err
		}
		return tx.SetPostLink(e.Hello.ID, link)
	})
}

// own is what Alice writes, marks and keeps through an app.
func (e *everything) own() {
	up := func(shade uint8) string {
		kind, body := multi("file@", photo(e.t.(*testing.T), shade), "focus", "0.5,-0.5")
		file := read[object](e.house, "POST", "/api/v2/media", body, "Content-Type", kind)["id"].(string)
		e.ids = append(e.ids, file)
		return file
	}
	file, _ := up(7), up(8)
	do := func(method, path, body string) object {
		o := read[object](e.house, method, path, body)
		if text, ok := o["id"].(string); ok {
			e.ids = append(e.ids, text)
		}
		return o
	}
	post := func(v url.Values) object { return do("POST", "/api/v1/statuses", v.Encode()) }
	poll := url.Values{"status": {"Which?"}, "poll[options][]": {"a", "b"}, "poll[expires_in]": {"3600"}}
	post(poll)
	edited := post(url.Values{"status": {"First #rocks"}, "spoiler_text": {"cw"}, "media_ids[]": {file}})
	quote := post(url.Values{"status": {"See"}, "quoted_status_id": {id(e.Walk.ID)}})
	post(url.Values{"status": {"Mine"}, "quoted_status_id": {id(e.Hello.ID)}, "visibility": {"unlisted"}})
	post(url.Values{"status": {"Few"}, "visibility": {"private"}})
	post(url.Values{"status": {"To @bob@bob.example"}, "visibility": {"direct"}, "in_reply_to_id": {id(e.Answer.ID)}})
	e.pass(time.Minute)
	do("PUT", statusURL+edited["id"].(string), "status=Second+%23rocks")
	poll.Set("scheduled_at", "2026-03-02T07:00:00Z")
	do("POST", "/api/v1/statuses", poll.Encode())
	at := statusURL + id(e.Walk.ID)
	do("POST", at+"/favourite", "")
	do("POST", at+"/bookmark", "")
	do("POST", at+"/reblog", "")
	do("POST", statusURL+id(e.Hello.ID)+"/pin", "")
	do("POST", statusURL+id(e.Tea.ID)+"/mute", "")
	do("POST", "/api/v1/accounts/"+id(e.Bob.ID)+"/endorse", "")
	do("POST", "/api/v1/featured_tags", "name=rocks")
	do("POST", "/api/v1/tags/rain/follow", "")
	list := do("POST", "/api/v1/lists", "title=Neighbours&replies_policy=followed")
	do("POST", "/api/v1/lists/"+list["id"].(string)+"/accounts", "account_ids[]="+id(e.Bob.ID))
	f := do("POST", "/api/v2/filters", "title=wet&context[]=home&context[]=thread&filter_action=blur&expires_in=86400&keywords_attributes[][keyword]=rain")
	e.ids = append(e.ids, f["keywords"].([]any)[0].(object)["id"].(string))
	do("POST", "/api/v2/filters/"+f["id"].(string)+"/statuses", "status_id="+id(e.Tea.ID))
	do("POST", "/api/v1/markers", "home[last_read_id]="+id(e.Walk.ID))
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		e.t.Fatal(err)
	}
	do("POST", "/api/v1/push/subscription", url.Values{"subscription[endpoint]": {"http://push.localhost:8080/send/1"}, "subscription[keys][p256dh]": {base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes())}, "subscription[keys][auth]": {"BTBZMqHH6r4Tts7J_aSIgg=="}}.Encode())
	do("POST", "/api/v1/reports", "account_id="+id(e.Carol.ID)+"&status_ids[]="+id(e.Tea.ID)+"&category=spam")
	e.change(func(s *store.Settings) {
		s.Rules, s.Contact, s.ShowBlocked, s.VisitorSearch = "Be kind.", "hello@alice.example", true, true
	})
	e.notify("quoted_update", e.Bob.ID, mustID(quote))
}

func (e *everything) notify(kind string, actor, post int64) {
	e.write(func(tx *store.Tx) error {
		n := store.Notification{Kind: kind, ActorID: actor, PostID: post}
		err := tx.Notify(&n)
		e.has(n.ID)
		return err
	})
}

func (e *everything) notices() {
	for _, kind := range []string{"favourite", "reblog"} {
		e.notify(kind, e.Bob.ID, e.Hello.ID)
	}
	for kind, post := range map[string]int64{"status": e.Walk.ID, "update": e.Walk.ID, "quote": e.Walk.ID, "poll": e.Walk.ID, "follow": 0, "follow_request": 0, "move": 0} {
		e.notify(kind, e.Bob.ID, post)
	}
	e.write(func(tx *store.Tx) error {
		r := store.Report{ActorID: e.Carol.ID, AboutID: store.OwnerID, Text: "Too many posts.", Posts: []string{e.Hello.URI}, DoneAt: storetest.Start}
		if err := tx.AddReport(&r); err != nil {
			return err
		}
		return tx.Notify(&store.Notification{Kind: "admin.report", ActorID: e.Carol.ID, PostID: r.ID})
	})
	for _, n := range []store.Notification{{Kind: "mention", ActorID: e.Bob.ID, PostID: e.Walk.ID}, {Kind: "follow", ActorID: e.Carol.ID}} {
		e.has(e.hold(n).ID)
	}
	for _, p := range []string{"requests", "conversations"} {
		path := "/api/v1/" + strings.Replace(p, "requests", "notifications/requests", 1)
		for _, o := range read[[]object](e.house, "GET", path, "") {
			e.ids = append(e.ids, o["id"].(string))
		}
	}
}

// Every endpoint that tells something tells it as it is written (house.ask holds each
// answer against testdata/entities.txt), of everything there is, to the owner, to
// strangers and to apps for themselves; and every state is met on the way.
func TestEveryEntityInEveryState(t *testing.T) {
	e := newEverything(t)
	e.guest = e.newClientToken("read")
	met := map[string]bool{}
	keys := slices.Clone(e.ids)
	for _, g := range read[object](e.house, "GET", "/api/v2/notifications?expand_accounts=partial_avatars", "")["notification_groups"].([]any) {
		keys = append(keys, g.(object)["group_key"].(string))
	}
	for _, rt := range routes {
		if rt.method != "GET" {
			continue
		}
		paths := []string{strings.Replace(rt.path, ":tag", "rocks", 1)}
		for _, param := range []string{":id", ":group_key"} {
			if strings.Contains(rt.path, param) {
				paths = nil
				for _, key := range keys {
					paths = append(paths, strings.Replace(rt.path, param, url.PathEscape(key), 1))
				}
			}
		}
		answered := 0
		for _, path := range paths {
			if !strings.Contains(rt.path, ":") {
				q := url.Values{"q": {"rain"}, "acct": {"alice"}, "url": {"https://allotments.example/kale"}, "id[]": keys[:min(len(keys), 40)], "timeline[]": {"home", "notifications"}}
				path += "?" + q.Encode()
			}
			w := e.ask("GET", path, "")
			if w.Code == 200 {
				answered++
				var v any
				if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
					t.Fatal(err)
				}
				meet(met, "", v)
			} else if w.Code != 404 {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
			if strangers["GET "+rt.path] != nil {
				for _, who := range []string{"", "Bearer " + e.guest} {
					if w := e.ask("GET", path, "", "Authorization", who); w.Code != 200 && w.Code != 404 && w.Code != 429 {
						t.Errorf("%s to strangers: %d %s", path, w.Code, w.Body)
					}
				}
			}
		}
		if answered == 0 && answers["GET "+rt.path] != "nothing" {
			t.Errorf("GET %s never answers", rt.path)
		}
	}
	for _, state := range strings.Fields(`
		boost boost-of-reply boost-of-edited cw sensitive edited reply card card-author filtered pinned app favourited reblogged bookmarked muted language
		public unlisted private direct moved bot verified emoji no-avatar own
		poll-open poll-closed poll-endless poll-voted poll-own poll-hidden poll-multiple
		image video audio unknown focus alt no-alt preview
		quote-accepted quote-pending quote-rejected quote-revoked quote-deleted shallow
		mention status reblog follow follow_request favourite poll update quote quoted_update admin.report`) {
		if !met[state] {
			t.Errorf("nobody met %s", state)
		}
	}
}

// meet notes the states of all that stands in an answer.
func meet(met map[string]bool, key string, v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			meet(met, key, e)
		}
	case object:
		stateOf(met, key, v)
		for key, e := range v {
			meet(met, key, e)
		}
	}
}

func stateOf(met map[string]bool, key string, o object) {
	note := func(state string, is bool) { met[state] = met[state] || is }
	switch {
	case o["content"] != nil && o["uri"] != nil:
		boosted, isBoost := o["reblog"].(object)
		note("boost", isBoost)
		note("boost-of-reply", isBoost && boosted["in_reply_to_id"] != nil)
		note("boost-of-edited", isBoost && boosted["edited_at"] != nil)
		note("cw", o["spoiler_text"] != "")
		card, _ := o["card"].(object)
		note("card", card != nil)
		note("card-author", card != nil && len(card["authors"].([]any)) > 0)
		note("filtered", len(o["filtered"].([]any)) > 0)
		note("app", o["application"] != nil)
		note("edited", o["edited_at"] != nil)
		note("reply", o["in_reply_to_id"] != nil)
		note("language", o["language"] != nil)
		note(o["visibility"].(string), true)
		for _, name := range []string{"pinned", "favourited", "reblogged", "bookmarked", "muted", "sensitive"} {
			note(name, o[name] == true)
		}
	case o["acct"] != nil && o["note"] != nil:
		note("moved", o["moved"] != nil)
		note("bot", o["bot"] == true)
		note("own", o["id"] == "1")
		note("emoji", len(o["emojis"].([]any)) > 0)
		note("no-avatar", strings.Contains(o["avatar"].(string), "/static/"))
	case o["verified_at"] != nil:
		note("verified", true)
	case o["own_votes"] != nil:
		note("poll-open", o["expired"] == false)
		note("poll-closed", o["expired"] == true)
		note("poll-endless", o["expires_at"] == nil)
		note("poll-multiple", o["multiple"] == true)
		note("poll-own", o["voted"] == true && len(o["own_votes"].([]any)) == 0)
		note("poll-voted", len(o["own_votes"].([]any)) > 0)
		note("poll-hidden", o["options"].([]any)[0].(object)["votes_count"] == nil)
	case o["remote_url"] != nil || o["meta"] != nil:
		note(o["type"].(string), true)
		note("alt", o["description"] != nil)
		note("no-alt", o["description"] == nil)
		note("preview", o["preview_url"] != nil)
		note("focus", o["meta"].(object)["focus"] != nil)
	case key == "quote" && o["state"] != nil:
		_, whole := o["quoted_status"]
		note("shallow", !whole)
		note("quote-"+o["state"].(string), whole)
	case o["group_key"] != nil:
		note(o["type"].(string), true)
	}
}
