/*-------------------------------------------------------------------------
 *
 * escape.h
 *		JSON strings: quoting and escaping, and the digits of numbers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_ESCAPE_H
#define HP_ESCAPE_H

#include "json/writer.h"

/* "00" to "99" */
extern const char hp_escape_two_digits[200 + 1];

/* Append a string of n bytes in the server's encoding, quoted and escaped as escape_json() does. */
extern void hp_escape_string(HpWriter *writer, const char *string, Size n);

/* Write two digits of a number below 100; returns the end. */
static inline char *
hp_escape_put_two(char *p, uint32 number)
{
	memcpy(p, hp_escape_two_digits + 2 * number, 2);
	return p + 2;
}

/* Write four digits of a number below 10000; returns the end. */
static inline char *
hp_escape_put_four(char *p, uint32 number)
{
	return hp_escape_put_two(hp_escape_put_two(p, number / 100), number % 100);
}

#endif							/* HP_ESCAPE_H */
