package store

import (
	"errors"
	"slices"
	"strings"
)

// Conversation is an exchange in posts to people named and nobody else. Whoever names
// one more person begins a new one: what was said before is not theirs to read.
type Conversation struct {
	ID     int64
	Root   string   // uri of the conversation, else of its first post
	People []string // uris of all who may read it but the owner, sorted
	LastID int64    // its newest post
	Unread bool
}

func scanConversation(r scanner) (Conversation, error) {
	var c Conversation
	var people string
	err := r.Scan(&c.ID, &c.Root, &people, &c.LastID, &c.Unread)
	if people != "" {
		c.People = strings.Split(people, "\n")
	}
	return c, err
}

const conversationColumns = `c.id, c.root, c.people, c.last_id, c.unread`

// Filing is what decides where a direct post is filed.
type Filing struct {
	Post   Post
	Author Actor
	Unread bool // it came just now, from somebody else
}

// FileConversation files a direct post under its conversation, once; it says whether that
// is new. The conversation is the one of the post it answers, else the one that
// it names, else that of its first known post, among those of the same people.
func (t *Tx) FileConversation(f Filing) (bool, error) {
	p := f.Post
	known, err := t.exists(`
		select 1
		from conversation_posts
		where post_id = ?`, p.ID)
	if err != nil || known || p.Visibility != Direct || p.BoostOf != 0 {
		return false, err
	}
	root, err := t.conversationRoot(p)
	if err != nil {
		return false, err
	}
	uris, ids := filedPeople(f)
	c, err := t.conversationAmong(root, uris)
	if errors.Is(err, ErrNotFound) {
		c, err = t.beginConversation(root, uris, ids)
	}
	if err != nil {
		return false, err
	}
	if _, err := t.exec(`
		insert into conversation_posts (post_id, conversation_id)
		values (?, ?)`, p.ID, c.ID); err != nil {
		return false, err
	}
	unread, err := t.tellsOfFiling(f)
	if err != nil {
		return false, err
	}
	// Whoever answers has read what was there.
	_, err = t.exec(`
		update conversations
		set last_id = max(last_id, ?1), unread = iif(?2, 0, max(unread, ?3))
		where id = ?4`, p.ID, p.Own(), unread, c.ID)
	return err == nil, err
}

// tellsOfFiling says whether a post makes its conversation unread: not an own one,
// nor one by somebody who is muted with their notices.
func (t *Tx) tellsOfFiling(f Filing) (bool, error) {
	if !f.Unread || f.Post.Own() {
		return false, nil
	}
	m, err := t.MuteOf(f.Post.ActorID)
	if errors.Is(err, ErrNotFound) {
		return true, nil
	}
	return err == nil && !m.Notices, err
}

// conversationRoot is the name of the conversation that a post belongs to.
func (t *Tx) conversationRoot(p Post) (string, error) {
	root, err := value[string](t, `
		select c.root
		from conversation_posts x
		cross join conversations c on c.id = x.conversation_id
		where x.post_id = ?`, p.ParentID)
	if !errors.Is(err, ErrNotFound) {
		return root, err
	}
	if p.Extra.Context != "" {
		return p.Extra.Context, nil
	}
	up, err := t.Ancestors(p, 100)
	if err != nil {
		return "", err
	}
	first := p
	if len(up) > 0 {
		first = up[0]
	}
	if first.Extra.Context != "" {
		return first.Extra.Context, nil
	}
	if first.ParentURI != "" {
		return first.ParentURI, nil
	}
	return first.URI, nil
}

// filedPeople are all who may read a direct post but the owner: their uris,
// sorted, and the ids of those who are stored here.
func filedPeople(f Filing) (uris []string, ids []int64) {
	if !f.Post.Own() {
		uris, ids = append(uris, f.Author.URI), append(ids, f.Author.ID)
	}
	for _, m := range f.Post.Extra.Mentions {
		if m.ActorID == OwnerID || m.URI == "" || strings.Contains(m.URI, "\n") {
			continue
		}
		uris = append(uris, m.URI)
		if m.ActorID != 0 {
			ids = append(ids, m.ActorID)
		}
	}
	slices.Sort(uris)
	return slices.Compact(uris), ids
}

func (t *Tx) conversationAmong(root string, uris []string) (Conversation, error) {
	var c Conversation
	err := t.one(func(r scanner) (err error) { c, err = scanConversation(r); return }, `
		select `+conversationColumns+`
		from conversations c indexed by conversations_root
		where c.root_hash = ?
		and c.root = ?
		and c.people = ?
		limit 1`, t.hash(root), root, strings.Join(uris, "\n"))
	return c, err
}

func (t *Tx) beginConversation(root string, uris []string, ids []int64) (Conversation, error) {
	c := Conversation{ID: t.NewID(), Root: root, People: uris}
	if _, err := t.exec(`
		insert into conversations (id, root, root_hash, people, last_id)
		values (?, ?, ?, ?, 0)`, c.ID, root, t.hash(root), strings.Join(uris, "\n")); err != nil {
		return c, err
	}
	for _, id := range ids {
		if _, err := t.exec(`
			insert or ignore into conversation_people (conversation_id, actor_id)
			values (?, ?)`, c.ID, id); err != nil {
			return c, err
		}
	}
	return c, nil
}

// Conversations reads a page of them by their newest posts; the bounds of the
// page are ids of those.
func (t *Tx) Conversations(p Page) ([]Conversation, error) {
	const list = `
		select ` + conversationColumns + `
		from conversations c indexed by conversations_last
		where c.last_id < ?
		and c.last_id > ?
		order by c.last_id `
	return page(t, p, scanConversation, list+`desc limit ?`, list+`asc limit ?`)
}

// Conversation reads one.
func (t *Tx) Conversation(id int64) (Conversation, error) {
	var c Conversation
	err := t.one(func(r scanner) (err error) { c, err = scanConversation(r); return }, `
		select `+conversationColumns+`
		from conversations c
		where c.id = ?`, id)
	return c, err
}

// ConversationOf finds the conversation that a post is filed under.
func (t *Tx) ConversationOf(postID int64) (Conversation, error) {
	var c Conversation
	err := t.one(func(r scanner) (err error) { c, err = scanConversation(r); return }, `
		select `+conversationColumns+`
		from conversation_posts x
		cross join conversations c on c.id = x.conversation_id
		where x.post_id = ?`, postID)
	return c, err
}

// PeopleOf lists the ids of the people of several conversations, as far as they
// are stored here.
func (t *Tx) PeopleOf(conversationIDs []int64) (map[int64][]int64, error) {
	type pair struct{ conversation, actor int64 }
	list, err := many(t, func(r scanner) (x pair, err error) { err = r.Scan(&x.conversation, &x.actor); return }, `
		select x.conversation_id, x.actor_id
		from json_each(?) j
		cross join conversation_people x on x.conversation_id = j.value`, idList(distinct(conversationIDs)))
	people := map[int64][]int64{}
	for _, x := range list {
		people[x.conversation] = append(people[x.conversation], x.actor)
	}
	return people, err
}

// ConversationPosts reads a page of the posts of a conversation, newest first.
func (t *Tx) ConversationPosts(conversationID int64, p Page) ([]Post, error) {
	const list = `
		select ` + postColumns + `
		from conversation_posts x indexed by conversation_posts_of
		cross join posts p on p.id = x.post_id
		where x.conversation_id = ?
		and x.post_id < ?
		and x.post_id > ?
		order by x.post_id `
	return page(t, p, scanPost, list+`desc limit ?`, list+`asc limit ?`, conversationID)
}

// CountUnreadConversations counts the conversations with something unread, up to a
// limit. Those with people of blocked servers alone are not shown and not counted.
func (t *Tx) CountUnreadConversations(limit int) (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from (
			select 1
			from conversations c indexed by conversations_unread
			where c.unread = 1
			and (exists (
				select 1
				from conversation_people x
				cross join actors a on a.id = x.actor_id
				cross join hosts h not indexed on h.id = a.host_id
				where x.conversation_id = c.id
				and h.bound != 2)
			or not exists (
				select 1
				from conversation_people x
				where x.conversation_id = c.id))
			limit ?)`, limit)
	return int(n), err
}

// ReadConversation marks a conversation as read, 0 all of them, unless something newer
// came than the post that the owner saw last.
func (t *Tx) ReadConversation(id, until int64) error {
	_, err := t.exec(`
		update conversations
		set unread = 0
		where unread = 1
		and last_id <= ?2
		and (?1 = 0 or id = ?1)`, id, until)
	return err
}

// UnreadConversation marks a conversation as unread.
func (t *Tx) UnreadConversation(id int64) error {
	n, err := t.changed(`
		update conversations
		set unread = 1
		where id = ?`, id)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// ReadConversationsWith marks every conversation that somebody takes part in as read.
func (t *Tx) ReadConversationsWith(actorID int64) error {
	_, err := t.exec(`
		update conversations
		set unread = 0
		where unread = 1
		and id in (
			select conversation_id
			from conversation_people
			where actor_id = ?)`, actorID)
	return err
}

// DropConversation takes a conversation off the list. Its posts stay; one more of them
// begins it anew.
func (t *Tx) DropConversation(id int64) error {
	for _, q := range []string{
		`delete from conversation_posts where conversation_id = ?`,
		`delete from conversation_people where conversation_id = ?`,
		`delete from conversations where id = ?`,
	} {
		if _, err := t.exec(q, id); err != nil {
			return err
		}
	}
	return nil
}

// leaveConversation takes a post that is deleted out of its conversation, which ends with
// its last post.
func (t *Tx) leaveConversation(postID int64) error {
	c, err := t.ConversationOf(postID)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := t.exec(`
		delete from conversation_posts
		where post_id = ?`, postID); err != nil {
		return err
	}
	last, err := value[int64](t, `
		select post_id
		from conversation_posts indexed by conversation_posts_of
		where conversation_id = ?
		order by post_id desc
		limit 1`, c.ID)
	if errors.Is(err, ErrNotFound) {
		return t.DropConversation(c.ID)
	}
	if err != nil {
		return err
	}
	_, err = t.exec(`
		update conversations
		set last_id = ?, unread = iif(last_id = ?, 0, unread)
		where id = ?`, last, postID, c.ID)
	return err
}

// DirectPosts lists direct posts above an id, oldest first: the owner's and those
// that name the owner.
func (t *Tx) DirectPosts(after int64, limit int) ([]Post, error) {
	own, err := many(t, scanInt64, `
		select p.id
		from posts p indexed by posts_own
		where p.actor_id = 1
		and p.visibility = 3
		and p.id > ?
		order by p.id
		limit ?`, after, limit)
	if err != nil {
		return nil, err
	}
	others, err := many(t, scanInt64, `
		select m.post_id
		from mentions m indexed by mentions_actor
		cross join posts p on p.id = m.post_id
		where m.actor_id = 1
		and m.post_id > ?
		and p.visibility = 3
		order by m.post_id
		limit ?`, after, limit)
	if err != nil {
		return nil, err
	}
	ids := append(own, others...)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	return t.Posts(ids[:min(len(ids), limit)])
}
