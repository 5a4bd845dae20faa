/*-------------------------------------------------------------------------
 *
 * shmem.h
 *		Where the extension's shared memory comes from.
 *
 * One area serves every room that needs shared memory.  A room registers a
 * client at _PG_init; the area is the clients' shares, one after the other.
 *
 * Lock order of the whole extension.  A backend takes them in this order, and
 * never two of one kind:
 *
 *	1. control lock		(shmem.c: creation and activation of the area)
 *	2. registry lock	(cache/stats.c: slots of cached keys)
 *	3. partition lock	(cache/store.c: entries)
 *	4. stripe spinlock	(cache/fence.c: one writer's note; leaf)
 *
 * No lock is held while SQL, a type's function that may be written in SQL, or
 * anything that sleeps on a heavyweight lock runs.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_SHMEM_H
#define HP_SHMEM_H

#include "storage/lwlock.h"

/*
 * What lies in shared memory, and what it means.  After an upgrade without a
 * restart, sessions of two versions of the library run in one server.  They may
 * share the area only if this number agrees, so any change of a shared struct,
 * of a field's meaning or of the protocol needs a new one.
 */
#ifndef HP_SHMEM_LAYOUT
#define HP_SHMEM_LAYOUT 6
#endif

/* A room's share of the area. */
typedef struct HpShmemClient
{
	/* bytes wanted of an area of total bytes */
	Size		(*size) (Size total);
	/* lay out zeroed memory; runs once per area, must not throw */
	void		(*init) (char *place, Size size, int tranche);
	/* take up an area that init has laid out; runs once per backend */
	void		(*attach) (char *place, Size size);
} HpShmemClient;

/* What to do when the area does not exist yet (on-demand mode only). */
typedef enum HpShmemDemand
{
	HP_SHMEM_IF_EXISTS,			/* writers: what nobody reads needs no fence */
	HP_SHMEM_TRY,				/* readers: create it, or do without (one WARNING) */
	HP_SHMEM_REQUIRE			/* cache_table: create it, or raise an error */
} HpShmemDemand;

extern void hp_shmem_init(void);
extern void hp_shmem_register(const HpShmemClient *client);
extern bool hp_shmem_attach_slow(HpShmemDemand demand);
extern uint64 hp_shmem_start_xid(void);
extern bool hp_shmem_refused(void);
extern Size hp_shmem_size(void);
extern bool hp_shmem_is_preloaded(void);
extern bool hp_shmem_is_retired(void);

extern bool hp_shmem_attached;

/*
 * Make the area usable in this backend.  False when there is none: it does not
 * exist (HP_SHMEM_IF_EXISTS) or cannot be created (HP_SHMEM_TRY), or another
 * version has laid it out.  Throws where an existing one cannot be mapped.
 */
static inline bool
hp_shmem_attach(HpShmemDemand demand)
{
	return likely(hp_shmem_attached) || hp_shmem_attach_slow(demand);
}

#endif							/* HP_SHMEM_H */
