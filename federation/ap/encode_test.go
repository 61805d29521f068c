package ap

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sent marshals v and gives it back without @context, as text.
func sent(t testing.TB, v any) string {
	t.Helper()
	b, err := Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	o := mustParse(t, string(b))
	if !HasContext(o) || strings.Count(string(b), `"@context"`) != 1 || strings.HasSuffix(string(b), "\n") {
		t.Errorf("@context is not exactly at the top: %s", b)
	}
	_, rest, ok := strings.Cut(string(b), contextFor(wire(v)))
	if !ok {
		t.Fatalf("the context is not the expected one: %s", b)
	}
	return "{" + strings.TrimPrefix(rest, ",")
}

var noon = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.FixedZone("x", 3600))

func sampleNote() *Note {
	to, cc := Audience(VisPublic, "https://a.example/users/x/followers", []string{"https://b.example/users/bob"})
	return &Note{
		ID: "https://a.example/posts/1", AttributedTo: "https://a.example/users/x", URL: "https://a.example/@ann/1",
		To: to, CC: cc, Published: noon, Content: "<p>Hi <b>&amp;</b></p>", Language: "en",
		Context: "https://a.example/contexts/1", Conversation: "https://a.example/contexts/1",
		Source:   &Source{"Hi **&**", "text/markdown"},
		Mentions: []Mention{{"https://b.example/users/bob", "@bob@b.example"}}, Hashtags: []Hashtag{{"Año", "https://a.example/tags/año"}},
		Attachments: []Attachment{{MediaType: "image/jpeg", URL: "https://a.example/media/1.jpg", Name: "a cat", Width: 4, Height: 3, FocalY: 0.5}},
		Replies: &Collection{ID: "https://a.example/posts/1/replies", Type: "Collection", TotalItems: -1, FirstPage: &Collection{
			Type: "CollectionPage", PartOf: "https://a.example/posts/1/replies", TotalItems: -1, Items: []any{}}},
		LikesID: "https://a.example/posts/1/likes", LikesCount: 2, SharesID: "https://a.example/posts/1/shares",
	}
}

func TestWhatWeSend(t *testing.T) {
	closed := noon.Add(time.Hour)
	for name, c := range map[string]struct {
		v    any
		want string
	}{
		"note": {sampleNote(), `{"id":"https://a.example/posts/1","type":"Note","attributedTo":"https://a.example/users/x",` +
			`"published":"2026-01-02T02:04:05Z","url":"https://a.example/@ann/1","to":["https://www.w3.org/ns/activitystreams#Public"],` +
			`"cc":["https://a.example/users/x/followers","https://b.example/users/bob"],"context":"https://a.example/contexts/1",` +
			`"conversation":"https://a.example/contexts/1","sensitive":false,"content":"<p>Hi <b>&amp;</b></p>",` +
			`"contentMap":{"en":"<p>Hi <b>&amp;</b></p>"},"source":{"content":"Hi **&**","mediaType":"text/markdown"},` +
			`"attachment":[{"type":"Document","mediaType":"image/jpeg","url":"https://a.example/media/1.jpg","name":"a cat","width":4,"height":3,"focalPoint":[0,0.5]}],` +
			`"tag":[{"type":"Mention","href":"https://b.example/users/bob","name":"@bob@b.example"},{"type":"Hashtag","href":"https://a.example/tags/año","name":"#Año"}],` +
			`"replies":{"id":"https://a.example/posts/1/replies","type":"Collection","first":{"type":"CollectionPage","partOf":"https://a.example/posts/1/replies","items":[]}},` +
			`"likes":{"id":"https://a.example/posts/1/likes","type":"Collection","totalItems":2},"shares":{"id":"https://a.example/posts/1/shares","type":"Collection","totalItems":0}}`},
		"bare note": {&Note{ID: "i", AttributedTo: "a", DirectMessage: true},
			`{"id":"i","type":"Note","attributedTo":"a","to":[],"cc":[],"sensitive":false,"content":"","attachment":[],"tag":[],"directMessage":true}`},
		"vote": {&Note{ID: "i", Kind: "Note", AttributedTo: "a", Name: "tea", InReplyTo: "q", To: []string{"b"}},
			`{"id":"i","type":"Note","attributedTo":"a","to":["b"],"inReplyTo":"q","name":"tea"}`},
		"poll": {&Note{ID: "i", Kind: "Question", AttributedTo: "a", Content: "?", Poll: &Poll{Options: []PollOption{{"tea", 3}}, EndTime: closed, Closed: true, VotersCount: 3}},
			`{"id":"i","type":"Question","attributedTo":"a","to":[],"cc":[],"sensitive":false,"content":"?","attachment":[],"tag":[],` +
				`"oneOf":[{"type":"Note","name":"tea","replies":{"type":"Collection","totalItems":3}}],"endTime":"2026-01-02T03:04:05Z","closed":"2026-01-02T03:04:05Z","votersCount":3}`},
		"hidden poll": {&Note{ID: "i", Kind: "Question", AttributedTo: "a", Poll: &Poll{Multiple: true, Options: []PollOption{{"tea", 3}}, Hidden: true, VotersCount: -1}},
			`{"id":"i","type":"Question","attributedTo":"a","to":[],"cc":[],"sensitive":false,"content":"","attachment":[],"tag":[],"anyOf":[{"type":"Note","name":"tea"}]}`},
		"create": {NewActivity("Create", "https://a.example/posts/1/activity", "https://a.example/users/x", &Note{ID: "i", AttributedTo: "a"}, []string{Public}, []string{}, noon),
			`{"id":"https://a.example/posts/1/activity","type":"Create","actor":"https://a.example/users/x","published":"2026-01-02T02:04:05Z",` +
				`"to":["https://www.w3.org/ns/activitystreams#Public"],"cc":[],"object":{"id":"i","type":"Note","attributedTo":"a","to":[],"cc":[],"sensitive":false,"content":"","attachment":[],"tag":[]}}`},
		"delete": {NewActivity("Delete", "d", "a", &Tombstone{ID: "i", FormerType: "Note", Deleted: noon}, []string{Public}, nil, time.Time{}),
			`{"id":"d","type":"Delete","actor":"a","to":["https://www.w3.org/ns/activitystreams#Public"],"object":{"id":"i","type":"Tombstone","formerType":"Note","deleted":"2026-01-02T02:04:05Z"}}`},
		"follow": {NewActivity("Follow", "f", "a", "b", nil, nil, time.Time{}), `{"id":"f","type":"Follow","actor":"a","object":"b"}`},
		"undo": {NewActivity("Undo", "u", "a", NewActivity("Follow", "f", "a", "b", nil, nil, time.Time{}), nil, nil, time.Time{}),
			`{"id":"u","type":"Undo","actor":"a","object":{"id":"f","type":"Follow","actor":"a","object":"b"}}`},
		"accept": {NewActivity("Accept", "x", "a", mustParse(t, `{"@context":"https://www.w3.org/ns/activitystreams","id":"f","type":"Follow","actor":"b","object":"a","bto":["s"],"signature":{"type":"RsaSignature2017"}}`), nil, nil, time.Time{}),
			`{"id":"x","type":"Accept","actor":"a","object":{"actor":"b","id":"f","object":"a","type":"Follow"}}`},
		"flag":       {NewActivity("Flag", "x", "a", []string{"u", "p"}, nil, nil, time.Time{}), `{"id":"x","type":"Flag","actor":"a","object":["u","p"]}`},
		"move":       {&Message{ID: "m", Type: "Move", Actor: "a", Object: "a", Target: "b"}, `{"id":"m","type":"Move","actor":"a","object":"a","target":"b"}`},
		"collection": {&Collection{ID: "c", Type: "OrderedCollection", TotalItems: 5, First: "c?page=1"}, `{"id":"c","type":"OrderedCollection","totalItems":5,"first":"c?page=1"}`},
		"empty":      {&Collection{ID: "c", Type: "OrderedCollection", Items: []any{}}, `{"id":"c","type":"OrderedCollection","totalItems":0,"orderedItems":[]}`},
		"page": {&Collection{ID: "p", Type: "OrderedCollectionPage", PartOf: "c", Next: "n", TotalItems: -1, Items: []any{"x", NewActivity("Announce", "b", "a", "o", nil, nil, time.Time{})}},
			`{"id":"p","type":"OrderedCollectionPage","partOf":"c","next":"n","orderedItems":["x",{"id":"b","type":"Announce","actor":"a","object":"o"}]}`},
		"tombstone": {&Tombstone{ID: "i"}, `{"id":"i","type":"Tombstone"}`},
	} {
		if d := cmp.Diff(c.want, sent(t, c.v)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestWhatWeSendOfTheActor(t *testing.T) {
	yes, no := true, false
	a := &Actor{
		ID: "https://a.example/users/x", Type: "Person", PreferredUsername: "ann", WebFinger: "ann@example.org", Name: "Ann", Summary: "<p>hi</p>",
		Inbox: "https://a.example/inbox", SharedInbox: "https://a.example/inbox", Featured: "https://a.example/users/x/featured",
		PublicKeys:                []Key{{"https://a.example/users/x#main-key", "https://a.example/users/x", "PEM"}},
		Multikeys:                 []Multikey{{"https://a.example/users/x#ed25519-key", "https://a.example/users/x", "z6Mk"}},
		ManuallyApprovesFollowers: true, Discoverable: &yes, Indexable: &no, Published: noon,
		Icon: Image{URL: "https://a.example/i.png", MediaType: "image/png"}, Fields: []Field{{"Site", "<a>x</a>"}},
	}
	want := `{"id":"https://a.example/users/x","type":"Person","preferredUsername":"ann","webfinger":"ann@example.org","name":"Ann","summary":"<p>hi</p>",` +
		`"inbox":"https://a.example/inbox","featured":"https://a.example/users/x/featured","endpoints":{"sharedInbox":"https://a.example/inbox"},` +
		`"icon":{"type":"Image","mediaType":"image/png","url":"https://a.example/i.png"},` +
		`"publicKey":{"id":"https://a.example/users/x#main-key","owner":"https://a.example/users/x","publicKeyPem":"PEM"},` +
		`"assertionMethod":[{"id":"https://a.example/users/x#ed25519-key","type":"Multikey","controller":"https://a.example/users/x","publicKeyMultibase":"z6Mk"}],` +
		`"manuallyApprovesFollowers":true,"discoverable":true,"indexable":false,"published":"2026-01-02T02:04:05Z",` +
		`"attachment":[{"type":"PropertyValue","name":"Site","value":"<a>x</a>"}],"tag":[]}`
	if d := cmp.Diff(want, sent(t, a)); d != "" {
		t.Error(d)
	}
	b, err := Marshal(NewActivity("Update", "u", a.ID, a, []string{Public}, nil, time.Time{}))
	if err != nil || !strings.Contains(string(b), `"@id":"https://w3id.org/security#assertionMethod"`) || !strings.Contains(string(b), "security/multikey/v1") {
		t.Errorf("an Update of the actor lacks the actor's context: %s, %v", b, err)
	}
	again, err := ReadActor(mustParse(t, sent(t, a)))
	if err != nil {
		t.Fatal(err)
	}
	a.Published = a.Published.UTC().Truncate(time.Second)
	if d := cmp.Diff(a, again); d != "" {
		t.Errorf("what we send does not read back: %s", d)
	}
}

// A term that is not defined vanishes when the document is processed as JSON-LD.
func TestEveryTermWeSendIsDefined(t *testing.T) {
	as2 := strings.Fields(`id type actor object target to cc published updated attributedTo content contentMap name summary url href mediaType inReplyTo
		context attachment tag icon image width height replies likes shares first next prev last partOf items orderedItems totalItems oneOf anyOf endTime
		closed source result instrument preferredUsername inbox outbox followers following endpoints sharedInbox formerType deleted en
		publicKey owner publicKeyPem controller publicKeyMultibase`)
	n := sampleNote()
	n.Quote, n.QuoteAuthorization, n.DirectMessage = "https://b.example/q", "https://b.example/s", true
	n.Poll = &Poll{Options: []PollOption{{"a", 1}}, VotersCount: 1}
	n.Emojis = []Emoji{{ID: "https://a.example/e", Shortcode: "e", IconURL: "https://a.example/e.png", Updated: noon}}
	n.InteractionPolicy = Object{"canQuote": Object{"automaticApproval": []any{Public}, "manualApproval": []any{}}, "canLike": Object{"always": []any{Public}}}
	n.Attachments[0].Blurhash = "LEHV6nWB2yk8"
	yes := true
	a := &Actor{ID: "https://a.example/u", Type: "Person", Discoverable: &yes, Indexable: &yes, Suspended: true, Memorial: true, FeaturedTags: "https://a.example/t",
		Featured: "https://a.example/f", AlsoKnownAs: []string{"https://b.example/u"}, MovedTo: "https://b.example/u", WebFinger: "a@a.example",
		Multikeys: []Multikey{{"k", "u", "z"}}, Fields: []Field{{"a", "b"}}, Hashtags: []Hashtag{{"x", ""}}, Emojis: n.Emojis,
		InteractionPolicy: n.InteractionPolicy, AttributionDomains: []string{"a.example"}}
	ask := &Message{ID: "https://a.example/r", Type: "QuoteRequest", Actor: "https://a.example/u", Object: "https://b.example/q", Instrument: n.Encode()}
	sent := []any{n, a, ask}
	for _, kind := range []string{"Quote", "Reply", "Like", "Announce"} {
		request := Object{"id": "https://b.example/r", "type": kind + "Request", "actor": "https://b.example/u", "object": "https://a.example/p", "instrument": "https://b.example/i"}
		yes := NewActivity("Accept", "https://a.example/y", "https://a.example/u", request, []string{"https://b.example/u"}, nil, noon)
		yes.Result = "https://a.example/s"
		stamp := Object{"id": "https://a.example/s", "type": kind + "Authorization", "attributedTo": "https://a.example/u", "interactingObject": "https://b.example/i", "interactionTarget": "https://a.example/p"}
		sent = append(sent, yes, stamp, NewActivity("Delete", "https://a.example/d", "https://a.example/u", stamp, nil, nil, noon))
	}
	for _, v := range sent {
		b, err := Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var doc map[string]any
		if err := json.Unmarshal(b, &doc); err != nil {
			t.Fatal(err)
		}
		terms := slices.Clone(as2)
		for _, c := range doc["@context"].([]any) {
			if inline, ok := c.(map[string]any); ok {
				for term := range inline {
					terms = append(terms, term)
				}
			}
		}
		delete(doc, "@context")
		var walk func(v any)
		walk = func(v any) {
			switch v := v.(type) {
			case map[string]any:
				for k, inner := range v {
					if !slices.Contains(terms, k) {
						t.Errorf("%T: %s is sent without a definition", doc, k)
					}
					if k == "type" {
						if s := inner.(string); classes[s] == classUnknown || (s == "Hashtag" || s == "Emoji" || s == "PropertyValue" || isConsent(s)) && !slices.Contains(terms, s) {
							t.Errorf("type %s is sent without a definition", s)
						}
					}
					walk(inner)
				}
			case []any:
				for _, item := range v {
					walk(item)
				}
			}
		}
		walk(doc)
	}
}

func TestBlindAudienceIsNeverSent(t *testing.T) {
	o := Object{"id": "x", "type": "Note", "bto": "s", "object": map[string]any{"bcc": []any{"s"}, "list": []any{Object{"bto": "s"}}}}
	for _, v := range []any{o, NewActivity("Create", "c", "a", o, nil, nil, time.Time{}), &Collection{Type: "Collection", Items: []any{o}}} {
		b, err := Marshal(v)
		if err != nil || strings.Contains(string(b), "bto") || strings.Contains(string(b), "bcc") {
			t.Errorf("%s, %v", b, err)
		}
	}
	if o["bto"] != "s" {
		t.Error("the original was changed")
	}
}
