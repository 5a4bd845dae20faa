/*-------------------------------------------------------------------------
 *
 * key_set.h
 *		The distinct keys that a level is asked for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_EAGER_KEY_SET_H
#define HP_EAGER_KEY_SET_H

#include "query/statement.h"

typedef struct HpKeySet HpKeySet;

/* An empty set of keys with columns of some base types, in context. */
extern HpKeySet *hp_key_set_create(const Oid *types, int ncolumns, MemoryContext context);

/* The number of a key, from 0; added if it is new.  Values are copied, and must not be null. */
extern int	hp_key_set_add(HpKeySet *set, const Datum *values);

extern int	hp_key_set_count(const HpKeySet *set);

/* The types of its columns. */
extern const Oid *hp_key_set_types(const HpKeySet *set);

/* The values of a key. */
extern const Datum *hp_key_set_values(const HpKeySet *set, int key);

/*
 * Append "ROWS FROM (...) WITH ORDINALITY AS k (k1, k2, ord)": the keys from first on, n of them,
 * numbered from 1.
 */
extern void hp_key_set_append(HpStatement *statement, const HpKeySet *set, int first, int n);

#endif							/* HP_EAGER_KEY_SET_H */
