/*-------------------------------------------------------------------------
 *
 * rewrite.h
 *		row_to_json() of a row that never has to be formed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_REWRITE_H
#define HP_REWRITE_H

#include "nodes/pathnodes.h"

/* Arguments of row_columns_to_json() before the columns. */
#define HP_FIXED_ARGUMENTS 2

extern FuncExpr *hp_rewrite_row_call(PlannerInfo *root, const FuncExpr *call);

#endif							/* HP_REWRITE_H */
