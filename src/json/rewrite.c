/*-------------------------------------------------------------------------
 *
 * rewrite.c
 *		row_to_json() of a row that never has to be formed.
 *
 * To pass a row to a function the executor forms a tuple: it flattens what is
 * toasted and copies every column, only for us to take the copy apart.  So while
 * a query is planned, row_to_json(t, pretty) becomes
 *
 *		row_columns_to_json('{a,b,...}', pretty, t.a, t.b, ...)
 *
 * where the columns of the row are known: t is a table or materialized view, a
 * subquery that could not be pulled up, a reference to WITH, VALUES, or a row
 * constructor, which is what the planner makes of joins, views and subqueries
 * that it pulled up.
 *
 * The two are the same only while the row itself cannot be null, as it is on the
 * nullable side of an outer join or in some of several grouping sets, and while
 * a column of the row is what a reference to that column yields.  So these are
 * left as they are: rows of an outer query, the target of a data-modifying
 * statement with its old, new, excluded and yet unmerged rows, tables with
 * virtual generated columns, foreign tables, functions and joins.  Whoever calls
 * eval_const_expressions() without a PlannerInfo (constraints, indexes, WHEN of
 * triggers) gets no rewrite at all.
 *
 * The names are those that the executor would give the row: of a named type the
 * type's, else the aliases.  A plan that holds names must be made again when
 * they change, so it is made to depend on the relation of their type.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "json/rewrite.h"

#include "base/compat.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/* The columns of a row. */
typedef struct Columns
{
	List	   *names;			/* char * */
	List	   *values;			/* Node * */
} Columns;

static void
add_column(Columns *columns, const char *name, Node *value)
{
	columns->names = lappend(columns->names, unconstify(char *, name));
	columns->values = lappend(columns->values, value);
}

/* Is a range table entry in a join tree, and no outer join there can make it null? */
static bool
is_never_nulled(Node *tree, int rtindex)
{
	ListCell   *lc;
	JoinExpr   *join;

	check_stack_depth();
	if (tree == NULL)
		return false;
	if (IsA(tree, RangeTblRef))
		return ((RangeTblRef *) tree)->rtindex == rtindex;
	if (IsA(tree, FromExpr))
	{
		foreach(lc, ((FromExpr *) tree)->fromlist)
			if (is_never_nulled(lfirst(lc), rtindex))
				return true;
		return false;
	}
	if (!IsA(tree, JoinExpr))
		return false;
	join = (JoinExpr *) tree;
	if (join->jointype != JOIN_RIGHT && join->jointype != JOIN_FULL &&
		is_never_nulled(join->larg, rtindex))
		return true;
	return (join->jointype == JOIN_INNER || join->jointype == JOIN_RIGHT) &&
		is_never_nulled(join->rarg, rtindex);
}

/* A reference to a column of a row that is referenced as a whole. */
static Node *
column_of(const Var *row, AttrNumber attno, Oid type, int32 typmod, Oid collation)
{
	Var		   *column = copyObject(unconstify(Var *, row));

	column->varattno = attno;
	column->vartype = type;
	column->vartypmod = typmod;
	column->varcollid = collation;
	column->varnosyn = column->varno;
	column->varattnosyn = attno;
	return (Node *) column;
}

/* The columns of a table whose row is referenced as a whole. */
static bool
table_columns(const RangeTblEntry *rte, const Var *row, Columns *columns)
{
	TupleDesc	desc;
	bool		known;

	if ((rte->relkind != RELKIND_RELATION && rte->relkind != RELKIND_PARTITIONED_TABLE &&
		 rte->relkind != RELKIND_MATVIEW) || get_typ_typrelid(row->vartype) != rte->relid)
		return false;
	desc = lookup_rowtype_tupdesc(row->vartype, row->vartypmod);
	known = !hp_has_virtual_columns(desc);
	for (int i = 0; known && i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped)
			add_column(columns, pstrdup(NameStr(att->attname)),
					   column_of(row, att->attnum, att->atttypid, att->atttypmod,
								 att->attcollation));
	}
	ReleaseTupleDesc(desc);
	return known;
}

/* The same for a subquery. */
static bool
subquery_columns(const RangeTblEntry *rte, const Var *row, Columns *columns)
{
	List	   *names = rte->eref->colnames;
	ListCell   *lc;
	int			n = 0;

	foreach(lc, rte->subquery->targetList)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, lc);
		Node	   *value = (Node *) entry->expr;

		if (entry->resjunk)
			continue;
		if (n >= list_length(names) || entry->resno != n + 1)
			return false;
		add_column(columns, strVal(list_nth(names, n)),
				   column_of(row, entry->resno, exprType(value), exprTypmod(value),
							 exprCollation(value)));
		n++;
	}
	return n == list_length(names);
}

/* The same for a reference to WITH, or VALUES. */
static bool
listed_columns(const RangeTblEntry *rte, const Var *row, Columns *columns)
{
	List	   *names = rte->eref->colnames;
	int			n = list_length(names);

	if (list_length(rte->coltypes) != n || list_length(rte->coltypmods) != n ||
		list_length(rte->colcollations) != n)
		return false;
	for (int i = 0; i < n; i++)
		add_column(columns, strVal(list_nth(names, i)),
				   column_of(row, i + 1, list_nth_oid(rte->coltypes, i),
							 list_nth_int(rte->coltypmods, i),
							 list_nth_oid(rte->colcollations, i)));
	return true;
}

/* The columns of a row that is referenced as a whole. */
static bool
variable_columns(const Query *query, const Var *row, Columns *columns)
{
	RangeTblEntry *rte;

	if (row->varattno != InvalidAttrNumber || row->varlevelsup != 0 ||
		row->varno < 1 || row->varno > list_length(query->rtable) ||
		row->varno == query->resultRelation ||
		!is_never_nulled((Node *) query->jointree, row->varno))
		return false;
	rte = rt_fetch(row->varno, query->rtable);
	if (rte->rtekind == RTE_RELATION)
		return table_columns(rte, row, columns);
	if (row->vartype != RECORDOID)
		return false;
	if (rte->rtekind == RTE_SUBQUERY)
		return subquery_columns(rte, row, columns);
	if (rte->rtekind == RTE_CTE || rte->rtekind == RTE_VALUES)
		return listed_columns(rte, row, columns);
	return false;
}

/* The columns of a row constructor of a named type. */
static bool
typed_columns(PlannerGlobal *plan, const RowExpr *row, Columns *columns)
{
	TupleDesc	desc = lookup_rowtype_tupdesc(row->row_typeid, -1);
	bool		known = desc->natts == list_length(row->args);

	for (int i = 0; known && i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		Node	   *value = list_nth(row->args, i);

		if (att->attisdropped)
			continue;
		known = exprType(value) == att->atttypid;
		add_column(columns, pstrdup(NameStr(att->attname)), value);
	}
	ReleaseTupleDesc(desc);
	if (known)
		plan->relationOids = list_append_unique_oid(plan->relationOids,
													get_typ_typrelid(row->row_typeid));
	return known;
}

/* The columns of a row constructor. */
static bool
constructor_columns(PlannerGlobal *plan, const RowExpr *row, Columns *columns)
{
	if (row->row_typeid != RECORDOID)
		return typed_columns(plan, row, columns);
	if (list_length(row->colnames) != list_length(row->args))
		return false;
	for (int i = 0; i < list_length(row->args); i++)
	{
		const char *name = strVal(list_nth(row->colnames, i));

		if (name[0] == '\0')
			return false;		/* the executor has another */
		add_column(columns, name, list_nth(row->args, i));
	}
	return true;
}

/* Is the row what the query groups by?  Then it is not taken from the columns. */
static bool
is_grouped(const Query *query, const Node *row)
{
	ListCell   *lc;

	foreach(lc, query->groupClause)
		if (equal(get_sortgroupclause_expr(lfirst(lc), query->targetList), row))
			return true;
	return query->groupingSets != NIL;
}

static Const *
names_constant(List *names)
{
	Datum	   *datums = palloc(list_length(names) * sizeof(Datum));
	ArrayType  *array;
	ListCell   *lc;

	foreach(lc, names)
		datums[foreach_current_index(lc)] = CStringGetTextDatum(lfirst(lc));
	array = construct_array(datums, list_length(names), TEXTOID, -1, false, TYPALIGN_INT);
	return makeConst(TEXTARRAYOID, -1, get_typcollation(TEXTARRAYOID), -1, PointerGetDatum(array),
					 false, false);
}

/* row_columns_to_json() that belongs to a row_to_json(), if any. */
static Oid
find_function(Oid row_to_json)
{
	Oid			types[] = {TEXTARRAYOID, BOOLOID, ANYOID};

	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
						   CStringGetDatum("row_columns_to_json"),
						   PointerGetDatum(buildoidvector(types, lengthof(types))),
						   ObjectIdGetDatum(get_func_namespace(row_to_json)));
}

/*
 * What a call of row_to_json(record, boolean) can be replaced by, or NULL.  The
 * right to call it is checked here, as it is not checked of what is replaced.
 */
FuncExpr *
hp_rewrite_row_call(PlannerInfo *root, const FuncExpr *call)
{
	Columns		columns = {NIL, NIL};
	Node	   *row;
	bool		known = false;
	Oid			function;

	if (root == NULL || root->glob == NULL || root->parse == NULL ||
		root->parse->commandType == CMD_MERGE ||
		list_length(call->args) != HP_FIXED_ARGUMENTS)
		return NULL;
	row = linitial(call->args);
	if (IsA(row, Var))
		known = variable_columns(root->parse, (Var *) row, &columns);
	else if (IsA(row, RowExpr))
		known = constructor_columns(root->glob, (RowExpr *) row, &columns);
	if (!known || columns.values == NIL ||
		list_length(columns.values) > FUNC_MAX_ARGS - HP_FIXED_ARGUMENTS ||
		is_grouped(root->parse, row) || !hp_may_execute(call->funcid))
		return NULL;
	function = find_function(call->funcid);
	if (!OidIsValid(function))
		return NULL;
	return makeFuncExpr(function, JSONOID,
						list_concat(list_make2(names_constant(columns.names), lsecond(call->args)),
									columns.values),
						InvalidOid, call->inputcollid, COERCE_EXPLICIT_CALL);
}
