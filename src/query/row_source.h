/*-------------------------------------------------------------------------
 *
 * row_source.h
 *		Rows by key from elsewhere than the table.
 *
 * A room that has rows of tables (the row cache) registers itself here, so that
 * rooms on its own floor can be served by it without knowing it.  What a source
 * returns is what a SELECT under the active snapshot would.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_ROW_SOURCE_H
#define HP_ROW_SOURCE_H

#include "catalog/relation.h"

/* Visits rows in the order of keys, found false for a missing one; must copy what it keeps. */
typedef void (*HpKeyedRowVisitor) (Datum row, bool found, void *arg);

typedef struct HpRowSource
{
	/* The key on exactly these columns, in any order, by which it has rows; or NULL. */
	const HpKeyDef *(*key) (HpRelation *rel, const AttrNumber *columns, int n);

	/*
	 * Visit the row of each of some keys, composite datums of the relation's row type.  False,
	 * before anything was visited, where the caller must read the table: the source must not be
	 * used now, or the current user may not read all columns.  May run SQL: relations must be
	 * looked up again.  Allocates in the current context.
	 */
	bool		(*read) (HpRelation *rel, const HpKeyDef *def, HpKey *keys, int nkeys,
						 HpKeyedRowVisitor visit, void *arg);
} HpRowSource;

/* The one that is registered, or NULL. */
extern const HpRowSource *hp_row_source;

#endif							/* HP_ROW_SOURCE_H */
