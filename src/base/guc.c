/*-------------------------------------------------------------------------
 *
 * guc.c
 *		Definition of the configuration parameters.
 *
 * pg_hotpath.cache_size is fixed once the memory is taken: at server start when
 * the library is preloaded (so it is a postmaster parameter then), at first use
 * otherwise (so a reload can still change it before that).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/guc.h"

#include <limits.h>

#include "miscadmin.h"
#include "utils/guc.h"

int			hp_guc_cache_size_kb = 64 * 1024;
bool		hp_guc_enabled = true;
int			hp_guc_max_entry_size_kb = 64;

/* Define the parameters; called once from _PG_init. */
void
hp_guc_init(void)
{
	DefineCustomIntVariable("pg_hotpath.cache_size",
							"Shared memory of the row cache.",
							"Taken at server start when the library is in "
							"shared_preload_libraries, at first use otherwise.",
							&hp_guc_cache_size_kb,
							64 * 1024, 1024, INT_MAX,
							process_shared_preload_libraries_in_progress ?
							PGC_POSTMASTER : PGC_SIGHUP,
							GUC_UNIT_KB,
							NULL, NULL, NULL);

	DefineCustomBoolVariable("pg_hotpath.enabled",
							 "Serves reads from the cache.",
							 "When off, every read goes to the table; writers are "
							 "noted all the same.",
							 &hp_guc_enabled,
							 true,
							 PGC_USERSET,
							 0,
							 NULL, NULL, NULL);

	DefineCustomIntVariable("pg_hotpath.max_entry_size",
							"Largest row or JSON text that is cached.",
							NULL,
							&hp_guc_max_entry_size_kb,
							64, 1, 1024 * 1024,
							PGC_SUSET,
							GUC_UNIT_KB,
							NULL, NULL, NULL);

	MarkGUCPrefixReserved("pg_hotpath");
}
