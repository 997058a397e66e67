/*
 * Weights are kept as logarithms, summed from the logarithms of the ratios of
 * neighbours, so that far tails keep their digits and large tables do not
 * overflow.
 */
#include "odds_family.h"

#include <math.h>
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/sum.h"

void ts_odds_free(ts_odds_family *f)
{
    ts_free(f->log_weight);
    *f = (ts_odds_family){0};
}

static ts_status reserve(double n, ts_odds_family *out, ts_error *err)
{
    *out = (ts_odds_family){0};
    if (n > TS_EXACT_NUMBERS)
        return ts_fail(err, TS_ELIMIT,
                       "counts above %.0e are too large for "
                       "an exact test",
                       TS_EXACT_NUMBERS);
    out->n = (size_t)n;
    out->log_weight = ts_alloc_array(out->n, sizeof *out->log_weight);
    return out->log_weight ? TS_OK : ts_fail_memory(err);
}

ts_status ts_odds_hypergeometric(const ts_two_by_two *t, ts_odds_family *out,
                                 ts_error *err)
{
    double events = t->events_1 + t->events_2;
    double low = fmax(0, events - t->n_2), high = fmin(events, t->n_1);
    ts_status status = reserve(high - low + 1, out, err);
    ts_sum log_weight = {0};
    for (size_t i = 1; !status && i < out->n; i++) {
        double x = low + (double)i; /* against x - 1 */
        ts_sum_add(&log_weight, log((t->n_1 - x + 1) / x));
        ts_sum_add(&log_weight, log((events - x + 1) / (t->n_2 - events + x)));
        out->log_weight[i] = ts_sum_value(&log_weight);
    }
    return status;
}

ts_status ts_odds_binomial(double n, ts_odds_family *out, ts_error *err)
{
    ts_status status = reserve(n + 1, out, err);
    ts_sum log_weight = {0};
    for (size_t i = 1; !status && i < out->n; i++) {
        ts_sum_add(&log_weight, log((n - (double)i + 1) / (double)i));
        out->log_weight[i] = ts_sum_value(&log_weight);
    }
    return status;
}

/* log of the sum over i of exp(a[i] + b[x - i]) */
static double convolve_at(const ts_odds_family *a, const ts_odds_family *b,
                          size_t x)
{
    size_t from = x >= b->n ? x - b->n + 1 : 0;
    size_t to = x < a->n ? x : a->n - 1;
    double most = -INFINITY;
    ts_sum sum = {0};
    for (size_t i = from; i <= to; i++)
        most = fmax(most, a->log_weight[i] + b->log_weight[x - i]);
    for (size_t i = from; i <= to; i++)
        ts_sum_add(&sum, exp(a->log_weight[i] + b->log_weight[x - i] - most));
    return most + log(ts_sum_value(&sum));
}

ts_status ts_odds_convolve(ts_odds_family *a, const ts_odds_family *b,
                           ts_error *err)
{
    ts_odds_family sum;
    double steps = (double)a->n * (double)b->n;
    if (steps > TS_EXACT_STEPS / 20)
        return ts_fail(err, TS_ELIMIT,
                       "the counts are too large for an exact test in strata");
    ts_status status = reserve((double)(a->n + b->n - 1), &sum, err);
    for (size_t x = 0; !status && x < sum.n; x++) {
        sum.log_weight[x] = convolve_at(a, b, x);
        if (x % 64 == 0)
            status = ts_interrupt_check(err);
    }
    if (status) {
        ts_odds_free(&sum);
        return status;
    }
    ts_odds_free(a);
    *a = sum;
    return TS_OK;
}

/* Tails ------------------------------------------------------------------- */

static double tilted(const ts_odds_family *f, size_t x, double log_odds)
{
    return f->log_weight[x] + (double)x * log_odds;
}

size_t ts_odds_mode(const ts_odds_family *f, double log_odds)
{
    /* log-concave: the largest is where neighbours stop rising */
    size_t low = 0, high = f->n - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (tilted(f, middle + 1, log_odds) > tilted(f, middle, log_odds))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void ts_odds_window(const ts_odds_family *f, size_t mode, double log_odds,
                    size_t *from, size_t *to)
{
    double least = tilted(f, mode, log_odds) - 745; /* exp is 0 below */
    size_t low = 0, high = mode;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (tilted(f, middle, log_odds) < least)
            low = middle + 1;
        else
            high = middle;
    }
    *from = low;
    low = mode;
    high = f->n - 1;
    while (low < high) {
        size_t middle = (low + high + 1) / 2;
        if (tilted(f, middle, log_odds) < least)
            high = middle - 1;
        else
            low = middle;
    }
    *to = low;
}

ts_odds_tails ts_odds_tails_at(const ts_odds_family *f, size_t x,
                               double log_odds)
{
    size_t mode = ts_odds_mode(f, log_odds), from, to;
    double most = tilted(f, mode, log_odds), own = tilted(f, x, log_odds);
    ts_sum below = {0}, above = {0}, like = {0};
    ts_odds_window(f, mode, log_odds, &from, &to);
    for (size_t i = from; i <= to; i++) {
        double l = tilted(f, i, log_odds), w = exp(l - most);
        if (i < x)
            ts_sum_add(&below, w);
        else if (i > x)
            ts_sum_add(&above, w);
        if (i != x && l <= own + 1e-7)
            ts_sum_add(&like, w);
    }
    double point = exp(own - most), low = ts_sum_value(&below);
    double high = ts_sum_value(&above), all = low + point + high;
    return (ts_odds_tails){.lower = (low + point) / all,
                           .upper = (high + point) / all,
                           .point = point / all,
                           .minlike =
                               fmin(1, (ts_sum_value(&like) + point) / all)};
}
