/*-------------------------------------------------------------------------
 *
 * query_source.c
 *		Pages of a query that the user gives as text.
 *
 * The query stands behind FROM as a subquery, and the ranges of a page are
 * conditions on its output columns, which the planner moves down to where they
 * filter most.  Nothing tells the server which output columns are unique, so the
 * caller must; whoever reads the rows checks it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "page/query_source.h"

#include "base/errors.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "query/reader.h"
#include "utils/builtins.h"

#define ALIAS "hp"

static void
refuse_no_key(void)
{
	ereport(ERROR,
			errcode(HP_ERRCODE_ORDER_NOT_UNIQUE),
			errmsg("pages of a query need to know which columns tell its rows apart"),
			errdetail("unique_key is missing or empty."),
			errhint("Name the output columns that are unique together, "
					"such as unique_key => array['id']."));
}

static AttrNumber
column_by_name(TupleDesc desc, const char *name)
{
	AttrNumber	attnum = hp_relation_find_column(desc, name);

	if (attnum != InvalidAttrNumber)
		return attnum;
	ereport(ERROR,
			errcode(ERRCODE_UNDEFINED_COLUMN),
			errmsg("the query has no output column \"%s\"", name),
			errdetail("It is named in unique_key."),
			errhint("Name output columns of the query, without quotes."));
}

/* Add the columns of the key to the order. */
static void
add_key(HpSource *source, ArrayType *unique_key)
{
	HpOrder    *order = source->order;
	bool		descending = order->ncolumns > 0 &&
	order->columns[order->ncolumns - 1].descending;
	Datum	   *names;
	bool	   *nulls;
	int			n = 0;

	if (unique_key != NULL)
		deconstruct_array(unique_key, TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &n);
	if (n == 0)
		refuse_no_key();
	for (int i = 0; i < n; i++)
	{
		AttrNumber	attnum;
		char	   *name;

		CHECK_FOR_INTERRUPTS();
		if (nulls[i])
			refuse_no_key();
		name = TextDatumGetCString(names[i]);
		attnum = column_by_name(source->base, name);
		pfree(name);
		if (!hp_order_has(order, attnum))
			hp_order_add(order, source->base, attnum, descending);
	}
}

/* Raise an error for a column of the order that shares its name with another output column. */
static void
refuse_ambiguous(const HpSource *source)
{
	for (int i = 0; i < source->order->ncolumns; i++)
	{
		const HpOrderColumn *column = &source->order->columns[i];

		for (int a = 0; a < source->base->natts; a++)
			if (a + 1 != column->attnum &&
				namestrcmp(&TupleDescAttr(source->base, a)->attname, NameStr(column->name)) == 0)
				ereport(ERROR,
						errcode(ERRCODE_AMBIGUOUS_COLUMN),
						errmsg("the query has several output columns \"%s\"",
							   NameStr(column->name)),
						errdetail("Its rows cannot be ordered by one of them."),
						errhint("Give the columns different names with AS."));
	}
}

/*
 * A query with an order over its output columns, to which those of unique_key are added.  To be
 * completed by hp_source_prepare().
 */
HpSource *
hp_source_of_query(const char *query, Jsonb *params, const char *order_by, ArrayType *unique_key)
{
	HpSource   *source = palloc0(sizeof(HpSource));
	char	   *text;

	source->context = CurrentMemoryContext;
	source->name = "query";
	source->base = hp_reader_describe(query, params, &text, &source->params);
	source->desc = source->base;
	source->alias = ALIAS;
	source->list = ALIAS ".*";
	/* the text may end with a comment */
	source->from = psprintf("(%s\n) AS " ALIAS, text);
	source->order = hp_order_parse(order_by, source->base, source->name);
	add_key(source, unique_key);
	refuse_ambiguous(source);
	source->places = palloc(source->order->ncolumns * sizeof(AttrNumber));
	for (int i = 0; i < source->order->ncolumns; i++)
		source->places[i] = source->order->columns[i].attnum;
	source->filter = hp_filter_parse(NULL, source->base, source->name);
	return source;
}
