-- JSON text that depends on more than the row: enum labels, casts to json, names of objects.
create schema json_types;
set search_path = json_types;

create type mood as enum ('sad', 'ok');
create domain feeling as mood;
create table labelled (id int primary key, m mood, f feeling, a mood[]);
insert into labelled values (1, 'sad', 'ok', '{sad,ok}');
select hotpath.cache_table('labelled');
select hotpath.get_json('labelled', 1);
select hotpath.get_json('labelled', 1);

-- a label that is renamed, and one that is added
alter type mood rename value 'sad' to 'blue';
select hotpath.get_json('labelled', 1);
alter type mood add value 'happy';
update labelled set m = 'happy';
select hotpath.get_json('labelled', 1);
begin;
alter type mood rename value 'happy' to 'glad';
select hotpath.get_json('labelled', 1);
rollback;
select hotpath.get_json('labelled', 1);

-- a cast to json takes over the rendering, and gives it back
create function mood_json(mood) returns json language sql immutable as $$select '"feeling"'::json$$;
create cast (mood as json) with function mood_json(mood);
select hotpath.get_json('labelled', 1);
select hotpath.get_json('labelled', 1)::text = row_to_json(l)::text as equal from labelled l;
create or replace function mood_json(mood) returns json language sql immutable as $$select '"changed"'::json$$;
select hotpath.get_json('labelled', 1)::text = row_to_json(l)::text as equal from labelled l;
drop cast (mood as json);
select hotpath.get_json('labelled', 1);
select hotpath.get_json('labelled', 1)::text = row_to_json(l)::text as equal from labelled l;

-- types whose text names other objects, or is made by functions that may change
create type point2 as (x int, y mood);
create table other (id int primary key, p point2, r int4range, g regclass, pt point, tv tsvector, mo money,
	mr int4multirange, ns regnamespace);
create table named (i int);
insert into other values (1, '(1,ok)', '[1,5)', 'named', '(1,2)', 'fat cat', 3.5, '{[1,2)}', 'json_types');
select hotpath.cache_table('other');
create view differences as
select count(*) as differences from generate_series(1, 2) k
where hotpath.get_json('other', k)::text is distinct from
	(select row_to_json(t)::text from other t where id = k);
table differences;
table differences;
alter table named rename to renamed;
table differences;
set search_path = pg_catalog;
table json_types.differences;
set search_path = json_types;
table differences;
alter type point2 rename attribute x to z;
table differences;
alter type point2 add attribute w int;
table differences;
alter type mood rename value 'ok' to 'fine';
table differences;
table differences;

-- a domain that changes under the row
create domain short as varchar(10);
create table with_domain (id int primary key, s short);
insert into with_domain values (1, 'text');
select hotpath.cache_table('with_domain');
select hotpath.get_json('with_domain', 1);
alter domain short add constraint no_e check (value !~ 'q');
alter domain short rename to brief;
select hotpath.get_json('with_domain', 1);

-- a table that is not cached
create table plain (id int primary key, m mood);
insert into plain values (1, 'fine');
select hotpath.get_json('plain', 1), hotpath.get_json('plain', 2) is null as no_row;

set client_min_messages = warning;
drop schema json_types cascade;
