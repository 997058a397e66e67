/* Sums of subsets by meeting in the middle. */
#include "subset_sums.h"

#include <math.h>
#include <stdlib.h>
#include "ts/interrupt.h"
#include "ts/memory.h"

#define MOST_SUMS (1 << 20)

typedef struct {
    double value;
    size_t count;
} level;

/* A sum of some units of a half, and how many choices give it. */
typedef struct {
    double sum, weight;
    size_t units;
} part;

typedef struct {
    part *part;
    size_t n, most_units;
    size_t *start; /* of the parts with so many units; most_units + 2 */
} half;

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int by_units(const void *a, const void *b)
{
    const part *x = a, *y = b;
    if (x->units != y->units)
        return x->units < y->units ? -1 : 1;
    return (x->sum > y->sum) - (x->sum < y->sum);
}

static void half_free(half *h)
{
    ts_free(h->part);
    ts_free(h->start);
}

/* Each part times 0 .. count units of another score. */
static void multiply(half *h, const level *l)
{
    size_t n = h->n;
    double choices = 1;
    for (size_t c = 1; c <= l->count; c++) {
        choices *= (double)(l->count - c + 1) / (double)c;
        for (size_t i = 0; i < n; i++)
            h->part[h->n++] =
                (part){h->part[i].sum + (double)c * l->value,
                       h->part[i].weight * choices, h->part[i].units + c};
    }
    h->most_units += l->count;
}

static ts_status list_half(const level *levels, const size_t *which, size_t k,
                           size_t n_sum, half *h, ts_error *err)
{
    *h = (half){0};
    if (!(h->part = ts_alloc_array(n_sum, sizeof *h->part)))
        return ts_fail_memory(err);
    h->part[h->n++] = (part){0, 1, 0};
    for (size_t j = 0; j < k; j++) {
        ts_status status = ts_interrupt_check(err);
        if (status)
            return status;
        multiply(h, &levels[which[j]]);
    }
    qsort(h->part, h->n, sizeof *h->part, by_units);
    if (!(h->start = ts_alloc_array(h->most_units + 2, sizeof *h->start)))
        return ts_fail_memory(err);
    for (size_t u = 0, i = 0; u <= h->most_units + 1; u++) {
        while (i < h->n && h->part[i].units < u)
            i++;
        h->start[u] = i;
    }
    return TS_OK;
}

/* The weight of the choices of m units with a sum of at least t, or, upper
 * false, of at most t. */
static double tail_of(const half *a, const half *b, size_t m, double t,
                      bool upper)
{
    double total = 0;
    for (size_t u = 0; u <= a->most_units && u <= m; u++) {
        if (m - u > b->most_units)
            continue;
        size_t from = a->start[u], to = a->start[u + 1];
        size_t low = b->start[m - u], high = b->start[m - u + 1];
        double weight = 0;
        /* as one sum grows, more of the others do */
        for (size_t i = 0; i < to - from; i++) {
            const part *p = &a->part[upper ? from + i : to - 1 - i];
            if (upper)
                while (high > low && p->sum + b->part[high - 1].sum >= t)
                    weight += b->part[--high].weight;
            else
                while (low < high && p->sum + b->part[low].sum <= t)
                    weight += b->part[low++].weight;
            total += p->weight * weight;
        }
    }
    return total;
}

typedef struct {
    half a, b;
    size_t m;
    double all, mean, same; /* weight of all; sums nearer than same are equal */
} meeting;

static double absdev_of(const meeting *x, double away)
{
    if (away <= x->same)
        return 1;
    return (tail_of(&x->a, &x->b, x->m, x->mean + away - x->same, true) +
            tail_of(&x->a, &x->b, x->m, x->mean - away + x->same, false)) /
           x->all;
}

/* least, most: the extreme sums. */
static void find_tails(const meeting *x, double least, double most,
                       double observed, ts_tails *tails, ts_smallest *smallest)
{
    tails->upper =
        fmin(1, tail_of(&x->a, &x->b, x->m, observed - x->same, true) / x->all);
    tails->lower = fmin(
        1, tail_of(&x->a, &x->b, x->m, observed + x->same, false) / x->all);
    tails->absdev = fmin(1, absdev_of(x, fabs(observed - x->mean)));
    smallest->upper =
        tail_of(&x->a, &x->b, x->m, most - x->same, true) / x->all;
    smallest->lower =
        tail_of(&x->a, &x->b, x->m, least + x->same, false) / x->all;
    smallest->central = fmin(1, 2 * fmin(smallest->upper, smallest->lower));
    smallest->absdev =
        fmin(1, absdev_of(x, fmax(most - x->mean, x->mean - least)));
}

static void add_extremes(const double *sorted, size_t n, size_t m,
                         double *least, double *most)
{
    for (size_t i = 0; i < m; i++) {
        *least += sorted[i];
        *most += sorted[n - 1 - i];
    }
}

/* How many ways there are to choose m of n. */
static double n_choices(size_t n, size_t m)
{
    double all = 1;
    for (size_t i = 1; i <= m; i++)
        all *= (double)(n - m + i) / (double)i;
    return all;
}

/* Equal scores together; two halves of about as many sums. */
static size_t deal(const double *sorted, size_t n, double same, level *levels,
                   size_t *which[2], size_t k[2], double n_sum[2])
{
    size_t n_level = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || sorted[i] - sorted[i - 1] > same)
            levels[n_level++] = (level){sorted[i], 0};
        levels[n_level - 1].count++;
    }
    n_sum[0] = n_sum[1] = 1;
    k[0] = k[1] = 0;
    for (size_t j = 0; j < n_level; j++) {
        int to = n_sum[1] < n_sum[0];
        which[to][k[to]++] = j;
        n_sum[to] *= (double)levels[j].count + 1;
    }
    return n_level;
}

ts_status ts_subset_sums(const double *score, size_t n, size_t m,
                         double observed, ts_tails *tails,
                         ts_smallest *smallest, bool *possible, ts_error *err)
{
    meeting x = {.m = m, .all = 1};
    size_t *which[2] = {NULL, NULL}, k[2];
    double n_sum[2], size = 0, total = 0;
    level *levels = ts_alloc_array(n, sizeof *levels);
    double *sorted = ts_alloc_array(n, sizeof *sorted);
    which[0] = ts_alloc_array(n, sizeof **which);
    which[1] = ts_alloc_array(n, sizeof **which);
    ts_status status = TS_OK;
    *possible = false;
    if (!levels || !sorted || !which[0] || !which[1]) {
        status = ts_fail_memory(err);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        sorted[i] = score[i];
        size += fabs(score[i]);
        total += score[i];
    }
    qsort(sorted, n, sizeof *sorted, by_value);
    x.same = 1e-10 * size;
    x.mean = total * (double)m / (double)n;
    deal(sorted, n, 1e-12 * size, levels, which, k, n_sum);
    if (n_sum[0] > MOST_SUMS || n_sum[1] > MOST_SUMS)
        goto done;
    if ((status =
             list_half(levels, which[0], k[0], (size_t)n_sum[0], &x.a, err)) ||
        (status =
             list_half(levels, which[1], k[1], (size_t)n_sum[1], &x.b, err)))
        goto done;
    x.all = n_choices(n, m);
    double least = 0, most = 0;
    add_extremes(sorted, n, m, &least, &most);
    find_tails(&x, least, most, observed, tails, smallest);
    *possible = true;
done:
    half_free(&x.a);
    half_free(&x.b);
    ts_free(which[0]);
    ts_free(which[1]);
    ts_free(levels);
    ts_free(sorted);
    return status;
}

/* Strata ------------------------------------------------------------------ */

/* Sums that are the same once each; no units are told apart any more. */
static void merge(half *h, double same)
{
    size_t n = 0;
    for (size_t i = 0; i < h->n; i++)
        h->part[i].units = 0;
    qsort(h->part, h->n, sizeof *h->part, by_units);
    for (size_t i = 0; i < h->n; i++)
        if (n > 0 && h->part[i].sum - h->part[n - 1].sum <= same)
            h->part[n - 1].weight += h->part[i].weight;
        else
            h->part[n++] = h->part[i];
    h->n = n;
}

/* All sums of m of the n scores of a stratum; *out is empty where there are too
 * many. */
static ts_status list_stratum(const double *sorted, size_t n, size_t m,
                              double same, half *out, ts_error *err)
{
    size_t *which[2] = {NULL, NULL}, k[2], n_level = 0;
    double n_sum[2], all = 1;
    level *levels = ts_alloc_array(n, sizeof *levels);
    which[0] = ts_alloc_array(n, sizeof **which);
    which[1] = ts_alloc_array(n, sizeof **which);
    ts_status status =
        levels && which[0] && which[1] ? TS_OK : ts_fail_memory(err);
    *out = (half){0};
    if (!status) {
        n_level = deal(sorted, n, same, levels, which, k, n_sum);
        for (size_t j = 0; j < n_level; j++) {
            all *= (double)levels[j].count + 1;
            which[0][j] = j;
        }
    }
    if (!status && all <= MOST_SUMS)
        status = list_half(levels, which[0], n_level, (size_t)all, out, err);
    if (!status && out->part) {
        size_t from = out->start[m];
        out->n = out->start[m + 1] - from;
        for (size_t i = 0; i < out->n; i++)
            out->part[i] = out->part[from + i];
        merge(out, same);
    }
    ts_free(which[0]);
    ts_free(which[1]);
    ts_free(levels);
    return status;
}

/* Each sum of h with each of a stratum. */
static ts_status join(half *h, const half *s, double same, ts_error *err)
{
    part *all = ts_alloc_array(h->n * s->n, sizeof *all);
    size_t n = 0;
    if (!all)
        return ts_fail_memory(err);
    for (size_t i = 0; i < h->n; i++)
        for (size_t j = 0; j < s->n; j++)
            all[n++] = (part){h->part[i].sum + s->part[j].sum,
                              h->part[i].weight * s->part[j].weight, 0};
    ts_free(h->part);
    h->part = all;
    h->n = n;
    merge(h, same);
    return ts_interrupt_check(err);
}

/* A half of nothing: one sum, 0. */
static ts_status half_new(half *h, ts_error *err)
{
    *h = (half){.part = ts_alloc_array(1, sizeof *h->part),
                .start = ts_alloc_array(2, sizeof *h->start)};
    if (!h->part || !h->start)
        return ts_fail_memory(err);
    h->part[h->n++] = (part){0, 1, 0};
    return TS_OK;
}

ts_status ts_stratified_sums(const double *score, const int *stratum, size_t n,
                             const size_t *m, size_t n_stratum, double observed,
                             ts_tails *tails, ts_smallest *smallest,
                             bool *possible, ts_error *err)
{
    meeting x = {.all = 1};
    double size = 0, least = 0, most = 0;
    double *own = ts_alloc_array(n + 1, sizeof *own);
    ts_status status = own ? half_new(&x.a, err) : ts_fail_memory(err);
    if (!status)
        status = half_new(&x.b, err);
    for (size_t i = 0; i < n; i++)
        size += fabs(score[i]);
    x.same = 1e-10 * size;
    *possible = true;
    for (size_t h = 0; h < n_stratum && !status && *possible; h++) {
        half s, *to = x.a.n <= x.b.n ? &x.a : &x.b;
        size_t k = 0;
        double total = 0;
        for (size_t i = 0; i < n; i++)
            if (stratum[i] == (int)h) {
                own[k++] = score[i];
                total += score[i];
            }
        if (k == 0)
            continue;
        qsort(own, k, sizeof *own, by_value);
        status = list_stratum(own, k, m[h], 1e-12 * size, &s, err);
        *possible = s.n > 0 && s.n <= MOST_SUMS / to->n;
        if (!status && *possible)
            status = join(to, &s, 1e-12 * size, err);
        half_free(&s);
        x.all *= n_choices(k, m[h]);
        x.mean += total * (double)m[h] / (double)k;
        add_extremes(own, k, m[h], &least, &most);
    }
    if (!status && *possible) {
        x.a.start[1] = x.a.n;
        x.b.start[1] = x.b.n;
        find_tails(&x, least, most, observed, tails, smallest);
    }
    half_free(&x.a);
    half_free(&x.b);
    ts_free(own);
    return status;
}
