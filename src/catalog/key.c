/*-------------------------------------------------------------------------
 *
 * key.c
 *		Keys: their definition from a unique index, values, hash, comparison.
 *
 * Equality is the type's, not the bytes': the operator of the index's operator
 * class decides, under the column's collation, and the hash function is one of
 * a hash operator family that contains this operator.  So 1.0 and 1.00 are one
 * numeric key.
 *
 * The image of a key value is its columns' values one after the other, each in
 * a multiple of MAXALIGN bytes: a pass-by-value datum as a Datum, a fixed-length
 * one as its bytes, a varlena one detoasted with a four-byte header.  Where the
 * operator class says that equal values are equal bit by bit (its equalimage
 * support function), comparing images is comparing keys.
 *
 * The seed, and so the hash and the fence of a key, depends on the database,
 * the relation and the columns, and not on the index: REINDEX CONCURRENTLY
 * replaces the index while writers run.
 *
 * Memory: a definition lives in the context given; a value's short image in the
 * value, a long one in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/key.h"

#include "access/detoast.h"
#include "access/hash.h"
#include "access/htup_details.h"
#include "access/nbtree.h"
#include "access/relation.h"
#include "access/transam.h"
#include "base/compat.h"
#include "catalog/pg_am.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_amproc.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "catalog/relation.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/* What speaks against an index as a key, judged by its catalog row. */
static HpKeyProblem
judge_index(Form_pg_index index, HeapTuple tuple, Oid relid, bool allow_invalid)
{
	if (index->indrelid != relid)
		return HP_KEY_NOT_AN_INDEX;
	if (!index->indisunique || index->indisexclusion)
		return HP_KEY_NOT_UNIQUE;
	if (!allow_invalid && (!index->indisvalid || !index->indislive))
		return HP_KEY_INVALID;
	if (!index->indimmediate)
		return HP_KEY_DEFERRABLE;
	if (!heap_attisnull(tuple, Anum_pg_index_indpred, NULL))
		return HP_KEY_PARTIAL;
	for (int i = 0; i < index->indnkeyatts; i++)
		if (index->indkey.values[i] <= 0)
			return HP_KEY_EXPRESSION;
	return HP_KEY_FINE;
}

/*
 * The extended hash function that goes with an equality operator, or InvalidOid.  What its operator
 * family is made of is added to *identity.
 */
static Oid
hash_function_of(Oid equal_operator, uint64 *identity)
{
	CatCList   *list = SearchSysCacheList1(AMOPOPID, ObjectIdGetDatum(equal_operator));
	Oid			result = InvalidOid;

	for (int i = 0; i < list->n_members && !OidIsValid(result); i++)
	{
		HeapTuple	member = &list->members[i]->tuple;
		Form_pg_amop amop = (Form_pg_amop) GETSTRUCT(member);
		HeapTuple	proc;

		if (amop->amopmethod != HASH_AM_OID || amop->amopstrategy != HTEqualStrategyNumber)
			continue;
		proc = SearchSysCache4(AMPROCNUM, ObjectIdGetDatum(amop->amopfamily),
							   ObjectIdGetDatum(amop->amoplefttype),
							   ObjectIdGetDatum(amop->amoprighttype),
							   Int16GetDatum(HASHEXTENDED_PROC));
		if (!HeapTupleIsValid(proc))
			continue;
		result = ((Form_pg_amproc) GETSTRUCT(proc))->amproc;
		*identity = hash_combine64(*identity, HeapTupleHeaderGetRawXmin(member->t_data));
		*identity = hash_combine64(*identity, HeapTupleHeaderGetRawXmin(proc->t_data));
		ReleaseSysCache(proc);
	}
	ReleaseSysCacheList(list);
	if (OidIsValid(result) && result >= FirstNormalObjectId)
	{
		HeapTuple	function = SearchSysCache1(PROCOID, ObjectIdGetDatum(result));

		/* it may be replaced */
		hp_relation_watch_function(result);
		if (HeapTupleIsValid(function))
		{
			*identity = hash_combine64(*identity, HeapTupleHeaderGetRawXmin(function->t_data));
			ReleaseSysCache(function);
		}
	}
	return result;
}

/*
 * Will values of a type be hashed alike for as long as the operator class of the
 * type itself is the same?  Containers ask the types inside.  Of composite types
 * attributes may be added and dropped while tables hold values; others inside may
 * get another hash function, except for enums and PostgreSQL's own types that have
 * one of PostgreSQL's own.
 */
static bool
is_hashed_for_good(Oid type, bool inside)
{
	Oid			base = getBaseType(type);
	Oid			inner = get_element_type(base);
	Oid			hash;

	if (base == RECORDOID || type_is_rowtype(base))
		return false;
	if (!OidIsValid(inner) && type_is_range(base))
		inner = get_range_subtype(base);
	if (!OidIsValid(inner) && type_is_multirange(base))
		inner = get_multirange_range(base);
	if (OidIsValid(inner))
		return is_hashed_for_good(inner, true);
	if (!inside)
		return true;
	hash = lookup_type_cache(base, TYPECACHE_HASH_EXTENDED_PROC)->hash_extended_proc;
	return (base < FirstNormalObjectId || type_is_enum(base)) && OidIsValid(hash) &&
		hash < FirstNormalObjectId;
}

/* Are equal values of an operator class equal bit by bit, under a collation? */
static bool
equal_means_equal_image(Oid opfamily, Oid intype, Oid collation)
{
	Oid			proc = get_opfamily_proc(opfamily, intype, intype, BTEQUALIMAGE_PROC);

	return OidIsValid(proc) &&
		DatumGetBool(OidFunctionCall1Coll(proc, collation, ObjectIdGetDatum(intype)));
}

static Oid
operator_class_of(Relation index, int i)
{
	bool		isnull;
	Datum		classes = SysCacheGetAttr(INDEXRELID, index->rd_indextuple, Anum_pg_index_indclass,
										  &isnull);

	return ((oidvector *) DatumGetPointer(classes))->values[i];
}

/*
 * Fill in one column of a definition.  The operators of an array or enum column
 * are those of anyarray and anyenum, which is why the operator class's input
 * type is asked, not the column's.
 */
static HpKeyProblem
define_column(HpKeyDef *def, int i, Relation rel, Relation index, MemoryContext context)
{
	HpKeyColumn *column = &def->columns[i];
	Form_pg_attribute attr =
	TupleDescAttr(RelationGetDescr(rel), index->rd_index->indkey.values[i] - 1);
	Oid			opfamily = index->rd_opfamily[i];
	Oid			intype = index->rd_opcintype[i];
	Oid			hash;

	column->attnum = attr->attnum;
	column->name = attr->attname;
	column->typmod = attr->atttypmod;
	column->type = getBaseTypeAndTypmod(attr->atttypid, &column->typmod);
	column->is_domain = column->type != attr->atttypid;
	column->collation = attr->attcollation;
	column->len = attr->attlen;
	column->byval = attr->attbyval;
	if (index->rd_indcollation[i] != attr->attcollation)
		return HP_KEY_COLLATION;

	column->opclass = operator_class_of(index, i);
	column->equal_operator = get_opfamily_member(opfamily, intype, intype,
												 BTEqualStrategyNumber);
	if (!OidIsValid(column->equal_operator))
		return HP_KEY_NO_EQUALITY;
	fmgr_info_cxt(get_opcode(column->equal_operator), &column->equal, context);

	hash = hash_function_of(column->equal_operator, &def->identity);
	column->hash.fn_oid = InvalidOid;
	if (OidIsValid(hash))
		fmgr_info_cxt(hash, &column->hash, context);
	def->image_equal = def->image_equal &&
		equal_means_equal_image(opfamily, intype, column->collation);
	return HP_KEY_FINE;
}

/* Some container types have a hash function that fails for their element type. */
static bool
column_has_hash(const HpKeyColumn *column)
{
	return OidIsValid(column->hash.fn_oid) &&
		op_hashjoinable(column->equal_operator, column->type);
}

/* The seed of a key on some columns of a relation of this database. */
uint64
hp_key_seed(Oid relid, const AttrNumber *attnums, int n)
{
	uint64		seed = hash_combine64(hash_bytes_uint32_extended(MyDatabaseId, 0),
									  hash_bytes_uint32_extended(relid, 1));

	for (int i = 0; i < n; i++)
		seed = hash_combine64(seed, hash_bytes_uint32_extended(attnums[i], 2));
	return seed;
}

/*
 * The definition of the key that a unique index of rel enforces, allocated in
 * context; NULL, with the problem, when the index does not serve.  One that is
 * not valid now may still tell a writer what to note, hence allow_invalid.  The
 * caller holds a lock on rel.
 */
HpKeyDef *
hp_key_define(Relation rel, Oid indexid, bool allow_invalid, MemoryContext context,
			  HpKeyProblem *problem)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(indexid));
	HpKeyDef   *def;
	Relation	index;
	TransactionId xmin;

	*problem = HP_KEY_NOT_AN_INDEX;
	if (!HeapTupleIsValid(tuple))
		return NULL;
	*problem = judge_index((Form_pg_index) GETSTRUCT(tuple), tuple, RelationGetRelid(rel),
						   allow_invalid);
	xmin = HeapTupleHeaderGetRawXmin(tuple->t_data);
	ReleaseSysCache(tuple);
	if (*problem != HP_KEY_FINE)
		return NULL;

	index = try_relation_open(indexid, AccessShareLock);
	if (index == NULL || index->rd_rel->relam != BTREE_AM_OID)
	{
		if (index != NULL)
			relation_close(index, AccessShareLock);
		*problem = HP_KEY_NOT_AN_INDEX;
		return NULL;
	}
	def = MemoryContextAllocZero(context, offsetof(HpKeyDef, columns) +
								 index->rd_index->indnkeyatts * sizeof(HpKeyColumn));
	def->index = indexid;
	def->identity = xmin;
	namestrcpy(&def->index_name, RelationGetRelationName(index));
	def->primary = index->rd_index->indisprimary;
	def->ncolumns = index->rd_index->indnkeyatts;
	def->hashable = true;
	def->image_equal = true;
	for (int i = 0; i < def->ncolumns && *problem == HP_KEY_FINE; i++)
	{
		*problem = define_column(def, i, rel, index, context);
		def->hashable = def->hashable && column_has_hash(&def->columns[i]) &&
			is_hashed_for_good(def->columns[i].type, false);
	}
	def->seed = hp_key_seed(RelationGetRelid(rel), index->rd_index->indkey.values, def->ncolumns);
	relation_close(index, AccessShareLock);
	return *problem == HP_KEY_FINE ? def : NULL;
}

/* Are values of two keys on the same columns compared and hashed alike? */
bool
hp_key_same_functions(const HpKeyDef *a, const HpKeyDef *b)
{
	for (int i = 0; i < a->ncolumns; i++)
		if (a->columns[i].equal_operator != b->columns[i].equal_operator ||
			a->columns[i].hash.fn_oid != b->columns[i].hash.fn_oid)
			return false;
	return true;
}

/* Why a key is not hashable, as the detail of an error. */
char *
hp_key_hash_problem(const HpKeyDef *def)
{
	for (int i = 0; i < def->ncolumns; i++)
	{
		Oid			type = def->columns[i].type;

		if (!column_has_hash(&def->columns[i]))
			return psprintf("Type %s has no hash operator class that goes with the index.",
							format_type_be(type));
		if (!is_hashed_for_good(type, false))
			return psprintf("How values of type %s are hashed may change with the types that it is made of.",
							format_type_be(type));
	}
	return pstrdup("Its types were changed by another session.");
}

/* Bytes of a column's value in an image. */
static Size
image_size(const HpKeyColumn *column, Datum value)
{
	if (column->byval)
		return MAXALIGN(sizeof(Datum));
	if (column->len > 0)
		return MAXALIGN(column->len);
	return MAXALIGN(VARSIZE(DatumGetPointer(value)));
}

/* Detoast and unpack a key's varlena values in place. */
static void
flatten_values(HpKey *key)
{
	for (int i = 0; i < key->def->ncolumns; i++)
	{
		const HpKeyColumn *column = &key->def->columns[i];

		if (column->len == -1)
			key->values[i] = PointerGetDatum(PG_DETOAST_DATUM(key->values[i]));
	}
}

static void
write_image(HpKey *key)
{
	char	   *to = key->image;

	for (int i = 0; i < key->def->ncolumns; i++)
	{
		const HpKeyColumn *column = &key->def->columns[i];
		Size		size = image_size(column, key->values[i]);

		if (column->byval)
		{
			memset(to, 0, size);
			memcpy(to, &key->values[i], sizeof(Datum));
		}
		else
		{
			Size		len = column->len > 0 ? column->len :
				VARSIZE(DatumGetPointer(key->values[i]));

			memcpy(to, DatumGetPointer(key->values[i]), len);
			memset(to + len, 0, size - len);
		}
		to += size;
	}
}

/*
 * Complete a key whose values are set, none of them null and none a cstring:
 * its hash, and its image.
 */
void
hp_key_set(HpKey *key, const HpKeyDef *def)
{
	Size		size = 0;

	key->def = def;
	flatten_values(key);
	for (int i = 0; i < def->ncolumns; i++)
		size += image_size(&def->columns[i], key->values[i]);
	key->image = size <= sizeof(key->space) ? key->space : palloc(size);
	key->image_len = (uint32) size;
	write_image(key);
	hp_key_hash(key);
}

/* Complete a key from a row of the relation; false if a column of it is null. */
bool
hp_key_of_tuple(HpKey *key, const HpKeyDef *def, HeapTuple tuple, TupleDesc desc)
{
	for (int i = 0; i < def->ncolumns; i++)
	{
		bool		isnull;

		key->values[i] = heap_getattr(tuple, def->columns[i].attnum, desc, &isnull);
		if (isnull)
			return false;
	}
	hp_key_set(key, def);
	return true;
}

/*
 * Hash of relation and key; all that a writer needs.  Values may be toasted.
 * All values of a key without a hash function have the same hash.
 */
void
hp_key_hash(HpKey *key)
{
	uint64		hash = key->def->seed;

	key->hash = hash;
	if (!key->def->hashable)
		return;

	for (int i = 0; i < key->def->ncolumns; i++)
	{
		HpKeyColumn *column = unconstify(HpKeyColumn *, &key->def->columns[i]);

		hash = hash_combine64(hash,
							  DatumGetUInt64(FunctionCall2Coll(&column->hash, column->collation,
															   key->values[i],
															   Int64GetDatum(0))));
	}
	key->hash = hash;
}

/* Point a key's values into an image. */
void
hp_key_from_image(HpKey *key, const HpKeyDef *def, const char *image)
{
	key->def = def;
	for (int i = 0; i < def->ncolumns; i++)
	{
		const HpKeyColumn *column = &def->columns[i];

		if (column->byval)
			memcpy(&key->values[i], image, sizeof(Datum));
		else
			key->values[i] = PointerGetDatum(image);
		image += image_size(column, key->values[i]);
	}
}

/* Is the image that of an equal key?  The type's operators decide; they may run SQL. */
bool
hp_key_image_equals(const HpKey *key, const char *image, uint32 len)
{
	HpKey		other;

	if (key->image_len == len && memcmp(key->image, image, len) == 0)
		return true;
	hp_key_from_image(&other, key->def, image);
	for (int i = 0; i < key->def->ncolumns; i++)
	{
		HpKeyColumn *column = unconstify(HpKeyColumn *, &key->def->columns[i]);

		if (!DatumGetBool(FunctionCall2Coll(&column->equal, column->collation,
											key->values[i], other.values[i])))
			return false;
	}
	return true;
}

static bool
is_integer(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID;
}

static bool
is_text(Oid type)
{
	return type == TEXTOID || type == VARCHAROID || type == BPCHAROID;
}

/*
 * How values of a type become values of a key column.  Raises an error for a
 * type that does not cast implicitly and is not text.
 *
 * Untyped literals come as text, so text is read by the column type's input
 * function, as a literal is, and not by a cast that the owner of a type has made.
 */
void
hp_key_coercion_init(HpCoercion *coercion, Oid source, const HpKeyColumn *column,
				 MemoryContext context)
{
	Oid			base = getBaseType(source);
	Oid			function;
	CoercionPathType path;

	coercion->source = base;
	coercion->target = column->type;
	coercion->kind = HP_COERCE_NONE;
	if (base == column->type)
		return;
	if (is_integer(base) && is_integer(column->type))
	{
		coercion->kind = HP_COERCE_INTEGER;
		return;
	}
	path = find_coercion_pathway(column->type, base, COERCION_IMPLICIT, &function);
	if (path == COERCION_PATH_RELABELTYPE || IsBinaryCoercible(base, column->type))
		return;
	/* the cast from text to regclass knows names only, not all that a literal may be */
	if (path == COERCION_PATH_FUNC &&
		!(is_text(base) && (function >= FirstNormalObjectId || column->type == REGCLASSOID)))
	{
		if (!hp_may_execute(function))
			aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FUNCTION, get_func_name(function));
		coercion->kind = HP_COERCE_FUNCTION;
		fmgr_info_cxt(function, &coercion->function, context);
		coercion->nargs = coercion->function.fn_nargs;
		return;
	}
	if (is_text(base))
	{
		coercion->kind = HP_COERCE_INPUT;
		getTypeInputInfo(column->type, &function, &coercion->io_param);
		fmgr_info_cxt(function, &coercion->function, context);
		return;
	}
	ereport(ERROR,
			errcode(ERRCODE_DATATYPE_MISMATCH),
			errmsg("key column \"%s\" is of type %s, but the value given is of type %s",
				   NameStr(column->name), format_type_be(column->type), format_type_be(source)),
			errdetail("There is no implicit cast between these types."),
			errhint("Cast the value to %s, or give it as text.", format_type_be(column->type)));
}

/* An integer of one width as one of another; false when it does not fit. */
static bool
convert_integer(Oid source, Oid target, Datum value, Datum *result)
{
	int64		v = source == INT2OID ? DatumGetInt16(value) :
		source == INT4OID ? DatumGetInt32(value) : DatumGetInt64(value);

	if (target == INT8OID)
		*result = Int64GetDatum(v);
	else if (target == INT4OID)
		*result = Int32GetDatum((int32) v);
	else
		*result = Int16GetDatum((int16) v);
	return target == INT8OID ||
		(target == INT4OID ? v == (int32) v : v == (int16) v);
}

/* Convert a value; false when no value of the column's type equals it. */
bool
hp_key_coercion_apply(HpCoercion *coercion, Datum value, Datum *result)
{
	switch (coercion->kind)
	{
		case HP_COERCE_NONE:
			*result = value;
			return true;
		case HP_COERCE_INTEGER:
			return convert_integer(coercion->source, coercion->target, value, result);
		case HP_COERCE_FUNCTION:
			/* the cast to name cuts off what no name can hold */
			if (coercion->target == NAMEOID && is_text(coercion->source) &&
				toast_raw_datum_size(value) - VARHDRSZ >= NAMEDATALEN)
				return false;
			if (coercion->nargs == 1)
				*result = FunctionCall1(&coercion->function, value);
			else if (coercion->nargs == 2)
				*result = FunctionCall2(&coercion->function, value, Int32GetDatum(-1));
			else
				*result = FunctionCall3(&coercion->function, value, Int32GetDatum(-1),
										BoolGetDatum(false));
			return true;
		case HP_COERCE_INPUT:
			*result = InputFunctionCall(&coercion->function, TextDatumGetCString(value),
										coercion->io_param, -1);
			return true;
	}
	pg_unreachable();
}
