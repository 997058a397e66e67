/* Random effects of a block of many rows: see mixed_crossed.c. */
#ifndef TS_MIXED_CROSSED_H
#define TS_MIXED_CROSSED_H

#include <lapacke.h>
#include "mixed_room.h"

/* Effects outside of cells: matrices as large are kept whole. */
#define TS_CROSSED_MOST 2000

/* A level of a cell, or outside, and its first coefficient: those of cells come
 * first, one cell after another. */
typedef struct {
    size_t part, first;
} ts_cell_level;

/* Levels of a cell and their n coefficients, and what its rows have outside. */
typedef struct {
    size_t n, first, n_level, level;
    size_t n_out, first_out; /* in out */
    size_t area, cross;      /* where its n x n and n x n_out matrices are */
} ts_cell;

struct ts_crossed {
    const ts_covariance *covariance;
    const double *z; /* q x n_random */
    size_t q, width;
    bool inside[TS_MIXED_EFFECTS]; /* terms nested in the root */
    size_t n_in, n_out, level_in, level_out, n_cell, n_cross;
    ts_cell *cell;
    ts_cell_level *level;
    size_t *place; /* q x n_part: the first coefficient of a row's level */
    size_t *out;
    double *square, *across, *outside; /* Z'Z */
    /* at a theta */
    bool definite; /* G of all terms */
    double residual;
    double g[TS_MIXED_EFFECTS][64], factor[TS_MIXED_EFFECTS][64];
    double sign[TS_MIXED_EFFECTS][8];
    double *middle;     /* of cells: M */
    double *left;       /* Z_B'inverse(V_A) Z_B times s */
    double *joint;      /* the same as M, outside */
    double *derivative; /* of G by each parameter, 64 apart */
    /* room */
    size_t pair[TS_MIXED_EFFECTS], n_pair; /* a, b of columns of a term */
    double *room, *u, *rows, *wide, *traces, *weight;
    lapack_int *pivot;
};

/* Room of coefficients x width, of four: the first two are changed by solve. */
static inline double *ts_crossed_room(const ts_crossed *x, size_t k)
{
    return x->u + k * (x->n_in + x->n_out) * x->width;
}

/* The term of a parameter that is not the residual's. */
static inline size_t ts_crossed_part(const ts_crossed *x, size_t h)
{
    return (size_t)(ts_part_of(x->covariance, h) - x->covariance->part);
}

/* sum = Z'a, a: q x width; a += factor Z u. */
void ts_crossed_gather(const ts_crossed *x, const double *a, double *sum);
void ts_crossed_spread(const ts_crossed *x, const double *u, double factor,
                       double *a);
/* The entry of columns a and b of term e, as if of one level. */
void ts_crossed_entry(const ts_crossed *x, const double *theta, size_t e,
                      size_t a, size_t b, ts_entry *entry);
/* derivative, and of the second ones hessian += <D_hk, weight>, weight: of
 * pairs of columns. */
void ts_crossed_derivatives(ts_crossed *x, const double *theta, ts_entry *e);
void ts_crossed_second(const ts_crossed *x, const double *theta, ts_entry *e,
                       const double *weight, double *hessian, size_t t);
/* out = D_h r of r = inverse(V) a, u = Z'r; out: q x width. Second room. */
void ts_crossed_multiply(const ts_crossed *x, size_t h, const double *r,
                         const double *u, double *out);

#endif
