/*-------------------------------------------------------------------------
 *
 * cursor_format.c
 *		The formats that values have within a cursor.
 *
 * A value is a size and that many bytes; size 0 is the null, n + 1 a value of n
 * bytes.  A size is seven bits to a byte, lowest first, the top bit set in all but
 * the last.  What the bytes are depends on the type:
 *
 *	  integers and all that is stored as one: two's complement, highest byte first,
 *		in as few bytes as hold it, none for zero.  So are dates and times, and the
 *		reg* types, whose order is that of their numbers
 *	  floats: IEEE 754, highest byte first, without the zero bytes at its end
 *	  numeric: scale and sign, weight, then digits of base 10000 of two bytes each
 *	  text, varchar, char(n), name, bytea, uuid: as they are
 *	  the rest of what is listed below: as the send function has it, whose bytes
 *		depend neither on settings nor on the client's encoding
 *	  everything else (enums, arrays, composites, ranges, jsonb, types of other
 *		extensions): what the output function writes, in the server's encoding,
 *		under pinned settings
 *
 * No type modifier is applied on reading: it was when the value was stored, and
 * would round what is bound for a comparison.
 *
 * The bytes to read are a stranger's.  Whatever does not come out of the writer is
 * refused here where this file knows the format: sizes with too many bytes, numbers
 * out of the type's range, text that is invalid in the encoding.  The rest is left
 * to the receive and input functions, which must check a client's bytes all the
 * same.  Their errors pass through here; cursor_read.c turns them into its own.
 *
 * Memory: results are in the current context; detoasted copies are freed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "page/cursor_format.h"

#include "base/compat.h"
#include "mb/pg_wchar.h"
#include "port/pg_bitutils.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

#define MAX_SIZE_BYTES 5		/* of a size: 35 bits */
#define NUMERIC_WIRE_HEADER 8	/* ndigits, weight, sign and scale, of 16 bits each */

static const char out_of_range[] = "is out of range";
static const char wrong_size[] = "has a wrong size";

/* ---------- sizes and single bytes ---------- */

void
hp_cursor_put_number(StringInfo bytes, uint64 number)
{
	for (; number >= 0x80; number >>= 7)
		appendStringInfoCharMacro(bytes, (char) (number | 0x80));
	appendStringInfoCharMacro(bytes, (char) number);
}

bool
hp_cursor_get_number(const char **next, const char *end, uint64 *number)
{
	*number = 0;
	for (int i = 0; i < MAX_SIZE_BYTES && *next < end; i++)
	{
		uint8		byte = *(*next)++;

		*number |= (uint64) (byte & 0x7F) << (7 * i);
		if ((byte & 0x80) == 0)
			return byte != 0 || i == 0;
	}
	return false;
}

static inline void
put_bytes(StringInfo bytes, const void *data, Size size)
{
	hp_cursor_put_number(bytes, (uint64) size + 1);
	appendBinaryStringInfo(bytes, data, size);
}

/* ---------- integers ---------- */

/* Number of bytes that hold an integer. */
static inline int
integer_size(int64 integer)
{
	uint64		magnitude = integer < 0 ? ~(uint64) integer : (uint64) integer;

	if (integer == 0)
		return 0;
	return magnitude == 0 ? 1 : (pg_leftmost_one_pos64(magnitude) + 1) / 8 + 1;
}

static int64
integer_of(const HpCursorType *how, Datum datum)
{
	switch (how->width)
	{
		case 1:
			return how->min < 0 ? (int8) DatumGetChar(datum) : DatumGetBool(datum);
		case 2:
			return DatumGetInt16(datum);
		case 4:
			return how->min < 0 ? DatumGetInt32(datum) : (int64) DatumGetUInt32(datum);
		default:
			return DatumGetInt64(datum);
	}
}

static Datum
datum_of(const HpCursorType *how, int64 integer)
{
	switch (how->width)
	{
		case 1:
			return how->min < 0 ? CharGetDatum((char) integer) : BoolGetDatum(integer != 0);
		case 2:
			return Int16GetDatum((int16) integer);
		case 4:
			return how->min < 0 ? Int32GetDatum((int32) integer) : UInt32GetDatum((uint32) integer);
		default:
			return Int64GetDatum(integer);
	}
}

static bool
is_in_range(const HpCursorType *how, int64 integer)
{
	if (integer >= how->min && integer <= how->max)
		return true;
	if (!how->has_infinity)
		return false;
	return how->width == 4 ? integer == PG_INT32_MIN || integer == PG_INT32_MAX :
		integer == PG_INT64_MIN || integer == PG_INT64_MAX;
}

static void
put_integer(HpCursorValue *value, StringInfo bytes, Datum datum)
{
	int64		integer = integer_of(value->how, datum);
	int			size = integer_size(integer);
	uint64		wire = size == 0 ? 0 : pg_hton64((uint64) integer << (64 - 8 * size));

	put_bytes(bytes, &wire, size);
}

static const char *
get_integer(HpCursorValue *value, const char *data, int size, Datum *datum)
{
	uint64		wire = 0;
	int64		integer;

	if (size > sizeof(wire))
		return wrong_size;
	memcpy(&wire, data, size);
	integer = size == 0 ? 0 : (int64) pg_ntoh64(wire) >> (64 - 8 * size);
	if (integer_size(integer) != size)
		return wrong_size;
	if (!is_in_range(value->how, integer))
		return out_of_range;
	*datum = datum_of(value->how, integer);
	return NULL;
}

/* ---------- floats ---------- */

static void
put_float(HpCursorValue *value, StringInfo bytes, Datum datum)
{
	int			size = value->how->width;
	char		wire[8];

	if (size == 4)
	{
		uint32		bits = pg_hton32(DatumGetUInt32(datum));

		memcpy(wire, &bits, size);
	}
	else
	{
		uint64		bits = pg_hton64((uint64) DatumGetInt64(datum));

		memcpy(wire, &bits, size);
	}
	while (size > 0 && wire[size - 1] == 0)
		size--;
	put_bytes(bytes, wire, size);
}

static const char *
get_float(HpCursorValue *value, const char *data, int size, Datum *datum)
{
	char		wire[8] = {0};

	if (size > value->how->width || (size > 0 && data[size - 1] == 0))
		return wrong_size;
	memcpy(wire, data, size);
	if (value->how->width == 4)
	{
		uint32		bits;

		memcpy(&bits, wire, sizeof(bits));
		*datum = UInt32GetDatum(pg_ntoh32(bits));
	}
	else
	{
		uint64		bits;

		memcpy(&bits, wire, sizeof(bits));
		*datum = Int64GetDatum((int64) pg_ntoh64(bits));
	}
	return NULL;
}

/* ---------- strings of characters or bytes ---------- */

static void
put_varlena(HpCursorValue *value, StringInfo bytes, Datum datum)
{
	struct varlena *string = PG_DETOAST_DATUM_PACKED(datum);

	put_bytes(bytes, VARDATA_ANY(string), VARSIZE_ANY_EXHDR(string));
	if ((Pointer) string != DatumGetPointer(datum))
		pfree(string);
}

static const char *
get_bytes(HpCursorValue *value, const char *data, int size, Datum *datum)
{
	*datum = PointerGetDatum(cstring_to_text_with_len(data, size));
	return NULL;
}

/* No NUL, and valid in the encoding of the server. */
static inline bool
is_valid_text(const char *data, int size)
{
	return pg_verifymbstr(data, size, true);
}

static const char *
get_text(HpCursorValue *value, const char *data, int size, Datum *datum)
{
	if (!is_valid_text(data, size))
		return "is not valid text";
	return get_bytes(value, data, size, datum);
}

static void
put_name(HpCursorValue *value, StringInfo bytes, Datum datum)
{
	const char *name = NameStr(*DatumGetName(datum));

	put_bytes(bytes, name, strlen(name));
}

static const char *
get_name(HpCursorValue *value, const char *data, int size, Datum *datum)
{
	Name		name;

	if (size >= NAMEDATALEN)
		return wrong_size;
	if (!is_valid_text(data, size))
		return "is not valid text";
	name = palloc0(NAMEDATALEN);
	memcpy(NameStr(*name), data, size);
	*datum = NameGetDatum(name);
	return NULL;
}

static void
put_uuid(HpCursorValue *value, StringInfo bytes, Datum datum)
{
	put_bytes(bytes, DatumGetUUIDP(datum)->data, UUID_LEN);
}

static const char *
get_uuid(HpCursorValue *value, const char *data, int size, Datum *datum)
{
	pg_uuid_t  *uuid;

	if (size != UUID_LEN)
		return wrong_size;
	uuid = palloc(sizeof(pg_uuid_t));
	memcpy(uuid->data, data, UUID_LEN);
	*datum = UUIDPGetDatum(uuid);
	return NULL;
}

/* ---------- by send and receive function ---------- */

static void
put_wire(HpCursorValue *value, StringInfo bytes, Datum datum)
{
	bytea	   *wire = SendFunctionCall(&value->out, datum);

	put_bytes(bytes, VARDATA(wire), VARSIZE(wire) - VARHDRSZ);
	pfree(wire);
}

static const char *
get_wire(HpCursorValue *value, const char *data, int size, Datum *datum)
{
	StringInfoData wire = {.data = unconstify(char *, data),.len = size,.maxlen = size};

	*datum = ReceiveFunctionCall(&value->in, &wire, value->io_param, -1);
	return wire.cursor == size ? NULL : wrong_size;
}

/* The receive function allocates what the bytes claim before it looks whether they are there. */
static const char *
get_bits(HpCursorValue *value, const char *data, int size, Datum *datum)
{
	uint32		nbits;

	if (size < sizeof(nbits))
		return wrong_size;
	memcpy(&nbits, data, sizeof(nbits));
	nbits = pg_ntoh32(nbits);
	if (size - sizeof(nbits) != (nbits + (uint64) BITS_PER_BYTE - 1) / BITS_PER_BYTE)
		return wrong_size;
	return get_wire(value, data, size, datum);
}

/* ---------- numeric ---------- */

static inline uint16
read_uint16(const char *data)
{
	uint16		number;

	memcpy(&number, data, sizeof(number));
	return pg_ntoh16(number);
}

static inline void
write_uint16(char *data, uint16 number)
{
	number = pg_hton16(number);
	memcpy(data, &number, sizeof(number));
}

/*
 * The wire format's four numbers of 16 bits are nearly always small: the number of
 * digits follows from the size, the sign has its bits at the top, and the weight is
 * written with the sign in the lowest bit.
 */
static void
put_numeric(HpCursorValue *value, StringInfo bytes, Datum datum)
{
	bytea	   *wire = SendFunctionCall(&value->out, datum);
	const char *data = VARDATA(wire);
	int			ndigits = read_uint16(data);
	int16		weight = (int16) read_uint16(data + 2);
	uint16		sign = read_uint16(data + 4);
	uint16		scale = read_uint16(data + 6);
	char		space[2 * MAX_SIZE_BYTES];
	StringInfoData head = {.data = space,.maxlen = sizeof(space)};

	hp_cursor_put_number(&head, scale << 4 | sign >> 12);
	hp_cursor_put_number(&head, (uint16) (weight < 0 ? ~weight << 1 | 1 : weight << 1));
	hp_cursor_put_number(bytes, head.len + ndigits * 2 + 1);
	appendBinaryStringInfo(bytes, head.data, head.len);
	appendBinaryStringInfo(bytes, data + NUMERIC_WIRE_HEADER, ndigits * 2);
	pfree(wire);
}

static const char *
get_numeric(HpCursorValue *value, const char *data, int size, Datum *datum)
{
	const char *digits = data;
	const char *end = data + size;
	uint64		scale_sign;
	uint64		weight;
	const char *problem;
	char	   *wire;

	if (!hp_cursor_get_number(&digits, end, &scale_sign) ||
		!hp_cursor_get_number(&digits, end, &weight) || (end - digits) % 2 != 0)
		return wrong_size;
	if (scale_sign > (PG_UINT16_MAX << 4 | 0xF) || weight > PG_UINT16_MAX ||
		(end - digits) / 2 > PG_UINT16_MAX)
		return out_of_range;
	size = NUMERIC_WIRE_HEADER + (end - digits);
	wire = palloc(size);
	write_uint16(wire, (end - digits) / 2);
	write_uint16(wire + 2, weight & 1 ? ~(weight >> 1) : weight >> 1);
	write_uint16(wire + 4, (scale_sign & 0xF) << 12);
	write_uint16(wire + 6, scale_sign >> 4);
	memcpy(wire + NUMERIC_WIRE_HEADER, digits, end - digits);
	problem = get_wire(value, wire, size, datum);
	pfree(wire);
	return problem;
}

/* ---------- by output and input function ---------- */

static void
put_output(HpCursorValue *value, StringInfo bytes, Datum datum)
{
	char	   *text = OutputFunctionCall(&value->out, datum);

	put_bytes(bytes, text, strlen(text));
	pfree(text);
}

static const char *
get_input(HpCursorValue *value, const char *data, int size, Datum *datum)
{
	char	   *text;

	if (!is_valid_text(data, size))
		return "is not valid text";
	text = pnstrdup(data, size);
	*datum = InputFunctionCall(&value->in, text, value->io_param, -1);
	pfree(text);
	return NULL;
}

/* ---------- the formats ---------- */

const HpCursorFormat hp_cursor_format_integer = {put_integer, get_integer};
const HpCursorFormat hp_cursor_format_float = {put_float, get_float};
const HpCursorFormat hp_cursor_format_text = {put_varlena, get_text};
const HpCursorFormat hp_cursor_format_bytes = {put_varlena, get_bytes};
const HpCursorFormat hp_cursor_format_name = {put_name, get_name};
const HpCursorFormat hp_cursor_format_uuid = {put_uuid, get_uuid};
const HpCursorFormat hp_cursor_format_numeric = {put_numeric, get_numeric};
const HpCursorFormat hp_cursor_format_wire = {put_wire, get_wire};
const HpCursorFormat hp_cursor_format_bits = {put_wire, get_bits};
const HpCursorFormat hp_cursor_format_output = {put_output, get_input};
