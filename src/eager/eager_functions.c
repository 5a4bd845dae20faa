/*-------------------------------------------------------------------------
 *
 * eager_functions.c
 *		The SQL functions of eager loading: arguments and results.
 *
 * What each means to a user is said in eager.sql and the README.
 *
 * embed() returns its rows one by one, batch after batch, so in a SELECT list it
 * streams; the others collect theirs in a tuplestore, batch after batch too.
 *
 * Locking: an AccessShareLock on every table that is mentioned, kept as
 * relation_lock.c says.
 *
 * Memory: one batch (pg_hotpath.batch_size parents) and one result row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "base/compat.h"
#include "base/guc.h"
#include "catalog/argument.h"
#include "catalog/pg_type.h"
#include "eager/embed.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(hotpath_load_children);
PG_FUNCTION_INFO_V1(hotpath_load_through);
PG_FUNCTION_INFO_V1(hotpath_embed);
PG_FUNCTION_INFO_V1(hotpath_embed_where);
PG_FUNCTION_INFO_V1(hotpath_relationships);

#define HINT_TABLE "Pass a table's name, such as 'users'."

/* The keys of an argument, of which a null has none. */
static void
start_keys(HpKeyArray *keys, FunctionCallInfo fcinfo, int argno, const HpKeyDef *def)
{
	memset(keys, 0, sizeof(HpKeyArray));
	keys->def = def;
	if (!PG_ARGISNULL(argno))
		hp_key_array_init(keys, PointerGetDatum(PG_GETARG_ARRAYTYPE_P_COPY(argno)), def);
}

/* ---- embed ---- */

/* A call of embed(), in its multi-call context. */
typedef struct EmbedCall
{
	Oid			relid;
	Jsonb	   *spec;
	HpKeyArray	keys;
	int			next;			/* key to return */
	int			first;			/* key of the batch */
	int			n;
	MemoryContext batch;
	HpNode	   *root;
	HpWriter	writer;
} EmbedCall;

static void
next_batch(EmbedCall *call)
{
	MemoryContext outer;

	MemoryContextReset(call->batch);
	outer = MemoryContextSwitchTo(call->batch);
	call->first = call->next;
	call->n = Min(call->keys.n - call->first, hp_guc_batch_size);
	call->root = hp_embed_load_keys(call->relid, call->spec, &call->keys, call->first, call->n,
									call->batch);
	MemoryContextSwitchTo(outer);
}

static EmbedCall *
start_embed(FunctionCallInfo fcinfo)
{
	EmbedCall  *call = palloc0(sizeof(EmbedCall));

	hp_argument_require(fcinfo, 0, "rel", HINT_TABLE);
	call->relid = PG_GETARG_OID(0);
	if (!PG_ARGISNULL(2))
		call->spec = PG_GETARG_JSONB_P_COPY(2);
	start_keys(&call->keys, fcinfo, 1, hp_embed_primary_key(call->relid));
	hp_writer_init(&call->writer, CurrentMemoryContext, 8192);
	call->batch = AllocSetContextCreate(CurrentMemoryContext, "pg_hotpath batch",
										ALLOCSET_DEFAULT_SIZES);
	/* neither rights nor what is wrong with a specification depend on there being keys */
	if (call->keys.n == 0)
		next_batch(call);
	return call;
}

/* embed(rel, keys, spec) */
Datum
hotpath_embed(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	EmbedCall  *call;
	int			i;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext outer;

		context = SRF_FIRSTCALL_INIT();
		outer = MemoryContextSwitchTo(context->multi_call_memory_ctx);
		context->user_fctx = start_embed(fcinfo);
		MemoryContextSwitchTo(outer);
	}
	context = SRF_PERCALL_SETUP();
	call = context->user_fctx;
	if (call->next >= call->keys.n)
		SRF_RETURN_DONE(context);
	if (call->next >= call->first + call->n)
		next_batch(call);
	i = call->next++ - call->first;
	hp_writer_trim(&call->writer, 1024 * 1024);
	if (!hp_node_write_asked(call->root, i, &call->writer))
		SRF_RETURN_NEXT_NULL(context);
	SRF_RETURN_NEXT(context, hp_writer_to_datum(&call->writer));
}

/* ---- embed_where ---- */

static void
put_json(const HpWriter *json, void *arg)
{
	ReturnSetInfo *rsinfo = arg;
	Datum		value = hp_writer_to_datum(json);
	bool		isnull = false;

	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, &value, &isnull);
	pfree(DatumGetPointer(value));
}

/* embed_where(rel, spec) */
Datum
hotpath_embed_where(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	HpEmbed    *embed;

	hp_argument_require(fcinfo, 0, "rel", HINT_TABLE);
	embed = hp_embed_parse(PG_GETARG_OID(0), PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1),
						   HP_EMBED_WHERE, NULL);
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	hp_embed_each(embed, put_json, rsinfo);
	PG_RETURN_NULL();
}

/* ---- typed rows ---- */

static int64
per_parent_argument(FunctionCallInfo fcinfo, int argno)
{
	if (PG_ARGISNULL(argno))
		return -1;
	hp_argument_check_count("per_parent", PG_GETARG_INT32(argno),
							"Pass null for all rows of each parent.");
	return PG_GETARG_INT32(argno);
}

/* Where rows go. */
typedef struct RowResult
{
	ReturnSetInfo *rsinfo;
	int			first;			/* the batch's first parent */
} RowResult;

static void
put_row(int parent, Datum row, void *arg)
{
	RowResult  *result = arg;
	Datum		values[2];
	bool		nulls[2] = {false, false};

	values[0] = Int32GetDatum(result->first + parent + 1);
	values[1] = row;
	tuplestore_putvalues(result->rsinfo->setResult, result->rsinfo->setDesc, values, nulls);
}

/* Return the rows that belong to parents by a relationship; keys is the argument's number. */
static void
load_rows(FunctionCallInfo fcinfo, const HpRelationship *via, int keys)
{
	RowResult	result = {.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo};
	const HpLink *link = &via->link;
	int			filter = keys + 2;
	HpLevel    *level;
	HpKeyArray	array;
	MemoryContext batch;
	MemoryContext outer;

	level = hp_spec_rows(via, PG_ARGISNULL(filter) ? NULL : PG_GETARG_JSONB_P(filter),
						 hp_argument_text(fcinfo, filter + 1),
						 per_parent_argument(fcinfo, filter + 2));
	InitMaterializedSRF(fcinfo, 0);
	start_keys(&array, fcinfo, keys,
			   hp_key_of_columns(link->near_relation, link->near_columns, link->ncolumns,
								 NameStr(link->name)));
	batch = AllocSetContextCreate(CurrentMemoryContext, "pg_hotpath batch",
								  ALLOCSET_DEFAULT_SIZES);
	do							/* for no keys as well, so that rights are asked for */
	{
		/* functions that are called may set the parameter */
		int			n = Min(array.n - result.first, hp_guc_batch_size);

		outer = MemoryContextSwitchTo(batch);
		hp_embed_load_rows(level, &array, result.first, n, put_row, &result, batch);
		MemoryContextSwitchTo(outer);
		MemoryContextReset(batch);
		result.first += n;
	} while (result.first < array.n);
	MemoryContextDelete(batch);
}

/* load_children(row_type, parent_keys, fk, filter, order_by, per_parent) */
Datum
hotpath_load_children(PG_FUNCTION_ARGS)
{
	HpRelation *rel = hp_argument_relation(fcinfo);
	HpRelationship via = {.kind = HP_ONE_TO_MANY, .target = rel->relid};

	via.link = hp_relationship_parent(via.target, hp_argument_text(fcinfo, 2));
	load_rows(fcinfo, &via, 1);
	PG_RETURN_NULL();
}

/* load_through(row_type, junction, parent_keys, fk, filter, order_by, per_parent) */
Datum
hotpath_load_through(PG_FUNCTION_ARGS)
{
	Oid			target = hp_argument_relation(fcinfo)->relid;

	hp_argument_require(fcinfo, 1, "junction", HINT_TABLE);
	hp_relation_by_regclass(PG_GETARG_OID(1));
	load_rows(fcinfo, hp_relationship_through(target, PG_GETARG_OID(1),
											  hp_argument_text(fcinfo, 3)), 2);
	PG_RETURN_NULL();
}

/* ---- relationships ---- */

/* The names of columns as an array; false where one is gone, of a table that no lock keeps. */
static bool
column_names(Oid relid, const AttrNumber *columns, int n, Datum *result)
{
	Datum		names[INDEX_MAX_KEYS];

	for (int i = 0; i < n; i++)
	{
		char	   *name = get_attname(relid, columns[i], true);

		if (name == NULL)
			return false;
		names[i] = CStringGetTextDatum(name);
	}
	*result = PointerGetDatum(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT));
	return true;
}

static void
put_relationship(ReturnSetInfo *rsinfo, const HpRelationship *relationship)
{
	bool		joined = OidIsValid(relationship->through);
	const HpLink *first = &relationship->link;
	const HpLink *last = joined ? &relationship->onward : first;
	NameData	fk = first->name;
	Datum		values[8];
	bool		nulls[8] = {false};

	values[0] = CStringGetTextDatum(relationship->name);
	values[1] = CStringGetTextDatum(hp_relationship_kind_name(relationship->kind));
	values[2] = ObjectIdGetDatum(relationship->target);
	values[3] = NameGetDatum(&fk);
	if (!column_names(first->near_relation, first->near_columns, first->ncolumns, &values[4]) ||
		!column_names(last->far_relation, last->far_columns, last->ncolumns, &values[5]))
		return;
	values[6] = ObjectIdGetDatum(relationship->through);
	nulls[6] = !joined;
	values[7] = ObjectIdGetDatum(first->index);
	nulls[7] = !OidIsValid(first->index);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

static void
put_relationships(Oid relid, void *arg)
{
	ListCell   *lc;

	hp_relation_by_regclass(relid);
	foreach(lc, hp_relationship_list(relid))
		put_relationship(arg, lfirst(lc));
}

/* relationships(rel) */
Datum
hotpath_relationships(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	hp_relation_as_guest(PG_GETARG_OID(0), put_relationships, fcinfo->resultinfo);
	PG_RETURN_NULL();
}
