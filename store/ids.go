package store

import (
	"crypto/rand"
	"encoding/binary"
	"time"
)

// earliest is the date before which no post is dated: older claims are clamped.
var earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// NewID draws the id of something made here: milliseconds << 16, but always
// above the last one, so that ids sort by time. It is the primary key, the
// number in the URL and the id in the client API.
func (s *Store) NewID() int64 {
	for {
		last := s.lastID.Load()
		id := max(last+1, s.now().UnixMilli()<<16)
		if s.lastID.CompareAndSwap(last, id) {
			return id
		}
	}
}

// NewID draws an id inside a transaction.
func (t *Tx) NewID() int64 { return t.s.NewID() }

// fresh is how old something dated elsewhere may be to stand where it arrived
// within the second of its date.
const fresh = time.Minute

// idAt is the id of something dated elsewhere: its date, clamped between 2000
// and now, with random low bits. The highest of them is set, so that it is never
// one that NewID draws in the same millisecond.
//
// Most servers date without a fraction: what just arrived was made at any time of
// that second, so it stands as late in it as it can. Else a post would sort below
// an own one, or one of somebody else, that was there before it was written, and a
// page that shows that one would never count it as new.
func (t *Tx) idAt(published time.Time) int64 {
	now := t.s.now()
	if age := now.Sub(published); age >= 0 && age < fresh && published.Nanosecond() == 0 {
		published = published.Add(min(age, 999*time.Millisecond))
	}
	if published.After(now) || published.IsZero() {
		published = now
	}
	if published.Before(earliest) {
		published = earliest
	}
	var b [2]byte
	rand.Read(b[:])
	return published.UnixMilli()<<16 | 0x8000 | int64(binary.BigEndian.Uint16(b[:]))
}

// TimeOf is the moment that an id stands for.
func TimeOf(id int64) time.Time { return time.UnixMilli(id >> 16).UTC() }

// IDAt is the smallest id of a moment, for paging by date.
func IDAt(t time.Time) int64 { return t.UnixMilli() << 16 }

// drawn lists the columns that hold ids drawn here.
var drawn = [][2]string{
	{"deleted", "post_id"}, {"outgoing", "id"}, {"jobs", "id"}, {"notifications", "id"}, {"unsent", "id"}, {"actors", "id"},
	{"reactions", "id"}, {"stamps", "id"}, {"moves", "id"}, {"reports", "id"}, {"apps", "id"}, {"tokens", "id"}, {"security_log", "id"},
	{"bookmarks", "id"}, {"lists", "id"}, {"notice_requests", "id"}, {"imports", "id"}, {"import_wants", "id"},
}

// loadLastID keeps ids growing over a restart with a clock that went back: no
// id that was ever published is drawn again, and jobs keep their order.
func (s *Store) loadLastID() error {
	tx := &Tx{s: s, c: s.wconn}
	last, err := value[int64](tx, `
		select coalesce(max(id), 0)
		from posts indexed by posts_own
		where actor_id = 1`)
	if err != nil {
		return err
	}
	for _, d := range drawn {
		id, err := value[int64](tx, `
			select coalesce(max(`+d[1]+`), 0)
			from `+d[0])
		if err != nil {
			return err
		}
		last = max(last, id)
	}
	s.lastID.Store(last)
	return nil
}

// ClockBehind says by how much the clock lies before the newest own post; a
// clock more than a day behind must not publish, since its ids would lie.
func (t *Tx) ClockBehind() (time.Duration, error) {
	last, err := value[int64](t, `
		select coalesce(max(id), 0)
		from posts indexed by posts_own
		where actor_id = 1`)
	if err != nil || last == 0 {
		return 0, err
	}
	return max(TimeOf(last).Sub(t.s.now()), 0), nil
}
