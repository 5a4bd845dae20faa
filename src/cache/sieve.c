/*-------------------------------------------------------------------------
 *
 * sieve.c
 *		Which entry goes when a partition is full: SIEVE.
 *
 * Zhang, Yang, Yue, Vigfusson, Rashmi: "SIEVE is Simpler than LRU: an Efficient
 * Turn-Key Eviction Algorithm for Web Caches", NSDI 2024.
 *
 * Entries form a queue in the order they came.  A hit sets the entry's visited
 * bit and moves nothing.  A hand walks from the oldest entry towards the
 * newest: a visited entry loses its bit and stays where it is, the first one
 * without is evicted, and the hand stays there.  Past the newest entry the hand
 * starts again at the oldest.
 *
 * Locking: all functions need the partition's lock exclusively.  Readers set
 * the visited bit under the shared lock with a plain store; all of them store
 * the same value, and a bit lost to the hand costs at most one eviction that
 * another order of events would have caused as well.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "cache/store_private.h"

/* Put a new entry at the head of the queue. */
void
hp_sieve_insert_locked(HpPartition *partition, HpBlockNo block)
{
	HpEntry    *entry = hp_store_entry(partition, block);

	Assert(LWLockHeldByMeInMode(&partition->lock, LW_EXCLUSIVE));
	entry->visited = 0;
	entry->newer = HP_NO_BLOCK;
	entry->older = partition->newest;
	if (partition->newest != HP_NO_BLOCK)
		hp_store_entry(partition, partition->newest)->newer = block;
	else
		partition->oldest = block;
	partition->newest = block;
}

/* Take an entry out of the queue; the hand steps on if it was there. */
void
hp_sieve_remove_locked(HpPartition *partition, HpBlockNo block)
{
	HpEntry    *entry = hp_store_entry(partition, block);

	Assert(LWLockHeldByMeInMode(&partition->lock, LW_EXCLUSIVE));
	if (partition->hand == block)
		partition->hand = entry->newer;
	if (entry->newer != HP_NO_BLOCK)
		hp_store_entry(partition, entry->newer)->older = entry->older;
	else
		partition->newest = entry->older;
	if (entry->older != HP_NO_BLOCK)
		hp_store_entry(partition, entry->older)->newer = entry->newer;
	else
		partition->oldest = entry->newer;
}

/*
 * The entry to evict next, HP_NO_BLOCK when the partition has none.  Ends
 * within one round after the bits are cleared: at most twice round the queue.
 */
HpBlockNo
hp_sieve_victim_locked(HpPartition *partition)
{
	HpBlockNo	block = partition->hand;

	Assert(LWLockHeldByMeInMode(&partition->lock, LW_EXCLUSIVE));
	for (;;)
	{
		HpEntry    *entry;

		if (block == HP_NO_BLOCK)
			block = partition->oldest;
		if (block == HP_NO_BLOCK)
			return HP_NO_BLOCK;
		entry = hp_store_entry(partition, block);
		if (!entry->visited)
			break;
		entry->visited = 0;
		block = entry->newer;
	}
	partition->hand = block;
	return block;
}
