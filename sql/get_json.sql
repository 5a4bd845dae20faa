-- JSON rows: byte for byte what row_to_json gives, whatever the session's settings.
create schema json;
set search_path = json;
set timezone = 'UTC';

create type mood as enum ('sad', 'ok');
create domain email as text;
create table kind (
	id int primary key, b bool, i2 smallint, i8 bigint, f4 real, f8 float8, n numeric, t text,
	vc varchar(20), bp char(5), c "char", nm name, o oid, u uuid, d date, tm time, tz timetz,
	ts timestamp, tstz timestamptz, iv interval, ba bytea, js json, jb jsonb, ip inet, net cidr,
	m macaddr, m8 macaddr8, bi bit(3), vb varbit, e email, a_int int[], a_text text[],
	a_ts timestamptz[], a_iv interval[], a_js json[], a_ba bytea[]);
insert into kind values
	(1, true, -1, 9007199254740993, 0.1, 0.1, 1.50, E'quo"te\\ \t\n\u00e9\u0001', 'v', 'bp', 'c',
	 'Name', 7, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '2026-01-31', '12:00:00.5', '12:00+02',
	 '2026-01-31 12:00', '2026-01-31 12:00+00', '1 mon -2 days 03:04:05.6', '\x00ff41',
	 '{"a" : [1,  2]}', '{"b": null}', '10.0.0.1', '10.0.0.0/8', '08:00:2b:01:02:03',
	 '08:00:2b:01:02:03:04:05', '101', '1', 'e@x', '{{1,2},{3,null}}', '{a,"b\"c",null}',
	 '{2026-01-31 12:00+00}', '{1 year,-1 hour}', array['{"x":1}']::json[], array['\xff']::bytea[]),
	(2, false, 0, 0, 'NaN', 'Infinity', 'NaN', '', '', '', '', '', 0, null, 'infinity', '24:00',
	 '00:00-12', '-infinity', '0044-03-15 12:00 BC', '0', '', 'null', '"s"', '::1', '::/0',
	 null, null, null, '', null, '{}', '{}', '{}', '{}', '{}', '{}'),
	(3, null, null, null, 1e-20, 1e300, -0.00, null, null, null, null, null, null, null, null, null, null,
	 null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
	 null, null, null);
select hotpath.cache_table('kind');

select hotpath.get_json('kind', 3);
select hotpath.get_json('kind', 4) is null as no_row, hotpath.get_json('kind', null) is null as no_key;

create view differences as
select count(*) as differences from generate_series(1, 4) k
where hotpath.get_json('kind', k)::text is distinct from
	(select row_to_json(r)::text from kind r where id = k);
table differences;
table differences;

-- each setting that the text depends on, there and back
set timezone = 'America/New_York';
table differences;
table differences;
set timezone = 'UTC';
table differences;
set time zone interval '+05:30' hour to minute;
table differences;
set timezone = 'UTC';
set intervalstyle = 'iso_8601';
table differences;
table differences;
set intervalstyle = 'sql_standard';
table differences;
reset intervalstyle;
set bytea_output = 'escape';
table differences;
table differences;
reset bytea_output;
set extra_float_digits = -3;
table differences;
table differences;
set extra_float_digits = 3;
table differences;
reset extra_float_digits;
set datestyle = 'German, DMY';
table differences;
reset datestyle;
table differences;

-- changes
update kind set t = 'changed', js = '{"new":  true}' where id = 1;
table differences;
table differences;
delete from kind where id = 2;
table differences;
begin;
update kind set t = 'never' where id = 1;
table differences;
rollback;
table differences;
alter table kind add column extra int default 5;
table differences;
alter table kind rename column t to text;
table differences;
table differences;
alter table kind drop column i2;
table differences;
table differences;

-- rows, texts and other functions do not get in each other's way
select hotpath.get_json('kind', 1)::text = row_to_json(hotpath.get(null::kind, 1))::text as equal;
select hotpath.get_json(null, 1);

-- time zones whose names have the same hash as others', which anybody can find, are not these
create table moment (id int primary key, at timestamptz, d numeric unique);
insert into moment values (1, '2026-06-01 12:00+00', 1.50);
create table moment_by_number (d numeric primary key, at timestamptz);
insert into moment_by_number values (1.50, '2026-06-01 12:00+00');
select hotpath.cache_table('moment'), hotpath.cache_table('moment_by_number');
set timezone = '<POSIX000000=_&)I[]0.S}}>-3';
select hotpath.get_json('moment', 1), hotpath.get_json('moment_by_number', 1.5);
select hotpath.get_json('moment', 1), hotpath.get_json('moment_by_number', 1.5);
set timezone = 'UTC';
select hotpath.get_json('moment', 1), hotpath.get_json('moment_by_number', 1.5);
select hotpath.get_json('moment', 1), hotpath.get_json('moment_by_number', 1.5);
select * from hotpath.verify_cache('moment');
select * from hotpath.verify_cache('moment_by_number');
set timezone = '<POSIX000000.;JMPS:E.HZ%>167';
select hotpath.get_json('moment', 1), hotpath.get_json('moment_by_number', 1.5);
select * from hotpath.verify_cache('moment');
select hotpath.evict('moment', 1), hotpath.evict('moment', 1), hotpath.evict('moment_by_number', 1.5);
reset timezone;

set client_min_messages = warning;
drop schema json cascade;
