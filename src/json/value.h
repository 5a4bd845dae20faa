/*-------------------------------------------------------------------------
 *
 * value.h
 *		Values to JSON text: the encoder of one type.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_VALUE_H
#define HP_VALUE_H

#include "base/compat.h"
#include "fmgr.h"
#include "json/encoder.h"

/* What an HpPut may write at most, terminating NUL and all. */
#define HP_PUT_MAX 192

typedef struct HpValue HpValue;

/* Write a value at p, where HP_PUT_MAX bytes are free; returns the end. */
typedef char *(*HpPut) (Datum value, char *p);

/* Append a value of any length. */
typedef void (*HpWrite) (HpValue *self, Datum value, HpWriter *writer);

struct HpValue
{
	HpPut		put;			/* for types of limited length, else NULL */
	HpWrite		write;			/* for all others */
	FmgrInfo	function;		/* output function, or a cast to json */
	HpEncoderRef row;			/* composites: the encoder used last */
	Oid			element_type;	/* arrays: the element type met last, ... */
	int16		element_length;
	bool		element_byval;
	char		element_align;
	HpValue    *element;		/* ... its encoder, */
	uint64		element_generation; /* valid in this generation */
};

/* Append a value that is not null. */
static inline void
hp_value_write(HpValue *value, Datum datum, HpWriter *writer)
{
	if (value->put != NULL)
		writer->len = value->put(datum, hp_writer_reserve(writer, HP_PUT_MAX)) - writer->data;
	else
		value->write(value, datum, writer);
}

/* A varlena that is neither compressed nor elsewhere; its header may be short. */
static inline struct varlena *
hp_value_unpack(Datum datum)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(datum);

	return likely(!VARATT_IS_COMPRESSED(value) && !VARATT_IS_EXTERNAL(value)) ? value :
		pg_detoast_datum_packed(value);
}

/* value.c */
extern HpValue *hp_value_compile(Oid type, MemoryContext context);

/* scalar.c */
extern char *hp_scalar_put_bool(Datum value, char *p);
extern char *hp_scalar_put_int2(Datum value, char *p);
extern char *hp_scalar_put_int4(Datum value, char *p);
extern char *hp_scalar_put_int8(Datum value, char *p);
extern char *hp_scalar_put_float4(Datum value, char *p);
extern char *hp_scalar_put_float8(Datum value, char *p);
extern char *hp_scalar_put_uuid(Datum value, char *p);
extern void hp_scalar_write_numeric(HpValue *self, Datum value, HpWriter *writer);

/* datetime.c */
extern char *hp_datetime_put_date(Datum value, char *p);
extern char *hp_datetime_put_timestamp(Datum value, char *p);
extern char *hp_datetime_put_timestamptz(Datum value, char *p);

/* container.c */
extern void hp_container_write_array(HpValue *self, Datum value, HpWriter *writer);
extern void hp_container_write_composite(HpValue *self, Datum value, HpWriter *writer);
extern void hp_container_write_jsonb(HpValue *self, Datum value, HpWriter *writer);

/* encoder_cache.c */
extern HpValue *hp_encoder_cached_value(Oid type);
extern void hp_encoder_watch_type(Oid type);
extern void hp_encoder_watch_function(Oid function);

#endif							/* HP_VALUE_H */
