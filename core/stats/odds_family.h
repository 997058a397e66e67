/* Distributions on 0 .. n-1 with weights c[x] odds^x: the count of a 2 x 2
 * table given its margins, sums of such over strata, binomials. */
#ifndef TS_ODDS_FAMILY_H
#define TS_ODDS_FAMILY_H

#include "ts/counts.h"

typedef struct {
    double *log_weight; /* log-concave in x */
    size_t n;
} ts_odds_family;

/* Events of the first group, less the fewest possible, given all events. */
ts_status ts_odds_hypergeometric(const ts_two_by_two *t, ts_odds_family *out,
                                 ts_error *err);
/* Successes of n trials. */
ts_status ts_odds_binomial(double n, ts_odds_family *out, ts_error *err);
/* The sum of two independent counts with the same odds, in place of the
 * first. */
ts_status ts_odds_convolve(ts_odds_family *a, const ts_odds_family *b,
                           ts_error *err);
void ts_odds_free(ts_odds_family *f);

typedef struct {
    double lower, upper, point; /* P(X <= x), P(X >= x), P(X = x) */
    double minlike;             /* all as improbable, up to 1e-7 */
} ts_odds_tails;

ts_odds_tails ts_odds_tails_at(const ts_odds_family *f, size_t x,
                               double log_odds);

/* The most probable x, and the range of those that are not 0 beside it. */
size_t ts_odds_mode(const ts_odds_family *f, double log_odds);
void ts_odds_window(const ts_odds_family *f, size_t mode, double log_odds,
                    size_t *from, size_t *to);

/* All of out but its caller's checks. */
ts_status ts_odds_infer(const ts_odds_family *f, size_t x,
                        const ts_odds_options *opt, ts_exact_odds *out,
                        ts_error *err);

#endif
