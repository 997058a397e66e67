/*
 * Random effects of a block of many rows without its matrix. Levels of one
 * term, the root, and what is nested in them are cells: with all rows of other
 * cells they have only the effects in common that are outside of cells, few
 * ones. With Z_A of cells and Z_B outside,
 *
 *     V = V_A + Z_B G_B Z_B',  V_A = s I + Z_A G_A Z_A',
 *     inverse(V_A) = (I - Z_A M Z_A') / s,  M = L inverse(s S + L'Z_A'Z_A L) L'
 *
 * with G_A = L S L', S of 1 and -1, so that G may be singular, or none at all
 * on the way; and the same once more for Z_B (Woodbury).
 */
#include "mixed_crossed.h"

#include <math.h>
#include <string.h>

/* At a theta -------------------------------------------------------------- */

/* a becomes its inverse; log |det a| is added, and the number of eigenvalues
 * below 0. False when it is singular. */
static bool invert(const ts_crossed *x, double *a, size_t n, double *log_det,
                   size_t *negative)
{
    lapack_int size = (lapack_int)n, *pivot = x->pivot;
    bool good;
    if (n == 0)
        return true;
    if (x->definite) {
        if (LAPACKE_dpotrf(LAPACK_ROW_MAJOR, 'L', size, a, size))
            return false;
        for (size_t i = 0; i < n; i++)
            *log_det += 2 * log(a[i * (n + 1)]);
        good = LAPACKE_dpotri(LAPACK_ROW_MAJOR, 'L', size, a, size) == 0;
    } else {
        good = LAPACKE_dsytrf(LAPACK_ROW_MAJOR, 'L', size, a, size, pivot) == 0;
        for (size_t i = 0; i < n && good; i++) {
            if (pivot[i] > 0) {
                *log_det += log(fabs(a[i * (n + 1)]));
                *negative += a[i * (n + 1)] < 0;
            } else { /* two rows, whose determinant is below 0 */
                double below = a[(i + 1) * n + i];
                *log_det += log(fabs(a[i * (n + 1)] * a[(i + 1) * (n + 1)] -
                                     below * below));
                (*negative)++;
                i++;
            }
        }
        good = good &&
               LAPACKE_dsytri(LAPACK_ROW_MAJOR, 'L', size, a, size, pivot) == 0;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            a[j * n + i] = a[i * n + j];
    return good;
}

/* G of each term, and L and S of it. */
static bool take_matrices(ts_crossed *x, const double *theta)
{
    const ts_covariance *c = x->covariance;
    x->residual = theta[c->n - 1];
    x->definite = true;
    for (size_t e = 0; e < c->n_part; e++) {
        size_t n = c->part[e].n;
        double value[8], *l = x->factor[e];
        ts_random_matrix(&c->part[e], theta, x->g[e]);
        memcpy(l, x->g[e], n * n * sizeof *l);
        if (LAPACKE_dsyev(LAPACK_ROW_MAJOR, 'V', 'U', (lapack_int)n, l,
                          (lapack_int)n, value))
            return false;
        for (size_t a = 0; a < n; a++) {
            if (fabs(value[a]) < 1e-15 * fabs(value[n - 1]))
                value[a] = 0; /* by rounding */
            x->sign[e][a] = value[a] < 0 ? -1 : 1;
            x->definite = x->definite && !(value[a] < 0);
            for (size_t b = 0; b < n; b++)
                l[b * n + a] *= sqrt(fabs(value[a]));
        }
    }
    return true;
}

/* out = A'M B of levels' blocks, M at m with rows step apart; out the same. */
static void between(const double *a, size_t n_a, const double *m, size_t step,
                    const double *b, size_t n_b, bool transposed, double *out)
{
    double half[64];
    for (size_t i = 0; i < n_a; i++)
        for (size_t j = 0; j < n_b; j++) {
            half[i * n_b + j] = 0;
            for (size_t k = 0; k < n_b; k++)
                half[i * n_b + j] +=
                    m[i * step + k] *
                    (transposed ? b[j * n_b + k] : b[k * n_b + j]);
        }
    for (size_t i = 0; i < n_a; i++)
        for (size_t j = 0; j < n_b; j++) {
            double sum = 0;
            for (size_t k = 0; k < n_a; k++)
                sum += (transposed ? a[i * n_a + k] : a[k * n_a + i]) *
                       half[k * n_b + j];
            out[i * step + j] = sum;
        }
}

/* From m = Z'Z of levels from `level` on, n columns in all from place first:
 * out = L inverse(s S + L'm L) L'. */
static bool take_middle(const ts_crossed *x, const double *m, size_t level,
                        size_t n_level, size_t first, size_t n, double *out,
                        double *log_det, size_t *negative, size_t *wanted)
{
    const ts_covariance *c = x->covariance;
    for (int back = 0; back < 2; back++) {
        for (size_t i = level; i < level + n_level; i++)
            for (size_t j = level; j < level + n_level; j++) {
                size_t e = x->level[i].part, f = x->level[j].part;
                size_t at =
                    (x->level[i].first - first) * n + x->level[j].first - first;
                between(x->factor[e], c->part[e].n, (back ? out : m) + at, n,
                        x->factor[f], c->part[f].n, back, out + at);
            }
        if (back)
            break;
        for (size_t i = level; i < level + n_level; i++)
            for (size_t a = 0; a < c->part[x->level[i].part].n; a++) {
                double s = x->sign[x->level[i].part][a];
                out[(x->level[i].first - first + a) * (n + 1)] +=
                    s * x->residual;
                *wanted += s < 0;
            }
        if (!invert(x, out, n, log_det, negative))
            return false;
    }
    return true;
}

/* left -= across'middle across of a cell. */
static void subtract_cell(ts_crossed *x, const ts_cell *k)
{
    const double *across = x->across + k->cross, *m = x->middle + k->area;
    double *row = x->room;
    for (size_t i = 0; i < k->n; i++) {
        memset(row, 0, k->n_out * sizeof *row);
        for (size_t j = 0; j < k->n; j++)
            for (size_t s = 0; s < k->n_out; s++)
                row[s] += m[i * k->n + j] * across[j * k->n_out + s];
        for (size_t r = 0; r < k->n_out; r++) {
            double own = across[i * k->n_out + r];
            double *to = x->left + x->out[k->first_out + r] * x->n_out;
            for (size_t s = 0; s < k->n_out; s++)
                to[x->out[k->first_out + s]] -= own * row[s];
        }
    }
}

/* The smallest share that the residual is of a row's variance. */
static double least_share(const ts_crossed *x)
{
    const ts_covariance *c = x->covariance;
    double most = x->residual;
    for (size_t i = 0; i < x->q; i++) {
        double sum = x->residual;
        for (size_t e = 0; e < c->n_part; e++) {
            const double *z = x->z + i * c->n_random + c->part[e].z;
            for (size_t a = 0; a < c->part[e].n; a++)
                sum +=
                    z[a] * ts_dot(x->g[e] + a * c->part[e].n, z, c->part[e].n);
        }
        most = fmax(most, sum);
    }
    return x->residual / most;
}

double ts_crossed_factor(ts_crossed *x, const double *theta, double *share)
{
    double log_det = 0;
    size_t negative = 0, wanted = 0;
    *share = 0;
    if (!take_matrices(x, theta))
        return INFINITY;
    memcpy(x->left, x->outside, x->n_out * x->n_out * sizeof *x->left);
    for (size_t k = 0; k < x->n_cell; k++) {
        const ts_cell *cell = &x->cell[k];
        if (!take_middle(x, x->square + cell->area, cell->level, cell->n_level,
                         cell->first, cell->n, x->middle + cell->area, &log_det,
                         &negative, &wanted))
            return INFINITY;
        subtract_cell(x, cell);
    }
    if (!take_middle(x, x->left, x->level_in, x->level_out, x->n_in, x->n_out,
                     x->joint, &log_det, &negative, &wanted) ||
        negative != wanted)
        return INFINITY;
    *share = least_share(x);
    return log_det +
           ((double)x->q - (double)(x->n_in + x->n_out)) * log(x->residual);
}

/* Products ---------------------------------------------------------------- */

void ts_crossed_gather(const ts_crossed *x, const double *a, double *sum)
{
    const ts_covariance *c = x->covariance;
    size_t w = x->width;
    memset(sum, 0, (x->n_in + x->n_out) * w * sizeof *sum);
    for (size_t i = 0; i < x->q; i++, a += w)
        for (size_t e = 0; e < c->n_part; e++) {
            const double *z = x->z + i * c->n_random + c->part[e].z;
            double *to = sum + x->place[i * c->n_part + e] * w;
            for (size_t k = 0; k < c->part[e].n; k++, to += w)
                for (size_t j = 0; j < w; j++)
                    to[j] += z[k] * a[j];
        }
}

void ts_crossed_spread(const ts_crossed *x, const double *u, double factor,
                       double *a)
{
    const ts_covariance *c = x->covariance;
    size_t w = x->width;
    for (size_t i = 0; i < x->q; i++, a += w)
        for (size_t e = 0; e < c->n_part; e++) {
            const double *z = x->z + i * c->n_random + c->part[e].z;
            const double *from = u + x->place[i * c->n_part + e] * w;
            for (size_t k = 0; k < c->part[e].n; k++, from += w)
                for (size_t j = 0; j < w; j++)
                    a[j] += factor * z[k] * from[j];
        }
}

/* out (+)= A b, n x m and m x w. */
static void multiply(const double *a, size_t n, size_t m, const double *b,
                     size_t w, double *out)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < m; k++)
            for (size_t j = 0; j < w; j++)
                out[i * w + j] += a[i * m + k] * b[k * w + j];
}

/* Of a cell, v = middle t, of which across'v is taken from what is outside. */
static void apply_cell(const ts_crossed *x, const ts_cell *k, const double *t,
                       double *v, double *outside)
{
    size_t w = x->width;
    memset(v, 0, k->n * w * sizeof *v);
    multiply(x->middle + k->area, k->n, k->n, t, w, v);
    for (size_t i = 0; i < k->n; i++)
        for (size_t s = 0; s < k->n_out; s++) {
            double own = x->across[k->cross + i * k->n_out + s];
            double *to = outside + x->out[k->first_out + s] * w;
            for (size_t j = 0; j < w; j++)
                to[j] -= own * v[i * w + j];
        }
}

/* v -= middle across outside. */
static void correct_cell(const ts_crossed *x, const ts_cell *k,
                         const double *outside, double *t, double *v)
{
    size_t w = x->width;
    memset(t, 0, k->n * w * sizeof *t);
    for (size_t i = 0; i < k->n; i++)
        for (size_t s = 0; s < k->n_out; s++) {
            double own = x->across[k->cross + i * k->n_out + s];
            const double *from = outside + x->out[k->first_out + s] * w;
            for (size_t j = 0; j < w; j++)
                t[i * w + j] -= own * from[j];
        }
    multiply(x->middle + k->area, k->n, k->n, t, w, v);
}

void ts_crossed_solve(const ts_crossed *x, const double *a, double *out)
{
    size_t w = x->width, b = x->n_in + x->n_out;
    double *t = x->u, *v = t + b * w;
    ts_crossed_gather(x, a, t);
    for (size_t k = 0; k < x->n_cell; k++)
        apply_cell(x, &x->cell[k], t + x->cell[k].first * w,
                   v + x->cell[k].first * w, t + x->n_in * w);
    memset(v + x->n_in * w, 0, x->n_out * w * sizeof *v);
    multiply(x->joint, x->n_out, x->n_out, t + x->n_in * w, w, v + x->n_in * w);
    for (size_t k = 0; k < x->n_cell; k++)
        correct_cell(x, &x->cell[k], v + x->n_in * w, t + x->cell[k].first * w,
                     v + x->cell[k].first * w);
    if (out != a)
        memcpy(out, a, x->q * w * sizeof *out);
    ts_crossed_spread(x, v, -1, out);
    for (size_t i = 0; i < x->q * w; i++)
        out[i] /= x->residual;
}
