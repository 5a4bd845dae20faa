/*-------------------------------------------------------------------------
 *
 * format.c
 *		The formats of an export.
 *
 * Every row ends with a line feed and has none inside, in all formats, so that
 * a chunk can leave its last one out.  An array has its commas at the beginning
 * of lines: what ends a chunk need not know whether another row follows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "export/format.h"

#define RS "\x1e"				/* record separator of RFC 7464 */

static const HpFormat formats[] = {
	{"ndjson", HP_ROW_OBJECT, false, "", "", "", ""},
	{"array", HP_ROW_OBJECT, false, "[", ",", "]\n", "[]\n"},
	{"json-seq", HP_ROW_OBJECT, false, RS, RS, "", ""},
	{"compact", HP_ROW_ARRAY, true, "", "", "", ""},
};

/* The format of a name; an error if there is none. */
const HpFormat *
hp_format_find(const char *name)
{
	for (int i = 0; i < lengthof(formats); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	ereport(ERROR,
			errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			errmsg("unknown format \"%s\"", name),
			errdetail("Format names are written in lower case."),
			errhint("Use ndjson, array, json-seq or compact."));
}
