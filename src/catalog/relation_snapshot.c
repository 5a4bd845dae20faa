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
 * the indexes that change so.  Not covered: a table whose children, by plain inheritance,
 * leave it in that moment, and leave their rows to it, as planning looks at pg_inherits itself; a
 * CHECK constraint by which a plan leaves out a child, by inheritance, that had rows against it.
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
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_rewrite.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "partitioning/partdesc.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
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
	AS_IS,						/* the newest */
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
	return systable_beginscan(catalog, index, true, view == AS_IS ? NULL : &snapshot, 1, &key);
}

/* A copy of a relation's row of pg_class, NULL if it had none. */
static HeapTuple
get_class_row(Oid relid, View view)
{
	Relation	catalog = table_open(RelationRelationId, AccessShareLock);
	SysScanDesc scan = begin_scan(catalog, ClassOidIndexId, Anum_pg_class_oid, relid, view);
	HeapTuple	tuple = heap_copytuple(systable_getnext(scan));

	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return tuple;
}

/* Was a relation there?  Sets what its row of pg_class was, to zeros if it had none. */
static bool
was_there(Oid relid, View view, FormData_pg_class *then)
{
	HeapTuple	tuple = get_class_row(relid, view);

	memset(then, 0, sizeof(*then));
	if (!HeapTupleIsValid(tuple))
		return false;
	memcpy(then, GETSTRUCT(tuple), CLASS_TUPLE_SIZE);
	heap_freetuple(tuple);
	return true;
}

/* Must what is declared of a table hold before the transaction's own commands?  Not if these have made it. */
static bool
asks_before_own(Oid relid)
{
	FormData_pg_class then;

	return OWN_COUNTS_NOT && was_there(relid, BEFORE_OWN, &then);
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

/* The bounds of a partition, NULL if it was none. */
static Node *
get_bounds(Oid relid, View view)
{
	HeapTuple	tuple = get_class_row(relid, view);
	bool		isnull = true;
	Datum		bounds = (Datum) 0;

	if (HeapTupleIsValid(tuple))
		bounds = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_relpartbound, &isnull);
	return isnull ? NULL : stringToNode(TextDatumGetCString(bounds));
}

/* Did a table have the place below another that it has now?  It may have left since, and be back with other bounds. */
static bool
had_place(Oid relid, Oid parent, View view)
{
	return was_child(relid, parent, view) && equal(get_bounds(relid, view), get_bounds(relid, AS_IS));
}

/* Finds the rule that is a view's query.  False if there was none. */
static bool
find_rule(Relation catalog, Oid view, View rows, ItemPointer rule)
{
	SysScanDesc scan = begin_scan(catalog, RewriteRelRulenameIndexId, Anum_pg_rewrite_ev_class, view, rows);
	HeapTuple	tuple;
	bool		found = false;

	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		found = ((Form_pg_rewrite) GETSTRUCT(tuple))->ev_type == '0' + CMD_SELECT;
		*rule = tuple->t_self;
	}
	systable_endscan(scan);
	return found;
}

/* Has a view another query since? */
static bool
is_redefined(Oid view)
{
	Relation	catalog = table_open(RewriteRelationId, AccessShareLock);
	ItemPointerData now;
	ItemPointerData then;
	bool		result;

	result = find_rule(catalog, view, AS_IS, &now) &&
		!(find_rule(catalog, view, AS_SHOWN, &then) && ItemPointerEquals(&now, &then));
	table_close(catalog, AccessShareLock);
	return result;
}

static bool
is_among(Oid relid, const Oid *relids, int n)
{
	for (int i = 0; i < n; i++)
		if (relids[i] == relid)
			return true;
	return false;
}

/* Raise an error: what happened to a relation was after the snapshot of the statement. */
hp_noreturn static void
report_newer(Oid relid, const char *what)
{
	ereport(ERROR,
			errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			errmsg("\"%s\" %s after the statement had begun", hp_relation_name(relid), what),
			errdetail("The statement's snapshot does not show the rows that it has now."),
			errhint("Run the statement again."));
}

hp_noreturn static void
report_joined(Oid relid, Oid parent)
{
	ereport(ERROR,
			errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			errmsg("\"%s\" became a partition or child of \"%s\" after the snapshot was taken",
				   hp_relation_name(relid), hp_relation_name(parent)),
			errdetail("The snapshot may show rows of it that were elsewhere then, or for which its constraints "
					  "and keys do not hold."),
			errhint("Read it by a newer snapshot: in another statement, or in another transaction if this "
					"one keeps its snapshot."));
}

/* What is looked for, and what of it was found in a tree of tables. */
typedef struct Look
{
	bool		files;			/* what has rows that the snapshot does not show, under READ COMMITTED */
	bool		names;			/* whether it has got its name since */
	bool		others;			/* the rows of a table that left may be in another one that is read */
	bool		any_new;		/* a table has become part of the tree since the snapshot */
	List	   *parents;		/* those that have, or had, tables below them */
} Look;

/* Does a relation of this kind have rows that snapshots may show or not, itself or below it? */
static bool
has_rows(char relkind)
{
	return relkind == RELKIND_RELATION || relkind == RELKIND_PARTITIONED_TABLE || relkind == RELKIND_MATVIEW;
}

/* Is a partition one of several, of which another one is the default? */
static bool
is_beside_default(Oid relid, Oid parent)
{
	Oid			other = OidIsValid(parent) ? get_default_partition_oid(parent) : InvalidOid;

	return OidIsValid(other) && other != relid;
}

/*
 * Look at a table, that is named (no parent) or below one.  What is below another, and was not there yet, has
 * nothing to show.  What was there, and is below it only since, may show rows that were elsewhere then, or
 * that its constraints do not hold for.  True if it may have children, or had.
 */
static bool
look_at(Oid relid, Oid parent, Look *look)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	FormData_pg_class now;
	FormData_pg_class then;
	bool		settled;
	bool		is_new;

	if (!HeapTupleIsValid(tuple))
		return false;
	memcpy(&now, GETSTRUCT(tuple), CLASS_TUPLE_SIZE);
	settled = is_settled(tuple);
	is_new = !settled && !was_there(relid, AS_SHOWN, &then);
	/* only a partition's row says that it has joined */
	if (OidIsValid(parent) && !(settled && now.relispartition) &&
		((!is_new && !had_place(relid, parent, AS_SHOWN)) ||
		 (asks_before_own(relid) && !had_place(relid, parent, BEFORE_OWN))))
		report_joined(relid, parent);
	if (settled)
		return now.relhassubclass;
	if (look->files && is_new && !OidIsValid(parent) && has_rows(now.relkind))
		report_newer(relid, "was made");
	/* after REFRESH the rows of a materialized view are for all snapshots */
	if (look->files && !is_new && now.relkind == RELKIND_RELATION && now.relfilenode != then.relfilenode)
		report_newer(relid, "was truncated or rewritten");
	if (look->names && !is_new && !OidIsValid(parent) &&
		(strcmp(NameStr(now.relname), NameStr(then.relname)) != 0 || now.relnamespace != then.relnamespace))
		report_newer(relid, "was renamed");
	/* it has taken its place from the default partition, which is not read for that any more */
	if (look->files && is_new && now.relispartition && is_beside_default(relid, parent))
		report_newer(parent, "got a partition");
	look->any_new = look->any_new || is_new;
	return now.relhassubclass || then.relhassubclass;
}

/* The tables below one; the array is not to be freed. */
static int
get_children(Relation rel, const Oid **children)
{
	List	   *list;
	Oid		   *oids;
	int			n = 0;
	ListCell   *lc;

	if (rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
	{
		PartitionDesc partitions = RelationGetPartitionDesc(rel, true);

		*children = partitions->oids;
		return partitions->nparts;
	}
	list = find_inheritance_children(RelationGetRelid(rel), NoLock);
	oids = palloc((list_length(list) + 1) * sizeof(Oid));
	foreach(lc, list)
		oids[n++] = lfirst_oid(lc);
	*children = oids;
	return n;
}

/* Look at the tables below one, as far as they are locked. */
static void
look_below(Oid relid, Look *look)
{
	Relation	rel = table_open(relid, NoLock);
	const Oid  *children;
	int			n = get_children(rel, &children);

	check_stack_depth();
	look->parents = lappend_oid(look->parents, relid);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (hp_lock_held(children[i], AccessShareLock) && look_at(children[i], relid, look))
			look_below(children[i], look);
	}
	table_close(rel, NoLock);
}

/* Is there a place for what was in a table that was below this one, and has left it? */
static bool
has_room(Relation rel, const Look *look)
{
	return look->any_new || look->others || rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE ||
		OidIsValid(get_default_partition_oid(RelationGetRelid(rel)));
}

/* The tables that were below one, for the active snapshot, less those of which it is certain that they still are. */
static List *
get_former_children(Relation rel)
{
	bool		partitioned = rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE;
	Relation	catalog = table_open(InheritsRelationId, AccessShareLock);
	SysScanDesc scan = begin_scan(catalog, InheritsParentIndexId, Anum_pg_inherits_inhparent,
								  RelationGetRelid(rel), AS_SHOWN);
	HeapTuple	tuple;
	List	   *result = NIL;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_inherits form = (Form_pg_inherits) GETSTRUCT(tuple);

		CHECK_FOR_INTERRUPTS();
		/* a partition does not leave without a change of its row in pg_class */
		if (!form->inhdetachpending &&
			!(partitioned && is_settled(SearchSysCache1(RELOID, ObjectIdGetDatum(form->inhrelid)))))
			result = lappend_oid(result, form->inhrelid);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

/* Was this a temporary table of another session, which is not read where its parents are? */
static bool
was_not_ours(Oid relid)
{
	FormData_pg_class then;

	return was_there(relid, AS_SHOWN, &then) && then.relpersistence == RELPERSISTENCE_TEMP &&
		!isTempNamespace(then.relnamespace);
}

/* Has one of the tables that were below one, for the active snapshot, left its place to another? */
static bool
has_lost_child(Oid relid, const Look *look)
{
	Relation	rel = table_open(relid, NoLock);
	bool		found = false;

	if (has_room(rel, look))
	{
		const Oid  *children;
		int			n = get_children(rel, &children);
		List	   *former = get_former_children(rel);
		ListCell   *lc;

		foreach(lc, former)
		{
			CHECK_FOR_INTERRUPTS();
			if (is_among(lfirst_oid(lc), children, n))
				found = rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE &&
					!had_place(lfirst_oid(lc), relid, AS_SHOWN);
			else
				found = !was_not_ours(lfirst_oid(lc));
			if (found)
				break;
		}
	}
	table_close(rel, NoLock);
	return found;
}

/* Look at a table or view that is named, and at all below it. */
static void
look_at_tree(Oid relid, Look *look)
{
	ListCell   *lc;

	look->any_new = false;
	look->parents = NIL;
	if (look_at(relid, InvalidOid, look))
		look_below(relid, look);
	if (!look->files)
		return;
	foreach(lc, look->parents)
	{
		CHECK_FOR_INTERRUPTS();
		if (has_lost_child(lfirst_oid(lc), look))
			report_newer(relid, "lost a partition or child");
	}
	if (get_rel_relkind(relid) == RELKIND_VIEW && is_redefined(relid))
		report_newer(relid, "was redefined");
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

/*
 * Add the relations that a query names, or a view that it names; a walker of query trees.  A view itself is
 * named by what has become its query, or (15) by what stands for its old and new rows.
 */
static bool
add_named(Node *node, void *context)
{
	List	  **relids = context;

	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		RangeTblEntry *entry = (RangeTblEntry *) node;

		if (entry->rtekind == RTE_RELATION || (entry->rtekind == RTE_SUBQUERY && OidIsValid(entry->relid)))
			*relids = list_append_unique_oid(*relids, entry->relid);
		return false;
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, add_named, relids, QTW_EXAMINE_RTES_BEFORE);
	return expression_tree_walker(node, add_named, relids);
}

/* The relations that queries read, as they are after rewriting, and the views by way of which. */
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
 * Check the files of all that some queries read, which are locked for them; they may have been planned.  Those
 * that are known were not found by their names.  Under any isolation level, no partition may have joined a
 * table whose key must hold in all rows (InvalidOid: none).
 */
void
hp_relation_check_files(List *relids, const List *known, Oid keyed)
{
	Look		look = {.files = !IsolationUsesXactSnapshot()};
	ListCell   *lc;
	int			tables = 0;

	if (hp_relation_snapshot_is_certain())
		return;
	foreach(lc, relids)
		tables += has_rows(get_rel_relkind(lfirst_oid(lc)));
	look.others = tables > 1;
	foreach(lc, relids)
	{
		CHECK_FOR_INTERRUPTS();
		look.names = look.files && !list_member_oid(known, lfirst_oid(lc));
		if (look.files || lfirst_oid(lc) == keyed)
			look_at_tree(lfirst_oid(lc), &look);
	}
}

/* Was a table there for the active snapshot?  If not it shows no rows of its own. */
bool
hp_relation_was_there(Oid relid)
{
	FormData_pg_class then;

	return was_there(relid, AS_SHOWN, &then);
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

/* Was a key, which is one now, enforced for the active snapshot, if only by an index that was made anew since? */
bool
hp_relation_was_key(Oid relid, const HpKeyDef *def)
{
	if (is_settled(SearchSysCache1(INDEXRELID, ObjectIdGetDatum(def->index))))
		return true;
	return was_key(relid, def, AS_SHOWN) &&
		(!asks_before_own(relid) || was_key(relid, def, BEFORE_OWN));
}
