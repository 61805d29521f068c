-- additive

-- Codes that an app redeems once for a token. Used ones stay until they are old,
-- so that a second use is seen.
create table codes (
  hash blob primary key,
  app_id integer not null,
  scopes text not null,
  redirect_uri text not null,
  challenge text not null default '',
  at integer not null,
  used_at integer,
  token_id integer
) without rowid;

-- A token of an app for itself, without the owner.
alter table tokens add column client integer not null default 0;

-- The second factor of the log-in: confirmed_at is null until a first code was
-- right, last_step the last time step whose code was used.
create table second_factor (
  id integer primary key check (id = 1),
  secret text not null,
  begun_at integer not null,
  confirmed_at integer,
  last_step integer not null default 0
);

create table recovery_codes (
  hash blob primary key,
  used_at integer
) without rowid;

-- When whoever holds a session last gave the password or a code.
alter table sessions add column checked_at integer not null default 0;

-- Where notifications go for an app: one address for each token.
create table push (
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

-- Hashtags on the owner's profile, and people whom it recommends.
create table tag_features (
  tag_id integer primary key,
  at integer not null
);

create table endorsements (
  actor_id integer primary key,
  at integer not null
);

-- The languages in which posts of somebody followed are wanted in home, as codes
-- with spaces between them; empty for all.
alter table following add column languages text not null default '';

-- Conversations that the owner muted, by the highest post that is known: nothing
-- below it is notified.
create table thread_mutes (
  root_id integer primary key,
  at integer not null
);

-- Posts by the link that they show.
create index post_cards_link on post_cards (url_hash, post_id);

-- Notices that a rule of the owner holds back: which one, 0 for none. Those who
-- caused them wait in notice_requests, until the owner lets them through for good
-- or puts them aside.
alter table notifications add column held integer not null default 0;

create index notifications_held on notifications (actor_id) where held != 0;

create table notice_requests (
  id integer primary key,
  actor_id integer not null,
  at integer not null,
  dismissed integer not null default 0
);

create unique index notice_requests_actor on notice_requests (actor_id);

create table notice_allowed (
  actor_id integer primary key,
  at integer not null
);

-- What the owner does not want to see, by words or as single posts. context is a
-- set of bits, action: 0 warn, 1 hide, 2 blur media.
create table filters (
  id integer primary key,
  title text not null,
  context integer not null,
  action integer not null default 0,
  expires_at integer
);

create table filter_words (
  id integer primary key,
  filter_id integer not null,
  word text not null,
  whole integer not null default 0
);
create index filter_words_filter on filter_words (filter_id);

create table filter_posts (
  id integer primary key,
  filter_id integer not null,
  post_id integer not null
);
create unique index filter_posts_post on filter_posts (post_id, filter_id);
create index filter_posts_filter on filter_posts (filter_id);
