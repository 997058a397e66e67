/* Exact null distributions of rank statistics: weights on equally spaced
 * integers. Counts stay exact up to 2^53 and lose a rounding per addition
 * above; nothing is ever subtracted, so both tails keep their digits. */
#ifndef TS_LATTICE_H
#define TS_LATTICE_H

#include <stddef.h>
#include <stdint.h>
#include "ts/error.h"
#include "ts/exact.h"

typedef struct {
    double *weight; /* of first, first + step, ... */
    size_t n;
    int64_t first, step;
    double total; /* of all weights */
} ts_lattice;

/*
 * Sums of the scores of m of n units, all choices alike, by the shift
 * algorithm (Streitberg and Roehmel 1986, Stat Softw Newsl 12:10). score:
 * increasing; 0 < m <= n. Additions needed: ts_subset_steps.
 */
ts_status ts_lattice_subset(const int64_t *score, size_t n, size_t m,
                            ts_lattice *out, ts_error *err);
double ts_subset_steps(const int64_t *score, size_t n, size_t m);

/* Sums of the scores of those units whose fair coin fell on heads; weights
 * are probabilities. score: n >= 1 positive numbers. */
ts_status ts_lattice_signs(const int64_t *score, size_t n, ts_lattice *out,
                           ts_error *err);
double ts_signs_steps(const int64_t *score, size_t n);

/* Sums over strata: begin with nothing, which is 0 with certainty, and add the
 * part of each, whose units are worth `factor` each. Weights of the total are
 * probabilities. */
ts_status ts_lattice_nothing(ts_lattice *total, ts_error *err);
ts_status ts_lattice_convolve(ts_lattice *total, const ts_lattice *part,
                              int64_t factor, ts_error *err);
/* Least common multiple of two numbers above 0; 0 when it is too large. */
int64_t ts_common_multiple(int64_t a, int64_t b);

void ts_lattice_free(ts_lattice *lattice);

typedef struct {
    double lower, upper; /* P(T <= t), P(T >= t) */
    double absdev;       /* P(|T - E| >= |t - E|) */
} ts_tails;

/* E is mean / divisor, exactly. */
ts_tails ts_lattice_tails(const ts_lattice *lattice, int64_t t, int64_t mean,
                          int64_t divisor);

typedef struct {
    double lower, upper, central, absdev;
} ts_smallest;

/* The smallest P that any value of the statistic has. */
ts_smallest ts_lattice_smallest(const ts_lattice *lattice, int64_t mean,
                                int64_t divisor);

/* Largest whole number that divides all differences of the n scores; 1 when
 * they are equal. */
int64_t ts_score_step(const int64_t *score, size_t n);

#endif
