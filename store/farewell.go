package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// farewellKey is the internal setting that says that the account ends, or has ended.
const farewellKey = "deletion"

// Farewell is the end of the account, once the owner has decided on it.
type Farewell struct {
	Begun    time.Time `json:"begun"`
	Until    time.Time `json:"until"`            // when servers are asked for the last time
	Outgoing int64     `json:"outgoing"`         // the Delete on its way
	Posts    int       `json:"posts"`            // that answer "gone" from then on
	Viewer   []byte    `json:"viewer"`           // hash of the session that watches it; nil for none
	Done     time.Time `json:"done,omitzero"`    // since when everything is to be wiped, or is
	Wiped    time.Time `json:"wiped,omitzero"`   // since when nothing else is in this database
	Report   []Told    `json:"report,omitempty"` // of every server, once it is done
}

// Told is what became at one inbox of what all servers are told: that everything is
// to be deleted, or that the owner moved.
type Told struct {
	Host    string        `json:"host"`
	HostID  int64         `json:"-"`
	State   DeliveryState `json:"state"`
	Error   string        `json:"error,omitempty"`
	TriedAt time.Time     `json:"tried,omitzero"`
	DueAt   time.Time     `json:"-"` // next try, while it waits
	Dead    time.Time     `json:"dead,omitzero"`
}

// Why a delivery fails before any server was met: its name leads nowhere, or it could
// not be learned whether it does.
const (
	NameNotFound = "its name was not found"
	NameUnclear  = "its name could not be looked up"
)

// NameGone says that a server counts as dead and that its name leads nowhere: it is
// not asked again, if any other was Reached.
func (t Told) NameGone() bool { return !t.Dead.IsZero() && t.Error == NameNotFound }

// Reached says whether any server was found. If none was, it may be this machine that
// has no network.
func Reached(told []Told) bool {
	return slices.ContainsFunc(told, func(t Told) bool {
		return t.State == DeliveryAccepted || t.State == DeliveryRefused || t.Error != "" && t.Error != NameNotFound && t.Error != NameUnclear
	})
}

// Farewell reads how the end of the account stands; ErrNotFound while it lives.
func (t *Tx) Farewell() (Farewell, error) {
	var d Farewell
	text, err := t.Setting(farewellKey)
	if err == nil {
		err = json.Unmarshal([]byte(text), &d)
	}
	return d, err
}

// SaveFarewell writes that.
func (t *Tx) SaveFarewell(d Farewell) error {
	b, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("note the end of the account: %w", err)
	}
	return t.SetSetting(farewellKey, string(b))
}

// BeginFarewell closes the account in one step: everything that was to be sent, done
// or imported is dropped, all sessions but the one that watches end, so do the tokens of
// apps, and the Delete waits for every inbox that may lead to a copy. d gets its
// Outgoing.
func (t *Tx) BeginFarewell(d *Farewell, o *Outgoing) error {
	to, err := t.everyInbox()
	if err != nil {
		return err
	}
	sizes, err := t.ArchiveSizes()
	if err != nil {
		return err
	}
	d.Posts = sizes.Posts
	for _, q := range []string{
		`delete from deliveries`,
		`delete from outgoing`,
		`update inboxes set due_at = null, tries = 0, failing_since = null, error = ''`, // tried anew, as often as any
		`delete from jobs`,
		`delete from unsent`,
		`delete from codes`,
		`
		update imports
		set state = 4
		where state in (0, 1, 5, 6)`, // what is coming in writes no more
	} {
		if _, err := t.exec(q); err != nil {
			return err
		}
	}
	if err := t.DropTokens(); err != nil {
		return err
	}
	if len(d.Viewer) == 0 {
		if err := t.DropSessions(); err != nil {
			return err
		}
	} else if _, err := t.DropOtherSessions(d.Viewer); err != nil {
		return err
	}
	if err := t.QueueOutgoing(o, to); err != nil {
		return err
	}
	// A server that counted as dead is tried once now: it may have come back unheard.
	if _, err := t.exec(`
		update inboxes
		set due_at = ?
		where due_at is not null`, ms(t.Now())); err != nil {
		return err
	}
	d.Outgoing = o.ID
	return t.SaveFarewell(*d)
}

// Asked says whether any server was sent an activity yet.
func (t *Tx) Asked(outgoingID int64) (bool, error) {
	return t.exists(`
		select 1
		from deliveries
		where outgoing_id = ?
		and tried_at is not null`, outgoingID)
}

// PutOffFarewell changes until when servers are asked.
func (t *Tx) PutOffFarewell(d Farewell, until time.Time) error {
	if _, err := t.exec(`
		update outgoing
		set until = ?
		where id = ?`, ms(until), d.Outgoing); err != nil {
		return err
	}
	d.Until = until
	return t.SaveFarewell(d)
}

// LastCall makes every inbox due at once that has not answered an activity for good.
func (t *Tx) LastCall(outgoingID int64) error {
	_, err := t.exec(`
		update inboxes
		set due_at = ?
		where due_at is not null
		and id in (
			select inbox_id
			from deliveries
			where outgoing_id = ?
			and state < 2)`, ms(t.Now()), outgoingID)
	return err
}

// Ending says whether the account ends, or has ended.
func (t *Tx) Ending() (bool, error) {
	_, err := t.Setting(farewellKey)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// refuseAfterFarewell refuses what would leave after the Delete of the account.
func (t *Tx) refuseAfterFarewell() error {
	d, err := t.Farewell()
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	id, err := t.Identity()
	if err != nil {
		return err
	}
	return id.farewell(d)
}

// everyInbox is one inbox of each server that was ever sent something, fetched
// something with a signature, follows or is followed: the shared one, or, where
// there is none, those that are known. Where none is known, it is the one that most
// servers have.
func (t *Tx) everyInbox() ([]InboxTarget, error) {
	id, err := t.Identity()
	if err != nil {
		return nil, err
	}
	servers, err := t.everyServer(id.Host)
	if err != nil {
		return nil, err
	}
	var to []InboxTarget
	for _, s := range servers {
		urls, err := t.inboxesAt(s.id)
		if err != nil {
			return nil, err
		}
		if len(urls) == 0 {
			urls = []string{id.Origin().Scheme + "://" + s.name + "/inbox"}
		}
		for _, url := range urls {
			to = append(to, InboxTarget{URL: url, HostID: s.id})
		}
	}
	return to, nil
}

type knownServer struct {
	id   int64
	name string
}

// everyServer lists them, but for our own.
func (t *Tx) everyServer(own string) ([]knownServer, error) {
	return many(t, func(r scanner) (h knownServer, err error) { err = r.Scan(&h.id, &h.name); return h, err }, `
		select h.id, h.name
		from (
			select host_id from inboxes
			union
			select host_id from fetches
			union
			select a.host_id from followers f cross join actors a on a.id = f.actor_id
			union
			select a.host_id from following f cross join actors a on a.id = f.actor_id
			union
			select a.host_id from stamps s cross join actors a on a.id = s.actor_id) x
		cross join hosts h on h.id = x.host_id
		where h.name != ?`, own)
}

// inboxesAt are the shared inbox of a server, or those that are known of it.
func (t *Tx) inboxesAt(hostID int64) ([]string, error) {
	shared, err := value[string](t, `
		select shared_inbox
		from actors indexed by actors_host
		where host_id = ?
		and shared_inbox != ''
		and gone_at is null
		order by fetched_at desc
		limit 1`, hostID)
	if err == nil {
		return []string{shared}, nil
	}
	if !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	return many(t, scanString, `
		select url
		from (
			select url from inboxes where host_id = ?1
			union
			select a.inbox from actors a cross join followers f on f.actor_id = a.id where a.host_id = ?1
			union
			select inbox from (select inbox from actors indexed by actors_host where host_id = ?1 limit 5))
		where url != ''`, hostID)
}

// CountEveryInbox counts the servers that would be told.
func (t *Tx) CountEveryInbox() (int, error) {
	id, err := t.Identity()
	if err != nil {
		return 0, err
	}
	servers, err := t.everyServer(id.Host)
	return len(servers), err
}

// Told lists what became of an activity at each inbox, by server.
func (t *Tx) Told(outgoingID int64) ([]Told, error) {
	return many(t, func(r scanner) (x Told, err error) {
		var tried, due, dead int64
		err = r.Scan(&x.Host, &x.HostID, &x.State, &x.Error, &tried, &due, &dead)
		x.TriedAt, x.DueAt, x.Dead = fromMS(tried), fromMS(due), fromMS(dead)
		return x, err
	}, `
		select h.name, h.id, d.state, iif(d.error = '', i.error, d.error), coalesce(d.tried_at, 0), coalesce(i.due_at, 0), coalesce(h.dead_at, 0)
		from deliveries d
		cross join inboxes i on i.id = d.inbox_id
		cross join hosts h on h.id = i.host_id
		where d.outgoing_id = ?
		order by h.name, i.id`, outgoingID)
}

// Untold counts the inboxes of an activity that have not answered for good, but for
// those whose server is gone with its name while others were reached.
func (t *Tx) Untold(outgoingID int64) (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from deliveries d
		cross join inboxes i on i.id = d.inbox_id
		cross join hosts h on h.id = i.host_id
		where d.outgoing_id = ?1
		and d.state < 2
		and not (h.dead_at is not null and d.error = ?2 and exists (
			select 1
			from deliveries o
			where o.outgoing_id = ?1
			and (o.state in (2, 3) or o.error not in ('', ?2, ?3))))`, outgoingID, NameNotFound, NameUnclear)
	return int(n), err
}
