/*-------------------------------------------------------------------------
 *
 * query.c
 *		The statements of fixed shape that the extension runs: rows by key, all
 *		rows, an upsert, and what event triggers ask the server.
 *
 * Their texts are made once for each descriptor of a relation; statement.c keeps
 * the plans.
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
#include "access/transam.h"
#include "base/compat.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "query/spi.h"
#include "query/statement.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* Rows on their way to whoever asked for them. */
typedef struct Visit
{
	MemoryContext caller;
	Oid			rowtype;
	uint64		nrows;
	Datum		row;			/* the first, in the caller's context, unless there is a visitor */
	HpRowVisitor visit;
	void	   *arg;
} Visit;

/* A statement whose text is known already, and whose only column is a row of the relation. */
static HpStatement
statement_of(const HpRelation *rel, const char *sql, int nargs, Oid *types, Datum *values)
{
	HpStatement statement = {
		.rowtype = rel->rowtype,.nargs = nargs,.types = types,.values = values
	};

	statement.sql.data = unconstify(char *, sql);
	statement.sql.len = strlen(sql);
	return statement;
}

/* Take a row, whose only column is a composite. */
static bool
take_row(TupleTableSlot *slot, void *arg)
{
	Visit	   *v = arg;
	bool		isnull;
	Datum		row;

	row = slot_getattr(slot, 1, &isnull);
	if (isnull)
		return true;
	if (v->visit != NULL)
		return v->visit(row, v->rowtype, v->arg);
	if (v->nrows++ == 0)
	{
		/* inside a tuple it may have a short header, which a datum of its own must not have */
		MemoryContext outer = MemoryContextSwitchTo(v->caller);

		v->row = PointerGetDatum(hp_row_header_copy(row));
		MemoryContextSwitchTo(outer);
	}
	return true;
}

/* Raise the error for a key that several rows have. */
void
hp_query_report_several(const HpRelation *rel)
{
	bool		inherited = rel->relkind != RELKIND_PARTITIONED_TABLE && has_subclass(rel->relid);

	ereport(ERROR,
			errcode(ERRCODE_CARDINALITY_VIOLATION),
			errmsg("more than one row of \"%s\" has this key", hp_relation_name(rel->relid)),
			inherited ?
			errdetail("Tables that inherit from it do not share its unique index.") :
			errdetail("The snapshot shows rows from before the key was added, or a partition joined."),
			inherited ?
			errhint("Query the tables of the inheritance tree one by one.") :
			errhint("Read it by a newer snapshot: in another statement, or in another transaction if this "
					"one keeps its snapshot."));
}

/* Are there names in a key's texts that may change without a message for the relation? */
static bool
has_names(const HpKeyDef *def)
{
	for (int i = 0; i < def->ncolumns; i++)
		if (def->columns[i].is_domain || def->columns[i].opclass >= FirstNormalObjectId ||
			def->columns[i].collation >= FirstNormalObjectId)
			return true;
	return false;
}

/* A text of a key, built if it is not kept; which it is from now on, if it can be. */
static const char *
text_of(const HpRelation *rel, const HpKeyDef *def, char **kept,
		char *(*build) (const HpRelation *rel, const HpKeyDef *def))
{
	char	   *text;

	if (*kept != NULL)
		return *kept;
	text = build(rel, def);
	if (!has_names(def))
		*kept = MemoryContextStrdup(rel->context, text);
	return text;
}

/* The statement that reads a row by key, with a key's values. */
static HpStatement
by_key(HpRelation *rel, const HpKeyDef *def, const HpKey *key, Oid *types)
{
	const char *sql = text_of(rel, def, &unconstify(HpKeyDef *, def)->row_sql, hp_build_by_key);

	for (int i = 0; i < def->ncolumns; i++)
		types[i] = def->columns[i].type;
	return statement_of(rel, sql, def->ncolumns, types, unconstify(HpKey *, key)->values);
}

/*
 * The row with a key, as a composite datum, under the active snapshot.  Raises
 * an error if there are several, which only inheritance can cause, or a key that is newer than the snapshot.
 */
Datum
hp_query_row(HpRelation *rel, const HpKeyDef *def, const HpKey *key, bool *found)
{
	Visit		v = {.caller = CurrentMemoryContext,.rowtype = rel->rowtype};
	Oid			types[INDEX_MAX_KEYS];
	HpStatement statement = by_key(rel, def, key, types);

	hp_statement_run(&statement, HP_PLAN_SERIAL, 2, take_row, &v);
	if (v.nrows > 1)
		hp_query_report_several(rel);
	*found = v.nrows == 1;
	return v.row;
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
	Visit		v = {.rowtype = rel->rowtype,.visit = visit,.arg = arg};
	Oid			types[INDEX_MAX_KEYS];
	Datum		arrays[INDEX_MAX_KEYS];
	const char *sql;
	HpStatement statement;

	if (!has_array_types(def))
	{
		for (int i = 0; i < nkeys; i++)
		{
			bool		found;
			Datum		row = hp_query_row(rel, def, &keys[i], &found);

			if (found)
				visit(row, v.rowtype, arg);
		}
		return;
	}
	sql = text_of(rel, def, &unconstify(HpKeyDef *, def)->rows_sql, hp_build_by_keys);
	for (int c = 0; c < def->ncolumns; c++)
	{
		types[c] = get_array_type(def->columns[c].type);
		arrays[c] = column_array(def, c, keys, nkeys);
	}
	statement = statement_of(rel, sql, def->ncolumns, types, arrays);
	hp_statement_run(&statement, HP_PLAN_SERIAL, 0, take_row, &v);
}

/* Visit every row, until the visitor returns false. */
void
hp_query_all(HpRelation *rel, HpRowVisitor visit, void *arg)
{
	Visit		v = {.rowtype = rel->rowtype,.visit = visit,.arg = arg};
	HpStatement statement = statement_of(rel, hp_build_all(rel), 0, NULL, NULL);

	hp_statement_run(&statement, HP_PLAN_SERIAL, 0, take_row, &v);
}

/*
 * Insert or update a row, which has the key given; returns the row as stored.
 * *found is false when there is none in the end, which a trigger can cause.
 */
Datum
hp_query_upsert(HpRelation *rel, const HpKeyDef *def, const HpKey *key, Datum row, bool *found)
{
	Visit		v = {.caller = CurrentMemoryContext,.rowtype = rel->rowtype};
	Oid			types[INDEX_MAX_KEYS];
	HpStatement statement;

	statement = statement_of(rel, text_of(rel, def, &unconstify(HpKeyDef *, def)->upsert_sql,
										  hp_build_upsert), 1, &v.rowtype, &row);
	hp_statement_run(&statement, HP_PLAN_WRITE, 0, take_row, &v);
	/* a row that has nothing but its key is left alone, and not returned */
	if (v.nrows == 0)
	{
		statement = by_key(rel, def, key, types);
		hp_statement_run(&statement, HP_PLAN_WRITE, 1, take_row, &v);
	}
	*found = v.nrows > 0;
	return v.row;
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
 * a list of HpChangedObject in the current context.  Of what is dropped and temporary,
 * columns only.
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
	"FROM pg_catalog.pg_event_trigger_dropped_objects() WHERE NOT is_temporary "
	"OR objsubid OPERATOR(pg_catalog.<>) 0";
	MemoryContext caller = CurrentMemoryContext;
	List	   *result = NIL;

	hp_spi_connect();
	hp_spi_check(SPI_execute(dropped ? dropped_sql : changed_sql, false, 0), SPI_OK_SELECT);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		char	   *first = SPI_getvalue(tuple, desc, 4);
		char	   *second = SPI_getvalue(tuple, desc, 5);
		MemoryContext outer = MemoryContextSwitchTo(caller);
		HpChangedObject *object = palloc(sizeof(HpChangedObject));
		bool		isnull;

		object->classid = DatumGetObjectId(SPI_getbinval(tuple, desc, 1, &isnull));
		object->objid = DatumGetObjectId(SPI_getbinval(tuple, desc, 2, &isnull));
		object->subid = DatumGetInt32(SPI_getbinval(tuple, desc, 3, &isnull));
		object->created = !dropped && first && strcmp(first, "CREATE TABLE") == 0;
		object->schema = dropped && first ? pstrdup(first) : NULL;
		object->table = second ? pstrdup(second) : NULL;
		result = lappend(result, object);
		MemoryContextSwitchTo(outer);
	}
	hp_spi_finish();
	return result;
}
