// Package store is dassie's one SQLite file: domain structs and their SQL, one
// file for each noun. It owns dassie.db with its -wal and -shm, the file lock,
// and before-upgrade-from-N.db, all in the data directory and private to their
// owner. Package store/media owns the pictures beside them; a backup (backup.go)
// has both in one file. Package store/logs owns the log of requests, which no backup has.
// ages.go has what the owner chooses of the right column below.
//
// It never uses the network, never renders, never decides who may do what, and
// imports nothing of ours. Its only wire format is the JSON in the extra columns.
//
// # How it works
//
// One goroutine writes (writer.go): callers share a transaction, each in a
// savepoint of its own, and are answered when it is on disk. Two to four
// connections read, query-only, each call one consistent view. Every statement
// is prepared once and runs under a context that cannot be cancelled. Where the
// planner must not choose, `cross join` and `indexed by` pin the plan, and a test
// over lopsided data holds it.
//
// Times are milliseconds since 1970 in UTC. Ids are milliseconds << 16 plus a
// counter: primary key, number in the address and id in the client API are one.
// A uri is looked up by a keyed 64-bit hash beside it and always compared.
//
// # The tables
//
//	identity                           what bounds its growth
//	  identity      who owns this      one row
//	  keys          private keys       four rows, one more while they rotate
//	  settings      choices            fixed keys; "owner" is Settings as JSON
//	  privacy_changes what the policy said: 500
//	people
//	  hosts         other servers      30 days unused; a day beyond 20,000; blocked and silenced ones stay
//	  actors        people, 1 = owner  30 days unknown; a day beyond 50,000
//	  actor_keys    their public keys  with their actor
//	  followers     who follows us     requests: 10,000; rejected, removed: 90 days
//	  following     whom we follow     the owner
//	  mutes         whom we mute       the owner; gone when they are over
//	  filters       what not to see    the owner; 100. Those that are over stay until the owner drops them
//	  filter_words, _posts             with their filter, 100 and 1,000; a post also when it goes
//	  notes         about people       the owner
//	  endorsements  recommended        the owner; 100; whom the owner follows
//	posts
//	  posts         posts and boosts   others': by setting, 90 days at most, unless touched; own, with their boosts: the owner
//	  edits         earlier versions   20 for each post
//	  mentions      who is named       with its post
//	  tags          hashtags           while an own post has them, or the owner follows or features them
//	  tag_features  on the profile     the owner; 10
//	  post_tags     own post, hashtag  with its post
//	  pins          featured posts     replaced as a whole, with its post
//	  deleted       ids of own posts   12 bytes for each, for ever: they answer 410
//	  tombstones    ids of others'     7 days, 100,000
//	timelines
//	  home          ids, by date       with its post
//	  lists         of people          the owner; 50
//	  list_members  who is in one      whom the owner follows
//	  list_posts    what they wrote    with its post, or after its author left the list
//	  tag_follows   followed hashtags  the owner
//	  markers       where one stopped  fixed names: home, notifications
//	  notifications                    by setting, 180 days at most; 20,000; of those held back 10,000
//	  notice_requests whose are held back: while anything of theirs is
//	  notice_allowed whose never are   the owner
//	  unindexed     wait for search    emptied by IndexBatch
//	  search        words, authors and hashtags, with its post (FTS5, without the text itself)
//	  conversations private ones       with their last post
//	  conversation_people, _posts      with their conversation; a post also when it goes
//	leaving
//	  outgoing      activities         folded an hour after the last delivery; a Delete or Move after 30 days
//	  deliveries    one for each inbox with their activity
//	  inboxes       where they go      dropped unless something was sent there
//	  ledger        which server has   1 to 2 bytes for each server and own post
//	  fetches       who fetched what   20,000 servers for each object
//	  unsent        drafts, scheduled, held: the owner, 200 of each; no public query reads it. A held post of the API has its
//	                id already, that of its row
//	  media         own uploads        with their post; a day without a post or a draft
//	  idempotency   keys of forms and of the API, and what a held text became: a day
//	touching
//	  bookmarks     what was saved     the owner; with its post
//	  reactions     likes, reactions   10 for each post and actor; with either
//	  votes         choices in polls   with their post and their actor
//	  quotes        who quotes what    with the quoting post
//	  stamps        consent to quotes… 100,000; with the post they allow
//	  moves         where people went  500 of others; the owner's own
//	  blocks        whom we block      the owner
//	  blocked_by    who blocks us      with their actor
//	  reports       to us, and by us   180 days, 10,000
//	  key_rotation  who knows the key  emptied when the old key goes
//	  thread_mutes  of conversations   the owner; goes down to the replies when its post goes
//	  thread_fetches what was asked    30 days, 5,000
//	links
//	  cards         what links lead to 90 days, 20,000; their pictures are in remote_media
//	  post_cards    which link of a post has the card: with its post
//	  verified_links links of profiles that lead back: with their profile
//	  last_posts    when people posted with their actor
//	arriving
//	  jobs          work to be done    set aside after 5 tries: by setting, 30 days at most; 1,000
//	  seen          activity ids       7 days, 500,000
//	  remote_media  others' pictures   bytes by setting (at most 512 MB); of posts unseen by setting, 7 days at most; faces and previews a day after nothing shows them; failures 7 days, 20,000
//	  emojis        pictures in words  others': 5,000 of a server, 20,000; 90 days unused. Bytes in remote_media
//	  own_emojis    the owner's        500; one removed goes when nothing shows it
//	access
//	  sessions      log-ins            10; a year unused; addresses by setting
//	  apps          programs           without a token: 1,000, a year
//	  tokens        their rights       revoked by the owner; of an app for itself, 5
//	  codes         consent, once      an hour
//	  push          where to tell apps one for each token, and with it
//	  security_log                     by setting, 180 days at most; 10,000 lines; addresses by setting
//	  session_push  where to tell browsers one for each session, and with it
//	  second_factor what codes are of  one row; a day until it is confirmed
//	  recovery_codes in place of one   ten, until there are new ones
//	  passkeys      keys that open it  the owner; 20
//
//	the owner's data
//	  archives      packed copies      7 days, with their files; at most 5
//	  expired       deleted for age    a year
//	  mail_notices  wait to be mailed  3 days, 5,000
//	  subject_requests strangers' questions what is kept: 200 waiting, 180 days; 30 after the answer; 1,000
//	  policy_texts  the owner's words  100 versions
//	  imports       archives coming in finished ones 90 days; their files until they end, or 7 days without a decision
//	  imported      addresses before   with the own post that had one
//	  import_wants  yet to be fetched  with the import, or after 6 tries
//	  csv_imports   lists brought in   a day until they begin, 30 days after they ended
//	  csv_rows      their lines        with their import; 50,000 of each
//
// sweeps.go is that right column as code. A new table that grows needs a line there.
//
// # Tables that later work adds
//
// Each is a migration that only adds (first line "-- additive"); the columns here
// are a sketch, what they hang on is a promise. "kept" is posts.kept = 1, set by
// KeepPost, which is how anything the owner did exempts a post from the sweep.
// posts.replies, boosts and likes are counters, so that no list counts rows.
//
// Reading:
//
//	storage_days    day key, bytes by kind as JSON: 400 rows, for "full in about 14 months"
package store
