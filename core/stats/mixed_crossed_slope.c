/*
 * Derivatives of the likelihood of a block of many rows, from B = Z'inverse(V)
 * Z and F = Z'inverse(V) [X e] (mixed_likelihood.c says of what). With H and C
 * those of cells with what is outside and of this, times s and before its own
 * effects count, and D of cells alone,
 *
 *     B_AA = (D - H J H') / s,  B_AB = (H - H J C) / s,  B_BB = (C - C J C) / s
 *
 * so that sums over all pairs of levels need matrices of what is outside alone.
 */
#include "mixed_crossed.h"

#include <string.h>

/* Derivatives of G -------------------------------------------------------- */

void ts_crossed_entry(const ts_crossed *x, const double *theta, size_t e,
                      size_t a, size_t b, ts_entry *entry)
{
    static const size_t here[TS_MIXED_EFFECTS];
    const ts_covariance *c = x->covariance;
    double z[2 * 8 * TS_MIXED_EFFECTS] = {0}, *other = z + c->n_random;
    size_t level[TS_MIXED_EFFECTS];
    for (size_t f = 0; f < c->n_part; f++)
        level[f] = f != e;
    z[c->part[e].z + a] = 1;
    other[c->part[e].z + b] = 1;
    ts_random_entry(c, theta, z, other, here, level, false, entry);
}

void ts_crossed_derivatives(ts_crossed *x, const double *theta, ts_entry *entry)
{
    const ts_covariance *c = x->covariance;
    memset(x->derivative, 0, c->n * 64 * sizeof *x->derivative);
    for (size_t e = 0; e < c->n_part; e++)
        for (size_t ab = 0, n = c->part[e].n; ab < n * n; ab++) {
            ts_crossed_entry(x, theta, e, ab / n, ab % n, entry);
            for (size_t h = 0; h < entry->n; h++)
                x->derivative[entry->at[h] * 64 + ab] = entry->first[h];
        }
}

void ts_crossed_second(const ts_crossed *x, const double *theta,
                       ts_entry *entry, const double *weight, double *hessian,
                       size_t t)
{
    const ts_covariance *c = x->covariance;
    for (size_t e = 0; e < c->n_part; e++)
        for (size_t ab = 0, n = c->part[e].n; ab < n * n; ab++) {
            ts_crossed_entry(x, theta, e, ab / n, ab % n, entry);
            for (size_t h = 0; h < entry->n; h++)
                for (size_t k = 0; k < entry->n; k++)
                    hessian[entry->at[h] * t + entry->at[k]] +=
                        weight[x->pair[e] + ab] *
                        entry->second[h * entry->n + k];
        }
}

void ts_crossed_multiply(const ts_crossed *x, size_t h, const double *r,
                         const double *u, double *out)
{
    const ts_covariance *c = x->covariance;
    size_t w = x->width, b = x->n_in + x->n_out;
    if (h == c->n - 1) {
        memcpy(out, r, x->q * w * sizeof *out);
        return;
    }
    size_t e = ts_crossed_part(x, h), n = c->part[e].n;
    double *v = ts_crossed_room(x, 1);
    memset(v, 0, b * w * sizeof *v);
    for (size_t l = 0; l < x->level_in + x->level_out; l++)
        for (size_t i = 0; i < n * n && x->level[l].part == e; i++) {
            double own = x->derivative[h * 64 + i];
            double *to = v + (x->level[l].first + i / n) * w;
            const double *from = u + (x->level[l].first + i % n) * w;
            for (size_t j = 0; j < w && own != 0; j++)
                to[j] += own * from[j];
        }
    memset(out, 0, x->q * w * sizeof *out);
    ts_crossed_spread(x, v, 1, out);
}

/* Traces ------------------------------------------------------------------ */

enum { SIDE = 4, DEPTH = 256 };

/* The square of `out` at i, j += rows of A times packed columns of B. */
static void add_square(const double *a, size_t n, size_t i, const double *b,
                       size_t from, size_t depth, double factor, size_t j,
                       double *out)
{
    double s[SIDE][SIDE] = {{0}};
    const double *row[SIDE];
    for (size_t r = 0; r < SIDE; r++)
        row[r] = a + (i + r < n ? i + r : i) * n + from;
    for (size_t k = 0; k < depth; k++, b += SIDE)
        for (size_t r = 0; r < SIDE; r++)
            for (size_t c = 0; c < SIDE; c++)
                s[r][c] += row[r][k] * b[c];
    for (size_t r = 0; r < SIDE && i + r < n; r++)
        for (size_t c = 0; c < SIDE && j + c < n; c++)
            out[(i + r) * n + j + c] += factor * s[r][c];
}

/* out += factor A B, n x n, in squares whose sums stay in registers. */
static void add_product(const double *a, const double *b, size_t n,
                        double factor, double *out)
{
    double packed[DEPTH * SIDE];
    for (size_t from = 0; from < n; from += DEPTH)
        for (size_t j = 0; j < n; j += SIDE) {
            size_t depth = n - from < DEPTH ? n - from : DEPTH;
            for (size_t k = 0; k < depth; k++)
                for (size_t c = 0; c < SIDE; c++)
                    packed[k * SIDE + c] =
                        j + c < n ? b[(from + k) * n + j + c] : 0;
            for (size_t i = 0; i < n; i += SIDE)
                add_square(a, n, i, packed, from, depth, factor, j, out);
        }
}

/* Of a cell: D - H J H' and H J H', n x n, and H, n x n_out. */
typedef struct {
    double *whole, *low, *h;
} cell_matrices;

static cell_matrices take_cell(const ts_crossed *x, const ts_cell *k)
{
    size_t n = k->n, m = k->n_out;
    cell_matrices out = {x->room, x->room + n * n, x->room + 3 * n * n};
    double *hj = out.h + n * m, *p = out.low + n * n;
    const double *square = x->square + k->area, *middle = x->middle + k->area;
    memset(x->room, 0, (3 * n * n + 2 * n * m) * sizeof *x->room);
    for (size_t i = 0; i < n; i++) { /* p = I - Z'Z M */
        p[i * (n + 1)] = 1;
        for (size_t r = 0; r < n; r++)
            for (size_t j = 0; j < n; j++)
                p[i * n + j] -= square[i * n + r] * middle[r * n + j];
    }
    for (size_t i = 0; i < n; i++)
        for (size_t r = 0; r < n; r++) {
            const double *across = x->across + k->cross + r * m;
            for (size_t j = 0; j < n; j++)
                out.whole[i * n + j] += p[i * n + r] * square[r * n + j];
            for (size_t j = 0; j < m; j++)
                out.h[i * m + j] += p[i * n + r] * across[j];
        }
    for (size_t i = 0; i < n; i++)
        for (size_t r = 0; r < m; r++) {
            const double *joint =
                x->joint + x->out[k->first_out + r] * x->n_out;
            for (size_t j = 0; j < m; j++)
                hj[i * m + j] +=
                    out.h[i * m + r] * joint[x->out[k->first_out + j]];
        }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            out.low[i * n + j] = ts_dot(hj + i * m, out.h + j * m, m);
            out.whole[i * n + j] -= out.low[i * n + j];
        }
    return out;
}

/* traces of pairs += the sum of products of entries of two levels' blocks. */
static void add_pairs(ts_crossed *x, const ts_cell_level *l,
                      const ts_cell_level *m, const double *block, size_t step,
                      double factor)
{
    size_t e = l->part, f = m->part;
    size_t n = x->covariance->part[e].n, k = x->covariance->part[f].n;
    for (size_t i = 0; i < n * n; i++)
        for (size_t j = 0; j < k * k; j++)
            x->traces[(x->pair[e] + i) * x->n_pair + x->pair[f] + j] +=
                factor * block[i / n * step + j / k] *
                block[i % n * step + j % k];
}

static void add_diagonal(ts_crossed *x, const ts_cell_level *l,
                         const double *block, size_t step)
{
    size_t n = x->covariance->part[l->part].n;
    double *sum = x->traces + x->n_pair * x->n_pair + x->pair[l->part];
    for (size_t i = 0; i < n * n; i++)
        sum[i] += block[i / n * step + i % n];
}

/* Sums over levels of h'h, for pairs of columns: n_out squared each. */
static void add_grams(const ts_crossed *x, const ts_cell *k, const double *h,
                      const ts_cell_level *l, double *gram)
{
    size_t n = x->covariance->part[l->part].n, m = k->n_out;
    const size_t *out = x->out + k->first_out;
    h += (l->first - k->first) * m;
    for (size_t i = 0; i < n * n; i++, gram += x->n_out * x->n_out)
        for (size_t r = 0; r < m; r++) {
            double own = h[i / n * m + r];
            const double *other = h + i % n * m;
            double *to = gram + out[r] * x->n_out;
            for (size_t s = 0; s < m; s++)
                to[out[s]] += own * other[s];
        }
}

static void add_cells(ts_crossed *x, const size_t *place, double *gram)
{
    for (size_t k = 0; k < x->n_cell; k++) {
        const ts_cell *cell = &x->cell[k];
        const ts_cell_level *level = x->level + cell->level;
        cell_matrices c = take_cell(x, cell);
        for (size_t i = 0; i < cell->n_level; i++) {
            size_t row = level[i].first - cell->first;
            add_diagonal(x, &level[i], c.whole + row * (cell->n + 1), cell->n);
            add_grams(x, cell, c.h, &level[i],
                      gram + place[level[i].part] * x->n_out * x->n_out);
            for (size_t j = 0; j < cell->n_level; j++) {
                size_t at = row * cell->n + level[j].first - cell->first;
                add_pairs(x, &level[i], &level[j], c.whole + at, cell->n, 1);
                add_pairs(x, &level[i], &level[j], c.low + at, cell->n, -1);
            }
        }
    }
}

/* Of levels outside: their own pairs, by B s. */
static void add_outside(ts_crossed *x, const double *b)
{
    const ts_cell_level *level = x->level + x->level_in;
    size_t n = x->n_out;
    for (size_t i = 0; i < x->level_out; i++) {
        size_t row = level[i].first - x->n_in;
        add_diagonal(x, &level[i], b + row * (n + 1), n);
        for (size_t j = 0; j < x->level_out; j++)
            add_pairs(x, &level[i], &level[j],
                      b + row * n + level[j].first - x->n_in, n, 1);
    }
}

/* Of pair i of cells' columns with levels outside: those of omega'gram omega.
 */
static void add_across(ts_crossed *x, size_t i, const double *omega,
                       const double *product)
{
    const ts_cell_level *level = x->level + x->level_in;
    for (size_t l = 0; l < x->level_out; l++) {
        size_t f = level[l].part, n = x->covariance->part[f].n;
        size_t at = level[l].first - x->n_in;
        for (size_t j = 0; j < n * n; j++) {
            double sum = 0;
            for (size_t r = 0; r < x->n_out; r++)
                sum += omega[r * x->n_out + at + j / n] *
                       product[r * x->n_out + at + j % n];
            x->traces[i * x->n_pair + x->pair[f] + j] += sum;
            x->traces[(x->pair[f] + j) * x->n_pair + i] += sum;
        }
    }
}

/* Traces of cells over what is outside: gram, and J gram of each pair. */
static void add_wide(ts_crossed *x, const size_t *place, size_t pairs)
{
    const ts_covariance *c = x->covariance;
    size_t n = x->n_out, area = n * n;
    double *gram = x->wide, *low = gram + pairs * area;
    double *omega = low + pairs * area, *room = omega + area;
    memset(low, 0, (pairs + 2) * area * sizeof *low);
    for (size_t i = 0; i < n; i++)
        omega[i * (n + 1)] = 1;
    add_product(x->joint, x->left, n, -1, omega);
    add_product(x->left, omega, n, 1, room);
    add_outside(x, room);
    for (size_t i = 0; i < pairs; i++)
        add_product(x->joint, gram + i * area, n, 1, low + i * area);
    for (size_t e = 0; e < c->n_part; e++)
        for (size_t i = 0, k = c->part[e].n; x->inside[e] && i < k * k; i++) {
            const double *turned = low + (place[e] + i % k * k + i / k) * area;
            memset(room, 0, area * sizeof *room);
            add_product(gram + (place[e] + i) * area, omega, n, 1, room);
            add_across(x, x->pair[e] + i, omega, room);
            for (size_t f = 0; f < c->n_part; f++)
                for (size_t j = 0, m = c->part[f].n; x->inside[f] && j < m * m;
                     j++)
                    x->traces[(x->pair[e] + i) * x->n_pair + x->pair[f] + j] +=
                        ts_trace_of_product(low + (place[f] + j) * area, turned,
                                            n);
        }
}

/* Of pairs of columns the sums of B's diagonal blocks, and of products of two
 * blocks over all pairs of levels. */
static void take_traces(ts_crossed *x)
{
    const ts_covariance *c = x->covariance;
    size_t place[TS_MIXED_EFFECTS], pairs = 0, n = x->n_pair;
    for (size_t e = 0; e < c->n_part; e++) {
        place[e] = pairs;
        pairs += x->inside[e] ? c->part[e].n * c->part[e].n : 0;
    }
    memset(x->traces, 0, (n + 1) * n * sizeof *x->traces);
    memset(x->wide, 0, pairs * x->n_out * x->n_out * sizeof *x->wide);
    add_cells(x, place, x->wide);
    add_wide(x, place, pairs);
    for (size_t i = 0; i < (n + 1) * n; i++)
        x->traces[i] /= i < n * n ? x->residual * x->residual : x->residual;
}

/* tr(inverse(V) D inverse(V) E) of D and E by matrices of terms e and f. */
static double trace_of(const ts_crossed *x, size_t e, const double *d, size_t f,
                       const double *g)
{
    size_t n = x->covariance->part[e].n, m = x->covariance->part[f].n;
    double sum = 0;
    for (size_t i = 0; i < n * n; i++)
        sum +=
            d[i] * ts_dot(x->traces + (x->pair[e] + i) * x->n_pair + x->pair[f],
                          g, m * m);
    return sum;
}

static double diagonal_of(const ts_crossed *x, size_t e, const double *d)
{
    size_t n = x->covariance->part[e].n;
    return ts_dot(x->traces + x->n_pair * x->n_pair + x->pair[e], d, n * n);
}

/* The same of D with the identity: inverse(V) = (I - inverse(V) Z G Z') / s. */
static double trace_with_identity(const ts_crossed *x, size_t e,
                                  const double *d)
{
    double sum = diagonal_of(x, e, d);
    for (size_t f = 0; f < x->covariance->n_part; f++)
        sum -= trace_of(x, e, d, f, x->g[f]);
    return sum / x->residual;
}

static double trace_of_inverse(const ts_crossed *x)
{
    double sum = (double)x->q;
    for (size_t e = 0; e < x->covariance->n_part; e++)
        sum -= diagonal_of(x, e, x->g[e]);
    return sum / x->residual;
}

static double expected(const ts_crossed *x, size_t h, size_t k)
{
    size_t last = x->covariance->n - 1;
    const double *d = x->derivative + h * 64, *g = x->derivative + k * 64;
    if (h < last && k < last)
        return trace_of(x, ts_crossed_part(x, h), d, ts_crossed_part(x, k), g);
    if (h < last)
        return trace_with_identity(x, ts_crossed_part(x, h), d);
    if (k < last)
        return trace_with_identity(x, ts_crossed_part(x, k), g);
    double sum = trace_of_inverse(x);
    for (size_t e = 0; e < x->covariance->n_part; e++)
        sum -= trace_with_identity(x, e, x->g[e]);
    return sum / x->residual;
}

/* Subjects ---------------------------------------------------------------- */

/* sum of each pair of columns: over levels a'b of rows u and v. */
static void add_inner(const ts_crossed *x, const double *u, const double *v,
                      double *sum)
{
    size_t w = x->width;
    for (size_t l = 0; l < x->level_in + x->level_out; l++) {
        size_t e = x->level[l].part, n = x->covariance->part[e].n;
        for (size_t i = 0; i < n * n; i++)
            sum[x->pair[e] + i] +=
                ts_dot(u + (x->level[l].first + i / n) * w,
                       v + (x->level[l].first + i % n) * w, w);
    }
}

/* <weight, r'y> of rows. */
static double row_form(const ts_crossed *x, const double *weight,
                       const double *r, const double *y)
{
    size_t w = x->width;
    double sum = 0;
    for (size_t i = 0; i < x->q; i++, r += w, y += w)
        for (size_t k = 0; k < w; k++)
            sum += r[k] * ts_dot(weight + k * w, y, w);
    return sum;
}

static double pair_form(const ts_crossed *x, size_t h, const double *sum)
{
    size_t e = ts_crossed_part(x, h), n = x->covariance->part[e].n;
    return ts_dot(x->derivative + h * 64, sum + x->pair[e], n * n);
}

/* slope -= u'D u of levels, packed. */
static void subtract_slope(const ts_crossed *x, size_t h, const double *u,
                           double *slope)
{
    size_t w = x->width, e = ts_crossed_part(x, h),
           n = x->covariance->part[e].n;
    for (size_t l = 0; l < x->level_in + x->level_out; l++)
        for (size_t i = 0; i < n * n && x->level[l].part == e; i++) {
            double own = x->derivative[h * 64 + i], *to = slope;
            const double *a = u + (x->level[l].first + i / n) * w;
            const double *b = u + (x->level[l].first + i % n) * w;
            for (size_t r = 0; r < w && own != 0; r++)
                for (size_t s = r; s < w; s++)
                    *to++ -= own * a[r] * b[s];
        }
}

static void subtract_rows(const ts_crossed *x, const double *r, double *slope)
{
    size_t w = x->width;
    for (size_t i = 0; i < x->q; i++, r += w) {
        double *to = slope;
        for (size_t a = 0; a < w; a++)
            for (size_t b = a; b < w; b++)
                *to++ -= r[a] * r[b];
    }
}

/* One subject, r = inverse(V) [X e]; weight in full; sum: what F N F' has on
 * its diagonal, for pairs of columns. */
static void add_subject(ts_likelihood *l, ts_crossed *x, const double *r,
                        const double *weight, double *sum)
{
    ts_room *room = l->room;
    size_t n = x->covariance->n, t = l->n_theta, w = x->width;
    size_t packed = ts_packed_size(w), b = x->n_in + x->n_out;
    double *f = ts_crossed_room(x, 2), *fn = ts_crossed_room(x, 3);
    double *inner = sum + x->n_pair;
    ts_crossed_gather(x, r, f);
    for (size_t i = 0; i < b; i++)
        for (size_t k = 0; k < w; k++)
            fn[i * w + k] = ts_dot(weight + k * w, f + i * w, w);
    memset(sum, 0, x->n_pair * sizeof *sum);
    add_inner(x, fn, f, sum);
    for (size_t h = 0; h + 1 < n; h++) {
        l->gradient[h] -= pair_form(x, h, sum);
        subtract_slope(x, h, f, room->slope + h * packed);
    }
    l->gradient[n - 1] -= row_form(x, weight, r, r);
    subtract_rows(x, r, room->slope + (n - 1) * packed);
    for (size_t k = 0; k < n; k++) {
        double *v = ts_crossed_room(x, 0);
        ts_crossed_multiply(x, k, r, f, x->rows);
        ts_crossed_solve(x, x->rows, x->rows);
        ts_crossed_gather(x, x->rows, v);
        memset(inner, 0, x->n_pair * sizeof *inner);
        add_inner(x, fn, v, inner);
        for (size_t h = 0; h + 1 < n; h++)
            l->hessian[h * t + k] += 2 * pair_form(x, h, inner);
        l->hessian[(n - 1) * t + k] += 2 * row_form(x, weight, r, x->rows);
    }
}

void ts_crossed_add(ts_likelihood *l, const double *theta, const ts_pattern *p)
{
    ts_crossed *x = p->crossed;
    ts_room *room = l->room;
    size_t n = x->covariance->n, t = l->n_theta, w = x->width;
    double m = (double)p->m, *sum = x->traces + (x->n_pair + 1) * x->n_pair;
    double *weight = x->weight;
    ts_unpack(room->weight, w, weight);
    ts_crossed_derivatives(x, theta, &l->entry);
    take_traces(x);
    for (size_t h = 0; h < n; h++) {
        l->gradient[h] += m * (h + 1 < n ? diagonal_of(x, ts_crossed_part(x, h),
                                                       x->derivative + h * 64)
                                         : trace_of_inverse(x));
        for (size_t k = 0; k < n; k++) {
            double own = m * expected(x, h, k);
            l->expected[h * t + k] += own;
            l->hessian[h * t + k] -= own;
        }
    }
    for (size_t s = 0; s < p->m; s++) {
        const double *diagonal = x->traces + x->n_pair * x->n_pair;
        add_subject(l, x, l->whitened + (p->first + s * p->q) * w, weight, sum);
        for (size_t i = 0; i < x->n_pair; i++)
            sum[i] = diagonal[i] - sum[i];
        ts_crossed_second(x, theta, &l->entry, sum, l->hessian, t);
    }
}
