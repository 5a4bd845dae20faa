/*-------------------------------------------------------------------------
 *
 * node.h
 *		A level of one batch: the keys asked for, and the rows found.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_EAGER_NODE_H
#define HP_EAGER_NODE_H

#include "eager/key_set.h"
#include "eager/rows.h"
#include "eager/spec.h"

/* Takes a whole row that belongs to the key of a number. */
typedef void (*HpRowTaker) (int key, Datum row, void *arg);

typedef struct HpNode
{
	const HpLevel *level;
	bool		is_root;		/* there is none above */
	MemoryContext context;		/* of the batch; all that hangs on it */
	HpKeySet   *keys;			/* NULL at a root whose rows are given */
	int		   *asked;			/* the key of each row of the node above, -1 for none */
	int			nasked;
	int			asked_capacity;
	HpRows	   *rows;
	TupleDesc	shown;			/* what is rendered: columns, or aggregates, if known yet */
	HpEncoder  *encoder;		/* of that; NULL until there is a row */
	HpEncoderRef whole_encoder; /* of whole rows */
	TupleDesc	desc;			/* of whole rows; NULL until there is one */
	TupleTableSlot *slot;		/* for the level's columns of whole rows */
	MemoryContext row_context;	/* reset after each whole row */
	HpRowTaker	take;			/* whole rows are handed on at once; NULL: they are kept */
	void	   *take_arg;
	HpWriter	prefix;			/* ,"key": */
	HpWriter	nothing;		/* aggregates of no rows */
	int			nbelow;			/* levels that are shown */
	struct HpNode **below;
} HpNode;

/* node.c */
extern HpNode *hp_node_create(const HpLevel *level, const HpLevel *above, MemoryContext context);
extern void hp_node_ask(HpNode *node, const Datum *values);
extern void hp_node_expect(HpNode *node, TupleDesc result);
extern void hp_node_expect_whole(HpNode *node, TupleDesc desc);
extern int	hp_node_add_slot(HpNode *node, TupleTableSlot *slot);
extern int	hp_node_add_datum(HpNode *node, Datum row);
extern int	hp_node_keep_datum(HpNode *node, Datum row);

/* load.c */
extern void hp_node_load(HpNode *node);
extern void hp_node_load_below(HpNode *node);

/* assemble.c */
extern bool hp_node_write_asked(const HpNode *node, int i, HpWriter *writer);
extern void hp_node_write_row(const HpNode *node, int row, HpWriter *writer);

#endif							/* HP_EAGER_NODE_H */
