/*-------------------------------------------------------------------------
 *
 * compress.c
 *		Streaming compression: the methods by name, levels, memory.
 *
 * The libraries allocate with malloc, which no memory context frees.  So a
 * compressor is bound to the context it is made in, and is freed when that is
 * reset or deleted, on errors too.
 *
 * Input goes to the libraries in slices, so that a giant row can be cancelled.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "export/compress.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#define SLICE (256 * 1024)

struct HpCompressor
{
	const HpCompression *method;
	void	   *state;
	MemoryContextCallback callback;
};

static void *
begin_none(int level)
{
	return NULL;
}

static void
write_none(void *state, const char *data, Size len, HpCompressStep step, HpWriter *out)
{
	/* the last step brings nothing */
	if (len > 0)
		hp_writer_bytes(out, data, len);
}

static void
end_none(void *state)
{
}

static const HpCompression none = {"none", 1, 0, 0, begin_none, write_none, end_none};

/* The method of a name; an error if there is none. */
const HpCompression *
hp_compression_find(const char *name, bool allow_none)
{
	const HpCompression *const methods[] = {
		&hp_compression_gzip, &hp_compression_zstd, &hp_compression_lz4
	};

	for (int i = 0; i < lengthof(methods); i++)
		if (strcmp(methods[i]->name, name) == 0)
			return methods[i];
	if (allow_none && strcmp(name, none.name) == 0)
		return &none;
	ereport(ERROR,
			errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			errmsg("unknown compression \"%s\"", name),
			errdetail("Names of compressions are written in lower case."),
			allow_none ? errhint("Use none, gzip, zstd or lz4.") :
			errhint("Use gzip, zstd or lz4, or export_json() for plain text."));
}

static int
check_level(const HpCompression *method, const int *level)
{
	if (level == NULL)
		return method->level_default;
	if (method->level_min > method->level_max)
		ereport(ERROR,
				errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("compression \"%s\" has no levels", method->name),
				errdetail("The level given is %d.", *level),
				errhint("Leave the level out, or choose a compression."));
	if (*level < method->level_min || *level > method->level_max)
		ereport(ERROR,
				errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("compression level %d is out of range", *level),
				errdetail("Levels of %s are %d to %d.", method->name, method->level_min,
						  method->level_max),
				errhint("Leave the level out for the default, %d.", method->level_default));
	return *level;
}

static void
free_state(void *arg)
{
	HpCompressor *compressor = arg;

	if (compressor->state != NULL)
		compressor->method->end(compressor->state);
	compressor->state = NULL;
}

/* A compressor, freed with the current context; level NULL is the default. */
HpCompressor *
hp_compressor_begin(const HpCompression *method, const int *level)
{
	int			checked = check_level(method, level);
	HpCompressor *compressor = palloc0(sizeof(HpCompressor));

	compressor->method = method;
	compressor->callback.func = free_state;
	compressor->callback.arg = compressor;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &compressor->callback);
	compressor->state = method->begin(checked);
	return compressor;
}

/* Compress bytes, and append what comes out. */
void
hp_compressor_write(HpCompressor *compressor, const char *data, Size len, HpCompressStep step,
					HpWriter *out)
{
	const HpCompression *method = compressor->method;

	for (; len > SLICE; data += SLICE, len -= SLICE)
	{
		CHECK_FOR_INTERRUPTS();
		method->write(compressor->state, data, SLICE, HP_COMPRESS_MORE, out);
	}
	method->write(compressor->state, data, len, step, out);
}
