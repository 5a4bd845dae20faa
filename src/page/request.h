/*-------------------------------------------------------------------------
 *
 * request.h
 *		The arguments that all page functions have in common.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_REQUEST_H
#define HP_REQUEST_H

#include "fmgr.h"
#include "page/cursor.h"
#include "page/page.h"

/*
 * What a page function was given: order_by, first, after, last and before, in this order of
 * arguments, cursors unread.
 */
typedef struct HpPageArguments
{
	const char *order_by;
	text	   *after;			/* NULL: not given */
	text	   *before;
	int			first;
	int			last;
} HpPageArguments;

extern void hp_request_arguments(FunctionCallInfo fcinfo, int order_by,
								 HpPageArguments *arguments);
extern Jsonb *hp_request_filter(FunctionCallInfo fcinfo, int argno);
extern void hp_request_places(const HpPageArguments *arguments, HpSource *source,
							  HpCursorCodec *codec, HpPageRequest *request);

#endif							/* HP_REQUEST_H */
