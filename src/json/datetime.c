/*-------------------------------------------------------------------------
 *
 * datetime.c
 *		Values to JSON text: dates and timestamps in ISO 8601.
 *
 * The years 1 to 9999 are written here, everything else (earlier, later, the
 * infinities) by the server's JsonEncodeDateTime(), which is also what defines
 * the format.  DateStyle has no influence.
 *
 * A timestamptz is shown in the session's time zone.  Finding the offset that
 * a zone had at an instant is the costly part, and it is the same all day but
 * for the days on which it changes.  So the offset is remembered by the day
 * (UTC) in a small direct-mapped table, for the days without a change.  The
 * table is for one zone, told apart by its address, since the server never
 * frees a zone; it starts afresh with another one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "json/value.h"

#include "catalog/pg_type.h"
#include "json/escape.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/timestamp.h"

/* 0001-01-01 and 9999-12-31, in days since 2000-01-01 */
#define FIRST_DAY (-730119)
#define LAST_DAY 2921939

/* 1900-01-01 and 2200-01-01: within, the zone's offset by day is remembered. */
#define FIRST_ZONED_DAY (-36524)
#define LAST_ZONED_DAY 73049

/* From 0000-03-01 to 2000-01-01, in four centuries, from March to January. */
#define MARCH_DAYS 730425
#define DAYS_PER_ERA 146097
#define DAYS_TO_JANUARY 306

/* 2^32 divided by the days of four years, rounded up. */
#define YEAR_FACTOR 2939745

#define EPOCH_DAYS (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)

#define OFFSET_SLOTS 1024

typedef struct OffsetSlot
{
	int32		day;			/* since 2000-01-01 */
	int32		offset;			/* seconds east of Greenwich */
} OffsetSlot;

static pg_tz *offset_zone = NULL;
static OffsetSlot offset_slots[OFFSET_SLOTS];

/* What the server writes. */
static char *
put_by_server(Datum value, Oid type, char *p)
{
	Size		n;

	*p++ = '"';
	JsonEncodeDateTime(p, value, type, NULL);
	n = strlen(p);
	p[n] = '"';
	return p + n + 1;
}

/*
 * The date of a day since 2000-01-01, by the Euclidean affine functions of Neri and Schneider
 * (Software: Practice and Experience, 2023): a year begins in March, a division by the length of
 * a year or month is a multiplication.
 */
static inline char *
put_day(char *p, int32 day)
{
	uint32		in_eras = 4 * (uint32) (day + MARCH_DAYS) + 3;
	uint32		century = in_eras / DAYS_PER_ERA;
	uint64		in_century = (uint64) YEAR_FACTOR * (in_eras % DAYS_PER_ERA | 3);
	uint32		in_year = (uint32) in_century / YEAR_FACTOR / 4;
	uint32		in_months = 2141 * in_year + 197913;
	uint32		month = in_months >> 16;
	bool		is_next = in_year >= DAYS_TO_JANUARY;

	p = hp_escape_put_four(p, 100 * century + (uint32) (in_century >> 32) + is_next);
	*p++ = '-';
	p = hp_escape_put_two(p, is_next ? month - MONTHS_PER_YEAR : month);
	*p++ = '-';
	return hp_escape_put_two(p, (in_months & 0xffff) / 2141 + 1);
}

/* Microseconds as a fraction, without trailing zeros. */
static inline char *
put_fraction(char *p, uint32 microseconds)
{
	*p++ = '.';
	p = hp_escape_put_two(p, microseconds / 10000);
	p = hp_escape_put_four(p, microseconds % 10000);
	while (p[-1] == '0')
		p--;
	return p;
}

/* The time of day, in microseconds since midnight. */
static inline char *
put_time(char *p, int64 time)
{
	uint32		seconds = time / USECS_PER_SEC;
	uint32		fraction = time - (int64) seconds * USECS_PER_SEC;

	p = hp_escape_put_two(p, seconds / SECS_PER_HOUR);
	*p++ = ':';
	p = hp_escape_put_two(p, seconds / SECS_PER_MINUTE % MINS_PER_HOUR);
	*p++ = ':';
	p = hp_escape_put_two(p, seconds % SECS_PER_MINUTE);
	return fraction == 0 ? p : put_fraction(p, fraction);
}

/* An offset of less than 100 hours, as +hh:mm or +hh:mm:ss. */
static inline char *
put_offset(char *p, int32 offset)
{
	uint32		seconds = abs(offset);

	*p++ = offset < 0 ? '-' : '+';
	p = hp_escape_put_two(p, seconds / SECS_PER_HOUR);
	*p++ = ':';
	p = hp_escape_put_two(p, seconds / SECS_PER_MINUTE % MINS_PER_HOUR);
	if (seconds % SECS_PER_MINUTE != 0)
	{
		*p++ = ':';
		p = hp_escape_put_two(p, seconds % SECS_PER_MINUTE);
	}
	return p;
}

/* The day of a timestamp, and the microseconds since that day's midnight; rounds down. */
static inline int64
split_timestamp(Timestamp timestamp, int64 *time)
{
	int64		day = timestamp / USECS_PER_DAY;

	*time = timestamp - day * USECS_PER_DAY;
	if (*time < 0)
	{
		*time += USECS_PER_DAY;
		day--;
	}
	return day;
}

char *
hp_datetime_put_date(Datum value, char *p)
{
	DateADT		day = DatumGetDateADT(value);

	if (unlikely(day < FIRST_DAY || day > LAST_DAY))
		return put_by_server(value, DATEOID, p);
	*p++ = '"';
	p = put_day(p, day);
	*p++ = '"';
	return p;
}

char *
hp_datetime_put_timestamp(Datum value, char *p)
{
	int64		time;
	int64		day = split_timestamp(DatumGetTimestamp(value), &time);

	if (unlikely(day < FIRST_DAY || day > LAST_DAY))
		return put_by_server(value, TIMESTAMPOID, p);
	*p++ = '"';
	p = put_day(p, day);
	*p++ = 'T';
	p = put_time(p, time);
	*p++ = '"';
	return p;
}

/* Start the table of offsets for the session's time zone. */
static void
forget_offsets(void)
{
	for (int i = 0; i < OFFSET_SLOTS; i++)
		offset_slots[i].day = PG_INT32_MIN;
	offset_zone = session_timezone;
}

/* Find the offset of a day; false if it changes on that day. */
static bool
find_offset(OffsetSlot *slot, int32 day)
{
	pg_time_t	start = ((pg_time_t) day + EPOCH_DAYS) * SECS_PER_DAY;
	pg_time_t	boundary;
	long int	before;
	long int	after;
	int			before_dst;
	int			after_dst;
	int			found;

	found = pg_next_dst_boundary(&start, &before, &before_dst, &boundary, &after, &after_dst,
								 session_timezone);
	if (found < 0 || (found > 0 && boundary < start + SECS_PER_DAY))
		return false;
	/* zones may be given by hand, up to 167 hours away */
	if (labs(before) >= 100 * SECS_PER_HOUR)
		return false;
	slot->day = day;
	slot->offset = before;
	return true;
}

char *
hp_datetime_put_timestamptz(Datum value, char *p)
{
	int64		time;
	int64		day = split_timestamp(DatumGetTimestampTz(value), &time);
	OffsetSlot *slot;

	if (unlikely(day < FIRST_ZONED_DAY || day > LAST_ZONED_DAY))
		return put_by_server(value, TIMESTAMPTZOID, p);
	if (unlikely(offset_zone != session_timezone))
		forget_offsets();
	slot = &offset_slots[(uint32) day % OFFSET_SLOTS];
	if (unlikely(slot->day != day) && !find_offset(slot, day))
		return put_by_server(value, TIMESTAMPTZOID, p);
	day = split_timestamp(DatumGetTimestampTz(value) + slot->offset * USECS_PER_SEC, &time);
	*p++ = '"';
	p = put_day(p, day);
	*p++ = 'T';
	p = put_time(p, time);
	p = put_offset(p, slot->offset);
	*p++ = '"';
	return p;
}
