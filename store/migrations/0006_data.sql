-- additive
-- What the owner's data needs: archives, …

-- Archives that the owner asked for. Their files lie in the folder archives of the
-- data directory, for 7 days.
create table archives (
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

-- Own posts that were deleted because of their age: when, and nothing of what was in
-- them.
create table expired (
  post_id integer primary key,
  boost integer not null default 0,
  at integer not null
);
create index expired_at on expired (at);

-- The owner's custom emojis. One that was renamed or removed is not on offer any
-- more (removed_at), but stays while something shows it: posts and profile keep
-- its address. still is its first picture, the same file where nothing moves.
create table own_emojis (
  id integer primary key,
  shortcode text not null,
  mime text not null,
  file text not null,
  still text not null,
  size integer not null,
  removed_at integer
);
create unique index own_emojis_code on own_emojis (shortcode) where removed_at is null;
create index own_emojis_file on own_emojis (file);
create index own_emojis_still on own_emojis (still);

-- The silence that a block took the place of, which comes back with the end of the
-- block: why, and with which list it came. Since when is silenced_at, which stays.
alter table hosts add column silence_comment text not null default '';
alter table hosts add column silence_list_at integer;

-- Notices that wait to be mailed. The letters themselves are jobs of the kind mail.
create table mail_notices (
  notification_id integer primary key,
  digest integer not null,
  at integer not null
);

-- Passkeys (Web Authentication): public keys that open the account. host is the
-- server's name that they were made for; under another one browsers do not offer them.
create table passkeys (
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

-- Strangers who ask what is kept about them, and what they were answered.
create table subject_requests (
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

create unique index subject_requests_open on subject_requests (handle, kind) where state = 0;

create unique index subject_requests_link on subject_requests (link_hash) where link_hash is not null;

-- The owner's own words in the privacy policy, each version with its day.
create table policy_texts (
  id integer primary key,
  at integer not null,
  words text not null
);
-- Archives that come in: one row each, from the upload to its end. The file lies in
-- the folder imports of the data directory until then.
create table imports (
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

-- Addresses that imported posts had where they were written.
create table imported (
  uri_hash integer not null,
  uri text not null,
  post_id integer not null,
  import_id integer not null,
  parent text not null default '',
  primary key (uri_hash, uri)
) without rowid;
create index imported_post on imported (post_id);
create index imported_parent on imported (import_id, post_id) where parent != '';

-- What an archive asks for and another server has: posts that were liked or saved,
-- people who were followed. They are fetched slowly.
create table import_wants (
  id integer primary key,
  import_id integer not null,
  kind text not null,
  uri text not null,
  detail text not null default '',
  tries integer not null default 0,
  due_at integer not null default 0
);
create index import_wants_due on import_wants (import_id, due_at, id);

-- Lists that the owner brings in from elsewhere, such as following_accounts.csv,
-- and their rows with what became of each. Those that are to go, because the file
-- takes the place of what was here, have lines below zero.
create table csv_imports (
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

create table csv_rows (
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

create index csv_rows_key on csv_rows (import_id, key);

create index csv_rows_waiting on csv_rows (import_id, line) where state = 0;

create index csv_rows_tried on csv_rows (tried_at) where tried_at != 0;
