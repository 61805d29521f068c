package ap

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadActivityShapes(t *testing.T) {
	a, err := ReadActivity(mustParse(t, `{"type":"Create","actor":{"id":"https://a.example/u"},"object":{"id":"https://a.example/1","type":"Note"},"to":"as:Public"}`))
	if err != nil || a.Actor != "https://a.example/u" || a.ObjectID != "https://a.example/1" || a.Object.Type() != "Note" || !IsPublic(a.To[0]) {
		t.Errorf("%+v, %v", a, err)
	}
	a, err = ReadActivity(mustParse(t, `{"id":"https://a.example/x","type":"Accept","actor":"https://a.example/u","object":"https://b.example/f"}`))
	if err != nil || a.Object != nil || a.ObjectID != "https://b.example/f" {
		t.Errorf("%+v, %v", a, err)
	}
	// misskey#2812: an embedded Follow without an id is still there to be matched.
	a, err = ReadActivity(mustParse(t, `{"type":"Accept","actor":"https://a.example/u","object":{"type":"Follow","actor":"https://b.example/u","object":"https://a.example/u"}}`))
	if err != nil || a.Object.FirstID("actor") != "https://b.example/u" || a.ObjectID != "" {
		t.Errorf("%+v, %v", a, err)
	}
	for _, s := range []string{
		`{"type":"Create"}`, `{"actor":"https://a.example/u"}`, `{"type":"Note","actor":"https://a.example/u"}`,
		`{"type":"Person","actor":"https://a.example/u"}`, `{"type":["",null,3],"actor":"https://a.example/u"}`,
	} {
		if _, err := ReadActivity(mustParse(t, s)); !errors.Is(err, ErrShape) {
			t.Errorf("%s: %v", s, err)
		}
	}
}

// The embedded object and the object's id must be of the same thing.
func TestReadActivityObjectAndIDBelongTogether(t *testing.T) {
	a, err := ReadActivity(mustParse(t, `{"type":"Delete","actor":"https://a.example/u","object":["https://a.example/1",{"id":"https://a.example/2","type":"Note"}]}`))
	if err != nil || a.ObjectID != "https://a.example/1" || a.Object != nil || len(a.Objects) != 1 {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestReadActorRefusals(t *testing.T) {
	for _, s := range []string{
		`{"id":"https://a.example/u","type":"Person","preferredUsername":"u"}`,
		`{"id":"https://a.example/u","type":"Person","preferredUsername":"u","inbox":null}`,
		`{"id":"https://a.example/u","type":"Person","preferredUsername":"u","inbox":"javascript:x"}`,
		`{"type":"Person","preferredUsername":"u","inbox":"https://a.example/i"}`,
		`{"id":"tag:a.example","type":"Person","preferredUsername":"u","inbox":"https://a.example/i"}`,
		`{"id":"https://a.example/u","type":"Person","inbox":"https://a.example/i"}`,
		`{"id":"https://a.example/u","type":"Note","preferredUsername":"u","inbox":"https://a.example/i"}`,
	} {
		if _, err := ReadActor(mustParse(t, s)); !errors.Is(err, ErrShape) {
			t.Errorf("%s: %v", s, err)
		}
	}
	a, err := ReadActor(mustParse(t, `{"id":"https://a.example/u","type":"Person","webfinger":"u@a.example","inbox":"https://a.example/i","indexable":false}`))
	if err != nil || a.WebFinger != "u@a.example" || a.Indexable == nil || *a.Indexable || a.Discoverable != nil {
		t.Errorf("%+v, %v", a, err)
	}
}

// GoToSocial serves this at the id of a key; it is no actor that can be stored.
func TestKeyStubIsRecognised(t *testing.T) {
	stub := mustParse(t, `{"id":"https://gts.example/users/x","type":"Person","preferredUsername":"x",
		"publicKey":{"id":"https://gts.example/users/x/main-key","owner":"https://gts.example/users/x","publicKeyPem":"PEM"}}`)
	if !IsKeyStub(stub) {
		t.Error("a stub is taken for an actor")
	}
	if _, err := ReadActor(stub); err == nil {
		t.Error("a stub is read as an actor")
	}
	keys, _ := ReadKeys(stub)
	if d := cmp.Diff([]Key{{"https://gts.example/users/x/main-key", "https://gts.example/users/x", "PEM"}}, keys); d != "" {
		t.Error(d)
	}
	if !IsKeyStub(mustParse(t, `{"id":"https://a.example/u#k","type":"Key","owner":"https://a.example/u","publicKeyPem":"PEM"}`)) {
		t.Error("a bare key is not recognised")
	}
	if IsKeyStub(mustParse(t, `{"id":"https://a.example/u","type":"Person","inbox":"https://a.example/i","publicKey":{"id":"k","publicKeyPem":"PEM"}}`)) {
		t.Error("an actor is taken for a stub")
	}
}

func TestReadCollectionShapes(t *testing.T) {
	c, err := ReadCollection(mustParse(t, `{"id":"https://a.example/c","type":"OrderedCollection","totalItems":3,
		"first":{"type":"OrderedCollectionPage","orderedItems":["https://a.example/1",{"id":"https://a.example/2"}],"next":"https://a.example/c?p=2"}}`))
	if err != nil || c.TotalItems != 3 || c.FirstPage.Next != "https://a.example/c?p=2" {
		t.Fatalf("%+v, %v", c, err)
	}
	if d := cmp.Diff([]string{"https://a.example/1", "https://a.example/2"}, c.FirstPage.ItemIDs()); d != "" {
		t.Error(d)
	}
	c, err = ReadCollection(mustParse(t, `{"type":"CollectionPage","items":"https://a.example/1"}`)) // one item, collapsed
	if err != nil || len(c.Items) != 1 || c.TotalItems != -1 {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := ReadCollection(mustParse(t, `{"type":"Note"}`)); !errors.Is(err, ErrShape) {
		t.Errorf("a Note is a collection: %v", err)
	}
}

func TestVotesOfAnActivity(t *testing.T) {
	vote := func(name, more string) string {
		return `{"id":"https://a.example/v","type":"Note","attributedTo":"https://a.example/u","inReplyTo":"https://b.example/q","name":"` + name + `"` + more + `}`
	}
	for objects, want := range map[string][]string{
		vote("tea", ""):                            {"tea"},
		vote("tea", `,"content":"","to":"x"`):      {"tea"},
		vote("tea", `,"content":"<p>A title</p>"`): nil,
		vote("tea", `,"contentMap":{"en":"text"}`): nil,
		vote("", ""): nil,
		vote(" tea ", "") + "," + vote("cocoa", ""):                                     {" tea ", "cocoa"},
		`"https://a.example/v",` + vote("tea", ""):                                      {"tea"},
		strings.Replace(vote("tea", ""), "example/u", "example/other", 1):               nil,
		strings.Replace(vote("tea", ""), `"id"`, `"url"`, 1):                            nil,
		strings.Replace(vote("tea", ""), "Note", "Article", 1):                          nil,
		vote("1", "") + "," + vote("2", "") + "," + vote("3", "") + "," + vote("4", ""): {"1", "2", "3"},
	} {
		a, err := ReadActivity(mustParse(t, `{"type":"Create","actor":"https://a.example/u","object":[`+objects+`]}`))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, v := range a.Votes(3) {
			got = append(got, v.Choice)
			if v.Poll != "https://b.example/q" || v.ID != "https://a.example/v" {
				t.Errorf("%s: %+v", objects, v)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", objects, d)
		}
	}
}
