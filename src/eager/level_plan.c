/*-------------------------------------------------------------------------
 *
 * level_plan.c
 *		How a level is to be loaded.
 *
 * Without a limit the keys are joined with the rows, or grouped, in any way that the
 * planner likes.  With a limit for each parent there are two ways.  Where an index
 * finds the rows of a key in order, a LATERAL subquery ends its scan at the limit.  The rows
 * of a key then come together and in the subquery's order, and the keys in theirs,
 * since a nested loop is the one way to run a LATERAL subquery that depends on its
 * left side.  It would be a disaster if each key meant a sequential scan, so this
 * way is taken only where the index can be used, and planned without sequential
 * scans (see load.c).  Nor must the planner hope to meet the rows of a key soon in an
 * index that has all rows in order, which it would read to the end for a key without
 * rows.  Otherwise rows are joined and numbered in one pass.
 *
 * The index cannot be used where row security applies and the foreign key's
 * operator is not leakproof, for the policy must be asked first; and small tables
 * are cheaper to read as a whole.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
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

/* Does a filter that is nothing but equalities fix a column? */
static bool
is_fixed(const HpLevel *level, AttrNumber attnum)
{
	HpEquality	equal[INDEX_MAX_KEYS];
	int			n = hp_filter_equalities(level->filter, equal, INDEX_MAX_KEYS);

	for (int i = 0; i < n; i++)
		if (equal[i].attnum == attnum)
			return true;
	return false;
}

static bool
is_key_column(const HpLink *link, AttrNumber attnum)
{
	for (int i = 0; i < link->ncolumns; i++)
		if (link->far_columns[i] == attnum)
			return true;
	return false;
}

/*
 * Does an index have the rows of each key side by side, and in the order of the level's first
 * column?  Those equal in it can be sorted as they come.
 */
static bool
has_order(Relation index, const HpLevel *level)
{
	int			nkeys = level->via.link.ncolumns;
	int			i;

	if (index->rd_rel->relam != BTREE_AM_OID || !index->rd_index->indisvalid ||
		!heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL))
		return false;
	for (i = 0; i < index->rd_index->indnkeyatts; i++)
	{
		AttrNumber	attnum = index->rd_index->indkey.values[i];

		if (i < nkeys ? !is_key_column(&level->via.link, attnum) : !is_fixed(level, attnum))
			break;
	}
	return i >= nkeys && i < index->rd_index->indnkeyatts &&
		(hp_order_is_indexed(&level->order->columns[0], index, i, false) ||
		 hp_order_is_indexed(&level->order->columns[0], index, i, true));
}

/* Can the rows of a key be read in order, without those of others? */
static bool
order_is_indexed(const HpLevel *level)
{
	Relation	rel;
	ListCell   *lc;
	bool		result = false;

	if (level->order->ncolumns == 0)
		return true;
	if (OidIsValid(level->via.through))
		return false;
	rel = relation_open(level->relid, NoLock);
	foreach(lc, RelationGetIndexList(rel))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		result = result || has_order(index, level);
		index_close(index, AccessShareLock);
	}
	relation_close(rel, NoLock);
	return result;
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
		joins_are_indexed(level) && order_is_indexed(level))
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
