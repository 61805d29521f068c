-- additive

-- What the owner saved for later. id pages the list.
create table bookmarks (
  post_id integer primary key,
  id integer not null unique,
  at integer not null
);

-- Lists of people; list_posts is filled on arrival, as home is.
create table lists (
  id integer primary key,
  title text not null,
  replies integer not null default 1,
  exclusive integer not null default 0,
  at integer not null
);

create table list_members (
  list_id integer not null,
  actor_id integer not null,
  primary key (list_id, actor_id)
) without rowid;

create index list_members_actor on list_members (actor_id);

create table list_posts (
  list_id integer not null,
  post_id integer not null,
  primary key (list_id, post_id)
) without rowid;

create index list_posts_post on list_posts (post_id);

create table tag_follows (
  tag_id integer primary key,
  at integer not null
);

-- Hashtags of all posts are words of the search index: those that are stored are
-- brought into it anew.
insert or ignore into unindexed (post_id, actor_id)
select id, actor_id
from posts
where extra like '%"tags":%';

-- Posts to people named and nobody else, by what they belong to and who may read
-- them: root is the conversation's uri, else that of its first post; people are
-- the uris of all but the owner, sorted, one on a line.
create table conversations (
  id integer primary key,
  root text not null,
  root_hash integer not null,
  people text not null,
  last_id integer not null,
  unread integer not null default 0
);

create index conversations_root on conversations (root_hash);

create index conversations_last on conversations (last_id);

create index conversations_unread on conversations (unread) where unread = 1;

-- Those of the people who are stored here.
create table conversation_people (
  conversation_id integer not null,
  actor_id integer not null,
  primary key (conversation_id, actor_id)
) without rowid;

create index conversation_people_actor on conversation_people (actor_id);

create table conversation_posts (
  post_id integer primary key,
  conversation_id integer not null
);

create index conversation_posts_of on conversation_posts (conversation_id, post_id);

-- Where the owner stopped reading, shared by pages and apps. The rows of settings
-- that this was kept in stay for a program that is put back.
create table markers (
  name text primary key,
  last_id integer not null,
  version integer not null,
  at integer not null
) without rowid;

insert into markers (name, last_id, version, at)
select substr(key, 8), cast(value as integer), 1, cast(unixepoch('subsec') * 1000 as integer)
from settings
where key in ('marker_home', 'marker_notifications');

-- What arrived below the place where the owner stopped reading: few of many.
create index home_late on home (late) where late is not null;

-- A note to oneself about a person.
create table notes (
  actor_id integer primary key,
  text text not null,
  at integer not null
);

create table mutes (
  actor_id integer primary key,
  until integer,
  notices integer not null default 1,
  at integer not null
);

create index mutes_until on mutes (until) where until is not null;

create index mutes_at on mutes (at);

create index following_boosts on following (actor_id) where boosts = 0;

-- Pictures in words, of other servers (host_id 0: own). Their bytes are in
-- remote_media, as those of other people's attachments.
create table emojis (
  id integer primary key,
  host_id integer not null,
  shortcode text not null,
  url text not null,
  used_at integer not null
);

create unique index emojis_name on emojis (host_id, shortcode);

-- What the owner uploaded. name is the capability in the address, file and
-- preview are contents in the media folder; title is the file's name where it
-- came from, for the owner alone. note says what was done to it.
create table media (
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

create index media_post on media (post_id) where post_id is not null;

create index media_file on media (file);

create index media_preview on media (preview) where preview != '';

-- What links in posts lead to. image is an address; its copy is in remote_media under the same hash.
create table cards (
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

create table post_cards (
  post_id integer primary key,
  url_hash integer not null
);

-- Links in profiles that lead back with rel="me".
create table verified_links (
  actor_id integer not null,
  url text not null,
  verified_at integer,
  checked_at integer not null,
  error text not null default '',
  primary key (actor_id, url)
) without rowid;

-- When those who follow or are followed last posted, give or take half a day.
create table last_posts (
  actor_id integer primary key,
  at integer not null default 0,
  asked_at integer not null default 0
);

-- What visitors read of the owner's posts: by month, and those with pictures.
create index posts_written on posts (id, visibility, boost_of) where actor_id = 1 and boost_of is null;

create index posts_media on posts (id, visibility) where actor_id = 1 and boost_of is null and substr(extra, 1, 15) = '{"attachments":';

-- The owner's posts are found by their author too: they are brought into the index anew.
insert or ignore into unindexed (post_id, actor_id)
select id, 1
from posts indexed by posts_own
where actor_id = 1
and boost_of is null;

-- Why a picture could not be had, and how large its file was. What was not
-- looked at for longest goes first.
alter table remote_media add column why text not null default '';

alter table remote_media add column bytes integer not null default 0;

create index remote_media_used on remote_media (used_at, size) where size > 0;

create index remote_media_name on remote_media (name) where name != '';

-- Who shows a stored picture: asked for each file that a sweep or an eviction looks at.
create index actors_avatar on actors (avatar) where avatar != '';

create index actors_header on actors (header) where header != '';
