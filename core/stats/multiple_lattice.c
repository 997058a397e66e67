/*
 * The tail of the largest of many t statistics of any correlations, by a lattice
 * of points. The tail is taken apart by the last statistic that is outside:
 *
 *     P(max |T_i| > q) = P(|T| > q) sum_i P(|T_j| <= q, all j < i | |T_i| > q)
 *
 * so that every part lies between 0 and 1, the first is 1, and the error is
 * small beside the tail however small that is. Given T_i the variance is again
 * a chi-square, of df + 1; the others follow one by one as in Genz and Bretz
 * (2002, J Comput Graph Stat 11:950). Shifts come from a fixed stream: the same
 * answer each time.
 */
#include "multiple_private.h"

#include <math.h>
#include <string.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/random.h"

enum { SHIFTS = 12, FIRST = 256, MOST = 1 << 14 };

static const int prime[TS_MULTIPLE_MAX + 1] = {
    2,   3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,
    47,  53,  59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103, 107,
    109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179};

/* One statistic outside and those before it as combinations of r independent
 * normal variables, of which the first is that statistic. Rows in the order of
 * their last variable. */
typedef struct {
    size_t n, r;
    size_t last[TS_MULTIPLE_MAX];
    double row[TS_MULTIPLE_MAX][TS_MULTIPLE_MAX];
} part;

typedef struct {
    size_t k;
    double df, q;
    bool two_sided;
    part *parts; /* k */
    double work; /* steps at one point */
    /* of one shift of the lattice */
    double shift[SHIFTS][TS_MULTIPLE_MAX + 1], sum[SHIFTS], weight[SHIFTS];
} lattice;

/* Statistic i and those before it. */
static ts_status set_part(part *x, const double *r, size_t k, size_t i,
                          ts_error *err)
{
    double sub[TS_MULTIPLE_MAX * TS_MULTIPLE_MAX];
    double root[TS_MULTIPLE_MAX * TS_MULTIPLE_MAX];
    size_t n = i + 1;
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++)
            sub[a * n + b] = r[(a ? a - 1 : i) * k + (b ? b - 1 : i)];
    ts_status status = ts_correlation_root(sub, n, root, &x->r, err);
    if (status)
        return status;
    x->n = 0;
    for (size_t c = 0; c < x->r; c++)
        for (size_t a = 1; a < n; a++) {
            size_t last = x->r - 1;
            while (last > 0 && fabs(root[a * n + last]) <= 1e-9)
                last--;
            if (last != c)
                continue;
            x->last[x->n] = c;
            memcpy(x->row[x->n++], root + a * n, x->r * sizeof *root);
        }
    return TS_OK;
}

/* The chance that all rows lie within c, given the first variable; u: a point
 * of the unit cube for the others. */
static double inside(const part *x, double c, double first, const double *u,
                     bool two_sided)
{
    double y[TS_MULTIPLE_MAX], chance = 1;
    size_t i = 0;
    y[0] = first;
    for (; i < x->n && x->last[i] == 0; i++) {
        double at = x->row[i][0] * first;
        if (at > c || (two_sided && at < -c))
            return 0;
    }
    for (size_t j = 1; j < x->r; j++) {
        double low = -INFINITY, high = INFINITY;
        for (; i < x->n && x->last[i] == j; i++) {
            const double *row = x->row[i];
            double mean = 0;
            for (size_t l = 0; l < j; l++)
                mean += row[l] * y[l];
            double a = (c - mean) / row[j], b = (-c - mean) / row[j];
            if (two_sided || row[j] > 0)
                high = fmin(high, row[j] > 0 ? a : b);
            if (two_sided || row[j] < 0)
                low = fmax(low, row[j] > 0 ? b : a);
        }
        double from = pnorm(low, 0, 1, 1, 0), to = pnorm(high, 0, 1, 1, 0);
        if (!(to > from))
            return 0;
        chance *= to - from;
        if (j + 1 < x->r) {
            double p = from + u[j - 1] * (to - from);
            y[j] = qnorm(fmin(fmax(p, 1e-300), 1 - 1e-16), 0, 1, 1, 0);
        }
    }
    return chance;
}

/* A statistic that is outside, T > q, from u in (0, 1), and its weight: above 1
 * by the tail of a simpler density, which is right in the far tail. */
static double draw_outside(const lattice *x, double u, double *weight)
{
    *weight = 1;
    if (x->q <= 1)
        return qt(u * pt(x->q, x->df, 0, 0), x->df, 0, 0);
    if (!isfinite(x->df)) {
        double t = sqrt(x->q * x->q - 2 * log(u));
        *weight = x->q / t;
        return t;
    }
    double square = (x->q * x->q + x->df) * exp(-2 / x->df * log(u));
    double t = sqrt(square - x->df);
    *weight = sqrt(square) / t;
    return t;
}

/* One more point of a shift. */
static void add_point(lattice *x, int shift, long index)
{
    double u[TS_MULTIPLE_MAX + 1], weight, s = 1, sum = 1;
    for (size_t j = 0; j < x->k + 1; j++) {
        double step = sqrt((double)prime[j]);
        double v = (double)index * (step - floor(step)) + x->shift[shift][j];
        u[j] = fabs(2 * (v - floor(v)) - 1); /* periodic */
        u[j] = fmin(fmax(u[j], 1e-15), 1 - 1e-15);
    }
    double t = draw_outside(x, u[0], &weight);
    if (isfinite(x->df))
        s = sqrt(qchisq(u[1], x->df + 1, 1, 0) / (x->df + t * t));
    for (size_t i = 1; i < x->k; i++)
        sum += inside(x->parts + i, x->q * s, t * s, u + 2, x->two_sided);
    x->sum[shift] += weight * sum;
    x->weight[shift] += weight;
}

/* The sum of the chances, from 1 to k, and the error relative to it. */
static double result(const lattice *x, double *error)
{
    double mean = 0, square = 0;
    for (int shift = 0; shift < SHIFTS; shift++)
        mean += x->sum[shift] / x->weight[shift] / SHIFTS;
    for (int shift = 0; shift < SHIFTS; shift++) {
        double off = x->sum[shift] / x->weight[shift] - mean;
        square += off * off;
    }
    *error = 4 * sqrt(square / SHIFTS / (SHIFTS - 1)) / mean + 1e-9;
    return mean;
}

static ts_status run(lattice *x, long *points, double *sum, double *error,
                     ts_error *err)
{
    ts_random stream;
    long most = *points > 0 ? *points : MOST, done = 0;
    /* a second or so for many statistics */
    while (*points == 0 && most > FIRST && (double)most * x->work > 2.5e6)
        most /= 2;
    ts_random_start(&stream, 20021112, 0, 0);
    for (int shift = 0; shift < SHIFTS; shift++)
        for (size_t j = 0; j < x->k + 1; j++)
            x->shift[shift][j] = ts_random_uniform(&stream);
    for (long next = *points > 0 ? most : FIRST; done < most; next *= 2) {
        for (int shift = 0; shift < SHIFTS; shift++)
            for (long i = done; i < next; i++) {
                ts_status status = i % 64 ? TS_OK : ts_interrupt_check(err);
                if (status)
                    return status;
                add_point(x, shift, i + 1);
            }
        done = next;
        *sum = result(x, error);
        if (*points == 0 && *error <= TS_LATTICE_ERROR)
            break;
    }
    *points = done;
    return TS_OK;
}

ts_status ts_lattice_tail(const double *r, size_t k, double df, double q,
                          bool two_sided, long *points, double *p,
                          double *error, ts_error *err)
{
    lattice x = {.k = k, .df = df, .q = q, .two_sided = two_sided, .work = 1};
    ts_status status = TS_OK;
    double sum = NAN;
    x.parts = ts_alloc_array(k, sizeof *x.parts);
    if (!x.parts)
        return ts_fail(err, TS_ENOMEM, "no memory for %zu statistics", k);
    for (size_t i = 1; i < k && !status; i++) {
        status = set_part(x.parts + i, r, k, i, err);
        x.work += (double)x.parts[i].r;
    }
    if (!status)
        status = run(&x, points, &sum, error, err);
    *p = sum * (two_sided ? 2 : 1) * pt(q, df, 0, 0);
    ts_free(x.parts);
    return status;
}
