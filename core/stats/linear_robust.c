/*
 * Leverages, and variances that hold when the errors' variances differ. In the
 * coordinates of Q a row is u = inverse(R') x sqrt(w), its leverage u'u, and
 * the middle of the sandwich the sum of omega u u', of the scaled response.
 */
#include "linear_private.h"

#include <math.h>
#include "ts/memory.h"
#include "ts/sum.h"

/* u of row i of the block. */
static void coordinates(const ts_linear_pass *pass, size_t i, double *u)
{
    const ts_linear *f = pass->fit;
    double root = f->weight ? sqrt(f->weight[pass->from + i]) : 1;
    for (size_t k = 0; k < f->rank; k++)
        u[k] = pass->column[f->qr->kept[k]][i] * root;
    ts_solve_upper_transposed(f->qr->r, f->rank, u);
}

ts_status ts_linear_leverage(ts_linear *f, const double **out, ts_error *err)
{
    ts_linear_pass pass = {0};
    *out = f->leverage;
    if (f->leverage)
        return TS_OK;
    double *h = ts_alloc_array(f->n, sizeof *h);
    double *u = ts_alloc_array(f->rank, sizeof *u);
    ts_status status =
        h && u ? ts_linear_start(f, &pass, err) : ts_fail_memory(err);
    while (!status && ts_linear_next(&pass, &status, err))
        for (size_t i = 0; i < pass.m; i++) {
            coordinates(&pass, i, u);
            for (size_t k = 0; k < f->rank; k++)
                h[pass.from + i] += u[k] * u[k];
            if (h[pass.from + i] > 1)
                h[pass.from + i] = 1;
        }
    ts_linear_end(&pass);
    ts_free(u);
    if (status) {
        ts_free(h);
        return status;
    }
    *out = f->leverage = h;
    return TS_OK;
}

/* The power of 1 / (1 - h) for a row of leverage h; most: the largest. */
static double power_of(ts_variance kind, double h, double most, double n,
                       double p)
{
    double g = n * h / p;
    switch (kind) {
    case TS_HC2:
        return 1;
    case TS_HC3:
        return 2;
    case TS_HC4:
        return fmin(4, g);
    case TS_HC4M:
        return fmin(1, g) + fmin(1.5, g);
    case TS_HC5:
        return fmin(g, fmax(4, 0.7 * n * most / p)) / 2;
    default:
        return 0;
    }
}

static ts_status check_leverage(const ts_linear *f, const double *h,
                                double *most, ts_error *err)
{
    *most = 0;
    for (size_t i = 0; i < f->n; i++) {
        if (h[i] > *most)
            *most = h[i];
        if (h[i] > 1 - 1e-10)
            return ts_fail(err, TS_EDEGENERATE,
                           "row %zu alone determines a coefficient (its "
                           "leverage is 1), so that this variance is not "
                           "defined; classical and HC1 are",
                           f->design->model->row[i] + 1);
    }
    return TS_OK;
}

static ts_status find_meat(ts_linear *f, ts_variance kind, const double *h,
                           double most, double *meat, ts_error *err)
{
    ts_linear_pass pass = {0};
    size_t rank = f->rank;
    double n = (double)f->n, p = (double)rank;
    double *u = ts_alloc_array(rank, sizeof *u);
    ts_sum *sum = ts_alloc_array(rank, rank * sizeof *sum);
    ts_status status =
        u && sum ? ts_linear_start(f, &pass, err) : ts_fail_memory(err);
    while (!status && ts_linear_next(&pass, &status, err))
        for (size_t i = 0; i < pass.m; i++) {
            size_t row = pass.from + i;
            double w = f->weight ? f->weight[row] : 1;
            double e = f->perfect ? 0 : f->residual[row] * f->y_scale;
            double omega = w * e * e;
            if (kind == TS_HC1)
                omega *= n / (n - p);
            else if (kind > TS_HC1)
                omega /= pow(1 - h[row], power_of(kind, h[row], most, n, p));
            coordinates(&pass, i, u);
            for (size_t a = 0; a < rank; a++)
                for (size_t b = a; b < rank; b++)
                    ts_sum_add(&sum[a * rank + b], omega * u[a] * u[b]);
        }
    ts_linear_end(&pass);
    for (size_t a = 0; a < rank && !status; a++)
        for (size_t b = a; b < rank; b++)
            meat[a * rank + b] = meat[b * rank + a] =
                ts_sum_value(&sum[a * rank + b]);
    ts_free(u);
    ts_free(sum);
    return status;
}

ts_status ts_linear_robust(ts_linear *f, ts_variance kind, ts_error *err)
{
    const double *h = NULL;
    double most = 0, *meat = NULL;
    ts_status status = TS_OK;
    if (kind == TS_HC1 && !(f->df > 0))
        return ts_fail(err, TS_EDEGENERATE,
                       "HC1 needs more rows than coefficients");
    if (kind > TS_HC1 && !(status = ts_linear_leverage(f, &h, err)))
        status = check_leverage(f, h, &most, err);
    if (!status && kind != TS_CLASSICAL) {
        meat = ts_alloc_array(f->rank, f->rank * sizeof *meat);
        status =
            meat ? find_meat(f, kind, h, most, meat, err) : ts_fail_memory(err);
    }
    if (status) {
        ts_free(meat);
        return status;
    }
    ts_free(f->meat);
    f->meat = meat;
    f->variance = kind;
    return TS_OK;
}
