/* pg_hotpath: the row cache */

\echo Use "CREATE EXTENSION pg_hotpath" to load this file. \quit

-- A schema that somebody else made beforehand could hold objects of theirs.
DO $$
BEGIN
	IF NOT (SELECT r.rolsuper FROM pg_catalog.pg_namespace n, pg_catalog.pg_roles r
		WHERE n.nspname OPERATOR(pg_catalog.=) 'hotpath'
			AND r.oid OPERATOR(pg_catalog.=) n.nspowner)
	THEN
		RAISE EXCEPTION 'schema hotpath exists and belongs to a role that is not a superuser'
			USING ERRCODE = 'duplicate_schema',
				DETAIL = 'pg_hotpath keeps its functions and its configuration there.',
				HINT = 'Drop or rename that schema first.';
	END IF;
END
$$;

GRANT USAGE ON SCHEMA @extschema@ TO PUBLIC;

/* ---- configuration ---- */

-- Keys are kept by their columns: a dump is restored before there are indexes.
CREATE TABLE @extschema@.cached_key (
	relation regclass NOT NULL,
	is_primary boolean NOT NULL,
	key_columns name[] NOT NULL,
	key_attnums int2[] NOT NULL,
	ttl interval,
	write_through boolean NOT NULL,
	PRIMARY KEY (relation, is_primary, key_columns)
);
COMMENT ON TABLE @extschema@.cached_key IS
	'keys by which tables are cached; written by hotpath.cache_table() and hotpath.uncache_table()';
COMMENT ON COLUMN @extschema@.cached_key.relation IS 'table whose rows are cached';
COMMENT ON COLUMN @extschema@.cached_key.is_primary IS
	'the key is the primary key, whichever columns that has';
COMMENT ON COLUMN @extschema@.cached_key.key_columns IS 'columns of the key, in its order';
COMMENT ON COLUMN @extschema@.cached_key.key_attnums IS
	'numbers of these columns in this database, by which a renamed one is found';
COMMENT ON COLUMN @extschema@.cached_key.ttl IS 'how long an entry is served; null for ever';
COMMENT ON COLUMN @extschema@.cached_key.write_through IS
	'rows written by INSERT and UPDATE are cached at commit';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.cached_key', '');
GRANT SELECT ON @extschema@.cached_key TO PUBLIC;
-- What is cached is each server's own affair: changes are not decoded for publications FOR ALL TABLES.
ALTER TABLE @extschema@.cached_key REPLICA IDENTITY NOTHING;

/* ---- triggers ---- */

CREATE FUNCTION @extschema@.note_row() RETURNS trigger
	AS 'MODULE_PATHNAME', 'hotpath_note_row' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.note_row() IS
	'row trigger of cached tables: notes the keys of changed rows';

CREATE FUNCTION @extschema@.note_truncate() RETURNS trigger
	AS 'MODULE_PATHNAME', 'hotpath_note_truncate' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.note_truncate() IS
	'TRUNCATE trigger of cached tables: notes that a table was emptied';

CREATE FUNCTION @extschema@.note_config() RETURNS trigger
	AS 'MODULE_PATHNAME', 'hotpath_note_config' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.note_config() IS
	'row trigger of hotpath.cached_key: makes sessions read it again';

CREATE TRIGGER note_config AFTER INSERT OR UPDATE OR DELETE ON @extschema@.cached_key
	FOR EACH ROW EXECUTE FUNCTION @extschema@.note_config();
ALTER TABLE @extschema@.cached_key ENABLE ALWAYS TRIGGER note_config;
CREATE TRIGGER note_config_truncate BEFORE TRUNCATE ON @extschema@.cached_key
	FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.note_config();
ALTER TABLE @extschema@.cached_key ENABLE ALWAYS TRIGGER note_config_truncate;
COMMENT ON TRIGGER note_config_truncate ON @extschema@.cached_key IS
	'makes sessions read the configuration again';
COMMENT ON TRIGGER note_config ON @extschema@.cached_key IS
	'makes sessions read the configuration again';
CREATE FUNCTION @extschema@.keep_config() RETURNS trigger
	AS 'MODULE_PATHNAME', 'hotpath_keep_config' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.keep_config() IS
	'row trigger of hotpath.cached_key: skips what a subscription brings for a key that is cached here already';
CREATE TRIGGER keep_config BEFORE INSERT ON @extschema@.cached_key
	FOR EACH ROW EXECUTE FUNCTION @extschema@.keep_config();
ALTER TABLE @extschema@.cached_key ENABLE ALWAYS TRIGGER keep_config;
COMMENT ON TRIGGER keep_config ON @extschema@.cached_key IS
	'skips what a subscription brings for a key that is cached here already';

CREATE FUNCTION @extschema@.note_start() RETURNS event_trigger
	AS 'MODULE_PATHNAME', 'hotpath_note_start' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.note_start() IS
	'event trigger function: notes what cannot be noted or asked for when the command has ended';

CREATE FUNCTION @extschema@.note_ddl() RETURNS event_trigger
	AS 'MODULE_PATHNAME', 'hotpath_note_ddl' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.note_ddl() IS
	'event trigger function: notes DDL on cached tables';

CREATE FUNCTION @extschema@.note_drop() RETURNS event_trigger
	AS 'MODULE_PATHNAME', 'hotpath_note_drop' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.note_drop() IS
	'event trigger function: notes what is dropped of cached tables';

CREATE FUNCTION @extschema@.note_rewrite() RETURNS event_trigger
	AS 'MODULE_PATHNAME', 'hotpath_note_rewrite' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.note_rewrite() IS
	'event trigger function: notes that a cached table is rewritten';

REVOKE EXECUTE ON FUNCTION @extschema@.note_config(), @extschema@.keep_config(), @extschema@.note_start(),
	@extschema@.note_ddl(), @extschema@.note_drop(), @extschema@.note_rewrite() FROM PUBLIC;

CREATE EVENT TRIGGER hotpath_note_start ON ddl_command_start
	WHEN TAG IN ('ALTER SCHEMA', 'ALTER TABLE', 'ALTER TYPE', 'CREATE CAST', 'CREATE EXTENSION', 'CREATE SCHEMA',
		'DROP CAST', 'DROP EXTENSION', 'DROP OWNED', 'DROP SCHEMA', 'DROP TABLE', 'GRANT', 'REVOKE')
	EXECUTE FUNCTION @extschema@.note_start();
ALTER EVENT TRIGGER hotpath_note_start ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER hotpath_note_start IS
	'notes for pg_hotpath what cannot be noted or asked for when the command has ended';
CREATE EVENT TRIGGER hotpath_note_ddl ON ddl_command_end
	EXECUTE FUNCTION @extschema@.note_ddl();
ALTER EVENT TRIGGER hotpath_note_ddl ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER hotpath_note_ddl IS 'notes DDL on tables cached by pg_hotpath';
CREATE EVENT TRIGGER hotpath_note_drop ON sql_drop
	EXECUTE FUNCTION @extschema@.note_drop();
ALTER EVENT TRIGGER hotpath_note_drop ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER hotpath_note_drop IS 'notes drops on tables cached by pg_hotpath';
CREATE EVENT TRIGGER hotpath_note_rewrite ON table_rewrite
	EXECUTE FUNCTION @extschema@.note_rewrite();
ALTER EVENT TRIGGER hotpath_note_rewrite ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER hotpath_note_rewrite IS 'notes rewrites of tables cached by pg_hotpath';

/* ---- attaching tables ---- */

CREATE FUNCTION @extschema@.cache_table(rel regclass, unique_index regclass DEFAULT NULL,
		ttl interval DEFAULT NULL, write_through boolean DEFAULT false)
	RETURNS void
	AS 'MODULE_PATHNAME', 'hotpath_cache_table' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.cache_table(regclass, regclass, interval, boolean) IS
	'cache the rows of a table by its primary key, or by a unique index; repairs an attachment';

CREATE FUNCTION @extschema@.uncache_table(rel regclass) RETURNS void
	AS 'MODULE_PATHNAME', 'hotpath_uncache_table' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.uncache_table(regclass) IS
	'stop caching the rows of a table, by any key';

CREATE FUNCTION @extschema@.cache_check(rel regclass) RETURNS text
	AS 'MODULE_PATHNAME', 'hotpath_cache_check' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION @extschema@.cache_check(regclass) IS
	'why reads of a table bypass the cache for everyone, or null if they do not';

/* ---- reading ---- */

CREATE FUNCTION @extschema@.get(row_type anyelement, key anycompatible) RETURNS anyelement
	AS 'MODULE_PATHNAME', 'hotpath_get' LANGUAGE C STABLE PARALLEL RESTRICTED COST 10;
COMMENT ON FUNCTION @extschema@.get(anyelement, anycompatible) IS
	'row with a primary key, read through the cache; null when there is none';

CREATE FUNCTION @extschema@.get(row_type anyelement, key1 "any", VARIADIC key_rest "any")
	RETURNS anyelement
	AS 'MODULE_PATHNAME', 'hotpath_get' LANGUAGE C STABLE PARALLEL RESTRICTED COST 10;
COMMENT ON FUNCTION @extschema@.get(anyelement, "any", "any") IS
	'row with a composite primary key, given in the key''s column order';

CREATE FUNCTION @extschema@.get_by(row_type anyelement, unique_index regclass, key anycompatible)
	RETURNS anyelement
	AS 'MODULE_PATHNAME', 'hotpath_get_by' LANGUAGE C STABLE PARALLEL RESTRICTED COST 10;
COMMENT ON FUNCTION @extschema@.get_by(anyelement, regclass, anycompatible) IS
	'row with a key of a unique index, read through the cache';

CREATE FUNCTION @extschema@.get_by(row_type anyelement, unique_index regclass, key1 "any",
		VARIADIC key_rest "any")
	RETURNS anyelement
	AS 'MODULE_PATHNAME', 'hotpath_get_by' LANGUAGE C STABLE PARALLEL RESTRICTED COST 10;
COMMENT ON FUNCTION @extschema@.get_by(anyelement, regclass, "any", "any") IS
	'row with a composite key of a unique index';

CREATE FUNCTION @extschema@.get_many(row_type anyelement, keys anycompatiblearray,
		keep_missing boolean DEFAULT false)
	RETURNS SETOF anyelement
	AS 'MODULE_PATHNAME', 'hotpath_get_many' LANGUAGE C STABLE PARALLEL RESTRICTED
	COST 100 ROWS 100;
COMMENT ON FUNCTION @extschema@.get_many(anyelement, anycompatiblearray, boolean) IS
	'rows with any of several primary keys, in the order of the keys';

CREATE FUNCTION @extschema@.get_json(rel regclass, key anycompatible) RETURNS json
	AS 'MODULE_PATHNAME', 'hotpath_get_json' LANGUAGE C STABLE PARALLEL RESTRICTED COST 10;
COMMENT ON FUNCTION @extschema@.get_json(regclass, anycompatible) IS
	'row with a primary key as JSON, as row_to_json renders it';

CREATE FUNCTION @extschema@.get_json(rel regclass, key1 "any", VARIADIC key_rest "any")
	RETURNS json
	AS 'MODULE_PATHNAME', 'hotpath_get_json' LANGUAGE C STABLE PARALLEL RESTRICTED COST 10;
COMMENT ON FUNCTION @extschema@.get_json(regclass, "any", "any") IS
	'row with a composite primary key as JSON';

CREATE FUNCTION @extschema@.peek(row_type anyelement, key anycompatible) RETURNS anyelement
	AS 'MODULE_PATHNAME', 'hotpath_peek' LANGUAGE C STABLE PARALLEL RESTRICTED COST 10;
COMMENT ON FUNCTION @extschema@.peek(anyelement, anycompatible) IS
	'row with a primary key if it is cached, else null; never reads the table';

CREATE FUNCTION @extschema@.peek(row_type anyelement, key1 "any", VARIADIC key_rest "any")
	RETURNS anyelement
	AS 'MODULE_PATHNAME', 'hotpath_peek' LANGUAGE C STABLE PARALLEL RESTRICTED COST 10;
COMMENT ON FUNCTION @extschema@.peek(anyelement, "any", "any") IS
	'row with a composite primary key if it is cached, else null';

/* ---- writing ---- */

CREATE FUNCTION @extschema@.put(new_row anyelement) RETURNS anyelement
	AS 'MODULE_PATHNAME', 'hotpath_put' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100;
COMMENT ON FUNCTION @extschema@.put(anyelement) IS
	'insert or update a row by primary key; the cache serves it from commit on';

/* ---- maintenance ---- */

CREATE FUNCTION @extschema@.evict(rel regclass, key anycompatible) RETURNS boolean
	AS 'MODULE_PATHNAME', 'hotpath_evict' LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION @extschema@.evict(regclass, anycompatible) IS
	'remove a row from the cache; true if it was there';

CREATE FUNCTION @extschema@.evict(rel regclass, key1 "any", VARIADIC key_rest "any")
	RETURNS boolean
	AS 'MODULE_PATHNAME', 'hotpath_evict' LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION @extschema@.evict(regclass, "any", "any") IS
	'remove a row with a composite primary key from the cache';

CREATE FUNCTION @extschema@.evict_all(rel regclass DEFAULT NULL) RETURNS bigint
	AS 'MODULE_PATHNAME', 'hotpath_evict_all' LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION @extschema@.evict_all(regclass) IS
	'remove all entries of a table, or of this database; returns how many';

CREATE FUNCTION @extschema@.warm(rel regclass, max_rows bigint DEFAULT NULL) RETURNS bigint
	AS 'MODULE_PATHNAME', 'hotpath_warm' LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 10000;
COMMENT ON FUNCTION @extschema@.warm(regclass, bigint) IS
	'load rows of a table into the free room of the cache; returns how many';

CREATE FUNCTION @extschema@.verify_cache(rel regclass, max_rows bigint DEFAULT NULL,
		OUT checked bigint, OUT stale bigint)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'hotpath_verify_cache' LANGUAGE C STABLE PARALLEL RESTRICTED
	COST 10000 ROWS 1;
COMMENT ON FUNCTION @extschema@.verify_cache(regclass, bigint) IS
	'compare the entries of a table with its rows under one snapshot';

/* ---- monitoring ---- */

CREATE FUNCTION @extschema@.cache_slots(
		OUT relation regclass, OUT key regclass,
		OUT hits bigint, OUT misses bigint, OUT fills bigint, OUT not_quiet bigint,
		OUT negative_hits bigint, OUT expired bigint, OUT evictions bigint,
		OUT invalidations bigint, OUT bypass_own_write bigint, OUT bypass_serializable bigint,
		OUT bypass_rls bigint, OUT bypass_recovery bigint, OUT bypass_unsafe bigint,
		OUT bypass_too_large bigint, OUT bypass_disabled bigint,
		OUT entries bigint, OUT bytes bigint, OUT seed bigint)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'hotpath_cache_slots' LANGUAGE C VOLATILE PARALLEL RESTRICTED ROWS 20;
COMMENT ON FUNCTION @extschema@.cache_slots() IS
	'counters of the cached keys of this database that have been used since server start';

CREATE FUNCTION @extschema@.key_seed(rel regclass, columns name[]) RETURNS bigint
	AS 'MODULE_PATHNAME', 'hotpath_key_seed' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION @extschema@.key_seed(regclass, name[]) IS
	'what tells the counters of a cached key; null when a column is gone';

-- As resolve_key() has it: the primary key, and if there is none that identifies rows, another index on its columns.
CREATE FUNCTION @extschema@.key_index(rel regclass, is_primary boolean, columns name[])
	RETURNS regclass LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
	AS $$
	SELECT i.indexrelid::regclass
	FROM pg_index i, LATERAL (SELECT is_primary AND i.indisprimary AND i.indisvalid) p (is_it)
	WHERE i.indrelid = rel AND i.indisunique AND NOT i.indisexclusion AND i.indimmediate AND i.indislive
		AND i.indpred IS NULL AND i.indexprs IS NULL
		AND (p.is_it OR columns = ARRAY(
			SELECT a.attname FROM generate_series(0, i.indnkeyatts - 1) k
			JOIN pg_attribute a ON a.attrelid = rel AND a.attnum = i.indkey[k]
			ORDER BY k))
	ORDER BY p.is_it DESC, i.indisvalid DESC, i.indexrelid LIMIT 1
	$$;
COMMENT ON FUNCTION @extschema@.key_index(regclass, boolean, name[]) IS
	'unique index that is a cached key; null when there is none any more';

CREATE VIEW @extschema@.cache_stats AS
	SELECT k.relation, k.key,
		coalesce(s.hits, 0) AS hits, coalesce(s.misses, 0) AS misses,
		coalesce(s.fills, 0) AS fills, coalesce(s.not_quiet, 0) AS not_quiet,
		coalesce(s.negative_hits, 0) AS negative_hits, coalesce(s.expired, 0) AS expired,
		coalesce(s.evictions, 0) AS evictions, coalesce(s.invalidations, 0) AS invalidations,
		coalesce(s.bypass_own_write, 0) AS bypass_own_write,
		coalesce(s.bypass_serializable, 0) AS bypass_serializable,
		coalesce(s.bypass_rls, 0) AS bypass_rls,
		coalesce(s.bypass_recovery, 0) AS bypass_recovery,
		coalesce(s.bypass_unsafe, 0) AS bypass_unsafe,
		coalesce(s.bypass_too_large, 0) AS bypass_too_large,
		coalesce(s.bypass_disabled, 0) AS bypass_disabled,
		coalesce(s.entries, 0) AS entries, coalesce(s.bytes, 0) AS bytes
	FROM (SELECT c.relation, @extschema@.key_index(c.relation, c.is_primary, c.key_columns) AS key,
			@extschema@.key_seed(c.relation, c.key_columns) AS seed
		FROM @extschema@.cached_key c) k
	LEFT JOIN @extschema@.cache_slots() s
		ON s.relation OPERATOR(pg_catalog.=) k.relation AND s.seed OPERATOR(pg_catalog.=) k.seed
	WHERE k.key IS NOT NULL;
COMMENT ON VIEW @extschema@.cache_stats IS 'a row per cached key of a relation in this database';
GRANT SELECT ON @extschema@.cache_stats TO PUBLIC;

CREATE FUNCTION @extschema@.cache_memory_status(
		OUT size_bytes bigint, OUT used_bytes bigint, OUT entries bigint, OUT partitions integer,
		OUT stripes integer, OUT evictions bigint, OUT source text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'hotpath_cache_memory' LANGUAGE C VOLATILE PARALLEL RESTRICTED ROWS 1;
COMMENT ON FUNCTION @extschema@.cache_memory_status() IS
	'the shared memory of the cache; no row while there is none';

CREATE VIEW @extschema@.cache_memory AS
	SELECT size_bytes, used_bytes, entries, partitions, stripes, evictions, source
	FROM @extschema@.cache_memory_status();
COMMENT ON VIEW @extschema@.cache_memory IS 'the shared memory of the cache, of all databases';
GRANT SELECT ON @extschema@.cache_memory TO PUBLIC;

CREATE FUNCTION @extschema@.reset_cache_stats() RETURNS void
	AS 'MODULE_PATHNAME', 'hotpath_reset_cache_stats' LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION @extschema@.reset_cache_stats() IS
	'set the counters of all cached keys, in all databases, to zero';
REVOKE EXECUTE ON FUNCTION @extschema@.reset_cache_stats() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.reset_cache_stats() TO pg_monitor;
