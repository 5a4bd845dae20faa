/*-------------------------------------------------------------------------
 *
 * seek.c
 *		Reads the rows behind a place in an order, range by range.
 *
 * Each range (see range.c) is read from its index where that is possible (see
 * index.c), else by a statement: the source's rows that pass its filter and lie
 * in the range, in order, as many as are still wanted.  With an index that fits,
 * the planner makes an index scan with a bound of it; without one the result is
 * the same, at a higher price.
 *
 * The limit is part of the statement's text, since a plan for any number of rows
 * would sort the table; it is rounded up to a power of two, so that there are few
 * texts.  A statement without a filter is planned once for all values.  With one,
 * the planner may do better knowing the filter's values.  A query of the user's is
 * planned each time, as its text may have literals.
 *
 * Memory: the sink is called in a context that is reset after each row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "page/seek.h"

#include "access/htup_details.h"
#include "access/stratnum.h"
#include "base/compat.h"
#include "executor/tuptable.h"
#include "query/query.h"
#include "query/statement.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#define MIN_LIMIT 16

typedef struct Seek
{
	HpSource   *source;
	const HpPlace *from;
	bool		reverse;
	uint64		wanted;
	bool		stopped;		/* by the sink, or enough rows were shown */
	bool		checked;		/* the statement's rows are of the source's types */
	TupleTableSlot *row;		/* a whole row, taken out of its composite value */
	HpRowSink	sink;
	void	   *arg;
} Seek;

static void
append_operator(StringInfo sql, Oid operator)
{
	appendStringInfo(sql, " %s ", hp_build_operator(operator));
}

static Oid
bound_operator(const HpOrderColumn *column, HpRangeTest test, bool descends)
{
	if (test == HP_TEST_BEYOND)
		return descends ? column->lt_operator : column->gt_operator;
	return get_opfamily_member(column->opfamily, column->opcintype, column->opcintype,
							   descends ? BTLessEqualStrategyNumber :
							   BTGreaterEqualStrategyNumber);
}

/* Append a comparison of a column of the order with the place's value. */
static void
append_comparison(HpStatement *statement, const Seek *seek, int i, Oid operator)
{
	const HpOrderColumn *column = &seek->source->order->columns[i];

	hp_order_append_operand(&statement->sql, column, seek->source->alias);
	append_operator(&statement->sql, operator);
	hp_statement_add(statement, column->type, seek->from->values[i], false);
}

static void
append_null_test(HpStatement *statement, const Seek *seek, int i, bool is_null)
{
	const HpOrderColumn *column = &seek->source->order->columns[i];

	hp_order_append_operand(&statement->sql, column, seek->source->alias);
	appendStringInfo(&statement->sql, " %s", hp_build_null_test(column->type, is_null));
}

static void
append_range(HpStatement *statement, const Seek *seek, const HpRange *range)
{
	const HpOrder *order = seek->source->order;

	for (int i = 0; i < range->nequal; i++)
	{
		if (seek->source->fixed[i])
			continue;
		appendStringInfoString(&statement->sql, " AND ");
		if (seek->from->isnull[i])
			append_null_test(statement, seek, i, true);
		else
			append_comparison(statement, seek, i, order->columns[i].eq_operator);
	}
	if (range->test == HP_TEST_NONE)
		return;
	appendStringInfoString(&statement->sql, " AND ");
	if (range->test == HP_TEST_NULL || range->test == HP_TEST_NOT_NULL)
		append_null_test(statement, seek, range->nequal, range->test == HP_TEST_NULL);
	else
		append_comparison(statement, seek, range->nequal,
						  bound_operator(&order->columns[range->nequal], range->test,
										 hp_range_descends(&order->columns[range->nequal],
														   seek->reverse)));
}

/* Give the statement the parameters of the source's own query, which come first. */
static void
add_query_params(HpStatement *statement, ParamListInfo params)
{
	for (int i = 0; params != NULL && i < params->numParams; i++)
		hp_statement_add(statement, params->params[i].ptype, params->params[i].value,
						 params->params[i].isnull);
	resetStringInfo(&statement->sql);
}

/* Append the equality that is not in the filter. */
static void
append_parent(HpStatement *statement, const HpSource *source)
{
	const HpOrderColumn *column = &source->parent_column;

	appendStringInfoString(&statement->sql, " AND ");
	hp_order_append_operand(&statement->sql, column, source->alias);
	append_operator(&statement->sql, column->eq_operator);
	hp_statement_add(statement, column->type, source->parent->value, false);
}

static uint64
round_up_limit(uint64 limit)
{
	uint64		result = MIN_LIMIT;

	while (result < limit)
		result *= 2;
	return result;
}

static void
build_statement(HpStatement *statement, const Seek *seek, const HpRange *range)
{
	HpSource   *source = seek->source;

	hp_statement_init(statement);
	add_query_params(statement, source->params);
	appendStringInfo(&statement->sql, "SELECT %s FROM %s WHERE ", source->list, source->from);
	if (source->rel != NULL)
		hp_statement_expect_relation(statement, RelationGetRelid(source->rel));
	hp_source_append_condition(source, statement);
	if (source->parent != NULL)
		append_parent(statement, source);
	append_range(statement, seek, range);
	appendStringInfoString(&statement->sql, " ORDER BY ");
	hp_order_append(&statement->sql, source->order, source->alias, seek->reverse);
	appendStringInfo(&statement->sql, " LIMIT " UINT64_FORMAT, round_up_limit(seek->wanted));
}

/* Are rows of a statement of the types that the source's are? */
static bool
has_types(const HpSource *source, TupleDesc desc)
{
	if (source->whole_row)
		return desc->natts == 1 &&
			TupleDescAttr(desc, 0)->atttypid == source->desc->tdtypeid;
	if (desc->natts != source->desc->natts)
		return false;
	for (int i = 0; i < desc->natts; i++)
		if (TupleDescAttr(desc, i)->atttypid != TupleDescAttr(source->desc, i)->atttypid)
			return false;
	return true;
}

/*
 * Raise an error for rows of other types, which would be taken for what they are not: functions
 * that the rows before have called, or another session, may have given a name to another relation.
 */
static void
check_types(Seek *seek, TupleDesc desc)
{
	if (!has_types(seek->source, desc))
		ereport(ERROR,
				errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				errmsg("\"%s\" has changed while a page of it was read", seek->source->name),
				errdetail("Its rows are not of the types that they had."),
				errhint("Read the page again."));
	seek->checked = true;
}

/* Pass a row on to the sink, taken out of its composite value. */
static bool
pass_on(TupleTableSlot *slot, void *arg)
{
	Seek	   *seek = arg;
	HeapTupleData tuple = {0};	/* seek->row points to it */

	if (!seek->checked)
		check_types(seek, slot->tts_tupleDescriptor);
	if (seek->source->whole_row)
	{
		bool		isnull;
		Datum		row = slot_getattr(slot, 1, &isnull);

		if (isnull)
			return true;
		tuple.t_data = hp_row_header(row);
		tuple.t_len = HeapTupleHeaderGetDatumLength(tuple.t_data);
		ItemPointerSetInvalid(&tuple.t_self);
		ExecForceStoreHeapTuple(&tuple, seek->row, false);
		slot = seek->row;
	}
	seek->wanted--;
	seek->stopped = !seek->sink(slot, seek->arg) || seek->wanted == 0;
	return !seek->stopped;
}

static void
read_by_statements(Seek *seek, const HpRange *ranges, int nranges)
{
	HpSource   *source = seek->source;
	HpPlanning	planning = source->rel == NULL ? HP_PLAN_ONCE :
	hp_filter_is_empty(source->filter) && source->embed == NULL ? HP_PLAN_GENERIC : HP_PLAN_AUTO;

	seek->row = MakeSingleTupleTableSlot(source->desc, &TTSOpsHeapTuple);
	for (int i = 0; i < nranges && !seek->stopped; i++)
	{
		HpStatement statement;

		build_statement(&statement, seek, &ranges[i]);
		statement.keyed = source->unique ? RelationGetRelid(source->rel) : InvalidOid;
		seek->checked = false;
		hp_statement_run(&statement, planning, seek->wanted, pass_on, seek);
	}
	ExecDropSingleTupleTableSlot(seek->row);
}

/* Count rows that come straight from the index. */
static bool
pass_through(TupleTableSlot *slot, void *arg)
{
	Seek	   *seek = arg;

	seek->wanted--;
	return seek->sink(slot, seek->arg) && seek->wanted > 0;
}

/*
 * Show the rows behind a place (NULL: all rows), or with inclusive those at it as well, to the
 * sink: in the source's order or the reverse, at most limit of them (not 0), until the sink returns
 * false.  The place's values must outlive the call.
 */
void
hp_seek(HpSource *source, const HpPlace *from, bool inclusive, bool reverse, uint64 limit,
		HpRowSink sink, void *arg)
{
	Seek		seek = {.source = source,.from = from,.reverse = reverse,.wanted = limit,
		.sink = sink,.arg = arg};
	HpRange    *ranges = palloc(HP_MAX_RANGES(source->order->ncolumns) * sizeof(HpRange));
	int			nranges = hp_range_list(source->order, source->fixed, from, inclusive, reverse,
										ranges);

	if (!hp_source_is_direct(source) ||
		!hp_scan_ranges(source, from, ranges, nranges, reverse, pass_through, &seek))
		read_by_statements(&seek, ranges, nranges);
	pfree(ranges);
}
