package store

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

// ErrAccountExists is returned when an account is to be made where there is one.
var ErrAccountExists = errors.New("there is an account in this data directory already")

// NewAccount is what init and the set-up page ask for.
type NewAccount struct {
	Name             string // [a-z0-9_]{1,30}
	Domain           string // domain of the handle
	Host             string // host of the server; empty means Domain
	Email            string // optional
	PasswordHash     string
	Language         string
	Timezone         string
	ApproveFollowers bool
}

var (
	namePattern   = regexp.MustCompile(`^[a-z0-9_]{1,30}$`)
	domainPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(:[0-9]{1,5})?$`)
)

// Check says in plain words what is wrong with the answers, before anything is
// written. Names and domains are brought into their canonical form.
func (n *NewAccount) Check() error {
	n.Name = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(n.Name), "@"))
	n.Domain = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(n.Domain), "."))
	n.Host = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(n.Host), "."))
	if n.Host == "" {
		n.Host = n.Domain
	}
	if n.Name == "" {
		return errors.New("the name is missing: give the one before the @ of your handle, such as anna")
	}
	if !namePattern.MatchString(n.Name) {
		return fmt.Errorf("the name %q cannot be used: 1 to 30 of the letters a to z, digits and _", n.Name)
	}
	for _, d := range []string{n.Domain, n.Host} {
		if err := checkDomain(d); err != nil {
			return err
		}
	}
	if IsLoopbackHost(n.Domain) != IsLoopbackHost(n.Host) {
		return fmt.Errorf("the domain %s and the host %s must both be public, or both be on this machine", n.Domain, n.Host)
	}
	return nil
}

// checkDomain refuses names that other servers could never reach or that are
// not the owner's to keep: addresses, .local names and throw-away tunnels.
func checkDomain(d string) error {
	name := strings.Trim(withoutPort(d), "[]")
	if d == "" {
		return errors.New("the domain is missing: give the name under which other servers reach you, such as example.org")
	}
	if IsLoopbackHost(d) {
		return nil
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return fmt.Errorf("%s is an address; other servers need a domain name, such as example.org", d)
	}
	if !domainPattern.MatchString(d) || !strings.Contains(name, ".") {
		return fmt.Errorf("%q is not a domain name; give one such as example.org", d)
	}
	for _, bad := range []string{".local", ".internal", ".onion", ".invalid", ".lan", ".home.arpa", ".trycloudflare.com", ".ngrok.io", ".ngrok-free.app"} {
		if strings.HasSuffix("."+name, bad) {
			return fmt.Errorf("%s cannot be used: other servers cannot reach names that end in %s for good", d, bad)
		}
	}
	return nil
}

// CreateAccount makes the person this server belongs to: identity, signing
// keys, profile and first settings. ErrAccountExists if there is one already.
func (s *Store) CreateAccount(ctx context.Context, n NewAccount) (Identity, error) {
	if err := n.Check(); err != nil {
		return Identity{}, err
	}
	id := Identity{
		Name: n.Name, Domain: n.Domain, Host: n.Host, ActorKey: NewActorKey(),
		Email: n.Email, PasswordHash: n.PasswordHash, CreatedAt: s.now(),
	}
	keys, err := newKeys(id, s.rsaKey)
	if err != nil {
		return Identity{}, err
	}
	err = s.Write(ctx, func(tx *Tx) error {
		if _, err := tx.Identity(); err == nil {
			return ErrAccountExists
		} else if !errors.Is(err, ErrNoAccount) {
			return err
		}
		if err := tx.CreateIdentity(id); err != nil {
			return err
		}
		for _, k := range keys {
			if err := tx.SavePrivateKey(k); err != nil {
				return err
			}
		}
		return tx.firstProfile(id, n)
	})
	return id, err
}

func (t *Tx) firstProfile(id Identity, n NewAccount) error {
	o := id.Origin()
	host, err := t.EnsureHost(id.Host)
	if err != nil {
		return err
	}
	uri := id.ActorURI(o)
	me := Actor{
		ID: OwnerID, URI: uri, HostID: host, Username: id.Name, Domain: id.Domain, Kind: "Person",
		URL: o.URL("/@" + id.Name), Inbox: o.URL("/inbox"), SharedInbox: o.URL("/inbox"),
		Outbox: uri + "/outbox", FollowersURI: uri + "/followers", FeaturedURI: uri + "/featured",
		Locked: n.ApproveFollowers, PublishedAt: id.CreatedAt, FetchedAt: id.CreatedAt,
	}
	if err := t.SaveActor(&me); err != nil {
		return err
	}
	set := DefaultSettings()
	set.ApproveFollowers = n.ApproveFollowers
	if n.Language != "" {
		set.Language = n.Language
	}
	if n.Timezone != "" {
		set.Timezone = n.Timezone
	}
	return t.SaveSettings(set)
}

// newKeys draws the signing keys of a new account.
func newKeys(id Identity, rsaKey func() (*rsa.PrivateKey, error)) ([]PrivateKey, error) {
	keys, err := drawKeys(id, rsaKey)
	if err != nil {
		return nil, err
	}
	// The first keys of a person have the names that everybody uses.
	uri := id.ActorURI(id.Origin())
	for i := range keys {
		switch keys[i].Name {
		case KeyMain:
			keys[i].KeyID = uri + "#main-key"
		case KeyEd25519:
			keys[i].KeyID = uri + "#ed25519-key"
		}
	}
	return keys, nil
}

// DrawKeys draws signing keys under ids that never were: RSA-2048, which every
// server verifies, for the person and for the instance actor, and Ed25519 for
// those that know FEP-521a. Peers cache keys by id, and the instance actor's
// address is fixed, so that its first key needs an id of its own too.
func DrawKeys(id Identity) ([]PrivateKey, error) { return drawKeys(id, drawRSA) }

func drawKeys(id Identity, rsaKey func() (*rsa.PrivateKey, error)) ([]PrivateKey, error) {
	o := id.Origin()
	var keys []PrivateKey
	for _, name := range []string{KeyMain, KeyInstance, KeyEd25519} {
		owner := id.ActorURI(o)
		if name == KeyInstance {
			owner = o.URL("/instance")
		}
		key, err := drawKey(name, rsaKey)
		if err != nil {
			return nil, fmt.Errorf("draw the %s key: %w", name, err)
		}
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return nil, fmt.Errorf("encode the %s key: %w", name, err)
		}
		keys = append(keys, PrivateKey{Name: name, KeyID: owner + "#" + Random(5), PKCS8: der})
	}
	return keys, nil
}

func drawKey(name string, rsaKey func() (*rsa.PrivateKey, error)) (any, error) {
	if name == KeyEd25519 {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	return rsaKey()
}

func drawRSA() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) }
