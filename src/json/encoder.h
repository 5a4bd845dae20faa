/*-------------------------------------------------------------------------
 *
 * encoder.h
 *		Rows to JSON text: encoders compiled once per row type.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_ENCODER_H
#define HP_ENCODER_H

#include "access/htup.h"
#include "access/tupdesc.h"
#include "executor/tuptable.h"
#include "json/writer.h"

/* How a row is written. */
typedef enum HpRowShape
{
	HP_ROW_OBJECT,				/* {"a":1,"b":2}, as row_to_json does */
	HP_ROW_PRETTY,				/* the same with a line feed after each value */
	HP_ROW_ARRAY				/* [1,2], without names */
} HpRowShape;

typedef struct HpEncoder HpEncoder;

/*
 * The encoder of a row type, compiled for the descriptor given (which is copied)
 * into context.  It holds no reference count.  Dropped columns are left out.
 */
extern HpEncoder *hp_encoder_compile(TupleDesc desc, HpRowShape shape, MemoryContext context);

/* Grows whenever a type changes that some encoder was compiled for. */
extern uint64 hp_encoder_generation;

/* The encoder that a place of use has found last; starts zeroed. */
typedef struct HpEncoderRef
{
	HpEncoder  *encoder;
	uint64		generation;		/* in which it was found */
	Oid			rowtype;
	int32		typmod;
	HpRowShape	shape;
} HpEncoderRef;

extern HpEncoder *hp_encoder_refresh(HpEncoderRef *ref, Oid rowtype, int32 typmod,
									 HpRowShape shape);

/*
 * The same for a composite type, kept per backend and dropped when the type changes; at next to no
 * cost when the type is that of the call before.  An anonymous record is RECORDOID and the typmod of
 * its datums.  Valid to the end of the transaction, but perhaps not up to date when SQL was run
 * meanwhile: look it up for each row.
 */
static inline HpEncoder *
hp_encoder_of_ref(HpEncoderRef *ref, Oid rowtype, int32 typmod, HpRowShape shape)
{
	if (likely(ref->generation == hp_encoder_generation && ref->rowtype == rowtype &&
			   ref->typmod == typmod && ref->shape == shape))
		return ref->encoder;
	return hp_encoder_refresh(ref, rowtype, typmod, shape);
}

/*
 * Append a row's text; session settings (TimeZone, ...) are those of now.  Output functions may
 * leave garbage in the current context, which the caller resets between rows or batches.
 */
extern void hp_encoder_write_slot(HpEncoder *encoder, TupleTableSlot *slot, HpWriter *writer);
extern void hp_encoder_write_tuple(HpEncoder *encoder, HeapTuple tuple, HpWriter *writer);
extern void hp_encoder_write_values(HpEncoder *encoder, const NullableDatum *values,
									HpWriter *writer);

/* Append the header of HP_ROW_ARRAY rows: an array of the column names. */
extern void hp_encoder_write_names(HpEncoder *encoder, HpWriter *writer);

#endif							/* HP_ENCODER_H */
