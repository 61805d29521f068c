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
-- What the owner decided about servers, beside blocked_at: silenced_at, since when
-- the strangers of a name are silenced; comment, why; list_at, with which list it
-- came in; lost_*, how many follows a block ended. bound is what holds for a server,
-- by its own name or by one above it: 0 nothing, 1 its strangers are silenced, 2 it
-- is blocked.
alter table hosts add column silenced_at integer;
alter table hosts add column comment text not null default '';
alter table hosts add column list_at integer;
alter table hosts add column lost_followers integer not null default 0;
alter table hosts add column lost_following integer not null default 0;
alter table hosts add column bound integer not null default 0;

update hosts
set bound = 2
where exists (
  select 1
  from hosts b
  where b.blocked_at is not null
  and (hosts.name = b.name
    or hosts.name like b.name || ':%'
    or hosts.name like '%.' || b.name
    or hosts.name like '%.' || b.name || ':%')
);

create index hosts_bound on hosts (bound) where bound != 0;
create index hosts_ruled on hosts (id) where blocked_at is not null or silenced_at is not null;
-- What the posts that a report names said when it came, as JSON: they may be edited
-- or deleted before the owner reads it.
alter table reports add column evidence text not null default '[]';

-- Reports that wait for the owner: each page counts them.
create index reports_open on reports (id) where own = 0 and answered_at is null;
-- Held posts: what waits for its undo window to end. Every page of the owner asks.
create index unsent_held on unsent (due_at) where kind = 2;
