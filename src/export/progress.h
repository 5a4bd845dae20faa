/*-------------------------------------------------------------------------
 *
 * progress.h
 *		A running export in pg_stat_progress_copy.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_PROGRESS_H
#define HP_PROGRESS_H

typedef struct HpProgress
{
	int64		token;			/* tells this export from the others of the backend */
	bool		to_file;
} HpProgress;

extern void hp_progress_begin(HpProgress *progress, bool to_file);
extern void hp_progress_report(const HpProgress *progress, uint64 rows, uint64 bytes);
extern void hp_progress_end(const HpProgress *progress);

#endif							/* HP_PROGRESS_H */
