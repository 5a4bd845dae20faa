/* pg_hotpath: from 0.1 to 0.2 */

\echo Use "ALTER EXTENSION pg_hotpath UPDATE" to load this file. \quit

-- Its query may call functions that write, which must not happen below a parallel plan.
ALTER FUNCTION @extschema@.page_query(text, text, integer, text, integer, text, jsonb, text[])
	PARALLEL UNSAFE;

COMMENT ON FUNCTION @extschema@.note_start() IS
	'event trigger function: notes what cannot be noted or asked for when the command has ended';
COMMENT ON EVENT TRIGGER hotpath_note_start IS
	'notes for pg_hotpath what cannot be noted or asked for when the command has ended';
