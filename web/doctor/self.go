package doctor

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"dassie/federation"
	"dassie/federation/ap"
	"dassie/federation/httpsig"
	"dassie/federation/remote"
	"dassie/store"
)

// actor fetches our own id as others do, and compares the key in it with ours.
func (d *doctor) actor(ctx context.Context) []Row {
	id := d.id.ActorURI(d.origin)
	r := Row{ID: "actor", Title: "profile for servers", Status: Fail, Limit: id + " with this key"}
	signer, person, err := d.keys(ctx)
	if err != nil {
		r.Value, r.Mend = err.Error(), "restore a backup"
		return []Row{r}
	}
	client := d.client()
	defer client.CloseIdle()
	doc, err := client.GetObject(ctx, id, func(r *http.Request) error { return signer.SignCavage(r, nil, d.Now()) })
	if err != nil && !d.serving {
		return []Row{d.notRunning(r.ID, r.Title)}
	}
	if err != nil {
		r.Value, r.Mend = d.explain(err, d.origin.Host)
		return []Row{r}
	}
	obj, err := ap.Parse(doc.Body)
	var a *ap.Actor
	if err == nil {
		a, err = ap.ReadActor(obj)
	}
	if err != nil || a.ID != id {
		r.Value, r.Mend = doc.URL+" answers with something else", "let "+d.origin.Host+" lead to this server"
		return []Row{r}
	}
	same := slices.ContainsFunc(a.PublicKeys, func(k ap.Key) bool {
		pub, err := httpsig.ParsePublicKey(k.PEM)
		return err == nil && samePublic(pub, person)
	})
	switch {
	case !same:
		r.Value, r.Mend = "it is served with another key", "another dassie answers at "+d.origin.Host+": stop it, or let the name lead here"
	case !d.serving:
		r.Status, r.Value = Warn, "a server elsewhere answers as @"+d.origin.Handle(d.id.Name)
		r.Mend = "do not start this one while that one runs: two servers with one identity harm each other"
	default:
		r.Status, r.Value = OK, "served with the right key"
	}
	return []Row{r}
}

func samePublic(a, b crypto.PublicKey) bool {
	x, errX := x509.MarshalPKIXPublicKey(a)
	y, errY := x509.MarshalPKIXPublicKey(b)
	return errX == nil && errY == nil && slices.Equal(x, y)
}

// keys are the instance's signer and the owner's public key.
func (d *doctor) keys(ctx context.Context) (*httpsig.Signer, crypto.PublicKey, error) {
	list, err := store.Get(ctx, d.st, func(tx *store.Tx) ([]store.PrivateKey, error) { return tx.PrivateKeys() })
	if err != nil {
		return nil, nil, err
	}
	var instance *httpsig.Signer
	var person crypto.PublicKey
	for _, k := range list {
		parsed, err := x509.ParsePKCS8PrivateKey(k.PKCS8)
		signer, ok := parsed.(crypto.Signer)
		if err != nil || !ok {
			return nil, nil, fmt.Errorf("the key %q cannot be read", k.Name)
		}
		switch k.Name {
		case "instance":
			instance = &httpsig.Signer{KeyID: k.KeyID, Key: signer}
		case "main":
			person = signer.Public()
		}
	}
	if instance == nil || person == nil {
		return nil, nil, errors.New("a signing key is missing")
	}
	return instance, person, nil
}

// way sends a signed request to ourselves, the way that others' take, and asks
// the server what came of it.
func (d *doctor) way(ctx context.Context) []Row {
	r := Row{ID: "way", Title: "requests as they arrive", Status: Fail, Limit: "Host " + d.origin.Host + ", scheme " + d.origin.Scheme + ", the asker's address, the signature whole"}
	if !d.serving {
		return []Row{d.notRunning(r.ID, r.Title)}
	}
	signer, _, err := d.keys(ctx)
	if err != nil {
		r.Value, r.Mend = err.Error(), "restore a backup"
		return []Row{r}
	}
	secret, err := federation.BeginSelfCheck(ctx, d.st, d.Now())
	if err != nil {
		r.Value, r.Mend = err.Error(), "do what the row of the database says"
		return []Row{r}
	}
	client := d.client()
	defer client.CloseIdle()
	doc, err := client.GetObject(ctx, d.origin.URL("/healthz"), func(r *http.Request) error {
		r.Header.Set(federation.SelfCheckHeader, secret)
		return signer.SignCavage(r, nil, d.Now())
	})
	if errors.Is(err, remote.ErrContentType) {
		r.Value = "another server answers at " + d.origin.Host + ", or the proxy drops the header " + federation.SelfCheckHeader
		r.Mend = "let the name lead to this server, and restart it if it is of an older version"
		return []Row{r}
	}
	if err != nil {
		r.Value, r.Mend = d.explain(err, d.origin.Host)
		return []Row{r}
	}
	var seen federation.SelfCheck
	if err := json.Unmarshal(doc.Body, &seen); err != nil {
		r.Value, r.Mend = "the answer cannot be read", "let "+d.origin.Host+" lead to this server"
		return []Row{r}
	}
	return []Row{d.judgeWay(r, seen)}
}

func (d *doctor) judgeWay(r Row, seen federation.SelfCheck) Row {
	r.Value = fmt.Sprintf("Host %s, scheme %s, from %s", seen.Host, seen.Scheme, seen.Client)
	client, _ := netip.ParseAddr(seen.Client) // an unreadable one is no loopback
	switch {
	case !strings.EqualFold(withDefaultPort(seen.Host, d.origin), withDefaultPort(d.origin.Host, d.origin)):
		r.Mend = "let the proxy pass the Host header on unchanged, because other servers sign it: in nginx proxy_set_header Host $host"
	case seen.Scheme != d.origin.Scheme:
		r.Mend = "start dassie with -trusted-proxies and the proxy's address, and let the proxy send X-Forwarded-Proto https"
	case seen.Signature != "":
		r.Value += ", but the signature does not hold: " + seen.Signature
		r.Mend = "let the proxy leave the headers Host, Date and Signature as they come, and look at the clock"
	case !d.origin.Loopback() && client.IsLoopback() && d.started.TLS == "off":
		r.Status = Warn
		r.Mend = "let the proxy send X-Forwarded-For, and start dassie with -trusted-proxies and the proxy's address: without, all askers count as one"
	case seen.Version != d.Version:
		r.Status, r.Value = Warn, r.Value+fmt.Sprintf("; the server is version %s, this program %s", seen.Version, d.Version)
		r.Mend = "restart the server, so that it is the version that is installed"
	default:
		r.Status = OK
	}
	return r
}

func withDefaultPort(host string, o store.Origin) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	if o.Loopback() {
		return host + ":80"
	}
	return host + ":443"
}
