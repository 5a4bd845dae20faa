/*-------------------------------------------------------------------------
 *
 * key_array.c
 *		Keys that are given as an SQL array.
 *
 * A key of one column is an element of any type that casts implicitly, or of
 * text.  One of several columns is a record, or the text of one.
 *
 * Errors: 22023 (invalid_parameter_value) for the wrong number of parts, 42804
 * (datatype_mismatch) for a type that does not cast, and those of the types'
 * input functions.
 *
 * Memory: the array in the context that is current at hp_key_array_init(), with
 * what functions that coerce keep between calls; values in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/key_array.h"

#include "access/htup_details.h"
#include "base/compat.h"
#include "catalog/object.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

/*
 * A key on any columns of a relation, of which only the names and types are known:
 * enough to read values of it from an array, and no more.
 */
HpKeyDef *
hp_key_of_columns(Oid relid, const AttrNumber *attnums, int n, const char *name)
{
	HpKeyDef   *def = palloc0(offsetof(HpKeyDef, columns) + n * sizeof(HpKeyColumn));

	namestrcpy(&def->index_name, name);
	def->ncolumns = n;
	for (int i = 0; i < n; i++)
	{
		HpKeyColumn *column = &def->columns[i];
		FormData_pg_attribute attr;

		if (!hp_object_column(relid, attnums[i], &attr))
			hp_object_report_missing(ERRCODE_UNDEFINED_COLUMN, "a column");
		column->attnum = attnums[i];
		column->name = attr.attname;
		column->typmod = attr.atttypmod;
		column->collation = attr.attcollation;
		(void) hp_object_base_type(attr.atttypid);
		column->type = getBaseTypeAndTypmod(attr.atttypid, &column->typmod);
		column->is_domain = column->type != attr.atttypid;
		get_typlenbyval(column->type, &column->len, &column->byval);
	}
	return def;
}

/* Raise the error for a key with the wrong number of parts. */
void
hp_key_report_count(const HpKeyDef *def, int given)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < def->ncolumns; i++)
		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "", NameStr(def->columns[i].name));
	ereport(ERROR,
			errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			errmsg("the key of index \"%s\" has %d columns, but %d were given",
				   NameStr(def->index_name), def->ncolumns, given),
			errdetail("The columns are (%s).", names.data),
			errhint("Give a value for each column, in this order, or one array of text."));
}

/* The row type of the key's columns, for keys given as records in text form. */
static int32
register_record_type(const HpKeyDef *def)
{
	TupleDesc	desc = CreateTemplateTupleDesc(def->ncolumns);

	for (int i = 0; i < def->ncolumns; i++)
		TupleDescInitEntry(desc, i + 1, NameStr(def->columns[i].name), def->columns[i].type,
						   def->columns[i].typmod, 0);
	TupleDescFinalize(desc);
	desc = BlessTupleDesc(desc);
	return desc->tdtypmod;
}

/* Prepare to read the keys of an array, which is not null. */
void
hp_key_array_init(HpKeyArray *array, Datum datum, const HpKeyDef *def)
{
	ArrayType  *value = DatumGetArrayTypeP(datum);
	int16		len;
	bool		byval;
	char		align;

	memset(array, 0, sizeof(*array));
	array->context = CurrentMemoryContext;
	array->def = def;
	array->element = ARR_ELEMTYPE(value);
	array->coercions = palloc0(def->ncolumns * sizeof(HpCoercion));
	get_typlenbyvalalign(array->element, &len, &byval, &align);
	deconstruct_array(value, array->element, len, byval, align, &array->values, &array->nulls,
					  &array->n);
	if (def->ncolumns == 1)
		hp_key_coercion_init(&array->coercions[0], array->element, &def->columns[0],
						 CurrentMemoryContext);
	else if (array->element == TEXTOID || array->element == VARCHAROID)
	{
		fmgr_info(F_RECORD_IN, &array->record_in);
		array->record_typmod = register_record_type(def);
	}
	else if (array->element != RECORDOID && !type_is_rowtype(array->element))
		hp_key_report_count(def, 1);
}

/* Prepare to coerce a field of records, from now on of another type than before. */
static void
coerce_field(HpKeyArray *array, int n, Oid type)
{
	MemoryContext context = AllocSetContextCreate(array->context, "pg_hotpath coercion",
												  ALLOCSET_SMALL_SIZES);

	hp_key_coercion_init(&array->coercions[n], type == UNKNOWNOID ? TEXTOID : type,
						 &array->def->columns[n], context);
	array->known_types[n] = type;
	if (array->contexts[n] != NULL)
		MemoryContextDelete(array->contexts[n]);
	array->contexts[n] = context;
}

/* The values of a key of several columns, given as a record. */
static HpKeyArgument
values_of_record(HpKeyArray *array, Datum record, Datum *values)
{
	const HpKeyDef *def = array->def;
	HeapTupleHeader header = hp_row_header(record);
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header),.t_data = header};
	TupleDesc	desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header),
											  HeapTupleHeaderGetTypMod(header));
	bool		nulls[INDEX_MAX_KEYS];
	int			n = 0;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);

		if (attr->attisdropped)
			continue;
		if (n == def->ncolumns)
			hp_key_report_count(def, desc->natts);
		if (array->known_types[n] != attr->atttypid)
			coerce_field(array, n, attr->atttypid);
		values[n] = heap_getattr(&tuple, i + 1, desc, &nulls[n]);
		if (attr->atttypid == UNKNOWNOID && !nulls[n])
			values[n] = CStringGetTextDatum(DatumGetCString(values[n]));
		n++;
	}
	ReleaseTupleDesc(desc);
	if (n != def->ncolumns)
		hp_key_report_count(def, n);
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			return HP_KEY_NULL;
		if (!hp_key_coercion_apply(&array->coercions[i], values[i], &values[i]))
			return HP_KEY_IMPOSSIBLE;
	}
	return HP_KEY_GIVEN;
}

/* The values of the i-th key, as many as the key has columns. */
HpKeyArgument
hp_key_array_values(HpKeyArray *array, int i, Datum *values)
{
	Datum		value = array->values[i];

	if (array->nulls[i])
		return HP_KEY_NULL;
	if (array->def->ncolumns == 1)
		return hp_key_coercion_apply(&array->coercions[0], value, &values[0]) ?
			HP_KEY_GIVEN : HP_KEY_IMPOSSIBLE;
	if (OidIsValid(array->record_in.fn_oid))
		value = InputFunctionCall(&array->record_in, TextDatumGetCString(value), RECORDOID,
								  array->record_typmod);
	return values_of_record(array, value, values);
}

/* The i-th key, complete. */
HpKeyArgument
hp_key_array_get(HpKeyArray *array, int i, HpKey *key)
{
	HpKeyArgument result = hp_key_array_values(array, i, key->values);

	if (result == HP_KEY_GIVEN)
		hp_key_set(key, array->def);
	return result;
}
