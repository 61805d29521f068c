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

// SetNotificationMarker moves the marker of the notifications forward.
func (t *Tx) SetNotificationMarker(id int64) error { return t.SetMarker(MarkerNotifications, id) }

// SetHomeMarker moves the place marker of the home timeline forward.
func (t *Tx) SetHomeMarker(id int64) error { return t.SetMarker(MarkerHome, id) }
