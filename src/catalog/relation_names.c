/*-------------------------------------------------------------------------
 *
 * relation_names.c
 *		Names of relations, and what changes of them mean to statements.
 *
 * Functions are given a relation by its row type, whose name is looked up when the
 * statement is analyzed.  That takes no lock, so that the name may be another
 * relation's when the function runs, as where tables swap names.  A SELECT looks the
 * name up again when it has locked what it has found; a function cannot, and raises
 * an error.
 *
 * Where a descriptor was valid before the lock was taken, its name says it all.  For
 * relations that the session knows nothing certain of: has a message about names
 * come in the middle of this transaction (at its start nothing is analyzed yet), and
 * was the relation's entry in the catalogs, or its schema's, written by somebody who
 * may have committed meanwhile?  Then the error may be raised for nothing: by a
 * transaction that was open while the relation was renamed.
 *
 * Statements that are prepared are analyzed again when a relation was renamed, which
 * the server would not do for a mere row type; and at the end of a transaction in
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
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

/* The hash of schema hotpath, by which others tell that a relation was renamed; 0 if it is not known. */
static uint32 schema_hash = 0;

/* Has a message about names come in the middle of this transaction? */
static bool names_changed = false;

/* All older ones had ended before this transaction began; invalid if that is not known. */
static TransactionId ended_before = InvalidTransactionId;

/* For the callback of the cache of schemas, which must not throw; a hash of 0 stands for all of them. */
void
hp_relation_names_changed(uint32 hash)
{
	if (IsTransactionState() && (hash == schema_hash || hash == 0 || schema_hash == 0))
		names_changed = true;
}

/*
 * The name of a relation that a descriptor is built of, in the current context.  Takes the opportunity
 * to learn by which hash others tell of names, which callbacks cannot look up.
 */
char *
hp_relation_note_name(Oid relid)
{
	Oid			schema = get_namespace_oid("hotpath", true);

	schema_hash = OidIsValid(schema) ?
		GetSysCacheHashValue1(NAMESPACEOID, ObjectIdGetDatum(schema)) : 0;
	return hp_relation_qualified_name(relid);
}

/* Must not throw. */
static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE ||
		event == XACT_EVENT_PARALLEL_PRE_COMMIT)
		return;
	if (names_changed)
		ResetPlanCache();
	names_changed = false;
	ended_before = RecentXmin;
}

/* Called from hp_relation_init(). */
void
hp_relation_names_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
}

/* Was a row of a catalog written by another transaction, which may have ended since this one began? */
static bool
is_recent(int cacheid, Oid oid)
{
	HeapTuple	tuple = SearchSysCache1(cacheid, ObjectIdGetDatum(oid));
	TransactionId xmin;

	if (!HeapTupleIsValid(tuple))
		return true;
	xmin = HeapTupleHeaderGetXmin(tuple->t_data);
	ReleaseSysCache(tuple);
	return TransactionIdIsNormal(xmin) && !TransactionIdIsCurrentTransactionId(xmin) &&
		(!TransactionIdIsValid(ended_before) || !TransactionIdPrecedes(xmin, ended_before));
}

/*
 * Raise an error if a relation that is locked now was not, or may not have been, what the name meant
 * when the statement was analyzed.  name is what it was called before the lock was taken; certain if no
 * message about it had come since that was noted.
 */
void
hp_relation_check_name(const HpRelation *rel, const char *name, bool certain)
{
	bool		same = strcmp(rel->name, name) == 0;

	if (likely(same && (certain || !names_changed ||
						!(is_recent(RELOID, rel->relid) || is_recent(NAMESPACEOID, rel->schema)))))
		return;
	/* a function of PL/pgSQL has kept the plan that it has just made */
	ResetPlanCache();
	ereport(ERROR,
			errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			errmsg("%s was renamed while the statement was run", name),
			same ? errdetail("Or while its transaction was open, in which it is used for the first time.") :
			errdetail("Its name is %s now.", rel->name),
			errhint("Run the statement again: it may be another table's name now."));
}

/*
 * Have all sessions analyze their prepared statements again, this one at once, the others when the
 * transaction commits: as if schema hotpath had changed.
 */
void
hp_relation_have_renamed(void)
{
	Oid			schema = get_namespace_oid("hotpath", true);
	HeapTuple	tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
	Relation	catalog;

	if (!HeapTupleIsValid(tuple))
		return;
	catalog = table_open(NamespaceRelationId, AccessShareLock);
	CacheInvalidateHeapTuple(catalog, tuple, NULL);
	table_close(catalog, AccessShareLock);
	ReleaseSysCache(tuple);
	(void) GetCurrentCommandId(true);
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
