/* R of a tall matrix, block by block, and triangular solves. */
#include "ts/qr.h"

#include <math.h>
#include "ts/memory.h"

ts_status ts_qr_new(size_t p, ts_qr **out, ts_error *err)
{
    ts_qr *qr = ts_alloc_array(1, sizeof *qr);
    *out = NULL;
    if (qr)
        qr->r = ts_alloc_array(p, p * sizeof *qr->r);
    if (!qr || !qr->r) {
        ts_free(qr);
        return ts_fail_memory(err);
    }
    qr->p = p;
    *out = qr;
    return TS_OK;
}

void ts_qr_free(ts_qr *qr)
{
    if (qr)
        ts_free(qr->r);
    ts_free(qr);
}

/* Loops go by fours, which compilers turn into vectors. */
double ts_dot(const double *a, const double *b, size_t n)
{
    double s[4] = {0, 0, 0, 0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++)
            s[k] += a[i + k] * b[i + k];
    for (; i < n; i++)
        s[0] += a[i] * b[i];
    return (s[0] + s[2]) + (s[1] + s[3]);
}

static void subtract(double *restrict b, const double *restrict a,
                     double factor, size_t n)
{
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++)
            b[i + k] -= factor * a[i + k];
    for (; i < n; i++)
        b[i] -= factor * a[i];
}

/* The reflection that zeroes v below r[k, k] is I - u u'/h with
 * u = (r[k, k] - norm, v): row k of R and the block change. */
void ts_qr_add(ts_qr *qr, double *block, size_t m, size_t ld)
{
    size_t p = qr->p;
    for (size_t k = 0; k < p; k++) {
        const double *v = block + k * ld;
        double *row = qr->r + k * p, square = ts_dot(v, v, m);
        if (!(square > 0))
            continue;
        double norm = sqrt(row[k] * row[k] + square);
        if (row[k] > 0)
            norm = -norm;
        double u = row[k] - norm, h = -norm * u;
        row[k] = norm;
        for (size_t j = k + 1; j < p; j++) {
            double *b = block + j * ld;
            double factor = (u * row[j] + ts_dot(v, b, m)) / h;
            row[j] -= factor * u;
            subtract(b, v, factor, m);
        }
    }
}

/* Solving ----------------------------------------------------------------- */

void ts_solve_upper(const double *r, size_t n, double *x)
{
    for (size_t i = n; i-- > 0;) {
        for (size_t j = i + 1; j < n; j++)
            x[i] -= r[i * n + j] * x[j];
        x[i] /= r[i * n + i];
    }
}

void ts_solve_upper_transposed(const double *r, size_t n, double *x)
{
    for (size_t i = 0; i < n; i++) {
        x[i] /= r[i * n + i];
        for (size_t j = i + 1; j < n; j++)
            x[j] -= r[i * n + j] * x[i];
    }
}
