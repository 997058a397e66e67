/* What the files of the likelihood's derivatives share. */
#ifndef TS_MIXED_ROOM_H
#define TS_MIXED_ROOM_H

#include "mixed_private.h"

/* Derivatives of a pattern's matrix: of parameter h the entries begin[h] ..
 * begin[h + 1] - 1, at row <= column. */
typedef struct {
    size_t *begin, *row, *column;
    double *value;
} ts_sparse;

typedef struct {
    ts_sparse d;
    double *weight; /* packed */
    double *cross;  /* of each pair of visits, packed; of random effects what
                       ts_add_block needs */
    double *slope;  /* of each parameter, packed */
    double *gather; /* n_theta x p */
    double *inverse, *middle, *half, *w, *u; /* whole^2 */
} ts_room;

static inline size_t ts_packed_size(size_t width)
{
    return width * (width + 1) / 2;
}

/* inverse(L') of a subject's whitened rows, in place. */
void ts_unwhiten(const double *chol, size_t q, size_t width, double *z);

/* The derivatives of a pattern's matrix, by parameter; the second ones go to
 * the Hessian at once, which needs m S^-1 - G: inverse and middle of room. */
void ts_take_derivatives(ts_likelihood *l, const double *theta,
                         const ts_pattern *p);

/* The symmetric matrix that `packed` has, off-diagonals there twice. */
void ts_unpack(const double *packed, size_t width, double *out);
/* tr(a b), q x q. */
double ts_trace_of_product(const double *a, const double *b, size_t q);

/* What a pattern of random effects adds to the derivatives; the second when it
 * has a ts_crossed. */
void ts_add_block(ts_likelihood *l, const double *theta, const ts_pattern *p,
                  const double *chol);
void ts_crossed_add(ts_likelihood *l, const double *theta, const ts_pattern *p);

#endif
