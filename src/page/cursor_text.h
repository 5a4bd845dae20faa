/*-------------------------------------------------------------------------
 *
 * cursor_text.h
 *		The text that a cursor's bytes are written as: base64url without padding.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_PAGE_CURSOR_TEXT_H
#define HP_PAGE_CURSOR_TEXT_H

/* Number of characters that some bytes are written as. */
static inline Size
hp_cursor_text_size(Size nbytes)
{
	return nbytes / 3 * 4 + (nbytes % 3 == 0 ? 0 : nbytes % 3 + 1);
}

/* Write them, without a NUL at the end. */
extern void hp_cursor_text_encode(const uint8 *bytes, Size nbytes, char *text);

/*
 * Read a text into bytes, for which there must be room for three per four
 * characters or part of four.  Returns their number, or -1 for a text that
 * hp_cursor_text_encode() never writes.
 */
extern int	hp_cursor_text_decode(const char *text, int length, uint8 *bytes);

#endif							/* HP_PAGE_CURSOR_TEXT_H */
