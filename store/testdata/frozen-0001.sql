-- DO NOT EDIT. The first schema as it was released, with a few rows: every later version must be able to upgrade it.
-- (Until the first release it follows 0001_init.sql; a test says when it has to.)

-- Times are milliseconds since 1970 in UTC. Ids are milliseconds << 16 plus a counter (ids.go).
-- uri_hash columns hold the keyed 64-bit hash of the uri beside them (hash.go); the uri itself is always compared.

-- "dass": tells our file from another program's (peek.go).
pragma application_id = 0x64617373;

create table settings (
  key text primary key,
  value text not null
) without rowid;

-- One row. Name, domain and host are written once and never change.
create table identity (
  id integer primary key check (id = 1),
  name text not null,
  domain text not null,
  host text not null,
  actor_key text not null,
  email text not null default '',
  password_hash text not null,
  created_at integer not null
);

-- Private keys: 'main' (RSA), 'ed25519', 'instance' (RSA).
create table keys (
  name text primary key,
  key_id text not null,
  pkcs8 blob not null,
  created_at integer not null
) without rowid;

create table hosts (
  id integer primary key,
  name text not null unique,
  software text not null default '',
  version text not null default '',
  info_at integer not null default 0,
  seen_at integer not null default 0,
  accepted_at integer not null default 0,
  failed_at integer not null default 0,
  error text not null default '',
  blocked_at integer,
  created_at integer not null
);

-- People and groups, the owner among them as id 1.
create table actors (
  id integer primary key,
  uri text not null,
  uri_hash integer not null,
  host_id integer not null,
  username text not null,
  domain text not null,
  kind text not null,
  name text not null default '',
  summary text not null default '',
  source text not null default '',
  url text not null default '',
  inbox text not null default '',
  shared_inbox text not null default '',
  outbox text not null default '',
  followers_uri text not null default '',
  featured_uri text not null default '',
  icon_url text not null default '',
  image_url text not null default '',
  avatar text not null default '',
  header text not null default '',
  extra text not null default '',
  locked integer not null default 0,
  bot integer not null default 0,
  discoverable integer not null default 0,
  indexable integer not null default 0,
  posts_count integer not null default 0,
  followers_count integer not null default 0,
  following_count integer not null default 0,
  published_at integer not null default 0,
  fetched_at integer not null default 0,
  edited_at integer not null default 0,
  gone_at integer
);
create index actors_uri on actors (uri_hash);
create index actors_handle on actors (username collate nocase, domain);
create index actors_host on actors (host_id);

create table actor_keys (
  key_hash integer not null,
  key_id text not null,
  actor_id integer not null,
  der blob not null,
  fetched_at integer not null
);
create index actor_keys_hash on actor_keys (key_hash);
create index actor_keys_actor on actor_keys (actor_id);

-- state: 0 asks, 1 accepted, 2 rejected, 3 removed
create table followers (
  actor_id integer primary key,
  state integer not null,
  follow_uri text not null,
  follow text not null,
  asked_at integer not null,
  decided_at integer
);
create index followers_state on followers (state, asked_at);

-- state: 0 asked, 1 accepted, 2 rejected
create table following (
  actor_id integer primary key,
  state integer not null,
  follow_uri text not null,
  boosts integer not null default 1,
  notify integer not null default 0,
  asked_at integer not null,
  decided_at integer
);
create index following_asked on following (asked_at);

-- kind: 0 note, others as in ap. visibility: 0 public, 1 unlisted, 2 followers, 3 direct.
-- parent_hash is set only while the parent is not stored here.
create table posts (
  id integer primary key,
  uri text not null,
  uri_hash integer not null,
  actor_id integer not null,
  kind integer not null default 0,
  visibility integer not null,
  boost_of integer,
  parent_id integer,
  parent_uri text,
  parent_hash integer,
  url text not null default '',
  title text not null default '',
  summary text not null default '',
  content text not null default '',
  source text,
  language text not null default '',
  sensitive integer not null default 0,
  published_at integer not null,
  edited_at integer,
  replies integer not null default 0,
  boosts integer not null default 0,
  likes integer not null default 0,
  kept integer not null default 0,
  stored_at integer not null,
  extra text
);
create index posts_uri on posts (uri_hash);
create index posts_parent on posts (parent_id) where parent_id is not null;
create index posts_orphan on posts (parent_hash) where parent_hash is not null;
create index posts_boost on posts (boost_of) where boost_of is not null;
create index posts_own on posts (id, visibility) where actor_id = 1;

-- Posts that wait for the search index.
create table unindexed (
  post_id integer primary key,
  actor_id integer not null
);

-- Filled in batches from unindexed. The author's id is a word in a column of its own, which makes this the index of
-- authors too (others' posts only): an index on posts would cost 4 to 8 KB written for each post.
create virtual table search using fts5 (
  author,
  body,
  content = '',
  contentless_delete = 1,
  tokenize = 'unicode61 remove_diacritics 2'
);
-- Merging 32 segments at a time, not four, writes each word two or three times, not five or six.
insert into search (search, rank) values ('crisismerge', 128);
insert into search (search, rank) values ('automerge', 32);

-- Only for posts of the owner and posts that name the owner.
create table mentions (
  post_id integer not null,
  actor_id integer not null,
  primary key (post_id, actor_id)
) without rowid;
create index mentions_actor on mentions (actor_id, post_id);

create table tags (
  id integer primary key,
  name text not null unique
);
create table post_tags (
  tag_id integer not null,
  post_id integer not null,
  primary key (tag_id, post_id)
) without rowid;

-- late: when it arrived, if that was below the place marker
create table home (
  post_id integer primary key,
  late integer
);

create table pins (
  actor_id integer not null,
  post_id integer not null,
  at integer not null,
  primary key (actor_id, post_id)
) without rowid;
create index pins_post on pins (post_id);

create table edits (
  post_id integer not null,
  at integer not null,
  summary text not null,
  content text not null,
  source text,
  sensitive integer not null default 0,
  extra text,
  primary key (post_id, at)
) without rowid;

-- Own posts that were deleted: public and unlisted ones answer 410.
create table deleted (
  post_id integer primary key,
  visibility integer not null,
  at integer not null
);

-- Ids of others that were deleted, perhaps before they arrived.
create table tombstones (
  uri_hash integer primary key,
  at integer not null
);

-- Ids of activities that must not be applied twice, other than Create and Update, which posts themselves remember.
create table seen (
  id_hash integer primary key,
  at integer not null
);

create table notifications (
  id integer primary key,
  kind text not null,
  actor_id integer not null,
  post_id integer not null default 0,
  at integer not null
);
create index notifications_post on notifications (post_id) where post_id != 0;
create index notifications_actor on notifications (actor_id);

create table jobs (
  id integer primary key,
  kind text not null,
  key text not null default '',
  run_at integer not null,
  tries integer not null default 0,
  payload blob,
  error text not null default '',
  dead_at integer
);
create index jobs_due on jobs (run_at) where dead_at is null;
create index jobs_key on jobs (key) where dead_at is null;

-- kept: a ledger names it (sweeps leave it).
create table inboxes (
  id integer primary key,
  url text not null,
  url_hash integer not null,
  host_id integer not null,
  tries integer not null default 0,
  failing_since integer,
  due_at integer,
  error text not null default '',
  kept integer not null default 0
);
create index inboxes_url on inboxes (url_hash);
create index inboxes_host on inboxes (host_id);
create index inboxes_due on inboxes (due_at) where due_at is not null;

-- What leaves: an activity, or the post it is rendered from when it is sent.
create table outgoing (
  id integer primary key,
  kind text not null,
  post_id integer not null default 0,
  uri text not null,
  payload blob,
  at integer not null,
  until integer not null
);
create index outgoing_post on outgoing (post_id) where post_id != 0;

-- state: 0 waiting, 1 unknown (sent, no answer), 2 accepted, 3 refused, 4 given up, 5 cancelled,
-- 6 lost (given up or cancelled after it was sent without an answer: a copy may be there)
create table deliveries (
  outgoing_id integer not null,
  inbox_id integer not null,
  state integer not null default 0,
  tried_at integer,
  error text not null default '',
  primary key (outgoing_id, inbox_id)
) without rowid;
create index deliveries_queue on deliveries (inbox_id, outgoing_id) where state < 2;

-- Finished deliveries of a post, folded to a few bytes per server (ledger.go).
create table ledger (
  post_id integer primary key,
  body blob not null,
  at integer not null
);

-- Whose server verifiably fetched which post; the owner's profile counts as post 1.
create table fetches (
  post_id integer not null,
  host_id integer not null,
  at integer not null,
  primary key (post_id, host_id)
) without rowid;
create index fetches_host on fetches (host_id);

-- Drafts, scheduled and held posts. No public query can reach them.
create table unsent (
  id integer primary key,
  kind integer not null,
  due_at integer,
  draft text not null,
  edited_at integer not null
);
create index unsent_due on unsent (due_at) where due_at is not null;

create table idempotency (
  key text primary key,
  post_id integer not null,
  at integer not null
) without rowid;

create table remote_media (
  url_hash integer not null,
  url text not null,
  shape text not null,
  name text not null default '',
  size integer not null default 0,
  fetched_at integer not null,
  used_at integer not null,
  failed integer not null default 0,
  primary key (url_hash, shape)
) without rowid;

create table sessions (
  hash blob primary key,
  csrf text not null,
  created_at integer not null,
  used_at integer not null,
  address text not null default '',
  agent text not null default ''
) without rowid;

create table apps (
  id integer primary key,
  client_id text not null unique,
  secret_hash blob,
  name text not null,
  website text not null default '',
  redirect_uris text not null default '',
  scopes text not null,
  created_at integer not null
);

create table tokens (
  id integer primary key,
  hash blob not null unique,
  app_id integer not null,
  scopes text not null,
  created_at integer not null,
  used_at integer not null default 0
);

create table security_log (
  id integer primary key,
  at integer not null,
  kind text not null,
  detail text not null default '',
  address text not null default ''
);

pragma user_version = 1;

-- Rows.
insert into settings (key, value) values ('hash_key', '000102030405060708090a0b0c0d0e0f'), ('marker_home', '116145217208320000');
insert into identity (id, name, domain, host, actor_key, email, password_hash, created_at)
values (1, 'alice', 'alice.example', 'alice.example', 'abcdefghij', '', 'x', 1772366400000);
insert into hosts (id, name, created_at) values (1, 'alice.example', 1772366400000), (2, 'bob.example', 1772366400000);
insert into actors (id, uri, uri_hash, host_id, username, domain, kind)
values (1, 'https://alice.example/users/abcdefghij', 11, 1, 'alice', 'alice.example', 'Person'),
  (116153761759232000, 'https://bob.example/users/bob', 12, 2, 'bob', 'bob.example', 'Person');
insert into posts (id, uri, uri_hash, actor_id, visibility, content, published_at, stored_at)
values (116153765691392000, 'https://alice.example/posts/116153765691392000', 13, 1, 0, '<p>Hello ''there''.</p>', 1772366460000, 1772366460000);
insert into home (post_id, late) values (116153765691392000, null);
