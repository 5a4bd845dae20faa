-- Pages joined are the unpaged result: random tables, orders and requests, compared with ORDER BY
-- and with the algorithm of the Relay specification worked out on an array of all rows.
create schema page_random;
set search_path = page_random, public;
set client_min_messages = warning;
create type mood as enum ('sad', 'ok', 'happy');
create domain amount as numeric check (value is null or value > -1000);
create collation if not exists page_random.c (locale = 'C');

-- A value of a type: few different ones, so that there are many ties.
create function some_value(type text) returns text language sql volatile as $$
	select case type
		when 'int' then (array['1', '2', '3', '-7', '2147483647'])[1 + floor(random() * 5)]
		when 'bigint' then (array['1', '-9223372036854775808', '5'])[1 + floor(random() * 3)]
		when 'text' then (array['', 'a', 'B', 'b', 'ä', e'x\ny"''\\'])[1 + floor(random() * 6)]
		when 'text collate "C"' then (array['a', 'B', 'b', 'ä'])[1 + floor(random() * 4)]
		when 'varchar(5)' then (array['a', 'a ', 'b'])[1 + floor(random() * 3)]
		when 'char(3)' then (array['a', 'ab', 'b'])[1 + floor(random() * 3)]
		when 'timestamptz' then (array['2024-03-01 12:00:00.000001+02', 'infinity',
			'2024-03-01 12:00:00.000002+02', '-infinity'])[1 + floor(random() * 4)]
		when 'date' then (array['2024-02-29', 'infinity', '0044-03-15 BC'])[1 + floor(random() * 3)]
		when 'numeric' then (array['1.0', '1.00', 'NaN', '-0.001', 'Infinity', '12345678901234567890.5'])
			[1 + floor(random() * 6)]
		when 'amount' then (array['1.0', '1.10', '7'])[1 + floor(random() * 3)]
		when 'float8' then (array['0', '-0', 'NaN', '1e-310', 'Infinity', '0.1'])[1 + floor(random() * 6)]
		when 'float4' then (array['0.1', 'NaN', '3'])[1 + floor(random() * 3)]
		when 'uuid' then (array['00000000-0000-0000-0000-000000000001',
			'ffffffff-ffff-ffff-ffff-ffffffffffff'])[1 + floor(random() * 2)]
		when 'boolean' then (array['t', 'f'])[1 + floor(random() * 2)]
		when 'mood' then (array['sad', 'ok', 'happy'])[1 + floor(random() * 3)]
		when 'interval' then (array['1 mon', '30 days', '-1 us'])[1 + floor(random() * 3)]
		when 'int[]' then (array['{}', '{1,2}', '{1,NULL}'])[1 + floor(random() * 3)]
		when 'bytea' then (array['\x', '\x00ff', '\x01'])[1 + floor(random() * 3)]
	end
$$;

-- Create table t with up to four order columns and return an order over it.
create function make_table(kind text) returns text language plpgsql as $$
declare
	types constant text[] := array['int', 'bigint', 'text', 'text collate "C"', 'varchar(5)', 'char(3)',
		'timestamptz', 'date', 'numeric', 'amount', 'float8', 'float4', 'uuid', 'boolean', 'mood',
		'interval', 'int[]', 'bytea'];
	ncolumns int := 1 + floor(random() * 4);
	type text;
	nullable boolean;
	columns text := '';
	values_ text;
	ordering text := '';
	made text[] := '{}';
begin
	drop table if exists t cascade;
	for i in 1 .. ncolumns loop
		type := types[1 + floor(random() * array_length(types, 1))];
		nullable := random() < 0.5;
		made := made || (type || case when nullable then '?' else '' end);
		columns := columns || format(', c%s %s%s', i, type, case when nullable then '' else ' not null' end);
		ordering := ordering || format('%sc%s%s%s', case when i > 1 then ', ' else '' end, i,
			(array['', ' asc', ' desc'])[1 + floor(random() * 3)],
			(array['', ' nulls first', ' nulls last'])[1 + floor(random() * 3)]);
	end loop;
	if random() < 0.3 then
		ordering := ordering || ', id desc';
	end if;
	if kind = 'partitioned' then
		execute format('create table t (dropped int, id int%s, tenant int, part int, primary key (id, part)) '
			'partition by list (part)', columns);
		create table t0 partition of t for values in (0);
		create table t1 partition of t for values in (1);
	else
		execute format('create table t (dropped int, id int primary key%s, tenant int)', columns);
	end if;
	alter table t drop column dropped;
	for row in 1 .. floor(random() * 40) loop
		values_ := row::text;
		for i in 1 .. ncolumns loop
			values_ := values_ || ', ' || case when made[i] like '%?' and random() < 0.3 then 'null'
				else quote_literal(some_value(rtrim(made[i], '?'))) end;
		end loop;
		execute format('insert into t values (%s, %s%s)', values_, 1 + row % 2,
			case when kind = 'partitioned' then ', ' || row % 2 else '' end);
	end loop;
	return ordering;
end
$$;

-- What the specification says: positions of the first and the last row of the page.
create function relay(n int, first int, after int, last int, before int, out low int, out high int)
	language plpgsql as $$
begin
	low := coalesce(after, 0) + 1;
	high := coalesce(before, n + 1) - 1;
	if first is not null then high := least(high, low + first - 1); end if;
	if last is not null then low := greatest(low, high - last + 1); end if;
end
$$;

-- Compare pages of t with the plain result; returns the number of pages read.
create function check_pages(ordering text, filter jsonb, condition text) returns int
	language plpgsql as $$
declare
	expected int[];
	cursors text[];
	joined int[];
	page record;
	place text;
	more boolean;
	n int;
	pages int := 0;
	f int; a int; l int; b int;
	span record;
	info jsonb;
begin
	execute format('select array_agg(id order by %s, id%s) from t where %s', ordering,
		case when regexp_replace(ordering, '^.*,', '') ~ 'desc' then ' desc' else '' end, condition)
		into expected;
	n := coalesce(array_length(expected, 1), 0);

	-- all rows and their cursors
	execute $q$ select coalesce(array_agg((item).id), '{}'), array_agg(cursor)
		from hotpath.page(null::t, $1, 1000, filter => $2) $q$ into joined, cursors using ordering, filter;
	if joined is distinct from coalesce(expected, '{}') then
		raise exception 'order %: % instead of %', ordering, joined, expected;
	end if;

	for size in 1 .. 11 loop
		-- forward
		joined := '{}'; place := null;
		loop
			execute $q$ select array_agg((item).id) as ids, max(cursor) filter (where o = c) as far,
				bool_and(has_next_page) as next, bool_and(has_previous_page) as previous
				from (select *, count(*) over () as c from hotpath.page(null::t, $1, $2, $3, filter => $4)
					with ordinality as p (item, cursor, has_previous_page, has_next_page, o)) p $q$
				into page using ordering, size, place, filter;
			exit when page.ids is null;
			if page.previous is distinct from (joined <> '{}') then
				raise exception 'order %, size %: has_previous_page %', ordering, size, page.previous;
			end if;
			joined := joined || page.ids; place := page.far; pages := pages + 1;
			if page.next is distinct from (array_length(joined, 1) < n) then
				raise exception 'order %, size %: has_next_page %', ordering, size, page.next;
			end if;
		end loop;
		if joined is distinct from coalesce(expected, '{}') then
			raise exception 'order %, size %: % instead of %', ordering, size, joined, expected;
		end if;
		-- backward
		joined := '{}'; place := null;
		loop
			execute $q$ select array_agg((item).id) as ids, max(cursor) filter (where o = 1) as far,
				bool_and(has_next_page) as next, bool_and(has_previous_page) as previous
				from hotpath.page(null::t, $1, last => $2, before => $3, filter => $4)
					with ordinality as p (item, cursor, has_previous_page, has_next_page, o) $q$
				into page using ordering, size, place, filter;
			exit when page.ids is null;
			if page.next is distinct from (joined <> '{}') then
				raise exception 'order %, size -%: has_next_page %', ordering, size, page.next;
			end if;
			joined := page.ids || joined; place := page.far; pages := pages + 1;
			if page.previous is distinct from (array_length(joined, 1) < n) then
				raise exception 'order %, size -%: has_previous_page %', ordering, size, page.previous;
			end if;
		end loop;
		if joined is distinct from coalesce(expected, '{}') then
			raise exception 'order %, size -%: % instead of %', ordering, size, joined, expected;
		end if;
	end loop;

	-- any request, with its flags even when the page is empty
	for i in 1 .. case when n = 0 then 0 else 30 end loop
		f := case when random() < 0.6 then floor(random() * 12) end;
		l := case when random() < 0.6 or f is null then floor(random() * 12) end;
		a := case when random() < 0.5 then 1 + floor(random() * n) end;
		b := case when random() < 0.5 then 1 + floor(random() * n) end;
		info := hotpath.page_json('t', ordering, f, cursors[a], l, cursors[b], filter, array['id'], count => 'exact');
		select * into span from relay(n, f, a, l, b);
		select coalesce(array_agg((x ->> 'id')::int order by o), '{}') into joined
			from jsonb_array_elements(info -> 'items') with ordinality e (x, o);
		pages := pages + 1;
		if joined is distinct from coalesce(expected[span.low:span.high], '{}') then
			raise exception 'order %, first % after % last % before %: % instead of %', ordering, f, a, l, b,
				joined, expected[span.low:span.high];
		end if;
		if joined <> '{}' and (info -> 'page_info') - 'start_cursor' - 'end_cursor' is distinct from
			jsonb_build_object('has_previous_page', span.low > 1, 'has_next_page', span.high < n) then
			raise exception 'order %, first % after % last % before %: %', ordering, f, a, l, b, info;
		end if;
		if joined = '{}' and f is not null and l is null and (info #>> '{page_info,has_previous_page}')::boolean
			is distinct from (a is not null) then
			raise exception 'order %, first % after % before %: %', ordering, f, a, b, info;
		end if;
		if (info -> 'total_count')::int <> n then
			raise exception 'total_count % instead of %', info -> 'total_count', n;
		end if;
	end loop;
	return pages;
end
$$;

create function check_random(kind text, tables int, seed float8) returns text language plpgsql as $$
declare
	ordering text;
	filter jsonb;
	condition text;
	ddl text;
	strategy_ text;
	pages int := 0;
	strategies text[] := '{}';
begin
	perform setseed(seed);
	for i in 1 .. tables loop
		ordering := make_table(kind);
		filter := null; condition := 'true';
		if random() < 0.3 then
			filter := '{"tenant": 1}'; condition := 'tenant = 1';
		elsif random() < 0.1 then
			filter := '{"tenant": {"$gt": 1}}'; condition := 'tenant > 1';
		end if;
		if kind <> 'plain' then
			select index_ddl into ddl from hotpath.page_explain('t', ordering, filter);
			if ddl is not null then
				execute ddl;
				if random() < 0.5 then
					analyze t;
				end if;
			end if;
		end if;
		if kind = 'policy' then
			alter table t enable row level security;
			alter table t force row level security;
			create policy everything on t using (true);
			grant all on t to public;
		end if;
		select strategy into strategy_ from hotpath.page_explain('t', ordering, filter);
		if not strategy_ = any (strategies) then
			strategies := strategies || strategy_;
		end if;
		pages := pages + check_pages(ordering, filter, condition);
	end loop;
	return format('%s: %s pages at least, strategies %s', kind, case when pages > tables * 20 then 'enough' else 'few' end,
		(select array_agg(s order by s) from unnest(strategies) s));
end
$$;

select check_random('plain', 20, 0.1);
select check_random('indexed', 60, 0.2);
select check_random('partitioned', 12, 0.3);

-- as a role to which a policy applies
create role regress_page_reader;
grant usage, create on schema page_random to regress_page_reader;
grant usage on type mood, amount to regress_page_reader;
drop table t cascade;
set role regress_page_reader;
select check_random('policy', 12, 0.4);
reset role;

set client_min_messages = warning;
drop schema page_random cascade;
drop role regress_page_reader;
