/*-------------------------------------------------------------------------
 *
 * filter_private.h
 *		The tree of a filter, shared by the files that make and write it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_FILTER_PRIVATE_H
#define HP_FILTER_PRIVATE_H

#include "base/compat.h"
#include "nodes/pg_list.h"
#include "query/filter.h"

typedef struct HpFilterColumn
{
	AttrNumber	attnum;
	NameData	name;
	Oid			type;			/* base type of the column */
	bool		is_domain;
} HpFilterColumn;

typedef enum HpFilterKind
{
	HP_FILTER_ALL,				/* of the children; true if there are none */
	HP_FILTER_SOME,				/* of the children; false if there are none */
	HP_FILTER_NOT,				/* the one child */
	HP_FILTER_NULL,				/* column IS NULL */
	HP_FILTER_NOT_NULL,			/* column IS NOT NULL */
	HP_FILTER_COMPARE,			/* column operator value */
	HP_FILTER_COMPARE_ANY,		/* column operator ANY (value) */
	HP_FILTER_COMPARE_ALL		/* column operator ALL (value) */
} HpFilterKind;

typedef struct HpFilterNode
{
	HpFilterKind kind;
	List	   *children;
	const HpFilterColumn *column;
	bool		as_text;		/* the column is cast to text */
	bool		equality;		/* operator is the type's equality */
	const char *operator;		/* qualified */
	Oid			type;			/* of the value, which is not null */
	Datum		value;
} HpFilterNode;

/* What is known while a filter is parsed. */
typedef struct HpFilterParser
{
	TupleDesc	desc;
	const char *what;			/* the relation, in messages */
	int			depth;
	int			nconditions;
} HpFilterParser;

struct HpFilter
{
	HpFilterNode *root;			/* HP_FILTER_ALL */
};

/* filter.c */
extern HpFilterNode *hp_filter_node(HpFilterKind kind);
extern HpFilterNode *hp_filter_negate(HpFilterNode *node);
extern void hp_filter_count(HpFilterParser *parser);

/* filter_operator.c */
extern HpFilterNode *hp_filter_operator(HpFilterParser *parser, const HpFilterColumn *column,
										const JsonbValue *name, JsonbValue *operand);
extern HpFilterNode *hp_filter_implied(HpFilterParser *parser, const HpFilterColumn *column,
									   JsonbValue *operand);

/* filter_value.c */
extern bool hp_filter_is_array(const JsonbValue *value);
extern bool hp_filter_is_object(const JsonbValue *value);
hp_noreturn extern void hp_filter_refuse(const HpFilterColumn *column, const char *operator,
							 const JsonbValue *operand, const char *hint);
extern Datum hp_filter_value(const HpFilterColumn *column, const char *operator,
							 JsonbValue *operand, Oid type);
extern Datum hp_filter_array(const HpFilterColumn *column, const char *operator,
							 JsonbValue *list, Oid array_type, bool *has_null);

#endif							/* HP_FILTER_PRIVATE_H */
