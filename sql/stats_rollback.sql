-- What is rolled back leaves the counters of a cached table as they were.
create schema stats_rollback;
set search_path = stats_rollback;
\pset null '(null)'

create table item (id int primary key, v text);
insert into item select i, 'item' from generate_series(1, 10) i;
select hotpath.cache_table('item');
create view counted as
	select hits, misses, fills, entries from hotpath.cache_stats where relation = 'item'::regclass;
select count(hotpath.get(null::item, k)) from generate_series(1, 10) k;
select count(hotpath.get(null::item, k)) from generate_series(1, 10) k;
select * from counted;

-- uncached, and not
begin;
select hotpath.uncache_table('item');
select count(*) from counted;
rollback;
select * from counted;
select count(hotpath.get(null::item, k)) from generate_series(1, 10) k;
select count(hotpath.get(null::item, k)) from generate_series(1, 10) k;
select hits >= 20 as goes_on_counting, entries >= 10 as keeps_entries from counted;

-- to a savepoint
begin;
savepoint a;
select hotpath.uncache_table('item');
rollback to savepoint a;
commit;
select count(hotpath.get(null::item, k)) from generate_series(1, 10) k;
select hits >= 20 as goes_on_counting, entries >= 10 as keeps_entries from counted;

-- to an outer one, and with the whole transaction after its release
begin;
savepoint a;
savepoint b;
select hotpath.uncache_table('item');
release savepoint b;
rollback to savepoint a;
commit;
begin;
savepoint a;
select hotpath.uncache_table('item');
release savepoint a;
rollback;
select count(hotpath.get(null::item, k)) from generate_series(1, 10) k;
select hits >= 20 as goes_on_counting, entries >= 10 as keeps_entries from counted;

-- the table dropped, and not
set client_min_messages = warning;
begin;
drop table item cascade;
rollback;
begin;
savepoint a;
drop table item cascade;
rollback to savepoint a;
commit;
reset client_min_messages;
select count(hotpath.get(null::item, k)) from generate_series(1, 10) k;
select hits >= 20 as goes_on_counting, entries >= 10 as keeps_entries from counted;

-- uncached and cached again in one transaction
begin;
select hotpath.uncache_table('item');
select hotpath.cache_table('item');
commit;
select count(hotpath.get(null::item, k)) from generate_series(1, 10) k;
select count(hotpath.get(null::item, k)) from generate_series(1, 10) k;
select hits >= 10 as counts, entries >= 10 as has_entries from counted;
select hotpath.cache_check('item');

-- uncached for good
select hotpath.uncache_table('item');
select count(*) from counted;
select hotpath.cache_table('item');
select * from counted;

-- cached, and not
create table again (id int primary key, k int unique);
create view slots as select count(*) from hotpath.cache_slots() where relation in ('again'::regclass, 'item'::regclass);
table slots;
begin;
select hotpath.cache_table('again'), hotpath.cache_table('item');
rollback;
table slots;
begin;
select hotpath.cache_table('again');
savepoint a;
select hotpath.cache_table('again', 'again_k_key');
rollback to savepoint a;
select hotpath.get(null::again, 1);
commit;
table slots;
select hotpath.get(null::again, 1), hotpath.get_by(null::again, 'again_k_key', 1);
select hotpath.cache_check('again'), hotpath.peek(null::again, 1);
table slots;

set client_min_messages = warning;
drop schema stats_rollback cascade;
