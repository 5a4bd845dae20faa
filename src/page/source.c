/*-------------------------------------------------------------------------
 *
 * source.c
 *		What pages are cut from: a relation or a query, with an order and a filter.
 *
 * A page is exact only if its order tells all rows apart.  So the columns of a
 * key are added to the order, in the direction of its last column, unless it has
 * all columns of some key already.  A key that serves is the primary key, or a
 * valid, immediate unique index on plain columns that are all NOT NULL.  A table
 * without one is refused.  Views, foreign tables and materialized views cannot
 * have such a key, and their orders are taken as written; that of a parent by
 * inheritance, which is added, does not hold for its children.  Whoever reads the
 * rows of these checks that no two are equal.
 *
 * What was declared after the active snapshot was taken need not hold for the rows that
 * it shows: an order that rests upon such a key, or such a column, is refused.
 *
 * Rows are shown whole, or with some columns: those asked for, in front, and the
 * order's columns behind them.  A statement then names these columns only, so
 * the right to read others is not needed.
 *
 * Locking: the relation is locked by its descriptor, and stays open until
 * hp_source_close(), so that its own session cannot alter it meanwhile.  Its columns
 * may be dropped with their domains, or be renamed, still: so its tuple descriptor is
 * copied.
 *
 * Memory: everything in the context that is current at hp_source_of_relation().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "page/source.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "base/compat.h"
#include "base/errors.h"
#include "catalog/object.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "catalog/relation.h"
#include "eager/eager.h"
#include "query/query.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

/* May an order over the relation be taken as written? */
static bool
is_checked_relation(Relation rel)
{
	switch (rel->rd_rel->relkind)
	{
		case RELKIND_RELATION:
			return rel->rd_rel->relhassubclass && has_subclass(RelationGetRelid(rel));
		case RELKIND_PARTITIONED_TABLE:
			return false;
		default:
			return true;
	}
}

static void
check_kind(Relation rel)
{
	switch (rel->rd_rel->relkind)
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_VIEW:
		case RELKIND_MATVIEW:
		case RELKIND_FOREIGN_TABLE:
			return;
		default:
			ereport(ERROR,
					errcode(ERRCODE_WRONG_OBJECT_TYPE),
					errmsg("\"%s\" has no rows to page through", RelationGetRelationName(rel)),
					errdetail("It is not a table, view, materialized view or foreign table."),
					errhint("Name a relation that SELECT reads."));
	}
}

/*
 * A key whose columns are never null; NULL if the index enforces none.  What is unique by an
 * operator class of its own, such as record_image_ops, may be equal in an order.
 */
static HpKeyDef *
key_of_index(HpRelation *known, Relation rel, Oid indexid)
{
	HpKeyProblem problem;
	HpKeyDef   *def = known->primary;

	if (def == NULL || def->index != indexid)
		def = hp_key_define(rel, indexid, false, CurrentMemoryContext, &problem);
	for (int i = 0; def != NULL && i < def->ncolumns; i++)
	{
		const HpKeyColumn *column = &def->columns[i];

		if (!hp_is_not_null(RelationGetDescr(rel), column->attnum) ||
			column->equal_operator !=
			lookup_type_cache(column->type, TYPECACHE_EQ_OPR)->eq_opr)
			return NULL;
	}
	return def;
}

static bool
order_has_key(const HpOrder *order, const HpKeyDef *def)
{
	for (int i = 0; i < def->ncolumns; i++)
		if (!hp_order_has(order, def->columns[i].attnum))
			return false;
	return true;
}

/* Is a key the better one to add to an order? */
static bool
is_better_key(const HpKeyDef *def, const HpKeyDef *best)
{
	if (best == NULL || def->primary != best->primary)
		return best == NULL || def->primary;
	return def->ncolumns < best->ncolumns;
}

/* The key by which an order is unique already, or else the best one to make it so; NULL if there is none. */
static const HpKeyDef *
find_key(HpRelation *known, Relation rel, const HpOrder *order, bool *unique)
{
	List	   *indexes = RelationGetIndexList(rel);
	HpKeyDef   *best = NULL;
	ListCell   *lc;

	*unique = false;
	foreach(lc, indexes)
	{
		HpKeyDef   *def = key_of_index(known, rel, lfirst_oid(lc));

		if (def == NULL)
			continue;
		*unique = order_has_key(order, def);
		if (*unique)
			return def;
		if (is_better_key(def, best))
			best = def;
	}
	return best;
}

static void
refuse_order(Relation rel)
{
	bool		checked = is_checked_relation(rel);

	ereport(ERROR,
			errcode(HP_ERRCODE_ORDER_NOT_UNIQUE),
			errmsg("the order does not tell all rows of \"%s\" apart",
				   RelationGetRelationName(rel)),
			checked ? errdetail("The order names no column, and the relation has no key.") :
			errdetail("The table has no primary key, nor another key of columns that are NOT NULL, or "
					  "only deferrable ones, which may be violated for a while."),
			checked ? errhint("Order by columns that are unique together.") :
			errhint("Add a primary key to the table that is not deferrable."));
}

hp_noreturn static void
report_declared_later(Relation rel, char *detail)
{
	ereport(ERROR,
			errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			errmsg("the order of \"%s\" rests upon what was declared after the snapshot was taken",
				   RelationGetRelationName(rel)),
			errdetail_internal("%s", detail),
			errhint("Read it by a newer snapshot: in another statement, or in another transaction if this "
					"one keeps its snapshot."));
}

/* Raise an error if the key or the columns that are NOT NULL need not be so in all rows of the snapshot. */
static void
check_declared(Relation rel, const HpOrder *order, const HpKeyDef *key)
{
	Oid			relid = RelationGetRelid(rel);

	if (hp_relation_snapshot_is_certain() || !hp_relation_was_there(relid))
		return;
	if (!hp_relation_was_key(relid, key))
		report_declared_later(rel, psprintf("Rows may be equal by index \"%s\".",
											NameStr(key->index_name)));
	for (int i = 0; i < order->ncolumns; i++)
		if (!order->columns[i].nullable && !hp_relation_was_not_null(relid, order->columns[i].attnum))
			report_declared_later(rel, psprintf("There may be nulls in column \"%s\".",
												NameStr(order->columns[i].name)));
}

/* Make the order unique. */
static void
complete_order(HpSource *source, HpRelation *known)
{
	Relation	rel = source->rel;
	HpOrder    *order = source->order;
	bool		checked = is_checked_relation(rel);
	bool		descending = order->ncolumns > 0 &&
	order->columns[order->ncolumns - 1].descending;
	const HpKeyDef *key = find_key(known, rel, order, &source->unique);

	if (key != NULL)
	{
		for (int i = 0; i < key->ncolumns; i++)
			if (!hp_order_has(order, key->columns[i].attnum))
				hp_order_add(order, source->base, key->columns[i].attnum, descending);
		source->unique = true;
	}
	for (int i = 0; i < order->ncolumns; i++)
	{
		/* what is NOT NULL in a parent or a foreign table's declaration may be null in its rows */
		if (checked)
			order->columns[i].nullable = true;
		/* a plain index has no place for nulls of columns that have none */
		else if (!order->columns[i].nullable)
			order->columns[i].nulls_first = order->columns[i].descending;
	}
	if (checked)
		source->unique = false;
	else if (!source->unique)
		refuse_order(rel);
	else
		check_declared(rel, order, key);
	if (order->ncolumns == 0)
		refuse_order(rel);
}

/* Lay out rows with the columns asked for and those of the order behind them. */
static void
lay_out_columns(HpSource *source, const HpColumnList *columns)
{
	HpOrder    *order = source->order;
	int			n = columns->n;
	StringInfoData list;

	source->attnums = palloc((columns->n + order->ncolumns) * sizeof(AttrNumber));
	if (columns->n > 0)			/* else there need be no array */
		memcpy(source->attnums, columns->attnums, columns->n * sizeof(AttrNumber));
	for (int i = 0; i < order->ncolumns; i++)
	{
		int			place = 0;

		while (place < n && source->attnums[place] != order->columns[i].attnum)
			place++;
		if (place == n)
			source->attnums[n++] = order->columns[i].attnum;
		source->places[i] = place + 1;
	}
	source->desc = CreateTemplateTupleDesc(n);
	initStringInfo(&list);
	for (int i = 0; i < n; i++)
	{
		Form_pg_attribute att = TupleDescAttr(source->base, source->attnums[i] - 1);

		TupleDescCopyEntry(source->desc, i + 1, source->base, att->attnum);
		appendStringInfo(&list, "%s%s.%s", i > 0 ? ", " : "", source->alias,
						 quote_identifier(NameStr(att->attname)));
	}
	TupleDescFinalize(source->desc);
	source->list = list.data;
}

/* Lay out whole rows. */
static void
lay_out_row(HpSource *source)
{
	source->whole_row = true;
	source->desc = source->base;
	source->list = source->alias;
	for (int i = 0; i < source->order->ncolumns; i++)
		source->places[i] = source->order->columns[i].attnum;
}

/* Is a column among the equalities? */
static bool
is_fixed(const HpSource *source, AttrNumber attnum)
{
	for (int i = 0; i < source->nequal; i++)
		if (source->equal[i].attnum == attnum)
			return true;
	return false;
}

/* Work out what follows from the order and the equalities. */
void
hp_source_prepare(HpSource *source)
{
	HpOrder    *order = source->order;

	source->fixed = palloc(order->ncolumns * sizeof(bool));
	source->compare = palloc(order->ncolumns * sizeof(FmgrInfo));
	for (int i = 0; i < order->ncolumns; i++)
	{
		source->fixed[i] = is_fixed(source, order->columns[i].attnum);
		hp_object_init_function(order->columns[i].compare, &source->compare[i]);
	}
	if (source->rel != NULL)
		hp_source_choose_index(source);
}

/*
 * A relation with an order and a filter, either of which may be NULL, as is columns for whole
 * rows.  To be completed by hp_source_prepare().
 */
HpSource *
hp_source_of_relation(HpRelation *rel, const char *order_by, Jsonb *filter,
					  const HpColumnList *columns)
{
	HpSource   *source = palloc0(sizeof(HpSource));

	source->context = CurrentMemoryContext;
	source->rel = relation_open(rel->relid, NoLock);
	check_kind(source->rel);
	source->name = RelationGetRelationName(source->rel);
	source->base = CreateTupleDescCopyConstr(RelationGetDescr(source->rel));
	source->alias = hp_build_row_alias(rel);
	source->from = psprintf("%s AS %s", hp_relation_qualified_name(rel->relid), source->alias);
	source->order = hp_order_parse(order_by, source->base, source->name);
	complete_order(source, rel);
	source->places = palloc(source->order->ncolumns * sizeof(AttrNumber));
	if (columns != NULL)
		lay_out_columns(source, columns);
	else
		lay_out_row(source);

	source->filter = hp_filter_parse(filter, source->base, source->name);
	source->equal = palloc((INDEX_MAX_KEYS + 1) * sizeof(HpEquality));
	source->nequal = hp_filter_equalities(source->filter, source->equal, INDEX_MAX_KEYS - 1);
	source->only_equal = source->nequal >= 0;
	if (!source->only_equal)
		source->nequal = 0;
	return source;
}

/*
 * Fix a column by an equality that is not in the filter; its value is set before each page.
 * Before hp_source_prepare().
 */
void
hp_source_add_parent(HpSource *source, const HpOrderColumn *column)
{
	HpEquality *parent;

	/* each equality stands for a column of an index: of one column there must not be two */
	if (is_fixed(source, column->attnum))
	{
		source->only_equal = false;
		source->nequal = 0;
	}
	parent = &source->equal[source->nequal++];
	parent->attnum = column->attnum;
	parent->type = column->type;
	parent->value = (Datum) 0;
	parent->isnull = false;
	source->parent = parent;
	source->parent_column = *column;
}

/* Append what the source's rows have to fulfil, but for the parent. */
void
hp_source_append_condition(HpSource *source, HpStatement *statement)
{
	hp_filter_append(statement, source->filter, source->alias);
	if (source->embed != NULL)
		hp_embed_append_joins(source->embed, statement, source->alias);
}

/*
 * The relation's name as cursors are bound to it, whatever the settings for quoting are.  Where a dot
 * would not tell where the schema ends, its length does.
 */
char *
hp_source_identity(const HpSource *source)
{
	const char *schema = get_namespace_name(RelationGetNamespace(source->rel));

	if (strchr(schema, '.') == NULL && strchr(source->name, '.') == NULL)
		return psprintf("%s.%s", schema, source->name);
	return psprintf("%zu %s.%s", strlen(schema), schema, source->name);
}

void
hp_source_close(HpSource *source)
{
	hp_scan_close(source);
	if (source->rel != NULL)
		relation_close(source->rel, NoLock);
}

/* The place of a row: values that are valid as long as the slot's. */
void
hp_source_place(HpSource *source, TupleTableSlot *slot, HpPlace *place)
{
	for (int i = 0; i < source->order->ncolumns; i++)
		place->values[i] = slot_getattr(slot, source->places[i], &place->isnull[i]);
}

static int
compare_column(const HpOrderColumn *column, FmgrInfo *compare, const HpPlace *a,
			   const HpPlace *b, int i)
{
	int			result;

	if (a->isnull[i] || b->isnull[i])
	{
		if (a->isnull[i] && b->isnull[i])
			return 0;
		return a->isnull[i] == column->nulls_first ? -1 : 1;
	}
	result = DatumGetInt32(FunctionCall2Coll(compare, column->collation, a->values[i],
											 b->values[i]));
	if (result == 0)
		return 0;
	return (result < 0) != column->descending ? -1 : 1;
}

/* Compare places in the order: negative, zero or positive. */
int
hp_source_compare(HpSource *source, const HpPlace *a, const HpPlace *b)
{
	for (int i = 0; i < source->order->ncolumns; i++)
	{
		int			result = compare_column(&source->order->columns[i], &source->compare[i],
											a, b, i);

		if (result != 0)
			return result;
	}
	return 0;
}
