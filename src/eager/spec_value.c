/*-------------------------------------------------------------------------
 *
 * spec_value.c
 *		The values of a specification's keys, checked one by one.
 *
 * Errors: 22023 (invalid_parameter_value) for a value of the wrong kind, 42703
 * (undefined_column), 42883 (undefined_function) for an aggregate that a column's
 * type does not have.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "base/compat.h"
#include "catalog/object.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "catalog/relation.h"
#include "eager/spec.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* Raise the error for a value of the wrong kind. */
void
hp_spec_report_type(const HpLevel *level, const char *key, const char *wanted,
					const JsonbValue *value)
{
	ereport(ERROR,
			errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			errmsg("\"%s\" of %s must be %s", key, level->path, wanted),
			errdetail("It is %s.", hp_params_describe(value)),
			errhint("Leave it out for the default."));
}

char *
hp_spec_string(const HpLevel *level, const char *key, const JsonbValue *value)
{
	if (value->type != jbvString)
		hp_spec_report_type(level, key, "a string", value);
	return pnstrdup(value->val.string.val, value->val.string.len);
}

/* A number of rows. */
int64
hp_spec_count(const HpLevel *level, const char *key, const JsonbValue *value)
{
	char	   *text;
	char	   *end;
	int64		result;

	if (value->type != jbvNumeric)
		hp_spec_report_type(level, key, "a whole number that is not negative", value);
	text = DatumGetCString(DirectFunctionCall1(numeric_out,
											   NumericGetDatum(value->val.numeric)));
	errno = 0;
	result = strtoll(text, &end, 10);
	if (errno != 0 || *end != '\0' || result < 0)
		ereport(ERROR,
				errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("\"%s\" of %s must be a whole number that is not negative", key,
					   level->path),
				errdetail("It is %s.", text),
				errhint("Leave it out for the default."));
	return result;
}

/* An object, as jsonb of its own. */
Jsonb *
hp_spec_object(const HpLevel *level, const char *key, JsonbValue *value)
{
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		hp_spec_report_type(level, key, "an object", value);
	return JsonbValueToJsonb(value);
}

/* A column by name. */
AttrNumber
hp_spec_column(const HpLevel *level, TupleDesc desc, const char *name)
{
	AttrNumber	attnum = hp_relation_find_column(desc, name);

	if (attnum != InvalidAttrNumber)
		return attnum;
	ereport(ERROR,
			errcode(ERRCODE_UNDEFINED_COLUMN),
			errmsg("column \"%s\" does not exist", name),
			errdetail("It was named for %s, whose rows are of table \"%s\".", level->path,
					  hp_relation_name(level->relid)),
			errhint("Name columns of the table as they are spelled in the catalog."));
}

static void
report_aggregate(const HpLevel *level, const char *detail)
{
	ereport(ERROR,
			errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			errmsg("an aggregate of %s is not understood", level->path),
			errdetail("%s", detail),
			errhint("Write \"count\", or an object such as {\"sum\": \"total\"}, with count, sum, "
					"min, max or avg."));
}

/* Is a function an aggregate that is called as those of pg_catalog are, and null for no rows? */
static bool
is_plain_aggregate(Form_pg_proc proc)
{
	HeapTuple	tuple;
	bool		result;

	if (proc->prokind != PROKIND_AGGREGATE || OidIsValid(proc->provariadic))
		return false;
	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(proc->oid));
	if (!HeapTupleIsValid(tuple))
		return false;
	result = ((Form_pg_aggregate) GETSTRUCT(tuple))->aggkind == AGGKIND_NORMAL &&
		!OidIsValid(((Form_pg_aggregate) GETSTRUCT(tuple))->aggfinalfn) &&
		heap_attisnull(tuple, Anum_pg_aggregate_agginitval, NULL);
	ReleaseSysCache(tuple);
	return result;
}

/*
 * Has a type an aggregate of its own of this name, of the same owner and in the same schema?  So it
 * is with the types of extensions, for which those of pg_catalog would compare otherwise.
 */
static bool
has_own_function(Form_pg_type type, const char *function)
{
	oidvector  *arguments = buildoidvector(&type->oid, 1);
	HeapTuple	tuple = SearchSysCache3(PROCNAMEARGSNSP, CStringGetDatum(function),
										PointerGetDatum(arguments),
										ObjectIdGetDatum(type->typnamespace));
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	result = ((Form_pg_proc) GETSTRUCT(tuple))->proowner == type->typowner &&
		is_plain_aggregate((Form_pg_proc) GETSTRUCT(tuple));
	ReleaseSysCache(tuple);
	return result;
}

/* The schema of a type's own min or max; NULL if it has none. */
static const char *
own_schema(Oid type, const char *function)
{
	HeapTuple	tuple;
	const char *result = NULL;

	if (strcmp(function, "min") != 0 && strcmp(function, "max") != 0)
		return NULL;
	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	if (!HeapTupleIsValid(tuple))
		return NULL;
	if (has_own_function((Form_pg_type) GETSTRUCT(tuple), function))
		result = get_namespace_name(((Form_pg_type) GETSTRUCT(tuple))->typnamespace);
	ReleaseSysCache(tuple);
	return result;
}

/* The schema of the aggregate of this name for a column; there must be one. */
static const char *
schema_of_function(const char *function, Form_pg_attribute attr)
{
	List	   *name = list_make2(makeString("pg_catalog"), makeString(pstrdup(function)));
	Oid			type = hp_object_base_type(attr->atttypid);
	const char *schema = own_schema(type, function);
	Oid			id;
	Oid			result;
	bool		returns_set;
	int			nvariadic;
	Oid			variadic;
	Oid		   *types;

	if (schema != NULL)
		return schema;
	if (hp_func_get_detail(name, 1, &type, &id, &result, &returns_set, &nvariadic, &variadic,
						   &types) != FUNCDETAIL_AGGREGATE)
		ereport(ERROR,
				errcode(ERRCODE_UNDEFINED_FUNCTION),
				errmsg("there is no %s of column \"%s\"", function, NameStr(attr->attname)),
				errdetail("The column is of type %s.", format_type_be(attr->atttypid)),
				errhint("Use an aggregate that the type has, or another column."));
	return "pg_catalog";
}

static const char *
known_function(const HpLevel *level, const char *name)
{
	static const char *const functions[] = {"count", "sum", "min", "max", "avg"};

	for (int i = 0; i < lengthof(functions); i++)
		if (strcmp(functions[i], name) == 0)
			return functions[i];
	report_aggregate(level, psprintf("There is no aggregate \"%s\".", name));
	return NULL;
}

/* {"sum": "total"} */
static void
read_call(HpLevel *level, TupleDesc desc, JsonbContainer *call, HpAggregate *aggregate)
{
	JsonbIterator *it = JsonbIteratorInit(call);
	JsonbValue	key;
	JsonbValue	column;

	if (JsonContainerSize(call) != 1)
		report_aggregate(level, "An object has the name of one function as its only key.");
	JsonbIteratorNext(&it, &key, true);
	JsonbIteratorNext(&it, &key, true);
	JsonbIteratorNext(&it, &column, true);
	aggregate->function = known_function(level, pnstrdup(key.val.string.val, key.val.string.len));
	aggregate->column = hp_spec_column(level, desc,
									   hp_spec_string(level, aggregate->function, &column));
	aggregate->schema = schema_of_function(aggregate->function,
										   TupleDescAttr(desc, aggregate->column - 1));
}

static void
read_aggregate(HpLevel *level, TupleDesc desc, JsonbValue *value, HpAggregate *aggregate)
{
	if (value->type == jbvString)
	{
		aggregate->schema = "pg_catalog";
		aggregate->function = known_function(level, hp_spec_string(level, "aggregate", value));
		if (strcmp(aggregate->function, "count") != 0)
			report_aggregate(level, psprintf("\"%s\" needs a column.", aggregate->function));
	}
	else if (value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data))
		read_call(level, desc, value->val.binary.data, aggregate);
	else
		report_aggregate(level, psprintf("It is %s.", hp_params_describe(value)));
}

/* The value of "aggregate": an object of named calls. */
void
hp_spec_aggregates(HpLevel *level, TupleDesc desc, JsonbValue *value)
{
	Jsonb	   *object = hp_spec_object(level, "aggregate", value);
	JsonbIterator *it = JsonbIteratorInit(&object->root);
	JsonbIteratorToken token;
	JsonbValue	v;

	if (JB_ROOT_COUNT(object) == 0)
		report_aggregate(level, "The object is empty.");
	if (JB_ROOT_COUNT(object) > MaxTupleAttributeNumber - 2)
		report_aggregate(level, "There are too many.");
	level->aggregates = palloc0(JB_ROOT_COUNT(object) * sizeof(HpAggregate));
	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		HpAggregate *aggregate = &level->aggregates[level->naggregates];

		if (token == WJB_KEY)
			aggregate->name = pnstrdup(v.val.string.val, v.val.string.len);
		else if (token == WJB_VALUE)
		{
			if (strlen(aggregate->name) >= NAMEDATALEN)
				report_aggregate(level, psprintf("The name \"%s\" has more than %d bytes.",
												 aggregate->name, NAMEDATALEN - 1));
			read_aggregate(level, desc, &v, aggregate);
			level->naggregates++;
		}
	}
}
