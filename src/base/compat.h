/*-------------------------------------------------------------------------
 *
 * compat.h
 *		Differences between the supported PostgreSQL majors (15 to 18).
 *
 * This is the only file that names PG_VERSION_NUM.  Each shim states what
 * changed and since when, so that it can go when the older major goes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_COMPAT_H
#define HP_COMPAT_H

#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/acl.h"

#if PG_VERSION_NUM < 150000
#error "pg_hotpath needs PostgreSQL 15 or newer"
#endif

/* 16: one object_aclcheck() and object_ownercheck() replace those per class. */
#if PG_VERSION_NUM < 160000
#define hp_namespace_aclcheck(oid, role, mode) pg_namespace_aclcheck(oid, role, mode)
#define hp_class_ownercheck(oid, role) pg_class_ownercheck(oid, role)
#define hp_database_ownercheck(oid, role) pg_database_ownercheck(oid, role)
#else
#include "catalog/pg_database.h"
#define hp_namespace_aclcheck(oid, role, mode) \
	object_aclcheck(NamespaceRelationId, oid, role, mode)
#define hp_class_ownercheck(oid, role) object_ownercheck(RelationRelationId, oid, role)
#define hp_database_ownercheck(oid, role) object_ownercheck(DatabaseRelationId, oid, role)
#endif

/* A hint to the processor; no server header has one before 18. */
#if defined(__GNUC__) || defined(__clang__)
#define hp_prefetch(address) __builtin_prefetch(address)
#else
#define hp_prefetch(address) ((void) (address))
#endif

/* 17: PGPROC groups the parts of the virtual transaction id. */
#if PG_VERSION_NUM < 170000
#define HP_MY_LXID (MyProc->lxid)
#else
#define HP_MY_LXID (MyProc->vxid.lxid)
#endif

/* 16: relfilenode of pg_class became RelFileNumber; the column kept its name. */
#if PG_VERSION_NUM < 160000
typedef Oid HpFileNumber;
#else
typedef RelFileNumber HpFileNumber;
#endif

/* 18: CheckRelationLockedByMe's "orstronger" companion gained an Oid variant in 17. */
#if PG_VERSION_NUM < 170000
#include "storage/lmgr.h"
#include "storage/lock.h"
static inline bool
hp_lock_held(Oid relid, LOCKMODE mode)
{
	LOCKTAG		tag;

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relid);
	for (LOCKMODE m = mode; m <= MaxLockMode; m++)
		if (LockHeldByMe(&tag, m))
			return true;
	return false;
}
#else
#include "storage/lmgr.h"
static inline bool
hp_lock_held(Oid relid, LOCKMODE mode)
{
	return CheckRelationOidLockedByMe(relid, mode, true);
}
#endif

/* 18: ExecutorRun() lost execute_once, as the QueryDesc itself now knows whether it ran before. */
#if PG_VERSION_NUM < 180000
#define hp_executor_run(desc, once) ExecutorRun(desc, ForwardScanDirection, 0, once)
#else
#define hp_executor_run(desc, once) ExecutorRun(desc, ForwardScanDirection, 0)
#endif

/* 18: PG_MODULE_MAGIC_EXT carries a name and a version. */
#if PG_VERSION_NUM < 180000
#define HP_MODULE_MAGIC(n, v) PG_MODULE_MAGIC
#else
#define HP_MODULE_MAGIC(n, v) PG_MODULE_MAGIC_EXT(.name = n, .version = v)
#endif

#endif							/* HP_COMPAT_H */
