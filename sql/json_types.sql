-- hotpath.row_to_json: the same bytes as pg_catalog.row_to_json, whatever the types.
create schema json_rows;
set search_path = json_rows, public;
set timezone = 'Europe/Berlin';
\pset format unaligned
\pset tuples_only on

-- the text; and the server's as a line of its own should it differ
create function forms(r record, out form text, out line text) returns setof record
language plpgsql stable as $$
begin
	form := 'ours'; line := hotpath.row_to_json(r); return next;
	if line is distinct from pg_catalog.row_to_json(r)::text then
		form := 'server'; line := pg_catalog.row_to_json(r); return next;
	end if;
	if hotpath.row_to_json(r, true)::text is distinct from pg_catalog.row_to_json(r, true)::text then
		form := 'server, pretty'; line := pg_catalog.row_to_json(r, true); return next;
	end if;
end $$;

select * from forms(row(null));
select * from forms(row(true, false, null::boolean));
select * from forms(row(0::int2, (-32768)::int2, 32767::int2, -2147483648, 2147483647,
	(-9223372036854775808)::int8, 9223372036854775807));
select * from forms(row(1.5::float4, '-0'::float4, 1e30::float4, 1e-30::float4, 'nan'::float4,
	'infinity'::float4, '-infinity'::float4, 0.1::float4));
select * from forms(row(1.5::float8, '-0'::float8, 1e300::float8, 1e-300::float8, 'nan'::float8,
	'infinity'::float8, '-infinity'::float8, 0.1::float8, pi()));
select * from forms(row(0::numeric, 0.00, -0.5, 1, 10, 1000, 9999, 10000, 10001, 100000000, 0.0001,
	0.00001, 1.10, -12345678901234567890.123456789, 'nan'::numeric, 'infinity'::numeric,
	'-infinity'::numeric, 1e40, 1e-40));
select * from forms(row('text', 'varchar'::varchar(20), 'char'::char(8), 'name'::name, 'c'::"char",
	''::"char", '', ''::char(3)));
select * from forms(row('00112233-4455-6677-8899-aabbccddeeff'::uuid, '12:34:56.789'::time,
	'12:34:56+02'::timetz, '1 year 2 days 03:04:05'::interval, '\xdeadbeef00'::bytea, ''::bytea));
select * from forms(row('192.168.0.1/24'::inet, '10.0.0.0/8'::cidr, '08:00:2b:01:02:03'::macaddr,
	B'1010', B'101'::varbit, '(1,2)'::point, '((1,2),(3,4))'::box, 42::oid, 'pg_class'::regclass,
	'a & b'::tsquery, 'fat cat'::tsvector, '1.50'::money));
select * from forms(row('{"a" :  [1,  "x"]}'::json, '{"a" :  [1,  "x"]}'::jsonb, '"s"'::jsonb, '1.50'::jsonb,
	'null'::jsonb, 'true'::json, '[]'::jsonb, '{}'::jsonb,
	'{"k": {"n": [[], {}, [null, true, -1.0e3], "\u0001\"\\ä"]}, "l": false}'::jsonb));
select * from forms(row('[1,10)'::int4range, 'empty'::numrange, '["2020-01-01 00:00","2021-01-01 00:00")'::tsrange,
	'{[1,2),[5,9)}'::int4multirange));
select * from forms(row((select c from (values (1, 'x')) c(a, b)), row(), row(row(row(1)))));

-- dates and timestamps: ISO 8601 whatever DateStyle says, infinities, years before Christ
select * from forms(row('2024-02-29'::date, '0001-01-01'::date, '9999-12-31'::date, '10000-01-01'::date,
	'0001-12-31 bc'::date, '4713-01-01 bc'::date, 'infinity'::date, '-infinity'::date));
select * from forms(row('2024-02-29 23:59:59.999999'::timestamp, '2000-01-01'::timestamp,
	'1999-12-31 23:59:59.999999'::timestamp, '0001-01-01'::timestamp, '0001-12-31 23:59:59.5 bc'::timestamp,
	'294276-12-31 23:59:59'::timestamp, 'infinity'::timestamp, '-infinity'::timestamp, '2020-01-01 00:00:00.1'::timestamp));
select * from forms(row('2024-02-29 23:59:59.999999+00'::timestamptz, '1890-01-01'::timestamptz,
	'2024-03-31 00:59:59.9+00'::timestamptz, '2024-03-31 01:00+00'::timestamptz,
	'2024-10-27 00:59:59+00'::timestamptz, '2024-10-27 01:00+00'::timestamptz,
	'0001-12-31 23:00 bc'::timestamptz, 'infinity'::timestamptz, '-infinity'::timestamptz));
-- every turn of a year and of a February, and days in between
select count(*) as days, count(*) filter (where hotpath.row_to_json(row(d))::text is distinct from
		pg_catalog.row_to_json(row(d))::text) as different
from (select make_date(y, 3, 1) + i as d from generate_series(1, 9998) y, unnest(array[-2, -1, 0, 1, 30, 305, 306, 307]) i
	union all select date '0001-01-01' + 29 * i from generate_series(0, 125933) i) s;
set timezone = 'Asia/Kathmandu';
select * from forms(row('2024-02-29 23:59:59+00'::timestamptz, '1970-01-01'::timestamptz, '1915-01-01 00:00+00'::timestamptz));
set timezone = 'Africa/Monrovia';
select * from forms(row('2024-02-29 23:59:59+00'::timestamptz, '1970-01-01 00:00+00'::timestamptz));
set timezone = '<-03:30>+3:30';
select * from forms(row('2024-02-29 23:59:59+00'::timestamptz));
set timezone = 'Europe/Berlin';

-- arrays of any dimension, of any type, with nulls
select * from forms(row('{}'::int[], '{1,null,3}'::int[], '{{1,2},{3,4}}'::int8[], '[2:3][0:1]={{a,b},{c,"d\"e"}}'::text[],
	array[[[1.5]], [[null]]]::numeric[], array[true, null], array['2024-01-01'::date], array['{"a": 1}'::jsonb],
	array['[1,2)'::int4range], '1 2 3'::int2vector, '4 5'::oidvector));
select * from forms(row(array[row(1, 'x'), row(2, null)], array[null, row(1)]));

-- what output functions make depends on the session
set datestyle = 'German, DMY'; set intervalstyle = 'iso_8601'; set bytea_output = 'escape'; set extra_float_digits = 0;
select * from forms(row('2024-02-29'::date, '2024-02-29 01:02:03'::timestamp, '2024-02-29 01:02:03+00'::timestamptz,
	'1 day 02:00'::interval, '\xdead22'::bytea, pi(), 0.1::float4, 1e-9, '[2020-01-01,2021-01-01)'::daterange,
	array['2 days'::interval]));
set extra_float_digits = -15;
select * from forms(row(pi(), 123456.789::float4, 'nan'::float4));
reset datestyle; reset intervalstyle; reset bytea_output; reset extra_float_digits;

-- all characters that need an escape do, and only they, wherever they are
select * from forms(row(E'\b\f\n\r\t"\\/\x7f', 'ä€😀', E'\u2028'));
select i, hotpath.row_to_json(row(chr(i))) as json from generate_series(1, 31) i order by i;
select count(*) as texts, count(*) filter (where hotpath.row_to_json(row(t))::text is distinct from
		pg_catalog.row_to_json(row(t))::text) as different
from generate_series(0, 40) before, generate_series(0, 40) after, unnest(array[1, 10, 31, 32, 34, 92, 127, 128, 228, 65533]) c,
	lateral (select repeat('x', before) || chr(c) || repeat('ü', after / 2) || repeat('y', after % 2) as t) s;
select count(*) as texts, count(*) filter (where hotpath.row_to_json(row(t))::text is distinct from
		pg_catalog.row_to_json(row(t))::text) as different
from (select string_agg(chr(1 + (i * k * 31 + k) % 127), '' order by i) as t
	from generate_series(1, 70) i, generate_series(1, 300) k group by k) s;
create type "t ""quoted""" as ("a ""b\" int, "new
line" int, "ä" int);
select * from forms(row(1, 2, 3)::"t ""quoted""");

-- enums, domains, composites, of each other
create type mood as enum ('sad', 'it''s "ok"');
create domain feeling as mood;
create domain positive as int check (value > 0);
create domain more_positive as positive;
create domain numbers as positive[];
create type pair as (a more_positive, b feeling);
create domain checked_pair as pair;
create table nested (id int, m mood, f feeling, p pair, c checked_pair, ns numbers, ps pair[], pn positive[], ms mood[][]);
insert into nested values
	(1, 'sad', 'it''s "ok"', row(1, 'sad'), row(2, null), '{1,2}', array[row(3, 'sad')::pair, null], '{7}', '{{sad},{sad}}');
insert into nested (id) values (2);
select f.* from nested n, forms(n) f order by n.id;

-- null and empty rows
select hotpath.row_to_json(null) is null as null_row, hotpath.row_to_json(row(1), null) is null as null_pretty,
	hotpath.row_to_json(row()) as empty, hotpath.row_to_json(row(), true) as empty_pretty;
select hotpath.row_to_json(x) is null as no_row from (values (1)) v(id) left join nested x on x.id = v.id + 100;

-- pretty: a line feed between the columns, not inside them
select hotpath.row_to_json(nested, true) from nested order by id limit 1;
select hotpath.row_to_json(nested, pretty => id = 1) from nested order by id;

-- duplicate names, aliases, joins
select hotpath.row_to_json(s) from (select 1 as a, 2 as a, 3 as "?column?") s;
select hotpath.row_to_json(j) from (nested x join (values (1, true)) y(z, w) on x.id = y.z) j;
select hotpath.row_to_json(v) from (values (1, 'x'), (2, 'y')) v(n, t);

-- types of extensions, where they can be installed: a cast to json (hstore), text under another name (citext)
do $$
declare
	r record;
begin
	if (select count(*) from pg_available_extensions where name in ('hstore', 'citext')) < 2 then
		return;
	end if;
	create extension hstore;
	create extension citext;
	for r in execute $q$ select 'a=>1, b=>"x\"y", c=>null'::hstore as h, 'Te"xt'::citext as c, array['a=>1'::hstore] as a,
			array['x'::citext] as b $q$ loop
		if hotpath.row_to_json(r)::text is distinct from '{"h":{"a": "1", "b": "x\"y", "c": null},"c":"Te\"xt","a":[{"a": "1"}],"b":["x"]}'
			or hotpath.row_to_json(r)::text is distinct from pg_catalog.row_to_json(r)::text then
			raise exception 'wrong: %', hotpath.row_to_json(r);
		end if;
	end loop;
end $$;

-- bad input: enum values without a label
create table broken (m mood);
begin;
insert into broken values ('sad');
delete from pg_enum where enumtypid = 'mood'::regtype and enumlabel = 'sad';
\set VERBOSITY sqlstate
select hotpath.row_to_json(b) from broken b;
\set VERBOSITY default
rollback;

set client_min_messages = warning;
drop schema json_rows cascade;
