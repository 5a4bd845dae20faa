/*-------------------------------------------------------------------------
 *
 * maintain.h
 *		Work on the whole cache of a relation: warm it, verify it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_MAINTAIN_H
#define HP_MAINTAIN_H

#include "catalog/relation.h"

extern int64 hp_maintain_warm(HpRelation *rel, int64 max_rows);
extern void hp_maintain_verify(HpRelation *rel, int64 max_rows, int64 *checked, int64 *stale);

#endif							/* HP_MAINTAIN_H */
