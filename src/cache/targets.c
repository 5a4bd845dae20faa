/*-------------------------------------------------------------------------
 *
 * targets.c
 *		Which cached tables the rows of a table belong to.
 *
 * The row trigger asks for each row: a table is cached itself, or a partition of
 * tables that are, whose columns may be in other places.
 *
 * Locking: callers hold a lock on the table, as whoever writes to it does.  The
 * tables above it, and their indexes, are locked only if nobody has to be waited
 * for: others lock these first, and may be waiting for this one.  These locks are
 * kept to the end of the transaction, as those of a SELECT are.
 *
 * Memory: the targets of a table in a context of their own, below
 * CacheMemoryContext.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "cache/config.h"

#include "access/relation.h"
#include "base/compat.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

/* How often the targets of a table are computed until nothing has changed meanwhile. */
#define HP_TARGETS_TRIES 5

static HTAB *targets_by_relid = NULL;

/* Is a column of a partition still like the root's? */
static bool
is_alike(Form_pg_attribute a, Form_pg_attribute b)
{
	return a->atttypid == b->atttypid && a->atttypmod == b->atttypmod &&
		a->attcollation == b->attcollation;
}

/*
 * Find where a target's columns are in a table below it, of another layout perhaps.  The target is
 * whole if there is not one for each, as when the table is being detached, and the target was altered
 * since.
 */
static void
map_columns(HpTarget *target, Relation table, MemoryContext context)
{
	Relation	relation = relation_open(target->relid, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(relation);
	MemoryContext outer = MemoryContextSwitchTo(context);

	target->desc = CreateTupleDescCopy(desc);
	target->attnums = palloc0((desc->natts + 1) * sizeof(AttrNumber));
	for (int i = 0; i < desc->natts && !target->whole; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);
		AttrNumber	attnum;

		if (attr->attisdropped)
			continue;
		attnum = hp_relation_find_column(RelationGetDescr(table), NameStr(attr->attname));
		target->attnums[attr->attnum] = attnum;
		target->whole = attnum == InvalidAttrNumber ||
			!is_alike(attr, TupleDescAttr(RelationGetDescr(table), attnum - 1));
	}
	MemoryContextSwitchTo(outer);
	relation_close(relation, AccessShareLock);
}

/* Complete the target for a table, or for one above it, that is locked; false if that is not cached. */
static bool
find_target(HpTarget *target, Relation table, MemoryContext context)
{
	bool		above = target->relid != RelationGetRelid(table);

	target->rel = hp_relation_by_oid(target->relid);
	target->cached = hp_config_of(target->rel);
	if (above)
		hp_relation_watch(RelationGetRelid(table), target->relid);
	if (target->cached == NULL)
		return false;
	if (above)
		map_columns(target, table, context);
	return true;
}

/* Lock a table above one that is written, with its indexes, if nobody has to be waited for. */
static bool
lock_above(Oid relid)
{
	Relation	relation;
	List	   *indexes;
	ListCell   *lc;
	bool		result = true;

	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		return false;
	relation = try_relation_open(relid, NoLock);
	if (relation == NULL)
		return true;
	indexes = RelationGetIndexList(relation);
	foreach(lc, indexes)
		result = result && ConditionalLockRelationOid(lfirst_oid(lc), AccessShareLock);
	list_free(indexes);
	relation_close(relation, NoLock);
	return result;
}

/* The targets of a table, computed afresh into a context of their own. */
static void
compute_targets(HpTargets *targets, Relation table)
{
	Oid			relid = RelationGetRelid(table);
	List	   *candidates = list_make1_oid(relid);
	ListCell   *lc;

	if (table->rd_rel->relispartition)
		candidates = list_concat(candidates, hp_relation_ancestors(relid, NIL));
	targets->n = 0;
	targets->lxid = InvalidLocalTransactionId;
	targets->targets = MemoryContextAllocZero(targets->context,
											  list_length(candidates) * sizeof(HpTarget));
	foreach(lc, candidates)
	{
		HpTarget   *target = &targets->targets[targets->n];

		memset(target, 0, sizeof(HpTarget));
		target->relid = lfirst_oid(lc);
		if (target->relid == relid || lock_above(target->relid))
		{
			/* what is dropped, after it was detached from, has no rows any more */
			if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(target->relid)))
				targets->n += find_target(target, table, targets->context);
			continue;
		}
		/* nothing would tell of a change, also if it is not cached yet */
		targets->lxid = HP_MY_LXID;
		if (hp_config_rows(target->relid, 1) != NIL)
		{
			target->whole = true;
			targets->n++;
		}
	}
}

/* Now and then, forget the targets of tables that were dropped. */
static void
sweep_targets(void)
{
	static long sweep_at = HP_SWEEP_FROM;
	HASH_SEQ_STATUS status;
	HpTargets  *targets;

	if (hash_get_num_entries(targets_by_relid) < sweep_at)
		return;
	hash_seq_init(&status, targets_by_relid);
	while ((targets = hash_seq_search(&status)) != NULL)
	{
		if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(targets->relid)))
			continue;
		if (targets->context != NULL)
			MemoryContextDelete(targets->context);
		hash_search(targets_by_relid, &targets->relid, HASH_REMOVE, NULL);
	}
	sweep_at = Max(HP_SWEEP_FROM, 2 * hash_get_num_entries(targets_by_relid));
}

/*
 * The cached relations that a table's rows belong to.  Valid until
 * hp_relation_epoch changes, and at least to the end of the trigger's call.
 *
 * What catalogs say while they change must not decide which keys are noted, so
 * it is computed again until nothing has changed meanwhile; not for ever, as with
 * debug_discard_caches something always has.
 */
HpTargets *
hp_config_targets(Relation table)
{
	Oid			relid = RelationGetRelid(table);
	HpTargets  *targets;
	bool		found;

	if (targets_by_relid == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(Oid), .entrysize = sizeof(HpTargets)};

		targets_by_relid = hash_create("pg_hotpath targets", 32, &ctl, HASH_ELEM | HASH_BLOBS);
	}
	/*
	 * While a table is locked, nothing else may come by that looks for messages.
	 * This transaction has an id by now, which hp_config_link() closes the fence for
	 * if it has others trust in our notes after this look.
	 */
	AcceptInvalidationMessages();
	targets = hash_search(targets_by_relid, &relid, HASH_ENTER, &found);
	if (!found)
	{
		targets->context = NULL;
		targets->epoch = 0;
		targets->lxid = InvalidLocalTransactionId;
		sweep_targets();
	}
	if (targets->context == NULL || targets->epoch != hp_relation_epoch ||
		(targets->lxid != InvalidLocalTransactionId && targets->lxid != HP_MY_LXID))
	{
		uint64		epoch;
		int			tries = 0;

		if (targets->context == NULL)
			targets->context = AllocSetContextCreate(CacheMemoryContext, "pg_hotpath targets",
													 ALLOCSET_SMALL_SIZES);
		do
		{
			targets->epoch = 0;
			MemoryContextReset(targets->context);
			/* what is invalidated while we look counts as later */
			AcceptInvalidationMessages();
			epoch = hp_relation_epoch;
			compute_targets(targets, table);
			targets->epoch = epoch;
		} while (epoch != hp_relation_epoch && ++tries < HP_TARGETS_TRIES);
	}
	return targets;
}
