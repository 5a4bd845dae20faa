-- A cached table that is altered by a command which does not name it: through a parent, or the type that
-- it is of.
create schema ddl_through;
set search_path = ddl_through;

create table parent (id int, v text, w varchar(10));
create table child (primary key (id)) inherits (parent);
create type kind as (id int, v text);
create table typed of kind (primary key (id));
create table joined (id int primary key, v text);
create table root (id int primary key, v text) partition by range (id);
insert into child select i, 'child ' || i from generate_series(1, 10) i;
insert into typed select i, 'typed ' || i from generate_series(1, 10) i;
insert into joined select i, 'joined ' || i from generate_series(1, 10) i;
select hotpath.cache_table('child'), hotpath.cache_table('typed'), hotpath.cache_table('joined');
alter table root attach partition joined for values from (1) to (100);

create function differ(t regclass) returns bigint language plpgsql as $$
declare n bigint;
begin
	execute format('select count(*) from generate_series(0, 11) k where hotpath.get(null::%1$s, k) is distinct from '
		'(select t from %1$s t where id = k) or hotpath.get_json(%1$L, k)::text is distinct from '
		'(select row_to_json(t)::text from %1$s t where id = k)', t) into n;
	return n;
end $$;
create view reads as
	select differ('child') as child, differ('typed') as typed, differ('joined') as joined;
create view stale as
	select sum(stale) from (values ('child'::regclass), ('typed'), ('joined')) t(t), hotpath.verify_cache(t);
table reads;
table reads;

-- to what it is already, and to what needs no rewrite
alter table parent alter v type text;
alter type kind alter attribute v type text cascade;
alter table root alter v type text;
table reads;
table reads;
table stale;
alter table parent alter w type varchar(20);
alter table parent alter v type text collate "C";
alter type kind alter attribute v type varchar cascade;
table reads;
table reads;
table stale;

-- and not, after all
begin;
alter table parent alter v type varchar;
alter type kind alter attribute v type text cascade;
alter table root alter v type varchar;
table reads;
rollback;
table reads;
table reads;
table stale;

-- rewritten, renamed, added to
alter table root alter v type int using 7;
alter table parent alter id type bigint;
alter table parent rename v to u;
alter type kind rename attribute v to u cascade;
alter table parent add column x int default 7;
alter type kind add attribute x int cascade;
alter table root add column x int default 7;
table reads;
table reads;
table stale;
select hotpath.get_json('child', 3), hotpath.get_json('typed', 3), hotpath.get_json('joined', 3);
select hotpath.cache_check('child'), hotpath.cache_check('typed'), hotpath.cache_check('joined');

set client_min_messages = warning;
drop schema ddl_through cascade;
