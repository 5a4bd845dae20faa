/*-------------------------------------------------------------------------
 *
 * encoder.c
 *		Rows to JSON text: encoders compiled once per row type.
 *
 * Compiling a row type does once what the server's row_to_json() does for each
 * column of each row: find out how the type is written, look up its output
 * function, escape the name.  What is left for a row is to copy, for each
 * column, the text that precedes the value (separator, name, colon) and to
 * write the value behind it.
 *
 * A tuple is not taken apart first: the values are written as the walk
 * through the tuple meets them, so that nothing is stored in the encoder and
 * it can be entered again while it runs.
 *
 * Memory: everything in the context given.  No reference to a tuple
 * descriptor is held; the copy is there for columns that old rows lack.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "json/encoder.h"

#include "access/htup_details.h"
#include "access/tupmacs.h"
#include "base/compat.h"
#include "catalog/pg_type.h"
#include "json/escape.h"
#include "json/value.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

/* The text before a value is copied in this size first, and the rest only if it is longer. */
#define HP_PREFIX_BLOCK 16

typedef struct HpColumn
{
	HpValue    *value;			/* NULL for a dropped column */
	const char *prefix;			/* separator and "name":, padded to a block at least */
	uint32		prefix_length;
	uint32		reserve;		/* room for the prefix and an HpPut */
	int16		length;			/* as in pg_attribute, for the walk */
	uint8		align;			/* in bytes */
	bool		byval;
} HpColumn;

struct HpEncoder
{
	TupleDesc	desc;			/* a copy */
	HpRowShape	shape;
	int			natts;
	bool		is_empty;		/* no column is shown */
	HpColumn   *columns;		/* dropped ones too */
	TypeCacheEntry *live;		/* of the row type of the last datum that bore a version */
};

static uint8
align_bytes(char align)
{
	switch (align)
	{
		case TYPALIGN_CHAR:
			return 1;
		case TYPALIGN_SHORT:
			return ALIGNOF_SHORT;
		case TYPALIGN_INT:
			return ALIGNOF_INT;
		default:
			return ALIGNOF_DOUBLE;
	}
}

/* Make the text that precedes a column's value. */
static void
compile_prefix(HpColumn *column, const char *name, bool is_first, HpRowShape shape,
			   MemoryContext context)
{
	HpWriter	prefix;

	hp_writer_init(&prefix, context, NAMEDATALEN * 2);
	if (is_first)
		hp_writer_byte(&prefix, shape == HP_ROW_ARRAY ? '[' : '{');
	else if (shape == HP_ROW_PRETTY)
		hp_writer_bytes(&prefix, ",\n ", 3);
	else
		hp_writer_byte(&prefix, ',');
	if (shape != HP_ROW_ARRAY)
	{
		hp_escape_string(&prefix, name, strlen(name));
		hp_writer_byte(&prefix, ':');
	}
	column->prefix_length = prefix.len;
	column->reserve = prefix.len + HP_PREFIX_BLOCK + HP_PUT_MAX;
	column->prefix = MemoryContextAllocZero(context, Max(prefix.len, HP_PREFIX_BLOCK));
	memcpy((char *) column->prefix, prefix.data, prefix.len);
	hp_writer_free(&prefix);
}

/* The encoder of a row type, in context. */
HpEncoder *
hp_encoder_compile(TupleDesc desc, HpRowShape shape, MemoryContext context)
{
	HpEncoder  *result = MemoryContextAllocZero(context, sizeof(HpEncoder));
	MemoryContext outer = MemoryContextSwitchTo(context);

	result->desc = CreateTupleDescCopyConstr(desc);
	MemoryContextSwitchTo(outer);
	result->shape = shape;
	result->natts = desc->natts;
	result->is_empty = true;
	result->columns = MemoryContextAllocZero(context, Max(desc->natts, 1) * sizeof(HpColumn));
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		HpColumn   *column = &result->columns[i];

		column->length = att->attlen;
		column->align = align_bytes(att->attalign);
		column->byval = att->attbyval;
		if (att->attisdropped)
			continue;
		compile_prefix(column, NameStr(att->attname), result->is_empty, shape, context);
		column->value = hp_value_compile(att->atttypid, context);
		result->is_empty = false;
	}
	return result;
}

static inline char *
put_prefix(char *p, const HpColumn *column)
{
	memcpy(p, column->prefix, HP_PREFIX_BLOCK);
	if (column->prefix_length > HP_PREFIX_BLOCK)
		memcpy(p + HP_PREFIX_BLOCK, column->prefix + HP_PREFIX_BLOCK,
			   column->prefix_length - HP_PREFIX_BLOCK);
	return p + column->prefix_length;
}

static inline void
write_null(const HpColumn *column, HpWriter *writer)
{
	char	   *p = put_prefix(hp_writer_reserve(writer, column->reserve), column);

	memcpy(p, "null", 4);
	writer->len = p + 4 - writer->data;
}

static inline void
write_value(const HpColumn *column, Datum value, HpWriter *writer)
{
	char	   *p = put_prefix(hp_writer_reserve(writer, column->reserve), column);

	if (column->value->put != NULL)
		writer->len = column->value->put(value, p) - writer->data;
	else
	{
		writer->len = p - writer->data;
		column->value->write(column->value, value, writer);
	}
}

static void
write_end(const HpEncoder *encoder, HpWriter *writer)
{
	bool		is_array = encoder->shape == HP_ROW_ARRAY;

	if (encoder->is_empty)
		hp_writer_byte(writer, is_array ? '[' : '{');
	hp_writer_byte(writer, is_array ? ']' : '}');
}

/* The columns that a tuple stored before they were added lacks. */
static void
write_missing(const HpEncoder *encoder, int first, HpWriter *writer)
{
	for (int i = first; i < encoder->natts; i++)
	{
		HpColumn   *column = &encoder->columns[i];
		Datum		value;
		bool		is_null;

		if (column->value == NULL)
			continue;
		value = getmissingattr(encoder->desc, i + 1, &is_null);
		if (is_null)
			write_null(column, writer);
		else
			write_value(column, value, writer);
	}
}

/* Where a value begins: a varlena with a short header is not aligned. */
static inline uint32
align_value(const HpColumn *column, const char *data, uint32 offset)
{
	if (column->length == -1 && VARATT_NOT_PAD_BYTE(data + offset))
		return offset;
	return TYPEALIGN(column->align, offset);
}

/*
 * A datum of a composite type may be older than the last ALTER of its type.  The
 * server's newer minors mark datums with a version and refuse such a one; we
 * walk the tuple ourselves, so we have to ask.  The type cache has the version
 * that the type has now; its entries live as long as the backend.
 */
static void
check_version(HpEncoder *encoder, HeapTupleHeader header)
{
	Oid			rowtype = HeapTupleHeaderGetTypeId(header);

	if (encoder->live == NULL || encoder->live->type_id != rowtype ||
		encoder->live->tupDesc == NULL)
		encoder->live = lookup_type_cache(rowtype, TYPECACHE_TUPDESC);
	if (encoder->live->tupDesc != NULL)
		hp_row_check(header, encoder->live->tupDesc);
}

void
hp_encoder_write_tuple(HpEncoder *encoder, HeapTuple tuple, HpWriter *writer)
{
	HeapTupleHeader header = tuple->t_data;
	const uint8 *nulls = HeapTupleHasNulls(tuple) ? header->t_bits : NULL;
	char	   *data = (char *) header + header->t_hoff;
	int			stored = Min(HeapTupleHeaderGetNatts(header), encoder->natts);
	uint32		offset = 0;

	if (hp_row_is_versioned(header))
		check_version(encoder, header);
	for (int i = 0; i < stored; i++)
	{
		const HpColumn *column = &encoder->columns[i];
		char	   *start;

		if (nulls != NULL && att_isnull(i, nulls))
		{
			if (column->value != NULL)
				write_null(column, writer);
			continue;
		}
		offset = align_value(column, data, offset);
		start = data + offset;
		offset = att_addlength_pointer(offset, column->length, start);
		if (column->value != NULL)
			write_value(column, fetch_att(start, column->byval, column->length), writer);
	}
	write_missing(encoder, stored, writer);
	write_end(encoder, writer);
}

void
hp_encoder_write_slot(HpEncoder *encoder, TupleTableSlot *slot, HpWriter *writer)
{
	slot_getallattrs(slot);
	for (int i = 0; i < encoder->natts; i++)
	{
		const HpColumn *column = &encoder->columns[i];

		if (column->value == NULL)
			continue;
		if (slot->tts_isnull[i])
			write_null(column, writer);
		else
			write_value(column, slot->tts_values[i], writer);
	}
	write_end(encoder, writer);
}

/* The same for values that are given one by one; there is one for a dropped column, too. */
void
hp_encoder_write_values(HpEncoder *encoder, const NullableDatum *values, HpWriter *writer)
{
	for (int i = 0; i < encoder->natts; i++)
	{
		const HpColumn *column = &encoder->columns[i];

		if (column->value == NULL)
			continue;
		if (values[i].isnull)
			write_null(column, writer);
		else
			write_value(column, values[i].value, writer);
	}
	write_end(encoder, writer);
}

/* The column names as an array, which is the first line of HP_ROW_ARRAY rows. */
void
hp_encoder_write_names(HpEncoder *encoder, HpWriter *writer)
{
	bool		is_first = true;

	hp_writer_byte(writer, '[');
	for (int i = 0; i < encoder->natts; i++)
	{
		const char *name = NameStr(TupleDescAttr(encoder->desc, i)->attname);

		if (encoder->columns[i].value == NULL)
			continue;
		if (!is_first)
			hp_writer_byte(writer, ',');
		is_first = false;
		hp_escape_string(writer, name, strlen(name));
	}
	hp_writer_byte(writer, ']');
}
