/*-------------------------------------------------------------------------
 *
 * statement.h
 *		A statement put together for one call, run with a plan that is kept.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_STATEMENT_H
#define HP_STATEMENT_H

#include "lib/stringinfo.h"
#include "query/reader.h"

/*
 * The text of a SELECT in the making, and the values of its parameters.  Values are never part of
 * the text, so that statements of one shape have one text, and with it one plan.
 */
typedef struct HpStatement
{
	StringInfoData sql;
	List	   *relids;			/* whose names are in the text */
	Oid			rowtype;		/* that the first column must have, InvalidOid for any */
	Oid			keyed;			/* whose key must hold in all rows of the snapshot, or InvalidOid */
	bool		by_index;		/* planned without sequential scans, as far as that is possible */
	int			nargs;
	int			capacity;		/* of the arrays */
	Oid		   *types;
	Datum	   *values;			/* belong to the caller */
	char	   *nulls;			/* ' ' or 'n', as SPI has it; NULL where no value is null */
} HpStatement;

/* How the plan is made. */
typedef enum HpPlanning
{
	HP_PLAN_AUTO,				/* as for a prepared statement */
	HP_PLAN_GENERIC,			/* once, for all values */
	HP_PLAN_SERIAL,				/* as HP_PLAN_AUTO, for a sink that runs statements of its own */
	HP_PLAN_ONCE,				/* for these values, and not kept */
	HP_PLAN_WRITE				/* as HP_PLAN_AUTO, for a statement that may write; see below */
} HpPlanning;

/* Start an empty statement in the current context. */
extern void hp_statement_init(HpStatement *statement);

/*
 * Append the name of a relation to the text, or tell of one that is in it.  Should it have become
 * the name of another one when the text is parsed, the statement raises an error instead of reading
 * that.
 */
extern void hp_statement_add_relation(HpStatement *statement, Oid relid);
extern void hp_statement_expect_relation(HpStatement *statement, Oid relid);

/* Append "$n" to the text, and its value. */
extern void hp_statement_add(HpStatement *statement, Oid type, Datum value, bool isnull);

/*
 * Run the statement, a SELECT or (with HP_PLAN_WRITE) an INSERT that returns rows, and show each row
 * to the sink, at most limit of them (0: all) and no more once the sink returns false.  Rows are not
 * collected: a slot is valid during the call alone, in which the sink runs inside SPI, in a context
 * that is reset after the row; what it keeps it must copy elsewhere.  Descriptors of relations must
 * be looked up again afterwards.
 *
 * A statement runs read-only under the active snapshot; with HP_PLAN_WRITE, under a new one.
 *
 * Where workers run a plan, nothing may be written meanwhile, not even by a policy of some other
 * table; so whoever runs statements in the sink asks for HP_PLAN_SERIAL.
 *
 * A text with literals in it is run with HP_PLAN_ONCE: 'today' and '01/02/2024' mean what they do
 * when the text is parsed, and are read by functions that may come back here.
 */
extern void hp_statement_run(HpStatement *statement, HpPlanning planning, uint64 limit,
							 HpRowSink sink, void *arg);

/* The values of its parameters, in the current context; NULL if it has none. */
extern ParamListInfo hp_statement_params(const HpStatement *statement);

/* Raise an error unless all relations whose names are in the text are among these. */
extern void hp_statement_check_relations(const HpStatement *statement, const List *relids);

/* The number of rows that the planner expects of the statement with its values. */
extern int64 hp_statement_estimate(HpStatement *statement);

#endif							/* HP_STATEMENT_H */
