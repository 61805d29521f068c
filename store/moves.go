package store

import (
	"errors"
	"time"
)

// AddMove remembers that an actor moved: somebody who is followed, or the owner.
func (t *Tx) AddMove(actorID int64, targetURI string) error {
	_, err := t.exec(`
		insert into moves (id, actor_id, target_uri, at)
		values (?, ?, ?, ?)`, t.NewID(), actorID, targetURI, ms(t.Now()))
	return err
}

// LastMove is when an actor moved the last time; ErrNotFound if never.
func (t *Tx) LastMove(actorID int64) (time.Time, error) {
	at, err := value[int64](t, `
		select at
		from moves
		where actor_id = ?
		order by id desc
		limit 1`, actorID)
	return fromMS(at), err
}

// MoveTold lists what became of the owner's last Move at each inbox of a follower's
// server, by server. For 30 days that is known.
func (t *Tx) MoveTold() ([]Told, error) {
	id, err := value[int64](t, `
		select id
		from outgoing
		where kind = 'Move'
		order by id desc
		limit 1`)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return t.Told(id)
}

// ActorsByURI reads several people by ActivityPub id in one query into a map;
// missing ones are left out.
func (t *Tx) ActorsByURI(uris ...string) (map[string]Actor, error) {
	hashes := make([]int64, len(uris))
	wanted := make(map[string]bool, len(uris))
	for i, uri := range uris {
		hashes[i], wanted[uri] = t.hash(uri), true
	}
	list, err := many(t, scanActor, `
		select `+actorColumns+`
		from json_each(?) j
		cross join actors a on a.uri_hash = j.value`, idList(distinct(hashes)))
	if err != nil {
		return nil, err
	}
	out := make(map[string]Actor, len(list))
	for _, a := range list {
		if wanted[a.URI] {
			out[a.URI] = a
		}
	}
	return out, nil
}
