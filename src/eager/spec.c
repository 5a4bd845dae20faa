/*-------------------------------------------------------------------------
 *
 * spec.c
 *		From a jsonb specification to a tree of levels.
 *
 * Everything that can be wrong with a specification is found here, before any
 * row is read: unknown keys, values of the wrong kind, columns and relationships
 * that are not there, too many levels.  Names become OIDs and attribute numbers.
 * Every relation that is mentioned is locked as a SELECT would do.
 *
 * A level reads the columns that it shows, in the order asked for, and behind
 * them the columns by which the levels below are found, unless they are shown
 * anyway.
 *
 * Memory: the tree belongs to the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "eager/spec.h"

#include "access/relation.h"
#include "base/compat.h"
#include "base/errors.h"
#include "base/guc.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "catalog/relation.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/varlena.h"

/* The keys that a level may have, in alphabetical order. */
typedef enum SpecKey
{
	KEY_AGGREGATE,
	KEY_COLUMNS,
	KEY_FILTER,
	KEY_FK,
	KEY_JOIN,
	KEY_LIMIT,
	KEY_OFFSET,
	KEY_ORDER_BY,
	KEY_RELATION,
	KEY_THROUGH,
	KEY_WITH,
	NKEYS
} SpecKey;

static const char *const key_names[NKEYS] = {
	"aggregate", "columns", "filter", "fk", "join", "limit", "offset", "order_by", "relation",
	"through", "with"
};

#define BIT(key) (1 << (key))
#define ALL_KEYS (BIT(NKEYS) - 1)

/* A longer path is shown by its end. */
#define MAX_PATH 100

/* What a level says, before it is understood. */
typedef struct LevelText
{
	HpLevel    *level;
	bool		given[NKEYS];	/* and not null */
	JsonbValue	values[NKEYS];
} LevelText;

static void parse_below(HpLevel *level, JsonbContainer *with, TupleDesc desc, int depth);

/* ---- keys ---- */

static char *
list_keys(int allowed)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < NKEYS; i++)
		if (allowed & BIT(i))
			appendStringInfo(&text, "%s%s", text.len > 0 ? ", " : "", key_names[i]);
	return text.data;
}

static SpecKey
find_key(const HpLevel *level, const JsonbValue *name, int allowed)
{
	char	   *text = pnstrdup(name->val.string.val, name->val.string.len);
	bool		known = false;

	for (int i = 0; i < NKEYS; i++)
	{
		if (strcmp(key_names[i], text) != 0)
			continue;
		if (allowed & BIT(i))
			return i;
		known = true;
	}
	ereport(ERROR,
			errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			known ? errmsg("%s cannot have \"%s\"", level->path, text) :
			errmsg("%s has an unknown key \"%s\"", level->path, text),
			errdetail("It may have: %s.", list_keys(allowed)),
			errhint("Related rows go below \"with\", one key for each relationship."));
}

static void
read_keys(LevelText *text, JsonbContainer *container, int allowed)
{
	JsonbIterator *it = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue	v;
	SpecKey		key = NKEYS;

	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			key = find_key(text->level, &v, allowed);
		else if (token == WJB_VALUE && v.type != jbvNull)
		{
			text->given[key] = true;
			text->values[key] = v;
		}
	}
}

/* Keys that say how rows are shown, where none are. */
static void
refuse_keys(const LevelText *text, int refused, const char *why)
{
	for (int i = 0; i < NKEYS; i++)
		if ((refused & BIT(i)) && text->given[i])
			ereport(ERROR,
					errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("%s cannot have \"%s\"", text->level->path, key_names[i]),
					errdetail("%s", why),
					errhint("Leave \"%s\" out.", key_names[i]));
}

/* ---- columns ---- */

static void
add_column(HpLevel *level, TupleDesc desc, AttrNumber attnum)
{
	int			n = level->ncolumns++;

	level->columns = n == 0 ? palloc(sizeof(AttrNumber)) :
		repalloc(level->columns, (n + 1) * sizeof(AttrNumber));
	level->types = n == 0 ? palloc(sizeof(Oid)) :
		repalloc(level->types, (n + 1) * sizeof(Oid));
	level->columns[n] = attnum;
	level->types[n] = TupleDescAttr(desc, attnum - 1)->atttypid;
}

static int
column_position(const HpLevel *level, AttrNumber attnum)
{
	for (int i = 0; i < level->ncolumns; i++)
		if (level->columns[i] == attnum)
			return i;
	return -1;
}

static void
show_column(HpLevel *level, TupleDesc desc, const char *name)
{
	AttrNumber	attnum = hp_spec_column(level, desc, name);

	if (column_position(level, attnum) >= 0)
		ereport(ERROR,
				errcode(ERRCODE_DUPLICATE_COLUMN),
				errmsg("column \"%s\" of %s is asked for twice", name, level->path),
				errdetail("The object of a row has each column once."),
				errhint("Name it once in \"columns\"."));
	add_column(level, desc, attnum);
}

static void
show_all(HpLevel *level, TupleDesc desc)
{
	for (int i = 0; i < desc->natts; i++)
		if (!TupleDescAttr(desc, i)->attisdropped)
			add_column(level, desc, i + 1);
	level->is_whole = true;
}

static void
show_listed(HpLevel *level, TupleDesc desc, JsonbValue *value)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	v;

	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		hp_spec_report_type(level, "columns", "an array of column names", value);
	it = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
		if (token == WJB_ELEM)
			show_column(level, desc, hp_spec_string(level, "an element of columns", &v));
}

static TupleDesc
copy_shown(const HpLevel *level, TupleDesc desc)
{
	TupleDesc	shown = CreateTemplateTupleDesc(level->nshown);

	for (int i = 0; i < level->nshown; i++)
		TupleDescCopyEntry(shown, i + 1, desc, level->columns[i]);
	TupleDescFinalize(shown);
	return shown;
}

/* ---- relationships ---- */

static Oid
find_relation(const HpLevel *level, const char *option, const JsonbValue *value)
{
	char	   *name = hp_spec_string(level, option, value);
	List	   *parts;
	List	   *names = NIL;
	ListCell   *lc;
	Oid			relid = InvalidOid;

	if (SplitIdentifierString(pstrdup(name), '.', &parts) && parts != NIL &&
		list_length(parts) <= 2)
	{
		foreach(lc, parts)
			names = lappend(names, makeString(lfirst(lc)));
		relid = RangeVarGetRelid(makeRangeVarFromNameList(names), NoLock, true);
	}
	if (!OidIsValid(relid))
		ereport(ERROR,
				errcode(HP_ERRCODE_UNKNOWN_RELATIONSHIP),
				errmsg("relation \"%s\" does not exist", name),
				errdetail("It was named in \"%s\" of %s.", option, level->path),
				errhint("Name an existing table, with its schema if that is not in search_path."));
	return relid;
}

static bool
is_same(const HpRelationship *a, const HpRelationship *b)
{
	return a->link.constraint == b->link.constraint &&
		a->onward.constraint == b->onward.constraint &&
		a->link.outgoing == b->link.outgoing && a->kind == b->kind &&
		a->link.index == b->link.index;
}

/* The relations that a level names. */
static void
find_relations(const LevelText *text, HpRelationshipWish *wish)
{
	if (text->given[KEY_RELATION])
		wish->target = find_relation(text->level, "relation", &text->values[KEY_RELATION]);
	if (text->given[KEY_THROUGH])
		wish->through = find_relation(text->level, "through", &text->values[KEY_THROUGH]);
}

/* Find out which relationship a level is by, and lock its relations. */
static void
resolve(LevelText *text, const HpLevel *above)
{
	HpLevel    *level = text->level;
	HpRelationshipWish wish = {.key = level->key};

	if (text->given[KEY_FK])
		wish.fk = hp_spec_string(level, "fk", &text->values[KEY_FK]);
	/* what is found may be out of date until the locks are there, and names another table's */
	find_relations(text, &wish);
	do
	{
		CHECK_FOR_INTERRUPTS();
		level->via = *hp_relationship_find(above->relid, &wish);
		hp_relation_by_oid(level->via.target);
		if (OidIsValid(level->via.through))
			hp_relation_by_oid(level->via.through);
		find_relations(text, &wish);
	} while (!is_same(&level->via, hp_relationship_find(above->relid, &wish)));
	level->relid = level->via.target;
	level->to_one = hp_relationship_is_to_one(&level->via);
}

static void
read_join(LevelText *text)
{
	HpLevel    *level = text->level;
	char	   *join;

	if (!text->given[KEY_JOIN])
		return;
	join = hp_spec_string(level, "join", &text->values[KEY_JOIN]);
	if (strcmp(join, "inner") == 0)
		level->join = HP_JOIN_INNER;
	else if (strcmp(join, "anti") == 0)
		level->join = HP_JOIN_ANTI;
	else if (strcmp(join, "left") != 0)
		ereport(ERROR,
				errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("\"join\" of %s is not understood", level->path),
				errdetail("It is \"%s\".", join),
				errhint("Use left, inner or anti."));
	if (level->join == HP_JOIN_ANTI)
		refuse_keys(text, BIT(KEY_AGGREGATE) | BIT(KEY_COLUMNS) | BIT(KEY_LIMIT) |
					BIT(KEY_OFFSET) | BIT(KEY_ORDER_BY),
					"No rows are shown where \"join\" is \"anti\".");
}

/* What is below aggregated rows can say which of them count, and no more. */
static void
check_only_filters(const HpLevel *level)
{
	ListCell   *lc;

	foreach(lc, level->below)
	{
		const HpLevel *below = lfirst(lc);

		if (below->join == HP_JOIN_LEFT)
			ereport(ERROR,
					errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("%s cannot be shown below an aggregate", below->path),
					errdetail("No rows are shown where there is \"aggregate\"."),
					errhint("Leave it out, or let it filter with \"join\": \"inner\" or "
							"\"anti\"."));
	}
}

/* ---- levels ---- */

/* What read_level() does, while the relation is open: functions that values call must not alter it. */
static void
read_open_level(LevelText *text, TupleDesc desc, const HpColumnList *columns, int depth)
{
	HpLevel    *level = text->level;
	const char *name = hp_relation_name(level->relid);
	JsonbValue *with = &text->values[KEY_WITH];

	level->limit = -1;
	if (text->given[KEY_FILTER])
		level->filter = hp_filter_parse(hp_spec_object(level, "filter",
													   &text->values[KEY_FILTER]), desc, name);
	else
		level->filter = hp_filter_parse(NULL, desc, name);
	level->order = hp_order_parse(!text->given[KEY_ORDER_BY] ? NULL :
								  hp_spec_string(level, "order_by",
												 &text->values[KEY_ORDER_BY]), desc, name);
	if (text->given[KEY_LIMIT])
		level->limit = hp_spec_count(level, "limit", &text->values[KEY_LIMIT]);
	if (text->given[KEY_OFFSET])
		level->offset = hp_spec_count(level, "offset", &text->values[KEY_OFFSET]);
	if (text->given[KEY_AGGREGATE])
	{
		refuse_keys(text, BIT(KEY_COLUMNS) | BIT(KEY_LIMIT) | BIT(KEY_OFFSET) |
					BIT(KEY_ORDER_BY),
					"No rows are shown where there is \"aggregate\".");
		hp_spec_aggregates(level, desc, &text->values[KEY_AGGREGATE]);
	}
	else if (text->given[KEY_COLUMNS])
		show_listed(level, desc, &text->values[KEY_COLUMNS]);
	else if (columns != NULL)
		for (int i = 0; i < columns->n; i++)
			add_column(level, desc, columns->attnums[i]);
	else
		show_all(level, desc);
	level->nshown = level->ncolumns;
	if (level->naggregates == 0)
		level->shown = copy_shown(level, desc);
	if (!text->given[KEY_WITH])
		return;
	if (with->type != jbvBinary || !JsonContainerIsObject(with->val.binary.data))
		hp_spec_report_type(level, "with", "an object", with);
	parse_below(level, with->val.binary.data, desc, depth);
	if (level->naggregates > 0)
		check_only_filters(level);
}

/* Everything of a level but its relationship, and the levels below. */
static void
read_level(LevelText *text, const HpColumnList *columns, int depth)
{
	Relation	rel;

	text->level->columns_hash = hp_relation_columns_hash(hp_relation_by_oid(text->level->relid));
	rel = relation_open(text->level->relid, NoLock);
	read_open_level(text, CreateTupleDescCopy(RelationGetDescr(rel)), columns, depth);
	relation_close(rel, NoLock);
}

/* The columns that a level's keys are in, among those of the level above. */
static void
place_keys(HpLevel *level, HpLevel *above, TupleDesc desc)
{
	const HpLink *link = &level->via.link;

	for (int i = 0; i < above->nshown; i++)
		if (strcmp(NameStr(TupleDescAttr(desc, above->columns[i] - 1)->attname), level->key) == 0)
			ereport(ERROR,
					errcode(ERRCODE_DUPLICATE_COLUMN),
					errmsg("output key \"%s\" is a column of table \"%s\"", level->key,
						   hp_relation_name(above->relid)),
					errdetail("The object of a row has each key once."),
					errhint("Use another key and name the table in \"relation\", or leave the "
							"column out of \"columns\"."));
	level->parent_columns = palloc(link->ncolumns * sizeof(int));
	for (int i = 0; i < link->ncolumns; i++)
	{
		if (column_position(above, link->near_columns[i]) < 0)
			add_column(above, desc, link->near_columns[i]);
		level->parent_columns[i] = column_position(above, link->near_columns[i]);
	}
}

/*
 * May a level's rows be told apart by tableoid and ctid?  These may be read only
 * by who may read the whole table, and mean nothing in foreign tables.
 */
static bool
has_identity(const HpLevel *level)
{
	return level->via.kind == HP_MANY_TO_MANY && level->naggregates == 0 &&
		(get_rel_relkind(level->relid) == RELKIND_PARTITIONED_TABLE ||
		 !has_subclass(level->relid)) &&
		pg_class_aclcheck(level->relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

static HpLevel *
parse_level(const HpLevel *above, const char *key, JsonbValue *value, int depth)
{
	LevelText	text = {0};
	HpLevel    *level = palloc0(sizeof(HpLevel));

	level->key = key;
	level->path = above->key == NULL ? psprintf("\"%s\"", key) :
		strlen(above->path) > MAX_PATH ? psprintf("\"... .%s\"", key) :
		psprintf("%.*s.%s\"", (int) strlen(above->path) - 1, above->path, key);
	text.level = level;
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		hp_spec_report_type(above, "with", "an object of objects", value);
	read_keys(&text, value->val.binary.data, ALL_KEYS);
	resolve(&text, above);
	read_join(&text);
	read_level(&text, NULL, depth);
	level->has_identity = has_identity(level);
	return level;
}

/* The levels below a level, each found by an output key. */
static void
parse_below(HpLevel *level, JsonbContainer *with, TupleDesc desc, int depth)
{
	JsonbIterator *it = JsonbIteratorInit(with);
	JsonbIteratorToken token;
	JsonbValue	v;
	char	   *key = NULL;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (JsonContainerSize(with) > 0 && depth >= hp_guc_max_embed_depth)
		ereport(ERROR,
				errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
				errmsg("the specification has too many levels"),
				errdetail("%s is level %d, which is the last.", level->path, depth),
				errhint("Raise pg_hotpath.max_embed_depth."));
	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		HpLevel    *below;

		if (token == WJB_KEY)
			key = pnstrdup(v.val.string.val, v.val.string.len);
		if (token != WJB_VALUE)
			continue;
		below = parse_level(level, key, &v, depth + 1);
		if (hp_spec_is_shown(below))
			place_keys(below, level, desc);
		level->below = lappend(level->below, below);
	}
}

/* Has the level a key in the result? */
bool
hp_spec_is_shown(const HpLevel *level)
{
	return level->join != HP_JOIN_ANTI;
}

/* The keys that the root may have. */
static int
allowed_keys(HpEmbedUse use)
{
	int			allowed = BIT(KEY_COLUMNS) | BIT(KEY_FILTER) | BIT(KEY_WITH);

	if (use == HP_EMBED_WHERE)
		allowed |= BIT(KEY_ORDER_BY) | BIT(KEY_LIMIT) | BIT(KEY_OFFSET);
	return use == HP_EMBED_MAP ? BIT(KEY_WITH) : allowed;
}

/* Is it {"with": {...}}, and not what "with" would hold? */
static bool
is_wrapped(Jsonb *spec)
{
	JsonbValue	name = {.type = jbvString};
	JsonbValue *value;

	name.val.string.val = unconstify(char *, key_names[KEY_WITH]);
	name.val.string.len = strlen(key_names[KEY_WITH]);
	value = findJsonbValueFromContainer(&spec->root, JB_FOBJECT, &name);
	return value != NULL && JB_ROOT_COUNT(spec) == 1;
}

static void
check_has_rows(const HpRelation *rel)
{
	if (!OidIsValid(rel->rowtype) || rel->relkind == RELKIND_COMPOSITE_TYPE ||
		rel->relkind == RELKIND_SEQUENCE)
		ereport(ERROR,
				errcode(ERRCODE_WRONG_OBJECT_TYPE),
				errmsg("\"%s\" is not a table", hp_relation_name(rel->relid)),
				errdetail("Rows are read from tables, views and foreign tables."),
				errhint("Name one of these."));
}

/* Check a specification for rows of a relation; see hp_embed_parse(). */
HpLevel *
hp_spec_parse(Oid relid, Jsonb *spec, HpEmbedUse use, const HpColumnList *columns)
{
	HpLevel    *root = palloc0(sizeof(HpLevel));
	LevelText	text = {.level = root};

	root->path = "the root";
	root->relid = relid;
	root->to_one = true;
	check_has_rows(hp_relation_by_regclass(relid));
	if (spec != NULL)
	{
		if (!JB_ROOT_IS_OBJECT(spec))
			ereport(ERROR,
					errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("the specification must be an object"),
					errdetail("It is %s.", JB_ROOT_IS_SCALAR(spec) ? "a scalar" : "an array"),
					errhint("Pass an object such as {\"with\": {\"orders\": {}}}."));
		if (use == HP_EMBED_MAP && !is_wrapped(spec))
		{
			text.given[KEY_WITH] = true;
			text.values[KEY_WITH].type = jbvBinary;
			text.values[KEY_WITH].val.binary.data = &spec->root;
			text.values[KEY_WITH].val.binary.len = VARSIZE(spec) - VARHDRSZ;
		}
		else
			read_keys(&text, &spec->root, allowed_keys(use));
	}
	read_level(&text, columns, 0);
	return root;
}

/* See spec.h. */
HpLevel *
hp_spec_rows(const HpRelationship *via, Jsonb *filter, const char *order_by, int64 limit)
{
	HpLevel    *level = palloc0(sizeof(HpLevel));
	uint64		columns_hash = hp_relation_columns_hash(hp_relation_by_oid(via->target));
	Relation	rel = relation_open(via->target, NoLock);
	TupleDesc	desc = CreateTupleDescCopy(RelationGetDescr(rel));
	const char *name = hp_relation_name(via->target);

	level->relid = via->target;
	level->columns_hash = columns_hash;
	level->via = *via;
	level->limit = limit;
	level->as_row = true;
	level->types = palloc(sizeof(Oid));
	level->types[0] = rel->rd_rel->reltype;
	level->filter = hp_filter_parse(filter, desc, name);
	level->order = hp_order_parse(order_by, desc, name);
	relation_close(rel, NoLock);
	return level;
}
