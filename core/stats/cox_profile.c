/*
 * Profile likelihood of a linear function of the coefficients. Newton's steps
 * go along the plane on which it is c; where other coefficients run off, they
 * end when there is nothing left to win.
 */
#include "cox_private.h"

#include <math.h>
#include <string.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "cholesky.h"
#include "root.h"
#include "ts/interrupt.h"
#include "ts/memory.h"

#define MOST_STEPS 100

typedef struct {
    const ts_cox *fit;
    const double *v;               /* m: the function; 0 where not active */
    double limit;                  /* of the root of the ratio */
    double *theta;                 /* m, from where the next search starts */
    double *next, *u, *h, *l;      /* m, m, m x m, m x m */
    double *step, *normal, *plane; /* rank, of active coordinates */
    double *room;
    ts_status status;
    ts_error *err;
} profile;

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* The step along the plane into p->step, and what it promises to win; 0 where
 * there is none. */
static double take_step(profile *p)
{
    size_t k = p->fit->rank;
    ts_cox_pack(p->fit, p->h, p->l);
    if (ts_cholesky(p->l, k, TS_COX_SINGULAR) == 0)
        return 0;
    ts_cox_pack_vector(p->fit, p->u, p->step);
    ts_solve_lower(p->l, k, p->step);
    ts_solve_lower_transposed(p->l, k, p->step);
    memcpy(p->normal, p->plane, k * sizeof *p->plane);
    ts_solve_lower(p->l, k, p->normal);
    ts_solve_lower_transposed(p->l, k, p->normal);
    double share = dot(p->plane, p->step, k) / dot(p->plane, p->normal, k),
           gain = 0;
    for (size_t a = 0; a < k; a++)
        p->step[a] -= share * p->normal[a];
    for (size_t j = 0, a = 0; j < p->fit->m; j++)
        if (p->fit->active[j])
            gain += p->u[j] * p->step[a++];
    return gain;
}

/* The largest likelihood when v'theta is c. */
static double best_at(profile *p, double c)
{
    const ts_cox *f = p->fit;
    size_t m = f->m;
    double off = (c - dot(p->v, p->theta, m)) / dot(p->v, p->v, m);
    for (size_t j = 0; j < m; j++)
        p->theta[j] += off * p->v[j];
    double now = ts_cox_likelihood(f, p->theta, p->u, p->h, p->room);
    if (!isfinite(now)) { /* far from where it was: from the middle */
        for (size_t j = 0; j < m; j++)
            p->theta[j] = c / dot(p->v, p->v, m) * p->v[j];
        now = ts_cox_likelihood(f, p->theta, p->u, p->h, p->room);
    }
    for (int i = 0; i < MOST_STEPS && isfinite(now); i++) {
        if ((p->status = ts_interrupt_check(p->err)))
            return NAN;
        double gain = take_step(p), scale = 1, then;
        if (!(gain > 1e-13 * (1 + fabs(now))))
            break;
        for (;; scale /= 2) {
            for (size_t j = 0, a = 0; j < m; j++)
                p->next[j] =
                    p->theta[j] + (f->active[j] ? scale * p->step[a++] : 0);
            then = ts_cox_likelihood(f, p->next, NULL, NULL, p->room);
            if (then >= now || scale < 1e-12)
                break;
        }
        if (!(then >= now))
            break;
        memcpy(p->theta, p->next, m * sizeof *p->next);
        now = ts_cox_likelihood(f, p->theta, p->u, p->h, p->room);
    }
    return now;
}

static double root_at(profile *p, double c)
{
    return sqrt(fmax(0, 2 * (p->fit->log_lik - best_at(p, c))));
}

static double excess(double c, void *context)
{
    profile *p = context;
    return root_at(p, c) - p->limit;
}

/* The value on one side of inside at which the ratio reaches the limit. */
static double limit_of(profile *p, double inside, double away)
{
    double outside = inside + away;
    for (int i = 0; i < 60 && !p->status; i++) {
        if (excess(outside, p) > 0)
            return ts_root(excess, p, inside, outside);
        inside = outside;
        away *= 2;
        outside = inside + away;
    }
    return away > 0 ? INFINITY : -INFINITY;
}

static void infer(profile *p, const ts_linear_value *e, double mu,
                  ts_alternative alternative, double conf_level,
                  ts_inference *out)
{
    double tail = (1 - conf_level) / (alternative == TS_TWO_SIDED ? 2 : 1);
    double inside = dot(p->v, p->fit->theta, p->fit->m);
    double z = root_at(p, mu) * (e->estimate < mu ? -1 : 1), away;
    p->limit = qnorm(tail, 0, 1, 0, 0);
    away = isinf(e->estimate) ? fabs(inside) / 8 : p->limit * e->std_error;
    *out = (ts_inference){
        .statistic = z, .conf_low = -INFINITY, .conf_high = INFINITY};
    if (alternative != TS_LESS && e->estimate > -INFINITY)
        out->conf_low = limit_of(p, inside, -away);
    memcpy(p->theta, p->fit->theta, p->fit->m * sizeof *p->theta);
    if (alternative != TS_GREATER && e->estimate < INFINITY)
        out->conf_high = limit_of(p, inside, away);
    out->p_value = alternative == TS_TWO_SIDED
                       ? 2 * pnorm(-fabs(z), 0, 1, 1, 0)
                       : pnorm(z, 0, 1, alternative == TS_LESS, 0);
}

ts_status ts_cox_profile(const ts_cox *f, const double *row, double mu,
                         ts_alternative alternative, double conf_level,
                         ts_inference *out, ts_error *err)
{
    size_t m = f->m, r = f->start->rank;
    ts_linear_value e;
    profile p = {.fit = f, .err = err};
    double *all = ts_alloc_array(2 * m + 8, r * sizeof *all), *v = all;
    p.room = ts_alloc_array(ts_cox_room(f), sizeof *p.room);
    *out = (ts_inference){NAN, NAN, NAN, NAN};
    p.status = all && p.room ? TS_OK : ts_fail_memory(err);
    if (!p.status)
        p.status = ts_cox_estimate(f, row, &e, err);
    if (!p.status && e.estimable && (isinf(e.estimate) || e.std_error > 0)) {
        p.theta = all + r;
        ts_cox_take_row(f, row, v, p.theta);
        for (size_t j = 0; j < m; j++)
            v[j] = f->active[j] ? v[j] : 0;
        p.v = v;
        memcpy(p.theta, f->theta, m * sizeof *p.theta);
        p.next = p.theta + r;
        p.u = p.next + r;
        p.step = p.u + r;
        p.normal = p.step + r;
        p.plane = p.normal + r;
        p.h = p.plane + r;
        p.l = p.h + m * m;
        ts_cox_pack_vector(f, v, p.plane);
        infer(&p, &e, mu, alternative, conf_level, out);
    }
    if (p.status)
        *out = (ts_inference){NAN, NAN, NAN, NAN};
    ts_free(all);
    ts_free(p.room);
    return p.status;
}
