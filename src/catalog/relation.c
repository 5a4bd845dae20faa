/*-------------------------------------------------------------------------
 *
 * relation.c
 *		Descriptors of relations: identity, names, columns, keys.
 *
 * A descriptor is built on first use, kept for the life of the backend and
 * rebuilt when the relation cache says that something has changed.  Functions
 * that return one take an ordinary AccessShareLock on the relation, as a SELECT
 * does, and process pending invalidations first, so that what is returned is up to
 * date.  How long the lock is kept, and that it is held already, is relation_lock.c's.
 *
 * A relation that is given by its row type, or as regclass, must have the name that
 * it had when the statement was analyzed (relation_names.c), and by its row type the
 * columns (relation_columns.c).
 *
 * Lifetime: a descriptor that is replaced lives to the end of the transaction,
 * since callers may still hold it.  Whoever runs SQL must look it up again
 * afterwards, and compare generations, before trusting what it says.
 *
 * Memory: each descriptor has a context of its own below CacheMemoryContext.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/relation.h"

#include "access/genam.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "base/compat.h"
#include "catalog/indexing.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

uint64		hp_relation_messages = 1;
uint64		hp_relation_epoch = 1;
uint64		hp_relation_privilege_epoch = 1;

typedef struct RelationEntry
{
	Oid			relid;			/* hash key */
	HpRelation *relation;		/* NULL until built */
} RelationEntry;

typedef struct RowtypeEntry
{
	Oid			rowtype;		/* hash key */
	HpRelation *relation;
} RowtypeEntry;

#define HP_MAX_WATCHERS 4
#define HP_MAX_FUNCTIONS 32

typedef struct WatchEntry
{
	Oid			other;			/* hash key */
	int			nwatchers;		/* more than HP_MAX_WATCHERS: all relations */
	Oid			watchers[HP_MAX_WATCHERS];	/* become invalid together with other */
} WatchEntry;

static HTAB *relations = NULL;
static HTAB *rowtypes = NULL;
static HTAB *watches = NULL;

/* The descriptors found last, each way: the next look-up is often for the same. */
static HpRelation *last_by_rowtype = NULL;
static HpRelation *last_by_relid = NULL;

/* The relation whose changes make all descriptors invalid. */
static Oid	watched_for_all = InvalidOid;

static void
invalidate(Oid relid)
{
	RelationEntry *entry = hash_search(relations, &relid, HASH_FIND, NULL);

	if (entry != NULL && entry->relation != NULL)
	{
		entry->relation->valid = false;
		hp_relation_epoch++;
	}
}

/* All descriptors are to be rebuilt.  Must not throw. */
void
hp_relation_invalidate_all(void)
{
	HASH_SEQ_STATUS status;
	RelationEntry *entry;

	hash_seq_init(&status, relations);
	while ((entry = hash_seq_search(&status)) != NULL)
		if (entry->relation != NULL)
			entry->relation->valid = false;
	hp_relation_epoch++;
}

/* Relation cache callback: must not throw or allocate. */
static void
relation_changed(Datum arg, Oid relid)
{
	WatchEntry *watch;

	hp_relation_messages++;
	hp_relation_changed(relid);
	if (!OidIsValid(relid) || relid == watched_for_all)
	{
		hp_relation_invalidate_all();
		return;
	}
	invalidate(relid);
	watch = hash_search(watches, &relid, HASH_FIND, NULL);
	if (watch == NULL)
		return;
	if (watch->nwatchers > HP_MAX_WATCHERS)
		hp_relation_invalidate_all();
	else
		for (int i = 0; i < watch->nwatchers; i++)
			invalidate(watch->watchers[i]);
}

/* Roles, memberships and the database decide about privileges. */
static void
privileges_changed(Datum arg, int cacheid, uint32 hash)
{
	hp_relation_privilege_epoch++;
}

/* Schemas, casts, operators and event triggers change rarely: start afresh. */
static void
anything_changed(Datum arg, int cacheid, uint32 hash)
{
	hp_relation_messages++;
	hp_relation_invalidate_all();
}

/* A schema has changed, or a relation has another name or columns (hp_relation_tell()). */
static void
schema_changed(Datum arg, int cacheid, uint32 hash)
{
	hp_relation_names_changed(hash);
	anything_changed(arg, cacheid, hash);
}

/* Functions that keys are hashed by.  More than there is room for: all functions. */
static uint32 watched_functions[HP_MAX_FUNCTIONS];
static int	nwatched_functions = 0;

static bool
is_watched(uint32 hash)
{
	for (int i = 0; i < Min(nwatched_functions, HP_MAX_FUNCTIONS); i++)
		if (watched_functions[i] == hash)
			return true;
	return false;
}

/* When a function changes, all descriptors are to be rebuilt. */
void
hp_relation_watch_function(Oid function)
{
	uint32		hash = GetSysCacheHashValue1(PROCOID, ObjectIdGetDatum(function));

	if (is_watched(hash) || nwatched_functions > HP_MAX_FUNCTIONS)
		return;
	if (nwatched_functions < HP_MAX_FUNCTIONS)
		watched_functions[nwatched_functions] = hash;
	nwatched_functions++;
}

/* Syscache callback; a hash of 0 stands for all functions. */
static void
function_changed(Datum arg, int cacheid, uint32 hash)
{
	if (nwatched_functions > HP_MAX_FUNCTIONS || (hash == 0 && nwatched_functions > 0) ||
		is_watched(hash))
		anything_changed(arg, cacheid, hash);
}

/* Called from _PG_init. */
void
hp_relation_init(void)
{
	HASHCTL		by_relid = {.keysize = sizeof(Oid), .entrysize = sizeof(RelationEntry)};
	HASHCTL		by_rowtype = {.keysize = sizeof(Oid), .entrysize = sizeof(RowtypeEntry)};
	HASHCTL		by_other = {.keysize = sizeof(Oid), .entrysize = sizeof(WatchEntry)};

	/* where an attempt to load has failed, some are there already */
	if (relations == NULL)
		relations = hash_create("pg_hotpath relations", 32, &by_relid, HASH_ELEM | HASH_BLOBS);
	if (rowtypes == NULL)
		rowtypes = hash_create("pg_hotpath row types", 32, &by_rowtype, HASH_ELEM | HASH_BLOBS);
	watches = hash_create("pg_hotpath partitions", 32, &by_other, HASH_ELEM | HASH_BLOBS);

	hp_relation_names_init();

	/* nothing below can fail */
	CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHOID, privileges_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, privileges_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(DATABASEOID, privileges_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(NAMESPACENAME, schema_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(CASTSOURCETARGET, anything_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(EVENTTRIGGEROID, anything_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(OPEROID, anything_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(AMOPOPID, anything_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(AMPROCNUM, anything_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(PROCOID, function_changed, (Datum) 0);
}

/*
 * Now and then, remove the entries of dropped relations from a hash table whose
 * keys are their OIDs.  The entries must need no other care, and relations that
 * come back by a rollback must be entered again.  Reads a catalog.
 */
void
hp_relation_sweep(HTAB *table, long *sweep_at)
{
	HASH_SEQ_STATUS status;
	Oid		   *relid;

	if (hash_get_num_entries(table) < *sweep_at)
		return;
	hash_seq_init(&status, table);
	while ((relid = hash_seq_search(&status)) != NULL)
		if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(*relid)))
			hash_search(table, relid, HASH_REMOVE, NULL);
	*sweep_at = Max(HP_SWEEP_FROM, 2 * hash_get_num_entries(table));
}

/* When other changes, all descriptors are to be rebuilt.  There is one such relation at a time. */
void
hp_relation_watch_for_all(Oid other)
{
	watched_for_all = other;
}

/* When other changes, the descriptor of relid is to be rebuilt as well. */
void
hp_relation_watch(Oid other, Oid relid)
{
	static long sweep_at = HP_SWEEP_FROM;
	bool		found;
	WatchEntry *watch;

	hp_relation_sweep(watches, &sweep_at);
	watch = hash_search(watches, &other, HASH_ENTER, &found);
	if (!found)
		watch->nwatchers = 0;
	if (watch->nwatchers > HP_MAX_WATCHERS)
		return;
	for (int i = 0; i < watch->nwatchers; i++)
		if (watch->watchers[i] == relid)
			return;
	if (watch->nwatchers < HP_MAX_WATCHERS)
		watch->watchers[watch->nwatchers] = relid;
	watch->nwatchers++;
}

/*
 * Take the lock that a SELECT would, once per transaction; process invalidations.  True if it is the
 * transaction's now.
 */
static inline bool
lock_relation(Oid relid, HpRelation *known)
{
	if (unlikely(known == NULL || known->locked_lxid != HP_MY_LXID))
		return hp_relation_lock_first(relid, known);
	AcceptInvalidationMessages();
	return true;
}

static HpRelation *
known_relation(Oid relid)
{
	RelationEntry *entry;

	if (last_by_relid != NULL && last_by_relid->relid == relid)
		return last_by_relid;
	entry = hash_search(relations, &relid, HASH_FIND, NULL);
	return last_by_relid = entry != NULL ? entry->relation : NULL;
}

/* Let a replaced descriptor live as long as somebody may hold it. */
static void
retire(HpRelation *rel)
{
	if (last_by_rowtype == rel)
		last_by_rowtype = NULL;
	if (last_by_relid == rel)
		last_by_relid = NULL;
	MemoryContextSetParent(rel->context, TopTransactionContext);
}

/*
 * Have the indexes of a partitioned table in the relation cache: they become valid under a lock that we do not
 * wait for (relation_snapshot.c).
 */
static void
open_indexes(Relation rel)
{
	List	   *indexes = rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE ? RelationGetIndexList(rel) : NIL;
	ListCell   *lc;

	foreach(lc, indexes)
	{
		Relation	index = try_relation_open(lfirst_oid(lc), AccessShareLock);

		if (index != NULL)
			relation_close(index, AccessShareLock);
	}
	list_free(indexes);
}

static HpRelation *
fill_descriptor(Relation rel, MemoryContext context)
{
	static uint64 generation = 0;
	HpRelation *result = MemoryContextAllocZero(context, sizeof(HpRelation));
	MemoryContext outer;

	result->relid = RelationGetRelid(rel);
	result->rowtype = rel->rd_rel->reltype;
	result->schema = RelationGetNamespace(rel);
	result->relkind = rel->rd_rel->relkind;
	/* not if it is altered with its parent, or with the type that it is of */
	result->temporary = rel->rd_rel->relpersistence == RELPERSISTENCE_TEMP &&
		!OidIsValid(rel->rd_rel->reloftype) && !has_superclass(result->relid);
	result->row_security = rel->rd_rel->relrowsecurity;
	result->generation = ++generation;
	result->context = context;
	result->ended_before = RecentXmin;
	result->made_lxid = rel->rd_createSubid != InvalidSubTransactionId ? HP_MY_LXID : InvalidLocalTransactionId;
	outer = MemoryContextSwitchTo(context);
	hp_relation_note_name(result);
	hp_relation_note_columns(result, RelationGetDescr(rel));
	open_indexes(rel);
	/* last, as a message may have had what it sets forgotten */
	list_free(RelationGetIndexList(rel));
	if (OidIsValid(rel->rd_pkindex))
	{
		HpKeyProblem problem;

		result->primary = hp_key_define(rel, rel->rd_pkindex, false, context, &problem);
		if (result->primary != NULL)
			result->keys = list_make1(result->primary);
	}
	MemoryContextSwitchTo(outer);
	return result;
}

/* Forget a relation that is gone. */
static void
forget(Oid relid)
{
	RelationEntry *entry = hash_search(relations, &relid, HASH_FIND, NULL);

	if (entry == NULL)
		return;
	if (entry->relation != NULL)
	{
		hash_search(rowtypes, &entry->relation->rowtype, HASH_REMOVE, NULL);
		retire(entry->relation);
	}
	hash_search(relations, &relid, HASH_REMOVE, NULL);
}

/*
 * Now and then, forget relations that were dropped: a backend may live long
 * and see many tables come and go.
 */
static void
sweep_dropped(void)
{
	static long sweep_at = HP_SWEEP_FROM;
	HASH_SEQ_STATUS status;
	RelationEntry *entry;

	if (hash_get_num_entries(relations) < sweep_at)
		return;
	hash_seq_init(&status, relations);
	while ((entry = hash_seq_search(&status)) != NULL)
		if (entry->relation == NULL ||
			(!entry->relation->valid &&
			 !SearchSysCacheExists1(RELOID, ObjectIdGetDatum(entry->relid))))
			forget(entry->relid);
	sweep_at = Max(HP_SWEEP_FROM, 2 * hash_get_num_entries(relations));
}

/*
 * Build the descriptor of a locked relation and put it in place of an old one; locked tells whether it
 * is for the whole transaction.
 */
static HpRelation *
build(Oid relid, bool locked)
{
	MemoryContext context;
	Relation	rel;
	HpRelation *result;
	RelationEntry *entry;
	HpRelation *old;
	/* a message that arrives meanwhile must not be lost */
	uint64		before = ++hp_relation_messages;

	sweep_dropped();
	rel = try_relation_open(relid, NoLock);
	if (rel == NULL)
	{
		forget(relid);
		hp_relation_report_missing(relid);
	}
	context = AllocSetContextCreate(CurrentMemoryContext, "pg_hotpath relation",
									ALLOCSET_SMALL_SIZES);
	result = fill_descriptor(rel, context);
	relation_close(rel, NoLock);
	result->locked_lxid = locked ? HP_MY_LXID : InvalidLocalTransactionId;
	old = known_relation(relid);
	/* not that of another table that had the OID */
	if (old != NULL && old->rowtype == result->rowtype)
		hp_relation_follow_name(result, old);
	hp_relation_follow_columns(result, old);

	/* nothing below can fail but the hash tables' own allocation */
	entry = hash_search(relations, &relid, HASH_ENTER, NULL);
	entry->relation = old;
	if (OidIsValid(result->rowtype))
	{
		RowtypeEntry *by_type = hash_search(rowtypes, &result->rowtype, HASH_ENTER, NULL);

		by_type->relation = result;
	}
	if (old != NULL)
	{
		if (old->rowtype != result->rowtype)
			hash_search(rowtypes, &old->rowtype, HASH_REMOVE, NULL);
		retire(old);
		hp_relation_epoch++;
	}
	entry->relation = result;
	/* what was built while something changed may be of before and after, and serves this once */
	result->valid = before == hp_relation_messages;
	if (!result->valid)
		hp_relation_epoch++;
	MemoryContextSetParent(context, CacheMemoryContext);
	return result;
}

/*
 * The descriptor of a relation.  Locks the relation; raises an error if there
 * is none.
 */
HpRelation *
hp_relation_by_oid(Oid relid)
{
	HpRelation *rel = known_relation(relid);
	bool		locked = lock_relation(relid, rel);

	if (unlikely(rel == NULL || !rel->valid))
	{
		rel = build(relid, locked);
		/* once more, now that most of what it takes is near */
		if (!rel->valid)
			rel = build(relid, locked);
	}
	return rel;
}

/* The descriptor of a relation if there is a valid one; neither locks nor builds. */
HpRelation *
hp_relation_peek(Oid relid)
{
	HpRelation *rel = known_relation(relid);

	return rel != NULL && rel->valid ? rel : NULL;
}

/*
 * With the name that the relation had before it was locked; certain if that was what the statement meant.
 * What has no row type has no rows either.
 */
static HpRelation *
by_oid_called(Oid relid, const char *name, bool certain)
{
	HpRelation *rel = hp_relation_by_oid(relid);

	hp_relation_check_still_called(name, rel->name);
	if (OidIsValid(rel->rowtype))
		hp_relation_check_name(rel, certain);
	return rel;
}

/*
 * The descriptor of a relation that an argument of type regclass names, as hp_relation_by_oid().  Raises
 * an error as well if the relation is renamed while the lock is awaited, or may have been since the
 * statement was analyzed.
 */
HpRelation *
hp_relation_by_regclass(Oid relid)
{
	HpRelation *rel = known_relation(relid);

	if (unlikely(rel == NULL || !rel->valid || !hp_relation_name_is_certain(rel)))
		return by_oid_called(relid, hp_relation_qualified_name(relid), false);
	lock_relation(relid, rel);
	if (unlikely(!rel->valid))
		return by_oid_called(relid, rel->name, true);
	rel->named_lxid = HP_MY_LXID;
	return rel;
}

/* With the name that the relation had before it was locked, if it was the one looked up last. */
static HpRelation *
by_rowtype_slow(Oid rowtype, const char *name)
{
	RowtypeEntry *entry = hash_search(rowtypes, &rowtype, HASH_FIND, NULL);
	bool		known = entry != NULL && entry->relation->valid;
	bool		certain = name != NULL || (known && hp_relation_name_is_certain(entry->relation));
	Oid			relid = known ? entry->relation->relid : get_typ_typrelid(rowtype);
	HpRelation *rel;

	if (!OidIsValid(relid) && !SearchSysCacheExists1(TYPEOID, ObjectIdGetDatum(rowtype)))
	{
		/* prepared statements name it by its OID: another table may have the name now */
		ResetPlanCache();
		ereport(ERROR,
				errcode(ERRCODE_UNDEFINED_TABLE),
				errmsg("the table of the first argument does not exist any more"),
				errdetail("It was dropped."),
				errhint("Name an existing table, or run the statement again if this is one."));
	}
	if (!OidIsValid(relid) || (!known && get_rel_relkind(relid) == RELKIND_COMPOSITE_TYPE))
		ereport(ERROR,
				errcode(ERRCODE_WRONG_OBJECT_TYPE),
				errmsg("type %s is not the row type of a table", format_type_be(rowtype)),
				errdetail("The first argument names the table by its row type."),
				errhint("Pass a null of the table's row type, such as NULL::users."));
	if (known)
		name = entry->relation->name;
	else if (name == NULL)
		name = hp_relation_qualified_name(relid);
	rel = by_oid_called(relid, name, certain);
	hp_relation_check_columns(rel);
	last_by_rowtype = rel;
	return rel;
}

/*
 * The descriptor of the relation with a row type, as hp_relation_by_oid().  Raises an error as well if
 * the relation is renamed meanwhile, or its columns are altered.
 */
HpRelation *
hp_relation_by_rowtype(Oid rowtype)
{
	HpRelation *rel = last_by_rowtype;
	const char *name = NULL;

	if (likely(rel != NULL && rel->rowtype == rowtype && rel->valid))
	{
		lock_relation(rel->relid, rel);
		if (likely(rel->valid))
		{
			rel->named_lxid = HP_MY_LXID;
			return rel;
		}
		name = rel->name;
	}
	return by_rowtype_slow(rowtype, name);
}

/* Raise the error for an index that does not serve as a key. */
static void
report_key_problem(HpRelation *rel, Oid indexid, HpKeyProblem problem)
{
	static const char *const details[] = {
		[HP_KEY_NOT_AN_INDEX] = "It is not an index of this table.",
		[HP_KEY_NOT_UNIQUE] = "The index is not unique.",
		[HP_KEY_PARTIAL] = "The index is partial.",
		[HP_KEY_EXPRESSION] = "The index has an expression as a column.",
		[HP_KEY_INVALID] = "The index is not valid, perhaps still being built.",
		[HP_KEY_DEFERRABLE] = "The constraint is deferrable, so it may be violated for a while.",
		[HP_KEY_COLLATION] = "The index has another collation than the column.",
		[HP_KEY_NO_EQUALITY] = "Its operator class has no operator for equality.",
	};

	ereport(ERROR,
			errcode(ERRCODE_WRONG_OBJECT_TYPE),
			errmsg("index \"%s\" does not identify rows of table \"%s\"",
				   hp_relation_name(indexid), hp_relation_name(rel->relid)),
			errdetail("%s", details[problem]),
			errhint("Use a valid, immediate unique index on plain columns."));
}

/*
 * The key of a valid index that is like one that is not: REINDEX CONCURRENTLY may have put it in that
 * one's place since the name was looked up.  NULL if there is none.
 */
static HpKeyDef *
key_of_successor(Relation relation, Oid indexid, MemoryContext context)
{
	HpKeyProblem problem;
	HpKeyDef   *old = hp_key_define(relation, indexid, true, context, &problem);
	List	   *indexes = RelationGetIndexList(relation);
	HpKeyDef   *def = NULL;
	ListCell   *lc;

	foreach(lc, indexes)
	{
		if (old == NULL || def != NULL)
			break;
		def = hp_key_define(relation, lfirst_oid(lc), false, context, &problem);
		if (def != NULL && (def->seed != old->seed || !hp_key_same_functions(def, old)))
			def = NULL;
	}
	list_free(indexes);
	return def;
}

/* The key of an index, if it was asked for before. */
static HpKeyDef *
known_key(const HpRelation *rel, Oid indexid)
{
	ListCell   *lc;

	foreach(lc, rel->keys)
		if (((HpKeyDef *) lfirst(lc))->index == indexid)
			return lfirst(lc);
	return NULL;
}

/* The key that a unique index of the relation enforces; raises an error if it does not serve. */
HpKeyDef *
hp_relation_key(HpRelation *rel, Oid indexid)
{
	HpKeyDef   *def = known_key(rel, indexid);
	HpKeyDef   *known;
	HpKeyProblem problem;
	Relation	relation;
	MemoryContext context;
	MemoryContext outer;

	if (def != NULL)
		return def;
	context = AllocSetContextCreate(CurrentMemoryContext, "pg_hotpath key", ALLOCSET_SMALL_SIZES);
	relation = relation_open(rel->relid, NoLock);
	def = hp_key_define(relation, indexid, false, context, &problem);
	if (def == NULL && problem == HP_KEY_INVALID)
		def = key_of_successor(relation, indexid, context);
	relation_close(relation, NoLock);
	if (def == NULL)
		report_key_problem(rel, indexid, problem);
	known = known_key(rel, def->index);
	if (known != NULL)
	{
		MemoryContextDelete(context);
		return known;
	}
	outer = MemoryContextSwitchTo(rel->context);
	rel->keys = lappend(rel->keys, def);
	MemoryContextSwitchTo(outer);
	/* what is not complete must go with the error */
	MemoryContextSetParent(context, rel->context);
	return def;
}

/* The primary key; raises an error without one. */
HpKeyDef *
hp_relation_primary_key(HpRelation *rel)
{
	if (rel->primary == NULL)
		ereport(ERROR,
				errcode(rel->relkind == RELKIND_RELATION ||
						rel->relkind == RELKIND_PARTITIONED_TABLE ?
						ERRCODE_UNDEFINED_OBJECT : ERRCODE_WRONG_OBJECT_TYPE),
				errmsg("relation \"%s\" has no primary key that identifies its rows",
					   hp_relation_name(rel->relid)),
				errdetail("The key of a row is the table's primary key, which must be neither "
						  "deferrable nor WITHOUT OVERLAPS."),
				errhint("Add such a primary key, or name a unique index where the function takes one."));
	return rel->primary;
}

/* Raise the error for a relation that is gone. */
void
hp_relation_report_missing(Oid relid)
{
	ereport(ERROR,
			errcode(ERRCODE_UNDEFINED_TABLE),
			errmsg("relation with OID %u does not exist", relid),
			errdetail("It may have been dropped meanwhile."),
			errhint("Name an existing table."));
}

/*
 * The tables that a table is a child of, by partitioning or inheritance, at any distance, and those
 * that it is being detached from; added to those found already.
 */
List *
hp_relation_ancestors(Oid relid, List *found)
{
	Relation	catalog = table_open(InheritsRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *parents = NIL;
	ListCell   *lc;

	check_stack_depth();
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
		found = hp_relation_ancestors(lfirst_oid(lc), found);
	}
	return found;
}
