package store

import "time"

// RemoteMedia is one remote picture in the cache, or the memory of a failure.
type RemoteMedia struct {
	URL       string
	Shape     string // avatar, header
	Name      string // media name; "" after a failure
	Size      int64
	FetchedAt time.Time
	UsedAt    time.Time
	Failed    int // failures in a row
}

// RemoteMedia reads what is known of a remote picture; ErrNotFound if nothing.
func (t *Tx) RemoteMedia(url, shape string) (RemoteMedia, error) {
	var m RemoteMedia
	err := t.one(func(r scanner) (err error) { m, err = scanRemoteMedia(r); return }, `
		select url, shape, name, size, fetched_at, used_at, failed
		from remote_media
		where url_hash = ?
		and shape = ?
		and url = ?`, t.hash(url), shape, url)
	return m, err
}

func scanRemoteMedia(r scanner) (RemoteMedia, error) {
	var m RemoteMedia
	var fetched, used int64
	err := r.Scan(&m.URL, &m.Shape, &m.Name, &m.Size, &fetched, &used, &m.Failed)
	m.FetchedAt, m.UsedAt = fromMS(fetched), fromMS(used)
	return m, err
}

// SaveRemoteMedia inserts or replaces a cache entry.
func (t *Tx) SaveRemoteMedia(m RemoteMedia) error {
	_, err := t.exec(`
		insert or replace into remote_media (url_hash, url, shape, name, size, fetched_at, used_at, failed)
		values (?, ?, ?, ?, ?, ?, ?, ?)`, t.hash(m.URL), m.URL, m.Shape, m.Name, m.Size, ms(m.FetchedAt), ms(m.UsedAt), m.Failed)
	return err
}

// RemoteMediaSize is the number of bytes in the cache.
func (t *Tx) RemoteMediaSize() (int64, error) {
	return value[int64](t, `
		select coalesce(sum(size), 0)
		from remote_media`)
}

// EvictRemoteMedia forgets the entries fetched longest ago until at least bytes
// are free, at most limit of them, and returns their names.
func (t *Tx) EvictRemoteMedia(bytes int64, limit int) ([]string, error) {
	list, err := many(t, scanRemoteMedia, `
		select url, shape, name, size, fetched_at, used_at, failed
		from remote_media
		order by fetched_at
		limit ?`, limit)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range list {
		if bytes <= 0 {
			break
		}
		if _, err := t.exec(`
			delete from remote_media
			where url_hash = ?
			and shape = ?`, t.hash(m.URL), m.Shape); err != nil {
			return nil, err
		}
		if m.Name != "" {
			names = append(names, m.Name)
			if err := t.forgetPicture(m.Name); err != nil {
				return nil, err
			}
		}
		bytes -= m.Size
	}
	return names, nil
}

// forgetPicture makes actors fall back to the default picture.
func (t *Tx) forgetPicture(name string) error {
	if _, err := t.exec(`
		update actors
		set avatar = ''
		where avatar = ?
		and id != 1`, name); err != nil {
		return err
	}
	_, err := t.exec(`
		update actors
		set header = ''
		where header = ?
		and id != 1`, name)
	return err
}

// MediaInUse says whether any profile, cache entry or upload still shows a file.
func (t *Tx) MediaInUse(name string) (bool, error) {
	n, err := value[int64](t, `
		select
			(select count(*) from actors where avatar = ?1 or header = ?1) +
			(select count(*) from remote_media where name = ?1) +
			(select count(*) from media where file = ?1) +
			(select count(*) from media where preview = ?1 and preview != '')`, name)
	return n > 0, err
}
