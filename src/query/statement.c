/*-------------------------------------------------------------------------
 *
 * statement.c
 *		Runs statements, and keeps their plans.
 *
 * Rows by key, and filters, orders and pages of one shape, make the same text with
 * other values, so plans are kept per backend by text, parameter types, way of
 * planning and user: those that were used last, bounded in number, and in the
 * length of their texts, since a plan takes some fifty times the memory of its text.
 * A long text is not likely to come again; it is planned for its values and
 * forgotten.
 *
 * By user, because the right to look into a schema is asked for only when names
 * are looked up: a plan made for somebody who has it would serve others as well.
 *
 * The server's plan cache makes a kept plan anew when what it rests upon has
 * changed.  A change of a user's own attributes or memberships escapes it, which
 * row security may rest upon; so all plans are dropped after any of these.
 *
 * A plan may be dropped while an outer call executes it, since functions in the
 * query and the sink may run statements too.  It is no longer found then, and
 * freed by the last of its users, which are counted.
 *
 * A plan may use parallel workers.  The sink runs in the leading process, and like
 * a function in such a plan it must not write then.
 *
 * Whoever runs a statement must hold no lock of the extension, and must look
 * relations up again afterwards: SQL may have run anything.
 *
 * Memory: a statement is allocated in the context that was current at
 * hp_statement_init(); kept plans below TopMemoryContext.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "query/statement.h"

#include "access/xact.h"
#include "base/guc.h"
#include "catalog/relation.h"
#include "common/hashfn.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "query/spi.h"
#include "tcop/dest.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/plancache.h"

#define MAX_KEPT			1024
#define MAX_KEPT_LENGTH		(512 * 1024)	/* of all texts */
#define MAX_TEXT			(64 * 1024)

typedef struct KeptKey
{
	const char *sql;
	const Oid  *types;
	int			len;
	int			nargs;
	HpPlanning	planning;
	Oid			user;
} KeptKey;

typedef struct Kept
{
	KeptKey		key;			/* points behind this struct */
	dlist_node	node;			/* in recent, unless dropped */
	SPIPlanPtr	plan;
	int			users;			/* calls that execute the plan now */
	bool		dropped;		/* to be freed by the last user */
} Kept;

typedef struct KeptEntry
{
	KeptKey		key;			/* hash key; points into kept */
	Kept	   *kept;
} KeptEntry;

static HTAB *statements = NULL;
static dlist_head recent = DLIST_STATIC_INIT(recent);	/* used last comes first */
static Size kept_length = 0;	/* of their texts */
static uint64 kept_epoch = 0;	/* hp_relation_privilege_epoch of all that is kept */

/* Shows rows to a sink. */
typedef struct RowReceiver
{
	DestReceiver receiver;		/* first, so that one pointer is both */
	MemoryContext context;		/* reset after each row */
	HpRowSink	sink;
	void	   *arg;
	const HpStatement *statement;
	SPIPlanPtr	plan;			/* its, once it is executed */
	int			settings;		/* level of those that it is planned under, 0 for none */
	bool		writes;
} RowReceiver;

static uint32
hash_key(const void *key, Size size)
{
	const KeptKey *k = key;
	uint32		hash = hash_bytes((const unsigned char *) k->sql, k->len);

	hash = hash_combine(hash, hash_bytes((const unsigned char *) k->types,
										 k->nargs * sizeof(Oid)));
	hash = hash_combine(hash, k->user);
	return hash_combine(hash, k->planning);
}

static int
compare_keys(const void *a, const void *b, Size size)
{
	const KeptKey *ka = a;
	const KeptKey *kb = b;

	if (ka->len != kb->len || ka->nargs != kb->nargs || ka->planning != kb->planning ||
		ka->user != kb->user)
		return 1;
	return (ka->nargs > 0 && memcmp(ka->types, kb->types, ka->nargs * sizeof(Oid)) != 0) ||
		memcmp(ka->sql, kb->sql, ka->len) != 0;
}

static void
create_table(void)
{
	HASHCTL		ctl = {
		.keysize = sizeof(KeptKey),
		.entrysize = sizeof(KeptEntry),
		.hash = hash_key,
		.match = compare_keys,
	};

	statements = hash_create("pg_hotpath statements", 64, &ctl,
							 HASH_ELEM | HASH_FUNCTION | HASH_COMPARE);
}

static void
free_kept(Kept *kept)
{
	SPI_freeplan(kept->plan);
	pfree(kept);
}

/* Find a plan no more, and free it as soon as nobody executes it. */
static void
drop_kept(Kept *kept)
{
	hash_search(statements, &kept->key, HASH_REMOVE, NULL);
	dlist_delete(&kept->node);
	kept_length -= kept->key.len;
	kept->dropped = true;
	if (kept->users == 0)
		free_kept(kept);
}

static void
release_kept(Kept *kept)
{
	if (--kept->users == 0 && kept->dropped)
		free_kept(kept);
}

static void
drop_all(void)
{
	while (!dlist_is_empty(&recent))
		drop_kept(dlist_head_element(Kept, node, &recent));
}

/* A copy of a key, in one chunk with what it points to. */
static Kept *
make_kept(const KeptKey *key)
{
	Size		types_size = key->nargs * sizeof(Oid);
	Kept	   *kept = MemoryContextAllocZero(TopMemoryContext,
											  sizeof(Kept) + types_size + key->len + 1);
	Oid		   *types = (Oid *) (kept + 1);
	char	   *sql = (char *) types + types_size;

	if (key->nargs > 0)
		memcpy(types, key->types, types_size);
	memcpy(sql, key->sql, key->len);
	kept->key = *key;
	kept->key.types = types;
	kept->key.sql = sql;
	return kept;
}

/* As those of DECLARE CURSOR. */
static int
options_of(HpPlanning planning)
{
	switch (planning)
	{
		case HP_PLAN_SERIAL:
		case HP_PLAN_WRITE:
			return 0;
		case HP_PLAN_GENERIC:
			return CURSOR_OPT_PARALLEL_OK | CURSOR_OPT_GENERIC_PLAN;
		default:
			return CURSOR_OPT_PARALLEL_OK;
	}
}

/* Enter what is kept of a statement, or free it should there be no memory for that. */
static void
enter_kept(Kept *kept)
{
	KeptEntry  *entry = NULL;

	PG_TRY();
	{
		entry = hash_search(statements, &kept->key, HASH_ENTER, NULL);
	}
	PG_CATCH();
	{
		pfree(kept);
		PG_RE_THROW();
	}
	PG_END_TRY();
	entry->kept = kept;
	dlist_push_head(&recent, &kept->node);
	kept_length += kept->key.len;
}

/*
 * Prepare a statement and keep its plan.  SPI is connected.  Until the plan is
 * kept it goes with the procedure, should there be an error; what is entered
 * before has its plan at once, as nothing can fail in between.
 */
static Kept *
prepare_kept(const KeptKey *key)
{
	SPIPlanPtr	plan = hp_spi_prepare(key->sql, key->nargs, key->types,
									  options_of(key->planning));
	Kept	   *kept;

	while (hash_get_num_entries(statements) >= MAX_KEPT ||
		   kept_length + key->len > MAX_KEPT_LENGTH)
		drop_kept(dlist_tail_element(Kept, node, &recent));
	kept = make_kept(key);
	enter_kept(kept);
	kept->plan = plan;
	hp_spi_keep(plan);
	return kept;
}

/* The kept plan of a statement, prepared if there is none.  SPI is connected. */
static Kept *
get_kept(const HpStatement *statement, HpPlanning planning)
{
	KeptKey		key = {
		.sql = statement->sql.data,
		.types = statement->types,
		.len = statement->sql.len,
		.nargs = statement->nargs,
		.planning = planning,
		.user = GetUserId(),
	};
	KeptEntry  *entry;

	if (statements == NULL)
		create_table();
	if (kept_epoch != hp_relation_privilege_epoch)
	{
		drop_all();
		kept_epoch = hp_relation_privilege_epoch;
	}
	entry = hash_search(statements, &key, HASH_FIND, NULL);
	if (entry == NULL)
		return prepare_kept(&key);
	dlist_move_head(&recent, &entry->kept->node);
	return entry->kept;
}

static int
execute_kept(const HpStatement *statement, HpPlanning planning, RowReceiver *receiver,
			 SPIExecuteOptions *options)
{
	Kept	   *volatile kept = get_kept(statement, planning);
	volatile int result = 0;

	kept->users++;
	receiver->plan = kept->plan;
	PG_TRY();
	{
		result = SPI_execute_plan_extended(kept->plan, options);
	}
	PG_FINALLY();
	{
		release_kept(kept);
	}
	PG_END_TRY();
	return result;
}

static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	RowReceiver *receiver = (RowReceiver *) self;
	MemoryContext outer = MemoryContextSwitchTo(receiver->context);
	bool		more;

	more = receiver->sink(slot, receiver->arg);
	MemoryContextSwitchTo(outer);
	MemoryContextReset(receiver->context);
	return more;
}

void
hp_statement_check_relations(const HpStatement *statement, const List *relids)
{
	ListCell   *lc;

	foreach(lc, statement->relids)
		if (!list_member_oid(relids, lfirst_oid(lc)))
			ereport(ERROR,
					errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("a table was renamed while it was read"),
					errdetail("The name of \"%s\" has become that of another one.",
							  hp_relation_name(lfirst_oid(lc))),
					errhint("Try again."));
}

/*
 * Have no sequential scans in the plan.  Where one is inevitable, in a policy for instance, the plan has a
 * cost at which expressions would be compiled, which nobody wants for that reason.
 */
static void
begin_settings(RowReceiver *receiver)
{
	if (!receiver->statement->by_index)
		return;
	receiver->settings = NewGUCNestLevel();
	hp_guc_set("enable_seqscan", "off");
	hp_guc_set("jit", "off");
}

/* Once there is a plan: functions that it calls, and what these plan, have the settings of the session. */
static void
end_settings(RowReceiver *receiver)
{
	if (receiver->settings != 0)
		AtEOXact_GUC(true, receiver->settings);
	receiver->settings = 0;
}

/*
 * Refuse rows of another type, or of other relations, or that the snapshot does not show.  Names are looked up
 * whenever a plan is made anew: another session may have given the table's to another one.
 */
static void
receive_start(DestReceiver *self, int operation, TupleDesc desc)
{
	RowReceiver *receiver = (RowReceiver *) self;
	Oid			rowtype = receiver->statement->rowtype;
	CachedPlanSource *source = linitial(SPI_plan_get_plan_sources(receiver->plan));

	end_settings(receiver);
	if (OidIsValid(rowtype) && TupleDescAttr(desc, 0)->atttypid != rowtype)
		ereport(ERROR,
				errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				errmsg("the table was renamed while it was read"),
				errdetail("Its name now belongs to a table with rows of another type."),
				errhint("Try again."));
	hp_statement_check_relations(receiver->statement, source->relationOids);
	if (!receiver->writes && !hp_relation_snapshot_is_certain() &&
		(!IsolationUsesXactSnapshot() || OidIsValid(receiver->statement->keyed)))
		hp_relation_check_files(hp_relation_named_in(source->query_list), receiver->statement->relids,
								receiver->statement->keyed);
}

static void
receive_end(DestReceiver *self)
{
}

/* The receiver's kind tells SPI that rows are not thrown away, as DestNone would. */
static void
init_receiver(RowReceiver *receiver, const HpStatement *statement, HpPlanning planning, HpRowSink sink,
			  void *arg)
{
	receiver->receiver.receiveSlot = receive_row;
	receiver->receiver.rStartup = receive_start;
	receiver->receiver.rShutdown = receive_end;
	receiver->receiver.rDestroy = receive_end;
	receiver->receiver.mydest = DestTuplestore;
	receiver->context = AllocSetContextCreate(CurrentMemoryContext, "pg_hotpath row",
											  ALLOCSET_DEFAULT_SIZES);
	receiver->statement = statement;
	receiver->plan = NULL;
	receiver->settings = 0;
	receiver->writes = planning == HP_PLAN_WRITE;
	receiver->sink = sink;
	receiver->arg = arg;
}

/* The values of the parameters. */
ParamListInfo
hp_statement_params(const HpStatement *statement)
{
	ParamListInfo params;

	if (statement->nargs == 0)
		return NULL;
	params = makeParamList(statement->nargs);
	for (int i = 0; i < statement->nargs; i++)
	{
		params->params[i].ptype = statement->types[i];
		params->params[i].pflags = PARAM_FLAG_CONST;
		params->params[i].value = statement->values[i];
		params->params[i].isnull = statement->nulls != NULL && statement->nulls[i] == 'n';
	}
	return params;
}

void
hp_statement_init(HpStatement *statement)
{
	initStringInfo(&statement->sql);
	statement->relids = NIL;
	statement->keyed = InvalidOid;
	statement->by_index = false;
	statement->rowtype = InvalidOid;
	statement->nargs = 0;
	statement->capacity = 8;
	statement->types = palloc(statement->capacity * sizeof(Oid));
	statement->values = palloc(statement->capacity * sizeof(Datum));
	statement->nulls = palloc(statement->capacity);
}

void
hp_statement_expect_relation(HpStatement *statement, Oid relid)
{
	statement->relids = lappend_oid(statement->relids, relid);
}

void
hp_statement_add_relation(HpStatement *statement, Oid relid)
{
	hp_statement_expect_relation(statement, relid);
	appendStringInfoString(&statement->sql, hp_relation_qualified_name(relid));
}

void
hp_statement_add(HpStatement *statement, Oid type, Datum value, bool isnull)
{
	int			i = statement->nargs++;

	if (i == statement->capacity)
	{
		statement->capacity *= 2;
		statement->types = repalloc(statement->types, statement->capacity * sizeof(Oid));
		statement->values = repalloc(statement->values, statement->capacity * sizeof(Datum));
		statement->nulls = repalloc(statement->nulls, statement->capacity);
	}
	statement->types[i] = type;
	statement->values[i] = value;
	statement->nulls[i] = isnull ? 'n' : ' ';
	appendStringInfo(&statement->sql, "$%d", statement->nargs);
}

void
hp_statement_run(HpStatement *statement, HpPlanning planning, uint64 limit, HpRowSink sink,
				 void *arg)
{
	RowReceiver receiver;
	SPIExecuteOptions options = {0};
	int			result;

	hp_spi_connect();
	init_receiver(&receiver, statement, planning, sink, arg);
	options.params = hp_statement_params(statement);
	options.read_only = planning != HP_PLAN_WRITE;
	options.must_return_tuples = true;
	options.tcount = limit;
	options.dest = &receiver.receiver;
	begin_settings(&receiver);
	if (planning != HP_PLAN_ONCE && statement->sql.len <= MAX_TEXT)
		result = execute_kept(statement, planning, &receiver, &options);
	else
	{
		/* goes with the procedure */
		receiver.plan = hp_spi_prepare(statement->sql.data, statement->nargs, statement->types,
									   options_of(planning) & ~CURSOR_OPT_GENERIC_PLAN);
		result = SPI_execute_plan_extended(receiver.plan, &options);
	}
	hp_spi_check(result, result == SPI_OK_INSERT_RETURNING && planning == HP_PLAN_WRITE ?
				 SPI_OK_INSERT_RETURNING : SPI_OK_SELECT);
	hp_spi_finish();
}
