/*
 * Derivatives of the likelihood of random effects, whose patterns may have many
 * rows and few parameters: of each parameter D S^-1 and D G are kept whole, and
 * the traces of their products are the Hessian (mixed_likelihood.c says which).
 */
#include "mixed_room.h"

#include <string.h>

void ts_unpack(const double *packed, size_t width, double *out)
{
    for (size_t i = 0; i < width; i++)
        for (size_t j = i; j < width; j++, packed++)
            out[i * width + j] = out[j * width + i] =
                i == j ? *packed : *packed / 2;
}

/* middle: the sum over subjects of z weight z'; rows: q x width. */
static void take_middle(ts_likelihood *l, const ts_pattern *p,
                        const double *chol, double *weight, double *row)
{
    ts_room *r = l->room;
    size_t q = p->q, width = l->width;
    ts_unpack(r->weight, width, weight);
    memset(r->middle, 0, q * q * sizeof *r->middle);
    for (size_t s = 0; s < p->m; s++) {
        double *z = l->whitened + (p->first + s * q) * width;
        ts_unwhiten(chol, q, width, z);
        for (size_t i = 0; i < q; i++) {
            for (size_t k = 0; k < width; k++)
                row[k] = ts_dot(weight + k * width, z + i * width, width);
            for (size_t j = 0; j <= i; j++)
                r->middle[i * q + j] += ts_dot(row, z + j * width, width);
        }
    }
    for (size_t i = 0; i < q; i++)
        for (size_t j = 0; j < i; j++)
            r->middle[j * q + i] = r->middle[i * q + j];
}

/* out = D_h a, a: q x width. */
static void multiply(const ts_sparse *d, size_t h, const double *a, size_t q,
                     size_t width, double *out)
{
    memset(out, 0, q * width * sizeof *out);
    for (size_t k = d->begin[h]; k < d->begin[h + 1]; k++) {
        size_t i = d->row[k], j = d->column[k];
        double x = d->value[k];
        for (size_t s = 0; s < width; s++)
            out[i * width + s] += x * a[j * width + s];
        for (size_t s = 0; s < width && i != j; s++)
            out[j * width + s] += x * a[i * width + s];
    }
}

static double trace(const double *a, size_t q)
{
    double sum = 0;
    for (size_t i = 0; i < q; i++)
        sum += a[i * (q + 1)];
    return sum;
}

/* In squares that stay near. */
double ts_trace_of_product(const double *a, const double *b, size_t q)
{
    enum { SIDE = 32 };
    double sum = 0;
    for (size_t i0 = 0; i0 < q; i0 += SIDE)
        for (size_t j0 = 0; j0 < q; j0 += SIDE)
            for (size_t i = i0; i < q && i < i0 + SIDE; i++)
                for (size_t j = j0; j < q && j < j0 + SIDE; j++)
                    sum += a[i * q + j] * b[j * q + i];
    return sum;
}

/* slope -= z'D_h z of each subject, packed; half has room for D_h z. */
static void add_slope(ts_likelihood *l, const ts_pattern *p, size_t h,
                      double *slope)
{
    ts_room *r = l->room;
    size_t q = p->q, width = l->width;
    for (size_t s = 0; s < p->m; s++) {
        const double *z = l->whitened + (p->first + s * q) * width;
        double *dz = r->cross;
        multiply(&r->d, h, z, q, width, dz);
        for (size_t i = 0; i < q; i++, z += width, dz += width) {
            double *to = slope;
            for (size_t a = 0; a < width; a++)
                for (size_t b = a; b < width; b++)
                    *to++ -= z[a] * dz[b];
        }
    }
}

void ts_add_block(ts_likelihood *l, const double *theta, const ts_pattern *p,
                  const double *chol)
{
    ts_room *r = l->room;
    size_t q = p->q, area = q * q, n = l->data->covariance.n, t = l->n_theta;
    double *inverse = r->cross, *middle = inverse + n * area;
    double m = (double)p->m;
    take_middle(l, p, chol, r->cross, r->cross + l->width * l->width);
    ts_invert_cholesky(chol, q, r->inverse);
    ts_take_derivatives(l, theta, p);
    for (size_t h = 0; h < n; h++)
        add_slope(l, p, h, r->slope + h * ts_packed_size(l->width));
    for (size_t h = 0; h < n; h++) {
        multiply(&r->d, h, r->inverse, q, q, inverse + h * area);
        multiply(&r->d, h, r->middle, q, q, middle + h * area);
        l->gradient[h] +=
            m * trace(inverse + h * area, q) - trace(middle + h * area, q);
    }
    for (size_t h = 0; h < n; h++)
        for (size_t k = 0; k < n; k++) {
            const double *own = inverse + k * area;
            double x = m * ts_trace_of_product(own, inverse + h * area, q);
            l->expected[h * t + k] += x;
            l->hessian[h * t + k] +=
                2 * ts_trace_of_product(own, middle + h * area, q) - x;
        }
}
