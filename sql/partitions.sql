-- Partitioned tables are cached by their root, whatever becomes of the partitions.
create schema partitions;
set search_path = partitions;
\pset null '(null)'

create table event (id int, day date, v text, primary key (id)) partition by range (id);
create table event_1 partition of event for values from (1) to (10);
create table event_2 partition of event for values from (10) to (20) partition by range (id);
create table event_2a partition of event_2 for values from (10) to (15);
create table event_2b partition of event_2 for values from (15) to (20);
create table event_rest partition of event default;
insert into event select i, '2026-01-01', 'event ' || i from generate_series(1, 30) i;
select hotpath.cache_table('event');

create view differences as
select count(*) as differences from generate_series(0, 60) k
where hotpath.get(null::event, k) is distinct from (select e from event e where id = k)
	or hotpath.get_json('event', k)::text is distinct from
		(select row_to_json(e)::text from event e where id = k);
table differences;
table differences;

-- every leaf is watched
select c.oid::regclass, tgname, tgenabled from pg_trigger join pg_class c on c.oid = tgrelid
where c.relname like 'event%' and relkind in ('r', 'p') order by c.oid::regclass::text, tgname;

-- rows change by the root and by the leaves
update event set v = 'by root' where id in (1, 11, 16, 25);
table differences;
table differences;
update event_1 set v = 'by leaf' where id = 2;
update event_2 set v = 'by branch' where id in (12, 17);
delete from event_2b where id = 18;
insert into event_rest values (50, null, 'into leaf');
table differences;
table differences;

-- rows that move to another partition
update event set id = 40 where id = 3;
update event set id = 18 where id = 13;
table differences;
table differences;

-- a leaf, a branch, the root is emptied
truncate event_2a;
table differences;
table differences;
begin;
truncate event_2;
table differences;
rollback;
table differences;
table differences;

-- attached with rows, detached with rows
create table event_3 (like event including all);
insert into event_3 select i, null, 'attached ' || i from generate_series(51, 55) i;
update event_rest set id = 60 where id = 50;
alter table event attach partition event_3 for values from (51) to (60);
table differences;
table differences;
update event_3 set v = 'changed' where id = 51;
table differences;
truncate event_3;
table differences;
insert into event values (52, null, 'after truncate');
table differences;
table differences;
alter table event detach partition event_1;
table differences;
table differences;
update event_1 set v = 'on its own' where id = 1;
table differences;
select hotpath.get(null::event, 1);

-- attached again by way of a branch, to which it goes with its rows
create table event_0 partition of event for values from (0) to (10) partition by list (id);
alter table event_0 attach partition event_1 default;
table differences;
table differences;
update event_1 set v = 'back again' where id = 1;
table differences;
select hotpath.get(null::event, 1);

-- dropped
drop table event_2b;
table differences;
table differences;
drop table event_0;
table differences;
table differences;

-- a partition's own trigger is disabled: read directly, and repaired
alter table event_3 disable trigger all;
update event_3 set v = 'unseen';
table differences;
select hotpath.cache_check('event');
select hotpath.cache_table('event');
select hotpath.cache_check('event');
table differences;
table differences;

-- emptied at the root
truncate event;
table differences;
table differences;

-- detached from the cache: no trigger stays on any part
select hotpath.uncache_table('event');
select count(*) from pg_trigger join pg_class c on c.oid = tgrelid where c.relname like 'event%';

set client_min_messages = warning;
drop schema partitions cascade;
