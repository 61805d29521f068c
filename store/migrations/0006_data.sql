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
