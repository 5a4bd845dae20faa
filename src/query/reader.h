/*-------------------------------------------------------------------------
 *
 * reader.h
 *		A query given as text, run row by row with pauses.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_READER_H
#define HP_READER_H

#include "access/tupdesc.h"
#include "executor/tuptable.h"
#include "nodes/params.h"
#include "utils/jsonb.h"

/* Takes a row; false pauses the query after it. */
typedef bool (*HpRowSink) (TupleTableSlot *slot, void *arg);

/* Whether the sink may pause; a query that runs in one go may use parallel workers. */
typedef enum HpReaderUse
{
	HP_READER_PAUSES,
	HP_READER_ONE_GO
} HpReaderUse;

typedef struct HpReader HpReader;

extern HpReader *hp_reader_open(const char *sql, Jsonb *params, HpReaderUse use,
								HpRowSink sink, void *arg);
extern TupleDesc hp_reader_desc(const HpReader *reader);
extern bool hp_reader_run(HpReader *reader);
extern void hp_reader_close(HpReader *reader);

/*
 * Check a query as hp_reader_open() does, without running it: its row type, the text of its
 * statement alone, and the values of its parameters, all in the current context.
 */
extern TupleDesc hp_reader_describe(const char *sql, Jsonb *params, char **text,
									ParamListInfo *values);

/* params.c */
/* What a JSON value is, in messages: "a string". */
extern const char *hp_params_describe(const JsonbValue *value);
extern Datum hp_params_value(JsonbValue *element, Oid type, bool *isnull);
extern ParamListInfo hp_params_bind(Jsonb *params, const Oid *types, int ntypes);

#endif							/* HP_READER_H */
