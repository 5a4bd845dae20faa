/*-------------------------------------------------------------------------
 *
 * compress_lz4.c
 *		LZ4 frames by liblz4, with linked blocks and a checksum.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "export/compress.h"

#include <lz4frame.h>

typedef struct Lz4State
{
	LZ4F_cctx  *cctx;
	LZ4F_preferences_t preferences;
	bool		begun;
} Lz4State;

static size_t
check(size_t result)
{
	if (LZ4F_isError(result))
		ereport(ERROR,
				errcode(ERRCODE_OUT_OF_MEMORY),
				errmsg("could not compress by lz4"),
				errdetail("The library says: %s.", LZ4F_getErrorName(result)),
				errhint("Choose a lower compression level."));
	return result;
}

static void *
begin(int level)
{
	Lz4State   *lz4 = calloc(1, sizeof(Lz4State));

	if (lz4 == NULL || LZ4F_isError(LZ4F_createCompressionContext(&lz4->cctx, LZ4F_VERSION)))
	{
		free(lz4);
		ereport(ERROR,
				errcode(ERRCODE_OUT_OF_MEMORY),
				errmsg("out of memory"),
				errdetail("liblz4 could not be initialized."),
				errhint("Choose another compression."));
	}
	lz4->preferences.compressionLevel = level;
	lz4->preferences.frameInfo.blockSizeID = LZ4F_max256KB;
	lz4->preferences.frameInfo.blockMode = LZ4F_blockLinked;
	lz4->preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
	return lz4;
}

static void
write_bytes(void *state, const char *data, Size len, HpCompressStep step, HpWriter *out)
{
	Lz4State   *lz4 = state;
	Size		room = LZ4F_HEADER_SIZE_MAX + LZ4F_compressBound(len, &lz4->preferences);
	char	   *to = hp_writer_reserve(out, room);
	char	   *end = to + room;

	if (!lz4->begun)
		to += check(LZ4F_compressBegin(lz4->cctx, to, end - to, &lz4->preferences));
	lz4->begun = true;
	if (len > 0)
		to += check(LZ4F_compressUpdate(lz4->cctx, to, end - to, data, len, NULL));
	out->len = to - out->data;
	if (step == HP_COMPRESS_MORE)
		return;

	room = LZ4F_compressBound(0, &lz4->preferences);
	to = hp_writer_reserve(out, room);
	out->len += check(step == HP_COMPRESS_FLUSH ?
					  LZ4F_flush(lz4->cctx, to, room, NULL) :
					  LZ4F_compressEnd(lz4->cctx, to, room, NULL));
}

static void
end(void *state)
{
	Lz4State   *lz4 = state;

	LZ4F_freeCompressionContext(lz4->cctx);
	free(lz4);
}

const HpCompression hp_compression_lz4 = {
	"lz4", 1, 12, 1, begin, write_bytes, end
};
