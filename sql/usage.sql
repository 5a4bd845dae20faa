-- Who may not use the schema of the extension can still write to tables that are cached.
create schema usage;
set search_path = usage;
\set SHOW_CONTEXT never
create role regress_usage;
grant usage, create on schema usage to regress_usage;
create table item (id int primary key, v text);
create table parts (id int primary key, v text) partition by range (id);
create table part_low partition of parts for values from (0) to (100);
insert into item values (1, 'one'), (2, 'two');
insert into parts values (1, 'one'), (2, 'two');
grant all on item, parts, part_low to regress_usage;
select hotpath.cache_table('item', write_through => true), hotpath.cache_table('parts');
create function differences() returns bigint language sql as $$
	select count(*) from generate_series(0, 4) k
	where hotpath.get(null::usage.item, k) is distinct from (select i from usage.item i where id = k)
		or hotpath.get(null::usage.parts, k) is distinct from (select p from usage.parts p where id = k)
$$;
select differences();
select differences();

-- in a session that knows nothing yet
revoke usage on schema hotpath from public;
\c -
set search_path = usage;
set role regress_usage;
update item set v = 'changed' where id = 1;
insert into item values (3, 'three');
delete from item where id = 2;
update parts set v = 'changed' where id = 1;
insert into part_low values (3, 'three');
delete from parts where id = 2;
reset role;
select differences();
select differences();

-- DDL, TRUNCATE
\c -
set search_path = usage;
set role regress_usage;
truncate item;
truncate part_low;
create table own (id int primary key);
alter table own add column v text;
drop table own;
reset role;
select differences();

-- reading is refused
set role regress_usage;
select hotpath.get(null::item, 1);
reset role;
grant usage on schema hotpath to public;
set role regress_usage;
select hotpath.get(null::item, 1) is null as may_read;
reset role;

-- a table that its owner takes no part in
create table theirs (id int primary key, v text);
alter table theirs owner to regress_usage;
select hotpath.cache_table('theirs');
revoke usage on schema hotpath from public;
set role regress_usage;
insert into theirs values (1, 'one');
alter table theirs add column w int;
alter table theirs rename column v to u;
reset role;
select hotpath.get(null::theirs, 1);
set role regress_usage;
update theirs set u = 'changed';
reset role;
select hotpath.get(null::theirs, 1);
grant usage on schema hotpath to public;
select key_columns from hotpath.cached_key where relation = 'theirs'::regclass;

set client_min_messages = warning;
drop schema usage cascade;
drop role regress_usage;
