/*-------------------------------------------------------------------------
 *
 * filter_operator.c
 *		The operators of a filter: one test of one column each.
 *
 *		$eq $ne					any value; null is tested for
 *		$gt $gte $lt $lte		a value that is not null
 *		$in $nin				an array of values; null in it is tested for
 *		$is_null				true or false
 *		$like $ilike $regex		a string, for columns of string types
 *		$contains				for jsonb: any JSON value; for arrays: an array of elements;
 *								for ranges and multiranges: an element, or a range
 *
 * Comparisons are those of the type's default btree operator class, equality that
 * of a hash operator class where there is no other.  An array or object without an
 * operator is no operand, since it would be taken for one or the other: only for a
 * column of an array type is an array plainly its value.
 *
 * Whether the string that a range is to contain is a range itself, its first letter
 * tells: those of ranges begin with a bracket or a parenthesis, those of
 * multiranges with a brace; or they are "empty".  An element that looks like one
 * must be given as a range that has it alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "query/filter_private.h"
#include "query/query.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#define CONTAINS "OPERATOR(pg_catalog.@>)"

typedef struct Operator Operator;

typedef HpFilterNode *(*TestMaker) (HpFilterParser *parser, const HpFilterColumn *column,
									const Operator *operator, JsonbValue *operand);

struct Operator
{
	const char *name;
	TestMaker	make;
	StrategyNumber strategy;	/* of a comparison */
	bool		negated;
	const char *sql;			/* of a pattern */
};

static HpFilterNode *make_equal(HpFilterParser *parser, const HpFilterColumn *column,
								const Operator *operator, JsonbValue *operand);
static HpFilterNode *make_order(HpFilterParser *parser, const HpFilterColumn *column,
								const Operator *operator, JsonbValue *operand);
static HpFilterNode *make_list(HpFilterParser *parser, const HpFilterColumn *column,
							   const Operator *operator, JsonbValue *operand);
static HpFilterNode *make_pattern(HpFilterParser *parser, const HpFilterColumn *column,
								  const Operator *operator, JsonbValue *operand);
static HpFilterNode *make_contains(HpFilterParser *parser, const HpFilterColumn *column,
								   const Operator *operator, JsonbValue *operand);
static HpFilterNode *make_is_null(HpFilterParser *parser, const HpFilterColumn *column,
								  const Operator *operator, JsonbValue *operand);

static const Operator operators[] = {
	{"$eq", make_equal},
	{"$ne", make_equal,.negated = true},
	{"$gt", make_order,.strategy = BTGreaterStrategyNumber},
	{"$gte", make_order,.strategy = BTGreaterEqualStrategyNumber},
	{"$lt", make_order,.strategy = BTLessStrategyNumber},
	{"$lte", make_order,.strategy = BTLessEqualStrategyNumber},
	{"$in", make_list},
	{"$nin", make_list,.negated = true},
	{"$like", make_pattern,.sql = "OPERATOR(pg_catalog.~~)"},
	{"$ilike", make_pattern,.sql = "OPERATOR(pg_catalog.~~*)"},
	{"$regex", make_pattern,.sql = "OPERATOR(pg_catalog.~)"},
	{"$contains", make_contains},
	{"$is_null", make_is_null},
};

static HpFilterNode *
column_node(HpFilterKind kind, const HpFilterColumn *column)
{
	HpFilterNode *node = hp_filter_node(kind);

	node->column = column;
	return node;
}

static HpFilterNode *
compare_node(const HpFilterColumn *column, const char *operator, Oid type, Datum value)
{
	HpFilterNode *node = column_node(HP_FILTER_COMPARE, column);

	node->operator = operator;
	node->type = type;
	node->value = value;
	return node;
}

static HpFilterNode *
null_node(const HpFilterColumn *column, bool is_null)
{
	return column_node(is_null ? HP_FILTER_NULL : HP_FILTER_NOT_NULL, column);
}

/* Raise the error for an operator that the column's type does not have. */
static void
refuse_type(const HpFilterColumn *column, const char *operator, const char *detail,
			const char *hint)
{
	ereport(ERROR,
			errcode(ERRCODE_UNDEFINED_FUNCTION),
			errmsg("operator %s is not for column \"%s\"", operator, NameStr(column->name)),
			errdetail("Type %s %s.", format_type_be(column->type), detail),
			errhint("%s", hint));
}

static Oid
equality_operator(const HpFilterColumn *column, const char *operator)
{
	Oid			equal = lookup_type_cache(column->type, TYPECACHE_EQ_OPR)->eq_opr;

	if (!OidIsValid(equal))
		refuse_type(column, operator, "has no default equality operator",
					"Use $is_null, or filter by another column.");
	return equal;
}

/* column = value, with the operator found before. */
static HpFilterNode *
equality_node(const HpFilterColumn *column, Oid equal, Datum value)
{
	HpFilterNode *node = compare_node(column, hp_build_operator(equal), column->type, value);

	node->equality = true;
	return node;
}

static HpFilterNode *
make_equal(HpFilterParser *parser, const HpFilterColumn *column, const Operator *operator,
		   JsonbValue *operand)
{
	Oid			equal;
	Oid			negator;
	Datum		value;

	if (operand->type == jbvNull)
		return null_node(column, !operator->negated);
	equal = equality_operator(column, operator->name);
	value = hp_filter_value(column, operator->name, operand, column->type);
	if (!operator->negated)
		return equality_node(column, equal, value);
	negator = get_negator(equal);
	if (!OidIsValid(negator))
		return hp_filter_negate(equality_node(column, equal, value));
	return compare_node(column, hp_build_operator(negator), column->type, value);
}

static HpFilterNode *
make_order(HpFilterParser *parser, const HpFilterColumn *column, const Operator *operator,
		   JsonbValue *operand)
{
	TypeCacheEntry *type = lookup_type_cache(column->type,
											 TYPECACHE_BTREE_OPFAMILY | TYPECACHE_LT_OPR);
	Oid			member = InvalidOid;

	/* an array's or composite's class may be there, but not one of what it is made of */
	if (OidIsValid(type->btree_opf) && OidIsValid(type->lt_opr))
		member = get_opfamily_member(type->btree_opf, type->btree_opintype,
									 type->btree_opintype, operator->strategy);
	if (!OidIsValid(member))
		refuse_type(column, operator->name, "has no default btree operator class",
					"Use an operator that does not need an order, such as $is_null.");
	return compare_node(column, hp_build_operator(member), column->type,
						hp_filter_value(column, operator->name, operand, column->type));
}

/* column = ANY (list), or column <> ALL (list) */
static HpFilterNode *
array_node(const HpFilterColumn *column, const Operator *operator, Oid equal, Oid array_type,
		   Datum array)
{
	Oid			negator = operator->negated ? get_negator(equal) : InvalidOid;
	HpFilterNode *node = column_node(HP_FILTER_COMPARE_ANY, column);

	node->type = array_type;
	node->value = array;
	node->operator = hp_build_operator(equal);
	if (!operator->negated)
		return node;
	if (!OidIsValid(negator))
		return hp_filter_negate(node);
	node->kind = HP_FILTER_COMPARE_ALL;
	node->operator = hp_build_operator(negator);
	return node;
}

/* The same for a type that has no array type, which is one itself: each element is a condition. */
static HpFilterNode *
elements_node(HpFilterParser *parser, const HpFilterColumn *column, const Operator *operator,
			  Oid equal, JsonbValue *list, bool *has_null)
{
	HpFilterNode *node = hp_filter_node(HP_FILTER_SOME);
	JsonbIterator *iterator = JsonbIteratorInit(list->val.binary.data);
	JsonbValue	element;

	*has_null = false;
	JsonbIteratorNext(&iterator, &element, true);
	while (JsonbIteratorNext(&iterator, &element, true) == WJB_ELEM)
	{
		CHECK_FOR_INTERRUPTS();
		hp_filter_count(parser);
		if (element.type == jbvNull)
			*has_null = true;
		else
			node->children = lappend(node->children,
									 equality_node(column, equal,
												   hp_filter_value(column, operator->name,
																   &element, column->type)));
	}
	return operator->negated ? hp_filter_negate(node) : node;
}

static HpFilterNode *
make_list(HpFilterParser *parser, const HpFilterColumn *column, const Operator *operator,
		  JsonbValue *operand)
{
	Oid			equal = equality_operator(column, operator->name);
	Oid			array_type = get_array_type(column->type);
	HpFilterNode *node;
	HpFilterNode *pair;
	bool		has_null;

	if (!hp_filter_is_array(operand))
		hp_filter_refuse(column, operator->name, operand, "Give it an array of values.");
	if (OidIsValid(array_type))
	{
		Datum		array = hp_filter_array(column, operator->name, operand, array_type, &has_null);

		node = array_node(column, operator, equal, array_type, array);
	}
	else
		node = elements_node(parser, column, operator, equal, operand, &has_null);
	if (!has_null)
		return node;
	pair = hp_filter_node(operator->negated ? HP_FILTER_ALL : HP_FILTER_SOME);
	pair->children = list_make2(node, null_node(column, !operator->negated));
	return pair;
}

static HpFilterNode *
make_pattern(HpFilterParser *parser, const HpFilterColumn *column, const Operator *operator,
			 JsonbValue *operand)
{
	Oid			type = column->type;
	char		category;
	bool		preferred;
	HpFilterNode *node;

	get_type_category_preferred(type, &category, &preferred);
	if (category != TYPCATEGORY_STRING)
		refuse_type(column, operator->name, "is not a string type",
					"Compare it with $eq, $in, $gt and their like.");
	if (operand->type != jbvString)
		hp_filter_refuse(column, operator->name, operand, "Give it a string.");
	node = compare_node(column, operator->sql, TEXTOID,
						hp_filter_value(column, operator->name, operand, TEXTOID));
	node->as_text = type != TEXTOID && type != VARCHAROID && type != BPCHAROID;
	return node;
}

/* The first letter of a string that is not space, "empty" counting as a range; 0: no string. */
static char
first_letter(const JsonbValue *operand)
{
	const char *text = operand->val.string.val;
	int			len = operand->val.string.len;

	if (operand->type != jbvString)
		return '\0';
	for (; len > 0 && isspace((unsigned char) *text); len--)
		text++;
	for (; len > 0 && isspace((unsigned char) text[len - 1]);)
		len--;
	if (len == 5 && pg_strncasecmp(text, "empty", 5) == 0)
		return '[';
	return len > 0 ? *text : '\0';
}

/* The type of what a range or multirange is to contain; InvalidOid if the column is neither. */
static Oid
contained_type(const HpFilterColumn *column, const JsonbValue *operand)
{
	Oid			range = column->type;
	char		letter = first_letter(operand);

	if (type_is_multirange(column->type))
	{
		range = get_multirange_range(column->type);
		if (letter == '{')
			return column->type;
	}
	else if (!type_is_range(column->type))
		return InvalidOid;
	return letter == '[' || letter == '(' ? range : get_range_subtype(range);
}

/* An array's elements must have an equality operator, or none can be found in it. */
static void
check_elements(const HpFilterColumn *column, const char *operator)
{
	Oid			element = get_element_type(column->type);

	if (!OidIsValid(lookup_type_cache(element, TYPECACHE_EQ_OPR)->eq_opr))
		refuse_type(column, operator, "has elements without a default equality operator",
					"Use $is_null, or filter by another column.");
}

static HpFilterNode *
make_contains(HpFilterParser *parser, const HpFilterColumn *column, const Operator *operator,
			  JsonbValue *operand)
{
	Oid			type = contained_type(column, operand);

	if (OidIsValid(get_element_type(column->type)) && column->type != INT2VECTOROID &&
		column->type != OIDVECTOROID)
	{
		check_elements(column, operator->name);
		if (!hp_filter_is_array(operand) && operand->type != jbvNull)
			hp_filter_refuse(column, operator->name, operand, "Give it an array of elements.");
		type = column->type;
	}
	else if (column->type == JSONBOID)
		type = column->type;
	else if (!OidIsValid(type))
		refuse_type(column, operator->name, "is neither jsonb nor an array, range or multirange",
					"Compare it with $eq or $in.");
	return compare_node(column, CONTAINS, type,
						hp_filter_value(column, operator->name, operand, type));
}

static HpFilterNode *
make_is_null(HpFilterParser *parser, const HpFilterColumn *column, const Operator *operator,
			 JsonbValue *operand)
{
	if (operand->type != jbvBool)
		hp_filter_refuse(column, operator->name, operand, "Give it true or false.");
	return null_node(column, operand->val.boolean);
}

static void
refuse_operator(const HpFilterColumn *column, const JsonbValue *name)
{
	int			shown = pg_mbcliplen(name->val.string.val, name->val.string.len, NAMEDATALEN);

	ereport(ERROR,
			errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			errmsg("invalid filter on column \"%s\"", NameStr(column->name)),
			errdetail("\"%.*s\" is not an operator.", shown, name->val.string.val),
			errhint("The operators are $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $like, $ilike, "
					"$regex, $contains, $is_null and $not."));
}

/* The test that an operator makes of a column and an operand. */
HpFilterNode *
hp_filter_operator(HpFilterParser *parser, const HpFilterColumn *column, const JsonbValue *name,
				   JsonbValue *operand)
{
	hp_filter_count(parser);
	for (int i = 0; i < lengthof(operators); i++)
		if (strlen(operators[i].name) == name->val.string.len &&
			memcmp(operators[i].name, name->val.string.val, name->val.string.len) == 0)
			return operators[i].make(parser, column, &operators[i], operand);
	refuse_operator(column, name);
	return NULL;				/* not reached */
}

/* The test that a column and a value make without an operator. */
HpFilterNode *
hp_filter_implied(HpFilterParser *parser, const HpFilterColumn *column, JsonbValue *operand)
{
	hp_filter_count(parser);
	if (hp_filter_is_array(operand) && !OidIsValid(get_element_type(column->type)))
		hp_filter_refuse(column, "$eq", operand,
						 "For any of several values write {\"$in\": [..]}, for a JSON value "
						 "{\"$eq\": [..]}.");
	return make_equal(parser, column, &operators[0], operand);
}
