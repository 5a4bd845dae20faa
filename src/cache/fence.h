/*-------------------------------------------------------------------------
 *
 * fence.h
 *		Fences: what makes a cached read equal to a plain read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_FENCE_H
#define HP_FENCE_H

#include "utils/snapshot.h"

/* Whether all writers of a stripe are finished as of a snapshot. */
typedef enum HpQuiet
{
	HP_QUIET,
	HP_NOT_QUIET,				/* some writer may be unfinished as of the snapshot */
	HP_OWN_WRITE				/* this transaction is a writer */
} HpQuiet;

/* A snapshot with its transaction ids widened to 64 bits. */
typedef struct HpFenceView
{
	Snapshot	snapshot;
	uint64		xmin;			/* full transaction id */
	uint64		own;			/* own full top-level id, 0 if none */
} HpFenceView;

typedef uint32 HpStripeNo;

extern Size hp_fence_size(Size total);
extern void hp_fence_layout(char *place, Size size);
extern void hp_fence_attach(char *place, Size size);
extern uint32 hp_fence_stripes(void);

extern HpStripeNo hp_fence_key_stripe(uint64 hash);
extern HpStripeNo hp_fence_table_stripe(uint64 seed);

extern void hp_fence_prefetch(HpStripeNo stripe);
extern void hp_fence_view(HpFenceView *view, Snapshot snapshot);
extern HpQuiet hp_fence_read(HpStripeNo stripe, const HpFenceView *view, uint64 *version);
extern uint64 hp_fence_note_key(HpStripeNo stripe);
extern void hp_fence_note_table(HpStripeNo stripe);
extern uint64 hp_fence_version(HpStripeNo stripe);
extern bool hp_fence_noted_by_me(HpStripeNo stripe);
extern bool hp_fence_have_ended(uint64 upto);
extern void hp_fence_close(HpStripeNo stripe, uint64 upto);
extern bool hp_fence_settled(HpStripeNo stripe, uint64 version);
extern uint64 hp_fence_newest_xid(void);

#endif							/* HP_FENCE_H */
