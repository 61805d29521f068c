package store

// unseenPictures is how long a picture of somebody else's post stays when nobody
// looks at it.
const unseenPictures = 7 * day

// findUnseen takes pictures of posts that were not looked at for a week. Those on
// profiles stay as long as there is room: they stand beside every post.
func findUnseen(t *Tx, _ Settings, _ int64) ([]any, int64, error) {
	keys, err := many(t, func(r scanner) (any, error) {
		var k failureKey
		err := r.Scan(&k.hash, &k.shape)
		return k, err
	}, `
		select url_hash, shape
		from remote_media indexed by remote_media_used
		where size > 0
		and used_at < ?
		and shape in ('small', 'full', 'emoji')
		limit ?`, ms(t.Now().Add(-unseenPictures)), sweepSlice)
	return keys, 0, err
}

// dropUnseen forgets one; its file goes with the sweep of the cache folder.
func dropUnseen(t *Tx, _ Settings, key any) (bool, error) {
	k := key.(failureKey)
	n, err := t.changed(`
		delete from remote_media
		where url_hash = ?
		and shape = ?
		and used_at < ?`, k.hash, k.shape, ms(t.Now().Add(-unseenPictures)))
	return n > 0, err
}
