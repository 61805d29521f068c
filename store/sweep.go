package store

import (
	"context"
	"log/slog"
	"time"
)

// sweepSlice is how many rows one write of a sweep may remove, so that no sweep
// holds the writer for long.
const sweepSlice = 200

// sweep is one rule of house-keeping: what grows has an age or a cap.
type sweep struct {
	name string
	run  func(t *Tx, set Settings, limit int) (int, error)
}

const (
	day      = 24 * time.Hour
	maxHosts = 20000 // rows of hosts above which unused ones go at once
)

// sweeps is the table of everything that grows and what bounds it.
var sweeps = []sweep{
	{"remote posts nobody here touched", func(t *Tx, set Settings, limit int) (int, error) {
		return t.sweepPosts(t.Now().Add(-time.Duration(set.KeepRemoteDays)*day), limit)
	}},
	{"notifications over 180 days", olderRows("notifications", "at", 180*day)},
	{"notifications over 20,000", overCap("notifications", 20000)},
	{"security log over 180 days", olderRows("security_log", "at", 180*day)},
	{"security log over 10,000 lines", overCap("security_log", 10000)},
	{"remembered activity ids over 7 days", olderRows("seen", "at", 7*day)},
	{"tombstones over 7 days", olderRows("tombstones", "at", tombstoneAge)},
	{"idempotency keys over a day", olderRows("idempotency", "at", day)},
	{"jobs set aside over 30 days ago", olderRows("jobs", "dead_at", 30*day)},
	{"rejected and removed followers over 90 days", func(t *Tx, _ Settings, limit int) (int, error) {
		return t.changed(`
			delete from followers
			where actor_id in (
				select actor_id
				from followers
				where state in (2, 3)
				and decided_at < ?
				limit ?)`, ms(t.Now().Add(-90*day)), limit)
	}},
	{"log-ins unused for a year", olderRows("sessions", "used_at", 365*day)},
	{"addresses of log-ins", func(t *Tx, set Settings, limit int) (int, error) {
		return t.sweepAddresses(t.Now().Add(-time.Duration(set.KeepAddressDays) * day))
	}},
	{"remembered failures of remote pictures", func(t *Tx, _ Settings, limit int) (int, error) {
		return t.changed(`
			delete from remote_media
			where name = ''
			and fetched_at < ?`, ms(t.Now().Add(-7*day)))
	}},
	{"people nobody here knows any more", func(t *Tx, _ Settings, limit int) (int, error) {
		return t.sweepActors(t.Now().Add(-30*day), limit)
	}},
	{"servers nobody here knows any more", func(t *Tx, _ Settings, limit int) (int, error) {
		return t.sweepHosts(t.Now().Add(-30*day), limit)
	}},
	{"finished deliveries, folded", func(t *Tx, _ Settings, limit int) (int, error) {
		return t.FoldLedger(t.Now().Add(-time.Hour), limit)
	}},
}

// olderRows removes rows whose time lies further back than an age. Table and
// column are our own constants.
func olderRows(table, column string, age time.Duration) func(*Tx, Settings, int) (int, error) {
	return func(t *Tx, _ Settings, limit int) (int, error) {
		return t.changed(`
			delete from `+table+`
			where `+column+` is not null
			and `+column+` < ?`, ms(t.Now().Add(-age)))
	}
}

// overCap keeps the newest rows of a table whose key is its id.
func overCap(table string, keep int) func(*Tx, Settings, int) (int, error) {
	return func(t *Tx, _ Settings, limit int) (int, error) {
		return t.changed(`
			delete from `+table+`
			where id < (
				select id
				from `+table+`
				order by id desc
				limit 1
				offset ?)`, keep-1)
	}
}

// Sweep runs every rule in slices until it removes nothing more, and reports
// what each removed. A context that ends stops between slices.
func (s *Store) Sweep(ctx context.Context) (map[string]int, error) {
	report := map[string]int{}
	for _, rule := range sweeps {
		for {
			n, err := Put(ctx, s, func(t *Tx) (int, error) {
				set, err := t.Settings()
				if err != nil {
					return 0, err
				}
				return rule.run(t, set, sweepSlice)
			})
			if err != nil {
				return report, err
			}
			report[rule.name] += n
			if n < sweepSlice {
				break
			}
		}
		if n := report[rule.name]; n > 0 {
			slog.Info("swept", "what", rule.name, "removed", n)
		}
	}
	return report, nil
}

// sweepPosts removes others' posts stored before a time, unless the owner did
// something with them, is named in them, or they stand in a thread with an own post.
func (t *Tx) sweepPosts(before time.Time, limit int) (int, error) {
	from, err := t.marker("sweep_posts")
	if err != nil {
		return 0, err
	}
	list, err := many(t, scanPost, `
		select `+postColumns+`
		from posts p
		where p.id > ?
		and p.id < ?
		and p.stored_at < ?
		order by p.id
		limit ?`, from, IDAt(before), ms(before), limit)
	if err != nil {
		return 0, err
	}
	if len(list) == 0 {
		return 0, t.SetSetting("sweep_posts", "0")
	}
	for _, p := range list {
		keep, err := t.sweepKeeps(p)
		if err != nil {
			return 0, err
		}
		if keep {
			continue
		}
		if err := t.DeletePost(p); err != nil {
			return 0, err
		}
		if _, err := t.exec(`
			delete from tombstones
			where uri_hash = ?`, t.hash(p.URI)); err != nil { // swept is not deleted: it may be fetched again
			return 0, err
		}
	}
	return len(list), t.setMarker("sweep_posts", list[len(list)-1].ID)
}

func (t *Tx) sweepKeeps(p Post) (bool, error) {
	if p.Own() || p.Kept {
		return true, nil
	}
	n, err := value[int64](t, `
		select
			exists (select 1 from mentions where post_id = ?1) or
			exists (select 1 from pins where post_id = ?1) or
			exists (select 1 from posts where parent_id = ?1 and (actor_id = 1 or kept = 1)) or
			exists (select 1 from posts where boost_of = ?1 and actor_id = 1) or
			exists (select 1 from posts where id = ?2 and actor_id = 1)`, p.ID, p.ParentID)
	return n != 0, err
}

func (t *Tx) sweepAddresses(before time.Time) (int, error) {
	n, err := t.changed(`
		update sessions
		set address = ''
		where address != ''
		and used_at < ?`, ms(before))
	if err != nil {
		return 0, err
	}
	m, err := t.changed(`
		update security_log
		set address = ''
		where address != ''
		and at < ?`, ms(before))
	return n + m, err
}

// sweepActors removes people who neither follow, are followed, wrote nor are
// named in anything stored here.
func (t *Tx) sweepActors(before time.Time, limit int) (int, error) {
	ids, err := many(t, scanInt64, `
		select a.id
		from actors a
		where a.id != 1
		and a.fetched_at < ?
		and not exists (select 1 from followers where actor_id = a.id)
		and not exists (select 1 from following where actor_id = a.id)
		and not exists (select 1 from mentions where actor_id = a.id)
		and not exists (select 1 from by_author where actor_id = a.id)
		and not exists (select 1 from notifications where actor_id = a.id)
		and not exists (select 1 from unindexed)
		limit ?`, ms(before), limit)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		for _, q := range []string{
			`delete from actor_keys where actor_id = ?`,
			`delete from pins where actor_id = ?`,
			`delete from actors where id = ?`,
		} {
			if _, err := t.exec(q, id); err != nil {
				return 0, err
			}
		}
	}
	return len(ids), nil
}

// Beyond a cap their age does not save them: a stranger can name as many as it likes.
func (t *Tx) sweepHosts(before time.Time, limit int) (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from hosts`)
	if err != nil {
		return 0, err
	}
	if n > maxHosts {
		before = t.Now()
	}
	return t.changed(`
		delete from hosts
		where id in (
			select h.id
			from hosts h
			where h.blocked_at is null
			and h.created_at < ?
			and h.seen_at < ?
			and not exists (select 1 from actors where host_id = h.id)
			and not exists (select 1 from inboxes where host_id = h.id)
			and not exists (select 1 from fetches where host_id = h.id)
			limit ?)`, ms(before), ms(before), limit)
}
