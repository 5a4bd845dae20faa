/*-------------------------------------------------------------------------
 *
 * spec.h
 *		What is to be loaded: a tree of levels, checked.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_EAGER_SPEC_H
#define HP_EAGER_SPEC_H

#include "catalog/relationship.h"
#include "eager/eager.h"
#include "query/filter.h"
#include "query/order.h"

/* What becomes of a parent without rows at a level. */
typedef enum HpJoin
{
	HP_JOIN_LEFT,				/* it stays */
	HP_JOIN_INNER,				/* it goes away */
	HP_JOIN_ANTI				/* only such parents stay */
} HpJoin;

typedef struct HpAggregate
{
	const char *name;			/* in the result */
	const char *schema;			/* of the function */
	const char *function;
	AttrNumber	column;			/* InvalidAttrNumber: rows are counted */
} HpAggregate;

/*
 * A level of the tree: rows of one relation, found by the rows of the level above.
 * Columns are attribute numbers; nothing here points into a descriptor.
 */
typedef struct HpLevel
{
	const char *key;			/* output key; NULL at the root */
	const char *path;			/* for messages */
	Oid			relid;
	uint64		columns_hash;	/* of the relation, when it was read */
	HpRelationship via;			/* from the level above; not at the root */
	bool		to_one;
	HpJoin		join;
	HpFilter   *filter;
	HpOrder    *order;
	int64		limit;			/* -1: none */
	int64		offset;
	int			naggregates;	/* 0: rows are shown */
	HpAggregate *aggregates;
	int			nshown;
	int			ncolumns;		/* those shown come first, then keys of the levels below */
	AttrNumber *columns;
	Oid		   *types;			/* of the columns, or the row type where it is as_row */
	bool		is_whole;		/* all columns are shown, in their order */
	bool		as_row;			/* not rendered: one column, the whole row */
	bool		has_identity;	/* rows may come repeatedly, and are told apart by their place */
	TupleDesc	shown;			/* the columns shown, a copy; NULL for aggregates and as_row */
	int		   *parent_columns; /* where the keys are among the columns of the level above */
	List	   *below;			/* HpLevel */
} HpLevel;

/* spec.c */
extern HpLevel *hp_spec_parse(Oid relid, Jsonb *spec, HpEmbedUse use,
							const HpColumnList *columns);
extern bool hp_spec_is_shown(const HpLevel *level);

/*
 * A level of whole rows, for the functions that return such: their row type's relation is the
 * target.  limit is -1 for none.
 */
extern HpLevel *hp_spec_rows(const HpRelationship *via, Jsonb *filter, const char *order_by,
							 int64 limit);

/* spec_value.c */
extern void hp_spec_report_type(const HpLevel *level, const char *key, const char *wanted,
								const JsonbValue *value);
extern char *hp_spec_string(const HpLevel *level, const char *key, const JsonbValue *value);
extern int64 hp_spec_count(const HpLevel *level, const char *key, const JsonbValue *value);
extern Jsonb *hp_spec_object(const HpLevel *level, const char *key, JsonbValue *value);
extern AttrNumber hp_spec_column(const HpLevel *level, TupleDesc desc, const char *name);
extern void hp_spec_aggregates(HpLevel *level, TupleDesc desc, JsonbValue *value);

#endif							/* HP_EAGER_SPEC_H */
