/*-------------------------------------------------------------------------
 *
 * file.c
 *		An export to a file of the server, which is whole or not there.
 *
 * The rows go to a file beside, of a name that nobody else has; it is synced,
 * renamed, and the directory synced.  On an error, a cancel or the end of the
 * session it is removed; only a crash of the server can leave it behind, as
 * ".hotpath-<pid>-<number>".  A file that was there stays until it is replaced; so
 * does what a symbolic link points to: the link itself is replaced.
 *
 * Who may: members of pg_write_server_files, who can write any file by COPY too.
 * As there, the path is absolute and the file readable by everyone.
 *
 * Errors: 42501 without that membership, 42602 (invalid_name) for a relative path,
 * 42809 (wrong_object_type) for what is there and no file, those of the operating
 * system by their codes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "export/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "utils/acl.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

/* Bytes of JSON between two calls of the compressor. */
#define PART_SIZE (128 * 1024)

/* Left-over files of crashed sessions that we are willing to pass by. */
#define MAX_TRIES 100

typedef struct FileTarget
{
	const char *path;
	char		temp[MAXPGPATH];
	int			fd;				/* -1 unless open */
	bool		exists;			/* is temp there, and ours? */
	HpCompressor *compressor;
	HpWriter	out;			/* bytes not written yet */
	HpFileResult result;
	struct FileTarget *outer;	/* the export whose query began this one */
} FileTarget;

static FileTarget *innermost = NULL;	/* of the exports that are under way */

static void
check_privilege(void)
{
	if (!has_privs_of_role(GetUserId(), ROLE_PG_WRITE_SERVER_FILES))
		ereport(ERROR,
				errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				errmsg("permission denied to export to a file"),
				errdetail("Only members of the role pg_write_server_files may write files of the server."),
				errhint("Anyone can use export_json() and store the result at the client."));
}

static void
check_path(const char *path)
{
	struct stat st;

	if (!is_absolute_path(path))
		ereport(ERROR,
				errcode(ERRCODE_INVALID_NAME),
				errmsg("path of an export must be absolute"),
				errdetail("The path is \"%s\".", path),
				errhint("Begin it with the root directory of the server, such as \"/srv/export/\"."));
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		ereport(ERROR,
				errcode(ERRCODE_WRONG_OBJECT_TYPE),
				errmsg("\"%s\" is not a regular file", path),
				errdetail("An export replaces a file, or makes a new one."),
				errhint("Name a file in an existing directory."));
}

static void
refuse_file(const char *verb, const char *path)
{
	ereport(ERROR,
			errcode_for_file_access(),
			errmsg("could not %s file \"%s\": %m", verb, path),
			errdetail("The server writes the export as its own operating system user."),
			errhint("Check the directory, its permissions and the space left on it."));
}

/* Put the name of the i-th try for a temporary file into target->temp: short, in the same folder. */
static bool
name_temp(FileTarget *target, int i)
{
	const char *slash = strrchr(target->path, '/');

	return snprintf(target->temp, MAXPGPATH, "%.*s/.hotpath-%d-%d", (int) (slash - target->path),
					target->path, MyProcPid, i) < MAXPGPATH;
}

/* Open a file of a name that is not taken. */
static void
open_temp(FileTarget *target)
{
	for (int i = 0; i < MAX_TRIES && target->fd < 0; i++)
	{
		if (!name_temp(target, i))
			errno = ENAMETOOLONG;
		else
			target->fd = OpenTransientFilePerm(target->temp,
											   O_CREAT | O_EXCL | O_WRONLY | PG_BINARY,
											   S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH);
		if (target->fd < 0 && errno != EEXIST)
			return;
	}
}

/* Create the temporary file, readable as a file of COPY is. */
static void
create_temp(FileTarget *target)
{
	volatile mode_t mask = umask(S_IWGRP | S_IWOTH);

	/* opening may throw, and the mask must not stay */
	PG_TRY();
	{
		open_temp(target);
	}
	PG_CATCH();
	{
		umask(mask);
		PG_RE_THROW();
	}
	PG_END_TRY();
	umask(mask);
	if (target->fd < 0)
		refuse_file("create", target->temp);
	target->exists = true;
}

/* Write what has come together. */
static void
write_out(FileTarget *target)
{
	const char *data = target->out.data;
	Size		left = target->out.len;

	while (left > 0)
	{
		ssize_t		written;

		CHECK_FOR_INTERRUPTS();
		errno = 0;
		pgstat_report_wait_start(WAIT_EVENT_COPY_FILE_WRITE);
		written = write(target->fd, data, left);
		pgstat_report_wait_end();
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
		{
			if (errno == 0)
				errno = ENOSPC;
			refuse_file("write", target->temp);
		}
		data += written;
		left -= written;
	}
	target->result.bytes += target->out.len;
	hp_writer_reset(&target->out);
}

/* The drain of the stream. */
static void
take_part(HpStream *stream, void *arg)
{
	FileTarget *target = arg;
	Size		len;
	const char *utf8 = hp_stream_utf8(stream, &len);

	hp_compressor_write(target->compressor, utf8, len, HP_COMPRESS_MORE, &target->out);
	target->result.rows = hp_stream_rows(stream);
	if (target->out.len >= PART_SIZE)
		write_out(target);
}

static void
close_temp(FileTarget *target)
{
	int			fd = target->fd;

	if (pg_fsync(fd) != 0)
		refuse_file("sync", target->temp);
	target->fd = -1;
	if (CloseTransientFile(fd) != 0)
		refuse_file("close", target->temp);
}

static void
write_file(FileTarget *target, const HpExport *export)
{
	create_temp(target);
	hp_stream_run(export, PART_SIZE, take_part, target);
	hp_compressor_write(target->compressor, NULL, 0, HP_COMPRESS_FINISH, &target->out);
	write_out(target);
	close_temp(target);
	durable_rename(target->temp, target->path, ERROR);
	target->exists = false;
}

static void
remove_temp(FileTarget *target)
{
	if (target->exists)
		(void) unlink(target->temp);
	target->exists = false;
}

/* When the session ends. */
static void
remove_all(int code, Datum arg)
{
	for (FileTarget *target = innermost; target != NULL; target = target->outer)
		remove_temp(target);
}

/* The server has room for few such callbacks, and exports may be within exports: one is for all. */
static void
remove_at_exit(void)
{
	static bool registered = false;

	if (!registered)
		before_shmem_exit(remove_all, (Datum) 0);
	registered = true;
}

/* Take the innermost export off the list, without a file that is not whole. */
static void
forget(FileTarget *target)
{
	remove_temp(target);
	innermost = target->outer;
	pfree(target);
}

/* Export to a path; level NULL is the default. */
HpFileResult
hp_file_export(const char *path, const HpExport *export, const HpCompression *method,
			   const int *level)
{
	FileTarget *target;
	HpFileResult result;

	check_privilege();
	check_path(path);
	remove_at_exit();
	/* when the session ends, it is needed after what aborts the transaction may have been called */
	target = MemoryContextAllocZero(TopMemoryContext, sizeof(FileTarget));
	target->path = path;
	target->fd = -1;
	target->outer = innermost;
	innermost = target;
	PG_TRY();
	{
		target->compressor = hp_compressor_begin(method, level);
		hp_writer_init(&target->out, CurrentMemoryContext, PART_SIZE);
		write_file(target, export);
	}
	PG_CATCH();
	{
		forget(target);
		PG_RE_THROW();
	}
	PG_END_TRY();
	result = target->result;
	forget(target);
	return result;
}
