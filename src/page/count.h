/*-------------------------------------------------------------------------
 *
 * count.h
 *		How many rows a source has: exactly, about, or up to a bound.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_COUNT_H
#define HP_COUNT_H

#include "page/source.h"

typedef enum HpCountKind
{
	HP_COUNT_NONE,
	HP_COUNT_EXACT,
	HP_COUNT_ESTIMATED,
	HP_COUNT_BOUNDED
} HpCountKind;

typedef struct HpCount
{
	HpCountKind kind;
	int64		bound;
} HpCount;

extern HpCount hp_count_parse(const char *text);
extern int64 hp_count_rows(HpSource *source, HpCount count);

#endif							/* HP_COUNT_H */
