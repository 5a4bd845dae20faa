/*-------------------------------------------------------------------------
 *
 * relation_rights.c
 *		Who may do what with a relation, as a SELECT or its owner would be asked.
 *
 * That somebody has the right to read every column is remembered in the descriptor,
 * with the epoch of privileges: see HpUserThen.
 *
 * Called by everybody who answers with rows of a relation, once it is locked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/relation.h"

#include "access/sysattr.h"
#include "base/compat.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/syscache.h"

/*
 * Does the hook of another library, such as sepgsql or pgaudit, let the user read every column?  It
 * is called for each read, as it is for each statement: it may write a log.
 */
static bool
hook_permits(const HpRelation *rel, bool report)
{
	RangeTblEntry *rte;

	if (likely(ExecutorCheckPerms_hook == NULL))
		return true;
	rte = makeNode(RangeTblEntry);
	rte->rtekind = RTE_RELATION;
	rte->relid = rel->relid;
	rte->relkind = rel->relkind;
	rte->rellockmode = AccessShareLock;
	return hp_check_permissions(rte, bms_make_singleton(InvalidAttrNumber -
														FirstLowInvalidHeapAttributeNumber), report);
}

/* May a user read every column?  If not, by_schema tells whether it is the right on the schema that is lacking. */
static AclResult
check_acl(const HpRelation *rel, Oid user, bool *by_schema)
{
	AclResult	acl = hp_namespace_aclcheck(rel->schema, user, ACL_USAGE);

	*by_schema = acl != ACLCHECK_OK;
	if (*by_schema)
		return acl;
	acl = pg_class_aclcheck(rel->relid, user, ACL_SELECT);
	if (acl != ACLCHECK_OK)
		acl = pg_attribute_aclcheck_all(rel->relid, user, ACL_SELECT, ACLMASK_ALL);
	return acl;
}

/* Has the caller the right to read every column?  As hp_relation_check_select() without an error. */
bool
hp_relation_may_select(HpRelation *rel)
{
	bool		by_schema;

	return (hp_relation_knows_reader(rel) || check_acl(rel, GetUserId(), &by_schema) == ACLCHECK_OK) &&
		hook_permits(rel, false);
}

/* Check the caller's right to read the relation, and remember that it was there. */
void
hp_relation_check_select_slow(HpRelation *rel)
{
	HpUserThen	reader = hp_relation_user_now();
	bool		by_schema;
	AclResult	acl = check_acl(rel, reader.user, &by_schema);

	if (by_schema)
		aclcheck_error(acl, OBJECT_SCHEMA, get_namespace_name(rel->schema));
	if (acl != ACLCHECK_OK)
		aclcheck_error(acl, get_relkind_objtype(rel->relkind), hp_relation_name(rel->relid));
	rel->reader = reader;
	(void) hook_permits(rel, true);
}

/*
 * Do row-level security policies apply to the current user?  With no_error off,
 * row_security = off raises the error that a SELECT would.
 */
bool
hp_relation_rls_applies(const HpRelation *rel, bool no_error)
{
	return rel->row_security &&
		check_enable_rls(rel->relid, InvalidOid, no_error) == RLS_ENABLED;
}

/* Raise an error unless the current user owns the relation. */
void
hp_relation_check_owner(Oid relid)
{
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		hp_relation_report_missing(relid);
	if (!hp_class_ownercheck(relid, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(get_rel_relkind(relid)),
					   hp_relation_name(relid));
}
