/*-------------------------------------------------------------------------
 *
 * json_functions.c
 *		The SQL functions for JSON text: arguments and results.
 *
 * What they mean to a user is said in json.sql and the README.
 *
 * Memory: the encoder, or the reference to it, lives as long as the call site's
 * FmgrInfo.  A row is written into what becomes the result, which has room for a
 * row that is somewhat longer than the one before.
 *
 * row_columns_to_json() is called by what rewrite.c makes, but anyone may call
 * it, with whatever names and values.  The types of the values are those of the
 * call's expressions, so they are what the values are.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "json/encoder.h"

#include "access/htup_details.h"
#include "base/compat.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "json/rewrite.h"
#include "nodes/supportnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(hotpath_row_to_json);
PG_FUNCTION_INFO_V1(hotpath_row_columns_to_json);
PG_FUNCTION_INFO_V1(hotpath_row_to_json_support);

/* What is expected of a row at most: giants are rare. */
#define MAX_EXPECTED ((Size) 1024 * 1024)

/* Room that the encoder asks for behind the text. */
#define HEADROOM 256

typedef struct RowState
{
	HpWriter	writer;
	Size		expected;		/* length of the next row */
	HpEncoderRef encoder;		/* row_to_json() */
	struct ColumnsEncoder *columns; /* row_columns_to_json() */
} RowState;

/* An encoder of its own for a place that writes columns. */
typedef struct ColumnsEncoder
{
	MemoryContext context;		/* holds all this */
	uint64		generation;		/* of the encoder */
	HpEncoder  *encoder;
	HpRowShape	shape;
	bool		constant;		/* the names are the same in all calls */
	Size		names_size;
	char		names[FLEXIBLE_ARRAY_MEMBER];	/* the array, as it was given */
} ColumnsEncoder;

/* The state of a call, with the writer set to make the result in the current context. */
static RowState *
begin_row(FmgrInfo *function)
{
	RowState   *state = function->fn_extra;

	if (unlikely(state == NULL))
		state = function->fn_extra = MemoryContextAllocZero(function->fn_mcxt, sizeof(RowState));
	hp_writer_init(&state->writer, CurrentMemoryContext, state->expected + HEADROOM);
	state->writer.len = VARHDRSZ;
	return state;
}

/* What was written, as the result. */
static Datum
end_row(RowState *state)
{
	HpWriter   *writer = &state->writer;

	state->expected = Min(writer->len + writer->len / 4, MAX_EXPECTED);
	SET_VARSIZE(writer->data, writer->len);
	return PointerGetDatum(writer->data);
}

/* row_to_json(row, pretty) */
Datum
hotpath_row_to_json(PG_FUNCTION_ARGS)
{
	HeapTupleHeader header = hp_row_header(PG_GETARG_DATUM(0));
	HpRowShape	shape = PG_GETARG_BOOL(1) ? HP_ROW_PRETTY : HP_ROW_OBJECT;
	RowState   *state = begin_row(fcinfo->flinfo);
	HeapTupleData tuple = {0};
	HpEncoder  *encoder;
	Datum		result;

	encoder = hp_encoder_of_ref(&state->encoder, HeapTupleHeaderGetTypeId(header),
								HeapTupleHeaderGetTypMod(header), shape);
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	tuple.t_data = header;
	hp_encoder_write_tuple(encoder, &tuple, &state->writer);
	result = end_row(state);
	PG_FREE_IF_COPY(header, 0);
	PG_RETURN_DATUM(result);
}

/* The names as a row descriptor of the types that are passed. */
static TupleDesc
columns_desc(FunctionCallInfo fcinfo, ArrayType *array)
{
	int			ncolumns = PG_NARGS() - HP_FIXED_ARGUMENTS;
	TupleDesc	desc = CreateTemplateTupleDesc(ncolumns);
	Datum	   *names;
	bool	   *nulls;
	int			nnames;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &nnames);
	if (get_fn_expr_variadic(fcinfo->flinfo) || nnames != ncolumns)
		ereport(ERROR,
				errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("there must be one name for each column"),
				errdetail("There are %d names and %d columns.", nnames, ncolumns),
				errhint("Call row_to_json(), and leave this function to the planner."));
	for (int i = 0; i < ncolumns; i++)
	{
		Oid			type = get_fn_expr_argtype(fcinfo->flinfo, HP_FIXED_ARGUMENTS + i);
		char	   *name = nulls[i] ? NULL : TextDatumGetCString(names[i]);

		if (name == NULL || strlen(name) >= NAMEDATALEN || !OidIsValid(type))
			ereport(ERROR,
					errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("column %d has no usable name, or no known type", i + 1),
					errdetail("A name is not null and has less than %d bytes.", NAMEDATALEN),
					errhint("Call row_to_json(), and leave this function to the planner."));
		TupleDescInitEntry(desc, i + 1, name, type, -1, 0);
	}
	TupleDescFinalize(desc);
	return desc;
}

static bool
has_constant_names(FmgrInfo *function)
{
	return function->fn_expr != NULL && IsA(function->fn_expr, FuncExpr) &&
		IsA(linitial(((FuncExpr *) function->fn_expr)->args), Const);
}

static ColumnsEncoder *
compile_columns(FunctionCallInfo fcinfo, ArrayType *names, HpRowShape shape)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "pg_hotpath columns",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext outer = MemoryContextSwitchTo(context);
	Size		size = VARSIZE(names);
	ColumnsEncoder *result = palloc0(offsetof(ColumnsEncoder, names) + size);

	result->context = context;
	result->shape = shape;
	result->generation = hp_encoder_generation;
	result->encoder = hp_encoder_compile(columns_desc(fcinfo, names), shape, context);
	result->constant = has_constant_names(fcinfo->flinfo);
	result->names_size = size;
	memcpy(result->names, names, size);
	MemoryContextSwitchTo(outer);
	return result;
}

static bool
is_current(const ColumnsEncoder *columns, HpRowShape shape)
{
	return columns != NULL && columns->generation == hp_encoder_generation &&
		columns->shape == shape;
}

/* The encoder of the columns, compiled again when names, shape or a type have changed. */
static HpEncoder *
columns_encoder(FunctionCallInfo fcinfo, RowState *state)
{
	HpRowShape	shape = PG_GETARG_BOOL(1) ? HP_ROW_PRETTY : HP_ROW_OBJECT;
	ColumnsEncoder *old = state->columns;
	ArrayType  *names;

	if (likely(is_current(old, shape) && old->constant))
		return old->encoder;
	names = PG_GETARG_ARRAYTYPE_P(0);
	if (!is_current(old, shape) || old->names_size != VARSIZE(names) ||
		memcmp(old->names, names, old->names_size) != 0)
	{
		state->columns = compile_columns(fcinfo, names, shape);
		MemoryContextSetParent(state->columns->context, fcinfo->flinfo->fn_mcxt);
		if (old != NULL)
			MemoryContextDelete(old->context);
	}
	PG_FREE_IF_COPY(names, 0);
	return state->columns->encoder;
}

/* row_columns_to_json(names, pretty, columns ...) */
Datum
hotpath_row_columns_to_json(PG_FUNCTION_ARGS)
{
	RowState   *state;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	state = begin_row(fcinfo->flinfo);
	hp_encoder_write_values(columns_encoder(fcinfo, state), &fcinfo->args[HP_FIXED_ARGUMENTS],
							&state->writer);
	PG_RETURN_DATUM(end_row(state));
}

/* Planner support of row_to_json() */
Datum
hotpath_row_to_json_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);
	Node	   *result = NULL;

	if (IsA(request, SupportRequestSimplify))
	{
		SupportRequestSimplify *simplify = (SupportRequestSimplify *) request;

		result = (Node *) hp_rewrite_row_call(simplify->root, simplify->fcall);
	}
	PG_RETURN_POINTER(result);
}
