-- additive

-- The owner's boosts, which are listed alone.
create index posts_own_boosts on posts (id) where actor_id = 1 and boost_of is not null;
