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
 * The rows seen are those of the snapshot that is active when the source reads its
 * first range.  What a scan is made of is kept for the source's other ranges, of
 * which a page has several, and pages of many parents have many.
 *
 * Locking: an AccessShareLock on the index, kept to the end of the transaction.
 *
 * Memory: in the source's context; the sink is called in one that is reset after
 * each row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "page/seek.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/nbtree.h"
#include "access/relation.h"
#include "access/skey.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "base/compat.h"
#include "catalog/relation.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* Ranges of more keys than this are scanned with a descriptor of their own each time. */
#define MAX_KEPT_KEYS 8

typedef struct HpScan
{
	HpSource   *source;
	Relation	index;
	TupleTableSlot *stored;		/* as the table has the row */
	TupleTableSlot *shown;		/* as the sink is shown it; may be the same */
	MemoryContext per_row;
	FmgrInfo	(*functions)[BTMaxStrategyNumber];	/* of the index's columns */
	IndexScanDesc kept[MAX_KEPT_KEYS + 1];	/* by number of keys; NULL until used */

	/* of the ranges that are being read */
	bool		reverse;
	HpRowSink	sink;
	void	   *arg;
} HpScan;

/* The function of an index column's operator with a strategy. */
static FmgrInfo *
comparison_function(HpScan *scan, AttrNumber attno, StrategyNumber strategy)
{
	FmgrInfo   *function = &scan->functions[attno - 1][strategy - 1];
	Oid			type = scan->index->rd_opcintype[attno - 1];
	Oid			operator;

	if (OidIsValid(function->fn_oid))
		return function;
	operator = get_opfamily_member(scan->index->rd_opfamily[attno - 1], type, type, strategy);
	if (!OidIsValid(operator))
		elog(ERROR, "missing operator %d of index \"%s\"", strategy,
			 RelationGetRelationName(scan->index));
	fmgr_info_cxt(get_opcode(operator), function, scan->source->context);
	return function;
}

static void
set_comparison(ScanKey key, HpScan *scan, AttrNumber attno, StrategyNumber strategy, Datum value)
{
	ScanKeyEntryInitializeWithInfo(key, 0, attno, strategy, InvalidOid,
								   scan->index->rd_indcollation[attno - 1],
								   comparison_function(scan, attno, strategy), value);
}

static void
set_null_test(ScanKey key, AttrNumber attno, int flag)
{
	ScanKeyEntryInitialize(key, SK_ISNULL | flag, attno, InvalidStrategy, InvalidOid, InvalidOid,
						   InvalidOid, (Datum) 0);
}

static void
set_equality(ScanKey key, HpScan *scan, AttrNumber attno, Datum value, bool isnull)
{
	if (isnull)
		set_null_test(key, attno, SK_SEARCHNULL);
	else
		set_comparison(key, scan, attno, BTEqualStrategyNumber, value);
}

/* The key for the first column that differs from the place. */
static void
set_test(ScanKey key, HpScan *scan, const HpRange *range, const HpPlace *from)
{
	const HpOrderColumn *column = &scan->source->order->columns[range->nequal];
	AttrNumber	attno = scan->source->index.order_attno[range->nequal];
	bool		descends = hp_range_descends(column, scan->reverse);

	switch (range->test)
	{
		case HP_TEST_BEYOND:
			set_comparison(key, scan, attno,
						   descends ? BTLessStrategyNumber : BTGreaterStrategyNumber,
						   from->values[range->nequal]);
			return;
		case HP_TEST_FROM:
			set_comparison(key, scan, attno,
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
make_keys(HpScan *scan, const HpRange *range, const HpPlace *from, ScanKey keys)
{
	const HpSource *source = scan->source;
	const HpRangeIndex *fit = &source->index;
	int			n = 0;

	for (int e = 0; e < source->nequal; e++)
		set_equality(&keys[n++], scan, fit->equal_attno[e], source->equal[e].value,
					 source->equal[e].isnull);
	for (int i = 0; i < range->nequal; i++)
		if (!source->fixed[i])
			set_equality(&keys[n++], scan, fit->order_attno[i], from->values[i],
						 from->isnull[i]);
	if (range->test != HP_TEST_NONE)
		set_test(&keys[n++], scan, range, from);
	qsort(keys, source->nequal, sizeof(ScanKeyData), compare_keys);
	return n;
}

/* Show the row in the stored slot to the sink. */
static bool
show_row(HpScan *scan)
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

/* A descriptor for scans with a number of keys. */
static IndexScanDesc
begin_scan(HpScan *scan, int nkeys)
{
	MemoryContext outer;
	IndexScanDesc desc;

	if (nkeys <= MAX_KEPT_KEYS && scan->kept[nkeys] != NULL)
		return scan->kept[nkeys];
	outer = MemoryContextSwitchTo(scan->source->context);
	desc = hp_index_beginscan(scan->source->rel, scan->index, GetActiveSnapshot(), nkeys);
	if (nkeys <= MAX_KEPT_KEYS)
		scan->kept[nkeys] = desc;
	MemoryContextSwitchTo(outer);
	return desc;
}

/* Read one range; false when the sink wants no more. */
static bool
scan_range(HpScan *scan, const HpRange *range, const HpPlace *from)
{
	ScanKeyData keys[2 * INDEX_MAX_KEYS + 2];
	int			nkeys = make_keys(scan, range, from, keys);
	ScanDirection direction = scan->source->index.backward != scan->reverse ?
	BackwardScanDirection : ForwardScanDirection;
	IndexScanDesc desc = begin_scan(scan, nkeys);
	MemoryContext outer = MemoryContextSwitchTo(scan->source->context);
	bool		more = true;

	/* what the access method allocates on the way lives as long as the descriptor */
	index_rescan(desc, keys, nkeys, NULL, 0);
	while (more && index_getnext_slot(desc, direction, scan->stored))
	{
		CHECK_FOR_INTERRUPTS();
		more = show_row(scan);
	}
	ExecClearTuple(scan->stored);
	if (nkeys > MAX_KEPT_KEYS)
		index_endscan(desc);
	MemoryContextSwitchTo(outer);
	return more;
}

/*
 * May the snapshot use the index?  Where pg_index.indcheckxmin says so, rows that an older
 * snapshot sees may be reached only through newer versions.
 */
static bool
index_serves_snapshot(Relation index)
{
	return !index->rd_index->indcheckxmin ||
		TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data),
							  TransactionXmin);
}

/* Open what scans of the source need; false if the index cannot serve the snapshot. */
static bool
open_scan(HpSource *source)
{
	MemoryContext outer;
	Relation	index;
	bool		serves;

	hp_relation_check_file(RelationGetRelid(source->rel));
	outer = MemoryContextSwitchTo(source->context);
	/* functions called since it was chosen may have dropped it */
	index = try_relation_open(source->index.index, AccessShareLock);
	serves = index != NULL && index_serves_snapshot(index);

	if (serves)
	{
		HpScan	   *scan = palloc0(sizeof(HpScan));

		scan->source = source;
		scan->index = index;
		scan->functions = palloc0(index->rd_index->indnkeyatts * sizeof(*scan->functions));
		scan->stored = table_slot_create(source->rel, NULL);
		scan->shown = source->whole_row ? scan->stored :
			MakeSingleTupleTableSlot(source->desc, &TTSOpsVirtual);
		scan->per_row = AllocSetContextCreate(source->context, "pg_hotpath page row",
											  ALLOCSET_DEFAULT_SIZES);
		source->scan = scan;
	}
	else if (index != NULL)
		index_close(index, NoLock);
	MemoryContextSwitchTo(outer);
	return serves;
}

/*
 * Show the rows of some ranges of a source that is read directly to the sink, until it wants no
 * more.  False if the index cannot serve this snapshot, in which case nothing was shown.
 */
bool
hp_scan_ranges(HpSource *source, const HpPlace *from, const HpRange *ranges, int nranges,
			   bool reverse, HpRowSink sink, void *arg)
{
	HpScan	   *scan;

	if (source->scan == NULL && !open_scan(source))
		return false;
	scan = source->scan;
	scan->reverse = reverse;
	scan->sink = sink;
	scan->arg = arg;
	for (int i = 0; i < nranges; i++)
		if (!scan_range(scan, &ranges[i], from))
			break;
	return true;
}

/* Let go of what the scans of a source have kept. */
void
hp_scan_close(HpSource *source)
{
	HpScan	   *scan = source->scan;

	if (scan == NULL)
		return;
	source->scan = NULL;
	for (int i = 0; i <= MAX_KEPT_KEYS; i++)
		if (scan->kept[i] != NULL)
			index_endscan(scan->kept[i]);
	if (scan->shown != scan->stored)
		ExecDropSingleTupleTableSlot(scan->shown);
	ExecDropSingleTupleTableSlot(scan->stored);
	MemoryContextDelete(scan->per_row);
	index_close(scan->index, NoLock);
}
