/*-------------------------------------------------------------------------
 *
 * shmem.c
 *		The shared area: taken from the main segment when the library is
 *		preloaded, from a pinned dynamic segment on first use otherwise.
 *
 * A small control struct in the main segment says where the area is.  Without
 * preloading it comes from the slack that the server keeps for late callers of
 * ShmemInitStruct(), as pg_prewarm's does.
 *
 * The start fence.  Fences live in the area, so writers that ran before it was
 * there left no note: those of before a restart that are still prepared, and,
 * on demand, those that were running when the first reader created it.  All
 * their transaction ids precede control->start_xid, which is the next
 * transaction id when a reader first asks for it, and the cache holds back
 * until start_xid <= snapshot->xmin.  For this to cover a writer that finds no
 * area and goes on without a note, such a writer looks for the area under the
 * control lock, with its transaction id already assigned, and start_xid is read
 * under that lock after the area is there: the writer looks before, and its id
 * precedes start_xid, or it looks after, and finds the area.
 *
 * Two versions.  The library may be replaced while the server runs, and sessions
 * that begin then know another layout of the area.  They cannot note their
 * changes in it, so they retire it as soon as they look for it, which is before
 * they write: from then on nobody is served from it, until the server is restarted.  A reader asks once it has its
 * snapshot; if the area is not retired at that moment, whoever retires it commits
 * later than the snapshot was taken, and what the reader is served is right.
 *
 * Locking: control->lock guards the control struct, but for what is set once,
 * under AddinShmemInitLock, and does not change: layout, tranche and preloaded,
 * and with preloading size and state.  Once hp_shmem_attached is set, the area's
 * address and start_xid do not change for the life of the backend (start_xid once
 * it is set), and are read without a lock.  Readers read retired without a lock;
 * it never becomes false again.
 *
 * Memory: the area is never freed while the server runs.  A crash restart
 * re-creates the main segment, and with it an empty control struct.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/shmem.h"

#include "access/transam.h"
#include "access/xlog.h"
#include "base/compat.h"
#include "base/guc.h"
#include "miscadmin.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

#define HP_MAX_CLIENTS 4
#define HP_RETRY_CREATE_MS (60 * 1000)

typedef enum HpAreaState
{
	HP_AREA_NONE,				/* no area yet */
	HP_AREA_FAILED,				/* creation failed at failed_at */
	HP_AREA_READY				/* laid out */
} HpAreaState;

/*
 * Its size, and its first three fields, are the same in all versions to come.
 */
typedef struct HpControl
{
	/* guards state, handle, size, start_xid, failed_at, and setting retired */
	LWLock		lock;
	uint32		layout;			/* HP_SHMEM_LAYOUT of who made the struct */
	bool		retired;		/* somebody with another layout was here */
	int			tranche;		/* of this lock and of the clients' locks */
	HpAreaState state;
	bool		preloaded;		/* area follows in the main segment */
	dsm_handle	handle;			/* of the area, when on demand */
	Size		size;			/* of the area */
	uint64		start_xid;		/* full transaction id, 0 until a reader asks */
	TimestampTz failed_at;
} HpControl;

#define HP_CONTROL_BYTES 256
StaticAssertDecl(sizeof(HpControl) <= HP_CONTROL_BYTES, "HpControl has outgrown its place");

bool		hp_shmem_attached = false;

static HpControl *control = NULL;
static char *preloaded_area = NULL;
static const HpShmemClient *clients[HP_MAX_CLIENTS];
static int	nclients = 0;

static shmem_request_hook_type prev_shmem_request_hook = NULL;
static shmem_startup_hook_type prev_shmem_startup_hook = NULL;

/* Bytes of the area, as configured. */
static Size
configured_size(void)
{
	return (Size) hp_guc_cache_size_kb * 1024;
}

/* Register a room's share.  Called by the rooms' init functions. */
void
hp_shmem_register(const HpShmemClient *client)
{
	Assert(nclients < HP_MAX_CLIENTS);
	clients[nclients++] = client;
}

/* Give every client its place in the area: lay it out, or take it up. */
static void
walk_clients(char *area, Size total, bool init)
{
	char	   *place = (char *) CACHELINEALIGN(area);
	Size		left = total - (place - area);

	for (int i = 0; i < nclients; i++)
	{
		Size		share = Min(clients[i]->size(left), left);

		if (init)
			clients[i]->init(place, share, control->tranche);
		else
			clients[i]->attach(place, share);
		place += CACHELINEALIGN(share);
		left -= Min(left, CACHELINEALIGN(share));
	}
}

/* Find or create the control struct. */
static void
attach_control(bool preloaded)
{
	bool		found;
	HpControl  *struct_found;

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	struct_found = ShmemInitStruct("pg_hotpath control", HP_CONTROL_BYTES, &found);
	if (!found)
	{
		memset(struct_found, 0, HP_CONTROL_BYTES);
		struct_found->layout = HP_SHMEM_LAYOUT;
	}
	/* from 19 on a server may be out of tranches; then nobody has used the struct yet */
	if (struct_found->layout == HP_SHMEM_LAYOUT && struct_found->tranche == 0)
	{
		int			tranche = hp_tranche_new("pg_hotpath");

		struct_found->preloaded = preloaded;
		LWLockInitialize(&struct_found->lock, tranche);
		struct_found->tranche = tranche;
	}
	LWLockRelease(AddinShmemInitLock);
	control = struct_found;
	if (control->layout == HP_SHMEM_LAYOUT)
		hp_tranche_register(control->tranche, "pg_hotpath");
}

/* Is the area laid out by another version?  Then it serves nobody any more. */
static bool
retire_foreign_area(HpShmemDemand demand)
{
	static bool warned = false;

	if (control->layout == HP_SHMEM_LAYOUT)
		return false;
	if (!control->retired)
	{
		LWLockAcquire(&control->lock, LW_EXCLUSIVE);
		control->retired = true;
		LWLockRelease(&control->lock);
	}
	if (demand == HP_SHMEM_REQUIRE || (demand == HP_SHMEM_TRY && !warned))
	{
		warned = true;
		ereport(demand == HP_SHMEM_REQUIRE ? ERROR : WARNING,
				errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				errmsg("the shared memory of pg_hotpath was laid out by another version of the library"),
				errdetail("The library was replaced while the server was running. "
						  "Tables are read directly until it is restarted."),
				errhint("Restart the server."));
	}
	return true;
}

static void
shmem_request(void)
{
	if (prev_shmem_request_hook)
		prev_shmem_request_hook();
	RequestAddinShmemSpace(add_size(HP_CONTROL_BYTES, configured_size()));
}

static void
shmem_startup(void)
{
	bool		found;

	if (prev_shmem_startup_hook)
		prev_shmem_startup_hook();

	hp_shmem_attached = false;
	attach_control(true);
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	preloaded_area = ShmemInitStruct("pg_hotpath area", configured_size(), &found);
	if (!found)
	{
		control->size = configured_size();
		walk_clients(preloaded_area, control->size, true);
		control->state = HP_AREA_READY;
	}
	LWLockRelease(AddinShmemInitLock);
}

/* Called from _PG_init: with preloading, ask for main-segment memory. */
void
hp_shmem_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	prev_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = shmem_request;
	prev_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = shmem_startup;
}

/*
 * Create the dynamic segment; NULL, with the error's data in *error, when the
 * system refuses.  A resource owner of its own lets the half-made segment be
 * released without aborting the caller's transaction.
 */
static dsm_segment *
create_segment(Size size, ErrorData **error)
{
	dsm_segment *volatile segment = NULL;
	ResourceOwner outer_owner = CurrentResourceOwner;
	MemoryContext outer_context = CurrentMemoryContext;
	ResourceOwner owner = ResourceOwnerCreate(outer_owner, "pg_hotpath area");
	uint32		interrupts = InterruptHoldoffCount;

	CurrentResourceOwner = owner;
	PG_TRY();
	{
		segment = dsm_create(size, 0);
		dsm_pin_segment(segment);
		dsm_pin_mapping(segment);
	}
	PG_CATCH();
	{
		/* errfinish() has reset the holdoff count that our LWLock needs */
		InterruptHoldoffCount = interrupts;
		MemoryContextSwitchTo(outer_context);
		*error = CopyErrorData();
		FlushErrorState();
		segment = NULL;
		ResourceOwnerRelease(owner, RESOURCE_RELEASE_BEFORE_LOCKS, false, false);
		ResourceOwnerRelease(owner, RESOURCE_RELEASE_LOCKS, false, false);
		ResourceOwnerRelease(owner, RESOURCE_RELEASE_AFTER_LOCKS, false, false);
	}
	PG_END_TRY();

	CurrentResourceOwner = outer_owner;
	ResourceOwnerDelete(owner);
	return segment;
}

/* Say why there is no area: an error for cache_table, a warning for a reader. */
static void
report_no_area(HpShmemDemand demand, const char *reason)
{
	static bool warned = false;

	if (demand != HP_SHMEM_REQUIRE && warned)
		return;
	warned = true;
	ereport(demand == HP_SHMEM_REQUIRE ? ERROR : WARNING,
			errcode(ERRCODE_INSUFFICIENT_RESOURCES),
			errmsg("pg_hotpath could not allocate its shared memory of %zu kB",
				   configured_size() / 1024),
			errdetail("%s", reason ? reason : "A recent attempt by another session failed."),
			errhint("Lower pg_hotpath.cache_size below the free space of /dev/shm, "
					"enlarge /dev/shm, or add pg_hotpath to shared_preload_libraries. "
					"Tables are read directly until then."));
}

/* Create the area on demand.  Caller holds the control lock exclusively. */
static char *
create_area_locked(HpShmemDemand demand)
{
	Size		size = configured_size();
	ErrorData  *error = NULL;
	dsm_segment *segment;
	char	   *area;

	Assert(LWLockHeldByMeInMode(&control->lock, LW_EXCLUSIVE));

	if (demand == HP_SHMEM_TRY && control->state == HP_AREA_FAILED &&
		!TimestampDifferenceExceeds(control->failed_at, GetCurrentTimestamp(),
									HP_RETRY_CREATE_MS))
		return NULL;

	segment = create_segment(size, &error);
	if (segment == NULL)
	{
		control->state = HP_AREA_FAILED;
		control->failed_at = GetCurrentTimestamp();
		LWLockRelease(&control->lock);
		report_no_area(demand, error->message);
		LWLockAcquire(&control->lock, LW_EXCLUSIVE);
		FreeErrorData(error);
		return NULL;
	}

	area = dsm_segment_address(segment);
	memset(area, 0, size);
	control->size = size;
	control->handle = dsm_segment_handle(segment);
	walk_clients(area, size, true);
	control->state = HP_AREA_READY;
	return area;
}

/*
 * The slow path of hp_shmem_attach().  Throws if an existing segment cannot be
 * mapped: a writer must not go on without its note.
 */
bool
hp_shmem_attach_slow(HpShmemDemand demand)
{
	char	   *area = NULL;

	if (control == NULL)
		attach_control(false);
	if (retire_foreign_area(demand))
		return false;

	LWLockAcquire(&control->lock, demand == HP_SHMEM_IF_EXISTS ? LW_SHARED : LW_EXCLUSIVE);
	if (control->state != HP_AREA_READY)
	{
		if (demand != HP_SHMEM_IF_EXISTS)
			area = create_area_locked(demand);
	}
	else if (control->preloaded)
		area = preloaded_area;
	else
	{
		dsm_segment *segment = dsm_attach(control->handle);

		if (segment == NULL)
			elog(ERROR, "pg_hotpath: shared memory segment vanished");
		dsm_pin_mapping(segment);
		area = dsm_segment_address(segment);
	}

	LWLockRelease(&control->lock);

	if (area == NULL)
	{
		if (demand != HP_SHMEM_IF_EXISTS)
			report_no_area(demand, NULL);
		return false;
	}
	walk_clients(area, control->size, false);
	hp_shmem_attached = true;
	return true;
}

/*
 * All transactions before this one are fenced by it: see the file header.
 * Must not be called during recovery.
 */
uint64
hp_shmem_start_xid(void)
{
	Assert(hp_shmem_attached);
	if (unlikely(control->start_xid == 0))
	{
		Assert(!RecoveryInProgress());
		LWLockAcquire(&control->lock, LW_EXCLUSIVE);
		if (control->start_xid == 0)
			control->start_xid = U64FromFullTransactionId(ReadNextFullTransactionId());
		LWLockRelease(&control->lock);
	}
	return control->start_xid;
}

/* Has the system refused the memory, the last time that a session asked for it? */
bool
hp_shmem_refused(void)
{
	bool		refused;

	if (control == NULL)
		attach_control(false);
	LWLockAcquire(&control->lock, LW_SHARED);
	refused = control->state == HP_AREA_FAILED;
	LWLockRelease(&control->lock);
	return refused;
}

/* Bytes of the area this backend is attached to. */
Size
hp_shmem_size(void)
{
	return control->size;
}

bool
hp_shmem_is_preloaded(void)
{
	return control->preloaded;
}

/* Has a session with another layout been here?  Then nothing is served from the area. */
bool
hp_shmem_is_retired(void)
{
	return control != NULL && ((volatile HpControl *) control)->retired;
}
