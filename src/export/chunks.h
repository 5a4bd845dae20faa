/*-------------------------------------------------------------------------
 *
 * chunks.h
 *		An export as a sequence of values, plain or compressed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_CHUNKS_H
#define HP_CHUNKS_H

#include "export/compress.h"
#include "export/stream.h"

typedef struct HpChunks HpChunks;

extern HpChunks *hp_chunks_open(const HpExport *export, int chunk_size,
								const HpCompression *method, const int *level);
extern bool hp_chunks_next(HpChunks *chunks, Datum *chunk);
extern void hp_chunks_close(HpChunks *chunks);

#endif							/* HP_CHUNKS_H */
