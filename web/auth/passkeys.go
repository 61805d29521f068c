package auth

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"unicode/utf8"

	"dassie/store"
	"dassie/web/auth/webauthn"
	"dassie/web/reply"
)

// MaxPasskeyName is how long the name of a passkey may be, in characters.
const MaxPasskeyName = 60

// In is how the log goes on, after a passkey's name, about the browser.
const In = ", in "

var errNoPasskeys = &reply.Error{Code: reply.NotFound, Message: "Passkeys cannot be used with the address that this server has."}

// party is this server as authenticators know it. There is none for one whose host is
// an address: passkeys are for names (WebAuthn 5.1.3), over https or on this machine.
func (g *Guard) party() (webauthn.Party, bool) {
	name := g.origin.Host
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return webauthn.Party{}, false
	}
	return webauthn.Party{ID: name, Origin: g.origin.URL("")}, true
}

// PasskeyHost is the host that passkeys are made for; "" if there can be none.
func (g *Guard) PasskeyHost() string {
	p, _ := g.party()
	return p.ID
}

// Passkeys counts those that a log-in could use. An error of the store is logged and
// counts as none.
func (g *Guard) Passkeys(ctx context.Context) int {
	p, ok := g.party()
	if !ok {
		return 0
	}
	n, err := store.Get(ctx, g.st, func(tx *store.Tx) (int, error) { return tx.CountPasskeys(p.ID) })
	if err != nil {
		g.log.Error("count passkeys", "err", err)
	}
	return n
}

// Creation is what the owner's browser needs to make a passkey
// (PublicKeyCredentialCreationOptionsJSON, WebAuthn 5.1.9).
type Creation struct {
	Party struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"rp"`
	User struct {
		ID    string `json:"id"`
		Name  string `json:"name"`
		Shown string `json:"displayName"`
	} `json:"user"`
	Challenge   string      `json:"challenge"`
	Algorithms  []algorithm `json:"pubKeyCredParams"`
	Timeout     int64       `json:"timeout"`
	Exclude     []known     `json:"excludeCredentials"`
	Selection   selection   `json:"authenticatorSelection"`
	Attestation string      `json:"attestation"`
}

type algorithm struct {
	Type string `json:"type"`
	Alg  int    `json:"alg"`
}

type known struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// selection asks for a passkey that is found without a name, and for finger, face or
// PIN where there is one.
type selection struct {
	Resident     string `json:"residentKey"`
	Required     bool   `json:"requireResidentKey"`
	Verification string `json:"userVerification"`
}

// BeginPasskey takes the password and, while a second factor is on, a code: a passkey
// opens the account alone, so it costs as much as switching the second factor off. The
// result is for the browser that is logged in, which answers with FinishPasskey.
// Errors: Unauthorized, RateLimited, Unprocessable for a bad name or too many.
func (g *Guard) BeginPasskey(r *http.Request, name, password, code string) (Creation, error) {
	p, ok := g.party()
	if !ok {
		return Creation{}, errNoPasskeys
	}
	name, err := passkeyName(name)
	if err != nil {
		return Creation{}, err
	}
	session, err := g.CheckBoth(r, password, code)
	if err != nil {
		return Creation{}, err
	}
	c := Creation{Timeout: challengeAge.Milliseconds(), Exclude: []known{}, Attestation: "none", Selection: selection{"required", true, "preferred"}}
	for _, alg := range webauthn.Algorithms {
		c.Algorithms = append(c.Algorithms, algorithm{"public-key", alg})
	}
	err = g.st.Write(r.Context(), func(tx *store.Tx) error {
		id, err := tx.Identity()
		if err != nil {
			return err
		}
		list, err := tx.Passkeys()
		if err != nil {
			return err
		}
		if len(list) >= store.MaxPasskeys {
			return store.ErrManyPasskeys
		}
		c.Exclude = c.Exclude[:0]
		for _, k := range list {
			c.Exclude = append(c.Exclude, known{"public-key", webauthn.Encode(k.Credential)})
		}
		if c.User.ID, err = passkeyUser(tx); err != nil {
			return err
		}
		c.Party.ID, c.Party.Name = p.ID, p.ID
		c.User.Name = g.origin.Handle(id.Name)
		c.User.Shown = c.User.Name
		return tx.CheckSession(session.Hash)
	})
	if err != nil {
		return Creation{}, passkeyError(err)
	}
	c.Challenge = webauthn.Encode(g.challenges.draw(forAdding, sessionBrowser(session), name))
	return c, nil
}

// passkeyUser is the user handle, drawn when it is first needed.
func passkeyUser(tx *store.Tx) (string, error) {
	user, err := tx.PasskeyUser()
	if err != nil || user != "" {
		return user, err
	}
	user = newSecret()
	return user, tx.SetPasskeyUser(user)
}

// FinishPasskey keeps the passkey that the browser made. Errors: Unauthorized for an
// answer that is late or not one, Conflict for a passkey that is known, Unprocessable.
func (g *Guard) FinishPasskey(r *http.Request, answer string) error {
	session, err := g.owner(r)
	if err != nil {
		return err
	}
	p, ok := g.party()
	if !ok {
		return errNoPasskeys
	}
	a, err := webauthn.Read(answer)
	if err != nil {
		return badPasskey(err)
	}
	asked, err := g.challenges.take(a.Challenge, forAdding, sessionBrowser(session))
	if err != nil {
		return err
	}
	made, err := p.Register(a, a.Challenge)
	if err != nil {
		return badPasskey(err)
	}
	addr := g.ClientAddr(r)
	err = g.st.Write(r.Context(), func(tx *store.Tx) error {
		k := store.Passkey{Credential: made.ID, Key: made.Key, Host: p.ID, Name: asked.name, Counter: made.Counter, Synced: made.Synced}
		if err := tx.AddPasskey(&k); err != nil {
			return err
		}
		return logEvent(tx, EventPasskeyAdded, asked.name+In+session.Agent, addr)
	})
	return passkeyError(err)
}

// badPasskey is the answer to what cannot be kept as a passkey.
func badPasskey(err error) error {
	return &reply.Error{Code: reply.Unprocessable, Message: "What the browser made is not a passkey that this server can use. Try another device or password manager.", Err: err}
}

func passkeyError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrManyPasskeys):
		return &reply.Error{Code: reply.Unprocessable, Message: fmt.Sprintf("There are %d passkeys, which is as many as there may be. Remove one first.", store.MaxPasskeys), Err: err}
	case errors.Is(err, store.ErrPasskeyKnown):
		return &reply.Error{Code: reply.Conflict, Message: "This passkey is known here already.", Err: err}
	case errors.Is(err, store.ErrNotFound):
		return &reply.Error{Code: reply.NotFound, Message: "There is no such passkey.", Err: err}
	}
	return fmt.Errorf("change the passkeys: %w", err)
}

// passkeyName is a name as it is kept, in one line.
func passkeyName(name string) (string, error) {
	name = strings.Join(strings.Fields(strings.ToValidUTF8(name, "")), " ")
	switch {
	case name == "":
		return "", reply.Errorf(reply.Unprocessable, "Give it a name by which you will know it, such as the device that it is on.")
	case utf8.RuneCountInString(name) > MaxPasskeyName:
		return "", reply.Errorf(reply.Unprocessable, "The name is longer than %d characters.", MaxPasskeyName)
	}
	return name, nil
}

// RenamePasskey gives one another name. Errors: Unprocessable, NotFound.
func (g *Guard) RenamePasskey(r *http.Request, id int64, name string) error {
	name, err := passkeyName(name)
	if err != nil {
		return err
	}
	return passkeyError(g.st.Write(r.Context(), func(tx *store.Tx) error { return tx.RenamePasskey(id, name) }))
}

// RemovePasskey takes the password, and then the passkey opens nothing any more.
// Errors: Unauthorized, RateLimited, NotFound.
func (g *Guard) RemovePasskey(r *http.Request, id int64, password string) error {
	session, err := g.owner(r)
	if err != nil {
		return err
	}
	if _, err := g.rightPassword(r, password); err != nil {
		return err
	}
	addr := g.ClientAddr(r)
	return passkeyError(g.st.Write(r.Context(), func(tx *store.Tx) error {
		k, err := tx.Passkey(id)
		if err != nil {
			return err
		}
		if err := tx.DropPasskey(id); err != nil {
			return err
		}
		return logEvent(tx, EventPasskeyRemoved, k.Name+In+session.Agent, addr)
	}))
}

// removePasskeys removes all, for whoever holds the machine.
func removePasskeys(tx *store.Tx) error {
	n, err := tx.DropPasskeys()
	if err != nil || n == 0 {
		return err
	}
	return tx.LogSecurity(EventPasskeyRemoved, fmt.Sprintf("all %d, on the command line", n), "")
}
