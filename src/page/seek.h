/*-------------------------------------------------------------------------
 *
 * seek.h
 *		Reads the rows behind a place in an order.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_SEEK_H
#define HP_SEEK_H

#include "page/source.h"
#include "query/reader.h"

extern void hp_seek(HpSource *source, const HpPlace *from, bool inclusive, bool reverse,
					uint64 limit, HpRowSink sink, void *arg);

/* scan.c */
extern bool hp_scan_ranges(HpSource *source, const HpPlace *from, const HpRange *ranges,
						   int nranges, bool reverse, HpRowSink sink, void *arg);

#endif							/* HP_SEEK_H */
