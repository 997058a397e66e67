/*
 * Distributions over permutations. Products: units of a are dealt values of b
 * one after the other; a box is how many of each value are gone, and with it
 * goes the distribution of the sum so far. Boxes are worked through in order
 * of their number, which every unit dealt makes larger. Pairs: groups of equal
 * values join one after the other, and the pairs that each adds are those of
 * Mann and Whitney's U without ties.
 */
#include "permuted.h"

#include "ts/exact.h"
#include "ts/interrupt.h"
#include "ts/memory.h"

enum { MOST_BOXES = 1 << 20 };

typedef struct {
    int64_t value;
    size_t count, radix;
} level;

typedef struct {
    size_t n, n_level, n_box;
    int64_t *a; /* scores less the smallest, in units of their step */
    level *levels;
    int64_t *low;  /* by box: the smallest sum, */
    size_t *width; /* how many up to the largest, */
    double **row;  /* and their weights while they are needed */
    double steps, numbers;
} dealing;

static void dealing_free(dealing *d)
{
    for (size_t i = 0; d->row && i < d->n_box; i++)
        ts_free(d->row[i]);
    ts_free(d->a);
    ts_free(d->levels);
    ts_free(d->low);
    ts_free(d->width);
    ts_free(d->row);
}

static size_t gone(const dealing *d, size_t box, size_t j)
{
    return box / d->levels[j].radix % (d->levels[j].count + 1);
}

/* The smallest and the largest sum of a box; returns the units dealt. */
static size_t range_of(const dealing *d, size_t box, int64_t *low,
                       int64_t *high)
{
    size_t units = 0, at = 0;
    *low = *high = 0;
    for (size_t j = 0; j < d->n_level; j++)
        units += gone(d, box, j);
    for (size_t j = 0; j < d->n_level; j++)
        for (size_t i = gone(d, box, j); i > 0; i--, at++) {
            *high += d->levels[j].value * d->a[at];
            *low += d->levels[j].value * d->a[units - 1 - at];
        }
    return units;
}

/* Lists the values of b and their boxes; false where there are too many. */
static bool list_levels(dealing *d, const int64_t *b, int64_t step)
{
    double boxes = 1;
    for (size_t i = 0; i < d->n; i++) {
        int64_t value = (b[i] - b[0]) / step;
        if (i == 0 || value != d->levels[d->n_level - 1].value)
            d->levels[d->n_level++].value = value;
        d->levels[d->n_level - 1].count++;
    }
    for (size_t j = 0; j < d->n_level; j++) {
        d->levels[j].radix = (size_t)boxes;
        boxes *= (double)d->levels[j].count + 1;
        if (boxes > MOST_BOXES)
            return false;
    }
    d->n_box = (size_t)boxes;
    return true;
}

/* Measures all boxes; false where they take too much. */
static bool measure(dealing *d)
{
    for (size_t box = 0; box < d->n_box; box++) {
        int64_t high;
        size_t units = range_of(d, box, &d->low[box], &high), open = 0;
        d->width[box] = (size_t)(high - d->low[box]) + 1;
        for (size_t j = 0; j < d->n_level && units < d->n; j++)
            open += gone(d, box, j) < d->levels[j].count;
        d->numbers += (double)d->width[box];
        d->steps += (double)d->width[box] * (double)open;
        if (d->steps > TS_EXACT_STEPS || d->numbers > TS_EXACT_NUMBERS)
            return false;
    }
    return true;
}

static ts_status deal_one(dealing *d, size_t box, ts_error *err)
{
    int64_t low, high;
    size_t units = range_of(d, box, &low, &high);
    for (size_t j = 0; j < d->n_level; j++) {
        if (gone(d, box, j) == d->levels[j].count)
            continue;
        size_t to = box + d->levels[j].radix;
        if (!d->row[to])
            d->row[to] = ts_alloc_array(d->width[to], sizeof **d->row);
        if (!d->row[to])
            return ts_fail_memory(err);
        double *target =
            d->row[to] + (low + d->a[units] * d->levels[j].value - d->low[to]);
        const double *source = d->row[box];
        for (size_t t = 0; t < d->width[box]; t++)
            target[t] += source[t];
    }
    ts_free(d->row[box]);
    d->row[box] = NULL;
    return TS_OK;
}

static ts_status deal_all(dealing *d, ts_error *err)
{
    double done = 0;
    if (!(d->row[0] = ts_alloc_array(1, sizeof **d->row)))
        return ts_fail_memory(err);
    d->row[0][0] = 1;
    for (size_t box = 0; box + 1 < d->n_box; box++) {
        ts_status status = deal_one(d, box, err);
        done += (double)d->width[box] * (double)d->n_level;
        if (!status && done > 1e7) {
            status = ts_progress("boxes", (double)box, (double)d->n_box, err);
            done = 0;
        }
        if (status)
            return status;
    }
    return TS_OK;
}

static double total_of(const double *weight, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += weight[i];
    return sum;
}

ts_status ts_permuted_products(const int64_t *a, const int64_t *b, size_t n,
                               ts_lattice *out, bool *possible, ts_error *err)
{
    dealing d = {.n = n};
    ts_status status = TS_OK;
    int64_t step_a = ts_score_step(a, n), step_b = ts_score_step(b, n);
    int64_t base = 0;
    *out = (ts_lattice){0};
    *possible = false;
    d.a = ts_alloc_array(n, sizeof *d.a);
    d.levels = ts_alloc_array(n, sizeof *d.levels);
    if (!d.a || !d.levels) {
        status = ts_fail_memory(err);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        d.a[i] = (a[i] - a[0]) / step_a;
        base += a[0] * b[i] + b[0] * (a[i] - a[0]);
    }
    if (!list_levels(&d, b, step_b))
        goto done;
    d.low = ts_alloc_array(d.n_box, sizeof *d.low);
    d.width = ts_alloc_array(d.n_box, sizeof *d.width);
    d.row = ts_alloc_array(d.n_box, sizeof *d.row);
    if (!d.low || !d.width || !d.row) {
        status = ts_fail_memory(err);
        goto done;
    }
    if (!measure(&d) || (status = deal_all(&d, err)))
        goto done;
    *possible = true;
    size_t last = d.n_box - 1;
    *out = (ts_lattice){.weight = d.row[last],
                        .n = d.width[last],
                        .first = base + d.low[last] * step_a * step_b,
                        .step = step_a * step_b,
                        .total = total_of(d.row[last], d.width[last])};
    d.row[last] = NULL;
done:
    dealing_free(&d);
    return status;
}

/* Pairs ------------------------------------------------------------------- */

/* product times factor, as probabilities: n! would leave the range. */
static ts_status multiply(ts_lattice *product, const ts_lattice *factor,
                          ts_error *err)
{
    size_t n = product->n + factor->n - 1;
    double *weight = ts_alloc_array(n, sizeof *weight);
    if (!weight)
        return ts_fail_memory(err);
    for (size_t i = 0; i < factor->n; i++)
        for (size_t j = 0; j < product->n; j++)
            weight[i + j] +=
                factor->weight[i] / factor->total * product->weight[j];
    ts_free(product->weight);
    product->weight = weight;
    product->n = n;
    return TS_OK;
}

/* The group of m equal values joins n others. */
static ts_status join(ts_lattice *product, size_t n, size_t m, ts_error *err)
{
    ts_lattice u;
    int64_t *place = ts_alloc_array(n + m, sizeof *place);
    if (!place)
        return ts_fail_memory(err);
    for (size_t i = 0; i < n + m; i++)
        place[i] = (int64_t)i + 1;
    ts_status status = ts_lattice_subset(place, n + m, m, &u, err);
    ts_free(place);
    if (status)
        return status;
    status = multiply(product, &u, err);
    ts_lattice_free(&u);
    return status ? status : ts_progress("values", (double)(n + m), 0, err);
}

ts_status ts_permuted_pairs(const size_t *size, size_t k, ts_lattice *out,
                            bool *possible, ts_error *err)
{
    double n = (double)size[0], pairs = 0, steps = 0;
    ts_lattice l = {.n = 1, .step = 2};
    ts_status status = TS_OK;
    *out = (ts_lattice){0};
    *possible = false;
    for (size_t j = 1; j < k; j++) {
        double more = n * (double)size[j];
        steps += (pairs + 1) * (more + 1) + more * (double)size[j];
        pairs += more;
        n += (double)size[j];
    }
    if (steps > TS_EXACT_STEPS || pairs > TS_EXACT_NUMBERS)
        return TS_OK;
    if (!(l.weight = ts_alloc_array(1, sizeof *l.weight)))
        return ts_fail_memory(err);
    l.weight[0] = 1;
    size_t before = size[0];
    for (size_t j = 1; j < k && !status; j++) {
        status = join(&l, before, size[j], err);
        before += size[j];
    }
    if (status) {
        ts_free(l.weight);
        return status;
    }
    l.first = -(int64_t)pairs;
    l.total = total_of(l.weight, l.n);
    *possible = true;
    *out = l;
    return TS_OK;
}
