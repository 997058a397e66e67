/* The likelihood of a censored normal response, with its derivatives. All rows
 * enter by z = y / sigma - x'b / sigma, which is linear in theta. */
#include "tobit_private.h"

#include <math.h>
#include <string.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "ts/sum.h"

#define HALF_LN_2PI 0.91893853320467274178

static double z_of(const double *theta, const double *x, double y, size_t k)
{
    double z = theta[k] * y;
    for (size_t j = 0; j < k; j++)
        z -= theta[j] * x[j];
    return z;
}

/* log(Phi(b) - Phi(a)), a < b, by the tail in which both lie. */
static double log_between(double a, double b)
{
    bool upper = a > 0;
    return logspace_sub(pnorm5(upper ? a : b, 0, 1, !upper, 1),
                        pnorm5(upper ? b : a, 0, 1, !upper, 1));
}

/* What a row adds: log likelihood, and for the bounds z[0], z[1] the first
 * derivatives d and minus the second ones. */
typedef struct {
    double log_lik, d[2], h00, h01, h11;
} part;

static part part_of(double a, double b)
{
    part p = {0};
    if (a == -INFINITY && b == INFINITY)
        return p;
    double both = a == -INFINITY  ? pnorm5(b, 0, 1, 1, 1)
                  : b == INFINITY ? pnorm5(a, 0, 1, 0, 1)
                                  : log_between(a, b);
    double at_a = a == -INFINITY ? 0 : exp(dnorm4(a, 0, 1, 1) - both);
    double at_b = b == INFINITY ? 0 : exp(dnorm4(b, 0, 1, 1) - both);
    p.log_lik = both;
    p.d[0] = -at_a;
    p.d[1] = at_b;
    p.h00 = at_a * (at_a - (at_a > 0 ? a : 0));
    p.h11 = at_b * (at_b + (at_b > 0 ? b : 0));
    p.h01 = -at_a * at_b;
    return p;
}

/* h += w v u', both ways, where v = (-x, y) and u = (-x, y_u). */
static void add_product(double *h, size_t k, double w, const double *x,
                        double y, double y_u)
{
    if (w == 0)
        return;
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j <= i; j++)
            h[i * (k + 1) + j] += w * x[i] * x[j];
    for (size_t j = 0; j < k; j++)
        h[k * (k + 1) + j] -= w * x[j] * (y + y_u) / 2;
    h[k * (k + 1) + k] += w * y * y_u;
}

static void add_gradient(double *g, size_t k, double w, const double *x,
                         double y)
{
    if (w == 0)
        return;
    for (size_t j = 0; j < k; j++)
        g[j] -= w * x[j];
    g[k] += w * y;
}

double ts_tobit_likelihood(const ts_tobit *f, const double *theta, double *g,
                           double *h)
{
    size_t k = f->rank, m = k + 1;
    double gamma = theta[k];
    ts_sum sum = {0};
    if (!(gamma > 0))
        return -INFINITY;
    if (g) {
        memset(g, 0, m * sizeof *g);
        memset(h, 0, m * m * sizeof *h);
    }
    for (size_t i = 0; i < f->n; i++) {
        const double *x = f->q + i * k;
        double a = f->a[i], b = f->b[i];
        if (a == b) {
            double z = z_of(theta, x, a, k);
            ts_sum_add(&sum, log(gamma) - z * z / 2 - HALF_LN_2PI);
            if (g) {
                add_gradient(g, k, -z, x, a);
                g[k] += 1 / gamma;
                add_product(h, k, 1, x, a, a);
                h[m * m - 1] += 1 / (gamma * gamma);
            }
            continue;
        }
        bool low = a != -INFINITY, high = b != INFINITY;
        part p = part_of(low ? z_of(theta, x, a, k) : a,
                         high ? z_of(theta, x, b, k) : b);
        ts_sum_add(&sum, p.log_lik);
        if (!g)
            continue;
        if (low) {
            add_gradient(g, k, p.d[0], x, a);
            add_product(h, k, p.h00, x, a, a);
        }
        if (high) {
            add_gradient(g, k, p.d[1], x, b);
            add_product(h, k, p.h11, x, b, b);
        }
        if (low && high)
            add_product(h, k, 2 * p.h01, x, a, b);
    }
    return ts_sum_value(&sum);
}
