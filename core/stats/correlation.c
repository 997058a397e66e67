/* Correlations: Pearson's, and those of ranks with their exact tests. */
#include "ts/correlation.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "group_ranks.h"
#include "level.h"
#include "permuted.h"
#include "ts/memory.h"
#include "ts/sum.h"

/* Pearson ----------------------------------------------------------------- */

/* u: x about its mean, of length 1. Returns the share of rounding in it, or
 * infinity when x is constant but for rounding. */
static double unit_of(const double *x, size_t n, double *u)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(x[i]));
    if (largest == 0)
        return INFINITY;
    int exponent;
    frexp(largest, &exponent); /* squares stay in range */
    ts_sum sum = {0}, rest = {0}, square = {0};
    for (size_t i = 0; i < n; i++) {
        u[i] = ldexp(x[i], -exponent);
        ts_sum_add(&sum, u[i]);
    }
    double mean = ts_sum_value(&sum) / (double)n;
    for (size_t i = 0; i < n; i++) {
        u[i] -= mean;
        ts_sum_add(&rest, u[i]);
    }
    mean = ts_sum_value(&rest) / (double)n;
    for (size_t i = 0; i < n; i++) {
        u[i] -= mean;
        ts_sum_add(&square, u[i] * u[i]);
    }
    double length = sqrt(ts_sum_value(&square));
    double rounding = 2 * DBL_EPSILON * sqrt((double)n) / length;
    if (!(rounding < 1))
        return INFINITY;
    for (size_t i = 0; i < n; i++)
        u[i] /= length;
    return rounding + 4 * DBL_EPSILON;
}

/* r, and 1 - r^2 without cancellation; 0 where that is rounding. */
static double product_moment(const double *x, const double *y, size_t n,
                             double *space, double *unexplained)
{
    double *u = space, *v = space + n;
    double a = unit_of(x, n, u), b = unit_of(y, n, v);
    ts_sum r = {0}, less = {0}, more = {0};
    *unexplained = NAN;
    if (isinf(a) || isinf(b))
        return NAN;
    for (size_t i = 0; i < n; i++) {
        ts_sum_add(&r, u[i] * v[i]);
        ts_sum_add(&less, (u[i] - v[i]) * (u[i] - v[i]));
        ts_sum_add(&more, (u[i] + v[i]) * (u[i] + v[i]));
    }
    double off = ts_sum_value(&less) / 2, on = ts_sum_value(&more) / 2;
    if (sqrt(off) <= a + b || sqrt(on) <= a + b) {
        *unexplained = 0;
        return off < on ? 1 : -1;
    }
    *unexplained = off * on;
    double value = ts_sum_value(&r);
    return fmin(1, fmax(-1, value));
}

static double one_tail(double t, double df, ts_alternative alternative)
{
    if (alternative == TS_TWO_SIDED)
        return 2 * pt(-fabs(t), df, 1, 0);
    return pt(t, df, alternative == TS_LESS, 0);
}

static void test_by_t(double unexplained, size_t n,
                      const ts_correlation_options *opt, ts_correlation *c)
{
    if (n < 3 || !(unexplained > 0))
        return;
    c->df = (double)n - 2;
    c->statistic = c->estimate * sqrt(c->df / unexplained);
    c->p_value = one_tail(c->statistic, c->df, opt->alternative);
}

static void interval(size_t n, double unexplained,
                     const ts_correlation_options *opt, ts_correlation *c)
{
    if (n < 4 || !(unexplained > 0))
        return;
    bool two = opt->alternative == TS_TWO_SIDED;
    double alpha = ts_level_alpha(opt->conf_level);
    double half =
        qnorm5(two ? alpha / 2 : alpha, 0, 1, 0, 0) / sqrt((double)n - 3);
    double z = atanh(c->estimate);
    c->conf_low = opt->alternative == TS_LESS ? -1 : tanh(z - half);
    c->conf_high = opt->alternative == TS_GREATER ? 1 : tanh(z + half);
    if (!isnan(c->p_value))
        c->inconsistent = ts_above_level(c->p_value, alpha) !=
                          (c->conf_low <= 0 && c->conf_high >= 0);
}

/* Ranks ------------------------------------------------------------------- */

/* The doubled mid-ranks of x in the order of the data, the same in increasing
 * order, and the numbers of equal values. */
typedef struct {
    int64_t *score, *sorted;
    size_t *size, n_value;
    double ties; /* sum of t^3 - t */
} ranks;

static void ranks_free(ranks *r)
{
    ts_free(r->score);
    ts_free(r->sorted);
    ts_free(r->size);
}

static ts_status ranks_new(const double *x, size_t n, ranks *out, ts_error *err)
{
    ranks r = {0};
    ts_group_ranks all = {0};
    int *own = ts_alloc_array(n, sizeof *own);
    r.score = ts_alloc_array(n, sizeof *r.score);
    r.sorted = ts_alloc_array(n, sizeof *r.sorted);
    r.size = ts_alloc_array(n, sizeof *r.size);
    ts_status status =
        own && r.score && r.sorted && r.size ? TS_OK : ts_fail_memory(err);
    for (size_t i = 0; i < n && !status; i++)
        own[i] = (int)i; /* each unit is a group of its own */
    ts_groups data = {x, own, n, n};
    if (!status)
        status = ts_group_ranks_new(&data, 1, &all, err);
    for (size_t i = 0; i < n && !status; i++) {
        r.sorted[i] = r.score[all.group[i]] = all.score[i];
        r.n_value += i == 0 || all.score[i] != all.score[i - 1];
        r.size[r.n_value - 1]++;
    }
    r.ties = all.ties;
    ts_group_ranks_free(&all);
    ts_free(own);
    if (status)
        ranks_free(&r);
    else
        *out = r;
    return status;
}

static ts_rank_options rank_options(const ts_correlation_options *opt)
{
    return (ts_rank_options){.alternative = opt->alternative,
                             .two_sided = opt->two_sided,
                             .exact = opt->exact,
                             .conf_level = opt->conf_level};
}

static void take_exact(const ts_lattice *l, int64_t observed, int64_t mean,
                       int64_t divisor, const ts_correlation_options *opt,
                       ts_correlation *c)
{
    ts_rank_options o = rank_options(opt);
    ts_tails tails = ts_lattice_tails(l, observed, mean, divisor);
    ts_smallest smallest = ts_lattice_smallest(l, mean, divisor);
    c->p_value = ts_tails_p(&tails, &o);
    c->p_smallest = ts_smallest_p(&smallest, &o);
    c->exact = true;
}

/* P where one order of the values alone is as extreme: too many values to
 * list, and all of them in order. */
static double order_p(const ranks *r, size_t n, double estimate,
                      ts_alternative alternative)
{
    double log_p = -lgammafn((double)n + 1);
    for (size_t k = 0; k < r->n_value; k++)
        log_p += lgammafn((double)r->size[k] + 1);
    if (alternative == TS_TWO_SIDED)
        return fmin(1, 2 * exp(log_p));
    return (alternative == TS_GREATER) == (estimate > 0) ? exp(log_p) : 1;
}

static ts_status spearman(const ranks *x, const ranks *y, size_t n,
                          double unexplained, const ts_correlation_options *opt,
                          ts_correlation *c, ts_error *err)
{
    bool possible = false;
    if (opt->exact != TS_EXACT_NEVER) {
        /* ties in the second save work */
        const ranks *b = x->n_value < y->n_value ? x : y;
        const ranks *a = b == x ? y : x;
        ts_lattice l;
        int64_t observed = 0, sum_a = 0, sum_b = 0;
        ts_status status =
            ts_permuted_products(a->sorted, b->sorted, n, &l, &possible, err);
        if (status)
            return status;
        for (size_t i = 0; i < n; i++) {
            observed += a->score[i] * b->score[i];
            sum_a += a->score[i];
            sum_b += b->score[i];
        }
        if (possible)
            take_exact(&l, observed, sum_a * sum_b, (int64_t)n, opt, c);
        ts_lattice_free(&l);
    }
    if (possible)
        return TS_OK;
    test_by_t(unexplained, n, opt, c);
    if (unexplained == 0)
        c->p_value = order_p(x, n, c->estimate, opt->alternative);
    return ts_exact_refused(opt->exact, err);
}

/* Kendall ----------------------------------------------------------------- */

typedef struct {
    int64_t x, y;
} point;

static int by_x_then_y(const void *a, const void *b)
{
    const point *p = a, *q = b;
    if (p->x != q->x)
        return (p->x > q->x) - (p->x < q->x);
    return (p->y > q->y) - (p->y < q->y);
}

/* Sorts by y and counts the pairs that this turns round. */
static double sort_count(point *p, size_t n, point *space)
{
    if (n < 2)
        return 0;
    size_t half = n / 2, i = 0, j = half, at = 0;
    double turned =
        sort_count(p, half, space) + sort_count(p + half, n - half, space);
    while (i < half && j < n) {
        if (p[j].y < p[i].y) {
            turned += (double)(half - i);
            space[at++] = p[j++];
        } else {
            space[at++] = p[i++];
        }
    }
    while (i < half)
        space[at++] = p[i++];
    memcpy(p, space, at * sizeof *p);
    return turned;
}

static double tied_pairs(const ranks *r)
{
    double sum = 0;
    for (size_t k = 0; k < r->n_value; k++)
        sum += (double)r->size[k] * ((double)r->size[k] - 1) / 2;
    return sum;
}

/* Concordant less discordant pairs (Knight 1966, JASA 61:436). */
static ts_status concordance(const ranks *x, const ranks *y, size_t n,
                             double *out, ts_error *err)
{
    point *p = ts_alloc_array(2 * n, sizeof *p);
    if (!p)
        return ts_fail_memory(err);
    for (size_t i = 0; i < n; i++)
        p[i] = (point){x->score[i], y->score[i]};
    qsort(p, n, sizeof *p, by_x_then_y);
    double both = 0, same = 0;
    for (size_t i = 1; i < n; i++) {
        same = by_x_then_y(&p[i - 1], &p[i]) == 0 ? same + 1 : 0;
        both += same;
    }
    double discordant = sort_count(p, n, p + n);
    double all = (double)n * ((double)n - 1) / 2;
    *out = all - tied_pairs(x) - tied_pairs(y) + both - 2 * discordant;
    ts_free(p);
    return TS_OK;
}

/* Sums over tied values: t(t-1)(2t+5), t(t-1), t(t-1)(t-2). */
static void tie_sums(const ranks *r, double *out)
{
    out[0] = out[1] = out[2] = 0;
    for (size_t k = 0; k < r->n_value; k++) {
        double t = (double)r->size[k], pairs = t * (t - 1);
        out[0] += pairs * (2 * t + 5);
        out[1] += pairs;
        out[2] += pairs * (t - 2);
    }
}

/* The variance of the statistic over all permutations (Kendall 1970). */
static double kendall_variance(const ranks *x, const ranks *y, double n)
{
    double a[3], b[3];
    tie_sums(x, a);
    tie_sums(y, b);
    double v = (n * (n - 1) * (2 * n + 5) - a[0] - b[0]) / 18 +
               a[1] * b[1] / (2 * n * (n - 1));
    if (n > 2)
        v += a[2] * b[2] / (9 * n * (n - 1) * (n - 2));
    return v;
}

/* With ties in both: Jonckheere's test with the values of x as groups. */
static ts_status by_groups(const ranks *x, const ranks *y, size_t n,
                           const ts_correlation_options *opt, bool *possible,
                           ts_correlation *c, ts_error *err)
{
    ts_rank_options o = rank_options(opt);
    ts_group_test t = {.exact = false};
    double *value = ts_alloc_array(n, sizeof *value);
    int *group = ts_alloc_array(n, sizeof *group);
    ts_status status = value && group ? TS_OK : ts_fail_memory(err);
    for (size_t i = 0; i < n && !status; i++) {
        size_t before = 0, k = 0;
        while ((int64_t)(2 * before + x->size[k]) + 1 != x->score[i])
            before += x->size[k++];
        value[i] = (double)y->score[i];
        group[i] = (int)k;
    }
    ts_groups data = {value, group, n, x->n_value};
    o.exact = TS_EXACT_AUTO;
    if (!status)
        status = ts_jonckheere(&data, &o, &t, err);
    if (!status && t.exact) {
        c->p_value = t.p_value;
        c->p_smallest = t.p_smallest;
        c->exact = *possible = true;
    }
    ts_free(value);
    ts_free(group);
    return status;
}

static ts_status kendall(const ranks *x, const ranks *y, size_t n,
                         const ts_correlation_options *opt, ts_correlation *c,
                         ts_error *err)
{
    bool possible = false;
    ts_rank_options o = rank_options(opt);
    double all = (double)n * ((double)n - 1) / 2;
    ts_status status = concordance(x, y, n, &c->statistic, err);
    if (status)
        return status;
    c->estimate =
        c->statistic / sqrt((all - tied_pairs(x)) * (all - tied_pairs(y)));
    if (opt->exact != TS_EXACT_NEVER && (x->ties == 0 || y->ties == 0)) {
        const ranks *tied = x->ties == 0 ? y : x;
        ts_lattice l;
        status =
            ts_permuted_pairs(tied->size, tied->n_value, &l, &possible, err);
        if (possible)
            take_exact(&l, (int64_t)c->statistic, 0, 1, opt, c);
        ts_lattice_free(&l);
    } else if (opt->exact != TS_EXACT_NEVER) {
        const ranks *few = x->n_value <= y->n_value ? x : y;
        if (few->n_value <= 8)
            status = by_groups(few, few == x ? y : x, n, opt, &possible, c, err);
    }
    if (status || possible)
        return status;
    double sd = sqrt(kendall_variance(x, y, (double)n));
    ts_tails tails = ts_normal_tails(c->statistic, sd, 0);
    c->z = ts_normal_z(c->statistic, sd, 0, opt->alternative);
    c->p_value = ts_tails_p(&tails, &o);
    return ts_exact_refused(opt->exact, err);
}

/* All of them ------------------------------------------------------------- */

static ts_status of_ranks(const double *x, const double *y, size_t n,
                          const ts_correlation_options *opt, double *space,
                          ts_correlation *c, ts_error *err)
{
    ranks a = {0}, b = {0};
    double unexplained;
    ts_status status = ranks_new(x, n, &a, err);
    if (!status && (status = ranks_new(y, n, &b, err)))
        ranks_free(&a);
    if (status)
        return status;
    c->tied = a.ties > 0 || b.ties > 0;
    c->constant = a.n_value == 1 || b.n_value == 1;
    if (!c->constant && opt->kind == TS_SPEARMAN) {
        for (size_t i = 0; i < n; i++) {
            space[2 * n + i] = (double)a.score[i];
            space[3 * n + i] = (double)b.score[i];
        }
        c->estimate = product_moment(space + 2 * n, space + 3 * n, n, space,
                                     &unexplained);
        status = spearman(&a, &b, n, unexplained, opt, c, err);
        interval(n, unexplained, opt, c);
    } else if (!c->constant) {
        status = kendall(&a, &b, n, opt, c, err);
    }
    ranks_free(&a);
    ranks_free(&b);
    return status;
}

ts_status ts_correlate(const double *x, const double *y, size_t n,
                       const ts_correlation_options *opt, ts_correlation *out,
                       ts_error *err)
{
    ts_correlation c = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, 0, 0, 0, 0, 0};
    ts_rank_options o = rank_options(opt);
    *out = c;
    ts_status status = ts_rank_check_options(&o, err);
    if (status || (status = ts_rank_check(x, n, "the first variable", err)) ||
        (status = ts_rank_check(y, n, "the second variable", err)))
        return status;
    if (n < 2)
        return ts_fail(err, TS_EDEGENERATE, "two pairs are needed");
    double *space = ts_alloc_array(4 * n, sizeof *space);
    if (!space)
        return ts_fail_memory(err);
    if (opt->kind == TS_PEARSON) {
        double unexplained;
        c.estimate = product_moment(x, y, n, space, &unexplained);
        c.constant = isnan(c.estimate);
        c.line = unexplained == 0;
        test_by_t(unexplained, n, opt, &c);
        interval(n, unexplained, opt, &c);
    } else {
        status = of_ranks(x, y, n, opt, space, &c, err);
    }
    ts_free(space);
    if (!status)
        *out = c;
    return status;
}
