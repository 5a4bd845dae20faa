-- Two unique indexes on the same column that compare otherwise: as citext and as text.
create schema keys_equality;
set search_path = keys_equality;
\pset null '(null)'
create extension citext;

create table t (name citext not null);
create unique index t_exact on t (name text_ops);
alter table t add primary key (name);
create table r (id int primary key, name citext references t);
insert into t values ('ABC');
insert into r values (1, 'abc');
create view reads as
	select hotpath.get(null::t, 'abc') as by_primary, (select t from t where name = 'abc') as plain_primary,
		hotpath.get_by(null::t, 't_exact', 'abc') as by_exact, (select t from t where name::text = 'abc') as plain_exact;
create function embedded() returns table (tree json, child json) language sql as $$
	select (select e from hotpath.embed('t', array['abc'::citext]) e),
		(select e from hotpath.embed_where('r', '{"with": {"t": {}}}') e)
$$;
select * from embedded();

-- both, by one of which rows are cached
select hotpath.cache_table('t'), hotpath.cache_table('t', 't_exact');
select hotpath.get_by(null::t, 't_exact', 'abc');
select * from reads;
select hotpath.get(null::t, 'abc');
select * from reads;
select * from embedded();
select count(*) from hotpath.cache_stats where relation = 't'::regclass;

-- the other one alone
select hotpath.uncache_table('t');
select hotpath.cache_table('t', 't_exact');
select hotpath.get_by(null::t, 't_exact', 'abc');
select * from reads;
select * from embedded();
select * from hotpath.verify_cache('t');

-- an operator class need not have all five operators
create operator class odd for type int using btree as operator 1 <, function 1 btint4cmp(int, int);
create table odd_key (id int primary key, x int);
create unique index odd_key_x on odd_key (x odd);
insert into odd_key values (1, 10);
select item from hotpath.page(null::odd_key, 'id');
select hotpath.get_by(null::odd_key, 'odd_key_x', 10);

set client_min_messages = warning;
drop schema keys_equality cascade;
