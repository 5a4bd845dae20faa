/*-------------------------------------------------------------------------
 *
 * relation_snapshot.c
 *		Tables whose rows the active snapshot is too old to show.
 *
 * Functions lock tables when they are called, which is after their statement has
 * got its snapshot.  A plain statement locks first, and so never meets a table
 * that was truncated or rewritten in between, whose rows its snapshot would not
 * show; under READ COMMITTED that is an error here.  A transaction that keeps its
 * snapshot meets that in plain statements as well, and reads what they do.
 *
 * Called for tables that functions name, when rows are read from them: not for a
 * hit, which the fences of the cache allow, nor by writers.  Partitions, and what
 * a view or the text of a query reads, are not looked at.
 *
 * Memory: nothing is kept.
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
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

/* Has another transaction made this row of a catalog since the active snapshot was taken? */
static bool
is_newer(HeapTuple tuple)
{
	TransactionId xmin = HeapTupleHeaderGetXmin(tuple->t_data);

	return TransactionIdIsNormal(xmin) && ActiveSnapshotSet() &&
		GetActiveSnapshot()->snapshot_type == SNAPSHOT_MVCC &&
		!TransactionIdIsCurrentTransactionId(xmin) &&
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
 * Raise an error if a table has got another file since the active snapshot was taken, for readers under
 * READ COMMITTED.  The caller has locked it.
 */
void
hp_relation_check_file(Oid relid)
{
	HeapTuple	tuple;
	Form_pg_class form;
	bool		suspect;
	Oid			now;

	if (IsolationUsesXactSnapshot())
		return;
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	if (!HeapTupleIsValid(tuple))
		return;
	form = (Form_pg_class) GETSTRUCT(tuple);
	now = form->relfilenode;
	/* rows of a materialized view are for all snapshots */
	suspect = form->relkind == RELKIND_RELATION && OidIsValid(now) && is_newer(tuple);
	ReleaseSysCache(tuple);
	if (suspect && file_then(relid) != now)
		ereport(ERROR,
				errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				errmsg("\"%s\" was truncated or rewritten after the statement had begun",
					   hp_relation_name(relid)),
				errdetail("The statement's snapshot does not show the rows that it has now."),
				errhint("Run the statement again."));
}
