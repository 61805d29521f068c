package federation

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"dassie/store"
)

// Other servers' pictures are reached through addresses of ours, which name the
// row that has the picture's own address, and are signed: only what we put into a
// page can be asked for, so that this server is no open proxy (T46), and apps and
// visitors need no cookie. The address is
//
//	/media/post-ID-N-TAG/SHAPE-SIGNATURE     attachment N of a post
//	/media/face-ID-TAG/SHAPE-SIGNATURE       an actor's avatar; header, likewise
//	/media/emoji-ID-TAG/SHAPE-SIGNATURE
//
// TAG is of the picture's address: after an edit the old address is nothing. The
// signature is of the first segment and of the scope.

// Scope says on whose pages an address stands. It is part of the signature, so
// that what visitors see never opens what only the owner may.
type Scope string

// The scopes.
const (
	ForOwner    Scope = "owner"    // pages and apps of the owner
	ForVisitors Scope = "visitors" // pages for everybody: posts that everybody may read
)

// The shapes that an address can ask for.
const (
	shapeSmall = "small"
	shapeFull  = "full"
	shapeStill = "still" // of a film
	shapePlay  = "play"  // the film or sound itself, handed through
)

const (
	mediaKeySetting = "media_key"
	signatureBytes  = 16 // 128 bits, as names of private posts' own media (T45)
	tagBytes        = 4
)

// loadMediaKey reads the key that addresses are signed with; the first start
// draws it.
func (s *Service) loadMediaKey(ctx context.Context) error {
	text, err := store.Get(ctx, s.store, func(tx *store.Tx) (string, error) { return tx.Setting(mediaKeySetting) })
	if errors.Is(err, store.ErrNotFound) {
		key := make([]byte, 32)
		rand.Read(key)
		text = hex.EncodeToString(key)
		err = s.store.Write(ctx, func(tx *store.Tx) error { return tx.SetSetting(mediaKeySetting, text) })
	}
	if err == nil {
		s.mediaKey, err = hex.DecodeString(text)
	}
	if err != nil {
		return fmt.Errorf("read the key of media addresses: %w", err)
	}
	return nil
}

func (s *Service) mediaMAC(parts ...string) []byte {
	m := hmac.New(sha256.New, s.mediaKey)
	for _, part := range parts {
		m.Write([]byte(part))
		m.Write([]byte{0})
	}
	return m.Sum(nil)
}

// mediaTag stands for the addresses that a row had when a page was made.
func (s *Service) mediaTag(urls ...string) string {
	return hex.EncodeToString(s.mediaMAC(append([]string{"tag"}, urls...)...)[:tagBytes])
}

func (s *Service) mediaSignature(name string, scope Scope) string {
	return base64.RawURLEncoding.EncodeToString(s.mediaMAC("address", string(scope), name)[:signatureBytes])
}

// address is the path of a picture, without its shape.
type address struct{ name, signature string }

func (s *Service) mediaAddress(scope Scope, name string) address {
	return address{name, s.mediaSignature(name, scope)}
}

func (a address) as(shape string) string {
	return "/media/" + a.name + "/" + shape + "-" + a.signature
}

// addressOf says what an address is made from.
type addressOf struct {
	kind         string
	id           int64
	n            int
	url, preview string
	scope        Scope
}

// maxAddresses bounds the addresses that are kept to about 1 MB.
const maxAddresses = 2048

// signed finds an address or makes it: the same faces are on every page, and each
// address costs two hashes. What it is made from never changes.
func (s *Service) signed(of addressOf, compute func() address) address {
	if a, ok := s.addresses.Get(of); ok {
		return a
	}
	a := compute()
	if len(of.url)+len(of.preview) < 1000 {
		s.addresses.Add(of, a)
	}
	return a
}

func (s *Service) postAddress(p store.Post, n int, scope Scope) address {
	a := p.Extra.Attachments[n]
	return s.signed(addressOf{"post", p.ID, n, a.URL, a.Preview, scope}, func() address {
		return s.mediaAddress(scope, fmt.Sprintf("post-%d-%d-%s", p.ID, n, s.mediaTag(a.URL, a.Preview)))
	})
}

func (s *Service) emojiAddress(e store.CustomEmoji, scope Scope) string {
	return s.mediaAddress(scope, fmt.Sprintf("emoji-%d-%s", e.ID, s.mediaTag(e.URL))).as(shapeSmall)
}

// FacePath is the path of somebody's avatar: of what is stored, or where it is
// fetched when a browser asks for it; "" if there is none.
func (s *Service) FacePath(a store.Actor, scope Scope) string {
	return s.profilePath(a, "face", a.Avatar, a.IconURL, scope)
}

// HeaderPath is the same for the picture above a profile.
func (s *Service) HeaderPath(a store.Actor, scope Scope) string {
	return s.profilePath(a, "header", a.Header, a.ImageURL, scope)
}

func (s *Service) profilePath(a store.Actor, kind, name, url string, scope Scope) string {
	switch {
	case name != "":
		return "/media/" + name
	case url == "" || a.ID == store.OwnerID || !a.GoneAt.IsZero():
		return ""
	}
	return s.signed(addressOf{kind: kind, id: a.ID, url: url, scope: scope}, func() address {
		return s.mediaAddress(scope, fmt.Sprintf("%s-%d-%s", kind, a.ID, s.mediaTag(url)))
	}).as(shapeSmall)
}

// mediaRef is an address that was taken apart, with a signature of ours.
type mediaRef struct {
	kind  string // post, face, header, emoji
	id    int64
	n     int // of the attachment
	tag   string
	shape string
	scope Scope
}

var (
	refName  = regexp.MustCompile(`^(post|face|header|emoji)-([1-9][0-9]{0,18})(?:-([0-9]|[1-9][0-9]))?-([0-9a-f]{8})$`)
	refShape = regexp.MustCompile(`^(small|full|still|play)-([A-Za-z0-9_-]{22})$`)
)

// readAddress takes an address apart. What we did not sign is false, before
// anything is looked up: a made-up address teaches nothing, not even by its time.
func (s *Service) readAddress(name, sign string) (ref mediaRef, ok bool) {
	m, shape := refName.FindStringSubmatch(name), refShape.FindStringSubmatch(sign)
	if m == nil || shape == nil || (m[1] == "post") != (m[3] != "") {
		return ref, false
	}
	for _, scope := range []Scope{ForOwner, ForVisitors} {
		if hmac.Equal([]byte(s.mediaSignature(name, scope)), []byte(shape[2])) {
			ref.scope = scope
		}
	}
	if ref.scope == "" {
		return ref, false
	}
	var err error
	if ref.id, err = strconv.ParseInt(m[2], 10, 64); err != nil {
		return ref, false
	}
	ref.n, _ = strconv.Atoi(m[3]) // "" is 0
	ref.kind, ref.tag, ref.shape = m[1], m[4], shape[1]
	return ref, ref.kind == "post" || ref.shape == shapeSmall
}

// absolute makes a path of ours an address that apps can use; "" stays.
func (s *Service) absolute(path string) string {
	if !strings.HasPrefix(path, "/") {
		return path
	}
	return s.origin.URL(path)
}
