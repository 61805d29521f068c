-- additive

-- Likes ('') and reactions: those on own posts, and the owner's own. The id
-- orders the owner's list of likes.
create table reactions (
  id integer primary key,
  post_id integer not null,
  actor_id integer not null,
  emoji text not null default '',
  icon text not null default '',
  uri text not null default '',
  at integer not null
);
create unique index reactions_post on reactions (post_id, actor_id, emoji);
create index reactions_actor on reactions (actor_id, id);

-- Somebody's boost of a post, and a notice of it, are found by both: the more
-- often a post is boosted and liked, the less may the next one cost.
drop index posts_boost;
create index posts_boost on posts (boost_of, actor_id) where boost_of is not null;
drop index notifications_post;
create index notifications_post on notifications (post_id, actor_id) where post_id != 0;

-- Votes on own polls, and the owner's own.
create table votes (
  post_id integer not null,
  actor_id integer not null,
  choice integer not null,
  at integer not null,
  primary key (post_id, actor_id, choice)
) without rowid;
create index votes_actor on votes (actor_id);

-- Which post quotes which, and what the quoted author says of it (FEP-044f).
create table quotes (
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
create index quotes_quoted on quotes (quoted_id) where quoted_id is not null;
create index quotes_missing on quotes (quoted_hash) where quoted_id is null;
create index quotes_stamp on quotes (stamp_hash) where stamp_hash is not null;

-- Consent of the owner to what others do with a post: what /stamps/ID answers.
create table stamps (
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
create index stamps_post on stamps (post_id);
create index stamps_object on stamps (object_hash);

-- Moves of people who are followed, and the owner's own (actor 1).
create table moves (
  id integer primary key,
  actor_id integer not null,
  target_uri text not null,
  at integer not null
);
create index moves_actor on moves (actor_id);

create table blocks (
  actor_id integer primary key,
  uri text not null,
  at integer not null
);
create table blocked_by (
  actor_id integer primary key,
  uri text not null default '',
  at integer not null
);

-- Reports that arrived, and those the owner made (own = 1); posts is a JSON list of uris.
create table reports (
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
);

-- Servers that know the owner's new key while keys rotate.
create table key_rotation (
  host_id integer primary key,
  told_at integer not null
);

-- When a thread was last asked for at other servers, and what was missing, as JSON.
create table thread_fetches (
  post_id integer primary key,
  at integer not null,
  result text not null default ''
);

-- How a server wants to be signed to (0 draft-cavage, 1 RFC 9421) and since when
-- that is known; on how many days in a row nothing arrived there, and since when
-- it counts as dead.
alter table hosts add column signature integer not null default 0;
alter table hosts add column signature_at integer not null default 0;
alter table hosts add column failed_days integer not null default 0;
alter table hosts add column dead_at integer;

-- Whose key signs an activity: '' the owner's, 'instance' the server's.
alter table outgoing add column signer text not null default '';
