/*-------------------------------------------------------------------------
 *
 * index.c
 *		Finds the index in which the ranges of a page lie side by side.
 *
 * Such an index begins with the columns that the filter's equalities fix, all of
 * them and in any order, and goes on with the columns of the order, in theirs,
 * each read in the direction asked for or all of them in the reverse.  Operator
 * families and collations must be those that the order compares by.  Columns of
 * the order that are fixed need not follow.
 *
 * The index is read directly, without a statement, where nothing but the rows of
 * one table is asked for: no policy, view, partition or child is in between, the
 * caller may read all columns, and the filter is the equalities.  Of an unlogged
 * table a standby has no index; a statement says so.
 *
 * Locking: an AccessShareLock on each index looked at, released, and on the one
 * chosen when it is read.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "page/source.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/xlog.h"
#include "base/compat.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/typcache.h"

/* Has an index this equality's column at a position, compared as the equality compares? */
static bool
matches_equality(const HpSource *source, Relation index, int position, const HpEquality *equal)
{
	Form_pg_attribute att = TupleDescAttr(source->base, equal->attnum - 1);

	return index->rd_index->indkey.values[position] == equal->attnum &&
		index->rd_indcollation[position] == att->attcollation &&
		index->rd_opfamily[position] ==
		lookup_type_cache(equal->type, TYPECACHE_BTREE_OPFAMILY)->btree_opf;
}

/* Match the equalities with the first columns of an index; their number, or -1. */
static int
match_prefix(const HpSource *source, Relation index, HpRangeIndex *fit)
{
	int			n = source->nequal;

	if (n > index->rd_index->indnkeyatts)
		return -1;
	for (int e = 0; e < n; e++)
	{
		int			position = 0;

		while (position < n && !matches_equality(source, index, position, &source->equal[e]))
			position++;
		if (position == n)
			return -1;
		fit->equal_attno[e] = position + 1;
	}
	return n;
}

/* Match the order with the columns of an index from a position on. */
static bool
match_order(const HpSource *source, Relation index, int position, HpRangeIndex *fit)
{
	bool		forward = true;
	bool		backward = true;

	for (int i = 0; i < source->order->ncolumns; i++)
	{
		const HpOrderColumn *column = &source->order->columns[i];

		fit->order_attno[i] = 0;
		if (source->fixed[i])
			continue;
		if (position >= index->rd_index->indnkeyatts)
			return false;
		forward = forward && hp_order_is_indexed(column, index, position, false);
		backward = backward && hp_order_is_indexed(column, index, position, true);
		fit->order_attno[i] = ++position;
	}
	fit->backward = !forward;
	return forward || backward;
}

/* Does an index have the ranges side by side?  Says how. */
static bool
index_fits(HpSource *source, Relation index, HpRangeIndex *fit)
{
	Form_pg_index form = index->rd_index;
	int			prefix;

	if (index->rd_rel->relam != BTREE_AM_OID || !form->indisvalid || !form->indislive ||
		!heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL))
		return false;
	prefix = match_prefix(source, index, fit);
	if (prefix < 0 || !match_order(source, index, prefix, fit))
		return false;
	fit->index = RelationGetRelid(index);
	return true;
}

/* May ranges be read from an index without a statement? */
static bool
may_read_directly(HpSource *source)
{
	Relation	rel = source->rel;
	HpRelation *known = hp_relation_by_oid(RelationGetRelid(rel));

	source->user = hp_relation_user_now();
	return source->only_equal && source->embed == NULL && source->unique &&
		rel->rd_rel->relkind == RELKIND_RELATION &&
		(RelationIsPermanent(rel) || !RecoveryInProgress()) &&
		!hp_has_virtual_columns(source->base) &&
		!hp_relation_rls_applies(known, false) &&
		hp_relation_may_select(known);
}

/* Set the index to read, if there is one, and whether directly. */
void
hp_source_choose_index(HpSource *source)
{
	List	   *indexes = RelationGetIndexList(source->rel);
	int			columns = INDEX_MAX_KEYS + 1;
	ListCell   *lc;

	source->index.index = InvalidOid;
	foreach(lc, indexes)
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);
		HpRangeIndex fit;

		if (index->rd_index->indnkeyatts < columns && index_fits(source, index, &fit))
		{
			source->index = fit;
			columns = index->rd_index->indnkeyatts;
		}
		index_close(index, AccessShareLock);
	}
	list_free(indexes);
	source->direct = OidIsValid(source->index.index) && may_read_directly(source);
}

/* Is the index read directly still?  Functions called since may have set another role. */
bool
hp_source_is_direct(HpSource *source)
{
	if (source->direct && !hp_relation_same_user(&source->user))
		source->direct = may_read_directly(source);
	return source->direct;
}
