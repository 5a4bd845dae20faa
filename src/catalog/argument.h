/*-------------------------------------------------------------------------
 *
 * argument.h
 *		Key arguments of the SQL functions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_ARGUMENT_H
#define HP_ARGUMENT_H

#include "catalog/relation.h"
#include "fmgr.h"

/* What the key arguments of a call came to. */
typedef enum HpKeyArgument
{
	HP_KEY_GIVEN,
	HP_KEY_NULL,				/* a part is null */
	HP_KEY_IMPOSSIBLE			/* no value of the key's type equals it */
} HpKeyArgument;

extern HpRelation *hp_argument_relation(FunctionCallInfo fcinfo);
extern HpKeyArgument hp_argument_key(FunctionCallInfo fcinfo, int first, const HpKeyDef *def,
									 HpKey *key);

/* The keys of an array argument. */
typedef struct HpKeyArray
{
	const HpKeyDef *def;
	Oid			element;
	Datum	   *values;
	bool	   *nulls;
	int			n;
	struct HpCoercion *coercions;	/* one for each column */
	FmgrInfo	record_in;		/* for composite keys given as text */
	int32		record_typmod;
	Oid			known_types[INDEX_MAX_KEYS];	/* of the coercions of a record's fields */
} HpKeyArray;

extern void hp_argument_array(FunctionCallInfo fcinfo, int argno, const HpKeyDef *def,
							  HpKeyArray *array);
extern HpKeyArgument hp_argument_element(HpKeyArray *array, int i, HpKey *key);

#endif							/* HP_ARGUMENT_H */
