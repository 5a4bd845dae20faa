/*-------------------------------------------------------------------------
 *
 * container.c
 *		Values to JSON text: arrays, composites, jsonb.
 *
 * What an array holds is known from its header, not from the column: anyarray
 * columns (pg_stats) hold any type.  Likewise the row type of a composite.  So
 * their encoders are looked up as values are met, in the backend's cache, and
 * the one found last is kept.  That also ends the recursion of types that
 * contain themselves.
 *
 * An encoder may be entered again while it runs, by a nested value of its own
 * type or by a cast written in SQL.  Nothing is kept in it between the steps
 * of a value.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "json/value.h"

#include "access/htup_details.h"
#include "access/tupmacs.h"
#include "json/escape.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

/* The way through an array's elements. */
typedef struct ArrayWalk
{
	HpValue    *element;
	const int  *dims;
	int			ndims;
	int16		length;
	bool		byval;
	char		align;
	char	   *data;			/* the next element that is not null */
	bits8	   *nulls;			/* or NULL */
	int			item;			/* number of the next element */
} ArrayWalk;

/* Get the encoder for what an array holds. */
static void
find_element(HpValue *self, Oid type)
{
	uint64		generation = hp_encoder_generation;

	if (likely(self->element_type == type && self->element_generation == generation))
		return;
	self->element_type = InvalidOid;	/* until all is known */
	get_typlenbyvalalign(type, &self->element_length, &self->element_byval,
						 &self->element_align);
	self->element = hp_encoder_cached_value(type);
	self->element_type = type;
	self->element_generation = generation;
}

static void
write_element(ArrayWalk *walk, HpWriter *writer)
{
	int			item = walk->item++;
	Datum		value;

	CHECK_FOR_INTERRUPTS();
	if (walk->nulls != NULL && att_isnull(item, walk->nulls))
	{
		hp_writer_bytes(writer, "null", 4);
		return;
	}
	value = fetch_att(walk->data, walk->byval, walk->length);
	walk->data = att_addlength_pointer(walk->data, walk->length, walk->data);
	walk->data = (char *) att_align_nominal(walk->data, walk->align);
	hp_value_write(walk->element, value, writer);
}

static void
write_dimension(ArrayWalk *walk, int dim, HpWriter *writer)
{
	hp_writer_byte(writer, '[');
	for (int i = 0; i < walk->dims[dim]; i++)
	{
		if (i > 0)
			hp_writer_byte(writer, ',');
		if (dim + 1 < walk->ndims)
			write_dimension(walk, dim + 1, writer);
		else
			write_element(walk, writer);
	}
	hp_writer_byte(writer, ']');
}

void
hp_container_write_array(HpValue *self, Datum value, HpWriter *writer)
{
	ArrayType  *array = DatumGetArrayTypeP(value);
	ArrayWalk	walk = {0};

	check_stack_depth();
	if (ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) <= 0)
		hp_writer_bytes(writer, "[]", 2);
	else
	{
		find_element(self, ARR_ELEMTYPE(array));
		walk.element = self->element;
		walk.length = self->element_length;
		walk.byval = self->element_byval;
		walk.align = self->element_align;
		walk.dims = ARR_DIMS(array);
		walk.ndims = ARR_NDIM(array);
		walk.data = ARR_DATA_PTR(array);
		walk.nulls = ARR_NULLBITMAP(array);
		write_dimension(&walk, 0, writer);
	}
	if ((Pointer) array != DatumGetPointer(value))
		pfree(array);
}

void
hp_container_write_composite(HpValue *self, Datum value, HpWriter *writer)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(value);
	HeapTupleData tuple = {0};
	HpEncoder  *encoder;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	encoder = hp_encoder_of_ref(&self->row, HeapTupleHeaderGetTypeId(header),
								HeapTupleHeaderGetTypMod(header), HP_ROW_OBJECT);
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	tuple.t_data = header;
	hp_encoder_write_tuple(encoder, &tuple, writer);
	if ((Pointer) header != DatumGetPointer(value))
		pfree(header);
}

static void
write_jsonb_scalar(const JsonbValue *scalar, HpWriter *writer)
{
	switch (scalar->type)
	{
		case jbvNull:
			hp_writer_bytes(writer, "null", 4);
			break;
		case jbvString:
			hp_escape_string(writer, scalar->val.string.val, scalar->val.string.len);
			break;
		case jbvNumeric:
			hp_scalar_write_numeric(NULL, NumericGetDatum(scalar->val.numeric), writer);
			break;
		case jbvBool:
			if (scalar->val.boolean)
				hp_writer_bytes(writer, "true", 4);
			else
				hp_writer_bytes(writer, "false", 5);
			break;
		default:
			elog(ERROR, "unknown jsonb scalar type %d", scalar->type);
	}
}

/* As JsonbToCString() does: a space behind comma and colon. */
static void
write_jsonb_tokens(JsonbContainer *root, HpWriter *writer)
{
	JsonbIterator *iterator = JsonbIteratorInit(root);
	JsonbIteratorToken token;
	JsonbValue	value;
	bool		is_first = true;	/* nothing to put a comma behind */
	bool		is_scalar = false;	/* the whole value is one, kept as an array */

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		if (token == WJB_END_ARRAY || token == WJB_END_OBJECT)
		{
			if (!is_scalar)
				hp_writer_byte(writer, token == WJB_END_ARRAY ? ']' : '}');
			is_first = false;
			continue;
		}
		if (!is_first)
			hp_writer_bytes(writer, ", ", 2);
		is_first = token != WJB_ELEM && token != WJB_VALUE;
		if (token == WJB_BEGIN_ARRAY)
		{
			is_scalar = value.val.array.rawScalar;
			if (!is_scalar)
				hp_writer_byte(writer, '[');
		}
		else if (token == WJB_BEGIN_OBJECT)
			hp_writer_byte(writer, '{');
		else
			write_jsonb_scalar(&value, writer);
		if (token == WJB_KEY)
			hp_writer_bytes(writer, ": ", 2);
	}
}

void
hp_container_write_jsonb(HpValue *self, Datum value, HpWriter *writer)
{
	Jsonb	   *jsonb = DatumGetJsonbP(value);

	write_jsonb_tokens(&jsonb->root, writer);
	if ((Pointer) jsonb != DatumGetPointer(value))
		pfree(jsonb);
}
