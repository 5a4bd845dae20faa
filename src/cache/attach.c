/*-------------------------------------------------------------------------
 *
 * attach.c
 *		Attaching tables to the cache, and keeping them attached through DDL.
 *
 * An attached table has a row trigger, a TRUNCATE trigger (on every leaf if it
 * is partitioned) and a row in hotpath.cached_key for each key.  The triggers
 * are ordinary objects of the table, so they are dumped with it; they depend on
 * the extension, so dropping that drops them and leaves the table alone.
 *
 * Locking: attaching takes what CREATE TRIGGER takes, a ShareRowExclusiveLock:
 * it waits for writers and keeps them out until the transaction ends, so no
 * writer can miss that its table has become cached.  Detaching takes the
 * AccessExclusiveLock of DROP TRIGGER.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "cache/attach.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "base/compat.h"
#include "base/shmem.h"
#include "cache/config.h"
#include "catalog/catalog.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "commands/extension.h"
#include "commands/trigger.h"
#include "query/query.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

Oid			hp_attach_putting = InvalidOid;

/* Note this transaction as a writer of a table as a whole, cached or not. */
void
hp_attach_note_always(Oid relid)
{
	if (hp_shmem_attach(HP_SHMEM_IF_EXISTS))
		hp_fence_note_table(hp_config_table_stripe(relid));
}

/*
 * Note this transaction as a writer of a table as a whole, and of all tables
 * that it is a part of, as far as they are cached: a note of any other table
 * would only disturb those that share its stripe.
 */
void
hp_attach_note_table(Oid relid)
{
	List	   *candidates;
	ListCell   *lc;

	if (!OidIsValid(relid) || !hp_shmem_attach(HP_SHMEM_IF_EXISTS))
		return;
	candidates = lcons_oid(relid, hp_relation_ancestors(relid, NIL));
	foreach(lc, candidates)
		if (hp_config_rows(lfirst_oid(lc), 1) != NIL)
			hp_fence_note_table(hp_config_table_stripe(lfirst_oid(lc)));
}

/* Note all cached tables of this database: their configuration moves out of sight, or back. */
void
hp_attach_note_all(void)
{
	List	   *rows = hp_config_rows(InvalidOid, 0);
	ListCell   *lc;

	foreach(lc, rows)
		hp_attach_note_always(((HpConfigRow *) lfirst(lc))->relid);
}

/* Note this transaction as one that may change how values are rendered. */
void
hp_attach_note_types(void)
{
	if (hp_shmem_attach(HP_SHMEM_IF_EXISTS))
		hp_fence_note_table(hp_config_types_stripe());
}

/*
 * Have all sessions look again at cached tables of this database that are, or
 * were, parents by inheritance: a child may have gone, which makes caching the
 * parent safe again, and which the server does not tell them.
 */
void
hp_attach_recheck_parents(void)
{
	List	   *rows = hp_config_rows(InvalidOid, 0);
	ListCell   *lc;

	foreach(lc, rows)
	{
		HpConfigRow *row = lfirst(lc);

		if (get_rel_relkind(row->relid) == RELKIND_RELATION && has_subclass(row->relid))
			CacheInvalidateRelcacheByRelid(row->relid);
	}
}

/*
 * Note a table that this transaction has dropped, and those that it was a part of.  The entries of
 * pg_inherits that went with it are there still, though not to be seen.
 */
void
hp_attach_note_dropped(Oid relid)
{
	Relation	catalog = table_open(InheritsRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *parents = NIL;
	ListCell   *lc;

	ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(catalog, InheritsRelidSeqnoIndexId, true, SnapshotAny, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		if (!(tuple->t_data->t_infomask & HEAP_XMAX_INVALID) &&
			TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetUpdateXid(tuple->t_data)))
			parents = list_append_unique_oid(parents,
											 ((Form_pg_inherits) GETSTRUCT(tuple))->inhparent);
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	hp_attach_note_table(relid);
	foreach(lc, parents)
		hp_attach_note_table(lfirst_oid(lc));
	list_free(parents);
}

/* What a table has of a trigger of ours. */
typedef enum HpTriggerState
{
	HP_TRIGGER_MISSING,			/* none of this name and function */
	HP_TRIGGER_REPLACED,			/* by one that does not fire for all that it should */
	HP_TRIGGER_NOT_ALWAYS,			/* not enabled, or not in all sessions */
	HP_TRIGGER_READY
} HpTriggerState;

/* A trigger that a cached table has. */
typedef struct HpTrigger
{
	const char *name;
	const char *function;		/* in schema hotpath */
	const char *fires;			/* NULL where it comes with the extension */
	const char *each;
	int16		events;			/* the same */
} HpTrigger;

static const HpTrigger row_trigger =
{"!hotpath_note_row", "note_row", "INSERT OR UPDATE OR DELETE", "ROW", HP_ROW_EVENTS};
static const HpTrigger truncate_trigger =
{"!hotpath_note_truncate", "note_truncate", "TRUNCATE", "STATEMENT", HP_TRUNCATE_EVENTS};

static HpTriggerState
trigger_state(Oid relid, const HpTrigger *trigger)
{
	Oid			function = hp_config_function(trigger->function);
	Relation	catalog = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	HpTriggerState result = HP_TRIGGER_MISSING;

	ScanKeyInit(&keys[0], Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	ScanKeyInit(&keys[1], Anum_pg_trigger_tgname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum(trigger->name));
	scan = systable_beginscan(catalog, TriggerRelidNameIndexId, true, NULL, 2, keys);
	if (HeapTupleIsValid(tuple = systable_getnext(scan)) &&
		((Form_pg_trigger) GETSTRUCT(tuple))->tgfoid == function)
	{
		if (!hp_config_fires_for_all(tuple, RelationGetDescr(catalog), trigger->events))
			result = HP_TRIGGER_REPLACED;
		else if (((Form_pg_trigger) GETSTRUCT(tuple))->tgenabled != TRIGGER_FIRES_ALWAYS)
			result = HP_TRIGGER_NOT_ALWAYS;
		else
			result = HP_TRIGGER_READY;
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

/*
 * Make a trigger go when the extension goes.  This is ALTER TRIGGER ... DEPENDS
 * ON EXTENSION without its exclusive lock on the extension, which would make
 * every two transactions that attach something wait for each other.
 */
static void
depend_on_extension(Oid trigger)
{
	ObjectAddress object;
	ObjectAddress extension;

	ObjectAddressSet(object, TriggerRelationId, trigger);
	ObjectAddressSet(extension, ExtensionRelationId, get_extension_oid("pg_hotpath", false));
	recordDependencyOn(&object, &extension, DEPENDENCY_AUTO_EXTENSION);
}

static void
enable_always(Oid relid, const HpTrigger *trigger)
{
	hp_query_utility(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s",
							  hp_relation_qualified_name(relid), quote_identifier(trigger->name)));
}

static void
drop_trigger(Oid relid, const HpTrigger *trigger)
{
	hp_query_utility(psprintf("DROP TRIGGER %s ON %s", quote_identifier(trigger->name),
							  hp_relation_qualified_name(relid)));
}

/* Have one of our triggers on a table: create it, make it anew, enable it, or find that all is well. */
static void
ensure_trigger(Oid relid, const HpTrigger *trigger)
{
	HpTriggerState state = trigger_state(relid, trigger);

	if (state == HP_TRIGGER_REPLACED)
		drop_trigger(relid, trigger);
	if (state == HP_TRIGGER_MISSING || state == HP_TRIGGER_REPLACED)
	{
		hp_query_utility(psprintf("CREATE TRIGGER %s AFTER %s ON %s FOR EACH %s "
								  "EXECUTE FUNCTION hotpath.%s()",
								  quote_identifier(trigger->name), trigger->fires,
								  hp_relation_qualified_name(relid), trigger->each,
								  trigger->function));
		CommandCounterIncrement();
		depend_on_extension(get_trigger_oid(relid, trigger->name, false));
	}
	if (state != HP_TRIGGER_READY)
		enable_always(relid, trigger);
}

/*
 * Drop one of our triggers if the table has it.  A leaf may have another owner
 * than the root; what is left there notes nothing.
 */
static void
drop_own_trigger(Oid relid, const HpTrigger *trigger)
{
	if (trigger_state(relid, trigger) != HP_TRIGGER_MISSING &&
		hp_class_ownercheck(relid, GetUserId()))
		drop_trigger(relid, trigger);
}

/* Enable the triggers of the configuration again, as a restore leaves them, if the user may. */
static void
enable_config_triggers(void)
{
	static const HpTrigger triggers[] = {
		{"note_config", "note_config", .events = HP_ROW_EVENTS},
		{"note_config_truncate", "note_config", .events = HP_TRUNCATE_CONFIG_EVENTS},
		{"keep_config", "keep_config", .events = HP_KEEP_CONFIG_EVENTS}
	};
	Oid			table = hp_config_table();

	if (!OidIsValid(table) || !hp_class_ownercheck(table, GetUserId()))
		return;
	for (int i = 0; i < lengthof(triggers); i++)
		if (trigger_state(table, &triggers[i]) == HP_TRIGGER_NOT_ALWAYS)
			enable_always(table, &triggers[i]);
}

/* All triggers that a cached table needs; the tables are locked. */
static void
ensure_triggers(Oid relid, const List *all)
{
	ListCell   *lc;

	ensure_trigger(relid, &row_trigger);
	foreach(lc, all)
	{
		if (get_rel_relkind(lfirst_oid(lc)) != RELKIND_RELATION)
			continue;
		/* a clone on a partition may have been set back by itself */
		ensure_trigger(lfirst_oid(lc), &row_trigger);
		ensure_trigger(lfirst_oid(lc), &truncate_trigger);
	}
}

static void
refuse(Oid relid, const char *detail, const char *hint)
{
	ereport(ERROR,
			errcode(ERRCODE_WRONG_OBJECT_TYPE),
			errmsg("cannot cache \"%s\"", hp_relation_name(relid)),
			errdetail("%s", detail),
			errhint("%s", hint));
}

/* Refuse what cannot be cached exactly. */
static void
check_cacheable(Relation relation)
{
	Oid			relid = RelationGetRelid(relation);
	char		relkind = relation->rd_rel->relkind;

	if (relkind == RELKIND_FOREIGN_TABLE)
		refuse(relid, "It is a foreign table: its rows change without a trigger being fired.",
			   "Cache the table on its own server.");
	if (relkind != RELKIND_RELATION && relkind != RELKIND_PARTITIONED_TABLE)
		refuse(relid, "It is not a table.", "Cache the tables that it reads from.");
	if (IsCatalogRelation(relation))
		refuse(relid, "It is a system catalog.", "Cache a table of your own.");
	if (relid == hp_config_table())
		refuse(relid, "It is the cache's own configuration, which is written without its triggers.",
			   "Cache a table of your own.");
	if (relation->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
		refuse(relid, "It is a temporary table, which only this session sees.",
			   "Cache a permanent or an unlogged table.");
	if (hp_has_virtual_columns(RelationGetDescr(relation)))
		refuse(relid, "It has virtual generated columns, whose values may depend on who reads them: also "
			   "on settings, by functions that are marked IMMUTABLE.",
			   "Use stored generated columns.");
	if (relation->rd_rel->relispartition)
		refuse(relid, "It is a partition.", "Cache the partitioned table at the root.");
	if (relkind == RELKIND_RELATION && has_subclass(relid) &&
		find_inheritance_children(relid, NoLock) != NIL)
		refuse(relid, "Other tables inherit from it, and its key does not hold across them.",
			   "Use declarative partitioning, or cache the children one by one.");
}

static void
check_partitions(Oid relid, const List *all)
{
	ListCell   *lc;

	foreach(lc, all)
	{
		Oid			partition = lfirst_oid(lc);

		if (get_rel_relkind(partition) == RELKIND_FOREIGN_TABLE)
			refuse(relid, psprintf("Its partition \"%s\" is a foreign table, whose rows change "
								   "without a trigger being fired.", hp_relation_name(partition)),
				   "Detach that partition, or cache the others one by one.");
		if (partition != relid && hp_config_rows(partition, 1) != NIL)
			refuse(relid, psprintf("Its partition \"%s\" is cached by itself.",
								   hp_relation_name(partition)),
				   "Call hotpath.uncache_table() for the partition first.");
	}
}

/* The key to cache by; raises an error if it cannot serve. */
static HpKeyDef *
choose_key(HpRelation *rel, Oid indexid)
{
	HpKeyDef   *def;

	def = OidIsValid(indexid) ? hp_relation_key(rel, indexid) : hp_relation_primary_key(rel);
	if (!def->hashable)
		ereport(ERROR,
				errcode(ERRCODE_UNDEFINED_FUNCTION),
				errmsg("cannot cache \"%s\" by index \"%s\"", hp_relation_name(rel->relid),
					   NameStr(def->index_name)),
				errdetail("%s", hp_key_hash_problem(def)),
				errhint("Cache the table by another unique index."));
	return def;
}

static HpConfigRow *
config_row_of(HpRelation *rel, const HpKeyDef *def)
{
	HpConfigRow *row = palloc0(sizeof(HpConfigRow));

	row->relid = rel->relid;
	row->primary = def->primary;
	for (int i = 0; i < def->ncolumns; i++)
	{
		row->columns = lappend(row->columns, pstrdup(NameStr(def->columns[i].name)));
		row->attnums = lappend_int(row->attnums, def->columns[i].attnum);
	}
	return row;
}

/*
 * Attach a table by its primary key, or by the unique index given.  Doing so
 * again repairs the triggers and takes over the options.
 *
 * Partitions are locked as the root is: rows may be written to them directly,
 * and who writes must know what to note.
 */
void
hp_attach_table(Oid relid, Oid indexid, Interval *ttl, bool write_through)
{
	Relation	relation;
	HpRelation *rel;
	HpConfigRow *row;
	List	   *all;

	/* owner first, so that nobody else can wait for the lock */
	hp_relation_check_owner(relid);
	relation = try_relation_open(relid, ShareRowExclusiveLock);
	if (relation == NULL)
		hp_relation_report_missing(relid);
	hp_relation_check_owner(relid);
	(void) hp_relation_by_regclass(relid);
	check_cacheable(relation);
	relation_close(relation, NoLock);
	all = find_all_inheritors(relid, ShareRowExclusiveLock, NULL);
	check_partitions(relid, all);

	rel = hp_relation_by_oid(relid);
	row = config_row_of(rel, choose_key(rel, indexid));
	row->ttl = ttl;
	row->write_through = write_through;

	hp_shmem_attach(HP_SHMEM_REQUIRE);
	hp_attach_note_always(relid);
	ensure_triggers(relid, all);
	enable_config_triggers();
	hp_config_store(row);
	CommandCounterIncrement();

	/* announces what the table looks like now, so that its first writer is not the one who does */
	hp_stats_forget_at_abort(relid);
	rel = hp_relation_by_oid(relid);
	if (hp_config_of(rel) != NULL)
		(void) hp_config_link(rel);
}

/* Is a table a partition, at any distance, of a root that is attached? */
static bool
below_attached_root(Oid relid)
{
	List	   *ancestors = hp_relation_ancestors(relid, NIL);
	ListCell   *lc;

	foreach(lc, ancestors)
		if (hp_config_rows(lfirst_oid(lc), 1) != NIL &&
			trigger_state(lfirst_oid(lc), &row_trigger) != HP_TRIGGER_MISSING)
			return true;
	return false;
}

/* Detach a table: drop its triggers and what is configured of it. */
void
hp_attach_remove(Oid relid)
{
	List	   *all;
	ListCell   *lc;

	hp_relation_check_owner(relid);
	LockRelationOid(relid, AccessExclusiveLock);
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		ereport(ERROR,
				errcode(ERRCODE_UNDEFINED_TABLE),
				errmsg("relation with OID %u does not exist", relid),
				errdetail("It was dropped by another session."),
				errhint("Nothing remains to be done."));
	hp_relation_check_owner(relid);
	(void) hp_relation_by_regclass(relid);
	hp_attach_note_always(relid);
	all = find_all_inheritors(relid, AccessExclusiveLock, NULL);
	/* those of a partition that was cached by itself before it became one are its root's */
	if (!below_attached_root(relid))
	{
		drop_own_trigger(relid, &row_trigger);
		foreach(lc, all)
			drop_own_trigger(lfirst_oid(lc), &truncate_trigger);
	}
	hp_config_delete_all(list_make1_oid(relid));
	CacheInvalidateRelcacheByRelid(relid);
	CommandCounterIncrement();
	hp_stats_forget_at_commit(relid);
}

/*
 * Bring the configuration of a table up to date after a DDL command on it: its
 * columns may have new names, its primary key other columns.
 */
void
hp_attach_refresh(Oid relid)
{
	HpRelation *rel;
	HpCached   *cached;

	if (hp_config_rows(relid, 1) == NIL)
		return;
	rel = hp_relation_by_oid(relid);
	cached = hp_config_of(rel);
	for (int i = 0; cached != NULL && i < cached->nkeys; i++)
	{
		HpConfigRow *row = cached->keys[i].row;
		HpConfigRow *now = config_row_of(rel, cached->keys[i].def);

		now->primary = row->primary;
		now->ttl = row->ttl;
		now->write_through = row->write_through;
		if (!hp_config_same_columns(row, now))
			hp_config_store(now);
	}
}

/* May the user create a trigger with a function of ours on a table?  What CREATE TRIGGER asks. */
static bool
may_create_trigger(Oid relid, const char *function)
{
	Oid			user = GetUserId();

	return hp_class_ownercheck(relid, user) &&
		pg_class_aclcheck(relid, user, ACL_TRIGGER) == ACLCHECK_OK &&
		hp_namespace_aclcheck(get_namespace_oid("hotpath", false), user, ACL_USAGE) == ACLCHECK_OK &&
		hp_may_execute(hp_config_function(function));
}

/*
 * A table has become a partition: if that is one of an attached root, its leaves
 * get the TRUNCATE trigger, of which there are no clones.  Where the user may not
 * create it, or the name is taken, the root is simply found to be unsafe later.
 * While a dump is being restored the root is not attached yet.
 */
void
hp_attach_partition(Oid relid)
{
	List	   *all;
	ListCell   *lc;

	if (!below_attached_root(relid))
		return;
	all = find_all_inheritors(relid, NoLock, NULL);
	foreach(lc, all)
	{
		Oid			leaf = lfirst_oid(lc);

		if (get_rel_relkind(leaf) != RELKIND_RELATION ||
			!may_create_trigger(leaf, truncate_trigger.function) ||
			(OidIsValid(get_trigger_oid(leaf, truncate_trigger.name, true)) &&
			 trigger_state(leaf, &truncate_trigger) == HP_TRIGGER_MISSING))
			continue;
		ensure_trigger(leaf, &truncate_trigger);
	}
}
