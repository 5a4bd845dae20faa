/*-------------------------------------------------------------------------
 *
 * key_set.c
 *		The distinct keys that a level is asked for.
 *
 * Keys are told apart by their bytes, which needs nothing of their types.  Equal
 * keys of different bytes, such as 1.0 and 1.00, are two keys then, which both
 * find their rows.
 *
 * A statement gets the keys as one array for each column.  The values of a type
 * without an array type, such as an array, go as records of one column, and so do
 * those of a composite type, which unnest() would take apart.  Text would not do:
 * what it says depends on settings, and those that its writer needs would be in
 * force wherever the statement looks at them.
 *
 * Memory: the set and copies of the values in the context given at creation.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "eager/key_set.h"

#include "access/htup_details.h"
#include "base/compat.h"
#include "catalog/object.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

typedef struct KeyColumn
{
	Oid			type;
	Oid			array_type;		/* InvalidOid: goes as records */
	TupleDesc	record;			/* their type, then */
	int16		len;
	bool		byval;
	char		align;
} KeyColumn;

typedef struct KeyEntry
{
	int			key;			/* hash key: number in the set */
	uint32		hash;
	char		status;
} KeyEntry;

struct HpKeySet
{
	MemoryContext context;
	struct keys_hash *hash;
	int			nkeys;
	int			capacity;
	Datum	   *values;			/* ncolumns for each key */
	const Datum *probe;			/* stands for key number -1 */
	int			ncolumns;
	Oid			types[INDEX_MAX_KEYS];
	KeyColumn	columns[FLEXIBLE_ARRAY_MEMBER];
};

static const Datum *
values_of(const HpKeySet *set, int key)
{
	return key < 0 ? set->probe : set->values + (Size) key * set->ncolumns;
}

static uint32
hash_values(const HpKeySet *set, const Datum *values)
{
	uint32		hash = 0;

	for (int i = 0; i < set->ncolumns; i++)
	{
		const KeyColumn *column = &set->columns[i];
		uint32		part;

		if (column->byval)
			part = murmurhash32((uint32) values[i] ^ (uint32) ((uint64) values[i] >> 32));
		else
			part = hash_bytes((const unsigned char *) DatumGetPointer(values[i]),
							  datumGetSize(values[i], false, column->len));
		hash = hash_combine(hash, part);
	}
	return hash;
}

static bool
same_values(const HpKeySet *set, const Datum *a, const Datum *b)
{
	for (int i = 0; i < set->ncolumns; i++)
		if (!datumIsEqual(a[i], b[i], set->columns[i].byval, set->columns[i].len))
			return false;
	return true;
}

#define SH_PREFIX keys
#define SH_ELEMENT_TYPE KeyEntry
#define SH_KEY_TYPE int
#define SH_KEY key
#define SH_HASH_KEY(table, k) hash_values((table)->private_data, values_of((table)->private_data, k))
#define SH_EQUAL(table, a, b) same_values((table)->private_data, \
										  values_of((table)->private_data, a), \
										  values_of((table)->private_data, b))
#define SH_STORE_HASH
#define SH_GET_HASH(table, entry) (entry)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* The record type of one column, registered, of which there are as many as key columns have types. */
static TupleDesc
record_of(Oid type, MemoryContext context)
{
	MemoryContext outer = MemoryContextSwitchTo(context);
	TupleDesc	desc = CreateTemplateTupleDesc(1);

	TupleDescInitEntry(desc, 1, "k", type, -1, 0);
	TupleDescFinalize(desc);
	BlessTupleDesc(desc);
	MemoryContextSwitchTo(outer);
	return desc;
}

HpKeySet *
hp_key_set_create(const Oid *types, int ncolumns, MemoryContext context)
{
	HpKeySet   *set = MemoryContextAllocZero(context, offsetof(HpKeySet, columns) +
											 ncolumns * sizeof(KeyColumn));

	set->context = context;
	set->ncolumns = ncolumns;
	set->capacity = 64;
	set->values = MemoryContextAlloc(context, set->capacity * ncolumns * sizeof(Datum));
	for (int i = 0; i < ncolumns; i++)
	{
		KeyColumn  *column = &set->columns[i];

		set->types[i] = types[i];
		column->type = types[i];
		column->array_type = type_is_rowtype(types[i]) ? InvalidOid : get_array_type(types[i]);
		get_typlenbyvalalign(types[i], &column->len, &column->byval, &column->align);
		if (!OidIsValid(column->array_type))
			column->record = record_of(types[i], context);
	}
	set->hash = keys_create(context, 64, set);
	return set;
}

/* Copy the probe to the end of the set. */
static void
append_probe(HpKeySet *set)
{
	Datum	   *values;
	MemoryContext outer = MemoryContextSwitchTo(set->context);

	if (set->nkeys == set->capacity)
	{
		if (set->capacity > INT_MAX / 2)
			ereport(ERROR,
					errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					errmsg("too many keys"),
					errdetail("One call can have %d keys at a level.", set->capacity),
					errhint("Load fewer rows at a time."));
		set->capacity *= 2;
		set->values = repalloc_huge(set->values,
									(Size) set->capacity * set->ncolumns * sizeof(Datum));
	}
	values = set->values + (Size) set->nkeys * set->ncolumns;
	for (int i = 0; i < set->ncolumns; i++)
		values[i] = datumCopy(set->probe[i], set->columns[i].byval, set->columns[i].len);
	set->nkeys++;
	MemoryContextSwitchTo(outer);
}

int
hp_key_set_add(HpKeySet *set, const Datum *values)
{
	Datum		flat[INDEX_MAX_KEYS];
	KeyEntry   *entry;
	bool		found;

	for (int i = 0; i < set->ncolumns; i++)
		flat[i] = set->columns[i].len == -1 ?
			PointerGetDatum(PG_DETOAST_DATUM(values[i])) : values[i];
	set->probe = flat;
	entry = keys_insert(set->hash, -1, &found);
	if (!found)
	{
		entry->key = set->nkeys;
		append_probe(set);
	}
	set->probe = NULL;
	return entry->key;
}

int
hp_key_set_count(const HpKeySet *set)
{
	return set->nkeys;
}

const Oid *
hp_key_set_types(const HpKeySet *set)
{
	return set->types;
}

const Datum *
hp_key_set_values(const HpKeySet *set, int key)
{
	return values_of(set, key);
}

/* An array of one column of the keys from first on. */
static Datum
column_array(const HpKeySet *set, int column, int first, int n)
{
	const KeyColumn *c = &set->columns[column];
	Datum	   *values = palloc(n * sizeof(Datum));
	bool		isnull = false;

	for (int i = 0; i < n; i++)
	{
		values[i] = values_of(set, first + i)[column];
		if (c->record != NULL)
			values[i] = HeapTupleGetDatum(heap_form_tuple(c->record, &values[i], &isnull));
	}
	if (c->record != NULL)
		return PointerGetDatum(construct_array(values, n, RECORDOID, -1, false, TYPALIGN_DOUBLE));
	return PointerGetDatum(construct_array(values, n, c->type, c->len, c->byval, c->align));
}

void
hp_key_set_append(HpStatement *statement, const HpKeySet *set, int first, int n)
{
	appendStringInfoString(&statement->sql, "ROWS FROM (");
	for (int i = 0; i < set->ncolumns; i++)
	{
		const KeyColumn *c = &set->columns[i];

		appendStringInfo(&statement->sql, "%spg_catalog.unnest(", i > 0 ? ", " : "");
		hp_statement_add(statement, c->record != NULL ? RECORDARRAYOID : c->array_type,
						 column_array(set, i, first, n), false);
		appendStringInfoChar(&statement->sql, ')');
		if (c->record != NULL)
			appendStringInfo(&statement->sql, " AS (k %s)", hp_object_type_name(c->type));
	}
	appendStringInfoString(&statement->sql, ") WITH ORDINALITY AS k (");
	for (int i = 0; i < set->ncolumns; i++)
		appendStringInfo(&statement->sql, "k%d, ", i + 1);
	appendStringInfoString(&statement->sql, "ord)");
}
