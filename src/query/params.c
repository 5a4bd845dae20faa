/*-------------------------------------------------------------------------
 *
 * params.c
 *		Binds a JSON array to the parameters of a query.
 *
 * Types come from the query, as for a prepared statement.  A scalar is read by its
 * type's input function, whatever kind of JSON scalar it is, so 42 and "42" are
 * both good for an integer, and a string may hold the literal of an array or a
 * range.  JSON arrays and objects become arrays and composites as
 * jsonb_to_record() makes them, and JSON text for text.  For a parameter of type
 * json or jsonb any element is its value, strings with their quotes; null is the
 * SQL null for every type.
 *
 * Errors: 22023 (invalid_parameter_value) for what is no array, or one of the wrong
 * length, and those of the input functions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "query/reader.h"

#include "access/htup_details.h"
#include "base/compat.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#define ELEMENT "element"

static void
name_parameter(void *arg)
{
	errcontext("parameter $%d", *(int *) arg);
}

const char *
hp_params_describe(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
			return "null";
		case jbvString:
			return "a string";
		case jbvNumeric:
			return "a number";
		case jbvBool:
			return "a boolean";
		default:
			return value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data) ?
				"an array" : "an object";
	}
}

static int
count_elements(Jsonb *params)
{
	if (params == NULL)
		return 0;
	if (!JB_ROOT_IS_ARRAY(params) || JB_ROOT_IS_SCALAR(params))
		ereport(ERROR,
				errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("params must be a JSON array"),
				errdetail("It is %s.", JB_ROOT_IS_SCALAR(params) ? "a scalar" : "an object"),
				errhint("Pass the values of $1, $2, ... in order, such as '[42, \"paid\"]'."));
	return JB_ROOT_COUNT(params);
}

static void
check_count(int given, int wanted)
{
	if (given != wanted)
		ereport(ERROR,
				errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("wrong number of parameters for the query"),
				errdetail("The query has %d parameters, params has %d elements.", wanted, given),
				errhint("Pass one element of the array params for each of $1, $2, ..."));
}

/* The JSON text of an element. */
static char *
element_to_json(JsonbValue *element)
{
	Jsonb	   *jsonb = JsonbValueToJsonb(element);

	return JsonbToCString(NULL, &jsonb->root, VARSIZE(jsonb));
}

/* What an input function reads of a scalar; NULL for null. */
static char *
scalar_to_text(const JsonbValue *scalar)
{
	switch (scalar->type)
	{
		case jbvString:
			return pnstrdup(scalar->val.string.val, scalar->val.string.len);
		case jbvNumeric:
			return DatumGetCString(DirectFunctionCall1(numeric_out,
													   NumericGetDatum(scalar->val.numeric)));
		case jbvBool:
			return pstrdup(scalar->val.boolean ? "true" : "false");
		default:
			return NULL;
	}
}

/* The object {"element": element}; errors name the key. */
static Datum
wrap_element(JsonbValue *element)
{
	HpJsonbState state = {0};
	JsonbValue	key = {.type = jbvString};

	key.val.string.val = ELEMENT;
	key.val.string.len = strlen(ELEMENT);
	hp_jsonb_push(&state, WJB_BEGIN_OBJECT, NULL);
	hp_jsonb_push(&state, WJB_KEY, &key);
	hp_jsonb_push(&state, WJB_VALUE, element);
	hp_jsonb_push(&state, WJB_END_OBJECT, NULL);
	return JsonbPGetDatum(JsonbValueToJsonb(state.result));
}

/* An array or object by jsonb_to_record(wrapped) AS (element type). */
static Datum
container_to_datum(JsonbValue *element, Oid type, bool *isnull)
{
	LOCAL_FCINFO(fcinfo, 1);
	FmgrInfo	function;
	ReturnSetInfo info = {.type = T_ReturnSetInfo};
	TupleDesc	desc = CreateTemplateTupleDesc(1);
	HeapTupleHeader header;
	HeapTupleData tuple = {0};

	TupleDescInitEntry(desc, 1, ELEMENT, type, -1, 0);
	TupleDescFinalize(desc);
	info.expectedDesc = BlessTupleDesc(desc);
	fmgr_info(F_JSONB_TO_RECORD, &function);
	InitFunctionCallInfoData(*fcinfo, &function, 1, InvalidOid, NULL, (Node *) &info);
	fcinfo->args[0].value = wrap_element(element);
	fcinfo->args[0].isnull = false;
	header = hp_row_header(FunctionCallInvoke(fcinfo));
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	tuple.t_data = header;
	return heap_getattr(&tuple, 1, desc, isnull);
}

/* One value, in the type of its parameter, in the current context. */
Datum
hp_params_value(JsonbValue *element, Oid type, bool *isnull)
{
	Oid			base = getBaseType(type);
	Oid			input;
	Oid			io_param;
	char	   *text;

	if (element->type == jbvNull)
		text = NULL;
	else if (base == JSONOID || base == JSONBOID)
		text = element_to_json(element);
	else if (element->type == jbvBinary)
		return container_to_datum(element, type, isnull);
	else
		text = scalar_to_text(element);
	getTypeInputInfo(type, &input, &io_param);
	*isnull = text == NULL;
	return OidInputFunctionCall(input, text, io_param, -1);
}

/*
 * The values of an array of JSON values (NULL: no values) for parameters of some
 * types, in the current context.
 */
ParamListInfo
hp_params_bind(Jsonb *params, const Oid *types, int ntypes)
{
	ParamListInfo list;
	int			i = 0;
	ErrorContextCallback callback = {.callback = name_parameter,.arg = &i};

	check_count(count_elements(params), ntypes);
	if (ntypes == 0)
		return NULL;
	list = makeParamList(ntypes);
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	for (i = 1; i <= ntypes; i++)
	{
		ParamExternData *param = &list->params[i - 1];

		CHECK_FOR_INTERRUPTS();
		param->ptype = types[i - 1];
		param->pflags = PARAM_FLAG_CONST;
		param->value = hp_params_value(getIthJsonbValueFromContainer(&params->root, i - 1),
										param->ptype, &param->isnull);
	}
	error_context_stack = callback.previous;
	return list;
}
