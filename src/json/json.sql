
/* ---- rows to JSON ---- */

CREATE FUNCTION @extschema@.row_to_json("row" record, pretty boolean DEFAULT false) RETURNS json
	AS 'MODULE_PATHNAME', 'hotpath_row_to_json'
	LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION @extschema@.row_to_json(record, boolean) IS
	'row as JSON text, the same bytes as pg_catalog.row_to_json, faster';
