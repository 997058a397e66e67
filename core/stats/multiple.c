/*
 * Which way to the tail of max |T|, the case of product correlations, and the
 * outer integral over the estimate of variance. Integrals over all numbers of
 * functions that are analytic and fall off on both sides go by the trapezoidal
 * rule, whose error vanishes like exp(-2 (pi w / h)^2) for a width w and a step
 * h (Trefethen and Weideman 2014, SIAM Review 56:385).
 */
#include "multiple_private.h"

#include <math.h>
#include <string.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "ts/memory.h"

/* Over the variance ------------------------------------------------------- */

/* log of the density of x = log S, but for a constant. */
static double log_density(double df, double x)
{
    return df * (x - expm1(2 * x) / 2);
}

typedef struct {
    double count, sd, df, q;
} guess;

static double log_integrand(const guess *g, double x)
{
    double tail = log(g->count) + pnorm(g->q * exp(x) / g->sd, 0, 1, 0, 1);
    return log_density(g->df, x) + fmin(0, tail);
}

/* Where the integrand is more than 1e-18 of its largest value. */
static void find_range(const guess *g, double *from, double *to)
{
    enum { STEPS = 2000 };
    double most = -INFINITY, low = -45, high = 4;
    for (int pass = 0; pass < 2; pass++) {
        double step = (high - low) / STEPS, first = low, last = high;
        for (int i = 0; i <= STEPS; i++)
            most = fmax(most, log_integrand(g, low + i * step));
        for (int i = 0; i <= STEPS; i++)
            if (log_integrand(g, low + i * step) > most - 41) {
                first = low + (i - 1) * step;
                break;
            }
        for (int i = STEPS; i >= 0; i--)
            if (log_integrand(g, low + i * step) > most - 41) {
                last = low + (i + 1) * step;
                break;
            }
        low = first;
        high = last;
    }
    *from = low;
    *to = high;
}

double ts_studentise(ts_tail_fn tail, const void *context, double count,
                     double sd, double df, double q)
{
    guess g = {count, sd, df, q};
    double low, high, before = -1, sum = 0;
    if (!isfinite(df))
        return tail(context, q);
    find_range(&g, &low, &high);
    /* the constant of the density of log S */
    double constant = df / 2 * log(df / 2) - lgammafn(df / 2) + M_LN2 - df / 2;
    for (int n = 32; n <= 4096; n *= 2) {
        double h = (high - low) / n, value;
        for (int i = 0; i <= n; i++) {
            double x = low + i * h;
            if (n > 32 && i % 2 == 0)
                continue; /* of the steps before */
            sum +=
                exp(log_density(df, x) + constant) * tail(context, q * exp(x));
        }
        value = sum * h;
        if (before >= 0 && fabs(value - before) <= 1e-11 * value)
            return fmin(1, value);
        before = value;
    }
    return fmin(1, before);
}

/* Product correlations ---------------------------------------------------- */

typedef struct {
    size_t k;
    double loading[TS_MULTIPLE_MAX]; /* correlation i, j: their product */
    double rest[TS_MULTIPLE_MAX];    /* sqrt(1 - loading^2) */
    bool two_sided;
} product;

static double product_tail(const void *context, double c)
{
    const product *x = context;
    double steep = 1, sum = 0, end = sqrt(c * c + 80);
    for (size_t i = 0; i < x->k; i++) {
        double slope = x->loading[i] / x->rest[i];
        steep += slope * slope;
    }
    double h = 0.75 / sqrt(steep);
    long n = (long)ceil(end / h);
    for (long step = -n; step <= n; step++) {
        double z = (double)step * h, inside = 0;
        for (size_t i = 0; i < x->k; i++) {
            double mean = x->loading[i] * z, s = x->rest[i];
            double out = pnorm((c - mean) / s, 0, 1, 0, 0);
            if (x->two_sided)
                out += pnorm((-c - mean) / s, 0, 1, 1, 0);
            inside += log1p(-fmin(out, 1));
        }
        sum -= expm1(inside) * dnorm(z, 0, 1, 0);
    }
    return fmin(1, sum * h);
}

/* l with correlation i, j = l_i l_j, if there is one below 1. */
static bool find_product(const double *r, size_t k, product *x)
{
    double first = 0;
    if (k == 2) {
        first = sqrt(fabs(r[1]));
    } else {
        for (size_t i = 1; i < k && first == 0; i++)
            for (size_t j = i + 1; j < k && first == 0; j++)
                if (r[i * k + j] != 0 && r[i] * r[j] / r[i * k + j] > 0)
                    first = sqrt(r[i] * r[j] / r[i * k + j]);
    }
    for (size_t i = 0; i < k; i++) {
        x->loading[i] = i == 0 ? first : first > 0 ? r[i] / first : 0;
        if (!(fabs(x->loading[i]) < 1 - 1e-12))
            return false;
        x->rest[i] = sqrt(1 - x->loading[i] * x->loading[i]);
    }
    for (size_t i = 0; i < k; i++)
        for (size_t j = i + 1; j < k; j++)
            if (fabs(r[i * k + j] - x->loading[i] * x->loading[j]) > 1e-10)
                return false;
    x->k = k;
    return true;
}

/* Correlations ------------------------------------------------------------ */

static ts_status check(const double *r, size_t k, double df, ts_error *err)
{
    if (k == 0 || k > TS_MULTIPLE_MAX)
        return ts_fail(err, k ? TS_ELIMIT : TS_EINVALID,
                       "simultaneous tests take 1 to %d statistics, not %zu",
                       TS_MULTIPLE_MAX, k);
    if (!(df > 0))
        return ts_fail(err, TS_EINVALID, "df = %g is not above 0", df);
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++)
            if (!(fabs(r[i * k + j]) <= 1 + 1e-9) ||
                fabs(r[i * k + j] - r[j * k + i]) > 1e-9 ||
                (i == j && fabs(r[i * k + i] - 1) > 1e-9))
                return ts_fail(err, TS_EINVALID,
                               "row %zu, column %zu: no correlations", i + 1,
                               j + 1);
    return TS_OK;
}

/* Statistics that are others again, or their opposites, go. */
static size_t drop_copies(const double *r, size_t k, bool two_sided,
                          double *out)
{
    size_t kept[TS_MULTIPLE_MAX], n = 0;
    for (size_t i = 0; i < k; i++) {
        bool copy = false;
        for (size_t j = 0; j < n; j++) {
            double same = r[i * k + kept[j]];
            copy |= (two_sided ? fabs(same) : same) > 1 - 1e-10;
        }
        if (!copy)
            kept[n++] = i;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            out[i * n + j] = r[kept[i] * k + kept[j]];
    return n;
}

/* A negative remainder is no correlation matrix. */
ts_status ts_correlation_root(const double *r, size_t k, double *root,
                              size_t *rank, ts_error *err)
{
    double left[TS_MULTIPLE_MAX];
    memset(root, 0, k * k * sizeof *root);
    for (size_t i = 0; i < k; i++)
        left[i] = 1;
    for (*rank = 0; *rank < k; (*rank)++) {
        size_t at = 0, c = *rank;
        for (size_t i = 1; i < k; i++)
            if (left[i] > left[at])
                at = i;
        if (!(left[at] > 1e-10))
            break;
        double pivot = sqrt(left[at]);
        for (size_t i = 0; i < k; i++) {
            double sum = r[i * k + at];
            for (size_t j = 0; j < c; j++)
                sum -= root[i * k + j] * root[at * k + j];
            root[i * k + c] = i == at ? pivot : left[i] > 0 ? sum / pivot : 0;
            left[i] -= root[i * k + c] * root[i * k + c];
        }
        left[at] = 0;
    }
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++) {
            double sum = -r[i * k + j];
            for (size_t c = 0; c < *rank; c++)
                sum += root[i * k + c] * root[j * k + c];
            if (fabs(sum) > 1e-7)
                return ts_fail(err, TS_EINVALID,
                               "these cannot be correlations of %zu statistics "
                               "together",
                               k);
        }
    return TS_OK;
}

/* The whole --------------------------------------------------------------- */

static double t_tail(double df, double q, bool two_sided)
{
    return two_sided ? fmin(1, 2 * pt(q, df, 0, 0)) : pt(q, df, 0, 0);
}

/* *points: those of the lattice, if it takes one. */
static ts_status tail_of(const double *r, size_t k, double df, double q,
                         bool two_sided, long *points, double *p, double *error,
                         ts_error *err)
{
    double root[TS_MULTIPLE_MAX * TS_MULTIPLE_MAX];
    double one = t_tail(df, q, two_sided);
    ts_combination x = {.k = k, .root = root, .two_sided = two_sided};
    product simple = {.two_sided = two_sided};
    ts_status status = TS_OK;
    *error = 0;
    *p = one;
    if (k == 1)
        return TS_OK;
    if (find_product(r, k, &simple)) {
        *p = ts_studentise(product_tail, &simple, 2 * (double)k, 1, df, q);
    } else {
        if ((status = ts_correlation_root(r, k, root, &x.r, err)))
            return status;
        if (x.r == 2)
            *p = ts_studentise(ts_plane_tail, &x, 2 * (double)k, 1, df, q);
        else if (x.r == 3 && k == 3)
            *p = ts_studentise(ts_space_tail, &x, 2 * (double)k, 1, df, q);
        else
            status = ts_lattice_tail(r, k, df, q, two_sided, points, p, error,
                                     err);
    }
    /* one of them at least, all of them at most */
    *p = fmin(1, fmin((double)k * one, fmax(one, *p)));
    return status;
}

ts_status ts_max_t_tail(const double *correlation, size_t k, double df,
                        double q, bool two_sided, double *p, double *error,
                        ts_error *err)
{
    double r[TS_MULTIPLE_MAX * TS_MULTIPLE_MAX], off;
    long points = 0;
    ts_status status = check(correlation, k, df, err);
    *p = NAN;
    if (status)
        return status;
    if (!isfinite(q) || (two_sided && q < 0))
        return ts_fail(err, TS_EINVALID, "q = %g is no limit", q);
    k = drop_copies(correlation, k, two_sided, r);
    return tail_of(r, k, df, q, two_sided, &points, p, error ? error : &off,
                   err);
}

typedef struct {
    const double *r;
    size_t k;
    double df, p, error;
    bool two_sided;
    long points;
} max_t;

static ts_status falling(void *context, double q, double *p, ts_error *err)
{
    max_t *x = context;
    ts_status status = tail_of(x->r, x->k, x->df, q, x->two_sided, &x->points,
                               p, &x->error, err);
    /* what is well below the error is no difference */
    if (!status && fabs(*p / x->p - 1) < 0.01 * x->error)
        *p = x->p;
    return status;
}

ts_status ts_max_t_quantile(const double *correlation, size_t k, double df,
                            double p, bool two_sided, double *q, double *error,
                            ts_error *err)
{
    double r[TS_MULTIPLE_MAX * TS_MULTIPLE_MAX];
    ts_status status = check(correlation, k, df, err);
    max_t x = {.r = r, .df = df, .p = p, .two_sided = two_sided};
    *q = NAN;
    if (status)
        return status;
    if (!(p > 0 && p < (two_sided ? 1 : 0.5)))
        return ts_fail(err, TS_EINVALID, "p = %g is not between 0 and %g", p,
                       two_sided ? 1 : 0.5);
    x.k = drop_copies(correlation, k, two_sided, r);
    /* above that of one statistic, below that of Bonferroni's inequality */
    double tail = p / (two_sided ? 2 : 1);
    status = ts_solve_falling(falling, &x, p, qt(tail, df, 0, 0),
                              qt(tail / (double)x.k, df, 0, 0), q, err);
    if (error)
        *error = x.error;
    return status;
}

/* False position with halves (Illinois) on log f. */
ts_status ts_solve_falling(ts_falling_fn f, void *context, double p, double low,
                           double high, double *q, ts_error *err)
{
    double at_low, at_high = 0, value;
    ts_status status = f(context, low, &value, err);
    at_low = log(value / p);
    if (!status && !(status = f(context, high, &value, err)))
        at_high = log(value / p);
    for (int i = 0; i < 100 && !status; i++) {
        if (at_low <= 0 || at_high >= 0 || high - low <= 1e-12 * high)
            break;
        double step = (low * at_high - high * at_low) / (at_high - at_low);
        if (!(step > low && step < high))
            step = (low + high) / 2;
        if ((status = f(context, step, &value, err)))
            break;
        double at = log(value / p);
        if (at > 0) {
            low = step;
            at_low = at;
            at_high /= 2;
        } else {
            high = step;
            at_high = at;
            at_low /= 2;
        }
        if (fabs(at) < 1e-13)
            low = high = step;
    }
    *q = at_low <= 0 ? low : at_high >= 0 ? high : (low + high) / 2;
    return status;
}
