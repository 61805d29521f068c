package store

import (
	"errors"
	"time"
)

// The markers that pages and apps share.
const (
	MarkerHome          = "home"
	MarkerNotifications = "notifications"
)

// Marker is where the owner stopped reading a list.
type Marker struct {
	Name    string
	LastID  int64 // the newest that was seen; 0 if nothing was
	Version int64 // how often it was set
	At      time.Time
}

// Marker reads a marker; one that was never set is zero but for its name.
func (t *Tx) Marker(name string) (Marker, error) {
	m := Marker{Name: name}
	var at int64
	err := t.one(func(r scanner) error { return r.Scan(&m.LastID, &m.Version, &at) }, `
		select last_id, version, at
		from markers
		where name = ?`, name)
	if errors.Is(err, ErrNotFound) {
		return m, nil
	}
	m.At = fromMS(at)
	return m, err
}

// SetMarker moves a marker forward; it never goes back, since of two windows the
// one that lags behind must not win.
func (t *Tx) SetMarker(name string, id int64) error {
	_, err := t.exec(`
		insert into markers (name, last_id, version, at)
		values (?1, ?2, 1, ?3)
		on conflict (name) do update
		set last_id = excluded.last_id, version = version + 1, at = excluded.at
		where excluded.last_id > last_id`, name, id, ms(t.Now()))
	return err
}

// LateSince lists the newest of what came into the home timeline below the place
// marker since a moment, the last to come first, each with when it came.
func (t *Tx) LateSince(since time.Time, limit int) ([]Post, []time.Time, error) {
	type row struct{ id, at int64 }
	now := ms(t.Now())
	list, err := many(t, func(r scanner) (x row, err error) { err = r.Scan(&x.id, &x.at); return }, `
		select h.post_id, h.late
		from home h indexed by home_late
		cross join posts p on p.id = h.post_id
		where h.late > ?
		and `+unmuted+`
		and `+boostsWanted+`
		and `+heard+`
		order by h.late desc, h.post_id desc
		limit ?`, ms(since), now, now, limit)
	if err != nil || len(list) == 0 {
		return nil, nil, err
	}
	ids := make([]int64, len(list))
	for i, x := range list {
		ids[i] = x.id
	}
	found, err := t.PostLines(ids)
	if err != nil {
		return nil, nil, err
	}
	var posts []Post
	var came []time.Time
	for _, x := range list {
		if p, ok := found[x.id]; ok {
			posts, came = append(posts, p), append(came, fromMS(x.at))
		}
	}
	return posts, came, nil
}

// SeenLate says that the owner saw what came late until a moment.
func (t *Tx) SeenLate(until time.Time) error {
	_, err := t.exec(`
		update home indexed by home_late
		set late = null
		where late <= ?`, ms(until))
	return err
}

// Newest is the newest entry of a list that has a marker; 0 if it is empty.
func (t *Tx) Newest(name string) (int64, error) {
	from := "home"
	column := "post_id"
	if name == MarkerNotifications {
		from, column = "notifications", "id"
	}
	return value[int64](t, `
		select coalesce(max(`+column+`), 0)
		from `+from)
}

// NotificationMarker is the newest notification that the owner has seen; 0 if none.
func (t *Tx) NotificationMarker() (int64, error) {
	m, err := t.Marker(MarkerNotifications)
	return m.LastID, err
}

// HomeMarker is the newest post of the home timeline that the owner has seen; 0 if none.
func (t *Tx) HomeMarker() (int64, error) {
	m, err := t.Marker(MarkerHome)
	return m.LastID, err
}
