/*-------------------------------------------------------------------------
 *
 * estimate.c
 *		How many rows the planner expects of a statement.
 *
 * The statement is planned as EXPLAIN would plan it, with the values of its
 * parameters, and thrown away.  Planning does not check the right to read, so
 * whoever asks must have read from the same relations before.
 *
 * Memory: the plan is left in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "query/statement.h"

#include "base/compat.h"
#include "nodes/plannodes.h"
#include "optimizer/optimizer.h"
#include "parser/analyze.h"
#include "tcop/tcopprot.h"

int64
hp_statement_estimate(HpStatement *statement)
{
	const char *sql = statement->sql.data;
	List	   *statements = pg_parse_query(sql);
	Query	   *query = parse_analyze_fixedparams(linitial_node(RawStmt, statements), sql,
												  statement->types, statement->nargs, NULL);
	PlannedStmt *plan;
	double		rows;

	query = linitial_node(Query, pg_rewrite_query(query));
	plan = hp_plan_query(query, sql, 0, hp_statement_params(statement));
	hp_statement_check_relations(statement, plan->relationOids);
	rows = clamp_row_est(plan->planTree->plan_rows);
	return rows < (double) PG_INT64_MAX ? (int64) rows : PG_INT64_MAX;
}
