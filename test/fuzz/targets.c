/*-------------------------------------------------------------------------
 *
 * targets.c
 *		What is fuzzed, and how parameters are made of an input's bytes.
 *
 * The tables are those of schema.sql.  SQLSTATEs that a target may end with are
 * those that the header of the function in question, or the README, names.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fuzz.h"

#include "mb/pg_wchar.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#define IS_NULL '\001'			/* as a text's first byte */

/* Cursors for every type, and for orders of several columns. */
#define PAGE(rel, order) "SELECT hotpath.page_json('" rel "', '" order "', 2, after => $1)"
#define PLACE(rel, order, key) "SELECT hotpath.cursor_at('" rel "', '" order "', " key ")"
#define PLACED(rel, order, key) {"c", PAGE(rel, order), PLACE(rel, order, key)}
#define TYPED(column) PLACED("kinds", column ", id", "1")

static const FuzzStatement cursor_statements[] = {
	PLACED("kinds", "id", "1"),
	TYPED("i2"), TYPED("i8"), TYPED("o"), TYPED("b"), TYPED("ch"), TYPED("f4"), TYPED("f8"),
	TYPED("n"), TYPED("m"), TYPED("d"), TYPED("t"), TYPED("ttz"), TYPED("ts"), TYPED("tstz"),
	TYPED("iv"), TYPED("u"), TYPED("tx"), TYPED("vc"), TYPED("bp"), TYPED("nm"), TYPED("ba"),
	TYPED("ip"), TYPED("net"), TYPED("mac"), TYPED("mac8"), TYPED("bits"), TYPED("vb"),
	TYPED("lsn"), TYPED("x8"), TYPED("rc"), TYPED("e"), TYPED("ia"), TYPED("tza"), TYPED("ta"),
	TYPED("fa"), TYPED("p"), TYPED("r"), TYPED("rt"), TYPED("mr"), TYPED("jb"), TYPED("dom"),
	PLACED("kinds", "tx desc nulls last, n, ts desc, u nulls first, id", "2"),
	PLACED("kinds", "p desc, jb, ia, r desc, id desc", "3"),
	PLACED("items", "n desc, order_id", "1, 1"),
	PLACED("events", "at desc, id", "1, date '2024-01-01'"),
	{"c", "SELECT hotpath.page(NULL::orders, 'total desc', last => 2, before => $1)",
	"SELECT hotpath.cursor_at('orders', 'total desc', 3)"},
	{"c", "SELECT hotpath.pages(NULL::orders, 'user_id', array[1, 2], 'total', 2, array[$1, null])",
	"SELECT cursor FROM hotpath.pages(NULL::orders, 'user_id', array[1, 2], 'total', 1) LIMIT 1"},
	{"c", "SELECT hotpath.page_query('SELECT id, note FROM orders', 'note', 2, after => $1, "
		"unique_key => '{id}')",
	"SELECT cursor FROM hotpath.page_query('SELECT id, note FROM orders', 'note', 1, "
		"unique_key => '{id}')"},
	{NULL}
};

static const FuzzStatement filter_statements[] = {
	{"j", "SELECT hotpath.page_json('kinds', 'id', 3, filter => $1::jsonb)"},
	{"j", "SELECT hotpath.page_json('orders', 'total desc', 3, filter => $1::jsonb, count => 'exact')"},
	{"j", "SELECT hotpath.page(NULL::kinds, filter => $1::jsonb)"},
	{"j", "SELECT hotpath.page_explain('kinds', 'tx', $1::jsonb)"},
	{"j", "SELECT hotpath.pages(NULL::orders, 'user_id', array[1, 2], first => 2, filter => $1::jsonb)"},
	{"j", "SELECT hotpath.load_children(NULL::orders, array[1, 2], 'user_id', filter => $1::jsonb, per_parent => 2)"},
	{"j", "SELECT hotpath.load_through(NULL::tags, 'user_tags', array[1, 2], filter => $1::jsonb)"},
	{"j", "SELECT hotpath.embed_where('events', jsonb_build_object('filter', $1::jsonb))"},
	{"J", "SELECT hotpath.page_json('kinds', 'id', 3, filter => $1::jsonb)"},
	{NULL}
};

static const FuzzStatement order_statements[] = {
	{"t", "SELECT hotpath.page_json('kinds', $1, 3)"},
	{"t", "SELECT hotpath.page(NULL::orders, $1, last => 3)"},
	{"t", "SELECT hotpath.cursor_at('kinds', $1, 2)"},
	{"t", "SELECT hotpath.page_explain('kinds', $1)"},
	{"t", "SELECT hotpath.page_query('SELECT * FROM kinds', $1, 3, unique_key => '{id}')"},
	{"t", "SELECT hotpath.pages(NULL::orders, 'user_id', array[1, 2], $1, 2)"},
	{"t", "SELECT hotpath.load_children(NULL::orders, array[1, 2], 'user_id', order_by => $1, per_parent => 2)"},
	{"t", "SELECT hotpath.embed_where('orders', jsonb_build_object('order_by', $1))"},
	{"t", "SELECT hotpath.page_json('\"Odd \"\"table\"\"\"', $1, 3)"},
	{"t", "SELECT hotpath.page_json('keyless', $1, 3)"},
	{NULL}
};

static const FuzzStatement embed_statements[] = {
	{"j", "SELECT hotpath.embed_where('users', $1::jsonb)"},
	{"j", "SELECT hotpath.embed_where('orders', $1::jsonb)"},
	{"j", "SELECT hotpath.embed_where('employees', $1::jsonb)"},
	{"j", "SELECT hotpath.embed('users', array[1, 2, 99], $1::jsonb)"},
	{"j", "SELECT hotpath.embed('items', array['(1,1)', '(2,1)'], $1::jsonb)"},
	{"j", "SELECT hotpath.page_json('users', 'id', 3, embed => $1::jsonb)"},
	{"j", "SELECT hotpath.connection('orders', 'total', last => 3, embed => $1::jsonb)"},
	{"j", "SELECT hotpath.embed_where('users', jsonb_build_object('with', $1::jsonb))"},
	{"j", "SELECT hotpath.embed('orders', array[1, 2], jsonb_build_object('with', $1::jsonb))"},
	{"ja", "SELECT hotpath.page_json('orders', columns => $2, embed => $1::jsonb)"},
	{"J", "SELECT hotpath.embed_where('users', $1::jsonb)"},
	{NULL}
};

#define KINDS_QUERY "SELECT id, i8, tx, jb, j FROM kinds WHERE "

static const FuzzStatement export_statements[] = {
	{"j", "SELECT hotpath.export_json('SELECT 1 AS one', $1::jsonb)"},
	{"j", "SELECT hotpath.export_json('SELECT $1::int AS i, $2::text AS t', $1::jsonb)"},
	{"j", "SELECT hotpath.export_json('SELECT $1::jsonb AS j, $2::json AS k', $1::jsonb)"},
	{"j", "SELECT hotpath.export_json('SELECT $1::int[] AS a, $2::pair AS p', $1::jsonb)"},
	{"j", "SELECT hotpath.export_json('SELECT $1::int4range AS r, $2::mood AS e', $1::jsonb)"},
	{"j", "SELECT hotpath.export_json('SELECT $1::positive AS d, $2::timestamptz AS at', $1::jsonb)"},
	{"j", "SELECT hotpath.export_json('SELECT $1::pair[] AS a, $2::numeric AS n', $1::jsonb)"},
	{"j", "SELECT hotpath.export_json('SELECT $1::record AS r, $2::bytea AS b', $1::jsonb)"},
	{"j", "SELECT hotpath.export_json('SELECT $1::uuid AS u, $2::\"char\" AS c', $1::jsonb)"},
	{"ijt", "SELECT hotpath.export_json('" KINDS_QUERY "id < $1 OR tx = $2', $2::jsonb, $3, $1::int)"},
	{"itijt", "SELECT hotpath.export_json_compressed('" KINDS_QUERY "id < $1', $2, $3::int, "
	"$4::jsonb, $5, $1::int)"},
	{"itt", "SELECT hotpath.export_json_compressed('SELECT * FROM kinds', $2, $1::int, NULL, $3)"},
	{"J", "SELECT hotpath.export_json('" KINDS_QUERY "id < $1 OR tx = $2', $1::jsonb)"},
	{NULL}
};

static const FuzzStatement key_statements[] = {
	{"t", "SELECT hotpath.get(NULL::users, $1)"},
	{"t", "SELECT hotpath.get(NULL::by_text, $1)"},
	{"t", "SELECT hotpath.get(NULL::by_uuid, $1)"},
	{"t", "SELECT hotpath.get(NULL::by_time, $1)"},
	{"t", "SELECT hotpath.get(NULL::by_numeric, $1)"},
	{"t", "SELECT hotpath.get(NULL::by_array, $1)"},
	{"t", "SELECT hotpath.get(NULL::by_pair, $1)"},
	{"t", "SELECT hotpath.get(NULL::by_range, $1)"},
	{"t", "SELECT hotpath.get(NULL::by_domain, $1)"},
	{"t", "SELECT hotpath.get(NULL::by_name, $1)"},
	{"tt", "SELECT hotpath.get(NULL::items, $1, $2)"},
	{"a", "SELECT hotpath.get(NULL::items, $1)"},
	{"tt", "SELECT hotpath.get_json('mixed', $1, $2)"},
	{"a", "SELECT hotpath.get_json('mixed', $1)"},
	{"t", "SELECT hotpath.get_json('by_domain', $1)"},
	{"t", "SELECT hotpath.get_by(NULL::users, 'users_name_key', $1)"},
	{"a", "SELECT hotpath.get_many(NULL::users, $1)"},
	{"a", "SELECT hotpath.get_many(NULL::items, $1, true)"},
	{"a", "SELECT hotpath.get_many(NULL::mixed, $1, true)"},
	{"a", "SELECT hotpath.get_many(NULL::by_array, $1)"},
	{"t", "SELECT hotpath.peek(NULL::by_numeric, $1)"},
	{"t", "SELECT hotpath.evict('by_text', $1)"},
	{"a", "SELECT hotpath.evict('mixed', $1)"},
	{"a", "SELECT hotpath.embed('mixed', $1)"},
	{"a", "SELECT hotpath.embed('by_time', $1)"},
	{"a", "SELECT hotpath.load_children(NULL::orders, $1, 'user_id')"},
	{"a", "SELECT hotpath.pages(NULL::orders, 'user_id', $1)"},
	{"tt", "SELECT hotpath.cursor_at('mixed', $1, $2)"},
	{"ta", "SELECT hotpath.cursor_at('items', $1, $2)"},
	{"t", "SELECT hotpath.get(NULL::users, $1::int)"},
	{"t", "SELECT hotpath.get(NULL::users, $1::numeric)"},
	{"t", "SELECT hotpath.get(NULL::by_domain, $1::int8)"},
	{"t", "SELECT hotpath.get(NULL::by_numeric, $1::int2)"},
	{"t", "SELECT hotpath.get(NULL::by_time, $1::date)"},
	{"t", "SELECT hotpath.get(NULL::by_text, $1::name)"},
	{"tt", "SELECT hotpath.get_many(NULL::mixed, array[row($1::int8, $2), row(1, $2)], true)"},
	{"tt", "SELECT hotpath.embed('items', array[row($1::int, $2)])"},
	{NULL}
};

static const FuzzStatement page_statements[] = {
	{"iatt", "SELECT hotpath.page_json('orders', $4, $1::int, columns => $2, count => $3)"},
	{"iija", "SELECT hotpath.connection('kinds', 'tx', $1::int, last => $2::int, filter => $3::jsonb, "
	"columns => $4)"},
	{"aajt", "SELECT hotpath.page_query('SELECT id, tx, i8, jb FROM kinds WHERE id < $1', $4, 2, "
	"params => $3::jsonb, unique_key => $1)"},
	{"ati", "SELECT hotpath.page_query('SELECT o.*, u.name FROM orders o JOIN users u ON u.id = user_id', "
	"$2, $3::int, unique_key => $1)"},
	{"tatiaj", "SELECT hotpath.pages(NULL::orders, $1, $2, $3, $4::int, $5, $6::jsonb)"},
	{"attji", "SELECT hotpath.load_children(NULL::orders, $1, $2, $4::jsonb, $3, $5::int)"},
	{"attji", "SELECT hotpath.load_through(NULL::tags, 'user_tags', $1, $2, $4::jsonb, $3, $5::int)"},
	{NULL}
};

#define DATA_ERRORS "22 23514 "	/* of input functions, and of values of the wrong kind */
#define OBJECT_ERRORS "42P01 3F000 42601 42602 0A000 "	/* of the input function of regclass */
#define NAME_ERRORS "42703 42883 42601 42701 "
#define LIMIT_ERRORS "54000 54001 54011 "

static const FuzzTarget targets[] = {
	{"cursor", "HP001 HP002 HP003 HP004 ", cursor_statements},
	{"filter", DATA_ERRORS OBJECT_ERRORS "42703 42883 54000 54001 ", filter_statements},
	{"order_by", "42601 42703 42883 54011 HP005 ", order_statements},
	{"embed", DATA_ERRORS "HP006 HP007 " NAME_ERRORS LIMIT_ERRORS, embed_statements},
	{"export", DATA_ERRORS "0A000 42809 54000 ", export_statements},
	{"key", DATA_ERRORS "42804 " NAME_ERRORS LIMIT_ERRORS, key_statements},
	{"page", DATA_ERRORS OBJECT_ERRORS "HP001 HP002 HP003 HP004 HP005 HP006 HP007 42P18 " NAME_ERRORS LIMIT_ERRORS,
	page_statements},
};

const FuzzTarget *
fuzz_find_target(const char *name)
{
	for (int i = 0; i < lengthof(targets); i++)
		if (strcmp(targets[i].name, name) == 0)
			return &targets[i];
	elog(ERROR, "there is no target \"%s\"", name);
}

int
fuzz_nstatements(const FuzzTarget *target)
{
	int			n = 0;

	while (target->statements[n].sql != NULL)
		n++;
	return n;
}

/* ---------- parameters ---------- */

/* The next byte; 0 behind the end. */
int
fuzz_take_byte(FuzzInput *input)
{
	return input->next < input->end ? *input->next++ : 0;
}

/*
 * The bytes up to the next NUL, which is taken too, or the end.  No client can send
 * text that is invalid in the server's encoding, so its invalid bytes are replaced.
 */
char *
fuzz_take_text(FuzzInput *input)
{
	const unsigned char *nul = memchr(input->next, 0, input->end - input->next);
	int			len = (nul != NULL ? nul : input->end) - input->next;
	char	   *text = pnstrdup((const char *) input->next, len);

	input->next += nul != NULL ? len + 1 : len;
	for (int valid = 0; valid < len;)
	{
		valid += pg_encoding_verifymbstr(GetDatabaseEncoding(), text + valid, len - valid);
		if (valid < len)
			text[valid] = '?';
	}
	return text;
}

/* An integer, by one byte: mostly small. */
static char *
take_integer(FuzzInput *input)
{
	static const int large[] = {1000, 65536, PG_INT32_MAX, PG_INT32_MIN};
	int			byte = fuzz_take_byte(input);

	if (byte < 256 - lengthof(large))
		return psprintf("%d", byte - 50);
	return psprintf("%d", large[255 - byte]);
}

static Datum
take_array(FuzzInput *input)
{
	int			n = fuzz_take_byte(input) % 8;
	Datum		values[8];
	bool		nulls[8];
	int			lower = 1;

	for (int i = 0; i < n; i++)
	{
		char	   *text = fuzz_take_text(input);

		nulls[i] = text[0] == IS_NULL;
		values[i] = CStringGetTextDatum(text);
	}
	if (n == 0)
		return PointerGetDatum(construct_empty_array(TEXTOID));
	return PointerGetDatum(construct_md_array(values, nulls, 1, &n, &lower, TEXTOID, -1, false,
											  TYPALIGN_INT));
}

/*
 * Make a parameter; false if it is null.
 *
 *		t	text			j	JSON, made of any text		c	a cursor
 *		i	an integer		J	text that should be JSON	a	an array of text
 */
bool
fuzz_argument(char kind, const FuzzStatement *statement, FuzzInput *input, Datum *value)
{
	char	   *text;

	if (kind == 'a')
	{
		*value = take_array(input);
		return true;
	}
	if (kind == 'i')
		text = take_integer(input);
	else if (kind == 'c')
		text = fuzz_take_cursor(statement, input);
	else
		text = fuzz_take_text(input);
	if (kind == 'j')
		text = fuzz_repair_json(text);
	*value = CStringGetTextDatum(text);
	return text[0] != IS_NULL;
}
