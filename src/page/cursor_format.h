/*-------------------------------------------------------------------------
 *
 * cursor_format.h
 *		The formats of values within a cursor; private to cursor_value.c and cursor_format.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_PAGE_CURSOR_FORMAT_H
#define HP_PAGE_CURSOR_FORMAT_H

#include "page/cursor_value.h"

/* How a value that is not null is written, its size included, and read without it. */
struct HpCursorFormat
{
	void		(*put) (HpCursorValue *value, StringInfo bytes, Datum datum);
	/* returns NULL, or what is wrong with the bytes */
	const char *(*get) (HpCursorValue *value, const char *data, int size, Datum *datum);
};
typedef struct HpCursorFormat HpCursorFormat;

/* What is known of a type. */
struct HpCursorType
{
	Oid			type;
	const HpCursorFormat *format;
	HpCursorPin pin;			/* for the text of a container of these */
	/* of numbers: */
	uint8		width;			/* in memory */
	bool		has_infinity;	/* the ends of the width's range are valid too */
	int64		min;
	int64		max;
};
typedef struct HpCursorType HpCursorType;

/* Numbers that are not negative, in seven bits to a byte. */
extern void hp_cursor_put_number(StringInfo bytes, uint64 number);

/*
 * Move *next behind a number.  Returns false at the end of the bytes, or for a
 * number written with more of them than it takes.
 */
extern bool hp_cursor_get_number(const char **next, const char *end, uint64 *number);

extern const HpCursorFormat hp_cursor_format_integer;
extern const HpCursorFormat hp_cursor_format_float;
extern const HpCursorFormat hp_cursor_format_text;
extern const HpCursorFormat hp_cursor_format_bytes;
extern const HpCursorFormat hp_cursor_format_name;
extern const HpCursorFormat hp_cursor_format_uuid;
extern const HpCursorFormat hp_cursor_format_numeric;
extern const HpCursorFormat hp_cursor_format_wire;
extern const HpCursorFormat hp_cursor_format_bits;
extern const HpCursorFormat hp_cursor_format_output;

#endif							/* HP_PAGE_CURSOR_FORMAT_H */
