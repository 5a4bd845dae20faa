/*-------------------------------------------------------------------------
 *
 * encoder_cache.c
 *		The backend's compiled encoders, by type.
 *
 * Encoders of composite types, and of what arrays hold, are compiled on first
 * use and kept for the life of the backend.  What they were compiled from is
 * watched: the relation of a composite type, the types of the columns, the
 * functions called, and all casts.  An invalidation that concerns a relation
 * makes the encoders of that relation stale, any other all encoders, and both
 * begin a new generation.
 *
 * Places that use an encoder remember it together with the generation they
 * found it in, and look it up again when that has passed.  A remembered
 * pointer is thus never followed after the encoder was replaced.
 *
 * An invalidation may arrive while an encoder is being compiled or runs.  What
 * is compiled meanwhile serves once and counts as stale.  What runs stays: a
 * replaced encoder is freed at the end of the transaction.
 *
 * What is watched does not say who watches it, so it cannot be dropped one by
 * one as tables and types go.  Once there is much of it all is forgotten, and
 * all encoders are stale.
 *
 * Invalidations are processed when the server does, at the latest as it locks
 * a relation; no locks are taken here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "json/value.h"

#include "catalog/pg_type.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/* The shape under which the encoders of single values are kept. */
#define SHAPE_VALUE (-1)

/* Stale encoders are kept for reuse of their place up to this number. */
#define MAX_STALE 64

/* How much is watched at least, and for each encoder, until all is forgotten. */
#define MIN_WATCHED 1024
#define WATCHED_PER_ENCODER 4

typedef struct CacheKey
{
	Oid			type;
	int32		typmod;
	int32		shape;			/* HpRowShape, or SHAPE_VALUE */
} CacheKey;

typedef struct CacheEntry
{
	CacheKey	key;
	bool		is_valid;
	Oid			relid;			/* relation of a composite type, or InvalidOid */
	MemoryContext context;		/* what follows lives here; NULL when nothing is compiled */
	HpEncoder  *encoder;
	HpValue    *value;
} CacheEntry;

/* Something that encoders were compiled from: a relation (cacheid 0), or a catalog row. */
typedef struct Watched
{
	int32		cacheid;
	uint32		id;				/* OID of the relation, or hash value of the catalog row */
} Watched;

uint64		hp_encoder_generation = 1;

static HTAB *encoders = NULL;
static HTAB *watched = NULL;
static int	nstale = 0;

static bool
is_watched(int32 cacheid, uint32 id)
{
	Watched		key = {cacheid, id};

	return hash_search(watched, &key, HASH_FIND, NULL) != NULL;
}

/* Make encoders stale: those of a relation, or all. */
static void
invalidate(Oid relid)
{
	HASH_SEQ_STATUS status;
	CacheEntry *entry;

	hp_encoder_generation++;
	hash_seq_init(&status, encoders);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		if (!entry->is_valid || (OidIsValid(relid) && entry->relid != relid))
			continue;
		entry->is_valid = false;
		nstale++;
	}
}

static HTAB *
create_watched(void)
{
	HASHCTL		by_id = {.keysize = sizeof(Watched), .entrysize = sizeof(Watched)};

	return hash_create("pg_hotpath watched types", 64, &by_id, HASH_ELEM | HASH_BLOBS);
}

/* What is being compiled counts as stale as well, so that it is watched again. */
static void
forget_watched(void)
{
	HTAB	   *old = watched;

	invalidate(InvalidOid);
	watched = create_watched();
	hash_destroy(old);
}

static void
watch(int32 cacheid, uint32 id)
{
	Watched		key = {cacheid, id};

	if (hash_get_num_entries(watched) >=
		Max(MIN_WATCHED, WATCHED_PER_ENCODER * hash_get_num_entries(encoders)))
		forget_watched();
	hash_search(watched, &key, HASH_ENTER, NULL);
}

/* Callbacks must not throw or allocate. */
static void
relation_changed(Datum arg, Oid relid)
{
	if (!OidIsValid(relid) || is_watched(0, relid))
		invalidate(relid);
}

/* A type or a function; a hash value of 0 stands for all. */
static void
object_changed(Datum arg, int cacheid, uint32 hash)
{
	if (hash == 0 || is_watched(cacheid, hash))
		invalidate(InvalidOid);
}

static void
cast_changed(Datum arg, int cacheid, uint32 hash)
{
	invalidate(InvalidOid);
}

static void
ensure_cache(void)
{
	HASHCTL		by_key = {.keysize = sizeof(CacheKey), .entrysize = sizeof(CacheEntry)};

	if (encoders != NULL)
		return;
	if (watched == NULL)
		watched = create_watched();
	encoders = hash_create("pg_hotpath encoders", 64, &by_key, HASH_ELEM | HASH_BLOBS);
	CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(TYPEOID, object_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(PROCOID, object_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(CASTSOURCETARGET, cast_changed, (Datum) 0);
}

/* A type that an encoder is about to be compiled from. */
void
hp_encoder_watch_type(Oid type)
{
	ensure_cache();
	watch(TYPEOID, GetSysCacheHashValue1(TYPEOID, ObjectIdGetDatum(type)));
}

/* The same for a function. */
void
hp_encoder_watch_function(Oid function)
{
	ensure_cache();
	watch(PROCOID, GetSysCacheHashValue1(PROCOID, ObjectIdGetDatum(function)));
}

/* Let a replaced encoder live as long as it may be running. */
static void
retire(CacheEntry *entry)
{
	if (entry->context != NULL)
		MemoryContextSetParent(entry->context, TopTransactionContext);
	entry->context = NULL;
	entry->encoder = NULL;
	entry->value = NULL;
}

/* Remove what is stale, such as the encoders of dropped tables, once there is much of it. */
static void
sweep(void)
{
	HASH_SEQ_STATUS status;
	CacheEntry *entry;

	if (nstale <= MAX_STALE)
		return;
	nstale = 0;
	hash_seq_init(&status, encoders);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		if (entry->is_valid)
			continue;
		retire(entry);
		hash_search(encoders, &entry->key, HASH_REMOVE, NULL);
	}
}

/* The place of a key, with or without something valid in it. */
static CacheEntry *
enter(const CacheKey *key)
{
	bool		found;
	CacheEntry *entry = hash_search(encoders, key, HASH_ENTER, &found);

	if (!found)
	{
		entry->is_valid = false;
		entry->relid = InvalidOid;
		entry->context = NULL;
		entry->encoder = NULL;
		entry->value = NULL;
	}
	return entry;
}

static CacheEntry *
find_valid(const CacheKey *key)
{
	CacheEntry *entry;

	ensure_cache();
	entry = hash_search(encoders, key, HASH_FIND, NULL);
	return entry != NULL && entry->is_valid ? entry : NULL;
}

/* Put what was compiled since the generation given into the cache. */
static void
publish(const CacheKey *key, MemoryContext context, HpEncoder *encoder, HpValue *value,
		Oid relid, uint64 generation)
{
	CacheEntry *entry;

	sweep();
	entry = enter(key);
	retire(entry);
	entry->relid = relid;
	entry->encoder = encoder;
	entry->value = value;
	entry->context = context;
	entry->is_valid = generation == hp_encoder_generation;
	MemoryContextSetParent(context, CacheMemoryContext);
}

/* Compile the encoder of a composite type. */
static HpEncoder *
compile_row(const CacheKey *key)
{
	uint64		generation = hp_encoder_generation;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "pg_hotpath encoder",
												  ALLOCSET_SMALL_SIZES);
	Oid			relid = InvalidOid;
	TupleDesc	desc;
	HpEncoder  *result;

	if (key->type != RECORDOID)
		relid = get_typ_typrelid(key->type);
	if (OidIsValid(relid))
		watch(0, relid);
	desc = lookup_rowtype_tupdesc(key->type, key->typmod);
	result = hp_encoder_compile(desc, key->shape, context);
	ReleaseTupleDesc(desc);
	publish(key, context, result, NULL, relid, generation);
	return result;
}

/* The encoder of a composite type, from the cache or compiled now. */
static HpEncoder *
encoder_of_type(Oid rowtype, int32 typmod, HpRowShape shape)
{
	CacheKey	key = {rowtype, typmod, shape};
	CacheEntry *entry = find_valid(&key);

	return entry != NULL ? entry->encoder : compile_row(&key);
}

/* The slow half of hp_encoder_of_ref(). */
HpEncoder *
hp_encoder_refresh(HpEncoderRef *ref, Oid rowtype, int32 typmod, HpRowShape shape)
{
	uint64		generation = hp_encoder_generation;
	HpEncoder  *encoder = encoder_of_type(rowtype, typmod, shape);

	ref->encoder = encoder;
	ref->rowtype = rowtype;
	ref->typmod = typmod;
	ref->shape = shape;
	ref->generation = generation;
	return encoder;
}

/* The encoder of what an array holds, with the same lifetime as a row's. */
HpValue *
hp_encoder_cached_value(Oid type)
{
	CacheKey	key = {type, -1, SHAPE_VALUE};
	CacheEntry *entry = find_valid(&key);
	uint64		generation = hp_encoder_generation;
	MemoryContext context;
	HpValue    *result;

	if (entry != NULL)
		return entry->value;
	context = AllocSetContextCreate(CurrentMemoryContext, "pg_hotpath element encoder",
									ALLOCSET_SMALL_SIZES);
	result = hp_value_compile(type, context);
	publish(&key, context, NULL, result, InvalidOid, generation);
	return result;
}
