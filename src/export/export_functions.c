/*-------------------------------------------------------------------------
 *
 * export_functions.c
 *		The SQL functions of exports: arguments and results.
 *
 * What each function means to a user is said in export.sql and the README.
 *
 * The two that return chunks return one value per call, so in a SELECT list the
 * server asks for the next chunk only when it has sent the one before.  When it
 * stops asking (LIMIT, a closed cursor) it shuts the expression down, which calls
 * abandon(); on an error nothing is called, and everything goes with the memory
 * and the resource owner of the calling query.
 *
 * Memory: an export lives in the context of its calls, a chunk in the caller's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "export/chunks.h"
#include "export/file.h"
#include "fmgr.h"
#include "funcapi.h"
#include "nodes/execnodes.h"
#include "portability/instr_time.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(hotpath_export_json);
PG_FUNCTION_INFO_V1(hotpath_export_json_compressed);
PG_FUNCTION_INFO_V1(hotpath_export_json_file);

#define MAX_CHUNK_SIZE (64 * 1024 * 1024)

/* Starts an export with the arguments of a call. */
typedef HpChunks *(*HpOpener) (FunctionCallInfo fcinfo);

static char *
required_text(FunctionCallInfo fcinfo, int argno, const char *name)
{
	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				errmsg("%s must not be null", name),
				errdetail("An export cannot do without it."),
				errhint("Pass a value, or leave the argument out if it has a default."));
	return text_to_cstring(PG_GETARG_TEXT_PP(argno));
}

/* The arguments query, params and format, which the functions have at different places. */
static HpExport
get_export(FunctionCallInfo fcinfo, int query, int params, int format)
{
	HpExport	export = {
		.query = required_text(fcinfo, query, "query"),
		.params = PG_ARGISNULL(params) ? NULL : PG_GETARG_JSONB_P_COPY(params),
		.format = required_text(fcinfo, format, "format"),
	};

	return export;
}

static int
get_chunk_size(FunctionCallInfo fcinfo, int argno)
{
	int			size = PG_ARGISNULL(argno) ? 0 : PG_GETARG_INT32(argno);

	if (size < 1 || size > MAX_CHUNK_SIZE)
		ereport(ERROR,
				errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("chunk_size is out of range"),
				PG_ARGISNULL(argno) ? errdetail("It is null.") : errdetail("It is %d.", size),
				errhint("Use 1 to %d bytes; 65536 is the default.", MAX_CHUNK_SIZE));
	return size;
}

/* The level, stored in *value, or NULL for the default. */
static const int *
get_level(FunctionCallInfo fcinfo, int argno, int *value)
{
	if (PG_ARGISNULL(argno))
		return NULL;
	*value = PG_GETARG_INT32(argno);
	return value;
}

/* export_json(query, params, format, chunk_size) */
static HpChunks *
open_text(FunctionCallInfo fcinfo)
{
	HpExport	export = get_export(fcinfo, 0, 1, 2);

	return hp_chunks_open(&export, get_chunk_size(fcinfo, 3), NULL, NULL);
}

/* export_json_compressed(query, compression, level, params, format, chunk_size) */
static HpChunks *
open_compressed(FunctionCallInfo fcinfo)
{
	HpExport	export = get_export(fcinfo, 0, 3, 4);
	char	   *compression = required_text(fcinfo, 1, "compression");
	int			level;

	return hp_chunks_open(&export, get_chunk_size(fcinfo, 5),
						  hp_compression_find(compression, false),
						  get_level(fcinfo, 2, &level));
}

/* Called when the caller wants no more chunks. */
static void
abandon(Datum arg)
{
	hp_chunks_close((HpChunks *) DatumGetPointer(arg));
}

static void
begin_chunks(FunctionCallInfo fcinfo, HpOpener open)
{
	FuncCallContext *call = SRF_FIRSTCALL_INIT();
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext outer = MemoryContextSwitchTo(call->multi_call_memory_ctx);

	call->user_fctx = open(fcinfo);
	RegisterExprContextCallback(result->econtext, abandon, PointerGetDatum(call->user_fctx));
	MemoryContextSwitchTo(outer);
}

static Datum
return_chunk(FunctionCallInfo fcinfo, HpOpener open)
{
	FuncCallContext *call;
	Datum		chunk;

	if (SRF_IS_FIRSTCALL())
		begin_chunks(fcinfo, open);
	call = SRF_PERCALL_SETUP();
	if (hp_chunks_next(call->user_fctx, &chunk))
		SRF_RETURN_NEXT(call, chunk);
	UnregisterExprContextCallback(((ReturnSetInfo *) fcinfo->resultinfo)->econtext, abandon,
								  PointerGetDatum(call->user_fctx));
	hp_chunks_close(call->user_fctx);
	SRF_RETURN_DONE(call);
}

Datum
hotpath_export_json(PG_FUNCTION_ARGS)
{
	return return_chunk(fcinfo, open_text);
}

Datum
hotpath_export_json_compressed(PG_FUNCTION_ARGS)
{
	return return_chunk(fcinfo, open_compressed);
}

static Interval *
elapsed_since(instr_time start)
{
	Interval   *elapsed = palloc0(sizeof(Interval));
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, start);
	elapsed->time = INSTR_TIME_GET_MICROSEC(now);
	return elapsed;
}

/* export_json_file(path, query, params, format, compression, level) */
Datum
hotpath_export_json_file(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *path = required_text(fcinfo, 0, "path");
	HpExport	export = get_export(fcinfo, 1, 2, 3);
	char	   *compression = required_text(fcinfo, 4, "compression");
	int			level;
	HpFileResult written;
	instr_time	start;
	Datum		values[3];
	bool		nulls[3] = {0};

	INSTR_TIME_SET_CURRENT(start);
	InitMaterializedSRF(fcinfo, 0);
	written = hp_file_export(path, &export, hp_compression_find(compression, true),
							 get_level(fcinfo, 5, &level));
	values[0] = Int64GetDatum(written.rows);
	values[1] = Int64GetDatum(written.bytes);
	values[2] = IntervalPGetDatum(elapsed_since(start));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	return (Datum) 0;
}
