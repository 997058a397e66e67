/* Polynomials of Bernstein's form: sum of b[s] Binom(s; n, p), s = 0 .. n. */
#ifndef TS_BERNSTEIN_H
#define TS_BERNSTEIN_H

#include <stddef.h>
#include "ts/error.h"

/* The largest value on [0, 1] of a polynomial whose n + 1 coefficients are
 * not negative, to a relative 1e-12, and where it is. */
ts_status ts_bernstein_max(const double *b, size_t n, double *most,
                           double *where, ts_error *err);

#endif
