/*
 * Allocations of subjects to arms that a randomisation could have dealt in the
 * place of the one that it did.
 *
 *     ts_scheme scheme = {.n = n, .arm = arm, .n_arm = 3, .ratio = ratio,
 *                         .stratum = country, .size = &three, .n_size = 1};
 *     ts_allocation_new(&scheme, kept, &a, &err);
 *     ts_random_start(&stream, seed, scenario, replicate);
 *     ts_allocation_draw(a, &stream, out);
 *     ts_allocation_free(a);
 *
 * Subjects stand in the order in which they were randomised. With sizes they
 * fill permuted blocks, stratum by stratum, one block after the other: a block
 * of m has m ratio[k] / sum places of arm k, and all orders are as likely; the
 * last one may have been broken off, and is drawn whole. Of several sizes, each
 * block's was drawn with equal chance, and is drawn again. Without sizes a
 * stratum has as many of each arm as it had: fixed numbers, and what simple
 * randomisation is, given the numbers.
 *
 * Subjects of the arms that are kept stay where they are: the others are dealt
 * as the scheme deals them given that.
 */
#ifndef TS_ALLOCATION_H
#define TS_ALLOCATION_H

#include <stdbool.h>
#include <stddef.h>
#include "ts/error.h"
#include "ts/random.h"

enum { TS_ARMS = 32 };

typedef struct {
    size_t n, n_arm;
    const unsigned char *arm; /* n codes below n_arm */
    const size_t *ratio;      /* n_arm, above 0 */
    const size_t *stratum;    /* n codes, or NULL: one */
    const size_t *block;      /* n codes within the stratum, or NULL: found by
                                 counting where there is one size */
    const size_t *size;       /* multiples of the sum of ratio */
    size_t n_size;            /* 0: no blocks */
} ts_scheme;

typedef struct ts_allocation ts_allocation;

/* kept: n_arm flags. TS_EINVALID where the scheme is none. */
ts_status ts_allocation_new(const ts_scheme *scheme, const bool *kept,
                            ts_allocation **out, ts_error *err);
void ts_allocation_free(ts_allocation *a);

/* How many there are, INFINITY beyond counting (sizes that are drawn again). */
double ts_allocation_number(const ts_allocation *a);
/* Blocks that the scheme cannot have dealt, or strata where blocks are not
 * known: their arms are dealt again as they are. first: the first subject of
 * one, if there is any. */
size_t ts_allocation_odd(const ts_allocation *a, size_t *first);

void ts_allocation_draw(const ts_allocation *a, ts_random *stream,
                        unsigned char *arm);

/* One after the other, weight: how likely against others. Start takes room for
 * the orders of each block; TS_ELIMIT where there are more than most. */
ts_status ts_allocation_start(ts_allocation *a, double most, ts_error *err);
bool ts_allocation_next(ts_allocation *a, unsigned char *arm, double *weight);

/*
 * A linear rank statistic: how far the scores of side 1 sum from what is to be
 * expected of as many of sides 1 and 2 together, in standard deviations over
 * their permutations within strata (0 .. n_stratum - 1, or NULL). Units of side
 * 0 do not count. NaN where nothing can vary. (Hajek and Sidak 1967, II.3.1.)
 */
ts_status ts_score_z(const double *score, const unsigned char *side,
                     const size_t *stratum, size_t n, size_t n_stratum,
                     double *z, ts_error *err);

#endif
