package store

import (
	"slices"
	"strings"
)

// Relation is how the owner and somebody stand to each other. A follow that
// never was is its zero value, whose ActorID is 0.
type Relation struct {
	Following   Following
	Follower    Follower
	Blocked     bool // by the owner
	BlockedBy   bool // the owner, by them
	HostBlocked bool // their server, or a domain above it
	Limited     bool // their server, or a domain above it, is silenced, and the owner does not follow them
	Mute        Mute // its ActorID is 0 without one
	Note        string
	Endorsed    bool // recommended on the owner's profile
}

// Relations reads how the owner and several people stand to each other, in as many
// queries for all of them as for one. People who are not here are left out.
func (t *Tx) Relations(actorIDs ...int64) (map[int64]Relation, error) {
	actors, err := t.Actors(actorIDs...)
	if err != nil || len(actors) == 0 {
		return nil, err
	}
	out := make(map[int64]Relation, len(actors))
	for id := range actors {
		out[id] = Relation{}
	}
	if err := t.readFollows(actorIDs, out); err != nil {
		return nil, err
	}
	blocked, err := t.BlockedAmong(actorIDs...)
	if err != nil {
		return nil, err
	}
	by, err := t.blockersAmong(actorIDs...)
	if err != nil {
		return nil, err
	}
	off, err := t.blockedServers(actors)
	if err != nil {
		return nil, err
	}
	limited, err := t.LimitedAmong(actorIDs...)
	if err != nil {
		return nil, err
	}
	muted, err := t.MutedAmong(actorIDs...)
	if err != nil {
		return nil, err
	}
	notes, err := t.Notes(actorIDs...)
	if err != nil {
		return nil, err
	}
	endorsed, err := t.endorsedAmong(actorIDs...)
	if err != nil {
		return nil, err
	}
	for id, a := range actors {
		r := out[id]
		r.Mute, r.Note, r.Endorsed, r.Limited = muted[id], notes[id], endorsed[id], limited[id]
		r.Blocked, r.BlockedBy, r.HostBlocked = blocked[id], by[id], off[a.HostID] && id != OwnerID
		out[id] = r
	}
	return out, nil
}

func (t *Tx) readFollows(actorIDs []int64, out map[int64]Relation) error {
	ids := idList(distinct(actorIDs))
	to, err := many(t, scanFollowing, `
		select `+followingColumns+`
		from json_each(?) j
		cross join following f on f.actor_id = j.value`, ids)
	if err != nil {
		return err
	}
	for _, f := range to {
		r := out[f.ActorID]
		r.Following = f
		out[f.ActorID] = r
	}
	from, err := many(t, scanFollower, `
		select `+followerColumns+`
		from json_each(?) j
		cross join followers f on f.actor_id = j.value`, ids)
	for _, f := range from {
		r := out[f.ActorID]
		r.Follower = f
		out[f.ActorID] = r
	}
	return err
}

// blockedServers says which servers of some people are blocked, by the id of the
// server: by their own name or a domain above it, on whatever port.
func (t *Tx) blockedServers(actors map[int64]Actor) (map[int64]bool, error) {
	ids := make([]int64, 0, len(actors))
	for _, a := range actors {
		ids = append(ids, a.HostID)
	}
	list, err := many(t, scanInt64, `
		select h.id
		from json_each(?) j
		cross join hosts h on h.id = j.value
		where h.bound = 2`, idList(distinct(ids)))
	off := make(map[int64]bool, len(list))
	for _, id := range list {
		off[id] = true
	}
	return off, err
}

// namesAbove are the names whose block is one of a host: its own, without the
// port, and the domains above it but the last label.
func namesAbove(host string) []string {
	names := []string{host}
	name := withoutPort(host)
	if name != host {
		names = append(names, name)
	}
	for {
		_, up, ok := strings.Cut(name, ".")
		if !ok || !strings.Contains(up, ".") {
			return names
		}
		names, name = append(names, up), up
	}
}

const metShown = 400 // people who answer some posts that are looked at

// MetIn lists whom these posts name, answer or boost, and who answers them, each
// once, those of the first posts first; in two queries, whatever their number.
func (t *Tx) MetIn(posts []Post) ([]int64, error) {
	ids, near := make([]int64, 0, len(posts)), make([]int64, 0, 2*len(posts))
	for _, p := range posts {
		ids, near = append(ids, p.ID), append(near, p.ParentID, p.BoostOf)
	}
	type answer struct{ to, by int64 }
	answers, err := many(t, func(r scanner) (a answer, err error) { err = r.Scan(&a.to, &a.by); return }, `
		select p.parent_id, p.actor_id
		from json_each(?) j
		cross join posts p on p.parent_id = j.value
		limit ?`, idList(ids), metShown)
	if err != nil {
		return nil, err
	}
	authors, err := t.authorsOf(near)
	if err != nil {
		return nil, err
	}
	var met []int64
	meet := func(id int64) {
		if id != 0 && !slices.Contains(met, id) {
			met = append(met, id)
		}
	}
	for _, p := range posts {
		for _, m := range p.Extra.Mentions {
			meet(m.ActorID)
		}
		for _, a := range answers {
			if a.to == p.ID {
				meet(a.by)
			}
		}
		meet(authors[p.ParentID])
		meet(authors[p.BoostOf])
	}
	return met, nil
}

func (t *Tx) authorsOf(postIDs []int64) (map[int64]int64, error) {
	type row struct{ id, by int64 }
	list, err := many(t, func(r scanner) (x row, err error) { err = r.Scan(&x.id, &x.by); return }, `
		select p.id, p.actor_id
		from json_each(?) j
		cross join posts p on p.id = j.value`, idList(distinct(postIDs)))
	by := make(map[int64]int64, len(list))
	for _, x := range list {
		by[x.id] = x.by
	}
	return by, err
}
