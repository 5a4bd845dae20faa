-- Wide rows, long values, deep nesting, constant memory.  A document of more than 1 GB: test/t/123_value_limits.pl.
create schema json_limits;
set search_path = json_limits;

-- 1200 columns
\set ECHO none
select format('create table wide (%s)', string_agg(format('column_%s %s', i,
	(array['int', 'text', 'timestamptz', 'numeric'])[1 + i % 4]), ', ')) from generate_series(1, 1200) i \gexec
\set ECHO all
insert into wide (column_1, column_4, column_1197, column_1199) values ('one', 4, 'x"y', 12);
insert into wide default values;
select length(hotpath.row_to_json(w)::text) as length, hotpath.row_to_json(w)::text = row_to_json(w)::text as equal,
	hotpath.row_to_json(w, true)::text = row_to_json(w, true)::text as equal_pretty from wide w;

-- 10 MB in one value: compressed, out of line, all escapes, or in an array
create table long (id int, t text, b bytea, j json, l text[]);
insert into long select 1, repeat('x"y', 3500000), null, to_json(repeat('\', 100000)), null;
insert into long select 2, repeat(E'\x01', 2000000), decode(repeat('ab', 5000000), 'hex'), null, array[repeat('z', 3000000), 'short'];
insert into long select 3, string_agg(md5(i::text), '' order by i), null, null, array_agg(md5(i::text)) from generate_series(1, 100000) i;
select id, length(hotpath.row_to_json(long)::text) as length, hotpath.row_to_json(long)::text = row_to_json(long)::text as equal
from long order by id;

-- deeper than the stack allows
set max_stack_depth = '100kB';
create function nested(depth int) returns record language plpgsql as $$
declare
	r record := row('leaf', null::record);
begin
	for i in 1..depth loop
		r := row('n', r);
	end loop;
	return r;
end $$;
select length(hotpath.row_to_json(nested(20))::text) as length,
	hotpath.row_to_json(nested(20))::text = row_to_json(nested(20))::text as equal;
select hotpath.row_to_json(nested(3000));
reset max_stack_depth;

-- the memory of a statement does not grow with the rows it writes
create function growth(rows int) returns bigint language plpgsql as $$
declare
	r record;
	before bigint;
begin
	for r in select hotpath.row_to_json(row(i, 'text ' || i, i * 1.5, now(), array[i, i], row(i, interval '1 day'),
			'{"a": [1, 2.5]}'::jsonb, point(i, i))) as j, i from generate_series(1, rows) i loop
		if r.i = 1000 then
			select sum(total_bytes) into before from pg_backend_memory_contexts;
		end if;
	end loop;
	return (select sum(total_bytes) from pg_backend_memory_contexts) - before;
end $$;
select growth(100000) < 1000000 as constant_memory;

-- it may run in parallel workers
create table many as select i as id, 'name ' || i as name, row(i, 'x') = row(i, 'x') as flag from generate_series(1, 20000) i;
set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0;
select sum(hashtext(hotpath.row_to_json(m)::text)) = sum(hashtext(row_to_json(m)::text)) as equal from many m;
select count(*) filter (where hotpath.row_to_json(s)::text is distinct from row_to_json(s)::text) as different
from (select id, name, row(id, name) as r from many) s;

set client_min_messages = warning;
drop schema json_limits cascade;
