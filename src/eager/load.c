/*-------------------------------------------------------------------------
 *
 * load.c
 *		Loads levels: one statement for each, whatever the number of parents.
 *
 * The levels are loaded from the top down.  All statements run under the active
 * snapshot of the call, so the tree is what one query would see.  Very many
 * keys are cut into several statements (pg_hotpath.batch_size).
 *
 * A level that finds one row by all columns of a key goes through the source of
 * rows (the row cache) where that has the table, unless there are conditions on
 * the rows.  Whoever must not read all columns reads the table.
 *
 * Memory: what is loaded, in the context of the batch; the rest in a context that
 * is reset after each statement.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/transam.h"
#include "base/compat.h"
#include "base/guc.h"
#include "catalog/pg_type.h"
#include "catalog/relation.h"
#include "eager/level_sql.h"
#include "eager/node.h"
#include "miscadmin.h"
#include "query/query.h"
#include "query/row_source.h"
#include "utils/memutils.h"
#include "utils/rel.h"

/* Keys that go to the source of rows at once: they are larger there than here. */
#define MAX_SOURCE_KEYS 10000

/* What the rows of a statement are for. */
typedef struct Loading
{
	HpNode	   *node;
	int			first;			/* number of the key with ordinal 1 */
	bool		checked;		/* the statement's rows are of the level's types */
} Loading;

/* ---- by SQL ---- */

/* A row of a many-to-many level may have come before. */
static int
identify(HpNode *node, TupleTableSlot *slot, int natts)
{
	Oid			tableoid;
	ItemPointer place;
	bool		found;
	int			row;

	tableoid = DatumGetObjectId(slot->tts_values[natts - 3]);
	place = (ItemPointer) DatumGetPointer(slot->tts_values[natts - 2]);
	row = hp_rows_identify(node->rows, tableoid, place, &found);
	return found ? row : hp_node_add_slot(node, slot);
}

static bool
take_row(TupleTableSlot *slot, void *arg)
{
	Loading    *loading = arg;
	HpNode	   *node = loading->node;
	int			natts = slot->tts_tupleDescriptor->natts;
	int			row;

	if (!loading->checked)
		hp_node_expect(node, slot->tts_tupleDescriptor);
	loading->checked = true;
	slot_getallattrs(slot);
	if (node->take != NULL)
	{
		node->take(loading->first + DatumGetInt64(slot->tts_values[natts - 1]) - 1,
				   slot->tts_values[0], node->take_arg);
		return true;
	}
	if (node->level->as_row)
		row = hp_node_keep_datum(node, slot->tts_values[0]);
	else if (node->level->has_identity)
		row = identify(node, slot, natts);
	else
		row = hp_node_add_slot(node, slot);
	hp_rows_link(node->rows, loading->first + DatumGetInt64(slot->tts_values[natts - 1]) - 1,
				 row);
	return true;
}

/*
 * Load the keys from number first on.  A root's statement is run for no keys as well, so that it asks
 * for the right to read the root whatever the keys are.
 */
static void
load_by_statement(HpNode *node, int first, MemoryContext scratch)
{
	int			nkeys = hp_key_set_count(node->keys);
	HpLevelPlan plan = hp_level_plan(node->level);
	HpPlanning	planning = hp_level_planning(node->level);
	Loading		loading = {.node = node};

	do
	{
		/* the statement may call functions that set the parameter */
		int			n = Min(nkeys - first, hp_guc_batch_size);
		HpStatement statement;

		CHECK_FOR_INTERRUPTS();
		hp_statement_init(&statement);
		hp_level_append(&statement, node->level, plan, node->keys, first, n);

		/*
		 * Should the planner think that a key has very many rows it might prefer a sequential scan for
		 * each, which keys without rows would make a disaster of.
		 */
		statement.by_index = plan == HP_LEVEL_EACH;
		loading.first = first;
		loading.checked = false;
		hp_statement_run(&statement, planning, 0, take_row, &loading);
		first += n;
		MemoryContextReset(scratch);
	} while (first < nkeys);
}

/* ---- by the source of rows ---- */

/* How the keys of a level become keys of the source. */
typedef struct SourceKeys
{
	HpNode	   *node;
	const HpKeyDef *def;
	int			from[INDEX_MAX_KEYS];	/* of each column of def, the level's */
	HpCoercion	coercions[INDEX_MAX_KEYS];
	HpKey	   *keys;
	int		   *numbers;		/* of the keys, in the level's set */
	int			nkeys;
	int			visited;
} SourceKeys;

/* Is a level no more than a row by key? */
static bool
is_by_key(const HpLevel *level)
{
	ListCell   *lc;

	if (!level->to_one || !level->via.link.outgoing || level->as_row ||
		level->naggregates > 0 || level->limit >= 0 || level->offset > 0 ||
		!hp_filter_is_empty(level->filter))
		return false;
	foreach(lc, level->below)
		if (((const HpLevel *) lfirst(lc))->join != HP_JOIN_LEFT)
			return false;
	return true;
}

/*
 * Does a key's column find the rows that a link's operator would?  Other indexes on the same column
 * may compare otherwise.  Integers of different widths are compared by operators of one family.
 */
static bool
compares_alike(const HpKeyColumn *column, Oid type, Oid link_operator)
{
	if (type == column->type)
		return column->equal_operator == link_operator;
	return (type == INT2OID || type == INT4OID || type == INT8OID) &&
		column->equal_operator < FirstNormalObjectId && link_operator < FirstNormalObjectId;
}

/* Find the source's key for a level; false if it has none, or one of types too different. */
static bool
match_source(SourceKeys *match, HpRelation *rel, const Oid *types)
{
	const HpLink *link = &match->node->level->via.link;

	match->def = hp_row_source->key(rel, link->far_columns, link->ncolumns);
	if (match->def == NULL)
		return false;
	for (int i = 0; i < match->def->ncolumns; i++)
	{
		const HpKeyColumn *column = &match->def->columns[i];
		int			from = 0;

		while (link->far_columns[from] != column->attnum)
			from++;
		match->from[i] = from;
		if (!compares_alike(column, types[from], link->operators[from]))
			return false;
		hp_key_coercion_init(&match->coercions[i], types[from], column, CurrentMemoryContext);
		if (match->coercions[i].kind != HP_COERCE_NONE &&
			match->coercions[i].kind != HP_COERCE_INTEGER)
			return false;
	}
	return true;
}

/* The keys from first on, n of them, less those that no row can have. */
static void
make_source_keys(SourceKeys *match, int first, int n)
{
	match->keys = palloc(n * sizeof(HpKey));
	match->numbers = palloc(n * sizeof(int));
	match->nkeys = 0;
	match->visited = 0;
	for (int i = first; i < first + n; i++)
	{
		const Datum *values = hp_key_set_values(match->node->keys, i);
		HpKey	   *key = &match->keys[match->nkeys];
		bool		possible = true;

		for (int c = 0; c < match->def->ncolumns && possible; c++)
			possible = hp_key_coercion_apply(&match->coercions[c], values[match->from[c]],
											 &key->values[c]);
		if (!possible)
			continue;
		hp_key_set(key, match->def);
		match->numbers[match->nkeys++] = i;
	}
}

static void
take_source_row(Datum row, bool found, void *arg)
{
	SourceKeys *match = arg;
	int			key = match->numbers[match->visited++];

	if (found)
		hp_rows_link(match->node->rows, key, hp_node_add_datum(match->node, row));
}

/*
 * Read the keys' rows from the source, while the relation is open: so functions that are called
 * for one row cannot alter the table, of which more rows are there already.
 */
static bool
read_source(SourceKeys *match, HpRelation *rel)
{
	Relation	held = relation_open(rel->relid, NoLock);
	bool		result;

	hp_node_expect_whole(match->node, RelationGetDescr(held));
	result = hp_row_source->read(rel, match->def, match->keys, match->nkeys, take_source_row,
								 match);
	relation_close(held, NoLock);
	return result;
}

/*
 * Load a level through the source of rows, from key number *first on.  False where
 * that is not possible (any more); *first tells where to go on by statement.
 */
static bool
load_from_source(HpNode *node, int *first, MemoryContext scratch)
{
	int			nkeys = hp_key_set_count(node->keys);
	SourceKeys	match = {.node = node};
	HpRelation *rel;

	if (hp_row_source == NULL || !is_by_key(node->level))
		return false;
	while (*first < nkeys)
	{
		int			n = Min(nkeys - *first, Min(hp_guc_batch_size, MAX_SOURCE_KEYS));

		CHECK_FOR_INTERRUPTS();
		rel = hp_relation_by_oid(node->level->relid);
		if (!match_source(&match, rel, hp_key_set_types(node->keys)))
			return false;
		make_source_keys(&match, *first, n);
		if (!read_source(&match, rel))
			return false;
		*first += n;
		MemoryContextReset(scratch);
	}
	return true;
}

/* ---- levels ---- */

/* There may be several rows of one key after all, where tables inherit from the one that has it. */
static void
check_to_one(const HpNode *node, int nkeys)
{
	if (!node->level->to_one)
		return;
	for (int key = 0; key < nkeys; key++)
	{
		int			n;

		(void) hp_rows_of_key(node->rows, key, &n);
		if (n > 1)
			hp_query_report_several(hp_relation_by_oid(node->level->relid));
	}
}

/*
 * Have the relations that a level reads, and lock them.  They were there when the specification was
 * read, but a function that a statement above has called may have dropped one since, or altered columns.
 */
static void
hold_relations(const HpLevel *level)
{
	ListCell   *lc;

	if (hp_relation_columns_hash(hp_relation_by_oid(level->relid)) != level->columns_hash)
		ereport(ERROR,
				errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				errmsg("table \"%s\" has changed while its rows were being loaded",
					   hp_relation_name(level->relid)),
				errdetail("A function that was called meanwhile has altered its columns."),
				errhint("Load them again."));
	if (OidIsValid(level->via.through))
		hp_relation_by_oid(level->via.through);
	foreach(lc, level->below)
	{
		const HpLevel *below = lfirst(lc);

		if (below->join != HP_JOIN_LEFT)
			hold_relations(below);
	}
}

/* Load the rows of all keys that a node was asked for. */
void
hp_node_load(HpNode *node)
{
	int			nkeys = hp_key_set_count(node->keys);
	int			first = 0;
	MemoryContext scratch;
	MemoryContext outer;

	CHECK_FOR_INTERRUPTS();
	hold_relations(node->level);
	scratch = AllocSetContextCreate(node->context, "pg_hotpath level", ALLOCSET_DEFAULT_SIZES);
	outer = MemoryContextSwitchTo(scratch);
	if (nkeys == 0 ? node->is_root : !load_from_source(node, &first, scratch))
		load_by_statement(node, first, scratch);
	MemoryContextSwitchTo(outer);
	MemoryContextDelete(scratch);
	hp_rows_arrange(node->rows, nkeys);
	check_to_one(node, nkeys);
}

/* Load all levels below a node, whose rows are there. */
void
hp_node_load_below(HpNode *node)
{
	for (int i = 0; i < node->nbelow; i++)
	{
		hp_node_load(node->below[i]);
		hp_node_load_below(node->below[i]);
	}
}
