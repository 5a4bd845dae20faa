/*-------------------------------------------------------------------------
 *
 * range.h
 *		Which ranges of rows lie behind a place in an order.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_RANGE_H
#define HP_RANGE_H

#include "query/order.h"

/* A place in an order: the values of its columns.  A null pointer is the order's very start. */
typedef struct HpPlace
{
	Datum	   *values;
	bool	   *isnull;
} HpPlace;

/* What the first column that is not equal to the place's has to be. */
typedef enum HpRangeTest
{
	HP_TEST_NONE,				/* anything: all columns of the range are equal */
	HP_TEST_BEYOND,				/* behind the place's value, and not null */
	HP_TEST_FROM,				/* the same or behind it */
	HP_TEST_NULL,
	HP_TEST_NOT_NULL
} HpRangeTest;

/* Rows equal to the place in the first columns, with a test on the column after these. */
typedef struct HpRange
{
	int			nequal;
	HpRangeTest test;
} HpRange;

/* More than an order of n columns can have. */
#define HP_MAX_RANGES(n) (2 * (n) + 2)

extern int	hp_range_list(const HpOrder *order, const bool *fixed, const HpPlace *from,
						  bool inclusive, bool reverse, HpRange *ranges);

/* The direction that a column is read in. */
static inline bool
hp_range_descends(const HpOrderColumn *column, bool reverse)
{
	return column->descending != reverse;
}

#endif							/* HP_RANGE_H */
