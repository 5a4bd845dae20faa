/*-------------------------------------------------------------------------
 *
 * pages.h
 *		A page of rows for each of several parents.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_PAGES_H
#define HP_PAGES_H

#include "page/page.h"
#include "utils/array.h"
#include "utils/jsonb.h"
#include "utils/tuplestore.h"

typedef struct HpPagesRequest
{
	const char *parent_column;
	ArrayType  *parent_keys;
	const char *order_by;		/* or NULL */
	int			first;			/* or HP_NO_SIZE */
	ArrayType  *after;			/* text[]: a cursor or null for each parent; or NULL */
	Jsonb	   *filter;			/* or NULL */
} HpPagesRequest;

extern HpSource *hp_pages_read(HpRelation *rel, const HpPagesRequest *request,
							   Tuplestorestate *store, TupleDesc desc);

#endif							/* HP_PAGES_H */
