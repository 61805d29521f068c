package dashboard

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/web/auth/webauthn/webauthntest"
)

var optionsShown = regexp.MustCompile(`data-options="([^"]+)"`)

// device makes a passkey from what a page says, and adds it.
func (h *house) device(name string) *webauthntest.Device {
	h.t.Helper()
	p := h.submit("/me/security/passkeys/new", "name", name, "password", password)
	m := optionsShown.FindStringSubmatch(p.body)
	if m == nil {
		h.t.Fatalf("%d %s", p.status, p.main())
	}
	var o struct {
		Challenge string
		Rp        struct{ ID string }
		User      struct{ ID string }
	}
	if err := json.Unmarshal([]byte(html.UnescapeString(m[1])), &o); err != nil {
		h.t.Fatal(err)
	}
	d := webauthntest.New(h.t, o.Rp.ID, h.Origin().URL(""))
	user, err := base64.RawURLEncoding.DecodeString(o.User.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	d.User = user
	h.sent("/me/security/passkeys", "passkey", d.Create(o.Challenge)).says(h.t.(*testing.T), "The passkey is added.")
	return d
}

func (h *house) passkeys() []store.Passkey {
	h.t.Helper()
	list, err := store.Get(ctx, h.Store(), (*store.Tx).Passkeys)
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

// signs asks what is to be signed, as the page's script does, and signs it.
func (h *house) signs(d *webauthntest.Device) string {
	h.t.Helper()
	var asked struct{ Challenge string }
	p := h.submit("/me/security/check/passkey")
	if err := json.Unmarshal([]byte(p.body), &asked); err != nil || p.status != 200 {
		h.t.Fatalf("%d %s", p.status, p.body)
	}
	return d.Get(asked.Challenge)
}

func TestPasskeysOnThePages(t *testing.T) {
	h := newHouse(t)
	h.open("/me/security").says(t, "None. With one", "Adding one takes JavaScript", `data-passkey="`+strings.Split(h.Origin().Host, ":")[0]+`" hidden>`)
	h.open("/me/security/passkeys/new").says(t, `name="name"`, `name="password"`)
	for what, fields := range map[string][]string{
		"a wrong password": {"name", "Phone", "password", "not this one"}, "no name": {"name", " ", "password", password},
	} {
		if p := h.submit("/me/security/passkeys/new", fields...); p.status != 422 || optionsShown.MatchString(p.body) || !strings.Contains(p.body, `role="alert"`) {
			t.Errorf("%s: %d %s", what, p.status, p.main())
		}
	}
	if p := h.submit("/me/security/passkeys", "passkey", "{garbage"); p.status != 422 || !strings.Contains(p.body, "not a passkey that this server can use") {
		t.Errorf("garbage: %d %s", p.status, p.main())
	}
	h.device(`<b>Phone</b> & "co"`)
	page := h.open("/me/security")
	page.says(t, "&lt;b&gt;Phone&lt;/b&gt; &amp; &#34;co&#34;", "On one device only", "never used", "Passkeys stay as they are.")
	page.hides(t, "<b>Phone</b>")
	id := decimal(h.passkeys()[0].ID)
	h.open("/me/security/passkey/"+id).says(t, "Rename a passkey")
	if p := h.submit("/me/security/passkey/"+id, "name", strings.Repeat("x", 61)); p.status != 422 || !strings.Contains(p.body, "longer than 60") {
		t.Errorf("a long name: %d", p.status)
	}
	h.sent("/me/security/passkey/"+id, "name", "Key").says(t, "Saved.", "<bdi>Key</bdi>")
	h.open("/me/security/passkey/"+id+"/remove").says(t, "Remove the passkey “Key”?", "Log-ins that began with it go on")
	if p := h.submit("/me/security/passkey/"+id+"/remove", "password", "not this one"); p.status != 422 || len(h.passkeys()) != 1 {
		t.Errorf("a wrong password: %d", p.status)
	}
	h.sent("/me/security/passkey/"+id+"/remove", "password", password).says(t, "Removed.")
	for _, path := range []string{"/me/security/passkey/" + id, "/me/security/passkey/" + id + "/remove", "/me/security/passkey/x"} {
		if p := h.do("GET", path, nil); p.status != 404 {
			t.Errorf("GET %s: %d", path, p.status)
		}
		if p := h.submit(path, "name", "x", "password", password); p.status != 404 {
			t.Errorf("POST %s: %d", path, p.status)
		}
	}
	h.open("/me/security/log").says(t, "Passkey added", "&lt;b&gt;Phone&lt;/b&gt;", "Passkey removed", "Key, in ")
}

// Where the owner is asked again, a passkey does for the password, and not for what can
// never be undone.
func TestPasskeyWhereTheOwnerIsAskedAgain(t *testing.T) {
	h := newHouse(t)
	h.cluster.Advance(11 * time.Minute)
	h.open("/me/security/check?next=/me/data/archive").hides(t, "data-passkey")
	d := h.device("Phone")
	h.cluster.Advance(11 * time.Minute)
	h.open("/me/security/check?next=/me/data/archive").says(t, `data-ask="/me/security/check/passkey" hidden>`)
	if p := h.do("GET", "/me/data/archive", nil); p.status != 303 {
		t.Fatalf("nobody is asked: %d", p.status)
	}
	bad := *d
	bad.Origin = "https://evil.example"
	if p := h.submit("/me/security/check", "next", "/me/data/archive", "passkey", h.signs(&bad)); p.status != 422 || !strings.Contains(p.body, "not accepted") {
		t.Errorf("a wrong one: %d %s", p.status, p.main())
	}
	d.Flags = webauthntest.Present
	if p := h.submit("/me/security/check", "next", "/me/data/archive", "passkey", h.signs(d)); p.status != 422 || !strings.Contains(p.body, "Give your password") {
		t.Errorf("one that does not verify: %d %s", p.status, p.main())
	}
	d.Flags |= webauthntest.Verified
	if p := h.submit("/me/security/check", "next", "/me/data/archive", "passkey", h.signs(d)); p.status != 303 || p.location != "/me/data/archive" {
		t.Fatalf("%d %s %s", p.status, p.location, p.main())
	}
	h.open("/me/data/archive").says(t, "Pack an archive?")
	h.open("/me/security").says(t, "last used")
	h.open("/me/security/log").says(t, "Passkey used", "Passkey refused")
	if p := h.submit("/me/security/passkeys/new", "name", "Second"); p.status != 422 {
		t.Errorf("another passkey is added without the password: %d", p.status)
	}
}

// Those of a name that the server had before open nothing, and are said to.
func TestPasskeysOfAnotherHost(t *testing.T) {
	h := newHouse(t)
	err := h.Store().Write(ctx, func(tx *store.Tx) error {
		for n := range byte(store.MaxPasskeys) {
			k := store.Passkey{Credential: []byte{n}, Key: []byte{1}, Host: "old.example", Name: fmt.Sprintf("Old key %d", n)}
			if err := tx.AddPasskey(&k); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	page := h.open("/me/security")
	page.says(t, "the name that this server had before", "old.example", "Old key 7", "That is as many as there may be.")
	page.hides(t, "Synced", "Add a passkey…")
	if p := h.submit("/me/security/passkeys/new", "name", "More", "password", password); p.status != 422 || !strings.Contains(p.body, "There are 20 passkeys") {
		t.Errorf("one too many: %d %s", p.status, p.main())
	}
	if p := h.submit("/me/security/check/passkey"); p.status != 404 {
		t.Errorf("a challenge for them: %d", p.status)
	}
}
