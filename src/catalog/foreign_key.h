/*-------------------------------------------------------------------------
 *
 * foreign_key.h
 *		Foreign keys as links between relations.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_FOREIGN_KEY_H
#define HP_FOREIGN_KEY_H

#include "access/attnum.h"
#include "nodes/pg_list.h"

/* A foreign key, read from one of its relations (near) to the other (far). */
typedef struct HpLink
{
	Oid			constraint;
	NameData	name;			/* of the constraint */
	bool		outgoing;		/* the near relation is the one that refers */
	Oid			near_relation;
	Oid			far_relation;
	int			ncolumns;
	AttrNumber	near_columns[INDEX_MAX_KEYS];
	AttrNumber	far_columns[INDEX_MAX_KEYS];
	Oid			operators[INDEX_MAX_KEYS];	/* referenced column = referencing column */
	bool		unique;			/* a near row has one far row at most */
	bool		reverse_unique;	/* a far row has one near row at most */
	Oid			index;			/* btree that finds far rows, or InvalidOid */
} HpLink;

/* The foreign keys of a relation, by name (HpLink); unique and index are not known. */
extern List *hp_foreign_key_list(Oid relid);
extern void hp_foreign_key_judge(HpLink *link);

/* The same with everything known: those of a relation, and those that refer to it, reversed. */
extern List *hp_foreign_key_outgoing(Oid relid);
extern List *hp_foreign_key_incoming(Oid relid);

extern HpLink hp_foreign_key_reverse(const HpLink *link);
extern Oid	hp_foreign_key_collation(const HpLink *link, int i, bool *differs);
extern bool hp_foreign_key_is_junction(const HpLink *back, const HpLink *onward);

#endif							/* HP_FOREIGN_KEY_H */
