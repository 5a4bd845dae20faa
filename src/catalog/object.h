/*-------------------------------------------------------------------------
 *
 * object.h
 *		What no lock of ours keeps: operators, functions, types, schemas.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_OBJECT_H
#define HP_OBJECT_H

#include "base/compat.h"
#include "catalog/pg_attribute.h"
#include "fmgr.h"

hp_noreturn extern void hp_object_report_missing(int code, const char *object);
extern char *hp_object_schema(Oid namespace);
extern bool hp_object_column(Oid relid, AttrNumber attnum, FormData_pg_attribute *column);
extern char *hp_object_type_name(Oid type);
extern Oid	hp_object_base_type(Oid type);
extern Oid	hp_object_base_type_if_any(Oid type);
extern void hp_object_init_function(Oid function, FmgrInfo *info);

#endif							/* HP_OBJECT_H */
