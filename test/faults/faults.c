/*-------------------------------------------------------------------------
 *
 * faults.c
 *		Makes one call of a statement fail: an allocation, or one into the system.
 *
 * A backend that is armed counts the calls of the kinds asked for and, at the
 * n-th, does what was asked: the call fails, or the session is sent a cancel, or
 * its statement timeout comes.  Only calls that pg_hotpath is on the stack of
 * are counted as sites and made to fail, whether it makes them itself or a
 * function of the server or a library that it has called.  So the library under
 * test is the one that is shipped.
 *
 * How it gets at allocations: every memory context points to the functions of
 * its kind, which may return NULL.  Those pointers lie in memory that is not
 * writable, and are changed in this process alone.
 *
 * A site is a stack of calls, from the allocation down to the outermost function
 * of pg_hotpath; two numbers with one stack need not both be tried.
 *
 * Nothing fails in a critical section or while an error is being reported: the
 * server has reserves there, and must not ask for memory.  What pg_hotpath
 * allocates in a critical section all the same is counted.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <dirent.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "commands/event_trigger.h"
#include "common/hashfn.h"
#include "common/hmac.h"
#include "faults.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/memnodes.h"
#include "storage/ipc.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/pgstat_internal.h"
#include "utils/tuplestore.h"
#if PG_VERSION_NUM >= 170000
#include "utils/memutils_internal.h"
#endif

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(faults_arm);
PG_FUNCTION_INFO_V1(faults_disarm);
PG_FUNCTION_INFO_V1(faults_sites);
PG_FUNCTION_INFO_V1(faults_forget);
PG_FUNCTION_INFO_V1(faults_other_memory);
PG_FUNCTION_INFO_V1(faults_open_files);
PG_FUNCTION_INFO_V1(faults_leak);

#define MAX_FRAMES 200
#define MAX_SITES 65536			/* power of two */
#define MAX_METHODS 4

/* The signature of what is replaced differs between the majors. */
#if PG_VERSION_NUM >= 170000
#define ALLOC_ARGS MemoryContext context, Size size, int flags
#define REALLOC_ARGS void *pointer, Size size, int flags
#define REFUSE(context) MemoryContextAllocationFailure(context, size, flags)
#define ALLOC_PASS context, size, flags
#define REALLOC_PASS pointer, size, flags
#elif PG_VERSION_NUM >= 160000
#define ALLOC_ARGS MemoryContext context, Size size
#define REALLOC_ARGS void *pointer, Size size
#define REFUSE(context) NULL
#define ALLOC_PASS context, size
#define REALLOC_PASS pointer, size
#else
#define ALLOC_ARGS MemoryContext context, Size size
#define REALLOC_ARGS MemoryContext context, void *pointer, Size size
#define REFUSE(context) NULL
#define ALLOC_PASS context, size
#define REALLOC_PASS context, pointer, size
#endif

typedef enum Action
{
	ACT_RECORD,					/* note the sites, let nothing fail */
	ACT_FAIL,					/* this call */
	ACT_FAIL_ON,				/* this call and all that follow */
	ACT_FAIL_AT,				/* the first call of a site */
	ACT_SHORT,					/* write a part only */
	ACT_CANCEL,					/* send the session a cancel */
	ACT_TIMEOUT					/* wait until the statement timeout has come */
} Action;

typedef struct Methods
{
	const MemoryContextMethods *methods;
	void	   *(*alloc) (ALLOC_ARGS);
	void	   *(*realloc) (REALLOC_ARGS);
} Methods;

typedef struct Site
{
	int64		stack;			/* 0: empty */
	int64		n;				/* number of the first call from there */
} Site;

static Methods hooked[MAX_METHODS];
static int	nhooked = 0;

static bool armed = false;
static Action action;
static int	kinds;
static int	error_number;
static int64 wanted;			/* number of the call that is to fail, or its stack */
static int64 calls;
static int64 in_critical;		/* of them, of pg_hotpath in a critical section */
static int64 fired;				/* number of the call that failed; 0: none yet */
static bool whole_stack;		/* or only the frames of pg_hotpath */
static bool busy = false;		/* in here, or in an allocation already counted */

static Site sites[MAX_SITES];

extern void *__libc_stack_end;

/* Where the code of pg_hotpath is. */
static uintptr_t text_start = 0;
static uintptr_t text_end = 0;

/*
 * Where a failure is none of our business.  LockAcquireExtended() leaves a lock
 * without owners behind when it gets no memory for them; the server crashes when
 * a lock on the same object is taken again before the transaction ends, by
 * whatever.  pg_hmac_create() loses the context it has just made when the
 * resource owner gets no memory to note it, and EventTriggerBeginCompleteQuery()
 * the memory context it has just made when there is none for the first thing in it.
 * pgstat_get_entry_ref() leaves a wild pointer behind, which the session follows
 * as it ends.
 */
typedef struct Range
{
	uintptr_t	start;
	uintptr_t	end;
} Range;

static Range lock_function;
static Range hmac_function;
static Range hmac_alloc;
static Range ddl_function;
static Range stats_function;
static Range plain_alloc;

static Range
range_of(void *function)
{
	Dl_info		info;
	ElfW(Sym)  *symbol;

	if (dladdr1(function, &info, (void **) &symbol, RTLD_DL_SYMENT) == 0 || symbol == NULL)
		elog(ERROR, "faults: cannot find the server's functions");
	return (Range)
	{
		(uintptr_t) info.dli_saddr, (uintptr_t) info.dli_saddr + symbol->st_size
	};
}

static bool
within(Range range, void *frame)
{
	return (uintptr_t) frame >= range.start && (uintptr_t) frame < range.end;
}

/* Is this an allocation of one of these?  The first frames are this file's. */
static bool
is_excused(FaultsKind kind, void **frames, int n)
{
	for (int i = 1; i < Min(n, 10); i++)
	{
		/* MemoryContextAlloc() and its caller */
		if (i < 6 && within(lock_function, frames[i]))
			return true;
		/* the context itself may fail, and so may OpenSSL */
		if (kind == FAULTS_PALLOC && within(hmac_function, frames[i]))
			return !within(hmac_alloc, frames[i - 1]);
		/* what it looks up before may fail */
		if (kind == FAULTS_PALLOC &&
			(within(ddl_function, frames[i]) || within(stats_function, frames[i])))
			return within(plain_alloc, frames[i - 1]);
	}
	return false;
}

static int
note_library(struct dl_phdr_info *info, size_t size, void *arg)
{
	const char *slash = strrchr(info->dlpi_name, '/');

	if (slash == NULL || strcmp(slash, "/pg_hotpath.so") != 0)
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_X) != 0)
		{
			text_start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
			text_end = text_start + info->dlpi_phdr[i].p_memsz;
		}
	return 1;
}

static bool
is_ours(uintptr_t address)
{
	return address >= text_start && address < text_end;
}

/* Could pg_hotpath be on the stack?  Quick, and wrong at times by saying yes. */
static bool
may_be_ours(void)
{
	const uintptr_t *here = (const uintptr_t *) __builtin_frame_address(0);
	const uintptr_t *end = (const uintptr_t *) __libc_stack_end;

	if (text_start == 0)
		dl_iterate_phdr(note_library, NULL);
	if (text_start == 0)
		return false;
	for (; here < end; here++)
		if (is_ours(*here))
			return true;
	return false;
}

/* The hash of the stack; 0 when pg_hotpath is not on it. */
static int64
stack_of(FaultsKind kind)
{
	void	   *frames[MAX_FRAMES];
	int			n;
	int			outermost = -1;
	uint64		hash = kind;

	if (!may_be_ours())
		return 0;
	n = backtrace(frames, MAX_FRAMES);
	for (int i = 0; i < n; i++)
	{
		if (is_ours((uintptr_t) frames[i]))
			outermost = i;
	}
	if (outermost < 0 || is_excused(kind, frames, n))
		return 0;
	/* the first frames are this file's */
	for (int i = 2; i <= outermost; i++)
	{
		uintptr_t	frame = (uintptr_t) frames[i];

		/* where the library lies may differ from session to session */
		if (is_ours(frame))
			hash = hash_combine64(hash, frame - text_start);
		else if (whole_stack)
			hash = hash_combine64(hash, frame);
	}
	return hash == 0 ? 1 : (int64) hash;
}

static void
note_site(int64 stack)
{
	for (uint64 i = (uint64) stack;; i++)
	{
		Site	   *site = &sites[i & (MAX_SITES - 1)];

		if (site->stack == stack)
			return;
		if (site->stack == 0)
		{
			site->stack = stack;
			site->n = calls;
			return;
		}
	}
}

/* Until the handler has noted the signal, which may take its time. */
static void
wait_for_timeout(void)
{
	for (int i = 0; i < 1000 && !QueryCancelPending; i++)
		pg_usleep(100);
}

/* What is to be done about this call: 0 to go on, an error number, or FAULTS_SHORT. */
static int
judge(FaultsKind kind)
{
	int64		stack;

	calls++;
	if (fired != 0 && action != ACT_FAIL_ON)
		return 0;
	if (action != ACT_RECORD && action != ACT_FAIL_AT && calls < wanted)
		return 0;
	stack = stack_of(kind);
	if (stack == 0 || (action == ACT_FAIL_AT && stack != wanted))
		return 0;
	if (CritSectionCount > 0)
	{
		in_critical++;
		return 0;
	}
	if (action == ACT_RECORD)
	{
		note_site(stack);
		return 0;
	}
	if (fired == 0)
		fired = calls;
	switch (action)
	{
		case ACT_CANCEL:
			kill(MyProcPid, SIGINT);
			return 0;
		case ACT_TIMEOUT:
			wait_for_timeout();
			return 0;
		case ACT_SHORT:
			return FAULTS_SHORT;
		default:
			return error_number;
	}
}

static int
consider(FaultsKind kind)
{
	int			result;

	if (!armed || busy || (kinds & kind) == 0 || proc_exit_inprogress)
		return 0;
	busy = true;
	result = judge(kind);
	busy = false;
	return result;
}

static const Methods *
methods_of(MemoryContext context)
{
	for (int i = 0; i < nhooked; i++)
		if (hooked[i].methods == context->methods)
			return &hooked[i];
	elog(PANIC, "faults: a memory context of an unknown kind");
}

static void *
hooked_alloc(ALLOC_ARGS)
{
	const Methods *methods = methods_of(context);
	bool		outer = busy;
	void	   *result;

	if (context != ErrorContext && consider(FAULTS_PALLOC) != 0)
		return REFUSE(context);
	/* the malloc() in it is this same call */
	busy = true;
	result = methods->alloc(ALLOC_PASS);
	busy = outer;
	return result;
}

static void *
hooked_realloc(REALLOC_ARGS)
{
#if PG_VERSION_NUM >= 160000
	MemoryContext context = GetMemoryChunkContext(pointer);
#endif
	const Methods *methods = methods_of(context);
	bool		outer = busy;
	void	   *result;

	if (context != ErrorContext && consider(FAULTS_PALLOC) != 0)
		return REFUSE(context);
	busy = true;
	result = methods->realloc(REALLOC_PASS);
	busy = outer;
	return result;
}

/* Replace the functions of a kind of memory context. */
static void
hook_methods(MemoryContext context)
{
	MemoryContextMethods *methods = unconstify(MemoryContextMethods *, context->methods);
	uintptr_t	page = sysconf(_SC_PAGESIZE);
	uintptr_t	from = (uintptr_t) methods & ~(page - 1);
	uintptr_t	to = ((uintptr_t) (methods + 1) + page - 1) & ~(page - 1);

	if (mprotect((void *) from, to - from, PROT_READ | PROT_WRITE) != 0)
		elog(ERROR, "faults: mprotect failed: %m");
	hooked[nhooked++] = (Methods)
	{
		.methods = methods,.alloc = methods->alloc,.realloc = methods->realloc
	};
	methods->alloc = hooked_alloc;
	methods->realloc = hooked_realloc;
}

static void
hook_all(void)
{
	MemoryContext generation;
	MemoryContext slab;
	void	   *frames[2];

	if (nhooked > 0)
		return;
	/* the first use of backtrace() loads a library */
	backtrace(frames, 2);
	lock_function = range_of(LockAcquireExtended);
	hmac_function = range_of(pg_hmac_create);
	hmac_alloc = range_of(MemoryContextAllocExtended);
	ddl_function = range_of(EventTriggerBeginCompleteQuery);
	stats_function = range_of(pgstat_get_entry_ref);
	plain_alloc = range_of(MemoryContextAlloc);
	generation = GenerationContextCreate(CurrentMemoryContext, "faults", ALLOCSET_SMALL_SIZES);
	slab = SlabContextCreate(CurrentMemoryContext, "faults", SLAB_DEFAULT_BLOCK_SIZE, 64);
	hook_methods(TopMemoryContext);
	hook_methods(generation);
	hook_methods(slab);
#if PG_VERSION_NUM >= 170000
	{
		MemoryContext bump = BumpContextCreate(CurrentMemoryContext, "faults",
											   ALLOCSET_SMALL_SIZES);

		hook_methods(bump);
		MemoryContextDelete(bump);
	}
#endif
	MemoryContextDelete(generation);
	MemoryContextDelete(slab);
	faults_hook = consider;
	faults_quiet = 1;
}

static Action
action_of(const char *name)
{
	static const char *const names[] = {
		[ACT_RECORD] = "record",[ACT_FAIL] = "fail",[ACT_FAIL_ON] = "fail on",
		[ACT_FAIL_AT] = "fail at",		[ACT_SHORT] = "short",[ACT_CANCEL] = "cancel",[ACT_TIMEOUT] = "timeout"
	};

	for (int i = 0; i < lengthof(names); i++)
		if (strcmp(names[i], name) == 0)
			return (Action) i;
	elog(ERROR, "faults: no action \"%s\"", name);
}

/* arm(kinds int, action text, n bigint, whole_stack bool, error_number int) */
Datum
faults_arm(PG_FUNCTION_ARGS)
{
	hook_all();
	kinds = PG_GETARG_INT32(0);
	action = action_of(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	wanted = PG_GETARG_INT64(2);
	whole_stack = PG_GETARG_BOOL(3);
	error_number = PG_GETARG_INT32(4);
	calls = in_critical = fired = 0;
	busy = false;
	if (action == ACT_RECORD)
		memset(sites, 0, sizeof(sites));
	armed = true;
	PG_RETURN_VOID();
}

/* disarm(): the number of the call that failed, 0 if none has, -1 after one in a critical section */
Datum
faults_disarm(PG_FUNCTION_ARGS)
{
	armed = false;
	PG_RETURN_INT64(in_critical > 0 ? -1 : fired);
}

/* sites(): the calls that were recorded, one of each site, and their stacks */
Datum
faults_sites(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	for (int i = 0; i < MAX_SITES; i++)
	{
		Datum		values[2] = {Int64GetDatum(sites[i].n), Int64GetDatum(sites[i].stack)};
		bool		nulls[2] = {false, false};

		if (sites[i].stack != 0)
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	PG_RETURN_NULL();
}

/* forget(): drop all that the session keeps of catalogs, and with it what rests upon that */
Datum
faults_forget(PG_FUNCTION_ARGS)
{
	InvalidateSystemCaches();
	PG_RETURN_VOID();
}

/* other_memory(): bytes from malloc() that no memory context has */
Datum
faults_other_memory(PG_FUNCTION_ARGS)
{
	struct mallinfo2 info = mallinfo2();

	PG_RETURN_INT64((int64) (info.uordblks + info.hblkhd) -
					(int64) MemoryContextMemAllocated(TopMemoryContext, true));
}

/* open_files(prefix): descriptors of this process that lead to a path with this prefix */
Datum
faults_open_files(PG_FUNCTION_ARGS)
{
	char	   *prefix = text_to_cstring(PG_GETARG_TEXT_PP(0));
	DIR		   *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int			n = 0;

	if (dir == NULL)
		elog(ERROR, "faults: cannot read /proc/self/fd");
	while ((entry = readdir(dir)) != NULL)
	{
		char		path[MAXPGPATH];
		ssize_t		len = readlinkat(dirfd(dir), entry->d_name, path, sizeof(path));

		if (len >= strlen(prefix) && strncmp(path, prefix, strlen(prefix)) == 0)
			n++;
	}
	closedir(dir);
	PG_RETURN_INT32(n);
}

/* leak(what): something that the questions must find; a path is left open */
Datum
faults_leak(PG_FUNCTION_ARGS)
{
	char	   *what = text_to_cstring(PG_GETARG_TEXT_PP(0));

	if (strcmp(what, "memory") == 0)
		MemoryContextAllocZero(TopMemoryContext, 64);
	else if (strcmp(what, "context") == 0)
		(void) AllocSetContextCreate(TopMemoryContext, "faults leak", ALLOCSET_SMALL_SIZES);
	else if (strcmp(what, "crash") == 0)
		kill(MyProcPid, SIGSEGV);
	else if (open(what, O_CREAT | O_WRONLY, 0600) < 0 || unlink(what) != 0)
		elog(ERROR, "faults: cannot leave \"%s\" open: %m", what);
	PG_RETURN_VOID();
}
