/*-------------------------------------------------------------------------
 *
 * query.h
 *		SQL that the extension runs, built and run safely.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_QUERY_H
#define HP_QUERY_H

#include "catalog/relation.h"

/* Takes a row, a composite; false where no more are wanted.  Must copy what it keeps. */
typedef bool (*HpRowVisitor) (Datum row, Oid rowtype, void *arg);

/* builder.c */
extern char *hp_build_by_key(const HpRelation *rel, const HpKeyDef *def);
extern char *hp_build_by_keys(const HpRelation *rel, const HpKeyDef *def);
extern char *hp_build_all(const HpRelation *rel);
extern char *hp_build_upsert(const HpRelation *rel, const HpKeyDef *def);
extern char *hp_build_row_alias(const HpRelation *rel);
extern char *hp_build_operator(Oid operator);
extern char *hp_build_collation(Oid collation);
extern char *hp_build_operand(const char *alias, const char *name, Oid base_type,
							  bool is_domain);
extern const char *hp_build_null_test(Oid base_type, bool is_null);

/* query.c */
extern Datum hp_query_row(HpRelation *rel, const HpKeyDef *def, const HpKey *key, bool *found);
extern void hp_query_report_several(const HpRelation *rel);
extern void hp_query_rows(HpRelation *rel, const HpKeyDef *def, const HpKey *keys, int nkeys,
						  HpRowVisitor visit, void *arg);
extern void hp_query_all(HpRelation *rel, HpRowVisitor visit, void *arg);
extern Datum hp_query_upsert(HpRelation *rel, const HpKeyDef *def, const HpKey *key, Datum row,
							 bool *found);
extern void hp_query_utility(const char *sql);

/* A changed object, as an event trigger sees it. */
typedef struct HpChangedObject
{
	Oid			classid;
	Oid			objid;
	int32		subid;			/* column number, 0 for the object itself */
	bool		created;		/* by CREATE TABLE */
	/* first two of a dropped object's address_names (of a trigger: schema and table); else NULL */
	char	   *schema;
	char	   *table;
} HpChangedObject;

extern List *hp_query_changed_objects(bool dropped);

#endif							/* HP_QUERY_H */
