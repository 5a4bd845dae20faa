-- Parameters of an export: a JSON array whose types come from the query.
set datestyle = 'ISO, YMD';

create schema export_params;
set search_path = export_params, hotpath, public;
create type pair as (a int, b text);
create type mood as enum ('calm', 'glad');
create domain small as int check (value < 10);
create domain needed as int not null;

-- scalars by their type's input function, from any kind of JSON scalar
select hotpath.export_json('select $1::int + 1 as i, $2::bigint as big, $3::numeric as n, $4::bool as b, $5::text as t, $6::date as d',
	'[41, "9007199254740993", 1.50, true, "x", "2024-02-29"]');
select hotpath.export_json('select $1::text as t, $2::text as b, $3::bool as f, $4::float8 as nan',
	'[1.50, true, "off", "NaN"]');
select hotpath.export_json('select $1::mood as m, $2::small as s, $3::int4range as r, $4::interval as i',
	'["glad", 9, "[1,3)", "1 day"]');

-- types by inference, as for a prepared statement
select hotpath.export_json('select relname from pg_catalog.pg_class where oid = $1 and relname = $2', '["1259", "pg_class"]');
select hotpath.export_json('select $1 as t, $2 as u', '["text", "too"]');
select hotpath.export_json('select 1 as one limit $1 offset $2', '[5, 0]');
select hotpath.export_json('select $1::int as twice, $1 as the_same', '[7]');

-- arrays and objects
select hotpath.export_json('select $1::int[] as a, $2::int[] as matrix, $3::text[] as t, $4::pair as p, $5::pair[] as ps',
	'[[1, null, 3], [[1, 2], [3, 4]], ["a", "b\"c"], {"a": 1, "b": "x"}, [{"a": 2}]]');
select hotpath.export_json('select $1::int[] as literal, $2::pair as row_literal, $3::text as json_text',
	'["{1,2}", "(3,z)", {"k": [1, 2]}]');
select hotpath.export_json('select i from generate_series(1, 10) i where i = any($1)', '[[2, 3, 5]]');

-- json takes any element as it is
select hotpath.export_json('select $1::jsonb as o, $2::jsonb as s, $3::json as a, $4::jsonb as n',
	'[{"k": null}, "str", [1, "2"], 3]');

-- null is null for every type
select hotpath.export_json('select $1::int is null as i, $2::jsonb is null as j, $3::int[] is null as a', '[null, null, null]');

-- none
select hotpath.export_json('select 1 as one', '[]');
select hotpath.export_json('select 1 as one', null);

-- the other functions take them too
select count(*) from hotpath.export_json_compressed('select $1::int', params => '[1]');

-- what does not fit
select hotpath.export_json('select $1::int');
select hotpath.export_json('select $1::int', '[]');
select hotpath.export_json('select $1::int', '[1, 2]');
select hotpath.export_json('select 1', '[1]');
select hotpath.export_json('select $1::int', '{"1": 1}');
select hotpath.export_json('select $1::int', '1');
select hotpath.export_json('select $1::int', '["one"]');
select hotpath.export_json('select $1::int', '[1.5]');
select hotpath.export_json('select $1::int', '[{"a": 1}]');
select hotpath.export_json('select $1::int, $2::int[]', '[1, {"a": 1}]');
select hotpath.export_json('select $1::small', '[10]');
select hotpath.export_json('select $1::needed', '[null]');
select hotpath.export_json('select $1::int, $3::int', '[1, 2, 3]');
select hotpath.export_json('select not $1::int', '[1]');

set client_min_messages = warning;
drop schema export_params cascade;
