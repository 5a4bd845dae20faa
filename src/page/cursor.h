/*-------------------------------------------------------------------------
 *
 * cursor.h
 *		Cursors: the place of a row in an order, as opaque URL-safe text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_PAGE_CURSOR_H
#define HP_PAGE_CURSOR_H

#include "query/order.h"
#include "utils/jsonb.h"

/* Makes and reads the cursors of one order over one relation with one filter. */
typedef struct HpCursorCodec HpCursorCodec;

/*
 * Everything that a cursor is bound to: relation is its qualified name or the text of a query,
 * scope anything else that changes what the pages are made of (NULL: nothing).  The codec and all
 * that hangs on it is allocated in context.
 */
extern HpCursorCodec *hp_cursor_codec(const HpOrder *order, const char *relation, Jsonb *filter,
									  const char *scope, MemoryContext context);

/* The cursor of the row with these values of the order's columns, in the current context. */
extern text *hp_cursor_encode(HpCursorCodec *codec, const Datum *values, const bool *isnull);

/*
 * The values that a cursor holds, in the current context; argument names the SQL argument in
 * messages ("after").  Errors: HP001 (malformed), HP002 (made for another table, order or filter),
 * HP003 (expired), HP004 (signature).
 */
extern void hp_cursor_decode(HpCursorCodec *codec, const text *cursor, const char *argument,
							 Datum *values, bool *isnull);

#endif							/* HP_PAGE_CURSOR_H */
