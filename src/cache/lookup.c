/*-------------------------------------------------------------------------
 *
 * lookup.c
 *		Hit, load, fill: reading one row through the cache.
 *
 * A read has three steps: decide whether the cache may be used at all, look,
 * and on a miss load the row under the same snapshot and publish it.  Whenever
 * the cache cannot be sure, the table is read, and the reason is counted.
 *
 * Who may call: a backend with an active MVCC snapshot that has checked the
 * caller's privileges; the descriptor must be fresh from hp_relation_by_*().
 *
 * A transaction that holds a lock with which it may have written to the table
 * reads the table, and publishes nothing.  AFTER triggers note a row change only
 * at the end of its command, row by row; a function called inside that command,
 * perhaps by another trigger, may see rows that are not noted yet.  It must not
 * be served what was there before, nor show others what is not committed.
 *
 * Locking: stripes are read without a lock, entries under their partition's.
 * SQL runs with none held, and the descriptor is checked again after it.
 *
 * Memory: rows are returned in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "cache/lookup.h"

#include "access/htup_details.h"
#include "access/parallel.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "base/compat.h"
#include "base/guc.h"
#include "base/shmem.h"
#include "common/hashfn.h"
#include "json/encoder.h"
#include "pgtime.h"
#include "query/query.h"
#include "utils/builtins.h"
#include "utils/bytea.h"
#include "utils/float.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* A partitioned table with more leaves is read directly by transactions that write anything. */
#define HP_MAX_LEAVES_ASKED 64

/*
 * Might this transaction have written to the relation, perhaps without a note
 * yet?  Whatever changes rows one by one takes just this lock.
 */
static bool
holds_write_lock(const HpRelation *rel)
{
	if (!TransactionIdIsValid(GetTopTransactionIdIfAny()))
		return false;
	/* a parallel worker does not know its leader's locks; too many are not asked for */
	if (IsParallelWorker() || rel->cached->nleaves > HP_MAX_LEAVES_ASKED)
		return true;
	if (hp_lock_held(rel->relid, RowExclusiveLock))
		return true;
	for (int i = 0; i < rel->cached->nleaves; i++)
		if (hp_lock_held(rel->cached->leaves[i], RowExclusiveLock))
			return true;
	return false;
}

/* Why the cache may not be used for a read, as the counter of it; -1 if it may. */
static int
reason_to_bypass(HpRelation *rel, HpCached *cached, Snapshot snapshot)
{
	if (!hp_guc_enabled)
		return HP_BYPASS_DISABLED;
	if (IsolationIsSerializable())
		return HP_BYPASS_SERIALIZABLE;
	if (RecoveryInProgress() || (snapshot != NULL && snapshot->takenDuringRecovery))
		return HP_BYPASS_RECOVERY;
	if (rel->row_security && hp_relation_rls_applies(rel, true))
		return HP_BYPASS_RLS;
	if (cached->unsafe != NULL || snapshot == NULL || snapshot->snapshot_type != SNAPSHOT_MVCC ||
		hp_shmem_is_retired())
		return HP_BYPASS_UNSAFE;
	if (holds_write_lock(rel))
		return HP_BYPASS_OWN_WRITE;
	return -1;
}

/*
 * Prepare reading a relation by a key under the active snapshot.  Afterwards
 * reader->cached is NULL when the cache is not to be used.
 */
void
hp_lookup_begin(HpLookup *reader, HpRelation *rel, const HpKeyDef *def)
{
	HpCached   *cached = hp_config_of(rel);
	Snapshot	snapshot;
	int			reason;

	reader->rel = rel;
	reader->relid = rel->relid;
	reader->generation = rel->generation;
	reader->def = def;
	reader->user = hp_relation_user_now();
	reader->cached = cached != NULL ? hp_config_key(cached, def) : NULL;
	if (reader->cached == NULL)
		return;

	snapshot = ActiveSnapshotSet() ? GetActiveSnapshot() : NULL;
	reason = reason_to_bypass(rel, cached, snapshot);
	if (!cached->linked)
	{
		HpLink		link = hp_shmem_attach(HP_SHMEM_TRY) ? hp_config_link(rel) : HP_LINK_FULL;

		if (link == HP_LINK_FULL)
		{
			reader->cached = NULL;
			return;
		}
		/* the first to attach learns only now that the area is of another version */
		if (hp_shmem_is_retired() && reason < 0)
			reason = HP_BYPASS_UNSAFE;
		if (link == HP_LINK_WAITS && reason < 0)
			reason = HP_NOT_QUIET_READS;
	}
	if (reason >= 0)
	{
		hp_stats_count(reader->cached->pending, reason);
		reader->cached = NULL;
		return;
	}
	hp_fence_view(&reader->view, snapshot);
	reader->table_stripe = cached->table_stripe;
	reader->table_quiet = hp_fence_read(reader->table_stripe, &reader->view,
										&reader->table_version);
}

/* The entry of a key's row, without versions. */
static HpEntryKey
row_entry_key(const HpCachedKey *cached, const HpKey *key)
{
	return (HpEntryKey)
	{
		.hash = key->hash,.slot = cached->slot,.kind = HP_ENTRY_ROW,
			.image = key->image,.image_len = key->image_len,.ndeps = 2
	};
}

/*
 * Read the stripes that an entry depends on.  The order of versions is key,
 * table, and, for JSON with labels, types.
 */
static HpQuiet
read_fences(const HpLookup *reader, const HpKey *key, HpEntryKey *entry)
{
	HpQuiet		quiet = hp_fence_read(hp_fence_key_stripe(key->hash), &reader->view,
									  &entry->versions[0]);

	if (quiet == HP_QUIET)
	{
		entry->versions[1] = reader->table_version;
		quiet = reader->table_quiet;
	}
	if (quiet == HP_QUIET && entry->ndeps > 2)
		quiet = hp_fence_read(hp_config_types_stripe(), &reader->view, &entry->versions[2]);
	return quiet;
}

/* The same, after the data was read: the table's stripe is read anew as well. */
static HpQuiet
read_fences_again(const HpLookup *reader, const HpKey *key, HpEntryKey *entry)
{
	HpLookup	now = *reader;

	now.table_quiet = hp_fence_read(reader->table_stripe, &reader->view, &now.table_version);
	return read_fences(&now, key, entry);
}

static void
count(const HpLookup *reader, HpCounter counter)
{
	hp_stats_count(reader->cached->pending, counter);
}

/*
 * Is the descriptor that the read began with still the right one?  And the user: what was read
 * meanwhile may lack rows, by a policy that did not apply then.
 */
static bool
still_current(const HpLookup *reader)
{
	HpRelation *now = hp_relation_peek(reader->relid);

	return now != NULL && now->generation == reader->generation &&
		hp_relation_same_user(&reader->user);
}

/*
 * May what is read from now on be published with these versions of the table and
 * the types?  Not if it might be read, or rendered, by catalogs that are older
 * than the snapshot.
 */
static bool
catalogs_are_current(const HpLookup *reader, const HpEntryKey *entry)
{
	if (!hp_fence_settled(reader->table_stripe, entry->versions[1]) ||
		(entry->ndeps > 2 && !hp_fence_settled(hp_config_types_stripe(), entry->versions[2])))
		return false;
	AcceptInvalidationMessages();
	return still_current(reader);
}

bool
hp_lookup_may_fill(HpLookup *reader)
{
	HpEntryKey	entry = {.ndeps = 2,.versions = {0, reader->table_version}};

	return reader->cached != NULL && reader->table_quiet == HP_QUIET &&
		catalogs_are_current(reader, &entry);
}

/* Does an image that was found end with an entry's settings? */
static bool
has_settings(const char *image, Size len, const HpEntryKey *entry)
{
	if (entry->settings_len == 0)
		return true;
	return len >= entry->settings_len &&
		memcmp(image + len - entry->settings_len, entry->settings, entry->settings_len) == 0;
}

/*
 * Look for an entry.  HP_UNKNOWN on a miss; *fill tells whether a fill may
 * succeed.  The payload is copied into the buffer.
 */
static HpOutcome
find_entry(const HpLookup *reader, const HpKey *key, HpEntryKey *entry, HpBuffer *payload,
		   bool *fill)
{
	HpBuffer	key_copy = {.context = CurrentMemoryContext};
	HpQuiet		quiet = read_fences(reader, key, entry);
	HpFound		found;

	*fill = false;
	if (quiet != HP_QUIET)
	{
		count(reader, quiet == HP_OWN_WRITE ? HP_BYPASS_OWN_WRITE : HP_NOT_QUIET_READS);
		return HP_UNKNOWN;
	}
	found = hp_store_find(entry, reader->def->image_equal, &key_copy, payload);
	if ((found == HP_FOUND || found == HP_FOUND_NEGATIVE) && !reader->def->image_equal &&
		!(has_settings(key_copy.data, key_copy.len, entry) &&
		  hp_key_image_equals(key, key_copy.data, key_copy.len - entry->settings_len)))
		found = HP_FOUND_DEAD;
	if (key_copy.data != NULL)
		pfree(key_copy.data);
	switch (found)
	{
		case HP_FOUND:
			count(reader, HP_HITS);
			return HP_ROW;
		case HP_FOUND_NEGATIVE:
			count(reader, HP_HITS);
			count(reader, HP_NEGATIVE_HITS);
			return HP_NO_ROW;
		case HP_FOUND_DEAD:
			count(reader, HP_INVALIDATIONS);
			break;
		case HP_FOUND_EXPIRED:
			count(reader, HP_EXPIRED);
			break;
		case HP_FOUND_NOTHING:
			break;
	}
	/* a text that is not there is rendered from the row, which counts for both */
	if (entry->kind == HP_ENTRY_ROW)
		count(reader, HP_MISSES);
	*fill = catalogs_are_current(reader, entry);
	if (!*fill && entry->kind == HP_ENTRY_JSON)
		count(reader, HP_NOT_QUIET_READS);
	return HP_UNKNOWN;
}

static bool
too_large(const HpEntryKey *entry, Size len)
{
	return len > hp_guc_max_entry_size() ||
		!hp_store_fits(entry->image_len + entry->settings_len, len);
}

/*
 * Publish what was read, if the protocol allows it: the versions that were there
 * before of table and types must be those that are there now.  *full when there was
 * no room.
 */
static bool
publish(HpLookup *reader, const HpKey *key, HpEntryKey *entry, bool negative,
		const char *payload, Size len, bool may_evict, bool *full)
{
	HpEntryKey	before = *entry;
	HpPublished result;

	*full = false;
	if (!still_current(reader) || holds_write_lock(reader->rel))
		return false;
	if (too_large(entry, len))
	{
		count(reader, HP_BYPASS_TOO_LARGE);
		return false;
	}
	if (read_fences_again(reader, key, entry) != HP_QUIET ||
		memcmp(&entry->versions[1], &before.versions[1], (entry->ndeps - 1) * sizeof(uint64)) != 0)
		return false;
	result = hp_store_publish(entry, hp_store_expiry(reader->cached->ttl, GetCurrentTimestamp()),
							  negative, payload, len, may_evict);
	if (result == HP_PUBLISHED)
		count(reader, HP_FILLS);
	*full = result == HP_PUBLISHED_NOT;
	return result == HP_PUBLISHED;
}

/*
 * Publish a row, or that there is none, which was read under the reader's
 * snapshot.  False when that is not allowed, or not needed; *full when an entry
 * would have had to be evicted and may_evict is off.
 */
bool
hp_lookup_fill(HpLookup *reader, HpKey *key, bool found, Datum row, bool may_evict, bool *full)
{
	HpEntryKey	entry = row_entry_key(reader->cached, key);

	entry.versions[1] = reader->table_version;
	if (!found)
		return publish(reader, key, &entry, true, NULL, 0, may_evict, full);
	return publish(reader, key, &entry, false, DatumGetPointer(row),
				   VARSIZE(DatumGetPointer(row)), may_evict, full);
}

/*
 * Read a row by key.  Without load, only what the cache knows.  *row is a
 * composite datum of the relation's row type, in the current context.
 */
HpOutcome
hp_lookup_row(HpLookup *reader, HpKey *key, bool load, Datum *row)
{
	bool		fill = false;
	bool		full;
	bool		found;

	if (reader->cached != NULL)
	{
		HpEntryKey	entry = row_entry_key(reader->cached, key);
		HpBuffer	payload = {.context = CurrentMemoryContext};
		HpOutcome	outcome = find_entry(reader, key, &entry, &payload, &fill);

		if (outcome == HP_ROW)
			*row = PointerGetDatum(payload.data);
		if (outcome != HP_UNKNOWN)
			return outcome;
	}
	if (!load)
		return HP_UNKNOWN;
	*row = hp_query_row(reader->rel, reader->def, key, &found);
	if (fill)
		hp_lookup_fill(reader, key, found, *row, true, &full);
	return found ? HP_ROW : HP_NO_ROW;
}

/*
 * As hp_lookup_row() without load, for many keys: the payload goes to a buffer
 * of the caller's, and *fill tells whether a row loaded now may be published.
 */
HpOutcome
hp_lookup_probe(HpLookup *reader, HpKey *key, HpBuffer *payload, bool *fill)
{
	HpEntryKey	entry;

	*fill = false;
	if (reader->cached == NULL)
		return HP_UNKNOWN;
	entry = row_entry_key(reader->cached, key);
	return find_entry(reader, key, &entry, payload, fill);
}

/*
 * Everything in the session that the JSON text of a row depends on, as bytes: the name of the time
 * zone, which anybody can choose so that its hash is that of another one, the rest, and the length of
 * the name.
 */
typedef struct JsonSettings
{
	pg_tz	   *zone;
	uint64		bits;
	uint64		number;			/* goes up with each change */
	uint64		hash;
	uint32		len;
	char		bytes[TZ_STRLEN_MAX + sizeof(uint64) + sizeof(uint16)];
} JsonSettings;

static void
set_settings(JsonSettings *settings, uint64 bits)
{
	const char *name = pg_get_timezone_name(session_timezone);
	uint16		len = (uint16) strnlen(name, TZ_STRLEN_MAX);
	char	   *to = settings->bytes;

	memcpy(to, name, len);
	memcpy(to + len, &bits, sizeof(bits));
	memcpy(to + len + sizeof(bits), &len, sizeof(len));
	settings->len = len + sizeof(bits) + sizeof(len);
	settings->hash = hash_bytes_extended((unsigned char *) to, settings->len, 0);
	settings->zone = session_timezone;
	settings->bits = bits;
	settings->number++;
}

/* The session's settings: valid until functions are called, which may change them. */
static const JsonSettings *
json_settings(void)
{
	static JsonSettings current;
	uint64		bits = (uint64) IntervalStyle | (uint64) bytea_output << 8 |
		(uint64) (uint32) (extra_float_digits + 100) << 16;

	if (unlikely(current.zone != session_timezone || current.bits != bits))
		set_settings(&current, bits);
	return &current;
}

/* The entry of a key's JSON, with the session's settings. */
static HpEntryKey
json_entry_key(const HpLookup *reader, const HpKey *key, const JsonSettings *settings)
{
	HpEntryKey	entry = row_entry_key(reader->cached, key);

	entry.kind = HP_ENTRY_JSON;
	entry.hash = hash_combine64(key->hash, settings->hash);
	entry.settings = settings->bytes;
	entry.settings_len = settings->len;
	if (reader->rel->cached->json == HP_JSON_NAMES)
		entry.ndeps = 3;
	return entry;
}

/*
 * Start fetching what a read of the key will touch first, so that it is near
 * when the read has been prepared.
 */
void
hp_lookup_prefetch(const HpRelation *rel, const HpKey *key, HpEntryKind kind)
{
	if (!hp_shmem_attached || !rel->cached_known || rel->cached == NULL)
		return;
	hp_fence_prefetch(hp_fence_key_stripe(key->hash));
	hp_store_prefetch(kind == HP_ENTRY_ROW ? key->hash :
					  hash_combine64(key->hash, json_settings()->hash));
}

/* A row as JSON text. */
static Datum
render(Datum row)
{
	static HpEncoderRef encoder;
	HeapTupleHeader header = hp_row_header(row);
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header),.t_data = header};
	HpWriter	writer;
	Datum		json;

	hp_writer_init(&writer, CurrentMemoryContext, 2 * tuple.t_len);
	hp_encoder_write_tuple(hp_encoder_of_ref(&encoder, HeapTupleHeaderGetTypeId(header),
											 HeapTupleHeaderGetTypMod(header), HP_ROW_OBJECT),
						   &tuple, &writer);
	json = hp_writer_to_datum(&writer);
	hp_writer_free(&writer);
	return json;
}

/*
 * Read a row as JSON, byte for byte what row_to_json gives.  The rendered text
 * is kept where it depends on nothing but the row, the session's settings and
 * the labels of enum types.
 */
HpOutcome
hp_lookup_json(HpLookup *reader, HpKey *key, Datum *json)
{
	bool		keep = reader->cached != NULL && reader->rel->cached->json != HP_JSON_VOLATILE;
	bool		fill = false;
	bool		full;
	const JsonSettings *settings = json_settings();
	uint64		number = settings->number;
	HpEntryKey	entry;
	Datum		row;
	HpOutcome	outcome;

	if (keep)
	{
		HpBuffer	payload = {.context = CurrentMemoryContext};

		entry = json_entry_key(reader, key, settings);
		outcome = find_entry(reader, key, &entry, &payload, &fill);
		if (outcome == HP_ROW)
			*json = PointerGetDatum(payload.data);
		if (outcome != HP_UNKNOWN)
			return outcome;
		if (!fill)
			reader->cached = NULL;
	}
	outcome = hp_lookup_row(reader, key, true, &row);
	if (outcome == HP_ROW)
	{
		*json = render(row);
		/* the load may have run functions that change settings */
		if (fill && json_settings()->number == number)
			publish(reader, key, &entry, false, DatumGetPointer(*json),
					VARSIZE(DatumGetPointer(*json)), true, &full);
	}
	return outcome;
}

/*
 * Would a reader be served this entry of the key?  Its versions must be those of
 * quiet stripes, and a text rendered under the session's settings.
 */
bool
hp_lookup_is_current(HpLookup *reader, const HpKey *key, const HpEntryView *view)
{
	HpEntryKey	entry = view->key.kind == HP_ENTRY_JSON ? json_entry_key(reader, key, json_settings()) :
		row_entry_key(reader->cached, key);

	return still_current(reader) && entry.hash == view->key.hash &&
		has_settings(view->key.image, view->key.image_len, &entry) &&
		entry.ndeps == view->key.ndeps &&
		read_fences_again(reader, key, &entry) == HP_QUIET &&
		memcmp(entry.versions, view->key.versions, entry.ndeps * sizeof(uint64)) == 0;
}

/*
 * Remove what is cached of a key of a relation, whether or not this read may use
 * the cache; true if its row was there.  Texts rendered under other settings
 * stay until they are met or evicted.
 */
bool
hp_lookup_forget(HpLookup *reader, HpKey *key)
{
	HpCached   *cached = hp_config_of(reader->rel);
	HpEntryKey	entry;
	bool		removed;

	reader->cached = cached != NULL && cached->linked ?
		hp_config_key(cached, reader->def) : NULL;
	if (reader->cached == NULL)
		return false;
	entry = row_entry_key(reader->cached, key);
	removed = hp_store_remove(&entry);
	entry = json_entry_key(reader, key, json_settings());
	removed |= hp_store_remove(&entry);
	return removed;
}
