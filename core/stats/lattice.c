/*
 * Generating functions of sums of scores, kept as arrays. Row j of the subset
 * table holds the choices of j units so far; it starts at the sum of the j
 * smallest scores and is only visited where choices exist and can still be
 * completed.
 */
#include "lattice.h"

#include <math.h>
#include <string.h>
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/sum.h"

static int64_t gcd(int64_t a, int64_t b)
{
    while (b) {
        int64_t r = a % b;
        a = b;
        b = r;
    }
    return a < 0 ? -a : a;
}

int64_t ts_score_step(const int64_t *score, size_t n)
{
    int64_t step = 0;
    for (size_t i = 1; i < n; i++)
        step = gcd(step, score[i] - score[0]);
    return step ? step : 1;
}

void ts_lattice_free(ts_lattice *lattice)
{
    ts_free(lattice->weight);
    *lattice = (ts_lattice){0};
}

static double total_of(const double *weight, size_t n)
{
    ts_sum sum = {0};
    for (size_t i = 0; i < n; i++)
        ts_sum_add(&sum, weight[i]);
    return ts_sum_value(&sum);
}

/* Subsets ----------------------------------------------------------------- */

/* sums[i]: of the first i scores, each less the smallest, in steps. */
static int64_t *partial_sums(const int64_t *score, size_t n, int64_t step)
{
    int64_t *sums = ts_alloc_array(n + 1, sizeof *sums);
    for (size_t i = 0; sums && i < n; i++)
        sums[i + 1] = sums[i] + (score[i] - score[0]) / step;
    return sums;
}

/* Of j units among the first i: the smallest sum is sums[j], the largest that
 * of the last j of them. */
static int64_t largest(const int64_t *sums, size_t i, size_t j)
{
    return sums[i] - sums[i - j];
}

/* Rows that unit i (from 1) can change: j from *low to *high. */
static void rows_of(size_t i, size_t n, size_t m, size_t *low, size_t *high)
{
    *high = i < m ? i : m;
    *low = m + i > n ? m + i - n : 0;
    if (*low == 0)
        *low = 1;
}

double ts_subset_steps(const int64_t *score, size_t n, size_t m)
{
    int64_t step = ts_score_step(score, n);
    double steps = 0, low_sum = 0, *low = ts_alloc_array(n + 1, sizeof *low);
    if (!low) /* the distribution itself will say that memory ran out */
        return 0;
    for (size_t i = 0; i < n; i++) {
        low_sum += (double)(score[i] - score[0]) / (double)step;
        low[i + 1] = low_sum;
    }
    for (size_t i = 1; i <= n; i++) {
        size_t first, last;
        rows_of(i, n, m, &first, &last);
        for (size_t j = first; j <= last; j++)
            steps += low[i - 1] - low[i - j] - low[j - 1] + 1;
        if (steps > 1e3 * TS_EXACT_STEPS)
            break; /* enough to know */
    }
    ts_free(low);
    return steps;
}

static ts_status fill_rows(double **row, const int64_t *sums, size_t n,
                           size_t m, ts_error *err)
{
    double steps = 0;
    for (size_t i = 1; i <= n; i++) {
        size_t first, last;
        int64_t shift = sums[i] - sums[i - 1];
        rows_of(i, n, m, &first, &last);
        for (size_t j = last; j >= first; j--) {
            int64_t high = largest(sums, i - 1, j - 1);
            size_t width = (size_t)(high - sums[j - 1]) + 1;
            const double *from = row[j - 1];
            double *to = row[j] + (sums[j - 1] + shift - sums[j]);
            for (size_t k = 0; k < width; k++)
                to[k] += from[k];
            steps += (double)width;
        }
        if (steps > 1e7) {
            ts_status status = ts_progress("units", (double)i, (double)n, err);
            if (status)
                return status;
            steps = 0;
        }
    }
    return TS_OK;
}

ts_status ts_lattice_subset(const int64_t *score, size_t n, size_t m,
                            ts_lattice *out, ts_error *err)
{
    ts_status status = TS_OK;
    int64_t step = ts_score_step(score, n);
    int64_t *sums = partial_sums(score, n, step);
    double **row = ts_alloc_array(m + 1, sizeof *row);
    *out = (ts_lattice){0};
    if (!sums || !row) {
        status = ts_fail_memory(err);
        goto done;
    }
    for (size_t j = 0; j <= m; j++) {
        row[j] = ts_alloc_array((size_t)(largest(sums, n, j) - sums[j]) + 1,
                                sizeof **row);
        if (!row[j]) {
            status = ts_fail_memory(err);
            goto done;
        }
    }
    row[0][0] = 1;
    if ((status = fill_rows(row, sums, n, m, err)))
        goto done;
    out->n = (size_t)(largest(sums, n, m) - sums[m]) + 1;
    out->weight = row[m];
    row[m] = NULL;
    out->step = step;
    out->first = sums[m] * step + (int64_t)m * score[0];
    out->total = total_of(out->weight, out->n);
done:
    for (size_t j = 0; row && j <= m; j++)
        ts_free(row[j]);
    ts_free(row);
    ts_free(sums);
    return status;
}

/* Signs ------------------------------------------------------------------- */

/* Largest whole number that divides all n scores. */
static int64_t common_divisor(const int64_t *score, size_t n)
{
    int64_t step = 0;
    for (size_t i = 0; i < n; i++)
        step = gcd(step, score[i]);
    return step ? step : 1;
}

double ts_signs_steps(const int64_t *score, size_t n)
{
    double sum = 0, steps = 0;
    double step = (double)common_divisor(score, n);
    for (size_t i = 0; i < n; i++) {
        steps += sum + 1;
        sum += (double)score[i] / step;
    }
    return steps;
}

ts_status ts_lattice_signs(const int64_t *score, size_t n, ts_lattice *out,
                           ts_error *err)
{
    int64_t step = common_divisor(score, n), sum = 0, reach = 0;
    double steps = 0;
    *out = (ts_lattice){0};
    for (size_t i = 0; i < n; i++)
        sum += score[i] / step;
    double *weight = ts_alloc_array((size_t)sum + 1, sizeof *weight);
    if (!weight)
        return ts_fail_memory(err);
    weight[0] = 1;
    for (size_t i = 0; i < n; i++) {
        int64_t shift = score[i] / step;
        /* from above, so that what is read has not been changed yet */
        for (int64_t k = reach; k >= 0; k--) {
            weight[k] /= 2;
            weight[k + shift] += weight[k];
        }
        reach += shift;
        steps += (double)reach;
        if (steps > 1e7) {
            ts_status status = ts_progress("units", (double)i, (double)n, err);
            if (status) {
                ts_free(weight);
                return status;
            }
            steps = 0;
        }
    }
    *out = (ts_lattice){.weight = weight,
                        .n = (size_t)sum + 1,
                        .step = step,
                        .total = total_of(weight, (size_t)sum + 1)};
    return TS_OK;
}

/* Tails ------------------------------------------------------------------- */

/* The weight of from .. to - 1 as a probability. */
static double share(const ts_lattice *l, size_t from, size_t to)
{
    double p = from < to ? total_of(l->weight + from, to - from) / l->total : 0;
    return p < 1 ? p : 1;
}

/* Places k with first + k step <= x, counted from 0: k < the result. */
static size_t places_up_to(const ts_lattice *l, int64_t x)
{
    if (x < l->first)
        return 0;
    size_t k = (size_t)((x - l->first) / l->step) + 1;
    return k < l->n ? k : l->n;
}

/* floor(a / b), b > 0 */
static int64_t floor_ratio(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return a % b && a < 0 ? q - 1 : q;
}

static double deviation(const ts_lattice *l, int64_t distance, int64_t mean,
                        int64_t divisor)
{
    /* T <= (mean - distance) / divisor or T >= (mean + distance) / divisor */
    size_t below = places_up_to(l, floor_ratio(mean - distance, divisor));
    size_t above = places_up_to(l, floor_ratio(mean + distance - 1, divisor));
    if (below >= above)
        return 1;
    double p = share(l, 0, below) + share(l, above, l->n);
    return p < 1 ? p : 1;
}

ts_tails ts_lattice_tails(const ts_lattice *l, int64_t t, int64_t mean,
                          int64_t divisor)
{
    int64_t distance = t * divisor - mean;
    return (ts_tails){
        .lower = share(l, 0, places_up_to(l, t)),
        .upper = share(l, places_up_to(l, t - 1), l->n),
        .absdev =
            deviation(l, distance < 0 ? -distance : distance, mean, divisor)};
}

static int64_t value_at(const ts_lattice *l, size_t place)
{
    return l->first + (int64_t)place * l->step;
}

ts_smallest ts_lattice_smallest(const ts_lattice *l, int64_t mean,
                                int64_t divisor)
{
    size_t first = 0, last = l->n - 1; /* ties may make ends impossible */
    while (first < last && l->weight[first] == 0)
        first++;
    while (last > first && l->weight[last] == 0)
        last--;
    ts_tails low = ts_lattice_tails(l, value_at(l, first), mean, divisor);
    ts_tails high = ts_lattice_tails(l, value_at(l, last), mean, divisor);
    return (ts_smallest){.lower = low.lower,
                         .upper = high.upper,
                         .central = fmin(1, 2 * fmin(low.lower, high.upper)),
                         .absdev = fmin(low.absdev, high.absdev)};
}

/* Strata ------------------------------------------------------------------ */

int64_t ts_common_multiple(int64_t a, int64_t b)
{
    int64_t all = a / gcd(a, b) * b;
    return all > INT64_C(1) << 30 ? 0 : all;
}

ts_status ts_lattice_nothing(ts_lattice *total, ts_error *err)
{
    *total = (ts_lattice){.n = 1, .step = 1, .total = 1};
    total->weight = ts_alloc_array(1, sizeof *total->weight);
    if (!total->weight)
        return ts_fail_memory(err);
    total->weight[0] = 1;
    return TS_OK;
}

ts_status ts_lattice_convolve(ts_lattice *total, const ts_lattice *part,
                              int64_t factor, ts_error *err)
{
    size_t stretch = (size_t)(part->step * factor);
    size_t n = total->n + (part->n - 1) * stretch;
    double *weight = ts_alloc_array(n, sizeof *weight);
    if (!weight)
        return ts_fail_memory(err);
    for (size_t k = 0; k < part->n; k++) {
        double w = part->weight[k] / part->total;
        for (size_t i = 0; w > 0 && i < total->n; i++)
            weight[i + k * stretch] += w * total->weight[i];
    }
    ts_free(total->weight);
    total->weight = weight;
    total->n = n;
    total->first += part->first * factor;
    ts_sum all = {0};
    for (size_t i = 0; i < n; i++)
        ts_sum_add(&all, weight[i]);
    total->total = ts_sum_value(&all);
    return ts_interrupt_check(err);
}
