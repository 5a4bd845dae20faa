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
	WHEN TAG IN ('ALTER SCHEMA', 'ALTER TABLE', 'ALTER TYPE', 'CREATE CAST', 'DROP CAST', 'DROP TABLE')
	EXECUTE FUNCTION @extschema@.note_start();
ALTER EVENT TRIGGER hotpath_note_start ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER hotpath_note_start IS
	'notes for pg_hotpath what cannot be noted or asked for when the command has ended';
