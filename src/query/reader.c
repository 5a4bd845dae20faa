/*-------------------------------------------------------------------------
 *
 * reader.c
 *		Runs a query that the user gives as text, with pauses between its rows.
 *
 * The query is what the extended protocol would make of it: one statement whose
 * parameters get their types from where they stand.  It must be a SELECT, VALUES
 * or TABLE that core calls read-only: no data-modifying CTE and no row locks,
 * which write to the rows that they lock.  Functions that it calls may do what
 * they like, as in any SELECT.  It runs with the rights of the current user and
 * under the active snapshot, so it sees exactly what the calling query sees.
 *
 * Pauses: a portal would belong to the subtransaction that is current at the
 * first call, and could be dropped while the caller lives on: at ROLLBACK TO, or
 * at a COMMIT that comes to it before it comes to the WITH HOLD cursor above.
 * Therefore the executor runs below the caller's, as it does for a set-returning
 * function in SQL (executor/functions.c): its memory lies below the context that
 * is current at hp_reader_open(), what it pins belongs to the resource owner of
 * that moment, which is the calling portal's at each call, and its snapshot is
 * registered there too.  So it lives as long as the caller, and when the caller
 * is aborted it goes without hp_reader_close().  A pause is a receiver that
 * refuses more rows, after which ExecutorRun() may be called again.
 *
 * What it does not bear, nor do these, is a first call inside a savepoint that has
 * created or rewritten a relation which it reads: ROLLBACK TO finds the relation in use
 * then, and the transaction fails.
 *
 * A plan that pauses never uses parallel workers, which could not be left waiting.
 *
 * Errors: 42601 for no or several statements, 0A000 for one that is no query or
 * does not only read, 42P18 for a parameter without a type, 55000 for a query that
 * has changed while its parameters were read, or that reads what the snapshot does
 * not show, and those of params.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "query/reader.h"

#include "base/compat.h"
#include "catalog/pg_type.h"
#include "catalog/relation.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "parser/analyze.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

typedef struct SinkReceiver
{
	DestReceiver receiver;		/* first, so that one pointer is both */
	HpRowSink	sink;
	void	   *arg;
	bool		paused;
} SinkReceiver;

struct HpReader
{
	MemoryContext context;		/* holds this and everything of the query */
	char	   *sql;
	QueryDesc  *desc;			/* NULL once closed */
	HpReaderUse use;
	SinkReceiver dest;
};

static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	SinkReceiver *dest = (SinkReceiver *) self;

	dest->paused = !dest->sink(slot, dest->arg);
	return !dest->paused;
}

static void
receive_nothing(DestReceiver *self, int operation, TupleDesc desc)
{
}

static void
receive_end(DestReceiver *self)
{
}

/* Errors of the query point into its own text, not into that of the calling query. */
static void
name_query(void *arg)
{
	const char *sql = arg;
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(sql);
	}
	else
		errcontext("query \"%s\"", sql);
}

static void
push_context(ErrorContextCallback *callback, const char *sql)
{
	callback->callback = name_query;
	callback->arg = unconstify(char *, sql);
	callback->previous = error_context_stack;
	error_context_stack = callback;
}

static void
pop_context(const ErrorContextCallback *callback)
{
	error_context_stack = callback->previous;
}

static void
refuse_command(CommandTag tag)
{
	ereport(ERROR,
			errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			errmsg("only a query that reads is accepted here"),
			errdetail("The statement is %s.", GetCommandTagName(tag)),
			errhint("Pass one SELECT, VALUES or TABLE statement."));
}

/* The one statement of the text, which is a SELECT, VALUES or TABLE. */
static RawStmt *
parse_single(const char *sql)
{
	List	   *statements = pg_parse_query(sql);
	RawStmt    *raw;

	if (list_length(statements) != 1)
		ereport(ERROR,
				errcode(ERRCODE_SYNTAX_ERROR),
				errmsg("query must be exactly one statement"),
				errdetail("It has %d statements.", list_length(statements)),
				errhint("Pass one SELECT, VALUES or TABLE statement."));
	raw = linitial_node(RawStmt, statements);
	if (!IsA(raw->stmt, SelectStmt))
		refuse_command(CreateCommandTag(raw->stmt));
	return raw;
}

static void
check_parameter_types(const Oid *types, int ntypes)
{
	for (int i = 0; i < ntypes; i++)
		if (types[i] == InvalidOid || types[i] == UNKNOWNOID)
			ereport(ERROR,
					errcode(ERRCODE_INDETERMINATE_DATATYPE),
					errmsg("could not determine data type of parameter $%d", i + 1),
					errdetail("The query does not use it, or not where a type follows."),
					errhint("Number parameters without gaps, and cast them: $%d::text.", i + 1));
}

/* Parse and analyze the text; *types are those of its parameters. */
static Query *
analyze_query(RawStmt *raw, const char *sql, Oid **types, int *ntypes)
{
	Query	   *query;

	*types = NULL;
	*ntypes = 0;
	query = parse_analyze_varparams(raw, sql, types, ntypes, NULL);
	if (query->commandType != CMD_SELECT)
		refuse_command(CreateCommandTag((Node *) query));	/* SELECT INTO */
	check_parameter_types(*types, *ntypes);
	return query;
}

static void
check_reads_only(const Query *query)
{
	if (query->hasModifyingCTE)
		ereport(ERROR,
				errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				errmsg("only a query that reads is accepted here"),
				errdetail("It has a data-modifying statement in WITH."),
				errhint("Modify the data first, in a statement of its own."));
}

/* Does a query, or one below it, lock rows? */
static bool
locks_rows(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (!IsA(node, Query))
		return expression_tree_walker(node, locks_rows, context);
	return ((Query *) node)->rowMarks != NIL ||
		query_tree_walker((Query *) node, locks_rows, context, 0);
}

static void
refuse_locking(void)
{
	ereport(ERROR,
			errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			errmsg("only a query that reads is accepted here"),
			errdetail("It has a locking clause, such as FOR UPDATE, which writes to the rows."),
			errhint("Leave the locking clause out, or lock in a statement of its own."));
}

static PlannedStmt *
plan_query(Query *query, const char *sql, HpReaderUse use, ParamListInfo params)
{
	int			options = use == HP_READER_ONE_GO ? CURSOR_OPT_PARALLEL_OK : 0;
	PlannedStmt *plan;
	List	   *relids;

	query = linitial_node(Query, pg_rewrite_query(query));
	check_reads_only(query);
	/* the planner does not leave it as it is */
	relids = hp_relation_named_in(list_make1(query));
	plan = hp_plan_query(query, sql, options, params);
	if (plan->rowMarks != NIL)
		refuse_locking();
	hp_relation_check_files(relids, NIL, InvalidOid);
	return plan;
}

/*
 * Analyze a query and read its parameters.  That may call functions, which may alter what the query
 * was analyzed for: so it is analyzed again.
 */
static Query *
analyze_for(const char *sql, Jsonb *json, ParamListInfo *params)
{
	Oid		   *types;
	Oid		   *types_now;
	int			ntypes;
	int			ntypes_now;
	Query	   *query = analyze_query(parse_single(sql), sql, &types, &ntypes);

	*params = hp_params_bind(json, types, ntypes);
	if (ntypes == 0)
		return query;
	query = analyze_query(parse_single(sql), sql, &types_now, &ntypes_now);
	if (ntypes != ntypes_now || memcmp(types, types_now, ntypes * sizeof(Oid)) != 0)
		ereport(ERROR,
				errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				errmsg("what the query reads has changed while its parameters were read"),
				errdetail("They are not of the types that they had."),
				errhint("Start it again."));
	return query;
}

/* Parse, plan and start the query.  The reader's context is current. */
static void
start_query(HpReader *reader, Jsonb *json)
{
	ParamListInfo params;
	Query	   *query = analyze_for(reader->sql, json, &params);
	PlannedStmt *plan = plan_query(query, reader->sql, reader->use, params);

	reader->desc = CreateQueryDesc(plan, reader->sql, GetActiveSnapshot(), InvalidSnapshot,
								   &reader->dest.receiver, params, NULL, 0);
	ExecutorStart(reader->desc, EXEC_FLAG_SKIP_TRIGGERS);
}

/* The part of a text that is its statement: without what follows a semicolon. */
static char *
statement_text(const char *sql, const Query *query)
{
	const char *start = sql + Max(query->stmt_location, 0);

	return query->stmt_len > 0 ? pnstrdup(start, query->stmt_len) : pstrdup(start);
}

TupleDesc
hp_reader_describe(const char *sql, Jsonb *params, char **text, ParamListInfo *values)
{
	ErrorContextCallback callback;
	Query	   *query;

	push_context(&callback, sql);
	query = analyze_for(sql, params, values);
	*text = statement_text(sql, query);
	/* views may lock rows, too */
	query = linitial_node(Query, pg_rewrite_query(query));
	check_reads_only(query);
	if (locks_rows((Node *) query, NULL))
		refuse_locking();
	pop_context(&callback);
	return ExecCleanTypeFromTL(query->targetList);
}

/*
 * Start a query, whose rows will go to the sink.  Everything is allocated below
 * the current context.
 */
HpReader *
hp_reader_open(const char *sql, Jsonb *params, HpReaderUse use, HpRowSink sink, void *arg)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "pg_hotpath query",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext outer = MemoryContextSwitchTo(context);
	HpReader   *reader = palloc0(sizeof(HpReader));
	ErrorContextCallback callback;

	reader->context = context;
	reader->sql = pstrdup(sql);
	reader->use = use;
	reader->dest.receiver.receiveSlot = receive_row;
	reader->dest.receiver.rStartup = receive_nothing;
	reader->dest.receiver.rShutdown = receive_end;
	reader->dest.receiver.rDestroy = receive_end;
	reader->dest.receiver.mydest = DestNone;
	reader->dest.sink = sink;
	reader->dest.arg = arg;

	push_context(&callback, reader->sql);
	start_query(reader, params);
	pop_context(&callback);
	MemoryContextSwitchTo(outer);
	return reader;
}

/* The row type; belongs to the reader. */
TupleDesc
hp_reader_desc(const HpReader *reader)
{
	return reader->desc->tupDesc;
}

/*
 * Hand rows to the sink until it pauses (true) or there are no more (false, after
 * which the query must not be run again).
 */
bool
hp_reader_run(HpReader *reader)
{
	ErrorContextCallback callback;

	push_context(&callback, reader->sql);
	PushActiveSnapshot(reader->desc->snapshot);
	reader->dest.paused = false;
	hp_executor_run(reader->desc, reader->use == HP_READER_ONE_GO);
	PopActiveSnapshot();
	pop_context(&callback);
	return reader->dest.paused;
}

/* End the query and free it. */
void
hp_reader_close(HpReader *reader)
{
	QueryDesc  *desc = reader->desc;

	reader->desc = NULL;
	PushActiveSnapshot(desc->snapshot);
	ExecutorFinish(desc);
	ExecutorEnd(desc);
	PopActiveSnapshot();
	FreeQueryDesc(desc);
	MemoryContextDelete(reader->context);
}
