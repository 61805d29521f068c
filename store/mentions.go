package store

// SetMentions stores whom a post names; kept only for posts of the owner and
// posts that name the owner.
func (t *Tx) SetMentions(postID int64, actorIDs []int64) error {
	if _, err := t.exec(`
		delete from mentions
		where post_id = ?`, postID); err != nil {
		return err
	}
	for _, id := range actorIDs {
		if _, err := t.exec(`
			insert or ignore into mentions (post_id, actor_id)
			values (?, ?)`, postID, id); err != nil {
			return err
		}
	}
	return nil
}

// Mentioned says whether a post names an actor.
func (t *Tx) Mentioned(postID, actorID int64) (bool, error) {
	return t.exists(`
		select 1
		from mentions
		where post_id = ?
		and actor_id = ?`, postID, actorID)
}

// MentionedActors lists whom a post names, among those stored here.
func (t *Tx) MentionedActors(postID int64) ([]Actor, error) {
	return many(t, scanActor, `
		select `+actorColumns+`
		from mentions m
		cross join actors a on a.id = m.actor_id
		where m.post_id = ?`, postID)
}

// LastTalk finds the newest own post that names an actor, for "earlier talk".
func (t *Tx) LastTalk(actorID int64) (Post, error) {
	var p Post
	err := t.one(func(r scanner) (err error) { p, err = scanPost(r); return }, `
		select `+postColumns+`
		from mentions m
		cross join posts p on p.id = m.post_id
		where m.actor_id = ?
		and p.actor_id = 1
		order by m.post_id desc
		limit 1`, actorID)
	return p, err
}
