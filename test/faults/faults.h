/*-------------------------------------------------------------------------
 *
 * faults.h
 *		What preload.c and faults.c have in common.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FAULTS_H
#define FAULTS_H

/* Calls that can be made to fail; bits. */
typedef enum FaultsKind
{
	FAULTS_PALLOC = 1,			/* memory of a memory context */
	FAULTS_MALLOC = 2,			/* other memory: new contexts, libraries */
	FAULTS_SHM = 4,				/* making and mapping shared memory */
	FAULTS_OPEN = 8,			/* making a file */
	FAULTS_WRITE = 16,
	FAULTS_SYNC = 32,
	FAULTS_CLOSE = 64,
	FAULTS_RENAME = 128
} FaultsKind;

/* In place of an error number: write only a part. */
#define FAULTS_SHORT (-1)

extern int	(*faults_hook) (FaultsKind kind);
extern int	faults_quiet;

#endif							/* FAULTS_H */
