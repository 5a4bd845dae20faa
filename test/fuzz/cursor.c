/*-------------------------------------------------------------------------
 *
 * cursor.c
 *		Makes cursors that get behind the checks of their envelope.
 *
 * No mutation hits upon a fingerprint, let alone a signature.  So the bytes of an
 * input are either the text of a cursor, or a cursor's bytes whose fingerprint, time
 * and signature are put in here as the extension itself would make them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fuzz.h"

#include "base/guc.h"
#include "page/cursor_private.h"
#include "page/cursor_text.h"
#include "port/pg_bswap.h"
#include "utils/guc.h"

/* Bits of the byte before a cursor. */
#define WITH_SECRET		1		/* pg_hotpath.cursor_secret is set */
#define WITH_TTL		2		/* pg_hotpath.cursor_ttl is set */
#define IS_TIMED		4
#define IS_SIGNED		8
#define IS_TEXT			16		/* the rest is the text, else the bytes behind the header */
#define IS_FOREIGN		32		/* the fingerprint is another one */
#define IS_ALTERED		64		/* the last byte is, after it was signed */

#define MAX_STATEMENTS 256

/* Fingerprints, by the statement that pages are read with. */
static struct
{
	const FuzzStatement *statement;
	uint64		fingerprint;
}			learned[MAX_STATEMENTS];
static int	nlearned = 0;

/* Remember the fingerprint, as it stands in an example of a cursor that is not signed. */
void
fuzz_learn_cursor(const FuzzStatement *statement, const char *example)
{
	uint8	   *bytes = palloc(strlen(example) + 3);

	if (nlearned == MAX_STATEMENTS ||
		hp_cursor_text_decode(example, strlen(example), bytes) < HP_CURSOR_HEADER_SIZE)
		elog(ERROR, "\"%s\" cannot serve as a cursor", example);
	memcpy(&learned[nlearned].fingerprint, bytes + 2, sizeof(uint64));
	learned[nlearned++].statement = statement;
}

static void
set_locally(const char *name, const char *value)
{
	set_config_option(name, value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
}

static uint64
fingerprint_of(const FuzzStatement *statement)
{
	for (int i = 0; i < nlearned; i++)
		if (learned[i].statement == statement)
			return learned[i].fingerprint;
	elog(ERROR, "no cursor is known for \"%s\"", statement->sql);
}

/* A cursor that tells its time has a byte more before it: by which it is off, in units of 10 s. */
static void
put_header(StringInfo bytes, const FuzzStatement *statement, int how, FuzzInput *input)
{
	uint64		fingerprint = fingerprint_of(statement);

	if (how & IS_FOREIGN)
		fingerprint ^= 1;
	appendStringInfoChar(bytes, HP_CURSOR_VERSION);
	appendStringInfoChar(bytes, (how & IS_TIMED ? HP_CURSOR_FLAG_TIMED : 0) |
						 (how & IS_SIGNED ? HP_CURSOR_FLAG_SIGNED : 0));
	appendBinaryStringInfo(bytes, (char *) &fingerprint, sizeof(fingerprint));
	if (how & IS_TIMED)
	{
		uint32		time = pg_hton32(hp_cursor_now() + 10 * (int8) fuzz_take_byte(input));

		appendBinaryStringInfo(bytes, (char *) &time, sizeof(time));
	}
}

/* The text of a cursor; sets the parameters that it is read under. */
char *
fuzz_take_cursor(const FuzzStatement *statement, FuzzInput *input)
{
	int			how = fuzz_take_byte(input);
	StringInfoData bytes;
	char	   *text;

	set_locally("pg_hotpath.cursor_secret", how & WITH_SECRET ? "secret" : "");
	set_locally("pg_hotpath.cursor_ttl", how & WITH_TTL ? "100" : "0");
	if (how & IS_TEXT)
		return fuzz_take_text(input);
	initStringInfo(&bytes);
	put_header(&bytes, statement, how, input);
	appendBinaryStringInfo(&bytes, (const char *) input->next, input->end - input->next);
	input->next = input->end;
	if (how & IS_SIGNED)
	{
		uint8		signature[HP_CURSOR_SIGNATURE_SIZE];

		hp_cursor_sign(bytes.data, bytes.len, signature);
		appendBinaryStringInfo(&bytes, (char *) signature, HP_CURSOR_SIGNATURE_SIZE);
	}
	if (how & IS_ALTERED)
		bytes.data[bytes.len - 1] ^= 1;
	text = palloc0(hp_cursor_text_size(bytes.len) + 1);
	hp_cursor_text_encode((uint8 *) bytes.data, bytes.len, text);
	return text;
}
