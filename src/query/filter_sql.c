/*-------------------------------------------------------------------------
 *
 * filter_sql.c
 *		Writes a filter as SQL, and answers questions about it.
 *
 * The text is made of quoted names, qualified operators and casts, and the numbers
 * of parameters.  Filters that differ in their values alone have the same text.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "query/filter_private.h"
#include "query/query.h"

static void append_node(HpStatement *statement, const HpFilterNode *node, const char *alias);

bool
hp_filter_is_empty(const HpFilter *filter)
{
	return filter->root->children == NIL;
}

/* The children of a node, or what stands for none. */
static void
append_children(HpStatement *statement, const HpFilterNode *node, const char *alias,
				const char *between, const char *none)
{
	ListCell   *cell;

	if (node->children == NIL)
		appendStringInfoString(&statement->sql, none);
	foreach(cell, node->children)
	{
		if (foreach_current_index(cell) > 0)
			appendStringInfoString(&statement->sql, between);
		append_node(statement, lfirst(cell), alias);
	}
}

static void
append_operand(StringInfo sql, const HpFilterNode *node, const char *alias)
{
	const HpFilterColumn *column = node->column;

	appendStringInfoString(sql, hp_build_operand(alias, NameStr(column->name), column->type,
												 column->is_domain));
	if (node->as_text)
		appendStringInfoString(sql, "::pg_catalog.text");
}

static void
append_null_test(StringInfo sql, const HpFilterNode *node, const char *alias)
{
	append_operand(sql, node, alias);
	appendStringInfo(sql, " %s", hp_build_null_test(node->column->type,
													node->kind == HP_FILTER_NULL));
}

static void
append_comparison(HpStatement *statement, const HpFilterNode *node, const char *alias,
				  const char *before, const char *after)
{
	append_operand(&statement->sql, node, alias);
	appendStringInfo(&statement->sql, " %s %s", node->operator, before);
	hp_statement_add(statement, node->type, node->value, false);
	appendStringInfoString(&statement->sql, after);
}

static void
append_node(HpStatement *statement, const HpFilterNode *node, const char *alias)
{
	check_stack_depth();
	while (node->column == NULL && node->kind != HP_FILTER_NOT &&
		   list_length(node->children) == 1)
		node = linitial(node->children);
	appendStringInfoChar(&statement->sql, '(');
	switch (node->kind)
	{
		case HP_FILTER_ALL:
			append_children(statement, node, alias, " AND ", "true");
			break;
		case HP_FILTER_SOME:
			append_children(statement, node, alias, " OR ", "false");
			break;
		case HP_FILTER_NOT:
			appendStringInfoString(&statement->sql, "NOT ");
			append_node(statement, linitial(node->children), alias);
			break;
		case HP_FILTER_NULL:
		case HP_FILTER_NOT_NULL:
			append_null_test(&statement->sql, node, alias);
			break;
		case HP_FILTER_COMPARE:
			append_comparison(statement, node, alias, "", "");
			break;
		case HP_FILTER_COMPARE_ANY:
			append_comparison(statement, node, alias, "ANY (", ")");
			break;
		case HP_FILTER_COMPARE_ALL:
			append_comparison(statement, node, alias, "ALL (", ")");
			break;
	}
	appendStringInfoChar(&statement->sql, ')');
}

void
hp_filter_append(HpStatement *statement, const HpFilter *filter, const char *alias)
{
	if (hp_filter_is_empty(filter))
		appendStringInfoString(&statement->sql, "true");
	else
		append_node(statement, filter->root, alias);
}

/* Add what a node says to n equalities; returns their number, or -1 if it says anything else. */
static int
collect_equalities(const HpFilterNode *node, HpEquality *equalities, int n, int max)
{
	ListCell   *cell;

	if (node->kind == HP_FILTER_ALL)
	{
		foreach(cell, node->children)
		{
			n = collect_equalities(lfirst(cell), equalities, n, max);
			if (n < 0)
				return -1;
		}
		return n;
	}
	if (!node->equality && node->kind != HP_FILTER_NULL)
		return -1;
	if (n == max)
		return -1;
	for (int i = 0; i < n; i++)
		if (equalities[i].attnum == node->column->attnum)
			return -1;
	equalities[n].attnum = node->column->attnum;
	equalities[n].type = node->column->type;
	equalities[n].value = node->value;
	equalities[n].isnull = node->kind == HP_FILTER_NULL;
	return n + 1;
}

int
hp_filter_equalities(const HpFilter *filter, HpEquality *equalities, int max)
{
	return collect_equalities(filter->root, equalities, 0, max);
}
