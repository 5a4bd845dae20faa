/*-------------------------------------------------------------------------
 *
 * relation_names.c
 *		Names of relations, and what changes of them mean to statements.
 *
 * Functions are given a relation by its row type, whose name is looked up when the
 * statement is analyzed.  That takes no lock, so that the name may be another
 * relation's when the function runs, as where tables swap names.  A SELECT looks the
 * name up again when it has locked what it has found; a function cannot, and raises
 * an error.  Prepared statements are analyzed again once a session has read that a
 * relation was renamed: the server would not do so for a mere row type.
 *
 * Within a transaction that may be in the middle of a statement.  So we remember
 * which messages were read, and during which statement.  Where a descriptor was
 * valid before the lock was taken, its name says it all; these are for relations
 * that the session knows nothing certain of.
 *
 * The callbacks neither throw nor allocate.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/relation.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "tcop/pquery.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/portal.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

/* Messages of a kind that a session remembers.  If more come during a statement, it may have been any. */
#define HP_MESSAGES 64

typedef struct Message
{
	uint32		value;			/* OID, or hash */
	TimestampTz at;				/* when the statement was begun that has met it */
} Message;

typedef struct Messages
{
	uint64		n;				/* that have come ever */
	Message		last[HP_MESSAGES];
} Messages;

static Messages of_relations;	/* by OID */
static Messages of_schemas;		/* by hash */

/* This session reads its own message. */
static bool renaming = false;

/* What comes at the start of a transaction comes before anything is analyzed. */
static void
remember(Messages *messages, uint32 value)
{
	if (IsTransactionState() && !renaming)
		messages->last[messages->n++ % HP_MESSAGES] =
			(Message) {value, GetCurrentStatementStartTimestamp()};
}

/* For the relation cache's callback. */
void
hp_relation_name_changed(Oid relid)
{
	remember(&of_relations, relid);
}

/* For the callback of the cache of schemas. */
void
hp_relation_schema_changed(uint32 hash)
{
	remember(&of_schemas, hash);
}

/* Was a message read since what is being executed was planned? */
static bool
has_come(const Messages *messages, uint32 value)
{
	TimestampTz since = ActivePortal != NULL ? ActivePortal->creation_time :
		GetCurrentStatementStartTimestamp();

	for (uint64 i = 1; i <= Min(messages->n, HP_MESSAGES); i++)
	{
		const Message *message = &messages->last[(messages->n - i) % HP_MESSAGES];

		if (message->at < since)
			return false;
		if (message->value == value)
			return true;
	}
	return messages->n > HP_MESSAGES;
}

static bool
has_schema_changed(Oid schema)
{
	return has_come(&of_schemas, GetSysCacheHashValue1(NAMESPACEOID, ObjectIdGetDatum(schema)));
}

/* May the relation have got the name that it has since what is being executed was planned? */
static bool
may_have_renamed(const HpRelation *rel)
{
	return has_schema_changed(get_namespace_oid("hotpath", true)) &&
		(has_come(&of_relations, rel->relid) || has_schema_changed(rel->schema));
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
	renaming = true;
	PG_TRY();
	{
		(void) GetCurrentCommandId(true);
		CommandCounterIncrement();
	}
	PG_FINALLY();
	{
		renaming = false;
	}
	PG_END_TRY();
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

	if (likely(same && (certain || !may_have_renamed(rel))))
		return;
	ereport(ERROR,
			errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			errmsg("%s was renamed while the statement was run", name),
			same ? errdetail("It has had another name until then.") :
			errdetail("Its name is %s now.", rel->name),
			errhint("Run the statement again: it may be another table's name now."));
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
