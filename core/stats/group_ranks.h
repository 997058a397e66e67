/* What rank tests of several groups share: values in order, with the groups
 * they came from and their doubled mid-ranks. */
#ifndef TS_GROUP_RANKS_H
#define TS_GROUP_RANKS_H

#include "rank_pairs.h"
#include "ts/rank.h"

typedef struct {
    size_t n, n_group;
    int64_t *score; /* n doubled mid-ranks, increasing */
    int *group;     /* of each, in that order; empty groups are gone */
    size_t *size;   /* of n_group groups */
    size_t *place;  /* of each of them in the data */
    double ties;    /* sum of t^3 - t over tied values */
} ts_group_ranks;

/* TS_EDEGENERATE when fewer than `least` groups have values. */
ts_status ts_group_ranks_new(const ts_groups *data, size_t least,
                             ts_group_ranks *out, ts_error *err);
void ts_group_ranks_free(ts_group_ranks *r);

extern const ts_group_test ts_group_test_empty;

/* TS_ELIMIT where an exact test was demanded that cannot be had. */
ts_status ts_exact_refused(ts_exact exact, ts_error *err);

#endif
