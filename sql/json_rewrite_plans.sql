-- Plans in which row_to_json(t) is a call with t's columns: what they look like, live with, and check.
create schema json_rewrite_plans;
set search_path = json_rewrite_plans;
create type pair as (a int, b text);
create table t (id int primary key, name text, p pair);
insert into t values (1, 'one', row(1, 'x')), (2, 'two', null);

-- a view keeps the call as it was written
create view v as select id, hotpath.row_to_json(t) as j, hotpath.row_to_json(t, true) as k from t;
select pg_get_viewdef('v') like '%hotpath.row_to_json(t.*) AS j,%hotpath.row_to_json(t.*, true) AS k%' as kept;
create rule noted as on update to t where hotpath.row_to_json(old)::text <> hotpath.row_to_json(new)::text do also nothing;
select pg_get_ruledef(oid) from pg_rewrite where rulename = 'noted';
explain (verbose, costs off) select j from v where id = 1;
update t set name = 'uno' where id = 1;
select * from v order by id;

-- a plan that is kept is made again when the row changes
set plan_cache_mode = force_generic_plan;
create view w as select id as a, name as b from t;
prepare of_table as select hotpath.row_to_json(t) from t order by id;
prepare of_view as select hotpath.row_to_json(w) from w limit $1;
prepare of_type as select hotpath.row_to_json(row(1, 'x')::pair);
prepare of_values(int, text) as select hotpath.row_to_json(row($1, $2)), hotpath.row_to_json(v) from (values ($1, $2)) v(n, t);
prepare of_pretty(bool) as select hotpath.row_to_json(t, $1) from t where id = 1;
create function steps() returns setof text language plpgsql as $$
declare
	r record;
begin
	for r in select hotpath.row_to_json(t)::text as j from t order by id loop
		return next r.j;
	end loop;
	return next hotpath.row_to_json(row(1, 'plpgsql')::pair);
end $$;
execute of_table;
execute of_view(1);
execute of_type;
execute of_values(1, 'x');
execute of_values(null, null);
execute of_pretty(true);
execute of_pretty(false);
execute of_pretty(null);
select * from steps();
drop view v;
drop rule noted on t;
alter table t add column added numeric default 1.50, drop column p;
alter table t rename name to "na""me";
alter view w rename b to second;
alter type pair rename attribute a to renamed;
execute of_table;
execute of_view(1);
execute of_type;
execute of_pretty(false);
select * from steps();
begin;
alter table t rename "na""me" to title;
execute of_table;
rollback;
execute of_table;
-- a cast to json that comes and goes
create type mood as enum ('ok');
create table moody (m mood);
insert into moody values ('ok');
prepare of_moody as select hotpath.row_to_json(x) from moody x;
execute of_moody;
create function mood_json(mood) returns json language sql immutable as $$select '{"feeling":1}'::json$$;
create cast (mood as json) with function mood_json(mood);
execute of_moody;
drop cast (mood as json);
execute of_moody;
alter type mood rename value 'ok' to 'fine';
execute of_moody;
reset plan_cache_mode;

-- functions in SQL, inlined or not
create function as_json(t) returns json language sql stable as 'select hotpath.row_to_json($1)';
create function all_json() returns setof json language sql stable as 'select hotpath.row_to_json(t) from json_rewrite_plans.t order by 1::text';
explain (verbose, costs off) select as_json(t) from t;
select as_json(t) from t;
select * from all_json();

-- expressions without a query: checks, conditions of triggers, defaults
create table checked (a int, b text, check (length(hotpath.row_to_json(checked)::text) < 30));
insert into checked values (1, 'short');
\set VERBOSITY terse
insert into checked values (1, 'much longer than that');
\set VERBOSITY default
set constraint_exclusion = on;
select * from checked c1, checked c2 where length(hotpath.row_to_json(c2)::text) > 30;
reset constraint_exclusion;
create function note() returns trigger language plpgsql as $$
begin
	raise notice '% -> %', hotpath.row_to_json(old), hotpath.row_to_json(new);
	return null;
end $$;
create trigger noted after update on checked for each row
	when (hotpath.row_to_json(old)::text <> hotpath.row_to_json(new)::text) execute function note();
update checked set b = b;
update checked set b = 'other';

-- the rights are those of the call as it was written
create role regress_json_reader;
grant usage on schema json_rewrite_plans to regress_json_reader;
grant select (a) on checked to regress_json_reader;
create table owned (id int, owner name default current_user);
insert into owned values (1), (2);
insert into owned values (3, 'regress_json_reader');
alter table owned enable row level security;
create policy own on owned using (owner = current_user and hotpath.row_to_json(owned) is not null);
grant select on owned to regress_json_reader;
set role regress_json_reader;
select hotpath.row_to_json(c) from checked c;
select hotpath.row_to_json(row(a)) from checked c;
select hotpath.row_to_json(o) from owned o;
reset role;
begin;
revoke execute on function hotpath.row_to_json(record, boolean) from public;
set role regress_json_reader;
select hotpath.row_to_json(o) from owned o;
rollback;

-- called by hand
select hotpath.row_columns_to_json('{a,b,NULL}', false, 1, 'x', null);
select hotpath.row_columns_to_json('{a,"b \"2\""}', true, 1, 'x');
select hotpath.row_columns_to_json(null, false, 1) is null as names, hotpath.row_columns_to_json('{a}', null, 1) is null as pretty;
select hotpath.row_columns_to_json(array['n' || i % 2, 'm'], i > 2, i, null::text) from generate_series(1, 4) i;
select hotpath.row_columns_to_json('{a,b}', false, 1);
select hotpath.row_columns_to_json('{}', false, 1);
select hotpath.row_columns_to_json('{{a,b},{c,d}}', false, 1, 2, 3, 4);
select hotpath.row_columns_to_json('{a,b}', false, variadic array[1, 2]);
select hotpath.row_columns_to_json(array[repeat('n', 64)], false, 1);

set client_min_messages = warning;
drop schema json_rewrite_plans cascade;
drop role regress_json_reader;
