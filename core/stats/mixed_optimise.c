/*
 * Newton's method with a ridge: the Hessian where it is positive, else the
 * expected information, plus as much of the latter's diagonal as makes the
 * likelihood go up. The last steps go on until rounding stops them.
 */
#include "mixed_private.h"

#include <math.h>
#include <string.h>
#include "ts/interrupt.h"
#include "ts/memory.h"

#define ITERATIONS 200
#define GRADIENT 1e-9 /* in standard errors */
#define ROUNDING 1e-6 /* the same where rounding stops earlier */
#define NOTHING 1e-11 /* of a variance is left: there is no optimum */
#define LIMIT 1e-12   /* of the value, relative */

typedef struct {
    ts_likelihood *l;
    size_t t;
    double *theta, *trial, *step, *b;
    double value, ridge, decrement, gradient;
    bool positive; /* the Hessian */
} search;

/* The Hessian's inverse says how far the gradient is from 0. */
static void measure(search *s)
{
    const ts_likelihood *l = s->l;
    size_t t = s->t;
    memcpy(s->b, l->hessian, t * t * sizeof *s->b);
    s->positive = ts_cholesky(s->b, t, 1e-14) > 0;
    s->gradient = s->decrement = INFINITY;
    if (!s->positive)
        return;
    s->gradient = s->decrement = 0;
    for (size_t h = 0; h < t; h++) {
        memset(s->step, 0, t * sizeof *s->step);
        s->step[h] = 1;
        ts_solve_lower(s->b, t, s->step);
        double se = sqrt(2 * ts_dot(s->step, s->step, t));
        s->gradient = fmax(s->gradient, fabs(l->gradient[h]) / 2 * se);
    }
}

/* The step from the matrix that the ridge gives; false when it is not
 * positive. */
static bool find_step(search *s)
{
    const ts_likelihood *l = s->l;
    size_t t = s->t;
    memcpy(s->b, s->positive ? l->hessian : l->expected, t * t * sizeof *s->b);
    for (size_t h = 0; h < t; h++)
        s->b[h * t + h] += s->ridge * l->expected[h * t + h];
    if (!(ts_cholesky(s->b, t, 1e-14) > 0))
        return false;
    for (size_t h = 0; h < t; h++)
        s->step[h] = -l->gradient[h];
    ts_solve_lower(s->b, t, s->step);
    s->decrement = ts_dot(s->step, s->step, t);
    ts_solve_lower_transposed(s->b, t, s->step);
    return true;
}

/* Tries steps, shorter and shorter; false when none is better. */
static bool go(search *s)
{
    for (int tries = 0; tries < 40; tries++) {
        if (find_step(s)) {
            double slack = LIMIT * (fabs(s->value) + 1);
            bool last = s->decrement < slack;
            for (size_t h = 0; h < s->t; h++)
                s->trial[h] = s->theta[h] + s->step[h];
            double value = ts_likelihood_value(s->l, s->trial);
            if (value <= s->value - 1e-4 * s->decrement + (last ? slack : 0)) {
                memcpy(s->theta, s->trial, s->t * sizeof *s->theta);
                s->value = value;
                s->ridge = s->ridge > 1e-4 ? s->ridge / 10 : 0;
                return true;
            }
            if (last)
                return false;
        }
        s->ridge = s->ridge > 0 ? s->ridge * 5 : 1e-3;
    }
    return false;
}

/* Newton steps beyond the criterion, as long as the gradient shrinks. */
static void polish(search *s)
{
    for (int k = 0; k < 3; k++) {
        double before = s->gradient;
        s->ridge = 0;
        if (!s->positive || !find_step(s))
            break;
        memcpy(s->trial, s->theta, s->t * sizeof *s->theta);
        for (size_t h = 0; h < s->t; h++)
            s->theta[h] += s->step[h];
        double value = ts_likelihood_value(s->l, s->theta);
        if (isfinite(value)) {
            ts_likelihood_derive(s->l, s->theta);
            measure(s);
        }
        if (isfinite(value) && s->gradient < before / 2) {
            s->value = value;
            continue;
        }
        memcpy(s->theta, s->trial, s->t * sizeof *s->theta);
        break;
    }
    s->value = ts_likelihood_value(s->l, s->theta);
    ts_likelihood_derive(s->l, s->theta);
    measure(s);
}

static ts_status climb(search *s, ts_optimum *out, ts_error *err)
{
    bool moving = true;
    int idle = 0; /* steps that rounding makes useless */
    s->value = ts_likelihood_value(s->l, s->theta);
    s->ridge = 0;
    for (int i = 0; i < ITERATIONS && moving; i++) {
        ts_status status = ts_interrupt_check(err);
        if (status)
            return status;
        out->iterations++;
        ts_likelihood_derive(s->l, s->theta);
        measure(s);
        if (s->gradient < GRADIENT || s->l->determinacy < NOTHING || idle > 5)
            break;
        double before = s->value;
        moving = go(s);
        idle = s->gradient < ROUNDING &&
                       s->value > before - LIMIT * (fabs(before) + 1)
                   ? idle + 1
                   : 0;
    }
    if (s->gradient < ROUNDING)
        polish(s);
    out->converged = s->gradient < ROUNDING;
    out->positive = s->positive;
    out->value = s->value;
    out->gradient = s->gradient;
    return TS_OK;
}

ts_status ts_mixed_optimise(ts_likelihood *l, double *theta, ts_optimum *out,
                            ts_error *err)
{
    search s = {.l = l, .t = l->n_theta, .theta = theta};
    *out = (ts_optimum){0};
    s.trial = ts_alloc_array(s.t, sizeof *s.trial);
    s.step = ts_alloc_array(s.t, sizeof *s.step);
    s.b = ts_alloc_array(s.t, s.t * sizeof *s.b);
    ts_status status =
        s.trial && s.step && s.b ? climb(&s, out, err) : ts_fail_memory(err);
    ts_free(s.trial);
    ts_free(s.step);
    ts_free(s.b);
    return status;
}
