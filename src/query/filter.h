/*-------------------------------------------------------------------------
 *
 * filter.h
 *		A condition on rows given as jsonb: {"status": "paid", "total": {"$gte": 10}}.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_FILTER_H
#define HP_FILTER_H

#include "access/tupdesc.h"
#include "query/statement.h"
#include "utils/jsonb.h"

typedef struct HpFilter HpFilter;

/* A column that must equal a value, or be null. */
typedef struct HpEquality
{
	AttrNumber	attnum;
	Oid			type;			/* base type of the column */
	Datum		value;
	bool		isnull;			/* IS NULL */
} HpEquality;

/*
 * Check a filter over the columns of a row type and make its values; NULL and {} let every row
 * pass.  what names the relation in messages.  Allocated in the current context.
 *
 * Errors, each with detail and hint: 22023 (not an object, an unknown operator, an operand of the
 * wrong kind), 42703 (no such column), 42883 (an operator that the column's type does not have),
 * 54001 (nested too deeply), 54000 (too many conditions), and those of the types' input functions.
 */
extern HpFilter *hp_filter_parse(Jsonb *filter, TupleDesc desc, const char *what);

/* Does every row pass? */
extern bool hp_filter_is_empty(const HpFilter *filter);

/* Append the condition, a boolean expression over alias in parentheses ("true" if empty). */
extern void hp_filter_append(HpStatement *statement, const HpFilter *filter, const char *alias);

/*
 * The filter as columns that equal values: their number, each column once, or -1 if it says
 * anything else, or more than max of them.
 */
extern int	hp_filter_equalities(const HpFilter *filter, HpEquality *equalities, int max);

#endif							/* HP_FILTER_H */
