-- The views: what is counted, and the memory.
-- Where every catalog cache is discarded all the time, nothing stays cached.
select current_setting('debug_discard_caches')::int > 0 as discards \gset
\if :discards
\quit
\endif

create schema counters;
set search_path = counters;

create table item (id int primary key, name text);
insert into item select i, 'item ' || i from generate_series(1, 100) i;
select hotpath.cache_table('item');

-- counters that are not zero
create view counted as
select c.key as counter, c.value
from hotpath.cache_stats s, json_each_text(row_to_json(s)) with ordinality c (key, value)
where s.relation = 'item'::regclass and c.value <> '0'
	and c.key not in ('relation', 'key', 'bytes')
order by c.ordinality;
select * from counted;
select relation, key from hotpath.cache_stats where relation = 'item'::regclass;

-- a miss that fills, and a hit
select hotpath.get(null::item, 1);
select hotpath.get(null::item, 1);
table counted;
select bytes > 0 as takes_room from hotpath.cache_stats where relation = 'item'::regclass;

-- a row that is not there
select hotpath.reset_cache_stats();
select hotpath.get(null::item, 0);
select hotpath.get(null::item, 0);
table counted;

-- an entry that a writer has made dead
update item set name = 'changed' where id = 1;
select hotpath.reset_cache_stats();
select hotpath.get(null::item, 1);
table counted;

-- each reason for reading the table
select hotpath.reset_cache_stats();
begin;
update item set name = 'again' where id = 1;
select hotpath.get(null::item, 1);
rollback;
table counted;

select hotpath.reset_cache_stats();
begin isolation level serializable;
select hotpath.get(null::item, 1);
commit;
table counted;

select hotpath.reset_cache_stats();
set pg_hotpath.enabled = off;
select hotpath.get(null::item, 1);
reset pg_hotpath.enabled;
table counted;

select hotpath.reset_cache_stats();
alter table item disable trigger all;
select hotpath.get(null::item, 1);
table counted;
select hotpath.cache_table('item');

select hotpath.evict_all('item') > 0 as emptied;
select hotpath.reset_cache_stats();
insert into item values (200, (select string_agg(md5(i::text), '') from generate_series(1, 3000) i));
select length((hotpath.get(null::item, 200)).name);
table counted;

-- row security is counted for those whom it concerns
create role regress_counters_reader;
grant usage on schema counters to regress_counters_reader;
grant select on item to regress_counters_reader;
alter table item enable row level security;
create policy everything on item using (true);
select hotpath.reset_cache_stats();
set role regress_counters_reader;
select hotpath.get(null::item, 2);
reset role;
table counted;
alter table item disable row level security;

-- many keys, many counts
select hotpath.evict_all('item') >= 0 as emptied;
select hotpath.reset_cache_stats();
select count(*) from hotpath.get_many(null::item, array[1, 2, 3, 3, 1000]);
select count(*) from hotpath.get_many(null::item, array[1, 2, 3, 3, 1000]);
table counted;

-- the memory is one budget
select size_bytes > 0 as has_memory, used_bytes between 1 and size_bytes as within_budget,
	entries > 0 as has_entries, partitions > 0 as has_partitions, stripes > 0 as has_stripes,
	evictions, source in ('preload', 'on demand') as source_is_known
from hotpath.cache_memory;

-- an uncached table has no counters
select hotpath.uncache_table('item');
select count(*) from hotpath.cache_stats where relation = 'item'::regclass;

set client_min_messages = warning;
drop schema counters cascade;
drop role regress_counters_reader;
