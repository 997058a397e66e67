/*
 * Standardised differences. The non-central t is an integral of normal tails
 * over the logarithm of the SD, by the trapezoidal rule: R's pnt gives up its
 * series beyond a non-centrality of 37.
 */
#include "ts/standardised.h"

#include <float.h>
#include <math.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "root.h"
#include "ts/describe.h"
#include "ts/location.h"

/* Non-central t ----------------------------------------------------------- */

/* log of the density of x = log S, S^2 a chi-square over its df, but for a
 * constant: 0 at its largest. */
static double log_density(double df, double x)
{
    return df * (x - expm1(2 * x) / 2);
}

/* Where the density is a 1e-18th of its largest value, on one side. */
static double edge(double df, double direction)
{
    double inside = 0, outside = direction;
    while (log_density(df, outside) > -42)
        outside *= 2;
    for (int i = 0; i < 60; i++) {
        double x = (inside + outside) / 2;
        if (log_density(df, x) > -42)
            inside = x;
        else
            outside = x;
    }
    return outside;
}

double ts_noncentral_t(double t, double df, double ncp, bool upper)
{
    if (isnan(t) || isnan(ncp) || !(df > 0))
        return NAN;
    if (!isfinite(df))
        return pnorm(t - ncp, 0, 1, !upper, 0);
    double low = edge(df, -1), high = edge(df, 1), before = -1, sum = 0;
    double constant = df / 2 * log(df / 2) - lgammafn(df / 2) + M_LN2 - df / 2;
    for (long n = 32; n <= 1 << 18; n *= 2) {
        double h = (high - low) / (double)n;
        for (long i = 0; i <= n; i++) {
            double x = low + (double)i * h;
            if (n > 32 && i % 2 == 0)
                continue; /* of the steps before */
            sum += exp(log_density(df, x) + constant) *
                   pnorm(t * exp(x) - ncp, 0, 1, !upper, 0);
        }
        double value = sum * h;
        if (fabs(value - before) <= 1e-14 * value)
            return fmin(1, value);
        before = value;
    }
    return fmin(1, before);
}

typedef struct {
    double t, df, tail;
    bool upper;
} limit;

static double excess(double ncp, void *context)
{
    const limit *l = context;
    return ts_noncentral_t(l->t, l->df, ncp, l->upper) - l->tail;
}

/* The non-centrality under which t is as far out as the tail says: of the lower
 * limit above, of the upper limit below. */
static double ncp_at(double t, double df, double tail, bool upper)
{
    limit l = {t, df, tail, upper};
    double width = 4 + fabs(t) / sqrt(df), low = t - width, high = t + width;
    for (int i = 0; i < 60; i++) {
        bool below = (excess(low, &l) > 0) == upper;
        bool above = (excess(high, &l) < 0) == upper;
        if (!below && !above)
            break;
        width *= 2;
        if (below)
            low = t - width;
        if (above)
            high = t + width;
    }
    return ts_root(excess, &l, low, high);
}

/* Differences ------------------------------------------------------------- */

static double hedges_factor(double df)
{
    if (!(df > 1))
        return NAN;
    return exp(lgammafn(df / 2) - log(df / 2) / 2 - lgammafn((df - 1) / 2));
}

/* df of the mean of two variances. */
static double df_of_mean_variance(const ts_smd *d)
{
    double most = fmax(d->sd_1, d->sd_2);
    double a = d->sd_1 / most, b = d->sd_2 / most;
    a *= a;
    b *= b;
    return (a + b) * (a + b) /
           (a * a / (double)(d->n_1 - 1) + b * b / (double)(d->n_2 - 1));
}

static void fill(const ts_ttest *t, const ts_smd_options *opt, ts_smd *d)
{
    double tail = (1 - opt->conf_level) / 2, df_sd;
    d->std_error = t->std_error;
    d->df = t->df;
    if (opt->pooled) {
        d->sd = t->std_error / sqrt(1 / (double)t->n_1 + 1 / (double)t->n_2);
        df_sd = t->df;
    } else {
        d->sd = hypot(t->sd_1, t->sd_2) / M_SQRT2;
        df_sd = df_of_mean_variance(d);
    }
    double factor = opt->hedges ? hedges_factor(df_sd) : 1;
    double scale = factor * t->std_error / d->sd;
    double statistic = t->estimate / t->std_error;
    d->estimate = factor * (t->estimate / d->sd);
    d->conf_low = scale * ncp_at(statistic, t->df, tail, true);
    d->conf_high = scale * ncp_at(statistic, t->df, tail, false);
}

ts_status ts_smd_two(const double *x, size_t n_1, const double *y, size_t n_2,
                     const ts_smd_options *opt, ts_smd *out, ts_error *err)
{
    ts_ttest t;
    ts_ttest_options how = {.pooled = opt->pooled,
                            .conf_level = opt->conf_level};
    ts_status status = ts_ttest_two(x, n_1, y, n_2, &how, &t, err);
    *out = (ts_smd){.estimate = NAN,
                    .conf_low = NAN,
                    .conf_high = NAN,
                    .std_error = NAN,
                    .df = NAN,
                    .sd = NAN,
                    .estimate_1 = t.estimate_1,
                    .estimate_2 = t.estimate_2,
                    .sd_1 = t.sd_1,
                    .sd_2 = t.sd_2,
                    .n_1 = t.n_1,
                    .n_2 = t.n_2};
    if (!status && t.reason == TS_TTEST_WHOLE && isfinite(t.estimate))
        fill(&t, opt, out);
    return status;
}
