/*-------------------------------------------------------------------------
 *
 * page.h
 *		A page: some rows of a source, and whether there are more on either side.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_PAGE_H
#define HP_PAGE_H

#include "eager/eager.h"
#include "json/encoder.h"
#include "page/source.h"

/* No size was given. */
#define HP_NO_SIZE (-1)

/* Which page is wanted: the arguments of the Relay specification. */
typedef struct HpPageRequest
{
	int			first;			/* HP_NO_SIZE or a number of rows */
	int			last;
	const HpPlace *after;		/* NULL or a place */
	const HpPlace *before;
} HpPageRequest;

typedef struct HpPageRow
{
	HpPlace		place;
	Datum		row;			/* composite */
	int			number;			/* in the batch of related rows */
	Size		json;			/* where its text begins ... */
	Size		json_length;	/* ... and how long it is */
} HpPageRow;

/* What is kept of each row. */
typedef enum HpPageKeep
{
	HP_KEEP_ROW,				/* the row as a composite value */
	HP_KEEP_JSON,				/* its text */
	HP_KEEP_EMBED				/* its text, with its related rows */
} HpPageKeep;

typedef struct HpPage
{
	MemoryContext context;		/* of everything below */
	HpSource   *source;
	HpPageKeep	keep;
	HpEncoder  *encoder;		/* of rows that are not of a named type; else NULL */
	HpEncoderRef named_encoder;
	HpWriter	json;
	HpEmbedBatch *batch;		/* of related rows, or NULL */
	int			nrows;
	int			capacity;
	HpPageRow  *rows;			/* in the source's order */
	bool		has_previous;
	bool		has_next;
} HpPage;

extern void hp_page_check_size(const char *argument, int size);
extern void hp_page_init(HpPage *page, HpSource *source, HpPageKeep keep, int ncolumns);
extern void hp_page_init_embed(HpPage *page, HpSource *source, const HpEmbed *embed);
extern void hp_page_read(HpPage *page, const HpPageRequest *request);
extern void hp_page_append_item(const HpPage *page, int i, HpWriter *writer);

#endif							/* HP_PAGE_H */
