/* What the files of simultaneous tests share. */
#ifndef TS_MULTIPLE_PRIVATE_H
#define TS_MULTIPLE_PRIVATE_H

#include "ts/multiple.h"

#define TS_MULTIPLE_MAX 40

/* An upper tail P(X > c) of something normal, c > 0. */
typedef double (*ts_tail_fn)(const void *context, double c);

/* The same when c is q S, S^2 a chi-square over its df: the tail of X / S at q.
 * It is enough to know that P(X > c) is about count normal tails at c / sd. */
double ts_studentise(ts_tail_fn tail, const void *context, double count,
                     double sd, double df, double q);

/* The q from low to high for which f(q) = p, f falling. */
typedef ts_status (*ts_falling_fn)(void *context, double q, double *p,
                                   ts_error *err);
ts_status ts_solve_falling(ts_falling_fn f, void *context, double p, double low,
                           double high, double *q, ts_error *err);

/* Statistics as combinations of r independent normal ones: k x r, lower. */
typedef struct {
    size_t k, r;
    const double *root;
    bool two_sided;
} ts_combination;

/* Tails of max |X_i| (or X_i) of normal statistics: of rank 2, and of 3. */
double ts_plane_tail(const void *combination, double c);
double ts_space_tail(const void *combination, double c);

/* root: k x k, the lower root of r by pivots, of which the first is row 0, and
 * its rank; rows keep their order. TS_EINVALID when r is no correlation matrix.
 */
ts_status ts_correlation_root(const double *r, size_t k, double *root,
                              size_t *rank, ts_error *err);

/* The studentised tail by a lattice of points, and 4 standard errors of it
 * relative to its value. *points: how many, or 0: as many as are needed for
 * TS_LATTICE_ERROR, which are then set. */
#define TS_LATTICE_ERROR 1e-4
ts_status ts_lattice_tail(const double *r, size_t k, double df, double q,
                          bool two_sided, long *points, double *p,
                          double *error, ts_error *err);

#endif
