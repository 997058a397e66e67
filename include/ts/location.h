/*
 * Tests and intervals for means: Student's and Welch's t.
 *
 *     ts_ttest_options opt = {.conf_level = 0.95};     two-sided, Welch
 *     ts_ttest t;
 *     ts_ttest_two(active, n_1, placebo, n_2, &opt, &t, &err);
 *
 * Every difference is the first sample minus the second.
 */
#ifndef TS_LOCATION_H
#define TS_LOCATION_H

#include <stdbool.h>
#include <stddef.h>
#include "ts/error.h"

typedef enum { TS_TWO_SIDED, TS_LESS, TS_GREATER } ts_alternative;

typedef struct {
    ts_alternative alternative; /* greater: the estimate is above mu */
    bool pooled;                /* one variance for both samples */
    double mu;                  /* under the null hypothesis */
    double conf_level;
} ts_ttest_options;

/* Why statistic, P and interval of a result do not exist. */
typedef enum {
    TS_TTEST_WHOLE,   /* they do */
    TS_TTEST_ONE,     /* a sample of one value has no standard deviation */
    TS_TTEST_CONSTANT /* no variation at all, up to rounding */
} ts_ttest_reason;

typedef struct {
    double estimate; /* mean, or difference of means */
    double std_error, statistic, df, p_value;
    double conf_low, conf_high;    /* one-sided: infinite on one side */
    double half_width; /* of the interval; there even where the test is not,
                        * for the values vary by no more than rounding */
    double estimate_1, estimate_2; /* the means */
    double sd_1, sd_2;
    size_t n_1, n_2;
    ts_ttest_reason reason; /* fields that do not exist are NaN */
} ts_ttest;

/*
 * Samples are finite numbers. TS_EDEGENERATE for an empty sample, TS_EINVALID
 * for values that are not finite or a conf_level outside (0, 1).
 *
 * One sample against mu (Student 1908, Biometrika 6:1).
 */
ts_status ts_ttest_one(const double *x, size_t n, const ts_ttest_options *opt,
                       ts_ttest *out, ts_error *err);
/* x[i] - y[i] against mu; estimate_1 and _2 are the means of x and y. */
ts_status ts_ttest_paired(const double *x, const double *y, size_t n,
                          const ts_ttest_options *opt, ts_ttest *out,
                          ts_error *err);
/* Unequal variances with Satterthwaite's degrees of freedom (Welch 1947,
 * Biometrika 34:28), or pooled. */
ts_status ts_ttest_two(const double *x, size_t n_1, const double *y, size_t n_2,
                       const ts_ttest_options *opt, ts_ttest *out,
                       ts_error *err);

#endif
