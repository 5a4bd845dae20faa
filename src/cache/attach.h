/*-------------------------------------------------------------------------
 *
 * attach.h
 *		Attaching tables to the cache, and keeping them attached through DDL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_ATTACH_H
#define HP_ATTACH_H

#include "datatype/timestamp.h"

extern void hp_attach_table(Oid relid, Oid indexid, Interval *ttl, bool write_through);
extern void hp_attach_remove(Oid relid);
extern void hp_attach_note_table(Oid relid);
extern void hp_attach_note_always(Oid relid);
extern void hp_attach_note_all(void);
extern void hp_attach_note_types(void);
extern void hp_attach_note_dropped(Oid relid);
extern void hp_attach_recheck_parents(void);
extern void hp_attach_refresh(Oid relid);
extern void hp_attach_partition(Oid relid);

/* The table that hotpath.put() is writing to: its row is staged whatever the options. */
extern Oid	hp_attach_putting;

#endif							/* HP_ATTACH_H */
