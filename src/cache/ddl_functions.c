/*-------------------------------------------------------------------------
 *
 * ddl_functions.c
 *		The event triggers that note DDL.
 *
 * DDL is a writer, too: the event triggers note every command on a cached table
 * or a part of it in the table's stripe, before it commits.  They also keep
 * what belongs to the cache in shape: the TRUNCATE trigger of partitions that
 * join, the names of columns in the configuration.  They run for every DDL
 * command in the database, as whoever runs it, so they look first whether
 * anything is cached at all, take no lock that the command has not taken, and
 * leave alone what they may not change.
 *
 * Whether anything is cached or not, they tell all sessions of relations whose names
 * or columns change (relation_names.c).
 *
 * Locking: a stripe's spinlock for each note; the control lock on first use.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "base/compat.h"
#include "base/shmem.h"
#include "cache/attach.h"
#include "cache/config.h"
#include "cache/stats.h"
#include "catalog/namespace.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_amproc.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/event_trigger.h"
#include "nodes/parsenodes.h"
#include "query/query.h"
#include "utils/acl.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(hotpath_note_start);
PG_FUNCTION_INFO_V1(hotpath_note_ddl);
PG_FUNCTION_INFO_V1(hotpath_note_drop);
PG_FUNCTION_INFO_V1(hotpath_note_rewrite);

static void
require_event_trigger(FunctionCallInfo fcinfo, const char *function, const char *event)
{
	/* those for other events may have no command, as login has none */
	if (!CALLED_AS_EVENT_TRIGGER(fcinfo) ||
		strcmp(((EventTriggerData *) fcinfo->context)->event, event) != 0)
		ereport(ERROR,
				errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("hotpath.%s must be fired as an event trigger for %s", function, event),
				errdetail("It notes DDL for the row cache."),
				errhint("The extension has created the event trigger that uses it."));
}

/* The table of a trigger; InvalidOid if the trigger is gone. */
static Oid
table_of_trigger(Oid trigger)
{
	Relation	catalog = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			result = InvalidOid;

	ScanKeyInit(&key, Anum_pg_trigger_oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(trigger));
	scan = systable_beginscan(catalog, TriggerOidIndexId, true, NULL, 1, &key);
	if (HeapTupleIsValid(tuple = systable_getnext(scan)))
		result = ((Form_pg_trigger) GETSTRUCT(tuple))->tgrelid;
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

/* The PartitionCmds of a kind in an ALTER TABLE statement. */
static List *
partition_commands(Node *parsetree, AlterTableType kind)
{
	List	   *result = NIL;
	ListCell   *lc;

	if (parsetree == NULL || !IsA(parsetree, AlterTableStmt))
		return NIL;
	foreach(lc, ((AlterTableStmt *) parsetree)->cmds)
	{
		AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

		if (cmd->subtype == kind && cmd->def != NULL && IsA(cmd->def, PartitionCmd))
			result = lappend(result, cmd->def);
	}
	return result;
}

/* Is an operator one of an operator class? */
static bool
is_member_operator(Oid operator)
{
	CatCList   *list = SearchSysCacheList1(AMOPOPID, ObjectIdGetDatum(operator));
	bool		found = list->n_members > 0;

	ReleaseSysCacheList(list);
	return found;
}

/* Is a function the support function of an operator class? */
static bool
is_support_function(Oid function)
{
	Relation	catalog = table_open(AccessMethodProcedureRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	bool		found;

	ScanKeyInit(&key, Anum_pg_amproc_amproc, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(function));
	scan = systable_beginscan(catalog, InvalidOid, false, NULL, 1, &key);
	found = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return found;
}

/* May an object decide how keys are hashed, or whether they can be? */
static bool
concerns_hashing(const HpChangedObject *object)
{
	switch (object->classid)
	{
		case OperatorRelationId:
			return is_member_operator(object->objid);
		case OperatorClassRelationId:
		case OperatorFamilyRelationId:
		case AccessMethodOperatorRelationId:
		case AccessMethodProcedureRelationId:
			return true;
		case ProcedureRelationId:
			return is_support_function(object->objid);
		default:
			return false;
	}
}

/* Note a table that a command names, if the user may alter it: the command of another one fails. */
static void
note_if_owner(RangeVar *name)
{
	Oid			relid = RangeVarGetRelid(name, NoLock, true);

	/* where the name is gone meanwhile, the command says so */
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)) ||
		!hp_class_ownercheck(relid, GetUserId()))
		return;
	if (relid == hp_config_table())
		hp_attach_note_all();
	else
		hp_attach_note_table(relid);
}

/* Is a command to give our schema another name, and may the user do that? */
static bool
renames_our_schema(Node *parsetree)
{
	RenameStmt *rename = (RenameStmt *) parsetree;

	return IsA(parsetree, RenameStmt) && rename->renameType == OBJECT_SCHEMA &&
		strcmp(rename->subname, "hotpath") == 0 &&
		hp_namespace_ownercheck(get_namespace_oid("hotpath", false), GetUserId());
}

/* May a command drop our schema, as it drops all that some role owns?  A superuser passes for an owner. */
static bool
drops_owned_schema(const DropOwnedStmt *drop)
{
	Oid			schema = get_namespace_oid("hotpath", true);
	ListCell   *lc;

	foreach(lc, drop->roles)
	{
		Oid			role = get_rolespec_oid(lfirst(lc), true);

		if (OidIsValid(role) && OidIsValid(schema) && hp_namespace_ownercheck(schema, role))
			return true;
	}
	return false;
}

/* Is a command to drop the extension, or its schema? */
static bool
drops_our_extension(Node *parsetree)
{
	DropStmt   *drop = (DropStmt *) parsetree;
	const char *name;
	ListCell   *lc;

	if (IsA(parsetree, DropOwnedStmt))
		return drops_owned_schema((DropOwnedStmt *) parsetree);
	if (!IsA(parsetree, DropStmt) ||
		(drop->removeType != OBJECT_EXTENSION && drop->removeType != OBJECT_SCHEMA))
		return false;
	name = drop->removeType == OBJECT_EXTENSION ? "pg_hotpath" : "hotpath";
	foreach(lc, drop->objects)
		if (strcmp(strVal(lfirst(lc)), name) == 0)
			return true;
	return false;
}

/* Give back the slots of all cached tables when this transaction commits: nobody would find them. */
static void
forget_all_at_commit(void)
{
	List	   *rows = hp_config_rows(InvalidOid, 0);
	ListCell   *lc;

	if (!hp_shmem_attach(HP_SHMEM_IF_EXISTS))
		return;
	foreach(lc, rows)
		hp_stats_forget_at_commit(((HpConfigRow *) lfirst(lc))->relid);
}

/*
 * ddl_command_start: notes what commits before ddl_command_end could, or cannot
 * be asked for afterwards.  DETACH ... CONCURRENTLY commits in between; a renamed
 * schema, or an extension that was dropped, does not tell any more what was
 * configured; and what rendered values depend on.  It runs for what changes schemas
 * as well, for which it does nothing but expect the session's own messages.
 */
Datum
hotpath_note_start(PG_FUNCTION_ARGS)
{
	EventTriggerData *trigger = (EventTriggerData *) fcinfo->context;
	bool		cached;

	require_event_trigger(fcinfo, "note_start", "ddl_command_start");
	cached = hp_config_rows(InvalidOid, 1) != NIL;
	/* now that what was pending has been processed */
	hp_relation_expect_own();
	if (!cached)
		PG_RETURN_NULL();
	/* before another event trigger can read, and undo it before note_ddl() comes */
	if (IsA(trigger->parsetree, AlterTableStmt))
		note_if_owner(((AlterTableStmt *) trigger->parsetree)->relation);
	if (IsA(trigger->parsetree, AlterEnumStmt) || IsA(trigger->parsetree, CreateCastStmt) ||
		(IsA(trigger->parsetree, DropStmt) &&
		 ((DropStmt *) trigger->parsetree)->removeType == OBJECT_CAST))
		hp_attach_note_types();
	if (renames_our_schema(trigger->parsetree))
		hp_attach_note_all();
	if (drops_our_extension(trigger->parsetree))
		forget_all_at_commit();
	PG_RETURN_NULL();
}

/* Does a command give relations another name? */
static bool
renames_relations(Node *parsetree)
{
	ObjectType	type;

	if (IsA(parsetree, RenameStmt))
		type = ((RenameStmt *) parsetree)->renameType;
	else if (IsA(parsetree, AlterObjectSchemaStmt))
		type = ((AlterObjectSchemaStmt *) parsetree)->objectType;
	else
		return false;
	return type == OBJECT_TABLE || type == OBJECT_VIEW || type == OBJECT_MATVIEW ||
		type == OBJECT_FOREIGN_TABLE || type == OBJECT_SCHEMA || type == OBJECT_EXTENSION ||
		/* which renames tables as well */
		type == OBJECT_INDEX;
}

/* May a command give relations, or composite types that they are of, other columns?  What it drops is seen apart. */
static bool
changes_columns(Node *parsetree)
{
	ListCell   *lc;

	if (IsA(parsetree, RenameStmt))
		return ((RenameStmt *) parsetree)->renameType == OBJECT_COLUMN ||
			((RenameStmt *) parsetree)->renameType == OBJECT_ATTRIBUTE;
	if (!IsA(parsetree, AlterTableStmt))
		return false;
	foreach(lc, ((AlterTableStmt *) parsetree)->cmds)
	{
		AlterTableType type = ((AlterTableCmd *) lfirst(lc))->subtype;

		if (type == AT_AddColumn || type == AT_AlterColumnType)
			return true;
	}
	return false;
}

/* Tell of relations that a command has given other names or columns. */
static void
tell_of(const List *objects)
{
	bool		others = false;
	bool		own = false;
	ListCell   *lc;

	foreach(lc, objects)
	{
		const HpChangedObject *object = lfirst(lc);

		if (object->classid != RelationRelationId)
			others = true;
		/* what the command has dropped as well is named by nobody */
		else if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(object->objid)))
		{
			if (get_rel_persistence(object->objid) == RELPERSISTENCE_TEMP)
				own = true;
			else
				others = true;
		}
	}
	if (others || own)
		hp_relation_tell(!others);
}

/* Has a command changed columns?  ADD COLUMN IF NOT EXISTS may have found all there. */
static bool
has_changed_columns(const List *objects)
{
	ListCell   *lc;

	foreach(lc, objects)
	{
		const HpChangedObject *object = lfirst(lc);

		if (object->classid != RelationRelationId || hp_relation_has_own_columns(object->objid))
			return true;
	}
	return false;
}

/* ddl_command_end: notes the tables that a command has changed. */
Datum
hotpath_note_ddl(PG_FUNCTION_ARGS)
{
	EventTriggerData *trigger = (EventTriggerData *) fcinfo->context;
	List	   *objects;
	ListCell   *lc;
	bool		cached;
	bool		renames;
	bool		alters;
	bool		all = false;

	require_event_trigger(fcinfo, "note_ddl", "ddl_command_end");
	cached = hp_config_rows(InvalidOid, 1) != NIL;
	renames = renames_relations(trigger->parsetree);
	alters = changes_columns(trigger->parsetree);
	if (!renames && !alters && !cached)
		PG_RETURN_NULL();
	objects = hp_query_changed_objects(false);
	if (renames || (alters && has_changed_columns(objects)))
		tell_of(objects);
	if (!cached)
		PG_RETURN_NULL();
	hp_attach_recheck_parents();
	foreach(lc, objects)
	{
		HpChangedObject *object = lfirst(lc);

		if (object->classid == RelationRelationId)
		{
			hp_attach_note_table(object->objid);
			hp_attach_refresh(object->objid);
			if (object->created)
				hp_attach_partition(object->objid);
		}
		else if (object->classid == TriggerRelationId)
			hp_attach_note_table(table_of_trigger(object->objid));
		else if (object->classid == TypeRelationId || object->classid == CastRelationId)
			hp_attach_note_types();
		else if (!all)
			all = concerns_hashing(object) ||
				(object->classid == NamespaceRelationId &&
				 object->objid == get_namespace_oid("hotpath", true));
	}
	if (all)
		hp_attach_note_all();
	foreach(lc, partition_commands(trigger->parsetree, AT_AttachPartition))
		hp_attach_partition(RangeVarGetRelid(((PartitionCmd *) lfirst(lc))->name, NoLock, true));
	PG_RETURN_NULL();
}

/* Note a table that has lost a trigger. */
static void
note_trigger_dropped(const HpChangedObject *object)
{
	Oid			schema = get_namespace_oid(object->schema, true);

	if (OidIsValid(schema))
		hp_attach_note_table(get_relname_relid(object->table, schema));
}

/* May a command drop columns?  DROP does where others depend on what it drops. */
static bool
may_drop_columns(Node *parsetree)
{
	return !IsA(parsetree, DropStmt) || ((DropStmt *) parsetree)->behavior == DROP_CASCADE;
}

/* sql_drop: notes the tables that have lost something, and cleans up. */
Datum
hotpath_note_drop(PG_FUNCTION_ARGS)
{
	List	   *objects;
	ListCell   *lc;
	List	   *dropped = NIL;
	List	   *altered = NIL;
	bool		cached;
	bool		all = false;

	require_event_trigger(fcinfo, "note_drop", "sql_drop");
	cached = hp_config_rows(InvalidOid, 1) != NIL;
	if (!cached && !may_drop_columns(((EventTriggerData *) fcinfo->context)->parsetree))
		PG_RETURN_NULL();
	objects = hp_query_changed_objects(true);
	foreach(lc, objects)
	{
		HpChangedObject *object = lfirst(lc);

		if (object->classid == RelationRelationId && object->subid != 0)
			altered = lappend(altered, object);
	}
	if (altered != NIL)
		tell_of(altered);
	if (!cached)
		PG_RETURN_NULL();
	/* so that the places that are given back are known */
	(void) hp_shmem_attach(HP_SHMEM_IF_EXISTS);
	foreach(lc, objects)
	{
		HpChangedObject *object = lfirst(lc);

		if (object->classid == TriggerRelationId && object->schema != NULL &&
			object->table != NULL)
			note_trigger_dropped(object);
		else if (object->classid == RelationRelationId && object->subid == 0)
		{
			dropped = lappend_oid(dropped, object->objid);
			hp_attach_note_dropped(object->objid);
			hp_stats_forget_at_commit(object->objid);
		}
		else if (object->classid == CastRelationId)
			hp_attach_note_types();
		else if (!all)
			all = concerns_hashing(object);
	}
	if (all)
		hp_attach_note_all();
	if (dropped != NIL)
	{
		hp_attach_recheck_parents();
		/* another table may be given the name */
		if (hp_config_delete_all(dropped))
			hp_relation_tell(false);
	}
	PG_RETURN_NULL();
}

/* table_rewrite: notes the table before its rows are rewritten. */
Datum
hotpath_note_rewrite(PG_FUNCTION_ARGS)
{
	Oid			relid;

	require_event_trigger(fcinfo, "note_rewrite", "table_rewrite");
	relid = DatumGetObjectId(OidFunctionCall0(F_PG_EVENT_TRIGGER_TABLE_REWRITE_OID));
	/* the configuration cannot be read while it is its own index that is made anew */
	if (relid != hp_config_table())
		hp_attach_note_table(relid);
	PG_RETURN_NULL();
}
