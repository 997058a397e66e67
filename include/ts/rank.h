/*
 * Rank tests: exact with ties while that takes no more than TS_EXACT_STEPS
 * additions (of two samples a tenth of it, unless it is asked for), else
 * normal. Intervals hold the shifts that the same test does not reject.
 *
 *     ts_rank_options opt = {.conf_level = 0.95};        two-sided, central
 *     ts_rank_test t;
 *     ts_wilcoxon(active, n_1, placebo, n_2, &opt, &t, &err);
 *
 * Values are ranked as the decimals that they are: where all of them are
 * decimal numbers but for rounding (0.3 - 0.1 and 0.2), they are compared as
 * such; others are tied when they differ by a few units in the last place.
 */
#ifndef TS_RANK_H
#define TS_RANK_H

#include <stdbool.h>
#include <stddef.h>
#include "ts/error.h"
#include "ts/exact.h"
#include "ts/location.h"

typedef struct {
    ts_alternative alternative; /* greater: the shift is above mu */
    ts_two_sided two_sided;     /* TS_CENTRAL or TS_ABSDEV */
    ts_exact exact;
    double mu; /* under the null hypothesis */
    double conf_level;
    bool no_continuity; /* leave out the correction of the normal test */
    bool pratt;         /* signed ranks: zeros take ranks, then go */
} ts_rank_options;

typedef struct {
    double estimate; /* Hodges-Lehmann: median of differences or averages */
    double conf_low, conf_high; /* infinite where nothing is rejected */
    bool low_open, high_open;   /* the limit itself is rejected */
    double statistic;           /* U of the first sample, or V */
    double z;                   /* NaN where the test is exact */
    double p_value;
    double p_smallest;  /* that these values can give; exact only */
    double superiority; /* P(X > Y) + P(X = Y) / 2; two samples */
    double steps;       /* that the exact distribution needs */
    size_t n_1, n_2;
    size_t n_zero; /* signed ranks: differences equal to mu */
    bool exact, tied;
    bool inconsistent; /* P and interval disagree about mu: see ts_wilcoxon */
} ts_rank_test;

/*
 * Two samples (Wilcoxon 1945, Mann and Whitney 1947) of finite numbers.
 * statistic counts pairs with x - mu > y, ties half. Limits are differences
 * x - y; as mu grows by such a difference, ties come and go, and P(T >= t) of
 * the permutation distribution never falls: each unit's rank moves in favour
 * of the other side. So central intervals are exact inversions. With absdev
 * the shifts around the estimate are taken; others may not be rejected
 * either, and when mu is one of them the result says inconsistent.
 * TS_EDEGENERATE for an empty sample; TS_ELIMIT when the exact distribution is
 * asked for and takes more than TS_EXACT_STEPS.
 */
ts_status ts_wilcoxon(const double *x, size_t n_1, const double *y, size_t n_2,
                      const ts_rank_options *opt, ts_rank_test *out,
                      ts_error *err);

/*
 * One sample of differences against mu. statistic is the sum of the ranks of
 * those above mu. Zeros are left out before ranking (Wilcoxon) or after it
 * (Pratt 1959, JASA 54:655). The estimate is the median of the averages
 * (x[i] + x[j]) / 2, i <= j, of all values. Left out before, a zero changes
 * the number of ranks, so that P at a shift equal to a value may not fit the
 * interval made of the shifts between; then the result says inconsistent.
 */
ts_status ts_signed_rank(const double *x, size_t n, const ts_rank_options *opt,
                         ts_rank_test *out, ts_error *err);

/*
 * Sign test against mu: statistic is the number of values above it; those
 * equal to it are left out. Both tails of the binomial distribution, always
 * exact. The estimate is the median with the interval of ts_median_interval,
 * which holds the mu between values that are not rejected.
 */
ts_status ts_sign_test(const double *x, size_t n, const ts_rank_options *opt,
                       ts_rank_test *out, ts_error *err);

/* Several groups or strata ------------------------------------------------- */

/* n values, group[i] in 0 .. n_group - 1. */
typedef struct {
    const double *x;
    const int *group;
    size_t n, n_group;
} ts_groups;

typedef struct {
    double statistic, df, z; /* NaN where a test has none */
    double p_value, p_smallest, steps;
    bool exact, tied;
    size_t n_used;    /* values in strata or groups that say something */
    size_t n_stratum; /* strata among them */
} ts_group_test;

/*
 * Kruskal and Wallis (1952, JASA 47:583), H corrected for ties. Exact by
 * recursion over the rank sums of all groups but the largest, else chi-square.
 * rank_sum, if not NULL, takes n_group sums of mid-ranks. Empty groups are
 * passed over; TS_EDEGENERATE with fewer than two others. statistic is 0 and P
 * is 1 where all values are equal.
 */
ts_status ts_kruskal(const ts_groups *data, ts_exact exact, double *rank_sum,
                     ts_group_test *out, ts_error *err);

/*
 * Jonckheere (1954, Biometrika 41:133) and Terpstra: statistic counts pairs
 * that rise from a group to a later one, ties half; greater: values rise.
 * Exact, else normal with the variance corrected for ties, no correction for
 * continuity. two_sided: TS_ABSDEV or TS_CENTRAL.
 */
ts_status ts_jonckheere(const ts_groups *data, const ts_rank_options *opt,
                        ts_group_test *out, ts_error *err);

/*
 * Two groups within strata (van Elteren 1960): rank sums of group 1, weighted
 * by 1 / (n + 1) of their stratum. statistic is their deviation from the mean,
 * z the deviate. Strata that lack a group say nothing. greater: group 1 is
 * larger. Exact over all allocations within strata, else normal.
 */
ts_status ts_van_elteren(const ts_groups *data, const int *stratum,
                         size_t n_stratum, const ts_rank_options *opt,
                         ts_group_test *out, ts_error *err);

#endif
