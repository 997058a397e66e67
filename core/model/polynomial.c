/*
 * Orthogonal polynomials by their three-term recurrence (Forsythe 1957, J SIAM
 * 5:74; Kennedy and Gentle 1980, Statistical Computing, 343), which is also
 * what gives new values their columns. Raw: the powers themselves.
 */
#include "basis_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "ts/memory.h"
#include "ts/sum.h"

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static ts_status count_distinct(const double *x, size_t n, size_t *out,
                                ts_error *err)
{
    double *sorted = ts_alloc_array(n, sizeof *sorted);
    if (!sorted)
        return ts_fail_memory(err);
    memcpy(sorted, x, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_value);
    *out = n > 0;
    for (size_t i = 1; i < n; i++)
        *out += sorted[i] != sorted[i - 1];
    ts_free(sorted);
    return TS_OK;
}

/* alpha[k], norm[k + 1] from p[k + 1], and so on up to the degree; now and
 * before hold p[k] and p[k - 1] in all rows. */
static void recur(ts_basis *b, const double *x, size_t n, double *now,
                  double *before)
{
    double square = (double)n;
    for (size_t i = 0; i < n; i++) {
        now[i] = 1;
        before[i] = 0;
    }
    for (int k = 0; k < b->degree; k++) {
        ts_sum centre = {0}, next = {0};
        for (size_t i = 0; i < n; i++)
            ts_sum_add(&centre, x[i] * now[i] * now[i]);
        b->alpha[k] = ts_sum_value(&centre) / square;
        for (size_t i = 0; i < n; i++) {
            double p = (x[i] - b->alpha[k]) * now[i] - b->beta[k] * before[i];
            before[i] = now[i];
            now[i] = p;
            ts_sum_add(&next, p * p);
        }
        double grown = ts_sum_value(&next);
        b->norm[k] = sqrt(grown);
        if (k + 1 < b->degree)
            b->beta[k + 1] = grown / square;
        square = grown;
    }
}

ts_status ts_basis_poly(ts_basis *b, const ts_basis_call *call, const double *x,
                        size_t n)
{
    size_t d = (size_t)call->degree, distinct = 0;
    ts_status status = count_distinct(x, n, &distinct, call->err);
    if (status)
        return status;
    if (distinct <= d)
        return ts_fail(call->err, TS_EDEGENERATE,
                       "%s: %zu distinct value%s; a polynomial of degree %d "
                       "needs %d",
                       call->name, distinct, distinct == 1 ? "" : "s",
                       call->degree, call->degree + 1);
    b->size = d;
    if (call->kind == TS_BASIS_RAW)
        return TS_OK;
    b->alpha = ts_alloc_array(d, sizeof(double));
    b->beta = ts_alloc_array(d, sizeof(double));
    b->norm = ts_alloc_array(d, sizeof(double));
    double *work = ts_alloc_array(n, 2 * sizeof *work);
    if (!b->alpha || !b->beta || !b->norm || !work)
        status = ts_fail_memory(call->err);
    else
        recur(b, x, n, work, work + n);
    ts_free(work);
    return status;
}

void ts_basis_poly_at(const ts_basis *b, double x, double *out)
{
    double now = 1, before = 0;
    for (size_t k = 0; k < b->size; k++) {
        double p = b->kind == TS_BASIS_RAW
                       ? now * x
                       : (x - b->alpha[k]) * now - b->beta[k] * before;
        before = now;
        now = p;
        out[k] = b->kind == TS_BASIS_RAW ? p : p / b->norm[k];
    }
}
