/* ---- eager loading ---- */

CREATE FUNCTION @extschema@.load_children(row_type anyelement, parent_keys anycompatiblearray,
		fk text DEFAULT NULL, filter jsonb DEFAULT NULL, order_by text DEFAULT NULL,
		per_parent integer DEFAULT NULL)
	RETURNS TABLE(parent_ord integer, item anyelement)
	AS 'MODULE_PATHNAME', 'hotpath_load_children' LANGUAGE C STABLE PARALLEL RESTRICTED
	COST 1000 ROWS 1000;
COMMENT ON FUNCTION @extschema@.load_children(anyelement, anycompatiblearray, text, jsonb, text,
		integer) IS
	'rows of a table that refer to any of several parents, with each parent''s place in the array';

CREATE FUNCTION @extschema@.load_through(row_type anyelement, junction regclass,
		parent_keys anycompatiblearray, fk text DEFAULT NULL, filter jsonb DEFAULT NULL,
		order_by text DEFAULT NULL, per_parent integer DEFAULT NULL)
	RETURNS TABLE(parent_ord integer, item anyelement)
	AS 'MODULE_PATHNAME', 'hotpath_load_through' LANGUAGE C STABLE PARALLEL RESTRICTED
	COST 1000 ROWS 1000;
COMMENT ON FUNCTION @extschema@.load_through(anyelement, regclass, anycompatiblearray, text,
		jsonb, text, integer) IS
	'rows of a table that belong to any of several parents through a junction table';

CREATE FUNCTION @extschema@.embed(rel regclass, keys anycompatiblearray, spec jsonb DEFAULT '{}')
	RETURNS SETOF json
	AS 'MODULE_PATHNAME', 'hotpath_embed' LANGUAGE C STABLE PARALLEL RESTRICTED
	COST 1000 ROWS 100;
COMMENT ON FUNCTION @extschema@.embed(regclass, anycompatiblearray, jsonb) IS
	'rows with any of several primary keys and their related rows as JSON, in the order of the keys';

CREATE FUNCTION @extschema@.embed_where(rel regclass, spec jsonb DEFAULT '{}')
	RETURNS SETOF json
	AS 'MODULE_PATHNAME', 'hotpath_embed_where' LANGUAGE C STABLE PARALLEL RESTRICTED
	COST 1000 ROWS 100;
COMMENT ON FUNCTION @extschema@.embed_where(regclass, jsonb) IS
	'rows that a specification selects and their related rows as JSON';

CREATE FUNCTION @extschema@.relationships(rel regclass)
	RETURNS TABLE(name text, kind text, target regclass, fk name, columns text[],
		target_columns text[], through regclass, index regclass)
	AS 'MODULE_PATHNAME', 'hotpath_relationships' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED
	COST 100 ROWS 10;
COMMENT ON FUNCTION @extschema@.relationships(regclass) IS
	'how a table is related to others, and the index that loading by each relationship uses';
