/*-------------------------------------------------------------------------
 *
 * explain.c
 *		How pages of a source are read, and what would make them faster.
 *
 * Strategies:
 *   index ranges             the ranges are read from the index directly
 *   index ranges, planned    an index has the ranges, but statements read them: a
 *                            policy, partitions, children, the caller's rights,
 *                            virtual columns or the rest of the filter stand in
 *                            between
 *   sort                     no index has the ranges: the planner does what it can
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "page/explain.h"

#include "access/xlog.h"
#include "base/compat.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "lib/stringinfo.h"
#include "query/query.h"
#include "utils/builtins.h"
#include "utils/rel.h"

static void
append_column(StringInfo ddl, const char *name, int *n)
{
	appendStringInfo(ddl, "%s%s", (*n)++ > 0 ? ", " : "", quote_identifier(name));
}

/* The statement that creates the index in which the ranges lie side by side. */
static char *
index_ddl(const HpSource *source)
{
	StringInfoData ddl;
	int			n = 0;

	initStringInfo(&ddl);
	appendStringInfo(&ddl, "CREATE INDEX ON %s (",
					 hp_relation_qualified_name(RelationGetRelid(source->rel)));
	for (int e = 0; e < source->nequal; e++)
		append_column(&ddl, NameStr(TupleDescAttr(source->base,
												  source->equal[e].attnum - 1)->attname), &n);
	for (int i = 0; i < source->order->ncolumns; i++)
	{
		const HpOrderColumn *column = &source->order->columns[i];

		if (source->fixed[i])
			continue;
		append_column(&ddl, NameStr(column->name), &n);
		if (column->descending)
			appendStringInfoString(&ddl, " DESC");
		if (column->nullable && column->nulls_first != column->descending)
			appendStringInfoString(&ddl, column->nulls_first ? " NULLS FIRST" : " NULLS LAST");
	}
	appendStringInfoChar(&ddl, ')');
	return n > 0 ? ddl.data : NULL;
}

/* Can the relation have an index? */
static bool
may_have_index(Relation rel)
{
	return rel->rd_rel->relkind == RELKIND_RELATION ||
		rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE ||
		rel->rd_rel->relkind == RELKIND_MATVIEW;
}

/* Why statements read what an index has; NULL if they do not. */
static const char *
why_planned(HpSource *source)
{
	HpRelation *known = hp_relation_by_oid(RelationGetRelid(source->rel));

	if (source->direct)
		return NULL;
	if (!source->only_equal)
		return "the filter says more than that columns equal values: "
			"rows that it rejects are read and skipped";
	if (source->rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		return "each partition is read by its own index, and the results are merged";
	if (hp_relation_rls_applies(known, true))
		return "row-level security policies are applied to the rows";
	if (!hp_relation_may_select(known))
		return "the current user may not read all columns";
	if (hp_has_virtual_columns(source->base))
		return "the table has virtual generated columns, which a stored row lacks";
	if (RecoveryInProgress() && !RelationIsPermanent(source->rel))
		return "the table is unlogged, and this is a standby";
	return "the relation is not a plain table with a key";
}

/* Say how pages of a relation are read. */
void
hp_explain_source(HpSource *source, HpExplanation *explanation)
{
	memset(explanation, 0, sizeof(*explanation));
	explanation->index = source->index.index;
	if (OidIsValid(source->index.index))
	{
		explanation->strategy = source->direct ? "index ranges" : "index ranges, planned";
		explanation->note = why_planned(source);
		return;
	}
	explanation->strategy = "sort";
	if (!may_have_index(source->rel))
	{
		explanation->note = "the relation itself cannot have an index; "
			"those of what it reads decide";
		return;
	}
	explanation->ddl = index_ddl(source);
	if (!source->only_equal)
		explanation->note = "no index has the order's columns; with one, rows that the filter "
			"rejects would be read and skipped";
	else if (source->nequal > 0)
		explanation->note = "no index begins with the filter's columns and goes on with the order's";
	else
		explanation->note = "no index has the order's columns in these directions";
}
