/*
 * Summaries of one sample. Sums are compensated. Where squares or sums would
 * leave the range of doubles, everything is scaled by a power of two, which
 * costs no digit.
 */
#include "ts/describe.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/sum.h"

/* Mean and SD, of x or of its logarithms ---------------------------------- */

static double term(double x, bool logs)
{
    return logs ? log(x) : x;
}

static double sum_of(const double *x, size_t n, bool logs, double scale)
{
    ts_sum s = {0};
    for (size_t i = 0; i < n; i++)
        ts_sum_add(&s, term(x[i], logs) * scale);
    return ts_sum_value(&s);
}

static double mean_of(const double *x, size_t n, bool logs)
{
    if (n == 0)
        return NAN;
    double sum = sum_of(x, n, logs, 1);
    if (isfinite(sum))
        return sum / (double)n;
    return sum_of(x, n, logs, 0x1p-70) / (double)n * 0x1p70;
}

/* Powers of two that keep the squares of deviations in range. */
static double scale_for(double largest)
{
    if (largest > 0x1p400)
        return 0x1p-600;
    return largest < 0x1p-400 ? 0x1p500 : 1;
}

static double variance_scaled(const double *x, size_t n, bool logs,
                              double *scale)
{
    double mean = mean_of(x, n, logs), largest = 0;
    ts_sum squares = {0}, rest = {0};
    size_t n_equal = 1;
    *scale = 1;
    if (n < 2 || !isfinite(mean))
        return NAN;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(term(x[i], logs) - mean));
    /* the mean of equal values may be off by a bit, their variance is not */
    while (n_equal < n && x[n_equal] == x[0])
        n_equal++;
    if (n_equal == n)
        return 0;
    *scale = scale_for(largest);
    for (size_t i = 0; i < n; i++) {
        double d = term(x[i], logs) * *scale - mean * *scale;
        ts_sum_add(&squares, d * d);
        ts_sum_add(&rest, d);
    }
    double left = ts_sum_value(&rest);
    return (ts_sum_value(&squares) - left * left / (double)n) / (double)(n - 1);
}

static double sd_of(const double *x, size_t n, bool logs)
{
    double scale, variance = variance_scaled(x, n, logs, &scale);
    return sqrt(variance) / scale;
}

double ts_mean(const double *x, size_t n)
{
    return mean_of(x, n, false);
}

double ts_variance(const double *x, size_t n)
{
    double scale, variance = variance_scaled(x, n, false, &scale);
    return variance / scale / scale;
}

double ts_sd(const double *x, size_t n)
{
    return sd_of(x, n, false);
}

static bool all_positive(const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(x[i] > 0))
            return false;
    return true;
}

double ts_geomean(const double *x, size_t n)
{
    if (n == 0 || !all_positive(x, n))
        return NAN;
    double mean = exp(mean_of(x, n, true)), low = x[0], high = x[0];
    for (size_t i = 1; i < n; i++) {
        low = fmin(low, x[i]);
        high = fmax(high, x[i]);
    }
    /* exp(log(x)) may leave the range of x by one bit */
    return fmin(fmax(mean, low), high);
}

double ts_geosd(const double *x, size_t n)
{
    return all_positive(x, n) ? exp(sd_of(x, n, true)) : NAN;
}

double ts_geocv(const double *x, size_t n)
{
    if (!all_positive(x, n))
        return NAN;
    double s = sd_of(x, n, true);
    return 100 * sqrt(expm1(s * s));
}

/* Order ------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void ts_sort(double *x, size_t n)
{
    if (n > 1) /* x may be NULL where there is nothing to sort */
        qsort(x, n, sizeof *x, by_value);
}

static double middle(double a, double b)
{
    double sum = a + b;
    return isfinite(sum) ? sum / 2 : a / 2 + b / 2;
}

double ts_median_sorted(const double *x, size_t n)
{
    if (n == 0)
        return NAN;
    return n % 2 ? x[n / 2] : middle(x[n / 2 - 1], x[n / 2]);
}

/* x(j), from 1; before the first and behind the last stand copies of them. */
static double order_statistic(const double *x, size_t n, double j)
{
    if (j < 1)
        return x[0];
    return j >= (double)n ? x[n - 1] : x[(size_t)j - 1];
}

/* Types 1 to 3 jump: the position is whole, or the next value is taken. */
static double stepwise(const double *x, size_t n, double p, int type)
{
    double at = (double)n * p - (type == 3 ? 0.5 : 0);
    double fuzz = 4 * DBL_EPSILON * fmax(1, fabs(at));
    double j = floor(at + fuzz);
    bool whole = fabs(at - j) <= fuzz;
    if (!whole)
        return order_statistic(x, n, j + 1);
    if (type == 2)
        return middle(order_statistic(x, n, j), order_statistic(x, n, j + 1));
    if (type == 3 && fmod(j, 2) != 0)
        return order_statistic(x, n, j + 1);
    return order_statistic(x, n, j);
}

double ts_quantile_sorted(const double *x, size_t n, double p, int type)
{
    /* position a + p (n + 1 - a - b), of Hyndman and Fan's definitions 4-9 */
    static const double a[] = {0, 0.5, 0, 1, 1.0 / 3, 0.375};
    static const double b[] = {1, 0.5, 0, 1, 1.0 / 3, 0.375};
    if (n == 0 || !(p >= 0 && p <= 1) || type < 1 || type > 9)
        return NAN;
    if (type <= 3)
        return stepwise(x, n, p, type);
    double at = a[type - 4] + p * ((double)n + 1 - a[type - 4] - b[type - 4]);
    double fuzz = 4 * DBL_EPSILON * fmax(1, fabs(at));
    double j = floor(at + fuzz), h = at - j;
    double low = order_statistic(x, n, j);
    double high = order_statistic(x, n, j + 1);
    return fabs(h) <= fuzz || low == high ? low : (1 - h) * low + h * high;
}

int ts_decimals(const double *x, size_t n, int most)
{
    int decimals = 0;
    double unit = 1;
    for (size_t i = 0; i < n && decimals <= most; i++)
        for (; decimals <= most; decimals++, unit *= 10) {
            double scaled = x[i] * unit;
            /* the nearest double to 0.07 is not 7/100: allow its rounding */
            if (isnan(x[i]) ||
                fabs(scaled - round(scaled)) <= 4 * DBL_EPSILON * fabs(scaled))
                break;
        }
    return decimals;
}

/* All of it --------------------------------------------------------------- */

/* What is too large for a double does not exist either. */
static double or_nan(double x)
{
    return isfinite(x) ? x : NAN;
}

/* Mean with half the width of its interval, of x or of its logarithms. */
static double half_width(double sd, size_t n, double conf_level)
{
    if (!(sd >= 0) || n < 2)
        return NAN;
    return qt((1 - conf_level) / 2, (double)n - 1, 0, 0) * sd / sqrt((double)n);
}

static void fill_intervals(ts_description *d, const double *sorted,
                           double conf_level)
{
    double half = half_width(d->sd, d->n, conf_level);
    d->conf_low = or_nan(d->mean - half);
    d->conf_high = or_nan(d->mean + half);
    half = half_width(log(d->geosd), d->n, conf_level);
    d->geomean_low = or_nan(d->geomean * exp(-half));
    d->geomean_high = or_nan(d->geomean * exp(half));
    ts_median_interval(sorted, d->n, conf_level, 0, &d->median_low,
                       &d->median_high, &d->median_level);
}

/* Halves of the place go down, as R's round() has them for all such n. */
double ts_median_error(const double *x, size_t n)
{
    if (n < 2)
        return NAN;
    size_t c =
        (size_t)fmax(1, ceil((double)(n + 1) / 2 - sqrt((double)n) - 0.5));
    double outside = pbinom((double)(c - 1), (double)n, 0.5, 1, 0);
    return (x[n - c] - x[c - 1]) / (2 * qnorm(outside, 0, 1, 0, 0));
}

static void fill(ts_description *d, double *x, size_t n, int type,
                 double conf_level)
{
    d->n = n;
    d->sum = or_nan(sum_of(x, n, false, 1));
    d->mean = ts_mean(x, n);
    d->sd = ts_sd(x, n);
    d->se = d->sd / sqrt((double)n);
    d->cv = or_nan(100 * d->sd / d->mean);
    for (size_t i = 0; i < n; i++)
        d->n_not_positive += !(x[i] > 0);
    d->geomean = ts_geomean(x, n);
    d->geosd = or_nan(ts_geosd(x, n));
    d->geocv = or_nan(ts_geocv(x, n));
    d->skewness = ts_skewness(x, n);
    d->kurtosis = ts_kurtosis(x, n);
    ts_sort(x, n);
    d->median = ts_median_sorted(x, n);
    d->q1 = ts_quantile_sorted(x, n, 0.25, type);
    d->q3 = ts_quantile_sorted(x, n, 0.75, type);
    d->min = n ? x[0] : NAN;
    d->max = n ? x[n - 1] : NAN;
    d->mad = ts_mad_sorted(x, n);
    ts_shapiro_wilk(x, n, &d->shapiro_w, &d->shapiro_p);
    fill_intervals(d, x, conf_level);
}

ts_status ts_describe(const double *x, size_t n, int quantile_type,
                      double conf_level, ts_description *out, ts_error *err)
{
    ts_description d = {0};
    size_t kept = 0;
    *out = d;
    if (quantile_type < 1 || quantile_type > 9)
        return ts_fail(err, TS_EINVALID,
                       "quantile_type = %d: the types are 1 to 9",
                       quantile_type);
    if (!(conf_level > 0 && conf_level < 1))
        return ts_fail(err, TS_EINVALID,
                       "conf_level = %g is not between 0 and 1", conf_level);
    ts_status status = ts_interrupt_check(err);
    if (status)
        return status;
    double *copy = ts_alloc_array(n, sizeof *copy);
    if (!copy)
        return ts_fail_memory(err);
    for (size_t i = 0; i < n; i++) {
        if (isinf(x[i])) {
            ts_free(copy);
            return ts_fail(err, TS_EINVALID, "value %zu is infinite", i + 1);
        }
        if (!isnan(x[i]))
            copy[kept++] = x[i];
    }
    d.n_missing = n - kept;
    fill(&d, copy, kept, quantile_type, conf_level);
    ts_free(copy);
    *out = d;
    return TS_OK;
}
