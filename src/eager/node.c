/*-------------------------------------------------------------------------
 *
 * node.c
 *		A level of one batch: takes rows, and asks the levels below.
 *
 * A row that is taken is rendered at once, and its keys for the levels below are
 * added to what these are asked for.  So when a level has been loaded, the next
 * ones know all their keys.
 *
 * Memory: everything in the context of the batch, except for what rendering a row
 * leaves behind, which is for the caller to reset.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "eager/node.h"

#include "access/htup_details.h"
#include "base/compat.h"
#include "catalog/object.h"
#include "catalog/relation.h"
#include "funcapi.h"
#include "json/escape.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

/* ,"key": */
static void
make_prefix(HpNode *node)
{
	hp_writer_init(&node->prefix, node->context, 64);
	hp_writer_byte(&node->prefix, ',');
	hp_escape_string(&node->prefix, node->level->key, strlen(node->level->key));
	hp_writer_byte(&node->prefix, ':');
}

/* {"n":0,"total":null} */
static void
make_nothing(HpNode *node)
{
	HpWriter   *writer = &node->nothing;

	hp_writer_init(writer, node->context, 64);
	for (int i = 0; i < node->level->naggregates; i++)
	{
		const HpAggregate *aggregate = &node->level->aggregates[i];

		hp_writer_byte(writer, i == 0 ? '{' : ',');
		hp_escape_string(writer, aggregate->name, strlen(aggregate->name));
		if (strcmp(aggregate->function, "count") == 0)
			hp_writer_bytes(writer, ":0", 2);
		else
			hp_writer_bytes(writer, ":null", 5);
	}
	hp_writer_byte(writer, '}');
}

/*
 * The keys of a node are columns of the level above, as that was read: the table may have changed
 * since.  A root's are of the catalog; whoever asks for them sees to it that his are alike.
 */
static void
make_keys(HpNode *node, const HpLevel *above)
{
	const HpLink *link = &node->level->via.link;
	Oid			types[INDEX_MAX_KEYS];

	for (int i = 0; i < link->ncolumns; i++)
		types[i] = hp_object_base_type(above != NULL ?
									   above->types[node->level->parent_columns[i]] :
									   get_atttype(link->near_relation, link->near_columns[i]));
	node->keys = hp_key_set_create(types, link->ncolumns, node->context);
}

/*
 * The node of a level, with those below it; above is NULL for the root.  A level with a link gets
 * keys.
 */
HpNode *
hp_node_create(const HpLevel *level, const HpLevel *above, MemoryContext context)
{
	MemoryContext outer = MemoryContextSwitchTo(context);
	HpNode	   *node = palloc0(sizeof(HpNode));
	ListCell   *lc;

	check_stack_depth();
	node->level = level;
	node->is_root = above == NULL;
	node->context = context;
	node->rows = hp_rows_create(context);
	node->shown = level->shown;
	if (level->via.link.ncolumns > 0)
		make_keys(node, above);
	if (level->key != NULL)
		make_prefix(node);
	if (level->naggregates > 0)
		make_nothing(node);
	node->below = palloc(Max(list_length(level->below), 1) * sizeof(HpNode *));
	foreach(lc, level->below)
		if (hp_spec_is_shown(lfirst(lc)) && level->naggregates == 0)
			node->below[node->nbelow++] = hp_node_create(lfirst(lc), level, context);
	MemoryContextSwitchTo(outer);
	return node;
}

/* Ask for the next row's key; values are NULL where it has none. */
void
hp_node_ask(HpNode *node, const Datum *values)
{
	if (node->nasked == node->asked_capacity)
	{
		node->asked_capacity = Max(64, 2 * node->asked_capacity);
		node->asked = node->asked == NULL ?
			MemoryContextAlloc(node->context, node->asked_capacity * sizeof(int)) :
			repalloc_huge(node->asked, (Size) node->asked_capacity * sizeof(int));
	}
	node->asked[node->nasked++] = values != NULL ? hp_key_set_add(node->keys, values) : -1;
}

/* Ask a node below for what belongs to a row. */
static void
ask_for_row(HpNode *below, const TupleTableSlot *slot)
{
	Datum		values[INDEX_MAX_KEYS];

	for (int i = 0; i < below->level->via.link.ncolumns; i++)
	{
		int			column = below->level->parent_columns[i];

		if (slot->tts_isnull[column])
		{
			hp_node_ask(below, NULL);
			return;
		}
		values[i] = slot->tts_values[column];
	}
	hp_node_ask(below, values);
}

/* The next rows are aggregates, whose types the statement's result tells. */
static void
expect_aggregates(HpNode *node, TupleDesc result)
{
	int			n = node->level->naggregates;
	bool		same = node->shown != NULL;
	MemoryContext outer;

	for (int i = 0; i < n && same; i++)
		same = TupleDescAttr(node->shown, i)->atttypid == TupleDescAttr(result, i)->atttypid;
	if (same)
		return;
	outer = MemoryContextSwitchTo(node->context);
	node->encoder = NULL;
	node->shown = CreateTemplateTupleDesc(n);
	for (int i = 0; i < n; i++)
	{
		TupleDescCopyEntry(node->shown, i + 1, result, i + 1);
		namestrcpy(&TupleDescAttr(node->shown, i)->attname, node->level->aggregates[i].name);
	}
	TupleDescFinalize(node->shown);
	MemoryContextSwitchTo(outer);
}

/*
 * Take a row whose first columns are those of the level, as expected; returns its number.  The
 * encoder is the batch's: which columns are shown, and the names of aggregates, are up to whoever
 * writes specifications, so encoders for all of them cannot be kept.
 */
int
hp_node_add_slot(HpNode *node, TupleTableSlot *slot)
{
	slot_getallattrs(slot);
	if (node->encoder == NULL)
		node->encoder = hp_encoder_compile(node->shown, HP_ROW_OBJECT, node->context);
	hp_encoder_write_slot(node->encoder, slot, hp_rows_begin(node->rows));
	for (int i = 0; i < node->nbelow; i++)
		ask_for_row(node->below[i], slot);
	return hp_rows_end(node->rows);
}

/* ---- what rows are made of ---- */

/* Raise an error for rows of other types than the level's: they would be taken for what they are not. */
static void
check_type(const HpNode *node, int i, Oid type)
{
	if (type != node->level->types[i])
		ereport(ERROR,
				errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				errmsg("table \"%s\" has changed while its rows were being loaded",
					   hp_relation_name(node->level->relid)),
				errdetail("They are not of the types that they had."),
				errhint("Load them again."));
}

/*
 * The next rows to be taken are of a result, whose first columns are those of the level or
 * its aggregates: functions that rows before have called, or another session, may have altered the
 * table, or given its name to another one.
 */
void
hp_node_expect(HpNode *node, TupleDesc result)
{
	const HpLevel *level = node->level;
	int			n = level->as_row ? 1 : level->naggregates > 0 ? 0 : level->ncolumns;

	for (int i = 0; i < n; i++)
		check_type(node, i, TupleDescAttr(result, i)->atttypid);
	if (level->naggregates > 0)
		expect_aggregates(node, result);
}

/* The same for whole rows; what is needed to take them apart. */
void
hp_node_expect_whole(HpNode *node, TupleDesc desc)
{
	const HpLevel *level = node->level;
	MemoryContext outer;
	TupleDesc	columns;

	if (node->desc != NULL && equalTupleDescs(node->desc, desc))
		return;
	for (int i = 0; i < level->ncolumns; i++)
		check_type(node, i, level->columns[i] > desc->natts ? InvalidOid :
				   TupleDescAttr(desc, level->columns[i] - 1)->atttypid);
	outer = MemoryContextSwitchTo(node->context);
	node->desc = lookup_rowtype_tupdesc_copy(desc->tdtypeid, -1);
	columns = CreateTemplateTupleDesc(level->ncolumns);
	for (int i = 0; i < level->ncolumns; i++)
		TupleDescCopyEntry(columns, i + 1, node->desc, level->columns[i]);
	TupleDescFinalize(columns);
	node->slot = MakeSingleTupleTableSlot(columns, &TTSOpsVirtual);
	node->row_context = AllocSetContextCreate(node->context, "pg_hotpath row",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(outer);
}

/* ---- rows ---- */

/* A whole row whose columns are all shown, and that nothing hangs on. */
static int
render_whole(HpNode *node, HeapTuple tuple)
{
	HpEncoder  *encoder = hp_encoder_of_ref(&node->whole_encoder,
											HeapTupleHeaderGetTypeId(tuple->t_data), -1,
											HP_ROW_OBJECT);

	hp_encoder_write_tuple(encoder, tuple, hp_rows_begin(node->rows));
	return hp_rows_end(node->rows);
}

static int
render_columns(HpNode *node, HeapTuple tuple)
{
	const HpLevel *level = node->level;
	Datum	   *values = palloc(node->desc->natts * sizeof(Datum));
	bool	   *nulls = palloc(node->desc->natts * sizeof(bool));

	hp_row_check(tuple->t_data, node->desc);
	heap_deform_tuple(tuple, node->desc, values, nulls);
	ExecClearTuple(node->slot);
	for (int i = 0; i < level->ncolumns; i++)
	{
		node->slot->tts_values[i] = values[level->columns[i] - 1];
		node->slot->tts_isnull[i] = nulls[level->columns[i] - 1];
	}
	ExecStoreVirtualTuple(node->slot);
	return hp_node_add_slot(node, node->slot);
}

/* Take a row of the relation's row type, a composite datum that is expected; returns its number. */
int
hp_node_add_datum(HpNode *node, Datum row)
{
	HeapTupleHeader header;
	HeapTupleData tuple = {0};
	MemoryContext outer;
	int			result;

	header = hp_row_header(row);
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	tuple.t_data = header;
	outer = MemoryContextSwitchTo(node->row_context);
	if (node->level->is_whole && node->nbelow == 0)
		result = render_whole(node, &tuple);
	else
		result = render_columns(node, &tuple);
	MemoryContextSwitchTo(outer);
	MemoryContextReset(node->row_context);
	return result;
}

/* Keep a composite datum as it is, instead of its text; returns the row's number. */
int
hp_node_keep_datum(HpNode *node, Datum row)
{
	HeapTupleHeader header = hp_row_header(row);
	Size		size = HeapTupleHeaderGetDatumLength(header);
	HpWriter   *writer = hp_rows_begin_aligned(node->rows);

	hp_writer_bytes(writer, (char *) header, size);
	return hp_rows_end(node->rows);
}
