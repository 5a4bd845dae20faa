-- The formats of an export, and what its chunks are made of.
set datestyle = 'ISO, YMD';
set timezone = 'UTC';

create schema export_formats;
set search_path = export_formats, hotpath, public;
create table t (id int primary key, gone int, name text, doc json, at timestamptz);
insert into t values
	(1, 0, 'one', '{"a": 1}', '2024-01-01 12:00+00'),
	(2, 0, E'two\nlines\t"quoted"', E'{\n  "a": [1,\r\n 2]\n}', null),
	(3, 0, null, null, 'infinity');
alter table t drop column gone;

-- each format in one chunk; line ends inside a json value become spaces
select format, hotpath.export_json('select * from t order by id', format => format) as chunk
from unnest(array['ndjson', 'array', 'json-seq', 'compact']) format;

-- and in chunks of one row: a chunk is never less than a row, and has no line feed at its end
select format, hotpath.export_json('select id, doc from t order by id', format => format, chunk_size => 1) as chunk
from unnest(array['ndjson', 'array', 'json-seq', 'compact']) format;

-- chunks joined by line feeds are one document again
select string_agg(chunk, e'\n')::jsonb = (select jsonb_agg(t order by id) from t) as same
from hotpath.export_json('select * from t order by id', format => 'array', chunk_size => 10) chunk;

-- no rows: no chunk, an empty array, the names alone
select format, hotpath.export_json('select * from t where false', format => format) as chunk
from unnest(array['ndjson', 'array', 'json-seq', 'compact']) format;

-- no columns
select format, hotpath.export_json('select from t', format => format) as chunk
from unnest(array['ndjson', 'array', 'json-seq', 'compact']) format;

-- duplicate names, names to escape, a column that only the order needs
select hotpath.export_json('select id as a, name as a, 1 as "q""uote" from t order by at', format => format)
from unnest(array['ndjson', 'compact']) format;

-- the rows are those of row_to_json
select count(*) as rows, bool_and(r.line::text = e.line) as same
from (select row_number() over () as n, row_to_json(x) as line
	from (select i, i / 7.0 as num, i::float8 / 3 as f, md5(i::text) as s, now() + i * interval '1 s' as ts,
		array[i, i + 1] as arr, row(i, 'x') as rec, jsonb_build_object('k', i) as j
		from generate_series(1, 5000) i) x) r
join (select row_number() over () as n, line
	from hotpath.export_json('select i, i / 7.0 as num, i::float8 / 3 as f, md5(i::text) as s, now() + i * interval ''1 s'' as ts,
		array[i, i + 1] as arr, row(i, ''x'') as rec, jsonb_build_object(''k'', i) as j
		from generate_series(1, 5000) i', chunk_size => 1000) chunk,
		string_to_table(chunk, e'\n') line) e using (n);

-- chunks are as long as asked for, give or take a row
select count(*) > 10 as many, max(length(chunk)) < 4096 + 100 as not_longer,
	count(*) filter (where length(chunk) < 4095) <= 1 as only_the_last_is_shorter
from hotpath.export_json('select * from generate_series(1, 10000) i', chunk_size => 4096) chunk;

-- one giant row is one chunk, and the chunks after it are small again
select length(chunk) > 1000000 as giant
from hotpath.export_json('select repeat(''x'', 1000000 * (i = 2)::int) as x from generate_series(1, 3) i', chunk_size => 1) chunk;

-- settings of the session count
set timezone = 'Asia/Tokyo';
set bytea_output = 'escape';
select hotpath.export_json('select at, ''\x41''::bytea as b from t where id = 1');
reset bytea_output;
set timezone = 'UTC';

-- values and tables, views, set operations, recursion
select hotpath.export_json('values (1, ''a''), (2, ''b'')');
select hotpath.export_json('table t', format => 'compact');
select hotpath.export_json('select 1 as a union all select 2');
select hotpath.export_json('with recursive r as (select 1 as n union all select n + 1 from r where n < 3) select * from r;');
select hotpath.export_json('select hotpath.export_json(''select 1 as a'') as inner_one');

-- compressed: gzip's and the others' frame headers
select compression, substr(hotpath.export_json_compressed('select 1', compression), 1, 4) as magic
from unnest(array['gzip', 'zstd', 'lz4']) compression;
-- the window of zstd is no larger than any decoder takes: 8 MB, which is 2^23
select level, 10 + (get_byte(c, 5) >> 3) as window_log from unnest(array[1, 19, 20, 22]) level,
	lateral (select hotpath.export_json_compressed('select repeat(md5(n::text), 1000) from generate_series(1, 300) n', 'zstd', level) c limit 1) chunk
order by level;

set client_min_messages = warning;
drop schema export_formats cascade;
