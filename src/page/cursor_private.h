/*-------------------------------------------------------------------------
 *
 * cursor_private.h
 *		What the making and the reading of cursors share; cursor.c describes the format.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_PAGE_CURSOR_PRIVATE_H
#define HP_PAGE_CURSOR_PRIVATE_H

#include "page/cursor.h"
#include "page/cursor_value.h"

#define HP_CURSOR_VERSION 1
#define HP_CURSOR_FLAG_TIMED 1
#define HP_CURSOR_FLAG_SIGNED 2
#define HP_CURSOR_HEADER_SIZE 10	/* version, flags, fingerprint */
#define HP_CURSOR_TIME_SIZE 4
#define HP_CURSOR_SIGNATURE_SIZE 16

typedef struct HpCursorColumn
{
	NameData	name;
	HpCursorValue value;
} HpCursorColumn;

struct HpCursorCodec
{
	uint64		fingerprint;
	HpCursorPin pin;			/* what any of the columns needs */
	StringInfoData bytes;		/* of the cursor made last */
	int			ncolumns;
	HpCursorColumn columns[FLEXIBLE_ARRAY_MEMBER];
};

/* Is pg_hotpath.cursor_secret set? */
extern bool hp_cursor_is_signing(void);

/* The signature under that secret, of HP_CURSOR_SIGNATURE_SIZE bytes. */
extern void hp_cursor_sign(const char *bytes, Size size, uint8 *signature);

/* The start of the statement, in seconds since 2000, which do for 136 years. */
extern uint32 hp_cursor_now(void);

#endif							/* HP_PAGE_CURSOR_PRIVATE_H */
