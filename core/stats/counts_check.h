/* Checks of counts and of the level of an interval. */
#ifndef TS_COUNTS_CHECK_H
#define TS_COUNTS_CHECK_H

#include "ts/counts.h"

/* A whole number from 0 to 2^53. */
ts_status ts_check_count(double x, const char *what, ts_error *err);
/* Events of n, n may be 0. */
ts_status ts_check_events(double events, double n, const char *what,
                          ts_error *err);
ts_status ts_check_two_by_two(const ts_two_by_two *t, ts_error *err);
ts_status ts_check_level(double conf_level, ts_error *err);

#endif
