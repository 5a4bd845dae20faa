/*-------------------------------------------------------------------------
 *
 * cache.h
 *		What _PG_init needs of the cache room.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_CACHE_H
#define HP_CACHE_H

extern void hp_cache_init(void);

#endif							/* HP_CACHE_H */
