/*
 * The studentised maximum modulus: the largest of m independent t statistics
 * with one estimate of variance. None is outside with the power m of the chance
 * that one is not, so that the tail keeps its digits however small it is.
 */
#include "multiple_private.h"

#include <math.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>

typedef struct {
    double m, df;
    bool two_sided;
} modulus;

static double largest_tail(const void *context, double c)
{
    const modulus *x = context;
    double one = pnorm(c, 0, 1, 0, 0);
    return -expm1(x->m * log1p(x->two_sided ? -2 * one : -one));
}

static ts_status check(double m, double df, ts_error *err)
{
    if (!(m >= 1 && m <= 1e6))
        return ts_fail(err, TS_EINVALID,
                       "a modulus is of 1 to 1,000,000 statistics, not %g", m);
    if (!(df > 0))
        return ts_fail(err, TS_EINVALID, "df = %g is not above 0", df);
    return TS_OK;
}

ts_status ts_modulus_tail(double m, double df, double q, bool two_sided,
                          double *p, ts_error *err)
{
    modulus x = {.m = m, .df = df, .two_sided = two_sided};
    ts_status status = check(m, df, err);
    *p = NAN;
    if (status)
        return status;
    if (!isfinite(q) || (two_sided && q < 0))
        return ts_fail(err, TS_EINVALID, "q = %g is no limit", q);
    *p = fmin(1, ts_studentise(largest_tail, &x, 2 * m, 1, df, q));
    return TS_OK;
}

static ts_status falling(void *context, double q, double *p, ts_error *err)
{
    const modulus *x = context;
    return ts_modulus_tail(x->m, x->df, q, x->two_sided, p, err);
}

ts_status ts_modulus_quantile(double m, double df, double p, bool two_sided,
                              double *q, ts_error *err)
{
    modulus x = {.m = m, .df = df, .two_sided = two_sided};
    ts_status status = check(m, df, err);
    *q = NAN;
    if (status)
        return status;
    if (!(p > 0 && p < (two_sided ? 1 : 0.5)))
        return ts_fail(err, TS_EINVALID, "p = %g is not between 0 and %g", p,
                       two_sided ? 1 : 0.5);
    /* above that of one statistic, below that of Bonferroni's inequality */
    double tail = p / (two_sided ? 2 : 1);
    return ts_solve_falling(falling, &x, p, qt(tail, df, 0, 0),
                            qt(tail / m, df, 0, 0), q, err);
}
