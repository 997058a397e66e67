/* What the files of linear models share. */
#ifndef TS_LINEAR_PRIVATE_H
#define TS_LINEAR_PRIVATE_H

#include "ts/linear.h"
#include "../model/dd.h"

/*
 * A pass over the rows of X in blocks, scaled:
 *     status = ts_linear_start(f, &pass, err);
 *     while (!status && ts_linear_next(&pass, &status, err)) ...
 *     ts_linear_end(&pass);
 */
typedef struct {
    const ts_linear *fit;
    size_t room, from, m;  /* rows from .. from + m - 1 are there */
    const double **column; /* p: their numbers */
    double *x; /* room times p + 1: where those are that are no plain numbers */
} ts_linear_pass;

size_t ts_linear_block_size(size_t p);
ts_status ts_linear_start(const ts_linear *f, ts_linear_pass *pass,
                          ts_error *err);
bool ts_linear_next(ts_linear_pass *pass, ts_status *status, ts_error *err);
void ts_linear_end(ts_linear_pass *pass);

/* l: the row's part of the columns kept, scaled. Whether the data determine
 * it: the aliased columns must enter as they depend on those kept. */
bool ts_linear_take_row(const ts_linear *f, const double *row, double *l);
/* The row of the estimable sum that coefficient j, which is kept, stands for: 1
 * in its column, and in the columns left out what they depend on it by. */
void ts_linear_unit_row(const ts_linear *f, size_t j, double *row);
/* l'b, in the units of the response. */
double ts_linear_row_value(const ts_linear *f, const double *l);

/* The hypotheses of a term's type III test: *q rows of p, which the caller
 * frees. */
ts_status ts_linear_term_rows(const ts_linear *f, size_t term, double **rows,
                              size_t *q, ts_error *err);

/* The sum of the offsets of a row. */
double ts_linear_offset(const ts_model_frame *m, size_t i);

/* Element i of z = R b = Q'y, in the units of the response. */
double ts_linear_z(const ts_linear *f, size_t i);

/* The joint test of q functions given in the coordinates of Q, v (q x rank),
 * with their values; both are changed. */
ts_status ts_linear_joint(const ts_linear *f, double *v, double *value,
                          size_t q, ts_linear_test *out, ts_error *err);

#endif
