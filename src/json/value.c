/*-------------------------------------------------------------------------
 *
 * value.c
 *		Values to JSON text: which encoder a type has.
 *
 * The categories are those of the server's row_to_json(): a domain is as its
 * base type; booleans and numbers are bare; dates and timestamps ISO 8601;
 * json and jsonb pass through; arrays and composites become JSON's; a type
 * that is not built in and has a cast to json uses it; all else is the output
 * function's text as a string.
 *
 * The common types have writers of their own.  Types of extensions that share
 * the output function of text (citext) are written like text.
 *
 * A cast is called through a cached FmgrInfo only if its function is in C: the
 * others keep state there that belongs to one query, so they are looked up for
 * each call, which is what the server does for all.
 *
 * Memory: an encoder lives in the context it was compiled in, and may keep
 * there what its functions remember between calls.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "json/value.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "json/escape.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/bytea.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

typedef struct Builtin
{
	Oid			type;
	HpPut		put;
	HpWrite		write;
} Builtin;

/* text, varchar, bpchar */
static void
write_text(HpValue *self, Datum value, HpWriter *writer)
{
	text	   *string = hp_value_unpack(value);

	hp_escape_string(writer, VARDATA_ANY(string), VARSIZE_ANY_EXHDR(string));
	if ((Pointer) string != DatumGetPointer(value))
		pfree(string);
}

/* Append the text of a json value, or what a cast to json returned, as it is. */
static void
write_json(HpValue *self, Datum value, HpWriter *writer)
{
	text	   *json = hp_value_unpack(value);

	hp_writer_bytes(writer, VARDATA_ANY(json), VARSIZE_ANY_EXHDR(json));
	if ((Pointer) json != DatumGetPointer(value))
		pfree(json);
}

static void
write_name(HpValue *self, Datum value, HpWriter *writer)
{
	const char *name = NameStr(*DatumGetName(value));

	hp_escape_string(writer, name, strnlen(name, NAMEDATALEN));
}

/* Whatever the output function says, as a string. */
static void
write_output(HpValue *self, Datum value, HpWriter *writer)
{
	char	   *string = OutputFunctionCall(&self->function, value);

	hp_escape_string(writer, string, strlen(string));
	pfree(string);
}

static void
write_bytea(HpValue *self, Datum value, HpWriter *writer)
{
	bytea	   *bytes;
	Size		n;
	char	   *p;

	if (bytea_output != BYTEA_OUTPUT_HEX)
	{
		write_output(self, value, writer);
		return;
	}
	bytes = DatumGetByteaPP(value);
	n = VARSIZE_ANY_EXHDR(bytes);
	p = hp_writer_reserve(writer, 2 * n + 5);
	memcpy(p, "\"\\\\x", 4);
	hex_encode(VARDATA_ANY(bytes), n, p + 4);
	p[4 + 2 * n] = '"';
	writer->len += 2 * n + 5;
	if ((Pointer) bytes != DatumGetPointer(value))
		pfree(bytes);
}

/* The label is read each time, since a rename does not change the type. */
static void
write_enum(HpValue *self, Datum value, HpWriter *writer)
{
	Oid			oid = DatumGetObjectId(value);
	HeapTuple	tuple = SearchSysCache1(ENUMOID, ObjectIdGetDatum(oid));
	const char *label;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				errmsg("invalid internal value for enum: %u", oid),
				errdetail("The enum type has no label for this value."),
				errhint("The label may have been deleted from pg_enum."));
	label = NameStr(((Form_pg_enum) GETSTRUCT(tuple))->enumlabel);
	hp_escape_string(writer, label, strlen(label));
	ReleaseSysCache(tuple);
}

/* A cast to json. */
static void
write_cast(HpValue *self, Datum value, HpWriter *writer)
{
	Datum		json = FunctionCall1(&self->function, value);

	write_json(self, json, writer);
	if (json != value)
		pfree(DatumGetPointer(json));
}

/* A cast to json by a function whose state must not outlive the call. */
static void
write_uncached_cast(HpValue *self, Datum value, HpWriter *writer)
{
	write_json(self, OidFunctionCall1(self->function.fn_oid, value), writer);
}

static const Builtin builtins[] = {
	{BOOLOID, hp_scalar_put_bool, NULL},
	{INT2OID, hp_scalar_put_int2, NULL},
	{INT4OID, hp_scalar_put_int4, NULL},
	{INT8OID, hp_scalar_put_int8, NULL},
	{FLOAT4OID, hp_scalar_put_float4, NULL},
	{FLOAT8OID, hp_scalar_put_float8, NULL},
	{NUMERICOID, NULL, hp_scalar_write_numeric},
	{DATEOID, hp_datetime_put_date, NULL},
	{TIMESTAMPOID, hp_datetime_put_timestamp, NULL},
	{TIMESTAMPTZOID, hp_datetime_put_timestamptz, NULL},
	{UUIDOID, hp_scalar_put_uuid, NULL},
	{TEXTOID, NULL, write_text},
	{VARCHAROID, NULL, write_text},
	{BPCHAROID, NULL, write_text},
	{NAMEOID, NULL, write_name},
	{JSONOID, NULL, write_json},
	{JSONBOID, NULL, hp_container_write_jsonb},
};

static bool
use_builtin(HpValue *result, Oid type)
{
	for (int i = 0; i < lengthof(builtins); i++)
	{
		if (builtins[i].type == type)
		{
			result->put = builtins[i].put;
			result->write = builtins[i].write;
			return true;
		}
	}
	return false;
}

static bool
is_plain_c_function(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	form = (Form_pg_proc) GETSTRUCT(tuple);
	result = (form->prolang == INTERNALlanguageId || form->prolang == ClanguageId) &&
		!form->prosecdef && heap_attisnull(tuple, Anum_pg_proc_proconfig, NULL);
	ReleaseSysCache(tuple);
	return result;
}

/* Types that are not built in may have a cast to json. */
static bool
use_cast(HpValue *result, Oid type, MemoryContext context)
{
	Oid			function;

	if (type < FirstNormalObjectId ||
		find_coercion_pathway(JSONOID, type, COERCION_EXPLICIT, &function) != COERCION_PATH_FUNC ||
		!OidIsValid(function))
		return false;
	hp_encoder_watch_function(function);
	if (is_plain_c_function(function))
	{
		fmgr_info_cxt(function, &result->function, context);
		result->write = write_cast;
	}
	else
	{
		result->function.fn_oid = function;
		result->write = write_uncached_cast;
	}
	return true;
}

static void
use_output_function(HpValue *result, Oid type, MemoryContext context)
{
	Oid			function;
	bool		is_varlena;

	getTypeOutputInfo(type, &function, &is_varlena);
	hp_encoder_watch_function(function);
	fmgr_info_cxt(function, &result->function, context);
	if (type == BYTEAOID)
		result->write = write_bytea;
	else if (result->function.fn_addr == textout && is_varlena)
		result->write = write_text;
	else if (result->function.fn_addr == enum_out)
		result->write = write_enum;
	else
		result->write = write_output;
}

static bool
is_array(Oid type)
{
	return OidIsValid(get_element_type(type)) || type == ANYARRAYOID ||
		type == ANYCOMPATIBLEARRAYOID || type == RECORDARRAYOID;
}

/* The encoder of a type, allocated in context. */
HpValue *
hp_value_compile(Oid type, MemoryContext context)
{
	HpValue    *result = MemoryContextAllocZero(context, sizeof(HpValue));
	Oid			base = getBaseType(type);

	hp_encoder_watch_type(type);
	if (base != type)
		hp_encoder_watch_type(base);
	if (use_builtin(result, base))
		return result;
	if (is_array(base))
		result->write = hp_container_write_array;
	else if (type_is_rowtype(base))
		result->write = hp_container_write_composite;
	else if (!use_cast(result, base, context))
		use_output_function(result, base, context);
	return result;
}
