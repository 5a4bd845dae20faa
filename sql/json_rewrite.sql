-- The planner makes of row_to_json(t) a call with t's columns. Wherever t stands, the result is the server's.
create schema json_rewrite;
set search_path = json_rewrite;
set timezone = 'UTC';

-- the rows of a query in which JSON stands for a function; what it changes is rolled back
create function rows_of(query text, function text) returns text[] language plpgsql as $$
declare
	r record;
	rows text[];
begin
	begin
		for r in execute replace(query, 'JSON(', function || '(') loop
			rows := rows || r::text;
		end loop;
		raise sqlstate 'UNDO1';
	exception when sqlstate 'UNDO1' then
	end;
	return array(select row from unnest(rows) row order by row collate "C");
end $$;
create function compare(query text, out same text, out rewritten boolean, out rows int) language plpgsql as $$
declare
	ours text[] := rows_of(query, 'hotpath.row_to_json');
	core text[] := rows_of(query, 'pg_catalog.row_to_json');
	line text;
begin
	same := case when ours is not distinct from core then 'same' else format('%s instead of %s', ours, core) end;
	rows := coalesce(array_length(ours, 1), 0);
	rewritten := false;
	for line in execute 'explain (verbose, costs off) ' || replace(query, 'JSON(', 'hotpath.row_to_json(') loop
		rewritten := rewritten or line like '%row_columns_to_json(%';
	end loop;
end $$;

create type pair as (a int, b text);
create table t (id int primary key, gone text, name text, amount numeric(10, 2), p pair, ps pair[], at timestamptz default '2024-01-01 00:00+00');
insert into t values (1, 'x', 'one', 1.50, row(1, 'p'), array[row(2, 'q')::pair]), (2, 'x', null, null, null, null), (3, 'x', '"three"', 3, null, '{}');
alter table t drop column gone, add column added text default 'later';
insert into t (id, name) values (4, 'four');
create table u (id int, t_id int, note text);
insert into u values (10, 1, 'first'), (11, 1, 'second'), (12, 9, 'nothing');
analyze t, u;

explain (verbose, costs off) select hotpath.row_to_json(t) from t;
explain (verbose, costs off) select hotpath.row_to_json(s, true) from (select id, name || 'x' as "a ""b" from t where id > 1) s;

-- what a row may be
create view plain_view as select id, name, p from t;
create view barrier with (security_barrier) as select id, name, p from t;
create materialized view stored as select id, name, amount from t;
create table parent (a int, b text);
create table child (c text) inherits (parent);
create table shuffled (b text, z int, a int);
alter table shuffled inherit parent;
insert into parent values (1, 'parent');
insert into child values (2, 'child', 'c');
insert into shuffled values ('shuffled', 3, 3);
create table parted (id int, v text) partition by list (id);
create table parted_1 partition of parted for values in (1);
create table parted_2 (v text, unused int, id int);
alter table parted_2 drop column unused;
alter table parted attach partition parted_2 for values in (2);
insert into parted values (1, 'one'), (2, 'two');
create table none ();
insert into none default values;
create function some_rows() returns setof t language sql as 'select * from json_rewrite.t' volatile;
\pset format unaligned
select query, c.* from (values
	('select JSON(t) from t'),
	('select JSON(t.*) from t'),
	('select JSON(a) from t as a(x, y, z)'),
	('select JSON(t, true) from t'),
	('select JSON(t, id > 2) from t'),
	('select JSON(t, case when id > 2 then true end) from t'),
	('select JSON(t, null) from t'),
	('select JSON(v) from plain_view v'),
	('select JSON(v) from plain_view v(x, y)'),
	('select JSON(b) from barrier b'),
	('select JSON(s) from stored s'),
	('select JSON(p) from parent p'),
	('select JSON(p) from only parent p'),
	('select JSON(p) from parted p where length(JSON(p)::text) > 1'),
	('select JSON(p), tableoid::regclass from parted p'),
	('select JSON(n) from none n'),
	('select JSON(s) from some_rows() s'),
	('select JSON(q) from generate_series(1, 2) s(x), lateral (select x, s) as q'),
	('select JSON(j) from (t join u on u.t_id = t.id) j'),
	('select JSON(s) from (select id, name, name as name, p, 1 as "?column?" from t) s'),
	('select JSON(s) from (select id, random() > 2 as r, t from t) s'),
	('select JSON(s) from (select id, name from t order by amount limit 3) s(x)'),
	('select JSON(s) from (select * from t offset 0) s'),
	('select JSON(s) from (select * from u union all select id, id, name from t) s'),
	('select JSON(t) from t union all select JSON(u) from u'),
	('select j from (select JSON(t) as j from t union all select JSON(u) from u) s where j is not null'),
	('with s as materialized (select id, p from t) select JSON(s) from s'),
	('with s as (select id, p from t) select JSON(s) from s'),
	('with recursive s(n, m) as (select 1, ''x'' union all select n + 1, m from s where n < 3) select JSON(s) from s'),
	('select JSON(v) from (values (1, ''x''), (2, null)) v(n, "t t")'),
	('select JSON(row(id, name)) from t'),
	('select JSON(row(1, ''unknown'', null, id)) from t'),
	('select JSON(row(id, name)::pair) from t'),
	('select JSON(row(row(id, t), array[t])) from t'),
	('select JSON(p) from t'),
	('select JSON((select x from t x where x.id = u.t_id)) from u'),
	('select JSON(row(generate_series(1, 2), id)) from t'),
	('select JSON(c)::jsonb - ''relacl'' from pg_class c where relname = ''pg_class'''),
	('select JSON(s) from pg_statistic s where starelid = ''t''::regclass'),
	('select JSON(t) from t tablesample system (100)')) q(query), compare(query) c;

-- where it may stand; a row that an outer join or a grouping set makes null gives null
select query, c.* from (values
	('select u.id, JSON(t) from u left join t on t.id = u.t_id'),
	('select u.id, JSON(u) from u left join t on t.id = u.t_id'),
	('select u.id, JSON(u), JSON(t) from t right join u on t.id = u.t_id'),
	('select JSON(u), JSON(t) from t full join u on t.id = u.t_id'),
	('select JSON(t) from u left join (t join t t2 using (id)) on t.id = u.t_id'),
	('select JSON(v) from u left join plain_view v on v.id = u.t_id'),
	('select JSON(s) from u left join (select id, name from t offset 0) s on s.id = u.t_id'),
	('select j from u left join (select id, JSON(t) as j from t) s on s.id = u.t_id'),
	('select j from u left join (select id, JSON(s, false) as j from (select id, 7 as seven from t) s) s on s.id = u.t_id'),
	('select u.id, j from u left join lateral (select JSON(t) as j from t where t.id = u.t_id) s on true'),
	('select j, k from t left join u on u.t_id = t.id, lateral (select JSON(t) as j, JSON(u) as k) s'),
	('select j from t left join u on u.t_id = t.id, lateral JSON(t) j'),
	('select j from t left join u on u.t_id = t.id, lateral JSON(u) j'),
	('select j from u left join (select f.j, t.id from t, lateral JSON(t) f(j)) s on s.id = u.t_id'),
	('select t.id, u.id from t left join u on u.t_id = t.id and JSON(u)::text like ''%first%'''),
	('select t.id, u.id from t left join u on u.t_id = t.id where JSON(u) is null'),
	('select id from t where JSON(t)::text like ''%one%'' and JSON(t) is not null'),
	('select id from u where exists (select from t where t.id = u.t_id and JSON(t)::text like ''%one%'')'),
	('select id from u where not exists (select from t where t.id = u.t_id and JSON(t)::text like ''%one%'')'),
	('select id from u where id in (select (JSON(x)->>''id'')::int from u x)'),
	('select id, (select JSON(t)) from t'),
	('select id, (select JSON(t) from u where u.t_id = t.id limit 1) from t'),
	('select id, (select json_agg(JSON(u) order by u.id) from u where u.t_id = t.id) from t'),
	('select sum(length(JSON(t)::text)), json_agg(JSON(t) order by id) filter (where JSON(t)::text like ''%o%'') from t'),
	('select count(*), json_agg(JSON(u)) from u group by t_id'),
	('select JSON(t)::text, count(*) from t join u on u.t_id = t.id group by JSON(t)::text'),
	('select JSON(t)::text || ''x'' from t group by JSON(t)::text having JSON(t)::text like ''%o%'' order by JSON(t)::text'),
	('select JSON(u), count(*) from u group by u'),
	('select JSON(u), count(*) from u group by grouping sets ((u), ())'),
	('select JSON(s), count(*) from (select id, note from u) s group by rollup (s)'),
	('select JSON(s), count(*) from (select t_id + 0 as x from u) s group by s'),
	('select JSON(t), count(*) from t join u on u.t_id = t.id group by t.id'),
	('select distinct JSON(t)::text from t'),
	('select distinct on (JSON(t)::text) id from t order by JSON(t)::text, id'),
	('select JSON(t), row_number() over (partition by JSON(t)::text order by JSON(t, true)::text) from t'),
	('select JSON(t) from t order by JSON(t)::text desc, name limit 3'),
	('select JSON(t) from t for update'),
	('select coalesce(JSON(t), ''{}'') from t where case when id > 1 then JSON(t) else ''1'' end is not null'),
	('insert into u select id, id, JSON(t)::text from t returning note'),
	('insert into u values (1, 1, JSON(row(1, 2))::text) returning JSON(u)'),
	('insert into t (id, name) values (1, ''again''), (7, ''seven'') on conflict (id) do update
		set name = JSON(excluded)::text || JSON(t)::text returning JSON(t)'),
	('update t set name = JSON(t)::text returning JSON(t)'),
	('update t set name = JSON(u)::text from u where u.t_id = t.id and u.id = 10 returning JSON(t), JSON(u)'),
	('update parent set b = JSON(parent)::text returning JSON(parent)'),
	('update parted set v = JSON(parted)::text, id = 3 - id returning JSON(parted)'),
	('delete from t using u where u.t_id = t.id returning JSON(t), JSON(u)'),
	('with d as (delete from u returning JSON(u) as j, u) select j, JSON(d) from d')) q(query), compare(query) c;

\pset format aligned

-- MERGE, where both sides may be missing
create function merged(function text) returns setof text language plpgsql as $$
begin
	execute replace('merge into u using t on t.id = u.t_id
		when matched then update set note = JSON(u)::text || JSON(t)::text
		when not matched then insert values (t.id, t.id, JSON(t)::text)', 'JSON', function);
	return query select note from u;
end $$;
select rows_of('select merged(''hotpath.row_to_json'')', '') = rows_of('select merged(''pg_catalog.row_to_json'')', '') as same,
	array_length(rows_of('select merged(''hotpath.row_to_json'')', ''), 1) as rows;

-- in workers, compiled, by cursor
set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0;
select * from compare('select JSON(t) from t where id <> 2');
select * from compare('select sum(length(JSON(t)::text)) from t');
reset parallel_setup_cost; reset parallel_tuple_cost; reset min_parallel_table_scan_size;
set jit_above_cost = 0; set jit_optimize_above_cost = 0;
select * from compare('select JSON(t) from t where JSON(t)::text is not null');
reset jit_above_cost; reset jit_optimize_above_cost;
begin;
declare c scroll cursor for select hotpath.row_to_json(t) from t order by id;
fetch 2 from c;
fetch backward 1 from c;
update t set name = 'updated' where id = 3;
fetch forward 2 from c;
rollback;

-- wide rows, up to what a call takes, and beyond it
do $$
begin
	for n in 98..99 loop
		execute format('create table wide_%s (%s)', n, (select string_agg('c' || i || ' int default ' || i, ', ') from generate_series(1, n) i));
	end loop;
end $$;
insert into wide_98 default values;
insert into wide_99 default values;
select * from compare('select JSON(w) from wide_98 w');
select * from compare('select JSON(w) from wide_99 w');
-- long and stored out of line
create table long (id int, t text, j jsonb);
alter table long alter t set storage external;
insert into long select 1, repeat('x"', 100000), jsonb_build_object('k', repeat('y', 300000));
select c.same, c.rewritten from compare('select JSON(l) from long l') c;

set client_min_messages = warning;
drop schema json_rewrite cascade;
