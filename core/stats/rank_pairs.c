/*
 * Values as whole numbers, so that differences of decimals tie as they do on
 * paper, and the distinct shifts at which the ranks of pairs change.
 */
#include "rank_pairs.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include "ts/describe.h"
#include "ts/memory.h"

const ts_rank_test ts_rank_empty = {.estimate = NAN,
                                    .conf_low = NAN,
                                    .conf_high = NAN,
                                    .statistic = NAN,
                                    .z = NAN,
                                    .p_value = NAN,
                                    .p_smallest = NAN,
                                    .superiority = NAN,
                                    .steps = NAN};

enum { MOST_DECIMALS = 12 };

/* Decimals ---------------------------------------------------------------- */

double ts_grid_scale(int decimals)
{
    static const double ten[] = {1e0, 1e1, 1e2, 1e3,  1e4,  1e5, 1e6,
                                 1e7, 1e8, 1e9, 1e10, 1e11, 1e12};
    return decimals < 0 ? 1 : ten[decimals];
}

double ts_grid_value(double x, int decimals)
{
    return decimals < 0 ? x : round(x * ts_grid_scale(decimals));
}

static double largest_of(const double *x, size_t n, double largest)
{
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(x[i]));
    return largest;
}

/* Raises decimals until all values are whole in that unit. */
static int raise_decimals(const double *x, size_t n, double largest,
                          int decimals)
{
    for (size_t i = 0; i < n && decimals >= 0; i++)
        for (;;) {
            double scale = ts_grid_scale(decimals), scaled = x[i] * scale;
            /* where all are tiny, near zero is not zero */
            double rounding = 1e-9 * fmin(1, largest * scale);
            if (!(fabs(scaled) <= 1e12))
                return -1;
            if (fabs(scaled - round(scaled)) <= rounding)
                break;
            if (++decimals > MOST_DECIMALS)
                return -1;
        }
    return decimals;
}

int ts_decimal_grid(const double *x, size_t n_1, const double *y, size_t n_2,
                    double mu)
{
    double largest = largest_of(x, n_1, largest_of(y, n_2, fabs(mu)));
    int decimals = 0;
    /* twice: more decimals may make earlier values too large */
    for (int pass = 0; pass < 2; pass++) {
        decimals = raise_decimals(x, n_1, largest, decimals);
        decimals = raise_decimals(y, n_2, largest, decimals);
        decimals = raise_decimals(&mu, 1, largest, decimals);
    }
    return decimals;
}

/* Samples ----------------------------------------------------------------- */

double ts_rounding(double a, double b)
{
    return 4 * DBL_EPSILON * fmax(fabs(a), fabs(b));
}

ts_status ts_ranked_new(const double *x, size_t n, int decimals, ts_ranked *out,
                        ts_error *err)
{
    *out = (ts_ranked){.n = n};
    out->x = ts_alloc_array(n, sizeof *out->x);
    out->tie = ts_alloc_array(n, sizeof *out->tie);
    if (!out->x || !out->tie) {
        ts_ranked_free(out);
        return ts_fail_memory(err);
    }
    for (size_t i = 0; i < n; i++)
        out->x[i] = ts_grid_value(x[i], decimals);
    ts_sort(out->x, n);
    for (size_t i = 1; i < n; i++) {
        double gap = out->x[i] - out->x[i - 1];
        bool tied = decimals < 0 ? gap <= ts_rounding(out->x[i], out->x[i - 1])
                                 : gap == 0;
        out->tie[i] = out->tie[i - 1] + !tied;
    }
    return TS_OK;
}

void ts_ranked_free(ts_ranked *sample)
{
    ts_free(sample->x);
    ts_free(sample->tie);
    *sample = (ts_ranked){0};
}

ts_status ts_rank_check(const double *x, size_t n, const char *which,
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

/* Pairs ------------------------------------------------------------------- */

static int by_shift(const void *a, const void *b)
{
    double x = ((const ts_pair *)a)->shift, y = ((const ts_pair *)b)->shift;
    return (x > y) - (x < y);
}

void ts_pairs_sort(ts_pair *pairs, size_t n)
{
    qsort(pairs, n, sizeof *pairs, by_shift);
}

double ts_pairs_median(const ts_pair *pairs, size_t n)
{
    double high = pairs[n / 2].shift, low = pairs[(n - 1) / 2].shift;
    return low + (high - low) / 2;
}

size_t ts_pairs_cluster(const ts_pair *pairs, size_t n_pairs, uint32_t *cluster,
                        double *shift, double *tolerance)
{
    size_t n = 0;
    for (size_t p = 0; p < n_pairs; p++) {
        double gap = p ? pairs[p].shift - pairs[p - 1].shift : INFINITY;
        if (gap > pairs[p].tolerance) {
            shift[n] = pairs[p].shift;
            tolerance[n++] = pairs[p].tolerance;
        }
        cluster[p] = (uint32_t)(n - 1);
    }
    return n;
}

size_t ts_shift_position(const double *shift, const double *tolerance, size_t n,
                         double mu)
{
    size_t low = 0, high = n; /* the first shift not below mu */
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (shift[middle] < mu - tolerance[middle])
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && shift[low] <= mu + tolerance[low] ? 2 * low + 1 : 2 * low;
}
