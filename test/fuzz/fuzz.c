/*-------------------------------------------------------------------------
 *
 * fuzz.c
 *		libFuzzer inside a backend.
 *
 * fuzz(target) runs in a session and starts a background worker, which is what a
 * stock server offers for code that begins and ends transactions of its own.  There
 * libFuzzer makes inputs, and each becomes one statement that is run in a
 * transaction of its own, as if a client had sent it.  The sources of the extension
 * are in this library too, compiled with the sanitizers and with assertions; run.sh
 * makes the functions of the extension point here.
 *
 * A finding is, besides what sanitizers, assertions and signals find:
 *
 *		an error with an SQLSTATE that the target does not list
 *		a warning of the server about what was left behind at the end of a transaction
 *		a transaction that has written, since these functions only read
 *		interrupts held, or a lock, a portal, a file or a changed setting left
 *		memory that grows: of contexts, or of malloc
 *		a statement that a cancel does not end
 *		a read past the end of what came from SQL, see guard.c
 *
 * Each ends the worker by abort(), upon which libFuzzer writes the input to a file.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fuzz.h"

#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/string.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"

#define ARGUMENTS_FILE	"fuzz.arguments"	/* in the data directory, one a line */
#define MAX_ARGUMENTS	64

#define CANCEL_MS		2000	/* statement_timeout */
#define HANG_MS			30000	/* no cancel has ended it */
#define CHECK_EVERY		2048	/* inputs, between two looks at what is left */
#define WARM_UP			4		/* looks, after which memory must stay as it is */
#define MAX_GROWTH		(256 * 1024)
#define MAX_CACHED		(64 * 1024 * 1024)
#define MAX_FILES		8
#define MAX_MEMORY		((rlim_t) 2 * 1024 * 1024 * 1024)

/* libFuzzer's own, for which it installs no header that C could read. */
extern int	LLVMFuzzerRunDriver(int *argc, char ***argv,
								int (*callback) (const unsigned char *data, size_t size));

PG_FUNCTION_INFO_V1(fuzz);
PGDLLEXPORT void fuzz_main(Datum arg);

/* What is counted at each look. */
typedef struct Left
{
	int64		used;			/* bytes of all contexts, once caches and kept plans are dropped */
	int64		cached;			/* the same before that */
	int64		outside;		/* bytes taken from malloc, but not by contexts nor by libFuzzer */
	int64		others;			/* locks, portals, settings of the session */
	int64		files;
} Left;

/*
 * Where a statement ended, in the server as well, is worth as much to libFuzzer as a new edge in
 * the extension: it looks at what stands in this section as at its own counters.
 */
#define MAX_OUTCOMES 2048
static uint8 outcomes[MAX_OUTCOMES] __attribute__((section("__libfuzzer_extra_counters")));

static const FuzzTarget *target;
static SPIPlanPtr plans[256];	/* of the target's statements, made at their first use */
static SPIPlanPtr used_plan;
static SPIPlanPtr others_plan;
static SPIPlanPtr statement_plan;	/* of one that the extension runs */
static MemoryContext input_context;
static struct sigaction alarm_action;	/* the server's, which libFuzzer replaces */
static char warning[1024];		/* of the server, "" if there is none */
static emit_log_hook_type next_emit_log_hook;
static Left first;				/* before the first input, then when all is warm */
static int64 nruns = 0;
static int64 ncancelled = 0;
static int64 outside = 0;
static int	nlooks = 0;

static void
finding(const char *what, const char *detail)
{
	fprintf(stderr, "\nFINDING: %s: %s\n", what, detail);
	abort();
}

/* ---------- errors and warnings ---------- */

/* What is left behind at the end of a transaction is told by warnings without a code. */
static void
note_warning(ErrorData *error)
{
	if (error->elevel == WARNING && error->sqlerrcode == ERRCODE_WARNING && warning[0] == '\0')
		strlcpy(warning, error->message, sizeof(warning));
	if (next_emit_log_hook != NULL)
		next_emit_log_hook(error);
}

static bool
is_expected(const char *state)
{
	const char *code = target->expected;

	for (int len; (len = strcspn(code, " ")) > 0; code += len + 1)
		if (strncmp(code, state, len) == 0)
			return true;
	return false;
}

static void
judge_error(const ErrorData *error)
{
	const char *state = unpack_sql_state(error->sqlerrcode);

	if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		ncancelled++;
	else if (!is_expected(state))
		finding(psprintf("unexpected SQLSTATE %s", state), error->message);
}

static void
on_hang(void)
{
	finding("a statement does not heed its cancellation", target->name);
}

/* ---------- one input ---------- */

static SPIPlanPtr
prepare(const char *sql, const char *arguments)
{
	Oid			types[FUZZ_MAX_ARGUMENTS] = {0};
	SPIPlanPtr	plan;

	for (int i = 0; arguments[i] != '\0'; i++)
		types[i] = arguments[i] == 'a' ? TEXTARRAYOID : TEXTOID;
	plan = SPI_prepare(sql, strlen(arguments), types);
	if (plan == NULL || SPI_keepplan(plan) != 0)
		elog(ERROR, "cannot prepare: %s", sql);
	return plan;
}

static void
run_statement(int n, FuzzInput *input)
{
	const FuzzStatement *statement = &target->statements[n];
	Datum		values[FUZZ_MAX_ARGUMENTS] = {0};
	char		nulls[FUZZ_MAX_ARGUMENTS];
	int			result;

	for (int i = 0; statement->arguments[i] != '\0'; i++)
		nulls[i] = fuzz_argument(statement->arguments[i], statement, input, &values[i]) ? ' ' : 'n';
	if (SPI_connect() != SPI_OK_CONNECT)
		finding("SPI_connect failed", statement->sql);
	if (plans[n] == NULL)
		plans[n] = prepare(statement->sql, statement->arguments);
	result = SPI_execute_plan(plans[n], values, nulls, true, 0);
	if (result != SPI_OK_SELECT)
		finding("the statement is no SELECT", SPI_result_code_string(result));
	SPI_finish();
}

static void
begin_transaction(void)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
}

static void
end_transaction(void)
{
	PopActiveSnapshot();
	CommitTransactionCommand();
}

/* What must be true before a transaction ends, whichever way it does. */
static void
check_transaction(void)
{
	if (TransactionIdIsValid(GetTopTransactionIdIfAny()))
		finding("the transaction has written", target->name);
}

static void
check_idle(void)
{
	if (InterruptHoldoffCount != 0 || QueryCancelHoldoffCount != 0 || CritSectionCount != 0)
		finding("interrupts are held", psprintf("%u %u %u", InterruptHoldoffCount,
												QueryCancelHoldoffCount, CritSectionCount));
	if (warning[0] != '\0')
		finding("the server warns", warning);
	if (error_context_stack != NULL || ActiveSnapshotSet())
		finding("an error context or a snapshot is left", target->name);
}

static void
run_in_transaction(FuzzInput *input)
{
	int			n = fuzz_take_byte(input) % fuzz_nstatements(target);
	ErrorData  *error = NULL;

	enable_timeout_after(STATEMENT_TIMEOUT, CANCEL_MS);
	enable_timeout_after(USER_TIMEOUT, HANG_MS);
	begin_transaction();
	PG_TRY();
	{
		run_statement(n, input);
		check_transaction();
		if (InterruptHoldoffCount != 0)
			finding("interrupts are held", "by a statement that has ended");
		end_transaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(input_context);
		error = CopyErrorData();
		FlushErrorState();
		check_transaction();
		AbortCurrentTransaction();
	}
	PG_END_TRY();
	disable_all_timeouts(false);
	QueryCancelPending = false;
	outcomes[hash_combine(n, error == NULL ? 0 : error->lineno) % MAX_OUTCOMES] = 1;
	if (error != NULL)
		judge_error(error);
	check_idle();
}

/* ---------- what inputs leave behind ---------- */

static int64
count_files(void)
{
	DIR		   *dir = AllocateDir("/proc/self/fd");
	int64		n = 0;

	while (ReadDir(dir, "/proc/self/fd") != NULL)
		n++;
	FreeDir(dir);
	return n;
}

static int64
select_number(SPIPlanPtr plan)
{
	bool		isnull;

	if (SPI_execute_plan(plan, NULL, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "cannot look at what is left");
	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

static void
look(Left *left)
{
	begin_transaction();
	SPI_connect();
	left->cached = select_number(used_plan);
	left->others = select_number(others_plan);
	SPI_finish();
	end_transaction();

	/* The server remembers names that do not exist, any number of them. */
	InvalidateSystemCaches();
	for (int i = 0; i < lengthof(plans); i++)
	{
		if (plans[i] != NULL)
			SPI_freeplan(plans[i]);
		plans[i] = NULL;
	}
	begin_transaction();
	SPI_connect();
	select_number(statement_plan);
	left->used = select_number(used_plan);
	left->outside = outside;
	left->files = count_files();
	SPI_finish();
	end_transaction();
	pgstat_report_stat(true);
}

static void
compare(const char *what, int64 now, int64 before, int64 limit)
{
	if (now - before <= limit)
		return;
	MemoryContextStats(TopMemoryContext);
	finding(psprintf("more %s than before", what),
			psprintf(INT64_FORMAT " instead of " INT64_FORMAT, now, before));
}

static void
check_left(void)
{
	Left		now;

	look(&now);
	compare("locks, portals or settings", now.others, first.others, 0);
	if (++nlooks <= WARM_UP)
		first = now;
	compare("bytes in memory contexts", now.used, first.used, MAX_GROWTH);
	compare("bytes in caches", now.cached, first.cached, MAX_CACHED);
	compare("bytes from malloc", now.outside, first.outside, MAX_GROWTH);
	compare("open files", now.files, first.files, MAX_FILES);
	if (nlooks % 16 == 1)
		fprintf(stderr, "LEFT: " INT64_FORMAT " runs, bytes used " INT64_FORMAT ", cached "
				INT64_FORMAT ", outside " INT64_FORMAT ", files " INT64_FORMAT "\n", nruns,
				now.used, now.cached, now.outside, now.files);
}

/* For run.sh; libFuzzer ends by exit(). */
static void
sum_up(void)
{
	fprintf(stderr, "CANCELLED: " INT64_FORMAT "\nCOMPARED: %d\n", ncancelled,
			Max(nlooks - WARM_UP, 0));
}

/*
 * Bytes in use that are not in memory contexts.  run.sh turns off the caches of malloc, which
 * count as used.
 */
static int64
malloc_outside(void)
{
	struct mallinfo2 info = mallinfo2();

	return (int64) (info.uordblks + info.hblkhd) - MemoryContextMemAllocated(TopMemoryContext, true);
}

static int
run_input(const unsigned char *data, size_t size)
{
	FuzzInput	input = {data, data + size};
	int64		before = malloc_outside();

	if (nruns == 0)
		sigaction(SIGALRM, &alarm_action, NULL);
	MemoryContextSwitchTo(input_context);
	run_in_transaction(&input);
	MemoryContextSwitchTo(TopMemoryContext);
	MemoryContextReset(input_context);
	fuzz_guard_reset();
	if (++nruns % CHECK_EVERY == 0)
		check_left();
	outside += malloc_outside() - before;
	return 0;
}

/* ---------- the worker ---------- */

/* The statements that look at what is left. */
static void
prepare_look(void)
{
	begin_transaction();
	SPI_connect();
	/* time zones are kept by the server, each once it was named */
	used_plan = prepare("SELECT sum(used_bytes)::bigint FROM pg_catalog.pg_backend_memory_contexts "
						"WHERE name <> 'Timezones'", "");
	statement_plan = prepare("SELECT count(*) FROM hotpath.embed_where('tags')", "");
	others_plan = prepare("SELECT (SELECT count(*) FROM pg_catalog.pg_locks "
						  "WHERE pid = pg_catalog.pg_backend_pid()) + "
						  "(SELECT count(*) FROM pg_catalog.pg_cursors) + "
						  "(SELECT count(*) FROM pg_catalog.pg_settings WHERE source = 'session')", "");
	SPI_finish();
	end_transaction();
}

static void
learn_cursors(void)
{
	begin_transaction();
	SPI_connect();
	for (int i = 0; i < fuzz_nstatements(target); i++)
	{
		const FuzzStatement *statement = &target->statements[i];

		if (statement->cursor == NULL)
			continue;
		if (SPI_execute(statement->cursor, true, 1) != SPI_OK_SELECT || SPI_processed != 1)
			elog(ERROR, "no cursor: %s", statement->cursor);
		fuzz_learn_cursor(statement, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1));
	}
	SPI_finish();
	end_transaction();
}

static char **
read_arguments(int *n)
{
	char	  **arguments = MemoryContextAllocZero(TopMemoryContext, MAX_ARGUMENTS * sizeof(char *));
	FILE	   *file = AllocateFile(ARGUMENTS_FILE, "r");
	StringInfoData line;

	if (file == NULL)
		elog(ERROR, "cannot open %s: %m", ARGUMENTS_FILE);
	MemoryContextSwitchTo(TopMemoryContext);
	initStringInfo(&line);
	arguments[0] = "fuzz";
	for (*n = 1; *n < MAX_ARGUMENTS - 1 && pg_get_line_buf(file, &line);)
		arguments[(*n)++] = pstrdup(pg_strip_crlf(line.data) >= 0 ? line.data : "");
	FreeFile(file);
	return arguments;
}

/* A statement that asks for more memory than this ends with an error that no target expects. */
static void
limit_memory(void)
{
	struct rlimit limit = {MAX_MEMORY, MAX_MEMORY};

	if (setrlimit(RLIMIT_AS, &limit) != 0)
		elog(ERROR, "cannot limit memory: %m");
}

void
fuzz_main(Datum arg)
{
	char	  **arguments;
	int			n;

	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection("fuzz", "fuzz", 0);
	target = fuzz_find_target(MyBgworkerEntry->bgw_extra);
	input_context = AllocSetContextCreate(TopMemoryContext, "fuzz input", ALLOCSET_DEFAULT_SIZES);
	prepare_look();
	look(&first);
	learn_cursors();
	arguments = read_arguments(&n);
	next_emit_log_hook = emit_log_hook;
	emit_log_hook = note_warning;
	RegisterTimeout(USER_TIMEOUT, on_hang);
	sigaction(SIGALRM, NULL, &alarm_action);
	limit_memory();
	error_context_stack = NULL;
	atexit(sum_up);
	LLVMFuzzerRunDriver(&n, &arguments, run_input);
	proc_exit(0);
}

/* fuzz(target): returns when the worker has ended by itself. */
Datum
fuzz(PG_FUNCTION_ARGS)
{
	BackgroundWorker worker = {0};
	BackgroundWorkerHandle *handle;

	strlcpy(worker.bgw_name, "fuzz", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "fuzz", BGW_MAXLEN);
	strlcpy(worker.bgw_library_name, "hotpath_fuzz", BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, "fuzz_main", BGW_MAXLEN);
	strlcpy(worker.bgw_extra, text_to_cstring(PG_GETARG_TEXT_PP(0)), BGW_EXTRALEN);
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_notify_pid = MyProcPid;
	if (!RegisterDynamicBackgroundWorker(&worker, &handle))
		elog(ERROR, "cannot start a background worker");
	if (WaitForBackgroundWorkerShutdown(handle) != BGWH_STOPPED)
		elog(ERROR, "the background worker did not end by itself");
	PG_RETURN_VOID();
}
