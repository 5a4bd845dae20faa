/*-------------------------------------------------------------------------
 *
 * assemble.c
 *		The tree as JSON text.
 *
 * The text of every row is there; an object with what is embedded in it is the
 * row's text up to its closing brace, then each output key with the rows of its
 * level, written straight into the result.  A row that belongs to several parents
 * is copied for each, and rendered for none.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "eager/node.h"
#include "miscadmin.h"

static void
write_bytes(HpWriter *to, const HpWriter *from)
{
	hp_writer_bytes(to, from->data, from->len);
}

static void
write_array(const HpNode *node, const int *rows, int n, HpWriter *writer)
{
	hp_writer_byte(writer, '[');
	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			hp_writer_byte(writer, ',');
		hp_node_write_row(node, rows[i], writer);
	}
	hp_writer_byte(writer, ']');
}

/* What a node has for a row of the node above. */
static void
write_embedded(const HpNode *node, int i, HpWriter *writer)
{
	int			key = node->asked[i];
	int			n = 0;
	const int  *rows = key >= 0 ? hp_rows_of_key(node->rows, key, &n) : NULL;

	if (node->level->naggregates > 0 && n == 0)
		write_bytes(writer, &node->nothing);
	else if (!node->level->to_one && node->level->naggregates == 0)
		write_array(node, rows, n, writer);
	else if (n == 0)
		hp_writer_bytes(writer, "null", 4);
	else
		hp_node_write_row(node, rows[0], writer);
}

/* Append the object of a row. */
void
hp_node_write_row(const HpNode *node, int row, HpWriter *writer)
{
	uint32		len;
	const char *text = hp_rows_text(node->rows, row, &len);

	CHECK_FOR_INTERRUPTS();
	if (node->nbelow == 0)
	{
		hp_writer_bytes(writer, text, len);
		return;
	}
	check_stack_depth();
	hp_writer_bytes(writer, text, len - 1);
	for (int i = 0; i < node->nbelow; i++)
	{
		const HpNode *below = node->below[i];
		int			skip = i == 0 && len == 2;	/* no comma behind "{" */

		hp_writer_bytes(writer, below->prefix.data + skip, below->prefix.len - skip);
		write_embedded(below, row, writer);
	}
	hp_writer_byte(writer, '}');
}

/* Append the object of the row that was asked for as the i-th; false if there is none. */
bool
hp_node_write_asked(const HpNode *node, int i, HpWriter *writer)
{
	int			key = node->asked[i];
	int			n = 0;
	const int  *rows = key >= 0 ? hp_rows_of_key(node->rows, key, &n) : NULL;

	if (n == 0)
		return false;
	hp_node_write_row(node, rows[0], writer);
	return true;
}
