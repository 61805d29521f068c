package webauthn

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"dassie/web/auth/webauthn/webauthntest"
)

const (
	rpID   = "veldkamp.example"
	origin = "https://veldkamp.example"
)

var party = Party{ID: rpID, Origin: origin}

// challenge is what a server drew, and how it stands in an answer.
func challenge() (raw []byte, text string) {
	raw = make([]byte, 32)
	rand.Read(raw)
	return raw, Encode(raw)
}

// The test vectors of the specification (Web Authentication Level 3, 16), by the
// number of their section. Those that are not taken are from inside another's page, or
// have a key of a kind that we do not offer.
func TestVectorsOfTheSpecification(t *testing.T) {
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		Name        string
		Taken       bool
		ID          string
		Create, Get struct{ Challenge, Client, Attestation, Auth, Signature string }
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	raw := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	answer := func(id string, parts map[string]string) Answer {
		response := map[string]string{}
		for name, value := range parts {
			response[name] = Encode(raw(value))
		}
		b, err := json.Marshal(map[string]any{"rawId": Encode(raw(id)), "type": "public-key", "response": response})
		if err != nil {
			t.Fatal(err)
		}
		a, err := Read(string(b))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	theirs := Party{ID: "example.org", Origin: "https://example.org"}
	taken := 0
	for _, v := range list {
		t.Run(v.Name, func(t *testing.T) {
			made := answer(v.ID, map[string]string{"clientDataJSON": v.Create.Client, "attestationObject": v.Create.Attestation})
			used := answer(v.ID, map[string]string{"clientDataJSON": v.Get.Client, "authenticatorData": v.Get.Auth, "signature": v.Get.Signature})
			c, err := theirs.Register(made, raw(v.Create.Challenge))
			if !v.Taken {
				if err == nil {
					t.Fatal("it was taken")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := theirs.Assert(used, raw(v.Get.Challenge), c.Key); err != nil {
				t.Error(err)
			}
			if _, err := theirs.Assert(used, raw(v.Create.Challenge), c.Key); err == nil {
				t.Error("the challenge does not matter")
			}
			used.signature[len(used.signature)-1] ^= 1
			if _, err := theirs.Assert(used, raw(v.Get.Challenge), c.Key); err == nil {
				t.Error("the signature does not matter")
			}
			taken++
		})
	}
	if taken != 10 {
		t.Errorf("%d vectors were taken", taken)
	}
}

func TestEveryAlgorithm(t *testing.T) {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*webauthntest.Device){
		"ES256": func(*webauthntest.Device) {}, "EdDSA": func(d *webauthntest.Device) { d.Key = ed }, "RS256": func(d *webauthntest.Device) { d.Key = rs },
	} {
		d := webauthntest.New(t, rpID, origin)
		change(d)
		d.Flags, d.Counter = webauthntest.Present|webauthntest.Verified|webauthntest.Synced, 7
		c, err := register(t, d)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !bytes.Equal(c.ID, d.ID) || !c.Synced || !c.Verified || c.Counter != 7 {
			t.Errorf("%s: %+v", name, c)
		}
		d.Counter, d.Flags = 8, webauthntest.Present
		got, err := assert(t, d, c.Key)
		if err != nil || got.Counter != 8 || got.Verified || got.Synced {
			t.Errorf("%s: %+v %v", name, got, err)
		}
		d.Key = other
		if _, err := assert(t, d, c.Key); err == nil {
			t.Errorf("%s: another key signs for it", name)
		}
	}
}

func register(t *testing.T, d *webauthntest.Device) (Credential, error) {
	t.Helper()
	raw, text := challenge()
	a, err := Read(d.Create(text))
	if err != nil {
		return Credential{}, err
	}
	return party.Register(a, raw)
}

func assert(t *testing.T, d *webauthntest.Device, key []byte) (Assertion, error) {
	t.Helper()
	raw, text := challenge()
	a, err := Read(d.Get(text))
	if err != nil {
		return Assertion{}, err
	}
	return party.Assert(a, raw, key)
}

// Each answer that is not what was asked for is refused, when a passkey is made and
// when it is used.
func TestHostileAnswers(t *testing.T) {
	good := webauthntest.New(t, rpID, origin)
	c, err := register(t, good)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*webauthntest.Device){
		"another origin":           func(d *webauthntest.Device) { d.Origin = "https://evil.example" },
		"an origin that begins so": func(d *webauthntest.Device) { d.Origin = origin + ".evil.example" },
		"http":                     func(d *webauthntest.Device) { d.Origin = "http://" + rpID },
		"another port":             func(d *webauthntest.Device) { d.Origin = origin + ":8443" },
		"another server":           func(d *webauthntest.Device) { d.RPID = "evil.example" },
		"the domain above":         func(d *webauthntest.Device) { d.RPID = "example" },
		"nobody there":             func(d *webauthntest.Device) { d.Flags = webauthntest.Verified },
		"copied, yet not copyable": func(d *webauthntest.Device) { d.Flags |= 0x10 },
		"the wrong kind":           func(d *webauthntest.Device) { d.Type = "payment.get" },
		"inside another's page":    func(d *webauthntest.Device) { d.CrossOrigin = true },
		"bytes too many":           func(d *webauthntest.Device) { d.Extra = []byte{0} },
		"extensions without flag":  func(d *webauthntest.Device) { d.Extra = []byte{0xa0} },
		"a flag without them":      func(d *webauthntest.Device) { d.Flags |= 0x80 },
		"extensions that are none": func(d *webauthntest.Device) { d.Flags |= 0x80; d.Extra = []byte{0x80} },
		"no id":                    func(d *webauthntest.Device) { d.ID = nil },
		"a huge id":                func(d *webauthntest.Device) { d.ID = make([]byte, MaxID+1) },
		"a huge user handle":       func(d *webauthntest.Device) { d.User = make([]byte, 65) },
		"huge":                     func(d *webauthntest.Device) { d.Extra = make([]byte, MaxAnswer) },
	} {
		d := *good
		change(&d)
		if _, err := register(t, &d); err == nil && name != "a huge user handle" { // a registration has none
			t.Errorf("made with %s: taken", name)
		}
		if _, err := assert(t, &d, c.Key); err == nil {
			t.Errorf("used with %s: taken", name)
		}
	}
	raw, text := challenge()
	a, err := Read(good.Get(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := party.Register(a, raw); err == nil {
		t.Error("an assertion makes a passkey")
	}
	if a, err = Read(good.Create(text)); err != nil {
		t.Fatal(err)
	}
	if _, err := party.Assert(a, raw, c.Key); err == nil {
		t.Error("a registration opens the account")
	}
	if _, err := party.Assert(a, nil, c.Key); err == nil {
		t.Error("an empty challenge stands")
	}
	ext := *good
	ext.Flags |= 0x80
	ext.Extra = []byte("\xa1\x6bcredProtect\x02")
	if _, err := register(t, &ext); err != nil {
		t.Errorf("what an extension says: %v", err)
	}
}

func TestBrokenJSON(t *testing.T) {
	for _, text := range []string{
		"", "null", "[]", `"x"`, "{", `{"rawId":"AA"}`, `{"rawId":"AA","type":"password"}`, `{"rawId":"A!","type":"public-key"}`,
		`{"rawId":"AA","type":"public-key","response":{"clientDataJSON":"AA"}}`, `{"rawId":7,"type":"public-key"}`,
		`{"rawId":"AA","type":"public-key","response":{"clientDataJSON":"` + Encode([]byte(`{"type":"webauthn.get","challenge":"**"}`)) + `"}}`,
		strings.Repeat("[", 200000),
	} {
		if _, err := Read(text); err == nil {
			t.Errorf("%.60s: taken", text)
		}
	}
}

// The keys that are refused: not on the curve, too short, of another kind, with labels
// that do not belong there, written in other ways.
func TestKeysThatAreNotTaken(t *testing.T) {
	d := webauthntest.New(t, rpID, origin)
	good := d.COSE()
	if _, err := readKey(&cbor{good}); err != nil {
		t.Fatal(err)
	}
	off := bytes.Clone(good)
	off[len(off)-1] ^= 1
	wide := append([]byte("\xa5\x01\x18\x02"), good[3:]...) // 2, written with a byte too many
	secret := append(append([]byte{0xa6}, good[1:]...), append([]byte{0x23}, webauthntest.Bytes(make([]byte, 32))...)...)
	twice := append(append([]byte{0xa6}, good[1:]...), "\x01\x02"...)
	short := append([]byte("\xa4\x01\x03\x03\x39\x01\x00\x20"), append(webauthntest.Bytes(bytes.Repeat([]byte{0xff}, 128)), "\x21\x43\x01\x00\x01"...)...)
	even := append([]byte("\xa4\x01\x03\x03\x39\x01\x00\x20"), append(webauthntest.Bytes(bytes.Repeat([]byte{0xff}, 256)), "\x21\x41\x02"...)...)
	for name, b := range map[string][]byte{
		"empty": nil, "no map": {0x01}, "cut off": good[:40], "not on the curve": off, "in a longer form": wide, "with a secret part": secret, "a label twice": twice,
		"RSA with 1,024 bits": short, "RSA with an even exponent": even, "of undefined length": append([]byte{0xbf}, append(bytes.Clone(good[1:]), 0xff)...),
		"P-256 that says RS256": bytes.Replace(good, []byte("\x03\x26"), []byte("\x03\x27"), 1), "tagged": append([]byte{0xc0}, good...),
		"endless": bytes.Repeat([]byte{0xa1, 0x01}, 100), "of a claimed length": {0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	} {
		if _, err := readKey(&cbor{b}); err == nil {
			t.Errorf("a key %s: taken", name)
		}
	}
}

func TestDeepStatement(t *testing.T) {
	deep := append([]byte("\xa3\x63fmt\x64none\x67attStmt"), bytes.Repeat([]byte{0xa1, 0x01}, 100000)...)
	if _, err := attested(deep); err == nil {
		t.Error("taken")
	}
}

// FuzzAnswer looks for input that stops the program, and for anything that is taken
// without having been signed.
func FuzzAnswer(f *testing.F) {
	d := webauthntest.New(f, rpID, origin)
	raw := bytes.Repeat([]byte{7}, 32)
	f.Add(d.Create(Encode(raw)))
	f.Add(d.Get(Encode(raw)))
	f.Add("{}")
	other := webauthntest.New(f, rpID, origin)
	c, err := Read(other.Create(Encode(raw)))
	if err != nil {
		f.Fatal(err)
	}
	key, err := party.Register(c, raw)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := Read(text)
		if err != nil {
			return
		}
		if _, err := party.Assert(a, raw, key.Key); err == nil {
			t.Error("nobody signed this")
		}
		_, _ = party.Register(a, raw)
	})
}

func FuzzAttestation(f *testing.F) {
	d := webauthntest.New(f, rpID, origin)
	a, err := Read(d.Create(Encode(bytes.Repeat([]byte{7}, 32))))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(a.attestation)
	f.Add(d.COSE())
	f.Add([]byte("\xa3\x63fmt\x66packed\x67attStmt\xa2\x63alg\x26\x63sig\x40\x68authData\x40"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a.attestation = b
		c, err := party.Register(a, a.Challenge)
		if err == nil && (len(c.ID) == 0 || len(c.Key) == 0) {
			t.Error("a passkey without a key")
		}
		_, _ = readKey(&cbor{b})
	})
}
