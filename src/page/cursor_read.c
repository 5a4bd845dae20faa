/*-------------------------------------------------------------------------
 *
 * cursor_read.c
 *		Reads cursors.
 *
 * The checks come in this order, so that nothing is said about a cursor's content
 * before it is known whose it is: base64url, version and length (HP001), signature
 * (HP004), fingerprint (HP002), age (HP003), values (HP001).
 *
 * A cursor is data from a stranger, and whatever is wrong with it must come
 * out as HP001 to HP004.  Values are read by input and receive functions of types,
 * whose errors have other codes.  Catching these would need a subtransaction to be
 * safe with all types (a domain within a composite may run any function), which is
 * slow and impossible in a parallel worker.  Instead an error context callback turns
 * the error in flight into HP001 and its message into a detail, while it goes its
 * way as before.  Errors that are not about data keep what they are: cancelled
 * statements, lack of memory, I/O, internal ones.  So does one raised in a
 * subtransaction, as the function that began it is about to handle it.
 *
 * Memory: values are in the current context, the cursor's bytes are freed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "base/compat.h"
#include "base/errors.h"
#include "base/guc.h"
#include "mb/pg_wchar.h"
#include "page/cursor_private.h"
#include "page/cursor_text.h"
#include "port/pg_bswap.h"

#define MAX_AHEAD_S 60			/* that another server's clock may be */
#define MAX_QUOTED 200			/* bytes of another error's message */

#define HINT_AS_RETURNED \
	"Pass a cursor exactly as a page returned it, or start again from the first page."
#define HINT_SAME_ARGUMENTS \
	"Pass a cursor only with the table, order_by and filter of the page it came from, " \
	"or start again from the first page."
#define HINT_START_AGAIN "Start again from the first page."

/* A cursor that is being read. */
typedef struct Reading
{
	const char *argument;
	const char *bytes;
	const char *next;
	const char *end;			/* of the values, once the envelope was opened */
	uint8		flags;
	/* for the error context */
	const char *column;
	int			nest_level;
	MemoryContext context;
} Reading;

/* ---------- the envelope ---------- */

static void
refuse_malformed(const char *argument, const char *detail)
{
	ereport(ERROR,
			errcode(HP_ERRCODE_MALFORMED_CURSOR),
			errmsg("malformed cursor in argument \"%s\"", argument),
			errdetail("%s", detail),
			errhint(HINT_AS_RETURNED));
}

/* The bytes of the text; the caller frees them. */
static void
open_text(Reading *reading, const text *cursor)
{
	int			length = VARSIZE_ANY_EXHDR(cursor);
	uint8	   *bytes;
	int			size;

	if (length == 0)
		refuse_malformed(reading->argument, "It is empty.");
	bytes = palloc(length / 4 * 3 + 3);
	size = hp_cursor_text_decode(VARDATA_ANY(cursor), length, bytes);
	if (size < 0)
		refuse_malformed(reading->argument, "It is not base64url without padding.");
	reading->bytes = reading->next = (char *) bytes;
	reading->end = reading->next + size;
}

static void
open_header(Reading *reading)
{
	Size		size = reading->end - reading->bytes;
	Size		wanted = HP_CURSOR_HEADER_SIZE;

	if (size >= 1 && reading->bytes[0] != HP_CURSOR_VERSION)
		refuse_malformed(reading->argument, "Its format is not known to this version of pg_hotpath.");
	if (size < wanted)
		refuse_malformed(reading->argument, "It is too short.");
	reading->flags = reading->bytes[1];
	if (reading->flags & ~(HP_CURSOR_FLAG_TIMED | HP_CURSOR_FLAG_SIGNED))
		refuse_malformed(reading->argument, "Its format is not known to this version of pg_hotpath.");
	if (reading->flags & HP_CURSOR_FLAG_TIMED)
		wanted += HP_CURSOR_TIME_SIZE;
	if (reading->flags & HP_CURSOR_FLAG_SIGNED)
	{
		wanted += HP_CURSOR_SIGNATURE_SIZE;
		reading->end -= HP_CURSOR_SIGNATURE_SIZE;
	}
	if (size < wanted)
		refuse_malformed(reading->argument, "It is too short.");
	reading->next = reading->bytes + HP_CURSOR_HEADER_SIZE;
}

static void
refuse_signature(const char *argument, const char *detail, const char *hint)
{
	ereport(ERROR,
			errcode(HP_ERRCODE_CURSOR_SIGNATURE),
			errmsg("wrong signature of the cursor in argument \"%s\"", argument),
			errdetail("%s", detail),
			errhint("%s", hint));
}

/* In a time that tells nothing of where they differ. */
static bool
same_signature(const uint8 *a, const uint8 *b)
{
	volatile uint8 difference = 0;

	for (int i = 0; i < HP_CURSOR_SIGNATURE_SIZE; i++)
		difference |= a[i] ^ b[i];
	return difference == 0;
}

static void
check_signature(const Reading *reading)
{
	uint8		signature[HP_CURSOR_SIGNATURE_SIZE];

	if (!hp_cursor_is_signing())
	{
		if (reading->flags & HP_CURSOR_FLAG_SIGNED)
			refuse_signature(reading->argument,
							 "It is signed, but pg_hotpath.cursor_secret is not set here.",
							 "Set pg_hotpath.cursor_secret as where the cursor was made, "
							 "or start again from the first page.");
		return;
	}
	if (!(reading->flags & HP_CURSOR_FLAG_SIGNED))
		refuse_signature(reading->argument,
						 "It is not signed, but pg_hotpath.cursor_secret is set.",
						 HINT_START_AGAIN);
	hp_cursor_sign(reading->bytes, reading->end - reading->bytes, signature);
	if (!same_signature(signature, (const uint8 *) reading->end))
		refuse_signature(reading->argument,
						 "It was altered, or made under another pg_hotpath.cursor_secret.",
						 HINT_AS_RETURNED);
}

static void
check_fingerprint(const HpCursorCodec *codec, const Reading *reading)
{
	uint64		bound;

	memcpy(&bound, reading->bytes + 2, sizeof(bound));
	if (pg_ntoh64(bound) != codec->fingerprint)
		ereport(ERROR,
				errcode(HP_ERRCODE_FOREIGN_CURSOR),
				errmsg("cursor of another query in argument \"%s\"", reading->argument),
				errdetail("It was made for another table, order or filter, "
						  "or before a column of the order changed its type."),
				errhint(HINT_SAME_ARGUMENTS));
}

static void
refuse_expired(const char *argument, const char *detail)
{
	ereport(ERROR,
			errcode(HP_ERRCODE_EXPIRED_CURSOR),
			errmsg("expired cursor in argument \"%s\"", argument),
			errdetail("%s", detail),
			errhint(HINT_START_AGAIN));
}

/* A time to come is none that this format was written at, whoever signed it. */
static void
check_time(Reading *reading)
{
	uint32		issued;
	int64		age;

	if (!(reading->flags & HP_CURSOR_FLAG_TIMED))
	{
		if (hp_guc_cursor_ttl_s > 0)
			refuse_expired(reading->argument,
						   "It does not tell its age, and pg_hotpath.cursor_ttl is set.");
		return;
	}
	memcpy(&issued, reading->next, HP_CURSOR_TIME_SIZE);
	reading->next += HP_CURSOR_TIME_SIZE;
	age = (int64) hp_cursor_now() - pg_ntoh32(issued);
	if (hp_guc_cursor_ttl_s == 0)
		return;
	if (age > hp_guc_cursor_ttl_s)
		refuse_expired(reading->argument,
					   psprintf("It is %lld seconds old, and pg_hotpath.cursor_ttl is %d seconds.",
								(long long) age, hp_guc_cursor_ttl_s));
	if (age < -MAX_AHEAD_S)
		refuse_expired(reading->argument, "Its time of issue is in the future.");
}

/* ---------- the values ---------- */

/* Is an error about the data that was read? */
static bool
is_about_data(int code)
{
	if (code == ERRCODE_LOCK_NOT_AVAILABLE)
		return false;
	switch (ERRCODE_TO_CATEGORY(code))
	{
		case ERRCODE_TO_CATEGORY(ERRCODE_TRANSACTION_ROLLBACK):
		case ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES):
		case ERRCODE_TO_CATEGORY(ERRCODE_OPERATOR_INTERVENTION):
		case ERRCODE_TO_CATEGORY(ERRCODE_SYSTEM_ERROR):
		case ERRCODE_TO_CATEGORY(ERRCODE_CONFIG_FILE_ERROR):
		case ERRCODE_TO_CATEGORY(ERRCODE_INTERNAL_ERROR):
		case ERRCODE_TO_CATEGORY(HP_ERRCODE_MALFORMED_CURSOR):
			return false;
		default:
			return true;
	}
}

/* Turn the error of an input function into that of a malformed cursor. */
static void
adopt_error(void *arg)
{
	const Reading *reading = arg;
	MemoryContext outer;
	ErrorData  *error;
	int			quoted;

	if (!is_about_data(geterrcode()) || GetCurrentTransactionNestLevel() != reading->nest_level)
		return;
	outer = MemoryContextSwitchTo(reading->context);
	error = CopyErrorData();
	MemoryContextSwitchTo(outer);
	if (error->elevel != ERROR || error->message == NULL)
		return;
	quoted = pg_mbcliplen(error->message, strlen(error->message), MAX_QUOTED);
	errcode(HP_ERRCODE_MALFORMED_CURSOR);
	errmsg("malformed cursor in argument \"%s\"", reading->argument);
	errdetail("Its value of column \"%s\" cannot be read: %.*s%s", reading->column, quoted,
			  error->message, error->message[quoted] == '\0' ? "" : "...");
	errhint(HINT_AS_RETURNED);
}

static void
get_value(Reading *reading, HpCursorColumn *column, Datum *datum, bool *isnull)
{
	const char *problem;

	reading->column = NameStr(column->name);
	problem = hp_cursor_value_get(&column->value, &reading->next, reading->end, datum, isnull);
	if (problem != NULL)
		refuse_malformed(reading->argument,
						 psprintf("Its value of column \"%s\" %s.", reading->column, problem));
}

static void
get_values(HpCursorCodec *codec, Reading *reading, Datum *values, bool *isnull)
{
	ErrorContextCallback callback = {error_context_stack, adopt_error, reading};
	int			level = 0;

	reading->nest_level = GetCurrentTransactionNestLevel();
	reading->context = CurrentMemoryContext;
	error_context_stack = &callback;
	if (codec->pin != HP_CURSOR_PIN_NONE)
		level = hp_cursor_pin(codec->pin);
	for (int i = 0; i < codec->ncolumns; i++)
		get_value(reading, &codec->columns[i], &values[i], &isnull[i]);
	if (codec->pin != HP_CURSOR_PIN_NONE)
		hp_cursor_unpin(level);
	error_context_stack = callback.previous;
	if (reading->next != reading->end)
		refuse_malformed(reading->argument, "There is more in it than the values of its columns.");
}

void
hp_cursor_decode(HpCursorCodec *codec, const text *cursor, const char *argument, Datum *values,
				 bool *isnull)
{
	Reading		reading = {.argument = argument};

	open_text(&reading, cursor);
	open_header(&reading);
	check_signature(&reading);
	check_fingerprint(codec, &reading);
	check_time(&reading);
	get_values(codec, &reading, values, isnull);
	pfree(unconstify(char *, reading.bytes));
}
