package store

import "time"

// RemoteMedia is one remote picture in the cache, or the memory of a failure.
type RemoteMedia struct {
	URL       string
	Shape     string // avatar, header; in the cache folder: small, full, emoji
	Name      string // media name; "" after a failure
	Size      int64
	FetchedAt time.Time
	UsedAt    time.Time // to the day: looking at pictures must not wear the card
	Failed    int       // failures in a row
	Why       string    // of the last failure, as the caller writes it
	Bytes     int64     // of the file at its own server, 0 if unknown
}

// Pages says that the picture stands in posts and not on a profile: its file is
// in the cache folder, and goes when nobody looked at it for a week.
func (m RemoteMedia) Pages() bool {
	return m.Shape == "small" || m.Shape == "full" || m.Shape == "emoji"
}

const remoteMediaColumns = `m.url, m.shape, m.name, m.size, m.fetched_at, m.used_at, m.failed, m.why, m.bytes`

func scanRemoteMedia(r scanner) (RemoteMedia, error) {
	var m RemoteMedia
	var fetched, used int64
	err := r.Scan(&m.URL, &m.Shape, &m.Name, &m.Size, &fetched, &used, &m.Failed, &m.Why, &m.Bytes)
	m.FetchedAt, m.UsedAt = fromMS(fetched), fromMS(used)
	return m, err
}

// RemoteMedia reads what is known of a remote picture; ErrNotFound if nothing.
func (t *Tx) RemoteMedia(url, shape string) (RemoteMedia, error) {
	var m RemoteMedia
	err := t.one(func(r scanner) (err error) { m, err = scanRemoteMedia(r); return }, `
		select `+remoteMediaColumns+`
		from remote_media m
		where m.url_hash = ?
		and m.shape = ?
		and m.url = ?`, t.hash(url), shape, url)
	return m, err
}

// RemoteMediaOf reads what is known of several in one query, by address; those
// of which nothing is known are left out.
func (t *Tx) RemoteMediaOf(shape string, urls ...string) (map[string]RemoteMedia, error) {
	if len(urls) == 0 {
		return nil, nil
	}
	hashes, wanted := make([]int64, len(urls)), make(map[string]bool, len(urls))
	for i, url := range urls {
		hashes[i], wanted[url] = t.hash(url), true
	}
	list, err := many(t, scanRemoteMedia, `
		select `+remoteMediaColumns+`
		from json_each(?) j
		cross join remote_media m on m.url_hash = j.value
		and m.shape = ?`, idList(distinct(hashes)), shape)
	found := make(map[string]RemoteMedia, len(list))
	for _, m := range list {
		if wanted[m.URL] {
			found[m.URL] = m
		}
	}
	return found, err
}

// SaveRemoteMedia inserts or replaces a cache entry.
func (t *Tx) SaveRemoteMedia(m RemoteMedia) error {
	_, err := t.exec(`
		insert or replace into remote_media (url_hash, url, shape, name, size, fetched_at, used_at, failed, why, bytes)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		t.hash(m.URL), m.URL, m.Shape, m.Name, m.Size, ms(m.FetchedAt), ms(m.UsedAt), m.Failed, m.Why, m.Bytes)
	return err
}

// UseRemoteMedia notes that a picture was looked at.
func (t *Tx) UseRemoteMedia(url, shape string, at time.Time) error {
	_, err := t.exec(`
		update remote_media
		set used_at = ?
		where url_hash = ?
		and shape = ?
		and url = ?
		and name != ''`, ms(at), t.hash(url), shape, url)
	return err
}

// RemoteMediaSize is the number of bytes in the cache.
func (t *Tx) RemoteMediaSize() (int64, error) {
	return value[int64](t, `
		select coalesce(sum(size), 0)
		from remote_media indexed by remote_media_used
		where size > 0`)
}

// EvictRemoteMedia forgets the pictures that were not looked at for longest until
// at least bytes are free, at most limit of them, and returns what they were.
func (t *Tx) EvictRemoteMedia(bytes int64, limit int) ([]RemoteMedia, error) {
	list, err := many(t, scanRemoteMedia, `
		select `+remoteMediaColumns+`
		from remote_media m indexed by remote_media_used
		where m.size > 0
		order by m.used_at
		limit ?`, limit)
	if err != nil {
		return nil, err
	}
	for i, m := range list {
		if bytes <= 0 {
			return list[:i], nil
		}
		if _, err := t.exec(`
			delete from remote_media
			where url_hash = ?
			and shape = ?`, t.hash(m.URL), m.Shape); err != nil {
			return nil, err
		}
		if !m.Pages() {
			if err := t.forgetPicture(m.Name); err != nil {
				return nil, err
			}
		}
		bytes -= m.Size
	}
	return list, nil
}

// forgetPicture makes actors fall back to the default picture.
func (t *Tx) forgetPicture(name string) error {
	if _, err := t.exec(`
		update actors
		set avatar = ''
		where avatar = ?
		and avatar != ''
		and id != 1`, name); err != nil {
		return err
	}
	_, err := t.exec(`
		update actors
		set header = ''
		where header = ?
		and header != ''
		and id != 1`, name)
	return err
}

// CachedNames are the files of the cache folder that belong to an entry.
func (t *Tx) CachedNames() (map[string]bool, error) {
	list, err := many(t, func(r scanner) (name string, err error) { err = r.Scan(&name); return }, `
		select name
		from remote_media indexed by remote_media_name
		where name != ''
		and shape in ('small', 'full', 'emoji')`)
	names := make(map[string]bool, len(list))
	for _, name := range list {
		names[name] = true
	}
	return names, err
}

// MediaInUse says whether any profile, cache entry or upload still shows a file.
func (t *Tx) MediaInUse(name string) (bool, error) {
	n, err := value[int64](t, `
		select
			exists (select 1 from actors where avatar = ?1 and avatar != '') +
			exists (select 1 from actors where header = ?1 and header != '') +
			exists (select 1 from remote_media where name = ?1 and name != '') +
			exists (select 1 from media where file = ?1) +
			exists (select 1 from own_emojis where file = ?1) +
			exists (select 1 from own_emojis where still = ?1) +
			exists (select 1 from media where preview = ?1 and preview != '')`, name)
	return n > 0, err
}
