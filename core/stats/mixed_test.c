/*
 * Estimates of functions of the coefficients, their degrees of freedom, and
 * tests of several at once. A function is u in the coordinates of var; its
 * variance is u'var u, over the scale squared.
 */
#include "mixed_private.h"

#include <lapacke.h>
#include <math.h>
#include <string.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "ts/memory.h"

#define DEPENDENT 1e-9

/* Functions --------------------------------------------------------------- */

/* l (of the columns kept) becomes u; the value of the function. */
static double take_function(const ts_mixed *f, double *l)
{
    double value = ts_linear_row_value(f->start, l);
    ts_solve_upper_transposed(f->start->qr->r, f->rank, l);
    value += ts_dot(l, f->shift, f->rank) / f->scale;
    ts_solve_lower(f->root, f->rank, l);
    return value;
}

/* a'Mb of matrices rank x rank. */
static double form(const ts_mixed *f, const double *m, const double *a,
                   const double *b)
{
    double sum = 0;
    for (size_t i = 0; i < f->rank; i++)
        sum += a[i] * ts_dot(m + i * f->rank, b, f->rank);
    return sum;
}

/* Degrees of freedom ------------------------------------------------------ */

/* Giesbrecht and Burns 1985: 2 v^2 over the variance of v, v = u'u. */
static ts_status satterthwaite(const ts_mixed *f, const double *u, double *df,
                               ts_error *err)
{
    size_t t = f->n_theta, area = f->rank * f->rank;
    double v = ts_dot(u, u, f->rank), var = 0;
    double *g = ts_alloc_array(t, sizeof *g);
    if (!g)
        return ts_fail_memory(err);
    for (size_t h = 0; h < t; h++)
        g[h] = form(f, f->slope + h * area, u, u);
    for (size_t h = 0; h < t; h++)
        var += g[h] * ts_dot(f->theta_var + h * t, g, t);
    *df = var > 0 ? 2 * v * v / var : INFINITY;
    ts_free(g);
    return TS_OK;
}

/* Whether the columns of each term, 0 the intercept, change within a subject;
 * of least squares' columns in the coordinates of X. */
static ts_status find_within(const ts_mixed *f, bool *within, ts_error *err)
{
    const ts_linear *s = f->start;
    size_t *subject = ts_alloc_array(f->n, sizeof *subject);
    double *first = ts_alloc_array(f->n_subject, s->p * sizeof *first);
    bool *seen = ts_alloc_array(f->n_subject, sizeof *seen);
    ts_linear_pass pass = {0};
    ts_status status = subject && first && seen ? ts_linear_start(s, &pass, err)
                                                : ts_fail_memory(err);
    for (size_t k = 0; k < f->data->n_pattern && !status; k++) {
        const ts_pattern *p = &f->data->pattern[k];
        for (size_t i = 0; i < p->m * p->q; i++)
            subject[f->data->row[p->first + i]] = p->first_subject + i / p->q;
    }
    while (!status && ts_linear_next(&pass, &status, err))
        for (size_t i = 0; i < pass.m; i++) {
            size_t own = subject[pass.from + i];
            for (size_t j = 0; j < s->p; j++) {
                double x = pass.column[j][i], *kept = first + own * s->p + j;
                if (!seen[own])
                    *kept = x;
                else if (*kept != x)
                    within[s->design->column[j].term] = true;
            }
            seen[own] = true;
        }
    ts_linear_end(&pass);
    ts_free(subject);
    ts_free(first);
    ts_free(seen);
    return status;
}

/* Of the functions with a share in each column kept (l: rows of rank) the
 * smaller of both degrees of freedom that is touched. */
static ts_status between_within(const ts_mixed *f, const bool *touched,
                                double *df, ts_error *err)
{
    const ts_linear *s = f->start;
    size_t n_term = f->design->model->terms.n_term + 1;
    double between = (double)f->n_subject, inside = (double)f->n - between;
    bool *within = ts_alloc_array(n_term, sizeof *within);
    ts_status status =
        within ? find_within(f, within, err) : ts_fail_memory(err);
    for (size_t k = 0; k < f->rank && !status; k++) {
        if (within[s->design->column[s->qr->kept[k]].term])
            inside--;
        else
            between--;
    }
    *df = INFINITY;
    for (size_t k = 0; k < f->rank && !status; k++)
        if (touched[k])
            *df = fmin(*df, within[s->design->column[s->qr->kept[k]].term]
                                ? inside
                                : between);
    if (!(*df > 0) || isinf(*df))
        *df = NAN;
    ts_free(within);
    return status;
}

/* Of one function u. */
static ts_status df_of(const ts_mixed *f, const double *u, const bool *touched,
                       double *df, ts_error *err)
{
    if (f->df == TS_DF_RESIDUAL) {
        *df = (double)(f->n - f->rank);
        return TS_OK;
    }
    if (f->df == TS_DF_BETWEEN_WITHIN)
        return between_within(f, touched, df, err);
    return f->sandwich ? ts_mixed_sandwich_df(f, u, df, err)
                       : satterthwaite(f, u, df, err);
}

ts_status ts_mixed_method(ts_mixed *f, ts_df_method df, ts_sandwich sandwich,
                          ts_error *err)
{
    bool roger = df == TS_DF_KENWARD_ROGER || df == TS_DF_KR_LINEAR;
    if (roger && f->spec.ml)
        return ts_fail(err, TS_EINVALID,
                       "Kenward and Roger's method is for REML");
    if (roger && sandwich)
        return ts_fail(err, TS_EINVALID,
                       "Kenward and Roger's method has a variance of its own: "
                       "a sandwich takes Satterthwaite's");
    if (f->spec.n_effect && !f->spec.subject && df == TS_DF_BETWEEN_WITHIN)
        return ts_fail(err, TS_EINVALID,
                       "between-within degrees of freedom are for random "
                       "effects of subjects alone");
    if (f->spec.n_effect && f->n_subject == 1 && sandwich)
        return ts_fail(err, TS_EINVALID,
                       "levels of random effects join all rows to one block: a "
                       "sandwich needs independent ones");
    if (sandwich && f->data->longest > TS_WHOLE_MOST)
        return ts_fail(err, TS_ELIMIT,
                       "levels of random effects join %zu rows to one block; "
                       "%d are the most for a sandwich",
                       f->data->longest, TS_WHOLE_MOST);
    f->df = df;
    f->sandwich = sandwich;
    if (roger)
        return ts_mixed_kenward_roger(f, df == TS_DF_KR_LINEAR, err);
    if (sandwich)
        return ts_mixed_sandwich(f, err);
    for (size_t i = 0; i < f->rank * f->rank; i++)
        f->var[i] = i % (f->rank + 1) == 0;
    return TS_OK;
}

/* Estimates --------------------------------------------------------------- */

/* l is changed. */
static ts_status evaluate(const ts_mixed *f, double *l, ts_mixed_value *out,
                          ts_error *err)
{
    bool *touched = ts_alloc_array(f->rank, sizeof *touched);
    if (!touched)
        return ts_fail_memory(err);
    for (size_t k = 0; k < f->rank; k++)
        touched[k] = l[k] != 0;
    out->estimate = take_function(f, l);
    out->std_error = sqrt(fmax(0, form(f, f->var, l, l))) / f->scale;
    ts_status status = df_of(f, l, touched, &out->df, err);
    ts_free(touched);
    return status;
}

ts_status ts_mixed_estimate(const ts_mixed *f, const double *row,
                            ts_mixed_value *out, ts_error *err)
{
    double *l = ts_alloc_array(f->rank, sizeof *l);
    ts_status status = l ? TS_OK : ts_fail_memory(err);
    *out = (ts_mixed_value){NAN, NAN, NAN, false};
    if (!status && (out->estimable = ts_linear_take_row(f->start, row, l)))
        status = evaluate(f, l, out, err);
    ts_free(l);
    return status;
}

ts_status ts_mixed_coefficient(const ts_mixed *f, size_t j, ts_mixed_value *out,
                               ts_error *err)
{
    const ts_linear *s = f->start;
    double *l = ts_alloc_array(f->rank, sizeof *l);
    ts_status status = l ? TS_OK : ts_fail_memory(err);
    *out = (ts_mixed_value){NAN, NAN, NAN, !s->aliased[j]};
    for (size_t k = 0; k < f->rank && !status; k++)
        l[k] = s->qr->kept[k] == j ? s->scale[j] : 0;
    if (!status && out->estimable)
        status = evaluate(f, l, out, err);
    ts_free(l);
    return status;
}

ts_status ts_mixed_covariance(const ts_mixed *f, const double *rows, size_t k,
                              double *out, ts_error *err)
{
    size_t r = f->rank;
    double *u = ts_alloc_array(k, r * sizeof *u);
    bool *estimable = ts_alloc_array(k, sizeof *estimable);
    ts_status status = u && estimable ? TS_OK : ts_fail_memory(err);
    for (size_t i = 0; i < k && !status; i++) {
        estimable[i] =
            ts_linear_take_row(f->start, rows + i * f->start->p, u + i * r);
        take_function(f, u + i * r);
    }
    for (size_t i = 0; i < k && !status; i++)
        for (size_t j = 0; j <= i; j++)
            out[i * k + j] = out[j * k + i] =
                estimable[i] && estimable[j]
                    ? form(f, f->var, u + i * r, u + j * r) /
                          (f->scale * f->scale)
                    : NAN;
    ts_free(u);
    ts_free(estimable);
    return status;
}

/* Hypotheses -------------------------------------------------------------- */

/* q independent functions, as given and made orthonormal, with their values,
 * scaled. */
typedef struct {
    size_t q;
    double *given, *given_value, *u, *value;
    bool *touched; /* columns kept that have a share in some function */
} hypotheses;

static void hypotheses_free(hypotheses *h)
{
    ts_free(h->given);
    ts_free(h->u);
    ts_free(h->touched);
}

/* Adds a function unless the ones before give it. */
static void add_function(const ts_mixed *f, hypotheses *h, double *u,
                         double value)
{
    size_t r = f->rank;
    double whole = sqrt(ts_dot(u, u, r));
    memcpy(h->given + h->q * r, u, r * sizeof *u);
    h->given_value[h->q] = value;
    for (int twice = 0; twice < 2; twice++)
        for (size_t j = 0; j < h->q; j++) {
            double part = ts_dot(u, h->u + j * r, r);
            for (size_t k = 0; k < r; k++)
                u[k] -= part * h->u[j * r + k];
            value -= part * h->value[j];
        }
    double left = sqrt(ts_dot(u, u, r));
    if (!(left > DEPENDENT * whole))
        return;
    for (size_t k = 0; k < r; k++)
        h->u[h->q * r + k] = u[k] / left;
    h->value[h->q++] = value / left;
}

static ts_status take_hypotheses(const ts_mixed *f, const double *rows,
                                 size_t q, hypotheses *h, ts_error *err)
{
    size_t r = f->rank, most = q < r ? q : r;
    double *l = ts_alloc_array(r, sizeof *l);
    *h = (hypotheses){0};
    h->given = ts_alloc_array(most + 1, (r + 1) * sizeof *h->given);
    h->u = ts_alloc_array(most + 1, (r + 1) * sizeof *h->u);
    h->touched = ts_alloc_array(r, sizeof *h->touched);
    ts_status status =
        l && h->given && h->u && h->touched ? TS_OK : ts_fail_memory(err);
    if (!status) {
        h->given_value = h->given + (most + 1) * r;
        h->value = h->u + (most + 1) * r;
    }
    for (size_t i = 0; i < q && !status && h->q < most; i++) {
        if (!ts_linear_take_row(f->start, rows + i * f->start->p, l))
            continue;
        for (size_t k = 0; k < r; k++)
            h->touched[k] = h->touched[k] || l[k] != 0;
        double value = take_function(f, l) * f->scale;
        add_function(f, h, l, value);
    }
    ts_free(l);
    return status;
}

/* Fai and Cornelius 1996: F is the mean of independent t squared, whose
 * degrees of freedom give its mean and so the second ones. Those depend on the
 * functions that are given, not on the hypothesis alone. */
static ts_status fai_cornelius(const ts_mixed *f, const hypotheses *h,
                               ts_mixed_test *out, ts_error *err)
{
    size_t q = h->q, r = f->rank;
    double *v = ts_alloc_array(q + 1, q * sizeof *v);
    double *u = ts_alloc_array(r, sizeof *u), *value = v ? v + q * q : NULL;
    double mean = 0, sum = 0, df = NAN;
    ts_status status = v && u ? TS_OK : ts_fail_memory(err);
    for (size_t i = 0; i < q * q && !status; i++)
        v[i] = form(f, f->var, h->given + i / q * r, h->given + i % q * r);
    if (!status && LAPACKE_dsyev(LAPACK_ROW_MAJOR, 'V', 'U', (lapack_int)q, v,
                                 (lapack_int)q, value))
        status = ts_fail(err, TS_ECONVERGE, "a matrix has no eigenvalues");
    for (size_t m = 0; m < q && !status; m++) {
        double e = 0;
        memset(u, 0, r * sizeof *u);
        for (size_t i = 0; i < q; i++) {
            e += v[i * q + m] * h->given_value[i];
            for (size_t k = 0; k < r; k++)
                u[k] += v[i * q + m] * h->given[i * r + k];
        }
        if (!(value[m] > 1e-12 * value[q - 1])) { /* a singular sandwich */
            sum = NAN;
            break;
        }
        sum += e * e / value[m];
        status = df_of(f, u, h->touched, &df, err);
        if (df > 2)
            mean += isinf(df) ? 1 : df / (df - 2);
    }
    out->statistic = sum / (double)q;
    if (q == 1 || f->df >= TS_DF_BETWEEN_WITHIN)
        out->df_2 = df;
    else
        out->df_2 = mean > (double)q ? 2 * mean / (mean - (double)q) : NAN;
    ts_free(v);
    ts_free(u);
    return status;
}

/* Kenward and Roger 1997, section 3, with the functions orthonormal in the
 * model's variance: A1, A2 are sums over pairs of parameters of w_hk times
 * tr(B_h) tr(B_k) and tr(B_h B_k), with B_h = U P_h U'. */
static void roger_sums(const ts_mixed *f, const hypotheses *h, double *b,
                       double *a1, double *a2)
{
    size_t q = h->q, r = f->rank, t = f->n_theta;
    *a1 = *a2 = 0;
    for (size_t k = 0; k < t; k++)
        for (size_t i = 0; i < q * q; i++)
            b[k * q * q + i] = form(f, f->slope + k * r * r, h->u + i / q * r,
                                    h->u + i % q * r);
    for (size_t k = 0; k < t; k++)
        for (size_t j = 0; j < t; j++) {
            double w = f->theta_var[k * t + j], one = 0, two = 0;
            for (size_t i = 0; i < q; i++) {
                one += b[k * q * q + i * (q + 1)];
                two += b[j * q * q + i * (q + 1)];
            }
            *a1 += w * one * two;
            *a2 += w * ts_dot(b + k * q * q, b + j * q * q, q * q);
        }
}

/* v'inverse(M)v of the values, M their variance. */
static double quadratic(const ts_mixed *f, const hypotheses *h, double *m,
                        double *x)
{
    size_t q = h->q;
    for (size_t i = 0; i < q * q; i++)
        m[i] = form(f, f->var, h->u + i / q * f->rank, h->u + i % q * f->rank);
    memcpy(x, h->value, q * sizeof *x);
    if (!(ts_cholesky(m, q, 1e-12) > 0))
        return NAN;
    ts_solve_lower(m, q, x);
    return ts_dot(x, x, q);
}

static ts_status kenward_roger(const ts_mixed *f, const hypotheses *h,
                               ts_mixed_test *out, ts_error *err)
{
    size_t q = h->q;
    double l = (double)q, a1, a2;
    double *b = ts_alloc_array(f->n_theta + 2, q * q * sizeof *b);
    if (!b)
        return ts_fail_memory(err);
    roger_sums(f, h, b, &a1, &a2);
    out->statistic = quadratic(f, h, b, b + q * q) / l;
    ts_free(b);
    double g = ((l + 1) * a1 - (l + 4) * a2) / ((l + 2) * a2);
    double half = (a1 + 6 * a2) / (2 * l), c = 3 * l + 2 * (1 - g);
    double c1 = g / c, c2 = (l - g) / c, c3 = (l + 2 - g) / c;
    double mean = 1 / (1 - a2 / l);
    double v = 2 / l * (1 + c1 * half) /
               ((1 - c2 * half) * (1 - c2 * half) * (1 - c3 * half));
    double rho = v / (2 * mean * mean), m = 4 + (l + 2) / (l * rho - 1);
    out->df_2 = q == 1 ? 2 / a2 : m;
    if (q > 1)
        out->statistic *= m / (mean * (m - 2));
    return TS_OK;
}

ts_status ts_mixed_hypothesis(const ts_mixed *f, const double *rows, size_t q,
                              ts_mixed_test *out, ts_error *err)
{
    hypotheses h;
    ts_status status = take_hypotheses(f, rows, q, &h, err);
    *out = (ts_mixed_test){0, NAN, NAN, NAN};
    if (!status && h.q > 0) {
        bool roger = f->df == TS_DF_KENWARD_ROGER || f->df == TS_DF_KR_LINEAR;
        out->df = (double)h.q;
        status = roger ? kenward_roger(f, &h, out, err)
                       : fai_cornelius(f, &h, out, err);
        if (!status && out->df_2 > 0 && !isnan(out->statistic))
            out->p_value = pf(out->statistic, out->df, out->df_2, 0, 0);
    }
    hypotheses_free(&h);
    return status;
}

ts_status ts_mixed_term(const ts_mixed *f, size_t term, ts_mixed_test *out,
                        ts_error *err)
{
    double *rows;
    size_t q;
    ts_status status = ts_linear_term_rows(f->start, term, &rows, &q, err);
    if (!status)
        status = ts_mixed_hypothesis(f, rows, q, out, err);
    ts_free(rows);
    return status;
}
