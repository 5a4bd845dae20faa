/*-------------------------------------------------------------------------
 *
 * format.h
 *		The formats of an export: what stands around its rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_FORMAT_H
#define HP_FORMAT_H

#include "json/encoder.h"

/* A row is its prefix, its JSON text and a line feed. */
typedef struct HpFormat
{
	const char *name;
	HpRowShape	shape;
	bool		header;			/* the column names come first */
	const char *first;			/* prefix of the first row */
	const char *next;			/* prefix of every other row */
	const char *end;			/* after the last row */
	const char *empty;			/* instead of it all when there is no row */
} HpFormat;

extern const HpFormat *hp_format_find(const char *name);

#endif							/* HP_FORMAT_H */
