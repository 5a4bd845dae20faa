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
 * jsonb is read in its stored form, as utils/jsonb.h describes it: entries
 * with a length or an end offset each, then the data, where numbers and nested
 * containers are aligned to four bytes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "json/value.h"

#include "access/htup_details.h"
#include "access/tupmacs.h"
#include "base/compat.h"
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
	uint8	   *nulls;			/* or NULL */
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
	HeapTupleHeader header = hp_row_header(value);
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

static void write_jsonb_container(const JsonbContainer *container, HpWriter *writer);

/* Append the string of an entry, which begins at an offset of data. */
static void
write_jsonb_string(JEntry entry, const char *data, uint32 offset, HpWriter *writer)
{
	uint32		length = JBE_OFFLENFLD(entry);

	if (JBE_HAS_OFF(entry))
		length -= offset;
	hp_escape_string(writer, data + offset, length);
}

/* Append the value of an entry. */
static void
write_jsonb_entry(JEntry entry, char *data, uint32 offset, HpWriter *writer)
{
	char	   *aligned = data + INTALIGN(offset);	/* not for strings */

	if (JBE_ISSTRING(entry))
		write_jsonb_string(entry, data, offset, writer);
	else if (JBE_ISNUMERIC(entry))
		hp_scalar_write_numeric(NULL, PointerGetDatum(aligned), writer);
	else if (JBE_ISBOOL_TRUE(entry))
		hp_writer_bytes(writer, "true", 4);
	else if (JBE_ISBOOL_FALSE(entry))
		hp_writer_bytes(writer, "false", 5);
	else if (JBE_ISNULL(entry))
		hp_writer_bytes(writer, "null", 4);
	else
		write_jsonb_container((const JsonbContainer *) aligned, writer);
}

static void
write_jsonb_array(const JsonbContainer *container, HpWriter *writer)
{
	uint32		n = JsonContainerSize(container);
	char	   *data = (char *) (container->children + n);
	bool		is_scalar = JsonContainerIsScalar(container);
	uint32		offset = 0;

	if (!is_scalar)
		hp_writer_byte(writer, '[');
	for (uint32 i = 0; i < n; i++)
	{
		if (i > 0)
			hp_writer_bytes(writer, ", ", 2);
		write_jsonb_entry(container->children[i], data, offset, writer);
		JBE_ADVANCE_OFFSET(offset, container->children[i]);
	}
	if (!is_scalar)
		hp_writer_byte(writer, ']');
}

/* An object has the entries of all keys, then those of all values. */
static void
write_jsonb_object(const JsonbContainer *container, HpWriter *writer)
{
	uint32		n = JsonContainerSize(container);
	const JEntry *keys = container->children;
	const JEntry *values = keys + n;
	char	   *data = (char *) (values + n);
	uint32		key_offset = 0;
	uint32		value_offset = getJsonbOffset(container, n);

	hp_writer_byte(writer, '{');
	for (uint32 i = 0; i < n; i++)
	{
		if (i > 0)
			hp_writer_bytes(writer, ", ", 2);
		write_jsonb_string(keys[i], data, key_offset, writer);
		hp_writer_bytes(writer, ": ", 2);
		write_jsonb_entry(values[i], data, value_offset, writer);
		JBE_ADVANCE_OFFSET(key_offset, keys[i]);
		JBE_ADVANCE_OFFSET(value_offset, values[i]);
	}
	hp_writer_byte(writer, '}');
}

/* As JsonbToCString() does: a space behind comma and colon. */
static void
write_jsonb_container(const JsonbContainer *container, HpWriter *writer)
{
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (JsonContainerIsArray(container))
		write_jsonb_array(container, writer);
	else
		write_jsonb_object(container, writer);
}

/* A short jsonb is not aligned; it is moved to where it is, without an allocation. */
static void
write_short_jsonb(const struct varlena *packed, HpWriter *writer)
{
	uint32		aligned[VARATT_SHORT_MAX / sizeof(uint32) + 1];

	memcpy(aligned, VARDATA_SHORT(packed), VARSIZE_SHORT(packed) - VARHDRSZ_SHORT);
	write_jsonb_container((const JsonbContainer *) aligned, writer);
}

void
hp_container_write_jsonb(HpValue *self, Datum value, HpWriter *writer)
{
	Jsonb	   *jsonb;

	if (VARATT_IS_SHORT(DatumGetPointer(value)) && !VARATT_IS_EXTERNAL(DatumGetPointer(value)))
	{
		write_short_jsonb((struct varlena *) DatumGetPointer(value), writer);
		return;
	}
	jsonb = DatumGetJsonbP(value);
	write_jsonb_container(&jsonb->root, writer);
	if ((Pointer) jsonb != DatumGetPointer(value))
		pfree(jsonb);
}
