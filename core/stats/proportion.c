/* One proportion. */
#include "ts/counts.h"

#include <math.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "counts_check.h"
#include "level.h"
#include "proportion_wilson.h"
#include "root.h"

void ts_wilson(double x, double n, double z, double *low, double *high)
{
    double middle = x + z * z / 2;
    double half = z * sqrt(x * (n - x) / n + z * z / 4);
    /* the smaller root from the larger, so that none of its digits cancel */
    *low = x == 0 ? 0 : x * x / n / (middle + half);
    *high = x == n ? 1 : (middle + half) / (n + z * z);
    double y = n - x, other = y + z * z / 2;
    if (x > y && x < n) /* the same from the side of those without */
        *high = 1 - y * y / n / (other + half);
    if (x > 0)
        *low = x > y ? 1 - (other + half) / (n + z * z) : *low;
}

typedef struct {
    double x, n, tail;
    bool upper;
} query;

/* Tail of x or more (fewer), x counted half. */
static double mid_tail(double p, double x, double n, bool upper)
{
    double beyond = pbinom(upper ? x : x - 1, n, p, !upper, 0);
    return beyond + dbinom(x, n, p, 0) / 2;
}

static double mid_excess(double p, void *context)
{
    const query *q = context;
    return mid_tail(p, q->x, q->n, q->upper) - q->tail;
}

static double mid_limit(double x, double n, double tail, bool low)
{
    query q = {x, n, tail, low};
    if (low ? x == 0 : x == n)
        return low ? 0 : 1;
    /* all events: half of p^n is the tail; no sign change where that is 1/2 */
    double p = ts_root(mid_excess, &q, 0, 1);
    return isnan(p) ? (low ? 0 : 1) : p;
}

static void limits(double x, double n, double tail,
                   ts_proportion_interval interval, ts_proportion *out)
{
    double z = qnorm5(tail, 0, 1, 0, 0), p = x / n;
    double n_more = n + z * z, p_more = (x + z * z / 2) / n_more;
    switch (interval) {
    case TS_WILSON:
        ts_wilson(x, n, z, &out->conf_low, &out->conf_high);
        break;
    case TS_CLOPPER_PEARSON:
        out->conf_low = x == 0 ? 0 : qbeta(tail, x, n - x + 1, 1, 0);
        out->conf_high = x == n ? 1 : qbeta(tail, x + 1, n - x, 0, 0);
        break;
    case TS_MID_P:
        out->conf_low = mid_limit(x, n, tail, true);
        out->conf_high = mid_limit(x, n, tail, false);
        break;
    case TS_JEFFREYS:
        out->conf_low = x == 0 ? 0 : qbeta(tail, x + 0.5, n - x + 0.5, 1, 0);
        out->conf_high = x == n ? 1 : qbeta(tail, x + 0.5, n - x + 0.5, 0, 0);
        break;
    case TS_AGRESTI_COULL:
        out->conf_low = p_more - z * sqrt(p_more * (1 - p_more) / n_more);
        out->conf_high = p_more + z * sqrt(p_more * (1 - p_more) / n_more);
        break;
    case TS_WALD_ONE:
        out->conf_low = p - z * out->std_error;
        out->conf_high = p + z * out->std_error;
        break;
    }
    out->conf_low = fmax(0, out->conf_low);
    out->conf_high = fmin(1, out->conf_high);
}

static double z_tail(double away, double sd, bool upper)
{
    if (sd == 0)
        return away == 0 ? 0.5 : (away > 0) == upper ? 0 : 1;
    return pnorm5(away / sd, 0, 1, !upper, 0);
}

typedef struct {
    double x, n, null;
    bool low; /* limit that moves towards null as z grows */
} coull_query;

static double coull_gap(double z, void *context)
{
    const coull_query *q = context;
    double n = q->n + z * z, p = (q->x + z * z / 2) / n;
    double half = z * sqrt(p * (1 - p) / n);
    return (q->low ? p - half : p + half) - q->null;
}

/* The z at which the interval of Agresti and Coull touches null. */
static double coull_tail(double x, double n, double null, bool upper)
{
    coull_query q = {x, n, null, null < x / n};
    double z = null == x / n ? 0 : ts_root(coull_gap, &q, 0, 40);
    if (isnan(z))
        z = 40;
    return pnorm5(q.low ? z : -z, 0, 1, !upper, 0);
}

/* P of x or more (upper), or x or fewer, by the test behind the interval. */
static double tail_of(double x, double n, double null, double std_error,
                      ts_proportion_interval interval, bool upper)
{
    double away = x / n - null;
    switch (interval) {
    case TS_WILSON:
        return z_tail(away, sqrt(null * (1 - null) / n), upper);
    case TS_CLOPPER_PEARSON:
        return pbinom(upper ? x - 1 : x, n, null, !upper, 0);
    case TS_MID_P:
        return mid_tail(null, x, n, upper);
    case TS_JEFFREYS: /* whose limits at 0 and n of n are 0 and 1 */
        if (upper ? x == 0 : x == n)
            return 1;
        return pbeta(null, x + 0.5, n - x + 0.5, upper, 0);
    case TS_AGRESTI_COULL:
        return coull_tail(x, n, null, upper);
    case TS_WALD_ONE:
        return z_tail(away, std_error, upper);
    }
    return NAN;
}

ts_status ts_proportion_of(double x, double n, const ts_proportion_options *opt,
                           ts_proportion *out, ts_error *err)
{
    ts_proportion r = {NAN, NAN, NAN, NAN, NAN};
    bool two = opt->alternative == TS_TWO_SIDED;
    *out = r;
    ts_status status = ts_check_level(opt->conf_level, err);
    if (status || (status = ts_check_events(x, n, "the sample", err)))
        return status;
    if (n == 0)
        return ts_fail(err, TS_EDEGENERATE, "nobody is in the sample");
    if (!isnan(opt->null) && !(opt->null > 0 && opt->null < 1))
        return ts_fail(err, TS_EINVALID, "%g is not between 0 and 1",
                       opt->null);
    r.estimate = x / n;
    r.std_error = sqrt(r.estimate * (1 - r.estimate) / n);
    double alpha = ts_level_alpha(opt->conf_level);
    limits(x, n, two ? alpha / 2 : alpha, opt->interval, &r);
    if (opt->alternative == TS_LESS)
        r.conf_low = 0;
    if (opt->alternative == TS_GREATER)
        r.conf_high = 1;
    if (!isnan(opt->null)) {
        double lower = tail_of(x, n, opt->null, r.std_error, opt->interval, 0);
        double upper = tail_of(x, n, opt->null, r.std_error, opt->interval, 1);
        r.p_value = opt->alternative == TS_LESS      ? lower
                    : opt->alternative == TS_GREATER ? upper
                                                     : 2 * fmin(lower, upper);
        if (r.p_value > 1 - 1e-12)
            r.p_value = 1;
    }
    *out = r;
    return TS_OK;
}
