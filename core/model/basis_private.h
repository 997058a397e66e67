/* What the files of the basis share. */
#ifndef TS_BASIS_PRIVATE_H
#define TS_BASIS_PRIVATE_H

#include "basis.h"

#define TS_BASIS_DEGREE 20

typedef enum { TS_BASIS_POLY, TS_BASIS_RAW, TS_BASIS_NS, TS_BASIS_BS } ts_kind;

/* The arguments of a call; what was not given is as R's default. */
typedef struct {
    ts_kind kind;
    int degree; /* of poly; of bs */
    int df;     /* 0: not given */
    bool intercept;
    double knot[TS_EXPR_ARGS];
    int n_knot; /* -1: not given */
    double boundary[2];
    bool bounded; /* boundary was given */
    const char *name;
    ts_error *err;
} ts_basis_call;

struct ts_basis {
    ts_kind kind;
    size_t size;
    int degree;
    /* polynomials: p[k + 1] = (x - alpha[k]) p[k] - beta[k] p[k - 1], each
     * divided by norm[k] at the end */
    double *alpha, *beta, *norm;
    /* splines: n_knot knots with the boundaries repeated, first: the first
     * function used (1 without an intercept) */
    double *knot;
    size_t n_knot, first;
    /* ns: the n_spline functions times null (n_spline x size, by rows); value
     * and slope at the two boundaries */
    size_t n_spline;
    double *null, *edge;
};

ts_status ts_basis_poly(ts_basis *b, const ts_basis_call *call, const double *x,
                        size_t n);
ts_status ts_basis_spline(ts_basis *b, const ts_basis_call *call,
                          const double *x, size_t n);
void ts_basis_poly_at(const ts_basis *b, double x, double *out);
void ts_basis_spline_at(const ts_basis *b, double x, double *out);

#endif
