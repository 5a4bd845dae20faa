/*-------------------------------------------------------------------------
 *
 * cache_functions.c
 *		The SQL functions of the row cache: arguments, privileges, results.
 *
 * What each function means to a user is said in cache.sql and the README.
 * Errors of all functions that read: 42501 (insufficient_privilege) without
 * the right to SELECT every column, 42809 (wrong_object_type) for what is not a
 * table, 42704 (undefined_object) without a primary key, 42804 (datatype_mismatch)
 * for a key of a type that does not cast, 22023 (invalid_parameter_value) for the
 * wrong number of key parts.
 *
 * Locking: an AccessShareLock on the table, kept as relation_lock.c says.  put()
 * takes that of an INSERT, cache_table() ShareRowExclusiveLock, uncache_table()
 * AccessExclusiveLock, to the end of the transaction.
 *
 * Memory: results in the caller's context; get_many works in batches, in a
 * context that is reset.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/xlog.h"
#include "base/compat.h"
#include "base/shmem.h"
#include "cache/attach.h"
#include "cache/config.h"
#include "cache/lookup.h"
#include "cache/maintain.h"
#include "cache/store.h"
#include "catalog/argument.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "query/query.h"
#include "tcop/utility.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

PG_FUNCTION_INFO_V1(hotpath_cache_table);
PG_FUNCTION_INFO_V1(hotpath_uncache_table);
PG_FUNCTION_INFO_V1(hotpath_cache_check);
PG_FUNCTION_INFO_V1(hotpath_get);
PG_FUNCTION_INFO_V1(hotpath_get_by);
PG_FUNCTION_INFO_V1(hotpath_get_many);
PG_FUNCTION_INFO_V1(hotpath_get_json);
PG_FUNCTION_INFO_V1(hotpath_peek);
PG_FUNCTION_INFO_V1(hotpath_put);
PG_FUNCTION_INFO_V1(hotpath_evict);
PG_FUNCTION_INFO_V1(hotpath_evict_all);
PG_FUNCTION_INFO_V1(hotpath_warm);
PG_FUNCTION_INFO_V1(hotpath_verify_cache);
PG_FUNCTION_INFO_V1(hotpath_key_seed);
PG_FUNCTION_INFO_V1(hotpath_cache_slots);
PG_FUNCTION_INFO_V1(hotpath_cache_memory);
PG_FUNCTION_INFO_V1(hotpath_reset_cache_stats);

#define HP_BATCH 256

#define HINT_NAME "Pass its name, such as 'users'."

/* cache_table(rel, unique_index, ttl, write_through) */
Datum
hotpath_cache_table(PG_FUNCTION_ARGS)
{
	Oid			indexid = PG_ARGISNULL(1) ? InvalidOid : PG_GETARG_OID(1);
	bool		write_through = !PG_ARGISNULL(3) && PG_GETARG_BOOL(3);
	Interval   *ttl = PG_ARGISNULL(2) ? NULL : PG_GETARG_INTERVAL_P(2);

	PreventCommandIfReadOnly("hotpath.cache_table()");
	hp_argument_require(fcinfo, 0, "rel", HINT_NAME);
	if (ttl != NULL && hp_config_microseconds(ttl) <= 0)
		ereport(ERROR,
				errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("ttl must be positive"),
				errdetail("An entry that expires at once could never be served."),
				errhint("Pass null for entries that do not expire."));
	hp_attach_table(PG_GETARG_OID(0), indexid, ttl, write_through);
	PG_RETURN_VOID();
}

/* uncache_table(rel) */
Datum
hotpath_uncache_table(PG_FUNCTION_ARGS)
{
	PreventCommandIfReadOnly("hotpath.uncache_table()");
	hp_attach_remove(PG_GETARG_OID(0));
	PG_RETURN_VOID();
}

/* Is a linked table's fence quiet for the caller?  Yes as well for who has noted something in it himself. */
static bool
is_quiet(const HpCached *cached)
{
	HpFenceView view;
	uint64		version;

	if (!ActiveSnapshotSet())
		return true;
	hp_fence_view(&view, GetActiveSnapshot());
	return hp_fence_read(cached->table_stripe, &view, &version) != HP_NOT_QUIET;
}

/* Why the cache is bypassed for a table, NULL if it is not. */
static const char *
reason_to_read_table(Oid relid)
{
	HpRelation *rel = hp_relation_by_regclass(relid);
	HpCached   *cached = hp_config_of(rel);
	bool		wanted;
	bool		attached;
	HpLink		link;

	if (cached == NULL)
		return "the table is not cached, or its key is gone";
	if (cached->unsafe != NULL)
		return cached->unsafe;
	wanted = !RecoveryInProgress();
	/* looking for the memory may retire it */
	attached = wanted && hp_shmem_attach(HP_SHMEM_IF_EXISTS);
	if (hp_shmem_is_retired())
		return "two versions of the library have met in this server; restart it";
	if (wanted && !attached && hp_shmem_refused())
		return "the shared memory could not be allocated; it is asked for again every minute";
	link = attached ? hp_config_link(rel) : HP_LINKED;
	if (link == HP_LINK_FULL)
		return "all places for cached keys are taken; "
			"a larger pg_hotpath.cache_size has more, up to 4,096";
	if (link == HP_LINK_WAITS || (attached && !is_quiet(cached)))
		return "transactions are not finished as of this snapshot that were writing, in any "
			"database, when the server was started or the table, or another of its fence, was "
			"cached, altered, truncated or made anew";
	return NULL;
}

static void
check_cache(Oid relid, void *arg)
{
	*(const char **) arg = reason_to_read_table(relid);
}

/* cache_check(rel) */
Datum
hotpath_cache_check(PG_FUNCTION_ARGS)
{
	const char *reason = NULL;

	hp_relation_as_guest(PG_GETARG_OID(0), check_cache, &reason);
	if (reason == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(reason));
}

/*
 * Read the key arguments from first on.  The right to read the table has been asked for, and is again:
 * functions of the key's types may have been called, and one of them may have set another role, for
 * which policies will be looked up.
 */
static HpKeyArgument
read_key(FunctionCallInfo fcinfo, HpRelation *rel, const HpKeyDef *def, int first, HpKey *key)
{
	HpKeyArgument result = hp_argument_key(fcinfo, first, def, key);

	hp_relation_recheck_select(rel);
	return result;
}

/* Read the row that the key arguments from first on name. */
static Datum
read_row(FunctionCallInfo fcinfo, HpRelation *rel, const HpKeyDef *def, int first, bool load)
{
	HpLookup	reader;
	HpKey		key;
	Datum		row;

	hp_relation_check_select(rel);
	if (read_key(fcinfo, rel, def, first, &key) != HP_KEY_GIVEN)
		PG_RETURN_NULL();
	hp_lookup_prefetch(rel, &key, HP_ENTRY_ROW);
	hp_lookup_begin(&reader, rel, def);
	if (hp_lookup_row(&reader, &key, load, &row) != HP_ROW)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(row);
}

/* get(row_type, key ...) */
Datum
hotpath_get(PG_FUNCTION_ARGS)
{
	HpRelation *rel = hp_argument_relation(fcinfo);

	return read_row(fcinfo, rel, hp_relation_primary_key(rel), 1, true);
}

/* get_by(row_type, unique_index, key ...) */
Datum
hotpath_get_by(PG_FUNCTION_ARGS)
{
	HpRelation *rel = hp_argument_relation(fcinfo);

	hp_argument_require(fcinfo, 1, "unique_index", HINT_NAME);
	return read_row(fcinfo, rel, hp_relation_key(rel, PG_GETARG_OID(1)), 2, true);
}

/* peek(row_type, key ...) */
Datum
hotpath_peek(PG_FUNCTION_ARGS)
{
	HpRelation *rel = hp_argument_relation(fcinfo);

	return read_row(fcinfo, rel, hp_relation_primary_key(rel), 1, false);
}

/* get_json(rel, key ...) */
Datum
hotpath_get_json(PG_FUNCTION_ARGS)
{
	HpRelation *rel;
	HpLookup	reader;
	HpKey		key;
	Datum		json;

	hp_argument_require(fcinfo, 0, "rel", HINT_NAME);
	rel = hp_relation_by_regclass(PG_GETARG_OID(0));
	hp_relation_check_select(rel);
	if (read_key(fcinfo, rel, hp_relation_primary_key(rel), 1, &key) != HP_KEY_GIVEN)
		PG_RETURN_NULL();
	hp_lookup_prefetch(rel, &key, HP_ENTRY_JSON);
	hp_lookup_begin(&reader, rel, rel->primary);
	if (hp_lookup_json(&reader, &key, &json) != HP_ROW)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(json);
}

/* Where get_many puts its rows. */
typedef struct ManyResult
{
	Tuplestorestate *store;
	TupleDesc	desc;
	bool		keep_missing;
	Datum	   *no_values;
	bool	   *all_null;
} ManyResult;

static void
put_row(Datum row, bool found, void *arg)
{
	ManyResult *result = arg;
	HeapTupleHeader header;
	HeapTupleData tuple = {0};

	if (!found)
	{
		if (result->keep_missing)
			tuplestore_putvalues(result->store, result->desc, result->no_values,
								 result->all_null);
		return;
	}
	header = hp_row_header(row);
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	tuple.t_data = header;
	tuplestore_puttuple(result->store, &tuple);
}

/* Look up a batch of keys of an array. */
static void
get_batch(HpRelation *rel, const HpKeyDef *def, HpKeyArray *array, int from, ManyResult *result)
{
	int			n = Min(HP_BATCH, array->n - from);
	HpKey	   *keys = palloc(n * sizeof(HpKey));
	bool	   *usable = palloc(n * sizeof(bool));
	HpLookup	reader;

	for (int i = 0; i < n; i++)
	{
		usable[i] = hp_key_array_get(array, from + i, &keys[i]) == HP_KEY_GIVEN;
		if (usable[i])
			hp_lookup_prefetch(rel, &keys[i], HP_ENTRY_ROW);
	}
	/* as in read_key() */
	hp_relation_recheck_select(rel);
	hp_lookup_begin(&reader, rel, def);
	hp_lookup_batch(&reader, keys, usable, n, put_row, result);
}

/* Values of another key would be read as what they are not: a function that a batch has called has changed it. */
static void
check_same_key(const HpKeyDef *then, const HpKeyDef *now)
{
	bool		same = then->ncolumns == now->ncolumns;

	for (int i = 0; same && i < then->ncolumns; i++)
		same = then->columns[i].attnum == now->columns[i].attnum &&
			then->columns[i].type == now->columns[i].type &&
			then->columns[i].typmod == now->columns[i].typmod &&
			then->columns[i].collation == now->columns[i].collation;
	if (!same)
		ereport(ERROR,
				errcode(ERRCODE_OBJECT_IN_USE),
				errmsg("the key \"%s\" was changed while its rows were being read",
					   NameStr(then->index_name)),
				errdetail("The rows of the first keys have been read already."),
				errhint("Let the query end before its tables are altered."));
}

/* get_many(row_type, keys, keep_missing) */
Datum
hotpath_get_many(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	HpRelation *rel = hp_argument_relation(fcinfo);
	const HpKeyDef *def = hp_relation_primary_key(rel);
	Oid			relid = rel->relid;
	Relation	held;
	ManyResult	result;
	HpKeyArray	array;
	MemoryContext batch;
	MemoryContext outer;

	hp_relation_check_select(rel);
	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(1))
		PG_RETURN_NULL();
	/*
	 * So that no function that reads the keys alters the table, from which a lock does not keep this
	 * session.  Columns may go with their domain still, and a partition that is attached gets a key.
	 */
	held = relation_open(relid, NoLock);
	result.store = rsinfo->setResult;
	result.desc = rsinfo->setDesc;
	result.keep_missing = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
	result.no_values = palloc0(result.desc->natts * sizeof(Datum));
	result.all_null = palloc(result.desc->natts * sizeof(bool));
	memset(result.all_null, true, result.desc->natts * sizeof(bool));
	hp_key_array_init(&array, PG_GETARG_DATUM(1), def);

	batch = AllocSetContextCreate(CurrentMemoryContext, "pg_hotpath batch",
								  ALLOCSET_DEFAULT_SIZES);
	outer = MemoryContextSwitchTo(batch);
	for (int from = 0; from < array.n; from += HP_BATCH)
	{
		if (from > 0)
		{
			/* SQL may have run */
			rel = hp_relation_by_oid(relid);
			def = hp_relation_primary_key(rel);
			check_same_key(array.def, def);
		}
		array.def = def;
		get_batch(rel, def, &array, from, &result);
		MemoryContextReset(batch);
	}
	MemoryContextSwitchTo(outer);
	MemoryContextDelete(batch);
	relation_close(held, NoLock);
	PG_RETURN_NULL();
}

/* Would a row that was made with these columns be read otherwise, or hold what they refuse, now? */
static bool
is_altered(TupleDesc made, TupleDesc now, int i)
{
	Form_pg_attribute a = TupleDescAttr(made, i);
	Form_pg_attribute b = TupleDescAttr(now, i);

	return a->attlen != b->attlen || a->attalign != b->attalign ||
		(!b->attisdropped && (a->atttypid != b->atttypid || a->atttypmod != b->atttypmod));
}

/*
 * The relation that a row is to be put into, locked.  Whoever waits for the lock has made the row
 * before, and must not write it when columns have other types since: its bytes would be taken for
 * what they are not.  This guards the wait, by what the session knew of the type before it; a row
 * that is older than that bears the version of its type since 15.20, 17.12 and their like, and on
 * servers before is as dangerous to us as it is to INSERT.
 * Not inlined: gcc would see its variables clobbered by the caller's PG_TRY().
 */
static pg_noinline HpRelation *
relation_of_new_row(FunctionCallInfo fcinfo)
{
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, 0);
	TupleDesc	made = OidIsValid(type) ? lookup_rowtype_tupdesc_noerror(type, -1, true) : NULL;
	HpRelation *rel = hp_argument_relation(fcinfo);
	TupleDesc	now;

	if (made == NULL)
		return rel;
	now = lookup_rowtype_tupdesc(rel->rowtype, -1);
	for (int i = 0; i < made->natts; i++)
		if (is_altered(made, now, i))
			ereport(ERROR,
					errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("\"%s\" was altered after the row to put was made",
						   hp_relation_name(rel->relid)),
					errdetail("Its column \"%s\" had another type then.",
							  NameStr(TupleDescAttr(made, i)->attname)),
					errhint("Make the row again."));
	ReleaseTupleDesc(now);
	ReleaseTupleDesc(made);
	return rel;
}

/* The key of a row that is to be put; raises an error when a part of it is null. */
static void
key_of_new_row(HpRelation *rel, const HpKeyDef *def, HeapTupleHeader header, HpKey *key)
{
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header),.t_data = header};
	TupleDesc	desc = lookup_rowtype_tupdesc(rel->rowtype, -1);

	for (int i = 0; i < def->ncolumns; i++)
	{
		bool		isnull;

		key->values[i] = heap_getattr(&tuple, def->columns[i].attnum, desc, &isnull);
		if (isnull)
			ereport(ERROR,
					errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					errmsg("key column \"%s\" of the row to put is null",
						   NameStr(def->columns[i].name)),
					errdetail("hotpath.put() inserts or updates by primary key."),
					errhint("Set the key, or use INSERT where the table is to generate it."));
	}
	ReleaseTupleDesc(desc);
	hp_key_set(key, def);
}

/* put(new_row) */
Datum
hotpath_put(PG_FUNCTION_ARGS)
{
	HpRelation *rel = relation_of_new_row(fcinfo);
	const HpKeyDef *def = hp_relation_primary_key(rel);
	Oid			outer_putting = hp_attach_putting;
	Datum		row;
	HpKey		key;
	bool		found = false;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				errmsg("the row to put must not be null"),
				errdetail("hotpath.put() inserts or updates by primary key."),
				errhint("Pass a row with its key, such as row(1, 'x')::users."));
	row = PG_GETARG_DATUM(0);
	key_of_new_row(rel, def, hp_row_header(row), &key);

	hp_attach_putting = rel->relid;
	PG_TRY();
	{
		row = hp_query_upsert(rel, def, &key, row, &found);
	}
	PG_FINALLY();
	{
		hp_attach_putting = outer_putting;
	}
	PG_END_TRY();
	if (!found)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(row);
}

/* evict(rel, key ...) */
Datum
hotpath_evict(PG_FUNCTION_ARGS)
{
	HpRelation *rel;
	HpLookup	reader;
	HpKey		key;

	hp_argument_require(fcinfo, 0, "rel", HINT_NAME);
	rel = hp_relation_by_regclass(PG_GETARG_OID(0));
	hp_relation_check_select(rel);
	if (read_key(fcinfo, rel, hp_relation_primary_key(rel), 1, &key) != HP_KEY_GIVEN)
		PG_RETURN_BOOL(false);
	/* whom a policy keeps from a row must not learn that it is there */
	if (hp_relation_rls_applies(rel, true))
		PG_RETURN_BOOL(false);
	hp_lookup_begin(&reader, rel, rel->primary);
	PG_RETURN_BOOL(hp_lookup_forget(&reader, &key));
}

/* Remove the entries of a relation. */
static int64
evict_relation(Oid relid)
{
	HpRelation *rel = hp_relation_by_oid(relid);
	HpCached   *cached = hp_config_of(rel);
	HpSlotRef  *slots;

	if (cached == NULL || hp_config_link(rel) == HP_LINK_FULL)
		return 0;
	slots = palloc(cached->nkeys * sizeof(HpSlotRef));
	for (int i = 0; i < cached->nkeys; i++)
		slots[i] = cached->keys[i].slot;
	return hp_store_remove_all(slots, cached->nkeys);
}

/* evict_all(rel) */
Datum
hotpath_evict_all(PG_FUNCTION_ARGS)
{
	if (!PG_ARGISNULL(0))
		hp_relation_check_owner(PG_GETARG_OID(0));
	else if (!hp_database_ownercheck(MyDatabaseId, GetUserId()))
		ereport(ERROR,
				errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				errmsg("must be owner of the database to empty its cache"),
				errdetail("Without an argument, the entries of all tables are removed."),
				errhint("Name a table that you own."));
	if (!hp_shmem_attach(HP_SHMEM_IF_EXISTS))
		PG_RETURN_INT64(0);
	if (!PG_ARGISNULL(0))
		PG_RETURN_INT64(evict_relation(PG_GETARG_OID(0)));
	/* without looking at the tables, which others may be dropping, and the caller may have no right on */
	PG_RETURN_INT64(hp_store_remove_all(NULL, 0));
}

/* The max_rows argument; -1 for all. */
static int64
max_rows_argument(FunctionCallInfo fcinfo, int argno)
{
	if (PG_ARGISNULL(argno))
		return -1;
	hp_argument_check_count("max_rows", PG_GETARG_INT64(argno), "Pass null for all rows.");
	return PG_GETARG_INT64(argno);
}

/* warm(rel, max_rows) */
Datum
hotpath_warm(PG_FUNCTION_ARGS)
{
	HpRelation *rel;
	int64		max_rows;

	hp_argument_require(fcinfo, 0, "rel", HINT_NAME);
	max_rows = max_rows_argument(fcinfo, 1);
	rel = hp_relation_by_regclass(PG_GETARG_OID(0));
	hp_relation_check_owner(rel->relid);
	hp_relation_check_select(rel);
	PG_RETURN_INT64(hp_maintain_warm(rel, max_rows));
}

/* verify_cache(rel, max_rows) */
Datum
hotpath_verify_cache(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	HpRelation *rel;
	int64		max_rows;
	int64		checked;
	int64		stale;
	Datum		values[2];
	bool		nulls[2] = {false, false};

	hp_argument_require(fcinfo, 0, "rel", HINT_NAME);
	max_rows = max_rows_argument(fcinfo, 1);
	rel = hp_relation_by_regclass(PG_GETARG_OID(0));
	hp_relation_check_select(rel);
	InitMaterializedSRF(fcinfo, 0);
	hp_maintain_verify(rel, max_rows, &checked, &stale);
	values[0] = Int64GetDatum(checked);
	values[1] = Int64GetDatum(stale);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	PG_RETURN_NULL();
}

/* key_seed(rel, columns): what tells the slot of a key, null if a column is gone */
Datum
hotpath_key_seed(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	AttrNumber	attnums[INDEX_MAX_KEYS];
	Datum	   *names;
	bool	   *nulls;
	int			n;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR,
					  &names, &nulls, &n);
	if (n > INDEX_MAX_KEYS)
		PG_RETURN_NULL();
	for (int i = 0; i < n; i++)
	{
		attnums[i] = nulls[i] ? InvalidAttrNumber :
			get_attnum(relid, NameStr(*DatumGetName(names[i])));
		if (attnums[i] == InvalidAttrNumber)
			PG_RETURN_NULL();
	}
	PG_RETURN_INT64((int64) hp_key_seed(relid, attnums, n));
}

/* cache_slots(): what the view cache_stats is made of */
Datum
hotpath_cache_slots(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	HpSlotView *views;
	int			n;

	InitMaterializedSRF(fcinfo, 0);
	if (!hp_shmem_attach(HP_SHMEM_IF_EXISTS))
		PG_RETURN_NULL();
	hp_stats_flush();
	n = hp_stats_view(&views);
	for (int i = 0; i < n; i++)
	{
		Datum		values[HP_NCOUNTERS + 5];
		bool		nulls[HP_NCOUNTERS + 5] = {false};
		int			k = 0;

		values[k++] = ObjectIdGetDatum(views[i].relid);
		values[k++] = ObjectIdGetDatum(views[i].indexid);
		for (int c = 0; c < HP_NCOUNTERS; c++)
			values[k++] = Int64GetDatum((int64) views[i].counts[c]);
		values[k++] = Int64GetDatum(views[i].entries);
		values[k++] = Int64GetDatum(views[i].bytes);
		values[k++] = Int64GetDatum((int64) views[i].seed);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	PG_RETURN_NULL();
}

/* cache_memory_status(): what the view cache_memory shows */
Datum
hotpath_cache_memory(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	HpStoreTotals totals;
	Datum		values[7];
	bool		nulls[7] = {false};

	InitMaterializedSRF(fcinfo, 0);
	if (!hp_shmem_attach(HP_SHMEM_IF_EXISTS))
		PG_RETURN_NULL();
	hp_store_totals(&totals);
	values[0] = Int64GetDatum((int64) hp_shmem_size());
	values[1] = Int64GetDatum(totals.used_bytes);
	values[2] = Int64GetDatum(totals.entries);
	values[3] = Int32GetDatum((int32) totals.partitions);
	values[4] = Int32GetDatum((int32) hp_fence_stripes());
	values[5] = Int64GetDatum(totals.evictions);
	values[6] = CStringGetTextDatum(hp_shmem_is_preloaded() ? "preload" : "on demand");
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	PG_RETURN_NULL();
}

/* reset_cache_stats() */
Datum
hotpath_reset_cache_stats(PG_FUNCTION_ARGS)
{
	if (hp_shmem_attach(HP_SHMEM_IF_EXISTS))
		hp_stats_reset();
	PG_RETURN_VOID();
}
