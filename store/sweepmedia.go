package store

import "errors"

// seenSince is the time since when a picture of somebody else's post must have been
// looked at to stay.
func seenSince(t *Tx, set Settings) int64 { return ms(t.Now().Add(-daysOf(set.KeepPictureDays))) }

// unseenPicture is true of a picture in a post that was not looked at since ?1.
// Those on profiles stay as long as there is room: they stand beside every post.
const unseenPicture = `size > 0
		and used_at < ?1
		and shape in ('small', 'full', 'emoji')`

func scanPicture(r scanner) (any, error) {
	var k failureKey
	err := r.Scan(&k.hash, &k.shape)
	return k, err
}

func findUnseen(t *Tx, set Settings, _ int64) ([]any, int64, error) {
	keys, err := many(t, scanPicture, `
		select url_hash, shape
		from remote_media indexed by remote_media_used
		where `+unseenPicture+`
		limit ?2`, seenSince(t, set), sweepSlice)
	return keys, 0, err
}

func countUnseen(t *Tx, set Settings) (int, error) {
	return value[int](t, `
		select count(*)
		from remote_media indexed by remote_media_used
		where `+unseenPicture, seenSince(t, set))
}

// dropUnseen forgets one; its file goes with the sweep of the cache folder.
func dropUnseen(t *Tx, set Settings, key any) (bool, error) {
	k := key.(failureKey)
	n, err := t.changed(`
		delete from remote_media
		where url_hash = ?2
		and shape = ?3
		and `+unseenPicture, seenSince(t, set), k.hash, k.shape)
	return n > 0, err
}

// unshown is true of a picture of somebody, or of a linked page, that no profile and
// no preview shows any more and nobody saw since ?1: of people who were forgotten,
// erased or deleted, or have another face now, and of previews that went.
const unshown = `size > 0
		and used_at < ?1
		and (shape in ('avatar', 'header')
			and not exists (select 1 from actors where avatar = x.name and avatar != '')
			and not exists (select 1 from actors where header = x.name and header != '')
			or shape = '` + cardShape + `'
			and not exists (select 1 from cards where image_hash = x.url_hash and image_hash != 0))`

func findUnshown(t *Tx, _ Settings, _ int64) ([]any, int64, error) {
	keys, err := many(t, scanPicture, `
		select url_hash, shape
		from remote_media x indexed by remote_media_used
		where `+unshown+`
		limit ?2`, ms(t.Now().Add(-day)), sweepSlice)
	return keys, 0, err
}

// dropUnshown forgets one; its file goes with the sweep of the media folder.
func dropUnshown(t *Tx, _ Settings, key any) (bool, error) {
	k := key.(failureKey)
	n, err := t.changed(`
		delete from remote_media as x
		where url_hash = ?2
		and shape = ?3
		and `+unshown, ms(t.Now().Add(-day)), k.hash, k.shape)
	return n > 0, err
}

// beyondRoom names the pictures that have no room any more, those longest unseen
// first, once those that go by their age are gone: ?1 as above, ?2 bytes.
const beyondRoom = `from (
			select url_hash, shape, used_at, sum(size) over (order by used_at desc, url_hash, shape) as together
			from remote_media indexed by remote_media_used
			where size > 0
			and not (used_at < ?1 and shape in ('small', 'full', 'emoji')))
		where together > ?2`

func room(set Settings) int64 { return int64(set.MediaCacheMB) << 20 }

func findBeyond(t *Tx, set Settings, _ int64) ([]any, int64, error) {
	keys, err := many(t, scanPicture, `
		select url_hash, shape
		`+beyondRoom+`
		order by used_at
		limit ?3`, seenSince(t, set), room(set), sweepSlice)
	return keys, 0, err
}

func countBeyond(t *Tx, set Settings) (int, error) {
	return value[int](t, `
		select count(*)
		`+beyondRoom, seenSince(t, set), room(set))
}

// dropBeyond forgets one; its file goes with the sweep of the folder it is in.
func dropBeyond(t *Tx, _ Settings, key any) (bool, error) {
	k := key.(failureKey)
	name, err := value[string](t, `
		delete from remote_media
		where url_hash = ?
		and shape = ?
		returning name`, k.hash, k.shape)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil || (RemoteMedia{Shape: k.shape}).Pages() {
		return err == nil, err
	}
	return true, t.forgetPicture(name)
}
