/*-------------------------------------------------------------------------
 *
 * stream.c
 *		Writes the rows of a query as JSON text, a part at a time.
 *
 * A part is whole rows, in the format asked for, and at least as long as the limit
 * unless it is the last.  There are two ways to have the parts: hp_stream_fill()
 * pauses the query after each, hp_stream_run() hands each to a function and runs
 * the query in one go.
 *
 * One row is one line: JSON has line ends only between its tokens, where a value
 * of type json may bring some along, and there a space means the same.
 *
 * Memory: everything below the context that is current at opening; what encoding
 * a row leaves behind is freed with the row, and a buffer that one giant row has
 * blown up with its part.  See query/reader.c for what happens on errors.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "export/stream.h"

#include "catalog/pg_type.h"
#include "export/format.h"
#include "export/progress.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "query/reader.h"
#include "utils/memutils.h"

/* The counters that others see are at most so many rows old. */
#define REPORT_ROWS 64

/* A buffer larger than some limits is given back. */
#define KEEP_LIMITS 4

struct HpStream
{
	HpReader   *reader;
	HpEncoder  *encoder;
	const HpFormat *format;
	HpWriter	text;			/* the part */
	Size		limit;
	bool		may_have_lines; /* can a value bring line ends along? */
	MemoryContext row_context;	/* reset after each row */
	MemoryContext part_context; /* reset before each part */
	uint64		rows;
	uint64		bytes;			/* in the parts before this one */
	HpProgress	progress;
	HpDrain		drain;			/* NULL: pause */
	void	   *drain_arg;
};

/* Can a column of this type never bring line ends along?  An unknown type may hold json. */
static bool
is_one_line(Oid type)
{
	switch (type)
	{
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
		case OIDOID:
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case NAMEOID:
		case UUIDOID:
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return true;
		default:
			return false;
	}
}

static bool
may_have_lines(TupleDesc desc)
{
	for (int i = 0; i < desc->natts; i++)
		if (!is_one_line(TupleDescAttr(desc, i)->atttypid))
			return true;
	return false;
}

/* Replace line ends by spaces. */
static void
join_lines(char *text, Size len)
{
	char	   *end = text + len;

	for (char *p = text; (p = memchr(p, '\n', end - p)) != NULL; p++)
		*p = ' ';
	for (char *p = text; (p = memchr(p, '\r', end - p)) != NULL; p++)
		*p = ' ';
}

static void
report(HpStream *stream)
{
	hp_progress_report(&stream->progress, stream->rows, stream->bytes + stream->text.len);
}

/* Empty the part. */
static void
begin_part(HpStream *stream)
{
	HpWriter   *text = &stream->text;

	stream->bytes += text->len;
	MemoryContextReset(stream->part_context);
	if (text->capacity > stream->limit * KEEP_LIMITS)
	{
		MemoryContext context = text->context;

		hp_writer_free(text);
		hp_writer_init(text, context, stream->limit);
	}
	hp_writer_reset(text);
}

static void
write_row(HpStream *stream, TupleTableSlot *slot)
{
	HpWriter   *text = &stream->text;
	MemoryContext outer = MemoryContextSwitchTo(stream->row_context);
	Size		start;

	hp_writer_text(&stream->text, stream->rows == 0 ? stream->format->first : stream->format->next);
	start = text->len;
	hp_encoder_write_slot(stream->encoder, slot, text);
	if (stream->may_have_lines)
		join_lines(text->data + start, text->len - start);
	hp_writer_byte(text, '\n');
	MemoryContextSwitchTo(outer);
	MemoryContextReset(stream->row_context);
}

/* The sink of the reader. */
static bool
take_row(TupleTableSlot *slot, void *arg)
{
	HpStream   *stream = arg;

	CHECK_FOR_INTERRUPTS();
	write_row(stream, slot);
	stream->rows++;
	if (stream->rows < REPORT_ROWS || stream->rows % REPORT_ROWS == 0)
		report(stream);
	if (stream->text.len < stream->limit)
		return true;
	if (stream->drain == NULL)
		return false;
	stream->drain(stream, stream->drain_arg);
	begin_part(stream);
	return true;
}

static void
write_header(HpStream *stream)
{
	hp_encoder_write_names(stream->encoder, &stream->text);
	hp_writer_byte(&stream->text, '\n');
}

static HpStream *
open_stream(const HpExport *export, Size limit, HpReaderUse use)
{
	const HpFormat *format = hp_format_find(export->format);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "pg_hotpath export",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext outer = MemoryContextSwitchTo(context);
	HpStream   *stream = palloc0(sizeof(HpStream));

	stream->format = format;
	stream->limit = limit;
	stream->row_context = AllocSetContextCreate(context, "pg_hotpath row",
												ALLOCSET_DEFAULT_SIZES);
	stream->part_context = AllocSetContextCreate(context, "pg_hotpath part",
												 ALLOCSET_DEFAULT_SIZES);
	stream->reader = hp_reader_open(export->query, export->params, use, take_row, stream);
	stream->may_have_lines = may_have_lines(hp_reader_desc(stream->reader));
	stream->encoder = hp_encoder_compile(hp_reader_desc(stream->reader), format->shape, context);
	/* most parts end within some rows of the limit */
	hp_writer_init(&stream->text, context, limit + limit / 8);
	hp_progress_begin(&stream->progress, use == HP_READER_ONE_GO);
	if (format->header)
		write_header(stream);
	MemoryContextSwitchTo(outer);
	return stream;
}

/* What stands behind the rows. */
static void
finish_text(HpStream *stream)
{
	hp_writer_text(&stream->text, stream->rows == 0 ? stream->format->empty : stream->format->end);
	report(stream);
}

/* Start an export whose parts hp_stream_fill() brings. */
HpStream *
hp_stream_open(const HpExport *export, Size limit)
{
	return open_stream(export, limit, HP_READER_PAUSES);
}

/*
 * Write the next part; false if it is the last, which may be empty.  The text of
 * the part before is gone.
 */
bool
hp_stream_fill(HpStream *stream)
{
	/* the first part has its header already */
	if (stream->rows > 0)
		begin_part(stream);
	if (hp_reader_run(stream->reader))
		return true;
	finish_text(stream);
	return false;
}

/*
 * Run a whole export and hand its parts to a function, the last with all rows
 * counted.
 */
void
hp_stream_run(const HpExport *export, Size limit, HpDrain drain, void *arg)
{
	HpStream   *stream = open_stream(export, limit, HP_READER_ONE_GO);

	stream->drain = drain;
	stream->drain_arg = arg;
	hp_reader_run(stream->reader);
	finish_text(stream);
	drain(stream, arg);
	hp_stream_close(stream);
}

/* End an export, finished or not, and free it. */
void
hp_stream_close(HpStream *stream)
{
	MemoryContext context = GetMemoryChunkContext(stream);

	hp_progress_end(&stream->progress);
	hp_reader_close(stream->reader);
	MemoryContextDelete(context);
}

/* The part, for the caller to change as it likes; may be empty. */
HpWriter *
hp_stream_text(HpStream *stream)
{
	return &stream->text;
}

/* The same in UTF-8, as JSON is exchanged; valid until the next part. */
const char *
hp_stream_utf8(HpStream *stream, Size *len)
{
	HpWriter   *text = &stream->text;
	MemoryContext outer = MemoryContextSwitchTo(stream->part_context);
	const char *utf8 = pg_server_to_any(text->data, text->len, PG_UTF8);

	MemoryContextSwitchTo(outer);
	*len = utf8 == text->data ? text->len : strlen(utf8);
	return utf8;
}

/* How many rows are written so far. */
uint64
hp_stream_rows(const HpStream *stream)
{
	return stream->rows;
}
