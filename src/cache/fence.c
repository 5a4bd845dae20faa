/*-------------------------------------------------------------------------
 *
 * fence.c
 *		Stripes, the notes that writers leave in them, and the quiet rule.
 *
 * A stripe is the fence of every key that hashes to it.  It remembers the last
 * HP_RING writers by full top-level transaction id, the largest id that was
 * ever pushed out, and a version that grows with every newly noted writer.
 *
 * A cached thing is a payload and the versions of the stripes it depends on.
 * A reader may use it under snapshot S when each of these stripes still has the
 * recorded version and is *quiet* for S: every writer noted in it is finished
 * as of S, and so is everyone that the ring has forgotten.  A reader may
 * publish what it read under S when each stripe, looked at after the read, is
 * quiet for S.  Nothing happens at commit or abort.
 *
 * Why it holds: a writer noted before the stripe was looked at has finished as
 * of S, so S contains its effect; a writer noted later changes the version
 * before it can commit, so what was published is dead by then.  A rolled-back
 * writer costs a miss.  test/model checks this, and that no rule is spare.
 *
 * A note is a no-op only for the transaction that noted the stripe last.  For
 * fills it would be enough to be in the ring; but a row that another writer of
 * the stripe has staged for its commit (stage.c) must be dead once we change the
 * same row after it, though our earlier note was of another key.  Notes of
 * tables always count, because a writer that stages a row does not note the
 * table's stripe, and so does not show up as the last one there.
 *
 * A reader may look at a stripe before or after it looks for the entry: a
 * writer noted between the two is not finished as of S, and an entry with the
 * old version does not hold its effect either.
 *
 * Stripes of tables (TRUNCATE, DDL) are the first part of the array, apart from
 * those of keys, so that a key that is written often never disturbs a table
 * that shares its stripe.
 *
 * Locking: a note takes the stripe's spinlock, which serialises writers.  The
 * version doubles as a sequence lock for readers, who take nothing: it is odd
 * while a writer is inside.  A reader that finds no consistent copy after
 * HP_READ_TRIES treats the stripe as not quiet; a preempted writer must not
 * hold up readers.
 *
 * DDL is visible to snapshots a moment before its invalidation messages are sent,
 * so a session may read rows of after by catalogs of before.  Such a reading must
 * not be published: hp_fence_settled() tells whether that moment has passed for
 * all that a stripe has noted, by the locks on their transaction ids, which are
 * released after the messages were sent.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "cache/fence.h"

#include "access/transam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "base/compat.h"
#include "base/shmem.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "port/pg_bitutils.h"
#include "storage/lock.h"
#include "storage/spin.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* test/model/run.sh checks the model against this number */
#define HP_RING 3
#define HP_READ_TRIES 1000
#define HP_MIN_TABLE_STRIPES 64
#define HP_SETTLE_MS 16			/* the last and longest nap */
#define HP_ASK_AGAIN_MS 100

typedef struct HpStripe
{
	pg_atomic_uint64 version;	/* odd while a writer is inside; else even */
	volatile uint64 ring[HP_RING];	/* written under lock; 0 is an empty place */
	volatile uint64 overflow;	/* written under lock; largest id out of the ring */
	volatile uint64 last;		/* written under lock; who noted last */
	pg_atomic_uint64 settled;	/* version up to which see hp_fence_settled() */
	slock_t		lock;			/* serialises writers */
	char		pad[64 - (4 + HP_RING) * sizeof(uint64) - sizeof(slock_t)];
} HpStripe;

StaticAssertDecl(sizeof(HpStripe) == 64, "a stripe is one cache line");

static HpStripe *stripes = NULL;
static uint32 ntable = 0;		/* power of two; stripes of tables come first */
static uint32 nkey = 0;			/* power of two */

/* The last transaction of this backend that has noted a table. */
static uint64 noted_a_table = 0;

/*
 * One sixteenth of the area, of which the largest power of two of key stripes is
 * used: with 64 MB, about one for every 14 of the smallest entries.
 */
Size
hp_fence_size(Size total)
{
	return total / 16;
}

/* How many stripes of each kind fit; the same in every backend. */
static void
divide(Size size)
{
	uint32		fit = Min(size / sizeof(HpStripe), (Size) 1 << 30);

	nkey = pg_prevpower2_32(fit - fit / 16);
	ntable = Max(HP_MIN_TABLE_STRIPES, nkey / 32);
	Assert((Size) (nkey + ntable) * sizeof(HpStripe) <= size);
}

/* Lay out zeroed memory. */
void
hp_fence_layout(char *place, Size size)
{
	HpStripe   *all = (HpStripe *) place;

	divide(size);
	for (uint32 i = 0; i < ntable + nkey; i++)
	{
		pg_atomic_init_u64(&all[i].version, 2);
		pg_atomic_init_u64(&all[i].settled, 1);	/* which is no version */
		SpinLockInit(&all[i].lock);
	}
}

void
hp_fence_attach(char *place, Size size)
{
	divide(size);
	stripes = (HpStripe *) place;
}

uint32
hp_fence_stripes(void)
{
	return ntable + nkey;
}

/* The stripe of a key, by the 64-bit hash of relation and key. */
HpStripeNo
hp_fence_key_stripe(uint64 hash)
{
	return ntable + ((uint32) (hash >> 32) & (nkey - 1));
}

/* The stripe of a table as a whole. */
HpStripeNo
hp_fence_table_stripe(uint64 seed)
{
	return (uint32) (seed >> 32) & (ntable - 1);
}

/* A transaction id that has been handed out and is less than 2^32 ids old, in full. */
static uint64
widen(TransactionId xid, uint64 next)
{
	return next - (uint32) ((uint32) next - xid);
}

/* The last id that has been handed out. */
uint64
hp_fence_newest_xid(void)
{
	return U64FromFullTransactionId(ReadNextFullTransactionId()) - 1;
}

/*
 * Prepare a snapshot for many hp_fence_read() calls.  The next id is read again
 * whenever the snapshot may be another one.
 */
void
hp_fence_view(HpFenceView *view, Snapshot snapshot)
{
	static LocalTransactionId known_lxid = InvalidLocalTransactionId;
	static TransactionId known_xmin = InvalidTransactionId;
	static TransactionId known_xmax = InvalidTransactionId;
	static uint64 known_full_xmin = 0;

	if (known_lxid != HP_MY_LXID || known_xmin != snapshot->xmin ||
		known_xmax != snapshot->xmax)
	{
		uint64		next = U64FromFullTransactionId(ReadNextFullTransactionId());

		known_full_xmin = widen(snapshot->xmin, next);
		known_lxid = HP_MY_LXID;
		known_xmin = snapshot->xmin;
		known_xmax = snapshot->xmax;
	}
	view->snapshot = snapshot;
	view->xmin = known_full_xmin;
	view->own = U64FromFullTransactionId(GetTopFullTransactionIdIfAny());
}

/* Start fetching a stripe's cache line: it is rarely near. */
void
hp_fence_prefetch(HpStripeNo stripe)
{
	hp_prefetch(&stripes[stripe]);
}

/* Copy a stripe consistently; false when writers keep it changing. */
static bool
read_stripe(HpStripe *s, uint64 *version, uint64 *ring, uint64 *overflow)
{
	for (int i = 0; i < HP_READ_TRIES; i++)
	{
		uint64		before = pg_atomic_read_u64(&s->version);

		pg_read_barrier();
		for (int k = 0; k < HP_RING; k++)
			ring[k] = s->ring[k];
		*overflow = s->overflow;
		pg_read_barrier();
		if ((before & 1) == 0 && before == pg_atomic_read_u64(&s->version))
		{
			*version = before;
			return true;
		}
		pg_spin_delay();
	}
	return false;
}

/*
 * Read a stripe: its version, and whether it is quiet for the view's snapshot.
 * *version is valid whatever the result, except that it is 0, which no entry
 * records, when no consistent copy could be had.
 *
 * May look up pg_subtrans, so no lock may be held.
 */
HpQuiet
hp_fence_read(HpStripeNo stripe, const HpFenceView *view, uint64 *version)
{
	uint64		ring[HP_RING];
	uint64		overflow;
	bool		quiet = true;

	*version = 0;
	if (!read_stripe(&stripes[stripe], version, ring, &overflow))
		return HP_NOT_QUIET;

	if (overflow >= view->xmin || hp_shmem_start_xid() > view->xmin)
		quiet = false;
	for (int k = 0; k < HP_RING; k++)
	{
		if (ring[k] < view->xmin)
			continue;			/* finished, or an empty place */
		/* a snapshot does not list its own transaction, so ask that first */
		if (ring[k] == view->own)
			return HP_OWN_WRITE;
		if (quiet && XidInMVCCSnapshot((TransactionId) ring[k], view->snapshot))
			quiet = false;
	}
	return quiet ? HP_QUIET : HP_NOT_QUIET;
}

/* The place in the ring that a new writer takes: the smallest id, or an empty one. */
static int
smallest_place(const HpStripe *s)
{
	int			place = 0;

	for (int k = 1; k < HP_RING; k++)
		if (s->ring[k] < s->ring[place])
			place = k;
	return place;
}

static bool
in_ring(const volatile uint64 *ring, uint64 xid)
{
	for (int k = 0; k < HP_RING; k++)
		if (ring[k] == xid)
			return true;
	return false;
}

/*
 * Was the stripe noted last by a transaction, and if so, with which version?
 * Takes no lock: a consistent copy by the version, as readers make it.
 */
static bool
noted_last(HpStripe *s, uint64 xid, uint64 *version)
{
	uint64		before = pg_atomic_read_u64(&s->version);
	bool		result;

	pg_read_barrier();
	result = s->last == xid && in_ring(s->ring, xid);
	pg_read_barrier();
	*version = before;
	return result && (before & 1) == 0 && before == pg_atomic_read_u64(&s->version);
}

/* Put a transaction into the ring and count up the version, which is returned. */
static uint64
note(HpStripe *s, uint64 xid)
{
	uint64		version;

	SpinLockAcquire(&s->lock);
	version = pg_atomic_read_u64(&s->version);
	pg_atomic_write_u64(&s->version, version + 1);
	pg_write_barrier();
	if (!in_ring(s->ring, xid))
	{
		int			place = smallest_place(s);
		uint64		out = Min(s->ring[place], xid);

		if (out > s->overflow)
			s->overflow = out;
		if (xid > s->ring[place])
			s->ring[place] = xid;
	}
	s->last = xid;
	pg_write_barrier();
	version += 2;
	pg_atomic_write_u64(&s->version, version);
	SpinLockRelease(&s->lock);
	return version;
}

/*
 * Note the current transaction as a writer of a key's stripe, assigning it a
 * transaction id if it has none.  Returns the version of this note, for the
 * payload that the writer may stage.
 */
uint64
hp_fence_note_key(HpStripeNo stripe)
{
	HpStripe   *s = &stripes[stripe];
	uint64		xid = U64FromFullTransactionId(GetTopFullTransactionId());
	uint64		version;

	return noted_last(s, xid, &version) ? version : note(s, xid);
}

/* Note the current transaction as a writer of a table as a whole; always counts. */
void
hp_fence_note_table(HpStripeNo stripe)
{
	noted_a_table = U64FromFullTransactionId(GetTopFullTransactionId());
	note(&stripes[stripe], noted_a_table);
}

/*
 * The version of a stripe as it is now, for the payload that a writer stages
 * after its own note; 0, which no stripe has, when a writer is inside.
 */
uint64
hp_fence_version(HpStripeNo stripe)
{
	uint64		version = pg_atomic_read_u64(&stripes[stripe].version);

	return (version & 1) == 0 ? version : 0;
}

/* May this transaction be a noted writer of a stripe?  Errs on the side of yes. */
bool
hp_fence_noted_by_me(HpStripeNo stripe)
{
	uint64		own = U64FromFullTransactionId(GetTopFullTransactionIdIfAny());
	uint64		version;
	uint64		ring[HP_RING];
	uint64		overflow;

	return own != 0 && (!read_stripe(&stripes[stripe], &version, ring, &overflow) ||
						overflow >= own || in_ring(ring, own));
}

/*
 * Make everything that depends on a stripe dead, and take every transaction id
 * up to one for a writer: somebody has written without a note, and snapshots
 * that are older must not find the stripe quiet.
 */
void
hp_fence_close(HpStripeNo stripe, uint64 upto)
{
	HpStripe   *s = &stripes[stripe];
	uint64		version;

	SpinLockAcquire(&s->lock);
	version = pg_atomic_read_u64(&s->version);
	pg_atomic_write_u64(&s->version, version + 1);
	pg_write_barrier();
	if (upto > s->overflow)
		s->overflow = upto;
	pg_write_barrier();
	pg_atomic_write_u64(&s->version, version + 2);
	SpinLockRelease(&s->lock);
}

/*
 * Does another transaction in a ring, or up to an id, still hold the lock on its id?  One that is
 * older than the shared memory has noted nothing, and may have had to.
 */
static bool
is_being_ended(const uint64 *ring, uint64 upto)
{
	LockData   *data = GetLockStatusData();
	uint64		next = U64FromFullTransactionId(ReadNextFullTransactionId());
	bool		found = false;

	for (int i = 0; i < data->nelements && !found; i++)
	{
		const LockInstanceData *lock = &data->locks[i];
		uint64		xid;

		if (lock->locktag.locktag_type != LOCKTAG_TRANSACTION ||
			(lock->holdMask & LOCKBIT_ON(ExclusiveLock)) == 0 || lock->pid == MyProcPid)
			continue;
		xid = widen(lock->locktag.locktag_field1, next);
		found = xid <= upto || xid < hp_shmem_start_xid() || in_ring(ring, xid);
	}
	pfree(data->locks);
	pfree(data);
	return found;
}

/*
 * The same of transactions that are finished as of some snapshot: what is left of
 * them is the moment in which their messages are sent, or files unlinked.  Gives
 * that some time to pass, unless this transaction writes; if it is not enough, the
 * session does not ask again for a while.
 */
static bool
are_told(const uint64 *ring, uint64 upto)
{
	/* when to ask again, without an id and with one: a long writer must not keep readers from it */
	static TimestampTz ask_again[2] = {0, 0};
	bool		writes = TransactionIdIsValid(GetTopTransactionIdIfAny());

	if (GetCurrentTimestamp() < ask_again[writes])
		return false;
	for (int ms = 1; is_being_ended(ring, upto); ms *= 2)
	{
		if (writes || ms > HP_SETTLE_MS)
		{
			ask_again[writes] = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), HP_ASK_AGAIN_MS);
			return false;
		}
		CHECK_FOR_INTERRUPTS();
		pg_usleep(ms * 1000L);
	}
	return true;
}

/*
 * Have all ended that have an id up to this one, messages included?  As long as
 * they have not even finished as of the active snapshot, that tells.  False
 * during recovery, without a snapshot, and where the own id is among them: this
 * transaction may have changed catalogs that others do not see yet.
 */
bool
hp_fence_have_ended(uint64 upto)
{
	const uint64 nobody[HP_RING] = {0};
	uint64		own = U64FromFullTransactionId(GetTopFullTransactionIdIfAny());
	HpFenceView view;

	if (RecoveryInProgress() || !ActiveSnapshotSet() || (own != 0 && own <= upto))
		return false;
	hp_fence_view(&view, GetActiveSnapshot());
	return view.xmin > upto && are_told(nobody, upto);
}

/*
 * Have all that a stripe has noted up to its version, and that are finished as of
 * some snapshot, sent their invalidation messages?  Then whoever accepts these
 * now reads by catalogs that are no older than a snapshot for which the stripe is
 * quiet.  False as well when the version has passed, and in a transaction that
 * has noted a table itself.
 *
 * Once this is known it is known to all.  Finding it out looks at all locks of
 * the server, which happens once for each DDL command, and again only during the
 * moment that it is about.
 */
bool
hp_fence_settled(HpStripeNo stripe, uint64 version)
{
	HpStripe   *s = &stripes[stripe];
	uint64		ring[HP_RING];
	uint64		overflow;
	uint64		now;
	uint64		own = U64FromFullTransactionId(GetTopFullTransactionIdIfAny());

	if (own != 0 && own == noted_a_table)
		return false;
	if (pg_atomic_read_u64(&s->settled) != version)
	{
		if (!read_stripe(s, &now, ring, &overflow) || now != version ||
			!are_told(ring, overflow))
			return false;
		pg_write_barrier();
		pg_atomic_write_u64(&s->settled, version);
	}
	/* their messages are in the queue, and must not be looked for before */
	pg_read_barrier();
	return true;
}
