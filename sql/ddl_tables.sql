-- Tables are renamed, moved, rewritten, emptied, dropped and made anew.
create schema ddl_tables;
create schema ddl_elsewhere;
set search_path = ddl_tables;
\pset null '(null)'

create table item (id int primary key, v text);
insert into item select i, 'item ' || i from generate_series(1, 10) i;
select hotpath.cache_table('item');
create function differences() returns bigint language sql as $$
	select count(*) from generate_series(0, 12) k
	where hotpath.get(null::item, k) is distinct from (select i from item i where id = k)
$$;
select differences();
select differences();

-- rewritten
cluster item using item_pkey;
select differences();
vacuum full item;
select differences();
alter table item set unlogged;
select differences();
alter table item set logged;
select differences();
vacuum item;
analyze item;
select differences();
update item set v = 'changed' where id = 1;
select differences();
select differences();

-- emptied
begin;
truncate item;
select differences();
rollback;
select differences();
select differences();
begin;
truncate item;
insert into item values (1, 'after truncate');
select differences();
commit;
select differences();
select differences();

-- renamed, moved, given away
alter table item rename to thing;
select hotpath.get(null::thing, 1);
update thing set v = 'renamed';
select hotpath.get(null::thing, 1);
alter table thing set schema ddl_elsewhere;
select hotpath.get(null::ddl_elsewhere.thing, 1);
update ddl_elsewhere.thing set v = 'moved';
select hotpath.get(null::ddl_elsewhere.thing, 1);
alter schema ddl_elsewhere rename to ddl_nowhere;
select hotpath.get(null::ddl_nowhere.thing, 1);
update ddl_nowhere.thing set v = 'moved again';
select hotpath.get(null::ddl_nowhere.thing, 1);
create role regress_ddl_owner;
grant usage on schema ddl_nowhere to regress_ddl_owner;
alter table ddl_nowhere.thing owner to regress_ddl_owner;
set role regress_ddl_owner;
select hotpath.get(null::ddl_nowhere.thing, 1);
update ddl_nowhere.thing set v = 'owned';
select hotpath.get(null::ddl_nowhere.thing, 1);
select hotpath.cache_table('ddl_nowhere.thing', ttl => '1 hour');
reset role;
select relation, ttl from hotpath.cached_key where relation = 'ddl_nowhere.thing'::regclass;

-- exchanged with another table of that name
alter table ddl_nowhere.thing set schema ddl_tables;
alter table thing rename to item;
create table incoming (id int primary key, v text);
insert into incoming values (1, 'incoming'), (2, 'incoming');
select hotpath.cache_table('incoming');
select hotpath.get(null::item, 1), hotpath.get(null::incoming, 1);
begin;
alter table item rename to outgoing;
alter table incoming rename to item;
select hotpath.get(null::item, 1), hotpath.get(null::outgoing, 1);
commit;
select differences();
select differences();
select hotpath.get(null::item, 1), hotpath.get(null::outgoing, 1);

-- dropped, and made anew: another table, which is not cached until somebody says so
drop table item;
select count(*) from hotpath.cached_key where relation::text = 'item';
create table item (id int primary key, v text);
insert into item values (1, 'anew');
select differences(), hotpath.cache_check('item');
select hotpath.cache_table('item');
select differences();
select differences();
begin;
drop table item;
create table item (id int primary key, v text);
select hotpath.cache_table('item');
select hotpath.get(null::item, 1);
rollback;
select hotpath.get(null::item, 1);
select differences(), hotpath.cache_check('item');

-- attached and detached in a transaction that is rolled back
begin;
select hotpath.uncache_table('item');
update item set v = 'unseen';
select differences();
rollback;
select differences();
select differences(), hotpath.cache_check('item');
create table young (id int primary key, v text);
begin;
select hotpath.cache_table('young');
insert into young values (1, 'never');
select hotpath.get(null::young, 1);
rollback;
select hotpath.get(null::young, 1), hotpath.cache_check('young');

-- what is dropped with its schema is no business of a partitioned table that it is no part of
create table parts (id int primary key, v text) partition by range (id);
create table part partition of parts for values from (1) to (100);
insert into parts values (1, 'one');
select hotpath.cache_table('parts');
select hotpath.get(null::parts, 1);
create schema ddl_others;
create table ddl_others.mine (id int primary key) partition by range (id);
create table ddl_others.my_part partition of ddl_others.mine default;
set client_min_messages = warning;
drop schema ddl_others cascade;
select hotpath.peek(null::parts, 1), hotpath.cache_check('parts');
-- but what was a part of it is
create schema ddl_others;
alter table part set schema ddl_others;
select hotpath.get(null::parts, 1);
select hotpath.peek(null::parts, 1);
begin;
drop schema ddl_others cascade;
select hotpath.peek(null::parts, 1), hotpath.get(null::parts, 1);
rollback;
select hotpath.get(null::parts, 1), hotpath.cache_check('parts');

drop schema ddl_tables, ddl_nowhere, ddl_others cascade;
drop role regress_ddl_owner;
