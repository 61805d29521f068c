package ap

import (
	"fmt"
	"strings"
	"time"
)

// Actor is a person, bot, group or server on the wire, ours or a stranger's.
type Actor struct {
	ID                string
	Type              string // Person, Service, Application, Group, Organization
	PreferredUsername string // "" when only WebFinger is given
	WebFinger         string // user@domain (FEP-2c59), "" when not told
	Name              string // display name, may be ""
	Summary           string // bio, HTML
	URL               string // profile page

	Inbox, Outbox, Followers, Following, Featured, FeaturedTags string
	SharedInbox                                                 string

	Icon, Image Image // avatar, header
	PublicKeys  []Key
	Multikeys   []Multikey // assertionMethod (FEP-521a)

	ManuallyApprovesFollowers bool
	Discoverable, Indexable   *bool // nil when not told
	Suspended, Memorial       bool
	Published, Updated        time.Time

	Fields             []Field
	Emojis             []Emoji
	Hashtags           []Hashtag
	AlsoKnownAs        []string
	MovedTo            string
	InteractionPolicy  Object
	AttributionDomains []string
}

// Image is a picture with its address.
type Image struct{ URL, MediaType, Name string }

// Key is a publicKey of the security vocabulary.
type Key struct{ ID, Owner, PEM string }

// Multikey is a key of FEP-521a.
type Multikey struct{ ID, Controller, PublicKeyMultibase string }

// Field is a line of the profile table; Value is HTML.
type Field struct{ Name, Value string }

// ReadActor reads an actor. It refuses what is not of the five actor types, has
// no http(s) id and inbox, or neither preferredUsername nor webfinger.
func ReadActor(o Object) (*Actor, error) {
	a := &Actor{
		ID:                o.ID(),
		Type:              o.Type(),
		PreferredUsername: strings.TrimSpace(o.Str("preferredUsername")),
		WebFinger:         strings.TrimSpace(o.Str("webfinger")),
		Inbox:             webURL(o.FirstID("inbox")),
	}
	if _, _, err := ParseHandle(a.WebFinger); err != nil {
		a.WebFinger = ""
	}
	switch {
	case !IsActorType(a.Type):
		return nil, fmt.Errorf("read actor: %w: a %.80q is none", ErrShape, a.Type)
	case !IsURL(a.ID):
		return nil, fmt.Errorf("read actor: %w: no id", ErrShape)
	case a.Inbox == "":
		return nil, fmt.Errorf("read actor %s: %w: no inbox", a.ID, ErrShape)
	case a.PreferredUsername == "" && a.WebFinger == "":
		return nil, fmt.Errorf("read actor %s: %w: no name", a.ID, ErrShape)
	case len(a.PreferredUsername) > MaxName:
		return nil, fmt.Errorf("read actor %s: %w: name too long", a.ID, ErrShape)
	}
	a.Name, _ = o.StrLang("name", "nameMap")
	a.Name = strings.TrimSpace(cut(a.Name, MaxName))
	a.Summary, _ = o.StrLang("summary", "summaryMap")
	a.Summary = cut(a.Summary, MaxSummary)
	a.URL = pageURL(o["url"])
	a.Outbox, a.Featured, a.FeaturedTags = collectionID(o, "outbox"), collectionID(o, "featured"), collectionID(o, "featuredTags")
	a.Followers, a.Following = collectionID(o, "followers"), collectionID(o, "following")
	if endpoints, ok := o.Obj("endpoints"); ok {
		a.SharedInbox = webURL(endpoints.FirstID("sharedInbox"))
	}
	if a.SharedInbox == "" {
		a.SharedInbox = webURL(o.FirstID("sharedInbox")) // Misskey
	}
	a.Icon, a.Image = readImage(o, "icon"), readImage(o, "image")
	a.PublicKeys, a.Multikeys = ReadKeys(o)
	a.ManuallyApprovesFollowers = o.Bool("manuallyApprovesFollowers")
	a.Discoverable, a.Indexable = o.maybeBool("discoverable"), o.maybeBool("indexable")
	a.Suspended, a.Memorial = o.Bool("suspended"), o.Bool("memorial")
	a.Published, a.Updated = o.Time("published"), o.Time("updated")
	readProfile(o, a)
	return a, nil
}

func readProfile(o Object, a *Actor) {
	each(o["attachment"], func(v any) bool {
		item, ok := asObject(v)
		if !ok || item.Type() != "PropertyValue" {
			return true
		}
		f := Field{cut(item.Str("name"), MaxFieldText), cut(item.Str("value"), MaxFieldText)}
		if f != (Field{}) {
			a.Fields = append(a.Fields, f)
		}
		return len(a.Fields) < MaxFields
	})
	var tags Note
	readTags(o, &tags)
	a.Emojis, a.Hashtags = tags.Emojis, tags.Hashtags
	a.AlsoKnownAs = keepIDs(o.ids("alsoKnownAs", MaxAliases))
	a.MovedTo = webURL(o.FirstID("movedTo"))
	a.InteractionPolicy, _ = o.Obj("interactionPolicy")
	for _, domain := range o.ids("attributionDomains", MaxFields) {
		if host, err := ParseHost(domain); err == nil {
			a.AttributionDomains = append(a.AttributionDomains, host)
		}
	}
}

// collectionID is the URL of a collection that may be inlined.
func collectionID(o Object, key string) string { return webURL(o.FirstID(key)) }

// readImage reads icon or image: an Image, a Link, a URL, or the first of several.
func readImage(o Object, key string) Image {
	var i Image
	each(o[key], func(v any) bool {
		if s, ok := v.(string); ok {
			i.URL = webURL(s)
			return i.URL == ""
		}
		item, ok := asObject(v)
		if !ok {
			return true
		}
		i = Image{MediaType: linkType(item), Name: cutRunes(item.Str("name"), MaxAltText)}
		each(item["url"], func(v any) bool {
			i.URL = webURL(idOf(v))
			return i.URL == ""
		})
		if i.URL == "" {
			i.URL = webURL(item.Str("href"))
		}
		return i.URL == ""
	})
	return i
}

// ReadKeys lists the keys of an actor, or of a document that is only a key or a
// key stub. Keys without an id or without key material are left out.
func ReadKeys(o Object) ([]Key, []Multikey) {
	var keys []Key
	var multikeys []Multikey
	take := func(v any) bool {
		k, ok := asObject(v)
		if !ok || k.ID() == "" || len(k.ID()) > MaxID {
			return true
		}
		owner := cutID(k.FirstID("owner"))
		if owner == "" {
			owner = cutID(k.FirstID("controller"))
		}
		if pem := k.Str("publicKeyPem"); pem != "" && len(pem) <= 16<<10 && len(keys) < MaxKeys {
			keys = append(keys, Key{k.ID(), owner, pem})
		}
		if mb := k.Str("publicKeyMultibase"); mb != "" && len(mb) <= 16<<10 && len(multikeys) < MaxKeys {
			multikeys = append(multikeys, Multikey{k.ID(), owner, mb})
		}
		return true
	}
	if o.Has("publicKeyPem") || o.Has("publicKeyMultibase") {
		take(o)
	}
	each(o["publicKey"], take)
	each(o["assertionMethod"], take)
	return keys, multikeys
}

// IsKeyStub tells whether o is only a key, or an actor cut down to id, type,
// preferredUsername and publicKey, which GoToSocial serves at the id of a key.
// It must never be stored as the actor: it has no inbox.
func IsKeyStub(o Object) bool {
	keys, multikeys := ReadKeys(o)
	return len(keys)+len(multikeys) > 0 && !o.Has("inbox") && !o.Has("outbox")
}
