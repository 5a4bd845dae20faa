-- Cursors: made, read, refused.
\set VERBOSITY terse
CREATE SCHEMA page_cursors;
SET search_path = page_cursors, public;

-- The cursor of a row is the place behind it, whatever is in the row.
CREATE TYPE cursor_mood AS ENUM ('sad', 'so, so', 'ha"ppy');
CREATE TYPE cursor_pair AS (a int, b timestamptz, c text);
CREATE DOMAIN cursor_positive AS int CHECK (value > 0);
CREATE TABLE cursor_values (
	id int PRIMARY KEY,
	i2 int2, i8 int8, o oid, b boolean, ch "char", f4 float4, f8 float8, n numeric, m money,
	d date, t time, ttz timetz, ts timestamp, tstz timestamptz, iv interval,
	u uuid, tx text, vc varchar(20), bp char(5), nm name, ba bytea, ip inet, net cidr,
	mac macaddr, mac8 macaddr8, bits bit(5), vb varbit, lsn pg_lsn, x8 xid8, rc regclass,
	e cursor_mood, ia int[], tza timestamptz[], ta text[], fa float8[], p cursor_pair,
	r int4range, rt tstzrange, jb jsonb, dom cursor_positive);
INSERT INTO cursor_values VALUES
(1, -32768, -9223372036854775808, 0, false, '', '-Infinity', '-Infinity', '-Infinity',
 '-92233720368547758.08', '-infinity', '00:00', '00:00+15:59:59', '-infinity', '-infinity',
 '-178000000 years', '00000000-0000-0000-0000-000000000000', '', '', '', '', '', '0.0.0.0/0',
 '0.0.0.0/0', '00:00:00:00:00:00', '00:00:00:00:00:00:00:00', '00000', '', '0/0', '0',
 'pg_class', 'sad', '{}', '{-infinity}', '{NULL,"NULL",""}', '{-0,NaN}',
 '(,,)', 'empty', '(,)', 'null', 1),
(2, 0, -129, 2147483648, true, 'a', '-0', 4.9e-324, -0.00, 0, '4713-01-01 BC', '12:34:56.789012',
 '12:34:56.789012+05:45', '4713-01-01 BC', '1883-11-18 12:03:57.123456 America/New_York',
 '-1 mon +1 day -00:00:00.000001', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
 E'é日😀\x01''"\\{},()\n\t', E'\\', 'a  ', 'é', '\x00ff', 'fe80::1/64', 'fe80::/64',
 '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', '10101', '101010101', '16/B374D848', '42',
 'pg_type', 'so, so', '{1,NULL,3}', '{"0001-01-01 BC"}', '{"a,b","c\"d"}', '{0.1,5e-324}',
 '(1,"2024-02-29 12:00:00.000001+00","a ""b"",c")', '[1,5)', '[2000-01-01,infinity)',
 '{"a": 1.50, "b": ["é\u0001"]}', 127),
(3, 32767, 9223372036854775807, 4294967295, true, E'\\377', 'NaN', 'NaN', 'NaN',
 '92233720368547758.07', 'infinity', '24:00', '24:00-15:59:59', 'infinity', 'infinity',
 '178000000 years', 'ffffffff-ffff-ffff-ffff-ffffffffffff', repeat('x', 3000), 'z', 'z', 'z',
 '\xff', '::1', '::1', 'ff:ff:ff:ff:ff:ff', 'ff:ff:ff:ff:ff:ff:ff:ff', '11111', '1',
 'FFFFFFFF/FFFFFFFF', '18446744073709551615', 'pg_proc', 'ha"ppy', '{{1,2},{3,4}}', '{infinity}',
 '{z}', '{Infinity}', '(2147483647,infinity,)', '[1,)', '(,)', '{"z": 1e100}', 2147483647);
INSERT INTO cursor_values (id) VALUES (4);

-- For each column and both directions, under other settings when a cursor is made than when it is
-- read: pages of one row see every row once, in order.
CREATE FUNCTION walk(order_by text) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE seen int[] := '{}'; place text; got record;
BEGIN
	LOOP
		PERFORM set_config('DateStyle', 'German, DMY', true), set_config('TimeZone', 'Asia/Kathmandu', true),
			set_config('IntervalStyle', 'sql_standard', true), set_config('extra_float_digits', '-15', true),
			set_config('array_nulls', 'off', true), set_config('quote_all_identifiers', 'on', true);
		SELECT * INTO got FROM hotpath.page(NULL::cursor_values, order_by, first => 1, after => place);
		EXIT WHEN got.cursor IS NULL OR cardinality(seen) > 4;
		seen := seen || (got.item).id;
		PERFORM set_config('DateStyle', 'SQL, MDY', true), set_config('TimeZone', 'America/New_York', true),
			set_config('IntervalStyle', 'iso_8601', true), set_config('extra_float_digits', '1', true),
			set_config('array_nulls', 'on', true), set_config('quote_all_identifiers', 'off', true);
		place := hotpath.cursor_at('cursor_values', order_by, (got.item).id);
	END LOOP;
	RETURN seen;
END $$;
CREATE FUNCTION sorted(order_by text) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE ids int[];
BEGIN
	EXECUTE format('SELECT array_agg(id ORDER BY %s) FROM cursor_values', order_by) INTO ids;
	RETURN ids;
END $$;
SELECT attname, direction, walk(order_by), sorted(order_by)
FROM pg_attribute, unnest('{asc,desc}'::text[]) direction, format('%I %s, id', attname, direction) order_by
WHERE attrelid = 'cursor_values'::regclass AND attnum > 0
AND walk(order_by) IS DISTINCT FROM sorted(order_by);	-- none

-- cursor_at() and page() make the same cursor; the row may go, its place stays.
SELECT cursor = hotpath.cursor_at('cursor_values', 'tx, id', (item).id) AS same
FROM hotpath.page(NULL::cursor_values, 'tx, id');
CREATE TABLE cursor_rows (id bigint PRIMARY KEY, name text NOT NULL, price numeric(10,2));
INSERT INTO cursor_rows SELECT i, 'n' || i, i FROM generate_series(1, 5) i;
SELECT hotpath.cursor_at('cursor_rows', 'name desc, id', 3) AS place \gset
DELETE FROM cursor_rows WHERE id = 3;
SELECT (item).id FROM hotpath.page(NULL::cursor_rows, 'name desc, id', first => 1, after => :'place');

-- It is URL-safe and short.
SELECT :'place' ~ '^[A-Za-z0-9_-]+$' AS url_safe, length(:'place');

-- Malformed, each with HP001.
CREATE FUNCTION refused(place text, order_by text DEFAULT 'name desc, id', filter jsonb DEFAULT NULL)
RETURNS TABLE (state text, detail text, hint text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM hotpath.page(NULL::cursor_rows, order_by, first => 1, after => place, filter => filter);
	RETURN QUERY SELECT 'accepted', NULL, NULL;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN NEXT;
END $$;
SELECT broken, state, detail FROM (VALUES (''), (' '), ('='), ('A'), ('AQ'), ('Ag'), ('AQA'), ('AQAAAAAAAAAAAA'),
	('AQEAAAAAAAAAAA'), ('AQQAAAAAAAAAAA'), ('+/8='), ('日本'), (E'AQ\n')) v (broken), refused(broken);
SELECT 'padded', state, detail FROM refused(:'place' || '=')
UNION ALL SELECT 'longer', state, detail FROM refused(:'place' || 'AAAA')
UNION ALL SELECT 'shorter', state, detail FROM refused(left(:'place', -4))
UNION ALL SELECT 'space before', state, detail FROM refused(' ' || :'place')
UNION ALL SELECT 'another fingerprint', state, detail FROM refused(overlay(:'place' placing 'AAAA' from 5));

-- A text that passes the fingerprint, with values of our own making.
CREATE FUNCTION forge(place text, value bytea) RETURNS text LANGUAGE sql AS $$
	SELECT translate(rtrim(replace(encode(substring(decode(translate(place, '-_', '+/') ||
		repeat('=', (4 - length(place) % 4) % 4), 'base64') FOR 10) || value, 'base64'), E'\n', ''), '='), '+/', '-_')
$$;
SELECT what, state, detail FROM (VALUES
	('good', '\x036e310201'::bytea), ('null name', '\x000201'), ('no id', '\x036e31'),
	('name not whole', '\x096e310201'), ('size written long', '\x83006e310201'), ('NUL in name', '\x036e000201'),
	('invalid UTF-8', '\x036eff0201'), ('integer written long', '\x036e31030001'),
	('integer of nine bytes', '\x036e310a010101010101010101'), ('one byte more', '\x036e31020100'),
	('size of many bytes', '\xffffffffffffffff')) v (what, value), refused(forge(:'place', value));

-- Of another query: HP002.  Where to put nulls makes no difference in a column that has none.
SELECT state, detail, hint FROM refused(:'place', 'name desc, id desc');
SELECT state FROM refused(:'place', 'name, id') UNION ALL SELECT state FROM refused(:'place', 'name desc nulls last, id')
UNION ALL SELECT state FROM refused(:'place', 'id') UNION ALL SELECT state FROM refused(:'place', filter => '{"name": "n1"}');
-- An empty filter is none.
SELECT state FROM refused(:'place', filter => '{}');
BEGIN;
ALTER TABLE cursor_rows ALTER id TYPE int;
SELECT state FROM refused(:'place');
ROLLBACK;
BEGIN;
ALTER TABLE cursor_rows ALTER name TYPE text COLLATE "POSIX";
SELECT state FROM refused(:'place');
ROLLBACK;

-- Errors of input functions are those of a malformed cursor, with their message in the detail;
-- a cancelled statement stays one.
CREATE DOMAIN cursor_slow AS text CHECK (value IS NULL OR pg_sleep(5) IS NOT NULL);
CREATE TYPE cursor_odd AS (a cursor_positive, b cursor_slow);
CREATE TABLE cursor_composites (id int PRIMARY KEY, o cursor_odd);
INSERT INTO cursor_composites VALUES (1, ROW(1, NULL));
SELECT hotpath.cursor_at('cursor_composites', 'o, id', 1) AS composite \gset
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT FROM hotpath.page(NULL::cursor_composites, 'o, id', after => forge(:'composite', '\x06' || '(-1,)'::bytea || '\x0201'));
SELECT FROM hotpath.page(NULL::cursor_composites, 'o, id', after => forge(:'composite', '\x06' || '(x1,)'::bytea || '\x0201'));
SET statement_timeout = '300ms';
SELECT FROM hotpath.page(NULL::cursor_composites, 'o, id', after => forge(:'composite', '\x06' || '(1,x)'::bytea || '\x0201'));
RESET statement_timeout;
\set VERBOSITY terse

-- Age: HP003.
SET pg_hotpath.cursor_ttl = '1h';
SELECT state, detail, hint FROM refused(:'place');
SELECT hotpath.cursor_at('cursor_rows', 'name desc, id', 4) AS timed \gset
SELECT state FROM refused(:'timed');
SET pg_hotpath.cursor_ttl = '1s';
SELECT pg_sleep(2.1);
SELECT state, hint FROM refused(:'timed');
RESET pg_hotpath.cursor_ttl;
SELECT state FROM refused(:'timed');

-- Signature: HP004.
SET pg_hotpath.cursor_secret = 'one';
SELECT state, detail, hint FROM refused(:'place');
SELECT hotpath.cursor_at('cursor_rows', 'name desc, id', 4) AS signed \gset
SELECT state FROM refused(:'signed');
SELECT state, detail FROM refused(overlay(:'signed' placing 'AAAA' from 17));
-- the signature is looked at before the query
SELECT state FROM refused(overlay(:'signed' placing 'AAAA' from 17), 'id');
SELECT state FROM refused(:'signed', 'id');
SET pg_hotpath.cursor_secret = 'two';
SELECT state, detail FROM refused(:'signed');
RESET pg_hotpath.cursor_secret;
SELECT state, detail, hint FROM refused(:'signed');

-- A row without a type of its own cannot be read back.
SELECT * FROM hotpath.page_query('SELECT ROW(1, 2) AS r, 1 AS id', 'r', unique_key => '{id}');

-- Mutated cursors, most of which pass the fingerprint: nothing but the codes of cursors, or a page.
CREATE FUNCTION mutate(place text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	bytes bytea := decode(translate(place, '-_', '+/') || repeat('=', (4 - length(place) % 4) % 4), 'base64');
	n int := length(bytes);
	i int := 10 + floor(random() * (n - 10));
BEGIN
	CASE floor(random() * 6)::int
		WHEN 0 THEN bytes := set_byte(bytes, i, floor(random() * 256)::int);
		WHEN 1 THEN bytes := set_bit(bytes, (8 * i + floor(random() * 8))::bigint, floor(random() * 2)::int);
		WHEN 2 THEN bytes := substring(bytes FOR i);
		WHEN 3 THEN bytes := substring(bytes FOR i) || substring(bytes FROM i + 2);
		WHEN 4 THEN bytes := substring(bytes FOR i) || set_byte('\x00'::bytea, 0, floor(random() * 256)::int) || substring(bytes FROM i + 1);
		ELSE bytes := set_byte(set_byte(bytes, i, 255), floor(random() * n)::int, floor(random() * 256)::int);
	END CASE;
	RETURN translate(rtrim(replace(encode(bytes, 'base64'), E'\n', ''), '='), '+/', '-_');
END $$;
CREATE FUNCTION outcome(order_by text, place text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM hotpath.page(NULL::cursor_values, order_by, first => 2, after => place);
	RETURN 'page';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;
SELECT setseed(0.25);
SELECT outcome, count(*) > 0 AS met
FROM pg_attribute, generate_series(1, 60), format('%I, id', attname) order_by,
	hotpath.cursor_at('cursor_values', order_by, 1 + generate_series % 4) place, outcome(order_by, mutate(place))
WHERE attrelid = 'cursor_values'::regclass AND attnum > 0
GROUP BY outcome ORDER BY outcome;

SET client_min_messages = warning;
DROP SCHEMA page_cursors CASCADE;
