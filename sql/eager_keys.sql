-- Keys of unusual types.
create schema eager_keys;
set search_path = eager_keys;
set client_min_messages = warning;
\pset tuples_only on
\pset format unaligned

-- parts of a composite key as text, whose input function keeps something between calls
create table grid (x int, y int[], v text, primary key (x, y));
insert into grid select i, array[i, i + 1], 'v' || i from generate_series(1, 600) i;
\set keys '(select array_agg(row(i, ''{'' || i || '','' || i + 1 || ''}'')) from generate_series(1, 600) i)'
select count(*), count(e), count(distinct e::text) from hotpath.embed('grid', :keys) e;
set pg_hotpath.batch_size = 7;
select count(*), count(e), count(distinct e::text) from hotpath.embed('grid', :keys) e;
select count(*) from hotpath.get_many(null::grid, :keys);
reset pg_hotpath.batch_size;

-- a key of a composite type
create type point2 as (x int, y int);
create table places (id point2 primary key, name text);
create table visits (id int primary key, place_id point2 references places);
insert into places values ((1, 2), 'here'), ((3, 400000000), 'there');
insert into visits values (1, (1, 2)), (2, (3, 400000000)), (3, (1, 2)), (4, null);
select hotpath.embed_where('places', '{"columns": ["name"], "order_by": "name", "with": {"visits": {"columns": ["id"], "order_by": "id"}}}');
select hotpath.embed_where('visits', '{"columns": ["id"], "order_by": "id", "with": {"place": {}}}');
select hotpath.embed('places', array[row(3, 400000000), row(1, 1)]::point2[]);
create table shelves (place_id point2, n int, label text, primary key (place_id, n));
create table books (id int primary key, place_id point2, n int, foreign key (place_id, n) references shelves);
insert into shelves values ((1, 2), 1, 'upper'), ((1, 2), 2, 'lower');
insert into books values (1, (1, 2), 2), (2, (1, 2), 1), (3, (1, 2), null);
select hotpath.embed_where('books', '{"columns": ["id"], "order_by": "id", "with": {"shelves": {"columns": ["label"]}}}');
select (hotpath.get_many(null::shelves, array[row(row(1, 2)::point2, 2)])).label;

-- keys whose text depends on settings, of types that have no array, or are composite
create table measures (k float8[] primary key, v text);
create type stay as (since timestamptz, room text[]);
create table stays (k stay primary key, v text);
insert into measures values (array[0.1::float8 + 0.2], 'sum'), (array[0.3::float8], 'number');
insert into stays values (row('2024-07-01 12:00:00.123456+05:30', array['a', null]), 'first'),
	(row('2024-07-01 12:00:00.123456+02', array['null']), 'second');
create table asked as select array_agg(k::text order by v) as keys from measures;
begin;
set local extra_float_digits = 0;
set local array_nulls = off;
set local datestyle = 'Postgres, DMY';
set local timezone = 'Asia/Kolkata';
select e ->> 'v' from hotpath.embed('measures', (select keys from asked)) e;
select e ->> 'v' from hotpath.embed('stays', (select array_agg(k order by v) from stays)) e;
select v from hotpath.get_many(null::stays, (select array_agg(k order by v) from stays));
rollback;

-- foreign keys between columns of different collations, with and without an index that serves
create collation one from "C";
create collation other from "POSIX";
create table words (id text collate one primary key);
create table uses (id int primary key, word_id text collate other references words);
create table topics (id text primary key);
create table word_topics (word_id text collate other references words, topic_id text collate other references topics,
	primary key (word_id, topic_id));
insert into words values ('a'), ('b');
insert into uses values (1, 'a'), (2, 'b'), (3, 'a'), (4, null);
insert into topics values ('x'), ('y');
insert into word_topics values ('a', 'x'), ('a', 'y'), ('b', 'y');
select hotpath.embed_where('words', '{"order_by": "id", "with": {"topics": {"order_by": "id"}, "uses": {"join": "inner", "order_by": "id", "limit": 1}}}');
select hotpath.embed_where('uses', '{"order_by": "id", "with": {"word": {"join": "inner"}}}');
select * from hotpath.load_through(null::topics, 'word_topics', array['b', 'a'], order_by => 'id', per_parent => 1);
select name, index from hotpath.relationships('words');
create index on uses (word_id);
select name, index from hotpath.relationships('words');

-- tables that inherit share no unique index: which row is meant cannot be told, unless there is one
create table animals (id int primary key, name text);
create table dogs (breed text) inherits (animals);
create table walks (id int primary key, animal_id int references animals);
insert into animals values (1, 'cat'), (2, 'fox');
insert into dogs values (1, 'rex', 'poodle');
insert into walks values (1, 1), (2, 2);
select hotpath.embed('animals', array[2]);
select hotpath.embed('animals', array[2, 1]);
select hotpath.embed('walks', array[2], '{"with": {"animal": {}}}');
select hotpath.embed('walks', array[1], '{"with": {"animal": {}}}');
select hotpath.embed('walks', array[1], '{"with": {"animal": {"aggregate": {"n": "count"}}}}');

-- one row or several, where a foreign key casts: what is unique as one type may not be as the other
create extension citext;
create table by_numeric (id numeric(10) primary key);
create table by_text (id text primary key);
create table by_char (id char(4) primary key);
create table by_float (id float8 primary key);
create table cast_int (id bigint primary key references by_numeric);
create table cast_char (id char(4) primary key references by_text);
create table cast_citext (id citext primary key references by_text);
create table cast_varchar (id varchar(4) primary key references by_char);
create table cast_bigint (id bigint primary key references by_float);
create table cast_short (id smallint primary key references by_float);
select t, r.name, r.kind from unnest(array['by_numeric', 'by_text', 'by_char', 'by_float']::regclass[]) t, hotpath.relationships(t) r order by 1, 2;
select t, r.name, r.kind from unnest(array['cast_int', 'cast_char', 'cast_citext', 'cast_varchar', 'cast_bigint', 'cast_short']::regclass[]) t, hotpath.relationships(t) r order by 1, 2;

-- a type's own aggregates, not those of one that it can be cast to
create type grade as (x int);
create function largest(grade, grade) returns grade language sql immutable as 'select case when $1 is null or $2 > $1 then $2 else $1 end';
create aggregate max(grade) (sfunc = largest, stype = grade);
create table herd (id int primary key);
insert into herd values (1);
create table names (id int primary key, herd_id int references herd, name citext collate "C", grade grade, plain varchar(9), short name);
insert into names values (1, 1, 'alice', row(2), 'b', 'b'), (2, 1, 'Bob', row(10), 'A', 'A');
select min(name), max(name), max(grade), min(plain), max(short) from names;
select hotpath.embed('herd', array[1], '{"with": {"names": {"aggregate": {"first": {"min": "name"}, "last": {"max": "name"}, "n": {"count": "name"},
	"grade": {"max": "grade"}, "plain": {"min": "plain"}, "short": {"max": "short"}}}}}');
drop aggregate max(grade);
-- but for no rows a sum of one's own may be anything
create function plus(numeric, grade) returns numeric language sql immutable as 'select $1 + coalesce(($2).x, 0)';
create aggregate sum(grade) (sfunc = plus, stype = numeric, initcond = '0');
select hotpath.embed('herd', array[1], '{"with": {"names": {"aggregate": {"grade": {"sum": "grade"}}}}}');
create aggregate max(variadic grade[]) (sfunc = array_cat, stype = grade[]);
alter table names add grades grade[];
select hotpath.embed('herd', array[1], '{"with": {"names": {"aggregate": {"grades": {"max": "grades"}}}}}');
select hotpath.embed('herd', array[1], '{"with": {"names": {"aggregate": {"grade": {"avg": "grade"}}}}}');
drop schema eager_keys cascade;
