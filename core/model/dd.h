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

/* a as a sum of two of half the digits: hi of 26 bits. */
static inline ts_dd ts_dd_split(double a)
{
    double c = 134217729 * a, hi = c - (c - a); /* 2^27 + 1 */
    return (ts_dd){hi, a - hi};
}

/* a b, exactly, of a and b that are split. */
static inline ts_dd ts_dd_product_split(double a, ts_dd as, double b, ts_dd bs)
{
    double p = a * b;
    return (ts_dd){p, ((as.hi * bs.hi - p) + as.hi * bs.lo + as.lo * bs.hi) +
                          as.lo * bs.lo};
}

/* a b, exactly. */
static inline ts_dd ts_dd_product(double a, double b)
{
    return ts_dd_product_split(a, ts_dd_split(a), b, ts_dd_split(b));
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
