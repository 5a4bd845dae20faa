/*-------------------------------------------------------------------------
 *
 * writer.c
 *		The growing buffer that JSON text is written to.
 *
 * Like a StringInfo, but with 64-bit lengths, without a terminating NUL, and
 * cut so that the check for room can be made once for several writes: reserve
 * what may be needed, write behind the end, add what was written to len.
 *
 * The buffer doubles as it grows.  It belongs to the context it was
 * initialised with and is kept by a reset, so a writer that serves many rows
 * allocates only for the largest of them.
 *
 * Limit: as every value, 1 GB with the header (program_limit_exceeded).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "json/writer.h"

#include "access/htup_details.h"
#include "utils/memutils.h"

#define HP_WRITER_MIN ((Size) 256)
#define HP_WRITER_MAX (MaxAllocSize - VARHDRSZ)

/* Start an empty writer with room for capacity bytes. */
void
hp_writer_init(HpWriter *writer, MemoryContext context, Size capacity)
{
	writer->capacity = Max(capacity, HP_WRITER_MIN);
	writer->len = 0;
	writer->context = context;
	writer->data = MemoryContextAlloc(context, writer->capacity);
}

/* Forget the content, keep the buffer. */
void
hp_writer_reset(HpWriter *writer)
{
	writer->len = 0;
}

/* Forget the content, and give back what the buffer has above capacity. */
void
hp_writer_trim(HpWriter *writer, Size capacity)
{
	capacity = Max(capacity, HP_WRITER_MIN);
	writer->len = 0;
	if (writer->capacity <= capacity)
		return;
	writer->data = repalloc(writer->data, capacity);
	writer->capacity = capacity;
}

/* Free the buffer.  The writer must be initialised again before it is used. */
void
hp_writer_free(HpWriter *writer)
{
	if (writer->data != NULL)
		pfree(writer->data);
	memset(writer, 0, sizeof(*writer));
}

/* The slow half of hp_writer_reserve(). */
void
hp_writer_enlarge(HpWriter *writer, Size more)
{
	Size		needed;
	Size		capacity;

	if (more > HP_WRITER_MAX || writer->len > HP_WRITER_MAX - more)
		ereport(ERROR,
				errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				errmsg("JSON text exceeds the maximum of 1 GB"),
				errdetail("%zu bytes are written, %zu more may be needed.", writer->len, more),
				errhint("Select fewer or shorter columns, or fewer rows at a time."));
	needed = writer->len + more;
	capacity = writer->capacity;
	while (capacity < needed)
		capacity = Min(capacity * 2, HP_WRITER_MAX);
	writer->data = repalloc(writer->data, capacity);
	writer->capacity = capacity;
}

Datum
hp_writer_to_datum(const HpWriter *writer)
{
	struct varlena *result = palloc(writer->len + VARHDRSZ);

	SET_VARSIZE(result, writer->len + VARHDRSZ);
	memcpy(VARDATA(result), writer->data, writer->len);
	return PointerGetDatum(result);
}
