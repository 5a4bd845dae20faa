/*-------------------------------------------------------------------------
 *
 * order.h
 *		An order of rows: "placed_at DESC NULLS LAST, id".
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_ORDER_H
#define HP_ORDER_H

#include "access/tupdesc.h"
#include "lib/stringinfo.h"
#include "utils/rel.h"

typedef struct HpOrderColumn
{
	AttrNumber	attnum;			/* in the row's descriptor */
	NameData	name;
	Oid			type;			/* base type of the column */
	bool		is_domain;
	Oid			collation;		/* of the column */
	bool		nullable;		/* not known to be NOT NULL */
	bool		descending;
	bool		nulls_first;
	Oid			opfamily;		/* of the type's default btree operator class */
	Oid			opcintype;
	Oid			lt_operator;
	Oid			gt_operator;
	Oid			eq_operator;
	Oid			compare;		/* the btree comparison function */
} HpOrderColumn;

typedef struct HpOrder
{
	int			ncolumns;
	int			capacity;
	HpOrderColumn *columns;
} HpOrder;

/*
 * Parse an order over the columns of a row type; NULL or a blank text is an order of no columns.
 * what names the relation or query in messages.  A column named twice counts where it comes first.
 * Allocated in the current context.
 *
 * Errors: 42601 (syntax), 42703 (no such column), 42883 (a type without a btree order),
 * 54011 (more than INDEX_MAX_KEYS columns), each with detail and hint.
 */
extern HpOrder *hp_order_parse(const char *text, TupleDesc desc, const char *what);

/* Is a column among those that order? */
extern bool hp_order_has(const HpOrder *order, AttrNumber attnum);

/*
 * Append a column, which must not be there yet.  NULLs are last when ascending, first when
 * descending.  Errors: 42883 and 54011 as above.
 */
extern void hp_order_add(HpOrder *order, TupleDesc desc, AttrNumber attnum, bool descending);

/*
 * Does a forward (or backward) scan of an index have rows in the order of a column, by the index's
 * column at a position, from 0?  Where nulls go does not matter to a column that has none.
 */
extern bool hp_order_is_indexed(const HpOrderColumn *column, Relation index, int position,
								bool backward);

/* Append "alias.a DESC NULLS LAST, ..." or the reverse of it, without ORDER BY. */
extern void hp_order_append(StringInfo sql, const HpOrder *order, const char *alias, bool reverse);

/* A column as an operand: alias."name", cast to the base type where it is of a domain. */
extern void hp_order_append_operand(StringInfo sql, const HpOrderColumn *column,
									const char *alias);

#endif							/* HP_ORDER_H */
