package ap

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// benchCreate is a Create of about 5 KB, as Mastodon sends them.
var benchCreate = []byte(`{"@context":["https://www.w3.org/ns/activitystreams",{"ostatus":"http://ostatus.org#","atomUri":"ostatus:atomUri",` +
	`"inReplyToAtomUri":"ostatus:inReplyToAtomUri","conversation":"ostatus:conversation","sensitive":"as:sensitive","toot":"http://joinmastodon.org/ns#",` +
	`"votersCount":"toot:votersCount","blurhash":"toot:blurhash","focalPoint":{"@container":"@list","@id":"toot:focalPoint"},"Hashtag":"as:Hashtag"}],` +
	`"id":"https://social.example/users/ann/statuses/114700000000000001/activity","type":"Create","actor":"https://social.example/users/ann",` +
	`"published":"2026-01-02T03:04:05Z","to":["https://www.w3.org/ns/activitystreams#Public"],"cc":["https://social.example/users/ann/followers","https://b.example/users/bob"],` +
	`"object":{"id":"https://social.example/users/ann/statuses/114700000000000001","type":"Note","summary":null,"inReplyTo":null,"published":"2026-01-02T03:04:05Z",` +
	`"url":"https://social.example/@ann/114700000000000001","attributedTo":"https://social.example/users/ann","to":["https://www.w3.org/ns/activitystreams#Public"],` +
	`"cc":["https://social.example/users/ann/followers","https://b.example/users/bob"],"sensitive":false,"atomUri":"https://social.example/users/ann/statuses/114700000000000001",` +
	`"inReplyToAtomUri":null,"conversation":"tag:social.example,2026-01-02:objectId=1:objectType=Conversation",` +
	`"content":"` + strings.Repeat(`\u003cp\u003eWords of a post with \"quotes\", <a href=\"https://b.example/\">a link</a> and äöü.</p>`, 10) + `",` +
	`"contentMap":{"en":"` + strings.Repeat(`<p>Words of a post with 'quotes', <a href=\"https://b.example/\">a link</a> and äöü.</p>`, 10) + `"},` +
	`"attachment":[{"type":"Document","mediaType":"image/jpeg","url":"https://files.social.example/media/1.jpg","name":"A cat on a wall","blurhash":"LEHV6nWB2yk8pyo0adR*.7kCMdnj","focalPoint":[0.0,0.0],"width":1600,"height":1200}],` +
	`"tag":[{"type":"Mention","href":"https://b.example/users/bob","name":"@bob@b.example"},{"type":"Hashtag","href":"https://social.example/tags/cats","name":"#cats"}],` +
	`"replies":{"id":"https://social.example/users/ann/statuses/114700000000000001/replies","type":"Collection","first":{"type":"CollectionPage",` +
	`"next":"https://social.example/users/ann/statuses/114700000000000001/replies?only_other_accounts=true&page=true",` +
	`"partOf":"https://social.example/users/ann/statuses/114700000000000001/replies","items":[]}}},` +
	`"signature":{"type":"RsaSignature2017","creator":"https://social.example/users/ann#main-key","created":"2026-01-02T03:04:06Z","signatureValue":"` + strings.Repeat("abcdefgh", 43) + `"}}`)

func BenchmarkReadCreate(b *testing.B) {
	b.SetBytes(int64(len(benchCreate)))
	b.ReportAllocs()
	for b.Loop() {
		o, err := Parse(benchCreate)
		if err != nil {
			b.Fatal(err)
		}
		a, err := ReadActivity(o)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := ReadNote(a.Object); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMarshalCreate(b *testing.B) {
	n := sampleNote()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Marshal(NewActivity("Create", "c", "a", n, n.To, n.CC, noon)); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzActivity(f *testing.F) {
	f.Add(benchCreate)
	for _, seed := range []string{
		`{}`, `{"id":"a","type":["Create"],"actor":{"id":"a"},"object":[{"id":"b","type":"Note"}]}`, `{"a":"\ud83d\ude00\u0041","b":-1.5e3}`,
		`{"type":"Question","id":"https://a.example/","attributedTo":"b","oneOf":[{"name":"x","replies":{"totalItems":1e3}}],"closed":true}`,
		`{"type":"Person","id":"https://a.example/","inbox":"https://a.example/i","preferredUsername":"x","publicKey":[{"id":"k","publicKeyPem":"p"}]}`,
		`{"type":"OrderedCollection","first":{"orderedItems":{"@list":["x"]}},"totalItems":"3"}`,
	} {
		f.Add([]byte(seed))
	}
	if dir := os.Getenv("DASSIE_CORPUS"); dir != "" {
		files, _ := filepath.Glob(filepath.Join(dir, "*", "*", "*.json")) // the pattern is a good one
		for _, path := range files {
			if b, err := os.ReadFile(path); err == nil {
				f.Add(b)
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := Parse(b)
		if err != nil {
			return
		}
		if !json.Valid(b) {
			t.Fatal("taken, but not JSON")
		}
		IsKeyStub(o)
		write := func(v any) Object {
			out, err := Marshal(v)
			if err != nil {
				t.Fatalf("%T: %v", v, err)
			}
			again, err := Parse(out)
			if err != nil {
				if len(out) > MaxBytes {
					return nil
				}
				t.Fatalf("%T: our own bytes are refused: %v", v, err)
			}
			return again
		}
		if a, err := ReadActivity(o); err == nil {
			write(NewActivity("Undo", "u", "a", a.Raw, nil, nil, a.Published))
		}
		if n, err := ReadNote(o); err == nil {
			if again := write(n); again != nil {
				if m, err := ReadNote(again); err != nil || m.ID != n.ID || m.AttributedTo != n.AttributedTo {
					t.Fatalf("a note does not read back: %v", err)
				}
			}
		}
		if a, err := ReadActor(o); err == nil {
			write(a)
		}
		if c, err := ReadCollection(o); err == nil {
			write(c)
		}
	})
}

func FuzzResource(f *testing.F) {
	for _, seed := range []string{
		"acct:a@b.example", "acct:@a@b.example", "https://b.example/@a", "http://a.localhost:8080/", "a@bücher.example", "acct:a@b:443",
		"acct:h.example@h.example", "https://a@b/", `https://a\@b/`, "acct:a@[::1]", "acct:a@b.example.", "@a@127.1", "a@１２７。1", "a@0000000.\xbc",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseResource(s)
		if err != nil {
			if r != (Resource{}) {
				t.Fatalf("%q: an error and %+v", s, r)
			}
			return
		}
		if r.URL != "" {
			if Host(r.URL) == "" || !SameOrigin(r.URL, r.URL) {
				t.Fatalf("%q: URL without an origin", s)
			}
			return
		}
		user, host, err := ParseHandle("@" + r.User + "@" + r.Host)
		if err != nil || user != r.User || host != r.Host {
			t.Fatalf("%q: %+v is not canonical: %q %q %v", s, r, user, host, err)
		}
		if strings.ContainsAny(r.User+r.Host, "/\\?#@<>\"'& \r\n\x00") {
			t.Fatalf("%q: unsafe %+v", s, r)
		}
	})
}
