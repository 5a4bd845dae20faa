/*-------------------------------------------------------------------------
 *
 * level_sql.c
 *		The statement that loads a level, for all its parents at once.
 *
 * The keys of the parents are an array, unnested with ordinality and joined with
 * the rows, so that each row comes with the number of its parent's key, and equality
 * is decided by the foreign key's own operators.  For want of statistics the planner
 * takes such an array for ten keys: it uses an index on the foreign key where there
 * is one, and else hashes the keys and reads the table once.
 *
 * A level below with join inner or anti is a condition EXISTS or NOT EXISTS of this
 * level, so that it filters before limits count; conditions nest as levels do.
 *
 * Every name is quoted and qualified.  Aliases: t the rows, j the junction, k the
 * keys, s a subquery, e1, e2, ... in conditions.  A column is always named with
 * an alias, so no column can be taken for one.  A limit is part of the text, as
 * the planner has to know it; an offset, which differs more often, is a parameter.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "eager/level_sql.h"

#include "catalog/object.h"
#include "catalog/pg_type.h"
#include "catalog/relation.h"
#include "query/query.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

static const char *
column_name(Oid relid, AttrNumber attnum)
{
	return quote_identifier(get_attname(relid, attnum, false));
}

/* What an operand must be cast to for an operator of these types; InvalidOid if nothing. */
static Oid
cast_target(Oid type, Oid operand)
{
	Oid			base = hp_object_base_type(type);

	if (base == operand || IsPolymorphicType(operand))
		return base != type ? base : InvalidOid;
	return operand;
}

static void
append_cast(StringInfo sql, Oid type)
{
	if (OidIsValid(type))
		appendStringInfo(sql, "::%s", hp_object_type_name(type));
}

/* A column of a link's side, as an operand. */
static void
append_operand(StringInfo sql, const char *alias, Oid relid, AttrNumber attnum, Oid operand)
{
	appendStringInfo(sql, "%s.%s", alias, column_name(relid, attnum));
	append_cast(sql, cast_target(get_atttype(relid, attnum), operand));
}

/* " COLLATE ...", where the sides of a link have different collations. */
static void
append_collation(StringInfo sql, const HpLink *link, int i)
{
	bool		differs;
	Oid			collation = hp_foreign_key_collation(link, i, &differs);

	if (differs)
		appendStringInfo(sql, " COLLATE %s", hp_build_collation(collation));
}

/* The near side: a column of an alias, or of the keys. */
static void
append_near(StringInfo sql, const HpLink *link, int i, const HpKeySet *keys, const char *near,
			Oid operand)
{
	Oid			type;

	if (keys == NULL)
	{
		append_operand(sql, near, link->near_relation, link->near_columns[i], operand);
		append_collation(sql, link, i);
		return;
	}
	type = hp_key_set_types(keys)[i];
	appendStringInfo(sql, "k.k%d", i + 1);
	append_cast(sql, cast_target(type, operand));
	append_collation(sql, link, i);
}

/*
 * Append "referenced = referencing AND ...": the condition of a link whose far side is an alias,
 * and whose near side is another one, or the keys.
 */
static void
append_link(StringInfo sql, const HpLink *link, const HpKeySet *keys, const char *near,
			const char *far)
{
	for (int i = 0; i < link->ncolumns; i++)
	{
		Oid			referenced;
		Oid			referencing;

		op_input_types(link->operators[i], &referenced, &referencing);
		if (i > 0)
			appendStringInfoString(sql, " AND ");
		if (link->outgoing)
			append_operand(sql, far, link->far_relation, link->far_columns[i], referenced);
		else
			append_near(sql, link, i, keys, near, referenced);
		appendStringInfo(sql, " %s ", hp_build_operator(link->operators[i]));
		if (link->outgoing)
			append_near(sql, link, i, keys, near, referencing);
		else
			append_operand(sql, far, link->far_relation, link->far_columns[i], referencing);
	}
}

/* ---- conditions ---- */

static void append_joins(HpStatement *statement, const HpLevel *level, const char *alias,
						 int *naliases);

/* "EXISTS (...)": some row of a level belongs to a row of the level above. */
static void
append_exists(HpStatement *statement, const HpLevel *level, const char *above, int *naliases)
{
	StringInfo	sql = &statement->sql;
	char	   *alias = psprintf("e%d", ++*naliases);

	appendStringInfoString(sql, "EXISTS (SELECT FROM ");
	hp_statement_add_relation(statement, level->relid);
	appendStringInfo(sql, " AS %s", alias);
	if (OidIsValid(level->via.through))
	{
		char	   *junction = psprintf("e%d", ++*naliases);

		appendStringInfoString(sql, ", ");
		hp_statement_add_relation(statement, level->via.through);
		appendStringInfo(sql, " AS %s WHERE ", junction);
		append_link(sql, &level->via.link, NULL, above, junction);
		appendStringInfoString(sql, " AND ");
		append_link(sql, &level->via.onward, NULL, junction, alias);
	}
	else
	{
		appendStringInfoString(sql, " WHERE ");
		append_link(sql, &level->via.link, NULL, above, alias);
	}
	if (!hp_filter_is_empty(level->filter))
	{
		appendStringInfoString(sql, " AND ");
		hp_filter_append(statement, level->filter, alias);
	}
	append_joins(statement, level, alias, naliases);
	appendStringInfoChar(sql, ')');
}

static void
append_joins(HpStatement *statement, const HpLevel *level, const char *alias, int *naliases)
{
	ListCell   *lc;

	foreach(lc, level->below)
	{
		const HpLevel *below = lfirst(lc);

		if (below->join == HP_JOIN_LEFT)
			continue;
		appendStringInfo(&statement->sql, " AND %s",
						 below->join == HP_JOIN_ANTI ? "NOT " : "");
		append_exists(statement, below, alias, naliases);
	}
}

void
hp_level_append_joins(HpStatement *statement, const HpLevel *level, const char *alias)
{
	int			naliases = 0;

	append_joins(statement, level, alias, &naliases);
}

bool
hp_level_filters_parents(const HpLevel *level)
{
	ListCell   *lc;

	foreach(lc, level->below)
		if (((const HpLevel *) lfirst(lc))->join != HP_JOIN_LEFT)
			return true;
	return false;
}

/* The level's filter and joins, behind a condition that is there already. */
static void
append_conditions(HpStatement *statement, const HpLevel *level, const char *alias)
{
	if (!hp_filter_is_empty(level->filter))
	{
		appendStringInfoString(&statement->sql, " AND ");
		hp_filter_append(statement, level->filter, alias);
	}
	hp_level_append_joins(statement, level, alias);
}

void
hp_level_append_where(HpStatement *statement, const HpLevel *level, const char *alias)
{
	if (hp_filter_is_empty(level->filter) && !hp_level_filters_parents(level))
		return;
	appendStringInfoString(&statement->sql, " WHERE true");
	append_conditions(statement, level, alias);
}

/* ---- what is selected ---- */

void
hp_level_append_columns(StringInfo sql, const HpLevel *level, const char *alias)
{
	if (level->as_row)
	{
		/* "SELECT t" would be a column t, if there is one */
		if (get_attnum(level->relid, alias) == InvalidAttrNumber)
			appendStringInfo(sql, "%s AS r", alias);
		else
			appendStringInfo(sql, "ROW(%s.*)::%s AS r", alias,
							 hp_relation_qualified_name(level->relid));
		return;
	}
	for (int i = 0; i < level->ncolumns; i++)
		appendStringInfo(sql, "%s%s.%s", i > 0 ? ", " : "", alias,
						 column_name(level->relid, level->columns[i]));
	if (level->ncolumns == 0)
		appendStringInfoString(sql, "NULL");
	if (level->has_identity)
		appendStringInfo(sql, ", %s.tableoid, %s.ctid", alias, alias);
}

static void
append_aggregates(StringInfo sql, const HpLevel *level)
{
	for (int i = 0; i < level->naggregates; i++)
	{
		const HpAggregate *aggregate = &level->aggregates[i];

		appendStringInfo(sql, "%s%s(", i > 0 ? ", " : "",
						 quote_qualified_identifier(aggregate->schema, aggregate->function));
		if (aggregate->column == InvalidAttrNumber)
			appendStringInfoChar(sql, '*');
		else
			appendStringInfo(sql, "t.%s", column_name(level->relid, aggregate->column));
		appendStringInfo(sql, ") AS %s", quote_identifier(aggregate->name));
	}
}

/* "rows AS t" or "junction AS j, rows AS t" */
static void
append_tables(HpStatement *statement, const HpLevel *level)
{
	if (OidIsValid(level->via.through))
	{
		hp_statement_add_relation(statement, level->via.through);
		appendStringInfoString(&statement->sql, " AS j, ");
	}
	hp_statement_add_relation(statement, level->relid);
	appendStringInfoString(&statement->sql, " AS t");
}

/* " WHERE ..." from the keys to the rows, with all conditions. */
static void
append_key_condition(HpStatement *statement, const HpLevel *level, const HpKeySet *keys)
{
	StringInfo	sql = &statement->sql;
	bool		joined = OidIsValid(level->via.through);

	appendStringInfoString(sql, " WHERE ");
	append_link(sql, &level->via.link, keys, NULL, joined ? "j" : "t");
	if (joined)
	{
		appendStringInfoString(sql, " AND ");
		append_link(sql, &level->via.onward, NULL, "j", "t");
	}
	append_conditions(statement, level, "t");
}

static void
append_limit(HpStatement *statement, const HpLevel *level)
{
	if (level->limit >= 0)
		appendStringInfo(&statement->sql, " LIMIT " INT64_FORMAT, level->limit);
	if (level->offset > 0)
	{
		appendStringInfoString(&statement->sql, " OFFSET ");
		hp_statement_add(statement, INT8OID, Int64GetDatum(level->offset), false);
	}
}

void
hp_level_append_tail(HpStatement *statement, const HpLevel *level, const char *alias)
{
	if (level->order->ncolumns > 0)
	{
		appendStringInfoString(&statement->sql, " ORDER BY ");
		hp_order_append(&statement->sql, level->order, alias, false);
	}
	append_limit(statement, level);
}

/* ---- the four ways ---- */

static void
append_join(HpStatement *statement, const HpLevel *level, const HpKeySet *keys, int first, int n)
{
	StringInfo	sql = &statement->sql;

	appendStringInfoString(sql, "SELECT ");
	hp_level_append_columns(sql, level, "t");
	appendStringInfoString(sql, ", k.ord FROM ");
	hp_key_set_append(statement, keys, first, n);
	appendStringInfoString(sql, ", ");
	append_tables(statement, level);
	append_key_condition(statement, level, keys);
	if (level->order->ncolumns > 0 || level->as_row)
		appendStringInfoString(sql, " ORDER BY k.ord");
	if (level->order->ncolumns > 0)
	{
		appendStringInfoString(sql, ", ");
		hp_order_append(sql, level->order, "t", false);
	}
}

static void
append_each(HpStatement *statement, const HpLevel *level, const HpKeySet *keys, int first, int n)
{
	StringInfo	sql = &statement->sql;

	appendStringInfoString(sql, "SELECT ");
	if (level->as_row)
		appendStringInfoString(sql, "s.r");
	else
		hp_level_append_columns(sql, level, "s");
	appendStringInfoString(sql, ", k.ord FROM ");
	hp_key_set_append(statement, keys, first, n);
	appendStringInfoString(sql, ", LATERAL (SELECT ");
	hp_level_append_columns(sql, level, "t");
	appendStringInfoString(sql, " FROM ");
	append_tables(statement, level);
	append_key_condition(statement, level, keys);
	hp_level_append_tail(statement, level, "t");
	appendStringInfoString(sql, ") AS s");
}

/* Columns are renamed c1, c2, ... inside, since "ord" and "rn" may be among them. */
static void
append_numbered(HpStatement *statement, const HpLevel *level, const HpKeySet *keys, int first,
				int n)
{
	StringInfo	sql = &statement->sql;
	int			nread = Max(level->ncolumns, 1) + (level->has_identity ? 2 : 0);

	appendStringInfoString(sql, "SELECT ");
	for (int i = 0; i < nread; i++)
		appendStringInfo(sql, "s.c%d, ", i + 1);
	appendStringInfoString(sql, "s.ord FROM (SELECT ");
	hp_level_append_columns(sql, level, "t");
	appendStringInfoString(sql, ", k.ord, pg_catalog.row_number() OVER (PARTITION BY k.ord");
	if (level->order->ncolumns > 0)
	{
		appendStringInfoString(sql, " ORDER BY ");
		hp_order_append(sql, level->order, "t", false);
	}
	appendStringInfoString(sql, ") FROM ");
	hp_key_set_append(statement, keys, first, n);
	appendStringInfoString(sql, ", ");
	append_tables(statement, level);
	append_key_condition(statement, level, keys);
	appendStringInfoString(sql, ") AS s (");
	for (int i = 0; i < nread; i++)
		appendStringInfo(sql, "c%d, ", i + 1);
	appendStringInfoString(sql, "ord, rn) WHERE true");
	if (level->offset > 0)
	{
		appendStringInfoString(sql, " AND s.rn OPERATOR(pg_catalog.>) ");
		hp_statement_add(statement, INT8OID, Int64GetDatum(level->offset), false);
	}
	if (level->limit >= 0 && level->limit <= PG_INT64_MAX - level->offset)
	{
		appendStringInfoString(sql, " AND s.rn OPERATOR(pg_catalog.<=) ");
		hp_statement_add(statement, INT8OID, Int64GetDatum(level->offset + level->limit), false);
	}
	appendStringInfoString(sql, " ORDER BY s.ord, s.rn");
}

static void
append_grouped(HpStatement *statement, const HpLevel *level, const HpKeySet *keys, int first,
			   int n)
{
	StringInfo	sql = &statement->sql;

	appendStringInfoString(sql, "SELECT ");
	append_aggregates(sql, level);
	appendStringInfoString(sql, ", k.ord FROM ");
	hp_key_set_append(statement, keys, first, n);
	appendStringInfoString(sql, ", ");
	append_tables(statement, level);
	append_key_condition(statement, level, keys);
	appendStringInfoString(sql, " GROUP BY k.ord");
}

void
hp_level_append(HpStatement *statement, const HpLevel *level, HpLevelPlan plan,
				const HpKeySet *keys, int first, int n)
{
	static void (*const append[]) (HpStatement *, const HpLevel *, const HpKeySet *, int, int) = {
		[HP_LEVEL_JOIN] = append_join,
		[HP_LEVEL_EACH] = append_each,
		[HP_LEVEL_NUMBERED] = append_numbered,
		[HP_LEVEL_GROUPED] = append_grouped,
	};

	append[plan] (statement, level, keys, first, n);
}
