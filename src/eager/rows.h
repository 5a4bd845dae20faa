/*-------------------------------------------------------------------------
 *
 * rows.h
 *		The rendered rows of a level.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_EAGER_ROWS_H
#define HP_EAGER_ROWS_H

#include "json/encoder.h"
#include "storage/itemptr.h"

typedef struct HpRows HpRows;

/* An empty set of rows; everything is allocated in context. */
extern HpRows *hp_rows_create(MemoryContext context);

/* The writer that the next row is to be rendered to, behind what is there. */
extern HpWriter *hp_rows_begin(HpRows *rows);

/* The same at a multiple of MAXALIGN bytes, for a row that is no text. */
extern HpWriter *hp_rows_begin_aligned(HpRows *rows);

/* The row that was rendered since hp_rows_begin(); returns its number, from 0. */
extern int	hp_rows_end(HpRows *rows);

/* The text of a row; valid until the next row is begun. */
extern const char *hp_rows_text(const HpRows *rows, int row, uint32 *len);

/*
 * The number of the row at a place of a table, which is to be next where it is not known yet: then
 * *found is false.
 */
extern int	hp_rows_identify(HpRows *rows, Oid tableoid, ItemPointer place, bool *found);

/* A row belongs to a key. */
extern void hp_rows_link(HpRows *rows, int key, int row);

/* All links are there: sort them by key, those of a key in the order in which they came. */
extern void hp_rows_arrange(HpRows *rows, int nkeys);

/* The rows of a key, and their number. */
extern const int *hp_rows_of_key(const HpRows *rows, int key, int *n);

#endif							/* HP_EAGER_ROWS_H */
