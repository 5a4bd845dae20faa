/*-------------------------------------------------------------------------
 *
 * batch.c
 *		Reading many rows through the cache at once.
 *
 * A batch of keys is looked up one by one; as long as all are hits, rows are
 * handed on straight from one reused buffer.  From the first miss on, hits are
 * kept, the missing rows are loaded by one statement, published, and the rest
 * handed on in the order of the keys.
 *
 * Memory: bounded by the batch; the caller's current context is used, and is
 * to be reset after each batch.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "cache/lookup.h"

#include "access/htup_details.h"
#include "base/compat.h"
#include "miscadmin.h"
#include "query/query.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

typedef enum BatchItemState
{
	ITEM_ABSENT,				/* no such row, or no usable key */
	ITEM_ROW,
	ITEM_MISSING				/* to be loaded */
} BatchItemState;

typedef struct BatchItem
{
	BatchItemState	state;
	bool		fill;
	Datum		row;
	int			next_same;		/* next item with this hash, -1 at the end */
} BatchItem;

typedef struct HashEntry
{
	uint64		hash;			/* hash key */
	int			first;
} HashEntry;

typedef struct Batch
{
	HpLookup   *reader;
	HpKey	   *keys;
	BatchItem	   *items;
	int			nkeys;
	MemoryContext context;
	HTAB	   *by_hash;		/* missing items */
	TupleDesc	desc;			/* of the rows loaded */
} Batch;

/* Look up one key; the payload buffer is reused, so a kept row is copied out of it. */
static void
look_up(Batch *batch, int i, bool usable, HpBuffer *payload, bool keep)
{
	BatchItem	   *item = &batch->items[i];
	Datum		row;
	HpOutcome	outcome;

	item->state = ITEM_ABSENT;
	if (!usable)
		return;
	outcome = hp_lookup_probe(batch->reader, &batch->keys[i], payload, &item->fill);
	if (outcome == HP_UNKNOWN)
		item->state = ITEM_MISSING;
	else if (outcome == HP_ROW)
	{
		row = PointerGetDatum(payload->data);
		item->state = ITEM_ROW;
		item->row = row;
		if (keep)
		{
			char	   *copy = MemoryContextAlloc(batch->context, payload->len);

			memcpy(copy, payload->data, payload->len);
			item->row = PointerGetDatum(copy);
		}
	}
}

static void
remember_missing(Batch *batch, int i)
{
	HashEntry  *entry;
	bool		found;

	if (batch->by_hash == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(uint64),.entrysize = sizeof(HashEntry),
		.hcxt = batch->context};

		batch->by_hash = hash_create("pg_hotpath missing keys", 256, &ctl,
									 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	entry = hash_search(batch->by_hash, &batch->keys[i].hash, HASH_ENTER, &found);
	batch->items[i].next_same = found ? entry->first : -1;
	entry->first = i;
}

/* A loaded row: give it to all items with its key. */
static bool
take_row(Datum row, Oid rowtype, void *arg)
{
	Batch	   *batch = arg;
	MemoryContext outer = MemoryContextSwitchTo(batch->context);
	HeapTupleHeader header = hp_row_header_copy(row);
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header),.t_data = header};
	HpKey		key;
	HashEntry  *entry = NULL;

	if (batch->desc == NULL)
		batch->desc = lookup_rowtype_tupdesc_copy(rowtype, -1);
	if (hp_key_of_tuple(&key, batch->reader->def, &tuple, batch->desc))
		entry = hash_search(batch->by_hash, &key.hash, HASH_FIND, NULL);
	for (int i = entry != NULL ? entry->first : -1; i >= 0; i = batch->items[i].next_same)
	{
		if (!hp_key_image_equals(&batch->keys[i], key.image, key.image_len))
			continue;
		if (batch->items[i].state == ITEM_ROW)
			hp_query_report_several(batch->reader->rel);
		batch->items[i].state = ITEM_ROW;
		batch->items[i].row = PointerGetDatum(header);
	}
	MemoryContextSwitchTo(outer);
	return true;
}

/* Load the missing rows with one statement, and publish what was found out. */
static void
load_missing(Batch *batch)
{
	HpKey	   *distinct = palloc(batch->nkeys * sizeof(HpKey));
	bool	   *asked = palloc0(batch->nkeys * sizeof(bool));
	int			n = 0;
	bool		full;

	for (int i = 0; i < batch->nkeys; i++)
	{
		bool		repeated = false;

		if (batch->items[i].state != ITEM_MISSING)
			continue;
		for (int k = batch->items[i].next_same; k >= 0 && !repeated; k = batch->items[k].next_same)
			repeated = asked[k] && hp_key_image_equals(&batch->keys[i], batch->keys[k].image,
													   batch->keys[k].image_len);
		if (repeated)
			continue;
		asked[i] = true;
		distinct[n++] = batch->keys[i];
	}
	hp_query_rows(batch->reader->rel, batch->reader->def, distinct, n, take_row, batch);

	for (int i = 0; i < batch->nkeys; i++)
	{
		BatchItem	   *item = &batch->items[i];

		if (item->state == ITEM_MISSING)
			item->state = ITEM_ABSENT;
		if (asked[i] && item->fill)
			hp_lookup_fill(batch->reader, &batch->keys[i], item->state == ITEM_ROW, item->row,
						   true, &full);
	}
}

/*
 * Read rows by keys, of which only the usable ones are set, and hand them on in
 * order.  The visitor must copy what it keeps.
 */
void
hp_lookup_batch(HpLookup *reader, HpKey *keys, const bool *usable, int nkeys,
				HpKeyedRowVisitor visit, void *arg)
{
	Batch		batch = {.reader = reader,.keys = keys,.nkeys = nkeys,
	.context = CurrentMemoryContext};
	HpBuffer	payload = {.context = CurrentMemoryContext};
	int			handed_on = 0;
	int			missing = 0;

	batch.items = palloc0(nkeys * sizeof(BatchItem));
	for (int i = 0; i < nkeys; i++)
	{
		BatchItem	   *item = &batch.items[i];

		CHECK_FOR_INTERRUPTS();
		look_up(&batch, i, usable[i], &payload, missing > 0);
		if (item->state == ITEM_MISSING)
		{
			remember_missing(&batch, i);
			missing++;
		}
		else if (missing == 0)
		{
			visit(item->row, item->state == ITEM_ROW, arg);
			handed_on++;
		}
	}
	if (missing > 0)
		load_missing(&batch);
	for (int i = handed_on; i < nkeys; i++)
		visit(batch.items[i].row, batch.items[i].state == ITEM_ROW, arg);
}
