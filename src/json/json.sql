
/* ---- rows to JSON ---- */

CREATE FUNCTION @extschema@.row_columns_to_json(names text[], pretty boolean, VARIADIC "columns" "any")
	RETURNS json
	AS 'MODULE_PATHNAME', 'hotpath_row_columns_to_json'
	LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION @extschema@.row_columns_to_json(text[], boolean, "any") IS
	'what the planner makes of row_to_json(t): the columns under these names as JSON text';
-- whoever may call row_to_json() gets this instead, so default privileges must not take it away
GRANT EXECUTE ON FUNCTION @extschema@.row_columns_to_json(text[], boolean, "any") TO PUBLIC;

CREATE FUNCTION @extschema@.row_to_json_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'hotpath_row_to_json_support'
	LANGUAGE C STRICT;
COMMENT ON FUNCTION @extschema@.row_to_json_support(internal) IS
	'planner support: spares row_to_json(t) the forming of the row';

CREATE FUNCTION @extschema@.row_to_json("row" record, pretty boolean DEFAULT false) RETURNS json
	AS 'MODULE_PATHNAME', 'hotpath_row_to_json'
	LANGUAGE C STABLE STRICT PARALLEL SAFE
	SUPPORT @extschema@.row_to_json_support;
COMMENT ON FUNCTION @extschema@.row_to_json(record, boolean) IS
	'row as JSON text, the same bytes as pg_catalog.row_to_json, faster';
