/*
 * The partial likelihood with its derivatives, from the last time of a stratum
 * back to its first: who is at risk is only ever added. Sums over events of one
 * time are those of 1 / phi and its powers, so that ties cost next to nothing,
 * but for the exact likelihood, which is a recursion over all at risk.
 */
#include "cox_private.h"

#include <math.h>
#include <string.h>
#include "event_order.h"
#include "ts/sum.h"

/* Sums of risks r, r x and r x x' (lower triangle). */
typedef struct {
    double s0, *s1, *s2;
} moments;

typedef struct {
    const ts_cox *f;
    double *eta; /* n: linear predictors, then risks */
    moments all, dead;
    double *room; /* of the exact likelihood */
    double *u, *h;
    ts_sum log_lik;
} work;

/* As many ties as the room of the exact likelihood is for. */
static size_t most_ties(const ts_cox *f)
{
    const ts_event_order *o = f->order;
    size_t most = 0, here = 0;
    for (size_t b = 0; b < o->n_block; b++)
        for (size_t i = o->start[b]; i < o->start[b + 1]; i++) {
            if (i == o->start[b] || o->rank[i] != o->rank[i - 1])
                here = 0;
            here += o->tag[i] & 1;
            most = here > most ? here : most;
        }
    return most;
}

size_t ts_cox_room(const ts_cox *f)
{
    size_t m = f->m, sums = m + m * m;
    size_t ties = f->ties == TS_COX_EXACT ? most_ties(f) : 0;
    return f->n + 2 * sums + m + (ties > 1 ? (ties + 1) * (1 + sums) : 0);
}

static void clear(moments *a, size_t m)
{
    a->s0 = 0;
    memset(a->s1, 0, (m + m * m) * sizeof *a->s1);
}

static void add(moments *a, double r, const double *x, size_t m, bool whole)
{
    a->s0 += r;
    if (!whole)
        return;
    for (size_t i = 0; i < m; i++) {
        double t = r * x[i];
        a->s1[i] += t;
        for (size_t j = 0; j <= i; j++)
            a->s2[i * m + j] += t * x[j];
    }
}

/* d events at one time of those in w->dead, whose predictors are added by the
 * caller: what they leave of the likelihood. */
static bool add_time(work *w, size_t d)
{
    const moments *s = &w->all, *e = &w->dead;
    size_t m = w->f->m;
    double a = 0, b = 0, aa = 0, ab = 0, bb = 0, log_s0 = log(s->s0);
    if (d > 0 && !(s->s0 > 0))
        return false;
    for (size_t k = 0; k < d; k++) { /* phi in units of s0 */
        double t = w->f->ties == TS_COX_EFRON ? (double)k / (double)d : 0;
        double phi = 1 - t * (e->s0 / s->s0);
        ts_sum_add(&w->log_lik, -log_s0 - log(phi));
        a += 1 / phi;
        b += t / phi;
        aa += 1 / phi / phi;
        ab += t / phi / phi;
        bb += t * t / phi / phi;
    }
    for (size_t i = 0; w->u && d > 0 && i < m; i++) {
        double si = s->s1[i] / s->s0, ei = e->s1[i] / s->s0;
        w->u[i] -= a * si - b * ei;
        for (size_t j = 0; j <= i; j++) {
            double sj = s->s1[j] / s->s0, ej = e->s1[j] / s->s0;
            w->h[i * m + j] +=
                (a * s->s2[i * m + j] - b * e->s2[i * m + j]) / s->s0 -
                (aa * si * sj - ab * (si * ej + ei * sj) + bb * ei * ej);
        }
    }
    return true;
}

/* The same for the exact likelihood: sums of products of d risks among rows
 * from .. end - 1, about their mean and in units of their sum over d. */
static bool add_exact(work *w, size_t d, size_t from, size_t end)
{
    size_t m = w->f->m, sums = 1 + m + m * m;
    double *mean = w->room, *level = mean + m;
    double unit = w->all.s0 / (double)d;
    if (!(unit > 0) || isinf(unit))
        return false;
    memset(level, 0, (d + 1) * sums * sizeof *level);
    level[0] = 1;
    for (size_t i = 0; w->u && i < m; i++)
        mean[i] = w->all.s1[i] / w->all.s0;
    for (size_t row = from; row < end; row++) {
        const double *x = w->f->q + row * m;
        double r = w->eta[row] / unit;
        size_t most = row - from + 1 < d ? row - from + 1 : d;
        for (size_t k = most; k > 0; k--) {
            double *to = level + k * sums;
            const double *of = to - sums;
            to[0] += r * of[0];
            if (!w->u)
                continue;
            double *to2 = to + 1 + m;
            const double *of1 = of + 1, *of2 = of1 + m;
            for (size_t i = 0; i < m; i++) {
                double c = x[i] - mean[i];
                for (size_t j = 0; j <= i; j++) {
                    double g = x[j] - mean[j];
                    to2[i * m + j] += r * (of2[i * m + j] + c * of1[j] +
                                           g * of1[i] + c * g * of[0]);
                }
            }
            for (size_t i = 0; i < m; i++)
                to[1 + i] += r * (of1[i] + (x[i] - mean[i]) * of[0]);
        }
    }
    const double *top = level + d * sums, *t1 = top + 1, *t2 = t1 + m;
    if (!(top[0] > 0) || isinf(top[0]))
        return false;
    ts_sum_add(&w->log_lik, -log(top[0]) - (double)d * log(unit));
    for (size_t i = 0; w->u && i < m; i++) {
        w->u[i] -= t1[i] / top[0] + (double)d * mean[i];
        for (size_t j = 0; j <= i; j++)
            w->h[i * m + j] +=
                t2[i * m + j] / top[0] - t1[i] / top[0] * (t1[j] / top[0]);
    }
    return true;
}

/* The linear predictors of a stratum, and the largest. */
static double take_predictors(work *w, const double *theta, size_t from,
                              size_t end)
{
    const ts_cox *f = w->f;
    double most = -INFINITY;
    for (size_t i = from; i < end; i++) {
        double eta = f->offset ? f->offset[i] : 0;
        for (size_t j = 0; j < f->m; j++)
            eta += f->q[i * f->m + j] * theta[j];
        w->eta[i] = eta;
        most = eta > most ? eta : most;
    }
    return most;
}

static bool add_stratum(work *w, const double *theta, size_t from, size_t end)
{
    const ts_cox *f = w->f;
    const ts_event_order *o = f->order;
    size_t m = f->m;
    double most = take_predictors(w, theta, from, end);
    if (!isfinite(most))
        return from == end;
    clear(&w->all, m);
    for (size_t last = end, first; last > from; last = first) {
        size_t d = 0;
        clear(&w->dead, m);
        for (first = last;
             first > from &&
             (first == last || o->rank[first - 1] == o->rank[first]);
             first--) {
            const double *x = f->q + (first - 1) * m;
            double eta = w->eta[first - 1] - most;
            double r = w->eta[first - 1] = exp(eta);
            add(&w->all, r, x, m, w->u != NULL);
            if (!(o->tag[first - 1] & 1))
                continue;
            d++;
            add(&w->dead, r, x, m, w->u != NULL);
            ts_sum_add(&w->log_lik, eta);
            for (size_t j = 0; w->u && j < m; j++)
                w->u[j] += x[j];
        }
        if (d > 1 && f->ties == TS_COX_EXACT ? !add_exact(w, d, first, end)
                                             : !add_time(w, d))
            return false;
    }
    return true;
}

double ts_cox_likelihood(const ts_cox *f, const double *theta, double *u,
                         double *h, double *room)
{
    size_t m = f->m, sums = m + m * m;
    work w = {.f = f, .eta = room, .u = u, .h = h};
    w.all.s1 = room + f->n;
    w.all.s2 = w.all.s1 + m;
    w.dead.s1 = w.all.s1 + sums;
    w.dead.s2 = w.dead.s1 + m;
    w.room = w.dead.s1 + sums;
    if (u) {
        memset(u, 0, m * sizeof *u);
        memset(h, 0, m * m * sizeof *h);
    }
    for (size_t b = 0; b < f->order->n_block; b++)
        if (!add_stratum(&w, theta, f->order->start[b], f->order->start[b + 1]))
            return -INFINITY;
    return ts_sum_value(&w.log_lik);
}
