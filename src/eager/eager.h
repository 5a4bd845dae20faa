/*-------------------------------------------------------------------------
 *
 * eager.h
 *		Rows with their related rows, as JSON: what other rooms may use.
 *
 * The rows of the root are read by the caller, in one statement of its own:
 *
 *		embed = hp_embed_parse(relid, spec, HP_EMBED_MAP, columns);
 *		SELECT <hp_embed_columns>, ... FROM relation AS alias
 *			WHERE ... <hp_embed_append_joins>
 *		batch = hp_embed_begin(embed, context);
 *		in the sink: i = hp_embed_add(batch, slot);
 *		hp_embed_load(batch);
 *		hp_embed_write(batch, i, writer);
 *
 * hp_embed_load() runs one statement for each level below, whatever the number of rows,
 * under the active snapshot and with the rights of the current user.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_EAGER_H
#define HP_EAGER_H

#include "catalog/argument.h"
#include "executor/tuptable.h"
#include "json/writer.h"
#include "query/statement.h"
#include "utils/jsonb.h"

/* What a specification is for: it decides which keys the root may have. */
typedef enum HpEmbedUse
{
	HP_EMBED_KEYS,				/* rows by key: columns, filter, with */
	HP_EMBED_WHERE,				/* and order_by, limit, offset */
	HP_EMBED_MAP				/* {"with": {...}}, or what "with" would hold */
} HpEmbedUse;

typedef struct HpEmbed HpEmbed;
typedef struct HpEmbedBatch HpEmbedBatch;

/*
 * Check a specification (NULL: {}) for rows of a relation, whose lock is taken, as are those of
 * all that it mentions.  columns (or NULL for all) are those shown of the root, where the
 * specification does not say.  Allocated in the current context; may be used as long as no SQL of
 * somebody else's was run in between.
 *
 * Errors, each with detail and hint: 22023 (an unknown key or a value of the wrong kind), 42703,
 * 42701 (a column twice, or an output key that is a column), HP006, HP007, 54001 (too many
 * levels), and those of filters and orders.
 */
extern HpEmbed *hp_embed_parse(Oid relid, Jsonb *spec, HpEmbedUse use,
							const HpColumnList *columns);

/*
 * The columns that the root's rows need, by number, which must be the first of the select list.  At
 * least one.
 */
extern const AttrNumber *hp_embed_columns(const HpEmbed *embed, int *n);

/* Is there a level below the root that filters its parents? */
extern bool hp_embed_filters(const HpEmbed *embed);

/* Append " AND EXISTS (...)" for each level below the root that filters its parents. */
extern void hp_embed_append_joins(const HpEmbed *embed, HpStatement *statement,
								  const char *alias);

/* Start a batch of rows of the root.  Everything is allocated below context. */
extern HpEmbedBatch *hp_embed_begin(const HpEmbed *embed, MemoryContext context);
/* Raises an error unless the rows to come are of the types that the root had when it was parsed. */
extern void hp_embed_expect(HpEmbedBatch *batch, TupleDesc rows);

/*
 * Take a row whose first columns are those of hp_embed_columns(), of the types that the relation
 * had at hp_embed_parse(); returns its number, from 0.
 */
extern int	hp_embed_add(HpEmbedBatch *batch, TupleTableSlot *slot);

/* Load what belongs to the rows taken. */
extern void hp_embed_load(HpEmbedBatch *batch);

/* Append the JSON object of a row with all that is embedded in it. */
extern void hp_embed_write(HpEmbedBatch *batch, int row, HpWriter *writer);

#endif							/* HP_EAGER_H */
