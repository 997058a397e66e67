/*
 * Estimates of linear functions of the coefficients and tests of several at
 * once. A function l'b is v'z in the coordinates of Q, with v = inverse(R') l:
 * its variance is sigma^2 v'v, or v'Mv for a sandwich, and what a hypothesis
 * takes from the model is the square of z's part in the space of its v.
 */
#include "linear_private.h"

#include <math.h>
#include <string.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "ts/memory.h"

#define ESTIMABLE 1e-8
#define DEPENDENT 1e-9

/* Functions --------------------------------------------------------------- */

bool ts_linear_take_row(const ts_linear *f, const double *row, double *l)
{
    const ts_rank *q = f->qr;
    size_t rank = f->rank;
    double size = 0;
    for (size_t k = 0; k < rank; k++) {
        l[k] = row[q->kept[k]] * f->scale[q->kept[k]];
        size = fmax(size, fabs(l[k]) * f->unit[q->kept[k]]);
    }
    for (size_t a = 0; a < f->p - rank; a++) {
        size_t j = q->kept[rank + a];
        double own = row[j] * f->scale[j], sum = 0;
        for (size_t k = 0; k < rank; k++)
            sum += q->alias[a * rank + k] * l[k];
        own *= f->unit[j];
        if (fabs(own - sum * f->unit[j]) > ESTIMABLE * fmax(size, fabs(own)))
            return false;
    }
    return true;
}

void ts_linear_unit_row(const ts_linear *f, size_t j, double *row)
{
    memset(row, 0, f->p * sizeof *row);
    row[j] = 1;
    for (size_t a = f->rank; a < f->p; a++) {
        size_t other = f->qr->kept[a];
        for (size_t k = 0; k < f->rank; k++)
            if (f->qr->kept[k] == j)
                row[other] = f->qr->alias[(a - f->rank) * f->rank + k] *
                             f->scale[j] / f->scale[other];
    }
}

double ts_linear_row_value(const ts_linear *f, const double *l)
{
    ts_dd s = {0, 0};
    for (size_t k = 0; k < f->rank; k++) {
        ts_dd b = {f->solution[2 * k], f->solution[2 * k + 1]};
        s = ts_dd_add(s, ts_dd_times(b, l[k]));
    }
    return s.hi / f->y_scale;
}

static double dot(const double *a, const double *b, size_t n)
{
    ts_dd s = {0, 0};
    for (size_t i = 0; i < n; i++)
        s = ts_dd_add(s, ts_dd_product(a[i], b[i]));
    return s.hi;
}

/* a'Mb, or sigma^2 a'b, of the scaled response. */
static double covariance_of(const ts_linear *f, const double *a,
                            const double *b)
{
    double sum = 0, sigma = f->sigma * f->y_scale;
    if (!f->meat)
        return sigma * sigma * dot(a, b, f->rank);
    for (size_t i = 0; i < f->rank; i++)
        sum += a[i] * dot(f->meat + i * f->rank, b, f->rank);
    return sum;
}

/* The value and the error of l, which is changed. */
static void evaluate(const ts_linear *f, double *l, ts_linear_value *out)
{
    out->estimate = ts_linear_row_value(f, l);
    ts_solve_upper_transposed(f->qr->r, f->rank, l);
    out->std_error = f->meat
                         ? sqrt(fmax(0, covariance_of(f, l, l))) / f->y_scale
                         : f->sigma * sqrt(dot(l, l, f->rank));
}

ts_status ts_linear_coefficient(const ts_linear *f, size_t j,
                                ts_linear_value *out, ts_error *err)
{
    *out = (ts_linear_value){NAN, NAN, !f->aliased[j]};
    double *l = ts_alloc_array(f->rank, sizeof *l);
    if (!l)
        return ts_fail_memory(err);
    for (size_t k = 0; k < f->rank; k++)
        l[k] = f->qr->kept[k] == j ? f->scale[j] : 0;
    if (out->estimable)
        evaluate(f, l, out);
    ts_free(l);
    return TS_OK;
}

ts_status ts_linear_estimate(const ts_linear *f, const double *row,
                             ts_linear_value *out, ts_error *err)
{
    double *l = ts_alloc_array(f->rank, sizeof *l);
    *out = (ts_linear_value){.estimate = NAN, .std_error = NAN};
    if (!l)
        return ts_fail_memory(err);
    if ((out->estimable = ts_linear_take_row(f, row, l)))
        evaluate(f, l, out);
    ts_free(l);
    return TS_OK;
}

ts_status ts_linear_covariance(const ts_linear *f, const double *rows, size_t k,
                               double *out, ts_error *err)
{
    double *v = ts_alloc_array(k, f->rank * sizeof *v);
    bool *estimable = ts_alloc_array(k, sizeof *estimable);
    if (!v || !estimable) {
        ts_free(v);
        ts_free(estimable);
        return ts_fail_memory(err);
    }
    for (size_t i = 0; i < k; i++) {
        estimable[i] = ts_linear_take_row(f, rows + i * f->p, v + i * f->rank);
        ts_solve_upper_transposed(f->qr->r, f->rank, v + i * f->rank);
    }
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j <= i; j++) {
            double c = covariance_of(f, v + i * f->rank, v + j * f->rank) /
                       f->y_scale / f->y_scale;
            bool has = estimable[i] && estimable[j] && isfinite(c);
            out[i * k + j] = out[j * k + i] = has ? c : NAN;
        }
    ts_free(v);
    ts_free(estimable);
    return TS_OK;
}

double ts_linear_z(const ts_linear *f, size_t i)
{
    ts_dd s = {0, 0};
    for (size_t k = i; k < f->rank; k++) {
        ts_dd b = {f->solution[2 * k], f->solution[2 * k + 1]};
        s = ts_dd_add(s, ts_dd_times(b, f->qr->r[i * f->rank + k]));
    }
    return s.hi / f->y_scale;
}

/* Hypotheses -------------------------------------------------------------- */

/* The lower triangle C of M = C C', by rows; columns of nothing where M is
 * singular. */
static double *factor(const ts_linear *f, ts_error *err)
{
    size_t n = f->rank;
    double *c = ts_alloc_array(n, n * sizeof *c);
    if (!c) {
        ts_fail_memory(err);
        return NULL;
    }
    for (size_t j = 0; j < n; j++) {
        double left = f->meat[j * n + j];
        for (size_t k = 0; k < j; k++)
            left -= c[j * n + k] * c[j * n + k];
        if (!(left > 1e-14 * f->meat[j * n + j]))
            continue;
        c[j * n + j] = sqrt(left);
        for (size_t i = j + 1; i < n; i++) {
            double sum = f->meat[i * n + j];
            for (size_t k = 0; k < j; k++)
                sum -= c[i * n + k] * c[j * n + k];
            c[i * n + j] = sum / c[j * n + j];
        }
    }
    return c;
}

/* The q rows of v become orthonormal, their values with them; the number of
 * independent ones, which come first. */
static size_t orthonormalise(double *v, double *value, size_t q, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < q; i++) {
        double *own = v + i * n, whole = sqrt(dot(own, own, n));
        double e = value[i];
        for (int twice = 0; twice < 2; twice++)
            for (size_t j = 0; j < kept; j++) {
                double part = dot(own, v + j * n, n);
                for (size_t k = 0; k < n; k++)
                    own[k] -= part * v[j * n + k];
                e -= part * value[j];
            }
        double left = sqrt(dot(own, own, n));
        if (!(left > DEPENDENT * whole))
            continue;
        for (size_t k = 0; k < n; k++)
            v[kept * n + k] = own[k] / left;
        value[kept++] = e / left;
    }
    return kept;
}

static double square_of(const double *x, size_t n)
{
    return dot(x, x, n);
}

/* Sandwich: v becomes C'v, in which the variance is the plain square. */
static ts_status through_meat(const ts_linear *f, double *v, size_t q,
                              ts_error *err)
{
    size_t n = f->rank;
    double *c = factor(f, err);
    if (!c)
        return TS_ENOMEM;
    for (size_t i = 0; i < q; i++)
        for (size_t k = 0; k < n; k++) {
            double sum = 0;
            for (size_t j = k; j < n; j++)
                sum += c[j * n + k] * v[i * n + j];
            v[i * n + k] = sum;
        }
    ts_free(c);
    return TS_OK;
}

ts_status ts_linear_joint(const ts_linear *f, double *v, double *value,
                          size_t q, ts_linear_test *out, ts_error *err)
{
    size_t df = orthonormalise(v, value, q, f->rank);
    ts_status status;
    *out = (ts_linear_test){.df = (double)df,
                            .sum_sq = square_of(value, df),
                            .statistic = NAN,
                            .p_value = NAN};
    if (f->meat) {
        out->sum_sq = NAN;
        if ((status = through_meat(f, v, df, err)))
            return status;
        for (size_t i = 0; i < df; i++)
            value[i] *= f->y_scale;
        if (orthonormalise(v, value, df, f->rank) == df && df > 0)
            out->statistic = square_of(value, df) / (double)df;
    } else if (df > 0 && f->sigma > 0) { /* squares may leave the range */
        for (size_t i = 0; i < df; i++)
            value[i] /= f->sigma;
        out->statistic = square_of(value, df) / (double)df;
    }
    if (isinf(out->sum_sq))
        out->sum_sq = NAN;
    if (!isnan(out->statistic) && f->df > 0)
        out->p_value = pf(out->statistic, (double)df, f->df, 0, 0);
    return TS_OK;
}

ts_status ts_linear_hypothesis(const ts_linear *f, const double *rows, size_t q,
                               ts_linear_test *out, ts_error *err)
{
    double *v = ts_alloc_array(q, f->rank * sizeof *v);
    double *value = ts_alloc_array(q, sizeof *value);
    ts_status status = v && value ? TS_OK : ts_fail_memory(err);
    size_t n = 0;
    for (size_t i = 0; i < q && !status; i++) {
        double *own = v + n * f->rank;
        if (!ts_linear_take_row(f, rows + i * f->p, own))
            continue;
        value[n] = ts_linear_row_value(f, own);
        ts_solve_upper_transposed(f->qr->r, f->rank, own);
        n++;
    }
    if (!status)
        status = ts_linear_joint(f, v, value, n, out, err);
    ts_free(v);
    ts_free(value);
    return status;
}

ts_status ts_linear_whole(const ts_linear *f, ts_linear_test *out,
                          ts_error *err)
{
    size_t rank = f->rank, first = f->design->intercept, q = rank - first;
    double *v = ts_alloc_array(q, rank * sizeof *v);
    double *value = ts_alloc_array(q, sizeof *value);
    ts_status status = v && value ? TS_OK : ts_fail_memory(err);
    for (size_t i = 0; i < q && !status; i++) {
        v[i * rank + first + i] = 1;
        value[i] = ts_linear_z(f, first + i);
    }
    if (!status)
        status = ts_linear_joint(f, v, value, q, out, err);
    ts_free(v);
    ts_free(value);
    return status;
}
