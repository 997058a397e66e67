/*
 * Covariance matrices of repeated measures, entry by entry, with derivatives
 * in SAS's parameters. Three structures are linear in these (UN, CS, TOEP);
 * the others are standard deviations times correlations, where the parameters
 * are variances.
 */
#include "mixed_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "ts/memory.h"

bool ts_covariance_has_time(ts_structure kind)
{
    return kind == TS_SP_POW || kind == TS_SP_EXP;
}

static bool is_linear(ts_structure kind)
{
    return kind == TS_UN || kind == TS_CS || kind == TS_TOEP ||
           kind == TS_RANDOM;
}

/* Variances: of each visit, or one. */
static size_t n_variance(const ts_covariance *c)
{
    bool each = c->kind == TS_CSH || c->kind == TS_AR1H ||
                c->kind == TS_TOEPH || c->kind == TS_ANTE1;
    return each ? c->n_visit : 1;
}

void ts_covariance_of(ts_structure kind, size_t n_visit, ts_covariance *out)
{
    size_t v = n_visit, lags = v - 1, one = v > 1;
    *out = (ts_covariance){.kind = kind, .n_visit = v, .most = 3};
    switch (kind) {
    case TS_UN:
        out->n = v * (v + 1) / 2;
        break;
    case TS_RANDOM:
        break; /* by its parts */
    case TS_CS:
    case TS_AR1:
    case TS_SP_POW:
    case TS_SP_EXP:
        out->n = 1 + one;
        break;
    case TS_CSH:
    case TS_AR1H:
        out->n = v + one;
        break;
    case TS_TOEP:
        out->n = 1 + lags;
        break;
    case TS_TOEPH:
    case TS_ANTE1:
        out->n = v + lags;
        break;
    }
    if (kind == TS_ANTE1)
        out->most = 2 + lags;
}

size_t ts_part_parameters(const ts_part *p)
{
    return p->n * p->rank - p->rank * (p->rank - (p->rank > 0)) / 2;
}

void ts_covariance_of_random(ts_covariance *c)
{
    c->kind = TS_RANDOM;
    c->n_visit = 1;
    c->n = c->n_random = 0;
    for (size_t k = 0; k < c->n_part; k++) {
        c->part[k].theta = c->n;
        c->part[k].z = c->n_random;
        c->n += ts_part_parameters(&c->part[k]);
        c->n_random += c->part[k].n;
    }
    c->most = ++c->n;
}

ts_status ts_entry_new(const ts_covariance *c, ts_entry *out, ts_error *err)
{
    *out = (ts_entry){0};
    out->at = ts_alloc_array(c->most, sizeof *out->at);
    out->first = ts_alloc_array(c->most, sizeof *out->first);
    out->second = ts_alloc_array(c->most, c->most * sizeof *out->second);
    if (out->at && out->first && out->second)
        return TS_OK;
    ts_entry_free(out);
    return ts_fail_memory(err);
}

void ts_entry_free(ts_entry *e)
{
    ts_free(e->at);
    ts_free(e->first);
    ts_free(e->second);
    *e = (ts_entry){0};
}

/* Entries ----------------------------------------------------------------- */

/* The place of the covariance of visits i >= j: rows of the lower triangle. */
static size_t place_in_triangle(size_t i, size_t j)
{
    return i * (i + 1) / 2 + j;
}

static void linear_entry(const ts_covariance *c, const double *theta, size_t i,
                         size_t j, ts_entry *e)
{
    size_t lag = i > j ? i - j : j - i;
    e->n = 1;
    e->first[0] = 1;
    memset(e->second, 0, 4 * sizeof *e->second);
    if (c->kind == TS_UN) {
        e->at[0] = i > j ? place_in_triangle(i, j) : place_in_triangle(j, i);
    } else if (c->kind == TS_TOEP) {
        e->at[0] = lag;
    } else { /* CS: residual, covariance */
        e->at[0] = lag > 0;
        if (lag == 0 && c->n > 1) {
            e->n = 2;
            e->at[1] = 1;
            e->first[1] = 1;
        }
    }
    e->value = theta[e->at[0]] + (e->n > 1 ? theta[e->at[1]] : 0);
}

/* The place of row i >= column m of L: by columns. */
static size_t place_in_factor(const ts_part *p, size_t i, size_t m)
{
    return m * p->n - m * (m + 1) / 2 + i;
}

void ts_random_matrix(const ts_part *p, const double *theta, double *g)
{
    size_t k = p->n;
    theta += p->theta;
    for (size_t a = 0; a < k; a++)
        for (size_t b = 0; b <= a; b++) {
            double sum = p->rank == k ? theta[place_in_triangle(a, b)] : 0;
            for (size_t m = 0; m < p->rank && m <= b && p->rank < k; m++)
                sum += theta[place_in_factor(p, a, m)] *
                       theta[place_in_factor(p, b, m)];
            g[a * k + b] = g[b * k + a] = sum;
        }
}

/* Adds z_i'L L'z_j to an entry of n parameters, those of the part from place
 * base on. */
static void add_factor(const ts_part *p, const double *theta, const double *z_i,
                       const double *z_j, size_t base, size_t n, ts_entry *e)
{
    for (size_t m = 0; m < p->rank; m++) {
        double u = 0, w = 0;
        for (size_t a = m; a < p->n; a++) {
            u += theta[place_in_factor(p, a, m)] * z_i[a];
            w += theta[place_in_factor(p, a, m)] * z_j[a];
        }
        e->value += u * w;
        for (size_t a = m; a < p->n; a++) {
            size_t h = base + place_in_factor(p, a, m);
            e->first[h] = z_i[a] * w + z_j[a] * u;
            for (size_t b = m; b < p->n; b++)
                e->second[h * n + base + place_in_factor(p, b, m)] =
                    z_i[a] * z_j[b] + z_j[a] * z_i[b];
        }
    }
}

/* The same of z_i'G z_j. */
static void add_matrix(const ts_part *p, const double *theta, const double *z_i,
                       const double *z_j, size_t base, ts_entry *e)
{
    for (size_t a = 0; a < p->n; a++)
        for (size_t b = 0; b <= a; b++) {
            size_t h = place_in_triangle(a, b);
            double x = z_i[a] * z_j[b] + (a == b ? 0 : z_i[b] * z_j[a]);
            e->first[base + h] = x;
            e->value += x * theta[h];
        }
}

void ts_random_entry(const ts_covariance *c, const double *theta,
                     const double *z_i, const double *z_j,
                     const size_t *level_i, const size_t *level_j, bool same,
                     ts_entry *e)
{
    size_t n = 0;
    e->value = same ? theta[c->n - 1] : 0;
    for (size_t k = 0; k < c->n_part; k++)
        for (size_t h = 0;
             level_i[k] == level_j[k] && h < ts_part_parameters(&c->part[k]);
             h++)
            e->at[n++] = c->part[k].theta + h;
    if (same)
        e->at[n++] = c->n - 1;
    e->n = n;
    memset(e->first, 0, n * sizeof *e->first);
    memset(e->second, 0, n * n * sizeof *e->second);
    if (same)
        e->first[n - 1] = 1;
    for (size_t k = 0, base = 0; k < c->n_part; k++) {
        const ts_part *p = &c->part[k];
        const double *own = theta + p->theta;
        if (level_i[k] != level_j[k])
            continue;
        if (p->rank < p->n)
            add_factor(p, own, z_i + p->z, z_j + p->z, base, n, e);
        else
            add_matrix(p, own, z_i + p->z, z_j + p->z, base, e);
        base += ts_part_parameters(p);
    }
}

/* r^d with its derivatives as the only part of e. */
static void power_entry(double r, double d, ts_entry *e)
{
    e->n = 1;
    e->at[0] = 0;
    e->value = pow(r, d);
    e->first[0] = d == 1 ? 1 : d * pow(r, d - 1);
    e->second[0] = d == 1 ? 0 : d == 2 ? 2 : d * (d - 1) * pow(r, d - 2);
}

/* The product of the correlations of neighbours from .. to - 1. */
static void product_entry(const double *r, size_t from, size_t to, ts_entry *e)
{
    size_t n = to - from;
    e->n = n;
    e->value = 1;
    for (size_t k = 0; k < n; k++) {
        e->at[k] = from + k;
        e->value *= r[from + k];
    }
    for (size_t a = 0; a < n; a++) {
        e->first[a] = 1;
        for (size_t k = 0; k < n; k++)
            e->first[a] *= k == a ? 1 : r[from + k];
        for (size_t b = 0; b < n; b++) {
            double rest = a != b;
            for (size_t k = 0; k < n; k++)
                rest *= k == a || k == b ? 1 : r[from + k];
            e->second[a * n + b] = rest;
        }
    }
}

/* The correlation of visits i < j as a function of the parameters r behind the
 * variances. */
static void correlation(const ts_covariance *c, const double *r, size_t i,
                        size_t j, double gap, ts_entry *e)
{
    double lag = (double)(j - i);
    e->n = 1;
    e->at[0] = 0;
    e->value = r[0];
    e->first[0] = 1;
    e->second[0] = 0;
    switch (c->kind) {
    case TS_AR1:
    case TS_AR1H:
        power_entry(r[0], lag, e);
        break;
    case TS_TOEPH:
        e->at[0] = j - i - 1;
        e->value = r[j - i - 1];
        break;
    case TS_ANTE1:
        product_entry(r, i, j, e);
        break;
    case TS_SP_POW:
        power_entry(r[0], gap, e);
        break;
    case TS_SP_EXP: {
        double u = gap / r[0];
        e->value = exp(-u);
        e->first[0] = e->value * u / r[0];
        e->second[0] = e->value * u * (u - 2) / (r[0] * r[0]);
        break;
    }
    default:
        break;
    }
}

/* Puts a parameter before the n that are there: at, derivatives with it and
 * with the others (which are their first ones times factor), with itself. */
static void prepend(ts_entry *e, size_t at, double factor, double itself)
{
    size_t n = e->n;
    for (size_t a = n; a-- > 0;)
        for (size_t b = n; b-- > 0;)
            e->second[(a + 1) * (n + 1) + b + 1] = e->second[a * n + b];
    for (size_t a = n; a-- > 0;) {
        e->at[a + 1] = e->at[a];
        e->first[a + 1] = e->first[a];
        e->second[a + 1] = e->second[(a + 1) * (n + 1)] =
            factor * e->first[a + 1];
    }
    e->at[0] = at;
    e->first[0] = factor * e->value;
    e->second[0] = itself * e->value;
    e->n = n + 1;
}

void ts_covariance_entry(const ts_covariance *c, const double *theta, size_t i,
                         size_t j, double gap, ts_entry *e)
{
    size_t variances = n_variance(c);
    if (is_linear(c->kind)) {
        linear_entry(c, theta, i, j, e);
        return;
    }
    if (i == j) {
        e->n = 1;
        e->at[0] = variances > 1 ? i : 0;
        e->value = theta[e->at[0]];
        e->first[0] = 1;
        e->second[0] = 0;
        return;
    }
    size_t low = i < j ? i : j, high = i < j ? j : i;
    correlation(c, theta + variances, low, high, gap, e);
    double root;
    for (size_t k = 0; k < e->n; k++)
        e->at[k] += variances;
    if (variances == 1) {
        root = theta[0];
    } else {
        root = sqrt(theta[low] * theta[high]);
    }
    e->value *= root;
    for (size_t k = 0; k < e->n; k++)
        e->first[k] *= root;
    for (size_t k = 0; k < e->n * e->n; k++)
        e->second[k] *= root;
    if (variances == 1) {
        prepend(e, 0, 1 / theta[0], 0);
    } else {
        double a = theta[low], b = theta[high];
        prepend(e, high, 0.5 / b, -0.25 / (b * b));
        prepend(e, low, 0.5 / a, -0.25 / (a * a));
    }
}

/* Parameters -------------------------------------------------------------- */

bool ts_covariance_squared(const ts_covariance *c, size_t parameter)
{
    return is_linear(c->kind) || parameter < n_variance(c);
}

bool ts_covariance_valid(const ts_covariance *c, const double *theta)
{
    if (c->kind == TS_RANDOM && !(theta[c->n - 1] > 0))
        return false;
    for (size_t h = 0; h < c->n; h++) {
        if (!isfinite(theta[h]))
            return false;
        if (is_linear(c->kind))
            continue; /* a matrix that is no covariance is found by Cholesky */
        if (h < n_variance(c) ? !(theta[h] > 0)
            : c->kind == TS_SP_EXP
                ? !(theta[h] > 0)
                : !(fabs(theta[h]) < 1) ||
                      (c->kind == TS_SP_POW && !(theta[h] > 0)))
            return false;
    }
    return true;
}

const ts_part *ts_part_of(const ts_covariance *c, size_t parameter)
{
    for (size_t k = 0; k < c->n_part; k++)
        if (parameter >= c->part[k].theta &&
            parameter < c->part[k].theta + ts_part_parameters(&c->part[k]))
            return &c->part[k];
    return NULL;
}

void ts_covariance_name(const ts_covariance *c, size_t parameter, char *text)
{
    size_t v = n_variance(c), i = 0;
    static const char *const one[] = {
        [TS_CS] = "CS",       [TS_CSH] = "CSH",        [TS_AR1] = "AR(1)",
        [TS_AR1H] = "ARH(1)", [TS_SP_POW] = "SP(POW)", [TS_SP_EXP] = "SP(EXP)"};
    const ts_part *p = ts_part_of(c, parameter);
    parameter -= p ? p->theta : 0;
    if (p && p->rank < p->n) {
        while (place_in_factor(p, p->n - 1, i) < parameter)
            i++;
        snprintf(text, 64, "FA(%zu,%zu)",
                 parameter - place_in_factor(p, 0, i) + 1, i + 1);
    } else if (c->kind == TS_UN || p) {
        while (place_in_triangle(i + 1, 0) <= parameter)
            i++;
        snprintf(text, 64, "UN(%zu,%zu)", i + 1,
                 parameter - place_in_triangle(i, 0) + 1);
    } else if (parameter < v || c->kind == TS_RANDOM) {
        if (v > 1)
            snprintf(text, 64, "Var(%zu)", parameter + 1);
        else
            snprintf(text, 64, "Residual");
    } else if (c->kind == TS_TOEP) {
        snprintf(text, 64, "TOEP(%zu)", parameter + 1);
    } else if (c->kind == TS_TOEPH) {
        snprintf(text, 64, "TOEPH(%zu)", parameter - v + 1);
    } else if (c->kind == TS_ANTE1) {
        snprintf(text, 64, "Rho(%zu)", parameter - v + 1);
    } else {
        snprintf(text, 64, "%s", one[c->kind]);
    }
}

/* A first guess ----------------------------------------------------------- */

static double correlation_of(const ts_moments *m, size_t i, size_t j)
{
    double r = m->covariance[i * m->n_visit + j] /
               sqrt(m->variance[i] * m->variance[j]);
    return r > 0.95 ? 0.95 : r < -0.9 ? -0.9 : r;
}

/* The mean of correlations of visits lag apart (0: of all pairs). */
static double mean_correlation(const ts_moments *m, size_t lag)
{
    double sum = 0, n = 0;
    for (size_t i = 0; i < m->n_visit; i++)
        for (size_t j = i + 1; j < m->n_visit; j++) {
            double r = correlation_of(m, i, j);
            if ((lag == 0 || j - i == lag) && !isnan(r)) {
                sum += r;
                n++;
            }
        }
    return n > 0 ? sum / n : 0;
}

static double mean_variance(const ts_moments *m)
{
    double sum = 0, n = 0;
    for (size_t i = 0; i < m->n_visit; i++)
        if (!isnan(m->variance[i])) {
            sum += m->variance[i];
            n++;
        }
    return sum / n;
}

static void start_unstructured(const ts_moments *m, double share, double *theta)
{
    for (size_t i = 0; i < m->n_visit; i++) {
        theta[place_in_triangle(i, i)] = m->variance[i];
        for (size_t j = 0; j < i; j++) {
            double r = correlation_of(m, j, i) * share;
            theta[place_in_triangle(i, j)] =
                isnan(r) ? 0 : r * sqrt(m->variance[i] * m->variance[j]);
        }
    }
}

void ts_covariance_start(const ts_covariance *c, const ts_moments *m,
                         double share, double *theta)
{
    size_t v = n_variance(c);
    double mean = mean_variance(m), r = share * mean_correlation(m, 0);
    double near = fmin(0.95, fmax(0.02, m->neighbour * share));
    if (c->kind == TS_UN) {
        start_unstructured(m, share, theta);
        return;
    }
    if (c->kind == TS_RANDOM) { /* z has squares of mean 1 */
        memset(theta, 0, c->n * sizeof *theta);
        theta[c->n - 1] = mean * (1 - 0.5 * share);
        double own = 0.5 * share * mean / (double)c->n_random;
        for (size_t k = 0; k < c->n_part; k++) {
            const ts_part *p = &c->part[k];
            bool whole = p->rank == p->n;
            for (size_t i = 0; i < p->rank; i++)
                theta[p->theta + (whole ? place_in_triangle(i, i)
                                        : place_in_factor(p, i, i))] =
                    whole ? own : sqrt(own);
        }
        return;
    }
    for (size_t i = 0; i < v; i++)
        theta[i] = v > 1 ? m->variance[i] : mean;
    for (size_t h = v; h < c->n; h++) {
        size_t k = h - v + 1;
        switch (c->kind) {
        case TS_CS:
            theta[0] = mean * (1 - r);
            theta[1] = mean * r;
            break;
        case TS_TOEP:
            theta[h] = mean * share * mean_correlation(m, k);
            break;
        case TS_TOEPH:
            theta[h] = share * mean_correlation(m, k);
            break;
        case TS_ANTE1:
            r = share * correlation_of(m, k - 1, k);
            theta[h] = isnan(r) ? 0 : r;
            break;
        case TS_SP_POW:
            theta[h] = pow(near, 1 / m->gap);
            break;
        case TS_SP_EXP:
            theta[h] = -m->gap / log(near);
            break;
        case TS_CSH:
            theta[h] = r;
            break;
        default:
            theta[h] = share * mean_correlation(m, 1);
        }
    }
}
