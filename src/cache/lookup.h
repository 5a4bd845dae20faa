/*-------------------------------------------------------------------------
 *
 * lookup.h
 *		Reading through the cache.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_LOOKUP_H
#define HP_LOOKUP_H

#include "cache/config.h"
#include "cache/store.h"
#include "query/row_source.h"

/* What a read came to. */
typedef enum HpOutcome
{
	HP_ROW,						/* there is a row, or its JSON */
	HP_NO_ROW,					/* there is none */
	HP_UNKNOWN					/* the cache does not know (only without loading) */
} HpOutcome;

/* A cached key ready for reading under one snapshot. */
typedef struct HpLookup
{
	HpRelation *rel;
	Oid			relid;
	uint64		generation;		/* of rel when the read began */
	const HpKeyDef *def;
	HpCachedKey *cached;		/* NULL: read the table */
	HpUserThen	user;			/* to whom no policy applied when the read began */
	HpFenceView view;
	HpStripeNo	table_stripe;
	HpQuiet		table_quiet;
	uint64		table_version;
} HpLookup;

/* Call before reading rows for hp_lookup_fill() that were not asked for by hp_lookup_probe(). */
extern bool hp_lookup_may_fill(HpLookup *reader);

extern void hp_lookup_prefetch(const HpRelation *rel, const HpKey *key, HpEntryKind kind);
extern void hp_lookup_begin(HpLookup *reader, HpRelation *rel, const HpKeyDef *def);
extern HpOutcome hp_lookup_row(HpLookup *reader, HpKey *key, bool load, Datum *row);
extern HpOutcome hp_lookup_probe(HpLookup *reader, HpKey *key, HpBuffer *payload, bool *fill);
extern HpOutcome hp_lookup_json(HpLookup *reader, HpKey *key, Datum *json);
extern void hp_lookup_batch(HpLookup *reader, HpKey *keys, const bool *usable, int nkeys,
							HpKeyedRowVisitor visit, void *arg);
extern bool hp_lookup_is_current(HpLookup *reader, const HpKey *key, const HpEntryView *view);
extern bool hp_lookup_forget(HpLookup *reader, HpKey *key);
extern bool hp_lookup_fill(HpLookup *reader, HpKey *key, bool found, Datum row, bool may_evict,
						   bool *full);

#endif							/* HP_LOOKUP_H */
