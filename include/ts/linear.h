/*
 * Linear models by least squares: coefficients, variances (classical and
 * heteroscedasticity-consistent), tests of linear hypotheses, diagnostics.
 *
 *     ts_linear_fit(design, 1e-11, &fit, &err);
 *     fit->coef[j], fit->aliased[j], fit->sigma, fit->df
 *     ts_linear_robust(fit, TS_HC3, &err);            optional
 *     ts_linear_estimate(fit, row, &e);               row'b and its error
 *     ts_linear_free(fit);
 *
 * A QR by blocks of rows gives a first solution; refinement with residuals of
 * twice the precision takes it to the last digits that the data determine
 * (Bjorck 1987, Linear Algebra Appl 88:31, with R alone). The numbers of X are
 * never all in memory.
 */
#ifndef TS_LINEAR_H
#define TS_LINEAR_H

#include "ts/design.h"
#include "ts/qr.h"

typedef enum {
    TS_CLASSICAL,
    TS_HC0,  /* White 1980 */
    TS_HC1,  /* times n / (n - p) */
    TS_HC2,  /* MacKinnon and White 1985: over 1 - h */
    TS_HC3,  /* over (1 - h)^2 */
    TS_HC4,  /* Cribari-Neto 2004: power min(4, n h / p) */
    TS_HC4M, /* Cribari-Neto and da Silva 2011 */
    TS_HC5   /* Cribari-Neto, Souza and Vasconcellos 2007 */
} ts_variance;

typedef struct {
    const ts_design *design; /* borrowed, must outlive the fit */
    size_t n, p, rank;
    double *coef;         /* p; NaN where aliased */
    bool *aliased;        /* p */
    double *residual;     /* n, of the response as given */
    double df;            /* n - rank */
    double rss, tss;      /* of residuals and response, weighted; about the mean
                             when there is an intercept */
    double unexplained;   /* rss / tss; NaN when tss is 0 */
    double sigma;         /* NaN without degrees of freedom; 0 when perfect */
    bool perfect;         /* the residuals are no more than rounding */
    double log_lik;
    const double *weight; /* n, or NULL: the model frame's */
    ts_variance variance;
    /* of columns and response times powers of 2, scale, where their squares
     * would leave the range of doubles; unit: what would take them near 1 then
     */
    ts_rank *qr;
    ts_design_rows rows;
    double *scale, *unit, y_scale;
    double *solution; /* 2 x rank: coefficients as sums of two doubles */
    double *meat;     /* rank x rank; NULL: sigma^2 times the identity */
    double *leverage; /* n; NULL until asked for */
} ts_linear;

/* tolerance: see ts_rank. The response of Surv() is its first time. TS_ETYPE
 * when the response is no number, TS_EDEGENERATE when no row is complete or X
 * has no column. */
ts_status ts_linear_fit(const ts_design *design, double tolerance,
                        ts_linear **out, ts_error *err);
void ts_linear_free(ts_linear *fit);

/* Replaces the variance. TS_EDEGENERATE for HC2 and later when a row has the
 * leverage 1, and for HC1 without degrees of freedom. */
ts_status ts_linear_robust(ts_linear *fit, ts_variance kind, ts_error *err);

/* row'b for a row of the design, with its standard error. estimable: whether
 * the data determine it when columns are aliased; else both are NaN. */
typedef struct {
    double estimate, std_error;
    bool estimable;
} ts_linear_value;

ts_status ts_linear_estimate(const ts_linear *fit, const double *row,
                             ts_linear_value *out, ts_error *err);
/* Coefficient j when the aliased columns are left out; NaN for one of these. */
ts_status ts_linear_coefficient(const ts_linear *fit, size_t j,
                                ts_linear_value *out, ts_error *err);
/* The covariances of k rows' estimates, k x k; NaN where not estimable or
 * beyond the range of doubles. */
ts_status ts_linear_covariance(const ts_linear *fit, const double *rows,
                               size_t k, double *out, ts_error *err);

/* Test of L b = 0, L of q rows, by rows. df: the rank of L; sum_sq: what the
 * model loses without it (classical only, else NaN). */
typedef struct {
    double df, sum_sq, statistic, p_value;
} ts_linear_test;

ts_status ts_linear_hypothesis(const ts_linear *fit, const double *rows,
                               size_t q, ts_linear_test *out, ts_error *err);

/* The test of all coefficients but the intercept. */
ts_status ts_linear_whole(const ts_linear *fit, ts_linear_test *out,
                          ts_error *err);

/*
 * The test of a term (from 0, as in the formula's terms). Type 1: beside the
 * terms before it; 2: beside all terms that do not contain it; 3: no other
 * term left out, with the hypotheses of SAS (Goodnight 1976), which are those
 * of sum-to-zero contrasts when no cell is empty.
 */
ts_status ts_linear_term(const ts_linear *fit, int type, size_t term,
                         ts_linear_test *out, ts_error *err);

/* Leverages, computed when first asked for: n numbers, the fit's. */
ts_status ts_linear_leverage(ts_linear *fit, const double **out, ts_error *err);

/* What each row does, n numbers in each array of the caller. Residuals of all
 * but the first kind, and Cook's distance (1977), are NaN where the leverage
 * is 1 or sigma 0; student: by the variance without the row. */
typedef struct {
    double *fitted, *residual, *leverage;
    double *std_residual, *student_residual, *cooks_distance;
} ts_linear_diagnostics;

ts_status ts_linear_diagnose(ts_linear *fit, ts_linear_diagnostics *out,
                             ts_error *err);

/* The expected response in the rows of another model frame of the same right
 * side (TS_MODEL_RIGHT), offsets included, with its standard error; NaN where
 * it is not estimable. TS_ENOTFOUND for a level that the model has not seen. */
ts_status ts_linear_predict(const ts_linear *fit, const ts_model_frame *rows,
                            double *estimate, double *std_error, ts_error *err);

#endif
