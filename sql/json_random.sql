-- Thousands of random rows of all types, in several settings: not one byte may differ.
create schema json_random;
set search_path = json_random;
select setseed(0.42);

create type mood as enum ('sad', 'ok', 'happy');
create domain word as text check (length(value) < 100);
create type pair as (n numeric, w word, ts timestamptz);

-- text with quotes, backslashes, control characters and multibyte ones, of 0 to 60 characters
create function some_text() returns text language sql volatile as $$
	select coalesce(string_agg(case (random() * 12)::int when 0 then '"' when 1 then '\' when 2 then chr(1 + (random() * 30)::int)
		when 3 then 'ü' when 4 then '€' when 5 then '😀' else chr(32 + (random() * 90)::int) end, ''), '')
	from generate_series(1, (random() * random() * 60)::int)
$$;
create function some_numeric() returns numeric language sql volatile as $$
	select case (random() * 8)::int when 0 then 'nan'::numeric when 1 then (random() * 10)::int
		when 2 then (random() - 0.5)::numeric * 10::numeric ^ (random() * 60 - 30)::int
		when 3 then round((random() * 1e6)::numeric, 2) when 4 then -(random() * 1e9)::bigint * 10000
		else trunc((random() * 1e12)::numeric - 5e11, (random() * 20)::int) end
$$;
create function some_time() returns timestamptz language sql volatile as $$
	select case (random() * 20)::int when 0 then 'infinity'::timestamptz when 1 then '-infinity'
		when 2 then '2000-01-01 00:00:00+00'::timestamptz + (random() - 0.7) * interval '6000 years'
		when 3 then date_trunc('second', '2000-01-01 00:00:00+00'::timestamptz + random() * interval '30 years')
		else '1850-01-01 00:00:00+00'::timestamptz + random() * interval '400 years' end
$$;

-- a column per type; every seventh value or so is null, so that offsets in the tuple vary
create table rows_of_all as
select i as id,
	case when random() > 0.15 then random() > 0.5 end as c_bool,
	case when random() > 0.15 then (random() * 65535 - 32768)::int::int2 end as c_int2,
	case when random() > 0.15 then (random() * 4e9 - 2e9)::int4 end as c_int4,
	case when random() > 0.15 then (random() * 1.8e19 - 9e18)::int8 end as c_int8,
	case when random() > 0.15 then ((random() - 0.5) * 10 ^ (random() * 60 - 30))::float4 end as c_float4,
	case when random() > 0.15 then (random() - 0.5) * 10 ^ (random() * 500 - 250) end as c_float8,
	case when random() > 0.15 then some_numeric() end as c_numeric,
	case when random() > 0.15 then some_text() end as c_text,
	case when random() > 0.15 then left(some_text(), 20)::varchar(20) end as c_varchar,
	case when random() > 0.15 then left(some_text(), 10)::char(10) end as c_char,
	case when random() > 0.15 then left(md5(some_text()), (random() * 30)::int)::name end as c_name,
	case when random() > 0.15 then chr(33 + (random() * 90)::int)::"char" end as c_char1,
	case when random() > 0.15 then md5(some_text())::uuid end as c_uuid,
	case when random() > 0.15 then decode(md5(some_text()), 'hex') end as c_bytea,
	case when random() > 0.15 then some_time() end as c_timestamptz,
	case when random() > 0.15 then some_time() at time zone 'utc' end as c_timestamp,
	case when random() > 0.15 then some_time()::date end as c_date,
	case when random() > 0.15 then (random() * interval '1 day')::time end as c_time,
	case when random() > 0.15 then (random() * interval '1 day')::time::timetz end as c_timetz,
	case when random() > 0.15 then (random() - 0.5) * interval '10 years 3 days 7 hours' end as c_interval,
	case when random() > 0.15 then ('10.0.0.0'::inet + (random() * 1e6)::int) end as c_inet,
	case when random() > 0.15 then (random() * 1e6)::int::bit(20) end as c_bit,
	case when random() > 0.15 then point(random(), random()) end as c_point,
	case when random() > 0.15 then (random() * 1e6)::int::oid end as c_oid,
	case when random() > 0.15 then pg_catalog.to_json(some_text()) end as c_json,
	case when random() > 0.15 then jsonb_build_object(some_text() || 'k', some_numeric(), 'n',
		jsonb_build_array(some_text(), null, random() > 0.5, '{}'::jsonb, array[some_numeric()])) end as c_jsonb,
	case when random() > 0.15 then int8range((random() * 100)::int8, (100 + random() * 100)::int8) end as c_range,
	case when random() > 0.15 then (enum_range(null::mood))[1 + (random() * 2)::int] end as c_mood,
	case when random() > 0.15 then some_text()::word end as c_word,
	case when random() > 0.15 then row(some_numeric(), some_text()::word, some_time())::pair end as c_pair,
	case when random() > 0.15 then array[(random() * 100)::int, null, i] end as c_ints,
	case when random() > 0.15 then array[[some_text(), some_text()], [null, some_text()]] end as c_texts,
	case when random() > 0.15 then array[row(some_numeric(), some_text(), some_time())::pair, null] end as c_pairs,
	case when random() > 0.15 then array[some_time(), some_time()] end as c_times,
	case when random() > 0.15 then array[true, null, false] end as c_bools,
	case when random() > 0.3 then repeat(some_text(), 100) end as c_long
from generate_series(1, 4000) i;

create view compared as
select count(*) as rows,
	count(*) filter (where hotpath.row_to_json(r)::text is distinct from pg_catalog.row_to_json(r)::text) as different,
	count(*) filter (where hotpath.row_to_json(r, true)::text is distinct from pg_catalog.row_to_json(r, true)::text)
		as different_pretty,
	count(*) filter (where json_typeof(hotpath.row_to_json(r)) is distinct from 'object') as not_an_object
from rows_of_all r;

set timezone = 'UTC';
select * from compared;
set timezone = 'America/New_York'; set datestyle = 'SQL, MDY'; set intervalstyle = 'sql_standard';
select * from compared;
set timezone = 'Australia/Lord_Howe'; set datestyle = 'German, DMY'; set intervalstyle = 'iso_8601';
set extra_float_digits = 0; set bytea_output = 'escape';
select * from compared;
set timezone = 'Africa/Monrovia'; set datestyle = 'Postgres, YMD'; set intervalstyle = 'postgres_verbose';
set extra_float_digits = -3;
select * from compared;

-- the same with columns dropped and added, a default for old rows among them
alter table rows_of_all drop column c_int2, drop column c_text, drop column c_timestamp,
	add column late text default 'added "later"', add column later int[] default '{1,2}', add column last numeric;
select * from compared;

-- jsonb with more keys and elements than an offset is stored for
select count(*) as rows, count(*) filter (where hotpath.row_to_json(s)::text is distinct from pg_catalog.row_to_json(s)::text)
	as different
from (select n, jsonb_object_agg(some_text() || i, case i % 5 when 0 then to_jsonb(some_numeric()) when 1 then to_jsonb(some_text())
		when 2 then 'null' when 3 then 'true' else jsonb_build_array(i, some_text(), '{"a": {}}'::jsonb) end) as o,
	jsonb_agg(case i % 3 when 0 then to_jsonb(some_numeric()) when 1 then to_jsonb(some_text()) else '[1.5]' end) as a
	from generate_series(1, 150) n, generate_series(1, n) i group by n) s;

-- rows that are put together by the query
select count(*) as rows, count(*) filter (where hotpath.row_to_json(s)::text is distinct from pg_catalog.row_to_json(s)::text)
	as different
from (select c_numeric, c_long, c_pair, c_texts, row(c_word, c_pairs) as both, id + 1 as next from rows_of_all) s;

-- rows of the catalogs, whose types no table of users has
select count(*) > 0 as rows, count(*) filter (where hotpath.row_to_json(s)::text is distinct from pg_catalog.row_to_json(s)::text)
	as different from pg_type s;
select count(*) > 0 as rows, count(*) filter (where hotpath.row_to_json(s)::text is distinct from pg_catalog.row_to_json(s)::text)
	as different from (select * from pg_proc limit 500) s;
analyze rows_of_all;
select count(*) > 10 as rows, count(*) filter (where hotpath.row_to_json(s)::text is distinct from pg_catalog.row_to_json(s)::text)
	as different from pg_stats s where tablename = 'rows_of_all';

set client_min_messages = warning;
drop schema json_random cascade;
