package dashboard

import (
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"dassie/store"
)

// attacks are texts that would run, or change the page, where they are not escaped.
var attacks = []string{
	`<script>alert(1)</script>`,
	`"><img src=x onerror=alert(1)>`,
	`'><svg/onload=alert(1)>`,
	`</textarea><script>alert(1)</script>`,
	`</title><style>*{display:none}</style>`,
	`{{.CSRF}}<a href="javascript:alert(1)">x</a>`,
	"\u202eevil\u2066<iframe srcdoc='<script>1</script>'>",
}

// ourScript is the one that the owner's pages have.
var ourScript = regexp.MustCompile(`^<script src="/static/[0-9a-f]{12}-app\.js" defer=""( data-event="[a-z0-9-]+")?>$`)

// alive finds what would run in a page as a browser reads it, "" if nothing does.
func alive(body string) string {
	tokens := html.NewTokenizer(strings.NewReader(body))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return ""
		case html.StartTagToken, html.SelfClosingTagToken:
		default:
			continue
		}
		tag := tokens.Token()
		if tag.Data == "script" && ourScript.MatchString(tag.String()) {
			continue
		}
		switch tag.Data {
		case "script", "style", "iframe", "object", "embed":
			return tag.String()
		}
		for _, a := range tag.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcdoc" || a.Key == "src" && !strings.HasPrefix(a.Val, "/") ||
				strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") && a.Key != "value" {
				return tag.String()
			}
		}
	}
}

func TestAliveFindsWhatRuns(t *testing.T) {
	for _, attack := range attacks {
		if alive(attack) == "" {
			t.Errorf("%q counts as inert", attack)
		}
	}
}

// T34: names, bios, fields, texts, warnings, titles, alternative texts and tags
// of strangers run nowhere.
func TestT34_StrangersTextIsInert(t *testing.T) {
	h := newHouse(t, "bob", "carol")
	h.asks("carol")
	h.Follows(t, h.other("bob"))
	bob, carol := h.known(h.other("bob")), h.known(h.other("carol"))
	for _, attack := range attacks {
		var post store.Post
		var lists string
		err := h.Store().Write(ctx, func(tx *store.Tx) error {
			for _, a := range []*store.Actor{&bob, &carol} {
				a.Name, a.Summary, a.Kind = attack, "<p>"+html.EscapeString(attack)+"</p>", "Person"
				a.Extra.Fields = []store.Field{{Name: attack, Value: html.EscapeString(attack)}}
				a.URL = "javascript:alert(1)"
				if err := tx.SaveActor(a); err != nil {
					return err
				}
			}
			post = store.Post{
				URI: "https://" + bob.Domain + "/n/" + store.Random(6), ActorID: bob.ID, Title: attack, Summary: attack, Content: "<p>" + html.EscapeString(attack) + ":ok: <code>:ok:</code></p>",
				URL: "javascript:alert(1)", Language: attack, PublishedAt: h.Now(), ParentURI: "https://x.example/" + store.Random(6),
				Extra: store.PostExtra{
					Attachments: []store.Attachment{{MediaType: attack, URL: "javascript:alert(1)", Alt: attack}},
					Mentions:    []store.Mention{{Handle: attack}},
					Poll:        &store.Poll{Options: []store.PollOption{{Name: attack + ":ok:"}}},
					Emojis:      []store.Emoji{{Shortcode: "ok", URL: attack}, {Shortcode: attack, URL: "javascript:alert(1)"}},
				},
			}
			if err := tx.SaveEmojis(bob.HostID, post.Extra.Emojis); err != nil {
				return err
			}
			if err := tx.InsertPost(&post); err != nil {
				return err
			}
			if err := tx.Notify(&store.Notification{Kind: "mention", ActorID: bob.ID, PostID: post.ID}); err != nil {
				return err
			}
			if err := tx.AddHome(post.ID, false); err != nil {
				return err
			}
			// The same words where else strangers' words stand.
			if err := tx.SetHostInfo(bob.HostID, attack, attack); err != nil {
				return err
			}
			message := store.Post{URI: post.URI + "-message", ActorID: bob.ID, Visibility: store.Direct, Content: post.Content, Summary: attack, PublishedAt: h.Now()}
			if err := tx.InsertPost(&message); err != nil {
				return err
			}
			if _, err := tx.FileConversation(store.Filing{Post: message, Author: bob, Unread: true}); err != nil {
				return err
			}
			link := "https://x.example/" + store.Random(6)
			if err := tx.SetPostLink(post.ID, link); err != nil {
				return err
			}
			if err := tx.SaveLinkCard(store.LinkCard{URL: link, Title: attack, Description: attack, Site: attack, Author: attack, AuthorURL: "javascript:alert(1)", FetchedAt: h.Now()}); err != nil {
				return err
			}
			list := store.List{Title: attack}
			if err := tx.SaveList(&list); err != nil {
				return err
			}
			lists = listPath(list.ID)
			if err := tx.AddListPost(list.ID, post.ID); err != nil {
				return err
			}
			if err := tx.SetNote(bob.ID, attack); err != nil {
				return err
			}
			return tx.AddBookmark(post.ID)
		})
		if err != nil {
			t.Fatal(err)
		}
		h.submit("/me/write", "do", "draft", "text", attack, "warning", attack, "audience", "everyone")
		for _, path := range []string{
			"/me", "/me/inbox", postPath(post.ID), "/me/write?reply=" + decimal(post.ID), personPath(bob.ID), "/me/following", "/me/requests",
			"/me/requests?several=1", personPath(bob.ID) + "/unfollow", "/me/requests/" + decimal(carol.ID) + "/block", "/me/drafts",
			"/me/catchup", "/me/catchup?group=author", "/me/messages", "/me/saved", "/me/lists", lists, lists + "/members", lists + "/edit", lists + "/delete", personPath(bob.ID) + "/lists", personPath(bob.ID) + "/report",
			"/me/followers", "/me/followers?by=new", "/me/followers/server/" + decimal(bob.HostID), "/me/deliveries", postPath(post.ID) + "/react", "/me/muted", "/me/blocked",
			"/me/search?q=" + strings.NewReplacer("<", "%3C", ">", "%3E", `"`, "%22", " ", "+", "/", "%2F", "{", "%7B").Replace(attack),
		} {
			body := h.open(path).body
			if found := alive(body); found != "" {
				t.Errorf("%s with %q holds %q", path, attack, found)
			}
			if path == "/me" && (!strings.Contains(body, `alt=":ok:"`) || !strings.Contains(body, "<code>:ok:</code>")) {
				t.Errorf("Home with %q does not show the emoji, or shows it in code", attack)
			}
		}
		for _, do := range []string{"options", "preview"} {
			p := h.submit("/me/write", "do", do, "text", attack, "warning", attack, "audience", attack, "lang", attack, "key", attack)
			if found := alive(p.body); found != "" {
				t.Errorf("do=%s with %q holds %q", do, attack, found)
			}
		}
		p := h.submit("/me/profile", "display", attack+strings.Repeat("x", 100), "bio", attack, "field_name", attack, "field_value", attack)
		if found := alive(p.body); found != "" {
			t.Errorf("the profile form with %q holds %q", attack, found)
		}
	}
}
