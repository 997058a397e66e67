/*
 * Estimate, P and interval of odds. Central limits are where one tail is half
 * of alpha. The minlike P jumps where another value of x becomes as improbable
 * as the observed one; between two jumps it falls and then rises at most, so
 * that each piece holds one crossing or none.
 */
#include "odds_family.h"

#include <math.h>
#include "level.h"
#include "root.h"
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/sum.h"

enum { LOG_ODDS_MOST = 700 };

typedef struct {
    const ts_odds_family *f;
    size_t x, other; /* other: upper end of the far tail, minlike */
    bool mid_p, far;
    double alpha;
} query;

/* P(X >= x), of which half of P(X = x) for mid-p. */
static double upper_of(const query *q, double log_odds)
{
    ts_odds_tails t = ts_odds_tails_at(q->f, q->x, log_odds);
    double p = t.upper - (q->mid_p ? t.point / 2 : 0);
    if (q->far)
        p += ts_odds_tails_at(q->f, q->other, log_odds).lower;
    return p;
}

static double above_alpha(double log_odds, void *context)
{
    const query *q = context;
    return log(upper_of(q, log_odds) / q->alpha);
}

/* The mean of X less x, of a positive scale. */
static double excess(double log_odds, void *context)
{
    const query *q = context;
    const ts_odds_family *f = q->f;
    size_t mode = ts_odds_mode(f, log_odds), from, to;
    double most = f->log_weight[mode] + (double)mode * log_odds;
    ts_sum sum = {0};
    ts_odds_window(f, mode, log_odds, &from, &to);
    for (size_t i = from; i <= to; i++)
        ts_sum_add(&sum,
                   ((double)i - (double)q->x) *
                       exp(f->log_weight[i] + (double)i * log_odds - most));
    return ts_sum_value(&sum);
}

static double estimate_of(const ts_odds_family *f, size_t x)
{
    query q = {.f = f, .x = x};
    if (x == 0)
        return 0;
    if (x + 1 == f->n)
        return INFINITY;
    /* between the odds that make x - 1, x and x, x + 1 as probable */
    double low = f->log_weight[x - 1] - f->log_weight[x];
    double high = f->log_weight[x] - f->log_weight[x + 1];
    while (excess(low, &q) > 0)
        low -= 1;
    while (excess(high, &q) < 0)
        high += 1;
    return exp(ts_root(excess, &q, low, high));
}

/* The log odds at which the upper tail is alpha; x > 0. */
static double central_low(const query *q)
{
    const double *w = q->f->log_weight;
    double from = w[q->x - 1] - w[q->x], low = from, high = from, step = 1;
    query copy = *q;
    while (above_alpha(low, &copy) > 0 && low > -LOG_ODDS_MOST)
        low -= step *= 2;
    for (step = 1; above_alpha(high, &copy) < 0 && high < LOG_ODDS_MOST;)
        high += step *= 2;
    return ts_root(above_alpha, &copy, low, high);
}

/* The smallest log odds that minlike does not reject; x > 0. */
static double minlike_low(const query *q)
{
    const double *w = q->f->log_weight;
    size_t x = q->x, first = 0;
    query near = *q;
    double sure = central_low(q); /* the tail alone is alpha there */
    if (q->f->n > 5000) {
        /* far below that limit no far tail makes up for the near one */
        near.alpha = q->alpha / 1000;
        double low = central_low(&near);
        while (first + 1 < x && (w[first] - w[x]) / (double)(x - first) < low)
            first++;
        near.alpha = q->alpha;
    }
    double left = -INFINITY;
    for (size_t other = first;; other++) {
        /* to the left of `right` values from `other` up are more probable */
        double right =
            other < x ? (w[other] - w[x] - 1e-7) / (double)(x - other) : sure;
        near.far = other > first;
        near.other = other ? other - 1 : 0;
        if (isfinite(left) && above_alpha(left, &near) > 1e-10)
            return left;
        if (right >= sure)
            return !near.far ? sure
                   : above_alpha(sure, &near) > 0 && isfinite(left)
                       ? ts_root(above_alpha, &near, left, sure)
                       : sure;
        if (above_alpha(right, &near) > 1e-10) {
            if (!isfinite(left)) {
                left = right - 1;
                while (above_alpha(left, &near) > 0)
                    left -= 1;
            }
            return ts_root(above_alpha, &near, left, right);
        }
        left = right;
    }
}

static ts_status mirror(const ts_odds_family *f, ts_odds_family *out,
                        ts_error *err)
{
    out->n = f->n;
    out->log_weight = ts_alloc_array(f->n, sizeof *out->log_weight);
    if (!out->log_weight)
        return ts_fail_memory(err);
    for (size_t i = 0; i < f->n; i++)
        out->log_weight[i] = f->log_weight[f->n - 1 - i];
    return TS_OK;
}

static double low_limit(const ts_odds_family *f, size_t x,
                        const ts_odds_options *opt)
{
    bool two = opt->alternative == TS_TWO_SIDED;
    double alpha = ts_level_alpha(opt->conf_level);
    query q = {.f = f, .x = x, .mid_p = opt->mid_p, .alpha = alpha};
    if (x == 0)
        return -INFINITY;
    if (two && opt->two_sided == TS_MINLIKE)
        return minlike_low(&q);
    if (two)
        q.alpha /= 2;
    return central_low(&q);
}

static ts_status limits(const ts_odds_family *f, size_t x,
                        const ts_odds_options *opt, ts_exact_odds *out,
                        ts_error *err)
{
    ts_odds_family turned = {0};
    ts_status status = mirror(f, &turned, err);
    if (status)
        return status;
    out->conf_low = 0;
    out->conf_high = INFINITY;
    if (opt->alternative != TS_LESS)
        out->conf_low = exp(low_limit(f, x, opt));
    if (opt->alternative != TS_GREATER)
        out->conf_high = exp(-low_limit(&turned, f->n - 1 - x, opt));
    ts_odds_free(&turned);
    return ts_interrupt_check(err);
}

static double whole(double p)
{
    return p < 1 - 1e-12 ? p : 1;
}

static double smallest(const ts_odds_family *f, const ts_odds_options *opt,
                       double log_odds)
{
    ts_odds_tails low = ts_odds_tails_at(f, 0, log_odds);
    ts_odds_tails high = ts_odds_tails_at(f, f->n - 1, log_odds);
    double factor = opt->mid_p ? 0.5 : 1;
    if (opt->alternative == TS_LESS)
        return factor * low.lower;
    if (opt->alternative == TS_GREATER)
        return factor * high.upper;
    if (opt->two_sided == TS_MINLIKE)
        return fmin(low.minlike - (1 - factor) * low.point,
                    high.minlike - (1 - factor) * high.point);
    return whole(2 * factor * fmin(low.lower, high.upper));
}

ts_status ts_odds_infer(const ts_odds_family *f, size_t x,
                        const ts_odds_options *opt, ts_exact_odds *out,
                        ts_error *err)
{
    double log_odds = opt->null > 0 ? log(opt->null) : 0;
    ts_exact_odds r = {.estimate = NAN, .fixed = f->n == 1};
    ts_odds_tails t = ts_odds_tails_at(f, x, log_odds);
    double half = opt->mid_p ? t.point / 2 : 0;
    double lower = t.lower - half, upper = t.upper - half;
    r.p_central = whole(2 * fmin(lower, upper));
    r.p_minlike = whole(t.minlike - half);
    r.p_value = opt->alternative == TS_LESS      ? lower
                : opt->alternative == TS_GREATER ? upper
                : opt->two_sided == TS_MINLIKE   ? r.p_minlike
                                                 : r.p_central;
    r.p_smallest = smallest(f, opt, log_odds);
    r.conf_high = INFINITY;
    if (!r.fixed) {
        r.estimate = estimate_of(f, x);
        ts_status status = limits(f, x, opt, &r, err);
        if (status)
            return status;
        double alpha = ts_level_alpha(opt->conf_level), null = exp(log_odds);
        bool kept = ts_above_level(r.p_value, alpha);
        /* a limit that is the null but for rounding says nothing */
        bool inside =
            null > r.conf_low * (1 + 1e-9) && null < r.conf_high * (1 - 1e-9);
        bool outside =
            null < r.conf_low * (1 - 1e-9) || null > r.conf_high * (1 + 1e-9);
        r.inconsistent = kept ? outside : inside;
    }
    *out = r;
    return TS_OK;
}
