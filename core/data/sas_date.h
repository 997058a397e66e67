/*
 * Dates, times and datetimes as SAS counts them: days and seconds since
 * 1960-01-01, seconds of the day.
 */
#ifndef TS_SAS_DATE_H
#define TS_SAS_DATE_H

#include <stdbool.h>

/* kind: "date", "time" or "datetime"; text is complete ISO 8601, to the
 * nanosecond. */
bool sas_date_parse(const char *text, const char *kind, double *x);
/* ISO 8601 that parses to x again into out, which has room for 40 bytes;
 * false where there is none: out of years 1 to 9999, a date that is not whole,
 * -0, a fraction that needs more than nine digits. */
bool sas_date_format(double x, const char *kind, char *out);

#endif
