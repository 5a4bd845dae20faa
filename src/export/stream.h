/*-------------------------------------------------------------------------
 *
 * stream.h
 *		The rows of a query as JSON text, a part at a time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_STREAM_H
#define HP_STREAM_H

#include "json/writer.h"
#include "utils/jsonb.h"

/* What an export is asked to do. */
typedef struct HpExport
{
	const char *query;
	Jsonb	   *params;			/* may be NULL */
	const char *format;
} HpExport;

typedef struct HpStream HpStream;

/* Takes the text that has come together. */
typedef void (*HpDrain) (HpStream *stream, void *arg);

extern HpStream *hp_stream_open(const HpExport *export, Size limit);
extern bool hp_stream_fill(HpStream *stream);
extern void hp_stream_run(const HpExport *export, Size limit, HpDrain drain, void *arg);
extern void hp_stream_close(HpStream *stream);

extern HpWriter *hp_stream_text(HpStream *stream);
extern const char *hp_stream_utf8(HpStream *stream, Size *len);
extern uint64 hp_stream_rows(const HpStream *stream);

#endif							/* HP_STREAM_H */
