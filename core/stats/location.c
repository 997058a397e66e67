/*
 * t tests. P-values are tails of the t distribution themselves, so that they
 * keep their digits down to 1e-300; standard errors are put together by
 * ratios, so that no square leaves the range of doubles.
 */
#include "ts/location.h"

#include <float.h>
#include <math.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "ts/describe.h"
#include "ts/memory.h"

static const ts_ttest empty = {
    .estimate = NAN,
    .std_error = NAN,
    .statistic = NAN,
    .df = NAN,
    .p_value = NAN,
    .conf_low = NAN,
    .half_width = NAN,
    .conf_high = NAN,
    .estimate_1 = NAN,
    .estimate_2 = NAN,
    .sd_1 = NAN,
    .sd_2 = NAN,
};

static ts_status check_options(const ts_ttest_options *opt, ts_error *err)
{
    if (!(opt->conf_level > 0 && opt->conf_level < 1))
        return ts_fail(err, TS_EINVALID,
                       "conf_level = %g is not between 0 "
                       "and 1",
                       opt->conf_level);
    if (!isfinite(opt->mu))
        return ts_fail(err, TS_EINVALID, "mu = %g is not finite", opt->mu);
    return TS_OK;
}

static ts_status check_sample(const double *x, size_t n, const char *which,
                              ts_error *err)
{
    if (n == 0)
        return ts_fail(err, TS_EDEGENERATE, "%s has no values", which);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return ts_fail(err, TS_EINVALID, "%s: value %zu is not finite",
                           which, i + 1);
    return TS_OK;
}

/* Statistic, P and interval from estimate, std_error and df. scale: size of
 * the means, against which a standard error may be rounding alone. */
static void finish(ts_ttest *t, double scale, const ts_ttest_options *opt)
{
    double level = 1 - opt->conf_level;
    double tail = opt->alternative == TS_TWO_SIDED ? level / 2 : level;
    double half = t->std_error > 0 ? qt(tail, t->df, 0, 0) * t->std_error : 0;
    if (t->std_error <= 10 * DBL_EPSILON * scale) {
        t->reason = TS_TTEST_CONSTANT;
        t->df = NAN;
        t->half_width = half;
        return;
    }
    t->statistic = (t->estimate - opt->mu) / t->std_error;
    t->half_width = half;
    t->conf_low = t->estimate - half;
    t->conf_high = t->estimate + half;
    switch (opt->alternative) {
    case TS_TWO_SIDED:
        t->p_value = 2 * pt(-fabs(t->statistic), t->df, 1, 0);
        break;
    case TS_LESS:
        t->p_value = pt(t->statistic, t->df, 1, 0);
        t->conf_low = -INFINITY;
        break;
    case TS_GREATER:
        t->p_value = pt(t->statistic, t->df, 0, 0);
        t->conf_high = INFINITY;
        break;
    }
}

static void one_sample(const double *x, size_t n, double scale,
                       const ts_ttest_options *opt, ts_ttest *t)
{
    double sd = ts_sd(x, n);
    t->estimate = ts_mean(x, n);
    if (n == 1) {
        t->reason = TS_TTEST_ONE;
        return;
    }
    t->std_error = sd / sqrt((double)n);
    t->df = (double)(n - 1);
    finish(t, scale, opt);
}

ts_status ts_ttest_one(const double *x, size_t n, const ts_ttest_options *opt,
                       ts_ttest *out, ts_error *err)
{
    *out = empty;
    ts_status status = check_options(opt, err);
    if (!status)
        status = check_sample(x, n, "the sample", err);
    if (status)
        return status;
    out->n_1 = n;
    out->estimate_1 = ts_mean(x, n);
    out->sd_1 = ts_sd(x, n);
    one_sample(x, n, fabs(out->estimate_1), opt, out);
    return TS_OK;
}

ts_status ts_ttest_paired(const double *x, const double *y, size_t n,
                          const ts_ttest_options *opt, ts_ttest *out,
                          ts_error *err)
{
    ts_ttest t = empty;
    *out = empty;
    ts_status status = check_options(opt, err);
    if (status || (status = check_sample(x, n, "the first sample", err)) ||
        (status = check_sample(y, n, "the second sample", err)))
        return status;
    double *difference = ts_alloc_array(n, sizeof *difference);
    if (!difference)
        return ts_fail_memory(err);
    for (size_t i = 0; i < n; i++)
        difference[i] = x[i] - y[i];
    if (!(status = check_sample(difference, n, "the difference", err))) {
        t.n_1 = t.n_2 = n;
        t.estimate_1 = ts_mean(x, n);
        t.estimate_2 = ts_mean(y, n);
        t.sd_1 = ts_sd(x, n);
        t.sd_2 = ts_sd(y, n);
        one_sample(difference, n, fmax(fabs(t.estimate_1), fabs(t.estimate_2)),
                   opt, &t);
        *out = t;
    }
    ts_free(difference);
    return status;
}

static void welch(ts_ttest *t)
{
    double se_1 = t->sd_1 / sqrt((double)t->n_1);
    double se_2 = t->sd_2 / sqrt((double)t->n_2);
    t->std_error = hypot(se_1, se_2);
    double a = se_1 / t->std_error, b = se_2 / t->std_error;
    t->df = 1 / (a * a * a * a / (double)(t->n_1 - 1) +
                 b * b * b * b / (double)(t->n_2 - 1));
}

static void pooled(ts_ttest *t)
{
    double a = t->n_1 > 1 ? t->sd_1 : 0, b = t->n_2 > 1 ? t->sd_2 : 0;
    t->df = (double)(t->n_1 + t->n_2 - 2);
    double sd =
        hypot(a * sqrt((double)(t->n_1 - 1)), b * sqrt((double)(t->n_2 - 1))) /
        sqrt(t->df);
    t->std_error = sd * sqrt(1 / (double)t->n_1 + 1 / (double)t->n_2);
}

ts_status ts_ttest_two(const double *x, size_t n_1, const double *y, size_t n_2,
                       const ts_ttest_options *opt, ts_ttest *out,
                       ts_error *err)
{
    ts_ttest t = empty;
    *out = empty;
    ts_status status = check_options(opt, err);
    if (status || (status = check_sample(x, n_1, "the first sample", err)) ||
        (status = check_sample(y, n_2, "the second sample", err)))
        return status;
    t.n_1 = n_1;
    t.n_2 = n_2;
    t.estimate_1 = ts_mean(x, n_1);
    t.estimate_2 = ts_mean(y, n_2);
    t.sd_1 = ts_sd(x, n_1);
    t.sd_2 = ts_sd(y, n_2);
    t.estimate = t.estimate_1 - t.estimate_2;
    if (opt->pooled ? n_1 + n_2 < 3 : n_1 == 1 || n_2 == 1) {
        t.reason = TS_TTEST_ONE;
    } else {
        if (opt->pooled)
            pooled(&t);
        else
            welch(&t);
        finish(&t, fmax(fabs(t.estimate_1), fabs(t.estimate_2)), opt);
    }
    *out = t;
    return TS_OK;
}
