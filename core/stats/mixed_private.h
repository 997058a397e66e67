/* What the files of models for repeated measures share. */
#ifndef TS_MIXED_PRIVATE_H
#define TS_MIXED_PRIVATE_H

#include "cholesky.h"
#include "linear_private.h"
#include "ts/mixed.h"

/* Covariance structures --------------------------------------------------- */

/* Random effects that are independent of others. */
typedef struct {
    size_t n;     /* their number */
    size_t rank;  /* of their covariance matrix: less than n where it is at its
                     bound, and L L' with as many columns */
    size_t z;     /* the first among all */
    size_t theta; /* their first parameter */
} ts_part;

typedef struct {
    ts_structure kind;
    size_t n_visit;
    size_t n;        /* parameters */
    size_t n_random; /* random effects, of all parts */
    size_t n_part;
    ts_part part[TS_MIXED_EFFECTS];
    size_t most; /* that an entry depends on */
} ts_covariance;

/* One entry of the matrix: its value, the parameters that it depends on, and
 * its first and second derivatives (n and n x n). */
typedef struct {
    double value;
    size_t n;
    size_t *at;
    double *first, *second;
} ts_entry;

void ts_covariance_of(ts_structure kind, size_t n_visit, ts_covariance *out);
/* Of random effects, by n and rank of its parts. */
void ts_covariance_of_random(ts_covariance *c);
size_t ts_part_parameters(const ts_part *p);
/* The part that a parameter belongs to, or NULL. */
const ts_part *ts_part_of(const ts_covariance *c, size_t parameter);
/* The covariance matrix of random effects, n squared. */
void ts_random_matrix(const ts_part *p, const double *theta, double *g);
bool ts_covariance_has_time(ts_structure kind);
ts_status ts_entry_new(const ts_covariance *c, ts_entry *out, ts_error *err);
void ts_entry_free(ts_entry *e);
/* Entry of visits i and j, gap apart in time. */
void ts_covariance_entry(const ts_covariance *c, const double *theta, size_t i,
                         size_t j, double gap, ts_entry *out);
/* The same of random effects: z_i'G z_j of each part in which both have one
 * level, and the residual variance where same. */
void ts_random_entry(const ts_covariance *c, const double *theta,
                     const double *z_i, const double *z_j,
                     const size_t *level_i, const size_t *level_j, bool same,
                     ts_entry *out);
/* Whether theta can be one: variances above 0, correlations between -1 and 1;
 * whether it makes a positive matrix is not looked at. */
bool ts_covariance_valid(const ts_covariance *c, const double *theta);
/* Whether a parameter is a variance or covariance: it has the response's unit,
 * squared. */
bool ts_covariance_squared(const ts_covariance *c, size_t parameter);
void ts_covariance_name(const ts_covariance *c, size_t parameter, char *text);

/* What moments say: of visits their variances, of pairs of visits (i < j, at
 * i * n_visit + j) covariances; NaN where nothing is known. */
typedef struct {
    size_t n_visit;
    double *variance, *covariance;
    double neighbour, gap; /* with time: correlation of neighbours, how far */
} ts_moments;

/* A first theta; share 1: as the moments say, 0: no correlation. */
void ts_covariance_start(const ts_covariance *c, const ts_moments *m,
                         double share, double *theta);

/* The data ---------------------------------------------------------------- */

/* What a pattern of many rows has in the place of its matrix; it belongs to the
 * pattern. */
typedef struct ts_crossed ts_crossed;

/* Subjects of one group with the same visits (or times). */
typedef struct {
    size_t group, q, m;  /* visits, subjects */
    ts_crossed *crossed; /* or NULL: its matrix is kept whole */
    size_t *visit;       /* q places among the visits used */
    double *time;        /* q, or NULL */
    const double *z;     /* q x n_random, or NULL */
    const size_t *level; /* q x n_part: their levels, numbered by themselves */
    size_t first;        /* row of the first subject; then one after another */
    size_t first_subject;
} ts_pattern;

/* The levels of what random effects are of, those used. */
typedef struct {
    size_t n, n_x;
    size_t *code; /* n x n_x: of each variable */
} ts_levels;

/* Rows of random effects, in the order of the model frame: z, levels, and the
 * block of rows that no other one has a level with. */
typedef struct {
    size_t n_z, n_effect;
    double *z;
    size_t *level, *local, *block;
} ts_effect_rows;

struct ts_mixed_data {
    ts_covariance covariance;
    size_t n, width; /* width: rank + 1 */
    double *a;   /* n x width, by rows, of patterns together: Q and residuals of
                    least squares, times the root of weights */
    size_t *row; /* n: where each is in the model frame */
    size_t n_subject;
    size_t *subject; /* their places in the subjects' levels */
    size_t n_visit, n_group;
    size_t *visit_level, *group_level; /* of those used */
    size_t n_pattern;
    ts_pattern *pattern;
    size_t longest; /* visits of a pattern */
    size_t whole;   /* of one whose matrix is kept whole */
    size_t *places; /* what visit and time of patterns point into */
    double *times;
    double log_weight; /* the sum */
    double *z;         /* n x n_random, in the order of a, scaled */
    double *z_scale;   /* n_random: by what */
    size_t *level;     /* n x n_part, numbered within a block */
    size_t *level_of;  /* the same among all */
    ts_levels levels[TS_MIXED_EFFECTS];
};

/* Where the rows of the design's model are in another frame of the same data.
 */
ts_status ts_mixed_find_rows(const ts_model_frame *model,
                             const ts_model_frame *other, size_t *place,
                             ts_error *err);
/* z_scale and levels of d as well. */
ts_status ts_effect_rows_new(const ts_model_frame *model,
                             const ts_mixed_spec *spec, ts_mixed_data *d,
                             ts_effect_rows *out, ts_error *err);
void ts_effect_rows_free(ts_effect_rows *r);
/* Whether the data can tell effects from each other and from the residual. */
ts_status ts_effects_check(const ts_mixed *f, ts_error *err);

/* What a block needs its whole matrix for, sandwiches and scaled residuals, has
 * it of so many rows at most. */
enum { TS_WHOLE_MOST = 1000 };

/* Patterns of more rows than `from` get a ts_crossed; TS_ELIMIT when too much
 * crosses there. */
ts_status ts_crossed_build(ts_mixed_data *d, size_t from, ts_error *err);
ts_status ts_crossed_new(const ts_mixed_data *d, const ts_pattern *p,
                         ts_crossed **out, ts_error *err);
void ts_crossed_free(ts_crossed *x);
/* log |V| at a theta, for what follows; INFINITY where V is not positive,
 * share: the smallest one that the residual has of a variance. */
double ts_crossed_factor(ts_crossed *x, const double *theta, double *share);
/* delta += sum w_hk (X'V^-1 V_h V^-1 V_k V^-1 X - X'V^-1 V_hk V^-1 X / 4) of a
 * pattern, in the coordinates of root; w: n x n. */
ts_status ts_crossed_correct(const ts_mixed *f, const ts_pattern *p,
                             const double *w, bool linear, double *delta,
                             ts_error *err);
/* out = inverse(V) a, rows x width of the data. */
void ts_crossed_solve(const ts_crossed *x, const double *a, double *out);

/* Whether free parameters are covariance matrices of random effects. */
bool ts_effects_positive(const ts_mixed *f);
/* With the covariance structure as it stands. */
ts_status ts_mixed_fit_structure(ts_mixed *f, ts_error *err);
/* Random effects: where a covariance matrix is none at the optimum, the best
 * one of lower rank, which is at the bound. */
ts_status ts_mixed_fit_effects(ts_mixed *f, ts_error *err);

ts_status ts_mixed_data_new(const ts_linear *start, const ts_mixed_spec *spec,
                            double scale, ts_mixed_data **out, ts_error *err);
void ts_mixed_data_free(ts_mixed_data *data);
ts_status ts_mixed_moments(const ts_mixed_data *d, size_t group,
                           ts_moments *out, ts_error *err);
void ts_moments_free(ts_moments *m);

/* The likelihood ---------------------------------------------------------- */

/* An entry of a pattern's matrix; theta: of all groups. */
void ts_pattern_entry(const ts_mixed_data *d, const double *theta,
                      const ts_pattern *p, size_t i, size_t j, ts_entry *e);
/* L of the matrix, q x q; 0 when it is not positive, else the smallest share
 * that the visits before leave of a variance. */
double ts_pattern_factor(const ts_mixed_data *d, const double *theta,
                         const ts_pattern *p, ts_entry *e, double *chol);
/* z = inverse(L) a, q x width. */
void ts_whiten(const double *chol, size_t q, const double *a, size_t width,
               double *z);

/* Room for it, and what an evaluation leaves. */
typedef struct {
    const ts_mixed_data *data;
    bool ml;
    size_t p, width, n_theta;
    /* a value leaves these */
    double *root;       /* p x p, lower, by rows: of X'V^-1 X */
    double *shift;      /* p: the coefficients */
    double *whitened;   /* n x width: inverse(L) [X e]; of a crossed pattern
                           V^-1 [X e] */
    double *chol;       /* L of each pattern, whole^2 apart */
    double determinacy; /* the smallest share of a variance that is free */
    /* derivatives leave these; slope: those of X'V^-1 X, between inverse(root)
     * and its transpose */
    double *gradient, *hessian, *expected, *slope;
    void *room;
    ts_entry entry;
} ts_likelihood;

ts_status ts_likelihood_new(const ts_mixed_data *data, bool ml,
                            ts_likelihood **out, ts_error *err);
void ts_likelihood_free(ts_likelihood *l);
/* -2 log likelihood without its constants; INFINITY where a matrix is not
 * positive. */
double ts_likelihood_value(ts_likelihood *l, const double *theta);
/* Gradient, Hessian and so on, at the theta of the last value. */
void ts_likelihood_derive(ts_likelihood *l, const double *theta);

/* positive: the Hessian; gradient: the largest, in standard errors. */
typedef struct {
    bool converged, positive;
    double value, gradient;
    size_t iterations;
} ts_optimum;

/* From theta, which must have a finite value, to the optimum. */
ts_status ts_mixed_optimise(ts_likelihood *l, double *theta, ts_optimum *out,
                            ts_error *err);

/* Variances --------------------------------------------------------------- */

/* Fill var. */
ts_status ts_mixed_kenward_roger(ts_mixed *f, bool linear, ts_error *err);
ts_status ts_mixed_sandwich(ts_mixed *f, ts_error *err);
/* Degrees of freedom of Satterthwaite's kind with a sandwich, u in the
 * coordinates of var. */
ts_status ts_mixed_sandwich_df(const ts_mixed *f, const double *u, double *df,
                               ts_error *err);

#endif
