package store

import (
	"errors"
	"time"
)

const (
	maxActors   = 50000 // people above which those that nothing here names go after a day
	maxHosts    = 20000 // servers, likewise
	maxRequests = 10000 // follow requests that wait; later ones are forgotten
)

// sweeps is the table of everything that grows and what bounds it. Ages count
// from a row's last use where it has one. What follows a setting comes first, and
// in an order in which no rule takes what a later one counts: Due adds up what the
// sweep then removes.
var sweeps = []sweep{
	addresses("addresses of log-ins", "sessions", "hash", "created_at"),
	addresses("addresses in the security log", "security_log", "id", "at"),
	aged("lines of the security log", "keep_security_days", "security_log", "id", "at < ?1"),
	aged("notifications", "keep_notice_days", "notifications", "id", "at < ?1"),
	aged("jobs set aside", "keep_job_days", "jobs", "id", "dead_at < ?1"),
	{name: "remote posts nobody here touched", find: findOldPosts, drop: dropOldPost, age: "keep_remote_days", count: countWalk(findOldPosts)},
	{name: "other people's pictures that nobody looked at", find: findUnseen, drop: dropUnseen, age: "keep_picture_days", count: countUnseen},
	{name: "other people's pictures beyond their room", find: findBeyond, drop: dropBeyond, age: "media_cache_mb", count: countBeyond},
	overCap("notifications over 20,000", "notifications", "id", "id", "held = 0", 20000),
	overCap("notifications held back over 10,000", "notifications", "id", "id", "held != 0", 10000),
	rows("people of whom nothing is held back", "notice_requests", "id", "not exists (select 1 from notifications n indexed by notifications_held where n.actor_id = x.actor_id and n.held != 0) and ?1 > 0", after(0)),
	overCap("security log over 10,000 lines", "security_log", "id", "id", "", 10000),
	rows("remembered activity ids over 7 days", "seen", "id_hash", "at < ?1", after(7*day)),
	overCap("remembered activity ids over 500,000", "seen", "id_hash", "at", "", 500000),
	rows("tombstones over 7 days", "tombstones", "uri_hash", "at < ?1", after(tombstoneAge)),
	overCap("tombstones over 100,000", "tombstones", "uri_hash", "at", "", 100000),
	rows("idempotency keys over a day", "idempotency", "key", "at < ?1", after(day)),
	overCap("jobs set aside over 1,000", "jobs", "id", "dead_at", "dead_at is not null", 1000),
	rows("rejected and removed followers over 90 days", "followers", "actor_id", "state in (2, 3) and decided_at < ?1", after(90*day)),
	{name: "follow requests over 10,000", find: findLateRequests, drop: dropRequest},
	rows("log-ins unused for a year", "sessions", "hash", "used_at < ?1", after(365*day)),
	rows("apps that nobody uses", "apps", "id", "created_at < ?1 and not exists (select 1 from tokens where app_id = x.id)", after(365*day)),
	rows("second factors begun and not confirmed within a day", "second_factor", "id", "begun_at < ?1 and confirmed_at is null", after(day)),
	rows("codes over an hour", "codes", "hash", "at < ?1", after(time.Hour)),
	rows("push subscriptions without a token", "push", "token_id", "not exists (select 1 from tokens where id = x.token_id) and ?1 > 0", after(0)),
	rows("push addresses without a session", "session_push", "session", "not exists (select 1 from sessions where hash = x.session) and ?1 > 0", after(0)),
	overCap("changes of the privacy policy over 500", "privacy_changes", "id", "id", "", 500),
	overCap("apps without a token over 1,000", "apps", "id", "id", "not exists (select 1 from tokens where app_id = apps.id)", 1000),
	{name: "remembered failures of remote pictures", find: findFailures, drop: dropFailure},
	rows("emojis that nobody used for 90 days", "emojis", "id", "host_id != 0 and used_at < ?1", after(90*day)),
	overCap("emojis over 20,000", "emojis", "id", "used_at", "host_id != 0", 20000),
	rows("own emojis that were removed and that nothing shows", "own_emojis", "id", unshownEmoji, after(day)),
	rows("hashtags without posts", "tags", "id", "not exists (select 1 from post_tags where tag_id = x.id) and not exists (select 1 from tag_follows where tag_id = x.id) and not exists (select 1 from tag_features where tag_id = x.id) and ?1 > 0", after(0)),
	{name: "posts of people who left a list", find: findUnlisted, drop: dropUnlisted},
	rows("mutes that are over", "mutes", "actor_id", "until <= ?1", after(0)),
	rows("reports over 180 days", "reports", "id", "at < ?1", after(180*day)),
	overCap("reports over 10,000", "reports", "id", "id", "", 10000),
	rows("requests for what is kept about somebody, answered over 30 days ago", "subject_requests", "id", "answered_at < ?1 and not (state = 2 and kind = 'erase')", after(SubjectDoneLasts)),
	rows("requests for what is kept about somebody, over 180 days", "subject_requests", "id", "asked_at < ?1", after(SubjectRequestLasts)),
	overCap("requests for what is kept about somebody, over 1,000", "subject_requests", "id", "id", "state != 0", 1000),
	overCap("earlier words of the privacy policy over 100", "policy_texts", "id", "id", "", 100),
	overCap("moves of others over 500", "moves", "id", "id", "actor_id != 1", 500), // the own: one in 7 days
	overCap("stamps over 100,000", "stamps", "id", "id", "", 100000),
	rows("uploads without a post", "media", "id", unposted, after(day)),
	rows("notes of own posts that were deleted for their age over a year ago", "expired", "post_id", "at < ?1", after(365*day)),
	rows("threads asked for over 30 days ago", "thread_fetches", "post_id", "at < ?1", after(30*day)),
	overCap("threads asked for over 5,000", "thread_fetches", "post_id", "at", "", 5000),
	rows("previews of links over 90 days", "cards", "url_hash", "fetched_at < ?1", after(90*day)),
	overCap("previews of links over 20,000", "cards", "url_hash", "fetched_at", "", 20000),
	rows("notices to be mailed for over 3 days", "mail_notices", "notification_id", "at < ?1", after(3*day)),
	overCap("notices to be mailed over 5,000", "mail_notices", "notification_id", "notification_id", "", 5000),
	{name: "keys replaced over 7 days ago", find: findOldKey, drop: wipeOldKey},
	rows("servers told of a new key", "key_rotation", "host_id", "told_at < ?1 and not exists (select 1 from keys where name = 'old')", after(0)),
	{name: "finished deliveries, folded", find: findFinished, drop: dropFinished},
	{name: "inboxes without deliveries", find: findInboxes, drop: dropInbox},
	rows("imports of lists that nobody began", "csv_imports", "id", "state < 2 and asked_at < ?1", after(day)),
	rows("imports of lists that ended over 30 days ago", "csv_imports", "id", "state > 2 and ended_at < ?1", after(30*day)),
	{name: "rows of imports that are gone", find: findCSVRows, drop: dropCSVRow},
	rows("imports that ended over 90 days ago", "imports", "id", "state in (2, 3, 4) and ended_at < ?1 and not exists (select 1 from import_wants where import_id = x.id)", after(90*day)),
	{name: "people nobody here knows any more", find: findActors, drop: dropActor},
	{name: "faces and previews that nothing shows any more", find: findUnshown, drop: dropUnshown},
	{name: "servers nobody here knows any more", find: findHosts, drop: dropHost},
}

// unposted is true of an upload that no post has and no draft names, made before
// ?1. Its files go with the sweep of the media folder.
const unposted = `post_id is null
	and at < ?1
	and not exists (
		select 1
		from unsent u, json_each(u.draft, '$.media') j
		where j.value = x.id)`

// oldPost is true of another's post stored before ?1, unless the owner did
// something with it, is named in it, it stands beside an own post in a thread,
// somebody boosted it since, or it is a boost of an own post, which its count of
// boosts is made of.
const oldPost = `p.actor_id != 1
	and p.kept = 0
	and p.stored_at < ?1
	and not exists (select 1 from mentions where post_id = p.id)
	and not exists (select 1 from pins where post_id = p.id)
	and not exists (select 1 from posts r where r.parent_id = p.id and (r.actor_id = 1 or r.kept = 1))
	and not exists (select 1 from posts b where b.boost_of = p.id and (b.actor_id = 1 or b.kept = 1 or b.stored_at >= ?1))
	and not exists (select 1 from posts o where o.id = p.parent_id and o.actor_id = 1)
	and not exists (select 1 from posts o where o.id = p.boost_of and o.actor_id = 1)`

func keepSince(t *Tx, set Settings) time.Time {
	return t.Now().Add(-time.Duration(set.KeepRemoteDays) * day)
}

// findOldPosts walks the posts by their date. One that was dated before and
// stored after the cut is met again on a later night.
func findOldPosts(t *Tx, set Settings, after int64) ([]any, int64, error) {
	cut := keepSince(t, set)
	return walk(t, `
		select p.id, `+oldPost+`
		from posts p
		where p.id > ?2
		and p.id < ?3
		order by p.id
		limit ?4`, ms(cut), after, IDAt(cut), sweepSlice)
}

func dropOldPost(t *Tx, set Settings, key any) (bool, error) {
	var p Post
	err := t.one(func(r scanner) (err error) { p, err = scanPost(r); return }, `
		select `+postColumns+`
		from posts p
		where p.id = ?2
		and `+oldPost, ms(keepSince(t, set)), key)
	if errors.Is(err, ErrNotFound) {
		still, err := t.exists(`
			select 1
			from posts
			where id = ?`, key)
		return !still, err // else it was a boost, and went with its post
	}
	if err != nil {
		return false, err
	}
	return true, t.dropPost(p)
}

// walk runs a query of ids and whether each may go, a slice at a time. Next is
// where the following slice begins, 0 at the end.
func walk(t *Tx, query string, args ...any) (keys []any, next int64, err error) {
	type row struct {
		id int64
		ok bool
	}
	list, err := many(t, func(r scanner) (row, error) {
		var x row
		err := r.Scan(&x.id, &x.ok)
		return x, err
	}, query, args...)
	for _, x := range list {
		if x.ok {
			keys = append(keys, x.id)
		}
	}
	if len(list) == sweepSlice {
		next = list[len(list)-1].id
	}
	return keys, next, err
}

// findLateRequests spares those who asked first: a flood cannot push them out.
func findLateRequests(t *Tx, _ Settings, _ int64) ([]any, int64, error) {
	keys, err := many(t, scanKey, `
		select actor_id
		from followers
		where state = 0
		order by asked_at
		limit ?
		offset ?`, sweepSlice, maxRequests)
	return keys, 0, err
}

func dropRequest(t *Tx, _ Settings, key any) (bool, error) {
	n, err := t.changed(`
		delete from followers
		where actor_id = ?
		and state = 0`, key)
	return n > 0, err
}

// failureKey is the key of a remembered failure, whose table has no row ids.
type failureKey struct {
	hash  int64
	shape string
}

// findFailures takes those over 7 days, and the oldest above 20,000.
func findFailures(t *Tx, _ Settings, _ int64) ([]any, int64, error) {
	keys, err := many(t, func(r scanner) (any, error) {
		var k failureKey
		err := r.Scan(&k.hash, &k.shape)
		return k, err
	}, `
		select url_hash, shape
		from remote_media
		where name = ''
		and fetched_at < max(?1, coalesce((
			select fetched_at
			from remote_media
			where name = ''
			order by fetched_at desc
			limit 1
			offset 20000), 0))
		limit ?2`, ms(t.Now().Add(-7*day)), sweepSlice)
	return keys, 0, err
}

func dropFailure(t *Tx, _ Settings, key any) (bool, error) {
	k := key.(failureKey)
	n, err := t.changed(`
		delete from remote_media
		where url_hash = ?
		and shape = ?
		and name = ''`, k.hash, k.shape)
	return n > 0, err
}

func findFinished(t *Tx, _ Settings, _ int64) ([]any, int64, error) {
	list, err := t.finished(t.Now().Add(-time.Hour), sweepSlice)
	keys := make([]any, len(list))
	for i, o := range list {
		keys[i] = o
	}
	return keys, 0, err
}

func dropFinished(t *Tx, _ Settings, key any) (bool, error) {
	return true, t.foldOne(key.(Outgoing))
}

func findOldKey(t *Tx, _ Settings, _ int64) ([]any, int64, error) {
	keys, err := many(t, scanKey, `
		select name
		from keys
		where name = ?
		and created_at <= ?
		and not exists (select 1 from settings where key = ?)`, KeyOld, ms(t.Now().Add(-7*day)), farewellKey)
	return keys, 0, err
}

// wipeOldKey writes over a key before it deletes the row, whose bytes would stay
// in a free page else.
func wipeOldKey(t *Tx, _ Settings, name any) (bool, error) {
	if _, err := t.exec(`
		update keys
		set pkcs8 = zeroblob(length(pkcs8))
		where name = ?`, name); err != nil {
		return false, err
	}
	n, err := t.changed(`
		delete from keys
		where name = ?`, name)
	return n > 0, err
}
