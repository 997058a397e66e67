/* What rank tests of shifts share: values as whole numbers, the shifts at
 * which ranks change, and the search for the limits of an interval. */
#ifndef TS_RANK_PAIRS_H
#define TS_RANK_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lattice.h"
#include "ts/rank.h"

/*
 * The decimals with which all values of two samples (y may be empty) and mu
 * are written, up to a rounding of 1e-9 of the last of them; -1 when there are
 * more than 12 or the values are too large to be whole numbers in that unit.
 */
int ts_decimal_grid(const double *x, size_t n_1, const double *y, size_t n_2,
                    double mu);

/* A few units in the last place of the larger of two numbers. */
double ts_rounding(double a, double b);

/* A sample, increasing: whole numbers in units of 1 / scale, or the values
 * themselves with scale 1 where they are no decimals. */
typedef struct {
    double *x;
    size_t n;
    int *tie; /* equal values have equal numbers, from 0 */
} ts_ranked;

ts_status ts_ranked_new(const double *x, size_t n, int decimals, ts_ranked *out,
                        ts_error *err);
void ts_ranked_free(ts_ranked *sample);
double ts_grid_scale(int decimals);
/* x in these units: whole if the values are. */
double ts_grid_value(double x, int decimals);

/* A pair of units and the shift at which they change their order. */
typedef struct {
    double shift, tolerance; /* nearer than that is equal */
    uint32_t i, j;
} ts_pair;

/* Increasing by shift. */
void ts_pairs_sort(ts_pair *pairs, size_t n);
/* Median of the shifts of sorted pairs. */
double ts_pairs_median(const ts_pair *pairs, size_t n);

/*
 * Positions: 2k + 1 is the k-th of n distinct shifts, 2k the gap before it,
 * 2n that behind the last. cluster[p] becomes the number of the shift of
 * pairs[p]; shift[k] its value; both have n_pairs elements.
 */
size_t ts_pairs_cluster(const ts_pair *pairs, size_t n_pairs, uint32_t *cluster,
                        double *shift, double *tolerance);
size_t ts_shift_position(const double *shift, const double *tolerance, size_t n,
                         double mu);

/* Order at a position of a pair whose shift is cluster c: 1 above, 0 tied,
 * -1 below. */
static inline int ts_order_at(size_t position, uint32_t c)
{
    size_t own = 2 * (size_t)c + 1;
    return (own > position) - (own < position);
}

/* Tails of the exact test at a position. */
typedef ts_status (*ts_tails_at)(void *context, size_t position,
                                 ts_tails *tails, ts_error *err);

typedef struct {
    ts_tails_at tails;
    void *context;
    const double *shift; /* distinct, increasing */
    size_t n;
    size_t guess_low, guess_high; /* positions where limits may lie */
} ts_inversion;

/* Limits in units of the shifts; opt: alternative, two_sided, conf_level. */
ts_status ts_invert(const ts_inversion *in, const ts_rank_options *opt,
                    ts_rank_test *out, ts_error *err);

/* P of tails by the rule of opt. */
double ts_tails_p(const ts_tails *tails, const ts_rank_options *opt);
double ts_smallest_p(const ts_smallest *smallest, const ts_rank_options *opt);

/* The two tails of a normal test: the deviation of the statistic from its
 * mean, its standard deviation, the correction. */
ts_tails ts_normal_tails(double deviation, double sd, double correction);

/* The deviate, corrected towards 0 (two-sided) or against the alternative. */
double ts_normal_z(double deviation, double sd, double correction,
                   ts_alternative alternative);

/* The same search where tails are normal and shifts too many to list:
 * tails(context, mu, after): at mu, or just above it. */
typedef ts_tails (*ts_tails_of)(void *context, double mu, bool after);
/* Pairs below mu: count(context, mu) of those with shift <= mu. */
typedef double (*ts_count_of)(void *context, double mu);

/* The smallest number between low and high for which count(context, number)
 * is at least k: a shift, found by halving what lies between as doubles, or as
 * whole numbers. count(high) >= k. */
double ts_shift_select(ts_count_of count, void *context, double k, double low,
                       double high, bool whole);
/* Median of n pairs. */
double ts_shift_median(ts_count_of count, void *context, double n, double low,
                       double high, bool whole);
ts_status ts_invert_normal(ts_tails_of tails, ts_count_of count, void *context,
                           double low, double high, bool whole,
                           const ts_rank_options *opt, ts_rank_test *out,
                           ts_error *err);

/* A result of which nothing is known. */
extern const ts_rank_test ts_rank_empty;

ts_status ts_rank_check(const double *x, size_t n, const char *which,
                        ts_error *err);
ts_status ts_rank_check_options(const ts_rank_options *opt, ts_error *err);

/* Sets inconsistent: whether P and interval disagree about mu. */
void ts_rank_consistent(const ts_rank_options *opt, ts_rank_test *t);

#endif
