/*-------------------------------------------------------------------------
 *
 * order.c
 *		Reads an order of rows, and writes it as SQL.
 *
 *		order	= [ item { "," item } ]
 *		item	= name [ ASC | DESC ] [ NULLS ( FIRST | LAST ) ]
 *
 * Names are those of columns, written as in SQL: folded to lower case unless they
 * are in double quotes, and truncated to the length of a name.  There is no key
 * word among them, since a name always comes first.  Nothing else is understood,
 * in particular no expression, so an order may come from anywhere.
 *
 * A column is ordered by the default btree operators of its type, under its own
 * collation; as in SQL, nulls are larger than any value unless the order says
 * where they are.
 *
 * Memory: everything is allocated in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "query/order.h"

#include <ctype.h>

#include "access/htup_details.h"
#include "base/compat.h"
#include "catalog/object.h"
#include "catalog/pg_index.h"
#include "mb/pg_wchar.h"
#include "parser/scansup.h"
#include "query/query.h"
#include "utils/builtins.h"
#include "utils/typcache.h"

#define EXAMPLE "Write columns like this: 'placed_at DESC NULLS LAST, id'."

/* The text and how far it is read. */
typedef struct Scanner
{
	const char *text;
	const char *at;
} Scanner;

static void
skip_space(Scanner *scanner)
{
	while (scanner_isspace(*scanner->at))
		scanner->at++;
}

static bool
begins_name(char c)
{
	return isalpha((unsigned char) c) || c == '_' || IS_HIGHBIT_SET(c);
}

static bool
continues_name(char c)
{
	return begins_name(c) || isdigit((unsigned char) c) || c == '$';
}

/* The length of the word that comes next; 0 if there is none. */
static int
word_length(const Scanner *scanner)
{
	const char *end = scanner->at;

	if (begins_name(*end))
		while (continues_name(*end))
			end++;
	return end - scanner->at;
}

/* Raise the error for what comes next, where something else was expected. */
hp_noreturn static void
refuse_next(const Scanner *scanner, const char *expected)
{
	int			position = pg_mbstrlen_with_len(scanner->text, scanner->at - scanner->text) + 1;
	int			len = word_length(scanner);

	if (*scanner->at == '\0')
		ereport(ERROR,
				errcode(ERRCODE_SYNTAX_ERROR),
				errmsg("order is not understood"),
				errdetail("It ends where %s was expected.", expected),
				errhint(EXAMPLE));
	len = len > 0 ? pg_mbcliplen(scanner->at, len, NAMEDATALEN - 1) :
		pg_mbcharcliplen(scanner->at, strlen(scanner->at), 1);
	ereport(ERROR,
			errcode(ERRCODE_SYNTAX_ERROR),
			errmsg("order is not understood"),
			errdetail("At character %d there is \"%.*s\" where %s was expected.",
					  position, len, scanner->at, expected),
			errhint(EXAMPLE));
}

/* Take a key word if it comes next. */
static bool
take_word(Scanner *scanner, const char *word)
{
	int			len = word_length(scanner);

	if (len != strlen(word) || pg_strncasecmp(scanner->at, word, len) != 0)
		return false;
	scanner->at += len;
	skip_space(scanner);
	return true;
}

/* A name in double quotes, which are doubled inside. */
static char *
take_quoted_name(Scanner *scanner)
{
	const char *open = scanner->at;
	StringInfoData name;

	initStringInfo(&name);
	for (scanner->at++; *scanner->at != '"' || scanner->at[1] == '"'; scanner->at++)
	{
		if (*scanner->at == '"')
			scanner->at++;
		else if (*scanner->at == '\0')
			refuse_next(scanner, "a closing double quote");
		appendStringInfoCharMacro(&name, *scanner->at);
	}
	scanner->at++;
	if (name.len == 0)
	{
		scanner->at = open;
		refuse_next(scanner, "the name of a column, which is not empty,");
	}
	truncate_identifier(name.data, name.len, false);
	return name.data;
}

static char *
take_name(Scanner *scanner)
{
	char	   *name;
	int			len = word_length(scanner);

	if (*scanner->at == '"')
		name = take_quoted_name(scanner);
	else if (len == 0)
		refuse_next(scanner, "the name of a column");
	else
	{
		name = downcase_identifier(scanner->at, len, false, true);
		scanner->at += len;
	}
	skip_space(scanner);
	return name;
}

/* The column of a name; a dropped one has no name that could be written. */
static AttrNumber
find_column(TupleDesc desc, const char *name, const char *what)
{
	AttrNumber	attnum = hp_relation_find_column(desc, name);

	if (attnum != InvalidAttrNumber)
		return attnum;
	ereport(ERROR,
			errcode(ERRCODE_UNDEFINED_COLUMN),
			errmsg("column \"%s\" does not exist", name),
			errdetail("The order names it, but %s has no such column.", what),
			errhint("Write names as in SQL: those with capital letters need double quotes."));
}

/* Fill in how the type of a column orders. */
static void
find_operators(HpOrderColumn *column)
{
	TypeCacheEntry *type = lookup_type_cache(column->type,
											 TYPECACHE_BTREE_OPFAMILY | TYPECACHE_LT_OPR |
											 TYPECACHE_GT_OPR | TYPECACHE_EQ_OPR |
											 TYPECACHE_CMP_PROC);

	if (!OidIsValid(type->btree_opf) || !OidIsValid(type->lt_opr) ||
		!OidIsValid(type->gt_opr) || !OidIsValid(type->eq_opr) || !OidIsValid(type->cmp_proc))
		ereport(ERROR,
				errcode(ERRCODE_UNDEFINED_FUNCTION),
				errmsg("rows cannot be ordered by column \"%s\"", NameStr(column->name)),
				errdetail("Its type %s has no default btree operator class.",
						  format_type_be(column->type)),
				errhint("Order by a column of another type."));
	column->opfamily = type->btree_opf;
	column->opcintype = type->btree_opintype;
	column->lt_operator = type->lt_opr;
	column->gt_operator = type->gt_opr;
	column->eq_operator = type->eq_opr;
	column->compare = type->cmp_proc;
}

static HpOrderColumn *
append_column(HpOrder *order)
{
	if (order->ncolumns == INDEX_MAX_KEYS)
		ereport(ERROR,
				errcode(ERRCODE_TOO_MANY_COLUMNS),
				errmsg("order has too many columns"),
				errdetail("It has more than %d, those of a key included.", INDEX_MAX_KEYS),
				errhint("Leave out the columns after those that make rows distinct."));
	if (order->ncolumns == order->capacity)
	{
		order->capacity = Min(2 * order->capacity, INDEX_MAX_KEYS);
		order->columns = repalloc(order->columns, order->capacity * sizeof(HpOrderColumn));
	}
	return &order->columns[order->ncolumns];
}

void
hp_order_add(HpOrder *order, TupleDesc desc, AttrNumber attnum, bool descending)
{
	Form_pg_attribute attr = TupleDescAttr(desc, attnum - 1);
	HpOrderColumn *column = append_column(order);

	memset(column, 0, sizeof(HpOrderColumn));
	column->attnum = attnum;
	column->name = attr->attname;
	column->type = hp_object_base_type(attr->atttypid);
	column->is_domain = column->type != attr->atttypid;
	column->collation = attr->attcollation;
	column->nullable = !hp_is_not_null(desc, attnum);
	column->descending = descending;
	column->nulls_first = descending;
	find_operators(column);
	order->ncolumns++;
}

/* NULLS FIRST or NULLS LAST, or the default. */
static bool
take_nulls(Scanner *scanner, bool nulls_first)
{
	if (!take_word(scanner, "nulls"))
		return nulls_first;
	if (take_word(scanner, "first"))
		return true;
	if (!take_word(scanner, "last"))
		refuse_next(scanner, "FIRST or LAST");
	return false;
}

static void
take_item(Scanner *scanner, HpOrder *order, TupleDesc desc, const char *what)
{
	char	   *name = take_name(scanner);
	AttrNumber	attnum;
	bool		descending = take_word(scanner, "desc");
	bool		nulls_first;

	if (!descending)
		take_word(scanner, "asc");
	nulls_first = take_nulls(scanner, descending);
	if (*scanner->at != ',' && *scanner->at != '\0')
		refuse_next(scanner, "ASC, DESC, NULLS FIRST, NULLS LAST or a comma");
	attnum = find_column(desc, name, what);
	pfree(name);
	if (hp_order_has(order, attnum))
		return;
	hp_order_add(order, desc, attnum, descending);
	order->columns[order->ncolumns - 1].nulls_first = nulls_first;
}

HpOrder *
hp_order_parse(const char *text, TupleDesc desc, const char *what)
{
	HpOrder    *order = palloc0(sizeof(HpOrder));
	Scanner		scanner = {text, text};

	order->capacity = 4;
	order->columns = palloc(order->capacity * sizeof(HpOrderColumn));
	if (text == NULL)
		return order;
	skip_space(&scanner);
	if (*scanner.at == '\0')
		return order;
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		take_item(&scanner, order, desc, what);
		if (*scanner.at == '\0')
			break;
		scanner.at++;
		skip_space(&scanner);
	}
	return order;
}

bool
hp_order_has(const HpOrder *order, AttrNumber attnum)
{
	for (int i = 0; i < order->ncolumns; i++)
		if (order->columns[i].attnum == attnum)
			return true;
	return false;
}

void
hp_order_append(StringInfo sql, const HpOrder *order, const char *alias, bool reverse)
{
	for (int i = 0; i < order->ncolumns; i++)
	{
		const HpOrderColumn *column = &order->columns[i];

		if (i > 0)
			appendStringInfoString(sql, ", ");
		hp_order_append_operand(sql, column, alias);
		appendStringInfo(sql, " %s NULLS %s",
						 column->descending != reverse ? "DESC" : "ASC",
						 column->nulls_first != reverse ? "FIRST" : "LAST");
	}
}

bool
hp_order_is_indexed(const HpOrderColumn *column, Relation index, int position, bool backward)
{
	int16		option = index->rd_indoption[position];
	bool		descending = (option & INDOPTION_DESC) != 0;
	bool		nulls_first = (option & INDOPTION_NULLS_FIRST) != 0;

	return index->rd_index->indkey.values[position] == column->attnum &&
		index->rd_indcollation[position] == column->collation &&
		index->rd_opfamily[position] == column->opfamily &&
		(column->descending != backward) == descending &&
		(!column->nullable || (column->nulls_first != backward) == nulls_first);
}

void
hp_order_append_operand(StringInfo sql, const HpOrderColumn *column, const char *alias)
{
	appendStringInfoString(sql, hp_build_operand(alias, NameStr(column->name), column->type,
												 column->is_domain));
}
