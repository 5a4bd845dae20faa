/*-------------------------------------------------------------------------
 *
 * row_source.c
 *		Where a source of rows is registered, at _PG_init.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "query/row_source.h"

const HpRowSource *hp_row_source = NULL;
