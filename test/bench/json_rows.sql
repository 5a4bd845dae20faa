-- Ten mixed columns, as an application's table has them; json_rows.sh compares over these rows.
drop table if exists json_rows;
create table json_rows as
select i::bigint as id,
	'customer number ' || i as name,
	'note with "quotes" and a line' || chr(10) || md5(i::text) as note,
	i % 2 = 0 as active,
	(i * 1.37)::numeric(12, 2) as balance,
	i / 7.0::float8 as score,
	date '2015-01-01' + i % 4000 as born,
	timestamptz '2020-01-01 00:00:00+00' + i * interval '61 seconds 123 milliseconds' as created_at,
	md5((i + 1)::text)::uuid as token,
	jsonb_build_object('plan', 'pro', 'seats', i % 50, 'flags', jsonb_build_array(true, null)) as settings
from generate_series(1, :rows) i;
vacuum analyze json_rows;
