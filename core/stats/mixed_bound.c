/*
 * Random effects at the bound of their covariance matrices. Where the optimum
 * of free parameters is no covariance matrix, lower ranks are tried, as L L'
 * with so many columns, the highest first; one is the optimum if the likelihood
 * does not rise to the inside from there (Karush, Kuhn and Tucker).
 */
#include "mixed_private.h"

#include <lapacke.h>
#include <math.h>
#include <string.h>
#include "ts/memory.h"

#define INSIDE 1e-4 /* how far it may rise: of the residual variance */

bool ts_effects_positive(const ts_mixed *f)
{
    const ts_covariance *c = &f->data->covariance;
    double g[64], scale = f->theta_own[c->n - 1];
    for (size_t e = 0; e < c->n_part; e++) {
        const ts_part *p = &c->part[e];
        if (p->rank < p->n)
            continue;
        ts_random_matrix(p, f->theta_own, g);
        for (size_t i = 0; i < p->n; i++)
            if (!(g[i * (p->n + 1)] > 1e-10 * scale))
                return false;
        if (!(ts_cholesky(g, p->n, 1e-8) > 0))
            return false;
    }
    return true;
}

/* The smallest eigenvalue of the gradient by a part's matrix. */
static double least_slope(const ts_part *p, const double *gradient)
{
    double a[64], value[8];
    for (size_t i = 0, h = p->theta; i < p->n; i++)
        for (size_t j = 0; j <= i; j++, h++)
            a[i * p->n + j] = a[j * p->n + i] = gradient[h] / (i == j ? 1 : 2);
    if (LAPACKE_dsyev(LAPACK_ROW_MAJOR, 'N', 'U', (lapack_int)p->n, a,
                      (lapack_int)p->n, value))
        return -INFINITY;
    return value[0];
}

/* Whether a fit of lower rank is the optimum: theta, as free parameters, on the
 * data with `whole`. */
static ts_status check_bound(ts_mixed *f, bool *is_optimum, ts_error *err)
{
    ts_covariance *c = &f->data->covariance, bound = *c;
    double g[64], *theta, residual = f->theta_own[c->n - 1];
    ts_likelihood *l = NULL;
    for (size_t e = 0; e < c->n_part; e++)
        c->part[e].rank = c->part[e].n;
    ts_covariance_of_random(c);
    theta = ts_alloc_array(c->n, sizeof *theta);
    ts_status status = theta ? ts_likelihood_new(f->data, f->spec.ml, &l, err)
                             : ts_fail_memory(err);
    *is_optimum = true;
    for (size_t e = 0; e < c->n_part && !status; e++) {
        size_t n = c->part[e].n, h = c->part[e].theta;
        ts_random_matrix(&bound.part[e], f->theta_own, g);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j <= i; j++)
                theta[h++] = g[i * n + j];
    }
    if (!status) {
        theta[c->n - 1] = residual;
        *is_optimum = isfinite(ts_likelihood_value(l, theta));
    }
    if (!status && *is_optimum) {
        ts_likelihood_derive(l, theta);
        for (size_t e = 0; e < c->n_part; e++)
            if (least_slope(&c->part[e], l->gradient) * residual < -INSIDE)
                *is_optimum = false;
    }
    ts_likelihood_free(l);
    ts_free(theta);
    *c = bound;
    return status;
}

/* Ranks by a number: false when they do not lack `lack` in all. */
static bool take_ranks(ts_covariance *c, size_t code, size_t lack)
{
    size_t sum = 0;
    for (size_t e = 0; e < c->n_part; e++) {
        size_t less = code % (c->part[e].n + 1);
        code /= c->part[e].n + 1;
        c->part[e].rank = c->part[e].n - less;
        sum += less;
    }
    ts_covariance_of_random(c);
    return sum == lack;
}

static bool goes_on(ts_status status)
{
    return !status || status == TS_EDEGENERATE || status == TS_ECONVERGE;
}

/* The best fit that lacks that many ranks; *best: the number of its ranks plus
 * one, 0 when there is none. */
static ts_status fit_lacking(ts_mixed *f, size_t lack, size_t n_code,
                             size_t *best, ts_error *err)
{
    double value = INFINITY;
    size_t last = 0;
    ts_status status = TS_OK;
    *best = 0;
    for (size_t code = 0; code < n_code && goes_on(status); code++) {
        bool is_optimum;
        if (!take_ranks(&f->data->covariance, code, lack))
            continue;
        last = code + 1;
        if ((status = ts_mixed_fit_structure(f, err)) ||
            !ts_effects_positive(f))
            continue;
        status = check_bound(f, &is_optimum, err);
        if (!status && is_optimum && f->neg2_log_lik < value) {
            value = f->neg2_log_lik;
            *best = code + 1;
        }
    }
    if (!goes_on(status))
        return status;
    if (*best)
        take_ranks(&f->data->covariance, *best - 1, lack);
    return *best && *best != last ? ts_mixed_fit_structure(f, err) : TS_OK;
}

ts_status ts_mixed_fit_effects(ts_mixed *f, ts_error *err)
{
    ts_covariance *c = &f->data->covariance;
    size_t n_code = 1, best = 0;
    ts_status status = ts_mixed_fit_structure(f, err);
    if (!goes_on(status) || (!status && ts_effects_positive(f)))
        return status;
    for (size_t e = 0; e < c->n_part; e++)
        n_code *= c->part[e].n + 1;
    for (size_t lack = 1; lack <= c->n_random && !best; lack++) {
        status = fit_lacking(f, lack, n_code, &best, err);
        if (status)
            return status;
    }
    return best ? TS_OK
                : ts_fail(err, TS_ECONVERGE,
                          "no optimum: neither inside nor at the bound of the "
                          "random effects' covariance matrix");
}
