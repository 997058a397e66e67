/*
 * Tails of the largest of normal statistics whose correlations are no products.
 * Of rank 2 the statistics are the lines of a polygon in the plane; three are
 * taken one after another (the first outside, or inside and the second outside,
 * and so on); more go by a lattice of points, in multiple_lattice.c.
 */
#include "multiple_private.h"

#include <math.h>
#include <stdlib.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>

#define CORNERS 400

/* Gauss and Kronrod ------------------------------------------------------- */

typedef double (*integrand)(const void *context, double x);

/* Nodes of the 15-point rule, from the middle; every second is Gauss's. */
static const double node[8] = {0,
                               0.20778495500789846760,
                               0.40584515137739716691,
                               0.58608723546769113029,
                               0.74153118559939443986,
                               0.86486442335976907279,
                               0.94910791234275852453,
                               0.99145537112081263921};
static const double kronrod[8] = {
    0.20948214108472782801, 0.20443294007529889241, 0.19035057806478540991,
    0.16900472663926790283, 0.14065325971552591875, 0.10479001032225018384,
    0.06309209262997855329, 0.02293532201052922496};
static const double gauss[4] = {0.41795918367346938776, 0.38183005050511894495,
                                0.27970539148927666790, 0.12948496616886969327};

static double integrate(integrand f, const void *context, double a, double b,
                        double least, int depth)
{
    double middle = (a + b) / 2, half = (b - a) / 2, low = 0, sum = 0;
    for (int i = 0; i < 8; i++) {
        double value = f(context, middle + half * node[i]);
        if (i > 0)
            value += f(context, middle - half * node[i]);
        sum += kronrod[i] * value;
        if (i % 2 == 0)
            low += gauss[i / 2] * value;
    }
    sum *= half;
    if (depth == 0 || fabs(sum - low * half) <= least + 1e-11 * fabs(sum))
        return sum;
    return integrate(f, context, a, middle, least / 2, depth - 1) +
           integrate(f, context, middle, b, least / 2, depth - 1);
}

/* The plane --------------------------------------------------------------- */

typedef struct {
    const ts_combination *x;
    double c;
} slice;

/* What lies outside the polygon on the line y_1 = y. */
static double outside_plane(const void *context, double y)
{
    const slice *s = context;
    double low = -INFINITY, high = INFINITY;
    for (size_t i = 0; i < s->x->k; i++) {
        double a = s->x->root[i * s->x->k] * y, b = s->x->root[i * s->x->k + 1];
        double top = s->c - a, bottom = -s->c - a;
        if (fabs(b) < 1e-12) {
            if (top < 0 || (s->x->two_sided && bottom > 0))
                return dnorm(y, 0, 1, 0);
            continue;
        }
        double end = top / b, start = bottom / b;
        if (b > 0) {
            high = fmin(high, end);
            if (s->x->two_sided)
                low = fmax(low, start);
        } else {
            low = fmax(low, end);
            if (s->x->two_sided)
                high = fmin(high, start);
        }
    }
    if (!(low < high))
        return dnorm(y, 0, 1, 0);
    return dnorm(y, 0, 1, 0) *
           (pnorm(high, 0, 1, 0, 0) + pnorm(low, 0, 1, 1, 0));
}

/* Whether no line leaves the point outside. */
static bool inside(const ts_combination *x, double c, double y, double z)
{
    double slack = 1e-9 * fabs(c) + 1e-12;
    for (size_t i = 0; i < x->k; i++) {
        double at = x->root[i * x->k] * y + x->root[i * x->k + 1] * z;
        if (at > c + slack || (x->two_sided && at < -c - slack))
            return false;
    }
    return true;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The first coordinates of the polygon's corners, where the slice changes its
 * form; at most 2 k of them, and the ends. */
static size_t corners(const ts_combination *x, double c, double end,
                      double *out)
{
    size_t n = 0;
    out[n++] = -end;
    out[n++] = end;
    for (size_t i = 0; i < x->k; i++)
        for (size_t j = i + 1; j < x->k; j++)
            for (int side = 0; side < 4; side++) {
                const double *p = x->root + i * x->k, *q = x->root + j * x->k;
                double s = side & 1 ? -c : c, t = side & 2 ? -c : c;
                double d = p[0] * q[1] - q[0] * p[1];
                double y = (s * q[1] - t * p[1]) / d;
                double z = (p[0] * t - q[0] * s) / d;
                if ((side && !x->two_sided) || fabs(d) < 1e-12 ||
                    !(fabs(y) < end) || !inside(x, c, y, z) || n == CORNERS)
                    continue;
                out[n++] = y;
            }
    qsort(out, n, sizeof *out, by_value);
    return n;
}

double ts_plane_tail(const void *combination, double c)
{
    slice s = {.x = combination, .c = c};
    double end = sqrt(c * c + 80), sum = 0, corner[CORNERS];
    double least = 1e-14 * pnorm(c, 0, 1, 0, 0);
    size_t n = corners(s.x, c, end, corner);
    for (size_t i = 0; i + 1 < n; i++) {
        double low = corner[i], width = corner[i + 1] - low;
        int parts = (int)ceil(width / 2);
        for (int k = 0; k < parts && width > 1e-13; k++)
            sum += integrate(outside_plane, &s, low + width * k / parts,
                             low + width * (k + 1) / parts, least, 8);
    }
    return fmin(1, sum);
}

/* Space ------------------------------------------------------------------- */

typedef struct {
    const ts_combination *x;
    double c, y[3], root[9]; /* rows in the order of pivots: lower */
    int level;               /* the coordinate that is integrated */
} nest;

static double tail_from(const nest *s, int level);

/* The part of level that lies within, as a function of its coordinate. */
static double within(const void *context, double y)
{
    nest s = *(const nest *)context;
    s.y[s.level] = y;
    return dnorm(y, 0, 1, 0) * tail_from(&s, s.level + 1);
}

static double tail_from(const nest *s, int level)
{
    double mean = 0, sd = s->root[4 * level];
    for (int i = 0; i < level; i++)
        mean += s->root[3 * level + i] * s->y[i];
    double high = (s->c - mean) / sd;
    double low = s->x->two_sided ? (-s->c - mean) / sd : -INFINITY;
    double out = pnorm(high, 0, 1, 0, 0) +
                 (s->x->two_sided ? pnorm(low, 0, 1, 1, 0) : 0);
    if (level == 2)
        return fmin(1, out);
    double end = sqrt(s->c * s->c + 80);
    low = fmax(low, -end);
    high = fmin(high, end);
    int parts = (int)ceil((high - low) / 3);
    nest inner = *s;
    inner.level = level;
    for (int i = 0; i < parts; i++)
        out += integrate(within, &inner, low + (high - low) * i / parts,
                         low + (high - low) * (i + 1) / parts,
                         1e-12 * pnorm(s->c, 0, 1, 0, 0), 6);
    return fmin(1, out);
}

double ts_space_tail(const void *combination, double c)
{
    nest s = {.x = combination, .c = c};
    bool used[3] = {false, false, false};
    /* the pivot of column j is the row that ends there */
    for (int j = 0; j < 3; j++) {
        int row = -1;
        for (int i = 0; i < 3; i++) {
            bool ends = !used[i];
            for (int l = j + 1; l < 3; l++)
                ends = ends && s.x->root[3 * i + l] == 0;
            if (ends &&
                (row < 0 || s.x->root[3 * i + j] > s.x->root[3 * row + j]))
                row = i;
        }
        used[row < 0 ? 0 : row] = true;
        for (int l = 0; l < 3; l++)
            s.root[3 * j + l] = s.x->root[3 * (row < 0 ? 0 : row) + l];
    }
    return tail_from(&s, 0);
}
