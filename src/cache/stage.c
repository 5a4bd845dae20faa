/*-------------------------------------------------------------------------
 *
 * stage.c
 *		Write-through: rows that enter the cache when the transaction commits.
 *
 * The row trigger stages the row it was fired for, with the versions of its
 * stripes read right after its own note.  While the transaction holds the row's
 * lock nobody else writes this key, so these versions belong to this row: a
 * writer that is noted in the stripe later, be it of another key, changes the
 * version and the entry is dead.  Before the writer has finished as of a
 * snapshot the stripe is not quiet for it, so the entry may be published at any
 * time; it is done in the commit callback, when the commit has become visible
 * and nothing can fail any more.
 *
 * Of several row versions of a key the one that was written by the latest
 * command wins, whatever the order in which the triggers fire.  A row that is
 * deleted, staged in a subtransaction that rolls back, or changed without being
 * staged is spoilt: nothing is published for its key by this transaction,
 * however it goes on.
 *
 * Locking: none but the store's.
 *
 * Memory: a context below TopTransactionContext, at most HP_STAGE_BYTES of rows
 * and HP_STAGE_ROWS keys; beyond that, nothing is staged any more, and what is
 * staged is dropped, since later changes could not be tracked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "cache/stage.h"

#include "access/xact.h"
#include "base/compat.h"
#include "base/guc.h"
#include "cache/lookup.h"
#include "cache/store.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define HP_STAGE_BYTES (1024 * 1024)
#define HP_STAGE_ROWS 4096

typedef struct StagedRow
{
	uint64		hash;			/* of relation and key; hash key */
	HpSlotRef	slot;
	SubTransactionId subid;		/* that staged it last */
	CommandId	command;		/* that wrote the row */
	bool		spoilt;
	int64		ttl;
	char	   *image;
	uint32		image_len;
	uint64		versions[2];
	char	   *row;			/* NULL when spoilt */
	Size		len;
} StagedRow;

int			hp_stage_count = 0;

static MemoryContext stage_context = NULL;
static HTAB *staged = NULL;
static Size staged_bytes = 0;
static bool overflowed = false;

/* No subtransaction after this one has staged anything. */
static SubTransactionId newest_subid = InvalidSubTransactionId;

/* Forget everything; the memory goes with the transaction. */
static void
forget_all(void)
{
	staged = NULL;
	stage_context = NULL;
	staged_bytes = 0;
	hp_stage_count = 0;
	newest_subid = InvalidSubTransactionId;
}

static void
begin(void)
{
	HASHCTL		ctl = {.keysize = sizeof(uint64),.entrysize = sizeof(StagedRow)};

	stage_context = AllocSetContextCreate(TopTransactionContext, "pg_hotpath staged rows",
										  ALLOCSET_DEFAULT_SIZES);
	ctl.hcxt = stage_context;
	staged = hash_create("pg_hotpath staged rows", 64, &ctl,
						 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static void
drop_row(StagedRow *s)
{
	if (s->row == NULL)
		return;
	staged_bytes -= s->len;
	pfree(s->row);
	s->row = NULL;
}

/* For good, whatever follows. */
static void
spoil(StagedRow *s)
{
	drop_row(s);
	s->spoilt = true;
	s->subid = TopSubTransactionId;
}

static void
give_up(void)
{
	MemoryContext old = stage_context;

	forget_all();
	overflowed = true;
	MemoryContextDelete(old);
}

/* The entry of a key, made if there is none; NULL when there is no more room. */
static StagedRow *
enter(const HpKey *key, Size row_len)
{
	StagedRow  *s;

	if (staged == NULL)
		begin();
	if (staged_bytes + row_len + key->image_len > HP_STAGE_BYTES ||
		hp_stage_count >= HP_STAGE_ROWS)
	{
		give_up();
		return NULL;
	}
	s = hash_search(staged, &key->hash, HASH_FIND, NULL);
	if (s == NULL)
	{
		/* the image first: an entry must never be without */
		char	   *image = MemoryContextAlloc(stage_context, key->image_len);

		s = hash_search(staged, &key->hash, HASH_ENTER, NULL);
		memcpy(image, key->image, key->image_len);
		s->image = image;
		s->image_len = key->image_len;
		s->spoilt = true;		/* until a row is set */
		s->row = NULL;
		s->subid = InvalidSubTransactionId;
		hp_stage_count++;
		staged_bytes += key->image_len;
	}
	return s;
}

/* Is an entry's key the same bit for bit?  An equal one may be written differently. */
static bool
same_image(const StagedRow *s, const HpKey *key)
{
	return s->image_len == key->image_len && memcmp(s->image, key->image, key->image_len) == 0;
}

/*
 * Stage the row that a command of this transaction has written under a key.
 * row is a composite datum without external values.  The key is complete
 * (hp_key_set).
 */
void
hp_stage_row(const HpCachedKey *cached, HpKey *key, uint64 key_version, uint64 table_version,
			 Datum row, CommandId command)
{
	Size		len = VARSIZE(DatumGetPointer(row));
	StagedRow  *s;

	if (overflowed)
		return;
	if (key_version == 0 || table_version == 0 || len > hp_guc_max_entry_size())
	{
		hp_stage_spoil(key, true);
		return;
	}
	s = enter(key, len);
	if (s == NULL)
		return;
	if (s->subid != InvalidSubTransactionId)
	{
		if (s->spoilt || command == s->command || !same_image(s, key))
		{
			spoil(s);
			return;
		}
		/* an older version of the row comes late: the newer one stays */
		if (command < s->command)
			return;
	}
	drop_row(s);
	s->row = MemoryContextAlloc(stage_context, len);
	memcpy(s->row, DatumGetPointer(row), len);
	s->len = len;
	staged_bytes += len;
	s->slot = cached->slot;
	s->spoilt = false;
	s->command = command;
	s->subid = GetCurrentSubTransactionId();
	newest_subid = Max(newest_subid, s->subid);
	s->ttl = cached->ttl;
	s->versions[0] = key_version;
	s->versions[1] = table_version;
}

/*
 * A key's row was deleted, or changed in a way that is not staged.  remember is
 * set where an older version of it may still come to be staged.
 */
void
hp_stage_spoil(HpKey *key, bool remember)
{
	StagedRow  *s;

	if (overflowed || (staged == NULL && !remember))
		return;
	s = remember ? enter(key, 0) : hash_search(staged, &key->hash, HASH_FIND, NULL);
	if (s != NULL)
		spoil(s);
}

/* After commit: nothing here may throw. */
static void
publish_all(void)
{
	HASH_SEQ_STATUS status;
	StagedRow  *s;
	TimestampTz now = GetCurrentTransactionStopTimestamp();

	hash_seq_init(&status, staged);
	while ((s = hash_seq_search(&status)) != NULL)
	{
		HpEntryKey	entry = {
			.hash = s->hash,.slot = s->slot,
			.kind = HP_ENTRY_ROW,.image = s->image,.image_len = s->image_len,
			.ndeps = 2,.versions = {s->versions[0], s->versions[1]}
		};

		if (!s->spoilt && s->row != NULL)
			hp_store_publish(&entry, hp_store_expiry(s->ttl, now), false, s->row, s->len, true);
	}
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			if (event == XACT_EVENT_COMMIT && staged != NULL)
				publish_all();
			forget_all();
			overflowed = false;
			break;
		default:
			break;
	}
}

/* A subtransaction ends: what it staged goes to its parent, or is spoilt. */
static void
at_subtransaction_end(SubXactEvent event, SubTransactionId subid, SubTransactionId parent,
					  void *arg)
{
	HASH_SEQ_STATUS status;
	StagedRow  *s;

	if (staged == NULL || subid > newest_subid ||
		(event != SUBXACT_EVENT_COMMIT_SUB && event != SUBXACT_EVENT_ABORT_SUB))
		return;
	hash_seq_init(&status, staged);
	while ((s = hash_seq_search(&status)) != NULL)
	{
		if (s->subid != subid)
			continue;
		if (event == SUBXACT_EVENT_COMMIT_SUB)
			s->subid = parent;
		else
			spoil(s);
	}
}

/* Called from the cache room's init. */
void
hp_stage_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}
