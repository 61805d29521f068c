package store

import (
	"database/sql"
	"strings"
	"time"
)

// Host is another server.
type Host struct {
	ID         int64
	Name       string // canonical host, with its port if not the default
	Software   string // from NodeInfo; "" if unknown
	Version    string
	InfoAt     time.Time // when NodeInfo was last asked for
	SeenAt     time.Time // when it last spoke to us, by the day
	AcceptedAt time.Time // when it last accepted a delivery, by the hour
	FailedAt   time.Time // when a delivery last failed
	Error      string    // why, in words
	Blocked    time.Time // zero if not blocked
	CreatedAt  time.Time

	Signature   int       // how it wants to be signed to, as federation numbers the schemes …
	SignatureAt time.Time // … and since when that is known; zero if nothing is
	FailedDays  int       // on how many days nothing arrived there, since the last time that something did
	DeadAt      time.Time // since when it counts as dead; zero if it lives
}

const hostColumns = `id, name, software, version, info_at, seen_at, accepted_at, failed_at, error, blocked_at, created_at,
	signature, signature_at, failed_days, dead_at`

func scanHost(r scanner) (Host, error) {
	var h Host
	var info, seen, accepted, failed, created, signature int64
	var blocked, dead sql.NullInt64
	err := r.Scan(&h.ID, &h.Name, &h.Software, &h.Version, &info, &seen, &accepted, &failed, &h.Error, &blocked, &created,
		&h.Signature, &signature, &h.FailedDays, &dead)
	h.InfoAt, h.SeenAt, h.AcceptedAt, h.FailedAt = fromMS(info), fromMS(seen), fromMS(accepted), fromMS(failed)
	h.Blocked, h.CreatedAt, h.SignatureAt, h.DeadAt = fromNullMS(blocked), fromMS(created), fromMS(signature), fromNullMS(dead)
	return h, err
}

// Host reads a server by name; ErrNotFound if we never met it.
func (t *Tx) Host(name string) (Host, error) {
	var h Host
	err := t.one(func(r scanner) (err error) { h, err = scanHost(r); return }, `
		select `+hostColumns+`
		from hosts
		where name = ?`, name)
	return h, err
}

// HostByID reads a server.
func (t *Tx) HostByID(id int64) (Host, error) {
	var h Host
	err := t.one(func(r scanner) (err error) { h, err = scanHost(r); return }, `
		select `+hostColumns+`
		from hosts
		where id = ?`, id)
	return h, err
}

// EnsureHost reads the id of a server and makes its row if there is none.
func (t *Tx) EnsureHost(name string) (int64, error) {
	id, err := value[int64](t, `
		select id
		from hosts
		where name = ?`, name)
	if err != ErrNotFound {
		return id, err
	}
	bound, err := t.boundBy(name)
	if err != nil {
		return 0, err
	}
	res, err := t.exec(`
		insert into hosts (name, created_at, bound)
		values (?, ?, ?)`, name, ms(t.Now()), bound)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// SetHostInfo stores what NodeInfo said.
func (t *Tx) SetHostInfo(id int64, software, version string) error {
	_, err := t.exec(`
		update hosts
		set software = ?, version = ?, info_at = ?
		where id = ?`, software, version, ms(t.Now()), id)
	return err
}

// BlockHost refuses everything from a server, and from the domains below it.
func (t *Tx) BlockHost(name string) error {
	_, err := t.RuleServer(ServerRule{Name: name, Bound: Blocked})
	return err
}

// UnblockHost takes a block of a server back.
func (t *Tx) UnblockHost(name string) error {
	_, err := t.RuleServer(ServerRule{Name: name})
	return err
}

// HostBlocked says whether a host, on whatever port, or a domain above it is blocked.
func (t *Tx) HostBlocked(name string) (bool, error) {
	if bare := withoutPort(name); bare != name {
		if blocked, err := t.HostBlocked(bare); err != nil || blocked {
			return blocked, err
		}
	}
	for name != "" {
		blocked, err := t.exists(`
			select 1
			from hosts
			where name = ?
			and blocked_at is not null`, name)
		if err != nil || blocked {
			return blocked, err
		}
		_, up, ok := strings.Cut(name, ".")
		if !ok || !strings.Contains(up, ".") {
			return false, nil
		}
		name = up
	}
	return false, nil
}

// BlockedHosts lists the blocked servers by name.
func (t *Tx) BlockedHosts() ([]Host, error) {
	return many(t, scanHost, `
		select `+hostColumns+`
		from hosts
		where blocked_at is not null
		order by name`)
}

// BlockedHostPage lists them, the last met first, a page of it.
func (t *Tx) BlockedHostPage(p Page) ([]Host, error) {
	const list = `
		select ` + hostColumns + `
		from hosts
		where blocked_at is not null
		and id < ?
		and id > ?
		order by id `
	return page(t, p, scanHost, list+`desc limit ?`, list+`asc limit ?`)
}

// FollowersOnHost counts the accepted followers on a server.
func (t *Tx) FollowersOnHost(id int64) (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from actors a
		cross join followers f on f.actor_id = a.id
		where a.host_id = ?
		and f.state = 1`, id)
	return int(n), err
}

// FollowedHosts lists servers of people whom the owner follows, those that
// spoke last first.
func (t *Tx) FollowedHosts(limit int) ([]string, error) {
	return many(t, scanString, `
		select name
		from hosts
		where dead_at is null
		and blocked_at is null
		and id in (
			select a.host_id
			from following f
			cross join actors a on a.id = f.actor_id)
		order by seen_at desc
		limit ?`, limit)
}

// HandlesAtHome says whether the people known on a server, as far as the newest
// show, have their handles under its own name: then the name of a further one
// needs no WebFinger.
func (t *Tx) HandlesAtHome(host string) (bool, error) {
	domains, err := many(t, scanString, `
		select a.domain
		from hosts h
		cross join actors a on a.host_id = h.id
		where h.name = ?
		order by a.id desc
		limit 20`, host)
	for _, d := range domains {
		if d != host {
			return false, err
		}
	}
	return len(domains) > 0, err
}
