package httpsig

import (
	"bufio"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestT4_UnsignedSubsetsRefused(t *testing.T) {
	for name, headers := range map[string]string{
		"only date":                 "date",
		"no digest":                 "(request-target) host date",
		"digest present, unsigned":  "(request-target) host date content-type",
		"no request target":         "host date digest",
		"no host":                   "(request-target) date digest",
		"no time":                   "(request-target) host digest",
		"content-length for digest": "(request-target) host date content-length",
	} {
		_, err := Parse(cavageWith(t, post(), headers, "rsa-sha256", ""), us(body))
		if !errors.Is(err, ErrUncovered) {
			t.Errorf("POST with %s: %v", name, err)
		}
	}
	for _, headers := range []string{"date", "(request-target) date", "host date", "(request-target) host"} {
		_, err := Parse(cavageWith(t, get("/users/x"), headers, "rsa-sha256", ""), us(nil))
		if !errors.Is(err, ErrUncovered) {
			t.Errorf("GET with %s: %v", headers, err)
		}
	}
	for _, input := range []string{
		`();created=1795428000;keyid="k"`,
		`("@method" "@target-uri");created=1795428000;keyid="k"`,
		`("@target-uri" "content-digest");created=1795428000;keyid="k"`,
		`("@method" "content-digest");created=1795428000;keyid="k"`,
		`("@method" "@path" "content-digest");created=1795428000;keyid="k"`,
		`("@method" "@authority" "content-digest");created=1795428000;keyid="k"`,
		`("@method" "@target-uri" "content-digest");keyid="k"`,
	} {
		_, err := Parse(rfcWith(t, post(), input, rsaKey()), us(body))
		if !errors.Is(err, ErrUncovered) {
			t.Errorf("POST with %s: %v", input, err)
		}
	}
	// A path without its query is only part of the target.
	_, err := Parse(rfcWith(t, get("/a?b=c"), `("@method" "@authority" "@path");created=1795428000;keyid="k"`, rsaKey()), us(nil))
	wantErr(t, err, ErrUncovered)
	// A GET with a body has to sign it.
	_, err = Parse(signed(t, get("/"), Cavage, rsaKey(), nil), us([]byte("x")))
	wantErr(t, err, ErrUncovered)
	// Nothing at all.
	_, err = Parse(post(), us(body))
	wantErr(t, err, ErrMissing)
}

func TestT5_BodySwapped(t *testing.T) {
	other := []byte(`{"type":"Delete"}`)
	for _, scheme := range []Scheme{Cavage, RFC9421} {
		_, err := Parse(signed(t, post(), scheme, rsaKey(), body), us(other))
		wantErr(t, err, ErrDigest)
		_, err = Parse(signed(t, post(), scheme, rsaKey(), body), us(nil))
		wantErr(t, err, ErrDigest)
	}
	all := "(request-target) host date digest"
	with := func(values ...string) error {
		r := post()
		r.Header["Digest"] = values
		return check(cavageWith(t, r, all, "rsa-sha256", ""), us(body), rsaKey().Public())
	}
	wantErr(t, with("MD5=rL0Y20zC+Fzt72VPzMSk2A=="), ErrDigest)
	wantErr(t, with("SHA-256=!!!"), ErrMalformed)
	wantErr(t, with("SHA-256"), ErrMalformed)
	wantErr(t, with(sha256Header(other)+", "+sha256Header(body)), ErrMalformed)
	wantErr(t, with(sha256Header(body), sha256Header(other)), ErrMalformed)
	wantErr(t, with(sha256Header(other)+",MD5=rL0Y20zC+Fzt72VPzMSk2A=="), ErrDigest)
	mustPass(t, with("MD5=AAAA", sha256Header(body))) // the sha-256 decides

	for _, digest := range []string{"sha-256=:!!!:", "sha-256=:AAAA:", "sha-256=" + strings.Repeat("A", 43), "md5=:AAAA:", "sha-256=(:AAAA:)",
		contentDigest(other) + ", " + sha512Digest(body), contentDigest(body) + ", " + contentDigest(body)} {
		r := post()
		r.Header.Set("Content-Digest", digest)
		r = rfcWith(t, r, `("@method" "@target-uri" "content-digest");created=1795428000;keyid="k"`, rsaKey())
		wantErr(t, check(r, us(body), rsaKey().Public()), ErrDigest, ErrMalformed)
	}
}

func TestT6_TimeWindow(t *testing.T) {
	date := func(d time.Duration) *http.Request {
		r := post()
		r.Header.Set("Date", now.Add(d).Format(http.TimeFormat))
		return cavageWith(t, r, "(request-target) host date digest", "rsa-sha256", "")
	}
	times := func(created, expires time.Duration) (cavage, rfc *http.Request) {
		c, e := strconv.FormatInt(now.Add(created).Unix(), 10), ""
		cavageExtra := ",created=" + c
		if expires != 0 {
			e = strconv.FormatInt(now.Add(expires).Unix(), 10)
			cavageExtra += ",expires=" + e
			e = ";expires=" + e
		}
		return cavageWith(t, post(), "(request-target) host (created) digest", "hs2019", cavageExtra),
			rfcWith(t, post(), `("@method" "@target-uri" "content-digest");created=`+c+e+`;keyid="k"`, rsaKey())
	}
	for _, d := range []time.Duration{-59 * time.Minute, 0, 59 * time.Minute} {
		mustPass(t, check(date(d), us(body), rsaKey().Public()))
	}
	for _, d := range []time.Duration{-2 * time.Hour, -61 * time.Minute, 61 * time.Minute, 2 * time.Hour, 24 * 365 * time.Hour} {
		_, err := Parse(date(d), us(body))
		wantErr(t, err, ErrClock)
	}
	for _, c := range []struct{ created, expires time.Duration }{
		{-59 * time.Minute, 0}, {59 * time.Minute, 0}, {-12 * time.Hour, time.Minute}, {-time.Minute, 24 * time.Hour},
	} {
		a, b := times(c.created, c.expires)
		mustPass(t, check(a, us(body), rsaKey().Public()))
		mustPass(t, check(b, us(body), rsaKey().Public()))
	}
	for _, c := range []struct{ created, expires time.Duration }{
		{-13 * time.Hour, 1000 * time.Hour}, {-time.Hour, 0}, {2 * time.Hour, 3 * time.Hour}, {-10 * time.Minute, -time.Second}, {-time.Minute, -2 * time.Hour},
	} {
		a, b := times(c.created, c.expires)
		_, err := Parse(a, us(body))
		wantErr(t, err, ErrClock)
		_, err = Parse(b, us(body))
		wantErr(t, err, ErrClock)
	}
	for _, bad := range []string{"yesterday", "0", "-1", "+5", "1e9", "99999999999999999999"} {
		_, err := Parse(cavageWith(t, post(), "(request-target) host date digest", "hs2019", `,created="`+bad+`"`), us(body))
		wantErr(t, err, ErrMalformed)
	}
	r := post()
	r.Header.Set("Date", now.Add(-2*time.Hour).Format(http.TimeFormat))
	_, err := Parse(rfcWith(t, r, `("@method" "@target-uri" "content-digest" "date");created=1795428000;keyid="k"`, rsaKey()), us(body))
	wantErr(t, err, ErrClock)
	r = signed(t, post(), Cavage, rsaKey(), body)
	o := us(body)
	o.Now = time.Time{}
	_, err = Parse(r, o)
	wantErr(t, err, ErrClock)
}

func TestT6_ReplayIsRecognised(t *testing.T) {
	one := signed(t, post(), Cavage, rsaKey(), body)
	a, err := Parse(one, us(body))
	if err != nil {
		t.Fatal(err)
	}
	// Spelled differently, but the same signature.
	one.Header.Set("Signature", strings.ReplaceAll(one.Header.Get("Signature"), `",`, `" , `))
	b, err := Parse(one, us(body))
	if err != nil || a.ReplayKey() != b.ReplayKey() {
		t.Error("the same signature has two replay keys", err)
	}
	c, err := Parse(signed(t, get("/x"), Cavage, rsaKey(), nil), us(nil))
	if err != nil || a.ReplayKey() == c.ReplayKey() {
		t.Error("two signatures have one replay key", err)
	}
	o := us(body)
	o.Now = a.ValidUntil().Add(-time.Second)
	if _, err := Parse(one, o); err != nil {
		t.Error("before ValidUntil:", err)
	}
	o.Now = a.ValidUntil()
	_, err = Parse(one, o)
	wantErr(t, err, ErrClock)
}

func TestT6_SignedForAnotherServer(t *testing.T) {
	// As it came: the host header still names the other server.
	r := post()
	r.Host = "b.example"
	signed(t, r, Cavage, rsaKey(), body)
	_, err := Parse(r, us(body))
	wantErr(t, err, ErrHost)
	if want := `host signed was "b.example", we are "social.example.org"`; !strings.Contains(fmt.Sprint(err), want) {
		t.Errorf("the log would not tell: %v", err)
	}
	// With the host header rewritten to ours, the signature breaks.
	r.Host = "social.example.org"
	wantErr(t, check(r, us(body), rsaKey().Public()), ErrBadSignature)
	// Another path of ours.
	r = signed(t, post(), Cavage, rsaKey(), body)
	r.RequestURI = "/other"
	wantErr(t, check(r, us(body), rsaKey().Public()), ErrBadSignature)

	r = post()
	r.Host = "b.example"
	signed(t, r, RFC9421, rsaKey(), body)
	err = check(r, us(body), rsaKey().Public())
	wantErr(t, err, ErrBadSignature)
	if !strings.Contains(fmt.Sprint(err), "b.example") {
		t.Errorf("the log would not tell: %v", err)
	}
	r = signed(t, post(), RFC9421, rsaKey(), body)
	r.RequestURI = "/other"
	wantErr(t, check(r, us(body), rsaKey().Public()), ErrBadSignature)
}

func TestT7_DoubledHeadersRefused(t *testing.T) {
	double := func(name string, values ...string) *http.Request {
		r := signed(t, post(), Cavage, rsaKey(), body)
		r.Header[name] = append(values, r.Header[name]...)
		return r
	}
	other := signed(t, post(), Cavage, edKey(), body).Header.Get("Signature")
	for _, r := range []*http.Request{
		double("Signature", other), double("Date", now.Format(http.TimeFormat)), double("Content-Type", "text/plain"),
		double("Host", "social.example.org", "b.example"), double("Host", "b.example"),
		cavageWith(t, post(), "(request-target) host date date digest", "rsa-sha256", ""),
		cavageWith(t, post(), "(request-target) host date digest", "rsa-sha256", `,keyId="https://evil.example/key"`),
		cavageWith(t, post(), "(request-target) host date digest", "rsa-sha256", `,headers="date"`),
	} {
		wantErr(t, check(r, us(body), rsaKey().Public()), ErrMalformed)
	}

	good := `("@method" "@target-uri" "content-digest");created=1795428000;keyid="k"`
	two := rfcWith(t, post(), good, rsaKey())
	two.Header.Set("Signature-Input", two.Header.Get("Signature-Input")+`, sig2=("@method");created=1;keyid="other"`)
	wantErr(t, check(two, us(body), rsaKey().Public()), ErrMalformed)
	lines := rfcWith(t, post(), good, rsaKey())
	lines.Header.Add("Signature-Input", `sig2=("@method");created=1;keyid="other"`)
	wantErr(t, check(lines, us(body), rsaKey().Public()), ErrMalformed)
	values := rfcWith(t, post(), good, rsaKey())
	values.Header.Set("Signature", values.Header.Get("Signature")+", sig2=:AAAA:")
	wantErr(t, check(values, us(body), rsaKey().Public()), ErrMalformed)
	for _, input := range []string{
		`("@method" "@method" "@target-uri" "content-digest");created=1795428000;keyid="k"`,
		`("@method" "@target-uri" "content-digest");created=1;created=1795428000;keyid="k"`,
		`("@method" "@target-uri" "content-digest";req);created=1795428000;keyid="k"`,
	} {
		wantErr(t, check(rfcWith(t, post(), input, rsaKey()), us(body), rsaKey().Public()), ErrMalformed)
	}
}

// TestT7_SchemesAreNotMixed: with Signature-Input present, a good cavage
// signature beside it counts for nothing.
func TestT7_SchemesAreNotMixed(t *testing.T) {
	r := signed(t, post(), Cavage, rsaKey(), body)
	r.Header.Set("Signature-Input", "")
	wantErr(t, check(r, us(body), rsaKey().Public()), ErrMalformed)
	r.Header.Set("Signature-Input", `sig1=("@method" "@target-uri" "content-digest");created=1795428000;keyid="k"`)
	wantErr(t, check(r, us(body), rsaKey().Public()), ErrMalformed)
}

// TestT7_TwoHostsOnTheWire: net/http itself refuses them; this holds it to that.
func TestT7_TwoHostsOnTheWire(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("request got through") }))
	defer srv.Close()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, " 400 ") {
		t.Errorf("%q %v", line, err)
	}
}

func TestT8_AlgorithmConfusion(t *testing.T) {
	all := "(request-target) host date digest"
	pub := rsaKey().Public()
	// HMAC with the public key as the secret.
	text, err := EncodePublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	r := cavageWith(t, post(), all, "hs2019", "")
	m := newMessage(r, us(body))
	p, err := parseCavageHeader(r.Header.Get("Signature"))
	if err != nil {
		t.Fatal(err)
	}
	base, err := m.cavageBase(p, "/inbox")
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, []byte(text))
	mac.Write([]byte(base))
	for _, alg := range []string{"hmac-sha256", "hs2019", "rsa-sha256"} {
		r.Header.Set("Signature", `keyId="k",algorithm="`+alg+`",headers="`+all+`",signature="`+base64.StdEncoding.EncodeToString(mac.Sum(nil))+`"`)
		wantErr(t, check(r, us(body), pub), ErrBadSignature)
	}
	// A good RSA signature under the name of another algorithm, and the reverse.
	for _, alg := range []string{"ed25519", "hmac-sha256", "rsa-sha512", "ecdsa-sha256", "none"} {
		wantErr(t, check(cavageWith(t, post(), all, alg, ""), us(body), pub), ErrBadSignature)
	}
	input := `("@method" "@target-uri" "content-digest");created=1795428000;keyid="k";alg=`
	for _, alg := range []string{"ed25519", "hmac-sha256", "rsa-pss-sha512", "ecdsa-p256-sha256", "RSA-V1_5-SHA256"} {
		wantErr(t, check(rfcWith(t, post(), input+`"`+alg+`"`, rsaKey()), us(body), pub), ErrBadSignature)
	}
	wantErr(t, check(rfcWith(t, post(), input+`"rsa-v1_5-sha256"`, edKey()), us(body), edKey().Public()), ErrBadSignature)
	mustPass(t, check(rfcWith(t, post(), input+`"ed25519"`, edKey()), us(body), edKey().Public()))
	// Another key of the right kind, and of the other kind.
	stranger, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	wantErr(t, check(signed(t, post(), RFC9421, edKey(), body), us(body), stranger), ErrBadSignature)
	wantErr(t, check(signed(t, post(), RFC9421, rsaKey(), body), us(body), stranger), ErrBadSignature)
}

func TestT8_WeakKeysRefused(t *testing.T) {
	s, err := Parse(signed(t, post(), Cavage, rsaKey(), body), us(body))
	if err != nil {
		t.Fatal(err)
	}
	n512 := new(big.Int).SetBit(big.NewInt(1), 511, 1)
	wantErr(t, s.Verify(&rsa.PublicKey{N: n512, E: 65537}), ErrWeakKey)
	wantErr(t, s.Verify(&rsa.PublicKey{N: rsaKey().N, E: 1}), ErrWeakKey)
	wantErr(t, s.Verify([]byte("secret")), ErrWeakKey)
	wantErr(t, s.Verify(nil), ErrWeakKey)
	mustPass(t, s.Verify(rsaKey().Public()))
}

func TestHugeHeadersRefused(t *testing.T) {
	r := signed(t, post(), Cavage, rsaKey(), body)
	r.Header.Set("Signature", r.Header.Get("Signature")+strings.Repeat(" ", maxHeader))
	_, err := Parse(r, us(body))
	wantErr(t, err, ErrMalformed)
	r = rfcWith(t, post(), "("+strings.Repeat(`"@method" `, 500)+")", rsaKey())
	_, err = Parse(r, us(body))
	wantErr(t, err, ErrMalformed)
	_, err = parseCavageHeader(`keyId="` + strings.Repeat("k", maxKeyID+1) + `",signature="AAAA"`)
	wantErr(t, err, ErrMalformed)
	names := make([]string, maxComponents+1)
	for i := range names {
		names[i] = fmt.Sprintf("x%d", i)
	}
	_, err = splitHeaderList(strings.Join(names, " "))
	wantErr(t, err, ErrMalformed)
}
