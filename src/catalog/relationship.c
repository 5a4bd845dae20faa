/*-------------------------------------------------------------------------
 *
 * relationship.c
 *		Relationships of a relation, found from foreign keys.
 *
 * A foreign key relates two relations in both directions: to the relation
 * referred to (many-to-one), and back from it (one-to-many).  Where the
 * referring columns are unique as well, it is one-to-one both ways.  A relation
 * with two foreign keys that together cover a unique key of it, with columns of
 * both, is a junction: it relates the two relations that it refers to,
 * many-to-many.
 *
 * The relations referring to one are found from the triggers that enforce their
 * foreign keys, since the catalog has no index on the relation referred to.  So a
 * key that is not enforced (PostgreSQL 18) is no relationship, nor is one with
 * PERIOD, whose values are not just equal.
 *
 * With partitioned tables the catalog has a row for the key itself and one for
 * each partition on either side.  A row derived from another of the same
 * relation says nothing new, and is left out.
 *
 * Neighbours are not locked: what is known of them is read from the catalog
 * alone.  Whoever uses a relationship locks its relations, which processes
 * pending invalidations, and then asks again.
 *
 * Lists are kept per backend, and are out of date as soon as the relation
 * cache says that something about a relation that any of them mentions has
 * changed.
 *
 * Memory: each list has a context of its own below CacheMemoryContext.  One that
 * is replaced lives to the end of the transaction.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/relationship.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "base/compat.h"
#include "catalog/indexing.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/relation.h"
#include "commands/trigger.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

/* Lists kept before those that are out of date are let go. */
#define MAX_KEPT 256

typedef struct ListEntry
{
	Oid			relid;			/* hash key */
	uint64		epoch;			/* in which it was made */
	MemoryContext context;
	List	   *list;			/* HpRelationship */
} ListEntry;

/* An index of a relation, as far as it matters here. */
typedef struct IndexInfoLite
{
	Oid			index;
	bool		unique;			/* at any moment, for all rows */
	int			ncolumns;
	AttrNumber	columns[INDEX_MAX_KEYS];
	Oid			families[INDEX_MAX_KEYS];
	Oid			collations[INDEX_MAX_KEYS];
} IndexInfoLite;

static HTAB *lists = NULL;
static HTAB *mentioned = NULL;	/* relations of all lists */
static uint64 epoch = 1;

/* Relation cache callback: must not throw or allocate. */
static void
relation_changed(Datum arg, Oid relid)
{
	if (!OidIsValid(relid) || hash_search(mentioned, &relid, HASH_FIND, NULL) != NULL)
		epoch++;
}

/* Called from _PG_init. */
void
hp_relationship_init(void)
{
	HASHCTL		by_relid = {.keysize = sizeof(Oid), .entrysize = sizeof(ListEntry)};
	HASHCTL		by_oid = {.keysize = sizeof(Oid), .entrysize = sizeof(Oid)};

	lists = hash_create("pg_hotpath relationships", 32, &by_relid, HASH_ELEM | HASH_BLOBS);
	mentioned = hash_create("pg_hotpath related relations", 64, &by_oid, HASH_ELEM | HASH_BLOBS);
	CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
}

static void
mention(Oid relid)
{
	hash_search(mentioned, &relid, HASH_ENTER, NULL);
}

/* ---- indexes ---- */

static bool
has_column(const AttrNumber *columns, int n, AttrNumber attnum)
{
	for (int i = 0; i < n; i++)
		if (columns[i] == attnum)
			return true;
	return false;
}

/* The Oids of an oidvector column of a row of pg_index. */
static void
read_oids(HeapTuple tuple, Relation pg_index, AttrNumber attnum, Oid *oids, int n)
{
	bool		isnull;
	Datum		value = heap_getattr(tuple, attnum, RelationGetDescr(pg_index), &isnull);

	memcpy(oids, ((oidvector *) DatumGetPointer(value))->values, n * sizeof(Oid));
}

/* What a row of pg_index says; NULL for an index that serves nobody. */
static IndexInfoLite *
read_index(HeapTuple tuple, Relation pg_index)
{
	Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);
	IndexInfoLite *index;

	if (!form->indisvalid || !form->indislive || form->indisexclusion ||
		!heap_attisnull(tuple, Anum_pg_index_indpred, NULL))
		return NULL;
	index = palloc0(sizeof(IndexInfoLite));
	index->index = form->indexrelid;
	index->unique = form->indisunique && form->indimmediate;
	index->ncolumns = form->indnkeyatts;
	memcpy(index->columns, form->indkey.values, index->ncolumns * sizeof(AttrNumber));
	if (has_column(index->columns, index->ncolumns, 0))
		index->unique = false;
	read_oids(tuple, pg_index, Anum_pg_index_indclass, index->families, index->ncolumns);
	read_oids(tuple, pg_index, Anum_pg_index_indcollation, index->collations, index->ncolumns);
	for (int i = 0; i < index->ncolumns; i++)
		index->families[i] = get_opclass_family(index->families[i]);
	return index;
}

static bool
is_btree(Oid index)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(index));
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	result = ((Form_pg_class) GETSTRUCT(tuple))->relam == BTREE_AM_OID;
	ReleaseSysCache(tuple);
	return result;
}

/* The btree indexes of a relation, in the order of their OIDs: IndexInfoLite. */
static List *
indexes_of(Oid relid)
{
	Relation	pg_index = table_open(IndexRelationId, AccessShareLock);
	List	   *result = NIL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	mention(relid);
	ScanKeyInit(&key, Anum_pg_index_indrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(pg_index, IndexIndrelidIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		IndexInfoLite *index = read_index(tuple, pg_index);

		if (index != NULL && is_btree(index->index))
			result = lappend(result, index);
	}
	systable_endscan(scan);
	table_close(pg_index, AccessShareLock);
	return result;
}

/* Is a set of columns unique? */
static bool
is_unique(List *indexes, const AttrNumber *columns, int n)
{
	ListCell   *lc;

	foreach(lc, indexes)
	{
		IndexInfoLite *index = lfirst(lc);
		bool		covered = index->unique;

		for (int i = 0; i < index->ncolumns && covered; i++)
			covered = has_column(columns, n, index->columns[i]);
		if (covered)
			return true;
	}
	return false;
}

static Oid
column_collation(Oid relid, AttrNumber attnum)
{
	Oid			type;
	int32		typmod;
	Oid			collation;

	get_atttypetypmodcoll(relid, attnum, &type, &typmod, &collation);
	return collation;
}

/* Can an index column be searched for values equal to those of a column of a link? */
static bool
serves(const IndexInfoLite *index, int column, const HpLink *link)
{
	for (int i = 0; i < link->ncolumns; i++)
		if (link->far_columns[i] == index->columns[column])
			return op_in_opfamily(link->operators[i], index->families[column]) &&
				index->collations[column] == column_collation(link->far_relation, link->far_columns[i]);
	return false;
}

/* The index whose leading columns are those of the far side: the one with fewest columns. */
static Oid
find_index(List *indexes, const HpLink *link)
{
	const IndexInfoLite *best = NULL;
	ListCell   *lc;

	foreach(lc, indexes)
	{
		const IndexInfoLite *index = lfirst(lc);
		bool		fits = index->ncolumns >= link->ncolumns;

		for (int i = 0; i < link->ncolumns && fits; i++)
			fits = serves(index, i, link);
		if (fits && (best == NULL || index->ncolumns < best->ncolumns))
			best = index;
	}
	return best != NULL ? best->index : InvalidOid;
}

/* ---- foreign keys ---- */

/* Is there a row for the same key above this one, with the same relation on one side? */
static bool
is_derived(Form_pg_constraint form, bool outgoing)
{
	HeapTuple	tuple;
	Form_pg_constraint above;
	bool		result;

	if (!OidIsValid(form->conparentid))
		return false;
	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(form->conparentid));
	if (!HeapTupleIsValid(tuple))
		return false;
	above = (Form_pg_constraint) GETSTRUCT(tuple);
	result = outgoing ? above->conrelid == form->conrelid : above->confrelid == form->confrelid;
	ReleaseSysCache(tuple);
	return result;
}

/* A foreign key as its own relation sees it; NULL for a constraint that is none, or derived. */
static HpLink *
read_foreign_key(HeapTuple tuple, bool outgoing)
{
	Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);
	HpLink	   *link;
	Oid			same[INDEX_MAX_KEYS];

	if (form->contype != CONSTRAINT_FOREIGN || is_derived(form, outgoing) ||
		hp_constraint_is_loose(form))
		return NULL;
	link = palloc0(sizeof(HpLink));
	link->constraint = form->oid;
	link->name = form->conname;
	link->outgoing = true;
	link->near_relation = form->conrelid;
	link->far_relation = form->confrelid;
	DeconstructFkConstraintRow(tuple, &link->ncolumns, link->near_columns, link->far_columns,
							   link->operators, same, same, NULL, NULL);
	mention(form->conrelid);
	mention(form->confrelid);
	return link;
}

/* The other direction of a link; its index is not known. */
HpLink
hp_relationship_reverse(const HpLink *link)
{
	HpLink		result = *link;

	result.outgoing = !link->outgoing;
	result.near_relation = link->far_relation;
	result.far_relation = link->near_relation;
	memcpy(result.near_columns, link->far_columns, sizeof(link->far_columns));
	memcpy(result.far_columns, link->near_columns, sizeof(link->near_columns));
	result.unique = link->reverse_unique;
	result.reverse_unique = link->unique;
	result.index = InvalidOid;
	return result;
}

/* Find out what the indexes of both sides say about a link. */
static void
judge(HpLink *link, List *near_indexes, List *far_indexes)
{
	link->unique = is_unique(far_indexes, link->far_columns, link->ncolumns);
	link->reverse_unique = is_unique(near_indexes, link->near_columns, link->ncolumns);
	link->index = find_index(far_indexes, link);
}

/* The foreign keys of a relation, by name: HpLink, not judged. */
static List *
outgoing_keys(Oid relid)
{
	Relation	pg_constraint = table_open(ConstraintRelationId, AccessShareLock);
	List	   *result = NIL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_constraint_conrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(pg_constraint, ConstraintRelidTypidNameIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		HpLink	   *link = read_foreign_key(tuple, true);

		if (link != NULL)
			result = lappend(result, link);
	}
	systable_endscan(scan);
	table_close(pg_constraint, AccessShareLock);
	return result;
}

/* The foreign keys of a relation as links to what they refer to, judged. */
List *
hp_relationship_outgoing(Oid relid)
{
	List	   *result = outgoing_keys(relid);
	List	   *indexes = indexes_of(relid);
	ListCell   *lc;

	foreach(lc, result)
	{
		HpLink	   *link = lfirst(lc);

		judge(link, indexes, indexes_of(link->far_relation));
	}
	return result;
}

/* OIDs of the foreign keys that refer to a relation. */
static List *
incoming_constraints(Oid relid)
{
	Relation	rel = relation_open(relid, NoLock);
	List	   *result = NIL;

	for (int i = 0; rel->trigdesc != NULL && i < rel->trigdesc->numtriggers; i++)
	{
		Trigger    *trigger = &rel->trigdesc->triggers[i];

		if (OidIsValid(trigger->tgconstraint) &&
			RI_FKey_trigger_type(trigger->tgfoid) == RI_TRIGGER_PK)
			result = list_append_unique_oid(result, trigger->tgconstraint);
	}
	relation_close(rel, NoLock);
	list_sort(result, list_oid_cmp);
	return result;
}

/* The foreign keys that refer to a relation, as links to the relations that have them. */
static List *
incoming_links(Oid relid, List *indexes)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, incoming_constraints(relid))
	{
		HeapTuple	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(lfirst_oid(lc)));
		HpLink	   *key;

		if (!HeapTupleIsValid(tuple))
			continue;
		key = read_foreign_key(tuple, false);
		ReleaseSysCache(tuple);
		if (key == NULL)
			continue;
		*key = hp_relationship_reverse(key);
		judge(key, indexes, indexes_of(key->far_relation));
		result = lappend(result, key);
	}
	return result;
}

/* ---- relationships ---- */

/* Do two foreign keys of a relation cover a unique key of it, with columns of both? */
static bool
is_junction(List *indexes, const HpLink *back, const HpLink *onward)
{
	ListCell   *lc;

	foreach(lc, indexes)
	{
		IndexInfoLite *index = lfirst(lc);
		bool		covered = index->unique;
		bool		of_back = false;
		bool		of_onward = false;

		for (int i = 0; i < index->ncolumns && covered; i++)
		{
			bool		in_back = has_column(back->far_columns, back->ncolumns,
											 index->columns[i]);
			bool		in_onward = has_column(onward->near_columns, onward->ncolumns,
											   index->columns[i]);

			covered = in_back || in_onward;
			of_back = of_back || (in_back && !in_onward);
			of_onward = of_onward || (in_onward && !in_back);
		}
		if (covered && of_back && of_onward)
			return true;
	}
	return false;
}

/* A foreign key's column as a name: user_id is user.  NULL with several columns. */
const char *
hp_relationship_column_tag(const HpLink *link)
{
	Oid			relid = link->outgoing ? link->near_relation : link->far_relation;
	AttrNumber	attnum = link->outgoing ? link->near_columns[0] : link->far_columns[0];
	char	   *name;
	Size		len;

	if (link->ncolumns != 1)
		return NULL;
	name = get_attname(relid, attnum, true);
	if (name == NULL)
		return NULL;
	len = strlen(name);
	if (len > 3 && strcmp(name + len - 3, "_id") == 0)
		name[len - 3] = '\0';
	return name;
}

static const char *
tag_of(const HpLink *link)
{
	const char *tag = hp_relationship_column_tag(link);

	return tag != NULL ? tag : NameStr(link->name);
}

/* A relationship by one link. */
static HpRelationship *
make_direct(const HpLink *link)
{
	HpRelationship *result = palloc0(sizeof(HpRelationship));
	const char *tag = link->outgoing ? hp_relationship_column_tag(link) : NULL;

	result->link = *link;
	result->target = link->far_relation;
	result->base = tag != NULL ? tag : hp_relation_name(link->far_relation);
	if (link->unique && link->reverse_unique)
		result->kind = HP_ONE_TO_ONE;
	else
		result->kind = link->outgoing ? HP_MANY_TO_ONE : HP_ONE_TO_MANY;
	return result;
}

/* A relationship by a junction. */
HpRelationship *
hp_relationship_join(const HpLink *link, const HpLink *onward)
{
	HpRelationship *result = palloc0(sizeof(HpRelationship));

	result->link = *link;
	result->onward = *onward;
	result->through = link->far_relation;
	result->target = onward->far_relation;
	result->kind = HP_MANY_TO_MANY;
	result->base = hp_relation_name(result->target);
	return result;
}

/* The relationships through the junction that a link leads to, if it is one. */
static List *
junctions(const HpLink *link)
{
	List	   *indexes = indexes_of(link->far_relation);
	List	   *result = NIL;
	ListCell   *lc;

	if (link->outgoing)
		return NIL;
	foreach(lc, outgoing_keys(link->far_relation))
	{
		HpLink	   *onward = lfirst(lc);

		if (onward->constraint == link->constraint || !is_junction(indexes, link, onward))
			continue;
		judge(onward, indexes, indexes_of(onward->far_relation));
		result = lappend(result, hp_relationship_join(link, onward));
	}
	return result;
}

static int
count_base(List *list, const char *base, bool joined)
{
	int			n = 0;
	ListCell   *lc;

	foreach(lc, list)
	{
		HpRelationship *other = lfirst(lc);

		if ((joined || other->kind != HP_MANY_TO_MANY) && strcmp(other->base, base) == 0)
			n++;
	}
	return n;
}

/* Relationships of one name through one junction. */
static int
count_through(List *list, const HpRelationship *of)
{
	int			n = 0;
	ListCell   *lc;

	foreach(lc, list)
	{
		HpRelationship *other = lfirst(lc);

		if (other->through == of->through && strcmp(other->base, of->base) == 0)
			n++;
	}
	return n;
}

static bool
name_is_taken(List *list, const char *name)
{
	ListCell   *lc;

	foreach(lc, list)
	{
		HpRelationship *other = lfirst(lc);

		if (other->name != NULL && strcmp(other->name, name) == 0)
			return true;
	}
	return false;
}

/* A name that nothing has yet, the plainest first. */
static const char *
choose_name(List *list, const HpRelationship *of)
{
	bool		joined = of->kind == HP_MANY_TO_MANY;
	char	   *name;
	char	   *longest;

	if (count_base(list, of->base, joined) == 1)
		return of->base;
	name = joined ? psprintf("%s_through_%s", of->base, hp_relation_name(of->through)) :
		psprintf("%s_by_%s", of->base,
				 of->link.outgoing ? NameStr(of->link.name) : tag_of(&of->link));
	if (joined && count_through(list, of) > 1)
		name = psprintf("%s_by_%s", name, tag_of(&of->link));
	if (name_is_taken(list, name))
		name = psprintf("%s_by_%s", of->base, NameStr(of->link.name));
	longest = name;
	for (int i = 2; name_is_taken(list, name); i++)
		name = psprintf("%s_%d", longest, i);
	return name;
}

/* Of tables of one name, those that are in another schema than the relation get that as a prefix. */
static void
tell_schemas_apart(List *list, Oid relid)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, list)
	{
		HpRelationship *of = lfirst(lc);
		const char *table = hp_relation_name(of->target);
		bool		ambiguous = false;

		if (get_rel_namespace(of->target) == get_rel_namespace(relid) ||
			strcmp(of->base, table) != 0)
			continue;
		foreach(lc2, list)
		{
			const HpRelationship *other = lfirst(lc2);

			ambiguous = ambiguous || (other->target != of->target &&
									  strcmp(hp_relation_name(other->target), table) == 0);
		}
		if (ambiguous)
			of->base = psprintf("%s_%s", get_namespace_name(get_rel_namespace(of->target)),
								table);
	}
}

/* The relationships of a relation, in the current context. */
static List *
find_all(Oid relid)
{
	List	   *indexes = indexes_of(relid);
	List	   *links = list_concat(hp_relationship_outgoing(relid),
									incoming_links(relid, indexes));
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, links)
		result = lappend(result, make_direct(lfirst(lc)));
	foreach(lc, links)
		result = list_concat(result, junctions(lfirst(lc)));
	tell_schemas_apart(result, relid);
	/* plain names first, so that no other name takes one of them */
	foreach(lc, result)
	{
		HpRelationship *of = lfirst(lc);

		if (count_base(result, of->base, of->kind == HP_MANY_TO_MANY) == 1)
			of->name = of->base;
	}
	foreach(lc, result)
	{
		HpRelationship *of = lfirst(lc);

		if (of->name == NULL)
			of->name = choose_name(result, of);
	}
	return result;
}

/* ---- the lists that are kept ---- */

static void
forget(ListEntry *entry)
{
	if (entry->context != NULL)
		MemoryContextSetParent(entry->context, TopTransactionContext);
	entry->context = NULL;
	entry->list = NIL;
}

/* Let go of lists that are out of date, and of what only they mention. */
static void
sweep(void)
{
	HASH_SEQ_STATUS status;
	ListEntry  *entry;
	Oid		   *relid;

	if (hash_get_num_entries(lists) < MAX_KEPT)
		return;
	epoch++;
	hash_seq_init(&status, lists);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		forget(entry);
		hash_search(lists, &entry->relid, HASH_REMOVE, NULL);
	}
	hash_seq_init(&status, mentioned);
	while ((relid = hash_seq_search(&status)) != NULL)
		hash_search(mentioned, relid, HASH_REMOVE, NULL);
}

static ListEntry *
build(Oid relid)
{
	uint64		before;
	MemoryContext context;
	MemoryContext outer;
	ListEntry  *entry;
	List	   *list;
	bool		found;

	sweep();
	mention(relid);
	before = epoch;
	context = AllocSetContextCreate(CurrentMemoryContext, "pg_hotpath relationships",
									ALLOCSET_SMALL_SIZES);
	outer = MemoryContextSwitchTo(context);
	list = find_all(relid);
	MemoryContextSwitchTo(outer);

	entry = hash_search(lists, &relid, HASH_ENTER, &found);
	if (found)
		forget(entry);
	/* from here to the end nothing can fail */
	MemoryContextSetParent(context, CacheMemoryContext);
	entry->context = context;
	entry->list = list;
	entry->epoch = before;
	return entry;
}

/*
 * The relationships of a relation (HpRelationship), which the caller has locked.
 * Valid to the end of the transaction, but perhaps not up to date after SQL.
 */
List *
hp_relationship_list(Oid relid)
{
	ListEntry  *entry = hash_search(lists, &relid, HASH_FIND, NULL);

	if (entry == NULL || entry->epoch != epoch || entry->context == NULL)
		entry = build(relid);
	return entry->list;
}

/* The kind in words. */
const char *
hp_relationship_kind_name(HpRelationshipKind kind)
{
	static const char *const names[] = {
		[HP_ONE_TO_MANY] = "one-to-many",
		[HP_MANY_TO_ONE] = "many-to-one",
		[HP_ONE_TO_ONE] = "one-to-one",
		[HP_MANY_TO_MANY] = "many-to-many",
	};

	return names[kind];
}
