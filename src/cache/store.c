/*-------------------------------------------------------------------------
 *
 * store.c
 *		The entries of the cache, and the memory they live in.
 *
 * The memory is divided into partitions, by hash.  A partition has a lock, a
 * hash table, a SIEVE queue and a pool of blocks of HP_BLOCK_SIZE bytes.  An
 * entry is a chain of blocks: a header, the key, the payload.  Any block serves
 * any entry, so memory does not fragment and evicting entries of n blocks makes
 * room for exactly n: a general allocator with size classes would calcify when
 * the mix of row sizes changes.  The chain is kept in an array beside the
 * blocks, so that neighbouring blocks are copied in one piece.
 *
 * There is at most one entry of a hash, slot and kind.  Two keys of one slot
 * with equal 64-bit hashes would displace each other, as would two texts of one
 * key that were rendered under settings with equal hashes; a reader compares the
 * key itself and the settings, so it never takes one for the other.  Who writes
 * settings ends them so that they can be read backwards from their end, where the
 * key's image stops.
 *
 * This file knows nothing of snapshots: the caller says which versions an entry
 * must have (see fence.c).
 *
 * Locking: finding takes the partition's lock shared and copies the payload
 * while holding it; publishing and removing take it exclusively.  Nothing that
 * may throw runs under the exclusive lock, so memory is never left unreachable.
 * Under the shared lock only the allocation of the caller's buffer may throw,
 * and error recovery releases the lock.
 *
 * Memory: fixed.  Publishing evicts until the entry fits, and gives up, without
 * an error, on one that is larger than half a partition.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "cache/store.h"

#include "base/compat.h"
#include "cache/store_private.h"
#include "common/int.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define HP_PARTITION_BYTES (1024 * 1024)
#define HP_MAX_PARTITIONS 128
#define HP_BLOCKS_PER_BUCKET 4
#define HP_WALK_BUCKETS 1024

/* The area's division; computed from its size, the same in every backend. */
typedef struct HpGeometry
{
	uint32		nparts;			/* power of two */
	uint32		nblocks;		/* of a partition */
	uint32		nbuckets;		/* of a partition, power of two */
	Size		stride;			/* bytes of a partition with its arrays */
	Size		buckets_at;		/* offsets within a partition */
	Size		next_at;
	Size		blocks_at;
} HpGeometry;

static char *area = NULL;
static HpGeometry geo;

static HpPartition *
partition_no(uint32 i)
{
	return (HpPartition *) (area + i * geo.stride);
}

static HpPartition *
partition_of(uint64 hash)
{
	return partition_no((uint32) (hash >> 56) & (geo.nparts - 1));
}

static HpBlockNo *
bucket_of(HpPartition *p, uint64 hash)
{
	return (HpBlockNo *) ((char *) p + geo.buckets_at) + ((uint32) hash & (geo.nbuckets - 1));
}

static HpBlockNo *
next_of(HpPartition *p, HpBlockNo block)
{
	Assert(block < geo.nblocks);
	return (HpBlockNo *) ((char *) p + geo.next_at) + block;
}

static char *
block_address(HpPartition *p, HpBlockNo block)
{
	Assert(block < geo.nblocks);
	return (char *) p + geo.blocks_at + (Size) block * HP_BLOCK_SIZE;
}

/* The header of an entry.  The only place where a block number becomes one. */
HpEntry *
hp_store_entry(HpPartition *p, HpBlockNo block)
{
	return (HpEntry *) block_address(p, block);
}

static void
divide(Size size)
{
	Size		parts = Min(Max(size / HP_PARTITION_BYTES, 1), HP_MAX_PARTITIONS);
	Size		per_block = HP_BLOCK_SIZE + sizeof(HpBlockNo);
	Size		usable;

	geo.nparts = pg_prevpower2_32((uint32) parts);
	geo.stride = TYPEALIGN_DOWN(PG_CACHE_LINE_SIZE, size / geo.nparts);
	geo.buckets_at = CACHELINEALIGN(sizeof(HpPartition));
	usable = geo.stride - geo.buckets_at - 2 * PG_CACHE_LINE_SIZE;
	geo.nbuckets = pg_prevpower2_32((uint32) Min(usable / per_block / HP_BLOCKS_PER_BUCKET,
												 (Size) 1 << 30));
	usable -= geo.nbuckets * sizeof(HpBlockNo);
	geo.nblocks = (uint32) Min(usable / per_block, (Size) HP_NO_BLOCK - 1);
	geo.next_at = CACHELINEALIGN(geo.buckets_at + geo.nbuckets * sizeof(HpBlockNo));
	geo.blocks_at = CACHELINEALIGN(geo.next_at + geo.nblocks * sizeof(HpBlockNo));
	Assert(geo.blocks_at + (Size) geo.nblocks * HP_BLOCK_SIZE <= geo.stride);
}

void
hp_store_layout(char *place, Size size, int tranche)
{
	area = place;
	divide(size);
	for (uint32 i = 0; i < geo.nparts; i++)
	{
		HpPartition *p = partition_no(i);

		LWLockInitialize(&p->lock, tranche);
		p->newest = p->oldest = p->hand = HP_NO_BLOCK;
		memset((char *) p + geo.buckets_at, 0xff, geo.nbuckets * sizeof(HpBlockNo));
		for (HpBlockNo b = 0; b < geo.nblocks; b++)
			*next_of(p, b) = b + 1 < geo.nblocks ? b + 1 : HP_NO_BLOCK;
		p->free_head = 0;
		p->nfree = geo.nblocks;
	}
}

void
hp_store_attach(char *place, Size size)
{
	area = place;
	divide(size);
}

/* A place in an entry's bytes behind the header. */
typedef struct BodyCursor
{
	HpPartition *p;
	HpBlockNo	block;
	uint32		offset;			/* within the block */
} BodyCursor;

static BodyCursor
cursor_at(HpPartition *p, HpBlockNo entry)
{
	return (BodyCursor) {p, entry, HP_BLOCK_SIZE};
}

/*
 * The longest piece of memory, up to len bytes, that lies at the cursor in one
 * run of neighbouring blocks; the cursor moves behind it.
 */
static char *
cursor_piece(BodyCursor *c, Size len, Size *piece)
{
	char	   *start;
	Size		run;

	if (c->offset == HP_BLOCK_SIZE)
	{
		c->block = *next_of(c->p, c->block);
		c->offset = 0;
	}
	start = block_address(c->p, c->block) + c->offset;
	run = HP_BLOCK_SIZE - c->offset;
	while (run < len && *next_of(c->p, c->block) == c->block + 1)
	{
		c->block++;
		run += HP_BLOCK_SIZE;
	}
	*piece = Min(run, len);
	c->offset = HP_BLOCK_SIZE - (uint32) (run - *piece);
	return start;
}

static void
cursor_write(BodyCursor *c, const void *data, Size len)
{
	const char *from = data;

	while (len > 0)
	{
		Size		piece;
		char	   *to = cursor_piece(c, len, &piece);

		memcpy(to, from, piece);
		from += piece;
		len -= piece;
	}
}

static void
cursor_read(BodyCursor *c, void *data, Size len)
{
	char	   *to = data;

	while (len > 0)
	{
		Size		piece;
		char	   *from = cursor_piece(c, len, &piece);

		memcpy(to, from, piece);
		to += piece;
		len -= piece;
	}
}

static bool
cursor_equals(BodyCursor *c, const char *data, Size len)
{
	while (len > 0)
	{
		Size		piece;
		char	   *from = cursor_piece(c, len, &piece);

		if (memcmp(from, data, piece) != 0)
			return false;
		data += piece;
		len -= piece;
	}
	return true;
}

/* Bytes behind the header. */
static Size
body_size(const HpEntry *e)
{
	return (e->kind_flags & HP_ENTRY_THIRD_DEP ? sizeof(uint64) : 0) +
		e->image_len + e->payload_len;
}

static uint32
blocks_for(Size body)
{
	return 1 + (uint32) ((body + HP_BLOCK_SIZE - 1) / HP_BLOCK_SIZE);
}

/* Could an entry of this size ever be published? */
bool
hp_store_fits(Size image_len, Size len)
{
	return image_len <= PG_UINT16_MAX && len < MaxAllocSize &&
		blocks_for(sizeof(uint64) + image_len + len) <= geo.nblocks / 2;
}

/* The entry of a key, HP_NO_BLOCK if none; whatever its versions are. */
static HpBlockNo
find_locked(HpPartition *p, const HpEntryKey *key)
{
	HpBlockNo	b = *bucket_of(p, key->hash);

	Assert(LWLockHeldByMe(&p->lock));
	while (b != HP_NO_BLOCK)
	{
		HpEntry    *e = hp_store_entry(p, b);

		if (e->hash == key->hash && e->slot == key->slot.slot &&
			e->generation == key->slot.generation &&
			(e->kind_flags & HP_KIND_MASK) == key->kind)
			break;
		b = e->same_bucket;
	}
	return b;
}

/* Does an entry depend on the versions given?  Moves the cursor to the key's image. */
static bool
versions_match(const HpEntry *e, const HpEntryKey *key, BodyCursor *c)
{
	uint64		third = 0;

	if (e->kind_flags & HP_ENTRY_THIRD_DEP)
		cursor_read(c, &third, sizeof(third));
	return e->versions[0] == key->versions[0] && e->versions[1] == key->versions[1] &&
		third == (key->ndeps > 2 ? key->versions[2] : 0);
}

/* Is an entry's key this one, bit for bit, and its settings these?  The cursor is at the key's image. */
static inline bool
image_matches(const HpEntry *e, const HpEntryKey *key, BodyCursor *c)
{
	return e->image_len == key->image_len + key->settings_len &&
		cursor_equals(c, key->image, key->image_len) &&
		(key->settings_len == 0 || cursor_equals(c, key->settings, key->settings_len));
}

/* Unlink an entry and give its blocks back.  Keeps the chain's order in the free list. */
static void
free_entry_locked(HpPartition *p, HpBlockNo block)
{
	HpEntry    *e = hp_store_entry(p, block);
	HpBlockNo  *link = bucket_of(p, e->hash);
	uint32		n = blocks_for(body_size(e));
	HpSlotRef	slot = {e->slot, e->generation};

	Assert(LWLockHeldByMeInMode(&p->lock, LW_EXCLUSIVE));
	while (*link != block)
		link = &hp_store_entry(p, *link)->same_bucket;
	*link = e->same_bucket;
	hp_sieve_remove_locked(p, block);

	*next_of(p, e->last) = p->free_head;
	p->free_head = block;
	p->nfree += n;
	p->entries--;
	hp_stats_add_entry(slot, -1, -(int64) n * HP_BLOCK_SIZE);
}

/* Evict until n blocks are free. */
static bool
make_room_locked(HpPartition *p, uint32 n, bool may_evict)
{
	while (p->nfree < n)
	{
		HpBlockNo	victim = may_evict ? hp_sieve_victim_locked(p) : HP_NO_BLOCK;
		HpEntry    *e;

		if (victim == HP_NO_BLOCK)
			return false;
		e = hp_store_entry(p, victim);
		hp_stats_add_evictions((HpSlotRef) {e->slot, e->generation}, 1);
		free_entry_locked(p, victim);
		p->evictions++;
	}
	return true;
}

/* Take n blocks off the free list, as a chain; returns the first, and the last. */
static HpBlockNo
take_blocks_locked(HpPartition *p, uint32 n, HpBlockNo *last)
{
	HpBlockNo	first = p->free_head;
	HpBlockNo	b = first;

	Assert(LWLockHeldByMeInMode(&p->lock, LW_EXCLUSIVE));
	Assert(p->nfree >= n);
	for (uint32 i = 1; i < n; i++)
		b = *next_of(p, b);
	*last = b;
	p->free_head = *next_of(p, b);
	*next_of(p, b) = HP_NO_BLOCK;
	p->nfree -= n;
	return first;
}

/* Make room in a buffer for len bytes. */
static void
buffer_reserve(HpBuffer *buffer, Size len)
{
	if (len <= buffer->capacity)
		return;
	if (buffer->data != NULL)
		pfree(buffer->data);
	buffer->data = NULL;
	buffer->capacity = 0;
	buffer->data = MemoryContextAlloc(buffer->context, len);
	buffer->capacity = len;
}

/* Start fetching the cache lines that finding an entry begins with. */
void
hp_store_prefetch(uint64 hash)
{
	HpPartition *p = partition_of(hash);

	hp_prefetch(bucket_of(p, hash));
	hp_prefetch(p);
}

/*
 * Look for a key's entry with the versions given, and copy its payload.
 *
 * With image_equal the key is compared here, byte by byte.  Without, equality
 * is the type's, which may run anything: the entry's key is copied, with its
 * settings, and the caller must compare both after the lock is released.
 */
HpFound
hp_store_find(const HpEntryKey *key, bool image_equal, HpBuffer *key_copy, HpBuffer *payload)
{
	HpPartition *p = partition_of(key->hash);
	HpFound		found = HP_FOUND_NOTHING;
	HpBlockNo	b;

	LWLockAcquire(&p->lock, LW_SHARED);
	b = find_locked(p, key);
	if (b != HP_NO_BLOCK)
	{
		HpEntry    *e = hp_store_entry(p, b);
		BodyCursor	c = cursor_at(p, b);

		if (!versions_match(e, key, &c))
			found = HP_FOUND_DEAD;
		else if (e->expires != 0 && e->expires <= GetCurrentTimestamp())
			found = HP_FOUND_EXPIRED;
		else if (image_equal && !image_matches(e, key, &c))
			found = HP_FOUND_DEAD;
		else
		{
			if (!image_equal)
			{
				buffer_reserve(key_copy, e->image_len);
				key_copy->len = e->image_len;
				cursor_read(&c, key_copy->data, e->image_len);
			}
			found = e->kind_flags & HP_ENTRY_NEGATIVE ? HP_FOUND_NEGATIVE : HP_FOUND;
			if (found == HP_FOUND)
			{
				buffer_reserve(payload, e->payload_len);
				payload->len = e->payload_len;
				cursor_read(&c, payload->data, e->payload_len);
			}
			if (!e->visited)
				e->visited = 1;
		}
	}
	LWLockRelease(&p->lock);
	return found;
}

/* Write and link a new entry; room has been made. */
static void
link_entry_locked(HpPartition *p, const HpEntryKey *key, TimestampTz expires, bool negative,
				  const char *payload, Size len, uint32 nblocks)
{
	HpBlockNo	last;
	HpBlockNo	b = take_blocks_locked(p, nblocks, &last);
	HpEntry    *e = hp_store_entry(p, b);
	BodyCursor	c = cursor_at(p, b);

	e->hash = key->hash;
	e->versions[0] = key->versions[0];
	e->versions[1] = key->versions[1];
	e->expires = expires;
	e->slot = key->slot.slot;
	e->generation = key->slot.generation;
	e->payload_len = (uint32) len;
	e->image_len = (uint16) (key->image_len + key->settings_len);
	e->kind_flags = key->kind | (negative ? HP_ENTRY_NEGATIVE : 0) |
		(key->ndeps > 2 ? HP_ENTRY_THIRD_DEP : 0);
	e->last = last;
	if (key->ndeps > 2)
		cursor_write(&c, &key->versions[2], sizeof(uint64));
	cursor_write(&c, key->image, key->image_len);
	cursor_write(&c, key->settings, key->settings_len);
	cursor_write(&c, payload, len);

	e->same_bucket = *bucket_of(p, key->hash);
	*bucket_of(p, key->hash) = b;
	hp_sieve_insert_locked(p, b);
	p->entries++;
	hp_stats_add_entry(key->slot, 1, (int64) nblocks * HP_BLOCK_SIZE);
}

/* When an entry expires that is made now, to be served for ttl microseconds, 0 being for ever: 0 for never. */
TimestampTz
hp_store_expiry(int64 ttl, TimestampTz now)
{
	TimestampTz result;

	return ttl == 0 || pg_add_s64_overflow(now, ttl, &result) ? 0 : result;
}

/*
 * Publish an entry; replaces one of the same key.  Never throws, so that it can
 * be called after commit.
 */
HpPublished
hp_store_publish(const HpEntryKey *key, TimestampTz expires, bool negative, const char *payload,
				 Size len, bool may_evict)
{
	HpPartition *p = partition_of(key->hash);
	uint32		nblocks = blocks_for((key->ndeps > 2 ? sizeof(uint64) : 0) +
									 key->image_len + key->settings_len + len);
	HpPublished result = HP_PUBLISHED_NOT;
	HpBlockNo	old;

	if (!hp_store_fits(key->image_len + key->settings_len, len))
		return HP_PUBLISHED_NOT;

	LWLockAcquire(&p->lock, LW_EXCLUSIVE);
	old = find_locked(p, key);
	if (old != HP_NO_BLOCK)
	{
		HpEntry    *e = hp_store_entry(p, old);
		BodyCursor	c = cursor_at(p, old);

		/* versions only grow: what carries a larger one is newer than ours */
		if (e->versions[0] > key->versions[0] || e->versions[1] > key->versions[1])
			result = HP_PUBLISHED_ALREADY;
		else if (e->expires == 0 && expires == 0 && versions_match(e, key, &c) &&
				 image_matches(e, key, &c))
			result = HP_PUBLISHED_ALREADY;
		else
			free_entry_locked(p, old);
	}
	if (result != HP_PUBLISHED_ALREADY && make_room_locked(p, nblocks, may_evict))
	{
		link_entry_locked(p, key, expires, negative, payload, len, nblocks);
		result = HP_PUBLISHED;
	}
	LWLockRelease(&p->lock);
	return result;
}

/* Remove a key's entry, whatever its versions. */
bool
hp_store_remove(const HpEntryKey *key)
{
	HpPartition *p = partition_of(key->hash);
	HpBlockNo	b;

	LWLockAcquire(&p->lock, LW_EXCLUSIVE);
	b = find_locked(p, key);
	if (b != HP_NO_BLOCK)
		free_entry_locked(p, b);
	LWLockRelease(&p->lock);
	return b != HP_NO_BLOCK;
}

static bool
slot_listed(const HpEntry *e, const HpSlotRef *slots, int nslots)
{
	for (int i = 0; i < nslots; i++)
		if (e->slot == slots[i].slot && e->generation == slots[i].generation)
			return true;
	return false;
}

/*
 * Remove all entries of some slots; or with NULL those of this database, and those of slots that have
 * been given back since, in any database, which nobody can find.  Returns how many.
 */
int64
hp_store_remove_all(const HpSlotRef *slots, int nslots)
{
	int64		removed = 0;

	for (uint32 i = 0; i < geo.nparts; i++)
	{
		HpPartition *p = partition_no(i);
		HpBlockNo	b;

		CHECK_FOR_INTERRUPTS();
		LWLockAcquire(&p->lock, LW_EXCLUSIVE);
		b = p->oldest;
		while (b != HP_NO_BLOCK)
		{
			HpEntry    *e = hp_store_entry(p, b);
			HpBlockNo	newer = e->newer;

			if (slots != NULL ? slot_listed(e, slots, nslots) :
				!hp_stats_is_of_another_database((HpSlotRef) {e->slot, e->generation}))
			{
				free_entry_locked(p, b);
				removed++;
			}
			b = newer;
		}
		LWLockRelease(&p->lock);
	}
	return removed;
}

/* Copy an entry for the walk, into the current memory context. */
static void
copy_entry_locked(HpPartition *p, HpBlockNo b, HpEntryView *view)
{
	HpEntry    *e = hp_store_entry(p, b);
	BodyCursor	c = cursor_at(p, b);
	char	   *image = palloc(e->image_len);
	char	   *payload = palloc(Max(e->payload_len, 1));

	Assert(LWLockHeldByMe(&p->lock));
	memset(view, 0, sizeof(*view));
	view->key.hash = e->hash;
	view->key.slot = (HpSlotRef) {e->slot, e->generation};
	view->key.kind = e->kind_flags & HP_KIND_MASK;
	view->key.ndeps = 2;
	view->key.versions[0] = e->versions[0];
	view->key.versions[1] = e->versions[1];
	if (e->kind_flags & HP_ENTRY_THIRD_DEP)
	{
		view->key.ndeps = 3;
		cursor_read(&c, &view->key.versions[2], sizeof(uint64));
	}
	cursor_read(&c, image, e->image_len);
	cursor_read(&c, payload, e->payload_len);
	view->key.image = image;
	view->key.image_len = e->image_len;
	view->expires = e->expires;
	view->negative = (e->kind_flags & HP_ENTRY_NEGATIVE) != 0;
	view->payload = payload;
	view->payload_len = e->payload_len;
}

/* Copy a slot's entries in a range of buckets; returns how many. */
static int
copy_range(HpPartition *p, uint32 from, uint32 to, HpSlotRef slot, HpEntryView **views)
{
	int			n = 0;
	int			capacity = 64;

	*views = palloc(capacity * sizeof(HpEntryView));
	LWLockAcquire(&p->lock, LW_SHARED);
	for (uint32 i = from; i < to; i++)
	{
		HpBlockNo	b = *bucket_of(p, i);

		for (; b != HP_NO_BLOCK; b = hp_store_entry(p, b)->same_bucket)
		{
			if (!slot_listed(hp_store_entry(p, b), &slot, 1))
				continue;
			if (n == capacity)
				*views = repalloc(*views, (capacity *= 2) * sizeof(HpEntryView));
			copy_entry_locked(p, b, &(*views)[n++]);
		}
	}
	LWLockRelease(&p->lock);
	return n;
}

/*
 * Visit all entries of a slot, until the visitor has enough; false if it had.  A
 * few buckets are copied at a time, so that it runs without a lock; it may publish
 * and remove.
 */
bool
hp_store_walk(HpSlotRef slot, HpEntryVisitor visit, void *arg)
{
	MemoryContext batch = AllocSetContextCreate(CurrentMemoryContext, "pg_hotpath entries",
												ALLOCSET_DEFAULT_SIZES);
	bool		more = true;

	for (uint32 i = 0; i < geo.nparts && more; i++)
		for (uint32 from = 0; from < geo.nbuckets && more; from += HP_WALK_BUCKETS)
		{
			MemoryContext outer = MemoryContextSwitchTo(batch);
			HpEntryView *views;
			int			n = copy_range(partition_no(i), from,
									   Min(from + HP_WALK_BUCKETS, geo.nbuckets), slot, &views);

			MemoryContextSwitchTo(outer);
			CHECK_FOR_INTERRUPTS();
			for (int k = 0; k < n && more; k++)
			{
				CHECK_FOR_INTERRUPTS();
				more = visit(&views[k], arg);
			}
			MemoryContextReset(batch);
		}
	MemoryContextDelete(batch);
	return more;
}

void
hp_store_totals(HpStoreTotals *totals)
{
	memset(totals, 0, sizeof(*totals));
	totals->partitions = geo.nparts;
	for (uint32 i = 0; i < geo.nparts; i++)
	{
		HpPartition *p = partition_no(i);

		LWLockAcquire(&p->lock, LW_SHARED);
		totals->used_bytes += (int64) (geo.nblocks - p->nfree) * HP_BLOCK_SIZE;
		totals->entries += p->entries;
		totals->evictions += (int64) p->evictions;
		LWLockRelease(&p->lock);
	}
}
