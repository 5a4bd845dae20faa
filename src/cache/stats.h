/*-------------------------------------------------------------------------
 *
 * stats.h
 *		The registry of cached keys, and their counters.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_STATS_H
#define HP_STATS_H

#include "port/atomics.h"

/* What is counted per cached key, in the order of the view's columns. */
typedef enum HpCounter
{
	HP_HITS,
	HP_MISSES,
	HP_FILLS,
	HP_NOT_QUIET_READS,
	HP_NEGATIVE_HITS,
	HP_EXPIRED,
	HP_EVICTIONS,
	HP_INVALIDATIONS,
	HP_BYPASS_OWN_WRITE,
	HP_BYPASS_SERIALIZABLE,
	HP_BYPASS_RLS,
	HP_BYPASS_RECOVERY,
	HP_BYPASS_UNSAFE,
	HP_BYPASS_TOO_LARGE,
	HP_BYPASS_DISABLED
#define HP_NCOUNTERS (HP_BYPASS_DISABLED + 1)
} HpCounter;

/* A registered key: where it is, and which use of that place it is. */
typedef struct HpSlotRef
{
	uint32		slot;
	uint32		generation;		/* 0 is no slot */
} HpSlotRef;

/* What a backend has counted and not yet added to shared memory. */
typedef struct HpPending
{
	uint32		slot;			/* hash key */
	uint32		generation;
	bool		dirty;
	struct HpPending *next;		/* in the list of dirty ones */
	uint64		counts[HP_NCOUNTERS];
} HpPending;

extern void hp_stats_init(void);
extern Size hp_stats_size(Size total);
extern void hp_stats_layout(char *place, Size size, int tranche);
extern void hp_stats_attach(char *place, Size size);

extern HpSlotRef hp_stats_register(Oid relid, Oid indexid, uint64 seed);
extern void hp_stats_reclaim(Oid *relids, int n);
extern void hp_stats_forget_others(Oid relid, const uint64 *seeds, int n);
extern uint64 hp_stats_freed(void);
extern void hp_stats_forget_at_commit(Oid relid);
extern void hp_stats_forget_at_abort(Oid relid);
extern bool hp_stats_is_taken(HpSlotRef ref);
extern bool hp_stats_is_of_another_database(HpSlotRef ref);
extern bool hp_stats_has_fingerprint(HpSlotRef ref, uint64 fingerprint);
extern bool hp_stats_announce(HpSlotRef ref, uint64 fingerprint, uint64 *upto);
extern void hp_stats_store_fingerprint(HpSlotRef ref, uint64 fingerprint);
extern HpPending *hp_stats_pending(HpSlotRef ref);
extern void hp_stats_flush(void);
extern void hp_stats_reset(void);
extern void hp_stats_add_entry(HpSlotRef ref, int entries, int64 bytes);
extern void hp_stats_add_evictions(HpSlotRef ref, uint32 count);

/* A slot as the view shows it. */
typedef struct HpSlotView
{
	Oid			relid;
	Oid			indexid;
	uint64		seed;
	uint64		counts[HP_NCOUNTERS];
	int64		entries;
	int64		bytes;
} HpSlotView;

extern int	hp_stats_view(HpSlotView **views);

extern HpPending *hp_stats_dirty;

/* Count an event of a cached key; reaches shared memory at the end of the transaction. */
static inline void
hp_stats_count(HpPending *pending, HpCounter counter)
{
	if (unlikely(pending == NULL))
		return;
	pending->counts[counter]++;
	if (!pending->dirty)
	{
		pending->dirty = true;
		pending->next = hp_stats_dirty;
		hp_stats_dirty = pending;
	}
}

#endif							/* HP_STATS_H */
