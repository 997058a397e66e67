/*
 * Pairs of subjects of two groups, compared by a hierarchy of outcomes: the
 * first that tells them apart says who wins.
 *
 *     ts_win_level level[] = {
 *         {.value = days, .event = died, .horizon = 90},
 *         {.value = score, .horizon = INFINITY, .margin = 1}};
 *     ts_win_ratio(level, 2, group, NULL, n, &opt, counts, &r, &err);
 */
#ifndef TS_WIN_RATIO_H
#define TS_WIN_RATIO_H

#include "ts/rank.h"

/*
 * One outcome of n subjects. A difference counts from margin on. Times: who is
 * known to be free of the event for longer wins; what happens after the
 * horizon is not looked at; at equal times events come before censorings.
 */
typedef struct {
    const double *value; /* n numbers, NaN: missing, which ties with all */
    const double *event; /* n: 1 event, 0 censored; NULL: values, not times */
    double margin;       /* >= 0 */
    double horizon;      /* of times; infinite: none */
    bool lower;          /* lower values, earlier events are better */
} ts_win_level;

typedef struct {
    double win, loss; /* pairs that this level decides, of group 1 */
} ts_win_count;

typedef struct {
    double n_pair, win, loss, tie; /* pairs within strata */
    double win_ratio, net_benefit, win_odds;
    double log_se, net_se, odds_log_se; /* NaN where they do not exist */
    double ratio_low, ratio_high, net_low, net_high, odds_low, odds_high;
    double z, p_value, p_smallest; /* of wins less losses */
    bool exact;
    size_t n_stratum; /* with both groups */
    bool lone;        /* a stratum has one of a group: no standard error */
} ts_win_result;

/*
 * group: 1, 0, or below 0 for who is in neither; stratum: codes or NULL.
 * Win ratio: Pocock et al. 2012 (Eur Heart J 33:176); win odds count ties half
 * (Dong et al. 2020); strata have weights 1/n (Dong et al. 2018). Standard
 * errors of U-statistics (Bebu and Lachin 2016, Biostatistics 17:178), with
 * n - 1 as divisor; intervals on the log scale, of the net benefit on its own.
 * P: permutation of the groups within strata, of wins less losses (Finkelstein
 * and Schoenfeld 1999, Stat Med 18:1341): a sum of scores, so exact while it
 * takes no more than TS_EXACT_STEPS, else normal. Of opt alternative,
 * two_sided, exact and conf_level are used. counts: n_level of them, or NULL.
 * TS_EDEGENERATE when no stratum has both groups.
 */
ts_status ts_win_ratio(const ts_win_level *level, size_t n_level,
                       const int *group, const int *stratum, size_t n,
                       const ts_rank_options *opt, ts_win_count *counts,
                       ts_win_result *out, ts_error *err);

#endif
