/*
 * The studentised range. Of k independent normal means the smallest is at z,
 * and the range above w unless the k - 1 others lie within w of it; the
 * difference of these two powers is taken as a product, so that nothing
 * cancels.
 */
#include "multiple_private.h"

#include <math.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>

typedef struct {
    size_t k;
} means;

static double range_tail(const void *context, double w)
{
    size_t k = ((const means *)context)->k;
    double h = 0.75 / sqrt((double)k), sum = 0, end = sqrt(w * w + 80);
    long n = (long)ceil(end / h);
    for (long step = -n; step <= n; step++) {
        double z = (double)step * h;
        double above = pnorm(z, 0, 1, 0, 0), beyond = pnorm(z + w, 0, 1, 0, 0);
        double within = above - beyond, power = 1, series = 0;
        /* a^m - b^m = (a - b) (a^(m-1) + a^(m-2) b + ... + b^(m-1)) */
        for (size_t i = 0; i + 1 < k; i++) {
            series = series * above + power;
            power *= within;
        }
        sum += beyond * series * dnorm(z, 0, 1, 0);
    }
    return fmin(1, (double)k * sum * h);
}

static ts_status check(size_t k, double df, ts_error *err)
{
    if (k < 2 || k > 1000)
        return ts_fail(err, TS_EINVALID,
                       "a range is of 2 to 1000 means, not %zu", k);
    if (!(df > 0))
        return ts_fail(err, TS_EINVALID, "df = %g is not above 0", df);
    return TS_OK;
}

ts_status ts_range_tail(size_t k, double df, double q, double *p, ts_error *err)
{
    means m = {.k = k};
    ts_status status = check(k, df, err);
    *p = NAN;
    if (status)
        return status;
    if (!(q > 0))
        return ts_fail(err, TS_EINVALID, "q = %g is not above 0", q);
    /* about the two tails of k (k - 1) / 2 differences */
    *p = ts_studentise(range_tail, &m, (double)(k * (k - 1)), M_SQRT2, df, q);
    return TS_OK;
}

typedef struct {
    size_t k;
    double df;
} studentised;

static ts_status falling(void *context, double q, double *p, ts_error *err)
{
    const studentised *s = context;
    return ts_range_tail(s->k, s->df, q, p, err);
}

ts_status ts_range_quantile(size_t k, double df, double p, double *q,
                            ts_error *err)
{
    studentised s = {.k = k, .df = df};
    ts_status status = check(k, df, err);
    *q = NAN;
    if (status)
        return status;
    if (!(p > 0 && p < 1))
        return ts_fail(err, TS_EINVALID, "p = %g is not between 0 and 1", p);
    /* above that of two means, below that of Bonferroni's inequality */
    double pairs = (double)(k * (k - 1) / 2);
    return ts_solve_falling(falling, &s, p, M_SQRT2 * qt(p / 2, df, 0, 0),
                            M_SQRT2 * qt(p / 2 / pairs, df, 0, 0), q, err);
}

/* Scheffe ----------------------------------------------------------------- */

double ts_scheffe_tail(double rank, double df, double q)
{
    return pf(q * q / rank, rank, df, 0, 0);
}

double ts_scheffe_quantile(double rank, double df, double p)
{
    return sqrt(rank * qf(p, rank, df, 0, 0));
}
