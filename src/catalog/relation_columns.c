/*-------------------------------------------------------------------------
 *
 * relation_columns.c
 *		Columns of relations, as statements know them.
 *
 * A statement that reads a function's rows of a row type knows their columns by
 * number, since it was analyzed; it takes no lock then, and the server does not
 * analyze it again when they change.  So note_ddl() has all statements analyzed
 * again (relation_names.c), and who was analyzed before and is run after, as while
 * it waits for the table, is told by an error.  Columns that were only added change
 * nothing for it.
 *
 * The columns of a descriptor are compared with those of the one whose place it
 * takes, if others have touched the relation in the middle of the transaction
 * (relation_names.c).  They have changed columns if these differ, or could have differed
 * in between; where there was no descriptor, if they may be new.  What the session
 * changes by itself touches nothing: what it runs afterwards is analyzed afterwards; nor
 * does anything change that is locked.
 *
 * Called by relation.c; a look-up for a name by whoever has a row type, the hash by whoever has noted numbers of
 * columns and calls functions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/relation.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "common/hashfn.h"
#include "utils/plancache.h"
#include "utils/syscache.h"

/* A hash of the first column, one of the first two, and so on; in the current context. */
static uint64 *
hash_columns(TupleDesc desc)
{
	uint64	   *hashes = palloc((desc->natts + 1) * sizeof(uint64));

	hashes[0] = 0;
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);
		const char *name = NameStr(attr->attname);
		uint64		hash = hash_bytes_extended((const unsigned char *) name, strlen(name), hashes[i]);

		hash = hash_combine64(hash, ((uint64) attr->atttypid << 1) | attr->attisdropped);
		hashes[i + 1] = hash_combine64(hash, attr->attcollation);
	}
	return hashes;
}

/* Note the columns that a descriptor is built of, in the current context. */
void
hp_relation_note_columns(HpRelation *rel, TupleDesc desc)
{
	rel->ncolumns = desc->natts;
	rel->column_hashes = hash_columns(desc);
}

/* Was the catalog's row written by this transaction?  Whatever descriptor there was. */
static bool
is_own(HeapTupleHeader row, const HpRelation *old)
{
	return TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetRawXmin(row));
}

/* Is this so for the catalog's row of one of the first columns? */
static bool
is_any(bool (*what) (HeapTupleHeader row, const HpRelation *old), Oid relid, int ncolumns, const HpRelation *old)
{
	bool		found = false;

	for (int i = 1; i <= ncolumns && !found; i++)
	{
		HeapTuple	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid), Int16GetDatum(i));

		if (!HeapTupleIsValid(tuple))
			continue;
		found = what(tuple->t_data, old);
		ReleaseSysCache(tuple);
	}
	return found;
}

/* Has this transaction written the catalog's row of a column? */
bool
hp_relation_has_own_columns(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	int			ncolumns;

	if (!HeapTupleIsValid(tuple))
		return false;
	ncolumns = ((Form_pg_class) GETSTRUCT(tuple))->relnatts;
	ReleaseSysCache(tuple);
	return is_any(is_own, relid, ncolumns, NULL);
}

/*
 * Were the columns changed by others in the middle of the transaction?  old is the descriptor of before, NULL
 * if there was none.
 */
static bool
are_altered(const HpRelation *rel, const HpRelation *old)
{
	if (!hp_relation_is_touched(rel) || rel->temporary)
		return false;
	if (old == NULL)
		return is_any(hp_relation_is_later, rel->relid, rel->ncolumns, NULL);
	if (hp_relation_is_held(old))
		return false;
	return old->ncolumns > rel->ncolumns || hp_relation_columns_hash(old) != rel->column_hashes[old->ncolumns] ||
		(!hp_relation_is_next(rel, old) && is_any(hp_relation_is_later, rel->relid, old->ncolumns, old));
}

/* Compare the columns of a descriptor with those of the one whose place it takes; NULL if there is none. */
void
hp_relation_follow_columns(HpRelation *rel, const HpRelation *old)
{
	if (old != NULL && old->rowtype == rel->rowtype)
		rel->altered_lxid = old->altered_lxid;
	else
		old = NULL;
	if (are_altered(rel, old))
		rel->altered_lxid = HP_MY_LXID;
}

/* Raise an error if the columns were changed in the middle of the transaction. */
void
hp_relation_check_columns(const HpRelation *rel)
{
	if (likely(rel->altered_lxid != HP_MY_LXID))
		return;
	/* a function of PL/pgSQL has kept the plan that it has just made */
	ResetPlanCache();
	ereport(ERROR,
			errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			errmsg("columns of %s were altered while the transaction was open", rel->name),
			errdetail("The statement may have been analyzed before, and mean other columns."),
			errhint("Run the transaction again."));
}

/* Tells whether the columns are those that they were: their order, names, types and collations. */
uint64
hp_relation_columns_hash(const HpRelation *rel)
{
	return rel->column_hashes[rel->ncolumns];
}

/* The column of a row type with a name; InvalidAttrNumber if there is none. */
AttrNumber
hp_relation_find_column(TupleDesc desc, const char *name)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);

		if (!attr->attisdropped && strcmp(NameStr(attr->attname), name) == 0)
			return attr->attnum;
	}
	return InvalidAttrNumber;
}
