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

#define MOST_STEPS 200
#define NEAR 4 /* how far a step may move linear predictors apart at first */

typedef struct {
    const ts_cox *fit;
    const double *v;               /* m: the function; 0 where not active */
    double c;                      /* its value */
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

/* L of the information, with as much added to its diagonal as that takes where
 * the likelihood is flat. */
static void decompose(profile *p)
{
    size_t k = p->fit->rank;
    double most = 0;
    for (size_t j = 0; j < p->fit->m; j++)
        most = fmax(most, p->h[j * p->fit->m + j]);
    for (double more = 0;; more = more > 0 ? more * 100 : 1e-12) {
        ts_cox_pack(p->fit, p->h, p->l);
        for (size_t a = 0; a < k; a++)
            p->l[a * k + a] += more * fmax(most, 1e-3);
        if (ts_cholesky(p->l, k, TS_COX_SINGULAR) > 0 || more > 1)
            return;
    }
}

/* The step along the plane into p->step, and what it promises to win. */
static double take_step(profile *p)
{
    size_t k = p->fit->rank;
    double share, gain = 0;
    decompose(p);
    ts_cox_pack_vector(p->fit, p->u, p->step);
    ts_solve_lower(p->l, k, p->step);
    ts_solve_lower_transposed(p->l, k, p->step);
    memcpy(p->normal, p->plane, k * sizeof *p->plane);
    ts_solve_lower(p->l, k, p->normal);
    ts_solve_lower_transposed(p->l, k, p->normal);
    share = dot(p->plane, p->step, k) / dot(p->plane, p->normal, k);
    for (size_t a = 0; a < k; a++)
        p->step[a] -= share * p->normal[a];
    for (size_t j = 0, a = 0; j < p->fit->m; j++)
        if (p->fit->active[j])
            gain += p->u[j] * p->step[a++];
    return gain;
}

/* Onto the plane, which long steps leave by rounding. */
static void project(const profile *p, double *theta)
{
    size_t m = p->fit->m;
    double off = (p->c - dot(p->v, theta, m)) / dot(p->v, p->v, m);
    for (size_t j = 0; j < m; j++)
        theta[j] += off * p->v[j];
}

static double after(profile *p, double scale)
{
    for (size_t j = 0, a = 0; j < p->fit->m; j++)
        p->next[j] =
            p->theta[j] + (p->fit->active[j] ? scale * p->step[a++] : 0);
    project(p, p->next);
    return ts_cox_likelihood(p->fit, p->next, NULL, NULL, p->room);
}

/* Goes along the step: where it promises much the likelihood may be all but a
 * plane and the step far too long, so that it begins with a part, which is
 * doubled while that wins. False where nothing does. */
static bool go(profile *p, double now, double gain)
{
    double scale =
        gain < 1 ? 1 : fmin(1, NEAR / ts_cox_spread(p->fit, p->step));
    double best = after(p, scale), then;
    while (!(best >= now) && scale > 1e-12)
        best = after(p, scale /= 2);
    if (!(best >= now))
        return false;
    while (scale < 1 && (then = after(p, fmin(1, 2 * scale))) > best + 1e-6) {
        best = then;
        scale = fmin(1, 2 * scale);
    }
    after(p, scale);
    memcpy(p->theta, p->next, p->fit->m * sizeof *p->next);
    return true;
}

/* From p->theta to the largest likelihood on its plane; whether an end was
 * found, and not a place so flat that no step can be told. */
static bool climb(profile *p, double *now)
{
    for (int i = 0; i < MOST_STEPS; i++) {
        *now = ts_cox_likelihood(p->fit, p->theta, p->u, p->h, p->room);
        if (!isfinite(*now) || (p->status = ts_interrupt_check(p->err)))
            return false;
        double gain = take_step(p);
        if (isnan(gain))
            return false;
        if (!(gain > 1e-13 * (1 + fabs(*now))) || !go(p, *now, gain))
            return true;
    }
    return true;
}

/* The largest likelihood when v'theta is c: from where the last search ended,
 * else from the middle. */
static double best_at(profile *p, double c)
{
    double now, other;
    p->c = c;
    project(p, p->theta);
    if (climb(p, &now) || p->status)
        return now;
    memset(p->theta, 0, p->fit->m * sizeof *p->theta);
    project(p, p->theta);
    climb(p, &other);
    return isnan(now) || other > now ? other : now;
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

/* The value beyond inside, above it or below, at which the ratio reaches the
 * limit; it lies on the other side for one-sided levels below a half. */
static double limit_of(profile *p, const ts_linear_value *e, double z, int side)
{
    double inside = dot(p->v, p->fit->theta, p->fit->m);
    if (z < 0)
        side = -side;
    if (z == 0 || e->estimate == side * INFINITY)
        return z == 0 ? e->estimate : side * INFINITY;
    p->limit = fabs(z);
    double away =
        isinf(e->estimate) ? fabs(inside) / 8 : p->limit * e->std_error;
    memcpy(p->theta, p->fit->theta, p->fit->m * sizeof *p->theta);
    /* where others run off with it, it may go as far the other way */
    if (isinf(e->estimate) && excess(-inside / 2, p) <= 0)
        return side * INFINITY;
    for (int i = 0; i < 60 && !p->status; i++, away *= 2) {
        double outside = inside + side * away;
        if (excess(outside, p) > 0)
            return ts_root(excess, p, inside, outside);
        inside = outside;
    }
    return side * INFINITY;
}

static void infer(profile *p, const ts_linear_value *e, double mu,
                  ts_alternative alternative, double conf_level,
                  ts_inference *out)
{
    double tail = (1 - conf_level) / (alternative == TS_TWO_SIDED ? 2 : 1);
    double limit = qnorm(tail, 0, 1, 0, 0);
    double z = root_at(p, mu) * (e->estimate < mu ? -1 : 1);
    *out = (ts_inference){
        .statistic = z, .conf_low = -INFINITY, .conf_high = INFINITY};
    if (alternative != TS_LESS)
        out->conf_low = limit_of(p, e, limit, -1);
    if (alternative != TS_GREATER)
        out->conf_high = limit_of(p, e, limit, 1);
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
