/*-------------------------------------------------------------------------
 *
 * store_private.h
 *		Layout of a partition, shared by store.c and sieve.c only.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_STORE_PRIVATE_H
#define HP_STORE_PRIVATE_H

#include "cache/stats.h"
#include "cache/store.h"
#include "datatype/timestamp.h"
#include "storage/lwlock.h"

/* A block's number within its partition; an entry is known by its first block. */
typedef uint32 HpBlockNo;

#define HP_NO_BLOCK PG_UINT32_MAX
#define HP_BLOCK_SIZE 64

/*
 * An entry is a chain of blocks.  The first block is this header; then follow,
 * as one sequence of bytes, the third version if there is one, the key's image
 * and the payload.
 */
typedef struct HpEntry
{
	/* fixed while the entry is linked */
	uint64		hash;
	uint64		versions[2];	/* of the key's stripe and the table's */
	TimestampTz expires;		/* 0: never */
	uint32		slot;
	uint32		generation;
	uint32		payload_len;
	uint16		image_len;
	uint8		kind_flags;		/* HpEntryKind and HP_ENTRY_* flags */

	/* set by readers that hold the lock shared; see sieve.c */
	volatile uint8 visited;

	/* links; changed under the exclusive lock */
	HpBlockNo	last;			/* last block of the chain */
	HpBlockNo	same_bucket;	/* next entry in the hash bucket */
	HpBlockNo	newer;			/* towards the head of the SIEVE queue */
	HpBlockNo	older;			/* towards its tail */
} HpEntry;

StaticAssertDecl(sizeof(HpEntry) == HP_BLOCK_SIZE, "an entry's header is one block");

#define HP_KIND_MASK 0x0f
#define HP_ENTRY_NEGATIVE 0x10
#define HP_ENTRY_THIRD_DEP 0x20

/* One share of the memory.  All fields are guarded by lock. */
typedef struct HpPartition
{
	LWLock		lock;
	HpBlockNo	free_head;		/* list of free blocks, through next[] */
	uint32		nfree;
	HpBlockNo	newest;			/* head of the SIEVE queue */
	HpBlockNo	oldest;			/* its tail */
	HpBlockNo	hand;			/* where eviction goes on; HP_NO_BLOCK: at the tail */
	uint32		entries;
	uint64		evictions;
} HpPartition;

extern HpEntry *hp_store_entry(HpPartition *partition, HpBlockNo block);

extern void hp_sieve_insert_locked(HpPartition *partition, HpBlockNo block);
extern void hp_sieve_remove_locked(HpPartition *partition, HpBlockNo block);
extern HpBlockNo hp_sieve_victim_locked(HpPartition *partition);

#endif							/* HP_STORE_PRIVATE_H */
