package store

import (
	"crypto/sha256"
	"database/sql"
	"errors"
	"time"
)

// What a stranger can ask for.
const (
	SubjectCopy  = "copy"
	SubjectErase = "erase"
)

// SubjectState is where a stranger's request stands.
type SubjectState int

const (
	SubjectAsked     SubjectState = 0 // it waits for the owner
	SubjectAnswered  SubjectState = 1 // a link was sent to the handle
	SubjectUsed      SubjectState = 2 // who has the handle used it: the copy was fetched, or the erasure confirmed
	SubjectErased    SubjectState = 3
	SubjectPutAside  SubjectState = 4 // the owner does not answer it
	SubjectBeingDone SubjectState = 5 // the erasure is under way
)

const (
	// SubjectLinkLasts is for how long the link of an answer is good.
	SubjectLinkLasts = 14 * day
	// SubjectAnswerBy is how long an answer may take: a month (GDPR, article 12.3).
	SubjectAnswerBy = 30 * day

	// SubjectDoneLasts is how long a request is kept after the answer, and
	// SubjectRequestLasts at most.
	SubjectDoneLasts    = 30 * day
	SubjectRequestLasts = 180 * day

	maxSubjectWaiting = 200 // beyond which nobody can ask
)

// ErrFull says that too much waits already.
var ErrFull = errors.New("store: too much waits already")

// SubjectRequest is a stranger's question what is kept about a handle.
type SubjectRequest struct {
	ID         int64
	Handle     string // user@domain
	Kind       string // SubjectCopy or SubjectErase
	Words      string // plain text
	State      SubjectState
	ActorID    int64 // whom it was answered; 0 before that
	AskedAt    time.Time
	AnsweredAt time.Time
	UsedAt     time.Time // when the link was used
}

// Open says that the owner has to do something.
func (r SubjectRequest) Open() bool {
	return r.State == SubjectAsked || r.State == SubjectUsed && r.Kind == SubjectErase
}

const subjectRequestColumns = `r.id, r.handle, r.kind, r.words, r.state, r.actor_id, r.asked_at, r.answered_at, r.used_at`

func scanSubjectRequest(r scanner) (SubjectRequest, error) {
	var q SubjectRequest
	var asked int64
	var answered, used sql.NullInt64
	err := r.Scan(&q.ID, &q.Handle, &q.Kind, &q.Words, &q.State, &q.ActorID, &asked, &answered, &used)
	q.AskedAt, q.AnsweredAt, q.UsedAt = fromMS(asked), fromNullMS(answered), fromNullMS(used)
	return q, err
}

// AskSubject files a request. One of the same kind that waits already stays as it is,
// so that nobody can fill the list with one handle. Errors: ErrFull.
func (t *Tx) AskSubject(q SubjectRequest) error {
	n, err := value[int64](t, `
		select count(*)
		from subject_requests
		where state = 0`)
	if err == nil && n >= maxSubjectWaiting {
		err = ErrFull
	}
	if err != nil {
		return err
	}
	_, err = t.exec(`
		insert into subject_requests (id, handle, kind, words, asked_at)
		values (?, ?, ?, ?, ?)
		on conflict (handle, kind) where state = 0 do nothing`, t.NewID(), q.Handle, q.Kind, q.Words, ms(t.Now()))
	return err
}

// SubjectRequests lists the newest, those that need the owner first.
func (t *Tx) SubjectRequests(limit int) ([]SubjectRequest, error) {
	return many(t, scanSubjectRequest, `
		select `+subjectRequestColumns+`
		from subject_requests r
		order by `+subjectOpen+` desc, r.id desc
		limit ?`, limit)
}

// SubjectActors says who is known here under the handles of some requests, by the
// request, in one query.
func (t *Tx) SubjectActors(list []SubjectRequest) (map[int64]int64, error) {
	ids := make([]int64, len(list))
	for i, q := range list {
		ids[i] = q.ID
	}
	type known struct{ request, actor int64 }
	rows, err := many(t, func(r scanner) (k known, err error) { err = r.Scan(&k.request, &k.actor); return }, `
		select r.id, a.id
		from json_each(?) j
		cross join subject_requests r on r.id = j.value
		cross join actors a indexed by actors_handle on a.username = substr(r.handle, 1, instr(r.handle, '@') - 1) collate nocase
		and a.domain = substr(r.handle, instr(r.handle, '@') + 1)
		order by a.fetched_at`, idList(ids))
	out := make(map[int64]int64, len(rows))
	for _, k := range rows {
		out[k.request] = k.actor // the last fetched, as of ActorByHandle
	}
	return out, err
}

const subjectOpen = `(r.state = 0 or r.state = 2 and r.kind = 'erase')`

// CountSubjectRequests counts those that need the owner.
func (t *Tx) CountSubjectRequests() (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from subject_requests r
		where `+subjectOpen)
	return int(n), err
}

// SubjectRequest reads one.
func (t *Tx) SubjectRequest(id int64) (SubjectRequest, error) {
	var q SubjectRequest
	err := t.one(func(r scanner) (err error) { q, err = scanSubjectRequest(r); return }, `
		select `+subjectRequestColumns+`
		from subject_requests r
		where r.id = ?`, id)
	return q, err
}

// SubjectRequestByLink reads the one whose answer has this secret, while it is good.
func (t *Tx) SubjectRequestByLink(secret string) (SubjectRequest, error) {
	var q SubjectRequest
	err := t.one(func(r scanner) (err error) { q, err = scanSubjectRequest(r); return }, `
		select `+subjectRequestColumns+`
		from subject_requests r indexed by subject_requests_link
		where r.link_hash = ?
		and r.link_hash is not null
		and r.answered_at > ?`, secretHash(secret), ms(t.Now().Add(-SubjectLinkLasts)))
	return q, err
}

// AnswerSubject notes that a link was sent to somebody; an earlier one is void.
func (t *Tx) AnswerSubject(id, actorID int64, secret string) error {
	_, err := t.exec(`
		update subject_requests
		set state = ?, actor_id = ?, link_hash = ?, answered_at = ?, used_at = null
		where id = ?`, SubjectAnswered, actorID, secretHash(secret), ms(t.Now()), id)
	return err
}

// UseSubjectLink marks the link of an answer as used, and says whether it was not yet.
func (t *Tx) UseSubjectLink(id int64) (bool, error) {
	n, err := t.changed(`
		update subject_requests
		set state = ?, used_at = ?
		where id = ?
		and state = ?`, SubjectUsed, ms(t.Now()), id, SubjectAnswered)
	return n > 0, err
}

// ReturnSubjectLink takes that back, since what was asked for could not be made.
func (t *Tx) ReturnSubjectLink(id int64) error {
	_, err := t.exec(`
		update subject_requests
		set state = ?, used_at = null
		where id = ?
		and state = ?`, SubjectAnswered, id, SubjectUsed)
	return err
}

// SetSubjectState notes what the owner did with a request. The link keeps telling who
// has it.
func (t *Tx) SetSubjectState(id int64, state SubjectState) error {
	_, err := t.exec(`
		update subject_requests
		set state = ?, answered_at = coalesce(answered_at, ?)
		where id = ?`, state, ms(t.Now()), id)
	return err
}

// SubjectErasures lists the requests to erase what is kept about somebody that are not
// done, by whom they were answered to or the handle they name.
func (t *Tx) SubjectErasures(actorID int64, handle string) ([]int64, error) {
	return many(t, scanInt64, `
		select id
		from subject_requests
		where kind = 'erase'
		and state in (0, 1, 2, 5)
		and (actor_id = ? or handle = lower(?))`, actorID, handle)
}

// SubjectErasing says whether what is kept about somebody is being erased.
func (t *Tx) SubjectErasing(actorID int64) (bool, error) {
	return t.exists(`
		select 1
		from jobs
		where key = ?
		and dead_at is null
		and kind = 'erase'`, "erase:"+authorWord(actorID))
}

// secretHash is what is kept of a secret that was drawn at random.
func secretHash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
