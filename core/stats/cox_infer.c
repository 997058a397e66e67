/* What a Cox model says of rows: log hazard ratios, their errors, tests. */
#include "cox_private.h"

#include <math.h>
#include <string.h>
#include "cholesky.h"
#include "linear_private.h"
#include "score_form.h"
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "ts/memory.h"

/* v of a row, and L^-1 v of its active coordinates (rank), where it is
 * estimable and finite. room: start->rank. */
static bool take(const ts_cox *f, const double *row, double *v, double *w,
                 double *room, ts_linear_value *out)
{
    int direction;
    double sum = 0, square = 0;
    *out = (ts_linear_value){.estimate = NAN, .std_error = NAN};
    if (!ts_cox_take_row(f, row, v, room))
        return false;
    out->estimable = true;
    if ((direction = ts_cox_direction(f, v))) {
        out->estimate = direction * INFINITY;
        return false;
    }
    ts_cox_pack_vector(f, v, w);
    ts_solve_lower(f->root, f->rank, w);
    for (size_t j = 0; j < f->m; j++)
        sum += v[j] * f->theta[j];
    for (size_t j = 0; j < f->rank; j++)
        square += w[j] * w[j];
    out->estimate = sum;
    out->std_error = sqrt(square);
    return true;
}

ts_status ts_cox_estimate(const ts_cox *f, const double *row,
                          ts_linear_value *out, ts_error *err)
{
    size_t k = f->start->rank;
    double *v = ts_alloc_array(3 * k, sizeof *v);
    *out = (ts_linear_value){.estimate = NAN, .std_error = NAN};
    if (!v)
        return ts_fail_memory(err);
    take(f, row, v, v + k, v + 2 * k, out);
    ts_free(v);
    return TS_OK;
}

static double along(const ts_cox *f, size_t j, const double *v)
{
    double sum = 0;
    for (size_t k = 0; k < f->m; k++)
        sum += v[k] * f->none[j * f->m + k];
    return sum;
}

/* What strata leave no coefficient for enters so that nothing that changes no
 * likelihood changes the sum: the first columns first, as directions end in
 * the column they belong to. */
static void row_of(const ts_cox *f, size_t j, double *row, double *more,
                   double *v, double *room)
{
    const ts_linear *s = f->start;
    ts_linear_unit_row(s, j, row);
    for (size_t a = 0; a < f->m; a++) {
        if (f->active[a])
            continue;
        ts_cox_coordinates(f, row, v, room);
        double now = along(f, a, v);
        ts_linear_unit_row(s, s->qr->kept[a + s->rank - f->m], more);
        ts_cox_coordinates(f, more, v, room);
        double share = now / along(f, a, v);
        for (size_t i = 0; i < f->p; i++)
            row[i] -= share * more[i];
    }
    if (s->rank > f->m)
        row[0] = 0;
}

ts_status ts_cox_row(const ts_cox *f, size_t j, double *row, ts_error *err)
{
    double *room = ts_alloc_array(f->p, 3 * sizeof *room);
    if (!room)
        return ts_fail_memory(err);
    row_of(f, j, row, room, room + f->p, room + 2 * f->p);
    ts_free(room);
    return TS_OK;
}

ts_status ts_cox_coefficient(const ts_cox *f, size_t j, ts_linear_value *out,
                             ts_error *err)
{
    *out = (ts_linear_value){.estimate = NAN, .std_error = NAN};
    if (f->aliased[j])
        return TS_OK;
    double *row = ts_alloc_array(f->p, sizeof *row);
    ts_status status = row ? ts_cox_row(f, j, row, err) : ts_fail_memory(err);
    if (!status)
        status = ts_cox_estimate(f, row, out, err);
    ts_free(row);
    return status;
}

ts_status ts_cox_covariance(const ts_cox *f, const double *rows, size_t k,
                            double *out, ts_error *err)
{
    size_t r = f->start->rank;
    double *v = ts_alloc_array(k + 2, r * sizeof *v);
    bool *known = ts_alloc_array(k, sizeof *known);
    ts_status status = v && known ? TS_OK : ts_fail_memory(err);
    for (size_t i = 0; i < k && !status; i++) {
        ts_linear_value e;
        known[i] =
            take(f, rows + i * f->p, v + k * r, v + i * r, v + (k + 1) * r, &e);
    }
    for (size_t i = 0; i < k && !status; i++)
        for (size_t j = 0; j < k; j++)
            out[i * k + j] = known[i] && known[j]
                                 ? ts_dot(v + i * r, v + j * r, f->rank)
                                 : NAN;
    ts_free(v);
    ts_free(known);
    return status;
}

ts_status ts_cox_hypothesis(const ts_cox *f, const double *rows, size_t q,
                            ts_linear_test *out, ts_error *err)
{
    double *value = ts_alloc_array(q, sizeof *value), chisq;
    double *cov = ts_alloc_array(q, q * sizeof *cov);
    size_t df = 0;
    bool known = true;
    ts_status status = value && cov ? TS_OK : ts_fail_memory(err);
    *out = (ts_linear_test){0, NAN, NAN, NAN};
    for (size_t i = 0; i < q && !status; i++) {
        ts_linear_value e;
        status = ts_cox_estimate(f, rows + i * f->p, &e, err);
        value[i] = e.estimate;
        known = known && isfinite(e.estimate);
    }
    if (!status && known)
        status = ts_cox_covariance(f, rows, q, cov, err);
    if (!status && known)
        status = ts_score_form(value, cov, q, &chisq, &df, err);
    if (!status && df > 0) {
        out->df = (double)df;
        out->statistic = chisq;
        out->p_value = pchisq(chisq, (double)df, 0, 0);
    }
    ts_free(value);
    ts_free(cov);
    return status;
}

ts_status ts_cox_term(const ts_cox *f, size_t term, ts_linear_test *out,
                      ts_error *err)
{
    double *rows = NULL;
    size_t q = 0;
    *out = (ts_linear_test){0, NAN, NAN, NAN};
    ts_status status = ts_linear_term_rows(f->start, term, &rows, &q, err);
    if (!status && q > 0)
        status = ts_cox_hypothesis(f, rows, q, out, err);
    ts_free(rows);
    return status;
}
