/*-------------------------------------------------------------------------
 *
 * trigger.c
 *		The triggers that note writers, and the event triggers that note DDL.
 *
 * The row trigger fires AFTER each row that is inserted, updated or deleted,
 * and notes the old and the new value of every cached key in their stripes.  It
 * finds no entry and deletes none.  What it allocates beyond the call is the
 * targets (targets.c) and, with write-through or hotpath.put(), the staged rows
 * (stage.c).  It fails where the memory cannot be mapped or a type's hash function
 * fails: a change must not go unnoted.
 *
 * A partition's trigger notes the keys of the partitioned table that is cached,
 * found by column name, since layouts may differ.
 *
 * DDL is a writer, too: the event triggers note every command on a cached table
 * or a part of it in the table's stripe, before it commits.  They also keep
 * what belongs to the cache in shape: the TRUNCATE trigger of partitions that
 * join, the names of columns in the configuration.  They run for every DDL
 * command in the database, as whoever runs it, so they look first whether
 * anything is cached at all, take no lock that the command has not taken, and
 * leave alone what they may not change.
 *
 * Locking: a stripe's spinlock for each note; the control lock on first use; the
 * registry's where a key is linked to stage its rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "base/compat.h"
#include "base/guc.h"
#include "base/shmem.h"
#include "cache/attach.h"
#include "cache/config.h"
#include "cache/lookup.h"
#include "cache/stage.h"
#include "cache/stats.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_amproc.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/event_trigger.h"
#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "nodes/parsenodes.h"
#include "query/query.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

PG_FUNCTION_INFO_V1(hotpath_note_row);
PG_FUNCTION_INFO_V1(hotpath_note_truncate);
PG_FUNCTION_INFO_V1(hotpath_note_config);
PG_FUNCTION_INFO_V1(hotpath_keep_config);
PG_FUNCTION_INFO_V1(hotpath_note_start);
PG_FUNCTION_INFO_V1(hotpath_note_ddl);
PG_FUNCTION_INFO_V1(hotpath_note_drop);
PG_FUNCTION_INFO_V1(hotpath_note_rewrite);

/* The key of a row in a slot; false if a column of it is null. */
static bool
key_of_slot(const HpTarget *target, const HpKeyDef *def, TupleTableSlot *slot, HpKey *key)
{
	key->def = def;
	for (int i = 0; i < def->ncolumns; i++)
	{
		AttrNumber	attnum = def->columns[i].attnum;
		bool		isnull;

		if (target->attnums != NULL)
			attnum = target->attnums[attnum];
		key->values[i] = slot_getattr(slot, attnum, &isnull);
		if (isnull)
			return false;
	}
	return true;
}

/* Are two keys of pass-by-value columns the same bit for bit? */
static bool
same_values(const HpKey *a, const HpKey *b)
{
	for (int i = 0; i < a->def->ncolumns; i++)
		if (!a->def->columns[i].byval || a->values[i] != b->values[i])
			return false;
	return true;
}

/* Is this key's row to be cached at commit, if it can be? */
static bool
stage_wanted(const HpTarget *target, const HpCachedKey *cached)
{
	return cached->write_through || hp_attach_putting == target->rel->relid;
}

/*
 * Is a row too large to be staged?  If one of its values is stored elsewhere, all are expanded for
 * that, which this is to spare.
 */
static bool
is_too_large(TupleTableSlot *slot)
{
	TupleDesc	desc = slot->tts_tupleDescriptor;
	Size		stored = 0;
	Size		expanded = 0;
	bool		external = false;

	slot_getallattrs(slot);
	for (int i = 0; i < desc->natts; i++)
	{
		Datum		value = slot->tts_values[i];

		if (slot->tts_isnull[i] || TupleDescAttr(desc, i)->attlen != -1)
			continue;
		external = external || VARATT_IS_EXTERNAL(DatumGetPointer(value));
		stored += VARSIZE_ANY(DatumGetPointer(value));
		expanded += toast_raw_datum_size(value);
	}
	return (external ? expanded : stored) > hp_guc_max_entry_size();
}

/*
 * The slot's row as a composite datum of the target's row type.  Looks up no type: that could wait for
 * the table above, which is not locked in each transaction.
 */
static Datum
row_of_slot(const HpTarget *target, TupleTableSlot *slot)
{
	TupleDesc	desc = target->desc;
	Datum	   *values;
	bool	   *nulls;

	if (target->attnums == NULL)
		return ExecFetchSlotHeapTupleDatum(slot);
	values = palloc0(desc->natts * sizeof(Datum));
	nulls = palloc(desc->natts * sizeof(bool));
	for (int i = 0; i < desc->natts; i++)
	{
		nulls[i] = true;
		if (!TupleDescAttr(desc, i)->attisdropped)
			values[i] = slot_getattr(slot, target->attnums[i + 1], &nulls[i]);
	}
	return heap_copy_tuple_as_datum(heap_form_tuple(desc, values, nulls), desc);
}

/* The header of the row version in a slot; NULL where the table's access method has none. */
static HeapTupleHeader
header_of_slot(TupleTableSlot *slot)
{
	bool		should_free;

	if (!TTS_IS_BUFFERTUPLE(slot) && !TTS_IS_HEAPTUPLE(slot))
		return NULL;
	return ExecFetchSlotHeapTuple(slot, false, &should_free)->t_data;
}

/*
 * The command that wrote the row version in a slot.  Triggers of nested commands
 * fire before those of the command around them, so the order in which triggers
 * fire is not the order in which rows were written.  False where the table's
 * access method does not say.
 */
static bool
command_of_slot(TupleTableSlot *slot, CommandId *command)
{
	HeapTupleHeader header = header_of_slot(slot);

	if (header == NULL || !TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(header)))
		return false;
	*command = HeapTupleHeaderGetCmin(header);
	return true;
}

/*
 * Has this transaction replaced or deleted the row version in a slot?  The trigger of the later one
 * stages or spoils what is to be, or has done so; or has not, when nothing was to be staged yet.
 */
static bool
is_replaced(TupleTableSlot *slot)
{
	HeapTupleHeader header = header_of_slot(slot);

	return header != NULL && (header->t_infomask & HEAP_XMAX_INVALID) == 0 &&
		!HEAP_XMAX_IS_LOCKED_ONLY(header->t_infomask) &&
		TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetUpdateXid(header));
}

/*
 * May rows of a target be staged?  As for a reader's fill, not by catalogs that are
 * older than what is noted in the table's fence, whose version is returned.
 */
static bool
may_stage(const HpTarget *target, uint64 epoch, uint64 *table_version)
{
	HpStripeNo	stripe = hp_config_table_stripe(target->rel->relid);

	if (hp_config_link(target->rel) != HP_LINKED || target->cached->unsafe != NULL)
		return false;
	*table_version = hp_fence_version(stripe);
	if (!hp_fence_settled(stripe, *table_version))
		return false;
	AcceptInvalidationMessages();
	return epoch == hp_relation_epoch;
}

/* Stage the new row for commit, or spoil what is staged of its key. */
static void
stage(const HpTarget *target, uint64 epoch, HpCachedKey *cached, HpKey *key, uint64 key_version,
	  TupleTableSlot *slot)
{
	bool		wanted = stage_wanted(target, cached);
	uint64		table_version;
	CommandId	command;

	if ((!wanted && hp_stage_count == 0) || is_replaced(slot))
		return;
	hp_key_set(key, cached->def);
	if (wanted && may_stage(target, epoch, &table_version) && command_of_slot(slot, &command) &&
		!is_too_large(slot))
		hp_stage_row(cached, key, key_version, table_version, row_of_slot(target, slot), command);
	else
		hp_stage_spoil(key, wanted);
}

/* Note one cached key of a row that has changed.  The target is that of an epoch. */
static void
note_key(const HpTarget *target, uint64 epoch, HpCachedKey *cached, TupleTableSlot *old,
		 TupleTableSlot *new)
{
	HpKey		old_key;
	HpKey		new_key;
	bool		has_old = old != NULL && key_of_slot(target, cached->def, old, &old_key);
	bool		has_new = new != NULL && key_of_slot(target, cached->def, new, &new_key);

	if (has_old && has_new && same_values(&old_key, &new_key))
		has_old = false;
	if (has_new)
		hp_key_hash(&new_key);
	if (has_old)
	{
		hp_key_hash(&old_key);
		if (!has_new || old_key.hash != new_key.hash)
		{
			hp_fence_note_key(hp_fence_key_stripe(old_key.hash));
			if (hp_stage_count > 0 || stage_wanted(target, cached))
			{
				hp_key_set(&old_key, cached->def);
				hp_stage_spoil(&old_key, stage_wanted(target, cached));
			}
		}
	}
	if (has_new)
		stage(target, epoch, cached, &new_key,
			  hp_fence_note_key(hp_fence_key_stripe(new_key.hash)), new);
}

/* The row trigger: notes the keys of one changed row. */
Datum
hotpath_note_row(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	HpTargets  *targets;
	TupleTableSlot *old = NULL;
	TupleTableSlot *new = NULL;
	uint64		epoch;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		!TRIGGER_FIRED_AFTER(trigger->tg_event))
		ereport(ERROR,
				errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("hotpath.note_row must be fired AFTER a row"),
				errdetail("It notes changed keys for the row cache."),
				errhint("Let hotpath.cache_table() create the trigger."));

	if (!hp_shmem_attach(HP_SHMEM_IF_EXISTS))
		return PointerGetDatum(NULL);

	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		new = trigger->tg_trigslot;
	else
		old = trigger->tg_trigslot;
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		new = trigger->tg_newslot;

	targets = hp_config_targets(trigger->tg_relation);
	epoch = targets->epoch;
	for (int i = 0; i < targets->n; i++)
	{
		HpTarget   *target = &targets->targets[i];

		if (target->whole)
		{
			hp_fence_note_table(hp_config_table_stripe(target->relid));
			continue;
		}
		for (int k = 0; k < target->cached->nkeys; k++)
			note_key(target, epoch, &target->cached->keys[k], old, new);
	}
	return PointerGetDatum(NULL);
}

/* The TRUNCATE trigger: notes the table, or the tables that it is a part of. */
Datum
hotpath_note_truncate(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
		ereport(ERROR,
				errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("hotpath.note_truncate must be fired by TRUNCATE"),
				errdetail("It notes an emptied table for the row cache."),
				errhint("Let hotpath.cache_table() create the trigger."));
	hp_attach_note_table(RelationGetRelid(trigger->tg_relation));
	return PointerGetDatum(NULL);
}

/* Note a table that is configured otherwise than before, and have all sessions look again. */
static void
note_configured(Oid relid)
{
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		return;
	hp_attach_note_always(relid);
	CacheInvalidateRelcacheByRelid(relid);
}

/*
 * Fired for each row of hotpath.cached_key that is changed by hand or by a
 * restore, and before the table is truncated.
 */
Datum
hotpath_note_config(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	List	   *rows;
	ListCell   *lc;
	HeapTuple	tuples[2];

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		RelationGetRelid(trigger->tg_relation) != hp_config_table())
		ereport(ERROR,
				errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("hotpath.note_config must be fired for hotpath.cached_key"),
				errdetail("It makes sessions read the configuration of the cache again."),
				errhint("Do not use it elsewhere."));
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
	{
		rows = hp_config_rows(InvalidOid, 0);
		foreach(lc, rows)
			note_configured(((HpConfigRow *) lfirst(lc))->relid);
		return PointerGetDatum(NULL);
	}
	tuples[0] = trigger->tg_trigtuple;
	tuples[1] = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : NULL;
	for (int i = 0; i < 2 && tuples[i] != NULL; i++)
	{
		bool		isnull;
		Datum		relid = heap_getattr(tuples[i], 1, RelationGetDescr(trigger->tg_relation),
										 &isnull);

		note_configured(DatumGetObjectId(relid));
	}
	return PointerGetDatum(NULL);
}

/*
 * Before a row is inserted into hotpath.cached_key: skips what a subscription, or a dump, brings for a key
 * that is there.
 */
Datum
hotpath_keep_config(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		!TRIGGER_FIRED_BEFORE(trigger->tg_event) || !TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ||
		RelationGetRelid(trigger->tg_relation) != hp_config_table())
		ereport(ERROR,
				errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("hotpath.keep_config must be fired before a row is inserted into hotpath.cached_key"),
				errdetail("It keeps what is cached here, whatever a subscription or a dump brings."),
				errhint("Do not use it elsewhere."));
	if (hp_config_has_key_of(trigger->tg_trigtuple, RelationGetDescr(trigger->tg_relation)))
		return PointerGetDatum(NULL);
	return PointerGetDatum(trigger->tg_trigtuple);
}

static void
require_event_trigger(FunctionCallInfo fcinfo, const char *function)
{
	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR,
				errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("hotpath.%s must be fired as an event trigger", function),
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
 * configured; and what rendered values depend on.
 */
Datum
hotpath_note_start(PG_FUNCTION_ARGS)
{
	EventTriggerData *trigger = (EventTriggerData *) fcinfo->context;

	require_event_trigger(fcinfo, "note_start");
	if (hp_config_rows(InvalidOid, 1) == NIL)
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

/* Does a command drop what relations may have columns of? */
static bool
may_drop_columns(const DropStmt *drop)
{
	return drop->behavior == DROP_CASCADE &&
		(drop->removeType == OBJECT_TYPE || drop->removeType == OBJECT_DOMAIN ||
		 drop->removeType == OBJECT_SCHEMA || drop->removeType == OBJECT_EXTENSION);
}

/* Does a command give relations, or composite types that they are of, other columns? */
static bool
changes_columns(Node *parsetree)
{
	ListCell   *lc;

	if (IsA(parsetree, RenameStmt))
		return ((RenameStmt *) parsetree)->renameType == OBJECT_COLUMN ||
			((RenameStmt *) parsetree)->renameType == OBJECT_ATTRIBUTE;
	if (IsA(parsetree, DropStmt))
		return may_drop_columns((DropStmt *) parsetree);
	if (!IsA(parsetree, AlterTableStmt))
		return IsA(parsetree, DropOwnedStmt);
	foreach(lc, ((AlterTableStmt *) parsetree)->cmds)
	{
		AlterTableType type = ((AlterTableCmd *) lfirst(lc))->subtype;

		if (type == AT_AddColumn || type == AT_DropColumn || type == AT_AlterColumnType)
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
	bool		all = false;

	require_event_trigger(fcinfo, "note_ddl");
	if (renames_relations(trigger->parsetree) || changes_columns(trigger->parsetree))
		hp_relation_tell();
	if (hp_config_rows(InvalidOid, 1) == NIL)
		PG_RETURN_NULL();
	objects = hp_query_changed_objects(false);
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

/* sql_drop: notes the tables that have lost something, and cleans up. */
Datum
hotpath_note_drop(PG_FUNCTION_ARGS)
{
	List	   *objects;
	ListCell   *lc;
	List	   *dropped = NIL;
	bool		all = false;

	require_event_trigger(fcinfo, "note_drop");
	if (hp_config_rows(InvalidOid, 1) == NIL)
		PG_RETURN_NULL();
	objects = hp_query_changed_objects(true);
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
			hp_relation_tell();
	}
	PG_RETURN_NULL();
}

/* table_rewrite: notes the table before its rows are rewritten. */
Datum
hotpath_note_rewrite(PG_FUNCTION_ARGS)
{
	Oid			relid;

	require_event_trigger(fcinfo, "note_rewrite");
	relid = DatumGetObjectId(OidFunctionCall0(F_PG_EVENT_TRIGGER_TABLE_REWRITE_OID));
	/* the configuration cannot be read while it is its own index that is made anew */
	if (relid != hp_config_table())
		hp_attach_note_table(relid);
	PG_RETURN_NULL();
}
