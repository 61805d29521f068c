package ap

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// readNote reads a Note with the given members added.
func readNote(t testing.TB, members string) *Note {
	t.Helper()
	n, err := ReadNote(mustParse(t, `{"id":"https://a.example/1","type":"Note","attributedTo":"https://a.example/u"`+members+`}`))
	if err != nil {
		t.Fatalf("%.200s: %v", members, err)
	}
	return n
}

func TestReadNoteTakesEveryShape(t *testing.T) {
	for _, c := range []struct {
		members string
		what    func(*Note) any
		want    any
	}{
		{`,"to":"as:Public"`, func(n *Note) any { return n.Visibility("", "") }, VisPublic},
		{`,"to":[{"id":"https://www.w3.org/ns/activitystreams#Public"}]`, func(n *Note) any { return n.Visibility("", "") }, VisPublic},
		{`,"contentMap":{"de":"ja","en":"yes"}`, func(n *Note) any { return n.Content + n.Language }, "jade"},
		{`,"content":"yes","contentMap":{"de":"ja","en":"yes"}`, func(n *Note) any { return n.Content + n.Language }, "yesen"},
		{`,"content":"new","contentMap":{"de":"old"}`, func(n *Note) any { return n.Content + n.Language }, "newde"},
		{`,"content":"x","contentMap":{"und":"x"}`, func(n *Note) any { return n.Language }, ""},
		{`,"content":{"@value":"x","@language":"fr"}`, func(n *Note) any { return n.Content + n.Language }, "xfr"},
		{`,"summary":"cw"`, func(n *Note) any { return n.Sensitive }, true},
		{`,"summary":""`, func(n *Note) any { return n.Sensitive }, false},
		{`,"summary":null,"sensitive":null`, func(n *Note) any { return n.Sensitive }, false},
		{`,"url":["magnet:x",{"type":"Link","mediaType":"video/mp4","href":"https://a.example/v.mp4"},{"type":"Link","mediaType":"text/html","href":"https://a.example/page"}]`,
			func(n *Note) any { return n.URL }, "https://a.example/page"},
		{`,"url":{"type":"Link","href":"https://a.example/p"}`, func(n *Note) any { return n.URL }, "https://a.example/p"},
		{`,"url":"javascript:alert(1)"`, func(n *Note) any { return n.URL }, ""},
		{`,"inReplyTo":[{"id":"https://b.example/1"}]`, func(n *Note) any { return n.InReplyTo }, "https://b.example/1"},
		{`,"inReplyTo":null`, func(n *Note) any { return n.InReplyTo }, ""},
		{`,"published":"2026-01-02T03:04:05+0000"`, func(n *Note) any { return n.Published }, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
		{`,"published":"2026-01-02T04:04:05.5+01:00"`, func(n *Note) any { return n.Published }, time.Date(2026, 1, 2, 3, 4, 5, 5e8, time.UTC)},
		{`,"published":"yesterday"`, func(n *Note) any { return n.Published.IsZero() }, true},
		{`,"conversation":"tag:a.example,2020:x","context":"data:,x"`, func(n *Note) any { return n.Conversation + n.Context }, "tag:a.example,2020:xdata:,x"},
		{`,"likes":{"id":"https://a.example/l","type":"Collection","totalItems":7}`, func(n *Note) any { return fmt.Sprint(n.LikesID, n.LikesCount, n.SharesCount) }, "https://a.example/l7 -1"},
		{`,"tag":{"type":"Mention","href":"https://b.example/u"}`, func(n *Note) any { return n.Mentions }, []Mention{{Href: "https://b.example/u"}}},
		{`,"tag":[{"type":"Hashtag","name":"NoHash"},{"type":"as:Hashtag","name":"#nohash"},{"type":"Hashtag"}]`, func(n *Note) any { return n.Hashtags }, []Hashtag{{Name: "NoHash"}}},
		{`,"tag":[{"type":"Emoji","id":null,"name":":blob:","icon":{"type":"Image","url":"https://a.example/e.png"}},{"type":"Emoji","name":":x\"y:","icon":{"url":"https://a.example/e.png"}},{"type":"Emoji","name":"y","icon":{"url":"data:x"}}]`,
			func(n *Note) any { return n.Emojis }, []Emoji{{Shortcode: "blob", IconURL: "https://a.example/e.png"}}},
		{`,"attachment":{"type":"Image","url":{"type":"Link","href":"https://a.example/i.png","mediaType":"image/png"},"summary":"alt","focalPoint":[0.5,-1],"width":"10","height":20.0}`,
			func(n *Note) any { return n.Attachments },
			[]Attachment{{Type: "Image", MediaType: "image/png", URL: "https://a.example/i.png", Name: "alt", Width: 10, Height: 20, FocalX: 0.5, FocalY: -1}}},
		{`,"attachment":["https://a.example/x.png",{"type":"PropertyValue","name":"n","value":"v"},{"type":"Document","url":"file:///etc/passwd"}]`,
			func(n *Note) any { return n.Attachments }, []Attachment{{Type: "Document", URL: "https://a.example/x.png"}}},
		{`,"quote":"https://b.example/q","quoteAuthorization":"https://b.example/s","quoteUrl":"https://c.example/"`,
			func(n *Note) any { return fmt.Sprint(n.Quote, n.QuoteAuthorization, n.QuoteLegacy) }, "https://b.example/qhttps://b.example/sfalse"},
		{`,"quote":"<p>what a book</p>"`, func(n *Note) any { return fmt.Sprint(n.Quote, n.QuoteLegacy) }, "false"},
		{`,"tag":[{"type":"Link","mediaType":"application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"","rel":"https://misskey-hub.net/ns#_misskey_quote","href":"https://b.example/q"}]`,
			func(n *Note) any { return fmt.Sprint(n.Quote, n.QuoteLegacy) }, "https://b.example/qtrue"},
		{`,"oneOf":[{"name":"a","replies":{"totalItems":2}},{"name":"b"}],"anyOf":[],"closed":"2019-09-19T00:32:36.785333","votersCount":2`,
			func(n *Note) any {
				return fmt.Sprint(n.Poll.Options, n.Poll.Closed, n.Poll.Multiple, n.Poll.VotersCount)
			}, "[{a 2} {b 0}] true false 2"},
		{`,"oneOf":[{"content":"a"},{"name":"b"}]`, func(n *Note) any { return fmt.Sprint(n.Poll.Options, n.Poll.Hidden) }, "[{a 0} {b 0}] true"},
		{`,"anyOf":[{"name":"a","_misskey_votes":3},{"name":"b","replies":{"totalItems":-4}}]`,
			func(n *Note) any { return fmt.Sprint(n.Poll.Options, n.Poll.Hidden, n.Poll.Multiple) }, "[{a 3} {b 0}] false true"},
		{`,"name":"a","inReplyTo":"https://b.example/q"`, func(n *Note) any { return n.IsVote() }, true},
		{`,"mediaType":"text/markdown"`, func(n *Note) any { return n.MediaType }, "text/markdown"},
	} {
		n := readNote(t, c.members)
		if d := cmp.Diff(c.want, c.what(n)); d != "" {
			t.Errorf("%s: %s", c.members, d)
		}
	}
}

func TestReadNoteRefusesWhatIsNoPost(t *testing.T) {
	for _, s := range []string{
		`{}`,
		`{"id":"https://a.example/1","type":"Note"}`,
		`{"type":"Note","attributedTo":"https://a.example/u"}`,
		`{"id":"https://a.example/1","attributedTo":"https://a.example/u"}`,
		`{"id":"https://a.example/1","type":"Tombstone","attributedTo":"https://a.example/u"}`,
		`{"id":"https://a.example/1","type":"Person","attributedTo":"https://a.example/u"}`,
		`{"id":"https://a.example/1","type":"Create","actor":"https://a.example/u"}`,
		`{"id":7,"type":"Note","attributedTo":"https://a.example/u"}`,
	} {
		if _, err := ReadNote(mustParse(t, s)); !errors.Is(err, ErrShape) {
			t.Errorf("%s: %v", s, err)
		}
	}
	n, err := ReadNote(mustParse(t, `{"id":"https://a.example/1","type":"Sculpture","attributedTo":"https://a.example/u","name":"x"}`))
	if err != nil || IsPostType(n.Kind) || n.Name != "x" {
		t.Errorf("an unknown kind: %+v, %v", n, err)
	}
}

// Everything that can be long is cut, and nothing fans out from it.
func TestT28_LongListsAndTextsAreCut(t *testing.T) {
	many := func(format string) string {
		items := make([]string, 3_000)
		for i := range items {
			items[i] = fmt.Sprintf(format, i)
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	long := strings.Repeat("ä", 300_000)
	for _, c := range []struct {
		key, value string
		size       func(*Note) int
		limit      int
	}{
		{"to", many(`"https://a.example/%d"`), func(n *Note) int { return len(n.To) }, MaxAudience},
		{"cc", many(`"https://a.example/%d"`), func(n *Note) int { return len(n.CC) }, MaxAudience},
		{"tag", many(`{"type":"Mention","href":"https://a.example/%d"}`), func(n *Note) int { return len(n.Mentions) }, MaxMentions},
		{"tag", many(`{"type":"Hashtag","name":"#t%d"}`), func(n *Note) int { return len(n.Hashtags) }, MaxHashtags},
		{"tag", many(`{"type":"Emoji","name":"e%d","icon":{"url":"https://a.example/e"}}`), func(n *Note) int { return len(n.Emojis) }, MaxEmojis},
		{"attachment", many(`{"type":"Image","url":"https://a.example/%d"}`), func(n *Note) int { return len(n.Attachments) }, MaxAttachments},
		{"oneOf", many(`{"name":"o%d"}`), func(n *Note) int { return len(n.Poll.Options) }, MaxOptions},
		{"content", `"` + long + `"`, func(n *Note) int { return len(n.Content) }, MaxContent},
		{"summary", `"` + long + `"`, func(n *Note) int { return len(n.Summary) }, MaxSummary},
		{"name", `"` + long + `"`, func(n *Note) int { return len(n.Name) }, MaxName},
		{"attachment", `{"type":"Image","url":"https://a.example/i","name":"` + long + `"}`, func(n *Note) int { return len(n.Attachments[0].Name) }, 2 * MaxAltText},
		{"oneOf", `{"name":"` + long + `"}`, func(n *Note) int { return len(n.Poll.Options[0].Name) }, MaxOptionName},
		{"url", `"https://a.example/` + long + `"`, func(n *Note) int { return len(n.URL) }, 0},
		{"inReplyTo", `"https://a.example/` + long + `"`, func(n *Note) int { return len(n.InReplyTo) }, 0},
	} {
		n := readNote(t, fmt.Sprintf(",%q:%s", c.key, c.value))
		if got := c.size(n); got > c.limit || got < c.limit-1 {
			t.Errorf("%s: kept %d, limit %d", c.key, got, c.limit)
		}
		if strings.ContainsRune(n.Content+n.Summary+n.Name, '\ufffd') {
			t.Errorf("%s: cut through a character", c.key)
		}
	}
	actor := mustParse(t, `{"id":"https://a.example/u","type":"Person","inbox":"https://a.example/i","preferredUsername":"u","name":"`+long+
		`","attachment":`+many(`{"type":"PropertyValue","name":"n%d","value":"v"}`)+`,"alsoKnownAs":`+many(`"https://b.example/%d"`)+
		`,"publicKey":`+many(`{"id":"https://a.example/u#%d","publicKeyPem":"x"}`)+`}`)
	a, err := ReadActor(actor)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Fields) != MaxFields || len(a.AlsoKnownAs) != MaxAliases || len(a.PublicKeys) != MaxKeys || len(a.Name) > MaxName {
		t.Errorf("kept %d fields, %d aliases, %d keys, %d bytes of name", len(a.Fields), len(a.AlsoKnownAs), len(a.PublicKeys), len(a.Name))
	}
	c, err := ReadCollection(mustParse(t, `{"id":"https://a.example/c","type":"Collection","items":`+many(`"https://a.example/%d"`)+`}`))
	if err != nil || len(c.Items) != MaxItems {
		t.Errorf("kept %d items, %v", len(c.Items), err)
	}
	f, err := ReadActivity(mustParse(t, `{"type":"Flag","actor":"https://a.example/u","object":`+many(`{"id":"https://a.example/%d"}`)+`}`))
	if err != nil || len(f.ObjectIDs) != MaxObjects || len(f.Objects) != MaxObjects {
		t.Errorf("kept %d ids of a Flag, %v", len(f.ObjectIDs), err)
	}
}

func TestVisibilityIsReadInOrder(t *testing.T) {
	const followers, me = "https://a.example/u/followers", "https://me.example/users/x"
	for _, c := range []struct {
		to, cc []string
		want   Visibility
	}{
		{[]string{Public}, []string{followers}, VisPublic},
		{[]string{"Public"}, nil, VisPublic},
		{[]string{followers}, []string{"as:Public"}, VisUnlisted},
		{[]string{followers}, nil, VisFollowers},
		{[]string{me}, []string{followers}, VisFollowers},
		{[]string{"https://b.example/u/followers"}, nil, VisDirect},
		{[]string{me}, nil, VisDirect},
		{nil, nil, VisDirect},
	} {
		if got := VisibilityOf(c.to, c.cc, followers); got != c.want {
			t.Errorf("to %v cc %v: %s, want %s", c.to, c.cc, got, c.want)
		}
	}
	if VisibilityOf([]string{""}, nil, "") != VisDirect {
		t.Error("an author without followers collection has followers-only posts")
	}
	n := &Note{To: []string{me}}
	if n.Visibility(followers, me) != VisLimited {
		t.Error("addressed without a mention is not limited")
	}
	n.Mentions = []Mention{{Href: me}}
	if n.Visibility(followers, me) != VisDirect {
		t.Error("mentioned is not direct")
	}
	if !VisPublic.Wider(VisUnlisted) || VisDirect.Wider(VisFollowers) || VisFollowers.Wider(VisFollowers) {
		t.Error("widths are not in order")
	}
}

func TestAudienceIsReadBackAsWritten(t *testing.T) {
	const followers, bob = "https://a.example/u/followers", "https://b.example/bob"
	for _, vis := range []Visibility{VisPublic, VisUnlisted, VisFollowers, VisDirect} {
		to, cc := Audience(vis, followers, []string{bob})
		if got := VisibilityOf(to, cc, followers); got != vis {
			t.Errorf("%s reads as %s", vis, got)
		}
		if !slices.Contains(append(to, cc...), bob) || to == nil || cc == nil {
			t.Errorf("%s: to %v cc %v", vis, to, cc)
		}
		if vis == VisDirect && slices.Contains(append(to, cc...), followers) {
			t.Error("a direct post goes to followers")
		}
	}
}
