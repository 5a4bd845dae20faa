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
 * Often no look at a catalog is needed: whoever changes one of these sends a
 * message.  Without any since some moment, a snapshot that shows all transactions that
 * were begun by then is new enough.  For this the message must have come before
 * the change is seen.  It has for what needs an exclusive lock, which is kept until the
 * messages are sent.  What is changed under weaker ones, such as a new index, may be seen
 * before, but only by building an entry of the relation cache in that very moment: so
 * each descriptor that is built counts as a message, and building it opens
 * the indexes that change so.
 *
 * Called when rows are read from a table: not for a hit, which the fences of the
 * cache allow, nor by writers.  Partitions and children are looked at if this
 * transaction has locked them, as it has those that its plans have not left out.
 * The caller has locked the tables themselves.  Tables that functions within a query read
 * are theirs to look after.
 *
 * Memory: lists in the current context; a copy of the snapshot while a catalog is scanned.
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
#include "partitioning/partbounds.h"
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

/* Is a row of a catalog one that the active snapshot shows, of another transaction?  Releases it. */
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

/* Which rows of a catalog a scan sees. */
typedef enum View
{
	AS_SHOWN,					/* those that the active snapshot shows */
	BEFORE_OWN					/* without what the transaction has done itself */
} View;

/*
 * Must what is declared hold without the transaction's own commands as well?  These declare what is true of the
 * newest rows; a snapshot that is kept may show others.
 */
#define OWN_COUNTS_NOT IsolationUsesXactSnapshot()

/* Begin a scan of a catalog's rows about a relation; one at a time. */
static SysScanDesc
begin_scan(Relation catalog, Oid index, AttrNumber column, Oid relid, View view)
{
	static SnapshotData snapshot;
	ScanKeyData key;

	snapshot = *GetActiveSnapshot();
	if (view == BEFORE_OWN)
		snapshot.curcid = FirstCommandId;
	ScanKeyInit(&key, column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	return systable_beginscan(catalog, index, true, &snapshot, 1, &key);
}

/* Was a relation there?  If so, sets the file that it had. */
static bool
was_there(Oid relid, View view, Oid *file)
{
	Relation	catalog = table_open(RelationRelationId, AccessShareLock);
	SysScanDesc scan = begin_scan(catalog, ClassOidIndexId, Anum_pg_class_oid, relid, view);
	HeapTuple	tuple = systable_getnext(scan);
	bool		found = HeapTupleIsValid(tuple);

	*file = found ? ((Form_pg_class) GETSTRUCT(tuple))->relfilenode : InvalidOid;
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return found;
}

/* Was a table below another? */
static bool
was_child(Oid relid, Oid parent, View view)
{
	Relation	catalog = table_open(InheritsRelationId, AccessShareLock);
	SysScanDesc scan = begin_scan(catalog, InheritsRelidSeqnoIndexId, Anum_pg_inherits_inhrelid, relid, view);
	HeapTuple	tuple;
	bool		found = false;

	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
		found = ((Form_pg_inherits) GETSTRUCT(tuple))->inhparent == parent;
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return found;
}

/* Was a table there that is below another only since? */
static bool
has_joined(Oid relid, Oid parent, View view)
{
	Oid			file;

	return was_there(relid, view, &file) && !was_child(relid, parent, view);
}

static bool
is_among(Oid relid, const Oid *relids, int n)
{
	for (int i = 0; i < n; i++)
		if (relids[i] == relid)
			return true;
	return false;
}

/* Has one of the tables that were below one, for the active snapshot, left it? */
static bool
has_lost_child(Relation rel, const Oid *children, int n)
{
	bool		partitioned = rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE;
	Relation	catalog = table_open(InheritsRelationId, AccessShareLock);
	SysScanDesc scan = begin_scan(catalog, InheritsParentIndexId, Anum_pg_inherits_inhparent,
								  RelationGetRelid(rel), AS_SHOWN);
	HeapTuple	tuple;
	bool		found = false;

	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_inherits form = (Form_pg_inherits) GETSTRUCT(tuple);

		CHECK_FOR_INTERRUPTS();
		/* a partition does not leave without a change of its row in pg_class */
		found = !form->inhdetachpending &&
			!(partitioned && is_settled(SearchSysCache1(RELOID, ObjectIdGetDatum(form->inhrelid)))) &&
			!is_among(form->inhrelid, children, n);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return found;
}

hp_noreturn static void
report_rewritten(Oid relid)
{
	ereport(ERROR,
			errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			errmsg("\"%s\" was truncated or rewritten after the statement had begun",
				   hp_relation_name(relid)),
			errdetail("The statement's snapshot does not show the rows that it has now."),
			errhint("Run the statement again."));
}

hp_noreturn static void
report_joined(Oid relid, Oid parent)
{
	ereport(ERROR,
			errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			errmsg("\"%s\" became a partition of \"%s\" after the snapshot was taken",
				   hp_relation_name(relid), hp_relation_name(parent)),
			errdetail("The snapshot may show rows of it that the constraints and keys do not hold for."),
			errhint("Read it by a newer snapshot: in another statement, or in another transaction if this "
					"one keeps its snapshot."));
}

/* What is looked for, and whether anything new was found. */
typedef struct Look
{
	bool		files;			/* files that are newer than the snapshot */
	bool		partitions;		/* partitions that were there before they joined */
	bool		any_new;		/* a table has become part of the tree since the snapshot */
} Look;

/*
 * Look at a table, that is named (no parent) or below one.  What is below another, and was not there yet, has
 * nothing to show; nor need a partition that was there, and has joined since, unless it is an error.  True if
 * it may have children.
 */
static bool
look_at(Oid relid, Oid parent, Look *look)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	FormData_pg_class now;
	bool		is_new;
	Oid			file;

	if (!HeapTupleIsValid(tuple))
		return false;
	memcpy(&now, GETSTRUCT(tuple), CLASS_TUPLE_SIZE);
	if (is_settled(tuple))
		return now.relhassubclass;
	is_new = !was_there(relid, AS_SHOWN, &file);
	/* rows of a materialized view are for all snapshots */
	if (look->files && now.relkind == RELKIND_RELATION && file != now.relfilenode &&
		OidIsValid(now.relfilenode) && !(is_new && OidIsValid(parent)))
		report_rewritten(relid);
	if (OidIsValid(parent) && now.relispartition &&
		(has_joined(relid, parent, AS_SHOWN) || (OWN_COUNTS_NOT && has_joined(relid, parent, BEFORE_OWN))))
	{
		if (look->partitions)
			report_joined(relid, parent);
		is_new = true;
	}
	look->any_new = look->any_new || is_new;
	return now.relhassubclass;
}

/* Is there a place among its children for what was in one that has left? */
static bool
has_room(Relation rel, const Look *look)
{
	PartitionDesc partitions;

	if (look->any_new || rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return true;
	partitions = RelationGetPartitionDesc(rel, true);
	return partitions->boundinfo != NULL && partition_bound_has_default(partitions->boundinfo);
}

/*
 * Look at the tables below one, as far as they are locked; the second time, whether any has left its place to
 * another, whose rows the snapshot does not show.
 */
static void
look_below(Oid relid, Look *look, bool again)
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
	if (again && has_room(rel, look) && has_lost_child(rel, children, n))
		report_rewritten(relid);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!hp_lock_held(children[i], AccessShareLock))
			continue;
		if (again ? has_subclass(children[i]) : look_at(children[i], relid, look))
			look_below(children[i], look, again);
	}
	table_close(rel, NoLock);
}

static void
look_at_tree(Oid relid, Look *look)
{
	look->any_new = false;
	if (!look_at(relid, InvalidOid, look))
		return;
	look_below(relid, look, false);
	if (look->files)
		look_below(relid, look, true);
}

/*
 * Raise an error, for readers under READ COMMITTED, if the active snapshot does not show the rows of a table,
 * or of one below it, since it is older than their file.
 */
void
hp_relation_check_file(Oid relid)
{
	Look		look = {.files = true};

	if (!IsolationUsesXactSnapshot() && !hp_relation_snapshot_is_certain())
		look_at_tree(relid, &look);
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

/*
 * Check the files of all that some queries read, which are locked for them; they may have been planned.  Of a
 * partitioned table whose key must hold in all rows (InvalidOid: none), no partition may have joined either.
 */
void
hp_relation_check_files(List *relids, Oid keyed)
{
	Look		look = {.files = !IsolationUsesXactSnapshot()};
	ListCell   *lc;

	if (hp_relation_snapshot_is_certain())
		return;
	foreach(lc, relids)
	{
		CHECK_FOR_INTERRUPTS();
		look.partitions = lfirst_oid(lc) == keyed;
		if (look.files || look.partitions)
			look_at_tree(lfirst_oid(lc), &look);
	}
}

/* Was a table there for the active snapshot?  If not it shows no rows of its own. */
bool
hp_relation_was_there(Oid relid)
{
	Oid			file;

	return was_there(relid, AS_SHOWN, &file);
}

/* Must what is declared of a table hold before the transaction's own commands?  Not if these have made it. */
static bool
asks_before_own(Oid relid)
{
	Oid			file;

	return OWN_COUNTS_NOT && was_there(relid, BEFORE_OWN, &file);
}

/* Had a column a NOT NULL constraint that was still to be validated? */
static bool
was_unvalidated(Oid relid, AttrNumber attnum, View view)
{
	Relation	catalog = table_open(ConstraintRelationId, AccessShareLock);
	SysScanDesc scan = begin_scan(catalog, ConstraintRelidTypidNameIndexId, Anum_pg_constraint_conrelid,
								  relid, view);
	HeapTuple	tuple;
	bool		result = false;

	while (!result && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		valid;

		result = hp_not_null_column(tuple, &valid) == attnum && !valid;
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

/* Was a column declared NOT NULL? */
static bool
was_declared_not_null(Oid relid, AttrNumber attnum, View view)
{
	Relation	catalog = table_open(AttributeRelationId, AccessShareLock);
	SysScanDesc scan = begin_scan(catalog, AttributeRelidNumIndexId, Anum_pg_attribute_attrelid, relid,
								  view);
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

/* Was a column NOT NULL in all rows? */
static bool
was_not_null(Oid relid, AttrNumber attnum, View view)
{
	return was_declared_not_null(relid, attnum, view) &&
		(HP_NOT_NULL_IS_VALID || !was_unvalidated(relid, attnum, view));
}

/* Was a column, which is NOT NULL now, so for the active snapshot, in all rows? */
bool
hp_relation_was_not_null(Oid relid, AttrNumber attnum)
{
	if (HP_NOT_NULL_IS_VALID &&
		is_settled(SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid), Int16GetDatum(attnum))))
		return true;
	return was_not_null(relid, attnum, AS_SHOWN) &&
		(!asks_before_own(relid) || was_not_null(relid, attnum, BEFORE_OWN));
}

/* Does a row of pg_index enforce a key? */
static bool
enforces_key(HeapTuple tuple, TupleDesc desc, const HpKeyDef *def)
{
	Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);
	bool		isnull;
	const oidvector *classes;
	const oidvector *collations;

	if (!form->indisunique || !form->indimmediate || !form->indisvalid ||
		form->indnkeyatts != def->ncolumns || !heap_attisnull(tuple, Anum_pg_index_indpred, desc))
		return false;
	classes = (const oidvector *)
		DatumGetPointer(heap_getattr(tuple, Anum_pg_index_indclass, desc, &isnull));
	collations = (const oidvector *)
		DatumGetPointer(heap_getattr(tuple, Anum_pg_index_indcollation, desc, &isnull));
	for (int i = 0; i < def->ncolumns; i++)
		if (form->indkey.values[i] != def->columns[i].attnum ||
			classes->values[i] != def->columns[i].opclass ||
			collations->values[i] != def->columns[i].collation)
			return false;
	return true;
}

/* Was a key enforced, by whatever index? */
static bool
was_key(Oid relid, const HpKeyDef *def, View view)
{
	Relation	catalog = table_open(IndexRelationId, AccessShareLock);
	SysScanDesc scan = begin_scan(catalog, IndexIndrelidIndexId, Anum_pg_index_indrelid, relid, view);
	HeapTuple	tuple;
	bool		result = false;

	while (!result && HeapTupleIsValid(tuple = systable_getnext(scan)))
		result = enforces_key(tuple, RelationGetDescr(catalog), def);
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

/* Was a key, which is one now, enforced for the active snapshot, if only by an index that has been made anew since? */
bool
hp_relation_was_key(Oid relid, const HpKeyDef *def)
{
	if (is_settled(SearchSysCache1(INDEXRELID, ObjectIdGetDatum(def->index))))
		return true;
	return was_key(relid, def, AS_SHOWN) &&
		(!asks_before_own(relid) || was_key(relid, def, BEFORE_OWN));
}
