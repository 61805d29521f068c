package store

import (
	"encoding/json"
	"errors"
	"time"
)

// LinkCard is what a link in posts leads to, or the memory that it could not be
// had. All texts are plain.
type LinkCard struct {
	URL         string
	Title       string // "" if there is nothing to show
	Description string
	Site        string // how the site calls itself
	Language    string
	Author      string // name, or handle
	AuthorURL   string
	AuthorID    int64  // the person here, if they vouch for the site; else 0
	Image       string // address of its picture; "" for none
	ImageName   string // media name of our copy of it; "" if it is not here
	ImageAlt    string
	Width       int // pixels of our copy
	Height      int
	FetchedAt   time.Time
	Failed      int // failures in a row
}

func scanLinkCard(r scanner) (LinkCard, error) {
	var c LinkCard
	var fetched int64
	err := r.Scan(&c.URL, &c.Title, &c.Description, &c.Site, &c.Language, &c.Author, &c.AuthorURL, &c.AuthorID,
		&c.Image, &c.ImageAlt, &c.Width, &c.Height, &fetched, &c.Failed, &c.ImageName)
	c.FetchedAt = fromMS(fetched)
	return c, err
}

const cardColumns = `c.url, c.title, c.description, c.site, c.language, c.author, c.author_url, c.author_id,
	c.image, c.image_alt, c.width, c.height, c.fetched_at, c.failed, coalesce(m.name, '')`

// cardShape is under what shape the pictures of cards are in the cache.
const cardShape = "card"

// LinkCard reads the card of an address; ErrNotFound if it was never asked for.
func (t *Tx) LinkCard(url string) (LinkCard, error) {
	var c LinkCard
	err := t.one(func(r scanner) (err error) { c, err = scanLinkCard(r); return }, `
		select `+cardColumns+`
		from cards c
		left join remote_media m on m.url_hash = c.image_hash and m.shape = '`+cardShape+`' and m.url = c.image
		where c.url_hash = ?
		and c.url = ?`, t.hash(url), url)
	return c, err
}

// SaveLinkCard inserts or replaces the card of an address.
func (t *Tx) SaveLinkCard(c LinkCard) error {
	hash := int64(0)
	if c.Image != "" {
		hash = t.hash(c.Image)
	}
	_, err := t.exec(`
		insert or replace into cards (url_hash, url, title, description, site, language, author, author_url, author_id,
			image, image_hash, image_alt, width, height, fetched_at, failed)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, t.hash(c.URL), c.URL, c.Title, c.Description, c.Site, c.Language,
		c.Author, c.AuthorURL, c.AuthorID, c.Image, hash, c.ImageAlt, c.Width, c.Height, ms(c.FetchedAt), c.Failed)
	return err
}

// SetPostLink notes which link of a post has the card; "" for none.
func (t *Tx) SetPostLink(postID int64, url string) error {
	if url == "" {
		_, err := t.exec(`
			delete from post_cards
			where post_id = ?`, postID)
		return err
	}
	_, err := t.exec(`
		insert into post_cards (post_id, url_hash)
		values (?, ?)
		on conflict (post_id) do update
		set url_hash = excluded.url_hash
		where url_hash != excluded.url_hash`, postID, t.hash(url))
	return err
}

// LinkCards reads the cards of posts, those with something to show, in one query.
func (t *Tx) LinkCards(postIDs []int64) (map[int64]LinkCard, error) {
	found := map[int64]LinkCard{}
	if len(postIDs) == 0 {
		return found, nil
	}
	ids, err := json.Marshal(distinct(postIDs))
	if err != nil {
		return nil, err
	}
	_, err = many(t, func(r scanner) (struct{}, error) {
		var id int64
		c, err := scanLinkCard(with(r, &id))
		found[id] = c
		return struct{}{}, err
	}, `
		select `+cardColumns+`, p.post_id
		from json_each(?) j
		cross join post_cards p on p.post_id = j.value
		cross join cards c on c.url_hash = p.url_hash
		left join remote_media m on m.url_hash = c.image_hash and m.shape = '`+cardShape+`' and m.url = c.image
		where c.title != ''`, string(ids))
	return found, err
}

// VerifiedLink is what is known of a link in somebody's profile: whether the page
// that it leads to links back with rel="me".
type VerifiedLink struct {
	ActorID    int64
	URL        string
	VerifiedAt time.Time // since when; zero if it does not, or not any more
	CheckedAt  time.Time
	Error      string // why it is not verified, in words
}

func scanVerifiedLink(r scanner) (VerifiedLink, error) {
	var v VerifiedLink
	var verified *int64
	var checked int64
	err := r.Scan(&v.ActorID, &v.URL, &verified, &checked, &v.Error)
	if verified != nil {
		v.VerifiedAt = fromMS(*verified)
	}
	v.CheckedAt = fromMS(checked)
	return v, err
}

// VerifiedLinks reads what is known of the links of somebody's profile, by address.
func (t *Tx) VerifiedLinks(actorID int64) (map[string]VerifiedLink, error) {
	list, err := many(t, scanVerifiedLink, `
		select actor_id, url, verified_at, checked_at, error
		from verified_links
		where actor_id = ?`, actorID)
	found := make(map[string]VerifiedLink, len(list))
	for _, v := range list {
		found[v.URL] = v
	}
	return found, err
}

// SaveVerifiedLink notes the outcome of a check. A link that was verified before
// and still is keeps its date.
func (t *Tx) SaveVerifiedLink(v VerifiedLink) error {
	_, err := t.exec(`
		insert into verified_links (actor_id, url, verified_at, checked_at, error)
		values (?, ?, ?, ?, ?)
		on conflict (actor_id, url) do update
		set verified_at = iif(excluded.verified_at is null, null, coalesce(verified_at, excluded.verified_at)),
			checked_at = excluded.checked_at, error = excluded.error`,
		v.ActorID, v.URL, msOrNull(v.VerifiedAt), ms(v.CheckedAt), v.Error)
	return err
}

// KeepVerifiedLinks forgets what is known of links that a profile no longer has.
func (t *Tx) KeepVerifiedLinks(actorID int64, urls []string) error {
	list, err := json.Marshal(append([]string{}, urls...))
	if err != nil {
		return err
	}
	_, err = t.exec(`
		delete from verified_links
		where actor_id = ?
		and url not in (select value from json_each(?))`, actorID, string(list))
	return err
}

// SetFields changes the fields of a profile alone, without what an edit of it
// brings about: the marks of verified links are ours and not the profile's.
func (t *Tx) SetFields(actorID int64, fields []Field) error {
	a, err := t.Actor(actorID)
	if errors.Is(err, ErrNotFound) {
		return nil // swept meanwhile
	}
	if err != nil {
		return err
	}
	a.Extra.Fields = fields
	return t.SaveActor(&a)
}

// PostsWithLink reads a page of the public posts that show the card of an address;
// only the owner's, if own is set.
func (t *Tx) PostsWithLink(url string, own bool, p Page) ([]Post, error) {
	const list = `
		select ` + postColumns + `
		from post_cards l indexed by post_cards_link
		cross join cards c on c.url_hash = l.url_hash
		cross join posts p on p.id = l.post_id
		where l.url_hash = ?
		and c.url = ?
		and p.visibility = 0
		and (not ? or p.actor_id = 1)
		and l.post_id < ?
		and l.post_id > ?
		order by l.post_id `
	return page(t, p, scanPost, list+`desc limit ?`, list+`asc limit ?`, t.hash(url), url, own)
}
