/*-------------------------------------------------------------------------
 *
 * compress_zstd.c
 *		Zstandard by libzstd (RFC 8878), with a checksum.
 *
 * A window has at most 8 MB, as the RFC recommends for what any decoder must be
 * able to read, and the tables of what is in it fit that.  By themselves the levels
 * from 20 on take up to 128 MB, and six times as much memory for a single export.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "export/compress.h"

#include <zstd.h>

#define FIRST_LARGE_LEVEL 20
#define MAX_WINDOW_LOG 23

static size_t
check(size_t result)
{
	if (ZSTD_isError(result))
		ereport(ERROR,
				errcode(ERRCODE_OUT_OF_MEMORY),
				errmsg("could not compress by zstd"),
				errdetail("The library says: %s.", ZSTD_getErrorName(result)),
				errhint("Choose a lower compression level."));
	return result;
}

static void *
begin(int level)
{
	ZSTD_CCtx  *z = ZSTD_createCCtx();

	if (z == NULL)
		ereport(ERROR,
				errcode(ERRCODE_OUT_OF_MEMORY),
				errmsg("out of memory"),
				errdetail("libzstd could not be initialized."),
				errhint("Choose another compression."));
	/* these only store valid numbers, the memory is taken at the first byte */
	(void) ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, level);
	if (level >= FIRST_LARGE_LEVEL)
	{
		(void) ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, MAX_WINDOW_LOG);
		(void) ZSTD_CCtx_setParameter(z, ZSTD_c_chainLog, MAX_WINDOW_LOG + 1);
		(void) ZSTD_CCtx_setParameter(z, ZSTD_c_hashLog, MAX_WINDOW_LOG);
	}
	(void) ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	return z;
}

static void
write_bytes(void *state, const char *data, Size len, HpCompressStep step, HpWriter *out)
{
	static const ZSTD_EndDirective directive[] = {ZSTD_e_continue, ZSTD_e_flush, ZSTD_e_end};
	ZSTD_inBuffer in = {data, len, 0};
	Size		room = ZSTD_CStreamOutSize();
	size_t		left;

	do
	{
		ZSTD_outBuffer buffer = {hp_writer_reserve(out, room), room, 0};

		left = check(ZSTD_compressStream2(state, &buffer, &in, directive[step]));
		out->len += buffer.pos;
	} while (step == HP_COMPRESS_MORE ? in.pos < in.size : left > 0);
}

static void
end(void *state)
{
	ZSTD_freeCCtx(state);
}

/* The library takes levels far below -7 too, which no longer compress JSON well. */
const HpCompression hp_compression_zstd = {
	"zstd", -7, 22, 3, begin, write_bytes, end
};
