-- The tables of the torture run, and the procedures that its readers and writers call.
-- Every update writes a value that no other ever wrote, so a row that is not the one of the
-- snapshot cannot look like it.

CREATE EXTENSION pg_hotpath;

-- Two keys; the filler makes the rows of all tables several times as large as the cache.
CREATE TABLE acct (id int PRIMARY KEY, code text NOT NULL, n bigint NOT NULL, filler text);
CREATE UNIQUE INDEX acct_code ON acct (code);

-- Partitions of two layouts; changing the region moves a row from one to another.
CREATE TABLE part (id int, region int, n bigint, filler text, PRIMARY KEY (id, region))
	PARTITION BY LIST (region);
CREATE TABLE part_0 PARTITION OF part FOR VALUES IN (0);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_2 (filler text, gone int, n bigint, region int NOT NULL, id int NOT NULL);
ALTER TABLE part_2 DROP COLUMN gone;
ALTER TABLE part ATTACH PARTITION part_2 FOR VALUES IN (2);

-- A text key of which different spellings are equal (where there is ICU), and TOASTed rows.
SELECT EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i') AS icu \gset
\if :icu
CREATE COLLATION slug_order (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
\else
CREATE COLLATION slug_order (locale = 'C');
\endif
CREATE TABLE doc (slug text COLLATE slug_order PRIMARY KEY, n bigint, body text);
ALTER TABLE doc ALTER COLUMN body SET STORAGE EXTERNAL;

-- Written through.
CREATE TABLE wt (id numeric PRIMARY KEY, n bigint NOT NULL, tags text[]);

CREATE FUNCTION keys_of(t regclass) RETURNS int IMMUTABLE LANGUAGE sql AS
$$ SELECT CASE t::text WHEN 'doc' THEN 150 WHEN 'acct' THEN 2000 ELSE 800 END $$;

-- A value that was not there before.
CREATE FUNCTION fresh() RETURNS bigint VOLATILE LANGUAGE sql AS
$$ SELECT (random() * 1e15)::bigint $$;

CREATE FUNCTION slug(k int) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'slug-' || k $$;

-- Bring back the rows that are missing.
CREATE PROCEDURE refill(t regclass) LANGUAGE plpgsql AS $$
BEGIN
	CASE t::text
	WHEN 'acct' THEN
		INSERT INTO acct (id, code, n, filler)
			SELECT i, 'c' || i, fresh(), repeat('a', 50 + i % 400)
			FROM generate_series(1, keys_of('acct')) i ON CONFLICT DO NOTHING;
	WHEN 'part' THEN
		INSERT INTO part (id, region, n, filler)
			SELECT i, i % 3, fresh(), repeat('p', i % 200)
			FROM generate_series(1, keys_of('part')) i
			WHERE NOT EXISTS (SELECT FROM part WHERE id = i) ON CONFLICT DO NOTHING;
	WHEN 'doc' THEN
		INSERT INTO doc (slug, n, body)
			SELECT slug(i), fresh(), repeat('d', 1500 + 20 * i)
			FROM generate_series(1, keys_of('doc')) i ON CONFLICT DO NOTHING;
	WHEN 'wt' THEN
		INSERT INTO wt (id, n, tags)
			SELECT i, fresh(), ARRAY['w', NULL, i::text]
			FROM generate_series(1, keys_of('wt')) i ON CONFLICT DO NOTHING;
	END CASE;
END $$;

CREATE PROCEDURE cache_all() LANGUAGE plpgsql AS $$
BEGIN
	PERFORM hotpath.cache_table('acct');
	PERFORM hotpath.cache_table('acct', 'acct_code');
	PERFORM hotpath.cache_table('part');
	PERFORM hotpath.cache_table('doc');
	PERFORM hotpath.cache_table('wt', write_through => true);
END $$;

/*
 * Attach the partition that may be detached.  The lock keeps this out of the middle of a
 * statement: a query that was planned before does not see a partition that is attached while it
 * runs, though functions inside it may.
 */
CREATE PROCEDURE attach_again() LANGUAGE plpgsql AS $$
BEGIN
	IF NOT (SELECT relispartition FROM pg_class WHERE oid = 'part_1'::regclass) THEN
		LOCK TABLE part IN ACCESS EXCLUSIVE MODE;
		ALTER TABLE part ATTACH PARTITION part_1 FOR VALUES IN (1);
	END IF;
END $$;

CALL refill('acct');
CALL refill('part');
CALL refill('doc');
CALL refill('wt');
CALL cache_all();

/*
 * One comparison of the cache with the table, in one statement, so under one snapshot.  Null
 * when they agree, else both.  OFFSET 0 keeps the planner from evaluating a side twice.
 */
CREATE PROCEDURE compare(kind int, k int, INOUT compared int, INOUT bad text)
LANGUAGE plpgsql AS $$
DECLARE
	keys int[];
	spelling text;
	row_of acct;
BEGIN
	bad := NULL;
	compared := compared + 1;
	CASE kind
	WHEN 0 THEN
		SELECT CASE WHEN c IS DISTINCT FROM t THEN concat('cache ', c, ' table ', t) END INTO bad
		FROM (SELECT hotpath.get(NULL::acct, k) AS c,
				(SELECT a FROM acct a WHERE a.id = k) AS t OFFSET 0) x;
	WHEN 1 THEN
		SELECT CASE WHEN c IS DISTINCT FROM t THEN concat('cache ', c, ' table ', t) END INTO bad
		FROM (SELECT hotpath.get_by(NULL::acct, 'acct_code', 'c' || k) AS c,
				(SELECT a FROM acct a WHERE a.code = 'c' || k) AS t OFFSET 0) x;
	WHEN 2 THEN
		SELECT CASE WHEN c IS DISTINCT FROM t THEN concat('cache ', c, ' table ', t) END INTO bad
		FROM (SELECT hotpath.get(NULL::part, k, k % 3) AS c,
				(SELECT p FROM part p WHERE p.id = k AND p.region = k % 3) AS t OFFSET 0) x;
	WHEN 3 THEN
		spelling := CASE WHEN random() < 0.5 AND slug(k) = upper(slug(k)) COLLATE slug_order
			THEN upper(slug(k)) ELSE slug(k) END;
		SELECT CASE WHEN c IS DISTINCT FROM t THEN concat('cache ', c, ' table ', t) END INTO bad
		FROM (SELECT hotpath.get(NULL::doc, spelling) AS c,
				(SELECT d FROM doc d WHERE d.slug = spelling) AS t OFFSET 0) x;
	WHEN 4 THEN
		SELECT CASE WHEN c IS DISTINCT FROM t THEN concat('cache ', c, ' table ', t) END INTO bad
		FROM (SELECT hotpath.get(NULL::wt, k + 0.00) AS c,
				(SELECT w FROM wt w WHERE w.id = k) AS t OFFSET 0) x;
	WHEN 5 THEN
		SELECT CASE WHEN c IS DISTINCT FROM t THEN concat('cache ', c, ' table ', t) END INTO bad
		FROM (SELECT hotpath.get_json('acct', k)::text AS c,
				(SELECT row_to_json(a)::text FROM acct a WHERE a.id = k) AS t OFFSET 0) x;
	WHEN 6 THEN
		keys := ARRAY(SELECT 1 + (k + i * i) % keys_of('acct') FROM generate_series(0, 19) i)
			|| k || -k;
		compared := compared + 21;
		SELECT CASE WHEN c IS DISTINCT FROM t THEN concat('cache ', c, ' table ', t) END INTO bad
		FROM (SELECT ARRAY(SELECT g FROM hotpath.get_many(NULL::acct, keys) g) AS c,
				ARRAY(SELECT a FROM unnest(keys) WITH ORDINALITY u (id, place)
					JOIN acct a USING (id) ORDER BY u.place) AS t OFFSET 0) x;
	WHEN 9 THEN
		-- many keys, so that there is time between the look at the cache and the fill
		keys := ARRAY(SELECT (k + i * 7) % keys_of('wt') FROM generate_series(1, 200) i);
		compared := compared + 199;
		SELECT CASE WHEN c IS DISTINCT FROM t THEN concat('cache ', c, ' table ', t) END INTO bad
		FROM (SELECT ARRAY(SELECT g FROM hotpath.get_many(NULL::wt, keys) g) AS c,
				ARRAY(SELECT w FROM unnest(keys) WITH ORDINALITY u (id, place)
					JOIN wt w ON w.id = u.id ORDER BY u.place) AS t OFFSET 0) x;
	WHEN 7 THEN
		SELECT CASE WHEN c IS DISTINCT FROM t AND c IS NOT NULL
			THEN concat('peek ', c, ' table ', t) END INTO bad
		FROM (SELECT hotpath.peek(NULL::acct, k) AS c,
				(SELECT a FROM acct a WHERE a.id = k) AS t OFFSET 0) x;
	WHEN 8 THEN
		-- the expression that PL/pgSQL evaluates without a query of its own; only where the
		-- snapshot is the transaction's may two statements be compared
		IF current_setting('transaction_isolation') = 'repeatable read' THEN
			row_of := hotpath.get(NULL::acct, k);
			SELECT CASE WHEN row_of IS DISTINCT FROM t
				THEN concat('cache ', row_of, ' table ', t) END INTO bad
			FROM (SELECT (SELECT a FROM acct a WHERE a.id = k) AS t OFFSET 0) x;
		ELSE
			compared := compared - 1;
		END IF;
	END CASE;
	IF bad IS NOT NULL THEN
		RAISE WARNING 'MISMATCH kind % key % isolation % xid % snapshot %: %', kind, k,
			current_setting('transaction_isolation'), pg_current_xact_id_if_assigned(),
			pg_current_snapshot(), left(bad, 2000);
	END IF;
END $$;

-- A table by chance, as the number of its plain comparison.
CREATE FUNCTION kind_of_reading() RETURNS int VOLATILE LANGUAGE sql AS
$$ SELECT CASE WHEN random() < 0.01 THEN 9 ELSE (ARRAY[0, 0, 0, 1, 1, 2, 2, 3, 4, 4, 5, 5, 6, 7, 8])[1 + floor(random() * 15)::int] END $$;

-- A key by chance; the smaller ones are read far more often.
CREATE FUNCTION hot_key(kind int) RETURNS int VOLATILE LANGUAGE sql AS
$$ SELECT 1 + floor(power(random(), 4) *
	keys_of(CASE kind WHEN 2 THEN 'part' WHEN 3 THEN 'doc' WHEN 4 THEN 'wt' ELSE 'acct' END))::int $$;

/*
 * A reader: tells how many comparisons it has made after each of its transactions.  A late one
 * waits up to so many seconds between its transaction's snapshot and its first lock.
 */
CREATE PROCEDURE read_and_compare(transactions int, per_transaction int, seed float8,
	late float8 DEFAULT 0)
LANGUAGE plpgsql AS $$
DECLARE
	compared int;
	kind int;
	bad text;
BEGIN
	PERFORM setseed(seed);
	FOR t IN 1..transactions LOOP
		compared := 0;
		PERFORM pg_sleep(late * random()) WHERE late > 0;
		FOR i IN 1..per_transaction LOOP
			kind := kind_of_reading();
			CALL compare(kind, hot_key(kind), compared, bad);
		END LOOP;
		COMMIT;
		RAISE NOTICE 'COMPARED %', compared;
	END LOOP;
END $$;

/* One change by chance. */
CREATE PROCEDURE change_something() LANGUAGE plpgsql AS $$
DECLARE
	k int := 1 + floor(random() * keys_of('acct'))::int;
	k2 int := 1 + floor(random() * keys_of('acct'))::int;
	kp int := 1 + floor(random() * keys_of('part'))::int;
	kd int := 1 + floor(random() * keys_of('doc'))::int;
BEGIN
	IF random() < 0.2 THEN		-- now and then one that is read often
		k := 1 + k % 20;
		kp := 1 + kp % 20;
		kd := 1 + kd % 5;
	END IF;
	CASE floor(random() * 19)::int
	WHEN 0, 1 THEN
		UPDATE acct SET n = fresh() WHERE id = k;
	WHEN 2 THEN
		DELETE FROM acct WHERE id = k;
	WHEN 3 THEN
		INSERT INTO acct (id, code, n, filler) VALUES (k, 'c' || k, fresh(), 'back')
			ON CONFLICT (id) DO UPDATE SET n = excluded.n;
	WHEN 4 THEN		-- a key that moves, often into the gap of another
		DELETE FROM acct WHERE id = k2;
		UPDATE acct SET id = k2, n = fresh() WHERE id = k;
	WHEN 5 THEN		-- the other key swaps
		UPDATE acct SET code = 'moving' || pg_backend_pid() WHERE id = k;
		UPDATE acct SET code = 'c' || k WHERE id = k2;
		UPDATE acct SET code = 'c' || k2 WHERE id = k;
	WHEN 6 THEN
		UPDATE acct SET n = fresh() WHERE id BETWEEN k AND k + 30;
	WHEN 7 THEN
		PERFORM hotpath.put(jsonb_populate_record(NULL::acct, jsonb_build_object(
			'id', k, 'code', 'c' || k, 'n', fresh(), 'filler', repeat('put', k % 50))));
	WHEN 8 THEN
		DELETE FROM acct WHERE id = k;
		INSERT INTO acct (id, code, n, filler) VALUES (k, 'c' || k, fresh(), 'again');
	WHEN 9 THEN
		MERGE INTO acct a USING (SELECT i AS id FROM generate_series(k, k + 3) i) s ON a.id = s.id
			WHEN MATCHED AND a.id % 3 = 0 THEN DELETE
			WHEN MATCHED THEN UPDATE SET n = fresh()
			WHEN NOT MATCHED THEN
				INSERT (id, code, n, filler) VALUES (s.id, 'c' || s.id, fresh(), 'merged');
	WHEN 10 THEN
		UPDATE part SET n = fresh() WHERE id = kp;
	WHEN 11 THEN
		UPDATE part SET region = (region + 1) % 3, n = fresh() WHERE id = kp;
	WHEN 12 THEN
		DELETE FROM part WHERE id = kp;
		INSERT INTO part (id, region, n, filler) VALUES (kp, kp % 3, fresh(), 'back');
	WHEN 13 THEN
		UPDATE doc SET n = fresh(), body = body || 'x' WHERE slug = slug(kd);
	WHEN 14 THEN	-- another spelling of the same key
		UPDATE doc SET slug = CASE WHEN slug = upper(slug) COLLATE "C" THEN slug(kd)
			ELSE upper(slug) END WHERE slug = slug(kd);
	WHEN 15, 16 THEN
		UPDATE wt SET n = fresh() WHERE id = kp;
	WHEN 17 THEN
		INSERT INTO wt (id, n) VALUES (kp, fresh())
			ON CONFLICT (id) DO UPDATE SET n = excluded.n, tags = wt.tags || kp::text;
	WHEN 18 THEN
		DELETE FROM wt WHERE id = kp;
	END CASE;
END $$;

/* A writer: short transactions with subtransactions; half of them look at their own writes. */
CREATE PROCEDURE write(transactions int, seed float8) LANGUAGE plpgsql AS $$
DECLARE
	compared int := 0;
	kind int;
	bad text;
BEGIN
	PERFORM setseed(seed);
	FOR t IN 1..transactions LOOP
		FOR i IN 1..1 + floor(random() * 4)::int LOOP
			BEGIN
				CALL change_something();
				BEGIN
					IF random() < 0.4 THEN
						CALL change_something();
						IF random() < 0.5 THEN
							RAISE EXCEPTION 'an inner subtransaction that rolls back';
						END IF;
					END IF;
				EXCEPTION WHEN OTHERS THEN NULL;
				END;
				IF random() < 0.5 THEN
					kind := kind_of_reading();
					CALL compare(kind, hot_key(kind), compared, bad);
				END IF;
				IF random() < 0.15 THEN
					RAISE EXCEPTION 'a subtransaction that rolls back';
				END IF;
			EXCEPTION WHEN OTHERS THEN NULL;
			END;
		END LOOP;
		IF random() < 0.2 THEN
			ROLLBACK;
		ELSE
			COMMIT;
		END IF;
		PERFORM pg_sleep(0.002);
	END LOOP;
	RAISE NOTICE 'COMPARED %', compared;
END $$;
