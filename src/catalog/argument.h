/*-------------------------------------------------------------------------
 *
 * argument.h
 *		Arguments that several SQL functions have.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_ARGUMENT_H
#define HP_ARGUMENT_H

#include "catalog/key_array.h"
#include "catalog/relation.h"
#include "fmgr.h"
#include "utils/array.h"

/* Columns of a relation. */
typedef struct HpColumnList
{
	int			n;
	AttrNumber *attnums;
} HpColumnList;

/* Raise 22004 (null_value_not_allowed), with a hint, for an argument that is null. */
extern void hp_argument_require(FunctionCallInfo fcinfo, int argno, const char *name,
								const char *hint);

/* Raise 22023 (invalid_parameter_value), with a hint, for a number of rows below zero. */
extern void hp_argument_check_count(const char *name, int64 count, const char *hint);

/* A text argument in the current context; NULL when it is null. */
extern char *hp_argument_text(FunctionCallInfo fcinfo, int argno);

/*
 * The columns that an array of names lists, each once.  Errors: 42703 (no such column), 42701
 * (named twice), 22004 (a null among the names).  Allocated in the current context.
 */
extern HpColumnList *hp_argument_columns(HpRelation *rel, ArrayType *names);

extern HpRelation *hp_argument_relation(FunctionCallInfo fcinfo);
extern HpKeyArgument hp_argument_key(FunctionCallInfo fcinfo, int first, const HpKeyDef *def,
									 HpKey *key);

#endif							/* HP_ARGUMENT_H */
