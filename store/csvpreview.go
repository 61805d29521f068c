package store

import "encoding/json"

// CSVStanding is how the rows of a list stand to what is here.
type CSVStanding struct {
	New     int // not here …
	Slow    int // … of which a server has to be asked or told first, slowly
	Barred  int // … which a block stands against …
	Turns   int // … and how often it is asked for the others: a person, or post, once
	Changed int // here, but otherwise than the row says
	Same    int
}

// csvStands gives, for each kind, every row that waits: whether it is here, whether
// it is as the row says, whether it needs no other server, and whether a block stands
// against it. The parameters are the import and now.
var csvStands = map[CSVKind]string{
	CSVFollowing: `
		select r.key, r.host, f.actor_id is not null as here,
			f.boosts = coalesce(nullif(r.wish, '') ->> '$.boosts', f.boosts)
				and f.notify = coalesce(nullif(r.wish, '') ->> '$.notify', f.notify)
				and f.languages = coalesce(nullif(r.wish, '') ->> '$.languages', f.languages) as same,
			false as quick, ` + csvBlocked + ` as barred
		from csv_rows r
		left join following f on f.actor_id = r.ref and f.state < 2 and ?2 > 0`,
	CSVLists: `
		select r.key, r.host, exists (
				select 1
				from list_members m
				cross join lists l on l.id = m.list_id
				where m.actor_id = r.ref
				and l.title = r.title
				and ?2 > 0) as here,
			true as same,
			exists (select 1 from following where actor_id = r.ref and state < 2) as quick, ` + csvBlocked + ` as barred
		from csv_rows r`,
	CSVBlocks: `
		select r.key, r.host, b.actor_id is not null as here, true as same, r.ref != 0 as quick, false as barred
		from csv_rows r
		left join blocks b on b.actor_id = r.ref and ?2 > 0`,
	CSVMutes: `
		select r.key, r.host, m.actor_id is not null as here, m.notices = coalesce(nullif(r.wish, '') ->> '$.notices', m.notices) as same, r.ref != 0 as quick, false as barred
		from csv_rows r
		left join mutes m on m.actor_id = r.ref and (m.until is null or m.until > ?2)`,
	CSVFilters: `
		select r.key, r.host, exists (
				select 1
				from filter_posts p
				cross join filters g on g.id = p.filter_id
				where p.post_id = r.ref
				and g.title = r.title
				and (
					select count(*)
					from filters f
					where f.title = g.title
					and f.id < g.id) = coalesce(nullif(r.wish, '') ->> '$.nth', 0)
				and ?2 > 0) as here,
			true as same, r.ref != 0 as quick, false as barred
		from (select * from csv_rows where key != '') r`,
	CSVBookmarks: `
		select r.key, r.host, b.post_id is not null as here, true as same, r.ref != 0 as quick, false as barred
		from csv_rows r
		left join bookmarks b on b.post_id = r.ref and ?2 > 0`,
}

// csvWaitsBefore is true of rows whose person, or post, waits in one of the imports of
// the JSON list ?3 as well.
const csvWaitsBefore = `exists (
			select 1
			from json_each(?3) j
			cross join csv_rows w indexed by csv_rows_key on w.import_id = j.value and w.key = r.key
			where w.line > 0
			and w.state = 0)`

// CSVStanding counts the rows of an import against what is here, for each server
// that has to be asked. What waits in an import before it takes no turn of its own. Of
// servers it knows nothing, and of filters only the posts.
func (t *Tx) CSVStanding(i CSVImport, before ...int64) (map[string]CSVStanding, error) {
	counts := map[string]CSVStanding{}
	query, ok := csvStands[i.Kind]
	if !ok {
		return counts, nil
	}
	earlier, err := json.Marshal(append([]int64{}, before...))
	if err != nil {
		return nil, err
	}
	err = t.each(func(r scanner) error {
		var host string
		var s CSVStanding
		err := r.Scan(&host, &s.New, &s.Slow, &s.Barred, &s.Turns, &s.Changed, &s.Same)
		counts[host] = s
		return err
	}, `
		select host,
			count(*) filter (where not here),
			count(*) filter (where not here and not quick),
			count(*) filter (where not here and not quick and barred),
			count(distinct key) filter (where not here and not quick and not barred and not `+csvWaitsBefore+`),
			count(*) filter (where here and not same),
			count(*) filter (where here and same)
		from (`+query+`
			where r.import_id = ?1
			and r.line > 0
			and r.state = 0) r
		group by host`, i.ID, ms(t.Now()), string(earlier))
	return counts, err
}

// CSVTitle is a list that rows name, with how many.
type CSVTitle struct {
	Title string
	N     int
}

// CSVTitles lists what rows put people into, in the order of the file.
func (t *Tx) CSVTitles(id int64) ([]CSVTitle, error) {
	return many(t, func(r scanner) (c CSVTitle, err error) { err = r.Scan(&c.Title, &c.N); return }, `
		select title, count(*)
		from csv_rows
		where import_id = ?
		and line > 0
		group by title
		order by min(line)`, id)
}

// csvBlocked is true of somebody whom the owner blocked, or the other way round.
const csvBlocked = `(exists (select 1 from blocks where actor_id = r.ref) or exists (select 1 from blocked_by where actor_id = r.ref))`

// csvGoing finds, for each kind, what is here and not in a file: what it is called,
// its row, and a list for those who leave one. The parameter is the import.
var csvGoing = map[CSVKind]string{
	CSVFollowing: `
		select a.username || '@' || a.domain as key, f.actor_id as ref, '' as title, '' as wish
		from following f
		join actors a on a.id = f.actor_id
		where f.state < 2
		and ` + csvUnnamed,
	CSVBlocks: `
		select a.username || '@' || a.domain as key, b.actor_id as ref, '' as title, '' as wish
		from blocks b
		join actors a on a.id = b.actor_id
		where ` + csvUnnamed,
	CSVMutes: `
		select a.username || '@' || a.domain as key, m.actor_id as ref, '' as title, '' as wish
		from mutes m
		join actors a on a.id = m.actor_id
		where ` + csvUnnamed,
	CSVBookmarks: `
		select p.uri as key, p.id as ref, '' as title, '' as wish
		from bookmarks b
		join posts p on p.id = b.post_id
		where not exists (select 1 from csv_rows r where r.import_id = ?1 and r.key = p.uri)
		and not exists (select 1 from csv_rows r where r.import_id = ?1 and r.key = p.url)`,
	CSVLists: `
		select '' as key, l.id as ref, l.title as title, '' as wish
		from lists l
		where not exists (select 1 from csv_rows r where r.import_id = ?1 and r.title = l.title)
		union all
		select a.username || '@' || a.domain, m.actor_id, l.title, json_object('list', l.id)
		from lists l
		cross join list_members m on m.list_id = l.id
		cross join actors a on a.id = m.actor_id
		where exists (select 1 from csv_rows r where r.import_id = ?1 and r.title = l.title)
		and not exists (
			select 1
			from csv_rows r
			where r.import_id = ?1
			and r.key = lower(a.username) || '@' || a.domain
			and r.title = l.title)
		and (a.uri, l.title) not in (
			select nullif(o.extra, '') ->> '$.moved_to', r.title
			from csv_rows r
			cross join actors o on o.id = r.ref
			where r.import_id = ?1
			and nullif(o.extra, '') ->> '$.moved_to' != '')`,
	CSVFilters: `
		select '' as key, f.id as ref, f.title as title, '' as wish
		from (select id, title, row_number() over (partition by title order by id) as nth from filters) f
		where f.nth > (select count(*) from csv_rows r where r.import_id = ?1 and r.key = '' and r.title = f.title)`,
	CSVDomains: `
		select h.name as key, h.id as ref, '' as title, iif(h.blocked_at is not null, '{"bound":2}', '{"bound":1}') as wish
		from hosts h
		where (h.blocked_at is not null or h.silenced_at is not null and not coalesce((select notes ->> '$.bare' from csv_imports where id = ?1), false))
		and not exists (select 1 from csv_rows r where r.import_id = ?1 and r.key = h.name)`,
}

// csvUnnamed is true of people a whom a file does not name, neither by their handle,
// nor by their name at the server that they are on, nor by an account that they left.
const csvUnnamed = `not exists (
			select 1
			from csv_rows r
			where r.import_id = ?1
			and r.key in (
				lower(a.username) || '@' || a.domain,
				lower(a.username) || '@' || (select h.name from hosts h where h.id = a.host_id)))
		and a.uri not in (
			select nullif(o.extra, '') ->> '$.moved_to'
			from csv_rows r
			cross join actors o on o.id = r.ref
			where r.import_id = ?1
			and nullif(o.extra, '') ->> '$.moved_to' != '')`

// CSVGoing counts what is here and not in a list, lists by themselves, and names the
// first of it.
func (t *Tx) CSVGoing(i CSVImport, limit int) (n int, first []CSVRow, err error) {
	query := csvGoing[i.Kind]
	if n, err = value[int](t, `select count(*) from (`+query+`)`, i.ID); err != nil || n == 0 {
		return n, nil, err
	}
	first, err = many(t, func(r scanner) (row CSVRow, err error) {
		err = r.Scan(&row.Key, &row.Ref, &row.Title)
		return row, err
	}, `
		select key, ref, title
		from (`+query+`)
		limit ?2`, i.ID, limit)
	return n, first, err
}

// AddCSVGoing stores what is here and not in a list as rows that are to go.
func (t *Tx) AddCSVGoing(i CSVImport) (int, error) {
	return t.changed(`
		insert or ignore into csv_rows (import_id, line, key, ref, title, wish)
		select ?1, -row_number() over (), key, ref, title, wish
		from (`+csvGoing[i.Kind]+`)`, i.ID)
}
