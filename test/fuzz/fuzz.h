/*-------------------------------------------------------------------------
 *
 * fuzz.h
 *		What the parts of the fuzz harness share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "lib/stringinfo.h"

/* The bytes of an input that are not taken yet. */
typedef struct FuzzInput
{
	const unsigned char *next;
	const unsigned char *end;
} FuzzInput;

/*
 * A statement, and how its parameters, all of type text or text[], are made from an
 * input: a letter for each, see fuzz_argument() in targets.c.
 */
typedef struct FuzzStatement
{
	const char *arguments;
	const char *sql;
	const char *cursor;			/* for a cursor: a statement that makes one of its kind */
} FuzzStatement;

#define FUZZ_MAX_ARGUMENTS 8

/* The first byte of an input chooses the statement, the others are its parameters. */
typedef struct FuzzTarget
{
	const char *name;
	const char *expected;		/* beginnings of the SQLSTATEs that it may end with */
	const FuzzStatement *statements;	/* the last has no sql */
} FuzzTarget;

/* targets.c */
extern const FuzzTarget *fuzz_find_target(const char *name);
extern int	fuzz_nstatements(const FuzzTarget *target);
extern bool fuzz_argument(char kind, const FuzzStatement *statement, FuzzInput *input,
						  Datum *value);
extern int	fuzz_take_byte(FuzzInput *input);
extern char *fuzz_take_text(FuzzInput *input);

/* cursor.c */
extern void fuzz_learn_cursor(const FuzzStatement *statement, const char *example);
extern char *fuzz_take_cursor(const FuzzStatement *statement, FuzzInput *input);

/* json.c */
extern char *fuzz_repair_json(const char *text);

/* guard.c */
extern void fuzz_guard_reset(void);
extern void *fuzz_guarded_palloc(Size size);
extern void fuzz_guarded_pfree(void *chunk);
extern struct varlena *fuzz_guarded_detoast(struct varlena *value);
extern struct varlena *fuzz_guarded_detoast_copy(struct varlena *value);
extern struct varlena *fuzz_guarded_detoast_packed(struct varlena *value);

#endif							/* FUZZ_H */
