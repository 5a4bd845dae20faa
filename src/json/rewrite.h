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

extern FuncExpr *hp_rewrite_row_call(PlannerInfo *root, const FuncExpr *call);

#endif							/* HP_REWRITE_H */
