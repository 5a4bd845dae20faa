/* pg_hotpath: streaming exports */

CREATE FUNCTION @extschema@.export_json(query text, params jsonb DEFAULT NULL,
		format text DEFAULT 'ndjson', chunk_size integer DEFAULT 65536)
	RETURNS SETOF text
	AS 'MODULE_PATHNAME', 'hotpath_export_json'
	LANGUAGE C STABLE PARALLEL UNSAFE COST 1000 ROWS 100;
COMMENT ON FUNCTION @extschema@.export_json(text, jsonb, text, integer) IS
	'the rows of a query as JSON, in chunks; streams in the SELECT list';

CREATE FUNCTION @extschema@.export_json_compressed(query text, compression text DEFAULT 'gzip',
		level integer DEFAULT NULL, params jsonb DEFAULT NULL, format text DEFAULT 'ndjson',
		chunk_size integer DEFAULT 65536)
	RETURNS SETOF bytea
	AS 'MODULE_PATHNAME', 'hotpath_export_json_compressed'
	LANGUAGE C STABLE PARALLEL UNSAFE COST 10000 ROWS 100;
COMMENT ON FUNCTION @extschema@.export_json_compressed(text, text, integer, jsonb, text, integer) IS
	'the rows of a query as JSON, compressed by gzip, zstd or lz4; chunks joined are one file';

CREATE FUNCTION @extschema@.export_json_file(path text, query text, params jsonb DEFAULT NULL,
		format text DEFAULT 'ndjson', compression text DEFAULT 'none', level integer DEFAULT NULL)
	RETURNS TABLE(rows bigint, bytes bigint, elapsed interval)
	AS 'MODULE_PATHNAME', 'hotpath_export_json_file'
	LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 1;
COMMENT ON FUNCTION @extschema@.export_json_file(text, text, jsonb, text, text, integer) IS
	'the rows of a query as JSON, in a file of the server that is whole or not there';
