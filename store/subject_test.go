package store_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

// notOfOne says of every table that SubjectCounts does not read why it need not.
var notOfOne = map[string]string{
	"settings": "the owner's choices", "identity": "the owner", "keys": "the owner's", "privacy_changes": "the policy", "policy_texts": "the owner's words",
	"hosts": "servers", "tags": "hashtags", "post_tags": "goes with the owner's post", "home": "goes with the post", "markers": "the owner's places", "deleted": "ids of the owner's posts",
	"tombstones": "hashes of ids, a week", "seen": "hashes of ids, a week", "unindexed": "goes with the post", "search": "goes with the post",
	"bookmarks": "goes with the post", "list_posts": "goes with the post", "filter_posts": "goes with the post", "post_cards": "goes with the post", "thread_fetches": "goes with the post",
	"thread_mutes": "the owner's, goes with its post", "conversations": "by conversation_people", "conversation_posts": "goes with the post",
	"fetches": "says which server fetched, and no person", "ledger": "says which inbox got a post of the owner: as inboxes", "outgoing": "the owner's activities, an hour; by deliveries",
	"key_rotation": "servers", "unsent": "what the owner writes", "media": "the owner's files", "idempotency": "keys of forms", "remote_media": "pictures, by SubjectPictures",
	"emojis": "of a server", "sessions": "the owner's", "apps": "the owner's", "tokens": "the owner's", "codes": "the owner's", "push": "the owner's", "session_push": "the owner's",
	"second_factor": "the owner's", "recovery_codes": "the owner's", "tag_follows": "the owner's", "tag_features": "the owner's", "filters": "the owner's words", "filter_words": "the owner's words",
	"passkeys": "the owner's", "csv_imports": "the owner's", "imports": "the owner's", "imported": "addresses of the owner's own old posts", "import_wants": "addresses in the owner's archive, until they are fetched",
	"expired": "ids of the owner's posts", "own_emojis": "the owner's", "mail_notices": "ids of notices that wait to be mailed, 3 days", "archives": "the owner's copies: the privacy page says that what is erased stays in them for their 7 days", "lists": "the owner's",
}

// ofPeople are columns of tables in notOfOne that name people, and why that is right.
var ofPeople = map[string]string{
	"unindexed.actor_id": "goes with the post", "conversations.people": "by conversation_people",
	"search.author": "goes with the post",
}

var namesPeople = regexp.MustCompile(`(?i)actor|author|about_id|people|person|handle|username|follower_|sender|account`)

// Nothing that names a person can be added without deciding what becomes of it when
// they ask for a copy or an erasure.
func TestEveryTableIsCopiedAndErasedOrSaysWhyNot(t *testing.T) {
	s := storetest.Open(t)
	tables := read(t, s, func(tx *store.Tx) ([]string, error) {
		return tx.Strings(`select name from sqlite_schema where type = 'table' and name not like 'sqlite\_%' escape '\' and name not like 'search\_%' escape '\'`)
	})
	covered := store.SubjectTables()
	for _, table := range tables {
		in, why := slices.Contains(covered, table), notOfOne[table]
		if in == (why != "") {
			t.Errorf("table %s: is it about one person? Give it a line in store.subjectParts (and its erasure), or say in notOfOne why not; it has %v and %q", table, in, why)
		}
		if in {
			continue
		}
		columns := read(t, s, func(tx *store.Tx) ([]string, error) {
			return tx.Strings(`select name from pragma_table_info(?)`, table)
		})
		for _, c := range columns {
			if namesPeople.MatchString(c) && ofPeople[table+"."+c] == "" && table != "identity" {
				t.Errorf("column %s.%s names somebody: a line in store.subjectParts, or the reason in ofPeople", table, c)
			}
		}
	}
	for table := range notOfOne {
		if !slices.Contains(tables, table) {
			t.Errorf("notOfOne has %s, which is no table", table)
		}
	}
}

// everything gives Bob one of each kind, at least.
func everything(t *testing.T, s *store.Store, w storetest.World) store.Actor {
	t.Helper()
	write(t, s, func(tx *store.Tx) error {
		bob := w.Bob
		bob.Name, bob.Summary, bob.IconURL, bob.Extra.Fields = "Bob", "<p>Bees</p>", "https://bob.example/face.png", []store.Field{{Name: "a", Value: "b"}}
		if err := tx.SaveActor(&bob); err != nil {
			return err
		}
		if _, err := tx.EnsureInbox(store.InboxTarget{URL: bob.Inbox, HostID: bob.HostID}); err != nil {
			return err
		}
		third, err := storetest.Person(tx, "dora", "dora.example")
		if err != nil {
			return err
		}
		named := store.Post{URI: "https://dora.example/1", ActorID: third.ID, Content: "Both of you", PublishedAt: storetest.Start, Visibility: store.Public}
		if err := tx.InsertPost(&named); err != nil {
			return err
		}
		if err := tx.SetMentions(named.ID, []int64{store.OwnerID, bob.ID}); err != nil {
			return err
		}
		if err := tx.SetMentions(w.Thanks.ID, []int64{bob.ID}); err != nil {
			return err
		}
		for _, q := range []string{
			`insert or replace into last_posts (actor_id, at, asked_at) values (?1, 1, 2)`,
			`insert into verified_links (actor_id, url, checked_at) values (?1, 'https://b.example', 5)`,
			`insert or replace into following (actor_id, state, follow_uri, asked_at) values (?1, 1, 'https://alice.example/f', 5)`,
			`insert into edits (post_id, at, summary, content) values ((select id from posts where actor_id = ?1 and boost_of is null limit 1), 9, '', 'before')`,
			`insert into quotes (post_id, quoted_uri, quoted_hash, state, at) values ((select id from posts where actor_id = ?1 and boost_of is null limit 1), 'https://x.example/1', 1, 1, 9)`,
			`insert into conversations (id, root, root_hash, people, last_id) values (70, 'r', 1, 'bob', 1), (71, 'q', 2, 'bob', 1)`,
			`insert into conversation_people (conversation_id, actor_id) values (70, ?1), (71, ?1)`,
			`insert into conversation_posts (post_id, conversation_id) values ((select id from posts where actor_id = ?1 and boost_of is null limit 1), 70), ((select id from posts where actor_id = 1 limit 1), 71)`,
			`insert into reactions (id, post_id, actor_id, at) values (1, (select id from posts where actor_id = 1 limit 1), ?1, 9)`,
			`insert into votes (post_id, actor_id, choice, at) values ((select id from posts where actor_id = 1 limit 1), ?1, 0, 9)`,
			`insert into notifications (id, kind, actor_id, at) values (1, 'follow', ?1, 9)`,
			`insert into notice_requests (id, actor_id, at) values (1, ?1, 9)`,
			`insert into notice_allowed (actor_id, at) values (?1, 9)`,
			`insert into lists (id, title, at) values (1, 'Bees', 9)`,
			`insert into list_members (list_id, actor_id) values (1, ?1)`,
			`insert into endorsements (actor_id, at) values (?1, 9)`,
			`insert into csv_imports (id, kind, asked_at) values (5, 1, 9)`,
			`insert into csv_rows (import_id, line, key, wish) select 5, 1, username || '@' || domain, '{"boosts":true}' from actors where id = ?1`,
			`insert into csv_rows (import_id, line, key, ref) values (5, 2, 'carol@carol.example', ?1)`,
			`insert into pins (actor_id, post_id, at) values (?1, 4711, 9)`,
			`insert into notes (actor_id, text, at) values (?1, 'Owes me honey', 9)`,
			`insert into mutes (actor_id, until, at) values (?1, null, 9)`,
			`insert into blocks (actor_id, uri, at) values (?1, 'https://alice.example/b', 9)`,
			`insert into blocked_by (actor_id, uri, at) values (?1, 'https://bob.example/b', 9)`,
			`insert into moves (id, actor_id, target_uri, at) values (1, ?1, 'https://c.example/bob', 9)`,
			`insert into reports (id, actor_id, about_id, at) values (1, ?1, 1, 9), (2, 1, ?1, 9)`,
			`insert into stamps (id, kind, post_id, actor_id, object_uri, object_hash, at) values (1, 'quote', 1, ?1, 'https://bob.example/q', 1, 9)`,
			`insert into cards (url_hash, url, author_id, fetched_at) values (1, 'https://b.example/page', ?1, 9)`,
			`insert into jobs (id, kind, key, run_at, payload) select 1, 'inbox', uri, 9, '{"type":"Like"}' from actors where id = ?1`,
			`insert into outgoing (id, kind, uri, at, until) values (900, 'Follow', 'https://alice.example/f', 9, 10)`,
			`insert into deliveries (outgoing_id, inbox_id, state) values (900, (select max(i.id) from inboxes i, actors a where a.id = ?1 and i.url = a.inbox), 2)`,
			`insert into security_log (id, at, kind, detail) select v.id, 9, v.kind, v.detail from actors a, (
				select 1 as id, 'block' as kind, '@bob@bob.example' as detail union all select 2, 'unblock', '@bob@bob.example' union all
				select 3, 'request', 'accepted @bob@bob.example' union all select 4, 'request', 'rejected @bob@bob.example' union all
				select 5, 'move', 'to @bob@bob.example' union all select 6, 'request', 'accepted @bob@bob.example.org') v where a.id = ?1`,
			`insert into subject_requests (id, handle, kind, asked_at) select 1, 'bob@bob.example', 'copy', 9 from actors where id = ?1`,
		} {
			if err := tx.Exec(q, bob.ID); err != nil {
				return err
			}
		}
		return tx.SaveRemoteMedia(store.RemoteMedia{URL: bob.IconURL, Shape: "avatar", Name: strings.Repeat("a", 64), Size: 5, FetchedAt: storetest.Start, UsedAt: storetest.Start})
	})
	return read(t, s, func(tx *store.Tx) (store.Actor, error) { return tx.Actor(w.Bob.ID) })
}

func subjectCounts(t *testing.T, s *store.Store, id int64) map[string]int {
	t.Helper()
	list := read(t, s, func(tx *store.Tx) ([]store.SubjectCount, error) { return tx.SubjectCounts(id, "") })
	out := map[string]int{}
	for _, c := range list {
		out[c.Name] = c.Count
	}
	return out
}

// Of every kind there is something; a copy has as many rows as are counted, each of
// them readable; an erasure leaves what says why it stays, and nothing else.
func TestASubjectIsCopiedAndErasedWhole(t *testing.T) {
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	bob := everything(t, s, w)
	before := subjectCounts(t, s, bob.ID)
	if before["log"] != 5 {
		t.Errorf("%d lines of the security log name bob", before["log"])
	}
	for _, p := range store.SubjectParts() {
		if before[p.Name] == 0 && p.Name != "address" {
			t.Errorf("there is nothing of %s", p.Name)
		}
		rows := 0
		write(t, s, func(tx *store.Tx) error {
			return tx.SubjectRows(p, bob.ID, "", func(row json.RawMessage) error {
				var v map[string]any
				if err := json.Unmarshal(row, &v); err != nil {
					t.Errorf("%s: %v in %s", p.Name, err, row)
				}
				for _, name := range []string{"state", "visibility", "kind"} {
					if _, number := v[name].(float64); number {
						t.Errorf("%s has the %s %v, which only a program reads", p.Name, name, v[name])
					}
				}
				rows++
				return nil
			})
		})
		if rows != before[p.Name] {
			t.Errorf("%s: %d counted, %d copied", p.Name, before[p.Name], rows)
		}
	}
	carol := subjectCounts(t, s, w.Carol.ID)
	write(t, s, func(tx *store.Tx) error {
		pictures, err := tx.SubjectPictures(bob, nil)
		if err != nil || len(pictures) != 1 {
			t.Errorf("pictures: %v, %v", pictures, err)
		}
		if err := tx.EraseSubject(bob.ID); err != nil {
			return err
		}
		if _, err := tx.DropReactionsBy(bob.ID, 100); err != nil {
			return err
		}
		posts, err := tx.PostsBy(bob.ID, store.Page{Limit: 100})
		if err != nil {
			return err
		}
		for _, p := range posts {
			if err := tx.DeletePost(p); err != nil {
				return err
			}
		}
		if unused, err := tx.ErasePictures(pictures); err != nil || len(unused) != 1 {
			t.Errorf("files that nothing shows: %v, %v", unused, err)
		}
		kept, err := tx.EraseActor(bob.ID)
		if !kept {
			t.Error("the row of somebody blocked is gone: they could come back")
		}
		return err
	})
	after := subjectCounts(t, s, bob.ID)
	for _, p := range store.SubjectParts() {
		want := 0
		if p.Why != "" {
			want = before[p.Name]
		}
		if p.Name == "address" {
			want = 1 // is left of the profile, because of the block
		}
		if after[p.Name] != want {
			t.Errorf("%s: %d before, %d after, want %d", p.Name, before[p.Name], after[p.Name], want)
		}
	}
	empty := read(t, s, func(tx *store.Tx) (store.Actor, error) { return tx.Actor(bob.ID) })
	if empty.Name+empty.Summary+empty.IconURL+empty.Avatar != "" || len(empty.Extra.Fields) > 0 || empty.URI != bob.URI {
		t.Errorf("the profile holds %+v", empty)
	}
	if now := subjectCounts(t, s, w.Carol.ID); len(now) != len(carol) {
		t.Errorf("somebody else had %v and has %v", carol, now)
	}
	// Without anything that names them, nothing stays.
	write(t, s, func(tx *store.Tx) error {
		for _, q := range []string{`delete from blocks`, `delete from mentions`, `delete from conversation_people`} {
			if err := tx.Exec(q); err != nil {
				return err
			}
		}
		kept, err := tx.EraseActor(bob.ID)
		if kept {
			t.Error("the row stays for nothing")
		}
		return err
	})
	if n := count(t, s, `select count(*) from actors where id = ?`, bob.ID); n != 0 {
		t.Error("the profile is still there")
	}
}

// Strangers' requests are bounded, and tell nobody whether there is one.
func TestSubjectRequestsAreBounded(t *testing.T) {
	at := &clock{now: storetest.Start}
	s := storetest.OpenAlice(t, storetest.Clock(at.Now))
	ask := func(handle, kind string) error {
		return s.Write(bg, func(tx *store.Tx) error {
			return tx.AskSubject(store.SubjectRequest{Handle: handle, Kind: kind, Words: "please"})
		})
	}
	for range 3 {
		if err := ask("bob@bob.example", store.SubjectCopy); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(t, s, `select count(*) from subject_requests`); n != 1 {
		t.Errorf("%d requests for one question", n)
	}
	first := read(t, s, func(tx *store.Tx) (store.SubjectRequest, error) {
		list, err := tx.SubjectRequests(1)
		return list[0], err
	})
	write(t, s, func(tx *store.Tx) error { return tx.AnswerSubject(first.ID, 7, "secret") })
	uses := 0
	for range 2 {
		write(t, s, func(tx *store.Tx) error {
			ok, err := tx.UseSubjectLink(first.ID)
			if ok {
				uses++
			}
			return err
		})
	}
	if uses != 1 {
		t.Errorf("the link was good %d times", uses)
	}
	if n := count(t, s, `select count(*) from subject_requests where instr(cast(link_hash as text), 'secret')`); n != 0 {
		t.Error("the secret is stored in clear")
	}
	at.Set(storetest.Start.Add(store.SubjectLinkLasts + time.Minute))
	if _, err := store.Get(bg, s, func(tx *store.Tx) (store.SubjectRequest, error) { return tx.SubjectRequestByLink("secret") }); err != store.ErrNotFound {
		t.Errorf("an old link: %v", err)
	}
	for i := range 200 {
		if err := ask("x"+strings.Repeat("y", i)+"@bob.example", store.SubjectErase); err != nil {
			t.Fatal(i, err)
		}
	}
	if err := ask("one.more@bob.example", store.SubjectErase); err != store.ErrFull {
		t.Errorf("the 201st that waits: %v", err)
	}
	for _, c := range []struct {
		days int
		left int64
	}{{29, 201}, {31, 200}, {195, 0}} {
		at.Set(storetest.Start.AddDate(0, 0, c.days))
		if _, err := s.Sweep(bg); err != nil {
			t.Fatal(err)
		}
		if n := count(t, s, `select count(*) from subject_requests`); n != c.left {
			t.Errorf("after %d days %d requests are here, want %d", c.days, n, c.left)
		}
	}
}

// What stays after an erasure is this, as the privacy page says.
func TestWhatAnErasureLeaves(t *testing.T) {
	want := []string{"address", "named_by_owner", "conversations_of_others", "block", "deliveries", "inbox", "log", "requests"}
	var stays []string
	for _, p := range store.SubjectParts() {
		if p.Why != "" {
			stays = append(stays, p.Name)
		}
	}
	if !slices.Equal(stays, want) {
		t.Errorf("%v stay, want %v: say it in the part policy of the templates, at #erased", stays, want)
	}
}

// Who a copy is for is not spoken to as the owner.
func TestWordsToThemAreTheirs(t *testing.T) {
	for _, p := range store.SubjectParts() {
		for n := 1; n < 3; n++ {
			c := store.SubjectCount{SubjectPart: p, Count: n}
			owners, theirs := regexp.MustCompile(`\b(you|yours|your|them|theirs)\b`).MatchString(c.Words()), c.WordsToThem()
			if owners == (theirs == c.Words()) || strings.Contains(theirs, "their") {
				t.Errorf("%s: %q to the owner, %q to them", p.Name, c.Words(), theirs)
			}
		}
	}
}

// Of a handle that nobody here knows, what is filed under it alone is counted, and its
// lines of lists are erased, and nobody else's.
func TestAHandleThatNobodyKnowsIsCountedAndErased(t *testing.T) {
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	everything(t, s, w)
	write(t, s, func(tx *store.Tx) error {
		if err := tx.Exec(`insert into csv_rows (import_id, line, key) values (5, 3, 'nobody@far.example'), (5, 4, 'nobody@far.example')`); err != nil {
			return err
		}
		if err := tx.LogSecurity("block", "@nobody@far.example", ""); err != nil {
			return err
		}
		for _, handle := range []string{"nobody@far.example", "noone@far.example"} {
			if err := tx.AskSubject(store.SubjectRequest{Handle: handle, Kind: store.SubjectErase}); err != nil {
				return err
			}
		}
		return nil
	})
	counted := func() map[string]int {
		out := map[string]int{}
		if err := s.Read(bg, func(tx *store.Tx) error {
			list, err := tx.SubjectRequests(10)
			if err != nil {
				return err
			}
			got, err := tx.SubjectsByHandle(list)
			for _, q := range list {
				want, err := tx.SubjectCounts(0, q.Handle)
				if err != nil {
					return err
				}
				want = slices.DeleteFunc(want, func(c store.SubjectCount) bool { return c.Name == "requests" })
				if len(want) != len(got[q.ID]) {
					t.Errorf("%s: %v, by itself %v", q.Handle, got[q.ID], want)
				}
				for _, c := range got[q.ID] {
					out[q.Handle+" "+c.Name] = c.Count
				}
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	if got := counted(); got["nobody@far.example imported_lists"] != 2 || got["nobody@far.example log"] != 1 || got["noone@far.example log"] != 0 {
		t.Errorf("counted: %v", got)
	}
	bob := subjectCounts(t, s, w.Bob.ID)
	write(t, s, func(tx *store.Tx) error { return tx.EraseHandle("nobody@far.example") })
	if got := counted(); got["nobody@far.example imported_lists"] != 0 || got["nobody@far.example log"] != 1 {
		t.Errorf("afterwards: %v", got)
	}
	if now := subjectCounts(t, s, w.Bob.ID); !maps.Equal(now, bob) {
		t.Errorf("bob had %v and has %v", bob, now)
	}
}
