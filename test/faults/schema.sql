-- The tables that statements.txt is about, and the questions that are asked after each fault.
\set QUIET on
SET client_min_messages = warning;
CREATE EXTENSION pg_hotpath;

CREATE TYPE kind AS ENUM ('new', 'used');
CREATE TABLE person (id int PRIMARY KEY, name text UNIQUE, born date);
CREATE TABLE item (id int PRIMARY KEY, owner_id int REFERENCES person, name text NOT NULL UNIQUE,
	price numeric, kind kind, tags text[], data jsonb, made timestamptz, note text);
CREATE INDEX ON item (owner_id, price, id);
CREATE TABLE tag (id int PRIMARY KEY, label text);
CREATE TABLE item_tag (item_id int REFERENCES item, tag_id int REFERENCES tag, PRIMARY KEY (item_id, tag_id));
CREATE INDEX ON item_tag (tag_id);
CREATE TABLE pair (a int, b text, v text, PRIMARY KEY (a, b));
CREATE TABLE part (id int, v text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE part_low PARTITION OF part FOR VALUES FROM (0) TO (10);
CREATE TABLE part_high (v text, id int NOT NULL);
ALTER TABLE part ATTACH PARTITION part_high FOR VALUES FROM (10) TO (100);
CREATE TABLE spare (id int PRIMARY KEY, v text, w text);
CREATE TABLE guarded (id int PRIMARY KEY, v text);

INSERT INTO person SELECT i, 'person ' || i, date '1970-01-01' + i FROM generate_series(1, 10) i;
INSERT INTO item SELECT i, 1 + i % 10, 'item ' || i, i * 1.25, (ARRAY['new', 'used'])[1 + i % 2]::kind,
	ARRAY['a', 'b' || i], jsonb_build_object('n', i, 'list', jsonb_build_array(i, 'x')),
	timestamptz '2020-01-01 00:00:00Z' + i * interval '1 day', repeat('note ' || i, 10)
	FROM generate_series(1, 30) i;
UPDATE item SET note = (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 400) i) WHERE id = 30;
INSERT INTO tag SELECT i, 'tag ' || i FROM generate_series(1, 5) i;
INSERT INTO item_tag SELECT i, 1 + (i + k) % 5 FROM generate_series(1, 30) i, generate_series(0, 1) k;
INSERT INTO pair SELECT i, 'b' || i, 'v' || i FROM generate_series(1, 10) i;
INSERT INTO part SELECT i, 'part ' || i FROM generate_series(1, 20) i;
INSERT INTO spare SELECT i, 'spare ' || i, 'w' FROM generate_series(1, 10) i;
INSERT INTO guarded SELECT i, 'guarded ' || i FROM generate_series(1, 10) i;
CREATE ROLE reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY half ON guarded TO reader USING (id % 2 = 0);
ANALYZE;

SELECT hotpath.cache_table('person', write_through => true);
SELECT hotpath.cache_table('item');
SELECT hotpath.cache_table('item', 'item_name_key', ttl => '1 day');
SELECT hotpath.cache_table('pair');
SELECT hotpath.cache_table('part', write_through => true);
SELECT hotpath.cache_table('spare');
SELECT hotpath.cache_table('guarded');

CREATE SCHEMA faults;
CREATE FUNCTION faults.arm(kinds int, action text, n bigint, whole_stack bool DEFAULT true, error int DEFAULT 12)
	RETURNS void AS 'faults', 'faults_arm' LANGUAGE C;
CREATE FUNCTION faults.disarm() RETURNS bigint AS 'faults', 'faults_disarm' LANGUAGE C;
CREATE FUNCTION faults.sites(OUT n bigint, OUT stack bigint) RETURNS SETOF record AS 'faults', 'faults_sites' LANGUAGE C;
CREATE FUNCTION faults.forget() RETURNS void AS 'faults', 'faults_forget' LANGUAGE C;
CREATE FUNCTION faults.other_memory() RETURNS bigint AS 'faults', 'faults_other_memory' LANGUAGE C;
CREATE FUNCTION faults.open_files(prefix text) RETURNS int AS 'faults', 'faults_open_files' LANGUAGE C;
CREATE FUNCTION faults.leak(what text) RETURNS void AS 'faults', 'faults_leak' LANGUAGE C;
GRANT USAGE ON SCHEMA faults TO PUBLIC;

-- What is wrong with the cache, one word each; empty if nothing is.  First what lies in the cache as it
-- is, then what readers get, in one statement with what the table holds.
CREATE FUNCTION faults.problems(dir text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	found text[] := '{}';
	checked regclass;
BEGIN
	FOREACH checked IN ARRAY ARRAY['person', 'item', 'pair', 'part', 'spare', 'guarded']::regclass[] LOOP
		IF (SELECT stale <> 0 FROM hotpath.verify_cache(checked)) THEN
			found := array_append(found, format('%s has stale entries;', checked));
		END IF;
	END LOOP;
	IF (SELECT count(*) <> 0 FROM (
			SELECT hotpath.get(NULL::person, k), (SELECT t FROM person t WHERE id = k) FROM generate_series(0, 11) k
			UNION ALL SELECT hotpath.get(NULL::person, k), (SELECT t FROM person t WHERE id = k) FROM generate_series(0, 11) k
			OFFSET 0) x(cached, stored) WHERE cached IS DISTINCT FROM stored) THEN
		found := array_append(found, 'person differs;');
	END IF;
	IF (SELECT count(*) <> 0 FROM (
			SELECT hotpath.get(NULL::item, k), (SELECT t FROM item t WHERE id = k),
				hotpath.get_by(NULL::item, 'item_name_key', 'item ' || k) FROM generate_series(0, 31) k
			OFFSET 0) x(cached, stored, by_name) WHERE cached IS DISTINCT FROM stored OR by_name IS DISTINCT FROM stored) THEN
		found := array_append(found, 'item differs;');
	END IF;
	IF (SELECT count(*) <> 0 FROM (
			SELECT hotpath.get(NULL::pair, k, 'b' || k), (SELECT t FROM pair t WHERE a = k AND b = 'b' || k)
			FROM generate_series(0, 11) k OFFSET 0) x(cached, stored) WHERE cached IS DISTINCT FROM stored) THEN
		found := array_append(found, 'pair differs;');
	END IF;
	IF (SELECT count(*) <> 0 FROM (
			SELECT hotpath.get(NULL::part, k), (SELECT t FROM part t WHERE id = k) FROM generate_series(0, 21) k
			OFFSET 0) x(cached, stored) WHERE cached IS DISTINCT FROM stored) THEN
		found := array_append(found, 'part differs;');
	END IF;
	IF (SELECT count(*) <> 0 FROM (
			SELECT hotpath.get(NULL::spare, k), (SELECT t FROM spare t WHERE id = k) FROM generate_series(0, 11) k
			OFFSET 0) x(cached, stored) WHERE cached IS DISTINCT FROM stored) THEN
		found := array_append(found, 'spare differs;');
	END IF;
	IF faults.open_files(dir) <> 0 THEN
		found := array_append(found, 'a file is open;');
	END IF;
	IF EXISTS (SELECT FROM pg_ls_dir(dir) f WHERE f <> 'out') THEN
		found := array_append(found, 'a file is left;');
	END IF;
	RETURN array_to_string(found, ' ');
END $$;

-- Waits until a condition holds, which is evaluated again and again; not without shared memory.
CREATE FUNCTION faults.until(condition text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	give_up timestamptz := clock_timestamp() + interval '20 s';
	holds bool;
BEGIN
	LOOP
		EXECUTE 'SELECT ' || condition INTO holds;
		EXIT WHEN holds OR NOT EXISTS (SELECT FROM hotpath.cache_memory);
		IF clock_timestamp() > give_up THEN
			RAISE 'it never holds that %', condition;
		END IF;
		PERFORM pg_sleep(0.01);
	END LOOP;
END $$;

-- Locks and cursors that this session holds, beside the locks of the question itself.
CREATE VIEW faults.held AS
	SELECT (SELECT count(*) FROM pg_locks l LEFT JOIN pg_class c ON c.oid = l.relation
		WHERE l.pid = pg_backend_pid() AND l.locktype <> 'virtualxid'
		AND NOT (l.mode = 'AccessShareLock' AND (c.relname IN ('held', 'pg_locks', 'pg_cursors') OR c.relname LIKE 'pg\_class%'))) AS locks,
	(SELECT count(*) FROM pg_cursors) AS cursors;

-- What the session uses, without what the server keeps of catalogs: that may grow when building it
-- is broken off.
CREATE VIEW faults.memory AS
	SELECT sum(used_bytes) AS bytes FROM pg_backend_memory_contexts
	WHERE name <> 'CacheMemoryContext' AND (parent IS DISTINCT FROM 'CacheMemoryContext'
		OR name LIKE 'pg_hotpath%' OR name LIKE 'CachedPlan%' OR name = 'SPI Plan');
