/*
 * Linear models of a normal response of which some values are only known to
 * lie below or above a limit, or between two, by maximum likelihood.
 *
 *     ts_tobit_fit(design, low, high, 1e-11, &fit, &err);
 *     ts_tobit_small_sample(fit);                        optional
 *     ts_tobit_estimate(fit, row, &e);                   row'b and its error
 *     ts_tobit_profile(fit, row, 0, 0.95, &r, &err);     by the likelihood
 *     ts_tobit_free(fit);
 *
 * Tobin 1958 (Econometrica 26:24); in the coordinates b / sigma and 1 / sigma
 * the likelihood is concave (Olsen 1978, Econometrica 46:1211; Burridge 1981,
 * JRSS B 43:41), so that Newton's steps find the maximum if there is one.
 */
#ifndef TS_TOBIT_H
#define TS_TOBIT_H

#include "ts/inference.h"
#include "ts/linear.h"

typedef struct {
    const ts_design *design; /* borrowed, must outlive the fit */
    size_t n, p, rank;
    size_t n_measured, n_below, n_above, n_between;
    double sigma;   /* maximum likelihood, or what small_sample makes of it */
    double log_lik; /* of densities of the response, and probabilities */
    double df;      /* of t: infinite; n - rank after small_sample */
    size_t n_step;
    ts_linear *start; /* least squares with limits for values */
    double *q;        /* n x rank: rows in coordinates of unit size */
    double *a, *b;    /* n: the bounds, less the start's fit, scaled */
    double unit;      /* that scale, in units of the response */
    double *theta;    /* rank + 1: b / sigma, 1 / sigma in these coordinates */
    double *zeta;     /* rank: coefficients beyond the start's */
    double *cov;      /* (rank + 1)^2: of zeta and log sigma */
    double inflate;   /* what small_sample multiplies variances by */
} ts_tobit;

/*
 * low and high: n values of the rows of the model, equal where the response is
 * measured; low may be -Inf, high Inf. The model's response holds the limit of
 * a row that has one. tolerance: see ts_rank. TS_EDEGENERATE when nothing is
 * measured, and when the likelihood has no maximum: what is measured is fitted
 * exactly, or all values where some coefficient matters lie beyond a limit.
 */
ts_status ts_tobit_fit(const ts_design *design, const double *low,
                       const double *high, double tolerance, ts_tobit **out,
                       ts_error *err);
void ts_tobit_free(ts_tobit *fit);

/* Variances times n / (n - rank), and t on n - rank degrees of freedom: with
 * nothing beyond a limit those of least squares. TS_EDEGENERATE where n is
 * rank. */
ts_status ts_tobit_small_sample(ts_tobit *fit, ts_error *err);

ts_status ts_tobit_estimate(const ts_tobit *fit, const double *row,
                            ts_linear_value *out, ts_error *err);
/* Coefficient j; NaN where aliased. */
ts_status ts_tobit_coefficient(const ts_tobit *fit, size_t j,
                               ts_linear_value *out, ts_error *err);
/* Covariances of k rows' estimates, k x k; NaN where not estimable. */
ts_status ts_tobit_covariance(const ts_tobit *fit, const double *rows, size_t k,
                              double *out, ts_error *err);
/* Wald's test that q rows of p are 0: F on df and fit->df. */
ts_status ts_tobit_hypothesis(const ts_tobit *fit, const double *rows, size_t q,
                              ts_linear_test *out, ts_error *err);
/* The same of a term (from 0), with the hypotheses of type 3: ts_linear_term.
 */
ts_status ts_tobit_term(const ts_tobit *fit, size_t term, ts_linear_test *out,
                        ts_error *err);

/*
 * By the profile likelihood of row'b: the values that its ratio test does not
 * reject. statistic is the root of the ratio at mu with the sign of the
 * difference; after small_sample it is the t that has this ratio in least
 * squares, so that with nothing beyond a limit the interval is the exact one.
 */
ts_status ts_tobit_profile(const ts_tobit *fit, const double *row, double mu,
                           ts_alternative alternative, double conf_level,
                           ts_inference *out, ts_error *err);

#endif
