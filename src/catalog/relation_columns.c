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
 * takes.  They were changed in the middle of the transaction where they differ, a
 * message has come in the middle, and the catalog has rows of them that may have
 * been committed since the transaction began.  The session's own changes do not
 * count: what it runs afterwards is analyzed afterwards.
 *
 * Called by relation.c; a look-up for a name by whoever has a row type.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/relation.h"

#include "access/htup_details.h"
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

		hashes[i + 1] = hash_combine64(hash, ((uint64) attr->atttypid << 1) | attr->attisdropped);
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

/* Has another transaction written the catalog's row of a column that may have ended since this one began? */
static bool
are_recent(Oid relid, int ncolumns)
{
	bool		recent = false;

	for (int i = 1; i <= ncolumns && !recent; i++)
	{
		HeapTuple	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid), Int16GetDatum(i));

		recent = !HeapTupleIsValid(tuple) ||
			hp_relation_is_recent(HeapTupleHeaderGetXmin(tuple->t_data));
		if (HeapTupleIsValid(tuple))
			ReleaseSysCache(tuple);
	}
	return recent;
}

/* Compare the columns with those that the relation had before, as far as it had them. */
static void
compare_columns(HpRelation *rel, int ncolumns, const uint64 *hashes)
{
	if (ncolumns <= rel->ncolumns && hashes[ncolumns] == rel->column_hashes[ncolumns])
		return;
	if (hp_relation_is_told_meanwhile() && are_recent(rel->relid, rel->ncolumns))
		rel->altered_lxid = HP_MY_LXID;
}

/* Compare the columns of a descriptor with those of the one whose place it takes. */
void
hp_relation_follow_columns(HpRelation *rel, const HpRelation *old)
{
	rel->altered_lxid = old->altered_lxid;
	compare_columns(rel, old->ncolumns, old->column_hashes);
}

/* The same with what the session knew of the row type, where it had no descriptor. */
void
hp_relation_compare_columns(HpRelation *rel, TupleDesc known)
{
	uint64	   *hashes = hash_columns(known);

	compare_columns(rel, known->natts, hashes);
	pfree(hashes);
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
