package store

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// MailWhen is when a notice is mailed.
type MailWhen string

const (
	MailOff    MailWhen = "off"
	MailNow    MailWhen = "now"    // at once
	MailDigest MailWhen = "digest" // once a day, with all others
)

// Mail is what the owner decided about mail to them, and whether the address in their
// identity is proven to be theirs. It is nobody else's business: no page, API, archive or
// log has it.
type Mail struct {
	ConfirmedAt time.Time           `json:"confirmed_at,omitzero"` // zero: nothing is sent to the address but its code
	When        map[string]MailWhen `json:"when,omitempty"`        // by the kind of notice; MailUsual for those that are not in it
	Hour        int                 `json:"hour"`                  // of the digest, in the owner's zone
	Always      bool                `json:"always,omitempty"`      // also while the owner is there, and of what was read
	PrivateText bool                `json:"private_text,omitempty"`

	Key       []byte    `json:"key,omitempty"`       // signs the links that end mail; drawn with each address
	NoticesAt time.Time `json:"notices_at,omitzero"` // when notices were mailed last
	LineSeen  int64     `json:"line_seen,omitempty"` // the last line of the security log that was looked at
	CodeTold  time.Time `json:"code_told,omitzero"`  // when a log-in with a wrong code was mailed last
	Pending   string    `json:"pending,omitempty"`   // address that waits for its code
	CodeHash  []byte    `json:"code_hash,omitempty"` // of that code
	CodeAt    time.Time `json:"code_at,omitzero"`    // when it was sent
	Tries     int       `json:"tries,omitempty"`     // wrong codes
	Asked     int       `json:"asked,omitempty"`     // codes sent since AskedFrom
	AskedFrom time.Time `json:"asked_from,omitzero"`

	Events []MailEvent `json:"events,omitempty"` // that are no notifications and wait for the digest, the oldest first
}

// MailEvent is something that the digest tells of and no notification does.
type MailEvent struct {
	ID   int64     `json:"id"`
	At   time.Time `json:"at"`
	Kind string    `json:"kind"` // of MailUsual
	What string    `json:"what"`
	Text string    `json:"text,omitempty"`
}

// maxMailEvents is how many wait; of more, the oldest are left out.
const maxMailEvents = 100

// AddEvent has the next digest tell of something.
func (m *Mail) AddEvent(e MailEvent) {
	m.Events = append(m.Events, e)
	if over := len(m.Events) - maxMailEvents; over > 0 {
		m.Events = m.Events[over:]
	}
}

// DropEvents forgets those up to one of them.
func (m *Mail) DropEvents(newest int64) {
	m.Events = slices.DeleteFunc(m.Events, func(e MailEvent) bool { return e.ID <= newest })
}

// MailUsual is when notices are mailed unless the owner chooses, for every kind there is:
// those of notifications, "private" for mentions in private messages, "login" and
// "archive".
var MailUsual = map[string]MailWhen{
	"mention": MailNow, "private": MailNow, "quote": MailNow, "follow_request": MailNow, "admin.report": MailNow, "archive": MailNow,
	"follow": MailDigest, "poll": MailDigest,
	"favourite": MailOff, "reblog": MailOff, "status": MailOff, "update": MailOff, "login": MailOff,
}

// WhenOf is when a kind of notice is mailed.
func (m Mail) WhenOf(kind string) MailWhen {
	if when, ok := m.When[kind]; ok {
		return when
	}
	if when, ok := MailUsual[kind]; ok {
		return when
	}
	return MailOff
}

// Confirmed says whether mail may be sent.
func (m Mail) Confirmed() bool { return !m.ConfirmedAt.IsZero() }

// NewKey voids the links of mail that was sent before.
func (m *Mail) NewKey() {
	m.Key = make([]byte, 32)
	rand.Read(m.Key)
}

const mailKey = "mail" // setting: Mail as JSON

// Mail reads it; by default nothing is sent.
func (t *Tx) Mail() (Mail, error) {
	m := Mail{Hour: 8}
	text, err := t.Setting(mailKey)
	if errors.Is(err, ErrNotFound) {
		return m, nil
	}
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return m, fmt.Errorf("read the settings of mail: %w", err)
	}
	return m, nil
}

// SaveMail writes it.
func (t *Tx) SaveMail(m Mail) error {
	b, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("save the settings of mail: %w", err)
	}
	return t.SetSetting(mailKey, string(b))
}

// SetEmail replaces the owner's mail address.
func (t *Tx) SetEmail(address string) error {
	_, err := t.exec(`
		update identity
		set email = ?`, address)
	return err
}

// MailNotice notes that a notice is to be mailed.
func (t *Tx) MailNotice(id int64, digest bool) error {
	_, err := t.exec(`
		insert or replace into mail_notices (notification_id, digest, at)
		values (?, ?, ?)`, id, digest, ms(t.Now()))
	return err
}

// MailedNotices reads the newest of those that wait to be mailed and are still shown
// to the owner, newest first, above a notification.
func (t *Tx) MailedNotices(digest bool, above int64, limit int) ([]Notification, error) {
	q := NoticeQuery{}
	return many(t, scanNotification, q.wanted(noticeColumns)+`
		and id in (
			select notification_id
			from mail_notices
			where digest = ?6)
		and id > ?7
		order by id desc
		limit ?8`, append(q.args(t), digest, above, limit)...)
}

// NewestMailNotice is the newest that waits to be mailed; 0 if none does.
func (t *Tx) NewestMailNotice(digest bool) (int64, error) {
	return value[int64](t, `
		select coalesce(max(notification_id), 0)
		from mail_notices
		where digest = ?`, digest)
}

// DropMailNotices forgets what waited to be mailed, up to a notification.
func (t *Tx) DropMailNotices(digest bool, newest int64) error {
	_, err := t.exec(`
		delete from mail_notices
		where digest = ?
		and notification_id <= ?`, digest, newest)
	return err
}

// OnSecurityLine sets what is called after each commit that wrote a line into the
// security log. It may not write and must be quick.
func (s *Store) OnSecurityLine(f func()) { s.onSecurityLine.Store(&f) }

// SecurityLogAfter lists the lines after one of them, the oldest first.
func (t *Tx) SecurityLogAfter(after int64, limit int) ([]SecurityEvent, error) {
	return many(t, scanSecurityEvent, `
		select id, at, kind, detail, address
		from security_log
		where id > ?
		order by id
		limit ?`, after, limit)
}

// SecurityLines lists the lines of one kind before one of them, the newest first.
func (t *Tx) SecurityLines(kind string, before int64, limit int) ([]SecurityEvent, error) {
	return many(t, scanSecurityEvent, `
		select id, at, kind, detail, address
		from security_log
		where id < ?
		and kind = ?
		order by id desc
		limit ?`, before, kind, limit)
}

// JobsOf lists the jobs of a kind, those set aside last, each group oldest first.
func (t *Tx) JobsOf(kind string, limit int) ([]Job, error) {
	return many(t, scanJob, `
		select `+jobColumns+`
		from jobs
		where kind = ?
		order by dead_at is not null, id
		limit ?`, kind, limit)
}

// JobLater puts a job back for a time, as often as its kind wants.
func (t *Tx) JobLater(j Job, problem string, at time.Time) error {
	_, err := t.exec(`
		update jobs
		set tries = ?, error = ?, run_at = ?
		where id = ?`, j.Tries+1, problem, ms(at), j.ID)
	return err
}

// JobAside sets a job aside.
func (t *Tx) JobAside(id int64, problem string) error {
	_, err := t.exec(`
		update jobs
		set tries = tries + 1, error = ?, dead_at = ?
		where id = ?`, problem, ms(t.Now()), id)
	return err
}

// JobAgain makes a job due that waits or was set aside; it counts its tries anew.
// ErrNotFound if there is none of this kind.
func (t *Tx) JobAgain(id int64, kind string) error {
	n, err := t.changed(`
		update jobs
		set run_at = ?, tries = 0, dead_at = null
		where id = ?
		and kind = ?`, ms(t.Now()), id, kind)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// DropJob forgets a job of a kind; ErrNotFound if there is none.
func (t *Tx) DropJob(id int64, kind string) error {
	n, err := t.changed(`
		delete from jobs
		where id = ?
		and kind = ?`, id, kind)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}
