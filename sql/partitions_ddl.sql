-- DDL on partitions of a cached table: it concerns the partition, and works whoever owns it.
create schema partitions_ddl;
set search_path = partitions_ddl;
\pset null '(null)'
\set SHOW_CONTEXT never

create role regress_leaf_owner;
grant usage, create on schema partitions_ddl to regress_leaf_owner;
create table root (id int primary key, v int) partition by range (id);
create table low partition of root for values from (0) to (100);
create table high partition of root for values from (100) to (200);
insert into root values (1, 1), (100, 1);
select hotpath.cache_table('root');
create function differences() returns bigint language sql as $$
	select count(*) from (values (0), (1), (100), (101), (200), (300)) k(k)
	where hotpath.get(null::root, k) is distinct from (select r from root r where id = k)
$$;
select differences(), hotpath.cache_check('root');

-- what a command on one partition locks, and nothing else
create view locks as
	select relation::regclass, mode from pg_locks
	where pid = pg_backend_pid() and locktype = 'relation' and relation in
		(select oid from pg_class where relnamespace = 'partitions_ddl'::regnamespace
			and relkind in ('r', 'p'));
begin;
alter table low alter v set statistics 10;
select * from locks order by relation, mode;
rollback;
begin;
alter table low add constraint low_check check (v > 0);
select * from locks order by relation, mode;
rollback;
begin;
create index low_v on low (v);
comment on table low is 'a partition';
select * from locks order by relation, mode;
rollback;

-- a trigger of a user, with the name of ours, on one partition
drop trigger "!hotpath_note_truncate" on low;
create function nothing() returns trigger language plpgsql as 'begin return null; end';
create trigger "!hotpath_note_truncate" after truncate on low execute function nothing();
select hotpath.cache_check('root'), differences();
alter table high alter v set statistics 10;
create table more partition of root for values from (200) to (300);
insert into root values (200, 1);
create table joins (id int primary key, v int);
insert into joins values (300, 1);
alter table root attach partition joins for values from (300) to (400);
update root set v = 2;
truncate low;
select differences(), hotpath.cache_check('root');
-- one that has it when it joins
create table named (id int primary key, v int);
create trigger "!hotpath_note_truncate" after truncate on named execute function nothing();
alter table root attach partition named for values from (400) to (500);
select differences();
drop trigger "!hotpath_note_truncate" on low;
drop trigger "!hotpath_note_truncate" on named;
select hotpath.cache_check('root');
select hotpath.cache_table('root');
select hotpath.cache_check('root'), differences();
select differences();

-- a partition of another owner, who owns nothing else of it
insert into low values (1, 1);
alter table low owner to regress_leaf_owner;
select differences();
set role regress_leaf_owner;
alter table low add constraint low_check check (v > 0);
alter table low alter v set statistics 20;
create index low_v on low (v);
update low set v = 3;
reset role;
select differences(), hotpath.cache_check('root');
set role regress_leaf_owner;
truncate low;
reset role;
select differences(), hotpath.cache_check('root');
set role regress_leaf_owner;
alter table low disable trigger user;
insert into low values (1, 4);
reset role;
select differences(), hotpath.cache_check('root');
set role regress_leaf_owner;
drop table low;
reset role;
select differences();

-- a table of another owner joins
create table theirs (id int primary key, v int);
alter table theirs owner to regress_leaf_owner;
alter table root attach partition theirs for values from (0) to (100);
insert into root values (1, 5);
select differences(), hotpath.cache_check('root');
set role regress_leaf_owner;
alter table theirs alter v set statistics 20;
truncate theirs;
reset role;
select differences(), hotpath.cache_check('root');
select hotpath.cache_table('root');
select differences(), hotpath.cache_check('root');

-- uncached: nothing is left on any partition
select hotpath.uncache_table('root');
select tgrelid::regclass, tgname from pg_trigger t join pg_class c on c.oid = tgrelid
where relnamespace = 'partitions_ddl'::regnamespace and tgname ~ 'hotpath' order by 1, 2;

-- a table that is cached by itself joins, before and after the root is cached
create table single (id int primary key, v int);
insert into single values (501, 1);
select hotpath.cache_table('single');
select hotpath.get(null::single, 501);
alter table root attach partition single for values from (500) to (600);
update root set v = 2 where id = 501;
select hotpath.get(null::single, 501), hotpath.cache_check('single');
select hotpath.cache_table('root');
alter table root detach partition single;
select hotpath.cache_table('root');
\set VERBOSITY terse
alter table root attach partition single for values from (500) to (600);
\set VERBOSITY default
select hotpath.uncache_table('single');
alter table root attach partition single for values from (500) to (600);
update root set v = 3 where id = 501;
select hotpath.get(null::root, 501), hotpath.cache_check('root');
-- the other way round: what is configured of the partition stands in the way of the root's repair
insert into hotpath.cached_key select 'single', is_primary, key_columns, key_attnums, ttl, write_through from hotpath.cached_key
where relation = 'root'::regclass;
alter table root disable trigger all;
select hotpath.cache_table('root');
select hotpath.uncache_table('single');
select hotpath.cache_table('root');
update root set v = 4 where id = 501;
select hotpath.get(null::root, 501), hotpath.cache_check('root');
truncate single;
select hotpath.get(null::root, 501), hotpath.cache_check('root');

set client_min_messages = warning;
drop schema partitions_ddl cascade;
drop role regress_leaf_owner;
