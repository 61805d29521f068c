package browsertest

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/pquerna/otp/totp"
)

// device gives a window an authenticator like that of a phone, which makes sure of who
// holds it and copies its passkeys to other devices.
func (p *tab) device() webauthn.AuthenticatorID {
	p.t.Helper()
	call(p, webauthn.Enable, webauthn.EnableParams{})
	return call(p, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true,
		DefaultBackupEligibility: true, DefaultBackupState: true, AutomaticPresenceSimulation: true,
	}}).AuthenticatorID
}

// addCredential is that of the protocol without the fields that not every device takes.
var addCredential = cdp.Command[addCredentialParams, cdp.Empty]{Method: webauthn.CommandAddCredential}

type addCredentialParams struct {
	AuthenticatorID webauthn.AuthenticatorID `json:"authenticatorId"`
	Credential      struct {
		ID       []byte  `json:"credentialId"`
		Resident bool    `json:"isResidentCredential"`
		RpID     string  `json:"rpId"`
		Key      []byte  `json:"privateKey"`
		User     []byte  `json:"userHandle"`
		Count    float64 `json:"signCount"`
		Eligible bool    `json:"backupEligibility"`
		BackedUp bool    `json:"backupState"`
	} `json:"credential"`
}

// copied gives a window the passkeys of another one's device.
func (p *tab) copied(from *tab, of, to webauthn.AuthenticatorID) {
	p.t.Helper()
	for _, c := range call(from, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: of}).Credentials {
		add := addCredentialParams{AuthenticatorID: to}
		to := &add.Credential
		to.ID, to.Resident, to.RpID, to.Key, to.User = c.CredentialID, c.IsResidentCredential, c.RpID, c.PrivateKey, c.UserHandle
		to.Count, to.Eligible, to.BackedUp = c.SignCount, c.BackupEligibility, c.BackupState
		call(p, addCredential, add)
	}
}

// asksFirst is a browser that offers passkeys only when a button is pressed.
func (p *tab) asksFirst() {
	p.t.Helper()
	call(p, page.Enable, page.EnableParams{})
	call(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `PublicKeyCredential.isConditionalMediationAvailable = async () => false`})
}

// finds presses what a script leads on from, once it is there.
func (p *tab) finds(words string) {
	p.t.Helper()
	p.waits("the button "+words, `words => [...document.querySelectorAll("a, button")].some(e => e.checkVisibility() && e.textContent.trim().startsWith(words))`, words)
	p.press(words)
}

// with is a window with a device at its owner's server, where nobody is logged in.
func (s *street) with(name string, l look) (*tab, webauthn.AuthenticatorID) {
	s.t.Helper()
	p := newTab(s.t, "http://"+s.at(name).Host, l)
	p.scripts(true)
	p.asksFirst()
	return p, p.device()
}

// Alice switches the second factor on, adds a passkey, comes in with it in another
// browser, loses it and comes in without: with the password and a recovery code.
func TestPasskeyLostAndRecovered(t *testing.T) {
	long(t)
	newTab(t, "about:blank", desktop)
	for _, l := range widths(desktop, phone) {
		t.Run(l.name, func(t *testing.T) {
			s := newStreet(t, "alice")
			p, mine := s.with("alice", l)
			p.logIn("alice", streetPassword)
			p.misses("Log in with a passkey")
			p.open("/me/security")
			p.press("Set up a second factor…")
			key := strings.ReplaceAll(eval[string](p, `() => document.querySelector("code.words").textContent`), " ", "")
			code := func() string {
				t.Helper()
				s.Advance(time.Minute)
				c, err := totp.GenerateCode(key, s.Now())
				if err != nil {
					t.Fatal(err)
				}
				return c
			}
			p.fill("code", code())
			p.press("Switch on")
			codes := eval[[]string](p, `() => [...document.querySelectorAll(".codes code")].map(e => e.textContent)`)
			p.press("I have them")

			p.misses("Adding one takes JavaScript")
			p.finds("Add a passkey…")
			p.fill("name", "My phone")
			p.fill("password", streetPassword)
			p.fill("code", "000000")
			p.press("Go on")
			p.sees("The code is wrong")
			p.fill("password", streetPassword)
			p.fill("code", code())
			p.press("Go on")
			p.finds("Make the passkey")
			p.sees("The passkey is added.", "My phone", "Synced between your devices", "never used")
			p.finds("Add a passkey…") // the same device once more
			p.fill("password", streetPassword)
			p.fill("code", code())
			p.press("Go on")
			p.touch("Make the passkey", "")
			p.comes("This device has a passkey for this server already.")

			other, its := s.with("alice", l)
			other.copied(p, mine, its)
			other.open("/me/tags")
			other.finds("Log in with a passkey")
			if !strings.HasSuffix(other.address(), "/me/tags") {
				t.Fatalf("it leads to %s:\n%s", other.address(), other.text())
			}
			s.Advance(11 * time.Minute)
			other.open("/me/data/archive")
			other.sees("Is it you?")
			other.finds("Use a passkey")
			other.sees("Pack an archive?")
			other.open("/me/security")
			other.pressNear("Rename", "#passkeys")
			other.fill("name", "Everywhere")
			other.press("Save")
			other.sees("Everywhere")
			s.Advance(11 * time.Minute)
			other.open("/me/leaving") // passkeys are not enough for this
			other.misses("passkey")

			nobody, _ := s.with("alice", l) // a device without a passkey for this server
			nobody.open("/login")
			nobody.waits("the button", `() => [...document.querySelectorAll("button")].some(e => e.checkVisibility() && e.textContent === "Log in with a passkey")`)
			nobody.touch("Log in with a passkey", "")
			nobody.comes("Your password works too.")

			lost := newTab(t, "http://"+s.at("alice").Host, l)
			lost.open("/me/security")
			lost.misses("passkey") // without scripts there is no button that does nothing
			lost.logIn("alice", streetPassword)
			lost.fill("code", codes[0])
			lost.press("Log in")
			lost.open("/me/security")
			lost.sees("Everywhere", "Adding one takes JavaScript")
			lost.misses("Add a passkey…")
			lost.pressNear("Remove…", "#passkeys")
			lost.sees("Remove the passkey “Everywhere”?")
			lost.fill("password", "not this one")
			lost.press("Remove")
			lost.sees("The password is wrong.")
			lost.fill("password", streetPassword)
			lost.press("Remove")
			lost.sees("Removed.", "None. With one")

			other.open("/me")
			other.scripts(true)
			thief, theirs := s.with("alice", l)
			thief.copied(p, mine, theirs)
			thief.open("/login")
			thief.sees("Visitors do not need one")
			thief.misses("Log in with a passkey")

			lost.open("/me/security/log")
			lost.sees("Passkey added My phone", "with a passkey (My phone)", "Passkey used My phone", "Passkey removed Everywhere")
		})
	}
}

// A browser that fills in passkeys by itself offers one in the field for the name, and
// an app's consent page is reached with a passkey like any other.
func TestPasskeyByItselfAndForAnApp(t *testing.T) {
	newTab(t, "about:blank", desktop)
	s := newStreet(t, "alice")
	p, mine := s.with("alice", desktop)
	p.logIn("alice", streetPassword)
	p.open("/me/security")
	p.finds("Add a passkey…")
	p.fill("password", streetPassword)
	p.press("Go on")
	p.finds("Make the passkey")
	p.sees("The passkey is added.", "on Linux")

	auto := newTab(t, "http://"+s.at("alice").Host, desktop)
	auto.scripts(true)
	its := auto.device()
	auto.copied(p, mine, its)
	auto.open("/login?next=/me/tags")
	auto.waits("it logs in by itself", `() => location.pathname === "/me/tags"`)

	a := newPhoneApp(t, "http://"+s.at("alice").Host)
	app, theirs := s.with("alice", desktop)
	app.copied(auto, its, theirs) // with the count that it has by now
	app.open(a.url + "/")
	app.press("Sign in")
	app.finds("Log in with a passkey")
	app.sees("Allow Pocket to use your account?")
	app.press("Allow")
	app.sees("Signed in as alice")

	// A copy that was left behind is found out by its count.
	left, old := s.with("alice", desktop)
	left.copied(p, mine, old)
	left.open("/login")
	left.finds("Log in with a passkey")
	left.sees("This passkey has counted backwards, as if there were a copy of it.")
	p.open("/me/security")
	p.sees("it counted backwards, as if there were a copy of it, and was refused")
}
