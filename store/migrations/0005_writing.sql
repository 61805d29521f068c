-- additive

-- The owner's boosts, which are listed alone.
create index posts_own_boosts on posts (id) where actor_id = 1 and boost_of is not null;
-- What the privacy policy said before, and since when it says something else.
create table privacy_changes (
  id integer primary key,
  at integer not null,
  what text not null,
  was text not null,
  now text not null
);

-- Where notices go for a browser that is logged in: one address for each session,
-- and with it. words: the message says what happened, not only that.
create table session_push (
  session blob primary key,
  endpoint text not null,
  p256dh blob not null,
  auth blob not null,
  alerts text not null default '{}',
  words integer not null default 0,
  at integer not null
) without rowid;
