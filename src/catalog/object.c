/*-------------------------------------------------------------------------
 *
 * object.c
 *		What no lock of ours keeps: operators, functions, types, schemas.
 *
 * A table's lock keeps its columns, with their types and collations, and its
 * indexes, with their operator classes.  It does not keep the schemas that these
 * are in, nor the operators of a type that no index uses, nor the type of a value
 * that is given.  These may go while functions of users are called, as the check
 * of a domain is for a value of a filter, and with them even columns, by commands
 * of the session itself.  Who uses one afterwards asks here.
 *
 * Errors: 42883 (undefined_function), 42704 (undefined_object) for a type, 3F000
 * (undefined_schema), where the object is gone; never an internal one.
 *
 * Memory: names are in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/object.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* Raise the error for an object that is gone, such as "an operator". */
void
hp_object_report_missing(int code, const char *object)
{
	ereport(ERROR,
			errcode(code),
			errmsg("%s that the statement uses does not exist any more", object),
			errdetail("It was dropped, or moved to another schema, while the statement was run."),
			errhint("Run the statement again."));
}

/*
 * A schema's name.  Never NULL, which quote_identifier() does not stand, and by which
 * quote_qualified_identifier() would leave the choice of a schema to the caller's search_path.
 */
char *
hp_object_schema(Oid namespace)
{
	char	   *name = get_namespace_name(namespace);

	if (name == NULL)
		hp_object_report_missing(ERRCODE_UNDEFINED_SCHEMA, "a schema");
	return name;
}

/* What the catalog says of a column, as far as its length is fixed; false if it or its relation is gone. */
bool
hp_object_column(Oid relid, AttrNumber attnum, FormData_pg_attribute *column)
{
	HeapTuple	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid), Int16GetDatum(attnum));

	if (!HeapTupleIsValid(tuple))
		return false;
	memcpy(column, GETSTRUCT(tuple), ATTRIBUTE_FIXED_PART_SIZE);
	ReleaseSysCache(tuple);
	return true;
}

/* A type's qualified name, which implies no length, as "character" and "bit" would. */
char *
hp_object_type_name(Oid type)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));

	if (!HeapTupleIsValid(tuple))
		hp_object_report_missing(ERRCODE_UNDEFINED_OBJECT, "a type");
	(void) hp_object_schema(((Form_pg_type) GETSTRUCT(tuple))->typnamespace);
	ReleaseSysCache(tuple);
	return format_type_extended(type, -1, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
}

/* The base type of a type; InvalidOid where it is gone, or was InvalidOid, as a dropped column's is. */
Oid
hp_object_base_type_if_any(Oid type)
{
	while (OidIsValid(type))
	{
		HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
		Form_pg_type form;
		Oid			base;

		if (!HeapTupleIsValid(tuple))
			return InvalidOid;
		form = (Form_pg_type) GETSTRUCT(tuple);
		base = form->typtype == TYPTYPE_DOMAIN ? form->typbasetype : type;
		ReleaseSysCache(tuple);
		if (base == type)
			break;
		type = base;
	}
	return type;
}

Oid
hp_object_base_type(Oid type)
{
	Oid			base = hp_object_base_type_if_any(type);

	if (!OidIsValid(base))
		hp_object_report_missing(ERRCODE_UNDEFINED_OBJECT, "a type");
	return base;
}

/* fmgr_info(), whose own error would be internal. */
void
hp_object_init_function(Oid function, FmgrInfo *info)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));

	if (!HeapTupleIsValid(tuple))
		hp_object_report_missing(ERRCODE_UNDEFINED_FUNCTION, "a function");
	fmgr_info(function, info);
	ReleaseSysCache(tuple);
}
