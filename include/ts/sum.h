/*
 * Compensated summation (Neumaier 1974, ZAMM 54:39). Sums that matter go
 * through it; NaN and Inf pass through as in a plain sum.
 */
#ifndef TS_SUM_H
#define TS_SUM_H

#include <math.h>

typedef struct {
    double sum, carry;
} ts_sum;

static inline void ts_sum_add(ts_sum *s, double x)
{
    double t = s->sum + x;
    if (fabs(s->sum) >= fabs(x))
        s->carry += (s->sum - t) + x;
    else
        s->carry += (x - t) + s->sum;
    s->sum = t;
}

static inline double ts_sum_value(const ts_sum *s)
{
    return isfinite(s->carry) ? s->sum + s->carry : s->sum;
}

#endif
