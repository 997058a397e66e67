/*
 * The likelihood of a covariance matrix V, the coefficients profiled out, and
 * its derivatives. With S the matrix of a pattern, D_h and D_hk its
 * derivatives, r the residuals, and K the sum of r r' over the pattern's
 * subjects (of r r' + X (X'V^-1 X)^-1 X' for REML), G = S^-1 K S^-1:
 *
 *     gradient  m tr(S^-1 D_h) - tr(G D_h)
 *     Hessian   tr((2 S^-1 D_h G - m S^-1 D_h S^-1) D_k)
 *               + tr((m S^-1 - G) D_hk)
 *
 * summed over patterns, less 2 g_h'(X'V^-1 X)^-1 g_k with g_h = X'V^-1 V_h
 * V^-1 r, and for REML less tr(P_h P_k) with P_h the slope in the header.
 */
#include "mixed_room.h"

#include <math.h>
#include <string.h>
#include "ts/memory.h"

#define PIVOT 1e-13

/* Room -------------------------------------------------------------------- */

static void room_free(ts_room *r)
{
    if (!r)
        return;
    ts_free(r->d.begin);
    ts_free(r->d.row);
    ts_free(r->d.column);
    ts_free(r->d.value);
    ts_free(r->weight);
    ts_free(r->cross);
    ts_free(r->slope);
    ts_free(r->gather);
    ts_free(r->inverse);
    ts_free(r);
}

static ts_room *room_new(const ts_likelihood *l)
{
    const ts_mixed_data *d = l->data;
    size_t q = d->whole, packed = ts_packed_size(l->width);
    size_t entries = q * (q + 1) / 2 * d->covariance.most;
    ts_room *r = ts_alloc_array(1, sizeof *r);
    if (!r)
        return NULL;
    r->d.begin = ts_alloc_array(d->covariance.n + 1, sizeof *r->d.begin);
    r->d.row = ts_alloc_array(entries, sizeof *r->d.row);
    r->d.column = ts_alloc_array(entries, sizeof *r->d.column);
    r->d.value = ts_alloc_array(entries, sizeof *r->d.value);
    r->weight = ts_alloc_array(packed, sizeof *r->weight);
    if (d->z)
        r->cross =
            ts_alloc_array(2 * d->covariance.n * q + 2 * l->width,
                           (q > l->width ? q : l->width) * sizeof *r->cross);
    else
        r->cross = ts_alloc_array(q * (q + 1) / 2, packed * sizeof *r->cross);
    r->slope = ts_alloc_array(l->n_theta, packed * sizeof *r->slope);
    r->gather = ts_alloc_array(l->n_theta, l->p * sizeof *r->gather);
    r->inverse = ts_alloc_array(5, q * q * sizeof *r->inverse);
    if (r->d.begin && r->d.row && r->d.column && r->d.value && r->weight &&
        r->cross && r->slope && r->gather && r->inverse) {
        r->middle = r->inverse + q * q;
        r->half = r->middle + q * q;
        r->w = r->half + q * q;
        r->u = r->w + q * q;
        return r;
    }
    room_free(r);
    return NULL;
}

ts_status ts_likelihood_new(const ts_mixed_data *d, bool ml,
                            ts_likelihood **out, ts_error *err)
{
    ts_likelihood *l = ts_alloc_array(1, sizeof *l);
    *out = NULL;
    if (!l)
        return ts_fail_memory(err);
    l->data = d;
    l->ml = ml;
    l->width = d->width;
    l->p = d->width - 1;
    l->n_theta = d->n_group * d->covariance.n;
    size_t t = l->n_theta, p = l->p, q = d->whole;
    l->root = ts_alloc_array(p, p * sizeof *l->root);
    l->shift = ts_alloc_array(p, sizeof *l->shift);
    l->whitened = ts_alloc_array(d->n, d->width * sizeof *l->whitened);
    l->chol = ts_alloc_array(d->n_pattern, q * q * sizeof *l->chol);
    l->gradient = ts_alloc_array(t, sizeof *l->gradient);
    l->hessian = ts_alloc_array(t, t * sizeof *l->hessian);
    l->expected = ts_alloc_array(t, t * sizeof *l->expected);
    l->slope = ts_alloc_array(t, p * p * sizeof *l->slope);
    l->room = room_new(l);
    if (!l->root || !l->shift || !l->whitened || !l->chol || !l->gradient ||
        !l->hessian || !l->expected || !l->slope || !l->room ||
        ts_entry_new(&d->covariance, &l->entry, err)) {
        ts_likelihood_free(l);
        return ts_fail_memory(err);
    }
    *out = l;
    return TS_OK;
}

void ts_likelihood_free(ts_likelihood *l)
{
    if (!l)
        return;
    ts_free(l->root);
    ts_free(l->shift);
    ts_free(l->whitened);
    ts_free(l->chol);
    ts_free(l->gradient);
    ts_free(l->hessian);
    ts_free(l->expected);
    ts_free(l->slope);
    room_free(l->room);
    ts_entry_free(&l->entry);
    ts_free(l);
}

/* The value --------------------------------------------------------------- */

void ts_pattern_entry(const ts_mixed_data *d, const double *theta,
                      const ts_pattern *p, size_t i, size_t j, ts_entry *e)
{
    size_t k = d->covariance.n_random, n = d->covariance.n_part;
    theta += p->group * d->covariance.n;
    if (p->z)
        ts_random_entry(&d->covariance, theta, p->z + i * k, p->z + j * k,
                        p->level + i * n, p->level + j * n, i == j, e);
    else if (p->time)
        ts_covariance_entry(&d->covariance, theta, i, j,
                            fabs(p->time[i] - p->time[j]), e);
    else
        ts_covariance_entry(&d->covariance, theta, p->visit[i], p->visit[j], 0,
                            e);
}

double ts_pattern_factor(const ts_mixed_data *d, const double *theta,
                         const ts_pattern *p, ts_entry *e, double *chol)
{
    for (size_t i = 0; i < p->q; i++)
        for (size_t j = 0; j <= i; j++) {
            ts_pattern_entry(d, theta, p, i, j, e);
            chol[i * p->q + j] = e->value;
        }
    return ts_cholesky(chol, p->q, PIVOT);
}

void ts_whiten(const double *chol, size_t q, const double *a, size_t width,
               double *z)
{
    for (size_t i = 0; i < q; i++) {
        double *row = z + i * width, over = 1 / chol[i * q + i];
        memcpy(row, a + i * width, width * sizeof *row);
        for (size_t j = 0; j < i; j++)
            for (size_t k = 0; k < width; k++)
                row[k] -= chol[i * q + j] * z[j * width + k];
        for (size_t k = 0; k < width; k++)
            row[k] *= over;
    }
}

/* sum += z z', the upper triangle by rows. */
static void add_square(const double *z, size_t width, double *sum)
{
    for (size_t i = 0; i < width; i++) {
        for (size_t j = i; j < width; j++)
            sum[j - i] += z[i] * z[j];
        sum += width - i;
    }
}

/* root, shift; log |X'V^-1 X| and r'V^-1 r from the sums of squares. */
static double solve(ts_likelihood *l, const double *sum)
{
    size_t p = l->p;
    double log_det = 0, rss;
    for (size_t i = 0; i < p; i++) {
        for (size_t j = i; j < p; j++)
            l->root[j * p + i] = sum[j - i];
        l->shift[i] = sum[p - i];
        sum += l->width - i;
    }
    rss = sum[0];
    if (!(ts_cholesky(l->root, p, 0) > 0))
        return INFINITY;
    ts_solve_lower(l->root, p, l->shift);
    rss -= ts_dot(l->shift, l->shift, p);
    ts_solve_lower_transposed(l->root, p, l->shift);
    for (size_t i = 0; i < p && !l->ml; i++)
        log_det += 2 * log(l->root[i * p + i]);
    return log_det + rss;
}

/* sum += a z', the upper triangle by rows. */
static void add_form(const double *a, const double *z, size_t width,
                     double *sum)
{
    for (size_t i = 0; i < width; i++) {
        for (size_t j = i; j < width; j++)
            sum[j - i] += a[i] * z[j];
        sum += width - i;
    }
}

/* Of a pattern: log |V|, INFINITY when it is not positive, and [X e]'V^-1 [X e]
 * to sum. */
static double crossed_value(ts_likelihood *l, const double *theta,
                            const ts_pattern *p, double *sum)
{
    const ts_mixed_data *d = l->data;
    double share, log_det = ts_crossed_factor(p->crossed, theta, &share);
    size_t width = l->width, from = p->first * width;
    if (!(share > PIVOT) || !isfinite(log_det))
        return INFINITY;
    l->determinacy = fmin(l->determinacy, share);
    for (size_t s = 0; s < p->m; s++)
        ts_crossed_solve(p->crossed, d->a + from + s * p->q * width,
                         l->whitened + from + s * p->q * width);
    for (size_t i = 0; i < p->m * p->q; i++)
        add_form(d->a + from + i * width, l->whitened + from + i * width, width,
                 sum);
    return (double)p->m * log_det;
}

double ts_likelihood_value(ts_likelihood *l, const double *theta)
{
    const ts_mixed_data *d = l->data;
    size_t width = l->width, area = d->whole * d->whole;
    double log_det = 0;
    double *sum = ((ts_room *)l->room)->weight;
    memset(sum, 0, ts_packed_size(width) * sizeof *sum);
    l->determinacy = 1;
    for (size_t k = 0; k < d->n_group; k++)
        if (!ts_covariance_valid(&d->covariance, theta + k * d->covariance.n))
            return INFINITY;
    for (size_t k = 0; k < d->n_pattern; k++) {
        const ts_pattern *p = &d->pattern[k];
        double *chol = l->chol + k * area;
        if (p->crossed) {
            log_det += crossed_value(l, theta, p, sum);
            if (!isfinite(log_det))
                return INFINITY;
            continue;
        }
        double share = ts_pattern_factor(d, theta, p, &l->entry, chol);
        if (!(share > 0))
            return INFINITY;
        l->determinacy = fmin(l->determinacy, share);
        for (size_t i = 0; i < p->q; i++)
            log_det += 2 * (double)p->m * log(chol[i * p->q + i]);
        for (size_t s = 0; s < p->m; s++) {
            size_t at = (p->first + s * p->q) * width;
            ts_whiten(chol, p->q, d->a + at, width, l->whitened + at);
        }
        for (size_t i = p->first; i < p->first + p->m * p->q; i++)
            add_square(l->whitened + i * width, width, sum);
    }
    return log_det + solve(l, sum);
}

/* Derivatives ------------------------------------------------------------- */

/* N with the off-diagonal counted twice: v v' + (X'V^-1 X)^-1, v = (-b, 1). */
static void take_weight(ts_likelihood *l, double *weight)
{
    size_t p = l->p;
    double *inverse = ((ts_room *)l->room)->gather; /* room enough for a row */
    for (size_t i = 0; i < l->width; i++) {
        double v = i < p ? -l->shift[i] : 1;
        if (i < p && !l->ml) {
            memset(inverse, 0, p * sizeof *inverse);
            inverse[i] = 1;
            ts_solve_lower(l->root, p, inverse);
            ts_solve_lower_transposed(l->root, p, inverse);
        }
        for (size_t j = i; j < l->width; j++) {
            double x = v * (j < p ? -l->shift[j] : 1);
            if (!l->ml && j < p)
                x += inverse[j];
            *weight++ = i == j ? x : 2 * x;
        }
    }
}

/* cross of visits a <= b: the sum over subjects of z_a z_b' + z_b z_a' (once
 * for a = b), where z are the rows of V^-1 [X e]. */
static void add_cross(const double *z, size_t q, size_t width, double *cross)
{
    for (size_t a = 0; a < q; a++) {
        const double *x = z + a * width;
        add_square(x, width, cross);
        cross += ts_packed_size(width);
        for (size_t b = a + 1; b < q; b++) {
            const double *y = z + b * width;
            for (size_t i = 0; i < width; i++) {
                for (size_t j = i; j < width; j++)
                    cross[j - i] += x[i] * y[j] + y[i] * x[j];
                cross += width - i;
            }
        }
    }
}

static size_t pair(size_t q, size_t a, size_t b)
{
    return a * q - a * (a + 1) / 2 + b;
}

void ts_unwhiten(const double *chol, size_t q, size_t width, double *z)
{
    for (size_t i = q; i-- > 0;) {
        double *row = z + i * width, over = 1 / chol[i * q + i];
        for (size_t k = 0; k < width; k++)
            row[k] *= over;
        for (size_t j = 0; j < i; j++)
            for (size_t k = 0; k < width; k++)
                z[j * width + k] -= chol[i * q + j] * row[k];
    }
}

void ts_take_derivatives(ts_likelihood *l, const double *theta,
                         const ts_pattern *p)
{
    ts_room *r = l->room;
    const ts_covariance *c = &l->data->covariance;
    size_t q = p->q, n = c->n, t = l->n_theta, base = p->group * n;
    memset(r->d.begin, 0, (n + 1) * sizeof *r->d.begin);
    for (size_t i = 0; i < q; i++)
        for (size_t j = i; j < q; j++) {
            ts_pattern_entry(l->data, theta, p, i, j, &l->entry);
            const ts_entry *e = &l->entry;
            double w =
                (i == j ? 1 : 2) *
                ((double)p->m * r->inverse[i * q + j] - r->middle[i * q + j]);
            for (size_t a = 0; a < e->n; a++) {
                r->d.begin[e->at[a] + 1]++;
                for (size_t b = 0; b < e->n; b++)
                    l->hessian[(base + e->at[a]) * t + base + e->at[b]] +=
                        w * e->second[a * e->n + b];
            }
        }
    for (size_t h = 0; h < n; h++)
        r->d.begin[h + 1] += r->d.begin[h];
    for (size_t i = 0; i < q; i++)
        for (size_t j = i; j < q; j++) {
            ts_pattern_entry(l->data, theta, p, i, j, &l->entry);
            for (size_t a = 0; a < l->entry.n; a++) {
                size_t at = r->d.begin[l->entry.at[a]]++;
                r->d.row[at] = i;
                r->d.column[at] = j;
                r->d.value[at] = l->entry.first[a];
            }
        }
    for (size_t h = n; h-- > 0;)
        r->d.begin[h + 1] = r->d.begin[h];
    r->d.begin[0] = 0;
}

/* <A, D_h> for a symmetric A. */
static double inner(const ts_sparse *d, size_t h, const double *a, size_t q)
{
    double sum = 0;
    for (size_t k = d->begin[h]; k < d->begin[h + 1]; k++)
        sum += (d->row[k] == d->column[k] ? 1 : 2) * d->value[k] *
               a[d->row[k] * q + d->column[k]];
    return sum;
}

/* out = B D_h C, all q x q; half is room. */
static void sandwich(const ts_sparse *d, size_t h, const double *b,
                     const double *c, size_t q, double *half, double *out)
{
    memset(half, 0, q * q * sizeof *half);
    memset(out, 0, q * q * sizeof *out);
    for (size_t k = d->begin[h]; k < d->begin[h + 1]; k++) {
        size_t i = d->row[k], j = d->column[k];
        for (size_t s = 0; s < q; s++)
            half[i * q + s] += d->value[k] * c[j * q + s];
        for (size_t s = 0; s < q && i != j; s++)
            half[j * q + s] += d->value[k] * c[i * q + s];
    }
    for (size_t k = 0; k < q; k++) {
        const double *row = half + k * q;
        bool empty = true;
        for (size_t s = 0; s < q && empty; s++)
            empty = row[s] == 0;
        for (size_t i = 0; i < q && !empty; i++)
            for (size_t s = 0; s < q; s++)
                out[i * q + s] += b[i * q + k] * row[s];
    }
}

static void add_pattern(ts_likelihood *l, const double *theta,
                        const ts_pattern *p, const double *chol)
{
    ts_room *r = l->room;
    size_t q = p->q, t = l->n_theta, n = l->data->covariance.n;
    size_t packed = ts_packed_size(l->width), base = p->group * n;
    memset(r->cross, 0, q * (q + 1) / 2 * packed * sizeof *r->cross);
    for (size_t s = 0; s < p->m; s++) {
        double *z = l->whitened + (p->first + s * q) * l->width;
        ts_unwhiten(chol, q, l->width, z);
        add_cross(z, q, l->width, r->cross);
    }
    ts_invert_cholesky(chol, q, r->inverse);
    for (size_t a = 0; a < q; a++)
        for (size_t b = a; b < q; b++)
            r->middle[a * q + b] = r->middle[b * q + a] =
                (a == b ? 1 : 0.5) *
                ts_dot(r->cross + pair(q, a, b) * packed, r->weight, packed);
    ts_take_derivatives(l, theta, p);
    for (size_t h = 0; h < n; h++) {
        if (r->d.begin[h] == r->d.begin[h + 1])
            continue;
        double *slope = r->slope + (base + h) * packed, m = (double)p->m;
        for (size_t k = r->d.begin[h]; k < r->d.begin[h + 1]; k++) {
            const double *c =
                r->cross + pair(q, r->d.row[k], r->d.column[k]) * packed;
            for (size_t i = 0; i < packed; i++)
                slope[i] -= r->d.value[k] * c[i];
        }
        l->gradient[base + h] +=
            m * inner(&r->d, h, r->inverse, q) - inner(&r->d, h, r->middle, q);
        sandwich(&r->d, h, r->inverse, r->inverse, q, r->half, r->w);
        sandwich(&r->d, h, r->inverse, r->middle, q, r->half, r->u);
        for (size_t i = 0; i < q; i++)
            for (size_t j = 0; j <= i; j++) {
                double u = r->u[i * q + j] + r->u[j * q + i];
                r->w[i * q + j] = r->w[j * q + i] =
                    m * (r->w[i * q + j] + r->w[j * q + i]) / 2;
                r->u[i * q + j] = r->u[j * q + i] = u - r->w[i * q + j];
            }
        for (size_t k = 0; k < n; k++) {
            l->hessian[(base + h) * t + base + k] += inner(&r->d, k, r->u, q);
            l->expected[(base + h) * t + base + k] += inner(&r->d, k, r->w, q);
        }
    }
}

/* From the packed slopes: those between inverse(root) and its transpose, and
 * g_h. */
static void take_slopes(ts_likelihood *l)
{
    ts_room *r = l->room;
    size_t p = l->p, packed = ts_packed_size(l->width);
    for (size_t h = 0; h < l->n_theta; h++) {
        const double *from = r->slope + h * packed;
        double *to = l->slope + h * p * p, *g = r->gather + h * p;
        for (size_t i = 0; i < p; i++) {
            for (size_t j = i; j < p; j++)
                to[i * p + j] = to[j * p + i] = from[j - i];
            g[i] = -from[p - i];
            from += l->width - i;
        }
        for (size_t i = 0; i < p; i++)
            g[i] += ts_dot(to + i * p, l->shift, p);
        ts_solve_lower(l->root, p, g);
        for (int twice = 0; twice < 2; twice++) {
            for (size_t i = 0; i < p; i++)
                ts_solve_lower(l->root, p, to + i * p);
            for (size_t i = 0; i < p; i++)
                for (size_t j = 0; j < i; j++) {
                    double x = to[i * p + j];
                    to[i * p + j] = to[j * p + i];
                    to[j * p + i] = x;
                }
        }
    }
}

void ts_likelihood_derive(ts_likelihood *l, const double *theta)
{
    const ts_mixed_data *d = l->data;
    ts_room *r = l->room;
    size_t t = l->n_theta, p = l->p;
    memset(l->gradient, 0, t * sizeof *l->gradient);
    memset(l->hessian, 0, t * t * sizeof *l->hessian);
    memset(l->expected, 0, t * t * sizeof *l->expected);
    memset(r->slope, 0, t * ts_packed_size(l->width) * sizeof *r->slope);
    take_weight(l, r->weight);
    for (size_t k = 0; k < d->n_pattern; k++) {
        const ts_pattern *pattern = &d->pattern[k];
        if (pattern->crossed)
            ts_crossed_add(l, theta, pattern);
        else
            (d->z ? ts_add_block : add_pattern)(
                l, theta, pattern, l->chol + k * d->whole * d->whole);
    }
    take_slopes(l);
    for (size_t h = 0; h < t; h++)
        for (size_t k = 0; k <= h; k++) {
            double x = 2 * ts_dot(r->gather + h * p, r->gather + k * p, p);
            if (!l->ml)
                x += ts_dot(l->slope + h * p * p, l->slope + k * p * p, p * p);
            l->hessian[h * t + k] -= x;
            l->hessian[k * t + h] = l->hessian[h * t + k];
        }
}
