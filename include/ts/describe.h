/*
 * Summaries of one sample.
 *
 *     ts_description d;
 *     ts_describe(x, n, 2, &d, &err);     NaN in x is missing
 *     d.n, d.n_missing, d.mean, d.sd, d.q1 ...
 *
 * The single functions take n finite numbers and are what SQL aggregates and
 * column methods call, so that the same data give the same bits everywhere:
 * mean is the compensated sum over n. They have no error channel: what does
 * not exist (the SD of one value) is NaN.
 */
#ifndef TS_DESCRIBE_H
#define TS_DESCRIBE_H

#include <stdbool.h>
#include <stddef.h>
#include "ts/error.h"

double ts_mean(const double *x, size_t n);
/* Divisor n - 1; two passes, the second corrected by the sum of its own
 * deviations (Chan, Golub and LeVeque 1983, Am Stat 37:242). */
double ts_variance(const double *x, size_t n);
double ts_sd(const double *x, size_t n);
/* exp of mean and SD of the logarithms; NaN unless all x > 0. */
double ts_geomean(const double *x, size_t n);
double ts_geosd(const double *x, size_t n);
/* Coefficient of variation in percent: 100 sqrt(exp(s^2) - 1), s the SD of
 * the logarithms. */
double ts_geocv(const double *x, size_t n);

/* Skewness and excess kurtosis with the factors of SAS (type 2 of Joanes and
 * Gill 1998, Statistician 47:183); NaN below three and four values, or where
 * all are equal. */
double ts_skewness(const double *x, size_t n);
double ts_kurtosis(const double *x, size_t n);

/* Increasing, in place. */
void ts_sort(double *x, size_t n);
/* Middle value, or mean of the two middle ones, of increasing x. */
double ts_median_sorted(const double *sorted, size_t n);
/*
 * Quantile at 0 <= p <= 1 of increasing x, types 1 to 9 of Hyndman and Fan
 * (1996, Am Stat 50:361); 2 is SAS's, 7 is R's, 6 is Prism's. A position
 * within 4 epsilon of a whole number is that number, as in R.
 */
double ts_quantile_sorted(const double *sorted, size_t n, double p, int type);

/* Median of the distances from the median, without a factor. */
double ts_mad_sorted(const double *sorted, size_t n);

/* Where n increasing values are to stand on the axis of a normal one: quantiles
 * at (i - 3/8) / (n + 1/4) (Blom 1958; SAS's normal scores). */
void ts_normal_scores(size_t n, double *score);

/*
 * W of Shapiro and Wilk and its P, by Royston (1995, Appl Stat 44:547, AS R94),
 * of 3 to 5000 increasing values that are not all equal; else both are NaN.
 */
void ts_shapiro_wilk(const double *sorted, size_t n, double *w, double *p);

/*
 * Interval of the median of increasing x, exact for any distribution: from the
 * k-th smallest to the k-th largest value, k the largest that leaves at most
 * (1 - conf_level) / 2 outside each. *achieved is the level it has. One-sided
 * (lower or upper bound alone, the whole 1 - conf_level outside): which = 'l'
 * or 'u', else 0. False, and NaN, where even the extremes leave more outside.
 */
bool ts_median_interval(const double *sorted, size_t n, double conf_level,
                        char which, double *low, double *high,
                        double *achieved);

/*
 * Standard error of the median of increasing x, without a distribution: from
 * two values as far from either end, by how far apart normal ones would be
 * (Price and Bonett 2001, J Stat Comput Sim 68:295). NaN of one value.
 */
double ts_median_error(const double *sorted, size_t n);

/* Decimals with which the n numbers are written, or most + 1 when it takes
 * more: numbers that were computed, not recorded. */
int ts_decimals(const double *x, size_t n, int most);

typedef struct {
    size_t n, n_missing;
    size_t n_not_positive; /* above 0 there is no geometric mean */
    double sum, mean, sd, se;
    double median, q1, q3, min, max;
    double geomean, geosd, geocv;
    double cv; /* 100 sd / mean */
    double mad, skewness, kurtosis;
    double shapiro_w, shapiro_p;
    double conf_low, conf_high; /* of the mean, by Student's t */
    double geomean_low, geomean_high;
    double median_low, median_high, median_level; /* ts_median_interval */
} ts_description;

/* All of it; fields that do not exist are NaN. TS_EINVALID for an infinite
 * value, a quantile_type other than 1 .. 9, a conf_level outside (0, 1). */
ts_status ts_describe(const double *x, size_t n, int quantile_type,
                      double conf_level, ts_description *out, ts_error *err);

#endif
