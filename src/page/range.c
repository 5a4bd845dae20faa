/*-------------------------------------------------------------------------
 *
 * range.c
 *		Which ranges of rows lie behind a place in an order.
 *
 * Behind (a, b, c) come first the rows with the same a and b whose c is behind c,
 * then those with the same a whose b is behind b, then those whose a is behind a.
 * Each of these is one range of an index on the three columns, and they follow
 * each other in the order asked for, whichever direction each column has, so a
 * page is read from one range after the other until it is full.  One condition
 * with OR for all of them would be a filter, not a range, wherever directions
 * are mixed.
 *
 * Nulls are in no range of a comparison, so they have ranges of their own: where
 * they come last, "is null" follows the range of the comparison; where they come
 * first and the place is among them, "is not null" is all that follows.
 *
 * A fixed column has the same value in all rows.  No row can differ from the
 * place in it, so it has no range of its own.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "page/range.h"

/* The ranges in which a column is the first to differ from the place's, in order. */
static int
list_column(const HpOrderColumn *column, int i, bool isnull, bool reverse, HpRange *ranges)
{
	bool		nulls_first = column->nulls_first != reverse;
	int			n = 0;

	if (isnull)
	{
		if (nulls_first)
			ranges[n++] = (HpRange) {i, HP_TEST_NOT_NULL};
		return n;
	}
	ranges[n++] = (HpRange) {i, HP_TEST_BEYOND};
	if (column->nullable && !nulls_first)
		ranges[n++] = (HpRange) {i, HP_TEST_NULL};
	return n;
}

/* Let the first range begin at the place itself. */
static int
list_place(const HpOrder *order, const bool *fixed, const HpPlace *from, HpRange *ranges)
{
	int			last = order->ncolumns - 1;

	if (last < 0 || fixed[last])
		ranges[0] = (HpRange) {order->ncolumns, HP_TEST_NONE};
	else
		ranges[0] = (HpRange) {last, from->isnull[last] ? HP_TEST_NULL : HP_TEST_FROM};
	return 1;
}

/*
 * The ranges of rows behind a place, in order, and how many there are.  Inclusive: the place
 * belongs to them.  fixed tells the fixed columns.  There is room for HP_MAX_RANGES.
 */
int
hp_range_list(const HpOrder *order, const bool *fixed, const HpPlace *from, bool inclusive,
			  bool reverse, HpRange *ranges)
{
	int			n = 0;

	if (from == NULL)
	{
		ranges[0] = (HpRange) {0, HP_TEST_NONE};
		return 1;
	}
	if (inclusive)
		n = list_place(order, fixed, from, ranges);
	for (int i = order->ncolumns - 1; i >= 0; i--)
	{
		HpRange	   *next = &ranges[n];
		int			more;

		if (fixed[i])
			continue;
		more = list_column(&order->columns[i], i, from->isnull[i], reverse, next);
		/* the range at the place has the rows behind it in the last column already */
		if (inclusive && i == order->ncolumns - 1 && more > 0 && next->test == HP_TEST_BEYOND)
		{
			more--;
			next[0] = next[1];
		}
		n += more;
	}
	return n;
}
