/*-------------------------------------------------------------------------
 *
 * cursor_value.h
 *		The values within a cursor: exact, short, and the same under any settings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_PAGE_CURSOR_VALUE_H
#define HP_PAGE_CURSOR_VALUE_H

#include "fmgr.h"
#include "lib/stringinfo.h"

/* The settings that must be pinned while values of a type are written and read. */
typedef enum HpCursorPin
{
	HP_CURSOR_PIN_NONE,
	HP_CURSOR_PIN_NULLS,		/* what an array takes for a null */
	HP_CURSOR_PIN_FORMATS,		/* of dates, intervals and floats too */
	HP_CURSOR_PIN_ALL			/* the search path and the format of money too */
} HpCursorPin;

/* How the values of one column are written. */
typedef struct HpCursorValue
{
	const struct HpCursorType *how;
	HpCursorPin pin;
	Oid			io_param;
	FmgrInfo	out;			/* output or send function, where it takes one */
	FmgrInfo	in;				/* input or receive function */
} HpCursorValue;

/* Values of a type, which must not be a domain; the functions' memory is taken in context. */
extern void hp_cursor_value_init(HpCursorValue *value, Oid type, MemoryContext context);

/* Pin and release settings; an error in between releases them too. */
extern int	hp_cursor_pin(HpCursorPin pin);
extern void hp_cursor_unpin(int level);

/* Append a value, or the null. */
extern void hp_cursor_value_put(HpCursorValue *value, StringInfo bytes, Datum datum, bool isnull);

/*
 * Read the value that begins at *next and move *next behind it; in the current
 * context.  Returns NULL, or what is wrong with the bytes, to follow the name of
 * the column in a message; other errors are those of the type's input function.
 */
extern const char *hp_cursor_value_get(HpCursorValue *value, const char **next, const char *end,
									   Datum *datum, bool *isnull);

#endif							/* HP_PAGE_CURSOR_VALUE_H */
