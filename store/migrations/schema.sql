-- What the migrations amount to, as SQLite reports it. Written by: go test ./store -run Golden -update

CREATE TABLE settings (
  key text primary key,
  value text not null
) without rowid;

CREATE TABLE identity (
  id integer primary key check (id = 1),
  name text not null,
  domain text not null,
  host text not null,
  actor_key text not null,
  email text not null default '',
  password_hash text not null,
  created_at integer not null
);

CREATE TABLE keys (
  name text primary key,
  key_id text not null,
  pkcs8 blob not null,
  created_at integer not null
) without rowid;

CREATE TABLE hosts (
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
, signature integer not null default 0, signature_at integer not null default 0, failed_days integer not null default 0, dead_at integer, silenced_at integer, comment text not null default '', list_at integer, lost_followers integer not null default 0, lost_following integer not null default 0, bound integer not null default 0, silence_comment text not null default '', silence_list_at integer);

CREATE TABLE actors (
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

CREATE INDEX actors_uri on actors (uri_hash);

CREATE INDEX actors_handle on actors (username collate nocase, domain);

CREATE INDEX actors_host on actors (host_id);

CREATE TABLE actor_keys (
  key_hash integer not null,
  key_id text not null,
  actor_id integer not null,
  der blob not null,
  fetched_at integer not null
);

CREATE INDEX actor_keys_hash on actor_keys (key_hash);

CREATE INDEX actor_keys_actor on actor_keys (actor_id);

CREATE TABLE followers (
  actor_id integer primary key,
  state integer not null,
  follow_uri text not null,
  follow text not null,
  asked_at integer not null,
  decided_at integer
);

CREATE INDEX followers_state on followers (state, asked_at);

CREATE TABLE following (
  actor_id integer primary key,
  state integer not null,
  follow_uri text not null,
  boosts integer not null default 1,
  notify integer not null default 0,
  asked_at integer not null,
  decided_at integer
, languages text not null default '');

CREATE INDEX following_asked on following (asked_at);

CREATE TABLE posts (
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

CREATE INDEX posts_uri on posts (uri_hash);

CREATE INDEX posts_parent on posts (parent_id) where parent_id is not null;

CREATE INDEX posts_orphan on posts (parent_hash) where parent_hash is not null;

CREATE INDEX posts_own on posts (id, visibility) where actor_id = 1;

CREATE TABLE unindexed (
  post_id integer primary key,
  actor_id integer not null
);

CREATE VIRTUAL TABLE search using fts5 (
  author,
  body,
  content = '',
  contentless_delete = 1,
  tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TABLE mentions (
  post_id integer not null,
  actor_id integer not null,
  primary key (post_id, actor_id)
) without rowid;

CREATE INDEX mentions_actor on mentions (actor_id, post_id);

CREATE TABLE tags (
  id integer primary key,
  name text not null unique
);

CREATE TABLE post_tags (
  tag_id integer not null,
  post_id integer not null,
  primary key (tag_id, post_id)
) without rowid;

CREATE TABLE home (
  post_id integer primary key,
  late integer
);

CREATE TABLE pins (
  actor_id integer not null,
  post_id integer not null,
  at integer not null,
  primary key (actor_id, post_id)
) without rowid;

CREATE INDEX pins_post on pins (post_id);

CREATE TABLE edits (
  post_id integer not null,
  at integer not null,
  summary text not null,
  content text not null,
  source text,
  sensitive integer not null default 0,
  extra text,
  primary key (post_id, at)
) without rowid;

CREATE TABLE deleted (
  post_id integer primary key,
  visibility integer not null,
  at integer not null
);

CREATE TABLE tombstones (
  uri_hash integer primary key,
  at integer not null
);

CREATE TABLE seen (
  id_hash integer primary key,
  at integer not null
);

CREATE TABLE notifications (
  id integer primary key,
  kind text not null,
  actor_id integer not null,
  post_id integer not null default 0,
  at integer not null
, held integer not null default 0);

CREATE INDEX notifications_actor on notifications (actor_id);

CREATE TABLE jobs (
  id integer primary key,
  kind text not null,
  key text not null default '',
  run_at integer not null,
  tries integer not null default 0,
  payload blob,
  error text not null default '',
  dead_at integer
);

CREATE INDEX jobs_due on jobs (run_at) where dead_at is null;

CREATE INDEX jobs_key on jobs (key) where dead_at is null;

CREATE TABLE inboxes (
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

CREATE INDEX inboxes_url on inboxes (url_hash);

CREATE INDEX inboxes_host on inboxes (host_id);

CREATE INDEX inboxes_due on inboxes (due_at) where due_at is not null;

CREATE TABLE outgoing (
  id integer primary key,
  kind text not null,
  post_id integer not null default 0,
  uri text not null,
  payload blob,
  at integer not null,
  until integer not null
, signer text not null default '');

CREATE INDEX outgoing_post on outgoing (post_id) where post_id != 0;

CREATE TABLE deliveries (
  outgoing_id integer not null,
  inbox_id integer not null,
  state integer not null default 0,
  tried_at integer,
  error text not null default '',
  primary key (outgoing_id, inbox_id)
) without rowid;

CREATE INDEX deliveries_queue on deliveries (inbox_id, outgoing_id) where state < 2;

CREATE TABLE ledger (
  post_id integer primary key,
  body blob not null,
  at integer not null
);

CREATE TABLE fetches (
  post_id integer not null,
  host_id integer not null,
  at integer not null,
  primary key (post_id, host_id)
) without rowid;

CREATE INDEX fetches_host on fetches (host_id);

CREATE TABLE unsent (
  id integer primary key,
  kind integer not null,
  due_at integer,
  draft text not null,
  edited_at integer not null
);

CREATE INDEX unsent_due on unsent (due_at) where due_at is not null;

CREATE TABLE idempotency (
  key text primary key,
  post_id integer not null,
  at integer not null
) without rowid;

CREATE TABLE remote_media (
  url_hash integer not null,
  url text not null,
  shape text not null,
  name text not null default '',
  size integer not null default 0,
  fetched_at integer not null,
  used_at integer not null,
  failed integer not null default 0, why text not null default '', bytes integer not null default 0,
  primary key (url_hash, shape)
) without rowid;

CREATE TABLE sessions (
  hash blob primary key,
  csrf text not null,
  created_at integer not null,
  used_at integer not null,
  address text not null default '',
  agent text not null default ''
, checked_at integer not null default 0) without rowid;

CREATE TABLE apps (
  id integer primary key,
  client_id text not null unique,
  secret_hash blob,
  name text not null,
  website text not null default '',
  redirect_uris text not null default '',
  scopes text not null,
  created_at integer not null
);

CREATE TABLE tokens (
  id integer primary key,
  hash blob not null unique,
  app_id integer not null,
  scopes text not null,
  created_at integer not null,
  used_at integer not null default 0
, client integer not null default 0);

CREATE TABLE security_log (
  id integer primary key,
  at integer not null,
  kind text not null,
  detail text not null default '',
  address text not null default ''
);

CREATE TABLE reactions (
  id integer primary key,
  post_id integer not null,
  actor_id integer not null,
  emoji text not null default '',
  icon text not null default '',
  uri text not null default '',
  at integer not null
);

CREATE UNIQUE INDEX reactions_post on reactions (post_id, actor_id, emoji);

CREATE INDEX reactions_actor on reactions (actor_id, id);

CREATE INDEX posts_boost on posts (boost_of, actor_id) where boost_of is not null;

CREATE INDEX notifications_post on notifications (post_id, actor_id) where post_id != 0;

CREATE TABLE votes (
  post_id integer not null,
  actor_id integer not null,
  choice integer not null,
  at integer not null,
  primary key (post_id, actor_id, choice)
) without rowid;

CREATE INDEX votes_actor on votes (actor_id);

CREATE TABLE quotes (
  post_id integer primary key,
  quoted_uri text not null,
  quoted_hash integer not null,
  quoted_id integer,
  state integer not null,
  request_uri text not null default '',
  stamp_uri text not null default '',
  stamp_hash integer,
  at integer not null
);

CREATE INDEX quotes_quoted on quotes (quoted_id) where quoted_id is not null;

CREATE INDEX quotes_missing on quotes (quoted_hash) where quoted_id is null;

CREATE INDEX quotes_stamp on quotes (stamp_hash) where stamp_hash is not null;

CREATE TABLE stamps (
  id integer primary key,
  kind text not null,
  post_id integer not null,
  actor_id integer not null,
  object_uri text not null,
  object_hash integer not null,
  request_uri text not null default '',
  at integer not null,
  revoked_at integer
);

CREATE INDEX stamps_post on stamps (post_id);

CREATE INDEX stamps_object on stamps (object_hash);

CREATE TABLE moves (
  id integer primary key,
  actor_id integer not null,
  target_uri text not null,
  at integer not null
);

CREATE INDEX moves_actor on moves (actor_id);

CREATE TABLE blocks (
  actor_id integer primary key,
  uri text not null,
  at integer not null
);

CREATE TABLE blocked_by (
  actor_id integer primary key,
  uri text not null default '',
  at integer not null
);

CREATE TABLE reports (
  id integer primary key,
  own integer not null default 0,
  actor_id integer not null,
  about_id integer not null,
  uri text not null default '',
  text text not null default '',
  posts text not null default '[]',
  category text not null default '',
  forwarded integer not null default 0,
  at integer not null,
  answered_at integer,
  answer text not null default ''
, evidence text not null default '[]');

CREATE TABLE key_rotation (
  host_id integer primary key,
  told_at integer not null
);

CREATE TABLE thread_fetches (
  post_id integer primary key,
  at integer not null,
  result text not null default ''
);

CREATE TABLE bookmarks (
  post_id integer primary key,
  id integer not null unique,
  at integer not null
);

CREATE TABLE lists (
  id integer primary key,
  title text not null,
  replies integer not null default 1,
  exclusive integer not null default 0,
  at integer not null
);

CREATE TABLE list_members (
  list_id integer not null,
  actor_id integer not null,
  primary key (list_id, actor_id)
) without rowid;

CREATE INDEX list_members_actor on list_members (actor_id);

CREATE TABLE list_posts (
  list_id integer not null,
  post_id integer not null,
  primary key (list_id, post_id)
) without rowid;

CREATE INDEX list_posts_post on list_posts (post_id);

CREATE TABLE tag_follows (
  tag_id integer primary key,
  at integer not null
);

CREATE TABLE conversations (
  id integer primary key,
  root text not null,
  root_hash integer not null,
  people text not null,
  last_id integer not null,
  unread integer not null default 0
);

CREATE INDEX conversations_root on conversations (root_hash);

CREATE INDEX conversations_last on conversations (last_id);

CREATE INDEX conversations_unread on conversations (unread) where unread = 1;

CREATE TABLE conversation_people (
  conversation_id integer not null,
  actor_id integer not null,
  primary key (conversation_id, actor_id)
) without rowid;

CREATE INDEX conversation_people_actor on conversation_people (actor_id);

CREATE TABLE conversation_posts (
  post_id integer primary key,
  conversation_id integer not null
);

CREATE INDEX conversation_posts_of on conversation_posts (conversation_id, post_id);

CREATE TABLE markers (
  name text primary key,
  last_id integer not null,
  version integer not null,
  at integer not null
) without rowid;

CREATE INDEX home_late on home (late) where late is not null;

CREATE TABLE notes (
  actor_id integer primary key,
  text text not null,
  at integer not null
);

CREATE TABLE mutes (
  actor_id integer primary key,
  until integer,
  notices integer not null default 1,
  at integer not null
);

CREATE INDEX mutes_until on mutes (until) where until is not null;

CREATE INDEX mutes_at on mutes (at);

CREATE TABLE emojis (
  id integer primary key,
  host_id integer not null,
  shortcode text not null,
  url text not null,
  used_at integer not null
);

CREATE UNIQUE INDEX emojis_name on emojis (host_id, shortcode);

CREATE TABLE media (
  id integer primary key,
  name text not null unique,
  kind text not null,
  mime text not null,
  file text not null,
  preview text not null default '',
  title text not null default '',
  note text not null default '',
  alt text not null default '',
  focal_x real not null default 0,
  focal_y real not null default 0,
  width integer not null default 0,
  height integer not null default 0,
  seconds real not null default 0,
  blurhash text not null default '',
  size integer not null,
  post_id integer,
  at integer not null
);

CREATE INDEX media_post on media (post_id) where post_id is not null;

CREATE INDEX media_file on media (file);

CREATE INDEX media_preview on media (preview) where preview != '';

CREATE TABLE cards (
  url_hash integer primary key,
  url text not null,
  title text not null default '',
  description text not null default '',
  site text not null default '',
  language text not null default '',
  author text not null default '',
  author_url text not null default '',
  author_id integer not null default 0,
  image text not null default '',
  image_hash integer not null default 0,
  image_alt text not null default '',
  width integer not null default 0,
  height integer not null default 0,
  fetched_at integer not null,
  failed integer not null default 0
);

CREATE TABLE post_cards (
  post_id integer primary key,
  url_hash integer not null
);

CREATE TABLE verified_links (
  actor_id integer not null,
  url text not null,
  verified_at integer,
  checked_at integer not null,
  error text not null default '',
  primary key (actor_id, url)
) without rowid;

CREATE TABLE last_posts (
  actor_id integer primary key,
  at integer not null default 0,
  asked_at integer not null default 0
);

CREATE INDEX posts_written on posts (id, visibility, boost_of) where actor_id = 1 and boost_of is null;

CREATE INDEX posts_media on posts (id, visibility) where actor_id = 1 and boost_of is null and substr(extra, 1, 15) = '{"attachments":';

CREATE INDEX remote_media_used on remote_media (used_at, size) where size > 0;

CREATE INDEX remote_media_name on remote_media (name) where name != '';

CREATE INDEX actors_avatar on actors (avatar) where avatar != '';

CREATE INDEX actors_header on actors (header) where header != '';

CREATE TABLE codes (
  hash blob primary key,
  app_id integer not null,
  scopes text not null,
  redirect_uri text not null,
  challenge text not null default '',
  at integer not null,
  used_at integer,
  token_id integer
) without rowid;

CREATE TABLE second_factor (
  id integer primary key check (id = 1),
  secret text not null,
  begun_at integer not null,
  confirmed_at integer,
  last_step integer not null default 0
);

CREATE TABLE recovery_codes (
  hash blob primary key,
  used_at integer
) without rowid;

CREATE TABLE push (
  id integer primary key,
  token_id integer not null unique,
  endpoint text not null,
  p256dh blob not null,
  auth blob not null,
  standard integer not null default 0,
  alerts text not null default '{}',
  policy text not null default 'all',
  at integer not null
);

CREATE TABLE tag_features (
  tag_id integer primary key,
  at integer not null
);

CREATE TABLE endorsements (
  actor_id integer primary key,
  at integer not null
);

CREATE TABLE thread_mutes (
  root_id integer primary key,
  at integer not null
);

CREATE INDEX post_cards_link on post_cards (url_hash, post_id);

CREATE INDEX notifications_held on notifications (actor_id) where held != 0;

CREATE TABLE notice_requests (
  id integer primary key,
  actor_id integer not null,
  at integer not null,
  dismissed integer not null default 0
);

CREATE UNIQUE INDEX notice_requests_actor on notice_requests (actor_id);

CREATE TABLE notice_allowed (
  actor_id integer primary key,
  at integer not null
);

CREATE TABLE filters (
  id integer primary key,
  title text not null,
  context integer not null,
  action integer not null default 0,
  expires_at integer
);

CREATE TABLE filter_words (
  id integer primary key,
  filter_id integer not null,
  word text not null,
  whole integer not null default 0
);

CREATE INDEX filter_words_filter on filter_words (filter_id);

CREATE TABLE filter_posts (
  id integer primary key,
  filter_id integer not null,
  post_id integer not null
);

CREATE UNIQUE INDEX filter_posts_post on filter_posts (post_id, filter_id);

CREATE INDEX filter_posts_filter on filter_posts (filter_id);

CREATE INDEX posts_own_boosts on posts (id) where actor_id = 1 and boost_of is not null;

CREATE TABLE privacy_changes (
  id integer primary key,
  at integer not null,
  what text not null,
  was text not null,
  now text not null
);

CREATE TABLE session_push (
  session blob primary key,
  endpoint text not null,
  p256dh blob not null,
  auth blob not null,
  alerts text not null default '{}',
  words integer not null default 0,
  at integer not null
) without rowid;

CREATE INDEX hosts_bound on hosts (bound) where bound != 0;

CREATE INDEX hosts_ruled on hosts (id) where blocked_at is not null or silenced_at is not null;

CREATE INDEX reports_open on reports (id) where own = 0 and answered_at is null;

CREATE INDEX unsent_held on unsent (due_at) where kind = 2;

CREATE TABLE archives (
  id integer primary key,
  state integer not null default 0,
  file text not null default '',
  size integer not null default 0,
  posts integer not null default 0,
  files integer not null default 0,
  missing integer not null default 0,
  error text not null default '',
  asked_at integer not null,
  ended_at integer not null default 0
);

CREATE TABLE expired (
  post_id integer primary key,
  boost integer not null default 0,
  at integer not null
);

CREATE INDEX expired_at on expired (at);

CREATE TABLE own_emojis (
  id integer primary key,
  shortcode text not null,
  mime text not null,
  file text not null,
  still text not null,
  size integer not null,
  removed_at integer
);

CREATE UNIQUE INDEX own_emojis_code on own_emojis (shortcode) where removed_at is null;

CREATE INDEX own_emojis_file on own_emojis (file);

CREATE INDEX own_emojis_still on own_emojis (still);

CREATE TABLE mail_notices (
  notification_id integer primary key,
  digest integer not null,
  at integer not null
);

CREATE TABLE passkeys (
  id integer primary key,
  credential blob not null unique,
  public_key blob not null,
  host text not null,
  name text not null,
  counter integer not null,
  synced integer not null,
  added_at integer not null,
  used_at integer not null default 0,
  doubted_at integer not null default 0
);

CREATE TABLE subject_requests (
  id integer primary key,
  handle text not null,
  kind text not null,
  words text not null default '',
  state integer not null default 0,
  actor_id integer not null default 0,
  link_hash blob,
  asked_at integer not null,
  answered_at integer,
  used_at integer
);

CREATE UNIQUE INDEX subject_requests_open on subject_requests (handle, kind) where state = 0;

CREATE UNIQUE INDEX subject_requests_link on subject_requests (link_hash) where link_hash is not null;

CREATE TABLE policy_texts (
  id integer primary key,
  at integer not null,
  words text not null
);

CREATE TABLE imports (
  id integer primary key,
  kind text not null,
  state integer not null default 0,
  name text not null default '',
  file text not null default '',
  size integer not null default 0,
  plan text not null default '{}',
  stage integer not null default 0,
  place integer not null default 0,
  done integer not null default 0,
  total integer not null default 0,
  result text not null default '{}',
  error text not null default '',
  at integer not null,
  ended_at integer not null default 0
);

CREATE TABLE imported (
  uri_hash integer not null,
  uri text not null,
  post_id integer not null,
  import_id integer not null,
  parent text not null default '',
  primary key (uri_hash, uri)
) without rowid;

CREATE INDEX imported_post on imported (post_id);

CREATE INDEX imported_parent on imported (import_id, post_id) where parent != '';

CREATE TABLE import_wants (
  id integer primary key,
  import_id integer not null,
  kind text not null,
  uri text not null,
  detail text not null default '',
  tries integer not null default 0,
  due_at integer not null default 0
);

CREATE INDEX import_wants_due on import_wants (import_id, due_at, id);

CREATE TABLE csv_imports (
  id integer primary key,
  kind integer not null,
  state integer not null default 0,
  file text not null default '',
  overwrite integer not null default 0,
  notes text not null default '',
  placed integer not null default 0,
  asked_at integer not null,
  begun_at integer not null default 0,
  ended_at integer not null default 0
);

CREATE TABLE csv_rows (
  import_id integer not null,
  line integer not null,
  state integer not null default 0,
  key text not null default '',
  host text not null default '',
  title text not null default '',
  wish text not null default '',
  ref integer not null default 0,
  reason text not null default '',
  tries integer not null default 0,
  tried_at integer not null default 0,
  due_at integer not null default 0,
  primary key (import_id, line)
) without rowid;

CREATE INDEX csv_rows_key on csv_rows (import_id, key);

CREATE INDEX csv_rows_waiting on csv_rows (import_id, line) where state = 0;

CREATE INDEX csv_rows_tried on csv_rows (tried_at) where tried_at != 0;

CREATE INDEX jobs_dead on jobs (key) where dead_at is not null;

CREATE INDEX stamps_actor on stamps (actor_id);

CREATE INDEX reports_actor on reports (actor_id);

CREATE INDEX reports_about on reports (about_id);

CREATE INDEX cards_author on cards (author_id) where author_id != 0;

CREATE INDEX security_log_people on security_log (detail) where kind in ('block', 'unblock', 'request', 'move');

CREATE INDEX cards_image on cards (image_hash) where image_hash != 0;
