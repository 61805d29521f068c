package httpsig

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The request, key and signatures of draft-cavage-12 appendix C. Its key has
// 1024 bits, so the vectors are checked below CheckKey.
const (
	cavageRequest = "POST /foo?param=value&pet=dog HTTP/1.1\r\nHost: example.com\r\n" +
		"Date: Sun, 05 Jan 2014 21:31:40 GMT\r\nContent-Type: application/json\r\n" +
		"Digest: SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=\r\nContent-Length: 18\r\n\r\n{\"hello\": \"world\"}"
	cavagePEM = `-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDCFENGw33yGihy92pDjZQhl0C3
6rPJj+CvfSC8+q28hxA161QFNUd13wuCTUcq0Qd2qsBe/2hFyc2DCJJg0h1L78+6
Z4UMR7EOcpfdUE9Hf3m/hs+FUR45uBJeDK1HSFHD8bHKD6kv8FPGfJTotc+2xjJw
oYi+1hqp1fIekaxsyQIDAQAB
-----END PUBLIC KEY-----`
	cavageC1 = `keyId="Test",algorithm="rsa-sha256",signature="SjWJWbWN7i0wzBvtPl8rbASWz5xQW6mcJmn+ibttBqtifLN7Sazz` +
		`6m79cNfwwb8DMJ5cou1s7uEGKKCs+FLEEaDV5lp7q25WqS+lavg7T8hc0GppauB6hbgEKTwblDHYGEtbGmtdHgVCk9SuS13F0hZ8FD0k/5OxEPXe5WozsbM="`
	cavageC2 = `keyId="Test",algorithm="rsa-sha256",headers="(request-target) host date", signature="qdx+H7PHHDZgy4` +
		`y/Ahn9Tny9V3GP6YgBPyUXMmoxWtLbHpUnXS2mg2+SbrQDMCJypxBLSPQR2aAjn7ndmw2iicw3HMbe8VfEdKFYRqzic+efkb3nndiv/x1xSHDJWeSWkx3ButlYSuBskLu6kd9Fswtemr3lgdDEmn04swr2Os0="`
	// C.3 lists (created) and (expires) in the draft, but was signed without them.
	cavageC3 = `keyId="Test",algorithm="rsa-sha256",created=1402170695, expires=1402170699,` +
		`headers="(request-target) host date content-type digest content-length", signature="vSdrb+dS3EceC9bcwHSo4MlyKS59iFIrhgYkz8+oVLEEzmYZZvRs` +
		`8rgOp+63LEM3v+MFHB32NfpB2bEKBIvB1q52LaEUHFv120V01IL+TAD48XaERZFukWgHoBTLMhYS2Gb51gWxpeIq8knRmPnYePbF5MOkR0Zkly4zKH7s1dE="`
)

func readRequest(t *testing.T, raw string) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCavageAppendixC(t *testing.T) {
	block, _ := pem.Decode([]byte(cavagePEM))
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	for name, header := range map[string]string{"C.1": cavageC1, "C.2": cavageC2, "C.3": cavageC3} {
		m := newMessage(readRequest(t, cavageRequest), Options{Body: []byte(`{"hello": "world"}`)})
		p, err := parseCavageHeader(header)
		if err != nil {
			t.Fatal(name, err)
		}
		base, err := m.cavageBase(p, m.path+m.query)
		if err != nil {
			t.Fatal(name, err)
		}
		if !verifyBase(key, base, p.signature) {
			t.Errorf("%s does not verify over\n%s", name, base)
		}
		if err := checkDigest(m.r.Header.Get("Digest"), m.o.Body); err != nil {
			t.Error(name, err)
		}
	}
	if _, err := ParsePublicKey(cavagePEM); err == nil {
		t.Error("the draft's 1024-bit key is accepted")
	}
}

// The request of RFC 9421 appendix B.2.
const rfcRequest = "POST /foo?param=Value&Pet=dog HTTP/1.1\r\nHost: example.com\r\n" +
	"Date: Tue, 20 Apr 2021 02:07:55 GMT\r\nContent-Type: application/json\r\n" +
	"Content-Digest: sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:\r\n" +
	"Content-Length: 18\r\n\r\n{\"hello\": \"world\"}"

func TestRFC9421AppendixB26(t *testing.T) {
	const header = `sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"`
	const wantBase = `"date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@authority": example.com
"content-type": application/json
"content-length": 18
"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"`
	const wantSig = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
	seed, _ := base64.RawURLEncoding.DecodeString("n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU")
	pub, _ := base64.RawURLEncoding.DecodeString("JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs")

	m := newMessage(readRequest(t, rfcRequest), Options{Host: "example.com", Body: []byte(`{"hello": "world"}`)})
	in, err := parseSignatureInput(header)
	if err != nil {
		t.Fatal(err)
	}
	base, err := m.signatureBase(in)
	if err != nil || base != wantBase {
		t.Fatalf("base is\n%s\nwant\n%s\n%v", base, wantBase, err)
	}
	sig, err := parseSignatureValue("sig-b26=:"+wantSig+":", "sig-b26")
	if err != nil || !verifyBase(ed25519.PublicKey(pub), base, sig) {
		t.Error("B.2.6 does not verify", err)
	}
	ours, err := Signer{KeyID: "x", Key: ed25519.NewKeyFromSeed(seed)}.sign(base)
	if err != nil || !bytes.Equal(ours, sig) {
		t.Error("B.2.6 is signed differently", err)
	}
}

// B.2.3 is signed with RSASSA-PSS, which nobody in the fediverse uses; its
// signature base shows every kind of component.
func TestRFC9421AppendixB23Base(t *testing.T) {
	const list = `("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"`
	const want = `"date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@query": ?param=Value&Pet=dog
"@authority": example.com
"content-type": application/json
"content-digest": sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:
"content-length": 18
"@signature-params": ` + list
	m := newMessage(readRequest(t, rfcRequest), Options{Host: "example.com", Body: []byte(`{"hello": "world"}`)})
	in, err := parseSignatureInput("sig-b23=" + list)
	if err != nil {
		t.Fatal(err)
	}
	if base, err := m.signatureBase(in); err != nil || base != want {
		t.Errorf("base is\n%s\nwant\n%s\n%v", base, want, err)
	}
	header, _ := m.field("content-digest")
	mustPass(t, checkContentDigest(header, m.o.Body))
}

func TestRFC9421DerivedComponents(t *testing.T) {
	r := readRequest(t, "GET http://Example.COM:443/path?a=b HTTP/1.1\r\nHost: Example.COM:443\r\nX-Two:  a \r\nX-Two: b\r\n\r\n")
	m := newMessage(r, Options{Host: "example.com", Now: time.Now()})
	for name, want := range map[string]string{
		"@method": "GET", "@target-uri": "https://example.com/path?a=b", "@authority": "example.com", "@scheme": "https",
		"@request-target": "/path?a=b", "@path": "/path", "@query": "?a=b", "x-two": "a, b",
	} {
		if got, err := m.component(name); err != nil || got != want {
			t.Errorf("%s is %q, want %q (%v)", name, got, want, err)
		}
	}
	for _, name := range []string{"@status", "@query-param", "X-Two", "x-three", ""} {
		if _, err := m.component(name); err == nil {
			t.Errorf("component %q has a value", name)
		}
	}
	if got, _ := newMessage(get("/path"), us(nil)).component("@query"); got != "?" {
		t.Errorf("absent @query is %q", got)
	}
}

func TestMultikeyVectors(t *testing.T) {
	// FEP-521a's example, and the RSA example of the did:key method.
	key, err := ParseMultikey("z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2")
	if err != nil {
		t.Fatal(err)
	}
	if got := base64.RawURLEncoding.EncodeToString(append([]byte{0xed, 1}, key.(ed25519.PublicKey)...)); got != "7QGwDY2Tjn93PVFWWq02piP1NE9_XRlg-c8-jhJiDqKBDw" {
		t.Errorf("Ed25519 key is %s", got)
	}
	const multi = "z4MXj1wBzi9jUstyPMS4jQqB6KdJaiatPkAtVtGc6bQEQEEsKTic4G7Rou3iBf9vPmT5dbkm9qsZsuVNjq8HCuW1w24nhBFGkRE4cd2Uf2tfrB3N7h4mnyPp1BF3ZttHTYv3DLUPi1zMdkULiow3M1GfXkoC6DoxDUm1jmN6GBj22SjVsr6dxezRVQc7aj9TxE7JLbMH1wh5X3kA58H3DFW8rnYMakFGbca5CB2Jf6CnGQZmL7o5uJAdTwXfy2iiiyPxXEGerMhHwhjTA1mKYobyk2CpeEcmvynADfNZ5MBvcCS7m3XkFCMNUYBS9NQ3fze6vMSUPsNa6GVYmKx2x6JrdEjCk3qRMMmyjnjCMfR4pXbRMZa3i"
	key, err = ParseMultikey(multi)
	if err != nil {
		t.Fatal(err)
	}
	if n := hex.EncodeToString(key.(*rsa.PublicKey).N.Bytes()); !strings.HasPrefix(n, "b1b5fcd8d4d5e88ca5c4287b31f57886") {
		t.Errorf("RSA modulus is %s", n)
	}
	if got, err := EncodeMultikey(key); err != nil || got != multi {
		t.Errorf("written back as %s, %v", got, err)
	}
}
