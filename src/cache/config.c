/*-------------------------------------------------------------------------
 *
 * config.c
 *		What is cached, and whether that is safe now.
 *
 * When a backend first uses a relation, and again after every invalidation of
 * it, this file reads the relation's rows of hotpath.cached_key, resolves the
 * keys, and checks what the protocol rests on:
 *
 * - the row trigger and the TRUNCATE trigger are there, complete, point at our
 *   functions and are ENABLE ALWAYS; for a partitioned table, on every leaf;
 * - so are those of the configuration;
 * - the event triggers that note DDL are there and ENABLE ALWAYS;
 * - nothing holds rows that no trigger can watch: foreign tables, children by
 *   inheritance.
 *
 * It also computes a fingerprint of the table: its storage, row type, triggers,
 * keys and their configuration, and the rows of this database, of our schema and
 * of the event triggers.  If shared memory does not hold the same, somebody has
 * changed the table, perhaps without a note, or there was nobody to take notes
 * until now.  The new one is announced then, and all that is cached of the table
 * is made dead; when all have ended, messages included, who had an id at that
 * time, that is done once more, and the new one takes its place: from now on every
 * writer goes by catalogs that are no older, and who does not has an id that the
 * fence was closed for.  Until then the table is read.
 *
 * If a check fails the relation is marked unsafe, with the reason, and readers
 * go to the table.
 *
 * Locking: callers hold a lock on the relation.  Catalogs of leaves are read
 * without locking the leaves; their invalidations reach the root's descriptor
 * through hp_relation_watch().
 *
 * Memory: HpCached lives in a context of its own below the descriptor's, which it
 * joins when it is complete.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "cache/config.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "base/compat.h"
#include "catalog/namespace.h"
#include "catalog/pg_event_trigger.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

/* What the triggers of one table amount to. */
typedef struct TriggerCheck
{
	bool		row;			/* ours is there and complete */
	bool		truncate;
	uint64		fingerprint;
} TriggerCheck;

/* The stripe of a table as a whole. */
HpStripeNo
hp_config_table_stripe(Oid relid)
{
	return hp_fence_table_stripe(hash_combine64(hash_bytes_uint32_extended(MyDatabaseId, 3),
												hash_bytes_uint32_extended(relid, 4)));
}

/* The stripe of the names in this database that rendered JSON depends on. */
HpStripeNo
hp_config_types_stripe(void)
{
	return hp_config_table_stripe(InvalidOid);
}

/*
 * One of our functions without arguments, by name; InvalidOid if there is none.
 * Asks for no privilege: a writer need not have any on our schema.
 */
Oid
hp_config_function(const char *name)
{
	Oid			schema = get_namespace_oid("hotpath", true);
	oidvector  *no_arguments = buildoidvector(NULL, 0);

	if (!OidIsValid(schema))
		return InvalidOid;
	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name),
						   PointerGetDatum(no_arguments), ObjectIdGetDatum(schema));
}

/* Does a key have the columns with these numbers? */
static bool
has_columns(const HpKeyDef *def, const List *attnums)
{
	if (def->ncolumns != list_length(attnums))
		return false;
	for (int i = 0; i < def->ncolumns; i++)
		if (def->columns[i].attnum != list_nth_int(attnums, i))
			return false;
	return true;
}

/* The numbers of a row's columns: by name, or as noted if a column was renamed just now. */
static List *
column_numbers(Relation relation, const HpConfigRow *row)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, row->columns)
	{
		AttrNumber	attnum = get_attnum(RelationGetRelid(relation), lfirst(lc));

		if (attnum == InvalidAttrNumber)
			return row->attnums;
		result = lappend_int(result, attnum);
	}
	return result;
}

/*
 * A unique index on the columns of a config row.  One that is not valid, perhaps
 * being replaced at this moment, serves if there is no other: readers ask for a
 * valid one, but what writers note must not depend on that.
 */
static HpKeyDef *
find_key(Relation relation, MemoryContext context, const HpConfigRow *row, bool allow_invalid)
{
	List	   *attnums = column_numbers(relation, row);
	List	   *indexes = RelationGetIndexList(relation);
	HpKeyDef   *found = NULL;
	ListCell   *lc;

	foreach(lc, indexes)
	{
		HpKeyProblem problem;
		HpKeyDef   *def = hp_key_define(relation, lfirst_oid(lc), allow_invalid, context,
										&problem);

		if (def == NULL || !def->hashable || !has_columns(def, attnums))
			continue;
		found = def;
		break;
	}
	list_free(indexes);
	return found;
}

/* The key that a config row means, NULL if there is none any more.  key_index() in cache.sql has the same rule. */
static HpKeyDef *
resolve_key(Relation relation, HpRelation *rel, MemoryContext context, const HpConfigRow *row)
{
	HpKeyDef   *def;

	if (row->primary && rel->primary != NULL)
		return rel->primary->hashable ? rel->primary : NULL;
	def = find_key(relation, context, row, false);
	return def != NULL ? def : find_key(relation, context, row, true);
}

/* Does a trigger fire for exactly these events, unconditionally and at once? */
bool
hp_config_fires_for_all(HeapTuple trigger, TupleDesc desc, int16 events)
{
	Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(trigger);
	bool		isnull;

	fastgetattr(trigger, Anum_pg_trigger_tgqual, desc, &isnull);
	return isnull && form->tgtype == events && form->tgattr.dim1 == 0 && !form->tgdeferrable;
}

/* Look through the triggers of a table. */
static TriggerCheck
check_triggers(Oid relid, Oid row_function, Oid truncate_function, int16 truncate_events)
{
	TriggerCheck check = {0};
	Relation	catalog = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(catalog, TriggerRelidNameIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);
		TupleDesc	desc = RelationGetDescr(catalog);
		TransactionId xmin = HeapTupleHeaderGetRawXmin(tuple->t_data);

		if (form->tgenabled != TRIGGER_FIRES_ALWAYS)
			continue;
		if (form->tgfoid == row_function && hp_config_fires_for_all(tuple, desc, HP_ROW_EVENTS))
			check.row = true;
		else if (form->tgfoid == truncate_function &&
				 hp_config_fires_for_all(tuple, desc, truncate_events))
			check.truncate = true;
		else
			continue;
		check.fingerprint = hash_combine64(check.fingerprint, form->oid);
		check.fingerprint = hash_combine64(check.fingerprint, xmin);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return check;
}

static bool
event_trigger_always(const char *name, TransactionId *xmin)
{
	HeapTuple	tuple = SearchSysCache1(EVENTTRIGGERNAME, CStringGetDatum(name));
	bool		result = false;

	*xmin = InvalidTransactionId;
	if (HeapTupleIsValid(tuple))
	{
		result = ((Form_pg_event_trigger) GETSTRUCT(tuple))->evtenabled == TRIGGER_FIRES_ALWAYS;
		*xmin = HeapTupleHeaderGetRawXmin(tuple->t_data);
		ReleaseSysCache(tuple);
	}
	return result;
}

/* Is a partition being detached concurrently?  Who sees its rows depends on the snapshot. */
static bool
is_being_detached_from(Oid relid)
{
	bool		pending = false;
	TransactionId xmin;

	list_free(find_inheritance_children_extended(relid, false, NoLock, &pending, &xmin));
	return pending;
}

/*
 * A partitioned table and its partitions, all of them watched.  One that is
 * attached to another partition while that is not watched yet would be missed,
 * so the list is read again until it is the same.
 */
static List *
watched_partitions(Oid relid)
{
	List	   *all = find_all_inheritors(relid, NoLock, NULL);

	for (;;)
	{
		List	   *again;
		ListCell   *lc;

		CHECK_FOR_INTERRUPTS();
		foreach(lc, all)
			hp_relation_watch(lfirst_oid(lc), relid);
		again = find_all_inheritors(relid, NoLock, NULL);
		if (equal(all, again))
			return all;
		all = again;
	}
}

/* The leaves of a partitioned table; sets *unsafe for one that cannot be watched. */
static List *
leaves_of(Oid relid, const char **unsafe)
{
	List	   *all = watched_partitions(relid);
	List	   *leaves = NIL;
	ListCell   *lc;

	foreach(lc, all)
	{
		char		relkind = get_rel_relkind(lfirst_oid(lc));

		if (relkind == RELKIND_RELATION)
			leaves = lappend_oid(leaves, lfirst_oid(lc));
		else if (relkind != RELKIND_PARTITIONED_TABLE)
			*unsafe = "a partition is a foreign table, whose rows no trigger watches";
		else if (is_being_detached_from(lfirst_oid(lc)))
			*unsafe = "a partition is being detached concurrently";
	}
	return leaves;
}

/*
 * The raw xmin of a catalog row that was looked up, for the fingerprint: it changes when the object
 * was altered, or replaced by another with the same OID.
 */
static TransactionId
xmin_of(HeapTuple tuple)
{
	TransactionId xmin = InvalidTransactionId;

	if (HeapTupleIsValid(tuple))
	{
		xmin = HeapTupleHeaderGetRawXmin(tuple->t_data);
		ReleaseSysCache(tuple);
	}
	return xmin;
}

/* Storage of a table, for the fingerprint. */
static uint64
storage_fingerprint(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			file = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		file = ((Form_pg_class) GETSTRUCT(tuple))->relfilenode;
		ReleaseSysCache(tuple);
	}
	return hash_combine64(hash_bytes_uint32_extended(relid, 5), file);
}

/*
 * The row type, for the fingerprint.  A column that is altered through a parent, or the type of a
 * typed table, is not noted, and not all of what is altered shows in the descriptor.
 */
static uint64
descriptor_fingerprint(Oid relid, TupleDesc desc)
{
	uint64		result = desc->natts;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);

		result = hash_combine64(result, attr->atttypid);
		result = hash_combine64(result, (uint32) attr->atttypmod);
		result = hash_combine64(result, hash_bytes_extended((unsigned char *) NameStr(attr->attname),
															strlen(NameStr(attr->attname)), 0));
		result = hash_combine64(result, (attr->attisdropped ? 1 : 0) | (attr->atthasmissing ? 2 : 0));
		result = hash_combine64(result, xmin_of(SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid),
																Int16GetDatum(attr->attnum))));
	}
	return result;
}

/*
 * What else the cached rows depend on: this database and our schema, which may
 * have been replaced or hidden for a while, and the keys and their configuration.
 */
static uint64
context_fingerprint(const HpCached *cached)
{
	Oid			schema = get_namespace_oid("hotpath", true);
	uint64		result = xmin_of(SearchSysCache1(DATABASEOID, ObjectIdGetDatum(MyDatabaseId)));
	uint64		keys = 0;

	result = hash_combine64(result, xmin_of(SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema))));
	for (int i = 0; i < cached->nkeys; i++)
	{
		uint64		key = hash_bytes_uint32_extended(cached->keys[i].def->index, 7);

		key = hash_combine64(key, cached->keys[i].def->identity);
		key = hash_combine64(key, cached->keys[i].row->xmin);
		/* in whichever order they were read */
		keys += key;
	}
	return hash_combine64(result, keys);
}

/* Check one table that holds rows, or the root itself. */
static void
check_table(HpCached *cached, Oid relid, bool holds_rows, Oid row_function, Oid truncate_function)
{
	TriggerCheck check = check_triggers(relid, row_function, truncate_function, HP_TRUNCATE_EVENTS);

	if (!check.row)
		cached->unsafe = "the row trigger is missing, altered or not ENABLE ALWAYS";
	if (holds_rows && !check.truncate)
		cached->unsafe = "the TRUNCATE trigger is missing, altered or not ENABLE ALWAYS";
	cached->fingerprint = hash_combine64(cached->fingerprint, check.fingerprint);
	cached->fingerprint = hash_combine64(cached->fingerprint, storage_fingerprint(relid));
}

/*
 * The triggers of the configuration itself.  While one was off, who writes may have gone on by another
 * configuration than who reads; all look again when it is on (hp_relation_watch_for_all()).
 */
static void
check_config_triggers(HpCached *cached)
{
	Oid			function = hp_config_function("note_config");
	TriggerCheck check = check_triggers(hp_config_table(), function, function,
										HP_TRUNCATE_CONFIG_EVENTS);

	if (!check.row || !check.truncate)
		cached->unsafe = "a trigger of hotpath.cached_key is missing, altered or not ENABLE ALWAYS";
	cached->fingerprint = hash_combine64(cached->fingerprint, check.fingerprint);
}

/*
 * The event triggers are part of the fingerprint as well: whatever happened while
 * one of them was off went without a note, not only to this table.
 */
static void
check_event_triggers(HpCached *cached)
{
	static const char *const names[] = {
		"hotpath_note_start", "hotpath_note_ddl", "hotpath_note_drop", "hotpath_note_rewrite"
	};

	for (int i = 0; i < lengthof(names); i++)
	{
		TransactionId xmin;

		if (!event_trigger_always(names[i], &xmin))
			cached->unsafe = "an event trigger of the extension is missing or not ENABLE ALWAYS";
		cached->fingerprint = hash_combine64(cached->fingerprint, xmin);
	}
}

/* Fill in safety and fingerprint; leaves are allocated in the context. */
static void
check_safety(HpCached *cached, HpRelation *rel, Relation relation, MemoryContext context)
{
	Oid			row_function = hp_config_function("note_row");
	Oid			truncate_function = hp_config_function("note_truncate");
	bool		partitioned = rel->relkind == RELKIND_PARTITIONED_TABLE;

	cached->fingerprint = hash_combine64(context_fingerprint(cached),
										 descriptor_fingerprint(rel->relid,
																RelationGetDescr(relation)));
	check_table(cached, rel->relid, !partitioned, row_function, truncate_function);
	if (partitioned)
	{
		List	   *leaves = leaves_of(rel->relid, &cached->unsafe);
		ListCell   *lc;

		cached->leaves = MemoryContextAlloc(context,
											Max(list_length(leaves), 1) * sizeof(Oid));
		foreach(lc, leaves)
		{
			cached->leaves[cached->nleaves++] = lfirst_oid(lc);
			check_table(cached, lfirst_oid(lc), true, row_function, truncate_function);
		}
	}
	else if (relation->rd_rel->relkind != RELKIND_RELATION)
		cached->unsafe = "it is not a table";
	else if (relation->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
		cached->unsafe = "it is a temporary table";
	else if (has_subclass(rel->relid) && find_inheritance_children(rel->relid, NoLock) != NIL)
		cached->unsafe = "tables inherit from it";
	else if (rel->relid == hp_config_table())
		cached->unsafe = "it is the configuration of the cache";
	if (hp_has_virtual_columns(RelationGetDescr(relation)))
		cached->unsafe = "it has virtual generated columns";

	check_config_triggers(cached);
	check_event_triggers(cached);
}

/* How the JSON text of a value of a type depends on things other than the value. */
static HpJsonKind
json_kind_of(Oid type)
{
	Oid			base = getBaseType(type);
	Oid			element = get_base_element_type(base);
	Oid			function;

	if (OidIsValid(element))
		return json_kind_of(element);
	switch (base)
	{
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case CHAROID:
		case NAMEOID:
		case OIDOID:
		case UUIDOID:
		case DATEOID:
		case TIMEOID:
		case TIMETZOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case INTERVALOID:
		case BYTEAOID:
		case JSONOID:
		case JSONBOID:
		case INETOID:
		case CIDROID:
		case MACADDROID:
		case MACADDR8OID:
		case BITOID:
		case VARBITOID:
			return HP_JSON_FIXED;
		default:
			break;
	}
	if (get_typtype(base) == TYPTYPE_ENUM &&
		find_coercion_pathway(JSONOID, base, COERCION_EXPLICIT, &function) != COERCION_PATH_FUNC)
		return HP_JSON_NAMES;
	return HP_JSON_VOLATILE;
}

static HpJsonKind
json_kind_of_row(TupleDesc desc)
{
	HpJsonKind	result = HP_JSON_FIXED;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);

		if (!attr->attisdropped)
			result = Max(result, json_kind_of(attr->atttypid));
	}
	return result;
}

/* Is a key of the same columns there?  Keys are told apart by these, however they compare. */
static bool
has_seed(const HpCached *cached, uint64 seed)
{
	for (int i = 0; i < cached->nkeys; i++)
		if (cached->keys[i].def->seed == seed)
			return true;
	return false;
}

/* What is cached of a relation that has rows of configuration; NULL when no key of it is there any more. */
static HpCached *
load_cached(HpRelation *rel)
{
	Relation	relation = relation_open(rel->relid, AccessShareLock);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "pg_hotpath cached",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext work = MemoryContextSwitchTo(context);
	List	   *rows = hp_config_rows(rel->relid, 0);
	HpCached   *cached = palloc0(offsetof(HpCached, keys) + list_length(rows) * sizeof(HpCachedKey));
	ListCell   *lc;

	MemoryContextSwitchTo(work);
	/* where two are of the same columns by now, the primary key's decides */
	for (int primary = 1; primary >= 0; primary--)
	{
		foreach(lc, rows)
		{
			HpConfigRow *row = lfirst(lc);
			HpKeyDef   *def;

			if (row->primary != (primary == 1))
				continue;
			def = resolve_key(relation, rel, context, row);
			if (def != NULL && !has_seed(cached, def->seed))
				cached->keys[cached->nkeys++] = (HpCachedKey)
			{
				.def = def,.ttl = hp_config_microseconds(row->ttl),
					.write_through = row->write_through,.row = row
			};
		}
	}
	check_safety(cached, rel, relation, context);
	cached->json = json_kind_of_row(RelationGetDescr(relation));
	relation_close(relation, AccessShareLock);
	if (cached->nkeys == 0)
		return NULL;
	MemoryContextSetParent(context, rel->context);
	return cached;
}

/*
 * Read what is cached of a relation into its descriptor.  NULL when nothing is.
 * Only catalogs are read; shared memory is not touched.
 */
HpCached *
hp_config_load(HpRelation *rel)
{
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "pg_hotpath config",
											   ALLOCSET_DEFAULT_SIZES);
	MemoryContext outer = MemoryContextSwitchTo(work);
	HpCached   *cached = NULL;

	if (hp_config_rows(rel->relid, 1) != NIL)
		cached = load_cached(rel);
	rel->cached = cached;
	rel->cached_known = true;
	MemoryContextSwitchTo(outer);
	MemoryContextDelete(work);
	return cached;
}

/* For how long a registry that was full is not asked again, unless a slot is given back. */
#define HP_FULL_MS 1000

/* Give back the slots of what is not cached any more. */
static void
reclaim_slots(void)
{
	List	   *rows = hp_config_rows(InvalidOid, 0);
	int			n = list_length(rows);
	Oid		   *relids = palloc((n + 1) * sizeof(Oid));
	ListCell   *lc;

	foreach(lc, rows)
		relids[foreach_current_index(lc)] = ((HpConfigRow *) lfirst(lc))->relid;
	hp_stats_reclaim(relids, n);
	pfree(relids);
}

/* The slot of a key; generation 0 when none is to be had. */
static HpSlotRef
take_slot(Oid relid, const HpKeyDef *def)
{
	HpSlotRef	slot = hp_stats_register(relid, def->index, def->seed);

	if (slot.generation != 0)
		return slot;
	reclaim_slots();
	return hp_stats_register(relid, def->index, def->seed);
}

/* Take the slots of a cached relation; false when none is to be had. */
static bool
take_slots(HpRelation *rel, HpCached *cached)
{
	uint64		freed = hp_stats_freed();
	TimestampTz now = cached->full_at != 0 ? GetCurrentTimestamp() : 0;

	/* the clock may have been set back */
	if (cached->full_at != 0 && cached->full_freed == freed && now >= cached->full_at &&
		!TimestampDifferenceExceeds(cached->full_at, now, HP_FULL_MS))
		return false;
	for (int i = 0; i < cached->nkeys; i++)
	{
		HpCachedKey *key = &cached->keys[i];

		key->slot = take_slot(rel->relid, key->def);
		if (key->slot.generation == 0)
		{
			cached->full_freed = freed;
			cached->full_at = GetCurrentTimestamp();
			return false;
		}
		key->pending = hp_stats_pending(key->slot);
	}
	return true;
}

/* Are the slots still ours?  Who has taken them may have given them back. */
static bool
has_slots(const HpCached *cached)
{
	for (int i = 0; i < cached->nkeys; i++)
		if (!hp_stats_is_taken(cached->keys[i].slot))
			return false;
	return true;
}

/* Have all slots the fingerprint? */
static bool
is_known(const HpCached *cached)
{
	for (int i = 0; i < cached->nkeys; i++)
		if (!hp_stats_has_fingerprint(cached->keys[i].slot, cached->fingerprint))
			return false;
	return true;
}

/* Announce the fingerprint to the slots. */
static void
announce(HpCached *cached)
{
	for (int i = 0; i < cached->nkeys; i++)
	{
		uint64		upto = hp_fence_newest_xid();

		if (hp_stats_announce(cached->keys[i].slot, cached->fingerprint, &upto))
			hp_fence_close(cached->table_stripe, upto);
		cached->announced_upto = Max(cached->announced_upto, upto);
	}
	cached->announced = true;
}

/* Give back the slots of keys that the relation had by catalogs of before. */
static void
forget_other_keys(HpRelation *rel, const HpCached *cached)
{
	uint64	   *seeds = palloc(cached->nkeys * sizeof(uint64));

	for (int i = 0; i < cached->nkeys; i++)
		seeds[i] = cached->keys[i].def->seed;
	hp_stats_forget_others(rel->relid, seeds, cached->nkeys);
	pfree(seeds);
}

/*
 * Connect a cached relation with shared memory, which must be attached: take
 * its slots, and see to it that they have its fingerprint.  A transaction that
 * may have changed catalogs itself sees rows of them that others do not see yet,
 * and cannot: one with an id that is announced as having to end.
 */
HpLink
hp_config_link(HpRelation *rel)
{
	HpCached   *cached = rel->cached;

	if (cached->linked)
		return HP_LINKED;
	cached->table_stripe = hp_config_table_stripe(rel->relid);
	if (!cached->announced || !has_slots(cached))
	{
		if (!take_slots(rel, cached))
			return HP_LINK_FULL;
		cached->linked = is_known(cached);
		if (cached->linked)
			return HP_LINKED;
		announce(cached);
	}
	if (hp_fence_noted_by_me(cached->table_stripe) ||
		!hp_fence_have_ended(cached->announced_upto))
		return HP_LINK_WAITS;
	if (!is_known(cached))
	{
		hp_fence_close(cached->table_stripe, hp_fence_newest_xid());
		for (int i = 0; i < cached->nkeys; i++)
			hp_stats_store_fingerprint(cached->keys[i].slot, cached->fingerprint);
		forget_other_keys(rel, cached);
	}
	/* unless a slot was given back just now */
	cached->linked = is_known(cached);
	return cached->linked ? HP_LINKED : HP_LINK_WAITS;
}
