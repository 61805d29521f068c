package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// QuarantineWave is how old accounts have to be while the quarantine is on for a
// wave of spam, in days: as old as one has to be not to count as new.
const QuarantineWave = 30

// Quarantine holds back what names or quotes the owner, by accounts that are
// younger than some days. It is off by default: most who write for the first time
// are newcomers, not spammers, and whoever is flooded is offered it then.
type Quarantine struct {
	Days  int       `json:"days"`  // lasting; 0 is off
	Until time.Time `json:"until"` // on for a wave until then; zero for none
}

// Wave says whether it is on for a wave.
func (q Quarantine) Wave(now time.Time) bool { return q.Until.After(now) }

// Limit is how old an account has to be at a moment; 0 where nothing is held back.
func (q Quarantine) Limit(now time.Time) time.Duration {
	days := q.Days
	if q.Wave(now) {
		days = max(days, QuarantineWave)
	}
	return time.Duration(days) * day
}

const quarantineKey = "quarantine" // setting: Quarantine as JSON

// Quarantine reads it; off until the owner says so.
func (t *Tx) Quarantine() (Quarantine, error) {
	var q Quarantine
	text, err := t.Setting(quarantineKey)
	if errors.Is(err, ErrNotFound) {
		return q, nil
	}
	if err != nil {
		return q, err
	}
	if err := json.Unmarshal([]byte(text), &q); err != nil {
		return q, fmt.Errorf("read quarantine: %w", err)
	}
	return q, nil
}

// SetQuarantine stores it. What came before stays where it is.
func (t *Tx) SetQuarantine(q Quarantine) error {
	b, err := json.Marshal(q)
	if err != nil {
		return fmt.Errorf("store quarantine: %w", err)
	}
	return t.SetSetting(quarantineKey, string(b))
}

// StrangersSince lists who named or quoted the owner since a moment and was not held
// back, of those who neither follow nor are followed, to whom the owner never spoke,
// and whom the owner did not let through.
func (t *Tx) StrangersSince(since time.Time, limit int) ([]int64, error) {
	return many(t, scanInt64, `
		select distinct n.actor_id
		from notifications n not indexed
		where n.id > ?
		and n.kind in ('mention', 'quote')
		and n.held = 0
		and n.actor_id != 1
		and not exists (
			select 1
			from following
			where actor_id = n.actor_id)
		and not exists (
			select 1
			from followers
			where actor_id = n.actor_id
			and state = ?)
		and not exists (
			select 1
			from notice_allowed
			where actor_id = n.actor_id)
		and not exists (
			select 1
			from mentions m
			cross join posts p on p.id = m.post_id
			where m.actor_id = n.actor_id
			and p.actor_id = 1)
		limit ?`, IDAt(since), FollowAccepted, limit)
}

// HoldNotices holds back what somebody already did since a moment, of some kinds.
func (t *Tx) HoldNotices(actorID int64, since time.Time, by HeldBy, kinds ...string) error {
	n, err := t.changed(`
		update notifications indexed by notifications_actor
		set held = ?
		where actor_id = ?
		and id > ?
		and held = 0
		and instr(?, ',' || kind || ',') > 0`, by, actorID, IDAt(since), joinKinds(kinds))
	if err != nil || n == 0 {
		return err
	}
	return t.requestNotices(actorID)
}

// DismissAllNotices puts everybody aside who waits, as DismissNotices does.
func (t *Tx) DismissAllNotices() error {
	_, err := t.exec(`
		update notice_requests
		set dismissed = 1
		where dismissed = 0`)
	return err
}

// HeldAmong says which of some posts are those of notices that are held back. Where
// nothing is, it is one query that finds nothing.
func (t *Tx) HeldAmong(postIDs ...int64) (map[int64]bool, error) {
	held := map[int64]bool{}
	if len(postIDs) == 0 {
		return held, nil
	}
	list, err := many(t, scanInt64, `
		select n.post_id
		from json_each(?) j
		cross join notifications n indexed by notifications_post on n.post_id = j.value and n.post_id != 0
		where n.held != 0
		and n.kind in ('mention', 'quote')`, idList(distinct(postIDs)))
	for _, id := range list {
		held[id] = true
	}
	return held, err
}

// HostsByID reads several servers in one query; missing ones are left out.
func (t *Tx) HostsByID(ids ...int64) (map[int64]Host, error) {
	list, err := many(t, scanHost, `
		select `+hostColumns+`
		from hosts
		where id in (select value from json_each(?))`, idList(distinct(ids)))
	out := make(map[int64]Host, len(list))
	for _, h := range list {
		out[h.ID] = h
	}
	return out, err
}
