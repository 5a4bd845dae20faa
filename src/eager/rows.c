/*-------------------------------------------------------------------------
 *
 * rows.c
 *		The rendered rows of a level.
 *
 * Rows are rendered once, as they come, one behind the other.  A buffer that has
 * become large is left as it is, and another one begun, so that a level is not
 * bound to the size of one allocation and never copies much as it grows.
 *
 * Rows and the keys that they belong to are related by links, a pair of numbers
 * each, which are sorted by key once all are there (a counting sort, hence stable).
 * A row of a many-to-many level comes with each of its parents, and is known again
 * by its place in its table.
 *
 * Memory: the context given at creation.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "eager/rows.h"

#include "access/htup_details.h"
#include "base/compat.h"
#include "common/hashfn.h"
#include "utils/memutils.h"

/* A buffer above this is full. */
#define BUFFER_FULL ((Size) 16 * 1024 * 1024)
#define BUFFER_INITIAL ((Size) 8 * 1024)
#define MAX_ROWS (INT_MAX / 2)

typedef struct RowText
{
	uint32		buffer;
	uint32		len;
	Size		offset;
} RowText;

typedef struct Link
{
	int			key;
	int			row;
} Link;

typedef struct Place
{
	Oid			tableoid;
	BlockNumber block;
	OffsetNumber offset;
} Place;

typedef struct PlaceEntry
{
	Place		place;			/* hash key */
	int			row;
	char		status;
} PlaceEntry;

static inline uint32
hash_place(Place place)
{
	return hash_combine(murmurhash32(place.tableoid),
						murmurhash32(place.block * MaxHeapTuplesPerPage + place.offset));
}

#define SH_PREFIX places
#define SH_ELEMENT_TYPE PlaceEntry
#define SH_KEY_TYPE Place
#define SH_KEY place
#define SH_HASH_KEY(table, k) hash_place(k)
#define SH_EQUAL(table, a, b) \
	((a).tableoid == (b).tableoid && (a).block == (b).block && (a).offset == (b).offset)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct HpRows
{
	MemoryContext context;
	HpWriter   *buffers;
	int			nbuffers;
	Size		begun;			/* where the row that is being rendered begins */
	RowText    *texts;
	int			nrows;
	int			row_capacity;
	Link	   *links;
	int			nlinks;
	int			link_capacity;
	int		   *first;			/* of each key's links, and the end */
	int		   *sorted;			/* rows in the order of keys */
	struct places_hash *places;
};

HpRows *
hp_rows_create(MemoryContext context)
{
	HpRows	   *rows = MemoryContextAllocZero(context, sizeof(HpRows));

	rows->context = context;
	return rows;
}

static void
add_buffer(HpRows *rows)
{
	Size		size = (rows->nbuffers + 1) * sizeof(HpWriter);

	rows->buffers = rows->buffers == NULL ? MemoryContextAlloc(rows->context, size) :
		repalloc(rows->buffers, size);
	hp_writer_init(&rows->buffers[rows->nbuffers], rows->context, BUFFER_INITIAL);
	rows->nbuffers++;
}

HpWriter *
hp_rows_begin(HpRows *rows)
{
	HpWriter   *writer;

	if (rows->nbuffers == 0 || rows->buffers[rows->nbuffers - 1].len >= BUFFER_FULL)
		add_buffer(rows);
	writer = &rows->buffers[rows->nbuffers - 1];
	rows->begun = writer->len;
	return writer;
}

HpWriter *
hp_rows_begin_aligned(HpRows *rows)
{
	HpWriter   *writer = hp_rows_begin(rows);

	hp_writer_reserve(writer, MAXIMUM_ALIGNOF);
	writer->len = MAXALIGN(writer->len);
	rows->begun = writer->len;
	return writer;
}

/* Room for one more element of an array. */
static void *
grow(HpRows *rows, void *array, int n, int *capacity, Size size)
{
	if (n < *capacity)
		return array;
	if (n >= MAX_ROWS)
		ereport(ERROR,
				errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				errmsg("too many related rows"),
				errdetail("One batch can have %d rows at a level.", MAX_ROWS),
				errhint("Load fewer rows at a time, or lower pg_hotpath.batch_size."));
	*capacity = Max(64, 2 * *capacity);
	return array == NULL ? MemoryContextAlloc(rows->context, *capacity * size) :
		repalloc_huge(array, *capacity * size);
}

int
hp_rows_end(HpRows *rows)
{
	HpWriter   *writer = &rows->buffers[rows->nbuffers - 1];
	RowText    *text;

	rows->texts = grow(rows, rows->texts, rows->nrows, &rows->row_capacity, sizeof(RowText));
	text = &rows->texts[rows->nrows];
	text->buffer = rows->nbuffers - 1;
	text->offset = rows->begun;
	text->len = writer->len - rows->begun;
	return rows->nrows++;
}

const char *
hp_rows_text(const HpRows *rows, int row, uint32 *len)
{
	const RowText *text = &rows->texts[row];

	*len = text->len;
	return rows->buffers[text->buffer].data + text->offset;
}

int
hp_rows_identify(HpRows *rows, Oid tableoid, ItemPointer place, bool *found)
{
	Place		key = {
		.tableoid = tableoid,
		.block = ItemPointerGetBlockNumberNoCheck(place),
		.offset = ItemPointerGetOffsetNumberNoCheck(place),
	};
	PlaceEntry *entry;

	if (rows->places == NULL)
		rows->places = places_create(rows->context, 64, NULL);
	entry = places_insert(rows->places, key, found);
	if (!*found)
		entry->row = rows->nrows;
	return entry->row;
}

void
hp_rows_link(HpRows *rows, int key, int row)
{
	rows->links = grow(rows, rows->links, rows->nlinks, &rows->link_capacity, sizeof(Link));
	rows->links[rows->nlinks].key = key;
	rows->links[rows->nlinks].row = row;
	rows->nlinks++;
}

void
hp_rows_arrange(HpRows *rows, int nkeys)
{
	rows->first = MemoryContextAllocExtended(rows->context, (Size) (nkeys + 1) * sizeof(int),
											 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	rows->sorted = MemoryContextAllocHuge(rows->context, (Size) Max(rows->nlinks, 1) * sizeof(int));
	for (int i = 0; i < rows->nlinks; i++)
		rows->first[rows->links[i].key + 1]++;
	for (int i = 0; i < nkeys; i++)
		rows->first[i + 1] += rows->first[i];
	for (int i = 0; i < rows->nlinks; i++)
		rows->sorted[rows->first[rows->links[i].key]++] = rows->links[i].row;
	/* each has moved on to the next one's beginning */
	memmove(rows->first + 1, rows->first, (Size) nkeys * sizeof(int));
	rows->first[0] = 0;
	if (rows->links != NULL)
		pfree(rows->links);
	rows->links = NULL;
}

const int *
hp_rows_of_key(const HpRows *rows, int key, int *n)
{
	*n = rows->first[key + 1] - rows->first[key];
	return rows->sorted + rows->first[key];
}
