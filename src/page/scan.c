/*-------------------------------------------------------------------------
 *
 * scan.c
 *		Reads ranges of rows from an index, as the executor's index scan would.
 *
 * What is saved over a statement is everything around the scan: looking up plans,
 * starting and ending the executor, a snapshot and a portal for each range.  The
 * index access method does the rest: it begins at the bound, stops behind the
 * range, and takes the locks that serializable transactions need.
 *
 * The rows seen are those of the active snapshot.
 *
 * Locking: an AccessShareLock on the index, kept to the end of the transaction.
 *
 * Memory: the sink is called in a context that is reset after each row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "page/seek.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/nbtree.h"
#include "access/skey.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "base/compat.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

typedef struct Scan
{
	HpSource   *source;
	Relation	index;
	bool		reverse;
	TupleTableSlot *stored;		/* as the table has the row */
	TupleTableSlot *shown;		/* as the sink is shown it; may be the same */
	MemoryContext per_row;
	HpRowSink	sink;
	void	   *arg;
} Scan;

static void
set_comparison(ScanKey key, Relation index, AttrNumber attno, StrategyNumber strategy,
			   Datum value)
{
	Oid			type = index->rd_opcintype[attno - 1];
	Oid			operator = get_opfamily_member(index->rd_opfamily[attno - 1], type, type,
											   strategy);

	if (!OidIsValid(operator))
		elog(ERROR, "missing operator %d of index \"%s\"", strategy,
			 RelationGetRelationName(index));
	ScanKeyEntryInitialize(key, 0, attno, strategy, InvalidOid,
						   index->rd_indcollation[attno - 1], get_opcode(operator), value);
}

static void
set_null_test(ScanKey key, AttrNumber attno, int flag)
{
	ScanKeyEntryInitialize(key, SK_ISNULL | flag, attno, InvalidStrategy, InvalidOid, InvalidOid,
						   InvalidOid, (Datum) 0);
}

static void
set_equality(ScanKey key, Relation index, AttrNumber attno, Datum value, bool isnull)
{
	if (isnull)
		set_null_test(key, attno, SK_SEARCHNULL);
	else
		set_comparison(key, index, attno, BTEqualStrategyNumber, value);
}

/* The key for the first column that differs from the place. */
static void
set_test(ScanKey key, const Scan *scan, const HpRange *range, const HpPlace *from)
{
	const HpOrderColumn *column = &scan->source->order->columns[range->nequal];
	AttrNumber	attno = scan->source->index.order_attno[range->nequal];
	bool		descends = hp_range_descends(column, scan->reverse);

	switch (range->test)
	{
		case HP_TEST_BEYOND:
			set_comparison(key, scan->index, attno,
						   descends ? BTLessStrategyNumber : BTGreaterStrategyNumber,
						   from->values[range->nequal]);
			return;
		case HP_TEST_FROM:
			set_comparison(key, scan->index, attno,
						   descends ? BTLessEqualStrategyNumber : BTGreaterEqualStrategyNumber,
						   from->values[range->nequal]);
			return;
		case HP_TEST_NULL:
			set_null_test(key, attno, SK_SEARCHNULL);
			return;
		case HP_TEST_NOT_NULL:
			set_null_test(key, attno, SK_SEARCHNOTNULL);
			return;
		case HP_TEST_NONE:
			elog(ERROR, "range has no test");
	}
}

static int
compare_keys(const void *a, const void *b)
{
	return ((const ScanKeyData *) a)->sk_attno - ((const ScanKeyData *) b)->sk_attno;
}

/* The scan keys of a range, in the order of the index's columns. */
static int
make_keys(const Scan *scan, const HpRange *range, const HpPlace *from, ScanKey keys)
{
	const HpSource *source = scan->source;
	const HpRangeIndex *fit = &source->index;
	int			n = 0;

	for (int e = 0; e < source->nequal; e++)
		set_equality(&keys[n++], scan->index, fit->equal_attno[e], source->equal[e].value,
					 source->equal[e].isnull);
	for (int i = 0; i < range->nequal; i++)
		if (!source->fixed[i])
			set_equality(&keys[n++], scan->index, fit->order_attno[i], from->values[i],
						 from->isnull[i]);
	if (range->test != HP_TEST_NONE)
		set_test(&keys[n++], scan, range, from);
	qsort(keys, source->nequal, sizeof(ScanKeyData), compare_keys);
	return n;
}

/* Show the row in the stored slot to the sink. */
static bool
show_row(Scan *scan)
{
	MemoryContext outer = MemoryContextSwitchTo(scan->per_row);
	HpSource   *source = scan->source;
	bool		more;

	if (scan->shown != scan->stored)
	{
		ExecClearTuple(scan->shown);
		for (int i = 0; i < source->desc->natts; i++)
			scan->shown->tts_values[i] = slot_getattr(scan->stored, source->attnums[i],
													  &scan->shown->tts_isnull[i]);
		ExecStoreVirtualTuple(scan->shown);
	}
	more = scan->sink(scan->shown, scan->arg);
	MemoryContextSwitchTo(outer);
	MemoryContextReset(scan->per_row);
	return more;
}

/* Read one range; false when the sink wants no more. */
static bool
scan_range(Scan *scan, const HpRange *range, const HpPlace *from)
{
	ScanKeyData keys[2 * INDEX_MAX_KEYS + 2];
	int			nkeys = make_keys(scan, range, from, keys);
	ScanDirection direction = scan->source->index.backward != scan->reverse ?
	BackwardScanDirection : ForwardScanDirection;
	IndexScanDesc desc = hp_index_beginscan(scan->source->rel, scan->index, GetActiveSnapshot(),
											nkeys);
	bool		more = true;

	index_rescan(desc, keys, nkeys, NULL, 0);
	while (more && index_getnext_slot(desc, direction, scan->stored))
	{
		CHECK_FOR_INTERRUPTS();
		more = show_row(scan);
	}
	index_endscan(desc);
	return more;
}

/* May the snapshot use the index?  Rows it saw may be reached only through newer versions. */
static bool
index_serves_snapshot(const HpSource *source, Relation index)
{
	return !source->index.checks_xmin ||
		TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data),
							  TransactionXmin);
}

/*
 * Show the rows of some ranges of a source that is read directly to the sink, until it wants no
 * more.  False if the index cannot serve this snapshot, in which case nothing was shown.
 */
bool
hp_scan_ranges(HpSource *source, const HpPlace *from, const HpRange *ranges, int nranges,
			   bool reverse, HpRowSink sink, void *arg)
{
	Scan		scan = {.source = source,.reverse = reverse,.sink = sink,.arg = arg};

	scan.index = index_open(source->index.index, AccessShareLock);
	if (!index_serves_snapshot(source, scan.index))
	{
		index_close(scan.index, NoLock);
		return false;
	}
	scan.stored = table_slot_create(source->rel, NULL);
	scan.shown = source->whole_row ? scan.stored :
		MakeSingleTupleTableSlot(source->desc, &TTSOpsVirtual);
	scan.per_row = AllocSetContextCreate(CurrentMemoryContext, "pg_hotpath page row",
										 ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < nranges; i++)
		if (!scan_range(&scan, &ranges[i], from))
			break;
	if (scan.shown != scan.stored)
		ExecDropSingleTupleTableSlot(scan.shown);
	ExecDropSingleTupleTableSlot(scan.stored);
	MemoryContextDelete(scan.per_row);
	index_close(scan.index, NoLock);
	return true;
}
