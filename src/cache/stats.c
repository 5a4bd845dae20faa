/*-------------------------------------------------------------------------
 *
 * stats.c
 *		The registry of cached keys in shared memory, and their counters.
 *
 * Every cached key of a relation that is in use has a slot, found by database,
 * relation and seed (the seed tells the keys of a relation apart).  A slot has
 * a generation that changes when it is given to another key, so that entries
 * and counts that name an old use of it are never taken for the new one's.
 *
 * Counters are collected per backend and added at the end of the transaction,
 * because a hit must not write to a cache line that all backends share.
 *
 * Caveats: counts of a backend that is killed are lost; counts made for a slot
 * that was given away meanwhile are dropped; a reset races with concurrent
 * flushes, which then survive it.
 *
 * Locking: registry->lock is held exclusively to hand out slots and change
 * fingerprints, shared to look.  A slot's generation and owner are read without
 * it where an old value is checked again under it, or costs no more than a count
 * or a dead entry.  Counters are atomics, changed without it.
 *
 * Memory: fixed; when all slots are taken, those of dropped databases and of
 * tables of this one that are not cached any more are given away, and failing that
 * the key is not cached, which hotpath.cache_check() tells.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "cache/stats.h"

#include "access/xact.h"
#include "base/compat.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "storage/lwlock.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#define HP_BYTES_PER_SLOT (64 * 1024)
#define HP_MIN_SLOTS 32
#define HP_MAX_SLOTS 4096

typedef struct HpSlot
{
	/* guarded by registry->lock */
	uint32		generation;		/* 0: never used; also changed on reuse */
	Oid			dbid;			/* InvalidOid: free */
	Oid			relid;
	Oid			indexid;		/* as of the last registration, for display */
	uint64		seed;
	uint64		fingerprint;	/* of the table, as whoever is linked knows it */
	uint64		announced;		/* what it is to become, see hp_config_link() */
	uint64		announced_upto; /* when these have ended; full transaction id */
	/* atomics */
	pg_atomic_uint64 entries;
	pg_atomic_uint64 bytes;
	pg_atomic_uint64 counts[HP_NCOUNTERS];
} HpSlot;

typedef struct HpRegistry
{
	LWLock		lock;
	uint32		nslots;
	pg_atomic_uint64 freed;		/* how many slots were given back ever */
	HpSlot		slots[FLEXIBLE_ARRAY_MEMBER];
} HpRegistry;

HpPending  *hp_stats_dirty = NULL;

static HpRegistry *registry = NULL;
static HTAB *pending_by_slot = NULL;

/* A relation whose slots go when the transaction commits, or is rolled back. */
typedef struct Forgotten
{
	Oid			relid;			/* InvalidOid when its subtransaction was rolled back */
	SubTransactionId subid;		/* that said so */
	bool		at_abort;
} Forgotten;

/* A list of these, in TopTransactionContext. */
static List *forgotten = NIL;

Size
hp_stats_size(Size total)
{
	Size		slots = total / HP_BYTES_PER_SLOT;

	slots = Min(Max(slots, HP_MIN_SLOTS), HP_MAX_SLOTS);
	return offsetof(HpRegistry, slots) + slots * sizeof(HpSlot);
}

void
hp_stats_layout(char *place, Size size, int tranche)
{
	HpRegistry *r = (HpRegistry *) place;

	LWLockInitialize(&r->lock, tranche);
	r->nslots = (size - offsetof(HpRegistry, slots)) / sizeof(HpSlot);
	pg_atomic_init_u64(&r->freed, 0);
	for (uint32 i = 0; i < r->nslots; i++)
	{
		pg_atomic_init_u64(&r->slots[i].entries, 0);
		pg_atomic_init_u64(&r->slots[i].bytes, 0);
		for (int c = 0; c < HP_NCOUNTERS; c++)
			pg_atomic_init_u64(&r->slots[i].counts[c], 0);
	}
}

void
hp_stats_attach(char *place, Size size)
{
	registry = (HpRegistry *) place;
}

static bool
slot_is(const HpSlot *slot, Oid relid, uint64 seed)
{
	return slot->dbid == MyDatabaseId && slot->relid == relid && slot->seed == seed;
}

/* Is a slot still the one that it was given out as? */
static bool
is_still(const HpSlot *slot, HpSlotRef ref)
{
	return slot->generation == ref.generation && OidIsValid(slot->dbid);
}

/* Find the slot of a key of this database; -1 if it has none. */
static int
find_slot_locked(Oid relid, uint64 seed)
{
	Assert(LWLockHeldByMe(&registry->lock));
	for (uint32 i = 0; i < registry->nslots; i++)
		if (slot_is(&registry->slots[i], relid, seed))
			return i;
	return -1;
}

static void
clear_slot_locked(HpSlot *slot)
{
	Assert(LWLockHeldByMeInMode(&registry->lock, LW_EXCLUSIVE));
	if (OidIsValid(slot->dbid))
		pg_atomic_fetch_add_u64(&registry->freed, 1);
	slot->dbid = InvalidOid;
	slot->fingerprint = 0;
	slot->announced = 0;
	pg_atomic_write_u64(&slot->entries, 0);
	pg_atomic_write_u64(&slot->bytes, 0);
	for (int c = 0; c < HP_NCOUNTERS; c++)
		pg_atomic_write_u64(&slot->counts[c], 0);
}

static int
find_free_slot_locked(void)
{
	Assert(LWLockHeldByMe(&registry->lock));
	for (uint32 i = 0; i < registry->nslots; i++)
		if (registry->slots[i].dbid == InvalidOid)
			return i;
	return -1;
}

/*
 * Give back the slots of dropped databases, and those of this one for other relations than these, which
 * become sorted.  Whoever uses one still finds nothing by it, and takes another.  Reads a catalog, so
 * takes the lock for each slot itself.
 */
void
hp_stats_reclaim(Oid *relids, int n)
{
	qsort(relids, n, sizeof(Oid), oid_cmp);
	for (uint32 i = 0; i < registry->nslots; i++)
	{
		HpSlot	   *slot = &registry->slots[i];
		Oid			dbid = slot->dbid;
		Oid			relid = slot->relid;

		if (dbid == InvalidOid ||
			(dbid == MyDatabaseId ?
			 bsearch(&relid, relids, n, sizeof(Oid), oid_cmp) != NULL :
			 SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(dbid))))
			continue;
		LWLockAcquire(&registry->lock, LW_EXCLUSIVE);
		if (slot->dbid == dbid && slot->relid == relid)
			clear_slot_locked(slot);
		LWLockRelease(&registry->lock);
	}
}

/*
 * The slot of a key of a relation of this database, taken if it has none yet.
 * Generation 0 when all are in use.
 */
HpSlotRef
hp_stats_register(Oid relid, Oid indexid, uint64 seed)
{
	HpSlotRef	ref = {0, 0};
	int			i;

	LWLockAcquire(&registry->lock, LW_EXCLUSIVE);
	i = find_slot_locked(relid, seed);
	if (i < 0 && (i = find_free_slot_locked()) >= 0)
	{
		HpSlot	   *slot = &registry->slots[i];

		clear_slot_locked(slot);
		if (++slot->generation == 0)
			slot->generation = 1;
		slot->dbid = MyDatabaseId;
		slot->relid = relid;
		slot->seed = seed;
	}
	if (i >= 0)
	{
		registry->slots[i].indexid = indexid;
		ref.slot = i;
		ref.generation = registry->slots[i].generation;
	}
	LWLockRelease(&registry->lock);
	return ref;
}

static bool
is_listed(uint64 seed, const uint64 *seeds, int n)
{
	for (int i = 0; i < n; i++)
		if (seeds[i] == seed)
			return true;
	return false;
}

/*
 * Give back the slots of a relation, but for those with the seeds given; or only those that nobody has
 * used yet.  Never throws.
 */
static void
forget(Oid relid, bool unused_only, const uint64 *seeds, int n)
{
	LWLockAcquire(&registry->lock, LW_EXCLUSIVE);
	for (uint32 i = 0; i < registry->nslots; i++)
	{
		HpSlot	   *slot = &registry->slots[i];

		if (slot->dbid == MyDatabaseId && slot->relid == relid &&
			(!unused_only || slot->fingerprint == 0) && !is_listed(slot->seed, seeds, n))
			clear_slot_locked(slot);
	}
	LWLockRelease(&registry->lock);
}

/*
 * Give back the slots of a relation for keys that it has no more: all but those with these seeds.
 * Whoever uses one still, by catalogs of before, finds nothing by it any more.  Never throws.
 */
void
hp_stats_forget_others(Oid relid, const uint64 *seeds, int n)
{
	forget(relid, false, seeds, n);
}

/* How many slots were ever given back: a registry that was full is so still if it is as many. */
uint64
hp_stats_freed(void)
{
	return pg_atomic_read_u64(&registry->freed);
}

static void
forget_later(Oid relid, bool at_abort)
{
	MemoryContext outer = MemoryContextSwitchTo(TopTransactionContext);
	Forgotten  *f = palloc(sizeof(Forgotten));

	f->relid = relid;
	f->subid = GetCurrentSubTransactionId();
	f->at_abort = at_abort;
	forgotten = lappend(forgotten, f);
	MemoryContextSwitchTo(outer);
}

/* Give back the slots of a relation when this transaction commits. */
void
hp_stats_forget_at_commit(Oid relid)
{
	forget_later(relid, false);
}

/* Give back the slots of a relation that are not used yet when this (sub)transaction is rolled back. */
void
hp_stats_forget_at_abort(Oid relid)
{
	forget_later(relid, true);
}

/*
 * Is this the fingerprint that a slot remembers?  Whoever finds it there takes
 * the table's entries for right.
 */
bool
hp_stats_has_fingerprint(HpSlotRef ref, uint64 fingerprint)
{
	HpSlot	   *slot = &registry->slots[ref.slot];
	bool		result;

	LWLockAcquire(&registry->lock, LW_SHARED);
	result = is_still(slot, ref) && slot->fingerprint == fingerprint;
	LWLockRelease(&registry->lock);
	return result;
}

/*
 * Announce a fingerprint.  True if nobody has announced the same before; else
 * *upto becomes what was said then.
 */
bool
hp_stats_announce(HpSlotRef ref, uint64 fingerprint, uint64 *upto)
{
	HpSlot	   *slot = &registry->slots[ref.slot];
	bool		first;

	LWLockAcquire(&registry->lock, LW_EXCLUSIVE);
	first = !is_still(slot, ref) || slot->announced != fingerprint;
	if (is_still(slot, ref))
	{
		if (first)
		{
			slot->announced = fingerprint;
			slot->announced_upto = *upto;
		}
		*upto = slot->announced_upto;
	}
	LWLockRelease(&registry->lock);
	return first;
}

void
hp_stats_store_fingerprint(HpSlotRef ref, uint64 fingerprint)
{
	HpSlot	   *slot = &registry->slots[ref.slot];

	LWLockAcquire(&registry->lock, LW_EXCLUSIVE);
	if (is_still(slot, ref))
		slot->fingerprint = fingerprint;
	LWLockRelease(&registry->lock);
}

/* Is a slot still the one that it was given out as?  Takes no lock. */
bool
hp_stats_is_taken(HpSlotRef ref)
{
	return is_still(&registry->slots[ref.slot], ref);
}

/* Is a slot still the one that it was given out as, and of another database than this?  Takes no lock. */
bool
hp_stats_is_of_another_database(HpSlotRef ref)
{
	const HpSlot *slot = &registry->slots[ref.slot];

	return is_still(slot, ref) && slot->dbid != MyDatabaseId;
}

/* This backend's counters of a slot; they live as long as the backend. */
HpPending *
hp_stats_pending(HpSlotRef ref)
{
	HpPending  *pending;
	bool		found;

	if (pending_by_slot == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(uint32), .entrysize = sizeof(HpPending)};

		pending_by_slot = hash_create("pg_hotpath counters", 32, &ctl, HASH_ELEM | HASH_BLOBS);
	}
	pending = hash_search(pending_by_slot, &ref.slot, HASH_ENTER, &found);
	if (!found || pending->generation != ref.generation)
	{
		if (!found)
		{
			pending->dirty = false;
			pending->next = NULL;
		}
		pending->generation = ref.generation;
		memset(pending->counts, 0, sizeof(pending->counts));
	}
	return pending;
}

/* Add what this backend has counted to shared memory.  Never throws. */
void
hp_stats_flush(void)
{
	HpPending  *pending = hp_stats_dirty;

	hp_stats_dirty = NULL;
	for (; pending != NULL; pending = pending->next)
	{
		HpSlot	   *slot = &registry->slots[pending->slot];

		pending->dirty = false;
		for (int c = 0; c < HP_NCOUNTERS; c++)
		{
			if (pending->counts[c] != 0 && slot->generation == pending->generation)
				pg_atomic_fetch_add_u64(&slot->counts[c], pending->counts[c]);
			pending->counts[c] = 0;
		}
	}
}

/* Set all counters of all keys to zero; entries and bytes are not counters. */
void
hp_stats_reset(void)
{
	hp_stats_flush();
	for (uint32 i = 0; i < registry->nslots; i++)
		for (int c = 0; c < HP_NCOUNTERS; c++)
			pg_atomic_write_u64(&registry->slots[i].counts[c], 0);
}

/* An entry of a slot was made (1) or is gone (-1). */
void
hp_stats_add_entry(HpSlotRef ref, int entries, int64 bytes)
{
	HpSlot	   *slot = &registry->slots[ref.slot];

	if (slot->generation != ref.generation)
		return;
	pg_atomic_fetch_add_u64(&slot->entries, (int64) entries);
	pg_atomic_fetch_add_u64(&slot->bytes, bytes);
}

void
hp_stats_add_evictions(HpSlotRef ref, uint32 count)
{
	HpSlot	   *slot = &registry->slots[ref.slot];

	if (slot->generation == ref.generation)
		pg_atomic_fetch_add_u64(&slot->counts[HP_EVICTIONS], count);
}

/* Copy the slots of this database; returns their number. */
int
hp_stats_view(HpSlotView **views)
{
	int			n = 0;

	*views = palloc(registry->nslots * sizeof(HpSlotView));
	LWLockAcquire(&registry->lock, LW_SHARED);
	for (uint32 i = 0; i < registry->nslots; i++)
	{
		HpSlot	   *slot = &registry->slots[i];
		HpSlotView *view = &(*views)[n];

		if (slot->dbid != MyDatabaseId)
			continue;
		view->relid = slot->relid;
		view->indexid = slot->indexid;
		view->seed = slot->seed;
		for (int c = 0; c < HP_NCOUNTERS; c++)
			view->counts[c] = pg_atomic_read_u64(&slot->counts[c]);
		view->entries = (int64) pg_atomic_read_u64(&slot->entries);
		view->bytes = (int64) pg_atomic_read_u64(&slot->bytes);
		n++;
	}
	LWLockRelease(&registry->lock);
	return n;
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	ListCell   *lc;

	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_PARALLEL_ABORT:
			/* nobody is asked when what is prepared commits; too early does no harm */
			if ((event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
				 event == XACT_EVENT_PREPARE) && registry != NULL)
				foreach(lc, forgotten)
				{
					Forgotten  *f = lfirst(lc);

					if (OidIsValid(f->relid) && f->at_abort == (event == XACT_EVENT_ABORT))
						forget(f->relid, f->at_abort, NULL, 0);
				}
			forgotten = NIL;
			if (hp_stats_dirty != NULL)
				hp_stats_flush();
			break;
		default:
			break;
	}
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId subid, SubTransactionId parent,
					  void *arg)
{
	ListCell   *lc;

	foreach(lc, forgotten)
	{
		Forgotten  *f = lfirst(lc);

		if (f->subid != subid)
			continue;
		if (event == SUBXACT_EVENT_COMMIT_SUB)
			f->subid = parent;
		else if (event == SUBXACT_EVENT_ABORT_SUB)
		{
			if (OidIsValid(f->relid) && f->at_abort && registry != NULL)
				forget(f->relid, true, NULL, 0);
			f->relid = InvalidOid;
		}
	}
}

/* Called from the cache room's init. */
void
hp_stats_init(void)
{
	RegisterSubXactCallback(at_subtransaction_end, NULL);
	RegisterXactCallback(at_transaction_end, NULL);
}
