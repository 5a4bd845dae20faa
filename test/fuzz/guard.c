/*-------------------------------------------------------------------------
 *
 * guard.c
 *		Memory that ends where a page begins which nobody may read.
 *
 * Reading past the end of a chunk of palloc() goes unnoticed: other chunks of the
 * same block follow.  So run.sh compiles the files that take a stranger's bytes from
 * SQL, and the one that decodes cursors, with the functions here in the place of the
 * server's.  Nor may what was freed, or belongs to an input before this one, be read.
 *
 * What does not fit, or comes when all slots are taken, is allocated as usual.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "fmgr.h"

#define NSLOTS		16
#define SLOT_SIZE	(16 * 1024)

static char *slots = NULL;
static Size slot_step;			/* a slot and the page behind it */
static int	nused = 0;			/* by this input */

static void
protect(char *slot, int protection)
{
	if (mprotect(slot, SLOT_SIZE, protection) != 0)
		elog(ERROR, "cannot protect memory: %m");
}

static char *
end_of_free_slot(void)
{
	char	   *slot;

	if (slots == NULL)
	{
		slot_step = SLOT_SIZE + sysconf(_SC_PAGESIZE);
		slots = mmap(NULL, NSLOTS * slot_step, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (slots == MAP_FAILED)
			elog(ERROR, "cannot map memory: %m");
	}
	slot = slots + nused++ * slot_step;
	protect(slot, PROT_READ | PROT_WRITE);
	return slot + SLOT_SIZE;
}

/* What earlier inputs have allocated is gone. */
void
fuzz_guard_reset(void)
{
	while (nused > 0)
		protect(slots + --nused * slot_step, PROT_NONE);
}

void *
fuzz_guarded_palloc(Size size)
{
	if (size > SLOT_SIZE || nused == NSLOTS)
		return palloc(size);
	return end_of_free_slot() - size;
}

void
fuzz_guarded_pfree(void *chunk)
{
	char	   *place = chunk;

	if (slots == NULL || place < slots || place > slots + NSLOTS * slot_step)
		pfree(chunk);
	else
		protect(slots + (place - slots) / slot_step * slot_step, PROT_NONE);
}

/* A copy of a value that is not toasted; NULL if there is no place. */
static struct varlena *
copy(struct varlena *value)
{
	Size		size = VARSIZE_ANY(value);
	char	   *place;

	if (size > SLOT_SIZE - MAXIMUM_ALIGNOF || nused == NSLOTS)
		return NULL;
	place = end_of_free_slot() - size;
	if (!VARATT_IS_1B(value))
		place = (char *) TYPEALIGN_DOWN(MAXIMUM_ALIGNOF, place);
	memcpy(place, value, size);
	return (struct varlena *) place;
}

struct varlena *
fuzz_guarded_detoast(struct varlena *value)
{
	struct varlena *plain = pg_detoast_datum(value);
	struct varlena *copied = copy(plain);

	return copied != NULL ? copied : plain;
}

struct varlena *
fuzz_guarded_detoast_copy(struct varlena *value)
{
	struct varlena *copied = copy(pg_detoast_datum(value));

	return copied != NULL ? copied : pg_detoast_datum_copy(value);
}

struct varlena *
fuzz_guarded_detoast_packed(struct varlena *value)
{
	struct varlena *plain = pg_detoast_datum_packed(value);
	struct varlena *copied = copy(plain);

	return copied != NULL ? copied : plain;
}
