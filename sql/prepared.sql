-- Prepared statements keep their meaning while the table changes under them.
create schema prepared;
set search_path = prepared;

create table item (id int primary key, v text, n int);
insert into item select i, 'item ' || i, i from generate_series(1, 5) i;
create table pair (a int, b int, v text, primary key (a, b));
insert into pair values (1, 1, 'pair');
select hotpath.cache_table('item'), hotpath.cache_table('pair');

prepare one (int) as select hotpath.get(null::item, $1), hotpath.get_json('item', $1);
prepare many (int[]) as select hotpath.get_many(null::item, $1);
prepare two (int, int) as select hotpath.get(null::pair, $1, $2);
prepare compare as select count(*) as differences from generate_series(0, 6) k
where hotpath.get(null::item, k)::text is distinct from (select i::text from item i where id = k);

execute one (1);
execute one (1);
execute many ('{2,1}');
execute two (1, 1);
execute compare;

-- custom and generic plans
set plan_cache_mode = force_generic_plan;
execute one (1);
execute many ('{2,1}');
execute two (1, 1);
execute compare;

-- the rows change
update item set v = 'changed' where id = 1;
execute one (1);
execute compare;

-- columns are added, dropped, renamed, of another type
alter table item add column extra int default 9;
execute one (1);
execute many ('{2,1}');
execute compare;
alter table item drop column n;
execute one (1);
execute compare;
alter table item rename column v to w;
execute one (1);
alter table item alter column w type varchar(30);
alter table item alter column id type bigint;
execute one (1);
execute many ('{2,1}');
execute compare;

-- the key changes: its type, its columns, their order
alter table item alter column id type text;
execute one (1);
alter table item alter column id type int using id::int;
alter table pair drop constraint pair_pkey, add primary key (b, a);
update pair set b = 2;
execute two (1, 2);
execute two (2, 1);
alter table pair drop constraint pair_pkey, add column c int default 3, add primary key (a, b, c);
execute two (1, 2);
alter table pair drop constraint pair_pkey, add primary key (a);
execute two (1, 2);
alter table pair drop constraint pair_pkey, add primary key (a, b);
execute two (1, 2);

-- attached and detached
select hotpath.uncache_table('item');
execute one (1);
execute compare;
select hotpath.cache_table('item');
execute one (1);
execute compare;
execute compare;

-- another table of the same name
begin;
alter table item rename to old_item;
create table item (id int primary key, other text);
insert into item values (1, 'another table');
select hotpath.cache_table('item');
execute compare;
select hotpath.get(null::item, 1);
rollback;
execute compare;
execute one (1);

-- a column goes with what it depends on
create function twice(i int) returns int immutable language sql as 'select 2 * i';
create table derived (id int primary key, n int, twice int generated always as (twice(id)) stored, last text);
insert into derived values (1, 1, default, 'last');
prepare derived as select (hotpath.get(null::derived, 1)).last;
create function reads_derived() returns text language plpgsql as
	$$ declare r derived; begin select * into r from hotpath.get(null::derived, 1); return r.last; end $$;
execute derived;
select reads_derived();
drop function twice cascade;
execute derived;
select reads_derived();
drop table derived cascade;

-- a temporary table, which the session alone is told of: its columns and its name change, and change back
create temporary table scratch (id int primary key, a int, b int);
insert into scratch values (1, 10, 20);
prepare scratch as select (hotpath.get(null::scratch, 1)).a;
execute scratch;
begin;
savepoint s;
alter table scratch rename a to old;
alter table scratch rename b to a;
execute scratch;
rollback to s;
execute scratch;
rollback;
execute scratch;
begin;
alter table scratch rename a to old;
alter table scratch rename b to a;
rollback;
execute scratch;
alter table scratch rename a to old;
alter table scratch rename b to a;
execute scratch;
alter table scratch rename to other_scratch;
create temporary table scratch (id int primary key, a int);
insert into scratch values (1, 30);
execute scratch;
create type colour as enum ('red');
create temporary table coloured (id int primary key, a int, c colour);
insert into coloured values (1, 10, 'red');
prepare coloured as select (hotpath.get(null::coloured, 1)).c;
prepare dropped as select (hotpath.get(null::coloured, 1)).a;
execute coloured;
execute dropped;
drop type colour cascade;
execute coloured;
execute dropped;
alter table coloured drop a;
execute dropped;

-- what the session tells of is no news to itself
begin;
alter table pair add told int;
create temporary table told (id int);
alter table told add c int;
select hotpath.get(null::item, 1), hotpath.get_json('pair', array[1, 1]);
rollback;

deallocate all;
reset plan_cache_mode;
set client_min_messages = warning;
drop schema prepared cascade;
