/*-------------------------------------------------------------------------
 *
 * embed.h
 *		Rows by key with their related rows, inside the room.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_EAGER_EMBED_H
#define HP_EAGER_EMBED_H

#include "catalog/key_array.h"
#include "eager/node.h"

extern HpNode *hp_embed_load_keys(Oid relid, Jsonb *spec, HpKeyArray *keys, int first, int n,
								  MemoryContext context);
extern void hp_embed_load_rows(const HpLevel *level, HpKeyArray *keys, int first, int n,
							   HpRowTaker take, void *arg, MemoryContext context);
extern HpKeyDef *hp_embed_primary_key(Oid relid);
extern void hp_embed_each(HpEmbed *embed, void (*take) (const HpWriter *json, void *arg),
						  void *arg);

#endif							/* HP_EAGER_EMBED_H */
