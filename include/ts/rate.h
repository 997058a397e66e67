/*
 * Rates of events per person-time, of one group and of two.
 *
 *     ts_rate r;
 *     ts_rate_options opt = {.null = NAN, .conf_level = 0.95};
 *     ts_rate_of(7, 412.5, &opt, &r, &err);
 *
 * Events are counts, person-time is a number of any unit. Ratios are the first
 * group over the second, differences the first minus the second. All but
 * ts_rate_robust takes events for those of a Poisson process: subjects who have
 * many of them make the intervals too narrow.
 */
#ifndef TS_RATE_H
#define TS_RATE_H

#include <stddef.h>
#include "ts/counts.h"

typedef struct {
    ts_alternative alternative;
    double null; /* the rate that is tested; NaN: none */
    double conf_level;
} ts_rate_options;

typedef struct {
    double estimate, std_error, conf_low, conf_high, p_value;
} ts_rate;

/* Exact interval of Garwood (1936, Biometrika 28:437); P is twice the smaller
 * tail. TS_EDEGENERATE when there is no person-time. */
ts_status ts_rate_of(double events, double time, const ts_rate_options *opt,
                     ts_rate *out, ts_error *err);

typedef struct {
    double events_1, time_1, events_2, time_2;
} ts_two_rates;

/*
 * Ratio of rates, given the sum of events: the first group's are binomial
 * (Przyborowski and Wilenski 1940, Biometrika 31:313), so that options and
 * result are those of ts_fisher, a ratio of rates in the place of odds. n > 1:
 * a ratio common to n strata; those without person-time in a group say
 * nothing. TS_EDEGENERATE when none is left.
 */
ts_status ts_rate_ratio(const ts_two_rates *strata, size_t n,
                        const ts_odds_options *opt, ts_exact_odds *out,
                        ts_error *err);

/*
 * Difference of rates by the score test of Miettinen and Nurminen (1985, Stat
 * Med 4:213), whose variance is that of the rates fitted under the difference.
 * Of opt alternative, null and conf_level are used.
 */
ts_status ts_rate_difference(const ts_two_rates *rates,
                             const ts_two_options *opt, ts_two_result *out,
                             ts_error *err);

/* Subjects: n counts and times, group 1, 0 or below 0 for neither. */
typedef struct {
    const double *events, *time;
    const int *group;
    size_t n;
} ts_rate_subjects;

typedef struct {
    double estimate;  /* ratio of the rate of group 1 over that of 0 */
    double std_error; /* of its logarithm */
    double df, statistic, p_value, conf_low, conf_high;
    double dispersion; /* Pearson's: 1 of a Poisson process */
} ts_robust_rates;

/*
 * Ratio of rates with a variance that holds whatever the process: sum of
 * squared residuals of a group over its squared events (the sandwich of a
 * Poisson model with the time as offset; Lawless and Nadeau 1995,
 * Technometrics 37:158), times m / (m - 1) for m subjects, so that with equal
 * times it is that of means; t with Welch's degrees of freedom. Of opt
 * alternative, null (a ratio) and conf_level are used. What does not exist is
 * NaN: without events in a group all but, perhaps, the estimate; with one
 * subject in one all beyond the estimate. TS_EDEGENERATE when a group has no
 * time.
 */
ts_status ts_rate_robust(const ts_rate_subjects *data,
                         const ts_rate_options *opt, ts_robust_rates *out,
                         ts_error *err);

#endif
