/*
 * Least squares of tall matrices: R of X = QR by blocks of rows, its rank, and
 * solutions. Q is never kept.
 *
 *     ts_qr_new(p + 1, &q, err);                    the last column is y
 *     for each block of rows: ts_qr_add(q, block, m, ld);
 *     ts_rank_new(q, 1, true, 1e-11, &k, err);      y stands apart
 *     k->rank, k->kept[0 .. rank-1], k->r, k->z
 *
 * Householder reflections of a triangle on top of a block touch the triangle in
 * one row each, so that a pass over X is all there is.
 */
#ifndef TS_QR_H
#define TS_QR_H

#include <stdbool.h>
#include <stddef.h>
#include "ts/error.h"

typedef struct {
    size_t p;
    double *r; /* p x p, upper, by rows */
} ts_qr;

ts_status ts_qr_new(size_t p, ts_qr **out, ts_error *err);
void ts_qr_free(ts_qr *qr);
/* Adds m rows, given by columns ld apart; the block is destroyed. */
void ts_qr_add(ts_qr *qr, double *block, size_t m, size_t ld);

/*
 * The columns of X in their order, less those that the columns before them
 * give (as R's lm drops them): what a column leaves beside those before it is
 * compared with its norm, without the first column's part if that is constant.
 */
typedef struct {
    size_t p, rank;
    size_t *kept;  /* rank places, increasing; behind them the others */
    double *r;     /* rank x rank, upper, by rows: of the columns kept */
    double *alias; /* (p - rank) x rank: column kept[rank + i] is the sum of
                      these times the columns kept */
    double *z;     /* rank x n_y: Q'y */
    size_t n_y;
    double nearest; /* the smallest share that a kept column leaves */
    size_t nearest_column;
} ts_rank;

/* The last n_y columns of qr are no part of X. */
ts_status ts_rank_new(const ts_qr *qr, size_t n_y, bool constant,
                      double tolerance, ts_rank **out, ts_error *err);
void ts_rank_free(ts_rank *rank);

/* a'b, by four partial sums that are always added in the same order. */
double ts_dot(const double *a, const double *b, size_t n);

/* x becomes inverse(R) x, or inverse(R') x; R is n x n, upper, by rows. */
void ts_solve_upper(const double *r, size_t n, double *x);
void ts_solve_upper_transposed(const double *r, size_t n, double *x);

#endif
