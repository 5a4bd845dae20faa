/*-------------------------------------------------------------------------
 *
 * relation_snapshot.c
 *		What the catalogs say now that need not hold for the active snapshot.
 *
 * Functions lock tables when they are called, which is after their statement has
 * got its snapshot.  A plain statement locks first, and so never meets a table
 * that was truncated or rewritten in between, whose rows its snapshot would not
 * show; under READ COMMITTED that is an error here.  A transaction that keeps its
 * snapshot meets that in plain statements as well, and reads what they do.
 *
 * What is declared of a table's rows, that a column is NOT NULL or an index unique,
 * was true of those that the snapshot shows only if it was declared for the
 * snapshot already.  That is for whoever draws conclusions from it, under
 * every isolation level.
 *
 * Almost always no look at a catalog is needed: whoever changes one of these sends
 * a message that is processed here before the change is seen, so without any since
 * some moment, a snapshot that shows all transactions that were begun by then is new
 * enough.
 *
 * Called when rows are read from a table: not for a hit, which the fences of the
 * cache allow, nor by writers.  Partitions and children are looked at if this
 * transaction has locked them, as it has those that its plans have not left out.
 * The caller has locked the tables themselves.
 *
 * Memory: lists in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/relation.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "partitioning/partdesc.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

/*
 * Does the active snapshot show every change of a catalog that this session has seen?  False if it may not.
 */
bool
hp_relation_snapshot_is_certain(void)
{
	static uint64 messages = 0;
	static TransactionId next = InvalidTransactionId;

	if (!ActiveSnapshotSet() || GetActiveSnapshot()->snapshot_type != SNAPSHOT_MVCC)
		return true;
	if (unlikely(messages != hp_relation_messages))
	{
		/* in this order: of what arrives meanwhile we ask again */
		messages = hp_relation_messages;
		next = ReadNextTransactionId();
	}
	return TransactionIdFollowsOrEquals(GetActiveSnapshot()->xmin, next);
}

/* Has another transaction made this row of a catalog since the active snapshot was taken? */
static bool
is_newer(HeapTuple tuple)
{
	TransactionId xmin = HeapTupleHeaderGetXmin(tuple->t_data);

	return TransactionIdIsNormal(xmin) && !TransactionIdIsCurrentTransactionId(xmin) &&
		XidInMVCCSnapshot(xmin, GetActiveSnapshot());
}

/* The file that a relation had for the active snapshot; InvalidOid if it was not there. */
static Oid
file_then(Oid relid)
{
	Relation	catalog = table_open(RelationRelationId, AccessShareLock);
	Oid			result = InvalidOid;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_class_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(catalog, ClassOidIndexId, true, GetActiveSnapshot(), 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		result = ((Form_pg_class) GETSTRUCT(tuple))->relfilenode;
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

/*
 * Raise an error if a table has got another file since the active snapshot was taken.  What was not there
 * then counts only if a query names it: a partition that has joined since has nothing to show.  True if it may
 * have children.
 */
static bool
check_file(Oid relid, bool named)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Form_pg_class form;
	bool		suspect;
	bool		parent;
	Oid			now;
	Oid			then;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_class) GETSTRUCT(tuple);
	now = form->relfilenode;
	parent = form->relhassubclass;
	/* rows of a materialized view are for all snapshots */
	suspect = form->relkind == RELKIND_RELATION && OidIsValid(now) && is_newer(tuple);
	ReleaseSysCache(tuple);
	if (!suspect)
		return parent;
	then = file_then(relid);
	if (then == now || (!named && !OidIsValid(then)))
		return parent;
	ereport(ERROR,
			errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			errmsg("\"%s\" was truncated or rewritten after the statement had begun",
				   hp_relation_name(relid)),
			errdetail("The statement's snapshot does not show the rows that it has now."),
			errhint("Run the statement again."));
}

/* Check the tables below one, as far as they are locked. */
static void
check_children(Oid relid)
{
	Relation	rel = table_open(relid, NoLock);
	const Oid  *children;
	int			n;

	check_stack_depth();
	if (rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
	{
		PartitionDesc partitions = RelationGetPartitionDesc(rel, true);

		children = partitions->oids;
		n = partitions->nparts;
	}
	else
	{
		List	   *list = find_inheritance_children(relid, NoLock);
		Oid		   *oids = palloc((list_length(list) + 1) * sizeof(Oid));
		ListCell   *lc;

		n = 0;
		foreach(lc, list)
			oids[n++] = lfirst_oid(lc);
		children = oids;
	}
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (hp_lock_held(children[i], AccessShareLock) && check_file(children[i], false))
			check_children(children[i]);
	}
	table_close(rel, NoLock);
}

/*
 * Raise an error, for readers under READ COMMITTED, if the active snapshot does not show the rows of a table,
 * or of one below it, since it is older than their file.
 */
void
hp_relation_check_file(Oid relid)
{
	if (IsolationUsesXactSnapshot() || hp_relation_snapshot_is_certain())
		return;
	if (check_file(relid, true))
		check_children(relid);
}

/* Add the relations that a query names, or a view that it names; a walker of query trees. */
static bool
add_named(Node *node, void *context)
{
	List	  **relids = context;

	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		RangeTblEntry *entry = (RangeTblEntry *) node;

		if (entry->rtekind == RTE_RELATION)
			*relids = list_append_unique_oid(*relids, entry->relid);
		return false;
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, add_named, relids, QTW_EXAMINE_RTES_BEFORE);
	return expression_tree_walker(node, add_named, relids);
}

/* The relations that queries read, as they are after rewriting. */
List *
hp_relation_named_in(List *queries)
{
	List	   *relids = NIL;
	ListCell   *lc;

	foreach(lc, queries)
		add_named(lfirst(lc), &relids);
	return relids;
}

/* Check the files of all that some queries read, which are locked for them; they may have been planned. */
void
hp_relation_check_files(List *relids)
{
	ListCell   *lc;

	foreach(lc, relids)
	{
		CHECK_FOR_INTERRUPTS();
		hp_relation_check_file(lfirst_oid(lc));
	}
}

/* Is a row of a catalog as the active snapshot shows it?  Releases it. */
static bool
is_settled(HeapTuple tuple)
{
	TransactionId xmin;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	xmin = HeapTupleHeaderGetXmin(tuple->t_data);
	result = !TransactionIdIsNormal(xmin) ||
		(!TransactionIdIsCurrentTransactionId(xmin) && !XidInMVCCSnapshot(xmin, GetActiveSnapshot()));
	ReleaseSysCache(tuple);
	return result;
}

/* Begin a scan of a catalog's rows about a relation, as the active snapshot shows them. */
static SysScanDesc
begin_scan(Relation catalog, Oid index, AttrNumber column, Oid relid)
{
	ScanKeyData key;

	ScanKeyInit(&key, column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	return systable_beginscan(catalog, index, true, GetActiveSnapshot(), 1, &key);
}

/* Has a column a NOT NULL constraint that is still to be validated? */
static bool
is_unvalidated(Oid relid, AttrNumber attnum)
{
	Relation	catalog = table_open(ConstraintRelationId, AccessShareLock);
	SysScanDesc scan = begin_scan(catalog, ConstraintRelidTypidNameIndexId, Anum_pg_constraint_conrelid,
								  relid);
	HeapTuple	tuple;
	bool		result = false;

	while (!result && HeapTupleIsValid(tuple = systable_getnext(scan)))
		result = hp_not_valid_column(tuple) == attnum;
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

/* Was a column declared NOT NULL for the active snapshot? */
static bool
was_declared_not_null(Oid relid, AttrNumber attnum)
{
	Relation	catalog = table_open(AttributeRelationId, AccessShareLock);
	SysScanDesc scan = begin_scan(catalog, AttributeRelidNumIndexId, Anum_pg_attribute_attrelid, relid);
	HeapTuple	tuple;
	bool		result = false;

	while (!result && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_attribute form = (Form_pg_attribute) GETSTRUCT(tuple);

		result = form->attnum == attnum && form->attnotnull;
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

/* Was a column, which is NOT NULL now, so for the active snapshot, in all rows? */
bool
hp_relation_was_not_null(Oid relid, AttrNumber attnum)
{
	bool		declared = is_settled(SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid),
													  Int16GetDatum(attnum))) ||
		was_declared_not_null(relid, attnum);

	return declared && (HP_NOT_NULL_IS_VALID || !is_unvalidated(relid, attnum));
}

/* Does a row of pg_index enforce a key? */
static bool
enforces_key(HeapTuple tuple, TupleDesc desc, const HpKeyDef *def)
{
	Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);
	bool		isnull;
	const oidvector *classes;

	if (!form->indisunique || !form->indimmediate || !form->indisvalid ||
		form->indnkeyatts != def->ncolumns || !heap_attisnull(tuple, Anum_pg_index_indpred, desc))
		return false;
	classes = (const oidvector *)
		DatumGetPointer(heap_getattr(tuple, Anum_pg_index_indclass, desc, &isnull));
	for (int i = 0; i < def->ncolumns; i++)
		if (form->indkey.values[i] != def->columns[i].attnum ||
			classes->values[i] != def->columns[i].opclass)
			return false;
	return true;
}

/* Was a key, which is one now, enforced for the active snapshot, if only by an index that has been made anew since? */
bool
hp_relation_was_key(Oid relid, const HpKeyDef *def)
{
	Relation	catalog;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		result = false;

	if (is_settled(SearchSysCache1(INDEXRELID, ObjectIdGetDatum(def->index))))
		return true;
	catalog = table_open(IndexRelationId, AccessShareLock);
	scan = begin_scan(catalog, IndexIndrelidIndexId, Anum_pg_index_indrelid, relid);
	while (!result && HeapTupleIsValid(tuple = systable_getnext(scan)))
		result = enforces_key(tuple, RelationGetDescr(catalog), def);
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}
