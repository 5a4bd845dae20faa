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
#include "base/shmem.h"
#include "cache/config.h"
#include "catalog/catalog.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "query/query.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

Oid			hp_attach_putting = InvalidOid;

/* Our own DDL is running, see hp_attach_keep_in_shape(). */
static bool shaping = false;

/* The tables that a table is a child of, by partitioning or inheritance, at any distance. */
static List *
ancestors_of(Oid relid, List *found)
{
	Relation	catalog = table_open(InheritsRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *parents = NIL;
	ListCell   *lc;

	ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(catalog, InheritsRelidSeqnoIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		parents = lappend_oid(parents, ((Form_pg_inherits) GETSTRUCT(tuple))->inhparent);
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);

	foreach(lc, parents)
	{
		if (list_member_oid(found, lfirst_oid(lc)))
			continue;
		found = lappend_oid(found, lfirst_oid(lc));
		found = ancestors_of(lfirst_oid(lc), found);
	}
	return found;
}

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
	List	   *rows;
	List	   *candidates;
	ListCell   *lc;

	if (!OidIsValid(relid) || !hp_shmem_attach(HP_SHMEM_IF_EXISTS))
		return;
	rows = hp_config_rows(InvalidOid, 0);
	candidates = lcons_oid(relid, ancestors_of(relid, NIL));
	foreach(lc, rows)
	{
		HpConfigRow *row = lfirst(lc);

		if (list_member_oid(candidates, row->relid))
			hp_fence_note_table(hp_config_table_stripe(row->relid));
	}
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
 * Note all cached partitioned tables of this database: a table was dropped, and
 * it cannot be asked any more whose partition it was.
 */
void
hp_attach_note_partitioned(void)
{
	List	   *rows = hp_config_rows(InvalidOid, 0);
	ListCell   *lc;

	foreach(lc, rows)
	{
		HpConfigRow *row = lfirst(lc);

		if (get_rel_relkind(row->relid) == RELKIND_PARTITIONED_TABLE)
			hp_attach_note_table(row->relid);
	}
}

/* How a trigger of a table is enabled; '\0' if there is none of this name and function. */
static char
trigger_state(Oid relid, const char *name, Oid function)
{
	Relation	catalog = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	char		result = '\0';

	ScanKeyInit(&keys[0], Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	ScanKeyInit(&keys[1], Anum_pg_trigger_tgname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum(name));
	scan = systable_beginscan(catalog, TriggerRelidNameIndexId, true, NULL, 2, keys);
	if (HeapTupleIsValid(tuple = systable_getnext(scan)) &&
		((Form_pg_trigger) GETSTRUCT(tuple))->tgfoid == function)
		result = ((Form_pg_trigger) GETSTRUCT(tuple))->tgenabled;
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

/* Create one of our triggers on a table, or enable it again; nothing if all is well. */
static void
ensure_trigger(Oid relid, const char *trigger, const char *function, const char *events)
{
	char	   *table = hp_relation_qualified_name(relid);
	const char *name = quote_identifier(trigger);
	Oid			foid = hp_config_function(function);
	char		state = trigger_state(relid, trigger, foid);

	if (state == '\0')
	{
		hp_query_utility(psprintf("CREATE TRIGGER %s AFTER %s EXECUTE FUNCTION hotpath.%s()",
								  name, psprintf(events, table), function));
		hp_query_utility(psprintf("ALTER TRIGGER %s ON %s DEPENDS ON EXTENSION pg_hotpath",
								  name, table));
	}
	if (state != TRIGGER_FIRES_ALWAYS)
		hp_query_utility(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", table, name));
}

/* Drop one of our triggers if the table has it. */
static void
drop_trigger(Oid relid, const char *trigger, const char *function)
{
	if (trigger_state(relid, trigger, hp_config_function(function)) != '\0')
		hp_query_utility(psprintf("DROP TRIGGER %s ON %s", quote_identifier(trigger),
								  hp_relation_qualified_name(relid)));
}

/* The TRUNCATE trigger on a table, or on each leaf of a partitioned one. */
static void
ensure_truncate_triggers(Oid relid)
{
	List	   *all = find_all_inheritors(relid, AccessShareLock, NULL);
	ListCell   *lc;

	foreach(lc, all)
		if (get_rel_relkind(lfirst_oid(lc)) == RELKIND_RELATION)
			ensure_trigger(lfirst_oid(lc), HP_TRUNCATE_TRIGGER, "note_truncate", "TRUNCATE ON %s");
}

static void
ensure_triggers(Oid relid)
{
	List	   *all = find_all_inheritors(relid, AccessShareLock, NULL);
	ListCell   *lc;

	ensure_trigger(relid, HP_ROW_TRIGGER, "note_row",
				   "INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW");
	/* clones on partitions may have been set back one by one */
	foreach(lc, all)
		if (get_rel_relkind(lfirst_oid(lc)) == RELKIND_RELATION)
			ensure_trigger(lfirst_oid(lc), HP_ROW_TRIGGER, "note_row",
						   "INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW");
	ensure_truncate_triggers(relid);
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
	if (relation->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
		refuse(relid, "It is a temporary table, which only this session sees.",
			   "Cache a permanent or an unlogged table.");
	if (relation->rd_rel->relispartition)
		refuse(relid, "It is a partition.", "Cache the partitioned table at the root.");
	if (relkind == RELKIND_RELATION && has_subclass(relid) &&
		find_inheritance_children(relid, NoLock) != NIL)
		refuse(relid, "Other tables inherit from it, and its key does not hold across them.",
			   "Use declarative partitioning, or cache the children one by one.");
}

static void
check_partitions(Oid relid)
{
	List	   *all = find_all_inheritors(relid, AccessShareLock, NULL);
	ListCell   *lc;

	foreach(lc, all)
		if (get_rel_relkind(lfirst_oid(lc)) == RELKIND_FOREIGN_TABLE)
			refuse(relid, psprintf("Its partition \"%s\" is a foreign table, whose rows change "
								   "without a trigger being fired.",
								   hp_relation_name(lfirst_oid(lc))),
				   "Detach that partition, or cache the others one by one.");
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
				errdetail("Type %s has no hash operator class that goes with the index.",
						  format_type_be(hp_key_unhashable_type(def))),
				errhint("Cache the table by another unique index."));
	return def;
}

static HpConfigRow *
config_row_of(HpRelation *rel, const HpKeyDef *def)
{
	HpConfigRow *row = palloc0(sizeof(HpConfigRow));

	row->relid = rel->relid;
	row->index = def->primary ? InvalidOid : def->index;
	row->primary = def->primary;
	for (int i = 0; i < def->ncolumns; i++)
		row->columns = lappend(row->columns, pstrdup(NameStr(def->columns[i].name)));
	return row;
}

/*
 * Attach a table by its primary key, or by the unique index given.  Doing so
 * again repairs the triggers and takes over the options.
 */
void
hp_attach_table(Oid relid, Oid indexid, Interval *ttl, bool write_through)
{
	Relation	relation;
	HpRelation *rel;
	HpConfigRow *row;

	/* the lock that CREATE TRIGGER takes; owner first, so that nobody else can wait on it */
	hp_relation_check_owner(relid);
	relation = relation_open(relid, ShareRowExclusiveLock);
	hp_relation_check_owner(relid);
	check_cacheable(relation);
	check_partitions(relid);
	relation_close(relation, NoLock);

	rel = hp_relation_by_oid(relid);
	row = config_row_of(rel, choose_key(rel, indexid));
	row->ttl = ttl;
	row->write_through = write_through;

	hp_shmem_attach(HP_SHMEM_REQUIRE);
	hp_attach_note_always(relid);
	ensure_triggers(relid);
	hp_config_store(row);
	CommandCounterIncrement();
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
	hp_attach_note_always(relid);
	all = find_all_inheritors(relid, AccessExclusiveLock, NULL);
	drop_trigger(relid, HP_ROW_TRIGGER, "note_row");
	foreach(lc, all)
		drop_trigger(lfirst_oid(lc), HP_TRUNCATE_TRIGGER, "note_truncate");
	hp_config_delete(relid);
	CacheInvalidateRelcacheByRelid(relid);
	CommandCounterIncrement();
	if (hp_shmem_attach(HP_SHMEM_IF_EXISTS))
		hp_stats_forget(relid);
}

/* Bring the configuration of a table up to date after its indexes or columns have changed. */
static void
refresh_config(Oid relid)
{
	List	   *rows = hp_config_rows(relid, 0);
	HpRelation *rel = hp_relation_by_oid(relid);
	HpCached   *cached = hp_config_of(rel);

	for (int i = 0; cached != NULL && i < cached->nkeys; i++)
	{
		HpConfigRow *now = config_row_of(rel, cached->keys[i].def);
		ListCell   *lc;

		foreach(lc, rows)
		{
			HpConfigRow *row = lfirst(lc);

			if (row->index != cached->keys[i].configured || hp_config_row_is_current(row, now))
				continue;
			now->ttl = row->ttl;
			now->write_through = row->write_through;
			hp_config_store(now);
		}
	}
}

static void
keep_in_shape(Oid relid)
{
	List	   *candidates = lcons_oid(relid, ancestors_of(relid, NIL));
	ListCell   *lc;

	foreach(lc, candidates)
	{
		Oid			root = lfirst_oid(lc);

		if (hp_config_rows(root, 1) == NIL)
			continue;
		if (get_rel_relkind(root) == RELKIND_PARTITIONED_TABLE)
			ensure_truncate_triggers(root);
		if (root == relid)
			refresh_config(root);
	}
}

/*
 * After a DDL command on a table: leaves that have joined a cached table get
 * the TRUNCATE trigger, rebuilt indexes and renamed columns their new names in
 * the configuration.  The commands that this runs are DDL as well, and need no
 * further care.
 */
void
hp_attach_keep_in_shape(Oid relid)
{
	char		relkind = get_rel_relkind(relid);

	if (shaping || (relkind != RELKIND_RELATION && relkind != RELKIND_PARTITIONED_TABLE))
		return;
	shaping = true;
	PG_TRY();
	{
		keep_in_shape(relid);
	}
	PG_FINALLY();
	{
		shaping = false;
	}
	PG_END_TRY();
}
