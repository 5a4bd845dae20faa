/*-------------------------------------------------------------------------
 *
 * progress.c
 *		Shows a running export in pg_stat_progress_copy, as a COPY TO of a query.
 *
 * A backend reports one command at a time, and an export may run inside another
 * one that reports (COPY of a query, a second export), or be left open in a cursor
 * while other commands come and go.  So an export reports only while no other
 * command does, and owns the report as long as its token stands in the last
 * counter, which COPY does not use and every starting command clears.
 *
 * The server ends the report itself when a transaction or subtransaction aborts;
 * an export that survives that takes it up again with its next row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "export/progress.h"

#include "commands/progress.h"
#include "utils/backend_progress.h"
#include "utils/backend_status.h"

#define TOKEN_PARAM (PGSTAT_NUM_PROGRESS_PARAM - 1)

static bool
reports(const HpProgress *progress)
{
	return MyBEEntry != NULL &&
		MyBEEntry->st_progress_command == PROGRESS_COMMAND_COPY &&
		MyBEEntry->st_progress_param[TOKEN_PARAM] == progress->token;
}

/* Start to report if no other command does; whether this export reports now. */
static bool
take_over(const HpProgress *progress)
{
	const int	params[] = {
		PROGRESS_COPY_COMMAND, PROGRESS_COPY_TYPE, TOKEN_PARAM
	};
	const int64 values[] = {
		PROGRESS_COPY_COMMAND_TO,
		progress->to_file ? PROGRESS_COPY_TYPE_FILE : PROGRESS_COPY_TYPE_PIPE,
		progress->token
	};

	if (MyBEEntry == NULL || MyBEEntry->st_progress_command != PROGRESS_COMMAND_INVALID)
		return false;
	pgstat_progress_start_command(PROGRESS_COMMAND_COPY, InvalidOid);
	pgstat_progress_update_multi_param(lengthof(params), params, values);
	return true;
}

/* Begin an export. */
void
hp_progress_begin(HpProgress *progress, bool to_file)
{
	static int64 last_token = 0;

	progress->token = ++last_token;
	progress->to_file = to_file;
	take_over(progress);
}

/* Show how far it is. */
void
hp_progress_report(const HpProgress *progress, uint64 rows, uint64 bytes)
{
	const int	params[] = {PROGRESS_COPY_TUPLES_PROCESSED, PROGRESS_COPY_BYTES_PROCESSED};
	const int64 values[] = {rows, bytes};

	if (reports(progress) || take_over(progress))
		pgstat_progress_update_multi_param(lengthof(params), params, values);
}

/* End the report, if it is this export's. */
void
hp_progress_end(const HpProgress *progress)
{
	if (reports(progress))
		pgstat_progress_end_command();
}
