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
	int			nargs;
	int			capacity;		/* of the arrays */
	Oid		   *types;
	Datum	   *values;			/* belong to the caller */
	char	   *nulls;			/* ' ' or 'n', as SPI has it */
} HpStatement;

/* How the plan is made. */
typedef enum HpPlanning
{
	HP_PLAN_AUTO,				/* as for a prepared statement */
	HP_PLAN_GENERIC				/* once, for all values */
} HpPlanning;

/* Start an empty statement in the current context. */
extern void hp_statement_init(HpStatement *statement);

/* Append "$n" to the text, and its value. */
extern void hp_statement_add(HpStatement *statement, Oid type, Datum value, bool isnull);

/*
 * Run the statement, read-only under the active snapshot, and show each row to the sink, at most
 * limit of them (0: all) and no more once the sink returns false.  Rows are not collected: a slot
 * is valid during the call alone, in which the sink runs inside SPI, in a context that is reset
 * after the row; what it keeps it must copy elsewhere.  Returns the number of rows shown.
 * Descriptors of relations must be looked up again afterwards.
 */
extern uint64 hp_statement_run(HpStatement *statement, HpPlanning planning, uint64 limit,
							   HpRowSink sink, void *arg);

#endif							/* HP_STATEMENT_H */
