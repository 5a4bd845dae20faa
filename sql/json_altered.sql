-- a value may be older than the last change of its type: then what the server does, we do
create schema json_altered;
set search_path = json_altered;
create type pair as (a int, b text);
create function both_ways(change text, nested boolean) returns text language plpgsql as $$
declare
	v pair := row(1, 'xyz');	-- as long as an int, so that nobody reads what lies behind it
	vs pair[] := array[v];
	ours text;
	core text;
begin
	execute change;
	begin
		ours := case when nested then hotpath.row_to_json(row(vs)) else hotpath.row_to_json(v) end;
	exception when others then
		ours := sqlstate;
	end;
	begin
		core := case when nested then row_to_json(row(vs)) else row_to_json(v) end;
	exception when others then
		core := sqlstate;
	end;
	return case when ours is not distinct from core then 'the same' else ours || ' instead of ' || core end;
end $$;
select both_ways('alter type pair alter attribute b type int', false);
alter type pair alter attribute b type text;
select both_ways('alter type pair alter attribute b type int', true);
alter type pair alter attribute b type text;
select both_ways('alter type pair add attribute c int', false);

-- zones given by hand may be more than a hundred hours away
create table moments as select timestamptz '2020-01-01 00:00+00' as t;
create view differences as select zone, hotpath.row_to_json(m)::text as ours, row_to_json(m)::text as core
from moments m, (select current_setting('timezone')) z(zone);
set timezone = 'FOO-150';
select *, ours = core as same from differences;
set timezone = 'FOO+150:30';
select *, ours = core as same from differences;
set timezone = 'FOO-99:59';
select *, ours = core as same from differences;
reset timezone;
set client_min_messages = warning;
drop schema json_altered cascade;
