package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

// lopsided fills a store with 50,000 posts, nine in ten by Bob, and as one-sided
// other tables, then lets SQLite count them.
func lopsided(t testing.TB) (*store.Store, storetest.World) {
	t.Helper()
	notWhileRacing(t)
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	const n = "with recursive n (i) as (select 1 union all select i + 1 from n where i < "
	at := storetest.Start.UnixMilli()
	write(t, s, func(tx *store.Tx) error {
		for _, q := range []string{
			n + `50000) insert into posts (id, uri, uri_hash, actor_id, visibility, content, published_at, stored_at, parent_id, parent_uri, boost_of)
				select (?1 + i * 1000) << 16 | 77, 'https://bob.example/l/' || i, random(), iif(i % 10, ?2, ?3), 0, 'text ' || i, ?1 + i, ?1,
					iif(i % 3 = 0, ?4, null), iif(i % 3 = 0, 'x', null), iif(i % 100 = 1, ?4, null) from n`,
			"insert or ignore into home (post_id) select id from posts where id & 65535 = 77 and ?1 + ?2 + ?3 + ?4 > 0",
			"insert into search (rowid, author, body) select id, actor_id, content from posts where id & 65535 = 77 and ?1 + ?2 + ?3 + ?4 > 0",
			n + "5000) insert into hosts (name, created_at) select 'h' || i || '.many.example', 0 from n where ?1 + ?2 + ?3 + ?4 > 0",
			n + `20000) insert into actors (id, uri, uri_hash, host_id, username, domain, kind, inbox, shared_inbox)
				select i + 10, 'u' || i, random(), i % 5000 + 1, 'user' || i, 'h.example', 'Person', 'in' || i, 's' || i % 5000 from n where ?1 + ?2 + ?3 + ?4 > 0`,
			"insert or ignore into followers (actor_id, state, follow_uri, follow, asked_at) select id, 1, '', '', id from actors where id < 5000 and id > 1 and ?1 + ?2 + ?3 + ?4 > 0",
			"insert or ignore into following (actor_id, state, follow_uri, boosts, notify, asked_at) select id, 1, '', 1, 0, id from actors where id < 2000 and id > 9 and ?1 + ?2 + ?3 + ?4 > 0",
			n + "5000) insert into inboxes (url, url_hash, host_id, due_at) select 's' || i, random(), i, iif(i % 50, null, i) from n where ?1 + ?2 + ?3 + ?4 > 0",
			n + "20) insert into outgoing (id, kind, post_id, uri, at, until) select i, 'Create', ?4, '', ?1, ?1 from n where ?2 + ?3 > 0",
			n + "20) insert into deliveries (outgoing_id, inbox_id, state) select n.i, x.id, iif(x.id % 50, 2, 0) from n, inboxes x where ?1 + ?2 + ?3 + ?4 > 0",
			n + "20000) insert into quotes (post_id, quoted_uri, quoted_hash, quoted_id, state, at) select i, '', random(), iif(i % 3 = 0, null, ?4 + i % 7), 1, 0 from n where ?1 + ?2 + ?3 > 0",
			n + "5000) insert into stamps (id, kind, post_id, actor_id, object_uri, object_hash, at) select i, 'quote', ?4 + i % 7, ?2, '', random(), 0 from n where ?1 + ?3 > 0",
			"insert into actor_keys (key_hash, key_id, actor_id, der, fetched_at) select uri_hash, uri || '#key', id, x'00', 0 from actors where ?1 + ?2 + ?3 + ?4 > 0",
			n + "20000) insert into notifications (id, kind, actor_id, post_id, at) select i, 'favourite', ?2, ?4 + i, ?1 + ?3 from n",
			n + "20000) insert into reactions (id, post_id, actor_id, emoji, at) select i, iif(i % 2, ?4, ?4 + i), iif(i % 10, ?2, ?3) + i, '', ?1 from n",
			n + "5000) insert into bookmarks (post_id, id, at) select ?4 + i, i, ?1 from n where ?2 + ?3 > 0",
			n + "20) insert into lists (id, title, at) select i, 'list ' || i, ?1 from n where ?2 + ?3 + ?4 > 0",
			"insert into list_members (list_id, actor_id) select l.id, a.id from lists l, actors a where a.id < 200 or a.id = ?2 and ?1 + ?3 + ?4 > 0",
			"insert into list_posts (list_id, post_id) select 1, id from posts where id & 65535 = 77 and ?1 + ?2 + ?3 + ?4 > 0",
			n + "2000) insert into tags (id, name) select i + 10, 'tag' || i from n where ?1 + ?2 + ?3 + ?4 > 0",
			"insert or ignore into post_tags (tag_id, post_id) select 10 + (id >> 16) % 2000, id from posts where id & 65535 = 77 and ?1 + ?2 + ?3 + ?4 > 0",
			n + "10) insert into tag_features (tag_id, at) select i + 10, ?1 from n where ?2 + ?3 + ?4 > 0",
			n + "100) insert into endorsements (actor_id, at) select i + 10, ?1 from n where ?2 + ?3 + ?4 > 0",
			n + "200) insert into tag_follows (tag_id, at) select i + 10, ?1 from n where ?2 + ?3 + ?4 > 0",
			n + "5000) insert into conversations (id, root, root_hash, people, last_id, unread) select i, 'root' || i, random(), 'p', ?4 + i, i % 100 = 0 from n where ?1 + ?2 + ?3 > 0",
			n + "5000) insert into conversation_people (conversation_id, actor_id) select i, ?2 from n where ?1 + ?3 + ?4 > 0",
			n + "20000) insert into conversation_posts (post_id, conversation_id) select ?4 + i, iif(i % 10, 1, i) from n where ?1 + ?2 + ?3 > 0",
			n + "3000) insert into mutes (actor_id, until, at) select i + 10, iif(i % 2, null, ?1), i from n where ?2 + ?3 + ?4 > 0",
			n + "50) insert into filters (id, title, context) select i, 'f', 1 from n where ?1 + ?2 + ?3 + ?4 > 0",
			n + "3000) insert into filter_words (id, filter_id, word) select i, i % 50 + 1, 'w' || i from n where ?1 + ?2 + ?3 + ?4 > 0",
			n + "3000) insert into filter_posts (id, filter_id, post_id) select i, i % 50 + 1, i + ?4 from n where ?1 + ?2 + ?3 > 0",
			n + "3000) insert into notes (actor_id, text, at) select i + 10, 'x', i from n where ?1 + ?2 + ?3 + ?4 > 0",
			n + "20000) insert into imported (uri_hash, uri, post_id, import_id, parent) select random(), 'https://old.example/' || i, ?4 + i, 1, iif(i % 100, '', 'x') from n where ?1 + ?2 + ?3 > 0",
			n + "5000) insert into import_wants (id, import_id, kind, uri, due_at) select i, 1 + i % 2, 'like', 'u' || i, i + ?1 from n where ?2 + ?3 + ?4 > 0",
			"insert into csv_imports (id, kind, asked_at) select value, value, ?1 from json_each('[1,2,3,4,5,6,7,8]') where ?2 + ?3 + ?4 > 0",
			n + "20000) insert into csv_rows (import_id, line, state, key, host, title, wish, ref) select i % 8 + 1, i, iif(i % 10, 1, 0), 'k' || i, 'h' || i % 50 || '.many.example', '', '', i + 10 from n where ?1 + ?2 + ?3 + ?4 > 0",
			n + "3000) insert into mail_notices (notification_id, digest, at) select i, i % 2, ?1 from n where ?2 + ?3 + ?4 > 0",
			n + "5000) insert into jobs (id, kind, key, run_at) select i, 'inbox', 'key' || i % 3, i + ?1 from n where ?2 + ?3 + ?4 > 0",
		} {
			if err := tx.Exec(q, at, w.Bob.ID, w.Carol.ID, w.Hello.ID); err != nil {
				return err
			}
		}
		return nil
	})
	s.OnWriter("analyze")
	return s, w
}

func TestHotQueriesKeepTheirPlans(t *testing.T) {
	s, w := lopsided(t)
	deep := store.Page{Max: w.Hello.ID + 20000*1000<<16, Limit: 20}
	first := store.Page{Limit: 20}
	now := time.Now()
	ask := func(fns ...func(tx *store.Tx) error) []func(tx *store.Tx) error { return fns }
	standing := func(kind store.CSVKind) func(tx *store.Tx) error {
		return func(tx *store.Tx) error {
			_, err := tx.CSVStanding(store.CSVImport{ID: int64(kind), Kind: kind})
			return err
		}
	}
	cases := []struct {
		name string
		want []string // the indexes that the plans must name
		run  []func(tx *store.Tx) error
	}{
		{"home page", []string{"h USING INTEGER PRIMARY KEY", "p USING INTEGER PRIMARY KEY"}, ask(
			func(tx *store.Tx) error { _, err := tx.Home(first); return err },
			func(tx *store.Tx) error { _, err := tx.Home(deep); return err },
			func(tx *store.Tx) error { _, err := tx.Home(store.Page{Min: w.Hello.ID}); return err },
			func(tx *store.Tx) error { _, err := tx.HomeLines(deep); return err },
			func(tx *store.Tx) error {
				_, err := tx.HomeLines(store.Page{Since: w.Hello.ID, Limit: 100})
				return err
			},
			func(tx *store.Tx) error { _, err := tx.PostLines([]int64{w.Hello.ID}); return err })},
		{"place and late arrivals", []string{"INDEX home_late (late>?)", "markers USING PRIMARY KEY (name=?)"}, ask(
			func(tx *store.Tx) error { _, _, err := tx.LateSince(now, 10); return err },
			func(tx *store.Tx) error { _, err := tx.Newest(store.MarkerHome); return err },
			func(tx *store.Tx) error { _, err := tx.Newest(store.MarkerNotifications); return err },
			func(tx *store.Tx) error { _, err := tx.HomeMarker(); return err })},
		{"mutes and notes", []string{"m USING INTEGER PRIMARY KEY", "m USING INDEX mutes_at", "n USING INTEGER PRIMARY KEY"}, ask(
			func(tx *store.Tx) error { tx.MuteOf(w.Bob.ID); return nil },
			func(tx *store.Tx) error { _, err := tx.MutedAmong(w.Bob.ID, w.Carol.ID); return err },
			func(tx *store.Tx) error { _, err := tx.MuteList(0, 20); return err },
			func(tx *store.Tx) error { _, err := tx.Notes(w.Bob.ID, w.Carol.ID); return err })},
		{"filters", []string{"f USING INTEGER PRIMARY KEY", "w USING INDEX filter_words_filter", "INDEX filter_posts_filter", "w USING INTEGER PRIMARY KEY"}, ask(
			func(tx *store.Tx) error { tx.Filter(1); return nil },
			func(tx *store.Tx) error { tx.FilterWord(1); return nil },
			func(tx *store.Tx) error { tx.FilterPost(1); return nil })},
		{"post by uri", []string{"INDEX posts_uri (uri_hash=?)"}, ask(
			func(tx *store.Tx) error { tx.PostByURI("x"); _, err := tx.PostByURI(w.Hello.URI); return err },
			func(tx *store.Tx) error { _, err := tx.PostIDsByURI(w.Hello.URI, "x"); return err },
			func(tx *store.Tx) error { _, err := tx.PostIDByURI(w.Hello.URI); return err })},
		{"relations and who is hidden", []string{"f USING INTEGER PRIMARY KEY", "b USING INTEGER PRIMARY KEY", "h USING INTEGER PRIMARY KEY", "w USING INTEGER PRIMARY KEY"}, ask(
			func(tx *store.Tx) error { _, err := tx.Relations(w.Bob.ID, w.Carol.ID); return err })},
		{"posts and people by ids", []string{"p USING INTEGER PRIMARY KEY", "a USING INTEGER PRIMARY KEY"}, ask(
			func(tx *store.Tx) error { _, err := tx.Posts([]int64{w.Hello.ID}); return err },
			func(tx *store.Tx) error { _, err := tx.Actors(w.Bob.ID); return err })},
		{"actor by uri and handle, key", []string{"INDEX actors_uri", "INDEX actors_handle", "INDEX actor_keys_hash"}, ask(
			func(tx *store.Tx) error { _, err := tx.ActorByURI(w.Bob.URI); return err },
			func(tx *store.Tx) error { _, err := tx.ActorIDByURI(w.Bob.URI); return err },
			func(tx *store.Tx) error { _, err := tx.ActorByHandle("bob", "bob.example"); return err },
			func(tx *store.Tx) error { _, err := tx.ActorKeyByID(w.Bob.URI + "#main-key"); return err })},
		{"blocks", []string{"INDEX actors_uri", "b USING INTEGER PRIMARY KEY"}, ask(
			func(tx *store.Tx) error { _, err := tx.ActorBlocked(w.Bob.URI); return err },
			func(tx *store.Tx) error { _, err := tx.BlockedAmong(w.Bob.ID, w.Carol.ID); return err })},
		{"posts by somebody", []string{"search VIRTUAL TABLE INDEX", "unindexed USING INTEGER PRIMARY KEY"}, ask(
			func(tx *store.Tx) error { _, err := tx.PostsBy(w.Bob.ID, first); return err },
			func(tx *store.Tx) error { _, err := tx.PostsBy(w.Carol.ID, deep); return err },
			func(tx *store.Tx) error { _, err := tx.PostsBy(w.Carol.ID, store.Page{Min: 1}); return err },
			func(tx *store.Tx) error {
				_, err := tx.PostsOf(w.Carol.ID, store.AuthorQuery{Media: true}, deep)
				return err
			},
			func(tx *store.Tx) error {
				_, err := tx.PostsOf(w.Carol.ID, store.AuthorQuery{Tag: "tag7", Hide: store.Direct}, deep)
				return err
			},
			func(tx *store.Tx) error {
				_, err := tx.PostsOf(store.OwnerID, store.AuthorQuery{Media: true}, store.Page{Min: 1})
				return err
			})},
		{"own posts with a hashtag", []string{"p USING INDEX posts_own", "pt USING PRIMARY KEY (tag_id=? AND post_id=?)"}, ask(
			func(tx *store.Tx) error {
				_, err := tx.PostsOf(store.OwnerID, store.AuthorQuery{Tag: "tag7"}, first)
				return err
			})},
		{"hashtags and people on the profile", []string{"pt USING PRIMARY KEY (tag_id=?)", "g USING INTEGER PRIMARY KEY", "INDEX following_asked"}, ask(
			func(tx *store.Tx) error { _, err := tx.TagFeatures(); return err },
			func(tx *store.Tx) error { _, err := tx.FeaturedTagNames(); return err },
			func(tx *store.Tx) error { _, err := tx.FeaturedAmong([]string{"tag7"}); return err },
			func(tx *store.Tx) error { _, err := tx.FollowingAccepted(w.Bob.ID, 40); return err })},
		{"own boosts", []string{"INDEX posts_own_boosts (id>? AND id<?)"}, ask(
			func(tx *store.Tx) error {
				_, err := tx.PostsOf(store.OwnerID, store.AuthorQuery{Replies: true, OnlyBoosts: true}, first)
				return err
			},
			func(tx *store.Tx) error {
				_, err := tx.PostsOf(store.OwnerID, store.AuthorQuery{Replies: true, OnlyBoosts: true}, store.Page{Min: 1})
				return err
			})},
		{"what a post answers", []string{"p USING INTEGER PRIMARY KEY"}, ask(
			func(tx *store.Tx) error { _, err := tx.Ancestors(w.Walk, 40); return err },
			func(tx *store.Tx) error {
				_, err := tx.Ancestors(store.Post{ID: 1, ParentID: w.Walk.ID}, 40)
				return err
			})},
		{"own posts", []string{"INDEX posts_own"}, ask(
			func(tx *store.Tx) error { _, err := tx.OwnPosts(first, store.Unlisted, false, true); return err },
			func(tx *store.Tx) error {
				_, err := tx.OwnPosts(store.Page{Min: 1}, store.Unlisted, true, true)
				return err
			},
			func(tx *store.Tx) error { _, err := tx.CountOwnPosts(); return err },
			func(tx *store.Tx) error { _, err := tx.ClockBehind(); return err })},
		{"replies and boosts", []string{"INDEX posts_parent (parent_id=?)", "INDEX posts_boost (boost_of=? AND actor_id=?)"}, ask(
			func(tx *store.Tx) error { _, err := tx.Replies(w.Hello.ID, 40); return err },
			func(tx *store.Tx) error { _, err := tx.Branches(w.Hello.ID, 1000); return err },
			func(tx *store.Tx) error { _, err := tx.BoostBy(w.Bob.ID, w.Hello.ID); return err },
			func(tx *store.Tx) error { _, err := tx.Boosters(w.Hello.ID, first); return err })},
		{"likes", []string{"INDEX reactions_post (post_id=? AND actor_id=?", "INDEX reactions_actor (actor_id=?", "INDEX posts_boost (boost_of=? AND actor_id=?)"}, ask(
			func(tx *store.Tx) error { _, err := tx.ReactionsOf(w.Hello.ID, w.Bob.ID); return err },
			func(tx *store.Tx) error { tx.ReactionByURI(w.Bob.ID, "x"); return nil },
			func(tx *store.Tx) error { _, err := tx.ReactionsFor([][2]int64{{w.Hello.ID, w.Bob.ID}}); return err },
			func(tx *store.Tx) error { _, err := tx.LikesBy(store.OwnerID, first); return err },
			func(tx *store.Tx) error { _, err := tx.Likers(w.Hello.ID, first); return err },
			func(tx *store.Tx) error { _, _, err := tx.Touched([]int64{w.Hello.ID, w.Walk.ID}); return err })},
		{"jobs", []string{"INDEX jobs_due (run_at<?)", "INDEX jobs_key (key=? AND rowid<?)"}, ask(
			func(tx *store.Tx) error { _, err := tx.DueJobs(now, 10); return err },
			func(tx *store.Tx) error { _, err := tx.NextJob(); return err },
			func(tx *store.Tx) error { _, err := tx.JobWaiting("key1"); return err })},
		{"deliveries", []string{"INDEX inboxes_due (due_at", "INDEX deliveries_queue (inbox_id=?)", "INDEX outgoing_post (post_id=?)"}, ask(
			func(tx *store.Tx) error { _, err := tx.DueInboxes(now, 10); return err },
			func(tx *store.Tx) error { _, err := tx.NextDue(); return err },
			func(tx *store.Tx) error { _, err := tx.Pending(50); return err },
			func(tx *store.Tx) error { _, err := tx.Receipts(w.Hello.ID); return err },
			func(tx *store.Tx) error { _, err := tx.DeleteReceipts(w.Hello.ID); return err })},
		{"followers", []string{"INDEX followers_state (state=?", "INDEX following_asked"}, ask(
			func(tx *store.Tx) error { _, err := tx.FollowersIn(store.FollowAccepted, 0, 20); return err },
			func(tx *store.Tx) error { _, err := tx.CountFollowers(store.FollowAsked); return err },
			func(tx *store.Tx) error { _, err := tx.IsFollower(w.Bob.ID); return err },
			func(tx *store.Tx) error { _, err := tx.FollowersOnHost(2); return err },
			func(tx *store.Tx) error { _, err := tx.FollowingList(0, 20); return err })},
		{"followers and deliveries by server", []string{"INDEX followers_state (state=?", "h USING INTEGER PRIMARY KEY", "INDEX inboxes_host (host_id=?)", "INDEX actors_host (host_id=?)",
			"INDEX inboxes_due (due_at>?)", "INDEX deliveries_queue (inbox_id=?)", "l USING INTEGER PRIMARY KEY", "INDEX outgoing_post (post_id=?)"}, ask(
			func(tx *store.Tx) error { _, err := tx.FollowerHosts(); return err },
			func(tx *store.Tx) error { _, err := tx.FollowersByHost([]int64{2, 3}); return err },
			func(tx *store.Tx) error { _, err := tx.FollowersAtHost(2, 0, 50); return err },
			func(tx *store.Tx) error { _, err := tx.FollowersByPost(15, 50); return err },
			func(tx *store.Tx) error { _, err := tx.SilentFollowers(now, 15, 50); return err },
			func(tx *store.Tx) error { _, _, err := tx.CountSilence(now, now); return err },
			func(tx *store.Tx) error { _, err := tx.UnheardFollowers(now, now, 15, 50); return err },
			func(tx *store.Tx) error { _, err := tx.Silences([]int64{15, 16}); return err },
			func(tx *store.Tx) error { _, err := tx.FollowersToRemove(2, now, 50); return err },
			func(tx *store.Tx) error { _, err := tx.HostQueues(); return err },
			func(tx *store.Tx) error { _, err := tx.WaitingOn([]int64{50, 100}, 0); return err },
			func(tx *store.Tx) error { _, err := tx.FailingSince(50); return err },
			func(tx *store.Tx) error { _, err := tx.Sendings(w.Hello.ID); return err },
			func(tx *store.Tx) error { _, err := tx.Fetches(w.Hello.ID, 20); return err },
			func(tx *store.Tx) error { _, err := tx.CountFetches(w.Hello.ID); return err })},
		{"cards of links, verified links", []string{"p USING INTEGER PRIMARY KEY", "c USING INTEGER PRIMARY KEY", "m USING PRIMARY KEY (url_hash=? AND shape=?)", "verified_links USING PRIMARY KEY (actor_id=?)"}, ask(
			func(tx *store.Tx) error { _, err := tx.LinkCards([]int64{w.Hello.ID, w.Walk.ID}); return err },
			func(tx *store.Tx) error { tx.LinkCard("x"); return nil },
			func(tx *store.Tx) error { _, err := tx.VerifiedLinks(w.Bob.ID); return err })},
		{"notifications", []string{"notifications USING INTEGER PRIMARY KEY"}, ask(
			func(tx *store.Tx) error { _, err := tx.Notifications(first, nil, []string{"status"}); return err },
			func(tx *store.Tx) error { _, err := tx.Notifications(store.Page{Min: 5}, nil, nil); return err },
			func(tx *store.Tx) error { _, err := tx.CountNotificationsSince(5, 100, "mention"); return err },
			func(tx *store.Tx) error {
				_, err := tx.NoticeGroups(first, store.Grouping{Joined: store.JoinedNotices})
				return err
			},
			func(tx *store.Tx) error { _, err := tx.NoticeGroups(store.Page{Min: 5}, store.Grouping{}); return err })},
		{"notices held back, and those of one person", []string{"n USING INDEX notifications_held (actor_id=?)", "x USING INDEX notifications_held (actor_id=?)", "INDEX notifications_actor (actor_id=?", "r USING INTEGER PRIMARY KEY"}, ask(
			func(tx *store.Tx) error { _, err := tx.NoticeRequests(false, first); return err },
			func(tx *store.Tx) error { _, err := tx.NoticeRequests(true, store.Page{Min: 5}); return err },
			func(tx *store.Tx) error { _, err := tx.NoticeRequestsByID(5, 6); return err },
			func(tx *store.Tx) error { _, err := tx.HeldNotices(3, 5, 6); return err },
			func(tx *store.Tx) error {
				_, err := tx.Notices(first, store.NoticeQuery{From: 2, Held: store.HeldAlone})
				return err
			},
			func(tx *store.Tx) error {
				_, err := tx.CountNoticesSince(5, 100, store.NoticeQuery{From: 2})
				return err
			})},
		{"conversations", []string{"INDEX conversations_last (last_id", "INDEX conversation_posts_of (conversation_id=?", "INDEX conversations_unread",
			"x USING PRIMARY KEY (conversation_id=?)", "x USING INTEGER PRIMARY KEY", "INDEX mentions_actor (actor_id=? AND post_id>?)"}, ask(
			func(tx *store.Tx) error { _, err := tx.Conversations(first); return err },
			func(tx *store.Tx) error { _, err := tx.Conversations(store.Page{Min: 5}); return err },
			func(tx *store.Tx) error { _, err := tx.ConversationPosts(1, first); return err },
			func(tx *store.Tx) error { _, err := tx.ConversationPosts(1, store.Page{Min: 5}); return err },
			func(tx *store.Tx) error { _, err := tx.PeopleOf([]int64{1, 2}); return err },
			func(tx *store.Tx) error { tx.ConversationOf(w.Hello.ID); return nil },
			func(tx *store.Tx) error { _, err := tx.CountUnreadConversations(99); return err },
			func(tx *store.Tx) error { _, err := tx.DirectPosts(0, 100); return err })},
		{"where own posts went, and reactions to them", []string{"INDEX outgoing_post (post_id=?)", "d USING PRIMARY KEY (outgoing_id=?)", "l USING INTEGER PRIMARY KEY", "INDEX reactions_post (post_id=?)"}, ask(
			func(tx *store.Tx) error { _, err := tx.ReceiptsOf([]int64{w.Hello.ID, w.Thanks.ID}); return err },
			func(tx *store.Tx) error { _, err := tx.ReactionsTo([]int64{w.Hello.ID}); return err })},
		{"search", []string{"search VIRTUAL TABLE INDEX"}, ask(
			func(tx *store.Tx) error {
				_, _, err := tx.SearchPosts(store.PostQuery{Words: "text"}, first)
				return err
			},
			func(tx *store.Tx) error {
				_, _, err := tx.SearchPosts(store.PostQuery{Words: "text", From: w.Bob.ID, Media: true, Poll: true, Reply: true, Language: "en"}, store.Page{Min: 1})
				return err
			})},
		{"search without words", []string{"posts USING INTEGER PRIMARY KEY", "INDEX posts_own", "p USING INTEGER PRIMARY KEY"}, ask(
			func(tx *store.Tx) error {
				_, _, err := tx.SearchPosts(store.PostQuery{Media: true}, first)
				return err
			},
			func(tx *store.Tx) error {
				_, _, err := tx.SearchPosts(store.PostQuery{From: store.OwnerID}, first)
				return err
			})},
		{"people by name", []string{"INDEX actors_handle (username>? AND username<?)", "a USING INTEGER PRIMARY KEY"}, ask(
			func(tx *store.Tx) error { _, err := tx.SearchPeople("bo", 10); return err },
			func(tx *store.Tx) error { _, err := tx.MetIn([]store.Post{w.Hello, w.Walk}); return err })},
		{"quotes", []string{"INDEX quotes_quoted (quoted_id=?", "INDEX quotes_stamp (stamp_hash=?)", "q USING INTEGER PRIMARY KEY", "INDEX stamps_object (object_hash=?)", "INDEX stamps_post (post_id=?)", "INDEX posts_boost (boost_of=?)", "h USING INTEGER PRIMARY KEY"}, ask(
			func(tx *store.Tx) error { _, err := tx.QuotedBy(w.Hello.ID, first); return err },
			func(tx *store.Tx) error { _, err := tx.OwnQuotesOf(w.Hello.ID, 5); return err },
			func(tx *store.Tx) error { _, err := tx.BoostedIntoHome(w.Hello.ID); return err },
			func(tx *store.Tx) error { _, err := tx.QuotedBy(w.Hello.ID, store.Page{Min: 1}); return err },
			func(tx *store.Tx) error { _, err := tx.Marks([]int64{w.Hello.ID, w.Walk.ID}); return err },
			func(tx *store.Tx) error { _, err := tx.QuotesByStamp("x"); return err },
			func(tx *store.Tx) error { _, err := tx.Quotes([]int64{1, 2}); return err },
			func(tx *store.Tx) error { tx.StampFor("quote", w.Hello.ID, "x"); return nil },
			func(tx *store.Tx) error { _, err := tx.StampsOf("quote", w.Hello.ID, 10); return err })},
		{"pictures of others", []string{"m USING PRIMARY KEY (url_hash=? AND shape=?)", "INDEX emojis_name (host_id=? AND shortcode=?)", "e USING INTEGER PRIMARY KEY"}, ask(
			func(tx *store.Tx) error { tx.RemoteMedia("x", "small"); return nil },
			func(tx *store.Tx) error { _, err := tx.RemoteMediaOf("small", "x", "y"); return err },
			func(tx *store.Tx) error { tx.Emoji(1); return nil },
			func(tx *store.Tx) error {
				_, err := tx.Emojis([]store.EmojiName{{HostID: 2, Shortcode: "x"}})
				return err
			})},
		{"who shows a file", []string{"INDEX actors_avatar (avatar=?)", "INDEX actors_header (header=?)", "INDEX remote_media_name (name=?)", "INDEX media_file (file=?)", "INDEX media_preview (preview=?)"}, ask(
			func(tx *store.Tx) error { _, err := tx.MediaInUse("x"); return err })},
		{"uploads", []string{"(name=?)", "m USING INTEGER PRIMARY KEY", "INDEX media_post (post_id=?)"}, ask(
			func(tx *store.Tx) error { tx.MediaByName("x"); return nil },
			func(tx *store.Tx) error { _, err := tx.MediaList([]int64{1, 2}); return err },
			func(tx *store.Tx) error { _, err := tx.MediaOf(w.Hello.ID); return err })},
		{"saved posts", []string{"bookmarks USING INDEX", "b USING INTEGER PRIMARY KEY"}, ask(
			func(tx *store.Tx) error { _, err := tx.Bookmarks(first); return err },
			func(tx *store.Tx) error { _, err := tx.Bookmarks(store.Page{Min: 5}); return err },
			func(tx *store.Tx) error { _, err := tx.BookmarkedAmong([]int64{w.Hello.ID, w.Walk.ID}); return err })},
		{"lists", []string{"x USING PRIMARY KEY (list_id=? AND post_id", "m EXISTS USING INDEX list_members_actor (actor_id=? AND list_id=?)", "m USING INDEX list_members_actor (actor_id=?)", "list_members USING PRIMARY KEY (list_id=? AND actor_id>? AND actor_id<?)"}, ask(
			func(tx *store.Tx) error { _, err := tx.ListPosts(1, first); return err },
			func(tx *store.Tx) error { _, err := tx.ListPosts(1, deep); return err },
			func(tx *store.Tx) error { _, err := tx.ListPosts(1, store.Page{Min: w.Hello.ID}); return err },
			func(tx *store.Tx) error { _, err := tx.ListsOf(w.Bob.ID); return err },
			func(tx *store.Tx) error { _, err := tx.Listed(1, first); return err },
			func(tx *store.Tx) error { _, err := tx.IsListed(1, w.Bob.ID); return err })},
		{"public posts", []string{"p USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)", "p USING INDEX posts_own (id>? AND id<?)"}, ask(
			func(tx *store.Tx) error { _, err := tx.PublicPosts(store.PublicQuery{}, deep); return err },
			func(tx *store.Tx) error {
				_, err := tx.PublicPosts(store.PublicQuery{Remote: true}, store.Page{Min: w.Hello.ID})
				return err
			},
			func(tx *store.Tx) error {
				_, err := tx.PublicPosts(store.PublicQuery{Local: true, Media: true}, first)
				return err
			})},
		{"followed hashtags", []string{"tags_1 (name=?)", "f USING INTEGER PRIMARY KEY", "search VIRTUAL TABLE INDEX", "u USING INTEGER PRIMARY KEY"}, ask(
			func(tx *store.Tx) error { _, err := tx.FollowedAmong([]string{"tag1", "rye"}); return err },
			func(tx *store.Tx) error { _, err := tx.FollowedTags(first); return err },
			func(tx *store.Tx) error {
				_, err := tx.Tagged(store.TagQuery{Any: []string{"rye", "bread"}, None: []string{"wheat"}}, deep)
				return err
			},
			func(tx *store.Tx) error {
				_, err := tx.Tagged(store.TagQuery{Any: []string{"rye"}, Media: true}, store.Page{Min: 1})
				return err
			})},
		{"visitors' pages", []string{"posts_written (id>? AND id<?)", "INDEX posts_media (id>? AND id<?)", "INDEX posts_parent (parent_id=?)", "s VIRTUAL TABLE INDEX", "p USING INTEGER PRIMARY KEY"}, ask(
			func(tx *store.Tx) error {
				_, err := tx.CountWritten(store.Public, [][2]int64{{1, w.Hello.ID}, {w.Hello.ID, 1 << 62}})
				return err
			},
			func(tx *store.Tx) error { tx.OldestWritten(store.Public); return nil },
			func(tx *store.Tx) error { _, err := tx.OwnWithMedia(first, store.Public); return err },
			func(tx *store.Tx) error { _, err := tx.OwnWithMedia(store.Page{Min: 1}, store.Public); return err },
			func(tx *store.Tx) error { _, err := tx.CountOwnWithMedia(store.Public); return err },
			func(tx *store.Tx) error {
				_, err := tx.OpenAnswers([]int64{w.Hello.ID, w.Walk.ID}, store.Public, 1000)
				return err
			},
			func(tx *store.Tx) error { _, err := tx.SearchOwn("text", first); return err },
			func(tx *store.Tx) error { _, err := tx.PublicAfter(w.Hello.ID, 100); return err })},
		{"imports", []string{"imported USING PRIMARY KEY (uri_hash=? AND uri=?)", "INDEX imported_parent (import_id=? AND post_id>?)", "INDEX import_wants_due (import_id=? AND due_at<?)", "INDEX import_wants_due (import_id=?)"}, ask(
			func(tx *store.Tx) error { tx.Imported("https://old.example/7"); return nil },
			func(tx *store.Tx) error { _, err := tx.Orphans(1, 7, 100); return err },
			func(tx *store.Tx) error { _, err := tx.DueImportWants(1, 5); return err },
			func(tx *store.Tx) error { _, err := tx.NextImportWant(1); return err },
			func(tx *store.Tx) error { _, err := tx.CountImportWants(1); return err })},
		{"lists that come in", []string{"r USING INDEX csv_rows_waiting (import_id=? AND line>?)", "csv_rows USING INDEX csv_rows_waiting (import_id=?)", "f USING INTEGER PRIMARY KEY", "b USING INTEGER PRIMARY KEY", "m USING INTEGER PRIMARY KEY"}, ask(
			func(tx *store.Tx) error { tx.CSVDue(2, now, []string{"h1.many.example"}); return nil },
			func(tx *store.Tx) error { _, err := tx.CSVRows(2, 7, 100); return err },
			func(tx *store.Tx) error { _, err := tx.CSVLeaving(2, 100); return err },
			func(tx *store.Tx) error { _, err := tx.CSVWaits(2); return err },
			func(tx *store.Tx) error { _, err := tx.CSVLeft(2, 0, 100); return err },
			standing(store.CSVFollowing), standing(store.CSVLists), standing(store.CSVBlocks), standing(store.CSVMutes), standing(store.CSVFilters), standing(store.CSVBookmarks))},
		{"posts that are old enough to go", []string{"p USING INDEX posts_own (id>? AND id<?)", "pins USING PRIMARY KEY (actor_id=? AND post_id=?)", "g USING INDEX sqlite_autoindex_tags_1 (name=?)", "x USING PRIMARY KEY (tag_id=? AND post_id=?)", "bookmarks USING INTEGER PRIMARY KEY", "INDEX expired_at (at>?)"}, ask(
			func(tx *store.Tx) error {
				_, err := tx.Outdated(store.Expiry{Days: 30}, w.Hello.ID, now, 60)
				return err
			},
			func(tx *store.Tx) error {
				if _, err := tx.StillOutdated(store.Expiry{Days: 30}, w.Hello.ID, now); !errors.Is(err, store.ErrNotFound) {
					return err
				}
				return nil
			},
			func(tx *store.Tx) error { _, err := tx.CountOutdated(store.Expiry{Days: 30}, now); return err },
			func(tx *store.Tx) error { _, _, err := tx.CountExpired(now); return err },
			func(tx *store.Tx) error { _, err := tx.ExpiredPosts(store.Expired{At: tx.Now()}, 20); return err })},
		{"notices to mail", []string{"notifications USING INTEGER PRIMARY KEY"}, ask(
			func(tx *store.Tx) error { _, err := tx.MailedNotices(true, 7, 50); return err })},
		{"what is kept about somebody", []string{"INDEX mentions_actor", "INDEX reactions_actor", "INDEX inboxes_url (url_hash=?)", "p USING INTEGER PRIMARY KEY"}, ask(
			func(tx *store.Tx) error { _, err := tx.SubjectCounts(w.Bob.ID, ""); return err })},
		{"servers, tags, talk", []string{"hosts USING", "pt USING PRIMARY KEY (tag_id=?", "INDEX mentions_actor"}, ask(
			func(tx *store.Tx) error { _, err := tx.HostBlocked("a.bob.example:8443"); return err },
			func(tx *store.Tx) error { _, err := tx.OwnTagged("go", first); return err },
			func(tx *store.Tx) error { tx.LastTalk(w.Bob.ID); return nil })},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			all := ""
			err := s.Read(bg, func(tx *store.Tx) error {
				for _, fn := range c.run {
					plans, err := tx.Plans(fn)
					if err != nil {
						return err
					}
					all += checkPlans(t, plans)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				if !strings.Contains(strings.ReplaceAll(all, "COVERING ", ""), want) {
					t.Errorf("no plan names %q:\n%s", want, all)
				}
			}
		})
	}
	// The inboxes of all followers are one list, which may be sorted to find doubles.
	plans := read(t, s, func(tx *store.Tx) ([]store.Plan, error) {
		return tx.Plans(func(tx *store.Tx) error { _, err := tx.FollowerInboxes(); return err })
	})
	if lines := strings.Join(plans[0].Lines, "\n"); !strings.Contains(lines, "followers_state") || strings.Contains(lines, "SCAN") {
		t.Errorf("follower inboxes:\n%s", lines)
	}
}

func TestWritesKeepTheirPlans(t *testing.T) {
	s, w := lopsided(t)
	write(t, s, func(tx *store.Tx) error {
		var all []store.Plan
		for _, fn := range []func(tx *store.Tx) error{
			func(tx *store.Tx) error { return tx.SeenLate(tx.Now()) },
			func(tx *store.Tx) error {
				p := store.Post{URI: "https://bob.example/new", ActorID: w.Bob.ID, ParentURI: w.Hello.URI, PublishedAt: tx.Now()}
				if err := tx.InsertPost(&p); err != nil {
					return err
				}
				if err := tx.SetTags(p.ID, []string{"b"}, []string{"a"}); err != nil {
					return err
				}
				if err := tx.Notify(&store.Notification{Kind: "mention", ActorID: w.Bob.ID, PostID: p.ID}); err != nil {
					return err
				}
				old := p
				p.EditedAt = tx.Now()
				if err := tx.UpdatePost(old, &p); err != nil {
					return err
				}
				if err := tx.AddBookmark(p.ID); err != nil {
					return err
				}
				if err := tx.AddListPost(1, p.ID); err != nil {
					return err
				}
				return tx.DeletePost(p)
			},
			func(tx *store.Tx) error { _, err := tx.AddListed(1, w.Carol.ID); return err },
			func(tx *store.Tx) error { return tx.DropFollowing(w.Carol.ID) },
			func(tx *store.Tx) error { return tx.FollowTag("rye") },
			func(tx *store.Tx) error { return tx.UnfollowTag("rye") },
			func(tx *store.Tx) error { _, err := tx.HostSeen(2); return err },
			func(tx *store.Tx) error { return tx.SetMentions(w.Hello.ID, []int64{w.Bob.ID}) },
			func(tx *store.Tx) error { _, err := tx.DropWaiting(50, 0, true, nil); return err },
			func(tx *store.Tx) error { _, err := tx.RetryHost(100); return err },
			func(tx *store.Tx) error {
				if err := tx.SetPostLink(w.Hello.ID, "https://a.example/"); err != nil {
					return err
				}
				return tx.SaveLinkCard(store.LinkCard{URL: "https://a.example/", FetchedAt: tx.Now()})
			},
			func(tx *store.Tx) error { return tx.AskedLastPost(w.Bob.ID, tx.Now()) },
			func(tx *store.Tx) error {
				in := store.Inbox{ID: 50, HostID: 50}
				if err := tx.DeliveryFailed(in, store.Outgoing{ID: 1}, true, "x", time.Time{}); err != nil {
					return err
				}
				return tx.DeliveryDone(in, 1, store.DeliveryAccepted, "")
			},
			func(tx *store.Tx) error { return tx.ActorGone(w.Carol.ID) },
			func(tx *store.Tx) error {
				p := store.Post{URI: "https://bob.example/secret", ActorID: w.Bob.ID, Visibility: store.Direct, PublishedAt: tx.Now()}
				if err := tx.InsertPost(&p); err != nil {
					return err
				}
				if _, err := tx.FileConversation(store.Filing{Post: p, Author: w.Bob, Unread: true}); err != nil {
					return err
				}
				if err := tx.ReadConversation(1, p.ID); err != nil {
					return err
				}
				if err := tx.ReadConversationsWith(w.Bob.ID); err != nil {
					return err
				}
				return tx.DeletePost(p)
			},
			func(tx *store.Tx) error { _, err := tx.Holders(w.Hello.ID, nil); return err },
			func(tx *store.Tx) error {
				n := store.Notification{Kind: "follow", ActorID: w.Bob.ID}
				return tx.Notify(&n)
			},
			func(tx *store.Tx) error {
				if err := tx.MuteThread(w.Hello.ID); err != nil {
					return err
				}
				if _, err := tx.InMutedThread(w.Answer.ID, w.Thanks.ID); err != nil {
					return err
				}
				if _, err := tx.PostsWithLink("https://bob.example/", false, store.Page{Limit: 20}); err != nil {
					return err
				}
				return tx.UnmuteThread(w.Answer.ID)
			},
		} {
			plans, err := tx.Plans(fn)
			if err != nil {
				return err
			}
			all = append(all, plans...)
		}
		checkPlans(t, all)
		return nil
	})
}

// checkPlans refuses walks through whole tables and sorting; what walks the ids
// that the caller gave, those below a post ("b") or above some ("up"), or the full-text index, is neither.
func checkPlans(t *testing.T, plans []store.Plan) string {
	t.Helper()
	all := ""
	for _, p := range plans {
		lines := strings.Join(p.Lines, "\n") + "\n"
		all += lines
		for _, line := range p.Lines {
			scan := strings.HasPrefix(line, "SCAN") && !strings.Contains(line, "VIRTUAL TABLE") && !strings.Contains(line, "CONSTANT ROW") &&
				!strings.HasPrefix(line, "SCAN (subquery-") && line != "SCAN b" && line != "SCAN up" && line != "SCAN n" && line != "SCAN q" && line != "SCAN f" && line != "SCAN s" && line != "SCAN t" && line != "SCAN peopleNear" &&
				!strings.Contains(line, "INDEX posts_own") && !strings.Contains(line, "INDEX posts_written") && !strings.Contains(line, "INDEX posts_media") &&
				line != "SCAN expired USING INDEX expired_at" && // the first of a list
				line != "SCAN inboxes USING COVERING INDEX inboxes_due" && line != "SCAN jobs USING INDEX jobs_due" &&
				!strings.HasSuffix(line, "COVERING INDEX mutes_at") // the first entry alone
			scan = scan && !slices.Contains(smallTables, strings.TrimPrefix(line, "SCAN "))
			scan = scan && !(line == "SCAN following" && strings.Contains(p.Query, "peopleNear")) // all of them, to look at their names
			sort := strings.Contains(line, "TEMP B-TREE") && !allowedSort(p.Query)
			if scan || sort {
				t.Errorf("%s\n%s", p.Query, lines)
				break
			}
		}
	}
	return all
}

// smallTables hold what waits, or little in all, and are read whole when the owner, or who
// asked what is kept about them, opens a page.
var smallTables = []string{"unindexed", "mail_notices", "subject_requests", "csv_imports"}

// allowedSort names the queries that sort the few rows of one thing.
func allowedSort(query string) bool {
	return strings.Contains(query, "from edits") || strings.Contains(query, "actors a\n\t\twhere a.username") || strings.Contains(query, "group by a.host_id") || strings.Contains(query, "group by i.host_id") ||
		strings.Contains(query, "order by coalesce(l.at, 0)") || strings.Contains(query, "group by o.id, d.state") || strings.Contains(query, "from fetches\n\t\t\twhere post_id") ||
		strings.Contains(query, "from tag_features f") || // ten
		strings.Contains(query, "count(*) filter (where not here)") // once, for the preview of a list that comes in
}
