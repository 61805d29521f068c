-- additive

-- What is kept about one person is counted for whoever has the link of an answer:
-- no table is read whole for it.
create index jobs_dead on jobs (key) where dead_at is not null;
create index stamps_actor on stamps (actor_id);
create index reports_actor on reports (actor_id);
create index reports_about on reports (about_id);
create index cards_author on cards (author_id) where author_id != 0;
create index security_log_people on security_log (detail) where kind in ('block', 'unblock', 'request', 'move');

-- Which preview shows a picture: one that none shows goes.
create index cards_image on cards (image_hash) where image_hash != 0;

-- What it found is found by the key of the table, which nothing beats.
drop index following_boosts;
