/*-------------------------------------------------------------------------
 *
 * key_array.h
 *		Keys that are given as an SQL array.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_KEY_ARRAY_H
#define HP_KEY_ARRAY_H

#include "catalog/key.h"

/* What a key that is given came to. */
typedef enum HpKeyArgument
{
	HP_KEY_GIVEN,
	HP_KEY_NULL,				/* a part is null */
	HP_KEY_IMPOSSIBLE			/* no value of the key's type equals it */
} HpKeyArgument;

/* The keys of an array.  What an element is coerced to belongs to the current context. */
typedef struct HpKeyArray
{
	MemoryContext context;		/* of the array, and of what its coercions keep */
	const HpKeyDef *def;		/* may be set anew to another one of the same columns */
	Oid			element;
	Datum	   *values;
	bool	   *nulls;
	int			n;
	HpCoercion *coercions;		/* one for each column */
	FmgrInfo	record_in;		/* for composite keys given as text */
	int32		record_typmod;
	Oid			known_types[INDEX_MAX_KEYS];	/* of the coercions of a record's fields */
	MemoryContext contexts[INDEX_MAX_KEYS];	/* of what these keep */
} HpKeyArray;

extern HpKeyDef *hp_key_of_columns(Oid relid, const AttrNumber *attnums, int n, const char *name);
extern void hp_key_report_count(const HpKeyDef *def, int given);
extern void hp_key_array_init(HpKeyArray *array, Datum value, const HpKeyDef *def);
extern HpKeyArgument hp_key_array_values(HpKeyArray *array, int i, Datum *values);
extern HpKeyArgument hp_key_array_get(HpKeyArray *array, int i, HpKey *key);

#endif							/* HP_KEY_ARRAY_H */
