/*-------------------------------------------------------------------------
 *
 * relation_lock.c
 *		Locks on relations that descriptors are of.
 *
 * A relation is locked for the transaction: neither a portal that fails nor a
 * subtransaction that is rolled back lets go of it, as others may hold rows of the
 * table still.  So it takes its place among the transaction's locks to the end,
 * after ROLLBACK TO as well.  Who has no right on the table has no rows of it, and
 * locks it as a statement would, whose error lets go of it; functions that answer
 * everybody, or that look up the keys of a table of which they read no rows, let go of
 * it when they have.  Only a level of a tree stays locked, below the root, whose keys
 * nobody has asked for, so that the right to read it was not asked for either.
 *
 * Called by relation.c, and by such functions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/relation.h"

#include "storage/lmgr.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/inval.h"
#include "utils/resowner.h"

/* A function that asks nobody for rights, and how often it has locked its relation for who has no right on it. */
typedef struct HpGuest
{
	Oid			relid;
	ResourceOwner owner;
	int			locks;
} HpGuest;

static HpGuest *guest = NULL;

/* Has the user any right on a relation?  Not if it is gone. */
static bool
has_any_right(Oid relid, const HpRelation *known)
{
	bool		missing = false;

	if (known != NULL && known->valid && hp_relation_knows_reader(known))
		return true;
	return pg_class_aclcheck_ext(relid, GetUserId(), ACL_ALL_RIGHTS_RELATION,
								 &missing) == ACLCHECK_OK ||
		(!missing && pg_attribute_aclcheck_all(relid, GetUserId(), ACL_ALL_RIGHTS_COLUMN,
											   ACLMASK_ANY) == ACLCHECK_OK);
}

/*
 * Keep a relation that is locked locked to the end of the transaction.  Not inlined: gcc would see
 * variables clobbered by PG_TRY().
 */
static pg_noinline void
keep_lock(Oid relid)
{
	ResourceOwner outer = CurrentResourceOwner;

	CurrentResourceOwner = TopTransactionResourceOwner;
	PG_TRY();
	{
		LockRelationOid(relid, AccessShareLock);
	}
	PG_CATCH();
	{
		CurrentResourceOwner = outer;
		PG_RE_THROW();
	}
	PG_END_TRY();
	CurrentResourceOwner = outer;
}

/*
 * Lock a relation that the transaction does not hold yet, and process messages.  At first for whoever
 * is current: what waiting, and the messages processed then, hold while they fail must not be the
 * transaction's.  True if the lock is the transaction's now.
 */
bool
hp_relation_lock_first(Oid relid, HpRelation *known)
{
	LockRelationOid(relid, AccessShareLock);
	/* the lock may have been held without accepting what is pending */
	AcceptInvalidationMessages();
	if (has_any_right(relid, known))
	{
		keep_lock(relid);
		if (known != NULL)
		{
			/* others may have changed it since a guest has let go of it */
			known->named_lxid = InvalidLocalTransactionId;
			known->locked_lxid = HP_MY_LXID;
		}
		return true;
	}
	if (guest != NULL && guest->relid == relid && guest->owner == CurrentResourceOwner)
		guest->locks++;
	return false;
}

/*
 * Run a function that may look at a relation for everybody, and let go of the relation afterwards, unless
 * it is the transaction's.  Only of that: what functions lock that it calls stays locked.  Not inlined,
 * as above.
 */
pg_noinline void
hp_relation_as_guest(Oid relid, void (*function) (Oid relid, void *arg), void *arg)
{
	HpGuest		me = {.relid = relid,.owner = CurrentResourceOwner};
	HpGuest    *outer = guest;

	guest = &me;
	PG_TRY();
	{
		function(relid, arg);
	}
	PG_CATCH();
	{
		guest = outer;
		PG_RE_THROW();
	}
	PG_END_TRY();
	guest = outer;
	while (me.locks-- > 0)
		UnlockRelationOid(relid, AccessShareLock);
}
