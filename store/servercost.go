package store

// ServerCost is what a block of some servers ends and hides, counted as the pages
// show it now.
type ServerCost struct {
	Followers     int // who follow the owner
	Asking        int // who ask to
	Following     int // whom the owner follows, or asked to
	InLists       int // places in lists that go with those
	Home          int // posts in Home by people there, and boosts of theirs by others …
	HomeOf        int // … among so many that are the newest; 0 if those are all
	Notices       int // notices of what they did
	Conversations int // private conversations with nobody else
}

// peopleOn begins a query of the people a on some servers, whose ids are a JSON
// list. What is hidden already costs nothing.
const peopleOn = `
		from json_each(?) j
		cross join hosts h not indexed on h.id = j.value
		cross join actors a indexed by actors_host on a.host_id = h.id `

// costHome is how many posts of Home are looked through for a preview: a page is not
// kept waiting for the others.
const costHome = 10_000

// notDeaf is true of people a on servers h that are not blocked yet.
const notDeaf = `h.bound != 2
		and a.id != 1 `

// homeLost counts the posts at the top of Home that a block or a silence hides.
const homeLost = `
		with there (id) as materialized (
			select a.id
			from json_each(?) j
			cross join actors a indexed by actors_host on a.host_id = j.value
			where a.id != 1
			union
			select a.id
			from json_each(?) j
			cross join actors a indexed by actors_host on a.host_id = j.value
			where a.id != 1
			and not exists (
				select 1
				from following w
				where w.actor_id = a.id
				and w.state = 1))
		select count(*)
		from (select post_id from home order by post_id desc limit ?) x
		cross join posts p on p.id = x.post_id
		where (p.actor_id in (select id from there)
			or p.boost_of is not null
			and (select o.actor_id from posts o where o.id = p.boost_of) in (select id from there))
		and ` + unmuted + `
		and ` + boostsWanted + `
		and ` + heard

// talksLost counts the conversations in which nobody would be left to talk to.
const talksLost = `
		select count(distinct c.conversation_id)` + peopleOn + `
		cross join conversation_people c on c.actor_id = a.id
		where ` + notDeaf + `
		and not exists (
			select 1
			from conversation_people d
			cross join actors e on e.id = d.actor_id
			cross join hosts g on g.id = e.host_id
			where d.conversation_id = c.conversation_id
			and g.bound != 2
			and g.id not in (select value from json_each(?)))`

// CostOf counts what a block of some servers costs, and what the silence of others
// hides in Home.
func (t *Tx) CostOf(hostIDs, silenced []int64) (ServerCost, error) {
	var c ServerCost
	if len(hostIDs)+len(silenced) == 0 {
		return c, nil
	}
	ids := idList(hostIDs)
	if err := t.one(func(r scanner) error { return r.Scan(&c.Followers, &c.Asking) }, `
		select count(iif(f.state = 1, 1, null)), count(iif(f.state = 0, 1, null))`+peopleOn+`
		cross join followers f on f.actor_id = a.id`, ids); err != nil {
		return c, err
	}
	now := ms(t.Now())
	for _, q := range []struct {
		into  *int
		query string
		args  []any
	}{
		{&c.Following, `
		select count(*)` + peopleOn + `
		cross join following f on f.actor_id = a.id
		where f.state < 2`, nil},
		{&c.InLists, `
		select count(*)` + peopleOn + `
		cross join list_members m on m.actor_id = a.id`, nil},
		{&c.Home, homeLost, []any{idList(silenced), costHome, now, now}},
		{&c.Notices, `
		select count(*)` + peopleOn + `
		cross join notifications n on n.actor_id = a.id
		where ` + notDeaf + `
		and n.held = 0
		and n.kind not in ('admin.report', 'move')
		and not exists (
			select 1
			from mutes m
			where m.actor_id = a.id
			and m.notices = 1
			and ` + muteInForce + `)`, []any{now}},
		{&c.Conversations, talksLost, []any{ids}},
	} {
		n, err := value[int64](t, q.query, append([]any{ids}, q.args...)...)
		if err != nil {
			return c, err
		}
		*q.into = int(n)
	}
	more, err := t.exists(`
		select 1
		from home
		limit 1
		offset ?`, costHome)
	if more {
		c.HomeOf = costHome
	}
	return c, err
}

// FollowsOn names people on some servers whom a block cuts off: who follow the
// owner, and whom the owner follows or asked to, a few of each by their ids.
func (t *Tx) FollowsOn(hostIDs []int64, limit int) (followers, following []int64, err error) {
	ids := idList(hostIDs)
	followers, err = many(t, scanInt64, `
		select a.id`+peopleOn+`
		cross join followers f on f.actor_id = a.id
		where f.state = 1
		limit ?`, ids, limit)
	if err != nil {
		return nil, nil, err
	}
	following, err = many(t, scanInt64, `
		select a.id`+peopleOn+`
		cross join following f on f.actor_id = a.id
		where f.state < 2
		limit ?`, ids, limit)
	return followers, following, err
}

// HostFollows is how many follows there are with a server, both ways.
type HostFollows struct {
	HostID               int64
	Followers, Following int // with those who ask, and those who were asked
}

// FollowsByHost counts the follows with some servers; those with none are left out.
func (t *Tx) FollowsByHost(hostIDs []int64) (map[int64]HostFollows, error) {
	list, err := many(t, func(r scanner) (f HostFollows, err error) {
		err = r.Scan(&f.HostID, &f.Followers, &f.Following)
		return
	}, `
		select h.id, sum(exists (select 1 from followers where actor_id = a.id and state < 2)), sum(exists (select 1 from following where actor_id = a.id and state < 2))`+peopleOn+`
		group by h.id`, idList(hostIDs))
	out := map[int64]HostFollows{}
	for _, f := range list {
		if f.Followers+f.Following > 0 {
			out[f.HostID] = f
		}
	}
	return out, err
}
