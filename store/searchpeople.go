package store

import (
	"slices"
	"strings"
)

const peopleLooked = 20000 // followers and followed people whose names are looked through

// SearchPeople finds people by name: those whom the owner follows, then followers,
// then others here whose user name begins that way. Blocked people are left out
// (T48), and so are those who are gone.
func (t *Tx) SearchPeople(words string, limit int) ([]Actor, error) {
	parts := strings.Fields(strings.ToLower(words))
	if len(parts) == 0 {
		return nil, nil
	}
	type row struct {
		id              int64
		name, user, dom string
	}
	scan := func(r scanner) (x row, err error) { err = r.Scan(&x.id, &x.name, &x.user, &x.dom); return }
	near, err := many(t, scan, `
		select a.id, a.name, a.username, a.domain
		from (
			select actor_id, 0 rank from following where state = 1
			union all
			select actor_id, 1 from followers where state = 1
			limit ?) peopleNear
		cross join actors a on a.id = peopleNear.actor_id
		where a.gone_at is null`, peopleLooked)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, x := range near {
		all := strings.ToLower(x.name + " " + x.user + "@" + x.dom)
		if len(ids) < 2*limit && !slices.Contains(ids, x.id) && !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(all, p) }) {
			ids = append(ids, x.id)
		}
	}
	if len(parts) == 1 {
		begin := strings.TrimPrefix(parts[0], "@")
		more, err := many(t, scanInt64, `
			select id
			from actors indexed by actors_handle
			where username >= ?1 collate nocase
			and username < ?1 || char(0x10ffff) collate nocase
			and gone_at is null
			order by username collate nocase
			limit ?2`, begin, 2*limit)
		if err != nil {
			return nil, err
		}
		for _, id := range more {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	people, err := t.Actors(ids...)
	if err != nil {
		return nil, err
	}
	hidden, err := t.HiddenActors(people)
	var found []Actor
	for _, id := range ids {
		if a, ok := people[id]; ok && !hidden[id] && id != OwnerID && len(found) < limit {
			found = append(found, a)
		}
	}
	return found, err
}
