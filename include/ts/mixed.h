/*
 * Models for repeated measures: fixed effects by a design, and a covariance
 * matrix among the measurements of a subject, by restricted or full maximum
 * likelihood.
 *
 *     ts_mixed_spec spec = {.structure = TS_UN, .subject = s, .visit = v};
 *     ts_mixed_fit(design, &spec, 1e-11, &fit, &err);
 *     ts_mixed_estimate(fit, row, &e, &err);          row'b, its error, df
 *     ts_mixed_hypothesis(fit, rows, q, &test, &err);
 *     ts_mixed_free(fit);
 *
 * Newton's method on the profiled likelihood, with analytic derivatives in the
 * parameters that SAS has, to the optimum: the gradient, in units of the
 * parameters' standard errors, ends below 1e-9. (Lindstrom and Bates 1988,
 * JASA 83:1014; Wolfinger, Tobias and Sall 1994, SIAM J Sci Comput 15:1294.)
 * Weights divide variances of errors: cov(e_i, e_j) = s_ij / sqrt(w_i w_j), as
 * in SAS; random effects have none.
 */
#ifndef TS_MIXED_H
#define TS_MIXED_H

#include "ts/linear.h"

/* Parameters as SAS has them: variances (not standard deviations), and
 * covariances (UN, CS, TOEP) or correlations (the others). */
typedef enum {
    TS_UN,    /* all free */
    TS_CS,    /* one covariance and what a variance has beside it */
    TS_CSH,   /* a variance for each visit, one correlation */
    TS_AR1,   /* one variance; correlation rho^|i - j|, visits by their place */
    TS_AR1H,  /* a variance for each visit */
    TS_TOEP,  /* a covariance for each lag */
    TS_TOEPH, /* a variance for each visit, a correlation for each lag */
    TS_ANTE1, /* a variance for each visit, correlations of neighbours, whose
                 product is that of others */
    TS_SP_POW, /* one variance; correlation rho^|time - time| */
    TS_SP_EXP, /* the same as exp(-|time - time| / theta) */
    TS_RANDOM  /* random effects: z_i'G z_j, and one residual variance */
} ts_structure;

typedef enum {
    TS_DF_SATTERTHWAITE, /* Giesbrecht and Burns 1985; of several functions Fai
                            and Cornelius 1996 */
    TS_DF_KENWARD_ROGER, /* Kenward and Roger 1997, with the second derivatives
                            of SAS's parameters: DDFM=KR */
    TS_DF_KR_LINEAR,     /* without: DDFM=KR(LINEAR) */
    TS_DF_BETWEEN_WITHIN,
    TS_DF_RESIDUAL
} ts_df_method;

typedef enum {
    TS_MODEL_BASED,
    TS_CR0, /* Liang and Zeger 1986 */
    TS_CR2, /* Bell and McCaffrey 2002 */
    TS_CR3  /* jackknife: Mancl and DeRouen 2001 */
} ts_sandwich;

/* Random effects of what is a level of the variables of groups (together, when
 * there are more than one: as categories), by a design whose rows are of the
 * same frame. */
typedef struct {
    const ts_design *design;
    const ts_model_frame *groups;
} ts_mixed_effect;

/* Model frames of one variable each, of the frame that the design's is of:
 * subject, visit and group as categories (TS_MODEL_GROUPS), time as a number.
 * Group may be NULL: one covariance matrix for all. Time is for the structures
 * that have it, and takes the place of the visit. TS_RANDOM has effects
 * instead, TS_MIXED_EFFECTS at most, independent of each other, nested or
 * crossed; and a subject only if all are of its levels. */
enum { TS_MIXED_EFFECTS = 8 };
typedef struct {
    ts_structure structure;
    bool ml;
    const ts_model_frame *subject, *visit, *group, *time;
    const double *hold; /* NULL, or n_hold parameters as theta has them: not
                           sought, and taken as known (no random effects) */
    size_t n_hold;
    ts_mixed_effect effect[TS_MIXED_EFFECTS];
    size_t n_effect;
} ts_mixed_spec;

typedef struct ts_mixed_data ts_mixed_data;

typedef struct {
    const ts_design *design;            /* borrowed */
    ts_mixed_spec spec;                 /* what it points to is borrowed */
    ts_linear *start;                   /* least squares: rank, columns, rows */
    size_t n, rank;                     /* rows, coefficients */
    size_t n_subject, n_visit, n_group; /* subjects: or independent blocks */
    size_t n_own;        /* parameters of a group's covariance matrix */
    size_t n_theta;      /* of all */
    double *theta;       /* by group */
    double *theta_error; /* their standard errors: observed information */
    double neg2_log_lik;
    size_t iterations;
    double gradient;    /* the largest, in standard errors of its parameter */
    double determinacy; /* of a visit's variance the share that others do not
                           give, the smallest */
    ts_df_method df;
    ts_sandwich sandwich;
    ts_mixed_data *data;
    /* with X = Q R of least squares, L L' = Q'V^-1 Q */
    double *shift; /* rank: coefficients of Q beyond least squares, scaled */
    double *root;  /* rank x rank: L, lower, by rows */
    double *slope; /* n_theta x rank x rank: derivatives of Q'V^-1 Q, between
                      inverse(L) and its transpose */
    double *var;   /* rank x rank: covariances of L' times the coefficients */
    double scale;  /* of the response in these and in theta_own */
    double *theta_own;
    double *theta_var; /* n_theta x n_theta: their covariances */
} ts_mixed;

/*
 * TS_EDEGENERATE, with a sentence, where the data do not determine the
 * parameters or the covariance matrix becomes singular; TS_ECONVERGE when the
 * iteration does not end; TS_EINVALID when a subject has a visit twice or a
 * subject, visit, group or time is missing in a row that is used.
 */
ts_status ts_mixed_fit(const ts_design *design, const ts_mixed_spec *spec,
                       double tolerance, ts_mixed **out, ts_error *err);
void ts_mixed_free(ts_mixed *fit);

/* How errors and degrees of freedom are found; Satterthwaite and the model's
 * at first. TS_EINVALID for Kenward-Roger with a sandwich or without REML. */
ts_status ts_mixed_method(ts_mixed *fit, ts_df_method df, ts_sandwich sandwich,
                          ts_error *err);

/* The covariance matrix of a group, n_visit x n_visit, in the order of the
 * visits used (of structures with time: TS_EINVALID). */
ts_status ts_mixed_covariance_matrix(const ts_mixed *fit, size_t group,
                                     double *out, ts_error *err);
/* The name of a parameter of one group, as SAS writes it: "UN(2,1)"; text has
 * room for 64 bytes. */
void ts_mixed_parameter_name(const ts_mixed *fit, size_t parameter, char *text);
/* The names of visits used, and of groups; borrowed. */
const char *ts_mixed_visit_name(const ts_mixed *fit, size_t visit);
const char *ts_mixed_group_name(const ts_mixed *fit, size_t group);

/* used[k]: whether level k of the subjects has a row that is used. */
void ts_mixed_subjects(const ts_mixed *fit, bool *used);

/* What each row says, n numbers in each array of the caller: the residual, over
 * the standard deviation of its visit, and as the subject's visits before it
 * would not have it (inverse(L) r, SAS's VCIRY). */
typedef struct {
    double *fitted, *residual, *std_residual, *scaled_residual;
} ts_mixed_diagnostics;

ts_status ts_mixed_diagnose(const ts_mixed *fit, ts_mixed_diagnostics *out,
                            ts_error *err);

/* As ts_linear_predict, with degrees of freedom. */
ts_status ts_mixed_predict(const ts_mixed *fit, const ts_model_frame *rows,
                           double *estimate, double *std_error, double *df,
                           ts_error *err);

/* Of effect e the covariance matrix (8 x 8 at most), and its rank: less than
 * their number where the best one is at its bound. */
size_t ts_mixed_effects(const ts_mixed *fit, size_t e, double *matrix);
/* How many levels of it are used, and the name of one among them: "A:b" of two
 * variables; as snprintf. */
size_t ts_mixed_levels(const ts_mixed *fit, size_t e);
int ts_mixed_level_name(const ts_mixed *fit, size_t e, size_t level, char *text,
                        size_t size);
/* What the random effects e of each level are expected to be (BLUP), levels x
 * columns of the design. */
ts_status ts_mixed_random(const ts_mixed *fit, size_t e, double *effect,
                          ts_error *err);
/* The effect that a parameter belongs to; n_effect: none. */
size_t ts_mixed_effect_of(const ts_mixed *fit, size_t parameter);

typedef struct {
    double estimate, std_error, df;
    bool estimable;
} ts_mixed_value;

ts_status ts_mixed_estimate(const ts_mixed *fit, const double *row,
                            ts_mixed_value *out, ts_error *err);
/* Coefficient j when the aliased columns are left out; NaN for one of these. */
ts_status ts_mixed_coefficient(const ts_mixed *fit, size_t j,
                               ts_mixed_value *out, ts_error *err);
/* The covariances of k rows' estimates, k x k; NaN where not estimable. */
ts_status ts_mixed_covariance(const ts_mixed *fit, const double *rows, size_t k,
                              double *out, ts_error *err);

/* Test of L b = 0; statistic: the F, scaled by Kenward and Roger's factor if
 * that is the method. */
typedef struct {
    double df, df_2, statistic, p_value;
} ts_mixed_test;

ts_status ts_mixed_hypothesis(const ts_mixed *fit, const double *rows, size_t q,
                              ts_mixed_test *out, ts_error *err);
/* Type III test of a term. */
ts_status ts_mixed_term(const ts_mixed *fit, size_t term, ts_mixed_test *out,
                        ts_error *err);

#endif
