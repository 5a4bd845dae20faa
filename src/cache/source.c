/*-------------------------------------------------------------------------
 *
 * source.c
 *		The cache as a source of rows for other rooms (query/row_source.h).
 *
 * It is the way of hotpath.get_many(): the same check of privileges, the same
 * reasons to read the table instead, the same guarantee.  Where the cache must
 * not be used as a whole the caller is told so, and reads the table in its own
 * way; a key that misses is loaded here, all of them with one statement.
 *
 * Memory: the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "cache/source.h"

#include "cache/lookup.h"
#include "query/row_source.h"

static bool
has_columns(const HpKeyDef *def, const AttrNumber *columns, int n)
{
	for (int i = 0; i < n; i++)
	{
		bool		found = false;

		for (int k = 0; k < def->ncolumns && !found; k++)
			found = def->columns[k].attnum == columns[i];
		if (!found)
			return false;
	}
	return def->ncolumns == n;
}

static const HpKeyDef *
source_key(HpRelation *rel, const AttrNumber *columns, int n)
{
	HpCached   *cached = hp_config_of(rel);

	for (int i = 0; cached != NULL && i < cached->nkeys; i++)
		if (has_columns(cached->keys[i].def, columns, n))
			return cached->keys[i].def;
	return NULL;
}

static bool
source_read(HpRelation *rel, const HpKeyDef *def, HpKey *keys, int nkeys,
			HpKeyedRowVisitor visit, void *arg)
{
	HpLookup	reader;
	bool	   *usable;

	if (!hp_relation_may_select(rel))
		return false;
	hp_lookup_begin(&reader, rel, def);
	if (reader.cached == NULL)
		return false;
	usable = palloc(nkeys * sizeof(bool));
	memset(usable, true, nkeys * sizeof(bool));
	hp_lookup_batch(&reader, keys, usable, nkeys, visit, arg);
	return true;
}

/* Called from hp_cache_init(). */
void
hp_source_init(void)
{
	static const HpRowSource source = {.key = source_key, .read = source_read};

	hp_row_source = &source;
}
