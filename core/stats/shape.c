/* The shape of a sample: moments, distances from the median, normality. */
#include "ts/describe.h"

#include <math.h>
#include <stdlib.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "ts/sum.h"

/* Sum of ((x - mean) / sd)^power. */
static double standardised(const double *x, size_t n, int power)
{
    double mean = ts_mean(x, n), sd = ts_sd(x, n);
    ts_sum sum = {0};
    if (!(sd > 0))
        return NAN;
    for (size_t i = 0; i < n; i++) {
        double z = (x[i] - mean) / sd;
        ts_sum_add(&sum, power == 3 ? z * z * z : z * z * z * z);
    }
    return ts_sum_value(&sum);
}

double ts_skewness(const double *x, size_t n)
{
    double k = (double)n;
    if (n < 3)
        return NAN;
    return k / ((k - 1) * (k - 2)) * standardised(x, n, 3);
}

double ts_kurtosis(const double *x, size_t n)
{
    double k = (double)n;
    if (n < 4)
        return NAN;
    return k * (k + 1) / ((k - 1) * (k - 2) * (k - 3)) * standardised(x, n, 4) -
           3 * (k - 1) * (k - 1) / ((k - 2) * (k - 3));
}

double ts_mad_sorted(const double *x, size_t n)
{
    double median = ts_median_sorted(x, n), last = NAN, before = NAN;
    size_t low = 0, high, taken = 0;
    if (n == 0)
        return NAN;
    while (low < n && x[low] < median)
        low++;
    high = low;
    /* outwards from the median, the nearer side first, to the middle */
    while (taken < n / 2 + 1) {
        double down = low > 0 ? median - x[low - 1] : INFINITY;
        double up = high < n ? x[high] - median : INFINITY;
        before = last;
        last = fmin(down, up);
        if (down <= up)
            low--;
        else
            high++;
        taken++;
    }
    return n % 2 ? last : before + (last - before) / 2;
}

/* Shapiro and Wilk --------------------------------------------------------- */

static double polynomial(const double *c, size_t n, double x)
{
    double sum = 0;
    while (n-- > 0)
        sum = sum * x + c[n];
    return sum;
}

static double normal_score(size_t i, size_t n)
{
    return qnorm5(((double)i - 0.375) / ((double)n + 0.25), 0, 1, 1, 0);
}

/* Weights of the largest and the second largest value, and what the other
 * normal scores are divided by. */
static void outer_weights(size_t n, double *first, double *second,
                          double *divisor)
{
    static const double c1[] = {0,         0.221157, -0.147981,
                                -2.071190, 4.434685, -2.706056};
    static const double c2[] = {0,         0.042981, -0.293762,
                                -1.752461, 5.682633, -3.582633};
    double squares = 0, x = 1 / sqrt((double)n);
    for (size_t i = 1; i <= n; i++)
        squares += normal_score(i, n) * normal_score(i, n);
    double m1 = normal_score(n, n), m2 = normal_score(n - 1, n);
    *first = polynomial(c1, 6, x) + m1 / sqrt(squares);
    *second = polynomial(c2, 6, x) + m2 / sqrt(squares);
    *divisor = n > 5
                   ? sqrt((squares - 2 * m1 * m1 - 2 * m2 * m2) /
                          (1 - 2 * *first * *first - 2 * *second * *second))
                   : sqrt((squares - 2 * m1 * m1) / (1 - 2 * *first * *first));
}

static double weighted_sum(const double *x, size_t n)
{
    double first, second, divisor;
    ts_sum sum = {0};
    if (n == 3)
        return sqrt(0.5) * (x[2] - x[0]);
    outer_weights(n, &first, &second, &divisor);
    for (size_t i = 1; i <= n / 2; i++) {
        double weight = i == 1 ? first
                        : i == 2 && n > 5
                            ? second
                            : normal_score(n - i + 1, n) / divisor;
        ts_sum_add(&sum, weight * (x[n - i] - x[i - 1]));
    }
    return ts_sum_value(&sum);
}

static double p_of_w(double w, size_t n)
{
    static const double c3[] = {0.5440, -0.39978, 0.025054, -6.714e-4};
    static const double c4[] = {1.3822, -0.77857, 0.062767, -0.0020322};
    static const double c5[] = {-1.5861, -0.31082, -0.083751, 0.0038915};
    static const double c6[] = {-0.4803, -0.082676, 0.0030302};
    double y = log1p(-w), mean, sd, k = (double)n, x = log(k);
    if (n == 3)
        return fmax(0, 6 / M_PI * (asin(sqrt(w)) - asin(sqrt(0.75))));
    if (n <= 11) {
        double gamma = 0.459 * k - 2.273;
        if (y >= gamma)
            return 1e-99;
        y = -log(gamma - y);
        mean = polynomial(c3, 4, k);
        sd = exp(polynomial(c4, 4, k));
    } else {
        mean = polynomial(c5, 4, x);
        sd = exp(polynomial(c6, 3, x));
    }
    return pnorm5(y, mean, sd, 0, 0);
}

void ts_shapiro_wilk(const double *x, size_t n, double *w, double *p)
{
    *w = *p = NAN;
    if (n < 3 || n > 5000 || !(ts_sd(x, n) > 0))
        return;
    double sd = ts_sd(x, n), weighted = weighted_sum(x, n) / sd;
    *w = fmin(1, weighted * weighted / ((double)n - 1));
    *p = p_of_w(*w, n);
}

void ts_normal_scores(size_t n, double *score)
{
    for (size_t i = 0; i < n; i++)
        score[i] = qnorm(((double)i + 0.625) / ((double)n + 0.25), 0, 1, 1, 0);
}
