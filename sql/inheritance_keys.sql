-- A key does not hold across the children of a table: a key with several rows is an error, as it is
-- in a subquery.
create schema inheritance_keys;
set search_path = inheritance_keys;

create table parent (id int primary key, v text);
create table child (primary key (id)) inherits (parent);
insert into parent values (1, 'parent'), (2, 'parent');
insert into child values (1, 'child'), (3, 'child');
select hotpath.get(null::parent, 2), hotpath.get(null::parent, 3);
select * from hotpath.get_many(null::parent, array[3, 4, 2]);
\set VERBOSITY sqlstate
select (select p from parent p where id = 1);
select hotpath.get(null::parent, 1);
select hotpath.get_by(null::parent, 'parent_pkey', 1);
select hotpath.get_json('parent', 1);
select * from hotpath.get_many(null::parent, array[1]);
select * from hotpath.get_many(null::parent, array[2, 1, 3]);
select * from hotpath.get_many(null::parent, array[1, 1], true);
\set VERBOSITY default
select * from hotpath.get_many(null::parent, array[2, 2, 3, 3]);
select hotpath.get(null::child, 1);

-- a table that was cached before it had children
create table older (id int primary key, v text);
insert into older values (1, 'older'), (2, 'older');
select hotpath.cache_table('older');
select hotpath.get(null::older, 1);
create table younger () inherits (older);
insert into younger values (1, 'younger');
\set VERBOSITY sqlstate
select hotpath.get(null::older, 1);
select * from hotpath.get_many(null::older, array[2, 1]);
select hotpath.get_json('older', 1);
\set VERBOSITY default
select hotpath.get(null::older, 2);
drop table younger;
select hotpath.get(null::older, 1);

set client_min_messages = warning;
drop schema inheritance_keys cascade;
