package store

// MuteThread mutes a conversation by its root: what is below that post is not
// notified.
func (t *Tx) MuteThread(rootID int64) error {
	_, err := t.exec(`
		insert or replace into thread_mutes (root_id, at)
		values (?, ?)`, rootID, ms(t.Now()))
	return err
}

// MutedThreads lists the roots of conversations that are muted, in pages by id.
func (t *Tx) MutedThreads(after int64, limit int) ([]int64, error) {
	return many(t, scanInt64, `
		select root_id
		from thread_mutes
		where root_id > ?
		order by root_id
		limit ?`, after, limit)
}

// threadUp walks from posts, given as a JSON list, up to their roots. Parents in a
// circle end where it closes; the bound is for chains that somebody made to be long.
const threadUp = `
	with recursive up (post_id, id) as (
		select value, value
		from json_each(?)
		union
		select up.post_id, p.parent_id
		from up
		cross join posts p on p.id = up.id
		where p.parent_id is not null
		limit 20000)`

// UnmuteThread takes the mute back of the conversation that a post is in.
func (t *Tx) UnmuteThread(postID int64) error {
	_, err := t.exec(threadUp+`
		delete from thread_mutes
		where root_id in (select id from up)`, idList([]int64{postID}))
	return err
}

// InMutedThread says which of some posts are in a conversation that is muted.
func (t *Tx) InMutedThread(postIDs ...int64) (map[int64]bool, error) {
	in := map[int64]bool{}
	if len(postIDs) == 0 {
		return in, nil
	}
	any, err := t.exists(`
		select 1
		from thread_mutes
		where root_id > 0
		limit 1`)
	if err != nil || !any {
		return in, err
	}
	list, err := many(t, scanInt64, threadUp+`
		select up.post_id
		from up
		cross join thread_mutes m on m.root_id = up.id`, idList(distinct(postIDs)))
	for _, id := range list {
		in[id] = true
	}
	return in, err
}

// passMuteOn leaves a mute to the replies of a root that goes: they are the
// conversation then.
func (t *Tx) passMuteOn(rootID int64) error {
	if _, err := t.exec(`
		insert or ignore into thread_mutes (root_id, at)
		select p.id, m.at
		from thread_mutes m
		cross join posts p on p.parent_id = m.root_id
		where m.root_id = ?`, rootID); err != nil {
		return err
	}
	_, err := t.exec(`
		delete from thread_mutes
		where root_id = ?`, rootID)
	return err
}
