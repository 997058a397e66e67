/* Comparing P with the level of an interval, so that both decide alike. */
#ifndef TS_LEVEL_H
#define TS_LEVEL_H

#include <math.h>
#include <stdbool.h>

/* 1 - conf_level as the decimal it is meant to be: 0.05, not 0.0500...044. */
static inline double ts_level_alpha(double conf_level)
{
    double alpha = 1 - conf_level, decimal = round(alpha * 1e10) / 1e10;
    return fabs(decimal - alpha) < 1e-15 ? decimal : alpha;
}

/* Whether p is above the level: not rejected. P that is the level but for
 * rounding is not above it. */
static inline bool ts_above_level(double p, double alpha)
{
    return p > alpha * (1 + 1e-10);
}

#endif
