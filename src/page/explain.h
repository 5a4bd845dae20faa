/*-------------------------------------------------------------------------
 *
 * explain.h
 *		How pages of a source are read, and what would make them faster.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_EXPLAIN_H
#define HP_EXPLAIN_H

#include "page/source.h"

typedef struct HpExplanation
{
	const char *strategy;
	Oid			index;			/* InvalidOid: none fits */
	const char *ddl;			/* the index to create, or NULL */
	const char *note;			/* or NULL */
} HpExplanation;

extern void hp_explain_source(HpSource *source, HpExplanation *explanation);

#endif							/* HP_EXPLAIN_H */
