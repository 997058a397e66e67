/*
 * Several columns made of one number: poly(), ns() and bs() of a formula, as
 * R's functions of these names make them. What they need of the data (knots,
 * the recurrence of the polynomials) is found once, so that new values are
 * given the columns of the same functions. Private to core/model.
 */
#ifndef TS_BASIS_H
#define TS_BASIS_H

#include "ts/formula.h"

typedef struct ts_basis ts_basis;

/* From a call and the n values x of its variable, all finite. TS_EINVALID for
 * arguments that mean nothing; TS_EDEGENERATE when x has too few values. */
ts_status ts_basis_new(const ts_expr *call, const double *x, size_t n,
                       ts_basis **out, ts_error *err);
void ts_basis_free(ts_basis *basis);
size_t ts_basis_size(const ts_basis *basis);
/* The columns at x, ts_basis_size of them; beyond the boundary knots ns goes
 * on in a straight line and bs as its last polynomial. */
void ts_basis_at(const ts_basis *basis, double x, double *out);

#endif
