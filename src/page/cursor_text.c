/*-------------------------------------------------------------------------
 *
 * cursor_text.c
 *		base64url without padding (RFC 4648, section 5).
 *
 * The server's common/base64 knows only the other alphabet and skips white space.
 * Here bytes have exactly one text: padding, white space and bits that no byte
 * takes are refused, so that whoever compares cursors compares places.
 *
 * Nothing is allocated and no error is raised; anyone may call.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "page/cursor_text.h"

static const char alphabet[64 + 1] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void
hp_cursor_text_encode(const uint8 *bytes, Size nbytes, char *text)
{
	const uint8 *end = bytes + nbytes / 3 * 3;

	for (; bytes < end; bytes += 3)
	{
		uint32		bits = bytes[0] << 16 | bytes[1] << 8 | bytes[2];

		*text++ = alphabet[bits >> 18];
		*text++ = alphabet[bits >> 12 & 63];
		*text++ = alphabet[bits >> 6 & 63];
		*text++ = alphabet[bits & 63];
	}
	if (nbytes % 3 > 0)
	{
		uint32		bits = bytes[0] << 16 | (nbytes % 3 == 2 ? bytes[1] << 8 : 0);

		*text++ = alphabet[bits >> 18];
		*text++ = alphabet[bits >> 12 & 63];
		if (nbytes % 3 == 2)
			*text++ = alphabet[bits >> 6 & 63];
	}
}

/* The six bits of a character, or -1. */
static inline int
digit_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

int
hp_cursor_text_decode(const char *text, int length, uint8 *bytes)
{
	uint8	   *next = bytes;
	uint32		bits = 0;
	int			nbits = 0;

	for (int i = 0; i < length; i++)
	{
		int			digit = digit_of(text[i]);

		if (digit < 0)
			return -1;
		bits = bits << 6 | digit;
		nbits += 6;
		if (nbits >= 8)
		{
			nbits -= 8;
			*next++ = bits >> nbits;
			bits &= (1U << nbits) - 1;
		}
	}
	/* What is left over is less than a character, and zero. */
	return nbits < 6 && bits == 0 ? next - bytes : -1;
}
