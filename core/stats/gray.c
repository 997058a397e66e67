/*
 * Gray's test of k groups, rho = 0.
 *
 * Group k at risk counts R = h (1 - F), h = Y / S, where the log-rank test has
 * Y; F is its own cumulative incidence, S its survival free of both events,
 * just before. Under the hypothesis 1 - F is a common G, and the score is
 *
 *     z_i = sum over k of the integral of a_ik + C_ik(end) - C_ik  d(F_k - F),
 *     a_ik = h_i ([i = k] - h_k / h.),   dC_ik = a_ik dF / G,   dF = dN. / h.
 *
 * What F_k - F is in martingales makes of it, at each time u, (S- / Y) times
 * a_ik + rest (1 - G/S) per event and -rest G/S per competing event, with rest
 * = C_ik(end) - C_ik(u): the variance is the sum of their squares. The rest is
 * known at the end only, so time is walked through twice.
 */
#include "ts/competing.h"

#include <math.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "cause_order.h"
#include "score_form.h"
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/sum.h"

#define MOST_GROUPS 200

typedef struct {
    size_t k;
    size_t first, next, end; /* rows of this time; end of the stratum */
    const ts_event_order *order;
    /* of each group, at this time: */
    double *at_risk, *events, *others;
    double *before, *after; /* S, free of both events */
    double *incidence;      /* F before the time */
    double *h;              /* Y / S; 0 for who is not at risk */
    double sum_h, n_event, n_other;
    double common, common_after; /* F of all under the hypothesis */
} walk;

typedef struct {
    size_t k;
    walk w;
    double *block;     /* memory of the arrays */
    double *c_end, *c; /* k x k: C at the end, and so far */
    double *x;         /* k: what one group's events count in each score */
    double *observed;
    ts_sum *expected, *variance;
    size_t n_event, n_competing;
} state;

static ts_status state_new(size_t k, state *s, ts_error *err)
{
    *s = (state){.k = k};
    s->block = ts_alloc_array(9 + 2 * k, k * sizeof *s->block);
    s->expected = ts_alloc_array(k, sizeof *s->expected);
    s->variance = ts_alloc_array(k, k * sizeof *s->variance);
    if (!s->block || !s->expected || !s->variance)
        return ts_fail_memory(err);
    double **array[] = {&s->w.at_risk, &s->w.events, &s->w.others,
                        &s->w.before,  &s->w.after,  &s->w.incidence,
                        &s->w.h,       &s->x,        &s->observed};
    for (size_t j = 0; j < sizeof array / sizeof *array; j++)
        *array[j] = s->block + j * k;
    s->c_end = s->block + 9 * k;
    s->c = s->c_end + k * k;
    return TS_OK;
}

static void state_free(state *s)
{
    ts_free(s->block);
    ts_free(s->expected);
    ts_free(s->variance);
}

static void walk_start(walk *w, const ts_event_order *order, size_t stratum,
                       size_t k)
{
    w->k = k;
    w->order = order;
    w->first = w->next = order->start[stratum];
    w->end = order->start[stratum + 1];
    w->common_after = 0;
    for (size_t g = 0; g < k; g++) {
        w->at_risk[g] = w->incidence[g] = w->events[g] = w->others[g] = 0;
        w->after[g] = 1;
        w->h[g] = 0;
    }
    for (size_t i = w->next; i < w->end; i++)
        w->at_risk[ts_tag_group(order->tag[i])]++;
}

/* Those of the time where it stands are at risk no longer. */
static void walk_leave(walk *w)
{
    for (size_t g = 0; g < w->k; g++) {
        if (w->events[g] > 0)
            w->incidence[g] += w->events[g] / w->h[g];
        w->events[g] = w->others[g] = 0;
        w->before[g] = w->after[g];
    }
    w->common = w->common_after;
    for (; w->first < w->next; w->first++)
        w->at_risk[ts_tag_group(w->order->tag[w->first])]--;
}

/* On to the next time with an event of either kind; false at the end. */
static bool walk_on(walk *w)
{
    const ts_event_order *order = w->order;
    do {
        walk_leave(w);
        w->sum_h = w->n_event = w->n_other = 0;
        while (w->next < w->end &&
               order->rank[w->next] == order->rank[w->first]) {
            uint32_t tag = order->tag[w->next++];
            w->events[ts_tag_group(tag)] += ts_tag_event(tag);
            w->others[ts_tag_group(tag)] += ts_tag_competing(tag);
        }
        for (size_t g = 0; g < w->k; g++) {
            double n = w->at_risk[g], d = w->events[g] + w->others[g];
            w->h[g] = n > 0 ? n / w->before[g] : 0;
            w->sum_h += w->h[g];
            if (d > 0)
                w->after[g] = w->before[g] * (n - d) / n;
            w->n_event += w->events[g];
            w->n_other += w->others[g];
        }
    } while (w->n_event + w->n_other == 0 && w->next < w->end);
    if (w->n_event > 0)
        w->common_after = w->common + w->n_event / w->sum_h;
    return w->n_event + w->n_other > 0;
}

static double a_of(const walk *w, size_t i, size_t k)
{
    return w->h[i] * ((i == k) - w->h[k] / w->sum_h);
}

static void add_to_c(const walk *w, double *c)
{
    double step = w->n_event / (w->sum_h * (1 - w->common));
    for (size_t i = 0; i < w->k && w->n_event > 0; i++)
        for (size_t g = 0; g < w->k; g++)
            if (w->h[i] > 0 && w->h[g] > 0)
                c[i * w->k + g] += step * a_of(w, i, g);
}

static void add_square(state *s, double weight)
{
    for (size_t i = 0; i < s->k; i++)
        for (size_t j = 0; j <= i; j++)
            ts_sum_add(&s->variance[i * s->k + j], weight * s->x[i] * s->x[j]);
}

static void add_score(state *s)
{
    const walk *w = &s->w;
    double sum_r = 0;
    for (size_t g = 0; g < s->k; g++)
        sum_r += w->h[g] * (1 - w->incidence[g]);
    for (size_t g = 0; g < s->k; g++) {
        s->observed[g] += w->events[g];
        if (w->h[g] > 0)
            ts_sum_add(&s->expected[g],
                       w->n_event * w->h[g] * (1 - w->incidence[g]) / sum_r);
    }
    s->n_event += (size_t)w->n_event;
    s->n_competing += (size_t)w->n_other;
}

/* What the events of this time in group g add to the variance. */
static void add_variance(state *s, size_t g)
{
    const walk *w = &s->w;
    double n = w->at_risk[g], before = w->before[g], after = w->after[g];
    double ratio = after > 0 ? (1 - w->common_after) / after : 0;
    if (n > 0 && w->n_event > 0) {
        double all = w->sum_h * before; /* at risk, were they as in g */
        for (size_t i = 0; i < s->k; i++)
            s->x[i] =
                (w->h[i] > 0 ? a_of(w, i, g) : 0) +
                (s->c_end[i * s->k + g] - s->c[i * s->k + g]) * (1 - ratio);
        add_square(s, ts_tie_factor(w->n_event, all) * before / n * w->n_event /
                          w->sum_h);
    }
    if (w->others[g] > 0 && after > 0) {
        for (size_t i = 0; i < s->k; i++)
            s->x[i] = (s->c_end[i * s->k + g] - s->c[i * s->k + g]) * ratio;
        add_square(s, ts_tie_factor(w->others[g], n) * w->others[g] * before *
                          before / (n * n));
    }
}

static ts_status add_stratum(state *s, const ts_event_order *order,
                             size_t stratum, ts_error *err)
{
    ts_status status = TS_OK;
    for (size_t i = 0; i < s->k * s->k; i++)
        s->c_end[i] = s->c[i] = 0;
    walk_start(&s->w, order, stratum, s->k);
    while (walk_on(&s->w))
        add_to_c(&s->w, s->c_end);
    walk_start(&s->w, order, stratum, s->k);
    while (walk_on(&s->w) && !(status = ts_interrupt_check(err))) {
        add_score(s);
        add_to_c(&s->w, s->c);
        for (size_t g = 0; g < s->k; g++)
            add_variance(s, g);
    }
    return status;
}

static void hand_out(const state *s, ts_gray_result *out, double *observed,
                     double *expected)
{
    out->n_event = s->n_event;
    out->n_competing = s->n_competing;
    for (size_t g = 0; g < s->k; g++) {
        if (observed)
            observed[g] = s->observed[g];
        if (expected)
            expected[g] = ts_sum_value(&s->expected[g]);
    }
}

static ts_status conclude(const state *s, ts_gray_result *out, ts_error *err)
{
    size_t k = s->k;
    ts_status status = TS_OK;
    double *u = ts_alloc_array(1 + k, k * sizeof *u);
    if (!u)
        return ts_fail_memory(err);
    double *v = u + k;
    for (size_t g = 0; g < k; g++)
        u[g] = s->observed[g] - ts_sum_value(&s->expected[g]);
    for (size_t i = 0; i < k * k; i++)
        v[i] = ts_sum_value(&s->variance[i]);
    status = ts_score_form(u, v, k, &out->statistic, &out->df, err);
    if (!status && out->df > 0)
        out->p_value = pchisq(out->statistic, (double)out->df, 0, 0);
    if (!status && k == 2 && out->df == 1)
        out->z = u[1] / sqrt(v[3]);
    ts_free(u);
    return status;
}

ts_status ts_gray(const ts_survival *data, const double *competing,
                  ts_gray_result *out, double *observed, double *expected,
                  ts_error *err)
{
    size_t k = data->group ? data->n_group : 1;
    state s = {0};
    ts_event_order *order = NULL;
    ts_gray_result r = {.p_value = 1, .z = NAN};
    *out = (ts_gray_result){.p_value = NAN, .z = NAN};
    if (k > MOST_GROUPS)
        return ts_fail(err, TS_ELIMIT,
                       "%zu groups: Gray's test takes at most "
                       "%d",
                       k, MOST_GROUPS);
    ts_status status = ts_cause_order_new(data, competing, data->stratum,
                                          data->n_stratum, &order, err);
    if (!status)
        status = state_new(k, &s, err);
    for (size_t b = 0; !status && b < order->n_block; b++)
        status = add_stratum(&s, order, b, err);
    if (!status)
        status = conclude(&s, &r, err);
    if (!status) {
        hand_out(&s, &r, observed, expected);
        *out = r;
    }
    state_free(&s);
    ts_event_order_free(order);
    return status;
}
