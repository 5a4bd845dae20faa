/*-------------------------------------------------------------------------
 *
 * chunks.c
 *		Cuts an export into values: text, or compressed bytea.
 *
 * A chunk of text is the part that the stream brings, less its last line feed: a
 * client ends each value with one of its own.
 *
 * A compressed chunk is flushed, so everything in it can be read when it arrives.
 * A flush costs compression, so there is one only when chunk_size bytes have
 * come out, or so much has gone in that waiting longer would be felt.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "export/chunks.h"

#include "json/writer.h"
#include "utils/memutils.h"

/* Bytes that go to the compressor at a time, at most. */
#define PART_SIZE (64 * 1024)

/* A compressed chunk ends when so many times its size has gone in. */
#define INPUT_FACTOR 16

struct HpChunks
{
	HpStream   *stream;
	bool		done;
	HpCompressor *compressor;	/* NULL: text */
	HpWriter	out;			/* compressed bytes */
	Size		chunk_size;
};

/* Start an export, below the current context; method NULL is plain text. */
HpChunks *
hp_chunks_open(const HpExport *export, int chunk_size, const HpCompression *method,
			   const int *level)
{
	HpChunks   *chunks = palloc0(sizeof(HpChunks));

	chunks->chunk_size = chunk_size;
	if (method != NULL)
	{
		chunks->compressor = hp_compressor_begin(method, level);
		hp_writer_init(&chunks->out, CurrentMemoryContext, PART_SIZE);
	}
	chunks->stream = hp_stream_open(export, method == NULL ? chunk_size :
									Min(chunk_size, PART_SIZE));
	return chunks;
}

static bool
next_text(HpChunks *chunks, Datum *chunk)
{
	HpWriter   *text;

	chunks->done = !hp_stream_fill(chunks->stream);
	text = hp_stream_text(chunks->stream);
	if (text->len == 0)
		return false;
	text->len--;
	*chunk = hp_writer_to_datum(text);
	text->len++;
	return true;
}

static bool
next_compressed(HpChunks *chunks, Datum *chunk)
{
	HpWriter   *out = &chunks->out;
	Size		given = 0;

	hp_writer_reset(out);
	while (!chunks->done && out->len < chunks->chunk_size &&
		   given < chunks->chunk_size * INPUT_FACTOR)
	{
		const char *utf8;
		Size		len;

		chunks->done = !hp_stream_fill(chunks->stream);
		utf8 = hp_stream_utf8(chunks->stream, &len);
		hp_compressor_write(chunks->compressor, utf8, len, HP_COMPRESS_MORE, out);
		given += len;
	}
	hp_compressor_write(chunks->compressor, NULL, 0,
						chunks->done ? HP_COMPRESS_FINISH : HP_COMPRESS_FLUSH, out);
	*chunk = hp_writer_to_datum(out);
	return true;
}

/* The next chunk, in the current context; false if there is none. */
bool
hp_chunks_next(HpChunks *chunks, Datum *chunk)
{
	if (chunks->done)
		return false;
	return chunks->compressor == NULL ? next_text(chunks, chunk) :
		next_compressed(chunks, chunk);
}

/* End the export, finished or not.  Its memory goes with its context. */
void
hp_chunks_close(HpChunks *chunks)
{
	if (chunks->stream != NULL)
		hp_stream_close(chunks->stream);
	chunks->stream = NULL;
	chunks->done = true;
}
