/*
 * One sample of differences. Ranks of |x - mu| change where mu is an average
 * of two values, so shifts are sums of pairs, twice the averages. Exact: all
 * pairs are listed. Normal: ranks come from one walk from mu outwards.
 */
#include "ts/rank.h"

#include <math.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "rank_pairs.h"
#include "ts/memory.h"

/* Exact ------------------------------------------------------------------- */

typedef struct {
    const ts_ranked *x;
    ts_pair *pairs;
    uint32_t *cluster; /* [i * n + j]: number of the shift of that pair */
    double *shift, *tolerance;
    size_t n_pair, n_shift;
    int64_t *score; /* doubled mid-ranks of those that are not zero */
    size_t n_score, n_zero;
    int64_t positive; /* sum of the scores above the shift */
} exact_test;

static void exact_free(exact_test *e)
{
    ts_free(e->pairs);
    ts_free(e->cluster);
    ts_free(e->shift);
    ts_free(e->tolerance);
    ts_free(e->score);
}

static ts_status exact_new(exact_test *e, bool decimal, ts_error *err)
{
    size_t n = e->x->n, p = 0;
    ts_status status = TS_OK;
    e->n_pair = n * (n + 1) / 2;
    uint32_t *order = ts_alloc_array(e->n_pair, sizeof *order);
    e->pairs = ts_alloc_array(e->n_pair, sizeof *e->pairs);
    e->cluster = ts_alloc_array(n * n, sizeof *e->cluster);
    e->shift = ts_alloc_array(e->n_pair, sizeof *e->shift);
    e->tolerance = ts_alloc_array(e->n_pair, sizeof *e->tolerance);
    e->score = ts_alloc_array(n, sizeof *e->score);
    if (!order || !e->pairs || !e->cluster || !e->shift || !e->tolerance ||
        !e->score) {
        status = ts_fail_memory(err);
        goto done;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++, p++) {
            double a = e->x->x[i], b = e->x->x[j];
            e->pairs[p] =
                (ts_pair){.shift = a + b,
                          .tolerance = decimal ? 0 : 2 * ts_rounding(a, b),
                          .i = (uint32_t)i,
                          .j = (uint32_t)j};
        }
    ts_pairs_sort(e->pairs, p);
    e->n_shift = ts_pairs_cluster(e->pairs, p, order, e->shift, e->tolerance);
    while (p-- > 0) {
        size_t i = e->pairs[p].i, j = e->pairs[p].j;
        e->cluster[i * n + j] = e->cluster[j * n + i] = order[p];
    }
done:
    ts_free(order);
    return status;
}

/* Whether |x[j] - mu| is below (-1), equal to (0) or above |x[i] - mu|: the
 * sign of (x[j] - x[i]) (x[i] + x[j] - 2 mu). */
static int compare_size(const exact_test *e, size_t position, size_t j,
                        size_t i)
{
    const int *tie = e->x->tie;
    return ((tie[j] > tie[i]) - (tie[j] < tie[i])) *
           ts_order_at(position, e->cluster[i * e->x->n + j]);
}

static int sign_at(const exact_test *e, size_t position, size_t i)
{
    return ts_order_at(position, e->cluster[i * e->x->n + i]);
}

static void score_at(exact_test *e, size_t position, bool pratt)
{
    size_t n = e->x->n;
    e->n_score = e->n_zero = 0;
    e->positive = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t score = 1;
        int sign = sign_at(e, position, i);
        if (sign == 0) {
            e->n_zero++;
            continue;
        }
        for (size_t j = 0; j < n; j++)
            if (pratt || sign_at(e, position, j) != 0)
                score += 1 - compare_size(e, position, j, i);
        e->score[e->n_score++] = score;
        if (sign > 0)
            e->positive += score;
    }
}

static ts_status tails_of(exact_test *e, ts_tails *tails, ts_smallest *smallest,
                          ts_error *err)
{
    ts_lattice lattice;
    int64_t sum = 0;
    *tails = (ts_tails){1, 1, 1};
    if (smallest)
        *smallest = (ts_smallest){1, 1, 1, 1};
    if (e->n_score == 0) /* nothing is left to take a sign */
        return TS_OK;
    ts_status status = ts_lattice_signs(e->score, e->n_score, &lattice, err);
    if (status)
        return status;
    for (size_t i = 0; i < e->n_score; i++)
        sum += e->score[i];
    *tails = ts_lattice_tails(&lattice, e->positive, sum, 2);
    if (smallest)
        *smallest = ts_lattice_smallest(&lattice, sum, 2);
    ts_lattice_free(&lattice);
    return TS_OK;
}

/* Zeros keep their ranks here, so that no tail turns back at a value. */
static ts_status tails_at(void *context, size_t position, ts_tails *tails,
                          ts_error *err)
{
    exact_test *e = context;
    score_at(e, position, true);
    return tails_of(e, tails, NULL, err);
}

static void guess_limits(const exact_test *e, const ts_rank_options *opt,
                         ts_inversion *in)
{
    double n = (double)e->x->n, n_pair = (double)e->n_pair;
    double alpha = 1 - opt->conf_level;
    double z = qnorm5(opt->alternative == TS_TWO_SIDED ? alpha / 2 : alpha, 0,
                      1, 0, 0);
    double low = n_pair / 2 - z * sqrt(n * (n + 1) * (2 * n + 1) / 24);
    size_t rank = low < 0 ? 0 : low >= n_pair ? e->n_pair - 1 : (size_t)low;
    const ts_pair *from = &e->pairs[rank],
                  *to = &e->pairs[e->n_pair - 1 - rank];
    in->guess_low = 2 * (size_t)e->cluster[from->i * e->x->n + from->j] + 1;
    in->guess_high = 2 * (size_t)e->cluster[to->i * e->x->n + to->j] + 1;
}

/* The scores at mu are in e. */
static ts_status run_exact(exact_test *e, const ts_rank_options *opt,
                           ts_rank_test *t, ts_error *err)
{
    ts_tails tails;
    ts_smallest smallest;
    ts_inversion in = {
        .tails = tails_at, .context = e, .shift = e->shift, .n = e->n_shift};
    ts_status status = tails_of(e, &tails, &smallest, err);
    if (status)
        return status;
    t->p_value = ts_tails_p(&tails, opt);
    t->p_smallest = ts_smallest_p(&smallest, opt);
    guess_limits(e, opt, &in);
    if ((status = ts_invert(&in, opt, t, err)))
        return status;
    t->estimate = ts_pairs_median(e->pairs, e->n_pair);
    t->exact = true;
    return TS_OK;
}

/* Normal ------------------------------------------------------------------ */

typedef struct {
    const ts_ranked *x;
    bool pratt;
    double correction;
} normal_test;

typedef struct {
    double v, mean, variance;
    size_t n_zero;
    bool tied;
} sums;

static void add_group(sums *s, double above, double below, double *rank)
{
    double n = above + below, middle = *rank + (n + 1) / 2;
    s->v += above * middle;
    s->mean += n * middle / 2;
    s->variance += n * middle * middle / 4;
    s->tied = s->tied || n > 1;
    *rank += n;
}

/* The groups of equal |2 x - twice|, from the smallest; after: twice a little
 * larger, so that zeros are below it and no group has both signs. */
static sums sums_at(const normal_test *w, double twice, bool after)
{
    const double *x = w->x->x;
    size_t n = w->x->n, low = 0, high;
    sums s = {0};
    double rank = 0;
    while (low < n && 2 * x[low] < twice)
        low++;
    for (high = low; high < n && 2 * x[high] == twice;)
        high++;
    if (after && high > low)
        add_group(&s, 0, (double)(high - low), &rank);
    else if (w->pratt)
        rank = (double)(high - low);
    s.n_zero = after ? 0 : high - low;
    while (low > 0 || high < n) {
        double up = high < n ? 2 * x[high] - twice : INFINITY;
        double down = low > 0 ? twice - 2 * x[low - 1] : INFINITY;
        double size = fmin(up, down);
        double above = 0, below = 0;
        for (; high < n && 2 * x[high] - twice == size; high++)
            above++;
        if (!after || above == 0)
            for (; low > 0 && twice - 2 * x[low - 1] == size; low--)
                below++;
        add_group(&s, above, below, &rank);
    }
    return s;
}

static ts_tails normal_tails(void *context, double twice, bool after)
{
    const normal_test *w = context;
    sums s = sums_at(w, twice, after);
    return ts_normal_tails(s.v - s.mean, sqrt(s.variance), w->correction);
}

/* Pairs i <= j with x[i] + x[j] <= twice. */
static double count_pairs(void *context, double twice)
{
    const normal_test *w = context;
    const double *x = w->x->x;
    size_t n = w->x->n, j = n;
    double ordered = 0, same = 0;
    for (size_t i = 0; i < n; i++) {
        while (j > 0 && x[i] + x[j - 1] > twice)
            j--;
        ordered += (double)j;
        same += x[i] + x[i] <= twice;
    }
    return (ordered + same) / 2;
}

static ts_status run_normal(const ts_ranked *x, double twice, bool whole,
                            const ts_rank_options *opt, ts_rank_test *t,
                            ts_error *err)
{
    normal_test w = {x, opt->pratt, opt->no_continuity ? 0 : 0.5};
    double low = 2 * x->x[0], high = 2 * x->x[x->n - 1];
    double n = (double)x->n;
    sums s = sums_at(&w, twice, false);
    double sd = sqrt(s.variance), away = s.v - s.mean;
    ts_tails tails = ts_normal_tails(away, sd, w.correction);
    t->p_value = ts_tails_p(&tails, opt);
    t->z = ts_normal_z(away, sd, w.correction, opt->alternative);
    t->estimate =
        ts_shift_median(count_pairs, &w, n * (n + 1) / 2, low, high, whole);
    w.pratt = true; /* as in tails_at */
    return ts_invert_normal(normal_tails, count_pairs, &w, low, high, whole,
                            opt, t, err);
}

/* Both -------------------------------------------------------------------- */

static bool worth_listing(size_t n)
{
    return pow((double)n, 3) / 6 <= TS_EXACT_STEPS;
}

static ts_status run(const ts_ranked *x, int decimals,
                     const ts_rank_options *opt, ts_rank_test *t, ts_error *err)
{
    ts_status status = TS_OK;
    double twice = 2 * ts_grid_value(opt->mu, decimals);
    exact_test e = {.x = x};
    bool exact = opt->exact != TS_EXACT_NEVER && worth_listing(x->n);
    t->steps = INFINITY;
    if (exact) {
        if ((status = exact_new(&e, decimals >= 0, err)))
            goto done;
        score_at(&e, ts_shift_position(e.shift, e.tolerance, e.n_shift, twice),
                 opt->pratt);
        t->steps = ts_signs_steps(e.score, e.n_score);
        exact = t->steps <= TS_EXACT_STEPS;
    }
    if (opt->exact == TS_EXACT_ALWAYS && !exact)
        status = ts_fail(err, TS_ELIMIT,
                         "the exact distribution of %zu values needs more "
                         "than %.0e steps",
                         x->n, TS_EXACT_STEPS);
    else if (exact)
        status = run_exact(&e, opt, t, err);
    else
        status = run_normal(x, twice, decimals >= 0, opt, t, err);
done:
    exact_free(&e);
    return status;
}

ts_status ts_signed_rank(const double *x, size_t n, const ts_rank_options *opt,
                         ts_rank_test *out, ts_error *err)
{
    ts_rank_test t = ts_rank_empty;
    ts_ranked sample = {0};
    *out = t;
    ts_status status = ts_rank_check_options(opt, err);
    if (status || (status = ts_rank_check(x, n, "the sample", err)))
        return status;
    int decimals = ts_decimal_grid(x, n, NULL, 0, opt->mu);
    if ((status = ts_ranked_new(x, n, decimals, &sample, err)))
        return status;
    normal_test w = {&sample, opt->pratt, 0};
    sums s = sums_at(&w, 2 * ts_grid_value(opt->mu, decimals), false);
    t.n_1 = n;
    t.n_zero = s.n_zero;
    t.statistic = s.v;
    t.tied = s.tied;
    if (!(status = run(&sample, decimals, opt, &t, err))) {
        double scale = 2 * ts_grid_scale(decimals);
        t.estimate /= scale;
        t.conf_low /= scale;
        t.conf_high /= scale;
        ts_rank_consistent(opt, &t);
        *out = t;
    }
    ts_ranked_free(&sample);
    return status;
}
