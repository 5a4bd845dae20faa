/*-------------------------------------------------------------------------
 *
 * writer.h
 *		The growing buffer that JSON text is written to.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_WRITER_H
#define HP_WRITER_H

typedef struct HpWriter
{
	char	   *data;			/* allocated in context; not NUL-terminated */
	Size		len;
	Size		capacity;
	MemoryContext context;
} HpWriter;

extern void hp_writer_init(HpWriter *writer, MemoryContext context, Size capacity);
extern void hp_writer_reset(HpWriter *writer);
extern void hp_writer_free(HpWriter *writer);

/* Forget the content, and give back what the buffer has above capacity. */
extern void hp_writer_trim(HpWriter *writer, Size capacity);

/* The content as a text or json datum, palloc'd in the current context. */
extern Datum hp_writer_to_datum(const HpWriter *writer);

/* Make room for more bytes; raises 54000 (program_limit_exceeded) above 1 GB. */
extern void hp_writer_enlarge(HpWriter *writer, Size more);

/* Room for more bytes behind the end: write there, then add to len. */
static inline char *
hp_writer_reserve(HpWriter *writer, Size more)
{
	if (unlikely(writer->capacity - writer->len < more))
		hp_writer_enlarge(writer, more);
	return writer->data + writer->len;
}

static inline void
hp_writer_bytes(HpWriter *writer, const char *bytes, Size n)
{
	memcpy(hp_writer_reserve(writer, n), bytes, n);
	writer->len += n;
}

static inline void
hp_writer_text(HpWriter *writer, const char *text)
{
	hp_writer_bytes(writer, text, strlen(text));
}

static inline void
hp_writer_byte(HpWriter *writer, char byte)
{
	*hp_writer_reserve(writer, 1) = byte;
	writer->len++;
}

#endif							/* HP_WRITER_H */
