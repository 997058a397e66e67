/*
 * Correlations of two variables.
 *
 *     ts_correlation_options opt = {.kind = TS_SPEARMAN, .conf_level = 0.95};
 *     ts_correlation c;
 *     ts_correlate(x, y, n, &opt, &c, &err);
 */
#ifndef TS_CORRELATION_H
#define TS_CORRELATION_H

#include <stdbool.h>
#include <stddef.h>
#include "ts/error.h"
#include "ts/exact.h"
#include "ts/location.h"

typedef enum {
    TS_PEARSON,  /* t with n - 2 df */
    TS_SPEARMAN, /* of mid-ranks; exact, else t with n - 2 df */
    TS_KENDALL   /* tau-b (Kendall 1945); exact, else normal */
} ts_correlation_kind;

typedef struct {
    ts_correlation_kind kind;
    ts_alternative alternative; /* greater: both rise together */
    ts_two_sided two_sided;     /* of exact P: TS_ABSDEV or TS_CENTRAL */
    ts_exact exact;             /* not of Pearson's */
    double conf_level;
} ts_correlation_options;

typedef struct {
    double estimate;            /* NaN where one variable is constant */
    double conf_low, conf_high; /* Fisher's z, of n > 3; not of Kendall's */
    double statistic;           /* t, or concordant less discordant pairs */
    double df, z, p_value;
    double p_smallest; /* that these values can give; exact only */
    bool exact, tied;
    bool constant;     /* one variable has one value only */
    bool line;         /* Pearson: all points are on a line, which has no t */
    bool inconsistent; /* P and interval disagree about 0 */
} ts_correlation;

/*
 * n pairs of finite numbers. Exact P are those of all permutations, ties as
 * they are, while that takes no more than TS_EXACT_STEPS: Spearman's by the
 * sums of products of ranks, Kendall's by inversions, and with ties in both
 * variables as Jonckheere's. TS_EDEGENERATE of fewer than two pairs; TS_ELIMIT
 * when an exact P is asked for that takes more.
 */
ts_status ts_correlate(const double *x, const double *y, size_t n,
                       const ts_correlation_options *opt, ts_correlation *out,
                       ts_error *err);

#endif
