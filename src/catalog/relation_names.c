/*-------------------------------------------------------------------------
 *
 * relation_names.c
 *		Names of relations, and what changes of them mean to statements.
 *
 * Functions are given a relation by its row type, or as a literal of type regclass,
 * whose name is looked up when the statement is analyzed.  That takes no lock, so that the name may be another
 * relation's when the function runs, as where tables swap names.  A SELECT looks the
 * name up again when it has locked what it has found; a function cannot, and raises
 * an error.
 *
 * Messages about names are counted.  A commit sends those of the caches of catalog rows
 * first, then those of the cache of relations, and a transaction may begin in between;
 * so there is one of each kind, and each is behind what it tells of.
 *
 * The name of a descriptor is certain, so that only a change of it while the lock is
 * awaited matters, if it was noted before the first message that has come in the middle
 * of this transaction (at its start nothing is analyzed yet); or if it was certain
 * before, and is the same after one commit more: it could go away and come back with two,
 * unless the relation was locked.  Where it is not: was the entry of its row type in the
 * catalogs, or of its schema, written by somebody who may have committed since the
 * transaction began?  That of a type changes with its name, schema and owner only.  Then
 * the error may be raised for nothing: where the owner was changed, or rights on the
 * schema, or all that came before the statement was analyzed.  Not for a temporary
 * relation: others have no business with it.
 *
 * The session's own are not counted: what it runs afterwards is analyzed afterwards.
 * The same messages tell of columns (relation_columns.c).  Statements that are prepared
 * are analyzed again when one comes, which the server would not do for a mere row type; and at the end of a transaction in
 * which such a message has come, since it may have come while they were analyzed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/relation.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "common/hashfn.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

/* The first message is as if schema hotpath had changed, whose name the cache of schemas has this hash for. */
static uint32 schema_hash = 0;

/* The second is as if this relation had: a view, which ANALYZE and VACUUM leave alone.  Invalid if not known. */
#define HP_MARKER "cache_memory"
static Oid	marker = InvalidOid;

/* How many messages a commit sends. */
#define HP_COMMIT_MESSAGES 2

/* How many messages about names have come, and how many before this transaction or at its start. */
static uint64 messages = 1;
static uint64 messages_before = 1;

/* Has this transaction told the session alone? */
static bool told_self = false;

/* named_at of a descriptor for which a message came while its name was looked up. */
#define HP_NAMED_MEANWHILE	UINT64_MAX

/* All older ones had ended before this transaction began, and that one; invalid if that is not known. */
static TransactionId ended_before = InvalidTransactionId;
static TransactionId last_own = InvalidTransactionId;

/* A subtransaction that has failed, or begins, is the middle of a transaction, too. */
static bool
is_in_middle(void)
{
	return IsTransactionState() || GetCurrentTransactionNestLevel() > 1;
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
	if (hash == 0)
		count(2 * HP_COMMIT_MESSAGES);
	else if (hash == schema_hash)
		count(1);
}

/* For the callback of the cache of relations, which must not throw. */
void
hp_relation_names_marked(Oid relid)
{
	if (relid == marker && OidIsValid(relid))
		count(1);
}

/* What callbacks cannot look up. */
static void
learn_marker(void)
{
	Oid			schema = get_namespace_oid("hotpath", true);
	uint32		hash = GetSysCacheHashValue1(NAMESPACENAME, CStringGetDatum("hotpath"));

	Assert(hash == schema_hash);
	schema_hash = hash;
	marker = OidIsValid(schema) ? get_relname_relid(HP_MARKER, schema) : InvalidOid;
}

/*
 * Note the name of the relation that a descriptor is built of, in the current context.  Takes the
 * opportunity to learn by what others tell of names.
 */
void
hp_relation_note_name(HpRelation *rel)
{
	uint64		before = messages;

	learn_marker();
	rel->name = hp_relation_qualified_name(rel->relid);
	rel->named_at = messages == before ? before : HP_NAMED_MEANWHILE;
}

/* Has the relation had its name whenever something of this transaction may have been analyzed? */
bool
hp_relation_name_is_certain(const HpRelation *rel)
{
	return rel->named_at <= messages_before || rel->named_lxid == HP_MY_LXID;
}

/*
 * Was a row of a catalog written by another transaction, which may have ended since this one began?  Where
 * that began so long ago that ids of transactions have gone half round, all are.  That a row is frozen does
 * not say that it is old: between two statements a transaction holds back nobody.
 */
bool
hp_relation_is_recent(HeapTupleHeader row)
{
	TransactionId xmin = HeapTupleHeaderGetRawXmin(row);

	/* so old that it looks as if it were to come */
	if (HeapTupleHeaderXminFrozen(row) && !TransactionIdPrecedes(xmin, ReadNextTransactionId()))
		return false;
	return TransactionIdIsNormal(xmin) && !TransactionIdIsCurrentTransactionId(xmin) &&
		!TransactionIdEquals(xmin, last_own) &&
		(!TransactionIdIsValid(ended_before) || !TransactionIdPrecedes(xmin, ended_before) ||
		 TransactionIdPrecedes(RecentXmin, ended_before));
}

static bool
is_recent(int cacheid, Oid oid)
{
	HeapTuple	tuple = SearchSysCache1(cacheid, ObjectIdGetDatum(oid));
	bool		recent;

	if (!HeapTupleIsValid(tuple))
		return true;
	recent = hp_relation_is_recent(tuple->t_data);
	ReleaseSysCache(tuple);
	return recent;
}

/*
 * Was a descriptor made before the transaction, and has no commit told all of its names and columns since then,
 * before it began?
 */
bool
hp_relation_is_of_beginning(const HpRelation *rel)
{
	return messages_before - rel->named_at < HP_COMMIT_MESSAGES && rel->built_lxid != HP_MY_LXID;
}

/* Has at most one commit told all of its names and columns since the descriptor whose place another takes? */
static bool
is_next(const HpRelation *rel, const HpRelation *old)
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

/* Can nobody else have altered a relation, and taken that back, since a descriptor was made? */
bool
hp_relation_follows(const HpRelation *rel, const HpRelation *old)
{
	return hp_relation_is_held(old) || is_next(rel, old);
}

/*
 * Does a descriptor have the name, for certain, that the one had whose place it takes?  Nobody else can
 * rename what is held, but its schema.
 */
void
hp_relation_follow_name(HpRelation *rel, const HpRelation *old)
{
	if (hp_relation_name_is_certain(old) && strcmp(rel->name, old->name) == 0 &&
		(is_next(rel, old) || (hp_relation_is_held(old) && !is_recent(NAMESPACEOID, rel->schema))))
		rel->named_lxid = HP_MY_LXID;
}

/* Must not throw. */
static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE ||
		event == XACT_EVENT_PARALLEL_PRE_COMMIT)
		return;
	if (messages != messages_before || told_self)
		ResetPlanCache();
	messages_before = messages;
	told_self = false;
	ended_before = RecentXmin;
	if (event == XACT_EVENT_COMMIT)
		last_own = GetTopTransactionIdIfAny();
}

static void
tell_self(void)
{
	hp_relation_invalidate_all();
	ResetPlanCache();
}

/* What was told to this session alone is taken back by no message. Must not throw. */
static void
at_subtransaction_end(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB && told_self)
		tell_self();
}

/* Called from hp_relation_init(). */
void
hp_relation_names_init(void)
{
	/* as namehashfast() has it: for messages that come before there is a descriptor */
	schema_hash = hash_bytes((const unsigned char *) "hotpath", strlen("hotpath"));
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
	/* where the library is loaded in the middle, the transaction begins here as far as it knows */
	if (IsTransactionState())
		ended_before = RecentXmin;
}

/* Has a message come in the middle of this transaction? */
bool
hp_relation_is_told_meanwhile(void)
{
	return messages != messages_before;
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
			   !(is_recent(TYPEOID, rel->rowtype) || is_recent(NAMESPACEOID, rel->schema))))
	{
		rel->named_lxid = HP_MY_LXID;
		return;
	}
	ResetPlanCache();
	ereport(ERROR,
			errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			errmsg("%s may not be the table that the statement meant", rel->name),
			errdetail("Tables were renamed or altered while the transaction was open, and this one was renamed or "
					  "created meanwhile or shortly before."),
			errhint("Run the transaction again."));
}

/*
 * Tell all sessions, or only this one, that relations have other names or columns, and have them analyze
 * their prepared statements again, this one at once, the others when the transaction commits: as if schema
 * hotpath had changed.
 */
void
hp_relation_tell(bool only_self)
{
	HeapTuple	tuple;
	Relation	catalog;

	if (only_self)
	{
		told_self = true;
		tell_self();
		return;
	}
	tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(get_namespace_oid("hotpath", true)));
	if (!HeapTupleIsValid(tuple))
		return;
	learn_marker();
	catalog = table_open(NamespaceRelationId, AccessShareLock);
	CacheInvalidateHeapTuple(catalog, tuple, NULL);
	if (OidIsValid(marker))
		CacheInvalidateRelcacheByRelid(marker);
	table_close(catalog, AccessShareLock);
	ReleaseSysCache(tuple);
	(void) GetCurrentCommandId(true);
	CommandCounterIncrement();
	/* that has brought the session its own messages: what it runs now is analyzed now */
	messages -= OidIsValid(marker) ? HP_COMMIT_MESSAGES : 1;
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
