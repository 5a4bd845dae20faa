/*-------------------------------------------------------------------------
 *
 * source.h
 *		The cache as a source of rows for other rooms.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_CACHE_SOURCE_H
#define HP_CACHE_SOURCE_H

extern void hp_source_init(void);

#endif							/* HP_CACHE_SOURCE_H */
