/*-------------------------------------------------------------------------
 *
 * builder.c
 *		The text of the statements that the extension runs.
 *
 * Every name is quoted and qualified, operators by OPERATOR(schema.name), and
 * values are always parameters, so the caller's search_path has no say.
 *
 * Memory: texts are allocated in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "query/query.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "base/compat.h"
#include "catalog/dependency.h"
#include "catalog/object.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/*
 * OPERATOR(schema.name).  The session may know the operator still, and its schema not: both may have gone
 * while a filter's values were made.
 */
char *
hp_build_operator(Oid operator)
{
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	Form_pg_operator form = HeapTupleIsValid(tuple) ? (Form_pg_operator) GETSTRUCT(tuple) : NULL;
	char	   *schema = form != NULL ? get_namespace_name(form->oprnamespace) : NULL;
	char	   *result;

	if (schema == NULL)
		hp_object_report_missing(ERRCODE_UNDEFINED_FUNCTION, "an operator");
	result = psprintf("OPERATOR(%s.%s)", quote_identifier(schema), NameStr(form->oprname));
	ReleaseSysCache(tuple);
	return result;
}

/* A collation's qualified name; the column that has it keeps it, but not its schema. */
char *
hp_build_collation(Oid collation)
{
	HeapTuple	tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
	Form_pg_collation form;
	char	   *result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for collation %u", collation);
	form = (Form_pg_collation) GETSTRUCT(tuple);
	result = quote_qualified_identifier(hp_object_schema(form->collnamespace),
										NameStr(form->collname));
	ReleaseSysCache(tuple);
	return result;
}

/*
 * A table alias that no column of the relation is called: "SELECT alias" would
 * name the column, not the whole row.
 */
char *
hp_build_row_alias(const HpRelation *rel)
{
	char	   *alias = pstrdup("hp");

	for (int i = 0; get_attnum(rel->relid, alias) != InvalidAttrNumber; i++)
		alias = psprintf("hp%d", i);
	return alias;
}

/*
 * A column as an operand: alias.name.  A column of a domain is cast to the base
 * type, lest an operator on the domain itself be found.
 */
char *
hp_build_operand(const char *alias, const char *name, Oid base_type, bool is_domain)
{
	const char *quoted = quote_identifier(name);

	if (!is_domain)
		return psprintf("%s.%s", alias, quoted);
	return psprintf("%s.%s::%s", alias, quoted, hp_object_type_name(base_type));
}

/* What tests an operand for null: a composite itself, not its fields as IS NULL would. */
const char *
hp_build_null_test(Oid base_type, bool is_null)
{
	if (type_is_rowtype(base_type))
		return is_null ? "IS NOT DISTINCT FROM NULL" : "IS DISTINCT FROM NULL";
	return is_null ? "IS NULL" : "IS NOT NULL";
}

static char *
key_operand(const char *alias, const HpKeyColumn *column)
{
	return hp_build_operand(alias, NameStr(column->name), column->type, column->is_domain);
}

/*
 * The row with a key: one parameter for each column of the key.
 *
 * A unique index holds within one table only.  For the parent of an inheritance
 * tree the children's rows are read as well, as a SELECT from it would.
 */
char *
hp_build_by_key(const HpRelation *rel, const HpKeyDef *def)
{
	StringInfoData sql;
	char	   *alias = hp_build_row_alias(rel);

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT %s FROM %s AS %s WHERE ", alias,
					 hp_relation_qualified_name(rel->relid), alias);
	for (int i = 0; i < def->ncolumns; i++)
		appendStringInfo(&sql, "%s%s %s $%d", i > 0 ? " AND " : "",
						 key_operand(alias, &def->columns[i]),
						 hp_build_operator(def->columns[i].equal_operator), i + 1);
	return sql.data;
}

/* The rows with any of several keys: an array parameter for each column of the key. */
char *
hp_build_by_keys(const HpRelation *rel, const HpKeyDef *def)
{
	StringInfoData sql;
	char	   *alias = hp_build_row_alias(rel);
	char	   *name = hp_relation_qualified_name(rel->relid);

	initStringInfo(&sql);
	if (def->ncolumns == 1)
	{
		appendStringInfo(&sql, "SELECT %s FROM %s AS %s WHERE %s %s ANY ($1)", alias, name,
						 alias, key_operand(alias, &def->columns[0]),
						 hp_build_operator(def->columns[0].equal_operator));
		return sql.data;
	}
	/* OFFSET 0 keeps the keys the outer side; DISTINCT is left to the caller */
	appendStringInfo(&sql, "SELECT %s FROM ROWS FROM (", alias);
	for (int i = 0; i < def->ncolumns; i++)
		appendStringInfo(&sql, "%spg_catalog.unnest($%d)", i > 0 ? ", " : "", i + 1);
	appendStringInfoString(&sql, ") AS hp_keys (");
	for (int i = 0; i < def->ncolumns; i++)
		appendStringInfo(&sql, "%sk%d", i > 0 ? ", " : "", i + 1);
	appendStringInfo(&sql, "), LATERAL (SELECT %s FROM %s AS %s WHERE ", alias, name, alias);
	for (int i = 0; i < def->ncolumns; i++)
		appendStringInfo(&sql, "%s%s %s hp_keys.k%d", i > 0 ? " AND " : "",
						 key_operand(alias, &def->columns[i]),
						 hp_build_operator(def->columns[i].equal_operator), i + 1);
	appendStringInfo(&sql, " OFFSET 0) AS hp_rows (%s)", alias);
	return sql.data;
}

/* Every row. */
char *
hp_build_all(const HpRelation *rel)
{
	char	   *alias = hp_build_row_alias(rel);

	return psprintf("SELECT %s FROM %s AS %s", alias, hp_relation_qualified_name(rel->relid),
					alias);
}

static bool
is_key_column(const HpKeyDef *def, AttrNumber attnum)
{
	for (int i = 0; i < def->ncolumns; i++)
		if (def->columns[i].attnum == attnum)
			return true;
	return false;
}

static void
append_item(StringInfo list, const char *format, const char *name)
{
	if (list->len > 0)
		appendStringInfoString(list, ", ");
	appendStringInfo(list, format, name, name);
}

/*
 * A clause with the name of an object of a class that has these columns; NULL where the user may not
 * name it.
 */
static char *
named(const char *clause, int cacheid, Oid oid, AttrNumber name, AttrNumber schema)
{
	HeapTuple	tuple = SearchSysCache1(cacheid, ObjectIdGetDatum(oid));
	char	   *result = NULL;
	bool		isnull;
	Oid			namespace;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	namespace = DatumGetObjectId(SysCacheGetAttr(cacheid, tuple, schema, &isnull));
	if (oid < FirstNormalObjectId ||
		hp_namespace_aclcheck(namespace, GetUserId(), ACL_USAGE) == ACLCHECK_OK)
		result = psprintf("%s%s", clause, quote_qualified_identifier(
			hp_object_schema(namespace),
			NameStr(*DatumGetName(SysCacheGetAttr(cacheid, tuple, name, &isnull)))));
	ReleaseSysCache(tuple);
	return result;
}

/* A column of the key as the target of a conflict; NULL if that cannot be said. */
static char *
conflict_column(const HpKeyColumn *column)
{
	char	   *collate = !OidIsValid(column->collation) ? "" :
		named(" COLLATE ", COLLOID, column->collation, Anum_pg_collation_collname,
			  Anum_pg_collation_collnamespace);
	char	   *opclass = named(" ", CLAOID, column->opclass, Anum_pg_opclass_opcname,
								Anum_pg_opclass_opcnamespace);

	if (collate == NULL || opclass == NULL)
		return NULL;
	return psprintf("%s%s%s", quote_identifier(NameStr(column->name)), collate, opclass);
}

/*
 * The target of a conflict on a primary key.  Columns alone would mean each unique index on them, also
 * one that takes other keys for equal.  The constraint comes second: its index is another one while
 * REINDEX CONCURRENTLY runs.
 */
static char *
conflict_target(const HpKeyDef *def)
{
	StringInfoData columns;

	initStringInfo(&columns);
	for (int i = 0; i < def->ncolumns; i++)
	{
		const char *column = conflict_column(&def->columns[i]);

		if (column == NULL)
		{
			char	   *constraint = get_constraint_name(get_index_constraint(def->index));

			if (constraint != NULL)
				return psprintf("ON CONSTRAINT %s", quote_identifier(constraint));
			column = quote_identifier(NameStr(def->columns[i].name));
		}
		append_item(&columns, "%s", column);
	}
	return psprintf("(%s)", columns.data);
}

/*
 * Insert a row, given as a parameter of the row type, or update the one with
 * its key; returns the row as stored.  Generated columns are left to the table.
 * Where there is nothing to update, an existing row is left alone and no row
 * is returned.
 */
char *
hp_build_upsert(const HpRelation *rel, const HpKeyDef *def)
{
	Relation	relation = table_open(rel->relid, NoLock);
	TupleDesc	desc = RelationGetDescr(relation);
	char	   *alias = hp_build_row_alias(rel);
	StringInfoData columns,
				values,
				updates;

	initStringInfo(&columns);
	initStringInfo(&values);
	initStringInfo(&updates);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);
		const char *name = quote_identifier(NameStr(attr->attname));

		if (attr->attisdropped || attr->attgenerated)
			continue;
		append_item(&columns, "%s", name);
		append_item(&values, "($1).%s", name);
		if (!is_key_column(def, attr->attnum) && attr->attidentity != ATTRIBUTE_IDENTITY_ALWAYS)
			append_item(&updates, "%s = EXCLUDED.%s", name);
	}
	table_close(relation, NoLock);

	return psprintf("INSERT INTO %s AS %s (%s) OVERRIDING SYSTEM VALUE SELECT %s "
					"ON CONFLICT %s DO %s%s RETURNING %s",
					hp_relation_qualified_name(rel->relid), alias, columns.data, values.data,
					conflict_target(def), updates.len > 0 ? "UPDATE SET " : "NOTHING",
					updates.data, alias);
}
