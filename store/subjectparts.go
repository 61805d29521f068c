package store

import "strconv"

// SubjectPart is one kind of what is kept about somebody who is not the owner: how
// much there is, and how it reads in a copy.
type SubjectPart struct {
	Name      string // of its file in a copy
	One, Many string // what it is, in words
	Why       string // why it stays when the rest is erased; "" for what goes
	table     string
	from      string // the rows, ?1 is who it is
	copy      string // one of them as JSON
	erase     string // "" where something else takes them along
}

// What the queries of the table below share. Their arguments are those of
// subjectArgs: ?1 the id, ?2 the uri, ?3 the handle, ?4 what the search index calls
// them, ?5 the inbox of theirs alone, ?6 its hash.
const (
	theirPosts = `(
		select rowid as post_id
		from search
		where search match ?4
		union
		select post_id
		from unindexed
		where actor_id = ?1) t
		cross join posts p on p.id = t.post_id
		and p.actor_id = ?1`
	// addressAlone is true of what EraseActor leaves of a profile.
	addressAlone = `(name || summary || source || icon_url || image_url || extra || outbox || followers_uri || featured_uri = '' and published_at = 0)`

	// theirActivities are the jobs that hold what arrived of them. Those that wait and
	// those set aside have an index each.
	theirActivities = `kind = 'inbox' and id in (
		select id
		from jobs
		where key = ?2
		and dead_at is null
		union all
		select id
		from jobs
		where key = ?2
		and dead_at is not null)`
	// eraseLines removes what is filed by handle alone.
	eraseLines = `delete from csv_rows where import_id in (select id from csv_imports) and key in (?3, lower(?3))`
	ofMine     = `a conversation in which you, or somebody else, wrote too stays yours`
)

// subjectParts is everything that is kept about somebody, one line for each table; a
// test walks the schema, so that no table is forgotten.
var subjectParts = []SubjectPart{
	{"profile", "profile", "profiles", "", "actors", `from actors where id = ?1 and not ` + addressAlone,
		`json_object('id', uri, 'handle', username || '@' || domain, 'kind', kind, 'name', name, 'summary', summary, 'page', url, 'inbox', inbox,
			'icon', icon_url, 'image', image_url, 'more', json(nullif(extra, '')), 'locked', ` + yesNo("locked") + `, 'bot', ` + yesNo("bot") + `, 'discoverable', ` + yesNo("discoverable") + `, 'indexable', ` + yesNo("indexable") + `,
			'posts', posts_count, 'followers', followers_count, 'following', following_count, 'made', ` + isoTime("published_at") + `, 'fetched', ` + isoTime("fetched_at") + `)`, ``},
	{"address", "address of an erased profile", "addresses of erased profiles", "something of yours names it, or you blocked it; it goes when nothing does any more", "actors", `from actors where id = ?1 and ` + addressAlone,
		`json_object('id', uri, 'handle', username || '@' || domain, 'page', url, 'inbox', inbox)`, ``},
	{"keys", "public key", "public keys", "", "actor_keys", `from actor_keys where actor_id = ?1`,
		`json_object('id', key_id, 'der', hex(der), 'fetched', ` + isoTime("fetched_at") + `)`, `delete from actor_keys where actor_id = ?1`},
	{"last_post", "date of a last post", "dates of a last post", "", "last_posts", `from last_posts where actor_id = ?1`,
		`json_object('posted', ` + isoTime("at") + `, 'asked', ` + isoTime("asked_at") + `)`, `delete from last_posts where actor_id = ?1`},
	{"verified_links", "checked link", "checked links", "", "verified_links", `from verified_links where actor_id = ?1`,
		`json_object('url', url, 'verified', ` + isoTime("verified_at") + `, 'checked', ` + isoTime("checked_at") + `, 'error', error)`, `delete from verified_links where actor_id = ?1`},
	{"follows_you", "follow of you", "follows of you", "", "followers", `from followers where actor_id = ?1`,
		`json_object('id', follow_uri, 'state', ` + followState + `, 'asked', ` + isoTime("asked_at") + `, 'answered', ` + isoTime("decided_at") + `)`, `delete from followers where actor_id = ?1`},
	{"followed", "follow by you", "follows by you", "", "following", `from following where actor_id = ?1`,
		`json_object('id', follow_uri, 'state', ` + followState + `, 'boosts', ` + yesNo("boosts") + `, 'notify', ` + yesNo("notify") + `, 'languages', languages, 'asked', ` + isoTime("asked_at") + `)`, `delete from following where actor_id = ?1`},
	{"posts", "post or boost", "posts and boosts", "", "posts", `from ` + theirPosts,
		`json_object('id', p.uri, 'page', p.url, 'kind', ` + oneOf("p.kind", "note", "question", "article", "video", "audio", "image", "event", "chat") + `, 'visibility', ` + oneOf("p.visibility", "public", "unlisted", "followers", "people named") + `, 'boost_of', (select b.uri from posts b where b.id = p.boost_of), 'answers', p.parent_uri,
			'title', p.title, 'warning', p.summary, 'content', p.content, 'language', p.language, 'sensitive', ` + yesNo("p.sensitive") + `, 'more', json(nullif(p.extra, '')),
			'published', ` + isoTime("p.published_at") + `, 'edited', ` + isoTime("p.edited_at") + `, 'stored', ` + isoTime("p.stored_at") + `)`, ``},
	{"edits", "earlier version of a post", "earlier versions of posts", "", "edits", `from ` + theirPosts + ` cross join edits e on e.post_id = p.id`,
		`json_object('post', p.uri, 'warning', e.summary, 'content', e.content, 'more', json(nullif(e.extra, '')), 'at', ` + isoTime("e.at") + `)`, ``},
	{"quotes", "quote", "quotes", "", "quotes", `from ` + theirPosts + ` cross join quotes q on q.post_id = p.id`,
		`json_object('post', p.uri, 'quoted', q.quoted_uri, 'consent', q.stamp_uri, 'at', ` + isoTime("q.at") + `)`, ``},
	{"named_by_others", "post of somebody else that names them", "posts of others that name them", "", "mentions",
		`from mentions m cross join posts p on p.id = m.post_id where m.actor_id = ?1 and p.actor_id not in (1, ?1)`, namedThem,
		`delete from mentions where actor_id = ?1 and (select p.actor_id from posts p where p.id = mentions.post_id) != 1`},
	{"named_by_owner", "post of yours that names them", "posts of yours that name them", "what you wrote is yours, and the address of whom you name is part of it; delete such a post to take it back", "mentions",
		`from mentions m cross join posts p on p.id = m.post_id where m.actor_id = ?1 and p.actor_id = 1`, namedThem, ``},
	{"conversations", "private conversation", "private conversations", "", "conversation_people", `from conversation_people c where c.actor_id = ?1 and not ` + othersWrote, talk, ``},
	{"conversations_of_others", "private conversation with words of yours or others", "private conversations with words of yours or others", ofMine, "conversation_people",
		`from conversation_people c where c.actor_id = ?1 and ` + othersWrote, talk, ``},
	{"reactions", "like or reaction", "likes and reactions", "", "reactions", `from reactions r where r.actor_id = ?1`,
		`json_object('id', r.uri, 'post', (select uri from posts where id = r.post_id), 'emoji', r.emoji, 'at', ` + isoTime("r.at") + `)`, ``},
	{"votes", "vote", "votes", "", "votes", `from votes v where v.actor_id = ?1`,
		`json_object('post', (select uri from posts where id = v.post_id), 'choice', v.choice, 'at', ` + isoTime("v.at") + `)`, `delete from votes where actor_id = ?1`},
	{"notices", "notice to you", "notices to you", "", "notifications", `from notifications n where n.actor_id = ?1`,
		`json_object('kind', n.kind, 'post', (select uri from posts where id = n.post_id), 'at', ` + isoTime("n.at") + `, 'held_back', ` + yesNo("n.held") + `)`, `delete from notifications where actor_id = ?1`},
	{"held_back", "decision about held back notices", "decisions about held back notices", "", "notice_requests", `from notice_requests where actor_id = ?1`,
		`json_object('at', ` + isoTime("at") + `, 'put_aside', ` + yesNo("dismissed") + `)`, `delete from notice_requests where actor_id = ?1`},
	{"never_held_back", "permission to notify you", "permissions to notify you", "", "notice_allowed", `from notice_allowed where actor_id = ?1`,
		`json_object('at', ` + isoTime("at") + `)`, `delete from notice_allowed where actor_id = ?1`},
	{"lists", "place on a list", "places on lists", "", "list_members", `from list_members m where m.actor_id = ?1`,
		`json_object('list', (select title from lists where id = m.list_id))`, `delete from list_members where actor_id = ?1`},
	{"imported_lists", "line of a list that you brought in", "lines of lists that you brought in", "", "csv_rows", `from csv_imports cross join csv_rows r on r.import_id = csv_imports.id and r.key in (?3, lower(?3))`,
		`json_object('list', r.title, 'wishes', json(nullif(r.wish, '')), 'brought_in', ` + isoTime("csv_imports.asked_at") + `)`,
		eraseLines},
	{"recommended", "recommendation on your profile", "recommendations on your profile", "", "endorsements", `from endorsements where actor_id = ?1`,
		`json_object('at', ` + isoTime("at") + `)`, `delete from endorsements where actor_id = ?1`},
	{"pins", "pinned post", "pinned posts", "", "pins", `from pins n where n.actor_id = ?1`,
		`json_object('post', (select uri from posts where id = n.post_id), 'at', ` + isoTime("n.at") + `)`, `delete from pins where actor_id = ?1`},
	{"note", "note of yours", "notes of yours", "", "notes", `from notes where actor_id = ?1`,
		`json_object('text', text, 'at', ` + isoTime("at") + `)`, `delete from notes where actor_id = ?1`},
	{"mute", "mute", "mutes", "", "mutes", `from mutes where actor_id = ?1`,
		`json_object('until', ` + isoTime("until") + `, 'notices_too', ` + yesNo("notices") + `, 'at', ` + isoTime("at") + `)`, `delete from mutes where actor_id = ?1`},
	{"block", "block", "blocks", "a block stays, or they could write to you again; unblock them to erase it too", "blocks", `from blocks where actor_id = ?1`,
		`json_object('id', uri, 'at', ` + isoTime("at") + `)`, ``},
	{"blocked_by", "block of you", "blocks of you", "", "blocked_by", `from blocked_by where actor_id = ?1`,
		`json_object('id', uri, 'at', ` + isoTime("at") + `)`, `delete from blocked_by where actor_id = ?1`},
	{"moves", "move to another account", "moves to other accounts", "", "moves", `from moves where actor_id = ?1`,
		`json_object('to', target_uri, 'at', ` + isoTime("at") + `)`, `delete from moves where actor_id = ?1`},
	{"reports", "report by or about them", "reports by or about them", "", "reports", `from reports where actor_id = ?1 or about_id = ?1`,
		`json_object('id', uri, 'by_the_owner', ` + yesNo("own") + `, 'text', text, 'category', category, 'posts', json(posts), 'evidence', json(evidence), 'answer', answer, 'at', ` + isoTime("at") + `, 'answered', ` + isoTime("answered_at") + `)`,
		`delete from reports where actor_id = ?1 or about_id = ?1`},
	{"consents", "consent of yours to a quote or the like", "consents of yours to quotes and the like", "", "stamps", `from stamps where actor_id = ?1`,
		`json_object('kind', kind, 'object', object_uri, 'at', ` + isoTime("at") + `, 'revoked', ` + isoTime("revoked_at") + `)`, `delete from stamps where actor_id = ?1`},
	{"bylines", "preview of a link that names them as author", "previews of links that name them as author", "", "cards", `from cards where author_id = ?1 and author_id != 0`,
		`json_object('url', url, 'title', title, 'fetched', ` + isoTime("fetched_at") + `)`, `update cards set author_id = 0 where author_id = ?1 and author_id != 0`},
	{"arrived", "activity that waits or could not be read", "activities that wait or could not be read", "", "jobs", `from jobs where ` + theirActivities,
		`json_object('kind', kind, 'activity', cast(payload as text), 'error', error, 'due', ` + isoTime("run_at") + `)`, `delete from jobs where ` + theirActivities},
	{"deliveries", "delivery to an inbox of theirs alone", "deliveries to an inbox of theirs alone", "they go by themselves when they are done; they say which server got which of your posts", "deliveries",
		`from inboxes i cross join deliveries d on d.inbox_id = i.id cross join outgoing o on o.id = d.outgoing_id where i.url_hash = ?6 and i.url = ?5`,
		`json_object('activity', o.uri, 'kind', o.kind, 'state', ` + oneOf("d.state", "waiting", "sent, no answer", "accepted", "refused", "given up", "cancelled", "given up after it was sent") + `, 'tried', ` + isoTime("d.tried_at") + `)`, ``},
	{"inbox", "address of an inbox of theirs alone", "addresses of an inbox of theirs alone", "what you delete is asked for there; it goes when no post of yours was sent to it", "inboxes", `from inboxes where url_hash = ?6 and url = ?5`,
		`json_object('url', url, 'failing_since', ` + isoTime("failing_since") + `, 'error', error)`, ``},
	{"log", "line of the security log", "lines of the security log", "it is your log of what was done here, and goes with its other lines", "security_log",
		`from security_log where kind in ('block', 'unblock', 'request', 'move') and detail in ('@' || ?3, 'accepted @' || ?3, 'rejected @' || ?3, 'to @' || ?3)`,
		`json_object('kind', kind, 'detail', detail, 'at', ` + isoTime("at") + `)`, ``},
	{"requests", "request for a copy or an erasure", "requests for a copy or an erasure", "it shows that it was answered, and goes 30 days after the answer", "subject_requests",
		`from subject_requests where handle = lower(?3) or actor_id = ?1 and ?1 != 0`, `json_object('kind', kind, 'words', words, 'state', ` + oneOf("state", "waits", "a link was sent", "the link was used", "erased", "put aside", "being erased") + `, 'asked', ` + isoTime("asked_at") + `, 'answered', ` + isoTime("answered_at") + `)`, ``},
}

const (
	namedThem = `json_object('post', p.uri, 'by', (select a.uri from actors a where a.id = p.actor_id), 'warning', p.summary, 'content', p.content, 'at', ` +
		`strftime('%Y-%m-%dT%H:%M:%SZ', p.published_at / 1000, 'unixepoch'))`
	talk        = `json_object('conversation', (select root from conversations where id = c.conversation_id), 'with', (select people from conversations where id = c.conversation_id))`
	othersWrote = `exists (
		select 1
		from conversation_posts x
		cross join posts p on p.id = x.post_id
		where x.conversation_id = c.conversation_id
		and p.actor_id != ?1)`
)

// isoTime is SQL for a column of times as RFC 3339, null without one.
func isoTime(column string) string {
	return `strftime('%Y-%m-%dT%H:%M:%SZ', nullif(` + column + `, 0) / 1000, 'unixepoch')`
}

// yesNo is SQL for a column of 0 and others as a truth of JSON.
func yesNo(column string) string { return `json(iif(` + column + `, 'true', 'false'))` }

// oneOf is SQL for a column that counts from 0, in words; what has none stays a number.
func oneOf(column string, words ...string) string {
	text := "case " + column
	for i, word := range words {
		text += " when " + strconv.Itoa(i) + " then '" + word + "'"
	}
	return text + " else " + column + " end"
}

var followState = oneOf("state", "asked", "accepted", "rejected", "removed")
