/*-------------------------------------------------------------------------
 *
 * escape.c
 *		JSON strings: quoting and escaping.
 *
 * The output is that of the server's escape_json(): a backslash before quote
 * and backslash, \b \f \n \r \t, \u00XX for the other bytes below a space, and
 * everything else as it is.  Server encodings never use such bytes inside of
 * multibyte characters, so the text is looked at byte by byte.
 *
 * Most text has nothing to escape.  It is copied in blocks: a block is loaded,
 * compared with what needs escaping, and stored whether there was something or
 * not; what was stored behind the first such byte is overwritten next.  The
 * tail is copied in words of eight bytes, the last one put together from what
 * is left, so that nothing is read behind the end of the text.
 *
 * A block is 16 bytes with SSE2 or NEON, which every x86-64 and 64-bit ARM
 * processor has; other processors use the words alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "json/escape.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#endif
#include "port/pg_bitutils.h"

/* Room that must be left behind the text: quotes, an escape, and a whole block. */
#define HP_ESCAPE_SLACK 32

#define HP_REPEAT(byte) (UINT64CONST(0x0101010101010101) * (byte))

const char	hp_escape_two_digits[200 + 1] =
"00010203040506070809" "10111213141516171819" "20212223242526272829"
"30313233343536373839" "40414243444546474849" "50515253545556575859"
"60616263646566676869" "70717273747576777879" "80818283848586878889"
"90919293949596979899";

static inline bool
needs_escape(unsigned char byte)
{
	return byte < ' ' || byte == '"' || byte == '\\';
}

/* Nonzero if any of eight bytes needs an escape (Mycroft's "haszero" and "hasless"). */
static inline uint64
word_needs_escape(uint64 word)
{
	uint64		quote = word ^ HP_REPEAT('"');
	uint64		backslash = word ^ HP_REPEAT('\\');

	return (((word - HP_REPEAT(' ')) & ~word) |
			((quote - HP_REPEAT(1)) & ~quote) |
			((backslash - HP_REPEAT(1)) & ~backslash)) & HP_REPEAT(0x80);
}

#if defined(__SSE2__)
#define HP_BLOCK 16

/* Copy a block; returns the number of bytes before the first that needs an escape. */
static inline int
copy_block(char *p, const char *s)
{
	__m128i		block = _mm_loadu_si128((const __m128i *) s);
	__m128i		control = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);
	__m128i		quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
	__m128i		backslash = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
	uint32		mask = _mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, backslash)));

	_mm_storeu_si128((__m128i *) p, block);
	return likely(mask == 0) ? HP_BLOCK : pg_rightmost_one_pos32(mask);
}
#elif defined(__aarch64__) && defined(__ARM_NEON)
#define HP_BLOCK 16

/* Copy a block; returns the number of bytes before the first that needs an escape. */
static inline int
copy_block(char *p, const char *s)
{
	uint8x16_t	block = vld1q_u8((const uint8_t *) s);
	uint8x16_t	control = vcltq_u8(block, vdupq_n_u8(' '));
	uint8x16_t	quote = vceqq_u8(block, vdupq_n_u8('"'));
	uint8x16_t	backslash = vceqq_u8(block, vdupq_n_u8('\\'));
	uint8x16_t	found = vorrq_u8(control, vorrq_u8(quote, backslash));
	uint8x8_t	nibbles = vshrn_n_u16(vreinterpretq_u16_u8(found), 4);
	uint64		mask = vget_lane_u64(vreinterpret_u64_u8(nibbles), 0);

	vst1q_u8((uint8_t *) p, block);
	return likely(mask == 0) ? HP_BLOCK : pg_rightmost_one_pos64(mask) / 4;
}
#endif

/* Copy bytes up to the first that needs an escape, at most n; returns their number. */
static inline Size
copy_bytes(char *p, const char *s, Size n)
{
	Size		i = 0;

	while (i < n && !needs_escape((unsigned char) s[i]))
	{
		p[i] = s[i];
		i++;
	}
	return i;
}

/* The same for fewer than eight bytes; writes eight. */
static inline Size
copy_tail(char *p, const char *s, Size n)
{
#ifndef WORDS_BIGENDIAN
	uint64		word;

	if (n >= 4)
	{
		uint32		low;
		uint32		high;

		memcpy(&low, s, 4);
		memcpy(&high, s + n - 4, 4);
		word = low | (uint64) high << (8 * (n - 4));
	}
	else if (n > 0)
		word = (uint64) (unsigned char) s[0] |
			(uint64) (unsigned char) s[n / 2] << (8 * (n / 2)) |
			(uint64) (unsigned char) s[n - 1] << (8 * (n - 1));
	else
		return 0;
	if (likely(word_needs_escape(word | HP_REPEAT(' ') << (8 * n)) == 0))
	{
		memcpy(p, &word, 8);
		return n;
	}
#endif
	return copy_bytes(p, s, n);
}

/* The same for any length; writes up to a block more than it says. */
static inline Size
copy_clean(char *p, const char *s, Size n)
{
	Size		done = 0;

#ifdef HP_BLOCK
	while (n - done >= HP_BLOCK)
	{
		int			clean = copy_block(p + done, s + done);

		done += clean;
		if (clean < HP_BLOCK)
			return done;
	}
#endif
	while (n - done >= 8)
	{
		uint64		word;

		memcpy(&word, s + done, 8);
		if (word_needs_escape(word) != 0)
			return done + copy_bytes(p + done, s + done, 8);
		memcpy(p + done, &word, 8);
		done += 8;
	}
	return done + copy_tail(p + done, s + done, n - done);
}

/* Write the escape of a byte that needs one: at most 6 bytes.  Returns the end. */
static char *
put_escape(char *p, unsigned char byte)
{
	static const char short_forms[] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
		['"'] = '"', ['\\'] = '\\',
	};

	*p++ = '\\';
	if (short_forms[byte] != 0)
		*p++ = short_forms[byte];
	else
	{
		memcpy(p, "u00", 3);
		p[3] = "01"[byte >> 4];
		p[4] = "0123456789abcdef"[byte & 0xf];
		p += 5;
	}
	return p;
}

/* Append a string of n bytes, quoted and escaped. */
void
hp_escape_string(HpWriter *writer, const char *string, Size n)
{
	const char *end = string + n;
	char	   *p = hp_writer_reserve(writer, n + HP_ESCAPE_SLACK);

	*p++ = '"';
	for (;;)					/* no interrupts: a value has at most a gigabyte */
	{
		Size		clean = copy_clean(p, string, end - string);

		p += clean;
		string += clean;
		if (likely(string == end))
			break;
		writer->len = p - writer->data;
		p = hp_writer_reserve(writer, end - string + HP_ESCAPE_SLACK);
		p = put_escape(p, (unsigned char) *string++);
	}
	*p++ = '"';
	writer->len = p - writer->data;
}
