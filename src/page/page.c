/*-------------------------------------------------------------------------
 *
 * page.c
 *		Reads a page: the algorithm of the Relay Cursor Connections specification.
 *
 * A page is read from the place where it begins: forward from "after", or, when
 * only the last rows are wanted, backward from "before".  Reading goes on for one
 * row more than fits, which tells whether there are rows on the far side.  It
 * begins at the place, not behind it: finding the very row there tells that there
 * are rows on the near side.  Only when that row is gone does it take a probe in
 * the other direction.  So both flags are exact: they say whether any row of the
 * source precedes or follows the rows of the page, or the place of an empty one.
 *
 * With both sizes, "first" is applied first, and "last" to what that leaves.  With
 * neither, the page has pg_hotpath.default_page_size rows, the last ones if only
 * "before" is given.
 *
 * Where nothing guarantees that the order tells rows apart, each row is compared
 * with the one before it, so that two equal ones are an error and never a row
 * lost between two pages.
 *
 * Memory: a page and its rows, at most pg_hotpath.max_page_size of them, are in the
 * context that is current at hp_page_init().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "page/page.h"

#include "access/htup_details.h"
#include "base/compat.h"
#include "base/errors.h"
#include "base/guc.h"
#include "executor/executor.h"
#include "page/seek.h"
#include "utils/datum.h"
#include "utils/memutils.h"

typedef struct Reading
{
	HpPage	   *page;
	const HpPlace *start;		/* where reading begins, or NULL */
	const HpPlace *stop;		/* where it must end, or NULL */
	bool		reverse;
	int			size;
	bool		saw_start;		/* the row at start exists */
	bool		saw_stop;		/* a row at or behind stop exists */
	bool		at_stop;		/* it is at stop */
	bool		saw_more;		/* a row that did not fit exists */
	HpPlace		here;			/* of the current row */
	HpPlace	   *previous;		/* of the row before it, or NULL */
} Reading;

/* Raise an error for a page size below zero. */
void
hp_page_check_size(const char *argument, int size)
{
	hp_argument_check_count(argument, size, "Pass the number of rows that the page may have.");
}

/* Start an empty page, of which the first ncolumns of the source's rows are written as JSON. */
void
hp_page_init(HpPage *page, HpSource *source, HpPageKeep keep, int ncolumns)
{
	memset(page, 0, sizeof(*page));
	page->context = CurrentMemoryContext;
	page->source = source;
	page->keep = keep;
	page->capacity = 32;
	page->rows = palloc(page->capacity * sizeof(HpPageRow));
	if (keep != HP_KEEP_JSON)
		return;
	hp_writer_init(&page->json, page->context, 8192);
	if (!source->whole_row)
	{
		TupleDesc	desc = CreateTemplateTupleDesc(ncolumns);

		for (int i = 1; i <= ncolumns; i++)
			TupleDescCopyEntry(desc, i, source->desc, i);
		TupleDescFinalize(desc);
		page->encoder = hp_encoder_compile(desc, HP_ROW_OBJECT, page->context);
	}
}

/* Start an empty page of rows with their related rows, which are the source's first columns. */
void
hp_page_init_embed(HpPage *page, HpSource *source, const HpEmbed *embed)
{
	hp_page_init(page, source, HP_KEEP_EMBED, 0);
	page->batch = hp_embed_begin(embed, page->context);
	/* parsing the specification may have called functions; from now on the source is open */
	hp_embed_expect(page->batch, source->desc);
}

static void
write_json(HpPage *page, TupleTableSlot *slot, HpPageRow *row)
{
	HpEncoder  *encoder = page->encoder;

	if (encoder == NULL)
		encoder = hp_encoder_of_ref(&page->named_encoder, page->source->desc->tdtypeid,
									page->source->desc->tdtypmod, HP_ROW_OBJECT);
	row->json = page->json.len;
	hp_encoder_write_slot(encoder, slot, &page->json);
	row->json_length = page->json.len - row->json;
}

/* Copy a place into the page. */
static void
keep_place(HpPage *page, const HpPlace *from, HpPlace *to)
{
	const HpOrder *order = page->source->order;

	to->values = palloc(order->ncolumns * (sizeof(Datum) + sizeof(bool)));
	to->isnull = (bool *) (to->values + order->ncolumns);
	for (int i = 0; i < order->ncolumns; i++)
	{
		Form_pg_attribute att = TupleDescAttr(page->source->desc, page->source->places[i] - 1);

		to->isnull[i] = from->isnull[i];
		to->values[i] = from->isnull[i] ? (Datum) 0 :
			datumCopy(from->values[i], att->attbyval, att->attlen);
	}
}

/*
 * The row as a value of its own.  It may be stored, so what columns were added with, which the
 * table keeps and forgets when it is rewritten, becomes part of it.
 */
static Datum
row_of_slot(TupleTableSlot *slot)
{
	TupleDesc	desc = slot->tts_tupleDescriptor;

	if (desc->constr == NULL || desc->constr->missing == NULL)
		return ExecFetchSlotHeapTupleDatum(slot);
	slot_getallattrs(slot);
	return heap_copy_tuple_as_datum(heap_form_tuple(desc, slot->tts_values, slot->tts_isnull),
									desc);
}

/* Add the current row to the page. */
static void
keep_row(Reading *reading, TupleTableSlot *slot)
{
	HpPage	   *page = reading->page;
	HpPageRow	row = {0};

	/* output functions may leave garbage behind, which goes with the row's context */
	if (page->keep == HP_KEEP_JSON)
		write_json(page, slot, &row);
	else if (page->keep == HP_KEEP_EMBED)
		row.number = hp_embed_add(page->batch, slot);

	MemoryContextSwitchTo(page->context);
	if (page->keep == HP_KEEP_ROW)
		row.row = row_of_slot(slot);
	keep_place(page, &reading->here, &row.place);
	if (page->nrows == page->capacity)
		page->rows = repalloc(page->rows, (page->capacity *= 2) * sizeof(HpPageRow));
	page->rows[page->nrows] = row;
	reading->previous = &page->rows[page->nrows++].place;
}

static void
refuse_equal(HpSource *source)
{
	ereport(ERROR,
			errcode(HP_ERRCODE_ORDER_NOT_UNIQUE),
			errmsg("the order does not tell all rows of \"%s\" apart", source->name),
			errdetail("Two rows that follow each other have the same values in the columns that "
					  "it orders by."),
			errhint("Order by more columns, so that no two rows are equal in all of them."));
}

/* Has reading come to its end?  The current row is not part of the page then. */
static bool
is_at_end(Reading *reading)
{
	HpSource   *source = reading->page->source;

	if (reading->stop != NULL)
	{
		int			order = hp_source_compare(source, &reading->here, reading->stop);

		reading->saw_stop = reading->reverse ? order <= 0 : order >= 0;
		reading->at_stop = order == 0;
	}
	reading->saw_more = reading->page->nrows == reading->size;
	return reading->saw_stop || reading->saw_more;
}

/* Is the current row the one at the start? */
static bool
is_at_start(Reading *reading)
{
	if (reading->start == NULL || reading->previous != NULL || reading->saw_start)
		return false;
	return hp_source_compare(reading->page->source, &reading->here, reading->start) == 0;
}

static bool
take_row(TupleTableSlot *slot, void *arg)
{
	Reading    *reading = arg;
	HpSource   *source = reading->page->source;
	MemoryContext outer;

	hp_source_place(source, slot, &reading->here);
	if (reading->at_stop)
	{
		if (hp_source_compare(source, &reading->here, reading->stop) == 0)
			refuse_equal(source);
		return false;
	}
	if (!source->unique)
	{
		const HpPlace *before = reading->previous != NULL ? reading->previous :
		reading->saw_start ? reading->start : NULL;

		if (before != NULL && hp_source_compare(source, &reading->here, before) == 0)
			refuse_equal(source);
	}
	if (is_at_start(reading))
	{
		reading->saw_start = true;
		return true;
	}
	if (is_at_end(reading))
		return reading->at_stop && !source->unique;
	outer = CurrentMemoryContext;
	keep_row(reading, slot);
	MemoryContextSwitchTo(outer);
	return true;
}

static bool
note_row(TupleTableSlot *slot, void *arg)
{
	*(bool *) arg = true;
	return false;
}

/* Is there a row on the near side of where reading began? */
static bool
has_near(Reading *reading)
{
	bool		result = false;

	if (reading->start == NULL)
		return false;
	if (reading->saw_start)
		return true;
	hp_seek(reading->page->source, reading->start, true, !reading->reverse, 1, note_row, &result);
	return result;
}

static void
reverse_rows(HpPage *page)
{
	for (int i = 0, j = page->nrows - 1; i < j; i++, j--)
	{
		HpPageRow	row = page->rows[i];

		page->rows[i] = page->rows[j];
		page->rows[j] = row;
	}
}

/* The page's, one more, the one at the start, and one that might be equal to that at the stop. */
static uint64
rows_to_read(const Reading *reading)
{
	return (uint64) reading->size + 1 + (reading->start != NULL ? 1 : 0) +
		(reading->stop != NULL && !reading->page->source->unique ? 1 : 0);
}

/* Read rows in one direction, up to a size, and set both flags. */
static void
read_rows(HpPage *page, const HpPageRequest *request, bool reverse, int size)
{
	Reading		reading = {.page = page,.reverse = reverse,.size = size};
	int			ncolumns = page->source->order->ncolumns;
	bool		near,
				far;

	reading.start = reverse ? request->before : request->after;
	reading.stop = reverse ? request->after : request->before;
	reading.here.values = palloc(ncolumns * sizeof(Datum));
	reading.here.isnull = palloc(ncolumns * sizeof(bool));
	hp_seek(page->source, reading.start, reading.start != NULL, reverse, rows_to_read(&reading),
			take_row, &reading);
	near = has_near(&reading);
	far = reading.saw_more || reading.saw_stop;
	page->has_previous = reverse ? far : near;
	page->has_next = reverse ? near : far;
	if (reverse)
		reverse_rows(page);
}

static int
limit_size(int size)
{
	return Min(size, hp_guc_max_page_size);
}

/* Read a page's rows and set its flags. */
void
hp_page_read(HpPage *page, const HpPageRequest *request)
{
	int			first = request->first;
	int			last = request->last;

	if (first == HP_NO_SIZE && last == HP_NO_SIZE)
	{
		if (request->before != NULL && request->after == NULL)
			last = hp_guc_default_page_size;
		else
			first = hp_guc_default_page_size;
	}
	if (first == HP_NO_SIZE)
	{
		read_rows(page, request, true, limit_size(last));
		last = HP_NO_SIZE;
	}
	else
		read_rows(page, request, false, limit_size(first));
	if (last != HP_NO_SIZE && page->nrows > last)
	{
		memmove(page->rows, page->rows + page->nrows - last, last * sizeof(HpPageRow));
		page->nrows = last;
		page->has_previous = true;
	}
	if (page->keep == HP_KEEP_EMBED)
		hp_embed_load(page->batch);
}

/* Append the text of a row. */
void
hp_page_append_item(const HpPage *page, int i, HpWriter *writer)
{
	if (page->keep == HP_KEEP_EMBED)
		hp_embed_write(page->batch, page->rows[i].number, writer);
	else
		hp_writer_bytes(writer, page->json.data + page->rows[i].json, page->rows[i].json_length);
}
