-- What the targets of the fuzz suite read: few rows, of every kind.
CREATE EXTENSION pg_hotpath;
CREATE ROLE fuzz LOGIN;
GRANT pg_read_all_stats TO fuzz;
GRANT USAGE ON SCHEMA pg_toast TO fuzz;	-- which a regclass may name
-- Cursors must not depend on any of these.
ALTER ROLE fuzz SET DateStyle = 'SQL, DMY';
ALTER ROLE fuzz SET IntervalStyle = 'iso_8601';
ALTER ROLE fuzz SET TimeZone = 'Asia/Kathmandu';
ALTER ROLE fuzz SET extra_float_digits = 0;
ALTER ROLE fuzz SET array_nulls = off;

CREATE TYPE mood AS ENUM ('sad', 'so, so', 'ha"ppy');
CREATE TYPE pair AS (a int, b timestamptz, c text);
CREATE DOMAIN positive AS int CHECK (value > 0);
CREATE TABLE kinds (
	id int PRIMARY KEY,
	i2 int2, i8 int8, o oid, b boolean, ch "char", f4 float4, f8 float8, n numeric, m money,
	d date, t time, ttz timetz, ts timestamp, tstz timestamptz, iv interval,
	u uuid, tx text, vc varchar(20), bp char(5), nm name, ba bytea, ip inet, net cidr,
	mac macaddr, mac8 macaddr8, bits bit(5), vb varbit, lsn pg_lsn, x8 xid8, rc regclass,
	e mood, ia int[], tza timestamptz[], ta text[], fa float8[], p pair,
	r int4range, rt tstzrange, mr int4multirange, jb jsonb, dom positive,
	j json, pt point, "Odd ""name" text, "$dollar" int);
INSERT INTO kinds VALUES
(1, -32768, -9223372036854775808, 0, false, '', '-Infinity', '-Infinity', '-Infinity',
 '-92233720368547758.08', '-infinity', '00:00', '00:00+15:59:59', '-infinity', '-infinity',
 '-178000000 years', '00000000-0000-0000-0000-000000000000', '', '', '', '', '', '0.0.0.0/0',
 '0.0.0.0/0', '00:00:00:00:00:00', '00:00:00:00:00:00:00:00', '00000', '', '0/0', '0',
 'pg_class', 'sad', '{}', '{-infinity}', '{NULL,"NULL",""}', '{-0,NaN}',
 '(,,)', 'empty', '(,)', '{}', 'null', 1, '{"a": 1}', '(0,0)', '', 1),
(2, 0, -129, 2147483648, true, 'a', '-0', 4.9e-324, -0.00, 0, '4713-01-01 BC', '12:34:56.789012',
 '12:34:56.789012+05:45', '4713-01-01 BC', '1883-11-18 12:03:57.123456 America/New_York',
 '-1 mon +1 day -00:00:00.000001', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
 E'é日😀\x01''"\\{},()\n\t', E'\\', 'a  ', 'é', '\x00ff', 'fe80::1/64', 'fe80::/64',
 '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', '10101', '101010101', '16/B374D848', '42',
 'pg_type', 'so, so', '{1,NULL,3}', '{"0001-01-01 BC"}', '{"a,b","c\"d"}', '{0.1,5e-324}',
 '(1,"2024-02-29 12:00:00.000001+00","a ""b"",c")', '[1,5)', '[2000-01-01,infinity)',
 '{[1,2),[3,5)}', '{"a": 1.50, "b": ["é\u0001"]}', 127, E'[1,\n"a\\nb"]', '(1,2)', 'odd', NULL),
(3, 32767, 9223372036854775807, 4294967295, true, E'\\377', 'NaN', 'NaN', 'NaN',
 '92233720368547758.07', 'infinity', '24:00', '24:00-15:59:59', 'infinity', 'infinity',
 '178000000 years', 'ffffffff-ffff-ffff-ffff-ffffffffffff', repeat('x', 3000), 'z', 'z', 'z',
 '\xff', '::1', '::1', 'ff:ff:ff:ff:ff:ff', 'ff:ff:ff:ff:ff:ff:ff:ff', '11111', '1',
 'FFFFFFFF/FFFFFFFF', '18446744073709551615', 'pg_proc', 'ha"ppy', '{{1,2},{3,4}}', '{infinity}',
 '{z}', '{Infinity}', '(2147483647,infinity,)', '[1,)', '(,)', '{(,)}', '{"z": 1e100}', 2147483647,
 'null', '(1e308,-0)', NULL, 3);
INSERT INTO kinds (id) VALUES (4);
CREATE INDEX ON kinds (tx, id);
CREATE INDEX ON kinds (n DESC, id DESC);

CREATE TABLE users (id bigint PRIMARY KEY, name text UNIQUE, "Odd ""name" int);
CREATE TABLE products (id int PRIMARY KEY, title text, price numeric(10, 2), dropped int, extra jsonb);
ALTER TABLE products DROP COLUMN dropped;
CREATE TABLE orders (id int PRIMARY KEY, user_id bigint REFERENCES users, seller_id bigint REFERENCES users,
	total numeric, placed_at timestamptz, note text, mood mood);
CREATE TABLE items (order_id int REFERENCES orders, n int, product_id int REFERENCES products,
	PRIMARY KEY (order_id, n));
CREATE TABLE notes (id int PRIMARY KEY, order_id int, n int, body text,
	FOREIGN KEY (order_id, n) REFERENCES items);
CREATE TABLE tags (id int PRIMARY KEY, label text);
CREATE TABLE user_tags (user_id bigint REFERENCES users, tag_id int REFERENCES tags,
	PRIMARY KEY (user_id, tag_id));
CREATE TABLE profiles (user_id bigint PRIMARY KEY REFERENCES users, bio text);
CREATE TABLE employees (id int PRIMARY KEY, boss_id int REFERENCES employees, name text);
CREATE INDEX ON orders (user_id, total);
INSERT INTO users SELECT i, 'user ' || i, i FROM generate_series(1, 5) i;
INSERT INTO products SELECT i, 'product ' || i, i * 1.5 FROM generate_series(1, 4) i;
INSERT INTO orders SELECT i, nullif(i % 4 + 1, 4), i % 3 + 1, i * 10,
	timestamptz '2024-01-01 00:00Z' + i * interval '1 day', CASE WHEN i % 3 = 0 THEN 'a "note"' END,
	CASE WHEN i % 2 = 0 THEN 'sad'::mood END FROM generate_series(1, 12) i;
INSERT INTO items SELECT o, n, nullif((o + n) % 5, 0) FROM generate_series(1, 12) o, generate_series(1, 2) n;
INSERT INTO notes SELECT i, i, 1, 'body' FROM generate_series(1, 6) i;
INSERT INTO tags SELECT i, 'tag ' || i FROM generate_series(1, 3) i;
INSERT INTO user_tags SELECT u, t FROM generate_series(1, 3) u, generate_series(1, 3) t WHERE u <= t;
INSERT INTO profiles VALUES (1, 'first'), (3, NULL);
INSERT INTO employees VALUES (1, NULL, 'ann'), (2, 1, 'bob'), (3, 1, 'cid'), (4, 2, 'dee');

CREATE TABLE events (id int, at date, what text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE events_old PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2024-01-01');
CREATE TABLE events_new PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2030-01-01');
INSERT INTO events SELECT i, date '2023-12-31' + i, 'event ' || i FROM generate_series(1, 10) i;
INSERT INTO events VALUES (1, '2021-01-01', 'old');

CREATE TABLE "Odd ""table""" ("Capital" int, "quo""te" text, "nulls" int, "desc" int, "é日" text,
	PRIMARY KEY ("Capital", "desc"));
INSERT INTO "Odd ""table""" VALUES (1, 'a', 1, 1, 'b'), (2, NULL, NULL, 2, NULL);
CREATE TABLE keyless (a int, b text);
INSERT INTO keyless VALUES (1, 'a'), (1, 'a'), (NULL, NULL);

-- Keys of many types, all of them cached.
CREATE TABLE by_text (k text PRIMARY KEY, v int);
CREATE TABLE by_uuid (k uuid PRIMARY KEY, v int);
CREATE TABLE by_time (k timestamptz PRIMARY KEY, v int);
CREATE TABLE by_numeric (k numeric(20, 3) PRIMARY KEY, v int);
CREATE TABLE by_array (k int[] PRIMARY KEY, v int);
CREATE TABLE by_pair (k pair PRIMARY KEY, v int);
CREATE TABLE by_range (k int4range PRIMARY KEY, v int);
CREATE TABLE by_domain (k positive PRIMARY KEY, v int);
CREATE TABLE by_name (k name PRIMARY KEY, v int);
CREATE TABLE mixed (a int, b text, v int, PRIMARY KEY (a, b));
INSERT INTO by_text VALUES ('a', 1), ('', 2), (repeat('long', 500), 3);
INSERT INTO by_uuid VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 1);
INSERT INTO by_time VALUES ('2024-01-01 00:00+00', 1), ('infinity', 2);
INSERT INTO by_numeric VALUES (1, 1), (-0.5, 2), ('NaN', 3);
INSERT INTO by_array VALUES ('{}', 1), ('{1,2}', 2), ('{NULL}', 3);
INSERT INTO by_pair VALUES ('(1,,a)', 1), ('(,,)', 2);
INSERT INTO by_range VALUES ('[1,5)', 1), ('empty', 2);
INSERT INTO by_domain VALUES (1, 1), (2, 2);
INSERT INTO by_name VALUES ('a', 1);
INSERT INTO mixed SELECT i, 'b' || i, i FROM generate_series(1, 5) i;
SELECT hotpath.cache_table(oid) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname ~ '^(by_|users|mixed|items|orders)'
	AND relname <> 'by_pair';	-- a composite key, which is refused
SELECT hotpath.cache_table('users', 'users_name_key');
GRANT SELECT ON ALL TABLES IN SCHEMA public TO fuzz;
ANALYZE;

-- The functions as the library with the fuzzer in it has them.  One session cannot load both.
UPDATE pg_proc SET probin = 'hotpath_fuzz' WHERE probin = '$libdir/pg_hotpath';
\connect
CREATE FUNCTION fuzz(target text) RETURNS void AS 'hotpath_fuzz', 'fuzz' LANGUAGE C STRICT;
