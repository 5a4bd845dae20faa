-- Partitions whose columns are laid out otherwise than the root's; other ways to partition.
create schema layout;
set search_path = layout;
\pset null '(null)'

create table event (id int, kind text, v text, size numeric, primary key (kind, id)) partition by list (kind);
create table event_a (x int, size numeric, id int not null, y text, v text, kind text not null);
alter table event_a drop column x;
alter table event_a drop column y;
alter table event attach partition event_a for values in ('a');
create table event_b partition of event for values in ('b');
insert into event select i, k, k || i, i from generate_series(1, 5) i, unnest('{a,b}'::text[]) k;
select hotpath.cache_table('event', write_through => true);

create view differences as
select count(*) as differences from generate_series(0, 6) i, unnest('{a,b,c}'::text[]) k
where hotpath.get(null::event, k, i)::text is distinct from
	(select e::text from event e where id = i and kind = k);
table differences;
table differences;
select hotpath.get(null::event, 'a', 1), hotpath.get(null::event, 'b', 1);
update event set size = size * 2, v = 'changed' where id = 1;
select hotpath.get(null::event, 'a', 1), hotpath.get(null::event, 'b', 1);
update event_a set v = 'by leaf' where id = 2;
table differences;
table differences;

-- moved there and back
update event set kind = 'b', id = 6 where kind = 'a' and id = 3;
update event set kind = 'a', id = 6 where kind = 'b' and id = 4;
table differences;
table differences;
select hotpath.put(row(6, 'a', 'put', 1)::event), hotpath.put(row(2, 'b', 'put', 1)::event);
table differences;
table differences;

-- columns are dropped and added at the root
alter table event drop column size;
alter table event add column more int default 3;
table differences;
table differences;
update event set more = 4 where id = 2;
table differences;
table differences;
select * from hotpath.get_many(null::event, array[row('a', 2), row('b', 2)]);
select stale from hotpath.verify_cache('event');
select hotpath.warm('event') >= 0 as warmed;
table differences;

-- a partition that joins with another layout
create table event_c (more int, v text, kind text not null, id int not null);
insert into event_c values (1, 'c1', 'c', 1);
alter table event attach partition event_c for values in ('c');
table differences;
table differences;
update event_c set v = 'C1';
table differences;
select hotpath.get(null::event, 'c', 1);

-- by hash
create table spread (id uuid primary key, v int) partition by hash (id);
create table spread_0 partition of spread for values with (modulus 2, remainder 0);
create table spread_1 partition of spread for values with (modulus 2, remainder 1);
insert into spread select md5(i::text)::uuid, i from generate_series(1, 20) i;
select hotpath.cache_table('spread');
select count(*) as differences from generate_series(0, 21) i
where hotpath.get(null::spread, md5(i::text)) is distinct from
	(select s from spread s where id = md5(i::text)::uuid);
update spread set v = -v;
select count(*) as differences from generate_series(0, 21) i
where hotpath.get(null::spread, md5(i::text)) is distinct from
	(select s from spread s where id = md5(i::text)::uuid);

-- a root without partitions, and the first one
create table empty (id int primary key, v text) partition by range (id);
select hotpath.cache_table('empty');
select hotpath.get(null::empty, 1);
create table first partition of empty for values from (0) to (10);
insert into empty values (1, 'first');
select hotpath.get(null::empty, 1), hotpath.cache_check('empty');

-- a foreign partition: no trigger would see its rows
create foreign data wrapper layout_dummy;
create server layout_nowhere foreign data wrapper layout_dummy;
create table mixed (id int, v text) partition by range (id);
create table mixed_1 partition of mixed for values from (0) to (10);
create unique index mixed_id on mixed (id);
select hotpath.cache_table('mixed', 'mixed_id');
insert into mixed values (1, 'one');
select hotpath.get_by(null::mixed, 'mixed_id', 1);
select hotpath.uncache_table('mixed');
drop index mixed_id;
create foreign table mixed_2 partition of mixed for values from (10) to (20) server layout_nowhere;
select hotpath.cache_table('mixed');

set client_min_messages = warning;
drop schema layout cascade;
drop foreign data wrapper layout_dummy cascade;
