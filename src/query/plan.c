/*-------------------------------------------------------------------------
 *
 * plan.c
 *		Runs statements through SPI; keeps their plans per backend.
 *
 * A plan is kept for each relation, key and shape of statement, and dropped when
 * the relation's descriptor has been rebuilt since, because names may have
 * changed.  The server's plan cache looks after everything else: statistics,
 * generic against custom plans, row security for different users.  Only a change
 * of a user's own attributes or memberships escapes it, so where row security is
 * enabled plans are dropped after any of these.  The right to look into a schema is
 * asked for only when names are looked up: readers have been checked for it by
 * hp_relation_check_select(), writers have plans of their own for each user.
 *
 * Reads run read-only under the calling query's active snapshot, so they see
 * exactly what that query sees.
 *
 * Whoever calls these functions must hold no lock of the extension, and must
 * look relations up again afterwards: SQL may have run anything.
 *
 * Memory: results are copied to the context that was current at the call.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "query/query.h"

#include "access/htup_details.h"
#include "base/compat.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "query/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

typedef enum PlanShape
{
	PLAN_BY_KEY,
	PLAN_BY_KEYS,
	PLAN_ALL,
	PLAN_UPSERT
} PlanShape;

typedef struct PlanKey
{
	uint64		seed;			/* of the key; 0 where the shape has none */
	Oid			relid;
	Oid			user;			/* of an upsert; InvalidOid for reads */
	PlanShape	shape;
} PlanKey;

typedef struct PlanEntry
{
	PlanKey		key;			/* hash key */
	uint64		generation;		/* of the relation's descriptor */
	uint64		privileges;		/* hp_privilege_epoch, where row security is enabled */
	SPIPlanPtr	plan;
} PlanEntry;

static HTAB *plans = NULL;

/* Replaced plans of the transaction replaced_lxid: an outer call may be executing one. */
static List *replaced = NIL;
static LocalTransactionId replaced_lxid = InvalidLocalTransactionId;

/* Prepare a statement of a shape and keep its plan.  SPI is connected. */
static SPIPlanPtr
prepare(const HpRelation *rel, const HpKeyDef *def, PlanShape shape)
{
	Oid			types[INDEX_MAX_KEYS];
	int			ntypes = 0;
	char	   *sql = NULL;
	SPIPlanPtr	plan;

	switch (shape)
	{
		case PLAN_BY_KEY:
		case PLAN_BY_KEYS:
			for (ntypes = 0; ntypes < def->ncolumns; ntypes++)
				types[ntypes] = shape == PLAN_BY_KEY ? def->columns[ntypes].type :
					get_array_type(def->columns[ntypes].type);
			sql = shape == PLAN_BY_KEY ? hp_build_by_key(rel, def) : hp_build_by_keys(rel, def);
			break;
		case PLAN_ALL:
			sql = hp_build_all(rel);
			break;
		case PLAN_UPSERT:
			types[ntypes++] = rel->rowtype;
			sql = hp_build_upsert(rel, def);
			break;
	}
	plan = hp_spi_prepare(sql, ntypes, types, 0);
	hp_spi_keep(plan);
	return plan;
}

/* Free the plans that an earlier transaction has replaced: nobody executes them any more. */
static void
free_replaced(void)
{
	if (replaced == NIL || replaced_lxid == HP_MY_LXID)
		return;
	while (replaced != NIL)
	{
		SPIPlanPtr	plan = linitial(replaced);

		replaced = list_delete_first(replaced);
		SPI_freeplan(plan);
	}
}

/* Put a plan aside that is no longer right. */
static void
replace(SPIPlanPtr plan)
{
	MemoryContext outer = MemoryContextSwitchTo(TopMemoryContext);

	replaced = lappend(replaced, plan);
	replaced_lxid = HP_MY_LXID;
	MemoryContextSwitchTo(outer);
}

/* Now and then, let go of the plans of relations that were dropped. */
static void
sweep_dropped(void)
{
	static long sweep_at = 256;
	HASH_SEQ_STATUS status;
	PlanEntry  *entry;

	if (hash_get_num_entries(plans) < sweep_at)
		return;
	hash_seq_init(&status, plans);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(entry->key.relid)))
			continue;
		if (entry->plan != NULL)
			replace(entry->plan);
		hash_search(plans, &entry->key, HASH_REMOVE, NULL);
	}
	sweep_at = Max(256, 2 * hash_get_num_entries(plans));
}

/* The kept plan of a shape, prepared anew if the relation has changed.  SPI is connected. */
static SPIPlanPtr
get_plan(const HpRelation *rel, const HpKeyDef *def, PlanShape shape)
{
	PlanKey		key;
	PlanEntry  *entry;
	SPIPlanPtr	plan;
	bool		found;
	uint64		privileges = rel->row_security ? hp_privilege_epoch : 0;

	if (plans == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(PlanKey), .entrysize = sizeof(PlanEntry)};

		plans = hash_create("pg_hotpath plans", 32, &ctl, HASH_ELEM | HASH_BLOBS);
	}
	memset(&key, 0, sizeof(key));
	key.relid = rel->relid;
	key.seed = def != NULL ? def->seed : 0;
	key.user = shape == PLAN_UPSERT ? GetUserId() : InvalidOid;
	key.shape = shape;

	entry = hash_search(plans, &key, HASH_FIND, NULL);
	if (entry != NULL && entry->plan != NULL && entry->generation == rel->generation &&
		entry->privileges == privileges)
		return entry->plan;

	free_replaced();
	sweep_dropped();
	plan = prepare(rel, def, shape);
	entry = hash_search(plans, &key, HASH_ENTER, &found);
	if (found && entry->plan != NULL)
	{
		SPIPlanPtr	old = entry->plan;

		entry->plan = NULL;
		replace(old);
	}
	entry->plan = plan;
	entry->generation = rel->generation;
	entry->privileges = privileges;
	return plan;
}

/*
 * Raise an error unless the rows in SPI's table are of a row type.  Names are looked up whenever a
 * plan is made anew: another session may have given the table's to another one.
 */
static void
check_row_type(Oid rowtype)
{
	if (SPI_gettypeid(SPI_tuptable->tupdesc, 1) != rowtype)
		ereport(ERROR,
				errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				errmsg("the table was renamed while it was read"),
				errdetail("Its name now belongs to a table with rows of another type."),
				errhint("Try again."));
}

/*
 * The first column of the first row, a composite, in a context.  Inside a tuple
 * it may have a short header, which a datum of its own must not have.
 */
static Datum
first_row(MemoryContext context, Oid rowtype)
{
	bool		isnull;
	Datum		row = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	MemoryContext outer;

	check_row_type(rowtype);
	outer = MemoryContextSwitchTo(context);
	row = PointerGetDatum(hp_row_header_copy(row));
	MemoryContextSwitchTo(outer);
	return row;
}

/* Raise the error for a key that several rows have. */
void
hp_query_report_several(const HpRelation *rel)
{
	ereport(ERROR,
			errcode(ERRCODE_CARDINALITY_VIOLATION),
			errmsg("more than one row of \"%s\" has this key", hp_relation_name(rel->relid)),
			errdetail("Tables that inherit from it do not share its unique index."),
			errhint("Query the tables of the inheritance tree one by one."));
}

/*
 * The row with a key, as a composite datum, under the active snapshot.  Raises
 * an error if there are several, which only inheritance can cause.
 */
Datum
hp_query_row(HpRelation *rel, const HpKeyDef *def, const HpKey *key, bool *found)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid			rowtype = rel->rowtype;
	Datum		result = (Datum) 0;

	hp_spi_connect();
	hp_spi_check(SPI_execute_plan(get_plan(rel, def, PLAN_BY_KEY),
								  unconstify(HpKey *, key)->values, NULL, true, 2),
				 SPI_OK_SELECT);
	if (SPI_processed > 1)
		hp_query_report_several(rel);
	*found = SPI_processed == 1;
	if (*found)
		result = first_row(caller, rowtype);
	hp_spi_finish();
	return result;
}

/* An array of one column of some keys. */
static Datum
column_array(const HpKeyDef *def, int column, const HpKey *keys, int nkeys)
{
	const HpKeyColumn *c = &def->columns[column];
	Datum	   *values = palloc(nkeys * sizeof(Datum));
	char		align;
	int16		len;
	bool		byval;

	get_typlenbyvalalign(c->type, &len, &byval, &align);
	for (int i = 0; i < nkeys; i++)
		values[i] = keys[i].values[column];
	return PointerGetDatum(construct_array(values, nkeys, c->type, len, byval, align));
}

static void
visit_result(HpRowVisitor visit, Oid rowtype, void *arg)
{
	check_row_type(rowtype);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		Datum		row = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull);

		if (!isnull)
			visit(row, rowtype, arg);
	}
}

/*
 * Can keys be given as an array for each column?  Arrays themselves have no array type, and
 * unnest() would make several columns of composite values.
 */
static bool
has_array_types(const HpKeyDef *def)
{
	for (int i = 0; i < def->ncolumns; i++)
		if (!OidIsValid(get_array_type(def->columns[i].type)) ||
			(def->ncolumns > 1 && type_is_rowtype(def->columns[i].type)))
			return false;
	return true;
}

/*
 * Visit the rows with any of some distinct keys, in no particular order.  The
 * visitor runs inside SPI: what it keeps it must copy elsewhere.
 */
void
hp_query_rows(HpRelation *rel, const HpKeyDef *def, const HpKey *keys, int nkeys,
			  HpRowVisitor visit, void *arg)
{
	Datum		arrays[INDEX_MAX_KEYS];
	Oid			rowtype = rel->rowtype;

	if (!has_array_types(def))
	{
		for (int i = 0; i < nkeys; i++)
		{
			bool		found;
			Datum		row = hp_query_row(rel, def, &keys[i], &found);

			if (found)
				visit(row, rowtype, arg);
		}
		return;
	}
	hp_spi_connect();
	for (int c = 0; c < def->ncolumns; c++)
		arrays[c] = column_array(def, c, keys, nkeys);
	hp_spi_check(SPI_execute_plan(get_plan(rel, def, PLAN_BY_KEYS), arrays, NULL, true, 0),
				 SPI_OK_SELECT);
	visit_result(visit, rowtype, arg);
	hp_spi_finish();
}

/* Visit every row, in batches, until stop says so. */
void
hp_query_all(HpRelation *rel, HpRowVisitor visit, bool (*stop) (void *arg), void *arg)
{
	Oid			rowtype = rel->rowtype;
	Portal		portal;

	hp_spi_connect();
	portal = SPI_cursor_open(NULL, get_plan(rel, NULL, PLAN_ALL), NULL, NULL, true);
	while (!stop(arg))
	{
		CHECK_FOR_INTERRUPTS();
		SPI_cursor_fetch(portal, true, 256);
		if (SPI_processed == 0)
			break;
		visit_result(visit, rowtype, arg);
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(portal);
	hp_spi_finish();
}

/*
 * Insert or update a row, which has the key given; returns the row as stored.
 * *found is false when there is none in the end, which a trigger can cause.
 */
Datum
hp_query_upsert(HpRelation *rel, const HpKeyDef *def, const HpKey *key, Datum row, bool *found)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid			rowtype = rel->rowtype;
	Datum		result = (Datum) 0;

	hp_spi_connect();
	hp_spi_check(SPI_execute_plan(get_plan(rel, def, PLAN_UPSERT), &row, NULL, false, 0),
				 SPI_OK_INSERT_RETURNING);
	/* a row that has nothing but its key is left alone, and not returned */
	if (SPI_processed == 0)
		hp_spi_check(SPI_execute_plan(get_plan(rel, def, PLAN_BY_KEY),
									  unconstify(HpKey *, key)->values, NULL, false, 1),
					 SPI_OK_SELECT);
	*found = SPI_processed > 0;
	if (*found)
		result = first_row(caller, rowtype);
	hp_spi_finish();
	return result;
}

/* Run a DDL statement as the current user. */
void
hp_query_utility(const char *sql)
{
	hp_spi_connect();
	hp_spi_check(SPI_execute(sql, false, 0), SPI_OK_UTILITY);
	hp_spi_finish();
}

/*
 * What the command that fired the current event trigger has changed or dropped:
 * a list of HpChangedObject in the current context.
 */
List *
hp_query_changed_objects(bool dropped)
{
	static const char *const changed_sql =
	"SELECT classid, objid, objsubid, command_tag, NULL::pg_catalog.text "
	"FROM pg_catalog.pg_event_trigger_ddl_commands() "
	"WHERE objid OPERATOR(pg_catalog.<>) 0";
	static const char *const dropped_sql =
	"SELECT classid, objid, objsubid, address_names[1], address_names[2] "
	"FROM pg_catalog.pg_event_trigger_dropped_objects() WHERE NOT is_temporary";
	MemoryContext caller = CurrentMemoryContext;
	List	   *result = NIL;

	hp_spi_connect();
	hp_spi_check(SPI_execute(dropped ? dropped_sql : changed_sql, false, 0), SPI_OK_SELECT);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		char	   *schema = SPI_getvalue(tuple, desc, 4);
		char	   *table = SPI_getvalue(tuple, desc, 5);
		MemoryContext outer = MemoryContextSwitchTo(caller);
		HpChangedObject *object = palloc(sizeof(HpChangedObject));
		bool		isnull;

		object->classid = DatumGetObjectId(SPI_getbinval(tuple, desc, 1, &isnull));
		object->objid = DatumGetObjectId(SPI_getbinval(tuple, desc, 2, &isnull));
		object->subid = DatumGetInt32(SPI_getbinval(tuple, desc, 3, &isnull));
		object->created = !dropped && schema && strcmp(schema, "CREATE TABLE") == 0;
		object->schema = dropped && schema ? pstrdup(schema) : NULL;
		object->table = table ? pstrdup(table) : NULL;
		result = lappend(result, object);
		MemoryContextSwitchTo(outer);
	}
	hp_spi_finish();
	return result;
}
