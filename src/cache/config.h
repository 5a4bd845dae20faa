/*-------------------------------------------------------------------------
 *
 * config.h
 *		Which tables are cached, by which keys, and whether that is safe now.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_CONFIG_H
#define HP_CONFIG_H

#include "cache/fence.h"
#include "cache/stats.h"
#include "catalog/relation.h"
#include "datatype/timestamp.h"

/* A key by which rows are cached. */
typedef struct HpCachedKey
{
	HpKeyDef   *def;
	HpSlotRef	slot;			/* generation 0 until hp_config_link() has taken it */
	HpPending  *pending;
	int64		ttl;			/* microseconds, 0 for ever */
	bool		write_through;
	struct HpConfigRow *row;	/* where it comes from */
} HpCachedKey;

/* May the rendered JSON of a row be kept? */
typedef enum HpJsonKind
{
	HP_JSON_FIXED,				/* depends on the row and on settings only */
	HP_JSON_NAMES,				/* and on the labels of enum types */
	HP_JSON_VOLATILE			/* on more than that: render it every time */
} HpJsonKind;

/* May a relation's entries be used? */
typedef enum HpLink
{
	HP_LINKED,
	HP_LINK_WAITS,				/* not yet, for transactions that must end first */
	HP_LINK_FULL				/* there is no slot for a key */
} HpLink;

/* What the cache knows of a relation with at least one cached key. */
typedef struct HpCached
{
	const char *unsafe;			/* why it must be bypassed, or NULL */
	uint64		fingerprint;

	/* hp_config_link() */
	HpStripeNo	table_stripe;
	bool		announced;		/* slots taken, and the fingerprint announced */
	uint64		announced_upto; /* whose end it takes to be linked; full transaction id */
	bool		linked;			/* the slots have the fingerprint */
	TimestampTz full_at;		/* there was no slot; not to be asked again soon, */
	uint64		full_freed;		/* unless more than these were ever given back */

	HpJsonKind	json;
	int			nleaves;		/* partitions that hold rows */
	Oid		   *leaves;
	int			nkeys;
	HpCachedKey keys[FLEXIBLE_ARRAY_MEMBER];
} HpCached;

/* A cached relation that a table's rows belong to: itself, or the root above it. */
typedef struct HpTarget
{
	Oid			relid;
	bool		whole;			/* its keys are not to be found in the table's rows */
	HpRelation *rel;			/* NULL if it is whole because it could not be locked */
	HpCached   *cached;
	AttrNumber *attnums;		/* of root columns in the table; NULL: the same */
	TupleDesc	desc;			/* of the root, then */
} HpTarget;

typedef struct HpTargets
{
	Oid			relid;			/* of the table; hash key */
	uint64		epoch;
	LocalTransactionId lxid;	/* the only transaction that they are for, if one is not locked */
	MemoryContext context;
	int			n;
	HpTarget   *targets;
} HpTargets;

/* A row of hotpath.cached_key. */
typedef struct HpConfigRow
{
	Oid			relid;
	bool		primary;		/* the primary key, whichever columns that has */
	List	   *columns;		/* names (char *), in key order */
	List	   *attnums;		/* int, the same columns */
	TransactionId xmin;			/* of the row itself */
	Interval   *ttl;			/* NULL: for ever */
	bool		write_through;
} HpConfigRow;

/* What the triggers of a cached table fire for. */
#define HP_ROW_EVENTS \
	(TRIGGER_TYPE_ROW | TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE)
#define HP_TRUNCATE_EVENTS TRIGGER_TYPE_TRUNCATE
/* And others of hotpath.cached_key. */
#define HP_TRUNCATE_CONFIG_EVENTS (TRIGGER_TYPE_TRUNCATE | TRIGGER_TYPE_BEFORE)
#define HP_KEEP_CONFIG_EVENTS (TRIGGER_TYPE_ROW | TRIGGER_TYPE_BEFORE | TRIGGER_TYPE_INSERT)

extern bool hp_config_fires_for_all(HeapTuple trigger, TupleDesc desc, int16 events);
extern HpCached *hp_config_load(HpRelation *rel);
extern HpLink hp_config_link(HpRelation *rel);
extern HpStripeNo hp_config_table_stripe(Oid relid);
extern HpStripeNo hp_config_types_stripe(void);
extern Oid	hp_config_function(const char *name);

/* targets.c */
extern HpTargets *hp_config_targets(Relation rel);

/* config_table.c */
extern int64 hp_config_microseconds(const Interval *interval);
extern List *hp_config_rows(Oid relid, int limit);
extern void hp_config_store(const HpConfigRow *row);
extern bool hp_config_same_columns(const HpConfigRow *a, const HpConfigRow *b);
extern bool hp_config_has_key_of(HeapTuple tuple, TupleDesc desc);
extern Oid	hp_config_table(void);
extern bool hp_config_delete_all(const List *relids);

/* What the cache knows of a relation; NULL when it is not cached. */
static inline HpCached *
hp_config_of(HpRelation *rel)
{
	return likely(rel->cached_known) ? rel->cached : hp_config_load(rel);
}

/*
 * The cached key with a definition; NULL if rows are not cached by it.  Another
 * index on the same columns may compare otherwise: what writers note does not
 * serve its readers.
 */
static inline HpCachedKey *
hp_config_key(HpCached *cached, const HpKeyDef *def)
{
	for (int i = 0; i < cached->nkeys; i++)
		if (cached->keys[i].def->seed == def->seed &&
			(cached->keys[i].def == def || hp_key_same_functions(cached->keys[i].def, def)))
			return &cached->keys[i];
	return NULL;
}

#endif							/* HP_CONFIG_H */
