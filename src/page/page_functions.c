/*-------------------------------------------------------------------------
 *
 * page_functions.c
 *		The SQL functions for pages: arguments and results.
 *
 * What each function means to a user is said in page.sql and the README.
 * Errors of all of them: 42501 (insufficient_privilege), 42809 (wrong_object_type)
 * for what has no rows, 22023 (invalid_parameter_value) for a negative size and
 * the like, HP001 to HP004 for cursors, HP005 for an order that is not unique, and
 * those of order.h and filter.h.
 *
 * Locking: an AccessShareLock on the relation, kept as relation_lock.c says, and on
 * the index that is read, to the end of the transaction.
 *
 * Memory: each call works in a context of its own, which goes with it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "base/compat.h"
#include "catalog/argument.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "page/count.h"
#include "page/explain.h"
#include "page/pages.h"
#include "page/query_source.h"
#include "page/request.h"
#include "query/query.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

PG_FUNCTION_INFO_V1(hotpath_page);
PG_FUNCTION_INFO_V1(hotpath_page_json);
PG_FUNCTION_INFO_V1(hotpath_connection);
PG_FUNCTION_INFO_V1(hotpath_page_query);
PG_FUNCTION_INFO_V1(hotpath_pages);
PG_FUNCTION_INFO_V1(hotpath_cursor_at);
PG_FUNCTION_INFO_V1(hotpath_page_explain);

/* A page of a relation in the making. */
typedef struct Call
{
	MemoryContext context;
	MemoryContext outer;
	HpSource   *source;
	HpCursorCodec *codec;
	HpPageRequest request;
	HpPage		page;
} Call;

static void
begin_call(Call *call)
{
	call->context = AllocSetContextCreate(CurrentMemoryContext, "pg_hotpath page call",
										  ALLOCSET_DEFAULT_SIZES);
	call->outer = MemoryContextSwitchTo(call->context);
}

static void
end_call(Call *call)
{
	hp_source_close(call->source);
	MemoryContextSwitchTo(call->outer);
	MemoryContextDelete(call->context);
}

/*
 * Make the source of a relation, and the codec of its cursors.  Related rows that filter these
 * bind them, as the filter does.
 */
static void
open_relation(Call *call, HpRelation *rel, const char *order_by, Jsonb *filter,
			  const HpColumnList *columns, const HpEmbed *embed, Jsonb *spec)
{
	const char *scope = NULL;

	call->source = hp_source_of_relation(rel, order_by, filter, columns);
	if (embed != NULL && hp_embed_filters(embed))
	{
		call->source->embed = embed;
		scope = JsonbToCString(NULL, &spec->root, VARSIZE(spec));
	}
	hp_source_prepare(call->source);
	call->codec = hp_cursor_codec(call->source->order, hp_source_identity(call->source), filter,
								  scope, call->context);
}

/*
 * Store the rows in a column of the result with a header of four bytes: whoever selects their
 * fields one by one would otherwise unpack a short row for each field.
 */
static void
keep_aligned(TupleDesc desc, int attnum)
{
	TupleDescAttr(desc, attnum - 1)->attstorage = TYPSTORAGE_PLAIN;
	hp_attribute_changed(desc, attnum - 1);
}

/* Read the page that the arguments ask for. */
static void
read_page(Call *call, const HpPageArguments *arguments)
{
	hp_request_places(arguments, call->source, call->codec, &call->request);
	hp_page_read(&call->page, &call->request);
}

static text *
cursor_of_row(Call *call, int i)
{
	const HpPlace *place = &call->page.rows[i].place;

	return hp_cursor_encode(call->codec, place->values, place->isnull);
}

/* Return the page's rows: item, cursor, has_previous_page, has_next_page. */
static void
put_rows(ReturnSetInfo *rsinfo, Call *call, Datum (*item) (Call *call, int i))
{
	for (int i = 0; i < call->page.nrows; i++)
	{
		Datum		values[4];
		bool		nulls[4] = {false};

		CHECK_FOR_INTERRUPTS();
		values[0] = item(call, i);
		values[1] = PointerGetDatum(cursor_of_row(call, i));
		values[2] = BoolGetDatum(call->page.has_previous);
		values[3] = BoolGetDatum(call->page.has_next);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

static Datum
row_item(Call *call, int i)
{
	return call->page.rows[i].row;
}

static Datum
json_item(Call *call, int i)
{
	const HpPageRow *row = &call->page.rows[i];

	return PointerGetDatum(cstring_to_text_with_len(call->page.json.data + row->json,
													row->json_length));
}

/* page(row_type, order_by, first, after, last, before, filter) */
Datum
hotpath_page(PG_FUNCTION_ARGS)
{
	HpRelation *rel = hp_argument_relation(fcinfo);
	HpPageArguments arguments;
	Call		call;

	InitMaterializedSRF(fcinfo, 0);
	keep_aligned(((ReturnSetInfo *) fcinfo->resultinfo)->setDesc, 1);
	begin_call(&call);
	hp_request_arguments(fcinfo, 1, &arguments);
	open_relation(&call, rel, arguments.order_by, hp_request_filter(fcinfo, 6), NULL, NULL, NULL);
	hp_page_init(&call.page, call.source, HP_KEEP_ROW, 0);
	read_page(&call, &arguments);
	put_rows((ReturnSetInfo *) fcinfo->resultinfo, &call, row_item);
	end_call(&call);
	PG_RETURN_NULL();
}

/* page_query(query, order_by, first, after, last, before, params, unique_key) */
Datum
hotpath_page_query(PG_FUNCTION_ARGS)
{
	HpPageArguments arguments;
	Call		call;
	Jsonb	   *params;
	const char *query;

	hp_argument_require(fcinfo, 0, "query", "Pass the text of a SELECT.");
	InitMaterializedSRF(fcinfo, 0);
	begin_call(&call);
	hp_request_arguments(fcinfo, 1, &arguments);
	query = hp_argument_text(fcinfo, 0);
	params = PG_ARGISNULL(6) ? NULL : PG_GETARG_JSONB_P(6);
	call.source = hp_source_of_query(query, params, arguments.order_by,
									 PG_ARGISNULL(7) ? NULL : PG_GETARG_ARRAYTYPE_P(7));
	hp_source_prepare(call.source);
	call.codec = hp_cursor_codec(call.source->order, query, params, "query", call.context);
	hp_page_init(&call.page, call.source, HP_KEEP_JSON, call.source->desc->natts);
	read_page(&call, &arguments);
	put_rows((ReturnSetInfo *) fcinfo->resultinfo, &call, json_item);
	end_call(&call);
	PG_RETURN_NULL();
}

/* Append the cursor of a row as a JSON string; it has no character that needs escaping. */
static void
append_cursor(HpWriter *writer, Call *call, int i)
{
	text	   *cursor = cursor_of_row(call, i);

	hp_writer_byte(writer, '"');
	hp_writer_bytes(writer, VARDATA_ANY(cursor), VARSIZE_ANY_EXHDR(cursor));
	hp_writer_byte(writer, '"');
	pfree(cursor);
}

/* The names that two shapes of the same JSON have for its parts. */
typedef struct PageShape
{
	bool		edges;			/* each row has a cursor of its own */
	const char *start;
	const char *info;
	const char *end_cursor;
	const char *has_previous;
	const char *has_next;
	const char *count;
} PageShape;

static const PageShape page_json_shape = {
	false, "{\"items\":[", "],\"page_info\":{\"start_cursor\":", ",\"end_cursor\":",
	",\"has_previous_page\":", ",\"has_next_page\":", "},\"total_count\":"
};

static const PageShape connection_shape = {
	true, "{\"edges\":[", "],\"pageInfo\":{\"startCursor\":", ",\"endCursor\":",
	",\"hasPreviousPage\":", ",\"hasNextPage\":", "},\"totalCount\":"
};

static void
append_items(HpWriter *writer, Call *call, const PageShape *shape)
{
	for (int i = 0; i < call->page.nrows; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i > 0)
			hp_writer_byte(writer, ',');
		if (shape->edges)
			hp_writer_text(writer, "{\"node\":");
		hp_page_append_item(&call->page, i, writer);
		if (shape->edges)
		{
			hp_writer_text(writer, ",\"cursor\":");
			append_cursor(writer, call, i);
			hp_writer_byte(writer, '}');
		}
	}
}

static void
append_info(HpWriter *writer, Call *call, const PageShape *shape)
{
	const HpPage *page = &call->page;

	hp_writer_text(writer, shape->info);
	if (page->nrows > 0)
		append_cursor(writer, call, 0);
	else
		hp_writer_text(writer, "null");
	hp_writer_text(writer, shape->end_cursor);
	if (page->nrows > 0)
		append_cursor(writer, call, page->nrows - 1);
	else
		hp_writer_text(writer, "null");
	hp_writer_text(writer, shape->has_previous);
	hp_writer_text(writer, page->has_previous ? "true" : "false");
	hp_writer_text(writer, shape->has_next);
	hp_writer_text(writer, page->has_next ? "true" : "false");
}

static void
append_count(HpWriter *writer, Call *call, const PageShape *shape, HpCount count)
{
	hp_writer_text(writer, shape->count);
	if (count.kind == HP_COUNT_NONE)
		hp_writer_text(writer, "null");
	else
		hp_writer_text(writer, psprintf(INT64_FORMAT, hp_count_rows(call->source, count)));
	hp_writer_byte(writer, '}');
}

/* What the arguments columns and embed show of a row; NULL: all of it. */
static HpColumnList *
shown_columns(FunctionCallInfo fcinfo, HpRelation *rel, HpEmbed **embed)
{
	HpColumnList *columns = PG_ARGISNULL(7) ? NULL :
		hp_argument_columns(rel, PG_GETARG_ARRAYTYPE_P(7));
	HpColumnList *result;

	*embed = NULL;
	if (PG_ARGISNULL(8))
		return columns;
	*embed = hp_embed_parse(rel->relid, PG_GETARG_JSONB_P(8), HP_EMBED_MAP, columns);
	result = palloc(sizeof(HpColumnList));
	result->attnums = unconstify(AttrNumber *, hp_embed_columns(*embed, &result->n));
	return result;
}

/* page_json and connection(rel, order_by, first, after, last, before, filter, columns, embed, count) */
static Datum
page_as_json(FunctionCallInfo fcinfo, const PageShape *shape)
{
	HpRelation *rel;
	HpColumnList *columns;
	HpEmbed    *embed;
	HpPageArguments arguments;
	HpWriter	writer;
	HpCount		count;
	Call		call;
	Datum		result;

	hp_argument_require(fcinfo, 0, "rel", "Pass the name of a table, such as 'users'.");
	rel = hp_relation_by_regclass(PG_GETARG_OID(0));
	begin_call(&call);
	hp_request_arguments(fcinfo, 1, &arguments);
	count = hp_count_parse(hp_argument_text(fcinfo, 9));
	columns = shown_columns(fcinfo, rel, &embed);
	open_relation(&call, rel, arguments.order_by, hp_request_filter(fcinfo, 6), columns, embed,
				  embed != NULL ? PG_GETARG_JSONB_P(8) : NULL);
	if (embed != NULL)
		hp_page_init_embed(&call.page, call.source, embed);
	else
		hp_page_init(&call.page, call.source, HP_KEEP_JSON, columns != NULL ? columns->n : 0);
	read_page(&call, &arguments);

	hp_writer_init(&writer, call.context, call.page.json.len + 512);
	hp_writer_text(&writer, shape->start);
	append_items(&writer, &call, shape);
	append_info(&writer, &call, shape);
	append_count(&writer, &call, shape, count);
	MemoryContextSwitchTo(call.outer);
	result = hp_writer_to_datum(&writer);
	end_call(&call);
	PG_RETURN_DATUM(result);
}

Datum
hotpath_page_json(PG_FUNCTION_ARGS)
{
	return page_as_json(fcinfo, &page_json_shape);
}

Datum
hotpath_connection(PG_FUNCTION_ARGS)
{
	return page_as_json(fcinfo, &connection_shape);
}

/* pages(row_type, parent_column, parent_keys, order_by, first, after, filter) */
Datum
hotpath_pages(PG_FUNCTION_ARGS)
{
	HpRelation *rel = hp_argument_relation(fcinfo);
	HpPagesRequest request = {.first = HP_NO_SIZE};
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Call		call;

	hp_argument_require(fcinfo, 1, "parent_column", "Pass the name of a column, such as 'user_id'.");
	InitMaterializedSRF(fcinfo, 0);
	keep_aligned(rsinfo->setDesc, 2);
	if (PG_ARGISNULL(2))
	{
		hp_relation_check_select(rel);
		PG_RETURN_NULL();
	}
	begin_call(&call);
	if (!PG_ARGISNULL(4))
	{
		request.first = PG_GETARG_INT32(4);
		hp_page_check_size("first", request.first);
	}
	request.parent_column = hp_argument_text(fcinfo, 1);
	request.parent_keys = PG_GETARG_ARRAYTYPE_P(2);
	request.order_by = hp_argument_text(fcinfo, 3);
	request.after = PG_ARGISNULL(5) ? NULL : PG_GETARG_ARRAYTYPE_P(5);
	request.filter = hp_request_filter(fcinfo, 6);
	call.source = hp_pages_read(rel, &request, rsinfo->setResult, rsinfo->setDesc);
	end_call(&call);
	PG_RETURN_NULL();
}

/* The cursor of a row, given as a composite value of the source's relation. */
static Datum
cursor_of_value(Call *call, Datum row)
{
	HeapTupleHeader header = hp_row_header(row);
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header),.t_data = header};
	TupleTableSlot *slot = MakeSingleTupleTableSlot(call->source->desc, &TTSOpsHeapTuple);
	HpPlace		place;
	Datum		result;

	place.values = palloc(call->source->order->ncolumns * sizeof(Datum));
	place.isnull = palloc(call->source->order->ncolumns * sizeof(bool));
	ExecForceStoreHeapTuple(&tuple, slot, false);
	hp_source_place(call->source, slot, &place);
	MemoryContextSwitchTo(call->outer);
	result = PointerGetDatum(hp_cursor_encode(call->codec, place.values, place.isnull));
	ExecDropSingleTupleTableSlot(slot);
	return result;
}

/* cursor_at(rel, order_by, key ...): null when there is no such row. */
Datum
hotpath_cursor_at(PG_FUNCTION_ARGS)
{
	HpRelation *rel;
	HpKey		key;
	Call		call;
	Datum		row = (Datum) 0;
	Datum		result = (Datum) 0;
	bool		found = false;

	hp_argument_require(fcinfo, 0, "rel", "Pass the name of a table, such as 'users'.");
	rel = hp_relation_by_regclass(PG_GETARG_OID(0));
	hp_relation_check_select(rel);
	begin_call(&call);
	open_relation(&call, rel, hp_argument_text(fcinfo, 1), NULL, NULL, NULL, NULL);
	if (hp_argument_key(fcinfo, 2, hp_relation_primary_key(rel), &key) == HP_KEY_GIVEN)
		row = hp_query_row(rel, rel->primary, &key, &found);
	if (found)
		result = cursor_of_value(&call, row);
	end_call(&call);
	if (!found)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(result);
}

static void
explain(Oid relid, void *arg)
{
	FunctionCallInfo fcinfo = arg;
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	HpExplanation explanation;
	Call		call;
	Datum		values[4];
	bool		nulls[4] = {false};

	begin_call(&call);
	open_relation(&call, hp_relation_by_regclass(relid), hp_argument_text(fcinfo, 1),
				  hp_request_filter(fcinfo, 2), NULL, NULL, NULL);
	hp_explain_source(call.source, &explanation);
	values[0] = CStringGetTextDatum(explanation.strategy);
	nulls[1] = !OidIsValid(explanation.index);
	values[1] = ObjectIdGetDatum(explanation.index);
	nulls[2] = explanation.ddl == NULL;
	values[2] = nulls[2] ? (Datum) 0 : CStringGetTextDatum(explanation.ddl);
	nulls[3] = explanation.note == NULL;
	values[3] = nulls[3] ? (Datum) 0 : CStringGetTextDatum(explanation.note);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	end_call(&call);
}

/* page_explain(rel, order_by, filter) */
Datum
hotpath_page_explain(PG_FUNCTION_ARGS)
{
	hp_argument_require(fcinfo, 0, "rel", "Pass the name of a table, such as 'users'.");
	InitMaterializedSRF(fcinfo, 0);
	hp_relation_as_guest(PG_GETARG_OID(0), explain, fcinfo);
	PG_RETURN_NULL();
}
