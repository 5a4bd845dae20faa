/*-------------------------------------------------------------------------
 *
 * file.h
 *		An export to a file of the server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_FILE_H
#define HP_FILE_H

#include "export/compress.h"
#include "export/stream.h"

typedef struct HpFileResult
{
	uint64		rows;
	uint64		bytes;
} HpFileResult;

extern HpFileResult hp_file_export(const char *path, const HpExport *export,
								   const HpCompression *method, const int *level);

#endif							/* HP_FILE_H */
