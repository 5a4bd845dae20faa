/*-------------------------------------------------------------------------
 *
 * relation.h
 *		Descriptors of relations, kept per backend.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_RELATION_H
#define HP_RELATION_H

#include "base/compat.h"
#include "catalog/key.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/hsearch.h"
#include "utils/rel.h"

/* For whom something was found out, and when: it holds while both are as they were. */
typedef struct HpUserThen
{
	Oid			user;
	uint64		epoch;			/* hp_relation_privilege_epoch */
} HpUserThen;

typedef struct HpRelation
{
	Oid			relid;
	Oid			rowtype;
	Oid			schema;
	char	   *name;			/* qualified and quoted */
	uint64		named_at;		/* after how many messages about names, see relation_names.c */
	int			ncolumns;
	uint64	   *column_hashes;	/* of the first so many columns, see relation_columns.c */
	TransactionId ended_before; /* all older transactions had ended when it was built */
	LocalTransactionId made_lxid;	/* the transaction that has made the relation, if it built the descriptor */
	LocalTransactionId altered_lxid;	/* the transaction in the middle of which others altered the columns */
	LocalTransactionId named_lxid;	/* the transaction all of which it has had the name, if known */
	char		relkind;
	bool		temporary;		/* of this session alone: others do not alter its columns */
	bool		row_security;	/* the relation has it enabled, for whom ever */
	bool		valid;			/* no invalidation since it was built */
	uint64		generation;		/* of this descriptor; never used twice */
	MemoryContext context;		/* all that hangs on it */
	HpKeyDef   *primary;		/* NULL without a primary key */
	List	   *keys;			/* HpKeyDef of every key asked for so far */

	/* the transaction that has locked it, see relation_lock.c */
	LocalTransactionId locked_lxid;

	HpUserThen	reader;			/* who was last found to have the right to read it */

	/* what the cache room knows of it; allocated in context */
	struct HpCached *cached;
	bool		cached_known;
} HpRelation;

/* How many relations are remembered before those that were dropped are looked for. */
#define HP_SWEEP_FROM 256

extern void hp_relation_init(void);
extern void hp_relation_invalidate_all(void);
extern HpRelation *hp_relation_by_rowtype(Oid rowtype);
extern HpRelation *hp_relation_by_oid(Oid relid);
extern HpRelation *hp_relation_by_regclass(Oid relid);
extern HpRelation *hp_relation_peek(Oid relid);
extern HpKeyDef *hp_relation_key(HpRelation *rel, Oid indexid);
extern HpKeyDef *hp_relation_primary_key(HpRelation *rel);
hp_noreturn extern void hp_relation_report_missing(Oid relid);
extern List *hp_relation_ancestors(Oid relid, List *found);
extern void hp_relation_watch(Oid other, Oid relid);
extern void hp_relation_watch_function(Oid function);
extern void hp_relation_watch_for_all(Oid other);
extern void hp_relation_sweep(HTAB *table, long *sweep_at);

/* relation_lock.c */
extern bool hp_relation_lock_first(Oid relid, HpRelation *known);
extern void hp_relation_as_guest(Oid relid, void (*function) (Oid relid, void *arg), void *arg);

/* relation_snapshot.c */
extern bool hp_relation_snapshot_is_certain(void);
extern void hp_relation_check_file(Oid relid);
extern List *hp_relation_named_in(List *queries);
extern void hp_relation_check_files(List *relids, const List *known, Oid keyed);
extern bool hp_relation_was_there(Oid relid);
extern bool hp_relation_was_not_null(Oid relid, AttrNumber attnum);
extern bool hp_relation_was_key(Oid relid, const HpKeyDef *def);

/* relation_rights.c */
extern void hp_relation_check_select_slow(HpRelation *rel);
extern bool hp_relation_may_select(HpRelation *rel);
extern bool hp_relation_rls_applies(const HpRelation *rel, bool no_error);
extern void hp_relation_check_owner(Oid relid);

/* relation_names.c */
extern void hp_relation_names_init(void);
extern void hp_relation_names_changed(uint32 hash);
extern void hp_relation_changed(Oid relid);
extern void hp_relation_expect_own(void);
extern bool hp_relation_is_touched(const HpRelation *rel);
extern void hp_relation_note_name(HpRelation *rel);
extern bool hp_relation_name_is_certain(const HpRelation *rel);
extern void hp_relation_follow_name(HpRelation *rel, const HpRelation *old);
extern void hp_relation_tell(bool only_self);
extern bool hp_relation_is_held(const HpRelation *rel);
extern bool hp_relation_is_later(HeapTupleHeader row, const HpRelation *rel);
extern bool hp_relation_is_next(const HpRelation *rel, const HpRelation *old);
extern void hp_relation_check_still_called(const char *name, const char *now);
extern void hp_relation_check_name(HpRelation *rel, bool certain);
extern char *hp_relation_name(Oid relid);
extern char *hp_relation_qualified_name(Oid relid);

/* relation_columns.c */
extern void hp_relation_note_columns(HpRelation *rel, TupleDesc desc);
extern void hp_relation_follow_columns(HpRelation *rel, const HpRelation *old);
extern bool hp_relation_has_own_columns(Oid relid);
extern void hp_relation_check_columns(const HpRelation *rel);
extern uint64 hp_relation_columns_hash(const HpRelation *rel);
extern AttrNumber hp_relation_find_column(TupleDesc desc, const char *name);

/* Grows with every message about a relation or what descriptors rest upon, and whenever one is built. */
extern uint64 hp_relation_messages;

/* Grows whenever a descriptor may have become invalid. */
extern uint64 hp_relation_epoch;

/*
 * Grows when a role, a membership or the database changes; GRANTs on tables and schemas invalidate
 * descriptors instead.
 */
extern uint64 hp_relation_privilege_epoch;

/* To be asked for before finding out: a change that arrives meanwhile must count. */
static inline HpUserThen
hp_relation_user_now(void)
{
	return (HpUserThen) {GetUserId(), hp_relation_privilege_epoch};
}

static inline bool
hp_relation_same_user(const HpUserThen *then)
{
	return then->user == GetUserId() && then->epoch == hp_relation_privilege_epoch;
}

/* Is the user known to have the right to read every column? */
static inline bool
hp_relation_knows_reader(const HpRelation *rel)
{
	return hp_relation_same_user(&rel->reader);
}

/* Check the right again, should a function that was called since have changed whom it is asked for. */
static inline void
hp_relation_recheck_select(HpRelation *rel)
{
	if (unlikely(!hp_relation_knows_reader(rel)))
		hp_relation_check_select_slow(rel);
}

/* The right to read every column, exactly as a SELECT would check it. */
static inline void
hp_relation_check_select(HpRelation *rel)
{
	if (unlikely(!hp_relation_knows_reader(rel) || ExecutorCheckPerms_hook != NULL))
		hp_relation_check_select_slow(rel);
}

#endif							/* HP_RELATION_H */
