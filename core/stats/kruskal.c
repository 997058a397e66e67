/*
 * Kruskal-Wallis. The exact distribution: units are dealt to groups one by
 * one, from the smallest score. A state is how many units each group but the
 * last has (a vector of counts) and what their scores sum to; all sums of one
 * vector of counts are a box of numbers. Boxes are updated in place, from
 * large counts to small ones.
 */
#include "ts/rank.h"

#include <math.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "group_ranks.h"
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/sum.h"

enum { MOST_GROUPS = 8 }; /* more are too many for any box */

typedef struct {
    size_t n, k;              /* units; groups without the last */
    size_t size[MOST_GROUPS]; /* of each group; size[k] is the largest */
    int64_t *sums;            /* of the first i scores, from 0, in steps */
    int64_t first, step;      /* what a score of 0 stands for, in steps of */
    size_t n_box;             /* vectors of counts */
    size_t *offset;           /* where the box of a vector begins */
    double *weight;
} deal;

/* Sums of c of the first i scores run from sums[c] to this. */
static int64_t highest(const deal *d, size_t i, size_t c)
{
    return d->sums[i] - d->sums[i - c];
}

static size_t width(const deal *d, size_t i, size_t c)
{
    return (size_t)(highest(d, i, c) - d->sums[c]) + 1;
}

static void counts_of(const deal *d, size_t box, size_t *count, size_t *total)
{
    *total = 0;
    for (size_t j = d->k; j-- > 0;) {
        count[j] = box % (d->size[j] + 1);
        box /= d->size[j] + 1;
        *total += count[j];
    }
}

/* How far the box of counts lies behind that with one less in group j. */
static size_t distance(const deal *d, size_t j)
{
    size_t n = 1;
    for (size_t l = j + 1; l < d->k; l++)
        n *= d->size[l] + 1;
    return n;
}

/* Whether a vector of counts can stand after i units: the rest of them are in
 * the last group, and the rest of the units fill the groups. */
static bool possible(const deal *d, size_t i, size_t total)
{
    return total <= i && i - total <= d->size[d->k];
}

/* Dimensions l .. k-1 of a box are added to another. len: how far the sums of
 * this dimension reach; strides of both boxes. */
typedef struct {
    size_t len[MOST_GROUPS], to[MOST_GROUPS], from[MOST_GROUPS];
} box_shape;

static void add_box(const box_shape *s, size_t l, size_t k, double *to,
                    const double *from)
{
    if (l + 1 == k) {
        for (size_t i = 0; i < s->len[l]; i++)
            to[i] += from[i];
        return;
    }
    for (size_t i = 0; i < s->len[l]; i++)
        add_box(s, l + 1, k, to + i * s->to[l], from + i * s->from[l]);
}

/* Unit i (from 1) goes to group j of those who have count with it. */
static double deal_to(const deal *d, size_t i, size_t box, size_t j,
                      const size_t *count, bool count_only)
{
    box_shape s;
    size_t to_stride = 1, from_stride = 1, start = 0;
    double steps = 1;
    for (size_t l = d->k; l-- > 0;) {
        size_t before = count[l] - (l == j);
        if (before > i - 1)
            return 0;
        s.len[l] = width(d, i - 1, before);
        s.to[l] = to_stride;
        s.from[l] = from_stride;
        if (l == j)
            start = (size_t)(d->sums[before] + d->sums[i] - d->sums[i - 1] -
                             d->sums[count[l]]) *
                    to_stride;
        to_stride *= width(d, d->n, count[l]);
        from_stride *= width(d, d->n, before);
        steps *= (double)s.len[l];
    }
    if (!count_only)
        add_box(&s, 0, d->k, d->weight + d->offset[box] + start,
                d->weight + d->offset[box - distance(d, j)]);
    return steps;
}

/* Steps of unit i; they are taken unless count_only. */
static double deal_unit(const deal *d, size_t i, bool count_only)
{
    double steps = 0;
    for (size_t box = d->n_box; box-- > 0;) {
        size_t count[MOST_GROUPS], total;
        counts_of(d, box, count, &total);
        if (!possible(d, i, total))
            continue;
        for (size_t j = 0; j < d->k; j++)
            if (count[j] > 0)
                steps += deal_to(d, i, box, j, count, count_only);
    }
    return steps;
}

/* Numbers that all boxes hold. */
static double numbers(const deal *d)
{
    double all = 1;
    for (size_t j = 0; j < d->k; j++) {
        double sum = 0;
        for (size_t c = 0; c <= d->size[j]; c++)
            sum += (double)width(d, d->n, c);
        all *= sum;
    }
    return all;
}

static double count_steps(const deal *d)
{
    double steps = 0;
    for (size_t i = 1; i <= d->n && steps <= TS_EXACT_STEPS; i++)
        steps += deal_unit(d, i, true);
    return steps;
}

/* Everything but the numbers themselves; the largest group goes last. */
static ts_status deal_new(deal *d, const ts_group_ranks *r, ts_error *err)
{
    size_t last = 0;
    for (size_t g = 1; g < r->n_group; g++)
        if (r->size[g] > r->size[last])
            last = g;
    d->n = r->n;
    d->k = r->n_group - 1;
    for (size_t g = 0, j = 0; g < r->n_group; g++)
        d->size[g == last ? d->k : j++] = r->size[g];
    d->step = ts_score_step(r->score, r->n);
    d->first = r->score[0];
    d->sums = ts_alloc_array(r->n + 1, sizeof *d->sums);
    if (!d->sums)
        return ts_fail_memory(err);
    for (size_t i = 0; i < r->n; i++)
        d->sums[i + 1] = d->sums[i] + (r->score[i] - d->first) / d->step;
    d->n_box = 1;
    for (size_t j = 0; j < d->k; j++)
        d->n_box *= d->size[j] + 1;
    return TS_OK;
}

static ts_status lay_out(deal *d, ts_error *err)
{
    size_t at = 0;
    d->offset = ts_alloc_array(d->n_box, sizeof *d->offset);
    d->weight = ts_alloc_array((size_t)numbers(d), sizeof *d->weight);
    if (!d->offset || !d->weight)
        return ts_fail_memory(err);
    for (size_t box = 0; box < d->n_box; box++) {
        size_t count[MOST_GROUPS], total, size = 1;
        counts_of(d, box, count, &total);
        for (size_t j = 0; j < d->k; j++)
            size *= width(d, d->n, count[j]);
        d->offset[box] = at;
        at += size;
    }
    d->weight[0] = 1;
    return TS_OK;
}

static void deal_free(deal *d)
{
    ts_free(d->sums);
    ts_free(d->offset);
    ts_free(d->weight);
}

/* The statistic, exactly ----------------------------------------------------
 */

typedef __int128 wide;

static int64_t gcd(int64_t a, int64_t b)
{
    return b ? gcd(b, a % b) : a;
}

/* Least common multiple of the sizes; 0 when it is too large to calculate. */
static int64_t common_multiple(const deal *d)
{
    int64_t all = 1;
    for (size_t j = 0; j <= d->k; j++) {
        int64_t n = (int64_t)d->size[j];
        all = all / gcd(all, n) * n;
        if (all > INT64_C(1) << 40)
            return 0;
    }
    return all;
}

static wide square_over(int64_t sum, int64_t size, int64_t multiple)
{
    return (wide)sum * sum * (multiple / size);
}

/* Weights of tables whose sum of R^2 / n is at least `least`, of the largest
 * such sum, and of all. */
typedef struct {
    wide least, most;
    int64_t multiple;
    ts_sum above, at_most, all;
} tally;

static void tally_box(const deal *d, tally *t, size_t l, size_t at,
                      int64_t rest, wide squares)
{
    size_t n = width(d, d->n, d->size[l]);
    size_t stride = 1;
    for (size_t j = l + 1; j < d->k; j++)
        stride *= width(d, d->n, d->size[j]);
    for (size_t i = 0; i < n; i++) {
        int64_t sum = (d->sums[d->size[l]] + (int64_t)i) * d->step +
                      (int64_t)d->size[l] * d->first;
        wide q = squares + square_over(sum, (int64_t)d->size[l], t->multiple);
        if (l + 1 < d->k) {
            tally_box(d, t, l + 1, at + i * stride, rest - sum, q);
            continue;
        }
        double w = d->weight[at + i];
        if (w == 0)
            continue;
        q += square_over(rest - sum, (int64_t)d->size[d->k], t->multiple);
        ts_sum_add(&t->all, w);
        if (q >= t->least)
            ts_sum_add(&t->above, w);
        if (q > t->most) {
            t->most = q;
            t->at_most = (ts_sum){0};
        }
        if (q == t->most)
            ts_sum_add(&t->at_most, w);
    }
}

static ts_status run_exact(deal *d, const ts_group_ranks *r,
                           const int64_t *rank_sum, ts_group_test *t,
                           ts_error *err)
{
    tally sums = {.multiple = common_multiple(d)};
    int64_t total = 0;
    ts_status status = lay_out(d, err);
    if (status)
        return status;
    for (size_t i = 1; i <= d->n; i++) {
        deal_unit(d, i, false);
        if ((status = ts_progress("units", (double)i, (double)d->n, err)))
            return status;
    }
    for (size_t g = 0; g < r->n_group; g++) {
        sums.least +=
            square_over(rank_sum[g], (int64_t)r->size[g], sums.multiple);
        total += rank_sum[g];
    }
    size_t last = 0;
    for (size_t j = 0; j < d->k; j++)
        last = last * (d->size[j] + 1) + d->size[j];
    tally_box(d, &sums, 0, d->offset[last], total, 0);
    double all = ts_sum_value(&sums.all);
    t->p_value = fmin(1, ts_sum_value(&sums.above) / all);
    t->p_smallest = ts_sum_value(&sums.at_most) / all;
    t->exact = true;
    return TS_OK;
}

/* Both -------------------------------------------------------------------- */

static double statistic_of(const ts_group_ranks *r, const int64_t *rank_sum)
{
    double n = (double)r->n, middle = (n + 1) / 2;
    ts_sum between = {0};
    for (size_t g = 0; g < r->n_group; g++) {
        double size = (double)r->size[g];
        double away = (double)rank_sum[g] / 2 / size - middle;
        ts_sum_add(&between, size * away * away);
    }
    double variance = n * (n + 1) / 12 * (1 - r->ties / (n * n * n - n));
    return variance > 0 ? ts_sum_value(&between) / variance : 0;
}

static ts_status run(const ts_group_ranks *r, const int64_t *rank_sum,
                     ts_exact exact, ts_group_test *t, ts_error *err)
{
    deal d = {0};
    ts_status status = TS_OK;
    bool try = exact != TS_EXACT_NEVER && r->n_group <= MOST_GROUPS;
    t->steps = INFINITY;
    if (try) {
        if ((status = deal_new(&d, r, err)))
            goto done;
        try = numbers(&d) <= TS_EXACT_NUMBERS && common_multiple(&d) > 0;
    }
    if (try) {
        t->steps = count_steps(&d);
        try = t->steps <= TS_EXACT_STEPS;
    }
    if (try)
        status = run_exact(&d, r, rank_sum, t, err);
    else if (!(status = ts_exact_refused(exact, err)))
        t->p_value = t->tied && t->statistic == 0
                         ? 1
                         : pchisq(t->statistic, t->df, 0, 0);
done:
    deal_free(&d);
    return status;
}

ts_status ts_kruskal(const ts_groups *data, ts_exact exact, double *rank_sum,
                     ts_group_test *out, ts_error *err)
{
    ts_group_ranks r;
    ts_group_test t = ts_group_test_empty;
    *out = t;
    ts_status status = ts_group_ranks_new(data, 2, &r, err);
    if (status)
        return status;
    int64_t *sums = ts_alloc_array(r.n_group, sizeof *sums);
    if (!sums) {
        status = ts_fail_memory(err);
        goto done;
    }
    for (size_t i = 0; i < r.n; i++)
        sums[r.group[i]] += r.score[i];
    for (size_t g = 0; rank_sum && g < data->n_group; g++)
        rank_sum[g] = 0;
    for (size_t g = 0; rank_sum && g < r.n_group; g++)
        rank_sum[r.place[g]] = (double)sums[g] / 2;
    t.n_used = r.n;
    t.tied = r.ties > 0;
    t.df = (double)(r.n_group - 1);
    t.statistic = statistic_of(&r, sums);
    if (!(status = run(&r, sums, exact, &t, err)))
        *out = t;
done:
    ts_free(sums);
    ts_group_ranks_free(&r);
    return status;
}
