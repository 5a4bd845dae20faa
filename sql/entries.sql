-- What is in the cache: peek, evict, evict_all, warm, verify_cache.
-- Where every catalog cache is discarded all the time, nothing stays cached.
select current_setting('debug_discard_caches')::int > 0 as discards \gset
\if :discards
\quit
\endif

create schema entries;
set search_path = entries;
\pset null '(null)'

create table item (id int primary key, name text);
create table pair (a int, b text, v int, primary key (a, b));
insert into item select i, 'item ' || i from generate_series(1, 1000) i;
insert into pair select i, 'b' || i, i from generate_series(1, 10) i;
select hotpath.cache_table('item');
select hotpath.cache_table('pair');

-- peek never loads
select hotpath.peek(null::item, 1);
select hotpath.get(null::item, 1);
select hotpath.peek(null::item, 1);
select hotpath.get(null::pair, 2, 'b2');
select hotpath.peek(null::pair, 2, 'b2');

-- evict says whether the row was there, and is no writer
select hotpath.evict('item', 1), hotpath.evict('item', 1);
select hotpath.peek(null::item, 1);
select hotpath.evict('pair', 2, 'b2'), hotpath.evict('pair', 2, 'b2');
select hotpath.get(null::pair, 4, 'b4');
select hotpath.peek(null::pair, array['4', 'b4']), hotpath.evict('pair', array['4', 'b4']);
select hotpath.evict('item', null), hotpath.evict('item', 3000000000);

-- a text alone is evicted as well
select hotpath.get_json('item', 5);
select hotpath.evict('item', 5), hotpath.evict('item', 5);

-- a row that is missing is known to be missing; evicting that is evicting, too
select hotpath.get(null::item, -1);
select hotpath.evict('item', -1), hotpath.evict('item', -1);

-- a change is seen by peek as a row that is not cached
select hotpath.get(null::item, 2);
update item set name = 'changed' where id = 2;
select hotpath.peek(null::item, 2);
select hotpath.get(null::item, 2);
select hotpath.peek(null::item, 2);

-- in the transaction that writes, peek knows nothing; nor does anybody know more after a rollback
begin;
update item set name = 'never' where id = 2;
select hotpath.peek(null::item, 2), hotpath.get(null::item, 2);
rollback;
select hotpath.peek(null::item, 2), hotpath.get(null::item, 2);

-- warm loads rows, up to a number of them
select hotpath.evict_all('item') > 0 as evicted;
select hotpath.evict_all('item');
select hotpath.warm('item', 0), hotpath.warm('item', 10);
select count(hotpath.peek(null::item, k)) from generate_series(1, 1000) k;
select hotpath.warm('item');
select count(hotpath.peek(null::item, k)) from generate_series(1, 1000) k;

-- verify compares what a reader would be served
select * from hotpath.verify_cache('item');
select * from hotpath.verify_cache('item', 7);
update item set name = upper(name) where id <= 100;
delete from item where id > 900;
-- (rows that share a stripe with a changed one are not served from the cache either)
select checked between 1 and 800 as checked, stale from hotpath.verify_cache('item');
truncate item;
select * from hotpath.verify_cache('item');

-- negative entries and texts are verified as well
select hotpath.get(null::pair, 0, 'none'), hotpath.get_json('pair', 3, 'b3');
select * from hotpath.verify_cache('pair');

-- all tables, for the owner of the database
insert into item values (1, 'one');
select hotpath.get(null::item, 1);
select hotpath.evict_all() > 0 as evicted;
select hotpath.peek(null::item, 1);

-- every key of a table is warmed
create unique index item_name on item (name);
select hotpath.cache_table('item', 'item_name');
select hotpath.warm('item');
select hotpath.evict_all('item');

-- arguments
select hotpath.warm('item', -1);
select * from hotpath.verify_cache('item', -1);
select hotpath.warm(null);
select hotpath.verify_cache(null);
select hotpath.evict(null, 1);

set client_min_messages = warning;
drop schema entries cascade;
