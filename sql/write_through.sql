-- Write-through: the row is in the cache from commit on, never before, and after a rollback never.
-- Where every catalog cache is discarded all the time, nothing stays cached.
select current_setting('debug_discard_caches')::int > 0 as discards \gset
\if :discards
\quit
\endif

create schema through;
set search_path = through;
\pset null '(null)'

create table item (id int primary key, v text, tag text unique);
select hotpath.cache_table('item');

-- put() always writes through
select hotpath.put(row(1, 'one', 'a')::item);
select hotpath.peek(null::item, 1);

-- other commands do not
insert into item values (2, 'two', 'b');
update item set v = 'ONE' where id = 1;
select hotpath.peek(null::item, 1), hotpath.peek(null::item, 2);

-- unless the table is attached that way; each key on its own
select hotpath.cache_table('item', write_through => true);
select hotpath.cache_table('item', 'item_tag_key', write_through => true);
insert into item values (3, 'three', 'c');
update item set v = 'TWO' where id = 2;
select hotpath.peek(null::item, 1), hotpath.peek(null::item, 2), hotpath.peek(null::item, 3);
insert into item values (3, 'x', 'c') on conflict (id) do update set v = 'drei';
select hotpath.peek(null::item, 3);
copy item from stdin;
4	four	d
\.
select hotpath.peek(null::item, 4);

-- within the transaction nothing is served from the cache
begin;
update item set v = 'vier' where id = 4;
select hotpath.peek(null::item, 4), hotpath.get(null::item, 4);
commit;
select hotpath.peek(null::item, 4);

-- a rollback leaves nothing, and does not bring back what was there
begin;
update item set v = 'never' where id = 4;
select hotpath.put(row(5, 'never', 'e')::item);
rollback;
select hotpath.peek(null::item, 4), hotpath.peek(null::item, 5);
select hotpath.get(null::item, 4), hotpath.get(null::item, 5);

-- the last version wins
begin;
insert into item values (6, 'first', 'f');
update item set v = 'second' where id = 6;
select hotpath.put(row(6, 'third', 'f')::item);
commit;
select hotpath.peek(null::item, 6);

-- deleted again, moved, truncated: nothing stays
begin;
select hotpath.put(row(7, 'seven', 'g')::item);
delete from item where id = 7;
commit;
begin;
insert into item values (8, 'eight', 'h');
update item set id = 9 where id = 8;
commit;
begin;
insert into item values (10, 'ten', 'i');
delete from item where id = 10;
insert into item values (10, 'ten again', 'i');
commit;
select k, hotpath.peek(null::item, k) from generate_series(7, 9) k;
select k, hotpath.get(null::item, k) from generate_series(7, 10) k;
begin;
insert into item values (11, 'eleven', 'j');
truncate item;
commit;
select hotpath.peek(null::item, 11), hotpath.get(null::item, 11);

-- savepoints
begin;
select hotpath.put(row(1, 'kept', 'a')::item);
savepoint s;
select hotpath.put(row(2, 'lost', 'b')::item);
select hotpath.put(row(1, 'lost', 'a')::item);
rollback to s;
select hotpath.put(row(3, 'kept', 'c')::item);
savepoint r;
select hotpath.put(row(4, 'kept', 'd')::item);
release r;
commit;
select k, hotpath.peek(null::item, k) from generate_series(2, 4) k;
select k, hotpath.get(null::item, k) from generate_series(1, 4) k;
select checked > 0 as checked, stale from hotpath.verify_cache('item');

-- more rows than are staged, and rows that are too large: read from the table
insert into item select i, i::text, 'n' || i from generate_series(100, 6000) i;
insert into item select 7000, string_agg(md5(i::text), ''), 'big' from generate_series(1, 4000) i;
select hotpath.peek(null::item, 7000);
select count(*) as differences from generate_series(90, 7000) k
where hotpath.get(null::item, k) is distinct from (select i from item i where id = k);
select count(*) as differences from generate_series(90, 7000) k
where hotpath.get_by(null::item, 'item_tag_key', 'n' || k)
	is distinct from (select i from item i where tag = 'n' || k);

-- generated columns and triggers that change the row are in what is cached
create table made (id int primary key, v int, double int generated always as (v * 2) stored);
create function add_one() returns trigger language plpgsql as 'begin new.v := new.v + 1; return new; end';
create trigger add_one before insert or update on made for each row execute function add_one();
select hotpath.cache_table('made', write_through => true);
insert into made values (1, 10);
select hotpath.peek(null::made, 1);
update made set v = 20;
select hotpath.peek(null::made, 1);

-- what counts is the size that a row is kept with: compressed in place, or all of it if a part is elsewhere
create table sized (id int primary key, a text, b text);
alter table sized alter b set storage external;
select hotpath.cache_table('sized', write_through => true);
insert into sized values (1, repeat('a', 100000), null), (2, repeat('a', 1000), repeat('b', 5000)), (3, repeat('a', 100000), repeat('b', 5000));
select id, length((hotpath.peek(null::sized, id)).a) as a, length((hotpath.peek(null::sized, id)).b) as b from generate_series(1, 3) id;
select id, length((hotpath.get(null::sized, id)).a) as a, length((hotpath.get(null::sized, id)).b) as b from generate_series(1, 3) id;

set client_min_messages = warning;
drop schema through cascade;
