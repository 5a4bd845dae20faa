/*-------------------------------------------------------------------------
 *
 * trigger.c
 *		The triggers that note writers.
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
 * DDL is a writer, too: ddl_functions.c.
 *
 * Locking: a stripe's spinlock for each note; the control lock on first use; the
 * registry's where a key is linked to stage its rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "access/xact.h"
#include "base/compat.h"
#include "base/guc.h"
#include "base/shmem.h"
#include "cache/attach.h"
#include "cache/config.h"
#include "cache/stage.h"
#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(hotpath_note_row);
PG_FUNCTION_INFO_V1(hotpath_note_truncate);
PG_FUNCTION_INFO_V1(hotpath_note_config);
PG_FUNCTION_INFO_V1(hotpath_keep_config);

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
