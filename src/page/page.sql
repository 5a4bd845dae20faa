
/* ---- keyset pagination ---- */

CREATE FUNCTION @extschema@.page(row_type anyelement, order_by text DEFAULT NULL,
	first integer DEFAULT NULL, after text DEFAULT NULL,
	last integer DEFAULT NULL, before text DEFAULT NULL, filter jsonb DEFAULT NULL)
	RETURNS TABLE(item anyelement, cursor text, has_previous_page boolean, has_next_page boolean)
	AS 'MODULE_PATHNAME', 'hotpath_page'
	LANGUAGE C STABLE PARALLEL RESTRICTED COST 100 ROWS 20;
COMMENT ON FUNCTION @extschema@.page(anyelement, text, integer, text, integer, text, jsonb) IS
	'page of a table''s rows in an order, before or after the place of a cursor';

CREATE FUNCTION @extschema@.page_json(rel regclass, order_by text DEFAULT NULL,
	first integer DEFAULT NULL, after text DEFAULT NULL,
	last integer DEFAULT NULL, before text DEFAULT NULL, filter jsonb DEFAULT NULL,
	columns text[] DEFAULT NULL, embed jsonb DEFAULT NULL, count text DEFAULT 'none')
	RETURNS json
	AS 'MODULE_PATHNAME', 'hotpath_page_json'
	LANGUAGE C STABLE PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION @extschema@.page_json(regclass, text, integer, text, integer, text, jsonb,
	text[], jsonb, text) IS
	'page of a table''s rows as a JSON object of items and page_info';

CREATE FUNCTION @extschema@.connection(rel regclass, order_by text DEFAULT NULL,
	first integer DEFAULT NULL, after text DEFAULT NULL,
	last integer DEFAULT NULL, before text DEFAULT NULL, filter jsonb DEFAULT NULL,
	columns text[] DEFAULT NULL, embed jsonb DEFAULT NULL, count text DEFAULT 'none')
	RETURNS json
	AS 'MODULE_PATHNAME', 'hotpath_connection'
	LANGUAGE C STABLE PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION @extschema@.connection(regclass, text, integer, text, integer, text, jsonb,
	text[], jsonb, text) IS
	'page of a table''s rows in the shape of the Relay Cursor Connections specification';

CREATE FUNCTION @extschema@.page_query(query text, order_by text,
	first integer DEFAULT NULL, after text DEFAULT NULL,
	last integer DEFAULT NULL, before text DEFAULT NULL,
	params jsonb DEFAULT NULL, unique_key text[] DEFAULT NULL)
	RETURNS TABLE(item json, cursor text, has_previous_page boolean, has_next_page boolean)
	AS 'MODULE_PATHNAME', 'hotpath_page_query'
	LANGUAGE C STABLE PARALLEL UNSAFE COST 100 ROWS 20;
COMMENT ON FUNCTION @extschema@.page_query(text, text, integer, text, integer, text, jsonb,
	text[]) IS
	'page of a query''s rows, ordered by its output columns';

CREATE FUNCTION @extschema@.pages(row_type anyelement, parent_column text,
	parent_keys anycompatiblearray, order_by text DEFAULT NULL, first integer DEFAULT NULL,
	after text[] DEFAULT NULL, filter jsonb DEFAULT NULL)
	RETURNS TABLE(parent_ord integer, item anyelement, cursor text, has_next_page boolean)
	AS 'MODULE_PATHNAME', 'hotpath_pages'
	LANGUAGE C STABLE PARALLEL RESTRICTED COST 100 ROWS 1000;
COMMENT ON FUNCTION @extschema@.pages(anyelement, text, anycompatiblearray, text, integer, text[],
	jsonb) IS
	'page of rows for each of several parents, named by a column of the rows';

CREATE FUNCTION @extschema@.cursor_at(rel regclass, order_by text, key anycompatible)
	RETURNS text
	AS 'MODULE_PATHNAME', 'hotpath_cursor_at'
	LANGUAGE C STABLE PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION @extschema@.cursor_at(regclass, text, anycompatible) IS
	'cursor of the row with a primary key, in an order';

CREATE FUNCTION @extschema@.cursor_at(rel regclass, order_by text, key1 "any",
	VARIADIC key_rest "any")
	RETURNS text
	AS 'MODULE_PATHNAME', 'hotpath_cursor_at'
	LANGUAGE C STABLE PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION @extschema@.cursor_at(regclass, text, "any", "any") IS
	'cursor of the row with a primary key of several columns, in an order';

CREATE FUNCTION @extschema@.page_explain(rel regclass, order_by text DEFAULT NULL,
	filter jsonb DEFAULT NULL)
	RETURNS TABLE(strategy text, index regclass, index_ddl text, note text)
	AS 'MODULE_PATHNAME', 'hotpath_page_explain'
	LANGUAGE C STABLE PARALLEL RESTRICTED COST 100 ROWS 1;
COMMENT ON FUNCTION @extschema@.page_explain(regclass, text, jsonb) IS
	'how pages of a table in an order are read, and the index that would make them range scans';
