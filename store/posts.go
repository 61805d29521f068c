package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"time"
)

// Visibility says who may read a post, from widest to narrowest.
type Visibility int

const (
	Public    Visibility = 0 // everyone
	Unlisted  Visibility = 1 // everyone, quietly: not in public lists
	Followers Visibility = 2 // followers and those named
	Direct    Visibility = 3 // only those named
)

// Open says that a stranger may read it.
func (v Visibility) Open() bool { return v <= Unlisted }

// Kind is what sort of object a post is on the wire.
type Kind int

const (
	KindNote     Kind = 0
	KindQuestion Kind = 1
	KindArticle  Kind = 2 // and Page
	KindVideo    Kind = 3
	KindAudio    Kind = 4
	KindImage    Kind = 5
	KindEvent    Kind = 6
	KindChat     Kind = 7
)

// Post is one post or one boost, as row and as domain object. A boost has
// BoostOf set and no text of its own.
type Post struct {
	ID          int64
	URI         string // ActivityPub id of the object; of a boost, of the Announce
	ActorID     int64
	Kind        Kind
	Visibility  Visibility
	BoostOf     int64
	ParentID    int64  // 0 while the parent is not stored here
	ParentURI   string // "" if it is no reply
	URL         string // page for people
	Title       string // plain text, of an Article and the like
	Summary     string // content warning, plain text
	Content     string // safe HTML
	Source      string // what the owner typed
	Language    string
	Sensitive   bool
	PublishedAt time.Time
	EditedAt    time.Time // zero if never
	Replies     int       // as known here, or as its server says if that is more
	Boosts      int
	Likes       int
	Kept        bool // the owner did something with it: sweeps leave it
	StoredAt    time.Time
	Extra       PostExtra
}

// Own says that the owner wrote it.
func (p Post) Own() bool { return p.ActorID == OwnerID }

// HTML is what is shown of a post as safe HTML: its title, which is plain text,
// and its content.
func (p Post) HTML() string {
	if p.Title == "" {
		return p.Content
	}
	return "<p><strong>" + html.EscapeString(p.Title) + "</strong></p>" + p.Content
}

// PostExtra holds what is shown with a post and never searched for.
type PostExtra struct {
	Attachments []Attachment `json:"attachments,omitempty"`
	Mentions    []Mention    `json:"mentions,omitempty"`
	Tags        []string     `json:"tags,omitempty"` // without #, case kept
	Emojis      []Emoji      `json:"emojis,omitempty"`
	Context     string       `json:"context,omitempty"` // conversation uri
	RepliesURI  string       `json:"replies,omitempty"` // its collection of replies
	Markdown    bool         `json:"markdown,omitempty"`
	App         string       `json:"app,omitempty"` // name of the program it was written with
	AppURL      string       `json:"app_url,omitempty"`
	QuoteURI    string       `json:"quote,omitempty"`
	QuotePolicy QuotePolicy  `json:"quote_policy,omitempty"` // of own posts; "" is as the settings say
	Policy      *Policy      `json:"policy,omitempty"`       // of others' posts
	Poll        *Poll        `json:"poll,omitempty"`
	Origin      []string     `json:"origin,omitempty"` // addresses that an imported own post had where it was written: its page first
}

// Attachment is a picture, film or sound of a post, kept as a link until its
// bytes are cached. Of an own post it is a copy of its row in media: URL and
// Preview are paths of this server.
type Attachment struct {
	ID        int64   `json:"id,omitempty"` // of the owner's upload
	MediaType string  `json:"type,omitempty"`
	URL       string  `json:"url"`
	Alt       string  `json:"alt,omitempty"`
	Width     int     `json:"w,omitempty"`
	Height    int     `json:"h,omitempty"`
	Blurhash  string  `json:"blur,omitempty"`
	FocalX    float64 `json:"fx,omitempty"`
	FocalY    float64 `json:"fy,omitempty"`
	Name      string  `json:"name,omitempty"`    // media name, once stored here
	Preview   string  `json:"preview,omitempty"` // address of a smaller picture, or of a still of a film
	Size      int64   `json:"size,omitempty"`    // bytes, of own ones
	Seconds   float64 `json:"sec,omitempty"`     // that a film or sound lasts, 0 if unknown
	Title     string  `json:"title,omitempty"`   // the file's name where the owner had it: for the owner alone
}

// Mention is a person named in a post.
type Mention struct {
	ActorID int64  `json:"id,omitempty"` // 0 if that person is not stored here
	URI     string `json:"uri"`
	Handle  string `json:"handle"` // user@domain
	URL     string `json:"url,omitempty"`
}

const postColumns = `p.id, p.uri, p.actor_id, p.kind, p.visibility, p.boost_of, p.parent_id, p.parent_uri, p.url, p.title,
	p.summary, p.content, p.source, p.language, p.sensitive, p.published_at, p.edited_at, p.replies, p.boosts, p.likes,
	p.kept, p.stored_at, p.extra`

func scanPost(r scanner) (Post, error) {
	var p Post
	var boost, parent, edited sql.NullInt64
	var parentURI, source, extra sql.NullString
	var published, stored int64
	err := r.Scan(&p.ID, &p.URI, &p.ActorID, &p.Kind, &p.Visibility, &boost, &parent, &parentURI, &p.URL, &p.Title,
		&p.Summary, &p.Content, &source, &p.Language, &p.Sensitive, &published, &edited, &p.Replies, &p.Boosts, &p.Likes,
		&p.Kept, &stored, &extra)
	if err != nil {
		return p, err
	}
	p.BoostOf, p.ParentID, p.ParentURI, p.Source = boost.Int64, parent.Int64, parentURI.String, source.String
	p.PublishedAt, p.EditedAt, p.StoredAt = fromMS(published), fromNullMS(edited), fromMS(stored)
	if extra.String != "" {
		err = json.Unmarshal([]byte(extra.String), &p.Extra)
	}
	return p, err
}

func (p *Post) extraJSON() (any, error) {
	b, err := json.Marshal(p.Extra)
	if err != nil {
		return nil, fmt.Errorf("save post %s: %w", p.URI, err)
	}
	if string(b) == "{}" {
		return nil, nil
	}
	return string(b), nil
}

// Post reads one by id.
func (t *Tx) Post(id int64) (Post, error) {
	var p Post
	err := t.one(func(r scanner) (err error) { p, err = scanPost(r); return }, `
		select `+postColumns+`
		from posts p
		where p.id = ?`, id)
	return p, err
}

// PostByURI reads one by its ActivityPub id.
func (t *Tx) PostByURI(uri string) (Post, error) {
	var p Post
	err := t.one(func(r scanner) (err error) { p, err = scanPost(r); return }, `
		select `+postColumns+`
		from posts p
		where p.uri_hash = ?
		and p.uri = ?`, t.hash(uri), uri)
	return p, err
}

// PostIDByURI reads only the id of one.
func (t *Tx) PostIDByURI(uri string) (int64, error) {
	return value[int64](t, `
		select id
		from posts
		where uri_hash = ?
		and uri = ?`, t.hash(uri), uri)
}

// PostIDsByURI reads the ids of several in one query into a map; missing ones are
// left out.
func (t *Tx) PostIDsByURI(uris ...string) (map[string]int64, error) {
	hashes := make([]int64, len(uris))
	wanted := make(map[string]bool, len(uris))
	for i, uri := range uris {
		hashes[i], wanted[uri] = t.hash(uri), true
	}
	type named struct {
		id  int64
		uri string
	}
	list, err := many(t, func(r scanner) (n named, err error) { err = r.Scan(&n.id, &n.uri); return }, `
		select p.id, p.uri
		from json_each(?) j
		cross join posts p on p.uri_hash = j.value`, idList(distinct(hashes)))
	ids := make(map[string]int64, len(list))
	for _, n := range list {
		if wanted[n.uri] {
			ids[n.uri] = n.id
		}
	}
	return ids, err
}

// Posts reads several by id in one query, in that order; missing ones are left out.
func (t *Tx) Posts(ids []int64) ([]Post, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	// The list is walked in its order, which a cross join keeps.
	return manyOf(t, len(ids), scanPost, `
		select `+postColumns+`
		from json_each(?) j
		cross join posts p on p.id = j.value`, idList(ids))
}

// InsertPost stores a new post: an own one under the id it has, any other
// under an id drawn from its date. It links the post to its parent and to the
// replies that arrived before it, and queues it for the indexes. It does not
// look whether the uri is known: callers ask PostIDByURI in the same Write.
func (t *Tx) InsertPost(p *Post) error {
	if err := t.insertPost(p); err != nil {
		return err
	}
	return t.linkPost(p)
}

// insertPost writes the row and finds its parent.
func (t *Tx) insertPost(p *Post) error {
	extra, err := p.extraJSON()
	if err != nil {
		return err
	}
	if p.StoredAt.IsZero() {
		p.StoredAt = t.Now()
	}
	var parentHash any
	if p.ParentURI != "" && p.ParentID == 0 {
		if p.ParentID, err = t.PostIDByURI(p.ParentURI); errors.Is(err, ErrNotFound) {
			parentHash = t.hash(p.ParentURI)
		} else if err != nil {
			return err
		}
	}
	if p.ID == 0 {
		if p.ID, err = t.freePostID(p.PublishedAt); err != nil {
			return err
		}
	}
	if _, err = t.exec(`
		insert into posts (id, uri, uri_hash, actor_id, kind, visibility, boost_of, parent_id, parent_uri, parent_hash,
			url, title, summary, content, source, language, sensitive, published_at, edited_at, replies, boosts, likes,
			kept, stored_at, extra)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		p.ID, p.URI, t.hash(p.URI), p.ActorID, p.Kind, p.Visibility, nullInt(p.BoostOf), nullInt(p.ParentID), nullStr(p.ParentURI), parentHash,
		p.URL, p.Title, p.Summary, p.Content, nullStr(p.Source), p.Language, p.Sensitive, ms(p.PublishedAt), msOrNull(p.EditedAt), p.Replies, p.Boosts, p.Likes,
		p.Kept, ms(p.StoredAt), extra); err != nil {
		return err
	}
	if p.Own() {
		return nil
	}
	return t.notePosted(p)
}

func (t *Tx) freePostID(published time.Time) (int64, error) {
	for {
		id := t.idAt(published)
		_, err := value[int64](t, `
			select id
			from posts
			where id = ?`, id)
		if errors.Is(err, ErrNotFound) {
			return id, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

func (t *Tx) linkPost(p *Post) error {
	if p.ParentID != 0 {
		if err := t.counted(p, p.ParentID, "replies", "posts_parent", "parent_id"); err != nil {
			return err
		}
	}
	if p.BoostOf != 0 {
		if err := t.counted(p, p.BoostOf, "boosts", "posts_boost", "boost_of"); err != nil {
			return err
		}
	} else if err := t.adopt(p); err != nil {
		return err
	} else if err := t.adoptQuotes(p); err != nil {
		return err
	}
	_, err := t.exec(`
		insert or ignore into unindexed (post_id, actor_id)
		values (?, ?)`, p.ID, p.ActorID)
	return err
}

// adopt links the replies that arrived before their parent.
func (t *Tx) adopt(p *Post) error {
	n, err := t.changed(`
		update posts
		set parent_id = ?, parent_hash = null
		where parent_hash = ?
		and parent_uri = ?`, p.ID, t.hash(p.URI), p.URI)
	if err != nil || n == 0 {
		return err
	}
	p.Replies = max(p.Replies, n)
	_, err = t.exec(`
		update posts
		set replies = max(replies, ?)
		where id = ?`, n, p.ID)
	return err
}

// counted counts one more reply to a post or boost of it. What the server of
// another's post told holds the one that came already, unless the owner made it:
// there it counts only if more are known here. Index and columns are constants.
func (t *Tx) counted(p *Post, id int64, column, index, link string) error {
	if p.Own() {
		return t.bump(id, column, 1)
	}
	_, err := t.exec(`
		update posts
		set `+column+` = case
			when actor_id = 1 then `+column+` + 1
			else max(`+column+`, (
				select count(*)
				from posts x indexed by `+index+`
				where x.`+link+` = ?1))
			end
		where id = ?1`, id)
	return err
}

// bump changes a counter of a post; the column is one of our own constants.
func (t *Tx) bump(id int64, column string, by int) error {
	_, err := t.exec(`
		update posts
		set `+column+` = max(`+column+` + ?, 0)
		where id = ?`, by, id)
	return err
}

// KeepPost exempts a post from sweeps, because the owner did something with it.
func (t *Tx) KeepPost(id int64) error {
	_, err := t.exec(`
		update posts
		set kept = 1
		where id = ?
		and kept = 0`, id)
	return err
}

// SetCounts stores what the post's own server says, if it is more than we know.
func (t *Tx) SetCounts(id int64, replies, boosts, likes int) error {
	_, err := t.exec(`
		update posts
		set replies = max(replies, ?), boosts = max(boosts, ?), likes = max(likes, ?)
		where id = ?`, replies, boosts, likes, id)
	return err
}
