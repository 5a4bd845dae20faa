/*-------------------------------------------------------------------------
 *
 * source.h
 *		What pages are cut from: a relation or a query, with an order and a filter.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_PAGE_SOURCE_H
#define HP_PAGE_SOURCE_H

#include "catalog/argument.h"
#include "nodes/params.h"
#include "page/range.h"
#include "query/filter.h"
#include "query/order.h"

/* An index that has the rows of every range side by side, in order. */
typedef struct HpRangeIndex
{
	Oid			index;			/* InvalidOid: there is none */
	bool		backward;		/* it has them in the reverse order */
	AttrNumber	equal_attno[INDEX_MAX_KEYS];	/* index column of each equality, ... */
	AttrNumber	order_attno[INDEX_MAX_KEYS];	/* ... of each column of the order; 0: fixed */
} HpRangeIndex;

typedef struct HpSource
{
	MemoryContext context;		/* of all of this */
	Relation	rel;			/* open, or NULL: a query */
	const char *name;			/* for messages */
	const char *from;			/* what stands behind FROM, alias included */
	const char *alias;
	const char *list;			/* what stands behind SELECT */
	ParamListInfo params;		/* of the query */

	TupleDesc	base;			/* of the relation or query; what attnums refer to */
	TupleDesc	desc;			/* of the rows that sinks are shown */
	bool		whole_row;		/* desc is base; the list is the row as one composite value */
	AttrNumber *attnums;		/* else: the column of base for each of desc */

	HpOrder    *order;
	AttrNumber *places;			/* in desc, of the order's columns */
	bool		unique;			/* known to tell all rows apart; else it is checked */
	bool	   *fixed;			/* columns of the order that an equality fixes */

	HpFilter   *filter;
	bool		only_equal;		/* the filter is nothing but the equalities */
	int			nequal;
	HpEquality *equal;
	HpEquality *parent;			/* the one that is not in the filter, or NULL */
	HpOrderColumn parent_column;

	FmgrInfo   *compare;		/* of each column of the order */

	const struct HpEmbed *embed;	/* related rows that filter these as well, or NULL */

	bool		direct;			/* ranges are read from the index, without a statement */
	HpUserThen	user;			/* for whom that was found out */
	HpRangeIndex index;
	struct HpScan *scan;		/* see scan.c; NULL until the first range is read */
} HpSource;

extern HpSource *hp_source_of_relation(HpRelation *rel, const char *order_by, Jsonb *filter,
									   const HpColumnList *columns);
extern void hp_source_add_parent(HpSource *source, const HpOrderColumn *column);
extern char *hp_source_identity(const HpSource *source);
extern void hp_source_append_condition(HpSource *source, HpStatement *statement);
extern void hp_source_prepare(HpSource *source);
extern void hp_source_close(HpSource *source);
extern void hp_source_place(HpSource *source, TupleTableSlot *slot, HpPlace *place);
extern int	hp_source_compare(HpSource *source, const HpPlace *a, const HpPlace *b);

/* scan.c */
extern void hp_scan_close(HpSource *source);

/* index.c */
extern void hp_source_choose_index(HpSource *source);
extern bool hp_source_is_direct(HpSource *source);

#endif							/* HP_PAGE_SOURCE_H */
