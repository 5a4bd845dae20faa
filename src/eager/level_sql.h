/*-------------------------------------------------------------------------
 *
 * level_sql.h
 *		The statement that loads a level.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_EAGER_LEVEL_SQL_H
#define HP_EAGER_LEVEL_SQL_H

#include "eager/key_set.h"
#include "eager/spec.h"

/* The ways to find the rows of many parents. */
typedef enum HpLevelPlan
{
	HP_LEVEL_JOIN,				/* keys joined with rows */
	HP_LEVEL_EACH,				/* an index scan for each key, in order, which stops at the limit */
	HP_LEVEL_NUMBERED,			/* one pass, rows numbered for each key */
	HP_LEVEL_GROUPED			/* aggregates */
} HpLevelPlan;

extern HpLevelPlan hp_level_plan(const HpLevel *level);

/*
 * Append the statement for n keys from first on.  Its columns: those of the level (at least one),
 * or its aggregates; then tableoid and ctid, for rows with identity; last the ordinal of the key
 * (bigint, from 1).  Rows of one key come in the order of the level, and whole rows in that of keys.
 */
extern void hp_level_append(HpStatement *statement, const HpLevel *level, HpLevelPlan plan,
							const HpKeySet *keys, int first, int n);

/* "alias.a, alias.b", or NULL where there is no column. */
extern void hp_level_append_columns(StringInfo sql, const HpLevel *level, const char *alias);

/* Does a level below filter its parents? */
extern bool hp_level_filters_parents(const HpLevel *level);

/* " AND EXISTS (...)" for each level below that filters its parents. */
extern void hp_level_append_joins(HpStatement *statement, const HpLevel *level,
								  const char *alias);

/* " WHERE ..." with the level's filter and joins, where there are any. */
extern void hp_level_append_where(HpStatement *statement, const HpLevel *level,
								  const char *alias);

/* " ORDER BY ... LIMIT ... OFFSET ...", as far as there are any. */
extern void hp_level_append_tail(HpStatement *statement, const HpLevel *level,
								 const char *alias);

/* How a statement with this level's filter and limits is to be planned. */
extern HpPlanning hp_level_planning(const HpLevel *level);

#endif							/* HP_EAGER_LEVEL_SQL_H */
