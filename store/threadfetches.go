package store

import "time"

// ThreadFetch is when a conversation was last asked for at other servers, and
// what came of it, as JSON of whoever asked.
type ThreadFetch struct {
	RootID int64 // the topmost known post
	At     time.Time
	Result string
}

// SaveThreadFetch stores the outcome of a search, in place of the one before.
func (t *Tx) SaveThreadFetch(f ThreadFetch) error {
	_, err := t.exec(`
		insert or replace into thread_fetches (post_id, at, result)
		values (?, ?, ?)`, f.RootID, ms(f.At), f.Result)
	return err
}

// ThreadFetch reads the outcome of the last search; ErrNotFound if there was none.
func (t *Tx) ThreadFetch(rootID int64) (ThreadFetch, error) {
	f := ThreadFetch{RootID: rootID}
	var at int64
	err := t.one(func(r scanner) error { return r.Scan(&at, &f.Result) }, `
		select at, result
		from thread_fetches
		where post_id = ?`, rootID)
	f.At = fromMS(at)
	return f, err
}
