-- Exports that live in cursors and loops, and those that nobody reads to the end.

create schema export_cursors;
set search_path = export_cursors, hotpath, public;
create table t (id int primary key, pad text);
insert into t select i, repeat('x', 50) from generate_series(1, 1000) i;

-- what an export holds while it runs
create function held(out exports bigint, out progress bigint) language plpgsql as $$
begin
	perform pg_stat_clear_snapshot();
	select count(*) from pg_backend_memory_contexts where name = 'pg_hotpath export' into exports;
	select count(*) from pg_stat_progress_copy where pid = pg_backend_pid() into progress;
end
$$;

-- LIMIT
select hotpath.export_json('select id from t order by id', chunk_size => 1) limit 2;
select * from held();

-- a cursor: the rows come as they are fetched, the snapshot is the cursor's
begin;
declare c cursor for select hotpath.export_json('select id from t order by id', chunk_size => 1);
fetch 2 from c;
select * from held();
update t set id = id + 1000;
fetch 2 from c;
select from pg_stat_clear_snapshot();
select command, type, tuples_processed, bytes_processed from pg_stat_progress_copy where pid = pg_backend_pid();
close c;
select * from held();
rollback;

-- two at a time
begin;
declare a cursor for select hotpath.export_json('select id from t order by id', chunk_size => 1);
declare b cursor for select hotpath.export_json('select id from t order by id desc', chunk_size => 1);
fetch a;
fetch b;
fetch a;
select * from held();
close a;
select * from held();
fetch b;
select * from held();
commit;
select * from held();

-- a savepoint after the cursor: the export goes on after ROLLBACK TO, even if it began inside
begin;
declare c cursor for select hotpath.export_json('select id from t order by id', chunk_size => 1);
savepoint s;
fetch c;
select 1 / 0;
rollback to s;
fetch c;
savepoint s2;
fetch c;
release s2;
fetch c;
commit;
select * from held();

-- a savepoint before it: the cursor goes, and all that it held
begin;
savepoint s;
declare c cursor for select hotpath.export_json('select id from t order by id', chunk_size => 1);
fetch c;
rollback to s;
select * from held();
fetch c;
rollback;
select * from held();

-- WITH HOLD: the rest is kept at commit, whichever cursor comes first
begin;
declare held_1 cursor with hold for select hotpath.export_json('select id from t where id <= 4 order by id', chunk_size => 1);
declare plain_1 cursor for select hotpath.export_json('select id from t order by id', chunk_size => 1);
declare held_2 cursor with hold for select hotpath.export_json('select id from t where id <= 4 order by id', chunk_size => 1);
fetch held_1;
fetch plain_1;
commit;
fetch all held_1;
fetch all held_2;
select * from held();
close all;

-- backward
begin;
declare c scroll cursor for select hotpath.export_json('select id from t order by id', chunk_size => 1);
fetch 2 from c;
fetch backward 1 from c;
fetch 2 from c;
commit;

-- loops of PL/pgSQL, left early, with exceptions inside
create function lines(wanted int) returns setof text language plpgsql as $$
declare
	chunk text;
	n int := 0;
begin
	for chunk in select hotpath.export_json('select id from t order by id', chunk_size => 1) loop
		begin
			n := n + 1;
			if n = 2 then
				raise exception 'on the way';
			end if;
		exception when raise_exception then
			return next 'caught';
			continue;
		end;
		return next chunk;
		exit when n = wanted;
	end loop;
end
$$;
select lines(3);
select * from held();

-- an error of the query, caught
do $$
begin
	perform hotpath.export_json('select 1 / (500 - id) from t order by id', chunk_size => 100);
exception when division_by_zero then
	raise notice 'caught: %', sqlerrm;
end
$$;
select * from held();

-- COMMIT in a loop: the server reads the loop's query to its end first
create procedure commits() language plpgsql as $$
declare
	chunk text;
	n int := 0;
begin
	for chunk in select hotpath.export_json('select id from t order by id', chunk_size => 1) loop
		n := n + 1;
		commit;
		if n % 2 = 0 then
			rollback;
		end if;
	end loop;
	raise notice '% chunks', n;
end
$$;
call commits();
select * from held();

-- in functions of SQL, one per row of another query, rescanned
create function few(n int) returns setof text language sql stable as
	'select hotpath.export_json(''select id from t where id <= $1 order by id'', jsonb_build_array(n), chunk_size => 1)';
select i, few(i) from generate_series(1, 3) i;
select i, x from generate_series(1, 3) i, lateral (select hotpath.export_json('select $1::int', jsonb_build_array(i)) as x) l;
select i, (select x from (select hotpath.export_json('select id from t where id > $1 order by id', jsonb_build_array(i), chunk_size => 1) as x) l limit 1)
from generate_series(1, 3) i;
select i, (select count(*) from hotpath.export_json('select id from t where id <= $1', jsonb_build_array(i), chunk_size => 1))
from generate_series(1, 3) i;
select * from held();

-- it sees what the calling query sees
with w as (insert into t values (0, 'new') returning id)
select id, (select x from hotpath.export_json('select count(*) from t') x) from w;
select hotpath.export_json('select count(*) from t');

-- a prepared statement runs again and again
prepare p (int) as select hotpath.export_json('select id from t where id <= $1 order by id', jsonb_build_array($1), chunk_size => 1);
execute p(1);
execute p(2);
deallocate p;

-- inside COPY, whose progress it leaves alone
copy (select hotpath.export_json('select id from t where id <= 2 order by id')) to stdout;
copy (select hotpath.export_json('select tuples_processed, command, type from pg_stat_progress_copy where pid = pg_backend_pid()')
	from generate_series(1, 3)) to stdout;

-- a read-only transaction is no hindrance
begin read only;
select hotpath.export_json('select count(*) from t');
commit;

set client_min_messages = warning;
drop schema export_cursors cascade;
