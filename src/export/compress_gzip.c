/*-------------------------------------------------------------------------
 *
 * compress_gzip.c
 *		gzip by zlib (RFC 1952).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "export/compress.h"

#include <zlib.h>

#define GZIP_WINDOW (MAX_WBITS + 16)	/* zlib's way to ask for a gzip frame */
#define BEST_MEMORY 9
#define STEP_OUT (64 * 1024)

static void *
begin(int level)
{
	z_stream   *z = calloc(1, sizeof(z_stream));

	if (z == NULL ||
		deflateInit2(z, level, Z_DEFLATED, GZIP_WINDOW, BEST_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
	{
		free(z);
		ereport(ERROR,
				errcode(ERRCODE_OUT_OF_MEMORY),
				errmsg("out of memory"),
				errdetail("zlib could not be initialized."),
				errhint("Choose a lower compression level."));
	}
	return z;
}

static void
write_bytes(void *state, const char *data, Size len, HpCompressStep step, HpWriter *out)
{
	static const int flush[] = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH};
	z_stream   *z = state;
	int			result;

	z->next_in = (Bytef *) unconstify(char *, data);
	z->avail_in = len;
	do
	{
		z->next_out = (Bytef *) hp_writer_reserve(out, STEP_OUT);
		z->avail_out = STEP_OUT;
		result = deflate(z, flush[step]);
		/* Z_BUF_ERROR: there was nothing to do */
		if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
			elog(ERROR, "zlib could not compress: %s", z->msg ? z->msg : "unknown error");
		out->len += STEP_OUT - z->avail_out;
	} while (z->avail_out == 0);
}

static void
end(void *state)
{
	deflateEnd(state);
	free(state);
}

const HpCompression hp_compression_gzip = {
	"gzip", 1, 9, 6, begin, write_bytes, end
};
