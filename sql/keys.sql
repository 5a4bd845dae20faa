-- Keys of every kind: equality is the type's, not that of the bytes or of the spelling.
create schema keys;
set search_path = keys;
set timezone = 'UTC';

create type mood as enum ('sad', 'ok', 'happy');
create domain positive as int check (value > 0);
create domain code as text;
create domain padded as char(4);

-- a key, as it is stored, and the same key, as a caller may write it
create table kind (type text, stored text, asked text);
insert into kind values
	('smallint', '7', ' 7'), ('int', '-1', '-01'), ('bigint', '9007199254740993', '+9007199254740993'),
	('numeric', '1.0', '1.000'), ('numeric(10,3)', '2.5', '2.50'), ('real', '0', '-0'),
	('float8', 'NaN', 'nan'), ('oid', '4294967295', '4294967295'), ('boolean', 'true', 'yes'),
	('text', 'Grüße', 'Grüße'), ('varchar(20)', 'ab', 'ab'), ('char(8)', 'ab', 'ab      '),
	('name', 'Ada', 'Ada'), ('"char"', 'x', 'x'), ('bytea', '\x4142', 'AB'),
	('uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}'),
	('date', '2026-01-31', 'January 31, 2026'), ('time', '12:00', '12:00:00'),
	('timestamp', '2026-01-31 12:00', '20260131T120000'),
	('timestamptz', '2026-01-31 12:00+00', '2026-01-31 14:00+02'),
	('interval', '1 month', '30 days'), ('inet', '10.1.2.3', '10.1.2.3/32'),
	('macaddr', '08:00:2b:01:02:03', '08002b010203'), ('jsonb', '{"a": 1}', '{"a": 1.0}'),
	('int[]', '{1,2,NULL}', '{1, 2, null}'), ('text[]', '{a,"b c"}', '{"a",b c}'),
	('numeric[]', '{1.0}', '{1.00}'), ('int4range', '[1,3]', '[1,4)'),
	('mood', 'ok', 'ok'), ('positive', '5', '05'), ('code', 'x', 'x'),
	('padded', 'ab', 'ab');

do $$
declare
	k kind;
begin
	for k in table kind loop
		execute format('create table %I (k %s primary key, v int)', 'by ' || k.type, k.type);
		execute format('insert into %I values (%L, 1)', 'by ' || k.type, k.stored);
		perform hotpath.cache_table(quote_ident('by ' || k.type)::regclass);
	end loop;
end
$$;

-- ask for the key by its stored value and by the other spelling; compare with a plain SELECT
create function check_kind(type text, asked text, out seen boolean, out differences bigint)
language plpgsql as $$
begin
	execute format('select hotpath.get(null::%I, %L) is not null', 'by ' || type, asked)
		into seen;
	execute format('select count(*) from %1$I t
		where hotpath.get(null::%1$I, t.k) is distinct from t
			or (hotpath.get(null::%1$I, %2$L)).k is distinct from
				(select t.k from %1$I t where t.k = %2$L)
			or hotpath.get(null::%1$I, t.k)::text is distinct from t::text', 'by ' || type, asked)
		into differences;
end
$$;
select type, c.* from kind, check_kind(type, asked) c;
select type, c.* from kind, check_kind(type, asked) c where not seen or differences > 0;

-- the same after a change
do $$
declare
	k kind;
begin
	for k in table kind loop
		execute format('update %I set v = 2', 'by ' || k.type);
	end loop;
end
$$;
select type, c.* from kind, check_kind(type, asked) c where not seen or differences > 0;
select type, c.* from kind, check_kind(type, asked) c where not seen or differences > 0;

-- and after the row is gone
do $$
declare
	k kind;
begin
	for k in table kind loop
		execute format('delete from %I', 'by ' || k.type);
	end loop;
end
$$;
select count(*) filter (where seen) as seen from kind, check_kind(type, asked) c;

-- integers of any width are keys of any width; one that does not fit is not there, and no error
insert into "by int" values (7, 1);
insert into "by smallint" values (7, 1);
insert into "by bigint" values (7, 1);
insert into "by numeric" values (7, 1);
select hotpath.get(null::"by int", 7::smallint), hotpath.get(null::"by int", 7::bigint),
	hotpath.get(null::"by smallint", 7), hotpath.get(null::"by bigint", 7),
	hotpath.get(null::"by bigint", 7::smallint), hotpath.get(null::"by numeric", 7);
select hotpath.get(null::"by int", 4294967303) is null as int_is_null,
	hotpath.get(null::"by smallint", 65543) is null as smallint_is_null;

-- values of a domain are values of its type
insert into "by code" values ('y', 1);
select hotpath.get(null::"by bigint", 7::positive), hotpath.get(null::"by code", 'y'::code),
	hotpath.get(null::"by code", 'y'::varchar);

-- many keys, of a type whose equal values look different
insert into "by numeric" values (1.10, 2);
select * from hotpath.get_many(null::"by numeric", array[1.1, 1.100, 7.0, 8]);
insert into "by int[]" values ('{1,2}', 1), ('{3}', 2);
select * from hotpath.get_many(null::"by int[]", array['{3}', '{4}', '{1,2}']);
select * from hotpath.get_many(null::"by mood", array['ok', 'sad']);

-- a type that does not cast implicitly
select hotpath.get(null::"by date", 1);
select hotpath.get(null::"by bigint", 1.5);
\set VERBOSITY sqlstate
select hotpath.get(null::"by bigint", 'seven');
select hotpath.get(null::"by mood", 'furious');

set client_min_messages = warning;
drop schema keys cascade;
