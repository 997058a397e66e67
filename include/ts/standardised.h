/*
 * Differences of means in units of a standard deviation.
 *
 *     ts_smd_options opt = {.pooled = true, .conf_level = 0.95};   Cohen's d
 *     ts_smd d;
 *     ts_smd_two(active, n_1, placebo, n_2, &opt, &d, &err);
 */
#ifndef TS_STANDARDISED_H
#define TS_STANDARDISED_H

#include <stdbool.h>
#include <stddef.h>
#include "ts/error.h"

typedef struct {
    bool pooled; /* the pooled SD; else the root of the mean variance */
    bool hedges; /* times the factor that takes the bias away */
    double conf_level;
} ts_smd_options;

typedef struct {
    double estimate, conf_low, conf_high;
    double std_error; /* of the difference, not divided */
    double df;        /* of the interval */
    double sd;        /* by which the difference is divided */
    double estimate_1, estimate_2, sd_1, sd_2;
    size_t n_1, n_2;
} ts_smd;

/*
 * (mean x - mean y) / sd. The interval turns that of the non-centrality of t
 * (Steiger and Fouladi 1997): exact for the pooled SD of normal values with one
 * variance, else with Welch's standard error and df. The factor of Hedges
 * (1981, J Educ Stat 6:107) is the exact one, with the df of the SD (of the
 * mean variance: Delacre et al. 2021). Fields that do not exist are NaN.
 * TS_EDEGENERATE for an empty sample, TS_EINVALID for values that are not
 * finite or a conf_level outside (0, 1).
 */
ts_status ts_smd_two(const double *x, size_t n_1, const double *y, size_t n_2,
                     const ts_smd_options *opt, ts_smd *out, ts_error *err);

/* P(T <= t), or P(T > t), of Student's t with this non-centrality, to
 * 1e-12 of itself or 1e-17. */
double ts_noncentral_t(double t, double df, double ncp, bool upper);

#endif
