-- Entries that expire.
-- Where every catalog cache is discarded all the time, nothing stays cached.
select current_setting('debug_discard_caches')::int > 0 as discards \gset
\if :discards
\quit
\endif

create schema ttl;
set search_path = ttl;
\pset null '(null)'

create table short (id int primary key, v text);
create table long (id int primary key, v text);
insert into short values (1, 'one');
insert into long values (1, 'one');
select hotpath.cache_table('short', ttl => '50 ms');
select hotpath.cache_table('long', ttl => '2 hours');
select relation, ttl from hotpath.cached_key
where relation in ('short'::regclass, 'long'::regclass) order by relation::text;

-- rows, missing rows and texts are kept for so long and no longer
select hotpath.get(null::short, 1), hotpath.get(null::short, 2), hotpath.get_json('short', 1);
select hotpath.get(null::long, 1), hotpath.get(null::long, 2), hotpath.get_json('long', 1);
select pg_sleep(0.1);
select hotpath.peek(null::short, 1), hotpath.peek(null::long, 1);
select * from hotpath.verify_cache('short');
select * from hotpath.verify_cache('long');
select hotpath.get(null::short, 1), hotpath.get(null::short, 2), hotpath.get_json('short', 1);
select expired > 0 as has_expired from hotpath.cache_stats where relation = 'short'::regclass;
select expired from hotpath.cache_stats where relation = 'long'::regclass;

-- what put() leaves behind expires as well
begin;
select hotpath.put(row(3, 'three')::short);
commit;
select pg_sleep(0.1);
select hotpath.peek(null::short, 3), hotpath.get(null::short, 3);

-- attached again without it, entries stay
select hotpath.cache_table('short');
select hotpath.get(null::short, 1);
select pg_sleep(0.1);
select hotpath.peek(null::short, 1);

-- a time to live is positive
select hotpath.cache_table('short', ttl => '0');
select hotpath.cache_table('short', ttl => '-1 s');

set client_min_messages = warning;
drop schema ttl cascade;
