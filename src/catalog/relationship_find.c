/*-------------------------------------------------------------------------
 *
 * relationship_find.c
 *		The one relationship that a user means.
 *
 * Who names a relationship by the name that hotpath.relationships() shows gets
 * that one.  Otherwise a key stands for a related table, or for a foreign key's
 * column without _id, and the options relation, fk and through narrow down what
 * is meant.  A relationship by a foreign key comes before those through a
 * junction, unless the junction is named; and where a table refers to itself,
 * naming the table means the rows that refer to a row.
 *
 * Errors: HP006 with the candidates when several are left, HP007 with what there
 * is when none is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "base/errors.h"
#include "catalog/relation.h"
#include "catalog/relationship.h"
#include "lib/stringinfo.h"
#include "utils/lsyscache.h"

/* Names shown in a message. */
#define MAX_SHOWN 20

/* The referring side of a link: its constraint, or a column of it, has this name. */
static bool
link_is_called(const HpLink *link, const char *fk)
{
	Oid			relid = link->outgoing ? link->near_relation : link->far_relation;
	const AttrNumber *columns = link->outgoing ? link->near_columns : link->far_columns;

	if (strcmp(NameStr(link->name), fk) == 0)
		return true;
	for (int i = 0; i < link->ncolumns; i++)
	{
		char	   *name = get_attname(relid, columns[i], true);

		if (name != NULL && strcmp(name, fk) == 0)
			return true;
	}
	return false;
}

/* What a relationship is, for a message. */
static void
describe(StringInfo text, const HpRelationship *relationship)
{
	appendStringInfo(text, "%s (foreign key %s of %s",
					 relationship->name, NameStr(relationship->link.name),
					 hp_relation_name(relationship->link.outgoing ?
									  relationship->link.near_relation :
									  relationship->link.far_relation));
	if (OidIsValid(relationship->through))
		appendStringInfo(text, ", on to %s by %s", hp_relation_name(relationship->target),
						 NameStr(relationship->onward.name));
	appendStringInfoChar(text, ')');
}

static void
append_name(StringInfo text, const HpRelationship *relationship)
{
	appendStringInfoString(text, relationship->name);
}

/* The first of some relationships, appended one by one. */
static char *
list_text(List *list, void (*append) (StringInfo, const HpRelationship *))
{
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	foreach(lc, list)
	{
		if (foreach_current_index(lc) == MAX_SHOWN)
		{
			appendStringInfo(&text, ", and %d more", list_length(list) - MAX_SHOWN);
			break;
		}
		if (text.len > 0)
			appendStringInfoString(&text, ", ");
		append(&text, lfirst(lc));
	}
	return text.data;
}

static void
report_unknown(Oid relid, const HpRelationshipWish *wish, List *all)
{
	StringInfoData what;

	initStringInfo(&what);
	if (OidIsValid(wish->target))
		appendStringInfo(&what, " with table \"%s\"", hp_relation_name(wish->target));
	if (OidIsValid(wish->through))
		appendStringInfo(&what, " through \"%s\"", hp_relation_name(wish->through));
	if (wish->fk != NULL)
		appendStringInfo(&what, " by foreign key \"%s\"", wish->fk);
	if (what.len == 0)
		appendStringInfo(&what, " called \"%s\"", wish->key);
	ereport(ERROR,
			errcode(HP_ERRCODE_UNKNOWN_RELATIONSHIP),
			errmsg("table \"%s\" has no relationship%s", hp_relation_name(relid), what.data),
			all == NIL ? errdetail("The table has no foreign keys, and none refer to it.") :
			errdetail("It has these: %s.", list_text(all, append_name)),
			errhint("Use a name that hotpath.relationships() shows, or name the table in "
					"\"relation\" and the constraint or column in \"fk\"."));
}

static void
report_ambiguous(Oid relid, const HpRelationshipWish *wish, List *candidates)
{
	ereport(ERROR,
			errcode(HP_ERRCODE_AMBIGUOUS_RELATIONSHIP),
			errmsg("\"%s\" may mean several relationships of table \"%s\"", wish->key,
				   hp_relation_name(relid)),
			errdetail("Candidates: %s.", list_text(candidates, describe)),
			errhint("Use one of these names, or name the constraint or column in \"fk\"."));
}

/* Those of a list that a test keeps. */
typedef bool (*Test) (const HpRelationship *relationship, const HpRelationshipWish *wish);

static List *
keep(List *list, Test test, const HpRelationshipWish *wish)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, list)
		if (test(lfirst(lc), wish))
			result = lappend(result, lfirst(lc));
	return result;
}

/* The same, unless nothing would be left. */
static List *
prefer(List *list, Test test, const HpRelationshipWish *wish)
{
	List	   *result = keep(list, test, wish);

	return result != NIL ? result : list;
}

static bool
has_name(const HpRelationship *relationship, const HpRelationshipWish *wish)
{
	return strcmp(relationship->name, wish->key) == 0;
}

static bool
has_target(const HpRelationship *relationship, const HpRelationshipWish *wish)
{
	return relationship->target == wish->target;
}

static bool
near_key_is_called(const HpRelationship *relationship, const HpRelationshipWish *wish)
{
	return link_is_called(&relationship->link, wish->fk);
}

static bool
any_key_is_called(const HpRelationship *relationship, const HpRelationshipWish *wish)
{
	return near_key_is_called(relationship, wish) ||
		(OidIsValid(relationship->through) && link_is_called(&relationship->onward, wish->fk));
}

static bool
is_direct(const HpRelationship *relationship, const HpRelationshipWish *wish)
{
	return !OidIsValid(relationship->through);
}

static bool
refers_back(const HpRelationship *relationship, const HpRelationshipWish *wish)
{
	return !relationship->link.outgoing;
}

/* The key is the related table's name, or a foreign key's column without _id. */
static bool
key_suits(const HpRelationship *relationship, const HpRelationshipWish *wish)
{
	const char *tag = relationship->link.outgoing ?
		hp_relationship_column_tag(&relationship->link) : NULL;

	return strcmp(hp_relation_name(relationship->target), wish->key) == 0 ||
		(tag != NULL && strcmp(tag, wish->key) == 0);
}

/* Every way from a relation over a table that is used as a junction, whatever its keys. */
static List *
ways_through(Oid relid, Oid junction)
{
	List	   *links = hp_foreign_key_outgoing(junction);
	List	   *result = NIL;
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, links)
	{
		HpLink	   *back = lfirst(lc);
		HpLink		link;

		if (back->far_relation != relid)
			continue;
		link = hp_foreign_key_reverse(back);
		foreach(lc2, links)
		{
			HpRelationship *way;

			if (lfirst(lc2) == back)
				continue;
			way = hp_relationship_join(&link, lfirst(lc2));
			way->name = way->base;
			result = lappend(result, way);
		}
	}
	return result;
}

/* The index by which a junction's rows are found is known to the relationships alone. */
static void
find_index_of(Oid relid, HpRelationship *way)
{
	ListCell   *lc;

	foreach(lc, hp_relationship_list(relid))
	{
		const HpRelationship *direct = lfirst(lc);

		if (!OidIsValid(direct->through) && !direct->link.outgoing &&
			direct->link.constraint == way->link.constraint)
			way->link = direct->link;
	}
}

/*
 * The relationship of a locked relation that the wish means.  Belongs to the
 * list of relationships, or to the current context.
 */
const HpRelationship *
hp_relationship_find(Oid relid, const HpRelationshipWish *wish)
{
	List	   *all = hp_relationship_list(relid);
	List	   *left = OidIsValid(wish->through) ? ways_through(relid, wish->through) : all;
	bool		plain = !OidIsValid(wish->target) && !OidIsValid(wish->through) &&
		wish->fk == NULL;

	if (plain && keep(all, has_name, wish) != NIL)
		return linitial(keep(all, has_name, wish));
	if (OidIsValid(wish->target))
		left = keep(left, has_target, wish);
	if (wish->fk != NULL)
		left = prefer(keep(left, any_key_is_called, wish), near_key_is_called, wish);
	if (plain)
		left = keep(left, key_suits, wish);
	if (list_length(left) > 1)
		left = prefer(left, is_direct, wish);
	if (list_length(left) > 1 && wish->target == relid)
		left = prefer(left, refers_back, wish);
	if (list_length(left) > 1 && !plain)
		left = prefer(left, has_name, wish);
	if (list_length(left) > 1 && !plain)
		left = prefer(left, key_suits, wish);
	if (left == NIL)
		report_unknown(relid, wish, all);
	if (list_length(left) > 1)
		report_ambiguous(relid, wish, left);
	if (OidIsValid(wish->through))
		find_index_of(relid, linitial(left));
	return linitial(left);
}

/* ---- starting from the child ---- */

static char *
list_keys(List *links)
{
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	foreach(lc, links)
	{
		const HpLink *link = lfirst(lc);

		appendStringInfo(&text, "%s%s (to %s)", text.len > 0 ? ", " : "", NameStr(link->name),
						 hp_relation_name(link->far_relation));
	}
	return text.data;
}

static List *
links_called(List *links, const char *fk)
{
	List	   *result = NIL;
	ListCell   *lc;

	if (fk == NULL)
		return links;
	foreach(lc, links)
		if (link_is_called(lfirst(lc), fk))
			result = lappend(result, lfirst(lc));
	return result;
}

static void
report_keys(Oid relid, const char *fk, List *all, List *found)
{
	if (found == NIL)
		ereport(ERROR,
				errcode(HP_ERRCODE_UNKNOWN_RELATIONSHIP),
				fk == NULL ?
				errmsg("table \"%s\" has no foreign key", hp_relation_name(relid)) :
				errmsg("table \"%s\" has no foreign key \"%s\"", hp_relation_name(relid), fk),
				all == NIL ? errdetail("A child is found by the foreign key that refers to its parent.") :
				errdetail("It has these: %s.", list_keys(all)),
				errhint("Name a foreign key's constraint or column in fk."));
	ereport(ERROR,
			errcode(HP_ERRCODE_AMBIGUOUS_RELATIONSHIP),
			errmsg("table \"%s\" has several foreign keys that may be meant",
				   hp_relation_name(relid)),
			errdetail("Candidates: %s.", list_keys(found)),
			errhint("Name the constraint or column in fk."));
}

/* The parent's relationships are listed under its lock, and none of its rows is read. */
static void
find_index_of_parent(Oid relid, void *arg)
{
	hp_relation_by_oid(relid);
	find_index_of(relid, arg);
}

/*
 * The foreign key by which rows of a locked relation belong to parents, read
 * from the parent.  fk is a constraint's or column's name, or NULL where there is
 * only one.
 */
HpLink
hp_relationship_parent(Oid relid, const char *fk)
{
	List	   *all = hp_foreign_key_outgoing(relid);
	List	   *found = links_called(all, fk);
	HpLink		result;
	HpRelationship way = {0};

	if (list_length(found) != 1)
		report_keys(relid, fk, all, found);
	result = hp_foreign_key_reverse(linitial(found));
	way.link = result;
	hp_relation_as_guest(result.near_relation, find_index_of_parent, &way);
	return way.link;
}

/*
 * The relationship whose target is a locked relation, through a locked junction.
 * fk names the junction's key to the parent where that is not the only other one.
 */
HpRelationship *
hp_relationship_through(Oid target, Oid junction, const char *fk)
{
	List	   *all = hp_foreign_key_outgoing(junction);
	List	   *backs = links_called(all, fk);
	List	   *ways = NIL;
	List	   *near = NIL;
	HpRelationship *result;
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, backs)
	{
		foreach(lc2, all)
		{
			const HpLink *onward = lfirst(lc2);
			HpLink		link = hp_foreign_key_reverse(lfirst(lc));

			if (lfirst(lc2) == lfirst(lc) || onward->far_relation != target)
				continue;
			ways = lappend(ways, hp_relationship_join(&link, onward));
			near = list_append_unique_ptr(near, lfirst(lc));
		}
	}
	if (ways == NIL)
		ereport(ERROR,
				errcode(HP_ERRCODE_UNKNOWN_RELATIONSHIP),
				errmsg("table \"%s\" does not relate \"%s\" to a parent",
					   hp_relation_name(junction), hp_relation_name(target)),
				all == NIL ? errdetail("The junction has no foreign keys.") :
				errdetail("Its foreign keys are: %s.", list_keys(all)),
				errhint("A junction has a foreign key to each of the two tables."));
	if (list_length(ways) > 1)
		report_keys(junction, fk, all, near);
	result = linitial(ways);
	hp_relation_as_guest(result->link.near_relation, find_index_of_parent, result);
	return result;
}
