/*-------------------------------------------------------------------------
 *
 * scalar.c
 *		Values to JSON text: booleans, numbers, UUIDs.
 *
 * Each writes what the type's output function would, without going through a
 * palloc'd string.  Numbers are bare where JSON can express them; NaN and the
 * infinities are strings.
 *
 * A numeric is read in its stored form, which numeric.c keeps to itself but
 * cannot change, since it is what is on disk: a two-byte header with sign,
 * scale and weight (short form) or with sign and scale and two bytes of weight
 * behind it (long form), then digits of base 10000.  Reading it in place saves
 * the copy that aligns it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "json/value.h"

#include <float.h>
#include <math.h>

#include "access/htup_details.h"
#include "common/shortest_dec.h"
#include "json/escape.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/uuid.h"

/* The header of a stored numeric; see numeric.c. */
#define NUM_SIGN_MASK 0xC000
#define NUM_NEGATIVE 0x4000
#define NUM_SHORT 0x8000
#define NUM_SPECIAL 0xC000
#define NUM_SPECIAL_MASK 0xF000
#define NUM_PLUS_INFINITY 0xD000
#define NUM_MINUS_INFINITY 0xF000
#define NUM_SHORT_NEGATIVE 0x2000
#define NUM_SHORT_SCALE_MASK 0x1F80
#define NUM_SHORT_SCALE_SHIFT 7
#define NUM_SHORT_WEIGHT_SIGN 0x0040
#define NUM_SHORT_WEIGHT_MASK 0x003F
#define NUM_SCALE_MASK 0x3FFF
#define NUM_BASE_DIGITS 4

typedef struct Number
{
	const char *digits;			/* int16 each, perhaps unaligned */
	int			ndigits;
	int			weight;			/* of the first digit */
	int			scale;			/* decimal digits after the point */
	bool		negative;
} Number;

char *
hp_scalar_put_bool(Datum value, char *p)
{
	if (DatumGetBool(value))
	{
		memcpy(p, "true", 4);
		return p + 4;
	}
	memcpy(p, "false", 5);
	return p + 5;
}

char *
hp_scalar_put_int2(Datum value, char *p)
{
	return p + pg_itoa(DatumGetInt16(value), p);
}

char *
hp_scalar_put_int4(Datum value, char *p)
{
	return p + pg_ltoa(DatumGetInt32(value), p);
}

char *
hp_scalar_put_int8(Datum value, char *p)
{
	return p + pg_lltoa(DatumGetInt64(value), p);
}

/* A string without anything to escape. */
static char *
put_quoted(char *p, const char *string)
{
	Size		n = strlen(string);

	*p++ = '"';
	memcpy(p, string, n);
	p += n;
	*p++ = '"';
	return p;
}

static char *
put_not_finite(char *p, double value)
{
	return put_quoted(p, isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity");
}

char *
hp_scalar_put_float4(Datum value, char *p)
{
	float4		number = DatumGetFloat4(value);

	if (unlikely(isnan(number) || isinf(number)))
		return put_not_finite(p, number);
	if (likely(extra_float_digits > 0))
		return p + float_to_shortest_decimal_bufn(number, p);
	return p + pg_strfromd(p, 32, FLT_DIG + extra_float_digits, number);
}

char *
hp_scalar_put_float8(Datum value, char *p)
{
	float8		number = DatumGetFloat8(value);

	if (unlikely(isnan(number) || isinf(number)))
		return put_not_finite(p, number);
	if (likely(extra_float_digits > 0))
		return p + double_to_shortest_decimal_bufn(number, p);
	return p + pg_strfromd(p, 32, DBL_DIG + extra_float_digits, number);
}

/* Write four bytes as eight hexadecimal digits: a nibble for each byte of a word, then letters. */
static inline void
put_hex(char *p, const unsigned char *bytes)
{
	uint64		word = bytes[0] | (uint64) bytes[1] << 16 | (uint64) bytes[2] << 32 |
		(uint64) bytes[3] << 48;
	uint64		letters;

	word = ((word >> 4) & UINT64CONST(0x000f000f000f000f)) |
		(word & UINT64CONST(0x000f000f000f000f)) << 8;
	letters = ((word + UINT64CONST(0x0606060606060606)) >> 4) & UINT64CONST(0x0101010101010101);
	word += UINT64CONST(0x3030303030303030) + letters * ('a' - '9' - 1);
#ifdef WORDS_BIGENDIAN
	word = pg_bswap64(word);
#endif
	memcpy(p, &word, sizeof(word));
}

/* 8-4-4-4-12 digits */
char *
hp_scalar_put_uuid(Datum value, char *p)
{
	const unsigned char *bytes = DatumGetUUIDP(value)->data;

	p[0] = '"';
	put_hex(p + 1, bytes);
	put_hex(p + 10, bytes + 4);
	memmove(p + 15, p + 14, 4);
	put_hex(p + 20, bytes + 8);
	memmove(p + 25, p + 24, 4);
	put_hex(p + 29, bytes + 12);
	p[9] = p[14] = p[19] = p[24] = '-';
	p[37] = '"';
	return p + 38;
}

/* Read the header of a finite numeric. */
static void
read_numeric(Number *number, const char *data, int size, uint16 header)
{
	int			header_size = sizeof(uint16);

	if (header & NUM_SHORT)
	{
		number->negative = (header & NUM_SHORT_NEGATIVE) != 0;
		number->scale = (header & NUM_SHORT_SCALE_MASK) >> NUM_SHORT_SCALE_SHIFT;
		number->weight = header & NUM_SHORT_WEIGHT_MASK;
		if (header & NUM_SHORT_WEIGHT_SIGN)
			number->weight -= NUM_SHORT_WEIGHT_MASK + 1;
	}
	else
	{
		int16		weight;

		memcpy(&weight, data + sizeof(uint16), sizeof(weight));
		header_size += sizeof(int16);
		number->negative = (header & NUM_SIGN_MASK) == NUM_NEGATIVE;
		number->scale = header & NUM_SCALE_MASK;
		number->weight = weight;
	}
	number->digits = data + header_size;
	number->ndigits = (size - header_size) / sizeof(int16);
}

/* The digit of base 10000 at a place; those not stored are zero. */
static inline uint32
digit_at(const Number *number, int place)
{
	int16		digit;

	if (place < 0 || place >= number->ndigits)
		return 0;
	memcpy(&digit, number->digits + place * sizeof(int16), sizeof(int16));
	return digit;
}

static char *
put_number(char *p, const Number *number)
{
	char	   *end;
	int			place = number->weight + 1;

	if (number->negative)
		*p++ = '-';
	if (number->weight < 0)
		*p++ = '0';
	else
	{
		p += pg_ultoa_n(digit_at(number, 0), p);
		for (int i = 1; i <= number->weight; i++)
			p = hp_escape_put_four(p, digit_at(number, i));
	}
	if (number->scale <= 0)
		return p;
	*p++ = '.';
	end = p + number->scale;
	while (p < end)
		p = hp_escape_put_four(p, digit_at(number, place++));
	return end;
}

/* A numeric, of which self need not be known. */
void
hp_scalar_write_numeric(HpValue *self, Datum value, HpWriter *writer)
{
	struct varlena *numeric = hp_value_unpack(value);
	Number		number;
	uint16		header;
	char	   *p;

	memcpy(&header, VARDATA_ANY(numeric), sizeof(header));
	if (unlikely((header & NUM_SIGN_MASK) == NUM_SPECIAL))
	{
		uint16		kind = header & NUM_SPECIAL_MASK;

		p = put_quoted(hp_writer_reserve(writer, HP_PUT_MAX),
					   kind == NUM_PLUS_INFINITY ? "Infinity" :
					   kind == NUM_MINUS_INFINITY ? "-Infinity" : "NaN");
	}
	else
	{
		read_numeric(&number, VARDATA_ANY(numeric), VARSIZE_ANY_EXHDR(numeric), header);
		p = hp_writer_reserve(writer, (Max(number.weight, 0) + 3) * NUM_BASE_DIGITS +
							  number.scale + HP_PUT_MAX);
		p = put_number(p, &number);
	}
	writer->len = p - writer->data;
	if ((Pointer) numeric != DatumGetPointer(value))
		pfree(numeric);
}
