/*-------------------------------------------------------------------------
 *
 * cursor.h
 *		A query given as text, run row by row with pauses.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_CURSOR_H
#define HP_CURSOR_H

#include "access/tupdesc.h"
#include "executor/tuptable.h"
#include "nodes/params.h"
#include "utils/jsonb.h"

/* Takes a row; false pauses the query after it. */
typedef bool (*HpRowSink) (TupleTableSlot *slot, void *arg);

/* Whether the sink may pause; a query that runs in one go may use parallel workers. */
typedef enum HpCursorUse
{
	HP_CURSOR_PAUSES,
	HP_CURSOR_ONE_GO
} HpCursorUse;

typedef struct HpCursor HpCursor;

extern HpCursor *hp_cursor_open(const char *sql, Jsonb *params, HpCursorUse use,
								HpRowSink sink, void *arg);
extern TupleDesc hp_cursor_desc(const HpCursor *cursor);
extern bool hp_cursor_run(HpCursor *cursor);
extern void hp_cursor_close(HpCursor *cursor);

/* params.c */
extern ParamListInfo hp_params_bind(Jsonb *params, const Oid *types, int ntypes);

#endif							/* HP_CURSOR_H */
