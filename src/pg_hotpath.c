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
 * A second copy of the library, from another file, would have hooks and memory of
 * its own, or (on 15) share the functions of the first without their memory.  The
 * server lets libraries meet by a name; what is local to this file is this copy's
 * own on every major.
 */
static void
refuse_second_copy(void)
{
	static char own;
	void	  **first = find_rendezvous_variable("pg_hotpath");

	if (*first == NULL)
		*first = &own;
	else if (*first != &own)
		ereport(ERROR,
				errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				errmsg("pg_hotpath is loaded already, from another file"),
				errdetail("A session can use one copy of the library only."),
				errhint("Give no path of it in LOAD, dynamic_library_path or a parameter that preloads libraries."));
}

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

	refuse_second_copy();
	for (; done < lengthof(rooms); done++)
		rooms[done] ();
}
