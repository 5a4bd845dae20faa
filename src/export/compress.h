/*-------------------------------------------------------------------------
 *
 * compress.h
 *		Streaming compression: gzip, zstd and lz4 behind one interface.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_COMPRESS_H
#define HP_COMPRESS_H

#include "json/writer.h"

typedef enum HpCompressStep
{
	HP_COMPRESS_MORE,			/* output may come later */
	HP_COMPRESS_FLUSH,			/* what was given can be read from the output so far */
	HP_COMPRESS_FINISH			/* the same, and the frame ends */
} HpCompressStep;

typedef struct HpCompressor HpCompressor;

/* A method; each file of the room that ends in its name has one. */
typedef struct HpCompression
{
	const char *name;
	int			level_min;		/* no levels if it is above level_max */
	int			level_max;
	int			level_default;
	void	   *(*begin) (int level);
	void		(*write) (void *state, const char *data, Size len, HpCompressStep step,
						  HpWriter *out);
	void		(*end) (void *state);	/* frees, at any point; raises no error */
} HpCompression;

extern const HpCompression hp_compression_gzip;
extern const HpCompression hp_compression_zstd;
extern const HpCompression hp_compression_lz4;

extern const HpCompression *hp_compression_find(const char *name, bool allow_none);
extern HpCompressor *hp_compressor_begin(const HpCompression *method, const int *level);
extern void hp_compressor_write(HpCompressor *compressor, const char *data, Size len,
								HpCompressStep step, HpWriter *out);

#endif							/* HP_COMPRESS_H */
