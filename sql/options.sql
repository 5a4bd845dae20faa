-- Options of cache_table at their limits, and where it may be called.
create schema options;
set search_path = options;
\pset null '(null)'

create table item (id int primary key, v text);
insert into item values (1, 'one');

-- in a read-only transaction: an error, and nothing is changed
\set VERBOSITY sqlstate
begin read only;
select hotpath.cache_table('item');
rollback;
select hotpath.cache_table('item');
begin read only;
select hotpath.cache_table('item', ttl => '1 day');
rollback;
begin read only;
select hotpath.uncache_table('item');
rollback;
set default_transaction_read_only = on;
select hotpath.cache_table('item', ttl => '1 day');
reset default_transaction_read_only;
\set VERBOSITY default
select ttl from hotpath.cached_key where relation = 'item'::regclass;
begin read only;
select hotpath.get(null::item, 1), hotpath.cache_check('item');
commit;

-- a time to live that is very long: rows are served, and never expire
select hotpath.cache_table('item', ttl => '290000 years');
select hotpath.get(null::item, 1), hotpath.get(null::item, 1);
select hotpath.peek(null::item, 1), hotpath.cache_check('item');
select hotpath.cache_table('item', ttl => '300000 years');
select hotpath.get(null::item, 1), hotpath.get(null::item, 1);
select hotpath.peek(null::item, 1), hotpath.cache_check('item');
select hotpath.cache_table('item', ttl => '178000000 years');
select hotpath.get(null::item, 1), hotpath.get(null::item, 1);
select hotpath.peek(null::item, 1), hotpath.cache_check('item');
select hotpath.cache_table('item', ttl => '178000000 years 2000000000 days 2000000000 hours');
select hotpath.get(null::item, 1), hotpath.get(null::item, 1);
select hotpath.peek(null::item, 1), hotpath.cache_check('item');
select expired from hotpath.cache_stats where relation = 'item'::regclass;

-- none, or less
select hotpath.cache_table('item', ttl => '0');
select hotpath.cache_table('item', ttl => '-1 day');
select hotpath.cache_table('item', ttl => '-178000000 years');
select hotpath.cache_table('item', ttl => '1 day -25 hours');
select hotpath.cache_table('item', ttl => '25 hours -1 day');
select ttl from hotpath.cached_key where relation = 'item'::regclass;

set client_min_messages = warning;
drop schema options cascade;
