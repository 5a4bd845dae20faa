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
 * Neighbours are not locked: what is known of them is read from the catalog
 * alone.  Whoever uses a relationship locks its relations, which processes
 * pending invalidations, and then asks again.
 *
 * Lists are kept per backend, and are out of date as soon as the relation
 * cache says that something about a relation that any of them mentions has
 * changed, or any schema was renamed, as names have some schema's in them.
 *
 * Memory: each list has a context of its own below CacheMemoryContext.  One that
 * is replaced lives to the end of the transaction.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/relationship.h"

#include "catalog/relation.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

/* Lists kept before all are let go. */
#define MAX_KEPT 256

typedef struct ListEntry
{
	Oid			relid;			/* hash key */
	uint64		epoch;			/* in which it was made */
	MemoryContext context;
	List	   *list;			/* HpRelationship */
} ListEntry;

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

/* The same for the names of schemas. */
static void
schema_changed(Datum arg, int cacheid, uint32 hash)
{
	epoch++;
}

/* Called from _PG_init. */
void
hp_relationship_init(void)
{
	HASHCTL		by_relid = {.keysize = sizeof(Oid), .entrysize = sizeof(ListEntry)};
	HASHCTL		by_oid = {.keysize = sizeof(Oid), .entrysize = sizeof(Oid)};

	/* where an attempt to load has failed, one may be there already */
	if (lists == NULL)
		lists = hash_create("pg_hotpath relationships", 32, &by_relid, HASH_ELEM | HASH_BLOBS);
	mentioned = hash_create("pg_hotpath related relations", 64, &by_oid, HASH_ELEM | HASH_BLOBS);
	CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(NAMESPACEOID, schema_changed, (Datum) 0);
}

/* A relation that what is being found out depends on. */
void
hp_relationship_mention(Oid relid)
{
	hash_search(mentioned, &relid, HASH_ENTER, NULL);
}

/* ---- relationships ---- */

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
	List	   *result = NIL;
	ListCell   *lc;

	if (link->outgoing)
		return NIL;
	foreach(lc, hp_foreign_key_list(link->far_relation))
	{
		HpLink	   *onward = lfirst(lc);

		if (onward->constraint == link->constraint || !hp_foreign_key_is_junction(link, onward))
			continue;
		hp_foreign_key_judge(onward);
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
		const char *schema;
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
		schema = ambiguous ? get_namespace_name(get_rel_namespace(of->target)) : NULL;
		if (schema != NULL)
			of->base = psprintf("%s_%s", schema, table);
	}
}

/* The relationships of a relation, in the current context. */
static List *
find_all(Oid relid)
{
	List	   *links = list_concat(hp_foreign_key_outgoing(relid),
									hp_foreign_key_incoming(relid));
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

/* Let go of all lists, and of what they mention, once there are many. */
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
	static long sweep_at = HP_SWEEP_FROM;
	uint64		before;
	MemoryContext context;
	MemoryContext outer;
	ListEntry  *entry;
	List	   *list;
	bool		found;

	sweep();
	hp_relation_sweep(mentioned, &sweep_at);
	hp_relationship_mention(relid);
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
