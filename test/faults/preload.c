/*-------------------------------------------------------------------------
 *
 * preload.c
 *		Calls into the C library that can be made to fail, for a server's LD_PRELOAD.
 *
 * Two ways lead here.  faults.c, loaded into a backend, sets the hook, which is
 * asked before each call and may name the error that the call is to return.
 * And a file that the environment variable HP_FAULTS names concerns every process
 * of the server.  It holds two numbers in CONTROL_SIZE bytes: whether /dev/shm is
 * full, and by how many seconds the clock is ahead.
 *
 *-------------------------------------------------------------------------
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "faults.h"

/* Set by faults.c: the error number for this call, 0 to go on, or FAULTS_SHORT. */
int			(*faults_hook) (FaultsKind kind) = NULL;

/* While set, what is printed to standard error by stdio is dropped: memory statistics. */
int			faults_quiet = 0;

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);

#define CONTROL_SIZE 32

/* The next definition of a function. */
#define REAL(name) \
	static __typeof__(name) *real_##name = NULL; \
	if (real_##name == NULL) \
		real_##name = (__typeof__(name) *) dlsym(RTLD_NEXT, #name)

/* Does this call fail?  Sets errno if so. */
static int
fails(FaultsKind kind)
{
	int			error = faults_hook != NULL ? faults_hook(kind) : 0;

	if (error > 0)
		errno = error;
	return error > 0;
}

/* The text of the control file, as it is now. */
static const char *
control(void)
{
	static const char *text = NULL;
	const char *path = text == NULL ? getenv("HP_FAULTS") : NULL;
	int			fd;

	if (path == NULL)
		return text;
	REAL(open);
	REAL(mmap);
	REAL(close);
	fd = real_open(path, O_RDONLY);
	if (fd < 0)
		return NULL;
	text = real_mmap(NULL, CONTROL_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	if (text == MAP_FAILED)
		text = NULL;
	real_close(fd);
	return text;
}

/* Is there no room in /dev/shm? */
static int
shm_is_full(void)
{
	const char *text = control();

	if (text == NULL || text[0] != '1')
		return 0;
	errno = ENOSPC;
	return 1;
}

void *
malloc(size_t size)
{
	return fails(FAULTS_MALLOC) ? NULL : __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	return fails(FAULTS_MALLOC) ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *old, size_t size)
{
	return fails(FAULTS_MALLOC) ? NULL : __libc_realloc(old, size);
}

int
shm_open(const char *name, int flags, mode_t mode)
{
	REAL(shm_open);
	return fails(FAULTS_SHM) ? -1 : real_shm_open(name, flags, mode);
}

int
posix_fallocate(int fd, off_t offset, off_t len)
{
	REAL(posix_fallocate);
	/* this one returns its error */
	if (fails(FAULTS_SHM) || shm_is_full())
		return errno;
	return real_posix_fallocate(fd, offset, len);
}

int
ftruncate(int fd, off_t len)
{
	REAL(ftruncate);
	return fails(FAULTS_SHM) ? -1 : real_ftruncate(fd, len);
}

void *
mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	REAL(mmap);
	/* others map private memory, which is malloc's matter */
	if ((flags & MAP_SHARED) != 0 && fails(FAULTS_SHM))
		return MAP_FAILED;
	return real_mmap(addr, len, prot, flags, fd, offset);
}

int
open(const char *path, int flags, ...)
{
	va_list		args;
	mode_t		mode;

	REAL(open);
	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	return (flags & O_CREAT) != 0 && fails(FAULTS_OPEN) ? -1 : real_open(path, flags, mode);
}

ssize_t
write(int fd, const void *data, size_t len)
{
	int			error = faults_hook != NULL ? faults_hook(FAULTS_WRITE) : 0;

	REAL(write);
	if (error > 0)
	{
		errno = error;
		return -1;
	}
	return real_write(fd, data, error == FAULTS_SHORT ? (len + 1) / 2 : len);
}

int
fsync(int fd)
{
	REAL(fsync);
	return fails(FAULTS_SYNC) ? -1 : real_fsync(fd);
}

int
close(int fd)
{
	REAL(close);
	/* the descriptor is gone whatever is returned */
	if (fails(FAULTS_CLOSE))
	{
		int			error = errno;

		real_close(fd);
		errno = error;
		return -1;
	}
	return real_close(fd);
}

int
rename(const char *from, const char *to)
{
	REAL(rename);
	return fails(FAULTS_RENAME) ? -1 : real_rename(from, to);
}

int
gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	const char *text = control();
	int			result;

	REAL(gettimeofday);
	result = real_gettimeofday(now, zone);
	if (text != NULL)
		now->tv_sec += atol(text + 1);
	return result;
}

size_t
fwrite(const void *data, size_t size, size_t n, FILE *to)
{
	REAL(fwrite);
	return to == stderr && faults_quiet ? n : real_fwrite(data, size, n, to);
}
