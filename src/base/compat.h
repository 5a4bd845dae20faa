/*-------------------------------------------------------------------------
 *
 * compat.h
 *		Differences between the supported PostgreSQL majors (15 to 19).
 *
 * This is the only file that names PG_VERSION_NUM.  Each shim states what
 * changed and since when, so that it can go when the older major goes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_COMPAT_H
#define HP_COMPAT_H

#include "access/htup_details.h"
#include "access/tupdesc.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/jsonb.h"

#if PG_VERSION_NUM < 150000
#error "pg_hotpath needs PostgreSQL 15 or newer"
#endif

/* 16: one object_aclcheck() and object_ownercheck() replace those per class. */
#if PG_VERSION_NUM < 160000
#define hp_namespace_aclcheck(oid, role, mode) pg_namespace_aclcheck(oid, role, mode)
#define hp_namespace_ownercheck(oid, role) pg_namespace_ownercheck(oid, role)
#define hp_class_ownercheck(oid, role) pg_class_ownercheck(oid, role)
#define hp_database_ownercheck(oid, role) pg_database_ownercheck(oid, role)
#define hp_may_execute(oid) (pg_proc_aclcheck(oid, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK)
#else
#include "catalog/pg_database.h"
#include "catalog/pg_proc.h"
#define hp_namespace_aclcheck(oid, role, mode) \
	object_aclcheck(NamespaceRelationId, oid, role, mode)
#define hp_namespace_ownercheck(oid, role) object_ownercheck(NamespaceRelationId, oid, role)
#define hp_class_ownercheck(oid, role) object_ownercheck(RelationRelationId, oid, role)
#define hp_database_ownercheck(oid, role) object_ownercheck(DatabaseRelationId, oid, role)
#define hp_may_execute(oid) \
	(object_aclcheck(ProcedureRelationId, oid, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK)
#endif

/* 16: VARSIZE and its kin have a header of their own. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/*
 * 15.20, 17.12 and their like: composite datums carry a version of their type,
 * which heap_getattr() checks, and what was a macro is a function.  None of the
 * three is in the minors before, which the same binary must load into: so they
 * are weak references there, and null where the server has none.  Whoever calls
 * heap_getattr() must include this file; without the mark that these minors
 * alone put on a datum it calls nothing.
 */
#if defined(VersionedDatumOffsetNumber) && defined(__ELF__)
#pragma weak heap_datum_check
#pragma weak DatumGetHeapTupleHeader
#pragma weak DatumGetHeapTupleHeaderCopy
#define HP_SERVER_HAS(function) likely((function) != NULL)
#elif defined(VersionedDatumOffsetNumber)
#define HP_SERVER_HAS(function) true
#endif

#ifdef VersionedDatumOffsetNumber
static inline HeapTupleHeader
hp_row_header(Datum row)
{
	return HP_SERVER_HAS(DatumGetHeapTupleHeader) ? DatumGetHeapTupleHeader(row) :
		(HeapTupleHeader) PG_DETOAST_DATUM(row);
}
static inline HeapTupleHeader
hp_row_header_copy(Datum row)
{
	return HP_SERVER_HAS(DatumGetHeapTupleHeaderCopy) ? DatumGetHeapTupleHeaderCopy(row) :
		(HeapTupleHeader) PG_DETOAST_DATUM_COPY(row);
}
#define hp_row_is_versioned(header) HeapTupleHeaderIsVersionedDatum(header)
/* Raise an error for a datum of a composite type that was altered after it was made. */
static inline void
hp_row_check(HeapTupleHeader header, TupleDesc desc)
{
	if (HP_SERVER_HAS(heap_datum_check))
		heap_datum_check(header, desc);
}
#else
#define hp_row_is_versioned(header) false
#define hp_row_check(header, desc) ((void) 0)
#define hp_row_header(row) DatumGetHeapTupleHeader(row)
#define hp_row_header_copy(row) DatumGetHeapTupleHeaderCopy(row)
#endif

/* 18: generated columns may be virtual, and are null in a stored row then. */
#if PG_VERSION_NUM < 180000
#define hp_has_virtual_columns(desc) false
#else
#define hp_has_virtual_columns(desc) \
	((desc)->constr != NULL && (desc)->constr->has_generated_virtual)
#endif

/*
 * 18: foreign keys may be NOT ENFORCED, or compare ranges of time (PERIOD): their
 * values need not be there, or need not be equal.
 */
#if PG_VERSION_NUM < 180000
#define hp_constraint_is_loose(form) false
#else
#define hp_constraint_is_loose(form) ((form)->conperiod || !(form)->conenforced)
#endif

/* 18: a NOT NULL constraint may be NOT VALID, and only the compact attribute tells, or its row of pg_constraint. */
#if PG_VERSION_NUM < 180000
#define hp_is_not_null(desc, attnum) (TupleDescAttr(desc, (attnum) - 1)->attnotnull)
#define HP_NOT_NULL_IS_VALID true
#define hp_not_null_column(row, valid) (*(valid) = true, InvalidAttrNumber)
#else
#include "catalog/pg_constraint.h"
#define hp_is_not_null(desc, attnum) \
	(TupleDescCompactAttr(desc, (attnum) - 1)->attnullability == ATTNULLABLE_VALID)
#define HP_NOT_NULL_IS_VALID false
static inline AttrNumber
hp_not_null_column(HeapTuple row, bool *valid)
{
	Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(row);

	*valid = form->convalidated;
	return form->contype == CONSTRAINT_NOTNULL ? extractNotNullColumn(row) : InvalidAttrNumber;
}
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

/* 17: LockHeldByMe() takes another argument; there is a function for relations. */
#if PG_VERSION_NUM < 170000
#include "storage/lock.h"
static inline bool
hp_lock_held(Oid relid, LOCKMODE mode)
{
	LOCKTAG		tag;

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relid);
	return LockHeldByMe(&tag, mode);
}
#else
#include "storage/lmgr.h"
#define hp_lock_held(relid, mode) CheckRelationOidLockedByMe(relid, mode, false)
#endif

/* 18: the mark of functions that do not return stands before their declaration. */
#if PG_VERSION_NUM < 180000
#define hp_noreturn pg_attribute_noreturn()
#else
#define hp_noreturn pg_noreturn
#endif

/* 18: index_beginscan() takes a place for what EXPLAIN reports; 19: and hints of the caller. */
#if PG_VERSION_NUM < 180000
#define hp_index_beginscan(rel, index, snapshot, nkeys) \
	index_beginscan(rel, index, snapshot, nkeys, 0)
#elif PG_VERSION_NUM < 190000
#define hp_index_beginscan(rel, index, snapshot, nkeys) \
	index_beginscan(rel, index, snapshot, NULL, nkeys, 0)
#else
#define hp_index_beginscan(rel, index, snapshot, nkeys) \
	index_beginscan(rel, index, snapshot, NULL, nkeys, 0, SO_NONE)
#endif

/* 18: a descriptor has a digest of each attribute, which must follow a change of it. */
#if PG_VERSION_NUM < 180000
#define hp_attribute_changed(desc, i) ((void) 0)
#else
#define hp_attribute_changed(desc, i) populate_compact_attribute(desc, i)
#endif

/* 18: ExecutorRun() lost execute_once, as the QueryDesc itself now knows whether it ran before. */
#if PG_VERSION_NUM < 180000
#define hp_executor_run(desc, once) ExecutorRun(desc, ForwardScanDirection, 0, once)
#else
#define hp_executor_run(desc, once) ExecutorRun(desc, ForwardScanDirection, 0)
#endif

/* 19: pg_plan_query() takes the EXPLAIN that it plans for. */
#if PG_VERSION_NUM < 190000
#define hp_plan_query(query, sql, options, params) pg_plan_query(query, sql, options, params)
#else
#define hp_plan_query(query, sql, options, params) \
	pg_plan_query(query, sql, options, params, NULL)
#endif

/* 19: the name of a tranche is kept in shared memory, not registered by each backend. */
#if PG_VERSION_NUM < 190000
#define hp_tranche_new(name) LWLockNewTrancheId()
#define hp_tranche_register(tranche, name) LWLockRegisterTranche(tranche, name)
#else
#define hp_tranche_new(name) LWLockNewTrancheId(name)
#define hp_tranche_register(tranche, name) ((void) 0)
#endif

/* 19: func_get_detail() also tells why nothing matched. */
#if PG_VERSION_NUM < 190000
#define hp_func_get_detail(name, nargs, argtypes, id, result, set, nvariadic, variadic, types) \
	func_get_detail(name, NIL, NIL, nargs, argtypes, false, false, false, \
					id, result, set, nvariadic, variadic, types, NULL)
#else
#define hp_func_get_detail(name, nargs, argtypes, id, result, set, nvariadic, variadic, types) \
	func_get_detail(name, NIL, NIL, nargs, argtypes, false, false, false, &(int) {0}, \
					id, result, set, nvariadic, variadic, types, NULL)
#endif

/* 19: pushJsonbValue() leaves the value in its state, where it returned it. */
#if PG_VERSION_NUM < 190000
typedef struct HpJsonbState
{
	JsonbParseState *stack;
	JsonbValue *result;
} HpJsonbState;
#define hp_jsonb_push(state, token, value) \
	((state)->result = pushJsonbValue(&(state)->stack, token, value))
#else
typedef JsonbInState HpJsonbState;
#define hp_jsonb_push(state, token, value) pushJsonbValue(state, token, value)
#endif

/* 19: a row descriptor that was put together must be completed before it is used. */
#if PG_VERSION_NUM < 190000
#define TupleDescFinalize(desc) ((void) (desc))
#endif

/* 18: PG_MODULE_MAGIC_EXT carries a name and a version. */
#if PG_VERSION_NUM < 180000
#define HP_MODULE_MAGIC(n, v) PG_MODULE_MAGIC
#else
#define HP_MODULE_MAGIC(n, v) PG_MODULE_MAGIC_EXT(.name = n, .version = v)
#endif

/* 16: what is asked for of a relation is apart from its range table entry. */
static inline bool
hp_check_permissions(RangeTblEntry *rte, Bitmapset *columns, bool report)
{
#if PG_VERSION_NUM < 160000
	rte->inh = true;
	rte->requiredPerms = ACL_SELECT;
	rte->selectedCols = columns;
	return ExecCheckRTPerms(list_make1(rte), report);
#else
	RTEPermissionInfo *info = makeNode(RTEPermissionInfo);

	info->relid = rte->relid;
	info->inh = true;
	info->requiredPerms = ACL_SELECT;
	info->selectedCols = columns;
	rte->perminfoindex = 1;
	return ExecCheckPermissions(list_make1(rte), list_make1(info), report);
#endif
}

#endif							/* HP_COMPAT_H */
