package store

import "time"

// ListReplies says which answers to others a list shows. Answers of its people
// to themselves and to the owner are always shown.
type ListReplies int

const (
	RepliesNone     ListReplies = 0
	RepliesListed   ListReplies = 1 // to people in the list
	RepliesFollowed ListReplies = 2 // to anybody the owner follows
)

// List is some of the people whom the owner follows, read by themselves.
type List struct {
	ID        int64
	Title     string
	Replies   ListReplies
	Exclusive bool // their posts stay out of home
	At        time.Time
}

const listColumns = `l.id, l.title, l.replies, l.exclusive, l.at`

func scanList(r scanner) (List, error) {
	var l List
	var at int64
	err := r.Scan(&l.ID, &l.Title, &l.Replies, &l.Exclusive, &at)
	l.At = fromMS(at)
	return l, err
}

// SaveList stores a list, a new one under an id of its own.
func (t *Tx) SaveList(l *List) error {
	if l.ID == 0 {
		l.ID, l.At = t.NewID(), t.Now()
	}
	_, err := t.exec(`
		insert into lists (id, title, replies, exclusive, at)
		values (?, ?, ?, ?, ?)
		on conflict (id) do update
		set title = excluded.title, replies = excluded.replies, exclusive = excluded.exclusive`,
		l.ID, l.Title, l.Replies, l.Exclusive, ms(l.At))
	return err
}

// DropList removes a list. What it held is swept, and shown by nothing meanwhile.
func (t *Tx) DropList(id int64) error {
	for _, q := range []string{
		`delete from list_members where list_id = ?`,
		`delete from lists where id = ?`,
	} {
		if _, err := t.exec(q, id); err != nil {
			return err
		}
	}
	return nil
}

// List reads one by id.
func (t *Tx) List(id int64) (List, error) {
	var l List
	err := t.one(func(r scanner) (err error) { l, err = scanList(r); return }, `
		select `+listColumns+`
		from lists l
		where l.id = ?`, id)
	return l, err
}

// ListCalled is the first list with a title; ErrNotFound for none.
func (t *Tx) ListCalled(title string) (List, error) {
	var l List
	err := t.one(func(r scanner) (err error) { l, err = scanList(r); return }, `
		select `+listColumns+`
		from lists l
		where l.title = ?
		order by l.id
		limit 1`, title)
	return l, err
}

// Lists reads all there are, in the order they were made.
func (t *Tx) Lists() ([]List, error) {
	return many(t, scanList, `
		select `+listColumns+`
		from lists l
		order by l.id`)
}

// ListsOf reads the lists that somebody is in.
func (t *Tx) ListsOf(actorID int64) ([]List, error) {
	return many(t, scanList, `
		select `+listColumns+`
		from list_members m indexed by list_members_actor
		cross join lists l on l.id = m.list_id
		where m.actor_id = ?
		order by m.list_id`, actorID)
}

// CountListed counts the people of each list.
func (t *Tx) CountListed() (map[int64]int, error) {
	counts := map[int64]int{}
	_, err := many(t, func(r scanner) (id int64, err error) {
		var n int
		err = r.Scan(&id, &n)
		counts[id] = n
		return id, err
	}, `
		select l.id, (
			select count(*)
			from list_members m
			where m.list_id = l.id)
		from lists l`)
	return counts, err
}

// AddListed puts somebody into a list and says whether they are new to it.
func (t *Tx) AddListed(listID, actorID int64) (bool, error) {
	n, err := t.changed(`
		insert or ignore into list_members (list_id, actor_id)
		values (?, ?)`, listID, actorID)
	return n > 0, err
}

// DropListed takes somebody out of a list. Their posts leave it at once, since a
// list shows what its people wrote; the rows are swept.
func (t *Tx) DropListed(listID, actorID int64) error {
	_, err := t.exec(`
		delete from list_members
		where list_id = ?
		and actor_id = ?`, listID, actorID)
	return err
}

// dropFromLists takes somebody out of every list.
func (t *Tx) dropFromLists(actorID int64) error {
	_, err := t.exec(`
		delete from list_members
		where actor_id = ?`, actorID)
	return err
}

// Listed reads a page of the ids of a list's people, by these ids.
func (t *Tx) Listed(listID int64, p Page) ([]int64, error) {
	const list = `
		select actor_id
		from list_members
		where list_id = ?
		and actor_id < ?
		and actor_id > ?
		order by actor_id `
	return page(t, p, scanInt64, list+`desc limit ?`, list+`asc limit ?`, listID)
}

// IsListed says whether somebody is in a list.
func (t *Tx) IsListed(listID, actorID int64) (bool, error) {
	return t.exists(`
		select 1
		from list_members
		where list_id = ?
		and actor_id = ?`, listID, actorID)
}

// AddListPost puts a post into a list, once.
func (t *Tx) AddListPost(listID, postID int64) error {
	_, err := t.exec(`
		insert or ignore into list_posts (list_id, post_id)
		values (?, ?)`, listID, postID)
	return err
}

// ListPosts reads a page of what the people of a list wrote and boosted.
func (t *Tx) ListPosts(listID int64, p Page) ([]Post, error) {
	const list = `
		select ` + postColumns + `
		from list_posts x
		cross join posts p on p.id = x.post_id
		where x.list_id = ?
		and exists (
			select 1
			from list_members m
			where m.list_id = x.list_id
			and m.actor_id = p.actor_id)
		and ` + unmuted + `
		and ` + boostsWanted + `
		and ` + heard + `
		and x.post_id < ?
		and x.post_id > ?
		order by x.post_id `
	now := ms(t.Now())
	return page(t, p, scanPost, list+`desc limit ?`, list+`asc limit ?`, listID, now, now)
}

// listedPost is the key of a row of list_posts, which has no row id.
type listedPost struct{ list, post int64 }

// unlisted is true of a row x of list_posts whose list is gone, or whose author is
// in it no more.
const unlisted = `not exists (
	select 1
	from posts p
	cross join list_members m on m.list_id = x.list_id
	and m.actor_id = p.actor_id
	where p.id = x.post_id)`

func findUnlisted(t *Tx, _ Settings, _ int64) ([]any, int64, error) {
	keys, err := many(t, func(r scanner) (any, error) {
		var k listedPost
		err := r.Scan(&k.list, &k.post)
		return k, err
	}, `
		select x.list_id, x.post_id
		from list_posts x
		where `+unlisted+`
		limit ?`, sweepSlice)
	return keys, 0, err
}

func dropUnlisted(t *Tx, _ Settings, key any) (bool, error) {
	k := key.(listedPost)
	n, err := t.changed(`
		delete from list_posts as x
		where x.list_id = ?
		and x.post_id = ?
		and `+unlisted, k.list, k.post)
	return n > 0, err
}
