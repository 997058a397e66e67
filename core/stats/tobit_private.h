/* What the files of censored linear models share. */
#ifndef TS_TOBIT_PRIVATE_H
#define TS_TOBIT_PRIVATE_H

#include "ts/tobit.h"

/* The log likelihood at theta, where g (rank + 1) and h, minus the matrix of
 * second derivatives (lower triangle of (rank + 1)^2), are wanted too. -Inf
 * where 1 / sigma is not above 0. Densities are of the scaled response. */
double ts_tobit_likelihood(const ts_tobit *f, const double *theta, double *g,
                           double *h);

/* Cholesky's L of the k x k lower triangle h, in its place; false where h is
 * not positive definite. */
bool ts_tobit_decompose(double *h, size_t k);
/* x becomes inverse(LL') x. */
void ts_tobit_solve(const double *l, size_t k, double *x);

/* A row of the design in the coordinates of the fit: the start's value, and
 * v (rank), so that row'b = *value + v'zeta; false where it is not estimable.
 */
bool ts_tobit_take_row(const ts_tobit *f, const double *row, double *value,
                       double *v);

#endif
