/*-------------------------------------------------------------------------
 *
 * stage.h
 *		Write-through: rows that enter the cache when the transaction commits.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_STAGE_H
#define HP_STAGE_H

#include "cache/config.h"

extern void hp_stage_init(void);
extern void hp_stage_row(const HpCachedKey *cached, HpKey *key, uint64 key_version,
						 uint64 table_version, Datum row, CommandId command);
extern void hp_stage_spoil(HpKey *key, bool remember);

/* Is anything staged in this transaction? */
extern int	hp_stage_count;

#endif							/* HP_STAGE_H */
