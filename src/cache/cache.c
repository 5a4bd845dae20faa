/*-------------------------------------------------------------------------
 *
 * cache.c
 *		The cache room's share of shared memory, and its start-up.
 *
 * The area is divided in the order registry, fences, entries; the entries get
 * what is left.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "cache/cache.h"

#include "base/shmem.h"
#include "cache/fence.h"
#include "cache/source.h"
#include "cache/stage.h"
#include "cache/stats.h"
#include "cache/store.h"

/* The three parts of the room's share. */
typedef struct CacheParts
{
	char	   *stats;
	Size		stats_size;
	char	   *fences;
	Size		fences_size;
	char	   *store;
	Size		store_size;
} CacheParts;

static CacheParts
divide(char *place, Size size)
{
	CacheParts	parts;

	parts.stats = place;
	parts.stats_size = hp_stats_size(size);
	parts.fences = parts.stats + CACHELINEALIGN(parts.stats_size);
	parts.fences_size = hp_fence_size(size);
	parts.store = parts.fences + CACHELINEALIGN(parts.fences_size);
	parts.store_size = size - (parts.store - place);
	return parts;
}

static Size
cache_size(Size total)
{
	return total;
}

static void
cache_layout(char *place, Size size, int tranche)
{
	CacheParts	parts = divide(place, size);

	hp_stats_layout(parts.stats, parts.stats_size, tranche);
	hp_fence_layout(parts.fences, parts.fences_size);
	hp_store_layout(parts.store, parts.store_size, tranche);
}

static void
cache_attach(char *place, Size size)
{
	CacheParts	parts = divide(place, size);

	hp_stats_attach(parts.stats, parts.stats_size);
	hp_fence_attach(parts.fences, parts.fences_size);
	hp_store_attach(parts.store, parts.store_size);
}

/*
 * Called from _PG_init; again, if there was no memory for a callback.  One that
 * is registered twice then finds nothing to do the second time.
 */
void
hp_cache_init(void)
{
	static const HpShmemClient client = {
		.size = cache_size,
		.init = cache_layout,
		.attach = cache_attach
	};

	hp_source_init();
	hp_stage_init();
	hp_stats_init();
	hp_shmem_register(&client);
}
