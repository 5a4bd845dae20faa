/*-------------------------------------------------------------------------
 *
 * pages.c
 *		A page of rows for each of several parents.
 *
 * Rows belong to the parent whose key a column of theirs holds.  Each parent's page
 * is a page of the rows with that key: the source is made once, and only the key
 * changes from one page to the next.  With an index that begins with the parent's
 * column a page costs what one range scan costs, however many parents there are.
 *
 * A cursor names its parent: it is the place of a row in the order that has the
 * parent's column in front.
 *
 * Memory: a context that is reset after each parent.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "page/pages.h"

#include "base/errors.h"
#include "base/guc.h"
#include "catalog/key_array.h"
#include "catalog/object.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "page/cursor.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

typedef struct Reader
{
	HpSource   *source;
	HpOrder    *order;			/* the source's, with the parent's column in front */
	HpCursorCodec *codec;
	FmgrInfo	compare;		/* of parents' keys */
	int			size;
	Tuplestorestate *store;
	TupleDesc	desc;
} Reader;

static void
check_parent_column(const HpSource *source, const char *name)
{
	if (hp_relation_find_column(source->base, name) == InvalidAttrNumber)
		ereport(ERROR,
				errcode(ERRCODE_UNDEFINED_COLUMN),
				errmsg("column \"%s\" of relation \"%s\" does not exist", name, source->name),
				errdetail("It is named in parent_column."),
				errhint("Name the column that holds the parents' keys, without quotes."));
}

/* The order's columns behind that of the parent. */
static void
make_order(Reader *reader, const char *parent_column)
{
	HpSource   *source = reader->source;
	const HpOrder *rest = source->order;

	check_parent_column(source, parent_column);
	reader->order = hp_order_parse(quote_identifier(parent_column), source->base, source->name);
	hp_source_add_parent(source, &reader->order->columns[0]);
	hp_object_init_function(source->parent_column.compare, &reader->compare);

	reader->order->capacity = reader->order->ncolumns = rest->ncolumns + 1;
	reader->order->columns = palloc(reader->order->ncolumns * sizeof(HpOrderColumn));
	reader->order->columns[0] = source->parent_column;
	memcpy(&reader->order->columns[1], rest->columns, rest->ncolumns * sizeof(HpOrderColumn));
}

/* The place of a cursor, which must be of the current parent. */
static HpPlace *
decode_after(Reader *reader, const text *cursor)
{
	HpPlace    *place = palloc(sizeof(HpPlace));
	Datum	   *values = palloc0(reader->order->ncolumns * sizeof(Datum));
	bool	   *isnull = palloc0(reader->order->ncolumns * sizeof(bool));
	HpSource   *source = reader->source;

	hp_cursor_decode(reader->codec, cursor, "after", values, isnull);
	if (isnull[0] || DatumGetInt32(FunctionCall2Coll(&reader->compare,
													 source->parent_column.collation, values[0],
													 source->parent->value)) != 0)
		ereport(ERROR,
				errcode(HP_ERRCODE_FOREIGN_CURSOR),
				errmsg("cursor in after is not one of this parent's page"),
				errdetail("It was made for another value of column \"%s\".",
						  NameStr(source->parent_column.name)),
				errhint("Pass the cursors in the order of parent_keys."));
	place->values = values + 1;
	place->isnull = isnull + 1;
	return place;
}

/* The cursor of a row of the current parent. */
static text *
encode_row(Reader *reader, const HpPlace *place)
{
	int			n = reader->source->order->ncolumns;
	Datum	   *values = palloc((n + 1) * sizeof(Datum));
	bool	   *isnull = palloc((n + 1) * sizeof(bool));

	values[0] = reader->source->parent->value;
	isnull[0] = false;
	memcpy(values + 1, place->values, n * sizeof(Datum));
	memcpy(isnull + 1, place->isnull, n * sizeof(bool));
	return hp_cursor_encode(reader->codec, values, isnull);
}

/* Read the page of the current parent: parent_ord, item, cursor, has_next_page. */
static void
read_parent(Reader *reader, int ordinal, const text *after)
{
	HpPageRequest request = {.first = reader->size,.last = HP_NO_SIZE};
	HpPage		page;

	if (after != NULL)
		request.after = decode_after(reader, after);
	hp_page_init(&page, reader->source, HP_KEEP_ROW, 0);
	hp_page_read(&page, &request);
	for (int i = 0; i < page.nrows; i++)
	{
		Datum		values[4];
		bool		nulls[4] = {false};

		CHECK_FOR_INTERRUPTS();
		values[0] = Int32GetDatum(ordinal);
		values[1] = page.rows[i].row;
		values[2] = PointerGetDatum(encode_row(reader, &page.rows[i].place));
		values[3] = BoolGetDatum(page.has_next);
		tuplestore_putvalues(reader->store, reader->desc, values, nulls);
	}
}

/* The cursors for n parents, and which of them are null. */
static Datum *
take_cursors(ArrayType *after, int n, bool **nulls)
{
	Datum	   *cursors;
	int			ncursors;

	deconstruct_array(after, TEXTOID, -1, false, TYPALIGN_INT, &cursors, nulls, &ncursors);
	if (ncursors != n)
		ereport(ERROR,
				errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("after must have as many elements as parent_keys"),
				errdetail("after has %d elements, parent_keys has %d.", ncursors, n),
				errhint("Pass a cursor for each parent, null for the first page."));
	return cursors;
}

/*
 * Read the pages of all parents into a tuplestore of (parent_ord, item, cursor, has_next_page).
 * Returns the source, for the caller to close.
 */
HpSource *
hp_pages_read(HpRelation *rel, const HpPagesRequest *request, Tuplestorestate *store,
			  TupleDesc desc)
{
	Reader		reader = {.store = store,.desc = desc};
	HpKeyArray	keys;
	Datum	   *cursors = NULL;
	bool	   *no_cursor = NULL;
	bool		has_read = false;
	MemoryContext context;
	MemoryContext outer;

	reader.size = request->first == HP_NO_SIZE ? hp_guc_default_page_size : request->first;
	reader.source = hp_source_of_relation(rel, request->order_by, request->filter, NULL);
	make_order(&reader, request->parent_column);
	hp_source_prepare(reader.source);
	reader.codec = hp_cursor_codec(reader.order, hp_source_identity(reader.source), request->filter,
								   "pages", CurrentMemoryContext);
	hp_key_array_init(&keys, PointerGetDatum(request->parent_keys),
					  hp_key_of_columns(rel->relid, &reader.source->parent->attnum, 1,
										request->parent_column));
	if (request->after != NULL)
		cursors = take_cursors(request->after, keys.n, &no_cursor);

	context = AllocSetContextCreate(CurrentMemoryContext, "pg_hotpath parent",
									ALLOCSET_DEFAULT_SIZES);
	outer = MemoryContextSwitchTo(context);
	for (int i = 0; i < keys.n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (hp_key_array_values(&keys, i, &reader.source->parent->value) != HP_KEY_GIVEN)
			continue;
		read_parent(&reader, i + 1, cursors == NULL || no_cursor[i] ? NULL :
					DatumGetTextPP(cursors[i]));
		has_read = true;
		MemoryContextReset(context);
	}
	/* what no page has asked for */
	if (!has_read)
		hp_relation_check_select(hp_relation_by_oid(RelationGetRelid(reader.source->rel)));
	MemoryContextSwitchTo(outer);
	MemoryContextDelete(context);
	return reader.source;
}
