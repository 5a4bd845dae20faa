/*-------------------------------------------------------------------------
 *
 * level_plan.c
 *		How a level is to be loaded.
 *
 * Without a limit the keys are joined with the rows, or grouped, in any way that the
 * planner likes.  With a limit for each parent there are two ways.  Where an index
 * finds the rows of a key, a LATERAL subquery ends its scan at the limit.  The rows
 * of a key then come together and in the subquery's order, and the keys in theirs,
 * since a nested loop is the one way to run a LATERAL subquery that depends on its
 * left side.  It would be a disaster if each key meant a sequential scan, so this
 * way is taken only where the index can be used, and planned without sequential
 * scans (see load.c).  Otherwise rows are joined and numbered in one pass.
 *
 * The index cannot be used where row security applies and the foreign key's
 * operator is not leakproof, for the policy must be asked first; and small tables
 * are cheaper to read as a whole.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/relation.h"
#include "eager/level_sql.h"
#include "storage/bufmgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/* A table of so few blocks is read as a whole, whatever its indexes. */
#define SMALL_TABLE 4

/* Must policies be asked before the operators of a link? */
static bool
is_behind_barrier(const HpLink *link)
{
	HpRelation *rel = hp_relation_by_oid(link->far_relation);

	if (!hp_relation_rls_applies(rel, true))
		return false;
	for (int i = 0; i < link->ncolumns; i++)
		if (!get_func_leakproof(get_opcode(link->operators[i])))
			return true;
	return false;
}

/* A partitioned table has no blocks of its own, and counts as large. */
static bool
is_small(Oid relid)
{
	Relation	rel = relation_open(relid, NoLock);
	bool		small = rel->rd_rel->relkind == RELKIND_RELATION &&
		RelationGetNumberOfBlocks(rel) <= SMALL_TABLE;

	relation_close(rel, NoLock);
	return small;
}

/* Can the rows of every link that conditions of a level need be found by an index? */
static bool
joins_are_indexed(const HpLevel *level)
{
	ListCell   *lc;

	foreach(lc, level->below)
	{
		const HpLevel *below = lfirst(lc);

		if (below->join != HP_JOIN_LEFT &&
			(!OidIsValid(below->via.link.index) || is_behind_barrier(&below->via.link) ||
			 !joins_are_indexed(below)))
			return false;
	}
	return true;
}

HpLevelPlan
hp_level_plan(const HpLevel *level)
{
	const HpLink *link = &level->via.link;

	if (level->naggregates > 0)
		return HP_LEVEL_GROUPED;
	if (level->limit < 0 && level->offset == 0)
		return HP_LEVEL_JOIN;
	if (OidIsValid(link->index) && !is_small(link->far_relation) &&
		!is_behind_barrier(link) &&
		(!OidIsValid(level->via.through) || !is_behind_barrier(&level->via.onward)) &&
		joins_are_indexed(level))
		return HP_LEVEL_EACH;
	return HP_LEVEL_NUMBERED;
}

/* Values that the user gives may be known to be rare, or suit a partial index. */
static bool
has_values(const HpLevel *level)
{
	ListCell   *lc;

	if (!hp_filter_is_empty(level->filter) || level->offset > 0)
		return true;
	foreach(lc, level->below)
		if (((const HpLevel *) lfirst(lc))->join != HP_JOIN_LEFT && has_values(lfirst(lc)))
			return true;
	return false;
}

HpPlanning
hp_level_planning(const HpLevel *level)
{
	return has_values(level) ? HP_PLAN_AUTO : HP_PLAN_GENERIC;
}
