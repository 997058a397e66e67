/* The sign test and the interval of the median that belongs to it. */
#include "ts/rank.h"

#include <math.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "level.h"
#include "rank_pairs.h"
#include "ts/describe.h"

bool ts_median_interval(const double *sorted, size_t n, double conf_level,
                        char which, double *low, double *high, double *achieved)
{
    double alpha = ts_level_alpha(conf_level);
    double tail = which ? alpha : alpha / 2;
    size_t k = 0; /* P(X < k) <= tail */
    *low = *high = *achieved = NAN;
    while (k < n &&
           !ts_above_level(pbinom((double)k, (double)n, 0.5, 1, 0), tail))
        k++;
    if (k == 0)
        return false;
    double outside = pbinom((double)k - 1, (double)n, 0.5, 1, 0);
    *low = which == 'u' ? -INFINITY : sorted[k - 1];
    *high = which == 'l' ? INFINITY : sorted[n - k];
    *achieved = 1 - (which ? outside : 2 * outside);
    return true;
}

ts_status ts_sign_test(const double *x, size_t n, const ts_rank_options *opt,
                       ts_rank_test *out, ts_error *err)
{
    ts_rank_test t = ts_rank_empty;
    ts_ranked sample;
    size_t above = 0, below = 0;
    double achieved;
    *out = t;
    ts_status status = ts_rank_check_options(opt, err);
    if (status || (status = ts_rank_check(x, n, "the sample", err)))
        return status;
    int decimals = ts_decimal_grid(x, n, NULL, 0, opt->mu);
    if ((status = ts_ranked_new(x, n, decimals, &sample, err)))
        return status;
    double mu = ts_grid_value(opt->mu, decimals);
    double rounding = decimals < 0 ? ts_rounding(mu, mu) : 0;
    for (size_t i = 0; i < n; i++) {
        above += sample.x[i] > mu + rounding;
        below += sample.x[i] < mu - rounding;
    }
    double used = (double)(above + below), p_all = ldexp(1, -(int)used);
    ts_tails tails = {pbinom((double)above, used, 0.5, 1, 0),
                      pbinom((double)below, used, 0.5, 1, 0), 0};
    tails.absdev = 2 * fmin(tails.lower, tails.upper);
    t.n_1 = n;
    t.n_zero = n - above - below;
    t.statistic = (double)above;
    t.p_value = ts_tails_p(&tails, opt);
    t.p_smallest =
        fmin(1, opt->alternative == TS_TWO_SIDED ? 2 * p_all : p_all);
    t.exact = true;
    double scale = ts_grid_scale(decimals);
    t.estimate = ts_median_sorted(sample.x, n) / scale;
    static const char side[] = {
        [TS_TWO_SIDED] = 0, [TS_LESS] = 'u', [TS_GREATER] = 'l'};
    if (ts_median_interval(sample.x, n, opt->conf_level, side[opt->alternative],
                           &t.conf_low, &t.conf_high, &achieved)) {
        t.conf_low /= scale;
        t.conf_high /= scale;
    } else {
        t.conf_low = -INFINITY;
        t.conf_high = INFINITY;
    }
    ts_rank_consistent(opt, &t);
    *out = t;
    ts_ranked_free(&sample);
    return TS_OK;
}
