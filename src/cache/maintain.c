/*-------------------------------------------------------------------------
 *
 * maintain.c
 *		Work on the whole cache of a relation: warm it, verify it.
 *
 * Warming reads the table with one scan and publishes each row under every
 * cached key, by the same rules as a single read.  It evicts nothing: when
 * there is no room any more it stops.  Where nothing may be published at all, the
 * table is not read.
 *
 * Verifying walks the entries of a relation and compares each one that a reader
 * with the current snapshot could be served with the table.
 *
 * Locking: none is held while SQL runs.
 *
 * Memory: one batch of rows, or the entries of HP_WALK_BUCKETS buckets (store.c),
 * at a time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "cache/maintain.h"

#include "access/htup_details.h"
#include "base/compat.h"
#include "cache/lookup.h"
#include "miscadmin.h"
#include "query/query.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

/* Rows that find no room before warming stops: partitions fill unevenly. */
#define HP_WARM_REFUSALS 1000

typedef struct Warming
{
	HpLookup   *readers;		/* one for each cached key */
	int			nreaders;
	TupleDesc	desc;
	int64		max_rows;
	int64		loaded;
	int			refused;		/* in a row */
} Warming;

static bool
warm_enough(const Warming *w)
{
	return (w->max_rows >= 0 && w->loaded >= w->max_rows) || w->refused >= HP_WARM_REFUSALS;
}

/* Publish a row under every cached key. */
static bool
warm_row(Datum row, Oid rowtype, void *arg)
{
	Warming    *w = arg;
	HeapTupleHeader header = hp_row_header(row);
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header),.t_data = header};
	bool		loaded = false;
	bool		full = false;

	for (int i = 0; i < w->nreaders && !warm_enough(w); i++)
	{
		HpKey		key;
		bool		no_room;

		if (w->readers[i].cached == NULL ||
			!hp_key_of_tuple(&key, w->readers[i].def, &tuple, w->desc))
			continue;
		loaded |= hp_lookup_fill(&w->readers[i], &key, true, PointerGetDatum(header), false,
								 &no_room);
		full |= no_room;
	}
	if (loaded)
		w->loaded++;
	w->refused = full ? w->refused + 1 : 0;
	return !warm_enough(w);
}

/* Load up to max_rows rows (all with -1) without evicting; returns how many. */
int64
hp_maintain_warm(HpRelation *rel, int64 max_rows)
{
	HpCached   *cached = hp_config_of(rel);
	Warming		w = {.max_rows = max_rows};
	bool		may_fill = false;

	if (cached == NULL)
		return 0;
	w.nreaders = cached->nkeys;
	w.readers = palloc0(w.nreaders * sizeof(HpLookup));
	for (int i = 0; i < w.nreaders; i++)
	{
		hp_lookup_begin(&w.readers[i], rel, cached->keys[i].def);
		if (hp_lookup_may_fill(&w.readers[i]))
			may_fill = true;
		else
			w.readers[i].cached = NULL;
	}
	if (!may_fill)
	{
		/* raises the error that reading the table would */
		(void) hp_relation_rls_applies(rel, false);
		return 0;
	}
	w.desc = lookup_rowtype_tupdesc_copy(rel->rowtype, -1);
	hp_query_all(rel, warm_row, &w);
	return w.loaded;
}

typedef struct Verifying
{
	HpLookup   *reader;
	MemoryContext context;
	int64		max_rows;
	int64		checked;
	int64		stale;
} Verifying;

/* Is an entry's payload the row, or its JSON? */
static bool
same_payload(const HpEntryView *entry, Datum row)
{
	Datum		json;

	if (entry->key.kind == HP_ENTRY_ROW)
		return DatumGetBool(OidFunctionCall2(F_RECORD_IMAGE_EQ, row,
											 PointerGetDatum(entry->payload)));
	json = DirectFunctionCall1(row_to_json, row);
	return VARSIZE(DatumGetPointer(json)) == entry->payload_len &&
		memcmp(DatumGetPointer(json), entry->payload, entry->payload_len) == 0;
}

/* Would a reader be served what the entry holds?  If so, is it what the table holds? */
static bool
verify_entry(const HpEntryView *entry, void *arg)
{
	Verifying  *v = arg;
	MemoryContext outer;
	HpKey		key;
	Datum		row;
	bool		found;

	if (v->max_rows >= 0 && v->checked >= v->max_rows)
		return false;
	if (entry->expires != 0 && entry->expires <= GetCurrentTimestamp())
		return true;
	/* the key may have had other types then, so its image must not be looked into */
	if (entry->key.versions[1] != v->reader->table_version)
		return true;
	outer = MemoryContextSwitchTo(v->context);
	hp_key_from_image(&key, v->reader->def, entry->key.image);
	hp_key_set(&key, v->reader->def);
	if (hp_lookup_is_current(v->reader, &key, entry))
	{
		row = hp_query_row(v->reader->rel, v->reader->def, &key, &found);
		v->checked++;
		if (found == entry->negative)
			v->stale++;
		else if (found && !same_payload(entry, row))
			v->stale++;
	}
	MemoryContextSwitchTo(outer);
	MemoryContextReset(v->context);
	return true;
}

/* Compare entries with the table, up to max_rows of them (all with -1). */
void
hp_maintain_verify(HpRelation *rel, int64 max_rows, int64 *checked, int64 *stale)
{
	HpCached   *cached = hp_config_of(rel);
	Verifying	v = {.max_rows = max_rows};

	*checked = *stale = 0;
	if (cached == NULL)
		return;
	v.context = AllocSetContextCreate(CurrentMemoryContext, "pg_hotpath verify",
									  ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < cached->nkeys; i++)
	{
		HpLookup	reader;

		hp_lookup_begin(&reader, rel, cached->keys[i].def);
		if (reader.cached == NULL)
			continue;
		v.reader = &reader;
		if (!hp_store_walk(cached->keys[i].slot, verify_entry, &v))
			break;
	}
	MemoryContextDelete(v.context);
	*checked = v.checked;
	*stale = v.stale;
}
