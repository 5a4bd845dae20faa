/*-------------------------------------------------------------------------
 *
 * json_functions.c
 *		The SQL functions for JSON text: arguments and results.
 *
 * What they mean to a user is said in json.sql and the README.
 *
 * Memory: the buffer and the reference to the encoder live as long as the
 * call site's FmgrInfo, so a statement allocates per row only the result.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "json/encoder.h"

#include "access/htup_details.h"
#include "base/compat.h"
#include "fmgr.h"

PG_FUNCTION_INFO_V1(hotpath_row_to_json);

/* A buffer that has grown above this is cut back after the row. */
#define MAX_KEPT_BUFFER ((Size) 1024 * 1024)

typedef struct RowState
{
	HpEncoderRef encoder;
	HpWriter	writer;
} RowState;

static RowState *
row_state(FmgrInfo *function)
{
	RowState   *state = function->fn_extra;

	if (likely(state != NULL))
	{
		hp_writer_reset(&state->writer);
		return state;
	}
	state = MemoryContextAllocZero(function->fn_mcxt, sizeof(RowState));
	hp_writer_init(&state->writer, function->fn_mcxt, 1024);
	function->fn_extra = state;
	return state;
}

/* row_to_json(row, pretty) */
Datum
hotpath_row_to_json(PG_FUNCTION_ARGS)
{
	HeapTupleHeader header = hp_row_header(PG_GETARG_DATUM(0));
	HpRowShape	shape = PG_GETARG_BOOL(1) ? HP_ROW_PRETTY : HP_ROW_OBJECT;
	RowState   *state = row_state(fcinfo->flinfo);
	HeapTupleData tuple = {0};
	HpEncoder  *encoder;
	Datum		result;

	encoder = hp_encoder_of_ref(&state->encoder, HeapTupleHeaderGetTypeId(header),
								HeapTupleHeaderGetTypMod(header), shape);
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	tuple.t_data = header;
	hp_encoder_write_tuple(encoder, &tuple, &state->writer);
	result = hp_writer_to_datum(&state->writer);
	if (unlikely(state->writer.capacity > MAX_KEPT_BUFFER))
		hp_writer_trim(&state->writer, MAX_KEPT_BUFFER);
	PG_FREE_IF_COPY(header, 0);
	PG_RETURN_DATUM(result);
}
