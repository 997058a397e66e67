/* Exact distributions over all permutations of one variable. */
#ifndef TS_PERMUTED_H
#define TS_PERMUTED_H

#include <stdbool.h>
#include "lattice.h"

/*
 * Sums of the products of n scores a and a permutation of n scores b, each
 * increasing; ties in b, the more the better, save work. *possible is false
 * and out empty where it takes more than TS_EXACT_STEPS or TS_EXACT_NUMBERS.
 */
ts_status ts_permuted_products(const int64_t *a, const int64_t *b, size_t n,
                               ts_lattice *out, bool *possible, ts_error *err);

/* Pairs that rise less pairs that fall, over all orders of values of which
 * size[k] are equal. */
ts_status ts_permuted_pairs(const size_t *size, size_t k, ts_lattice *out,
                            bool *possible, ts_error *err);

#endif
