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
