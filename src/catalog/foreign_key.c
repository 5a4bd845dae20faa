/*-------------------------------------------------------------------------
 *
 * foreign_key.c
 *		Foreign keys as links between relations, read from the catalog.
 *
 * The keys that refer to a relation are found from the triggers that enforce them,
 * since the catalog has no index on the relation referred to.  So a key that is
 * not enforced (PostgreSQL 18) is no link, nor is one with PERIOD, whose values are
 * not just equal.
 *
 * With partitioned tables the catalog has a row for the key itself and one for
 * each partition on either side.  A row derived from another of the same
 * relation says nothing new, and is left out.
 *
 * Neighbours are not locked: what is known of them is read from the catalog alone.
 * Every relation looked at is mentioned to relationship.c, which watches it.
 *
 * Memory: everything in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/foreign_key.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "base/compat.h"
#include "catalog/indexing.h"
#include "catalog/object.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "catalog/relationship.h"
#include "commands/trigger.h"
#include "parser/parse_coerce.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

/* ---- indexes ---- */

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
	{
		Oid			opclass = index->families[i];
		Oid			input;

		if (!get_opclass_opfamily_and_input_type(opclass, &index->families[i], &input))
			index->families[i] = InvalidOid;
	}
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

	hp_relationship_mention(relid);
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

/* A column's collation; InvalidOid where it has none, or is gone: nobody holds a lock on all relations here. */
static Oid
column_collation(Oid relid, AttrNumber attnum)
{
	FormData_pg_attribute column;

	return hp_object_column(relid, attnum, &column) ? column.attcollation : InvalidOid;
}

static bool
is_deterministic(Oid collation)
{
	HeapTuple	tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	result = ((Form_pg_collation) GETSTRUCT(tuple))->collisdeterministic;
	ReleaseSysCache(tuple);
	return result;
}

/*
 * The collation under which a column of a link is compared, InvalidOid where its type has none;
 * *differs: the two sides have different ones, so that it must be said.  It is that of the
 * far side, whose index finds rows then, unless it matters which: then it is that of the column
 * referred to, as it is where the key is enforced.
 */
Oid
hp_foreign_key_collation(const HpLink *link, int i, bool *differs)
{
	Oid			near = column_collation(link->near_relation, link->near_columns[i]);
	Oid			far = column_collation(link->far_relation, link->far_columns[i]);

	*differs = near != far && OidIsValid(near) && OidIsValid(far);
	if (!*differs || link->outgoing ||
		(is_deterministic(near) && is_deterministic(far)))
		return far;
	return near;
}

/* Can an index column be searched for values equal to those of a column of a link? */
static bool
serves(const IndexInfoLite *index, int column, const HpLink *link)
{
	bool		differs;

	for (int i = 0; i < link->ncolumns; i++)
		if (link->far_columns[i] == index->columns[column])
			return op_in_opfamily(link->operators[i], index->families[column]) &&
				index->collations[column] == hp_foreign_key_collation(link, i, &differs);
	return false;
}

/*
 * Are values of a type that are different still different when they are cast to another one, as the
 * operator of a link wants them?  So are those that stay the same bits, if these decide what is equal,
 * as with texts by a deterministic collation.
 */
static bool
is_injective(Oid from, Oid to)
{
	switch (to)
	{
		case NUMERICOID:
			return from == INT2OID || from == INT4OID || from == INT8OID;
		case FLOAT8OID:
			return from == INT2OID || from == INT4OID;
		case TEXTOID:
			return from == BPCHAROID || IsBinaryCoercible(from, to);
		case OIDOID:
		case VARBITOID:
			return IsBinaryCoercible(from, to);
		default:
			return false;
	}
}

/* Does a unique index on a column of a side of a link compare so that the link's operator is served? */
static bool
compares_for(const IndexInfoLite *index, int column, const HpLink *link, int i, bool far)
{
	Oid			type;
	Oid			referenced;
	Oid			referencing;

	if (op_in_opfamily(link->operators[i], index->families[column]))
		return true;
	if (!SearchSysCacheExists1(OPEROID, ObjectIdGetDatum(link->operators[i])))
		return false;
	op_input_types(link->operators[i], &referenced, &referencing);
	type = far ? get_atttype(link->far_relation, link->far_columns[i]) :
		get_atttype(link->near_relation, link->near_columns[i]);
	return is_injective(hp_object_base_type_if_any(type),
						far == link->outgoing ? referenced : referencing);
}

/*
 * Does a unique index keep the values of its column apart that a link's columns of this side would
 * find?  What is equal by a deterministic collation is equal by all.
 */
static bool
tells_apart(const IndexInfoLite *index, int column, const HpLink *link, bool far)
{
	const AttrNumber *side = far ? link->far_columns : link->near_columns;

	for (int i = 0; i < link->ncolumns; i++)
	{
		bool		differs;
		Oid			collation;

		if (side[i] != index->columns[column] || !compares_for(index, column, link, i, far))
			continue;
		collation = hp_foreign_key_collation(link, i, &differs);
		if (!OidIsValid(collation) || collation == index->collations[column] ||
			is_deterministic(collation))
			return true;
	}
	return false;
}

/* Are the columns of a side of a link unique, as the link compares them? */
static bool
is_unique(List *indexes, const HpLink *link, bool far)
{
	ListCell   *lc;

	foreach(lc, indexes)
	{
		IndexInfoLite *index = lfirst(lc);
		bool		covered = index->unique;

		for (int i = 0; i < index->ncolumns && covered; i++)
			covered = tells_apart(index, i, link, far);
		if (covered)
			return true;
	}
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
	hp_relationship_mention(form->conrelid);
	hp_relationship_mention(form->confrelid);
	return link;
}

/* The other direction of a link; its index is not known. */
HpLink
hp_foreign_key_reverse(const HpLink *link)
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
	link->unique = is_unique(far_indexes, link, true);
	link->reverse_unique = is_unique(near_indexes, link, false);
	link->index = find_index(far_indexes, link);
}

/* The foreign keys of a relation, by name: HpLink, not judged. */
List *
hp_foreign_key_list(Oid relid)
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
hp_foreign_key_outgoing(Oid relid)
{
	List	   *result = hp_foreign_key_list(relid);
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
List *
hp_foreign_key_incoming(Oid relid)
{
	List	   *indexes = indexes_of(relid);
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
		*key = hp_foreign_key_reverse(key);
		judge(key, indexes, indexes_of(key->far_relation));
		result = lappend(result, key);
	}
	return result;
}

/* Find out what the indexes of both sides say about a link of hp_foreign_key_list(). */
void
hp_foreign_key_judge(HpLink *link)
{
	judge(link, indexes_of(link->near_relation), indexes_of(link->far_relation));
}

/* Do two foreign keys of a relation cover a unique key of it, with columns of both? */
bool
hp_foreign_key_is_junction(const HpLink *back, const HpLink *onward)
{
	ListCell   *lc;

	foreach(lc, indexes_of(back->far_relation))
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
