/*
 * Counts: tables of two by two and larger, proportions and what compares two
 * of them.
 *
 *     ts_two_by_two t = {.events_1 = 14, .n_1 = 17, .events_2 = 4, .n_2 = 10};
 *     ts_odds_options opt = {.conf_level = 0.95};        two-sided, central
 *     ts_exact_odds r;
 *     ts_fisher(&t, 1, &opt, &r, &err);
 *
 * Counts are whole numbers of doubles. Differences are the first minus the
 * second, ratios the first over the second. Tables of several strata lie
 * behind each other; n is their number.
 */
#ifndef TS_COUNTS_H
#define TS_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include "ts/error.h"
#include "ts/exact.h"
#include "ts/location.h"

typedef struct {
    double events_1, n_1, events_2, n_2;
} ts_two_by_two;

/* Conditional inference on an odds ratio ----------------------------------- */

typedef struct {
    ts_alternative alternative; /* greater: the ratio is above null */
    ts_two_sided two_sided;     /* TS_CENTRAL or TS_MINLIKE, two-sided only */
    double null;                /* odds ratio that is tested; 0 stands for 1 */
    double conf_level;
    bool mid_p; /* the observed table counts half */
} ts_odds_options;

typedef struct {
    double estimate; /* conditional maximum likelihood; 0 and infinite exist */
    double conf_low, conf_high;
    double p_value;
    double p_central, p_minlike; /* whatever is asked for, two-sided */
    double p_smallest;           /* that the margins allow */
    bool fixed;                  /* the margins allow one table only: P is 1 */
    bool inconsistent; /* minlike: its set of ratios has a gap at null */
} ts_exact_odds;

/*
 * Fisher's exact test of independent binomials given their sum, with the
 * interval that inverts it (Fay 2010, Biostatistics 11:373); n > 1: of a
 * common odds ratio in strata. Central intervals are those of Cornfield's
 * exact method (R), minlike ones the range of what minlike does not reject.
 * TS_EINVALID for counts that are none.
 */
ts_status ts_fisher(const ts_two_by_two *tables, size_t n,
                    const ts_odds_options *opt, ts_exact_odds *out,
                    ts_error *err);

/* Exact test of McNemar (1947, Psychometrika 12:153) for b pairs that changed
 * one way and c the other; estimate is b / c. */
ts_status ts_mcnemar(double b, double c, const ts_odds_options *opt,
                     ts_exact_odds *out, ts_error *err);

/* Two proportions ---------------------------------------------------------- */

typedef enum { TS_DIFFERENCE, TS_RATIO, TS_ODDS } ts_effect;

typedef enum {
    TS_SCORE,    /* Miettinen and Nurminen 1985, Stat Med 4:213 */
    TS_NEWCOMBE, /* hybrid of Wilson's (1998, Stat Med 17:873); difference */
    TS_WALD      /* of logarithms for ratios; strata: Sato, Greenland and
                  * Robins, Robins, Breslow and Greenland */
} ts_interval;

typedef struct {
    ts_effect effect;
    ts_interval interval;
    ts_alternative alternative;
    double null; /* 0 of a difference, 1 of a ratio, or what is tested */
    double conf_level;
} ts_two_options;

typedef struct {
    double estimate;   /* of strata: Mantel-Haenszel */
    double std_error;  /* of Wald alone, of the logarithm for ratios */
    double z, p_value; /* P agrees with the interval about null */
    double conf_low, conf_high;
    double estimate_1, estimate_2; /* the proportions, strata together */
    size_t n_used; /* strata in which both groups have someone */
    double homogeneity, homogeneity_df, homogeneity_p; /* NaN of odds, of one */
} ts_two_result;

/*
 * One or several tables. Strata that lack a group say nothing. Score limits
 * exist without events too; those of Wald are NaN where a zero leaves no
 * standard error. homogeneity: whether strata share the difference or ratio, by
 * their squared scores at its estimate, which add up to a chi-square (Gart and
 * Nam 1990, Biometrics 46:637); a stratum whose score has no variance is left
 * out. TS_EDEGENERATE when a group is empty, TS_EINVALID for counts that are
 * none, and for Newcombe's interval of strata or ratios.
 */
ts_status ts_two_proportions(const ts_two_by_two *tables, size_t n,
                             const ts_two_options *opt, ts_two_result *out,
                             ts_error *err);

/* One proportion ------------------------------------------------------------
 */

typedef enum {
    TS_WILSON,          /* 1927, JASA 22:209 */
    TS_CLOPPER_PEARSON, /* 1934, Biometrika 26:404 */
    TS_MID_P,
    TS_JEFFREYS, /* Brown, Cai and DasGupta 2001, Stat Sci 16:101: 0 and 1
                  * are limits where there are no events or only events */
    TS_AGRESTI_COULL,
    TS_WALD_ONE
} ts_proportion_interval;

typedef struct {
    ts_proportion_interval interval;
    ts_alternative alternative;
    double null; /* the proportion that is tested; NaN: none */
    double conf_level;
} ts_proportion_options;

typedef struct {
    double estimate, std_error, conf_low, conf_high, p_value;
} ts_proportion;

/* P is that of the test whose inversion is the interval. TS_EDEGENERATE when
 * n is 0. */
ts_status ts_proportion_of(double events, double n,
                           const ts_proportion_options *opt, ts_proportion *out,
                           ts_error *err);

/* Tables --------------------------------------------------------------------
 */

typedef enum { TS_PLAIN, TS_YATES, TS_N_MINUS_1 } ts_chisq_form;

/* P(chi-square with df > 0 degrees of freedom >= x) */
double ts_chi_tail(double x, double df);

typedef struct {
    double statistic, df, p_value;
    double least_expected;
    size_t n_small, n_cell; /* cells expected below 5, of how many */
    size_t n_row, n_column; /* that have counts */
} ts_chisq_result;

/*
 * Pearson's chi-square (1900) of r rows and c columns, row-major; Yates's
 * correction is for 2 x 2, N - 1 for any (E. Pearson 1947, Campbell 2007). Rows
 * and columns without counts are passed over. expected, residual (Pearson's)
 * and adjusted (standardised) take r c numbers each, or are NULL; NaN in rows
 * and columns passed over. TS_EDEGENERATE with fewer than two rows or columns.
 */
ts_status ts_chisq(const double *counts, size_t r, size_t c, ts_chisq_form form,
                   ts_chisq_result *out, double *expected, double *residual,
                   double *adjusted, ts_error *err);

typedef struct {
    double p_value, steps;
    bool exact; /* false: more than TS_EXACT_STEPS; P is that of chi-square */
} ts_table_test;

/*
 * Fisher's test of r rows and c columns (Freeman and Halton 1951, Biometrika
 * 38:141): all tables as improbable as the observed one, up to a relative
 * 1e-7, by a network (Mehta and Patel 1983, JASA 78:427) whose longest and
 * shortest paths are exact. Memory grows with the table, there is no limit but
 * TS_EXACT_STEPS.
 */
ts_status ts_fisher_rxc(const double *counts, size_t r, size_t c,
                        ts_exact exact, ts_table_test *out, ts_error *err);

typedef enum {
    TS_TABLE_SCORES,   /* the numbers given */
    TS_RANK_SCORES,    /* mid-ranks within strata */
    TS_RIDIT_SCORES,   /* ... over n */
    TS_MODRIDIT_SCORES /* ... over n + 1; with two rows van Elteren's test */
} ts_scores;

typedef struct {
    double statistic, df, p_value;
} ts_chi;

typedef struct {
    ts_chi correlation, row_means, association;
    size_t n_used; /* strata that say something */
    double n;      /* counts in them */
    /* 2 x 2: NaN otherwise */
    double odds_ratio, conf_low, conf_high, std_error_log;
    ts_chi breslow_day, tarone;
} ts_cmh_result;

/*
 * Cochran, Mantel and Haenszel over n strata of r rows and c columns each
 * (Landis, Heyman and Koch 1978, Int Stat Rev 46:237), without correction for
 * continuity. Strata with fewer than two counts say nothing; statistics use a
 * generalised inverse, so df is the rank. Of 2 x 2: the common odds ratio of
 * Mantel and Haenszel (first row over second, first column over second) with
 * the interval of Robins, Breslow and Greenland, and whether it is common
 * (Breslow and Day 1980; Tarone 1985). row_score: r numbers, column_score: c.
 */
ts_status ts_cmh(const double *counts, size_t n, size_t r, size_t c,
                 const double *row_score, const double *column_score,
                 ts_scores scores, double conf_level, ts_cmh_result *out,
                 ts_error *err);

/* Unconditional exact tests -------------------------------------------------
 */

typedef enum {
    TS_BOSCHLOO, /* 1970, Stat Neerl 24:1: tables in order of Fisher's P */
    TS_BARNARD   /* 1947, Biometrika 34:123: of the pooled z */
} ts_unconditional;

typedef struct {
    double p_value;
    double nuisance;  /* the common proportion at which P is largest */
    double statistic; /* Fisher's P, or z */
} ts_unconditional_test;

/*
 * P is the largest over all common proportions, found with certainty: P is a
 * polynomial whose Bernstein coefficients bound it on any interval; intervals
 * are halved until they hold one maximum or none that matters. two_sided:
 * TS_CENTRAL is twice the smaller one-sided P; TS_MINLIKE orders tables by
 * Fisher's two-sided P, TS_ABSDEV by |z|. TS_EDEGENERATE when a group is
 * empty, TS_ELIMIT for more than 2,000 in both.
 */
ts_status ts_exact_unconditional(const ts_two_by_two *table,
                                 ts_unconditional kind,
                                 ts_alternative alternative,
                                 ts_two_sided two_sided,
                                 ts_unconditional_test *out, ts_error *err);

#endif
