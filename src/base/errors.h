/*-------------------------------------------------------------------------
 *
 * errors.h
 *		The SQLSTATEs that are the extension's own.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_ERRORS_H
#define HP_ERRORS_H

#include "utils/elog.h"

#define HP_ERRCODE_MALFORMED_CURSOR			MAKE_SQLSTATE('H', 'P', '0', '0', '1')
#define HP_ERRCODE_FOREIGN_CURSOR			MAKE_SQLSTATE('H', 'P', '0', '0', '2')
#define HP_ERRCODE_EXPIRED_CURSOR			MAKE_SQLSTATE('H', 'P', '0', '0', '3')
#define HP_ERRCODE_CURSOR_SIGNATURE			MAKE_SQLSTATE('H', 'P', '0', '0', '4')
#define HP_ERRCODE_ORDER_NOT_UNIQUE			MAKE_SQLSTATE('H', 'P', '0', '0', '5')
#define HP_ERRCODE_AMBIGUOUS_RELATIONSHIP	MAKE_SQLSTATE('H', 'P', '0', '0', '6')
#define HP_ERRCODE_UNKNOWN_RELATIONSHIP		MAKE_SQLSTATE('H', 'P', '0', '0', '7')

#endif							/* HP_ERRORS_H */
