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

int			hp_guc_batch_size = 10000;
int			hp_guc_cache_size_kb = 64 * 1024;
char	   *hp_guc_cursor_secret = NULL;
int			hp_guc_cursor_ttl_s = 0;
int			hp_guc_default_page_size = 20;
bool		hp_guc_enabled = true;
int			hp_guc_max_embed_depth = 16;
int			hp_guc_max_entry_size_kb = 64;
int			hp_guc_max_page_size = 1000;

/* A parameter that is a number. */
typedef struct IntParameter
{
	const char *name;
	const char *what;
	const char *details;
	int		   *variable;
	int			initial;
	int			min;
	int			max;
	GucContext	context;
	int			flags;
} IntParameter;

static const IntParameter int_parameters[] = {
	{"pg_hotpath.batch_size",
		"Number of parents whose related rows one statement loads.", NULL,
	&hp_guc_batch_size, 10000, 1, 1000000, PGC_USERSET, 0},

	{"pg_hotpath.cache_size",
		"Shared memory of the row cache.",
		"Taken at server start when the library is in shared_preload_libraries, at first use otherwise.",
	&hp_guc_cache_size_kb, 64 * 1024, 1024, INT_MAX, PGC_SIGHUP, GUC_UNIT_KB},

	{"pg_hotpath.cursor_ttl",
		"Time after which the cursor of a page is refused.",
		"0 accepts cursors for ever.",
	&hp_guc_cursor_ttl_s, 0, 0, INT_MAX, PGC_SUSET, GUC_UNIT_S},

	{"pg_hotpath.default_page_size",
		"Number of rows of a page when the call names none.", NULL,
	&hp_guc_default_page_size, 20, 1, 1000000, PGC_USERSET, 0},

	{"pg_hotpath.max_embed_depth",
		"Number of levels that a specification of related rows may have.", NULL,
	&hp_guc_max_embed_depth, 16, 1, 1000, PGC_USERSET, 0},

	{"pg_hotpath.max_entry_size",
		"Largest row or JSON text that is cached.", NULL,
	&hp_guc_max_entry_size_kb, 64, 1, 1024 * 1024, PGC_SUSET, GUC_UNIT_KB},

	{"pg_hotpath.max_page_size",
		"Largest number of rows of a page.",
		"A call that asks for more gets this many.",
	&hp_guc_max_page_size, 1000, 1, 1000000, PGC_USERSET, 0},
};

/*
 * Is it defined already?  What was only set before the library came is a
 * placeholder.
 */
static bool
is_defined(const char *name)
{
	int			flags = GetConfigOptionFlags(name, true);

	return flags != 0 ? (flags & GUC_CUSTOM_PLACEHOLDER) == 0 : GetConfigOption(name, true, false) != NULL;
}

static void
define_int(const IntParameter *p)
{
	GucContext	context = p->context;

	if (is_defined(p->name))
		return;
	if (p->variable == &hp_guc_cache_size_kb && process_shared_preload_libraries_in_progress)
		context = PGC_POSTMASTER;
	DefineCustomIntVariable(p->name, p->what, p->details, p->variable, p->initial, p->min, p->max,
							context, p->flags, NULL, NULL, NULL);
}

/*
 * Define the parameters.  A parameter must not be defined twice, and an attempt
 * to load the library may end in here for want of memory; the next one defines
 * the rest.  No interrupt may end it between the definition of a parameter and
 * its being set to what it was set to before, which may raise a warning.
 */
void
hp_guc_init(void)
{
	HOLD_INTERRUPTS();
	for (int i = 0; i < lengthof(int_parameters); i++)
		define_int(&int_parameters[i]);

	/* of an initial text the server makes a copy, and ends the session if it cannot */
	if (!is_defined("pg_hotpath.cursor_secret"))
		DefineCustomStringVariable("pg_hotpath.cursor_secret",
								   "Key that the cursors of pages are signed with.",
								   "When empty, cursors are not signed.",
								   &hp_guc_cursor_secret,
								   NULL,
								   PGC_SUSET,
								   GUC_SUPERUSER_ONLY | GUC_NO_SHOW_ALL | GUC_NOT_IN_SAMPLE,
								   NULL, NULL, NULL);

	if (!is_defined("pg_hotpath.enabled"))
		DefineCustomBoolVariable("pg_hotpath.enabled",
								 "Serves reads from the cache.",
								 "When off, every read goes to the table; writers are "
								 "noted all the same.",
								 &hp_guc_enabled,
								 true,
								 PGC_USERSET,
								 0,
								 NULL, NULL, NULL);

	MarkGUCPrefixReserved("pg_hotpath");
	RESUME_INTERRUPTS();
}

void
hp_guc_set(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
							 false);
}
