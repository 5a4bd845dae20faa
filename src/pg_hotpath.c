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

void
_PG_init(void)
{
	hp_guc_init();
	hp_shmem_init();
	hp_relation_init();
	hp_relationship_init();
	hp_cache_init();
}
