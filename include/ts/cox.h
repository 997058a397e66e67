/*
 * Cox's regression of hazards (1972, JRSS B 34:187) by partial likelihood,
 * right-censored, within strata where the formula has them.
 *
 *     ts_cox_fit(design, TS_COX_EFRON, 1e-11, &fit, &err);
 *     ts_cox_coefficient(fit, j, &e, &err);          a log hazard ratio
 *     ts_cox_profile(fit, row, 0, TS_TWO_SIDED, 0.95, &r, &err);
 *     ts_cox_free(fit);
 *
 * Rows of the design keep their place for the intercept, which the baseline
 * hazard takes: only rows with 0 there have an estimate.
 */
#ifndef TS_COX_H
#define TS_COX_H

#include "ts/inference.h"
#include "ts/linear.h"

/* How events at one time count: Efron 1977 (JASA 72:557); Breslow 1974
 * (Biometrics 30:89); or as what happened given how many did, the conditional
 * likelihood of discrete time (Gail, Lubin and Rubinstein 1981, Biometrika
 * 68:703). */
typedef enum { TS_COX_EFRON, TS_COX_BRESLOW, TS_COX_EXACT } ts_cox_ties;

typedef struct {
    double statistic, p_value; /* chi-square on rank df */
} ts_cox_test;

typedef struct {
    const ts_design *design; /* borrowed, must outlive the fit */
    ts_cox_ties ties;
    size_t n, p, n_event;
    size_t rank;    /* coefficients that the data determine */
    bool infinite;  /* some of them have no finite maximum */
    double log_lik; /* its supremum where there is no maximum */
    double log_lik_null;
    /* that all coefficients are 0; NaN without one, and Wald's where one is
     * infinite */
    ts_cox_test ratio_test, score_test, wald_test;
    size_t n_step;
    bool *aliased;    /* p; the intercept is */
    ts_linear *start; /* least squares of the times: the columns' ranks */
    struct ts_event_order *order;
    size_t m;       /* coordinates: the rank of start less the intercept */
    double *q;      /* n x m, in the order of order: of unit size */
    double *offset; /* n, or NULL */
    double *theta;  /* m; 0 where the strata determine none */
    double *away;   /* m: where theta runs off to */
    bool *active;   /* m */
    double *none;   /* m x m: by rows of coordinates that are not active, a
                       direction that changes no likelihood */
    double *root;   /* rank x rank: L of the information at theta */
} ts_cox;

/*
 * The response is Surv(time, event), offsets are part of the linear predictor.
 * tolerance: see ts_rank. TS_EDEGENERATE without an event; TS_ECONVERGE
 * when Newton's steps find no end; TS_ELIMIT when there are too many ties for
 * TS_COX_EXACT.
 */
ts_status ts_cox_fit(const ts_design *design, ts_cox_ties ties,
                     double tolerance, ts_cox **out, ts_error *err);
void ts_cox_free(ts_cox *fit);

/* row'b, +-Inf without a standard error where the likelihood rises for ever. */
ts_status ts_cox_estimate(const ts_cox *fit, const double *row,
                          ts_linear_value *out, ts_error *err);
/* Coefficient j; NaN where aliased. */
ts_status ts_cox_coefficient(const ts_cox *fit, size_t j, ts_linear_value *out,
                             ts_error *err);
/* Coefficient j as a row, p numbers: 1, and what others that are aliased need
 * so that it is estimable. */
ts_status ts_cox_row(const ts_cox *fit, size_t j, double *row, ts_error *err);
/* Covariances of k rows' estimates, k x k; NaN where there are none. */
ts_status ts_cox_covariance(const ts_cox *fit, const double *rows, size_t k,
                            double *out, ts_error *err);
/* Wald's test that q rows of p are 0: chi-square on df. NaN where one of them
 * is infinite. */
ts_status ts_cox_hypothesis(const ts_cox *fit, const double *rows, size_t q,
                            ts_linear_test *out, ts_error *err);
/* The same of a term (from 0), with the hypotheses of type 3: ts_linear_term.
 */
ts_status ts_cox_term(const ts_cox *fit, size_t term, ts_linear_test *out,
                      ts_error *err);

/*
 * By the profile likelihood of row'b: the values that its ratio test does not
 * reject. It has an interval, open at one end, where the estimate is infinite.
 * statistic: the root of the ratio at mu, with the sign of the difference.
 */
ts_status ts_cox_profile(const ts_cox *fit, const double *row, double mu,
                         ts_alternative alternative, double conf_level,
                         ts_inference *out, ts_error *err);

#endif
