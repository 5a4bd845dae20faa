/*-------------------------------------------------------------------------
 *
 * store.h
 *		Entries of the cache: find, publish, remove.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_STORE_H
#define HP_STORE_H

#include "cache/stats.h"
#include "datatype/timestamp.h"

/* What an entry's payload is. */
typedef enum HpEntryKind
{
	HP_ENTRY_ROW,				/* a composite datum of the relation's row type */
	HP_ENTRY_JSON				/* the text that row_to_json gives for the row */
} HpEntryKind;

/* Stripes an entry can depend on: its key, its table, the names of types. */
#define HP_MAX_DEPS 3

/* Identifies an entry, and says what it must be to be used. */
typedef struct HpEntryKey
{
	uint64		hash;			/* of relation and key; for JSON of the settings, too */
	HpSlotRef	slot;
	HpEntryKind kind;
	const char *image;			/* the key itself, see catalog/key.h */
	uint32		image_len;
	const char *settings;		/* behind the image: what a text was rendered under */
	uint32		settings_len;	/* 0 for rows */
	int			ndeps;
	uint64		versions[HP_MAX_DEPS];	/* of the stripes it depends on */
} HpEntryKey;

/* Where a payload is copied to; grows, and is reused from call to call. */
typedef struct HpBuffer
{
	char	   *data;			/* palloc'd in context, MAXALIGNed */
	Size		capacity;
	Size		len;
	MemoryContext context;
} HpBuffer;

typedef enum HpFound
{
	HP_FOUND,
	HP_FOUND_NEGATIVE,			/* the cache knows that there is no such row */
	HP_FOUND_NOTHING,
	HP_FOUND_DEAD,				/* an entry with other versions, or of another key */
	HP_FOUND_EXPIRED
} HpFound;

typedef enum HpPublished
{
	HP_PUBLISHED,
	HP_PUBLISHED_ALREADY,		/* an equal or a newer entry was there */
	HP_PUBLISHED_NOT			/* no room: too large, or nothing may be evicted */
} HpPublished;

/* An entry as the walk over all of them sees it. */
typedef struct HpEntryView
{
	HpEntryKey	key;			/* image points into the walk's memory */
	TimestampTz expires;
	bool		negative;
	const char *payload;
	Size		payload_len;
} HpEntryView;

/* False to be shown no more. */
typedef bool (*HpEntryVisitor) (const HpEntryView *entry, void *arg);

extern void hp_store_layout(char *place, Size size, int tranche);
extern void hp_store_attach(char *place, Size size);

extern void hp_store_prefetch(uint64 hash);
extern HpFound hp_store_find(const HpEntryKey *key, bool image_equal, HpBuffer *key_copy,
							 HpBuffer *payload);
extern TimestampTz hp_store_expiry(int64 ttl, TimestampTz now);
extern HpPublished hp_store_publish(const HpEntryKey *key, TimestampTz expires, bool negative,
									const char *payload, Size len, bool may_evict);
extern bool hp_store_remove(const HpEntryKey *key);
extern int64 hp_store_remove_all(const HpSlotRef *slots, int nslots);
extern bool hp_store_walk(HpSlotRef slot, HpEntryVisitor visit, void *arg);
extern bool hp_store_fits(Size image_len, Size len);

/* Sums over all partitions. */
typedef struct HpStoreTotals
{
	int64		used_bytes;
	int64		entries;
	int64		partitions;
	int64		evictions;
} HpStoreTotals;

extern void hp_store_totals(HpStoreTotals *totals);

#endif							/* HP_STORE_H */
