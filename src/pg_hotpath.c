/*-------------------------------------------------------------------------
 *
 * pg_hotpath.c
 *		Module entry: initialises the rooms, lower floors first.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "base/guc.h"
#include "base/shmem.h"
#include "cache/cache.h"
#include "catalog/relation.h"
#include "catalog/relationship.h"
#include "fmgr.h"

HP_MODULE_MAGIC("pg_hotpath", HP_VERSION);

PGDLLEXPORT void _PG_init(void);

/*
 * An attempt to load the library that fails, for want of memory, leaves it in the
 * process, and the next attempt comes here again: it goes on where that one ended.
 */
void
_PG_init(void)
{
	static void (*const rooms[]) (void) = {
		hp_guc_init,
		hp_shmem_init,
		hp_relation_init,
		hp_relationship_init,
		hp_cache_init,
	};
	static int	done = 0;

	for (; done < lengthof(rooms); done++)
		rooms[done] ();
}
