/*-------------------------------------------------------------------------
 *
 * query_source.h
 *		Pages of a query that the user gives as text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_QUERY_SOURCE_H
#define HP_QUERY_SOURCE_H

#include "page/source.h"
#include "utils/array.h"
#include "utils/jsonb.h"

extern HpSource *hp_source_of_query(const char *query, Jsonb *params, const char *order_by,
									ArrayType *unique_key);

#endif							/* HP_QUERY_SOURCE_H */
