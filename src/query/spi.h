/*-------------------------------------------------------------------------
 *
 * spi.h
 *		The server programming interface, with errors for what must not happen.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_SPI_H
#define HP_SPI_H

#include "executor/spi.h"

static inline void
hp_spi_connect(void)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

static inline void
hp_spi_finish(void)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
}

static inline void
hp_spi_check(int result, int expected)
{
	if (result != expected)
		elog(ERROR, "unexpected result of a statement: %s", SPI_result_code_string(result));
}

/* Prepare one statement, with options of DECLARE CURSOR. */
static inline SPIPlanPtr
hp_spi_prepare(const char *sql, int ntypes, const Oid *types, int options)
{
	SPIPlanPtr	plan = SPI_prepare_cursor(sql, ntypes, unconstify(Oid *, types), options);

	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed for \"%s\": %s", sql,
			 SPI_result_code_string(SPI_result));
	return plan;
}

/* Keep a plan beyond the end of the procedure and the transaction. */
static inline void
hp_spi_keep(SPIPlanPtr plan)
{
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "SPI_keepplan failed");
}

#endif							/* HP_SPI_H */
