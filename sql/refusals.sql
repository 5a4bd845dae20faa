-- What cannot be cached is refused, with the reason and a way out.
create schema refused;
set search_path = refused;

create table good (id int primary key, v text);

-- relations that are no tables
create view v as select * from good;
create materialized view mv as select * from good;
create unique index mv_id on mv (id);
create sequence s;
create type composite as (id int);
select hotpath.cache_table('v');
select hotpath.cache_table('mv', 'mv_id');
select hotpath.cache_table('s');
select hotpath.cache_table('good_pkey');
select hotpath.cache_table('composite');
select hotpath.cache_table('pg_class');
select hotpath.cache_table(null);

-- tables whose rows change out of sight
create foreign data wrapper dummy;
create server nowhere foreign data wrapper dummy;
create foreign table far (id int, v text) server nowhere;
select hotpath.cache_table('far');
create table halves (id int primary key) partition by range (id);
create table near_half partition of halves for values from (0) to (10);
create temp table mine (id int primary key);
select hotpath.cache_table('mine');
insert into mine values (1);
select hotpath.get(null::mine, 1);
select hotpath.cache_table('near_half');
create table parent (id int primary key);
create table child () inherits (parent);
select hotpath.cache_table('parent');

-- no key
create table keyless (v int);
select hotpath.cache_table('keyless');
create table later (id int primary key deferrable);
select hotpath.cache_table('later');

-- indexes that are no keys
create table t (id int, a int, b text, constraint t_deferrable unique (a) deferrable);
create index t_not_unique on t (a);
create unique index t_partial on t (a) where a > 0;
create unique index t_expression on t (lower(b));
create unique index t_collation on t (b collate "POSIX");
insert into t values (1, 1, 'x'), (1, 2, 'y');
\set VERBOSITY sqlstate
create unique index concurrently t_invalid on t (id);
\set VERBOSITY default
select hotpath.cache_table('t', 't_deferrable');
select hotpath.cache_table('t', 't_not_unique');
select hotpath.cache_table('t', 't_partial');
select hotpath.cache_table('t', 't_expression');
select hotpath.cache_table('t', 't_collation');
select hotpath.cache_table('t', 't_invalid');
select hotpath.cache_table('t', 'good_pkey');
select hotpath.cache_table('t', 't');

-- key types without a hash operator class; they can be read all the same
create table paid (amount money primary key, v int);
create table masked (a int, mask bit(3), primary key (a, mask));
insert into masked values (1, '101');
select hotpath.cache_table('paid');
select hotpath.cache_table('masked');
select hotpath.get(null::masked, 1, '101'), hotpath.get(null::masked, 1, '111') is null as no_row;

-- a container of such a type
create table amounts (list money[] primary key);
select hotpath.cache_table('amounts');

-- types that are made of others, which may change: attributes come and go, operator classes are replaced
create type mark as (x int, y text);
create type shade as enum ('light', 'dark');
create domain marks as mark;
create type mark_range as range (subtype = mark);
create extension citext;
create table by_mark (id mark primary key);
create table by_domain (id int, list marks[], primary key (list, id));
create table by_range (id mark_range primary key);
create table by_citext (id citext[] primary key);
create type money_range as range (subtype = money);
create table by_money (id money_range primary key);
select hotpath.cache_table('by_mark');
select hotpath.cache_table('by_domain');
select hotpath.cache_table('by_range');
select hotpath.cache_table('by_citext');
\set VERBOSITY terse
select hotpath.cache_table('by_money');		-- which servers refuse by themselves, or do not know yet
\set VERBOSITY default
-- and those that may not
create table by_shade (id shade[] primary key, spans numrange[]);
create table by_span (id int4range, spans nummultirange, name citext, unique (id, spans, name));
insert into by_shade values ('{dark,light}');
insert into by_span values ('[1,3)', '{[1,2),[5,6)}', 'One');
select hotpath.cache_table('by_shade'), hotpath.cache_table('by_span', 'by_span_id_spans_name_key');
select hotpath.get(null::by_shade, '{dark,light}'::shade[]), hotpath.peek(null::by_shade, '{dark,light}'::shade[]);
select hotpath.get_by(null::by_span, 'by_span_id_spans_name_key', '[1,2]', '{[1,2),[5,6)}', 'ONE') as found;
select hotpath.uncache_table('by_shade'), hotpath.uncache_table('by_span');

-- what is not there
select hotpath.cache_table(0);
select hotpath.uncache_table(999999);

-- the configuration itself
select hotpath.cache_table('hotpath.cached_key');

-- refused is refused: no trigger and no configuration is left behind
select count(*) from pg_trigger t join pg_class c on c.oid = tgrelid
where relnamespace = 'refused'::regnamespace and tgname like '%hotpath%';
select count(*) from hotpath.cached_key join pg_class c on c.oid = relation
where relnamespace = 'refused'::regnamespace;

-- allowed: unlogged tables, children by inheritance, partitioned tables
create unlogged table quick (id int primary key);
alter table child add primary key (id);
select hotpath.cache_table('quick'), hotpath.cache_table('child'), hotpath.cache_table('halves');

-- a cached table that gets children is read directly from then on
create table grandchild () inherits (child);
insert into grandchild values (1);
select hotpath.cache_check('child');
select hotpath.get(null::child, 1);
drop table grandchild;
select hotpath.get(null::child, 1);
select hotpath.cache_check('child') is null as is_cached;

-- reading what is no row of a table
select hotpath.get(1, 1);
select hotpath.get(null::composite, 1);
select hotpath.get(null::v, 1);
select hotpath.get(null::keyless, 1);
select hotpath.get_json('v', 1);
select hotpath.get_many(null::composite, array[1]);

set client_min_messages = warning;
drop table mine;
drop schema refused cascade;
drop foreign data wrapper dummy cascade;
