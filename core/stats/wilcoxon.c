/*
 * Two samples. Exact: every pair's difference is listed, so that the ranks at
 * any shift follow from the numbers of the differences; scores are doubled
 * mid-ranks. Normal: ranks at a shift come from one walk along both sorted
 * samples, and nothing of size n_1 n_2 is kept.
 */
#include "ts/rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "rank_pairs.h"
#include "level.h"
#include "ts/memory.h"

/* The lattice of the scores at some position, kept while they stay. */
typedef struct {
    int64_t *score; /* NULL: none yet */
    ts_lattice lattice;
} known;

typedef struct {
    ts_ranked x, y;
    ts_pair *pairs;
    uint32_t *cluster; /* [i * n_2 + j]: number of the shift of that pair */
    double *shift, *tolerance;
    size_t n_shift;
    int64_t *score, *sorted; /* doubled mid-ranks, x before y */
    known known[2];          /* of shifts and of gaps */
} exact_test;

static void exact_free(exact_test *e)
{
    for (int i = 0; i < 2; i++) {
        ts_free(e->known[i].score);
        ts_lattice_free(&e->known[i].lattice);
    }
    ts_free(e->pairs);
    ts_free(e->cluster);
    ts_free(e->shift);
    ts_free(e->tolerance);
    ts_free(e->score);
    ts_free(e->sorted);
}

/* Exact ------------------------------------------------------------------- */

static ts_status exact_new(exact_test *e, bool decimal, ts_error *err)
{
    size_t m = e->x.n, n = e->y.n, n_pair = m * n;
    ts_status status = TS_OK;
    uint32_t *order = ts_alloc_array(n_pair, sizeof *order);
    e->pairs = ts_alloc_array(n_pair, sizeof *e->pairs);
    e->cluster = ts_alloc_array(n_pair, sizeof *e->cluster);
    e->shift = ts_alloc_array(n_pair, sizeof *e->shift);
    e->tolerance = ts_alloc_array(n_pair, sizeof *e->tolerance);
    e->score = ts_alloc_array(m + n, sizeof *e->score);
    e->sorted = ts_alloc_array(m + n, sizeof *e->sorted);
    if (!order || !e->pairs || !e->cluster || !e->shift || !e->tolerance ||
        !e->score || !e->sorted) {
        status = ts_fail_memory(err);
        goto done;
    }
    for (size_t i = 0, p = 0; i < m; i++)
        for (size_t j = 0; j < n; j++, p++) {
            double a = e->x.x[i], b = e->y.x[j];
            e->pairs[p] =
                (ts_pair){.shift = a - b,
                          .tolerance = decimal ? 0 : ts_rounding(a, b),
                          .i = (uint32_t)i,
                          .j = (uint32_t)j};
        }
    ts_pairs_sort(e->pairs, n_pair);
    e->n_shift =
        ts_pairs_cluster(e->pairs, n_pair, order, e->shift, e->tolerance);
    for (size_t p = 0; p < n_pair; p++)
        e->cluster[e->pairs[p].i * n + e->pairs[p].j] = order[p];
done:
    ts_free(order);
    return status;
}

/* 2 (number of a sample's units below unit i) + (those tied with it). */
static int64_t twice_below(const ts_ranked *s, size_t i)
{
    size_t from = i, to = i + 1;
    while (from > 0 && s->tie[from - 1] == s->tie[i])
        from--;
    while (to < s->n && s->tie[to] == s->tie[i])
        to++;
    return (int64_t)(from + to);
}

/* Doubled mid-ranks of x - shift and y at a position. */
static void score_at(const exact_test *e, size_t position)
{
    size_t m = e->x.n, n = e->y.n;
    for (size_t i = 0; i < m; i++)
        e->score[i] = twice_below(&e->x, i) + 1;
    for (size_t j = 0; j < n; j++)
        e->score[m + j] = twice_below(&e->y, j) + 1;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            int above = ts_order_at(position, e->cluster[i * n + j]);
            e->score[i] += above + 1;
            e->score[m + j] += 1 - above;
        }
}

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void sort_scores(const exact_test *e)
{
    size_t n_all = e->x.n + e->y.n;
    memcpy(e->sorted, e->score, n_all * sizeof *e->sorted);
    qsort(e->sorted, n_all, sizeof *e->sorted, by_number);
}

/* Sums of the scores of the smaller sample; that of the other is the rest. */
static ts_status lattice_of(exact_test *e, size_t position, ts_lattice **out,
                            ts_error *err)
{
    size_t m = e->x.n, n = e->y.n, size = (m + n) * sizeof *e->score;
    known *k = &e->known[position % 2];
    *out = &k->lattice;
    sort_scores(e);
    if (k->score && memcmp(k->score, e->sorted, size) == 0)
        return TS_OK;
    ts_lattice_free(&k->lattice);
    if (!k->score && !(k->score = ts_alloc(size)))
        return ts_fail_memory(err);
    memcpy(k->score, e->sorted, size);
    ts_status status =
        ts_lattice_subset(e->sorted, m + n, m < n ? m : n, &k->lattice, err);
    if (status) {
        ts_free(k->score);
        k->score = NULL;
    }
    return status;
}

static int64_t sum_of(const int64_t *score, size_t n)
{
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += score[i];
    return sum;
}

/* The mean of the sum of k scores among all is mean / (m + n). */
static int64_t mean_of(const exact_test *e, size_t k)
{
    return (int64_t)k * sum_of(e->score, e->x.n + e->y.n);
}

static ts_status exact_tails(void *context, size_t position, ts_tails *tails,
                             ts_error *err)
{
    exact_test *e = context;
    size_t m = e->x.n, n = e->y.n, n_all = m + n;
    ts_lattice *lattice;
    score_at(e, position);
    ts_status status = lattice_of(e, position, &lattice, err);
    if (status)
        return status;
    if (m <= n) {
        *tails = ts_lattice_tails(lattice, sum_of(e->score, m), mean_of(e, m),
                                  (int64_t)n_all);
    } else {
        ts_tails other = ts_lattice_tails(lattice, sum_of(e->score + m, n),
                                          mean_of(e, n), (int64_t)n_all);
        *tails = (ts_tails){other.upper, other.lower, other.absdev};
    }
    return TS_OK;
}

static double exact_smallest(const exact_test *e, size_t position,
                             const ts_rank_options *opt)
{
    size_t m = e->x.n, n = e->y.n;
    ts_smallest s =
        ts_lattice_smallest(&e->known[position % 2].lattice,
                            mean_of(e, m < n ? m : n), (int64_t)(m + n));
    if (m > n) /* the sums are of the second sample */
        s = (ts_smallest){s.upper, s.lower, s.central, s.absdev};
    return ts_smallest_p(&s, opt);
}

/* Where limits lie when the statistic is normal and nothing is tied. */
static void guess_limits(const exact_test *e, const ts_rank_options *opt,
                         ts_inversion *in)
{
    double m = (double)e->x.n, n = (double)e->y.n, n_pair = m * n;
    double alpha = 1 - opt->conf_level;
    double z = qnorm5(opt->alternative == TS_TWO_SIDED ? alpha / 2 : alpha, 0,
                      1, 0, 0);
    double low = n_pair / 2 - z * sqrt(n_pair * (m + n + 1) / 12);
    size_t rank = low < 0         ? 0
                  : low >= n_pair ? (size_t)n_pair - 1
                                  : (size_t)low;
    size_t from = e->cluster[e->pairs[rank].i * e->y.n + e->pairs[rank].j];
    rank = (size_t)n_pair - 1 - rank;
    size_t to = e->cluster[e->pairs[rank].i * e->y.n + e->pairs[rank].j];
    in->guess_low = 2 * from + 1;
    in->guess_high = 2 * to + 1;
}

/* Steps of the exact test at mu; the scores stay in e. */
static double steps_at(exact_test *e, size_t position)
{
    size_t m = e->x.n, n = e->y.n;
    score_at(e, position);
    sort_scores(e);
    return ts_subset_steps(e->sorted, m + n, m < n ? m : n);
}

static ts_status run_exact(exact_test *e, size_t position,
                           const ts_rank_options *opt, ts_rank_test *t,
                           ts_error *err)
{
    ts_tails tails;
    ts_inversion in = {
        .tails = exact_tails, .context = e, .shift = e->shift, .n = e->n_shift};
    ts_status status = exact_tails(e, position, &tails, err);
    if (status)
        return status;
    t->p_value = ts_tails_p(&tails, opt);
    t->p_smallest = exact_smallest(e, position, opt);
    guess_limits(e, opt, &in);
    if ((status = ts_invert(&in, opt, t, err)))
        return status;
    t->estimate = ts_pairs_median(e->pairs, e->x.n * e->y.n);
    t->exact = true;
    return TS_OK;
}

/* Normal ------------------------------------------------------------------ */

typedef struct {
    const ts_ranked *x, *y;
    double ties_y, correction;
} normal_test;

static double tie_term(double t)
{
    return t * t * t - t;
}

/* The end of the tied group that begins at i. */
static size_t group_end(const ts_ranked *s, size_t i)
{
    int tie = s->tie[i];
    while (i < s->n && s->tie[i] == tie)
        i++;
    return i;
}

static double ties_alone(const ts_ranked *s)
{
    double sum = 0;
    for (size_t i = 0, end; i < s->n; i = end) {
        end = group_end(s, i);
        sum += tie_term((double)(end - i));
    }
    return sum;
}

/* U of x - mu against y, ties half, and the sum of t^3 - t over tied groups;
 * after: mu a little larger, so that no x - mu is tied with a y. */
static void count_at(const normal_test *w, double mu, bool after, double *u,
                     double *ties)
{
    const ts_ranked *x = w->x, *y = w->y;
    size_t below = 0, upto = 0; /* y below x[i] - mu, and those not above it */
    *u = 0;
    *ties = w->ties_y;
    for (size_t i = 0, end; i < x->n; i = end) {
        end = group_end(x, i);
        while (below < y->n && x->x[i] - y->x[below] > mu)
            below++;
        size_t from = upto > below ? upto : below;
        upto = from;
        while (!after && upto < y->n && x->x[i] - y->x[upto] >= mu)
            upto++;
        double own = (double)(end - i), tied = (double)(upto - from);
        *u += own * ((double)below + (double)(upto - below) / 2);
        *ties += tie_term(own + tied) - tie_term(tied);
    }
}

static ts_tails normal_tails(void *context, double mu, bool after)
{
    const normal_test *w = context;
    double m = (double)w->x->n, n = (double)w->y->n, all = m + n, u, ties;
    count_at(w, mu, after, &u, &ties);
    double variance = m * n / 12 * (all + 1 - ties / (all * (all - 1)));
    return ts_normal_tails(u - m * n / 2, sqrt(fmax(0, variance)),
                           w->correction);
}

/* Pairs with x - y <= mu. */
static double count_pairs(void *context, double mu)
{
    const normal_test *w = context;
    const ts_ranked *x = w->x, *y = w->y;
    size_t above = 0; /* y with x[i] - y > mu */
    double sum = 0;
    for (size_t i = 0; i < x->n; i++) {
        while (above < y->n && x->x[i] - y->x[above] > mu)
            above++;
        sum += (double)(y->n - above);
    }
    return sum;
}

static ts_status run_normal(const ts_ranked *x, const ts_ranked *y, double mu,
                            bool whole, const ts_rank_options *opt,
                            ts_rank_test *t, ts_error *err)
{
    normal_test w = {x, y, ties_alone(y), opt->no_continuity ? 0 : 0.5};
    double low = x->x[0] - y->x[y->n - 1], high = x->x[x->n - 1] - y->x[0];
    double n_pair = (double)x->n * (double)y->n, all = (double)(x->n + y->n);
    double u, ties;
    ts_tails tails = normal_tails(&w, mu, false);
    t->p_value = ts_tails_p(&tails, opt);
    count_at(&w, mu, false, &u, &ties);
    double sd = sqrt(n_pair / 12 * (all + 1 - ties / (all * (all - 1))));
    t->z = ts_normal_z(u - n_pair / 2, sd, w.correction, opt->alternative);
    t->estimate = ts_shift_median(count_pairs, &w, n_pair, low, high, whole);
    return ts_invert_normal(normal_tails, count_pairs, &w, low, high, whole,
                            opt, t, err);
}

/* Both -------------------------------------------------------------------- */

/* The interval asks for some twenty distributions: what is not asked for
 * shall not keep a user waiting. */
static double most_steps(const ts_rank_options *opt)
{
    return opt->exact == TS_EXACT_ALWAYS ? TS_EXACT_STEPS : TS_EXACT_STEPS / 10;
}

/* Whether the exact test may be possible at all: the shift algorithm takes
 * more than a tenth of this without ties. */
static bool worth_listing(size_t m, size_t n, double most)
{
    double pairs = (double)m * (double)n, all = (double)(m + n);
    return pairs * fmin((double)m, (double)n) * all / 10 <= most;
}

static ts_status run(const ts_ranked *x, const ts_ranked *y, int decimals,
                     const ts_rank_options *opt, ts_rank_test *t, ts_error *err)
{
    ts_status status = TS_OK;
    double mu = ts_grid_value(opt->mu, decimals);
    exact_test e = {.x = *x, .y = *y};
    double most = most_steps(opt);
    bool exact =
        opt->exact != TS_EXACT_NEVER && worth_listing(x->n, y->n, most);
    size_t position = 0;
    t->steps = INFINITY;
    if (exact) {
        if ((status = exact_new(&e, decimals >= 0, err)))
            goto done;
        position = ts_shift_position(e.shift, e.tolerance, e.n_shift, mu);
        t->steps = steps_at(&e, position);
        exact = t->steps <= most;
    }
    if (opt->exact == TS_EXACT_ALWAYS && !exact)
        status = ts_fail(err, TS_ELIMIT,
                         "the exact distribution of %zu + %zu values needs "
                         "more than %.0e steps",
                         x->n, y->n, TS_EXACT_STEPS);
    else if (exact)
        status = run_exact(&e, position, opt, t, err);
    else
        status = run_normal(x, y, mu, decimals >= 0, opt, t, err);
done:
    exact_free(&e);
    return status;
}

/* Statistic, superiority and whether anything is tied, at mu and at no shift;
 * of the ties that the test sees. */
static void count(const ts_ranked *x, const ts_ranked *y, double mu,
                  ts_rank_test *t)
{
    normal_test w = {x, y, ties_alone(y), 0};
    double n_pair = (double)x->n * (double)y->n, u, ties;
    count_at(&w, 0, false, &u, &ties);
    t->superiority = u / n_pair;
    count_at(&w, mu, false, &u, &ties);
    t->statistic = u;
    t->tied = ties > 0;
}

static void rescale(ts_rank_test *t, double scale)
{
    t->estimate /= scale;
    t->conf_low /= scale;
    t->conf_high /= scale;
}

ts_status ts_wilcoxon(const double *x, size_t n_1, const double *y, size_t n_2,
                      const ts_rank_options *opt, ts_rank_test *out,
                      ts_error *err)
{
    ts_rank_test t = ts_rank_empty;
    ts_ranked a = {0}, b = {0};
    *out = t;
    ts_status status = ts_rank_check_options(opt, err);
    if (status || (status = ts_rank_check(x, n_1, "the first sample", err)) ||
        (status = ts_rank_check(y, n_2, "the second sample", err)))
        return status;
    int decimals = ts_decimal_grid(x, n_1, y, n_2, opt->mu);
    t.n_1 = n_1;
    t.n_2 = n_2;
    if ((status = ts_ranked_new(x, n_1, decimals, &a, err)) ||
        (status = ts_ranked_new(y, n_2, decimals, &b, err)))
        goto done;
    count(&a, &b, ts_grid_value(opt->mu, decimals), &t);
    if ((status = run(&a, &b, decimals, opt, &t, err)))
        goto done;
    rescale(&t, ts_grid_scale(decimals));
    ts_rank_consistent(opt, &t);
    *out = t;
done:
    ts_ranked_free(&a);
    ts_ranked_free(&b);
    return status;
}
