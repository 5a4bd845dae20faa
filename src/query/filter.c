/*-------------------------------------------------------------------------
 *
 * filter.c
 *		Reads a condition on rows that is given as jsonb.
 *
 *		filter	= { entry, ... }					all of the entries
 *		entry	= "$and": [ filter, ... ]			all of them, true if there are none
 *				| "$or": [ filter, ... ]			any of them, false if there are none
 *				| "$not": filter
 *				| "column": null					IS NULL
 *				| "column": value					$eq
 *				| "column": { test, ... }			all of the tests, at least one
 *		test	= "$operator": operand				see filter_operator.c
 *				| "$not": { test, ... }
 *
 * A key is the name of a column letter for letter, without quotes.  As one that
 * begins with a dollar sign is taken for an operator, a column whose name does is
 * written with one more: "$$price" is the column "$price".
 *
 * Truth is SQL's: a comparison with a null is neither true nor false, and neither
 * is its opposite, so a null column satisfies neither {"$ne": 5} nor
 * {"$not": {"$eq": 5}}.  Null itself is tested plainly: a composite is null if it
 * is the null value, whatever its fields are.
 *
 * A filter may come from anybody.  Names are those of the row type's columns,
 * values are made by the types' input functions and become parameters, operators
 * and casts are qualified.  Depth and number of the conditions are limited; the
 * elements of one list are one condition, as they are one array.
 *
 * Memory: the tree and its values are allocated in the current context, and do not
 * point into the jsonb.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "query/filter.h"

#include "access/htup_details.h"
#include "catalog/object.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "query/filter_private.h"
#include "utils/inval.h"

#define MAX_DEPTH		32
#define MAX_CONDITIONS	1000

static HpFilterNode *parse_object(HpFilterParser *parser, JsonbContainer *object);

HpFilterNode *
hp_filter_node(HpFilterKind kind)
{
	HpFilterNode *node = palloc0(sizeof(HpFilterNode));

	node->kind = kind;
	return node;
}

HpFilterNode *
hp_filter_negate(HpFilterNode *child)
{
	HpFilterNode *node = hp_filter_node(HP_FILTER_NOT);

	node->children = list_make1(child);
	return node;
}

/* Count a condition, and raise an error for too many. */
void
hp_filter_count(HpFilterParser *parser)
{
	if (++parser->nconditions > MAX_CONDITIONS)
		ereport(ERROR,
				errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				errmsg("filter has too many conditions"),
				errdetail("It has more than %d.", MAX_CONDITIONS),
				errhint("Give values of one column as one list: {\"id\": {\"$in\": [1, 2]}}."));
}

static void
enter(HpFilterParser *parser)
{
	CHECK_FOR_INTERRUPTS();
	if (++parser->depth > MAX_DEPTH)
		ereport(ERROR,
				errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
				errmsg("filter is nested too deeply"),
				errdetail("It has more than %d levels of objects.", MAX_DEPTH),
				errhint("Write conditions side by side: an object or $and needs all of them, "
						"$or any."));
}

static void
leave(HpFilterParser *parser)
{
	parser->depth--;
}

static bool
key_is(const JsonbValue *key, const char *name)
{
	return key->val.string.len == strlen(name) &&
		memcmp(key->val.string.val, name, key->val.string.len) == 0;
}

static void
refuse_column(const HpFilterParser *parser, const char *name, int len)
{
	int			shown = pg_mbcliplen(name, len, NAMEDATALEN);

	ereport(ERROR,
			errcode(ERRCODE_UNDEFINED_COLUMN),
			errmsg("column \"%.*s\" does not exist", shown, name),
			errdetail("The filter names it, but %s has no such column.", parser->what),
			errhint("Write names letter for letter as the columns are called, without quotes."));
}

static void
refuse_logic(const JsonbValue *key)
{
	int			shown = pg_mbcliplen(key->val.string.val, key->val.string.len, NAMEDATALEN);

	ereport(ERROR,
			errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			errmsg("invalid filter"),
			errdetail("\"%.*s\" stands where a column, $and, $or or $not was expected.",
					  shown, key->val.string.val),
			errhint("Put operators below a column: {\"total\": {\"$gte\": 10}}.  A column whose name "
					"begins with $ is written with one more."));
}

/* The column that a key names. */
static HpFilterColumn *
find_column(const HpFilterParser *parser, const JsonbValue *key)
{
	const char *name = key->val.string.val;
	int			len = key->val.string.len;
	HpFilterColumn *column;

	if (len > 0 && name[0] == '$')
	{
		if (len == 1 || name[1] != '$')
			refuse_logic(key);
		name++;
		len--;
	}
	for (int i = 0; i < parser->desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(parser->desc, i);

		if (attr->attisdropped || strlen(NameStr(attr->attname)) != len ||
			memcmp(NameStr(attr->attname), name, len) != 0)
			continue;
		column = palloc0(sizeof(HpFilterColumn));
		column->attnum = i + 1;
		column->name = attr->attname;
		column->type = hp_object_base_type(attr->atttypid);
		column->is_domain = column->type != attr->atttypid;
		return column;
	}
	refuse_column(parser, name, len);
	return NULL;				/* not reached */
}

/* All of the tests of a column: {"$gte": 10, "$not": {"$in": [11, 12]}}. */
static HpFilterNode *
parse_tests(HpFilterParser *parser, const HpFilterColumn *column, JsonbContainer *object)
{
	JsonbIterator *iterator = JsonbIteratorInit(object);
	HpFilterNode *node = hp_filter_node(HP_FILTER_ALL);
	JsonbIteratorToken token;
	JsonbValue	key;
	JsonbValue	value;

	enter(parser);
	token = JsonbIteratorNext(&iterator, &key, true);
	while ((token = JsonbIteratorNext(&iterator, &key, true)) == WJB_KEY)
	{
		HpFilterNode *child;

		JsonbIteratorNext(&iterator, &value, true);
		if (!key_is(&key, "$not"))
			child = hp_filter_operator(parser, column, &key, &value);
		else if (hp_filter_is_object(&value))
			child = hp_filter_negate(parse_tests(parser, column, value.val.binary.data));
		else
			hp_filter_refuse(column, "$not", &value,
							 "Give $not an object of operators: {\"$not\": {\"$gt\": 3}}.");
		node->children = lappend(node->children, child);
	}
	leave(parser);
	if (node->children == NIL)
		ereport(ERROR,
				errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("invalid filter on column \"%s\"", NameStr(column->name)),
				errdetail("Its object has no operator."),
				errhint("Name one, such as {\"$eq\": 5}, or leave the column out."));
	return node;
}

/* The filters of $and or $or. */
static HpFilterNode *
parse_list(HpFilterParser *parser, const char *name, HpFilterKind kind, JsonbValue *list)
{
	HpFilterNode *node = hp_filter_node(kind);
	JsonbIterator *iterator;
	JsonbValue	element;

	if (!hp_filter_is_array(list))
		hp_filter_refuse(NULL, name, list, "Give it an array of filters: [{\"a\": 1}, {\"b\": 2}].");
	iterator = JsonbIteratorInit(list->val.binary.data);
	JsonbIteratorNext(&iterator, &element, true);
	while (JsonbIteratorNext(&iterator, &element, true) == WJB_ELEM)
	{
		if (!hp_filter_is_object(&element))
			hp_filter_refuse(NULL, name, &element,
							 "Each element of its array is a filter: [{\"a\": 1}, {\"b\": 2}].");
		node->children = lappend(node->children,
								 parse_object(parser, element.val.binary.data));
	}
	if (node->children == NIL)
		hp_filter_count(parser);
	return node;
}

static HpFilterNode *
parse_entry(HpFilterParser *parser, const JsonbValue *key, JsonbValue *value)
{
	const HpFilterColumn *column;

	if (key_is(key, "$and"))
		return parse_list(parser, "$and", HP_FILTER_ALL, value);
	if (key_is(key, "$or"))
		return parse_list(parser, "$or", HP_FILTER_SOME, value);
	if (key_is(key, "$not"))
	{
		if (!hp_filter_is_object(value))
			hp_filter_refuse(NULL, "$not", value, "Give it a filter: {\"$not\": {\"a\": 1}}.");
		return hp_filter_negate(parse_object(parser, value->val.binary.data));
	}
	column = find_column(parser, key);
	if (hp_filter_is_object(value))
		return parse_tests(parser, column, value->val.binary.data);
	return hp_filter_implied(parser, column, value);
}

/* All of the entries of an object. */
static HpFilterNode *
parse_object(HpFilterParser *parser, JsonbContainer *object)
{
	JsonbIterator *iterator = JsonbIteratorInit(object);
	HpFilterNode *node = hp_filter_node(HP_FILTER_ALL);
	JsonbValue	key;
	JsonbValue	value;

	enter(parser);
	JsonbIteratorNext(&iterator, &key, true);
	while (JsonbIteratorNext(&iterator, &key, true) == WJB_KEY)
	{
		JsonbIteratorNext(&iterator, &value, true);
		node->children = lappend(node->children, parse_entry(parser, &key, &value));
	}
	if (node->children == NIL)
		hp_filter_count(parser);
	leave(parser);
	return node;
}

HpFilter *
hp_filter_parse(Jsonb *jsonb, TupleDesc desc, const char *what)
{
	HpFilter   *filter = palloc0(sizeof(HpFilter));
	HpFilterParser parser = {.desc = desc, .what = what};

	if (jsonb == NULL)
		filter->root = hp_filter_node(HP_FILTER_ALL);
	else if (JB_ROOT_IS_OBJECT(jsonb))
		filter->root = parse_object(&parser, &jsonb->root);
	else
		ereport(ERROR,
				errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("filter must be a JSON object"),
				errdetail("It is %s.", JB_ROOT_IS_SCALAR(jsonb) ? "a scalar" : "an array"),
				errhint("Name columns and what they must be: "
						"{\"status\": \"paid\", \"total\": {\"$gte\": 10}}."));
	/* functions called for values may have waited: what follows looks at catalogs as they are */
	if (jsonb != NULL)
		AcceptInvalidationMessages();
	return filter;
}
