package httpsig

import (
	"bytes"
	"net/http"
	"testing"
	"time"
)

func FuzzCavageHeader(f *testing.F) {
	for _, s := range []string{cavageC1, cavageC2, cavageC3, "", `keyId="a`, `keyId=a,signature=AAAA`, `a="\"",`, `keyId="x",headers="",signature="AAAA"`,
		`keyId="x",headers="(created)",created=1,signature="AAAA"`, `keyId="x",created=1.5,signature="AAAA"`, "keyId=\"x\" , signature=\"AA\nAA\""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		p, err := parseCavageHeader(header)
		if err != nil {
			return
		}
		if p.keyID == "" || len(p.signature) == 0 || len(p.headers) == 0 {
			t.Errorf("%q read as %+v", header, p)
		}
		r := post()
		r.Header.Set("Signature", header)
		if s, err := Parse(r, us(body)); err == nil && s.Verify(edKey().Public()) == nil {
			t.Errorf("%q passes", header)
		}
	})
}

func FuzzSignatureInput(f *testing.F) {
	for _, s := range []string{`sig1=("@method" "@target-uri");created=1;keyid="k"`, `a=()`, `a=1,b;c="\\\"",d=(a b;x=?0 :AAAA:)`, `a=:AA:`, `a=-999999999999999`,
		`a=1.5`, `*=*;*`, `a=(`, `a="`, `a=?2`, "a=(\t)", `a, a`, `a,`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		dict, err := parseDictionary(header)
		if err != nil {
			return
		}
		// What was read, written out and read again, is the same.
		var out []byte
		for i, m := range dict {
			if i > 0 {
				out = append(out, ", "...)
			}
			out = appendMember(out, m)
		}
		again, err := parseDictionary(string(out))
		if err != nil || len(again) != len(dict) {
			t.Fatalf("%q written as %q: %v", header, out, err)
		}
		var twice []byte
		for i, m := range again {
			if i > 0 {
				twice = append(twice, ", "...)
			}
			twice = appendMember(twice, m)
		}
		if !bytes.Equal(out, twice) {
			t.Errorf("%q written as %q, then %q", header, out, twice)
		}
		r := post()
		r.Header = http.Header{"Signature-Input": {header}, "Signature": {"sig1=:AAAA:"}}
		if s, err := Parse(r, us(nil)); err == nil && s.Verify(edKey().Public()) == nil {
			t.Errorf("%q passes", header)
		}
	})
}

func appendMember(b []byte, m member) []byte {
	b = append(append(b, m.key...), '=')
	if !m.isList {
		return appendParams(appendBare(b, m.value), m.params)
	}
	b = append(b, '(')
	for i, it := range m.list {
		if i > 0 {
			b = append(b, ' ')
		}
		b = appendParams(appendBare(b, it.value), it.params)
	}
	return appendParams(append(b, ')'), m.params)
}

// Whatever a server asks for, what is signed for it is a signature that passes.
func FuzzAcceptSignature(f *testing.F) {
	for _, s := range []string{
		`sig1=("@method" "@target-uri" "content-digest");created`, `a=("@status"), b=("@method" "@path" "@query" "host" "content-digest");nonce="\"";tag="t";expires`,
		`a=()`, `a`, `a=("@method";req)`, `a=("date" "@method" "@request-target" "@authority" "content-digest" "content-length")`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		list, err := ParseAcceptSignature(header)
		if err != nil {
			return
		}
		body := []byte("{}")
		r, err := http.NewRequest(http.MethodPost, "https://peer.example/inbox?q=1", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		now := time.Unix(1_800_000_000, 0)
		if err := (Signer{KeyID: "https://us.example/u#k", Key: edKey()}).SignWanted(r, body, now, list); err != nil {
			return
		}
		s, err := Parse(r, Options{Host: "peer.example", Body: body, Now: now})
		if err != nil || s.Verify(edKey().Public()) != nil {
			t.Errorf("%q was signed as %q: %v", header, r.Header.Get("Signature-Input"), err)
		}
	})
}

func FuzzMultikey(f *testing.F) {
	for _, s := range []string{"z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2", "z", "z111", "z6Mk", "u7QG", "zQ3sh"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if raw, err := decode58(s); err == nil && len(s) < maxMultikey && encode58(raw) != s {
			t.Errorf("%q comes back as %q", s, encode58(raw))
		}
		key, err := ParseMultikey(s)
		if err != nil {
			return
		}
		if got, err := EncodeMultikey(key); err != nil || got != s {
			t.Errorf("%q comes back as %q, %v", s, got, err)
		}
	})
}
