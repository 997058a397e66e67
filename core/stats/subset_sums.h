/* The exact distribution of the sum of m of n scores, all choices alike, where
 * scores are no whole numbers. */
#ifndef TS_SUBSET_SUMS_H
#define TS_SUBSET_SUMS_H

#include <stdbool.h>
#include "lattice.h"

/*
 * Tails of the sum at an observed one, and of the most extreme sums there are.
 * Half of the scores are listed with all their sums, sorted, and met by those
 * of the other half (Horowitz and Sahni 1974, J ACM 21:277); equal scores count
 * together. *possible is false where a half has more than 2^20 sums. Sums that
 * differ by 1e-10 of all scores are equal.
 */
ts_status ts_subset_sums(const double *score, size_t n, size_t m,
                         double observed, ts_tails *tails,
                         ts_smallest *smallest, bool *possible, ts_error *err);

/* The same of m[h] of the scores of each stratum h; stratum: n codes from 0. All
 * choices within a stratum are listed, and two halves of the strata are met. */
ts_status ts_stratified_sums(const double *score, const int *stratum, size_t n,
                             const size_t *m, size_t n_stratum, double observed,
                             ts_tails *tails, ts_smallest *smallest,
                             bool *possible, ts_error *err);

#endif
