/*-------------------------------------------------------------------------
 *
 * argument.c
 *		Arguments that several SQL functions have: keys of any type, lists of
 *		columns.
 *
 * A key is given as one argument (anycompatible), or one for each column
 * ("any"), or one array with an element for each column.  How each argument's
 * type becomes the column's is worked out once per call site and descriptor,
 * and kept in fn_extra.
 *
 * Memory: what is kept lives in fn_mcxt; values in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/argument.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* What is known of a call site. */
typedef struct CallSite
{
	Oid			rowtype;		/* of the first argument, InvalidOid until asked for */
	bool		one_to_one;		/* one argument for a key of one column */
	uint64		seed;			/* of the key the coercions are for */
	uint64		epoch;			/* hp_relation_epoch when they were made */
	HpCoercion *coercions;		/* one for each column */
	MemoryContext context;		/* of these, and of what their functions keep */
} CallSite;

static CallSite *
site_of(FunctionCallInfo fcinfo)
{
	if (unlikely(fcinfo->flinfo->fn_extra == NULL))
		fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt,
														  sizeof(CallSite));
	return fcinfo->flinfo->fn_extra;
}

void
hp_argument_require(FunctionCallInfo fcinfo, int argno, const char *name, const char *hint)
{
	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				errmsg("%s must not be null", name),
				errdetail("The argument names what the function works on."),
				errhint("%s", hint));
}

void
hp_argument_check_count(const char *name, int64 count, const char *hint)
{
	if (count < 0)
		ereport(ERROR,
				errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("%s must not be negative", name),
				errdetail("It was " INT64_FORMAT ".", count),
				errhint("%s", hint));
}

char *
hp_argument_text(FunctionCallInfo fcinfo, int argno)
{
	return PG_ARGISNULL(argno) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argno));
}

/* The relation that the first argument names by its row type, locked. */
HpRelation *
hp_argument_relation(FunctionCallInfo fcinfo)
{
	CallSite   *site = site_of(fcinfo);

	if (unlikely(!OidIsValid(site->rowtype)))
		site->rowtype = get_fn_expr_argtype(fcinfo->flinfo, 0);
	if (!OidIsValid(site->rowtype))
		ereport(ERROR,
				errcode(ERRCODE_INDETERMINATE_DATATYPE),
				errmsg("could not determine the row type of the first argument"),
				errdetail("The function was called without type information."),
				errhint("Pass a null of the table's row type, such as NULL::users."));
	return hp_relation_by_rowtype(site->rowtype);
}

/* Are the call site's coercions those for this key? */
static bool
site_knows(const CallSite *site, const HpKeyDef *def)
{
	return site->seed == def->seed && site->epoch == hp_relation_epoch;
}

/* The call site's coercions for this key, worked out if they are not known. */
static HpCoercion *
coercions_of(FunctionCallInfo fcinfo, const HpKeyDef *def, const Oid *types)
{
	CallSite   *site = site_of(fcinfo);

	if (!site_knows(site, def))
	{
		MemoryContext context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt,
													  "pg_hotpath coercions",
													  ALLOCSET_SMALL_SIZES);
		HpCoercion *fresh = MemoryContextAlloc(context, def->ncolumns * sizeof(HpCoercion));
		uint64		epoch = hp_relation_epoch;	/* a change that arrives meanwhile must count */

		for (int i = 0; i < def->ncolumns; i++)
			hp_key_coercion_init(&fresh[i], types[i], &def->columns[i], context);
		if (site->context != NULL)
			MemoryContextDelete(site->context);
		site->context = context;
		site->coercions = fresh;
		site->seed = def->seed;
		site->epoch = epoch;
		site->one_to_one = false;
	}
	return site->coercions;
}

/* Convert the values given and complete the key. */
static HpKeyArgument
make_key(HpCoercion *coercions, const HpKeyDef *def, const Datum *values, const bool *nulls,
		 HpKey *key)
{
	for (int i = 0; i < def->ncolumns; i++)
	{
		if (nulls[i])
			return HP_KEY_NULL;
		if (!hp_key_coercion_apply(&coercions[i], values[i], &key->values[i]))
			return HP_KEY_IMPOSSIBLE;
	}
	hp_key_set(key, def);
	return HP_KEY_GIVEN;
}

/* A key of several columns given as one array. */
static HpKeyArgument
key_from_array(FunctionCallInfo fcinfo, int argno, Oid type, const HpKeyDef *def, HpKey *key)
{
	Oid			element = get_element_type(type);
	Oid			types[INDEX_MAX_KEYS];
	Datum	   *values;
	bool	   *nulls;
	int			n;
	int16		len;
	bool		byval;
	char		align;

	if (!OidIsValid(element))
		hp_key_report_count(def, 1);
	get_typlenbyvalalign(element, &len, &byval, &align);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(argno), element, len, byval, align, &values, &nulls,
					  &n);
	if (n != def->ncolumns)
		hp_key_report_count(def, n);
	for (int i = 0; i < n; i++)
		types[i] = element;
	return make_key(coercions_of(fcinfo, def, types), def, values, nulls, key);
}

/* The arguments of the form with one argument for each column. */
static HpKeyArgument
key_from_arguments(FunctionCallInfo fcinfo, int first, const HpKeyDef *def, HpKey *key)
{
	Datum	   *values;
	bool	   *nulls;
	Oid		   *types;
	int			n = extract_variadic_args(fcinfo, first + 1, true, &values, &types, &nulls);
	Datum		all_values[INDEX_MAX_KEYS];
	bool		all_nulls[INDEX_MAX_KEYS];
	Oid			all_types[INDEX_MAX_KEYS];

	if (n + 1 != def->ncolumns)
		hp_key_report_count(def, Max(n, 0) + 1);
	all_types[0] = get_fn_expr_argtype(fcinfo->flinfo, first);
	all_nulls[0] = PG_ARGISNULL(first);
	all_values[0] = PG_GETARG_DATUM(first);
	if (all_types[0] == UNKNOWNOID)
	{
		all_types[0] = TEXTOID;
		if (!all_nulls[0])
			all_values[0] = CStringGetTextDatum(PG_GETARG_CSTRING(first));
	}
	for (int i = 0; i < n; i++)
	{
		all_types[i + 1] = types[i];
		all_nulls[i + 1] = nulls[i];
		all_values[i + 1] = values[i];
	}
	return make_key(coercions_of(fcinfo, def, all_types), def, all_values, all_nulls, key);
}

/*
 * The key that the arguments from the one numbered first on give: one
 * argument, or one for each column.
 */
HpKeyArgument
hp_argument_key(FunctionCallInfo fcinfo, int first, const HpKeyDef *def, HpKey *key)
{
	CallSite   *site = site_of(fcinfo);
	HpKeyArgument result;
	Oid			type;

	if (likely(site->one_to_one && site_knows(site, def)))
		return make_key(site->coercions, def, &fcinfo->args[first].value,
						&fcinfo->args[first].isnull, key);
	if (PG_NARGS() > first + 1)
		return key_from_arguments(fcinfo, first, def, key);
	if (PG_ARGISNULL(first))
		return HP_KEY_NULL;
	type = get_fn_expr_argtype(fcinfo->flinfo, first);
	if (def->ncolumns > 1)
		return key_from_array(fcinfo, first, type, def, key);
	result = make_key(coercions_of(fcinfo, def, &type), def, &fcinfo->args[first].value,
					  &fcinfo->args[first].isnull, key);
	site->one_to_one = true;
	return result;
}

/* The column of a relation with a name; raises an error if there is none. */
static AttrNumber
column_by_name(HpRelation *rel, const char *name)
{
	AttrNumber	attnum = get_attnum(rel->relid, name);

	if (attnum <= 0)
		ereport(ERROR,
				errcode(ERRCODE_UNDEFINED_COLUMN),
				errmsg("column \"%s\" of relation \"%s\" does not exist", name,
					   hp_relation_name(rel->relid)),
				errdetail("It is named in columns."),
				errhint("Name columns as they are spelled in the catalog, without quotes."));
	return attnum;
}

HpColumnList *
hp_argument_columns(HpRelation *rel, ArrayType *names)
{
	HpColumnList *result = palloc(sizeof(HpColumnList));
	Datum	   *values;
	bool	   *nulls;

	deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &result->n);
	result->attnums = palloc(result->n * sizeof(AttrNumber));
	for (int i = 0; i < result->n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					errmsg("columns must not hold a null"),
					errdetail("Its element %d is null.", i + 1),
					errhint("Pass the names of columns, such as array['id', 'name']."));
		result->attnums[i] = column_by_name(rel, TextDatumGetCString(values[i]));
		for (int j = 0; j < i; j++)
			if (result->attnums[j] == result->attnums[i])
				ereport(ERROR,
						errcode(ERRCODE_DUPLICATE_COLUMN),
						errmsg("column \"%s\" is named twice in columns",
							   TextDatumGetCString(values[i])),
						errdetail("An object of JSON should have each name once."),
						errhint("Name each column once."));
	}
	return result;
}
