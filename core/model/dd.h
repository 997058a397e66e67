/*
 * Numbers as unevaluated sums of two doubles, about 32 digits (Dekker 1971,
 * Numer Math 18:224; Knuth, TAOCP 2, 4.2.2). Private to the core. Values must
 * stay below 1e300, or splitting overflows: columns are scaled before.
 */
#ifndef TS_DD_H
#define TS_DD_H

typedef struct {
    double hi, lo;
} ts_dd;

/* a + b, exactly. */
static inline ts_dd ts_dd_sum(double a, double b)
{
    double s = a + b, t = s - a;
    return (ts_dd){s, (a - (s - t)) + (b - t)};
}

/* a b, exactly. */
static inline ts_dd ts_dd_product(double a, double b)
{
    double c = 134217729 * a, d = 134217729 * b; /* 2^27 + 1 */
    double a1 = c - (c - a), b1 = d - (d - b), a2 = a - a1, b2 = b - b1;
    double p = a * b;
    return (ts_dd){p, ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2};
}

static inline ts_dd ts_dd_add(ts_dd x, ts_dd y)
{
    ts_dd s = ts_dd_sum(x.hi, y.hi);
    return ts_dd_sum(s.hi, s.lo + (x.lo + y.lo));
}

/* x times the double a. */
static inline ts_dd ts_dd_times(ts_dd x, double a)
{
    ts_dd p = ts_dd_product(x.hi, a);
    return ts_dd_sum(p.hi, p.lo + x.lo * a);
}

#endif
