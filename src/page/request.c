/*-------------------------------------------------------------------------
 *
 * request.c
 *		The arguments that all page functions have in common.
 *
 * Memory: everything in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "page/request.h"

#include "catalog/argument.h"

/* The filter; NULL when it is null or lets everything pass. */
Jsonb *
hp_request_filter(FunctionCallInfo fcinfo, int argno)
{
	Jsonb	   *filter;

	if (PG_ARGISNULL(argno))
		return NULL;
	filter = PG_GETARG_JSONB_P(argno);
	return JB_ROOT_IS_OBJECT(filter) && JB_ROOT_COUNT(filter) == 0 ? NULL : filter;
}

static int
size_argument(FunctionCallInfo fcinfo, int argno, const char *name)
{
	if (PG_ARGISNULL(argno))
		return HP_NO_SIZE;
	hp_page_check_size(name, PG_GETARG_INT32(argno));
	return PG_GETARG_INT32(argno);
}

/* Read the arguments order_by, first, after, last and before, of which order_by has this number. */
void
hp_request_arguments(FunctionCallInfo fcinfo, int order_by, HpPageArguments *arguments)
{
	arguments->order_by = hp_argument_text(fcinfo, order_by);
	arguments->first = size_argument(fcinfo, order_by + 1, "first");
	arguments->after = PG_ARGISNULL(order_by + 2) ? NULL : PG_GETARG_TEXT_PP(order_by + 2);
	arguments->last = size_argument(fcinfo, order_by + 3, "last");
	arguments->before = PG_ARGISNULL(order_by + 4) ? NULL : PG_GETARG_TEXT_PP(order_by + 4);
}

/* The place of a cursor; NULL when none is given.  argument names it in messages. */
static HpPlace *
place_of_cursor(const text *cursor, const char *argument, HpSource *source,
				HpCursorCodec *codec)
{
	HpPlace    *place;

	if (cursor == NULL)
		return NULL;
	place = palloc(sizeof(HpPlace));
	place->values = palloc0(source->order->ncolumns * sizeof(Datum));
	place->isnull = palloc0(source->order->ncolumns * sizeof(bool));
	hp_cursor_decode(codec, cursor, argument, place->values, place->isnull);
	return place;
}

/* What page the arguments ask for. */
void
hp_request_places(const HpPageArguments *arguments, HpSource *source, HpCursorCodec *codec,
				  HpPageRequest *request)
{
	request->first = arguments->first;
	request->last = arguments->last;
	request->after = place_of_cursor(arguments->after, "after", source, codec);
	request->before = place_of_cursor(arguments->before, "before", source, codec);
}
