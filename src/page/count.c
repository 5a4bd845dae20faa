/*-------------------------------------------------------------------------
 *
 * count.c
 *		How many rows a source has: exactly, about, or up to a bound.
 *
 * An exact count reads all rows that pass the filter.  "bounded:N" stops at N + 1,
 * so that a result above N means "more than N".  "estimated" asks the planner,
 * and reads nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "page/count.h"

#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "query/statement.h"
#include "utils/builtins.h"

static void
refuse_count(const char *text)
{
	ereport(ERROR,
			errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			errmsg("invalid count: \"%s\"", text),
			errdetail("It says how the rows are counted."),
			errhint("Use none, exact, estimated, or bounded:N with a number N such as bounded:1000."));
}

/* The number behind "bounded:". */
static int64
parse_bound(const char *digits, const char *text)
{
	if (*digits == '\0' || strspn(digits, "0123456789") != strlen(digits) || strlen(digits) > 18)
		refuse_count(text);
	return pg_strtoint64(digits);
}

/* Parse the argument count; NULL is none. */
HpCount
hp_count_parse(const char *text)
{
	static const char bounded[] = "bounded:";
	HpCount		count = {HP_COUNT_NONE, 0};

	if (text == NULL || strcmp(text, "none") == 0)
		return count;
	if (strcmp(text, "exact") == 0)
		count.kind = HP_COUNT_EXACT;
	else if (strcmp(text, "estimated") == 0)
		count.kind = HP_COUNT_ESTIMATED;
	else if (strncmp(text, bounded, strlen(bounded)) == 0)
	{
		count.kind = HP_COUNT_BOUNDED;
		count.bound = parse_bound(text + strlen(bounded), text);
	}
	else
		refuse_count(text);
	return count;
}

static bool
take_count(TupleTableSlot *slot, void *arg)
{
	bool		isnull;

	*(int64 *) arg = DatumGetInt64(slot_getattr(slot, 1, &isnull));
	return true;
}

/* Count the rows of a relation that pass the filter; not for HP_COUNT_NONE. */
int64
hp_count_rows(HpSource *source, HpCount count)
{
	HpStatement statement;
	int64		result = 0;

	hp_statement_init(&statement);
	appendStringInfo(&statement.sql, count.kind == HP_COUNT_EXACT ?
					 "SELECT pg_catalog.count(*) FROM %s WHERE " :
					 count.kind == HP_COUNT_BOUNDED ?
					 "SELECT pg_catalog.count(*) FROM (SELECT 1 FROM %s WHERE " :
					 "SELECT 1 FROM %s WHERE ", source->from);
	hp_statement_expect_relation(&statement, RelationGetRelid(source->rel));
	hp_source_append_condition(source, &statement);
	if (count.kind == HP_COUNT_ESTIMATED)
		return hp_statement_estimate(&statement);
	if (count.kind == HP_COUNT_BOUNDED)
	{
		appendStringInfoString(&statement.sql, " LIMIT ");
		hp_statement_add(&statement, INT8OID, Int64GetDatum(count.bound + 1), false);
		appendStringInfo(&statement.sql, ") AS %s", source->alias);
	}
	hp_statement_run(&statement, HP_PLAN_AUTO, 0, take_count, &result);
	return result;
}
