package store

import (
	"database/sql"
	"errors"
	"time"
)

// QuoteState says what the quoted author says of a quote (FEP-044f).
type QuoteState int

const (
	QuotePending  QuoteState = 0 // waits for consent, or for the check of it
	QuoteAccepted QuoteState = 1 // by its author's own quote, or by a stamp that was verified
	QuoteRefused  QuoteState = 2 // the quoted author said no
	QuoteRevoked  QuoteState = 3 // the quoted author took consent back
	QuoteLegacy   QuoteState = 4 // made with fields that know no consent
)

// Quote is the row of a post that quotes another.
type Quote struct {
	PostID     int64 // the quoting post
	QuotedURI  string
	QuotedID   int64 // 0 while the quoted post is not stored here
	State      QuoteState
	RequestURI string // id of our QuoteRequest, of own posts
	StampURI   string // of the consent; only in state accepted it was verified
	At         time.Time
}

const quoteColumns = `q.post_id, q.quoted_uri, q.quoted_id, q.state, q.request_uri, q.stamp_uri, q.at`

func scanQuote(r scanner) (Quote, error) {
	var q Quote
	var quoted sql.NullInt64
	var at int64
	err := r.Scan(&q.PostID, &q.QuotedURI, &quoted, &q.State, &q.RequestURI, &q.StampURI, &at)
	q.QuotedID, q.At = quoted.Int64, fromMS(at)
	return q, err
}

// SaveQuote writes the row of a quoting post and links it to the quoted post, if
// that is here.
func (t *Tx) SaveQuote(q *Quote) error {
	var err error
	if q.QuotedID == 0 {
		if q.QuotedID, err = t.PostIDByURI(q.QuotedURI); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	if q.At.IsZero() {
		q.At = t.Now()
	}
	var stamp any
	if q.StampURI != "" {
		stamp = t.hash(q.StampURI)
	}
	_, err = t.exec(`
		insert into quotes (post_id, quoted_uri, quoted_hash, quoted_id, state, request_uri, stamp_uri, stamp_hash, at)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?)
		on conflict (post_id) do update
		set quoted_uri = excluded.quoted_uri, quoted_hash = excluded.quoted_hash, quoted_id = excluded.quoted_id,
			state = excluded.state, request_uri = excluded.request_uri, stamp_uri = excluded.stamp_uri,
			stamp_hash = excluded.stamp_hash, at = excluded.at`,
		q.PostID, q.QuotedURI, t.hash(q.QuotedURI), nullInt(q.QuotedID), q.State, q.RequestURI, q.StampURI, stamp, ms(q.At))
	return err
}

// Quote reads the row of a quoting post; ErrNotFound if it quotes nothing.
func (t *Tx) Quote(postID int64) (Quote, error) {
	var q Quote
	err := t.one(func(r scanner) (err error) { q, err = scanQuote(r); return }, `
		select `+quoteColumns+`
		from quotes q
		where q.post_id = ?`, postID)
	return q, err
}

// Quotes reads the rows of several quoting posts in one query.
func (t *Tx) Quotes(postIDs []int64) ([]Quote, error) {
	if len(postIDs) == 0 {
		return nil, nil
	}
	return many(t, scanQuote, `
		select `+quoteColumns+`
		from json_each(?) j
		cross join quotes q on q.post_id = j.value`, idList(distinct(postIDs)))
}

// DropQuote forgets that a post quotes another.
func (t *Tx) DropQuote(postID int64) error {
	_, err := t.exec(`
		delete from quotes
		where post_id = ?`, postID)
	return err
}

// QuotesByStamp lists the quotes that name a stamp.
func (t *Tx) QuotesByStamp(uri string) ([]Quote, error) {
	return many(t, scanQuote, `
		select `+quoteColumns+`
		from quotes q
		where q.stamp_hash = ?
		and q.stamp_uri = ?
		limit 100`, t.hash(uri), uri)
}

// QuotedBy reads a page of the posts that quote a post with consent.
func (t *Tx) QuotedBy(quotedID int64, p Page) ([]Post, error) {
	const list = `
		select ` + postColumns + `
		from quotes q
		cross join posts p on p.id = q.post_id
		where q.quoted_id = ?
		and q.state = 1
		and q.post_id < ?
		and q.post_id > ?
		order by q.post_id `
	return page(t, p, scanPost, list+`desc limit ?`, list+`asc limit ?`, quotedID)
}

// OwnQuotesOf lists the owner's newest posts that quote a post with consent.
func (t *Tx) OwnQuotesOf(quotedID int64, limit int) ([]int64, error) {
	return many(t, scanInt64, `
		select q.post_id
		from quotes q
		cross join posts p on p.id = q.post_id
		where q.quoted_id = ?
		and q.state = 1
		and p.actor_id = ?
		order by q.post_id desc
		limit ?`, quotedID, OwnerID, limit)
}

// adoptQuotes links the quotes that arrived before what they quote.
func (t *Tx) adoptQuotes(p *Post) error {
	_, err := t.exec(`
		update quotes
		set quoted_id = ?
		where quoted_hash = ?
		and quoted_id is null
		and quoted_uri = ?`, p.ID, t.hash(p.URI), p.URI)
	return err
}

// SetPostExtra writes what is shown with a post without making a new version of
// it: for what its author did not edit, such as who may do what with it.
func (t *Tx) SetPostExtra(p *Post) error {
	extra, err := p.extraJSON()
	if err != nil {
		return err
	}
	_, err = t.exec(`
		update posts
		set extra = ?
		where id = ?`, extra, p.ID)
	return err
}
