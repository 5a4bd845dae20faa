/*-------------------------------------------------------------------------
 *
 * key.h
 *		Unique keys of relations, and values of them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_KEY_H
#define HP_KEY_H

#include "access/attnum.h"
#include "fmgr.h"
#include "utils/rel.h"

typedef struct HpKeyColumn
{
	AttrNumber	attnum;
	NameData	name;
	Oid			type;			/* base type of the column */
	bool		is_domain;
	int32		typmod;
	Oid			collation;		/* of the column */
	int16		len;
	bool		byval;
	Oid			opclass;		/* of the index */
	Oid			equal_operator;
	FmgrInfo	equal;
	FmgrInfo	hash;			/* extended; fn_oid is InvalidOid without one */
} HpKeyColumn;

typedef struct HpKeyDef
{
	Oid			index;
	uint64		identity;		/* of the catalog rows of index and hash functions, by their xmin */
	NameData	index_name;
	bool		primary;
	bool		hashable;		/* every column has a hash function */
	bool		image_equal;	/* equal values have equal images, and the reverse */
	uint64		seed;			/* of database, relation and columns */
	char	   *row_sql;		/* texts of query/query.c, in the relation's context; NULL until */
	char	   *rows_sql;		/* they are needed */
	char	   *upsert_sql;
	int			ncolumns;
	HpKeyColumn columns[FLEXIBLE_ARRAY_MEMBER];
} HpKeyDef;

/* Why an index does not serve as a key. */
typedef enum HpKeyProblem
{
	HP_KEY_FINE,
	HP_KEY_NOT_AN_INDEX,		/* of this relation */
	HP_KEY_NOT_UNIQUE,
	HP_KEY_PARTIAL,
	HP_KEY_EXPRESSION,
	HP_KEY_INVALID,
	HP_KEY_DEFERRABLE,
	HP_KEY_COLLATION,			/* the index's collation is not the column's */
	HP_KEY_NO_EQUALITY			/* an operator class lacks the operator */
} HpKeyProblem;

/*
 * A value of a key.  Values belong to the caller; a long image to the context that was current at
 * hp_key_set().
 */
typedef struct HpKey
{
	const HpKeyDef *def;
	uint64		hash;
	char	   *image;
	uint32		image_len;
	Datum		values[INDEX_MAX_KEYS];
	char		space[64];		/* the image, when it is short */
} HpKey;

/* How an argument becomes a value of a key column. */
typedef enum HpCoercionKind
{
	HP_COERCE_NONE,				/* the same, or binary-coercible */
	HP_COERCE_INTEGER,			/* between the integer types, with a range check */
	HP_COERCE_FUNCTION,			/* an implicit cast's function */
	HP_COERCE_INPUT				/* text, through the type's input function */
} HpCoercionKind;

typedef struct HpCoercion
{
	HpCoercionKind kind;
	Oid			source;			/* the base type of what is given */
	Oid			target;
	Oid			io_param;
	int			nargs;			/* of the cast's function */
	FmgrInfo	function;
} HpCoercion;

extern HpKeyDef *hp_key_define(Relation rel, Oid indexid, bool allow_invalid,
							   MemoryContext context, HpKeyProblem *problem);
extern uint64 hp_key_seed(Oid relid, const AttrNumber *attnums, int n);
extern char *hp_key_hash_problem(const HpKeyDef *def);

extern void hp_key_set(HpKey *key, const HpKeyDef *def);
extern bool hp_key_of_tuple(HpKey *key, const HpKeyDef *def, HeapTuple tuple, TupleDesc desc);
extern void hp_key_hash(HpKey *key);
extern bool hp_key_image_equals(const HpKey *key, const char *image, uint32 len);
extern bool hp_key_same_functions(const HpKeyDef *a, const HpKeyDef *b);
extern void hp_key_from_image(HpKey *key, const HpKeyDef *def, const char *image);

extern void hp_key_coercion_init(HpCoercion *coercion, Oid source, const HpKeyColumn *column,
							 MemoryContext context);
extern bool hp_key_coercion_apply(HpCoercion *coercion, Datum value, Datum *result);

#endif							/* HP_KEY_H */
