/*
 * Censored linear models. Rows are taken in the coordinates of Q of least
 * squares, where limits stand for values, and the response as what that leaves,
 * in units of its size: there the likelihood is round, whatever the columns.
 */
#include "tobit_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "linear_private.h"
#include "score_form.h"
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "ts/interrupt.h"
#include "ts/memory.h"

#define MOST_STEPS 80
#define SMALL_STEP 1e-11 /* of coordinates of unit size */

/* Matrices ---------------------------------------------------------------- */

bool ts_tobit_decompose(double *h, size_t k)
{
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = h[i * k + j];
            for (size_t l = 0; l < j; l++)
                sum -= h[i * k + l] * h[j * k + l];
            if (j < i) {
                h[i * k + j] = sum / h[j * k + j];
            } else {
                if (!(sum > 1e-14 * fabs(h[i * k + i])))
                    return false;
                h[i * k + i] = sqrt(sum);
            }
        }
    return true;
}

void ts_tobit_solve(const double *l, size_t k, double *x)
{
    for (size_t i = 0; i < k; i++) {
        for (size_t j = 0; j < i; j++)
            x[i] -= l[i * k + j] * x[j];
        x[i] /= l[i * k + i];
    }
    for (size_t i = k; i-- > 0;) {
        for (size_t j = i + 1; j < k; j++)
            x[i] -= l[j * k + i] * x[j];
        x[i] /= l[i * k + i];
    }
}

/* Rows -------------------------------------------------------------------- */

bool ts_tobit_take_row(const ts_tobit *f, const double *row, double *value,
                       double *v)
{
    if (!ts_linear_take_row(f->start, row, v))
        return false;
    *value = ts_linear_row_value(f->start, v);
    ts_solve_upper_transposed(f->start->qr->r, f->rank, v);
    double root = sqrt((double)f->n);
    for (size_t j = 0; j < f->rank; j++)
        v[j] *= root;
    return true;
}

static ts_status take_rows(ts_tobit *f, ts_error *err)
{
    ts_linear_pass pass;
    const ts_linear *s = f->start;
    double root = sqrt((double)f->n);
    ts_status status = ts_linear_start(s, &pass, err);
    while (!status && ts_linear_next(&pass, &status, err))
        for (size_t i = 0; i < pass.m; i++) {
            double *q = f->q + (pass.from + i) * f->rank;
            for (size_t j = 0; j < f->rank; j++)
                q[j] = pass.column[s->qr->kept[j]][i];
            ts_solve_upper_transposed(s->qr->r, f->rank, q);
            for (size_t j = 0; j < f->rank; j++)
                q[j] *= root;
        }
    ts_linear_end(&pass);
    return status;
}

/* The bounds of each row and what kind it is of. */
static ts_status take_bounds(ts_tobit *f, const double *low, const double *high,
                             ts_error *err)
{
    const double *y = f->design->model->response[0].value;
    f->unit = sqrt(f->start->rss / (double)f->n);
    if (!(f->unit > 1e-140 && f->unit < 1e140))
        return ts_fail(err, TS_EDEGENERATE,
                       "the squares of the response leave the range of "
                       "numbers; another unit would help");
    for (size_t i = 0; i < f->n; i++) {
        if (!(low[i] <= high[i]) || low[i] == INFINITY || high[i] == -INFINITY)
            return ts_fail(err, TS_EINVALID, "the bounds of row %zu are none",
                           f->design->model->row[i] + 1);
        bool measured = low[i] == high[i];
        size_t *kind = measured              ? &f->n_measured
                       : low[i] == -INFINITY ? &f->n_below
                       : high[i] == INFINITY ? &f->n_above
                                             : &f->n_between;
        ++*kind;
        double r = f->start->residual[i];
        f->a[i] = (low[i] - y[i] + r) / f->unit;
        f->b[i] = measured ? f->a[i] : (high[i] - y[i] + r) / f->unit;
    }
    return TS_OK;
}

/* Maximum ----------------------------------------------------------------- */

static ts_status no_maximum(const ts_tobit *f, ts_error *err)
{
    if (f->theta[f->rank] > 1e6)
        return ts_fail(err, TS_EDEGENERATE,
                       "the values that are measured are fitted exactly: "
                       "there is no variation to test against");
    return ts_fail(err, TS_EDEGENERATE,
                   "the likelihood has no maximum: all values on which some "
                   "coefficient depends lie beyond their limit, or too few are "
                   "measured");
}

/* theta + scale * step into out. */
static void move(const double *theta, const double *step, double scale,
                 size_t k, double *out)
{
    for (size_t j = 0; j < k; j++)
        out[j] = theta[j] + scale * step[j];
}

static double largest(const double *x, size_t k, double gamma)
{
    double most = fabs(x[k]) / gamma;
    for (size_t j = 0; j < k; j++)
        most = fmax(most, fabs(x[j]));
    return most;
}

/* Newton's steps, halved until the likelihood rises. room: 3 m + m^2. */
static ts_status climb(ts_tobit *f, double *room, ts_error *err)
{
    size_t m = f->rank + 1;
    double *step = room, *next = room + m, *h = room + 2 * m;
    double now = ts_tobit_likelihood(f, f->theta, step, h);
    for (f->n_step = 1; f->n_step <= MOST_STEPS; f->n_step++) {
        ts_status status = ts_interrupt_check(err);
        if (status)
            return status;
        if (!ts_tobit_decompose(h, m))
            return no_maximum(f, err);
        ts_tobit_solve(h, m, step);
        double size = largest(step, f->rank, f->theta[f->rank]);
        double scale = 1, then;
        for (;; scale /= 2) {
            move(f->theta, step, scale, m, next);
            then = ts_tobit_likelihood(f, next, NULL, NULL);
            if (then >= now || scale < 1e-10 || size < 1e-7)
                break;
        }
        if (next[f->rank] > 0)
            memcpy(f->theta, next, m * sizeof *next);
        now = ts_tobit_likelihood(f, f->theta, step, h);
        if (size < SMALL_STEP ||
            (size < 1e-8 && scale == 1 && then <= now && f->n_step > 40)) {
            f->log_lik = now;
            return ts_tobit_decompose(h, m) ? TS_OK : no_maximum(f, err);
        }
    }
    return no_maximum(f, err);
}

/* The covariance of zeta and log sigma from L of the information on theta. */
static void take_covariance(ts_tobit *f, const double *l, double *column)
{
    size_t k = f->rank, m = k + 1;
    double gamma = f->theta[k], sigma = f->unit / gamma;
    double *inverse = f->cov;
    for (size_t j = 0; j < m; j++) {
        memset(column, 0, m * sizeof *column);
        column[j] = 1;
        ts_tobit_solve(l, m, column);
        for (size_t i = 0; i < m; i++)
            inverse[i * m + j] = column[i];
    }
    /* d zeta = sigma (d eta - eta d gamma / gamma), d log sigma = -d gamma /
     * gamma: first the rows, then the columns */
    for (int turn = 0; turn < 2; turn++)
        for (size_t j = 0; j < m; j++) {
            size_t by = turn ? 1 : m, at = turn ? j * m : j;
            double last = inverse[at + k * by] / gamma;
            for (size_t i = 0; i < k; i++)
                inverse[at + i * by] =
                    sigma * (inverse[at + i * by] - f->theta[i] * last);
            inverse[at + k * by] = -last;
        }
    for (size_t j = 0; j < k; j++)
        f->zeta[j] = f->theta[j] * sigma;
    f->sigma = sigma;
    f->log_lik -= (double)f->n_measured * log(f->unit);
}

static ts_status maximise(ts_tobit *f, ts_error *err)
{
    size_t m = f->rank + 1;
    double *room = ts_alloc_array(m + 2, m * sizeof *room);
    if (!room)
        return ts_fail_memory(err);
    f->theta[f->rank] = 1;
    ts_status status = climb(f, room, err);
    if (!status)
        take_covariance(f, room + 2 * m, room);
    ts_free(room);
    return status;
}

/* The whole --------------------------------------------------------------- */

void ts_tobit_free(ts_tobit *f)
{
    if (!f)
        return;
    ts_linear_free(f->start);
    ts_free(f->q);
    ts_free(f->a);
    ts_free(f->b);
    ts_free(f->theta);
    ts_free(f->zeta);
    ts_free(f->cov);
    ts_free(f);
}

static ts_status allocate(ts_tobit *f, ts_error *err)
{
    size_t m = f->rank + 1;
    f->q = ts_alloc_array(f->n, m * sizeof *f->q);
    f->a = ts_alloc_array(f->n, sizeof *f->a);
    f->b = ts_alloc_array(f->n, sizeof *f->b);
    f->theta = ts_alloc_array(m, sizeof *f->theta);
    f->zeta = ts_alloc_array(m, sizeof *f->zeta);
    f->cov = ts_alloc_array(m, m * sizeof *f->cov);
    return f->q && f->a && f->b && f->theta && f->zeta && f->cov
               ? TS_OK
               : ts_fail_memory(err);
}

static ts_status fit_it(ts_tobit *f, const double *low, const double *high,
                        double tolerance, ts_error *err)
{
    ts_status status = ts_linear_fit(f->design, tolerance, &f->start, err);
    if (status)
        return status;
    if (f->start->weight)
        return ts_fail(err, TS_EINVALID, "a censored model takes no weights");
    f->n = f->start->n;
    f->p = f->start->p;
    f->rank = f->start->rank;
    if (f->start->perfect)
        return ts_fail(err, TS_EDEGENERATE,
                       "all values, limits for those beyond one, are fitted "
                       "exactly: there is no variation to test against");
    if ((status = allocate(f, err)) ||
        (status = take_bounds(f, low, high, err)) ||
        (status = take_rows(f, err)))
        return status;
    if (f->n_measured + f->n_between == 0)
        return ts_fail(err, TS_EDEGENERATE,
                       "all %zu values lie beyond their limit", f->n);
    return maximise(f, err);
}

ts_status ts_tobit_fit(const ts_design *design, const double *low,
                       const double *high, double tolerance, ts_tobit **out,
                       ts_error *err)
{
    ts_tobit *f = ts_alloc_array(1, sizeof *f);
    *out = NULL;
    if (!f)
        return ts_fail_memory(err);
    f->design = design;
    f->df = INFINITY;
    f->inflate = 1;
    ts_status status = fit_it(f, low, high, tolerance, err);
    if (status)
        ts_tobit_free(f);
    else
        *out = f;
    return status;
}

ts_status ts_tobit_small_sample(ts_tobit *f, ts_error *err)
{
    double n = (double)f->n;
    if (f->n <= f->rank)
        return ts_fail(err, TS_EDEGENERATE,
                       "as many coefficients as rows: no standard errors and "
                       "no tests");
    f->df = n - (double)f->rank;
    f->inflate = n / f->df;
    f->sigma = f->unit / f->theta[f->rank] * sqrt(f->inflate);
    return TS_OK;
}

/* Estimates --------------------------------------------------------------- */

static double form(const ts_tobit *f, const double *u, const double *v)
{
    double sum = 0;
    for (size_t i = 0; i < f->rank; i++)
        for (size_t j = 0; j < f->rank; j++)
            sum += u[i] * f->cov[i * (f->rank + 1) + j] * v[j];
    return sum * f->inflate;
}

ts_status ts_tobit_estimate(const ts_tobit *f, const double *row,
                            ts_linear_value *out, ts_error *err)
{
    double *v = ts_alloc_array(f->rank, sizeof *v), value;
    *out = (ts_linear_value){.estimate = NAN, .std_error = NAN};
    if (!v)
        return ts_fail_memory(err);
    if ((out->estimable = ts_tobit_take_row(f, row, &value, v))) {
        for (size_t j = 0; j < f->rank; j++)
            value += v[j] * f->zeta[j];
        out->estimate = value;
        out->std_error = sqrt(fmax(0, form(f, v, v)));
    }
    ts_free(v);
    return TS_OK;
}

ts_status ts_tobit_coefficient(const ts_tobit *f, size_t j,
                               ts_linear_value *out, ts_error *err)
{
    double *row = ts_alloc_array(f->p, sizeof *row);
    *out = (ts_linear_value){NAN, NAN, false};
    if (!row)
        return ts_fail_memory(err);
    ts_status status = TS_OK;
    if (!f->start->aliased[j]) {
        ts_linear_unit_row(f->start, j, row);
        status = ts_tobit_estimate(f, row, out, err);
    }
    ts_free(row);
    return status;
}

ts_status ts_tobit_covariance(const ts_tobit *f, const double *rows, size_t k,
                              double *out, ts_error *err)
{
    double *v = ts_alloc_array(k, f->rank * sizeof *v), value;
    bool *estimable = ts_alloc_array(k, sizeof *estimable);
    ts_status status = v && estimable ? TS_OK : ts_fail_memory(err);
    for (size_t i = 0; i < k && !status; i++)
        estimable[i] =
            ts_tobit_take_row(f, rows + i * f->p, &value, v + i * f->rank);
    for (size_t i = 0; i < k && !status; i++)
        for (size_t j = 0; j < k; j++)
            out[i * k + j] = estimable[i] && estimable[j]
                                 ? form(f, v + i * f->rank, v + j * f->rank)
                                 : NAN;
    ts_free(v);
    ts_free(estimable);
    return status;
}

ts_status ts_tobit_hypothesis(const ts_tobit *f, const double *rows, size_t q,
                              ts_linear_test *out, ts_error *err)
{
    double *value = ts_alloc_array(q, sizeof *value);
    double *cov = ts_alloc_array(q, q * sizeof *cov), chisq;
    size_t df = 0;
    ts_status status = value && cov ? TS_OK : ts_fail_memory(err);
    *out = (ts_linear_test){0, NAN, NAN, NAN};
    for (size_t i = 0; i < q && !status; i++) {
        ts_linear_value e;
        status = ts_tobit_estimate(f, rows + i * f->p, &e, err);
        value[i] = e.estimate;
    }
    if (!status)
        status = ts_tobit_covariance(f, rows, q, cov, err);
    bool known = !status;
    for (size_t i = 0; i < q && known; i++)
        known = !isnan(value[i]);
    if (known)
        status = ts_score_form(value, cov, q, &chisq, &df, err);
    if (known && !status && df > 0) {
        out->df = (double)df;
        out->statistic = chisq / (double)df;
        out->p_value = isinf(f->df)
                           ? pchisq(chisq, (double)df, 0, 0)
                           : pf(out->statistic, (double)df, f->df, 0, 0);
    }
    ts_free(value);
    ts_free(cov);
    return status;
}

ts_status ts_tobit_term(const ts_tobit *f, size_t term, ts_linear_test *out,
                        ts_error *err)
{
    double *rows = NULL;
    size_t q = 0;
    *out = (ts_linear_test){0, NAN, NAN, NAN};
    ts_status status = ts_linear_term_rows(f->start, term, &rows, &q, err);
    if (!status && q > 0)
        status = ts_tobit_hypothesis(f, rows, q, out, err);
    ts_free(rows);
    return status;
}
