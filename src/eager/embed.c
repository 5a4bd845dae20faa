/*-------------------------------------------------------------------------
 *
 * embed.c
 *		Rows with their related rows: by key, by condition, or given.
 *
 * A batch is a tree of nodes in a context of its own.  Its root is loaded by key
 * as any to-one level is, or takes rows that somebody else reads; then the levels
 * below are loaded, and the rows of the root can be written.
 *
 * Rows by condition are read by one statement, which stands still while a batch
 * of them is completed: the levels below are loaded inside its sink.  So the
 * memory in use is that of one batch, however many rows there are.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "eager/embed.h"

#include "base/guc.h"
#include "catalog/relation.h"
#include "eager/level_sql.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

struct HpEmbed
{
	HpLevel    *root;
};

struct HpEmbedBatch
{
	MemoryContext context;
	HpNode	   *root;
};

/* ---- for the pages ---- */

HpEmbed *
hp_embed_parse(Oid relid, Jsonb *spec, HpEmbedUse use, const HpColumnList *columns)
{
	HpEmbed    *embed = palloc(sizeof(HpEmbed));

	embed->root = hp_spec_parse(relid, spec, use, columns);
	return embed;
}

const AttrNumber *
hp_embed_columns(const HpEmbed *embed, int *n)
{
	*n = embed->root->ncolumns;
	return embed->root->columns;
}

bool
hp_embed_filters(const HpEmbed *embed)
{
	return hp_level_filters_parents(embed->root);
}

void
hp_embed_append_joins(const HpEmbed *embed, HpStatement *statement, const char *alias)
{
	hp_level_append_joins(statement, embed->root, alias);
}

HpEmbedBatch *
hp_embed_begin(const HpEmbed *embed, MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "pg_hotpath embed",
												  ALLOCSET_DEFAULT_SIZES);
	HpEmbedBatch *batch = MemoryContextAlloc(context, sizeof(HpEmbedBatch));

	batch->context = context;
	batch->root = hp_node_create(embed->root, NULL, context);
	return batch;
}

void
hp_embed_expect(HpEmbedBatch *batch, TupleDesc rows)
{
	hp_node_expect(batch->root, rows);
}

int
hp_embed_add(HpEmbedBatch *batch, TupleTableSlot *slot)
{
	return hp_node_add_slot(batch->root, slot);
}

void
hp_embed_load(HpEmbedBatch *batch)
{
	hp_node_load_below(batch->root);
}

void
hp_embed_write(HpEmbedBatch *batch, int row, HpWriter *writer)
{
	hp_node_write_row(batch->root, row, writer);
}

/* ---- by key ---- */

/* A copy of the primary key's definition, in the current context; raises an error without one. */
HpKeyDef *
hp_embed_primary_key(Oid relid)
{
	const HpKeyDef *def = hp_relation_primary_key(hp_relation_by_regclass(relid));
	Size		size = offsetof(HpKeyDef, columns) + def->ncolumns * sizeof(HpKeyColumn);

	return memcpy(palloc(size), def, size);
}

/* The link from keys to the rows of the root that have them. */
static HpRelationship
link_to_root(Oid relid, const HpKeyDef *def)
{
	HpRelationship via = {.kind = HP_ONE_TO_ONE, .target = relid};
	HpLink	   *link = &via.link;

	link->outgoing = true;
	link->unique = true;
	link->reverse_unique = true;
	link->near_relation = relid;
	link->far_relation = relid;
	link->index = def->index;
	link->ncolumns = def->ncolumns;
	for (int i = 0; i < def->ncolumns; i++)
	{
		link->near_columns[i] = def->columns[i].attnum;
		link->far_columns[i] = def->columns[i].attnum;
		link->operators[i] = def->columns[i].equal_operator;
	}
	return via;
}

/* The keys were read as values of another key: the table has been altered meanwhile. */
static void
check_same_key(const HpKeyDef *then, const HpNode *now)
{
	const HpLink *link = &now->level->via.link;
	bool		same = then->ncolumns == link->ncolumns;

	for (int i = 0; same && i < then->ncolumns; i++)
		same = then->columns[i].attnum == link->near_columns[i] &&
			then->columns[i].type == hp_key_set_types(now->keys)[i];
	if (!same)
		ereport(ERROR,
				errcode(ERRCODE_OBJECT_IN_USE),
				errmsg("the key \"%s\" was changed while its rows were being loaded",
					   NameStr(then->index_name)),
				errdetail("The rows of the first keys have been returned already."),
				errhint("Close the query before its tables are altered."));
}

static void
ask_for_keys(HpNode *node, HpKeyArray *keys, int first, int n)
{
	MemoryContext scratch;
	MemoryContext outer;

	check_same_key(keys->def, node);
	scratch = AllocSetContextCreate(node->context, "pg_hotpath keys", ALLOCSET_DEFAULT_SIZES);
	outer = MemoryContextSwitchTo(scratch);
	for (int i = first; i < first + n; i++)
	{
		Datum		values[INDEX_MAX_KEYS];

		CHECK_FOR_INTERRUPTS();
		hp_node_ask(node, hp_key_array_values(keys, i, values) == HP_KEY_GIVEN ? values : NULL);
		if ((i & 255) == 255)
			MemoryContextReset(scratch);
	}
	MemoryContextSwitchTo(outer);
	MemoryContextDelete(scratch);
}

/* Whole rows on their way to a function that takes them by the parent's number. */
typedef struct Parents
{
	int		   *parents;		/* of each key, the one parent that asks for it */
	HpRowTaker	take;
	void	   *arg;
} Parents;

static void
take_for_parent(int key, Datum row, void *arg)
{
	Parents    *parents = arg;

	parents->take(parents->parents[key], row, parents->arg);
}

/* Does no key occur twice?  Then *parents tells whose each is. */
static bool
keys_are_distinct(const HpNode *node, int n, int **parents)
{
	int			nkeys = hp_key_set_count(node->keys);
	int			nasked = 0;

	*parents = MemoryContextAlloc(node->context, Max(nkeys, 1) * sizeof(int));
	for (int i = 0; i < n; i++)
	{
		if (node->asked[i] < 0)
			continue;
		(*parents)[node->asked[i]] = i;
		nasked++;
	}
	return nasked == nkeys;
}

static void
take_all(const HpNode *node, int n, HpRowTaker take, void *arg)
{
	for (int i = 0; i < n; i++)
	{
		int			nrows = 0;
		const int  *rows = NULL;

		if (node->asked[i] >= 0)
			rows = hp_rows_of_key(node->rows, node->asked[i], &nrows);
		for (int r = 0; r < nrows; r++)
		{
			uint32		len;

			CHECK_FOR_INTERRUPTS();
			take(i, PointerGetDatum(hp_rows_text(node->rows, rows[r], &len)), arg);
		}
	}
}

/*
 * Hand on the whole rows of a level, parent by parent: those of the keys of an
 * array from first on, n of them, with the parent's number from 0.  Statements
 * return rows in the order of their keys, so rows are kept only where a key occurs
 * repeatedly.
 */
void
hp_embed_load_rows(const HpLevel *level, HpKeyArray *keys, int first, int n, HpRowTaker take,
				   void *arg, MemoryContext context)
{
	HpNode	   *node = hp_node_create(level, NULL, context);
	Parents		parents = {.take = take, .arg = arg};

	ask_for_keys(node, keys, first, n);
	if (keys_are_distinct(node, n, &parents.parents))
	{
		node->take = take_for_parent;
		node->take_arg = &parents;
		hp_node_load(node);
		return;
	}
	hp_node_load(node);
	take_all(node, n, take, arg);
}

/* Load the root of a tree by primary key, with all levels below. */
HpNode *
hp_embed_load_keys(Oid relid, Jsonb *spec, HpKeyArray *keys, int first, int n,
				   MemoryContext context)
{
	HpLevel    *root = hp_spec_parse(relid, spec, HP_EMBED_KEYS, NULL);
	const HpKeyDef *def = hp_relation_primary_key(hp_relation_by_oid(relid));
	HpNode	   *node;

	root->via = link_to_root(relid, def);
	node = hp_node_create(root, NULL, context);
	ask_for_keys(node, keys, first, n);
	hp_node_load(node);
	hp_node_load_below(node);
	return node;
}

/* ---- by condition ---- */

typedef struct Each
{
	HpEmbed    *embed;
	HpEmbedBatch *batch;
	MemoryContext context;
	int			nrows;
	bool		checked;		/* the rows are of the root's types */
	HpWriter	writer;
	void		(*take) (const HpWriter *json, void *arg);
	void	   *arg;
} Each;

/* Complete the rows read so far and hand them on. */
static void
finish_batch(Each *each)
{
	MemoryContext outer = MemoryContextSwitchTo(each->batch->context);

	hp_embed_load(each->batch);
	for (int i = 0; i < each->nrows; i++)
	{
		hp_writer_reset(&each->writer);
		hp_embed_write(each->batch, i, &each->writer);
		each->take(&each->writer, each->arg);
	}
	MemoryContextSwitchTo(outer);
	MemoryContextDelete(each->batch->context);
	each->batch = hp_embed_begin(each->embed, each->context);
	each->nrows = 0;
}

static bool
take_root(TupleTableSlot *slot, void *arg)
{
	Each	   *each = arg;

	if (!each->checked)
		hp_node_expect(each->batch->root, slot->tts_tupleDescriptor);
	each->checked = true;
	hp_embed_add(each->batch, slot);
	if (++each->nrows >= hp_guc_batch_size)
		finish_batch(each);
	return true;
}

/* Hand on each row of the root as JSON, in its order. */
void
hp_embed_each(HpEmbed *embed, void (*take) (const HpWriter *json, void *arg), void *arg)
{
	Each		each = {.embed = embed, .context = CurrentMemoryContext, .take = take, .arg = arg};
	HpLevel    *root = embed->root;
	HpStatement statement;

	hp_writer_init(&each.writer, CurrentMemoryContext, 8192);
	each.batch = hp_embed_begin(embed, CurrentMemoryContext);
	hp_statement_init(&statement);
	appendStringInfoString(&statement.sql, "SELECT ");
	hp_level_append_columns(&statement.sql, root, "t");
	appendStringInfoString(&statement.sql, " FROM ");
	hp_statement_add_relation(&statement, root->relid);
	appendStringInfoString(&statement.sql, " AS t");
	hp_level_append_where(&statement, root, "t");
	hp_level_append_tail(&statement, root, "t");
	/* levels below are loaded while the statement stands still */
	hp_statement_run(&statement, root->below != NIL ? HP_PLAN_SERIAL : hp_level_planning(root), 0,
					 take_root, &each);
	finish_batch(&each);
	MemoryContextDelete(each.batch->context);
}
