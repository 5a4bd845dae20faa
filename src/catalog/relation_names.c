/*-------------------------------------------------------------------------
 *
 * relation_names.c
 *		Names of relations, and what changes of them mean to statements.
 *
 * Functions are given a relation by its row type, or as a literal of type regclass,
 * whose name is looked up when the statement is analyzed.  That takes no lock, so that
 * the name may be another relation's when the function runs, as where tables swap
 * names.  A SELECT looks the name up again when it has locked what it has found; a
 * function cannot, and raises an error.
 *
 * Who changes names or columns tells all sessions, by two messages.  A commit sends
 * what concerns the caches of catalog rows first, then what concerns the cache of
 * relations, each in the order in which it came up; and a transaction may begin in
 * between.  One of the messages is of the first kind, and has statements that are
 * prepared analyzed again, which the server would not do for a mere row type.  The other
 * one is of the second kind, and comes behind those about the relations themselves.  So a
 * message about a relation that comes between the two, in the middle of a transaction,
 * says that statements may have been analyzed which took it by another name, or for other
 * columns; any other message about it does not.  At the start of a transaction nothing is
 * analyzed yet.  Messages say when a session hears of something; ids of transactions
 * do not, since a commit is visible a moment before.
 *
 * The name of a descriptor is certain, so that only a change of it while the lock is
 * awaited matters, if it was noted before the first message that has come in the middle
 * of this transaction; or if it was certain before, and cannot have gone away since then
 * and come back, which takes two commits.  Where it is not, and the relation or the name
 * of its schema was touched in the middle, an error is raised, unless the catalogs' rows
 * about the name are old.  It is raised for nothing, if something else of the relation was
 * changed by the commit.  Not for a temporary relation: others have no business with its
 * name.
 *
 * The session's own messages do not count: what it runs afterwards is analyzed afterwards.
 * The same messages tell of columns (relation_columns.c).  At the end of a transaction in
 * which one has come, or that lies between the two, all statements are analyzed again, too:
 * they may have been while it came.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/relation.h"

#include "access/htup_details.h"
#include "access/parallel.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "storage/sinval.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

/*
 * The first message is as if a schema had changed that has this name, which none can have: so it is no change
 * of any other.  The cache of schemas has a hash for it.
 */
#define HP_TOLD_NAME "pg_hotpath"
static uint32 told_hash = 0;

/* The second one is as if a relation of this OID had changed; there is none, since it is a type's. */
#define HP_MARKER BOOLOID

/* How many messages a commit sends that has told once; others send more. */
#define HP_COMMIT_MESSAGES 2

/* How many messages have come, and how many before this transaction or at its start. */
static uint64 messages = 1;
static uint64 messages_before = 1;

/*
 * How many of the first kind have come whose second one has not.  Should one be lost, none is awaited any more
 * HP_LATEST milliseconds after the last one came.
 */
static uint64 awaited = 0;
static TimestampTz awaited_since = 0;
#define HP_LATEST 10000

/*
 * Of what older transactions have changed, nothing in this one was analyzed without knowing it: they had ended
 * HP_LATEST milliseconds before it began, or before the session read any of what it knows.  Invalid if there are no
 * such ones; the next value, when it may be taken.
 */
static TransactionId told_before = InvalidTransactionId;
static TransactionId told_next = InvalidTransactionId;
static TimestampTz told_next_at = 0;

/* Has this transaction told the session alone? */
static bool told_self = false;

/* named_at of a descriptor for which a message came while its name was looked up. */
#define HP_NAMED_MEANWHILE	UINT64_MAX

/* SharedInvalidMessageCounter when a message came last: one of the session's own does not change it. */
static uint64 heard = 0;

/*
 * What messages about names or columns have come of in the middle of this transaction: relations, and names of
 * schemas.  Others have the same bit.
 */
#define HP_TOUCHED_BITS 1024
typedef uint64 TouchedBits[HP_TOUCHED_BITS / 64];
static TouchedBits touched;
static TouchedBits touched_schemas;

static void
touch(uint64 *bits, uint32 which)
{
	bits[which % HP_TOUCHED_BITS / 64] |= UINT64CONST(1) << which % 64;
}

static bool
is_set(const uint64 *bits, uint32 which)
{
	return (bits[which % HP_TOUCHED_BITS / 64] >> which % 64) & 1;
}

/* A subtransaction that has failed, or begins, is the middle of a transaction, too. */
static bool
is_in_middle(void)
{
	return IsTransactionState() || GetCurrentTransactionNestLevel() > 1;
}

/* What comes next, and does not come from others, is the session's own.  Must not throw. */
void
hp_relation_expect_own(void)
{
	heard = SharedInvalidMessageCounter;
}

/* Is the message that is being processed another session's?  If that cannot be told, it is. */
static bool
is_of_others(void)
{
	bool		others = SharedInvalidMessageCounter != heard;

	hp_relation_expect_own();
	return others;
}

static void
count(int n)
{
	messages += n;
	if (!is_in_middle())
		messages_before = messages;
}

/*
 * For the callback of the cache of schemas by name, which must not throw; a hash of 0 stands for all of
 * them, and for any number of messages that were lost.
 */
void
hp_relation_names_changed(uint32 hash)
{
	/* when messages were lost, some that came later may have been processed before; but debugging loses none */
	if (!is_of_others() && (hash != 0 || debug_discard_caches > 0))
		return;
	if (hash == 0)
	{
		count(2 * HP_COMMIT_MESSAGES);
		if (is_in_middle())
		{
			memset(touched, 0xff, sizeof(touched));
			memset(touched_schemas, 0xff, sizeof(touched_schemas));
		}
	}
	else if (hash == told_hash)
	{
		count(1);
		awaited++;
		awaited_since = 0;
	}
	else if (is_in_middle())
		touch(touched_schemas, hash);
}

/* For the callback of the cache of relations, which must not throw; an invalid OID stands for all. */
void
hp_relation_changed(Oid relid)
{
	bool		others = is_of_others();

	if (relid == HP_MARKER && others)
	{
		count(1);
		if (awaited > 0)
			awaited--;
	}
	else if (!others || awaited == 0 || !is_in_middle())
		return;
	else if (OidIsValid(relid))
		touch(touched, relid);
	else
		memset(touched, 0xff, sizeof(touched));
}

/*
 * May others have changed a relation since statements of this transaction may have been analyzed?  They do not
 * see one that it has made itself.
 */
bool
hp_relation_is_touched(const HpRelation *rel)
{
	return is_set(touched, rel->relid) && rel->made_lxid != HP_MY_LXID;
}

/*
 * Was a row of a catalog written by somebody who may have had an id after bound; always if that is invalid?  That
 * a row is frozen does not say that it was not, unless its id is so old that it looks as if it were to come.
 * Where bound itself looks so, everything is younger.
 */
static bool
is_younger(HeapTupleHeader row, TransactionId bound)
{
	TransactionId xmin = HeapTupleHeaderGetRawXmin(row);

	if (HeapTupleHeaderXminFrozen(row) && !TransactionIdPrecedes(xmin, ReadNextTransactionId()))
		return false;
	return !TransactionIdIsValid(bound) || !TransactionIdPrecedes(xmin, bound) ||
		TransactionIdPrecedes(RecentXmin, bound);
}

/*
 * May a row of a catalog about a relation be younger than a descriptor of it?  Not if it was written by a
 * transaction that had ended then: who writes such a row locks the relation until all is told, and who builds
 * a descriptor has locked it.  Without a descriptor: may something in this transaction have been analyzed before?
 */
bool
hp_relation_is_later(HeapTupleHeader row, const HpRelation *rel)
{
	return is_younger(row, rel != NULL ? rel->ended_before : told_before);
}

/* The same of the row of a relation's name, that of its row type. */
static bool
is_later_name(Oid rowtype, const HpRelation *rel)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(rowtype));
	bool		later;

	if (!HeapTupleIsValid(tuple))
		return true;
	later = hp_relation_is_later(tuple->t_data, rel);
	ReleaseSysCache(tuple);
	return later;
}

/* May another schema have had the name of one since statements of this transaction may have been analyzed? */
static bool
is_schema_touched(Oid schema)
{
	HeapTuple	tuple;
	uint32		hash;
	bool		later;

	tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
	if (!HeapTupleIsValid(tuple))
		return true;
	hash = GetSysCacheHashValue1(NAMESPACENAME, NameGetDatum(&((Form_pg_namespace) GETSTRUCT(tuple))->nspname));
	later = is_younger(tuple->t_data, told_before);
	ReleaseSysCache(tuple);
	return later && is_set(touched_schemas, hash);
}

/* Note the name of the relation that a descriptor is built of, in the current context. */
void
hp_relation_note_name(HpRelation *rel)
{
	uint64		before = messages;

	Assert(told_hash == GetSysCacheHashValue1(NAMESPACENAME, CStringGetDatum(HP_TOLD_NAME)));
	rel->name = hp_relation_qualified_name(rel->relid);
	rel->named_at = messages == before ? before : HP_NAMED_MEANWHILE;
}

/* Has the relation had its name whenever something of this transaction may have been analyzed? */
bool
hp_relation_name_is_certain(const HpRelation *rel)
{
	return rel->named_at <= messages_before || rel->named_lxid == HP_MY_LXID;
}

/* Can no more than one commit have told since the descriptor whose place another takes? */
bool
hp_relation_is_next(const HpRelation *rel, const HpRelation *old)
{
	return rel->named_at != HP_NAMED_MEANWHILE && old->named_at != HP_NAMED_MEANWHILE &&
		rel->named_at - old->named_at <= HP_COMMIT_MESSAGES;
}

/* Is a relation locked by the transaction since its name was certain? */
bool
hp_relation_is_held(const HpRelation *old)
{
	return old->named_lxid == HP_MY_LXID && old->locked_lxid == HP_MY_LXID;
}

/*
 * Does a descriptor have the name, for certain, that the one had whose place it takes?  Nobody else can
 * rename what is held, but its schema.
 */
void
hp_relation_follow_name(HpRelation *rel, const HpRelation *old)
{
	if (hp_relation_name_is_certain(old) && strcmp(rel->name, old->name) == 0 &&
		!is_schema_touched(rel->schema) &&
		(hp_relation_is_held(old) || hp_relation_is_next(rel, old) || !is_later_name(rel->rowtype, old)))
		rel->named_lxid = HP_MY_LXID;
}

/* Those that have an id below RecentXmin have ended.  Must not throw. */
static void
note_ended(void)
{
	TimestampTz now = GetCurrentTransactionStopTimestamp();

	/* what a new session knows of relations it reads afterwards */
	if (!TransactionIdIsValid(told_before))
		told_before = RecentXmin;
	else if (now >= told_next_at && !TimestampDifferenceExceeds(told_next_at, now, HP_LATEST))
		return;
	else if (now >= told_next_at && TransactionIdIsValid(told_next))
		told_before = told_next;
	told_next = RecentXmin;
	told_next_at = now;
}

/* Give up what is awaited no more.  Must not throw. */
static void
await(void)
{
	TimestampTz now = GetCurrentTransactionStopTimestamp();

	if (awaited_since == 0)
		awaited_since = now;
	else if (TimestampDifferenceExceeds(awaited_since, now, HP_LATEST))
		awaited = 0;
}

/* Must not throw. */
static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE ||
		event == XACT_EVENT_PARALLEL_PRE_COMMIT)
		return;
	/* or between the two */
	if (messages != messages_before || awaited > 0 || told_self)
		ResetPlanCache();
	messages_before = messages;
	told_self = false;
	memset(touched, 0, sizeof(touched));
	memset(touched_schemas, 0, sizeof(touched_schemas));
	if (unlikely(awaited > 0))
		await();
	note_ended();
	/* the messages of what is rolled back come once more */
	hp_relation_expect_own();
}

static void
tell_self(void)
{
	hp_relation_invalidate_all();
	ResetPlanCache();
}

/* As above; but what was told to this session alone is taken back by no message.  Must not throw. */
static void
at_subtransaction_end(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	hp_relation_expect_own();
	if (told_self)
		tell_self();
}

/* Called from hp_relation_init(). */
void
hp_relation_names_init(void)
{
	/*
	 * Where the library comes in the middle, the session forgets what it knows, and what is not running yet is
	 * analyzed once more.  A new session knows nothing, and a parallel worker forgets by itself.
	 */
	if (IsTransactionState() && !IsInitProcessingMode() && !InitializingParallelWorker)
	{
		TransactionId bound = RecentXmin;

		InvalidateSystemCaches();
		told_before = bound;
	}
	/* as namehashfast() has it, since callbacks cannot look it up */
	told_hash = hash_bytes((const unsigned char *) HP_TOLD_NAME, strlen(HP_TOLD_NAME));
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}

/* Raise an error if a relation that is locked now, and called so, had another name before. */
void
hp_relation_check_still_called(const char *name, const char *now)
{
	if (likely(strcmp(now, name) == 0))
		return;
	/* a function of PL/pgSQL has kept the plan that it has just made */
	ResetPlanCache();
	ereport(ERROR,
			errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			errmsg("%s was renamed while the statement was run", name),
			errdetail("Its name is %s now.", now),
			errhint("Run the statement again: it may be another table's name now."));
}

/*
 * Raise an error if a relation that a statement names, and that is locked now, may not have had its name
 * when the statement was analyzed.  certain if it had the one that it had before the lock was taken.
 */
void
hp_relation_check_name(HpRelation *rel, bool certain)
{
	if (likely(certain || rel->temporary || hp_relation_name_is_certain(rel) ||
			   !((hp_relation_is_touched(rel) && is_later_name(rel->rowtype, NULL)) ||
				 is_schema_touched(rel->schema))))
	{
		rel->named_lxid = HP_MY_LXID;
		return;
	}
	ResetPlanCache();
	ereport(ERROR,
			errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			errmsg("%s may not be the table that the statement meant", rel->name),
			errdetail("It was renamed, created or altered while the transaction was open."),
			errhint("Run the transaction again."));
}

static HeapTuple
copy_row(int cacheid, Oid oid)
{
	HeapTuple	copy = SearchSysCacheCopy1(cacheid, ObjectIdGetDatum(oid));

	if (!HeapTupleIsValid(copy))
		elog(ERROR, "cache lookup failed for object %u of the server", oid);
	return copy;
}

/*
 * Tell all sessions, or only this one, that relations have other names or columns, and have them analyze
 * their prepared statements again, this one at once, the others when the transaction commits.
 */
void
hp_relation_tell(bool only_self)
{
	HeapTuple	told;
	Relation	catalog;

	if (only_self)
	{
		told_self = true;
		tell_self();
		return;
	}
	catalog = table_open(NamespaceRelationId, AccessShareLock);
	told = copy_row(NAMESPACEOID, PG_CATALOG_NAMESPACE);
	namestrcpy(&((Form_pg_namespace) GETSTRUCT(told))->nspname, HP_TOLD_NAME);
	CacheInvalidateHeapTuple(catalog, told, NULL);
	heap_freetuple(told);
	/* of some relation that is not shared by databases */
	told = copy_row(RELOID, NamespaceRelationId);
	((Form_pg_class) GETSTRUCT(told))->oid = HP_MARKER;
	CacheInvalidateRelcacheByTuple(told);
	heap_freetuple(told);
	table_close(catalog, AccessShareLock);
	(void) GetCurrentCommandId(true);
	hp_relation_expect_own();
	CommandCounterIncrement();
}

/* A relation's name for messages; the OID when it is gone. */
char *
hp_relation_name(Oid relid)
{
	char	   *name = get_rel_name(relid);

	return name != NULL ? name : psprintf("%u", relid);
}

/*
 * A relation's quoted, schema-qualified name.  Raises an error where it is gone: a function that was
 * called meanwhile may have dropped it, which a lock of one's own does not prevent.
 */
char *
hp_relation_qualified_name(Oid relid)
{
	char	   *name = get_rel_name(relid);
	char	   *schema = name != NULL ? get_namespace_name(get_rel_namespace(relid)) : NULL;

	if (schema == NULL)
		hp_relation_report_missing(relid);
	return quote_qualified_identifier(schema, name);
}
