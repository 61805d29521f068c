package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Bound is what the owner decided about a server, by its own name or by one above it.
type Bound int

const (
	Unbound  Bound = iota
	Silenced       // its people count for little, but for those whom the owner follows
	Blocked        // nothing of it is taken or shown
)

// ServerRule is what the owner decided about one name.
type ServerRule struct {
	HostID        int64 // its row, of a name that was never met as well
	Name          string
	Bound         Bound
	At            time.Time
	Comment       string
	ListAt        time.Time // which list it came with; zero for none
	LostFollowers int       // by a block: they do not come back
	LostFollowing int
}

const ruleColumns = `id, name, blocked_at is not null, coalesce(blocked_at, silenced_at), comment, coalesce(list_at, 0), lost_followers, lost_following`

// ruled is what the index of rules holds.
const ruled = `(blocked_at is not null or silenced_at is not null)`

func scanRule(r scanner) (ServerRule, error) {
	var s ServerRule
	var blocked bool
	var at, list int64
	err := r.Scan(&s.HostID, &s.Name, &blocked, &at, &s.Comment, &list, &s.LostFollowers, &s.LostFollowing)
	if err != nil {
		return ServerRule{}, err
	}
	s.Bound, s.At, s.ListAt = Silenced, fromMS(at), fromMS(list)
	if blocked {
		s.Bound = Blocked
	}
	return s, nil
}

// unheard is true of people a who are not heard: their server is blocked, or they are
// strangers of one that is silenced.
const unheard = `(h.bound = 2 or h.bound = 1 and not exists (
				select 1
				from following w
				where w.actor_id = a.id
				and w.state = 1))`

// heard leaves out posts p by people who are not heard, and boosts of theirs.
const heard = `not exists (
			select 1
			from actors a
			cross join hosts h not indexed on h.id = a.host_id
			where a.id in (p.actor_id, (select o.actor_id from posts o where o.id = p.boost_of))
			and h.bound != 0
			and a.id != 1
			and ` + unheard + `)`

// RuleServer decides about a server, and about the domains below it: a block takes
// the place of silence, and Unbound takes back what is in force, after which a silence
// that was there before a block is so again. What it costs is counted anew. It returns
// the row of the name.
func (t *Tx) RuleServer(r ServerRule) (id int64, err error) {
	ids, err := t.RuleServers([]ServerRule{r})
	return ids[r.Name], err
}

// RuleServers is that for several, each by its name.
func (t *Tx) RuleServers(rules []ServerRule) (ids map[string]int64, err error) {
	ids = make(map[string]int64, len(rules))
	names := make([]string, len(rules))
	for i, r := range rules {
		names[i] = r.Name
		if ids[r.Name], err = t.rule(r); err != nil {
			return nil, err
		}
	}
	under, err := t.HostsUnderEach(names)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		for _, h := range under[name] {
			if err := t.bind(h.ID, h.Name); err != nil {
				return nil, err
			}
		}
	}
	return ids, nil
}

func (t *Tx) rule(r ServerRule) (id int64, err error) {
	if id, err = t.EnsureHost(r.Name); err != nil {
		return 0, err
	}
	now, list := ms(t.Now()), msOrNull(r.ListAt)
	switch r.Bound {
	case Blocked: // what silence there was is kept aside
		_, err = t.exec(`
			update hosts
			set silence_comment = iif(blocked_at is null, comment, silence_comment),
				silence_list_at = iif(blocked_at is null, list_at, silence_list_at),
				blocked_at = ?, comment = ?, list_at = ?, lost_followers = 0, lost_following = 0
			where id = ?`, now, r.Comment, list, id)
	case Silenced:
		_, err = t.exec(`
			update hosts
			set blocked_at = null, silenced_at = ?, comment = ?, list_at = ?, lost_followers = 0, lost_following = 0,
				silence_comment = '', silence_list_at = null
			where id = ?`, now, r.Comment, list, id)
	default: // and is in force again
		_, err = t.exec(`
			update hosts
			set silenced_at = iif(blocked_at is null, null, silenced_at),
				comment = iif(blocked_at is null or silenced_at is null, '', silence_comment),
				list_at = iif(blocked_at is null or silenced_at is null, null, silence_list_at),
				blocked_at = null, lost_followers = 0, lost_following = 0,
				silence_comment = '', silence_list_at = null
			where id = ?`, id)
	}
	return id, err
}

// ForgetSilences has the silences that came in with one list not come back with the
// end of the blocks that took their place.
func (t *Tx) ForgetSilences(list time.Time) error {
	_, err := t.exec(`
		update hosts indexed by hosts_ruled
		set silenced_at = null, silence_comment = '', silence_list_at = null
		where `+ruled+`
		and blocked_at is not null
		and silence_list_at = ?`, ms(list))
	return err
}

func (t *Tx) bind(id int64, name string) error {
	bound, err := t.boundBy(name)
	if err != nil {
		return err
	}
	_, err = t.exec(`
		update hosts
		set bound = ?1
		where id = ?2
		and bound != ?1`, bound, id)
	return err
}

// boundBy is what the rules say about a server, met or not.
func (t *Tx) boundBy(name string) (Bound, error) {
	r, err := t.RuleOver(name)
	if errors.Is(err, ErrNotFound) {
		return Unbound, nil
	}
	return r.Bound, err
}

// AddLost counts follows that the block of a server ended.
func (t *Tx) AddLost(hostID int64, followers, following int) error {
	_, err := t.exec(`
		update hosts
		set lost_followers = lost_followers + ?, lost_following = lost_following + ?
		where id = ?`, followers, following, hostID)
	return err
}

// HostName is a server with its name.
type HostName struct {
	ID   int64
	Name string
}

// HostsUnderEach lists for each of several names the servers that a rule about it
// takes in: the one that is called so, on whatever port, and those below it. It
// reads all names once.
func (t *Tx) HostsUnderEach(names []string) (map[string][]HostName, error) {
	asked := make(map[string]bool, len(names))
	for _, n := range names {
		asked[n] = true
	}
	all, err := many(t, func(r scanner) (h HostName, err error) { err = r.Scan(&h.ID, &h.Name); return }, `
		select id, name
		from hosts`)
	under := map[string][]HostName{}
	for _, h := range all {
		for _, name := range namesAbove(h.Name) {
			if asked[name] {
				under[name] = append(under[name], h)
			}
		}
	}
	return under, err
}

// ServerRuleOf reads what the owner decided about a name itself; ErrNotFound if
// they did not.
func (t *Tx) ServerRuleOf(name string) (ServerRule, error) {
	var s ServerRule
	err := t.one(func(r scanner) (err error) { s, err = scanRule(r); return }, `
		select `+ruleColumns+`
		from hosts
		where name = ?
		and `+ruled, name)
	return s, err
}

// RuleOver reads the strictest rule that holds for a name: its own or that of one
// above it; ErrNotFound if none does.
func (t *Tx) RuleOver(name string) (ServerRule, error) {
	names, err := json.Marshal(namesAbove(name))
	if err != nil {
		return ServerRule{}, fmt.Errorf("names above %s: %w", name, err)
	}
	var s ServerRule
	err = t.one(func(r scanner) (err error) { s, err = scanRule(r); return }, `
		select `+ruleColumns+`
		from hosts
		where name in (select value from json_each(?))
		and `+ruled+`
		order by blocked_at is null, length(name) desc
		limit 1`, string(names))
	return s, err
}

// ServerRules reads a page of the rules, those of names that were met last first.
func (t *Tx) ServerRules(p Page) ([]ServerRule, error) {
	const list = `
		select ` + ruleColumns + `
		from hosts indexed by hosts_ruled
		where ` + ruled + `
		and id < ?
		and id > ?
		order by id `
	return page(t, p, scanRule, list+`desc limit ?`, list+`asc limit ?`)
}

// ServerRulesByID reads rules by the rows of their names; missing ones are left out.
func (t *Tx) ServerRulesByID(hostIDs ...int64) ([]ServerRule, error) {
	return many(t, scanRule, `
		select `+ruleColumns+`
		from hosts
		where id in (select value from json_each(?))
		and `+ruled, idList(hostIDs))
}

// ServerRulesOfList reads the rules that came in with one list, by name.
func (t *Tx) ServerRulesOfList(at time.Time) ([]ServerRule, error) {
	return many(t, scanRule, `
		select `+ruleColumns+`
		from hosts indexed by hosts_ruled
		where `+ruled+`
		and list_at = ?
		order by name`, ms(at))
}

// CountServerRules counts the blocked and the silenced servers.
func (t *Tx) CountServerRules() (blocked, silenced int, err error) {
	err = t.one(func(r scanner) error { return r.Scan(&blocked, &silenced) }, `
		select count(blocked_at), count(iif(blocked_at is null, silenced_at, null))
		from hosts indexed by hosts_ruled
		where `+ruled)
	return blocked, silenced, err
}

// BoundTo is what holds for a server that was met.
func (t *Tx) BoundTo(hostID int64) (Bound, error) {
	b, err := value[Bound](t, `
		select bound
		from hosts
		where id = ?`, hostID)
	if errors.Is(err, ErrNotFound) {
		return Unbound, nil
	}
	return b, err
}

// BoundOf says what holds for some names, as boundBy does for one.
func (t *Tx) BoundOf(names []string) (map[string]Bound, error) {
	rules, err := t.ServerRules(Page{Limit: 1 << 30})
	if err != nil {
		return nil, err
	}
	by := make(map[string]Bound, len(rules))
	for _, r := range rules {
		by[r.Name] = r.Bound
	}
	out := make(map[string]Bound, len(names))
	for _, name := range names {
		for _, up := range namesAbove(name) {
			out[name] = max(out[name], by[up])
		}
	}
	return out, nil
}

// LimitedAmong says which of some people are strangers on a server that is silenced.
func (t *Tx) LimitedAmong(actorIDs ...int64) (map[int64]bool, error) {
	ids, err := many(t, scanInt64, `
		select a.id
		from json_each(?) j
		cross join actors a on a.id = j.value
		cross join hosts h not indexed on h.id = a.host_id
		where h.bound = 1
		and a.id != 1
		and `+unheard, idList(distinct(actorIDs)))
	limited := make(map[int64]bool, len(ids))
	for _, id := range ids {
		limited[id] = true
	}
	return limited, err
}
