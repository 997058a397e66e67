/*
 * Boschloo's and Barnard's tests. For each total of events, the share of the
 * rejected tables among those with that total is one coefficient of the
 * polynomial whose largest value is P.
 */
#include "ts/counts.h"

#include <math.h>
#include <stdlib.h>
#include "bernstein.h"
#include "counts_check.h"
#include "ts/memory.h"
#include "ts/sum.h"

enum { MOST_UNITS = 2000 };

typedef struct {
    size_t n_1, n_2;
    double *log_factorial; /* of 0 .. n_1 + n_2 */
    double *p;             /* of the tables with one total */
    double *order;         /* what they are put in order by, small first */
    double *share;         /* rejected, of each total */
} workshop;

static ts_status workshop_new(const ts_two_by_two *t, workshop *w,
                              ts_error *err)
{
    size_t n = (size_t)(t->n_1 + t->n_2);
    ts_sum sum = {0};
    w->n_1 = (size_t)t->n_1;
    w->n_2 = (size_t)t->n_2;
    w->log_factorial = ts_alloc_array(n + 1, sizeof(double));
    w->p = ts_alloc_array(w->n_1 + 1, sizeof(double));
    w->order = ts_alloc_array(w->n_1 + 1, sizeof(double));
    w->share = ts_alloc_array(n + 1, sizeof(double));
    if (!w->log_factorial || !w->p || !w->order || !w->share)
        return ts_fail_memory(err);
    for (size_t i = 2; i <= n; i++) {
        ts_sum_add(&sum, log((double)i));
        w->log_factorial[i] = ts_sum_value(&sum);
    }
    return TS_OK;
}

static void workshop_free(workshop *w)
{
    ts_free(w->log_factorial);
    ts_free(w->p);
    ts_free(w->order);
    ts_free(w->share);
}

/* Tables with that total of events have low .. high events in group 1. */
static size_t low_of(const workshop *w, size_t total)
{
    return total > w->n_2 ? total - w->n_2 : 0;
}

static size_t high_of(const workshop *w, size_t total)
{
    return total < w->n_1 ? total : w->n_1;
}

static double log_choose(const workshop *w, size_t n, size_t k)
{
    const double *f = w->log_factorial;
    return f[n] - f[k] - f[n - k];
}

/* p[a]: the share of a among tables with that total. */
static void hypergeometric(workshop *w, size_t total)
{
    double all = log_choose(w, w->n_1 + w->n_2, total);
    for (size_t a = low_of(w, total); a <= high_of(w, total); a++)
        w->p[a] = exp(log_choose(w, w->n_1, a) +
                      log_choose(w, w->n_2, total - a) - all);
}

/* order[a]: Fisher's P, one-sided. */
static void order_by_tail(workshop *w, size_t total, bool greater)
{
    size_t low = low_of(w, total), high = high_of(w, total);
    ts_sum sum = {0};
    for (size_t i = 0; i <= high - low; i++) {
        size_t a = greater ? high - i : low + i;
        ts_sum_add(&sum, w->p[a]);
        w->order[a] = fmin(1, ts_sum_value(&sum));
    }
}

/* order[a]: Fisher's P, minlike. p is unimodal: both ends are taken in turn,
 * the smaller first, with all that are equal. */
static void order_minlike(workshop *w, size_t total)
{
    size_t low = low_of(w, total), high = high_of(w, total);
    ts_sum sum = {0};
    while (low <= high) {
        double least = fmin(w->p[low], w->p[high]) * (1 + 1e-7);
        size_t from = low, to = high;
        while (low <= high && w->p[low] <= least)
            ts_sum_add(&sum, w->p[low++]);
        while (high > low && w->p[high] <= least)
            ts_sum_add(&sum, w->p[high--]);
        if (low == high && w->p[high] <= least && high < to)
            ts_sum_add(&sum, w->p[low++]);
        double p = fmin(1, ts_sum_value(&sum));
        while (from < low)
            w->order[from++] = p;
        while (to > high && to >= low)
            w->order[to--] = p;
        if (high == 0)
            break;
    }
}

/* z of the difference with pooled variance; 0 where there is none. */
static double pooled_z(const workshop *w, size_t a, size_t b)
{
    double n_1 = (double)w->n_1, n_2 = (double)w->n_2;
    double p = (double)(a + b) / (n_1 + n_2);
    double away = (double)a / n_1 - (double)b / n_2;
    return away == 0 ? 0 : away / sqrt(p * (1 - p) * (1 / n_1 + 1 / n_2));
}

typedef struct {
    ts_unconditional kind;
    ts_alternative alternative; /* two-sided: by minlike or |z| */
} ordering;

static void put_in_order(workshop *w, size_t total, const ordering *o)
{
    if (o->kind == TS_BOSCHLOO) {
        if (o->alternative == TS_TWO_SIDED)
            order_minlike(w, total);
        else
            order_by_tail(w, total, o->alternative == TS_GREATER);
        return;
    }
    for (size_t a = low_of(w, total); a <= high_of(w, total); a++) {
        double z = pooled_z(w, a, total - a);
        w->order[a] = o->alternative == TS_TWO_SIDED ? -fabs(z)
                      : o->alternative == TS_GREATER ? -z
                                                     : z;
    }
}

/* P of one ordering; *observed: where the table itself stands. */
static ts_status largest_p(workshop *w, const ts_two_by_two *t,
                           const ordering *o, ts_unconditional_test *out,
                           double *observed, ts_error *err)
{
    size_t own = (size_t)t->events_1;
    size_t total = own + (size_t)t->events_2;
    hypergeometric(w, total);
    put_in_order(w, total, o);
    *observed = w->order[own];
    double edge = *observed + 1e-10 * fabs(*observed) + 1e-300;
    if (o->kind == TS_BARNARD)
        edge = *observed + 1e-10;
    for (size_t s = 0; s <= w->n_1 + w->n_2; s++) {
        ts_sum share = {0};
        hypergeometric(w, s);
        put_in_order(w, s, o);
        for (size_t a = low_of(w, s); a <= high_of(w, s); a++)
            if (w->order[a] <= edge)
                ts_sum_add(&share, w->p[a]);
        w->share[s] = fmin(1, ts_sum_value(&share));
    }
    return ts_bernstein_max(w->share, w->n_1 + w->n_2, &out->p_value,
                            &out->nuisance, err);
}

/* Twice the smaller of the two one-sided P. */
static ts_status central(workshop *w, const ts_two_by_two *t,
                         ts_unconditional kind, ts_unconditional_test *out,
                         double *observed, ts_error *err)
{
    static const ts_alternative sides[] = {TS_LESS, TS_GREATER};
    ts_unconditional_test one;
    out->p_value = INFINITY;
    for (int i = 0; i < 2; i++) {
        double own;
        ordering o = {kind, sides[i]};
        ts_status status = largest_p(w, t, &o, &one, &own, err);
        if (status)
            return status;
        if (2 * one.p_value < out->p_value) {
            *observed = own;
            *out = one;
            out->p_value = 2 * one.p_value;
        }
    }
    return TS_OK;
}

ts_status ts_exact_unconditional(const ts_two_by_two *t, ts_unconditional kind,
                                 ts_alternative alternative,
                                 ts_two_sided two_sided,
                                 ts_unconditional_test *out, ts_error *err)
{
    ts_unconditional_test r = {NAN, NAN, NAN};
    workshop w = {0};
    double observed;
    *out = r;
    ts_status status = ts_check_two_by_two(t, err);
    if (status)
        return status;
    if (t->n_1 == 0 || t->n_2 == 0)
        return ts_fail(err, TS_EDEGENERATE, "a group is empty");
    if (t->n_1 + t->n_2 > MOST_UNITS)
        return ts_fail(err, TS_ELIMIT,
                       "%g + %g are too many for an unconditional test, %d "
                       "are the most",
                       t->n_1, t->n_2, MOST_UNITS);
    ordering o = {kind, alternative};
    status = workshop_new(t, &w, err);
    if (!status)
        status = alternative == TS_TWO_SIDED && two_sided == TS_CENTRAL
                     ? central(&w, t, kind, &r, &observed, err)
                     : largest_p(&w, t, &o, &r, &observed, err);
    if (!status) {
        r.statistic = kind == TS_BOSCHLOO ? observed
                                          : pooled_z(&w, (size_t)t->events_1,
                                                     (size_t)t->events_2);
        if (r.p_value > 1 - 1e-12)
            r.p_value = 1;
        *out = r;
    }
    workshop_free(&w);
    return status;
}
