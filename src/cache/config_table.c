/*-------------------------------------------------------------------------
 *
 * config_table.c
 *		The table hotpath.cached_key: what the user asked to be cached.
 *
 * The table belongs to the extension and is dumped as its configuration.  It is
 * read and written here directly, without SQL: its rows decide what a trigger
 * notes, so reading them must not depend on the privileges, the search_path or
 * the snapshot of whoever runs the statement.
 *
 * Locking: an AccessShareLock to read, a RowExclusiveLock to write, both held
 * briefly, or to the end of the transaction after a write.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "cache/config.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/xact.h"
#include "base/compat.h"
#include "catalog/index.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "executor/executor.h"
#include "nodes/nodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

/* Columns of hotpath.cached_key; see cache.sql. */
enum
{
	ANUM_RELATION = 1,
	ANUM_IS_PRIMARY,
	ANUM_KEY_COLUMNS,
	ANUM_KEY_ATTNUMS,
	ANUM_TTL,
	ANUM_WRITE_THROUGH,
	NATTS = ANUM_WRITE_THROUGH
};

/* The table's OID; InvalidOid where the extension is not (or no longer) installed. */
Oid
hp_config_table(void)
{
	Oid			schema = get_namespace_oid("hotpath", true);

	return OidIsValid(schema) ? get_relname_relid("cached_key", schema) : InvalidOid;
}

/* Are its columns what they were made as?  A later version of the extension may have more of them. */
static bool
has_our_columns(TupleDesc desc)
{
	static const Oid types[NATTS] = {
		REGCLASSOID, BOOLOID, NAMEARRAYOID, INT2ARRAYOID, INTERVALOID, BOOLOID
	};

	if (desc->natts < NATTS)
		return false;
	for (int i = 0; i < NATTS; i++)
		if (TupleDescAttr(desc, i)->attisdropped || TupleDescAttr(desc, i)->atttypid != types[i])
			return false;
	return true;
}

/* Open the table; NULL if there is none. */
static Relation
open_table(LOCKMODE mode)
{
	Oid			relid = hp_config_table();
	Relation	rel = OidIsValid(relid) ? try_relation_open(relid, mode) : NULL;

	hp_relation_watch_for_all(relid);
	if (rel != NULL && (rel->rd_rel->relkind != RELKIND_RELATION ||
						!has_our_columns(RelationGetDescr(rel))))
	{
		relation_close(rel, mode);
		return NULL;
	}
	return rel;
}

/*
 * An interval in microseconds, a month being 30 days; 0, which stands for ever,
 * for NULL, and the largest number for one that is too long to be told from that.
 */
int64
hp_config_microseconds(const Interval *interval)
{
	int64		days;
	int64		result;

	if (interval == NULL)
		return 0;
	days = (int64) interval->month * DAYS_PER_MONTH + interval->day;
	if (pg_mul_s64_overflow(days, USECS_PER_DAY, &result) ||
		pg_add_s64_overflow(result, interval->time, &result))
		return days > 0 ? PG_INT64_MAX : PG_INT64_MIN;
	return result;
}

/*
 * The elements of an array.  Somebody may have written nulls into the table by hand, which must not
 * keep others from reading the rest of it: they become what no column is called, or numbered.
 */
static List *
name_list(Datum array)
{
	Datum	   *elems;
	bool	   *nulls;
	int			n;
	List	   *result = NIL;

	deconstruct_array(DatumGetArrayTypeP(array), NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR,
					  &elems, &nulls, &n);
	for (int i = 0; i < n; i++)
		result = lappend(result, pstrdup(nulls[i] ? "" : NameStr(*DatumGetName(elems[i]))));
	return result;
}

static List *
number_list(Datum array)
{
	Datum	   *elems;
	bool	   *nulls;
	int			n;
	List	   *result = NIL;

	deconstruct_array(DatumGetArrayTypeP(array), INT2OID, sizeof(int16), true, TYPALIGN_SHORT,
					  &elems, &nulls, &n);
	for (int i = 0; i < n; i++)
		result = lappend_int(result, nulls[i] ? InvalidAttrNumber : DatumGetInt16(elems[i]));
	return result;
}

static HpConfigRow *
read_row(HeapTuple tuple, TupleDesc desc)
{
	HpConfigRow *row = palloc0(sizeof(HpConfigRow));
	Datum	   *values = palloc(desc->natts * sizeof(Datum));
	bool	   *nulls = palloc(desc->natts * sizeof(bool));

	heap_deform_tuple(tuple, desc, values, nulls);
	row->relid = DatumGetObjectId(values[ANUM_RELATION - 1]);
	row->primary = DatumGetBool(values[ANUM_IS_PRIMARY - 1]);
	/* a trigger sees rows before NOT NULL is checked, which an owner may have dropped besides */
	row->columns = nulls[ANUM_KEY_COLUMNS - 1] ? NIL : name_list(values[ANUM_KEY_COLUMNS - 1]);
	row->attnums = nulls[ANUM_KEY_ATTNUMS - 1] ? NIL : number_list(values[ANUM_KEY_ATTNUMS - 1]);
	row->xmin = HeapTupleHeaderGetRawXmin(tuple->t_data);
	if (!nulls[ANUM_TTL - 1])
	{
		row->ttl = palloc(sizeof(Interval));
		*row->ttl = *DatumGetIntervalP(values[ANUM_TTL - 1]);
	}
	row->write_through = DatumGetBool(values[ANUM_WRITE_THROUGH - 1]);
	return row;
}

/* The relation that a row is of. */
static Oid
relid_of(HeapTuple tuple, TupleDesc desc)
{
	bool		isnull;

	return DatumGetObjectId(heap_getattr(tuple, ANUM_RELATION, desc, &isnull));
}

/* The primary key, by which the rows of a relation are found; InvalidOid if somebody has altered that. */
static Oid
index_by_relation(Relation rel)
{
	HeapTuple	tuple;
	Oid			index;
	Oid			result = InvalidOid;

	/* sets rd_pkindex, until the next invalidation */
	list_free(RelationGetIndexList(rel));
	index = rel->rd_pkindex;
	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	if (HeapTupleIsValid(tuple))
	{
		if (((Form_pg_index) GETSTRUCT(tuple))->indkey.values[0] == ANUM_RELATION)
			result = index;
		ReleaseSysCache(tuple);
	}
	return result;
}

/*
 * The rows of a relation, or of all relations with InvalidOid: a list of
 * HpConfigRow in the current context.  limit 0 is no limit.
 */
List *
hp_config_rows(Oid relid, int limit)
{
	Relation	rel = open_table(AccessShareLock);
	Oid			index = InvalidOid;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *result = NIL;

	if (rel == NULL)
		return NIL;
	ScanKeyInit(&key, ANUM_RELATION, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	if (OidIsValid(relid))
		index = index_by_relation(rel);
	scan = systable_beginscan(rel, index, OidIsValid(index), NULL, OidIsValid(relid) ? 1 : 0, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		result = lappend(result, read_row(tuple, RelationGetDescr(rel)));
		if (limit > 0 && list_length(result) == limit)
			break;
	}
	systable_endscan(scan);
	relation_close(rel, AccessShareLock);
	return result;
}

/* The tuple of a row, in place of an old one (or NULL), whose columns of a later version stay. */
static HeapTuple
form_row(const HpConfigRow *row, HeapTuple old, TupleDesc desc)
{
	Datum	   *values = palloc0(desc->natts * sizeof(Datum));
	bool	   *nulls = palloc0(desc->natts * sizeof(bool));
	bool	   *ours = palloc(desc->natts * sizeof(bool));
	int			n = list_length(row->columns);
	Datum	   *names = palloc(n * sizeof(Datum));
	Datum	   *numbers = palloc(n * sizeof(Datum));
	ListCell   *lc;

	foreach(lc, row->columns)
	{
		Name		name = palloc0(sizeof(NameData));

		namestrcpy(name, lfirst(lc));
		names[foreach_current_index(lc)] = NameGetDatum(name);
		numbers[foreach_current_index(lc)] =
			Int16GetDatum((int16) list_nth_int(row->attnums, foreach_current_index(lc)));
	}
	values[ANUM_RELATION - 1] = ObjectIdGetDatum(row->relid);
	values[ANUM_IS_PRIMARY - 1] = BoolGetDatum(row->primary);
	values[ANUM_KEY_COLUMNS - 1] =
		PointerGetDatum(construct_array(names, n, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR));
	values[ANUM_KEY_ATTNUMS - 1] =
		PointerGetDatum(construct_array(numbers, n, INT2OID, sizeof(int16), true,
										TYPALIGN_SHORT));
	values[ANUM_TTL - 1] = IntervalPGetDatum(row->ttl);
	nulls[ANUM_TTL - 1] = row->ttl == NULL;
	values[ANUM_WRITE_THROUGH - 1] = BoolGetDatum(row->write_through);
	for (int i = 0; i < desc->natts; i++)
	{
		nulls[i] = nulls[i] || i >= NATTS;
		ours[i] = i < NATTS;
	}
	return old != NULL ? heap_modify_tuple(old, desc, values, nulls, ours) :
		heap_form_tuple(desc, values, nulls);
}

static bool
equal_names(const List *a, const List *b)
{
	ListCell   *la,
			   *lb;

	if (list_length(a) != list_length(b))
		return false;
	forboth(la, a, lb, b)
		if (strcmp(lfirst(la), lfirst(lb)) != 0)
			return false;
	return true;
}

/* Are two rows about the same key? */
static bool
same_key(const HpConfigRow *a, const HpConfigRow *b)
{
	if (a->relid != b->relid || a->primary != b->primary)
		return false;
	return a->primary || equal_names(a->columns, b->columns) || equal(a->attnums, b->attnums);
}

/* Has the table a row already for the key that this row is about? */
bool
hp_config_has_key_of(HeapTuple tuple, TupleDesc desc)
{
	HpConfigRow *row;
	List	   *rows;
	ListCell   *lc;

	if (!has_our_columns(desc))
		return false;
	row = read_row(tuple, desc);
	rows = hp_config_rows(row->relid, 0);
	/* the numbers of columns are those of another database */
	foreach(lc, rows)
	{
		const HpConfigRow *other = lfirst(lc);

		if ((row->primary && other->primary) || equal_names(row->columns, other->columns))
			return true;
	}
	return false;
}

/* Do two rows of one key name the same columns? */
bool
hp_config_same_columns(const HpConfigRow *a, const HpConfigRow *b)
{
	return equal_names(a->columns, b->columns) && equal(a->attnums, b->attnums);
}

/*
 * Insert a row without having it decoded: a publication FOR ALL TABLES, which contains this table, must
 * not carry to its subscribers what is cached here.  For the same reason the table has no replica
 * identity, by which deleted rows would be decoded, and its rows are not updated.  As CatalogTupleInsert()
 * otherwise.
 */
static void
insert_row(Relation rel, HeapTuple tuple)
{
	EState	   *estate = CreateExecutorState();
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(rel), &TTSOpsHeapTuple);
	CatalogIndexState indexes = CatalogOpenIndexes(rel);

	heap_insert(rel, tuple, GetCurrentCommandId(true), HEAP_INSERT_NO_LOGICAL, NULL);
	ExecStoreHeapTuple(tuple, slot, false);
	GetPerTupleExprContext(estate)->ecxt_scantuple = slot;
	for (int i = 0; i < indexes->ri_NumIndices; i++)
	{
		Relation	index = indexes->ri_IndexRelationDescs[i];
		IndexInfo  *info = indexes->ri_IndexRelationInfo[i];
		Datum		values[INDEX_MAX_KEYS];
		bool		nulls[INDEX_MAX_KEYS];

		if (!info->ii_ReadyForInserts ||
			(info->ii_Predicate != NIL &&
			 !ExecQual(ExecPrepareQual(info->ii_Predicate, estate), GetPerTupleExprContext(estate))))
			continue;
		FormIndexDatum(info, slot, estate, values, nulls);
		index_insert(index, values, nulls, &tuple->t_self, rel,
					 index->rd_index->indisunique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO, false, info);
	}
	CatalogCloseIndexes(indexes);
	ExecDropSingleTupleTableSlot(slot);
	FreeExecutorState(estate);
}

/* Insert a row, or replace the one of the same key; invalidates the relation's descriptors. */
void
hp_config_store(const HpConfigRow *row)
{
	Relation	rel = open_table(RowExclusiveLock);
	SysScanDesc scan;
	HeapTuple	tuple;
	HeapTuple	fresh = NULL;

	if (rel == NULL)
		ereport(ERROR,
				errcode(ERRCODE_UNDEFINED_TABLE),
				errmsg("table hotpath.cached_key does not exist"),
				errdetail("It is part of the extension pg_hotpath."),
				errhint("Run CREATE EXTENSION pg_hotpath in this database."));
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	while (fresh == NULL && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		if (!same_key(read_row(tuple, RelationGetDescr(rel)), row))
			continue;
		fresh = form_row(row, tuple, RelationGetDescr(rel));
		CatalogTupleDelete(rel, &tuple->t_self);
	}
	systable_endscan(scan);
	if (fresh == NULL)
		fresh = form_row(row, NULL, RelationGetDescr(rel));
	insert_row(rel, fresh);
	relation_close(rel, NoLock);
	CacheInvalidateRelcacheByRelid(row->relid);
}

/* Delete the rows of relations, given by a list of OIDs; false if there are none. */
bool
hp_config_delete_all(const List *relids)
{
	Relation	rel = open_table(RowExclusiveLock);
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	if (rel == NULL)
		return false;
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		if (list_member_oid(relids, relid_of(tuple, RelationGetDescr(rel))))
		{
			CatalogTupleDelete(rel, &tuple->t_self);
			found = true;
		}
	systable_endscan(scan);
	relation_close(rel, NoLock);
	CommandCounterIncrement();
	return found;
}
