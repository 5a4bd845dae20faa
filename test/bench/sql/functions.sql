-- Loops for the measurements inside the server. The two of a pair differ in one statement.
create schema bench;
create schema peer;

create function bench.pl_plain(low integer, n integer) returns void language plpgsql as $$
declare
	r narrow;
begin
	for i in low .. low + n - 1 loop
		select * into r from narrow where id = i;
	end loop;
end $$;

create function bench.pl_get(low integer, n integer) returns void language plpgsql as $$
declare
	r narrow;
begin
	for i in low .. low + n - 1 loop
		r := hotpath.get(null::narrow, i);
	end loop;
end $$;

create function bench.pl_json_plain(low integer, n integer) returns void language plpgsql as $$
declare
	j json;
begin
	for i in low .. low + n - 1 loop
		select row_to_json(narrow) into j from narrow where id = i;
	end loop;
end $$;

create function bench.pl_json_get(low integer, n integer) returns void language plpgsql as $$
declare
	j json;
begin
	for i in low .. low + n - 1 loop
		j := hotpath.get_json('narrow', i);
	end loop;
end $$;

-- Lists of random keys, made once: making them is no part of what is measured.
create table bench.key_list (size integer, n integer, keys bigint[], primary key (size, n));

create function bench.many_plain(list_size integer, times integer) returns void language plpgsql as $$
declare
	ks bigint[];
	total bigint;
begin
	for i in 1 .. times loop
		select keys into ks from bench.key_list where size = list_size and n = i % 8;
		select sum(quantity) into total from narrow where id = any (ks);
	end loop;
end $$;

create function bench.many_get(list_size integer, times integer) returns void language plpgsql as $$
declare
	ks bigint[];
	total bigint;
begin
	for i in 1 .. times loop
		select keys into ks from bench.key_list where size = list_size and n = i % 8;
		select sum(quantity) into total from hotpath.get_many(null::narrow, ks);
	end loop;
end $$;

-- Both statements in turn, n times, each first as often as the other; rates in units per second.
create function bench.in_turn(a text, b text, n integer, units integer)
returns table (turn integer, rate_a float8, rate_b float8) language plpgsql as $$
declare
	began timestamptz;
begin
	execute a;		-- plans and caches of this session
	execute b;
	for i in 1 .. n loop
		turn := i;
		for side in 0 .. 1 loop
			began := clock_timestamp();
			if (i + side) % 2 = 1 then
				execute a;
				rate_a := units / extract(epoch from clock_timestamp() - began);
			else
				execute b;
				rate_b := units / extract(epoch from clock_timestamp() - began);
			end if;
		end loop;
		return next;
	end loop;
end $$;

-- Microseconds of a statement: the median of at least five executions that take 0.3 seconds together.
create function bench.cost(statement text) returns float8 language plpgsql as $$
declare
	began timestamptz;
	first timestamptz;
	costs float8[] := '{}';
begin
	execute statement;
	first := clock_timestamp();
	while cardinality(costs) < 5 or clock_timestamp() < first + interval '300 ms' loop
		began := clock_timestamp();
		execute statement;
		costs := costs || extract(epoch from clock_timestamp() - began)::float8 * 1e6;
	end loop;
	return (select percentile_cont(0.5) within group (order by c) from unnest(costs) c);
end $$;

-- Reads the trace's part from .. upto through the cache.
create table bench.trace (n integer, id bigint);

create function bench.run_trace(first integer, last integer) returns void language plpgsql as $$
declare
	k bigint;
	r narrow;
begin
	for k in select id from bench.trace where n between first and last order by n loop
		r := hotpath.get(null::narrow, k);
	end loop;
end $$;
