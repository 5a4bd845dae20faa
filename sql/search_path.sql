-- A search_path full of traps changes nothing.
\set SHOW_CONTEXT never
create schema trap;
create schema victim;

-- operators, functions, types and tables that would be found first
create function trap.sprung() returns boolean language plpgsql as
	$$begin raise exception 'a trap was sprung'; end$$;
create function trap.eq(int, int) returns boolean language sql as 'select trap.sprung()';
create function trap.eq(bigint, bigint) returns boolean language sql as 'select trap.sprung()';
create function trap.eq(text, text) returns boolean language sql as 'select trap.sprung()';
create function trap.eq(oid, oid) returns boolean language sql as 'select trap.sprung()';
create function trap.eq(name, name) returns boolean language sql as 'select trap.sprung()';
create function trap.eq(regclass, regclass) returns boolean language sql as 'select trap.sprung()';
create operator trap.= (leftarg = int, rightarg = int, function = trap.eq);
create operator trap.= (leftarg = bigint, rightarg = bigint, function = trap.eq);
create operator trap.= (leftarg = text, rightarg = text, function = trap.eq);
create operator trap.= (leftarg = oid, rightarg = oid, function = trap.eq);
create operator trap.= (leftarg = name, rightarg = name, function = trap.eq);
create operator trap.= (leftarg = regclass, rightarg = regclass, function = trap.eq);
create operator trap.<> (leftarg = oid, rightarg = oid, function = trap.eq);
create operator trap.<> (leftarg = int, rightarg = int, function = trap.eq);
create function trap.unnest(anyarray) returns setof anyelement language sql as
	'select $1[1] where trap.sprung()';
create function trap.row_to_json(record) returns json language plpgsql as
	'begin perform trap.sprung(); return null; end';
create function trap.pg_event_trigger_ddl_commands(out classid oid, out objid oid, out objsubid int,
	out command_tag text, out object_type text) returns setof record language sql as
	$$select 0, 0, 0, '', '' where trap.sprung()$$;
create function trap.pg_event_trigger_dropped_objects(out classid oid, out objid oid)
	returns setof record language sql as 'select 0, 0 where trap.sprung()';
create function trap.note_row() returns trigger language plpgsql as
	'begin perform trap.sprung(); return null; end';
create function trap.hashint4extended(int, bigint) returns bigint language sql as
	'select 0 where trap.sprung()';
create domain trap.regclass as pg_catalog.regclass check (trap.sprung());
create domain trap.text as pg_catalog.text check (trap.sprung());
create domain trap.int4 as pg_catalog.int4 check (trap.sprung());
create table trap.cached_key (relation oid);
create table trap.item (id int primary key, name text);
create table trap.pg_class (oid oid);
create temp table cached_key (relation oid);

create table victim.item (id int primary key, name pg_catalog.text unique);
create table victim.pair (a int, b pg_catalog.text, v int, primary key (a, b));
insert into victim.item values (1, 'one'), (2, 'two');
insert into victim.pair values (1, 'a', 1), (2, 'b', 2);

-- the traps work
set search_path = trap, pg_catalog;
select 1 = 1;
select row_to_json(row(1));

-- and the extension steps into none: attach
select hotpath.cache_table('victim.item');
select hotpath.cache_table('victim.item', 'victim.item_name_key');
select hotpath.cache_table('victim.pair');

-- read
select hotpath.get(null::victim.item, 1), hotpath.get(null::victim.item, '2');
select hotpath.get(null::victim.item, 1), hotpath.get_by(null::victim.item, 'victim.item_name_key', 'two');
select hotpath.get_json('victim.item', 1), hotpath.get_json('victim.pair', 2, 'b');
select * from hotpath.get_many(null::victim.item, array[2, 1, 3]);
select * from hotpath.get_many(null::victim.pair, array[row(2, 'b'), row(1, 'a')]);
select * from hotpath.get_many(null::victim.pair, array['(1,a)', '(2,b)']);

-- write
update victim.item set name = name || '!';
update victim.item set name = 'ONE' where id operator(pg_catalog.=) 1;
select hotpath.put(row(3, 'three')::victim.item), hotpath.put(row(1, 'a', 10)::victim.pair);
select hotpath.get(null::victim.item, 1), hotpath.get(null::victim.item, 3);
select hotpath.get(null::victim.pair, 1, 'a');

-- maintain, look
select hotpath.warm('victim.item') is not null as warmed, hotpath.evict('victim.item', 99);
select stale from hotpath.verify_cache('victim.item');
select hotpath.evict_all('victim.pair') is not null as emptied;
select relation, key from hotpath.cache_stats where relation::oid operator(pg_catalog.=) 'victim.pair'::pg_catalog.regclass::oid;

-- change the tables, which fires the event triggers
alter table victim.item add column more int default 7;
create index on victim.item (more);
alter index victim.item_more_idx rename to by_more;
drop index victim.by_more;
select hotpath.get(null::victim.item, 1);
truncate victim.item;
select hotpath.get(null::victim.item, 1);
select hotpath.cache_check('victim.item');
alter table victim.item disable trigger all;
select hotpath.cache_check('victim.item');
select hotpath.cache_table('victim.item');
select hotpath.cache_check('victim.item');
select hotpath.uncache_table('victim.item');
drop table victim.pair;

reset search_path;
drop table pg_temp.cached_key;
set client_min_messages = warning;
drop schema trap, victim cascade;
