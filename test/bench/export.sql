-- The table of the export cases: ten mixed columns.
create schema if not exists bench;
create table bench.mixed as
select i::int as id, i::bigint * 1000 as big, 'user' || i || '@example.com' as email, md5(i::text) as hash,
	(i % 100) / 7.0::float8 as score, (i * 1.25)::numeric(12, 2) as amount, i % 2 = 0 as active,
	timestamptz '2024-01-01' + i * interval '1 s' as created, date '2020-01-01' + i % 1000 as day,
	case when i % 3 > 0 then 'some "quoted" text of a note ' || i end as note
from generate_series(1, :rows) i;
vacuum (freeze, analyze) bench.mixed;
