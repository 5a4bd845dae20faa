/*-------------------------------------------------------------------------
 *
 * filter_value.c
 *		The operands of a filter's operators, as values of SQL types.
 *
 * Values are made as those of parameters are, see params.c, but what is no operand
 * for a type at all is refused before: an array is one for arrays and jsonb only,
 * an object for composites and jsonb.
 *
 * Memory: values are allocated in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "query/filter_private.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

bool
hp_filter_is_array(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data);
}

bool
hp_filter_is_object(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data);
}

/* Raise the error for an operand of the wrong kind; column is NULL for $and and its like. */
void
hp_filter_refuse(const HpFilterColumn *column, const char *operator, const JsonbValue *operand,
				 const char *hint)
{
	ereport(ERROR,
			errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			errmsg("invalid operand of %s in filter", operator),
			column == NULL ? errdetail("There is %s.", hp_params_describe(operand)) :
			errdetail("Column \"%s\" has type %s, the operand is %s.", NameStr(column->name),
					  format_type_be(column->type), hp_params_describe(operand)),
			errhint("%s", hint));
}

static void
name_column(void *arg)
{
	errcontext("filter on column \"%s\"", NameStr(((const HpFilterColumn *) arg)->name));
}

/* Does the element's kind suit the type? */
static bool
is_operand(const JsonbValue *operand, Oid type)
{
	if (type == JSONBOID)
		return true;
	if (hp_filter_is_object(operand))
		return type_is_rowtype(type);
	/* these look like arrays to the server, but are none to their operators */
	if (hp_filter_is_array(operand))
		return OidIsValid(get_element_type(type)) && type != INT2VECTOROID &&
			type != OIDVECTOROID;
	return true;
}

static Datum
make_value(const HpFilterColumn *column, JsonbValue *operand, Oid type, bool *isnull)
{
	Datum		value;
	ErrorContextCallback callback = {
		.previous = error_context_stack,
		.callback = name_column,
		.arg = unconstify(HpFilterColumn *, column),
	};

	error_context_stack = &callback;
	value = hp_params_value(operand, type, isnull);
	error_context_stack = callback.previous;
	return value;
}

/* An operand as a value, which must not be null. */
Datum
hp_filter_value(const HpFilterColumn *column, const char *operator, JsonbValue *operand, Oid type)
{
	bool		isnull = operand->type == jbvNull;
	Datum		value = (Datum) 0;

	if (!isnull && is_operand(operand, getBaseType(type)))
		value = make_value(column, operand, type, &isnull);
	else if (isnull)
		hp_filter_refuse(column, operator, operand,
						 "Only $eq, $ne, $in and $nin take null, and $is_null tests for it.");
	else
		hp_filter_refuse(column, operator, operand,
						 "Give a single value, as JSON or as a string in the type's own syntax.");
	if (isnull)
		elog(ERROR, "input function of type %u returned null", type);
	return value;
}

/* The elements of a list that are not null, as an array; are there others? */
Datum
hp_filter_array(const HpFilterColumn *column, const char *operator, JsonbValue *list,
				Oid array_type, bool *has_null)
{
	Oid			type = get_element_type(array_type);
	JsonbIterator *iterator = JsonbIteratorInit(list->val.binary.data);
	JsonbValue	element;
	Datum	   *values;
	int			nvalues = 0;
	int16		len;
	bool		byval;
	char		align;

	*has_null = false;
	JsonbIteratorNext(&iterator, &element, true);
	if (element.val.array.nElems > MaxArraySize)
		ereport(ERROR,
				errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				errmsg("list of %s in filter is too long", operator),
				errdetail("It has %d elements.", element.val.array.nElems),
				errhint("Join with a table of the values instead."));
	values = palloc(Max(element.val.array.nElems, 1) * sizeof(Datum));
	while (JsonbIteratorNext(&iterator, &element, true) == WJB_ELEM)
	{
		CHECK_FOR_INTERRUPTS();
		if (element.type == jbvNull)
			*has_null = true;
		else
			values[nvalues++] = hp_filter_value(column, operator, &element, type);
	}
	get_typlenbyvalalign(type, &len, &byval, &align);
	return PointerGetDatum(construct_array(values, nvalues, type, len, byval, align));
}
