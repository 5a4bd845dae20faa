/* pg_hotpath: from 0.1 to 0.2 */

\echo Use "ALTER EXTENSION pg_hotpath UPDATE" to load this file. \quit

-- Its query may call functions that write, which must not happen below a parallel plan.
ALTER FUNCTION @extschema@.page_query(text, text, integer, text, integer, text, jsonb, text[])
	PARALLEL UNSAFE;

COMMENT ON FUNCTION @extschema@.note_start() IS
	'event trigger function: notes what cannot be noted or asked for when the command has ended';
-- What rendered values depend on is noted before another event trigger can read it.
DROP EVENT TRIGGER hotpath_note_start;
CREATE EVENT TRIGGER hotpath_note_start ON ddl_command_start
	WHEN TAG IN ('ALTER SCHEMA', 'ALTER TABLE', 'ALTER TYPE', 'CREATE CAST', 'CREATE EXTENSION', 'CREATE SCHEMA',
		'DROP CAST', 'DROP EXTENSION', 'DROP OWNED', 'DROP SCHEMA', 'DROP TABLE', 'GRANT', 'REVOKE')
	EXECUTE FUNCTION @extschema@.note_start();
ALTER EVENT TRIGGER hotpath_note_start ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER hotpath_note_start IS
	'notes for pg_hotpath what cannot be noted or asked for when the command has ended';

-- What is cached is each server's own affair: changes are not decoded for publications FOR ALL TABLES.
ALTER TABLE @extschema@.cached_key REPLICA IDENTITY NOTHING;
CREATE FUNCTION @extschema@.keep_config() RETURNS trigger
	AS 'MODULE_PATHNAME', 'hotpath_keep_config' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.keep_config() IS
	'row trigger of hotpath.cached_key: skips what a subscription brings for a key that is cached here already';
REVOKE EXECUTE ON FUNCTION @extschema@.keep_config() FROM PUBLIC;
CREATE TRIGGER keep_config BEFORE INSERT ON @extschema@.cached_key
	FOR EACH ROW EXECUTE FUNCTION @extschema@.keep_config();
ALTER TABLE @extschema@.cached_key ENABLE ALWAYS TRIGGER keep_config;
COMMENT ON TRIGGER keep_config ON @extschema@.cached_key IS
	'skips what a subscription brings for a key that is cached here already';

-- cache_stats shows the index that rows are cached by: another on its columns where no primary key identifies them.
CREATE OR REPLACE FUNCTION @extschema@.key_index(rel regclass, is_primary boolean, columns name[])
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
