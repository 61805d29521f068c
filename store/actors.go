package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Actor is a person, group or bot; the owner is OwnerID.
type Actor struct {
	ID             int64
	URI            string // its ActivityPub id
	HostID         int64
	Username       string
	Domain         string // domain of the handle
	Kind           string // Person, Service, Group, Organization, Application
	Name           string // display name, plain text; may be empty
	Summary        string // safe HTML
	Source         string // the owner's bio as typed
	URL            string // page for people
	Inbox          string
	SharedInbox    string
	Outbox         string
	FollowersURI   string
	FeaturedURI    string
	IconURL        string // remote avatar
	ImageURL       string // remote header
	Avatar         string // media name of the cached or own avatar; empty means the default
	Header         string
	Locked         bool
	Bot            bool
	Discoverable   bool
	Indexable      bool
	PostsCount     int // as its server says
	FollowersCount int
	FollowingCount int
	PublishedAt    time.Time // when the account was made, as its server says
	FetchedAt      time.Time
	EditedAt       time.Time
	GoneAt         time.Time // deleted at its server
	Extra          ActorExtra
}

// ActorExtra holds what is only shown, never searched for.
type ActorExtra struct {
	Fields      []Field  `json:"fields,omitempty"`
	Emojis      []Emoji  `json:"emojis,omitempty"`
	AlsoKnownAs []string `json:"also_known_as,omitempty"`
	MovedTo     string   `json:"moved_to,omitempty"`
	CreditedBy  []string `json:"credited_by,omitempty"` // sites that may name them as an author
}

// Field is a name and a value on a profile; the value is safe HTML.
type Field struct {
	Name     string    `json:"name"`
	Value    string    `json:"value"`
	Source   string    `json:"source,omitempty"` // as the owner typed it
	Verified time.Time `json:"verified,omitzero"`
}

// Emoji is a custom emoji used in a name or text.
type Emoji struct {
	Shortcode string `json:"shortcode"`
	URL       string `json:"url"`
}

// Handle is user@domain, without the leading @.
func (a Actor) Handle() string { return a.Username + "@" + a.Domain }

// DisplayName is the name, or the user name where there is none.
func (a Actor) DisplayName() string {
	if n := strings.TrimSpace(a.Name); n != "" {
		return n
	}
	return a.Username
}

// DeliveryInbox is where to send what several people of that server may see.
func (a Actor) DeliveryInbox() string {
	if a.SharedInbox != "" {
		return a.SharedInbox
	}
	return a.Inbox
}

const actorColumns = `a.id, a.uri, a.host_id, a.username, a.domain, a.kind, a.name, a.summary, a.source, a.url,
	a.inbox, a.shared_inbox, a.outbox, a.followers_uri, a.featured_uri, a.icon_url, a.image_url, a.avatar, a.header,
	a.extra, a.locked, a.bot, a.discoverable, a.indexable, a.posts_count, a.followers_count, a.following_count,
	a.published_at, a.fetched_at, a.edited_at, a.gone_at`

func scanActor(r scanner) (Actor, error) {
	var a Actor
	var extra string
	var published, fetched, edited int64
	var gone sql.NullInt64
	err := r.Scan(&a.ID, &a.URI, &a.HostID, &a.Username, &a.Domain, &a.Kind, &a.Name, &a.Summary, &a.Source, &a.URL,
		&a.Inbox, &a.SharedInbox, &a.Outbox, &a.FollowersURI, &a.FeaturedURI, &a.IconURL, &a.ImageURL, &a.Avatar, &a.Header,
		&extra, &a.Locked, &a.Bot, &a.Discoverable, &a.Indexable, &a.PostsCount, &a.FollowersCount, &a.FollowingCount,
		&published, &fetched, &edited, &gone)
	if err != nil {
		return a, err
	}
	a.PublishedAt, a.FetchedAt, a.EditedAt, a.GoneAt = fromMS(published), fromMS(fetched), fromMS(edited), fromNullMS(gone)
	if extra != "" {
		err = json.Unmarshal([]byte(extra), &a.Extra)
	}
	return a, err
}

// Actor reads one by id.
func (t *Tx) Actor(id int64) (Actor, error) {
	if a, ok := t.people.get(id); ok {
		return a, nil
	}
	var a Actor
	err := t.one(func(r scanner) (err error) { a, err = scanActor(r); return }, `
		select `+actorColumns+`
		from actors a
		where a.id = ?`, id)
	if err == nil {
		t.people.keep(a)
	}
	return a, err
}

// ActorByURI reads one by its ActivityPub id.
func (t *Tx) ActorByURI(uri string) (Actor, error) {
	var a Actor
	err := t.one(func(r scanner) (err error) { a, err = scanActor(r); return }, `
		select `+actorColumns+`
		from actors a
		where a.uri_hash = ?
		and a.uri = ?`, t.hash(uri), uri)
	return a, err
}

// ActorIDByURI reads only the id of one.
func (t *Tx) ActorIDByURI(uri string) (int64, error) {
	return value[int64](t, `
		select id
		from actors
		where uri_hash = ?
		and uri = ?`, t.hash(uri), uri)
}

// ActorByHandle reads one by user and domain; of several, the last fetched.
func (t *Tx) ActorByHandle(user, domain string) (Actor, error) {
	var a Actor
	err := t.one(func(r scanner) (err error) { a, err = scanActor(r); return }, `
		select `+actorColumns+`
		from actors a
		where a.username = ? collate nocase
		and a.domain = ?
		and a.gone_at is null
		order by a.fetched_at desc
		limit 1`, user, domain)
	return a, err
}

// Actors reads several by id into a map, in at most one query; missing ones are
// left out.
func (t *Tx) Actors(ids ...int64) (map[int64]Actor, error) {
	ids = distinct(ids)
	out := make(map[int64]Actor, len(ids))
	ids = slices.DeleteFunc(ids, func(id int64) bool {
		a, ok := t.people.get(id)
		if ok {
			out[id] = a
		}
		return ok
	})
	if len(ids) == 0 {
		return out, nil
	}
	err := t.each(func(r scanner) error {
		a, err := scanActor(r)
		if err == nil {
			out[a.ID] = a
			t.people.keep(a)
		}
		return err
	}, `
		select `+actorColumns+`
		from json_each(?) j
		cross join actors a on a.id = j.value`, idList(ids))
	if err != nil {
		return nil, err
	}
	return out, nil
}

// SaveActor inserts an actor, or updates the row with the same uri, and sets
// its id. Avatar and header names are kept unless the remote picture changed.
func (t *Tx) SaveActor(a *Actor) error {
	extra := ""
	if len(a.Extra.Fields)+len(a.Extra.Emojis)+len(a.Extra.AlsoKnownAs) > 0 || a.Extra.MovedTo != "" || len(a.Extra.CreditedBy) > 0 {
		b, err := json.Marshal(a.Extra)
		if err != nil {
			return fmt.Errorf("save actor %s: %w", a.URI, err)
		}
		extra = string(b)
	}
	if err := t.matchActor(a); err != nil {
		return err
	}
	args := []any{a.URI, t.hash(a.URI), a.HostID, a.Username, a.Domain, a.Kind, a.Name, a.Summary, a.Source, a.URL,
		a.Inbox, a.SharedInbox, a.Outbox, a.FollowersURI, a.FeaturedURI, a.IconURL, a.ImageURL, a.Avatar, a.Header,
		extra, a.Locked, a.Bot, a.Discoverable, a.Indexable, a.PostsCount, a.FollowersCount, a.FollowingCount,
		ms(a.PublishedAt), ms(a.FetchedAt), ms(a.EditedAt), msOrNull(a.GoneAt)}
	n, err := t.changed(`
		update actors
		set uri = ?, uri_hash = ?, host_id = ?, username = ?, domain = ?, kind = ?, name = ?, summary = ?, source = ?, url = ?,
			inbox = ?, shared_inbox = ?, outbox = ?, followers_uri = ?, featured_uri = ?, icon_url = ?, image_url = ?, avatar = ?, header = ?,
			extra = ?, locked = ?, bot = ?, discoverable = ?, indexable = ?, posts_count = ?, followers_count = ?, following_count = ?,
			published_at = ?, fetched_at = ?, edited_at = ?, gone_at = ?
		where id = ?`, append(args, a.ID)...)
	if err != nil || n > 0 {
		return err
	}
	_, err = t.exec(`
		insert into actors (uri, uri_hash, host_id, username, domain, kind, name, summary, source, url,
			inbox, shared_inbox, outbox, followers_uri, featured_uri, icon_url, image_url, avatar, header,
			extra, locked, bot, discoverable, indexable, posts_count, followers_count, following_count,
			published_at, fetched_at, edited_at, gone_at, id)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, append(args, a.ID)...)
	return err
}

// matchActor finds the row that an actor is saved to, or draws a new id, and
// carries over the cached pictures that still are the remote ones.
func (t *Tx) matchActor(a *Actor) error {
	var old Actor
	var err error
	if a.ID == 0 {
		old, err = t.ActorByURI(a.URI)
	} else {
		old, err = t.Actor(a.ID)
	}
	if err == ErrNotFound {
		if a.ID == 0 {
			a.ID = t.NewID()
		}
		return nil
	}
	if err != nil {
		return err
	}
	a.ID = old.ID
	if a.ID == OwnerID {
		return nil // an empty picture is the owner's wish
	}
	if a.Avatar == "" && a.IconURL == old.IconURL {
		a.Avatar = old.Avatar
	}
	if a.Header == "" && a.ImageURL == old.ImageURL {
		a.Header = old.Header
	}
	return nil
}

// SetActorMedia notes the cached avatar and header.
func (t *Tx) SetActorMedia(id int64, avatar, header string) error {
	_, err := t.exec(`
		update actors
		set avatar = ?, header = ?
		where id = ?`, avatar, header, id)
	return err
}

// ActorKey is a stored public key of an actor.
type ActorKey struct {
	KeyID     string
	ActorID   int64
	DER       []byte // PKIX
	FetchedAt time.Time
}

// ActorKeyByID reads a key by its whole id.
func (t *Tx) ActorKeyByID(keyID string) (ActorKey, error) {
	var k ActorKey
	err := t.one(func(r scanner) error {
		var at int64
		err := r.Scan(&k.KeyID, &k.ActorID, &k.DER, &at)
		k.FetchedAt = fromMS(at)
		return err
	}, `
		select key_id, actor_id, der, fetched_at
		from actor_keys
		where key_hash = ?
		and key_id = ?`, t.hash(keyID), keyID)
	return k, err
}

// SaveActorKeys replaces the keys of an actor.
func (t *Tx) SaveActorKeys(actorID int64, keys []ActorKey) error {
	if _, err := t.exec(`
		delete from actor_keys
		where actor_id = ?`, actorID); err != nil {
		return err
	}
	for _, k := range keys {
		if _, err := t.exec(`
			insert into actor_keys (key_hash, key_id, actor_id, der, fetched_at)
			values (?, ?, ?, ?, ?)`, t.hash(k.KeyID), k.KeyID, actorID, k.DER, ms(t.Now())); err != nil {
			return err
		}
	}
	return nil
}

// ActorGone marks an actor as deleted at its server and drops the follows both
// ways. Posts and reactions, of which there may be many, are for the caller to
// drop in slices.
func (t *Tx) ActorGone(id int64) error {
	for _, q := range []string{
		`delete from followers where actor_id = ?`,
		`delete from following where actor_id = ?`,
		`delete from list_members where actor_id = ?`,
		`delete from endorsements where actor_id = ?`,
		`delete from actor_keys where actor_id = ?`,
		`delete from notifications where actor_id = ?`,
		`delete from votes where actor_id = ?`,
		`delete from blocked_by where actor_id = ?`,
		`delete from mutes where actor_id = ?`,
		`delete from last_posts where actor_id = ?`,
		`delete from verified_links where actor_id = ?`,
	} {
		if _, err := t.exec(q, id); err != nil {
			return err
		}
	}
	_, err := t.exec(`
		update actors
		set gone_at = ?, name = '', summary = '', icon_url = '', image_url = '', avatar = '', header = '', extra = ''
		where id = ?`, ms(t.Now()), id)
	return err
}
