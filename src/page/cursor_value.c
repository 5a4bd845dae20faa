/*-------------------------------------------------------------------------
 *
 * cursor_value.c
 *		Which format the values of a type have within a cursor, and under which settings.
 *
 * Types whose bytes depend on nothing are listed; all others are written by their
 * output function, in the server's encoding and under the settings that postgres_fdw
 * pins for transmission.  Pinning costs, so a type's text is traced to what it is
 * made of: an array of integers needs less than a composite, within which there may
 * be a regclass, whose text depends on the search path.
 *
 * Pinned settings are saved as those of a function with SET, which parallel workers
 * may do too; an error undoes them with its (sub)transaction.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "page/cursor_value.h"

#include "base/compat.h"
#include "base/guc.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "miscadmin.h"
#include "page/cursor_format.h"
#include "pgtime.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

/* ---------- types ---------- */

#define FORMAT(name) &hp_cursor_format_##name
#define INTEGER(pin, width, min, max) FORMAT(integer), pin, width, false, min, max
#define INFINITE(width, min, max) FORMAT(integer), HP_CURSOR_PIN_FORMATS, width, true, min, max
#define OBJECT INTEGER(HP_CURSOR_PIN_ALL, 4, 0, PG_UINT32_MAX)
#define FLOAT(width) FORMAT(float), HP_CURSOR_PIN_FORMATS, width

static const HpCursorType types[] = {
	{INT8OID, INTEGER(HP_CURSOR_PIN_NONE, 8, PG_INT64_MIN, PG_INT64_MAX)},
	{INT4OID, INTEGER(HP_CURSOR_PIN_NONE, 4, PG_INT32_MIN, PG_INT32_MAX)},
	{TIMESTAMPTZOID, INFINITE(8, MIN_TIMESTAMP, END_TIMESTAMP - 1)},
	{TIMESTAMPOID, INFINITE(8, MIN_TIMESTAMP, END_TIMESTAMP - 1)},
	{DATEOID, INFINITE(4, (int64) DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE,
					   (int64) DATE_END_JULIAN - POSTGRES_EPOCH_JDATE - 1)},
	{TEXTOID, FORMAT(text), HP_CURSOR_PIN_NONE},
	{VARCHAROID, FORMAT(text), HP_CURSOR_PIN_NONE},
	{UUIDOID, FORMAT(uuid), HP_CURSOR_PIN_NONE},
	{NUMERICOID, FORMAT(numeric), HP_CURSOR_PIN_NONE},
	{FLOAT8OID, FLOAT(8)},
	{FLOAT4OID, FLOAT(4)},
	{BOOLOID, INTEGER(HP_CURSOR_PIN_NONE, 1, 0, 1)},
	{INT2OID, INTEGER(HP_CURSOR_PIN_NONE, 2, PG_INT16_MIN, PG_INT16_MAX)},
	{CHAROID, INTEGER(HP_CURSOR_PIN_NONE, 1, PG_INT8_MIN, PG_INT8_MAX)},
	{TIMEOID, INTEGER(HP_CURSOR_PIN_FORMATS, 8, 0, USECS_PER_DAY)},
	{CASHOID, INTEGER(HP_CURSOR_PIN_ALL, 8, PG_INT64_MIN, PG_INT64_MAX)},
	{XID8OID, INTEGER(HP_CURSOR_PIN_NONE, 8, PG_INT64_MIN, PG_INT64_MAX)},
	{PG_LSNOID, INTEGER(HP_CURSOR_PIN_NONE, 8, PG_INT64_MIN, PG_INT64_MAX)},
	{OIDOID, INTEGER(HP_CURSOR_PIN_NONE, 4, 0, PG_UINT32_MAX)},
	{REGCLASSOID, OBJECT},
	{REGTYPEOID, OBJECT},
	{REGPROCOID, OBJECT},
	{REGPROCEDUREOID, OBJECT},
	{REGOPEROID, OBJECT},
	{REGOPERATOROID, OBJECT},
	{REGROLEOID, OBJECT},
	{REGNAMESPACEOID, OBJECT},
	{REGCOLLATIONOID, OBJECT},
	{REGCONFIGOID, OBJECT},
	{REGDICTIONARYOID, OBJECT},
	{BPCHAROID, FORMAT(text), HP_CURSOR_PIN_NONE},
	{NAMEOID, FORMAT(name), HP_CURSOR_PIN_NONE},
	{BYTEAOID, FORMAT(bytes), HP_CURSOR_PIN_NONE},
	{TIMETZOID, FORMAT(wire), HP_CURSOR_PIN_FORMATS},
	{INTERVALOID, FORMAT(wire), HP_CURSOR_PIN_FORMATS},
	{INETOID, FORMAT(wire), HP_CURSOR_PIN_NONE},
	{CIDROID, FORMAT(wire), HP_CURSOR_PIN_NONE},
	{MACADDROID, FORMAT(wire), HP_CURSOR_PIN_NONE},
	{MACADDR8OID, FORMAT(wire), HP_CURSOR_PIN_NONE},
	{BITOID, FORMAT(bits), HP_CURSOR_PIN_NONE},
	{VARBITOID, FORMAT(bits), HP_CURSOR_PIN_NONE},
	{JSONBOID, FORMAT(output), HP_CURSOR_PIN_NONE},
	{InvalidOid, FORMAT(output), HP_CURSOR_PIN_ALL}
};

static const HpCursorType *
find_type(Oid type)
{
	const HpCursorType *how = types;

	while (how->type != type && OidIsValid(how->type))
		how++;
	return how;
}

/* What the elements of a container are, or its bounds. */
static Oid
contained_type(Oid type)
{
	if (type_is_multirange(type))
		type = get_multirange_range(type);
	return type_is_range(type) ? get_range_subtype(type) : get_element_type(type);
}

/* The settings that the text of a type may depend on. */
static HpCursorPin
pin_of_text(Oid type)
{
	Oid			inner;
	char		category;
	bool		preferred;

	type = getBaseType(type);
	get_type_category_preferred(type, &category, &preferred);
	if (category == TYPCATEGORY_ENUM || category == TYPCATEGORY_STRING)
		return HP_CURSOR_PIN_NONE;
	inner = contained_type(type);
	return OidIsValid(inner) ? Max(HP_CURSOR_PIN_NULLS, pin_of_text(inner)) :
		find_type(type)->pin;
}

static void
refuse_type(Oid type)
{
	ereport(ERROR,
			errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			errmsg("cannot make cursors of values of type %s", format_type_be(type)),
			errdetail("The text of such a value cannot be read back."),
			errhint("Cast the column that orders to a type of its own."));
}

void
hp_cursor_value_init(HpCursorValue *value, Oid type, MemoryContext context)
{
	const HpCursorFormat *format;
	Oid			out;
	Oid			in;
	bool		varlena;

	value->how = find_type(type);
	format = value->how->format;
	value->pin = HP_CURSOR_PIN_NONE;
	if (format == FORMAT(output))
	{
		if (get_typtype(type) == TYPTYPE_PSEUDO)
			refuse_type(type);
		value->pin = pin_of_text(type);
		getTypeOutputInfo(type, &out, &varlena);
		getTypeInputInfo(type, &in, &value->io_param);
	}
	else if (format == FORMAT(wire) || format == FORMAT(bits) || format == FORMAT(numeric))
	{
		getTypeBinaryOutputInfo(type, &out, &varlena);
		getTypeBinaryInputInfo(type, &in, &value->io_param);
	}
	else
		return;
	fmgr_info_cxt(out, &value->out, context);
	fmgr_info_cxt(in, &value->in, context);
}

/* ---------- settings ---------- */

/*
 * What postgres_fdw pins here and at the other end, where the time zone matters only
 * to times near the ends of the calendar; and two that change what is read as a null
 * element or as money.
 */
int
hp_cursor_pin(HpCursorPin pin)
{
	int			level = NewGUCNestLevel();

	if (pin >= HP_CURSOR_PIN_NULLS && !Array_nulls)
		hp_guc_set("array_nulls", "on");
	if (pin >= HP_CURSOR_PIN_FORMATS)
	{
		if (DateStyle != USE_ISO_DATES)
			hp_guc_set("datestyle", "ISO");
		if (IntervalStyle != INTSTYLE_POSTGRES)
			hp_guc_set("intervalstyle", "postgres");
		if (extra_float_digits < 3)
			hp_guc_set("extra_float_digits", "3");
		if (strcmp(pg_get_timezone_name(session_timezone), "GMT") != 0)
			hp_guc_set("timezone", "GMT");
	}
	if (pin >= HP_CURSOR_PIN_ALL)
	{
		if (strcmp(GetConfigOption("lc_monetary", false, false), "C") != 0)
			hp_guc_set("lc_monetary", "C");
		if (strcmp(namespace_search_path, "pg_catalog") != 0)
			hp_guc_set("search_path", "pg_catalog");
	}
	return level;
}

void
hp_cursor_unpin(int level)
{
	AtEOXact_GUC(true, level);
}

/* ---------- values ---------- */

void
hp_cursor_value_put(HpCursorValue *value, StringInfo bytes, Datum datum, bool isnull)
{
	if (isnull)
		hp_cursor_put_number(bytes, 0);
	else
		value->how->format->put(value, bytes, datum);
}

const char *
hp_cursor_value_get(HpCursorValue *value, const char **next, const char *end, Datum *datum,
					bool *isnull)
{
	const char *data;
	uint64		size;

	if (!hp_cursor_get_number(next, end, &size))
		return "is not there";
	*datum = (Datum) 0;
	*isnull = size == 0;
	if (*isnull)
		return NULL;
	if (--size > (uint64) (end - *next))
		return "is not whole";
	data = *next;
	*next += size;
	return value->how->format->get(value, data, size, datum);
}
