-- The extension itself: its objects, and what becomes of cached tables without it.
create schema extension;
set search_path = extension;

-- every object says what it is
select pg_describe_object(d.classid, d.objid, 0) as without_comment
from pg_depend d
where d.refclassid = 'pg_extension'::regclass and d.deptype = 'e'
	and d.refobjid = (select oid from pg_extension where extname = 'pg_hotpath')
	and d.classid <> 'pg_namespace'::regclass and d.classid <> 'pg_type'::regclass
	and obj_description(d.objid, (select relname from pg_class where oid = d.classid)) is null
order by 1;
select obj_description(oid, 'pg_extension') from pg_extension where extname = 'pg_hotpath';
select attname as without_comment from pg_attribute
where attrelid = 'hotpath.cached_key'::regclass and attnum > 0 and col_description(attrelid, attnum) is null;
select tgname as without_comment from pg_trigger
where tgrelid = 'hotpath.cached_key'::regclass and not tgisinternal and obj_description(oid, 'pg_trigger') is null;

-- functions run with the caller's rights and say how they behave
select oid::regprocedure as function, provolatile as volatile, proparallel as parallel,
	proisstrict as strict, procost as cost, prorows as rows
from pg_proc where pronamespace = 'hotpath'::regnamespace order by oid::regprocedure::text collate "C";
select count(*) as security_definer from pg_proc where pronamespace = 'hotpath'::regnamespace and prosecdef;
select attname from pg_attribute where attrelid = 'hotpath.cache_stats'::regclass and attnum > 0 order by attnum;
select attname from pg_attribute where attrelid = 'hotpath.cache_memory'::regclass and attnum > 0 order by attnum;

-- its configuration is dumped; its schema stays
select extrelocatable, extconfig::regclass[] from pg_extension where extname = 'pg_hotpath';
select evtname, evtevent, evtenabled from pg_event_trigger where evtname like 'hotpath%' order by evtname;

-- parameters
select name, vartype, unit, boot_val from pg_settings where name like 'pg\_hotpath.%' order by name;
\set VERBOSITY sqlstate
set pg_hotpath.no_such_parameter = 1;
\set VERBOSITY default

-- dropped: tables stay, without triggers, and are usable
create table item (id int primary key, v text);
create table parted (id int primary key, v text) partition by range (id);
create table parted_1 partition of parted for values from (0) to (10);
insert into item values (1, 'one'), (2, 'two');
insert into parted values (1, 'one');
select hotpath.cache_table('item'), hotpath.cache_table('parted');
select hotpath.get(null::item, k), hotpath.get(null::parted, k) from generate_series(1, 2) k;
drop extension pg_hotpath;
select count(*) as triggers from pg_trigger
where tgrelid in ('item'::regclass, 'parted'::regclass, 'parted_1'::regclass);
update item set v = 'without extension' where id = 1;
update parted set v = 'without extension';
truncate parted_1;
alter table item add column w int;

-- the schema stays; one of somebody else is not moved into
create role regress_extension_squatter;
alter schema hotpath owner to regress_extension_squatter;
\set SHOW_CONTEXT never
create extension pg_hotpath;
drop schema hotpath;
drop role regress_extension_squatter;

-- created again: nothing is cached until somebody says so, and nothing old is served
create extension pg_hotpath;
select count(*) from hotpath.cached_key;
select hotpath.get(null::item, k), hotpath.get(null::parted, k) from generate_series(1, 2) k;
select hotpath.cache_table('item'), hotpath.cache_table('parted');
select hotpath.get(null::item, k), hotpath.get(null::parted, k) from generate_series(1, 2) k;
select hotpath.get(null::item, k), hotpath.get(null::parted, k) from generate_series(1, 2) k;

-- a rollback brings it back
begin;
drop extension pg_hotpath;
update item set v = 'in between' where id = 2;
rollback;
select hotpath.get(null::item, 2);
begin;
drop extension pg_hotpath;
create extension pg_hotpath;
select hotpath.cache_table('item');
update item set v = 'twice' where id = 2;
select hotpath.get(null::item, 2);
commit;
select hotpath.get(null::item, 2);
select hotpath.get(null::item, 2);
select hotpath.cache_check('item'), hotpath.cache_check('parted');

set client_min_messages = warning;
drop schema extension cascade;
