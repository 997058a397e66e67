/*
 * Profile likelihood of a linear function of the coefficients. That row'b is c
 * is linear in b / sigma and 1 / sigma, so that the likelihood stays concave
 * under it, and Newton's steps go along the plane.
 */
#include "tobit_private.h"

#include <math.h>
#include <string.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "root.h"
#include "ts/interrupt.h"
#include "ts/memory.h"

#define MOST_STEPS 80

typedef struct {
    const ts_tobit *fit;
    double value;      /* the start's part of row'b */
    const double *v;   /* and the rest */
    double top, limit; /* of the likelihood; of the root of its ratio */
    double *room;      /* 4 m + m^2 numbers */
    double *theta;     /* m, from where the next search starts */
    ts_status status;
    ts_error *err;
} profile;

/* plane'theta = 0 where row'b is c. */
static void take_plane(const profile *p, double c, double *plane)
{
    size_t k = p->fit->rank;
    for (size_t j = 0; j < k; j++)
        plane[j] = p->fit->unit * p->v[j];
    plane[k] = p->value - c;
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* The largest likelihood when row'b is c. */
static double best_at(profile *p, double c)
{
    size_t k = p->fit->rank, m = k + 1;
    double *plane = p->room, *step = plane + m, *normal = step + m;
    double *next = normal + m, *h = next + m, *theta = p->theta;
    take_plane(p, c, plane);
    /* onto the plane, sigma as it is */
    memcpy(theta, p->fit->theta, m * sizeof *theta);
    double off = dot(plane, theta, m), length = dot(plane, plane, k);
    for (size_t j = 0; j < k; j++)
        theta[j] -= off / length * plane[j];
    double now = ts_tobit_likelihood(p->fit, theta, step, h);
    for (int i = 0; i < MOST_STEPS; i++) {
        if ((p->status = ts_interrupt_check(p->err)))
            return NAN;
        if (!ts_tobit_decompose(h, m))
            return now;
        ts_tobit_solve(h, m, step);
        memcpy(normal, plane, m * sizeof *plane);
        ts_tobit_solve(h, m, normal);
        double share = dot(plane, step, m) / dot(plane, normal, m);
        double size = 0, scale = 1, then;
        for (size_t j = 0; j < m; j++) {
            step[j] -= share * normal[j];
            size = fmax(size, fabs(step[j]) / fmax(1, fabs(theta[j])));
        }
        for (;; scale /= 2) {
            for (size_t j = 0; j < m; j++)
                next[j] = theta[j] + scale * step[j];
            then = ts_tobit_likelihood(p->fit, next, NULL, NULL);
            if (then >= now || scale < 1e-12 || size < 1e-8)
                break;
        }
        if (next[k] > 0)
            memcpy(theta, next, m * sizeof *next);
        now = ts_tobit_likelihood(p->fit, theta, step, h);
        if (size < 1e-10)
            break;
    }
    return now;
}

/* The root of the ratio, as the t that least squares would have. */
static double root_at(profile *p, double c)
{
    double ratio = fmax(0, 2 * (p->top - best_at(p, c)));
    double n = (double)p->fit->n;
    if (isinf(p->fit->df))
        return sqrt(ratio);
    return sqrt(p->fit->df * expm1(ratio / n));
}

static double excess(double c, void *context)
{
    profile *p = context;
    return root_at(p, c) - p->limit;
}

/* The value above the estimate or below at which the ratio reaches the limit;
 * it lies on the other side for one-sided levels below a half. */
static double limit_of(profile *p, const ts_linear_value *e, double t, int side)
{
    double estimate = e->estimate, away = side * t * e->std_error;
    double inside = estimate, outside = estimate + away;
    if (t == 0)
        return estimate;
    p->limit = fabs(t);
    for (int i = 0; i < 60 && !p->status; i++) {
        if (excess(outside, p) > 0)
            return ts_root(excess, p, inside, outside);
        inside = outside;
        away *= 2;
        outside = estimate + away;
    }
    return away > 0 ? INFINITY : -INFINITY;
}

static void infer(profile *p, const ts_linear_value *e, double mu,
                  ts_alternative alternative, double conf_level,
                  ts_inference *out)
{
    double df = p->fit->df;
    double tail = (1 - conf_level) / (alternative == TS_TWO_SIDED ? 2 : 1);
    double t = root_at(p, mu) * (e->estimate < mu ? -1 : 1);
    double limit = qt(tail, df, 0, 0);
    *out = (ts_inference){
        .statistic = t, .conf_low = -INFINITY, .conf_high = INFINITY};
    if (alternative != TS_LESS)
        out->conf_low = limit_of(p, e, limit, -1);
    if (alternative != TS_GREATER)
        out->conf_high = limit_of(p, e, limit, 1);
    out->p_value = alternative == TS_TWO_SIDED
                       ? 2 * pt(-fabs(t), df, 1, 0)
                       : pt(t, df, alternative == TS_LESS, 0);
}

ts_status ts_tobit_profile(const ts_tobit *f, const double *row, double mu,
                           ts_alternative alternative, double conf_level,
                           ts_inference *out, ts_error *err)
{
    size_t m = f->rank + 1;
    ts_linear_value e;
    profile p = {.fit = f, .err = err};
    double *v = ts_alloc_array(m, sizeof *v);
    p.room = ts_alloc_array(m + 4, m * sizeof *p.room);
    p.theta = ts_alloc_array(m, sizeof *p.theta);
    *out = (ts_inference){NAN, NAN, NAN, NAN};
    p.status = v && p.room && p.theta ? TS_OK : ts_fail_memory(err);
    if (!p.status)
        p.status = ts_tobit_estimate(f, row, &e, err);
    if (!p.status && e.estimable && e.std_error > 0) {
        ts_tobit_take_row(f, row, &p.value, v);
        p.v = v;
        p.top = ts_tobit_likelihood(f, f->theta, NULL, NULL);
        infer(&p, &e, mu, alternative, conf_level, out);
    }
    if (p.status)
        *out = (ts_inference){NAN, NAN, NAN, NAN};
    ts_free(v);
    ts_free(p.room);
    ts_free(p.theta);
    return p.status;
}
