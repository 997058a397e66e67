/*
 * Values of which some are only known to lie below a limit, by their order
 * alone: the largest value comes first, as a time to an event that is
 * right-censored, so that limits may differ between rows.
 *
 *     ts_nondetect data = {.value = x, .below = b, .n = n, .group = arm,
 *                          .n_group = 2};
 *     ts_peto_prentice(&data, &opt, &r, observed, expected, &err);
 */
#ifndef TS_NONDETECT_H
#define TS_NONDETECT_H

#include "ts/rank.h"
#include "ts/survival.h"

typedef struct {
    const double *value; /* n, finite; of those below a limit the limit */
    const bool *below;   /* n */
    size_t n;
    const int *group; /* n codes 0 .. n_group-1, or NULL: one group */
    size_t n_group;
    const int *stratum; /* the same of strata; the curves take no notice */
    size_t n_stratum;
} ts_nondetect;

/* The events of ts_peto_prentice are values that are measured; observed and
 * expected are weighted. Of two groups z is above 0 when group 1 has larger
 * values. */
typedef struct {
    ts_logrank_result asymptotic;
    bool exact;
    double p_value;    /* exact, where it is, else that of the statistic */
    double p_smallest; /* exact only, else NaN */
} ts_peto_result;

/*
 * Peto-Prentice test (Prentice 1978; Latta 1981, Biometrika 68:713): a weighted
 * log-rank test of the turned values, for k groups chi-square. weight:
 * TS_PETO_PRENTICE, or TS_FLEMING_HARRINGTON, the test of R's survdiff(rho = 1)
 * and of NADA. With strata, what is observed, expected and its variance are
 * summed over them. Of two groups exact, by all choices of the group's members
 * among the scores, within strata, while two halves of the scores (one stratum,
 * two halves of the strata) have no more than 2^20 sums each; that takes limits
 * to be alike in both groups. Of opt alternative, two_sided and exact are used.
 * TS_EDEGENERATE when a group is empty, TS_ELIMIT when an exact test is asked
 * for and cannot be had. observed and expected: n_group numbers each, or NULL.
 */
ts_status ts_peto_prentice(const ts_nondetect *data, ts_logrank_weight weight,
                           const ts_rank_options *opt, ts_peto_result *out,
                           double *observed, double *expected, ts_error *err);

/*
 * Kaplan-Meier by group of the turned values: a curve's time is minus the
 * value, survival the share below it. Limits log-log. ts_km_quantile_at(km, g,
 * 1 - p) has minus the quantile p of the values; NaN where it is below the
 * last limit. The caller frees *out.
 */
ts_status ts_nondetect_km(const ts_nondetect *data, double conf_level,
                          ts_km **out, ts_error *err);

#endif
