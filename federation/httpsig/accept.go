package httpsig

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Wanted is one signature that a server asks for (RFC 9421 5.1).
type Wanted struct {
	label      string
	components []string
	expires    bool
	keyID      string
	algorithm  string
	nonce, tag string
}

const (
	maxWanted   = 4               // signatures asked for that are looked at
	wantedValid = 5 * time.Minute // of a signature that is to expire
)

// ErrUnwilling says that nothing of what a server asks for can or should be signed.
var ErrUnwilling = errors.New("httpsig: asked for a signature that is not given")

// ParseAcceptSignature reads an Accept-Signature header. What it asks for and
// cannot be given at all (unknown parameters, components with parameters) is
// left out; ErrUnwilling if nothing remains.
func ParseAcceptSignature(header string) ([]Wanted, error) {
	dict, err := parseDictionary(header)
	if err != nil {
		return nil, fmt.Errorf("read Accept-Signature: %w", err)
	}
	var list []Wanted
	for _, m := range dict[:min(len(dict), maxWanted)] {
		if w, ok := readWanted(m); ok {
			list = append(list, w)
		}
	}
	if len(list) == 0 {
		return nil, ErrUnwilling
	}
	return list, nil
}

func readWanted(m member) (Wanted, bool) {
	w := Wanted{label: m.key}
	if !m.isList || len(m.list) == 0 || len(m.list) > maxComponents {
		return w, false
	}
	for _, it := range m.list {
		if it.value.kind != kindString || len(it.params) > 0 || slices.Contains(w.components, it.value.text) {
			return w, false
		}
		w.components = append(w.components, it.value.text)
	}
	for _, p := range m.params {
		yes := p.value.kind == kindBool && p.value.num == 1
		text := p.value.kind == kindString
		switch {
		case p.key == "created" && yes: // ours always have it
		case p.key == "expires" && yes:
			w.expires = true
		case p.key == "keyid" && text:
			w.keyID = p.value.text
		case p.key == "alg" && text:
			w.algorithm = p.value.text
		case p.key == "nonce" && text:
			w.nonce = p.value.text
		case p.key == "tag" && text:
			w.tag = p.value.text
		default:
			return w, false // RFC 9421 5.2: every parameter asked for must be heeded
		}
	}
	return w, true
}

// SignWanted signs r as the first of the wanted signatures asks that can be
// given: with this key, over what the request has, and covering at least what
// we insist on ourselves. A signature over less could be moved to another
// request. ErrUnwilling if there is none.
func (s Signer) SignWanted(r *http.Request, body []byte, now time.Time, list []Wanted) error {
	for _, w := range list {
		if w.keyID != "" && w.keyID != s.KeyID || s.Key == nil || w.algorithm != "" && w.algorithm != algorithm9421(s.Key.Public()) {
			continue
		}
		err := s.sign9421(r, body, now, w)
		if errors.Is(err, ErrUncovered) || errors.Is(err, ErrMalformed) {
			continue // too little, or a header that this request does not have
		}
		return err
	}
	return ErrUnwilling
}

// params are the parameters of the signature that w asks for, RFC 9421 2.3.
// created and keyid always stand in it: 5.2 allows more than was asked for.
func (w Wanted) params(keyID string, now time.Time) []param {
	text := func(s string) bareItem { return bareItem{kind: kindString, text: s} }
	list := []param{{"created", bareItem{kind: kindInt, num: now.Unix()}}}
	if w.expires {
		list = append(list, param{"expires", bareItem{kind: kindInt, num: now.Add(wantedValid).Unix()}})
	}
	list = append(list, param{"keyid", text(keyID)})
	for _, p := range []struct{ key, value string }{{"alg", w.algorithm}, {"nonce", w.nonce}, {"tag", w.tag}} {
		if p.value != "" {
			list = append(list, param{p.key, text(p.value)})
		}
	}
	return list
}

func algorithm9421(key crypto.PublicKey) string {
	switch key.(type) {
	case *rsa.PublicKey:
		return algRSA9421
	case ed25519.PublicKey:
		return algEd25519
	}
	return ""
}

// AcceptSignature is what to ask of a request whose RFC 9421 signature covers
// too little, or which has none: all that Parse insists on.
func AcceptSignature(withBody bool) string {
	w := Wanted{components: []string{"@method", "@target-uri"}}
	if withBody {
		w.components = append(w.components, "content-digest")
	}
	return string(appendSignatureParams([]byte("sig1="), w.components, []param{{"created", bareItem{kind: kindBool, num: 1}}}))
}
