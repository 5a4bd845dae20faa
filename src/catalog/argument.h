/*-------------------------------------------------------------------------
 *
 * argument.h
 *		Key arguments of the SQL functions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_ARGUMENT_H
#define HP_ARGUMENT_H

#include "catalog/key_array.h"
#include "catalog/relation.h"
#include "fmgr.h"

extern HpRelation *hp_argument_relation(FunctionCallInfo fcinfo);
extern HpKeyArgument hp_argument_key(FunctionCallInfo fcinfo, int first, const HpKeyDef *def,
									 HpKey *key);

#endif							/* HP_ARGUMENT_H */
