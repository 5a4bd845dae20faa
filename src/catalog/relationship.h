/*-------------------------------------------------------------------------
 *
 * relationship.h
 *		How the rows of one relation belong to those of another.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_RELATIONSHIP_H
#define HP_RELATIONSHIP_H

#include "catalog/foreign_key.h"

typedef enum HpRelationshipKind
{
	HP_ONE_TO_MANY,
	HP_MANY_TO_ONE,
	HP_ONE_TO_ONE,
	HP_MANY_TO_MANY
} HpRelationshipKind;

typedef struct HpRelationship
{
	const char *name;			/* unique among those of its relation */
	const char *base;			/* the name as it would be if it were the only one */
	HpRelationshipKind kind;
	Oid			target;
	Oid			through;		/* the junction, or InvalidOid */
	HpLink		link;			/* to the target, or to the junction */
	HpLink		onward;			/* from the junction to the target */
} HpRelationship;

/* What a user says of the relationship that is meant; what is not said is NULL or InvalidOid. */
typedef struct HpRelationshipWish
{
	const char *key;			/* the output key */
	Oid			target;
	const char *fk;				/* a constraint's or a column's name */
	Oid			through;
} HpRelationshipWish;

/* relationship.c */
extern void hp_relationship_init(void);
extern void hp_relationship_mention(Oid relid);
extern List *hp_relationship_list(Oid relid);
extern HpRelationship *hp_relationship_join(const HpLink *link, const HpLink *onward);
extern const char *hp_relationship_column_tag(const HpLink *link);
extern const char *hp_relationship_kind_name(HpRelationshipKind kind);

/* relationship_find.c */
extern const HpRelationship *hp_relationship_find(Oid relid, const HpRelationshipWish *wish);
extern HpLink hp_relationship_parent(Oid relid, const char *fk);
extern HpRelationship *hp_relationship_through(Oid target, Oid junction, const char *fk);

/* Does at most one row of the target belong to a row? */
static inline bool
hp_relationship_is_to_one(const HpRelationship *relationship)
{
	return relationship->kind != HP_MANY_TO_MANY && relationship->link.unique;
}

#endif							/* HP_RELATIONSHIP_H */
