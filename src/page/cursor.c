/*-------------------------------------------------------------------------
 *
 * cursor.c
 *		Makes cursors.
 *
 * The bytes of a cursor, written as base64url (cursor_text.c):
 *
 *	  1		version of this format
 *	  1		flags: timed, signed
 *	  8		fingerprint of what the cursor is bound to
 *	  4		if timed: seconds from 2000-01-01 to the start of the statement that made it
 *	  ...	the value of each column of the order (cursor_format.c)
 *	  16	if signed: the first half of HMAC-SHA-256 over all before
 *
 * Bound to: a fingerprint is a hash of names, not of OIDs, so that a cursor is good
 * on a standby, after a dump and restore, and after the table was rewritten, but not
 * once a column changed its type.  Against forgery there is the signature.
 *
 * Time: pg_hotpath.cursor_ttl and pg_hotpath.cursor_secret count as they are when a
 * cursor is made, and again when it is read.  Both moments are the statement's start,
 * so that the functions that return cursors are stable, and that a loop within one
 * statement does not lose its place.
 *
 * cursor_read.c reads what is made here.
 *
 * Memory: a codec keeps the bytes of its last cursor.  Nothing else outlives a call.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "page/cursor.h"

#include "access/xact.h"
#include "base/compat.h"
#include "base/guc.h"
#include "catalog/object.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/hmac.h"
#include "common/sha2.h"
#include "page/cursor_private.h"
#include "page/cursor_text.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

/* ---------- what a cursor is bound to ---------- */

/* The length comes first, so that no two lists of strings are bound alike. */
static void
bind_string(StringInfo bound, const char *string)
{
	if (string == NULL)
		appendStringInfoString(bound, "-:");
	else
		appendStringInfo(bound, "%zu:%s", strlen(string), string);
}

static void
bind_collation(StringInfo bound, Oid collation)
{
	HeapTuple	tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
	Form_pg_collation form;

	if (!HeapTupleIsValid(tuple))
	{
		bind_string(bound, NULL);
		return;
	}
	form = (Form_pg_collation) GETSTRUCT(tuple);
	bind_string(bound, get_namespace_name(form->collnamespace));
	bind_string(bound, NameStr(form->collname));
	ReleaseSysCache(tuple);
}

/* By its catalog name, as format_type() heeds quote_all_identifiers; an array's own may vary. */
static void
bind_type(StringInfo bound, Oid type)
{
	Oid			element = get_element_type(type);
	HeapTuple	tuple;
	Form_pg_type form;

	if (OidIsValid(element))
	{
		bind_string(bound, "[]");
		type = element;
	}
	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	if (!HeapTupleIsValid(tuple))
		hp_object_report_missing(ERRCODE_UNDEFINED_OBJECT, "a type");
	form = (Form_pg_type) GETSTRUCT(tuple);
	bind_string(bound, get_namespace_name(form->typnamespace));
	bind_string(bound, NameStr(form->typname));
	ReleaseSysCache(tuple);
}

static void
bind_column(StringInfo bound, const HpOrderColumn *column)
{
	bind_string(bound, NameStr(column->name));
	bind_type(bound, column->type);
	appendStringInfoChar(bound, column->descending ? 'd' : 'a');
	appendStringInfoChar(bound, column->nulls_first ? 'f' : 'l');
	bind_collation(bound, column->collation);
}

/* An empty filter is as good as none. */
static void
bind_filter(StringInfo bound, Jsonb *filter)
{
	if (filter == NULL || (JB_ROOT_IS_OBJECT(filter) && JB_ROOT_COUNT(filter) == 0))
		bind_string(bound, NULL);
	else
		bind_string(bound, JsonbToCString(NULL, &filter->root, VARSIZE(filter)));
}

static uint64
fingerprint(const HpOrder *order, const char *relation, Jsonb *filter, const char *scope)
{
	StringInfoData bound;
	uint64		hash;

	initStringInfo(&bound);
	appendStringInfo(&bound, "%d %d ", HP_CURSOR_VERSION, order->ncolumns);
	bind_string(&bound, relation);
	bind_string(&bound, scope);
	for (int i = 0; i < order->ncolumns; i++)
		bind_column(&bound, &order->columns[i]);
	bind_filter(&bound, filter);
	hash = hash_bytes_extended((const unsigned char *) bound.data, bound.len, 0);
	pfree(bound.data);
	return hash;
}

/* The fingerprint comes first: it finds out whether the types are there still. */
HpCursorCodec *
hp_cursor_codec(const HpOrder *order, const char *relation, Jsonb *filter, const char *scope,
				MemoryContext context)
{
	HpCursorCodec *codec = MemoryContextAllocZero(context, offsetof(HpCursorCodec, columns) +
												  order->ncolumns * sizeof(HpCursorColumn));
	MemoryContext outer;

	codec->fingerprint = fingerprint(order, relation, filter, scope);
	codec->ncolumns = order->ncolumns;
	for (int i = 0; i < order->ncolumns; i++)
	{
		HpCursorColumn *column = &codec->columns[i];

		column->name = order->columns[i].name;
		hp_cursor_value_init(&column->value, order->columns[i].type, context);
		codec->pin = Max(codec->pin, column->value.pin);
	}
	outer = MemoryContextSwitchTo(context);
	initStringInfo(&codec->bytes);
	MemoryContextSwitchTo(outer);
	return codec;
}

/* ---------- signature and time ---------- */

bool
hp_cursor_is_signing(void)
{
	return hp_guc_cursor_secret != NULL && hp_guc_cursor_secret[0] != '\0';
}

void
hp_cursor_sign(const char *bytes, Size size, uint8 *signature)
{
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	pg_hmac_ctx *hmac = pg_hmac_create(PG_SHA256);

	if (pg_hmac_init(hmac, (const uint8 *) hp_guc_cursor_secret, strlen(hp_guc_cursor_secret)) < 0 ||
		pg_hmac_update(hmac, (const uint8 *) bytes, size) < 0 ||
		pg_hmac_final(hmac, digest, sizeof(digest)) < 0)
		elog(ERROR, "could not compute the signature of a cursor: %s", pg_hmac_error(hmac));
	pg_hmac_free(hmac);
	memcpy(signature, digest, HP_CURSOR_SIGNATURE_SIZE);
}

uint32
hp_cursor_now(void)
{
	return (uint32) (GetCurrentStatementStartTimestamp() / USECS_PER_SEC);
}

/* ---------- making ---------- */

static void
put_header(const HpCursorCodec *codec, StringInfo bytes, uint8 flags)
{
	uint64		bound = pg_hton64(codec->fingerprint);

	resetStringInfo(bytes);
	appendStringInfoCharMacro(bytes, HP_CURSOR_VERSION);
	appendStringInfoCharMacro(bytes, flags);
	appendBinaryStringInfo(bytes, (char *) &bound, sizeof(bound));
	if (flags & HP_CURSOR_FLAG_TIMED)
	{
		uint32		time = pg_hton32(hp_cursor_now());

		appendBinaryStringInfo(bytes, (char *) &time, sizeof(time));
	}
}

static void
put_values(HpCursorCodec *codec, const Datum *values, const bool *isnull)
{
	int			level = 0;

	if (codec->pin != HP_CURSOR_PIN_NONE)
		level = hp_cursor_pin(codec->pin);
	for (int i = 0; i < codec->ncolumns; i++)
		hp_cursor_value_put(&codec->columns[i].value, &codec->bytes, values[i], isnull[i]);
	if (codec->pin != HP_CURSOR_PIN_NONE)
		hp_cursor_unpin(level);
}

/* Leave the bytes of a cursor in the codec; returns the size of its text. */
static Size
make(HpCursorCodec *codec, const Datum *values, const bool *isnull)
{
	StringInfo	bytes = &codec->bytes;
	uint8		flags = 0;

	if (hp_guc_cursor_ttl_s > 0)
		flags |= HP_CURSOR_FLAG_TIMED;
	if (hp_cursor_is_signing())
		flags |= HP_CURSOR_FLAG_SIGNED;
	put_header(codec, bytes, flags);
	put_values(codec, values, isnull);
	if (flags & HP_CURSOR_FLAG_SIGNED)
	{
		uint8		signature[HP_CURSOR_SIGNATURE_SIZE];

		hp_cursor_sign(bytes->data, bytes->len, signature);
		appendBinaryStringInfo(bytes, (char *) signature, HP_CURSOR_SIGNATURE_SIZE);
	}
	return hp_cursor_text_size(bytes->len);
}

text *
hp_cursor_encode(HpCursorCodec *codec, const Datum *values, const bool *isnull)
{
	Size		size = make(codec, values, isnull);
	text	   *cursor = palloc(VARHDRSZ + size);

	SET_VARSIZE(cursor, VARHDRSZ + size);
	hp_cursor_text_encode((uint8 *) codec->bytes.data, codec->bytes.len, VARDATA(cursor));
	return cursor;
}
