/* Small symmetric matrices, by rows. */
#ifndef TS_CHOLESKY_H
#define TS_CHOLESKY_H

#include <stddef.h>

/* The lower triangle of a = L L'; 0 unless every pivot is above tolerance
 * times the diagonal; else the smallest share. */
double ts_cholesky(double *a, size_t n, double tolerance);
/* x becomes inverse(L) x, inverse(L') x. */
void ts_solve_lower(const double *l, size_t n, double *x);
void ts_solve_lower_transposed(const double *l, size_t n, double *x);
/* inverse of L L' into out, n x n. */
void ts_invert_cholesky(const double *l, size_t n, double *out);

#endif
