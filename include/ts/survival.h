/*
 * Time to an event, right-censored: Kaplan-Meier curves and the log-rank test.
 *
 *     ts_survival data = {.time = t, .event = e, .n = n,
 *                         .group = arm, .n_group = 2};
 *     ts_km *km;
 *     if (!ts_km_new(&data, TS_KM_LOG_LOG, 0.95, &km, &err)) {
 *         ts_km_quantile_at(km, 0, 0.5, &median);    of group 0
 *         ts_km_free(km);
 *     }
 *
 * At equal times events come before censorings. Times that differ by less
 * than sqrt(2^-52), or that fraction of the mean time where it is above 1 (or
 * below 0.001), are equal, as in R's survfit: differences of dates come with
 * rounding errors. The earliest of them stands for all.
 */
#ifndef TS_SURVIVAL_H
#define TS_SURVIVAL_H

#include <stdbool.h>
#include <stddef.h>
#include "ts/error.h"

/* What an event counts in the log-rank test: 1; the S of Prentice (1978,
 * Biometrika 65:167), the product of 1 - d / (n + 1) to the event's own time;
 * or the Kaplan-Meier S before it (Fleming and Harrington, rho = 1). */
typedef enum {
    TS_LOGRANK_EQUAL,
    TS_PETO_PRENTICE,
    TS_FLEMING_HARRINGTON
} ts_logrank_weight;

typedef struct {
    const double *time;  /* n times, finite, >= 0 */
    const double *event; /* n values: 1 event, 0 censored */
    size_t n;
    /* of the curves alone: when each comes under observation, before its time
     * (NULL: at 0), and how much it counts, above 0 (NULL: 1) */
    const double *entry, *case_weight;
    const int *group; /* n codes 0 .. n_group-1, or NULL: one group */
    size_t n_group;
    const int *stratum; /* the same; the curves take no notice of it */
    size_t n_stratum;
    ts_logrank_weight weight; /* of the test; the curves have none */
} ts_survival;

/* The scale on which the interval of S is symmetric. */
typedef enum { TS_KM_LOG_LOG, TS_KM_LOG, TS_KM_PLAIN } ts_km_scale;

/* One group. The arrays have n_time values, one per distinct time at which
 * someone had the event or was censored, in order; borrowed from the ts_km. */
typedef struct {
    size_t n, n_event, n_time; /* rows; n_time 0: a group without subjects */
    double *time;
    double *n_risk, *n_events, *n_censor; /* at risk just before; at the time;
                                             sums of case weights */
    double *n_left;                       /* whose time is not before */
    double *survival;                     /* S just after the time */
    double *std_error;                    /* of S; NaN where S is 0 */
    double *std_error_log;        /* of log S; Inf where S is 0 */
    double *conf_low, *conf_high; /* NaN where the scale has none: S = 0, and
                                     for TS_KM_LOG_LOG also S = 1 */
    size_t n_entry;               /* 0: all are there from the start */
    double *entry, *n_later;      /* in order; who enters then or later */
} ts_km_curve;

typedef struct {
    size_t n_group;
    ts_km_curve *curve;
    ts_km_scale scale;
    double conf_level;
    double same_time; /* times closer than this are equal */
    bool robust;      /* the variance is that of the infinitesimal jackknife */
} ts_km;

/*
 * Kaplan and Meier 1958 (JASA 53:457) by group, pointwise intervals on the
 * given scale, log and plain ones cut to [0, 1]. Who enters later is at risk at
 * the times after the entry. Case weights that are all whole numbers count
 * equal rows, and the variance is Greenwood's; of others it is that of the
 * infinitesimal jackknife, robust, as in R's survfit. TS_EINVALID for times,
 * events, weights or codes that are none, TS_EDEGENERATE for no rows.
 */
ts_status ts_km_new(const ts_survival *data, ts_km_scale scale,
                    double conf_level, ts_km **out, ts_error *err);
void ts_km_free(ts_km *km);

typedef struct {
    double n_risk; /* at risk just before t; at 0 also who enters then */
    double survival, std_error, conf_low, conf_high;
    bool beyond; /* after the last time, where S is not known unless 0 */
} ts_km_point;

/* S(t), right-continuous. Beyond the last observed time all is NaN, unless S
 * has reached 0. */
void ts_km_point_at(const ts_km *km, size_t group, double t, ts_km_point *out);

typedef struct {
    double estimate, conf_low, conf_high; /* NaN: not reached */
    bool plateau; /* S stays at 1 - p: the estimate is its middle */
} ts_km_quantile;

/*
 * The time by which a fraction p, 0 <= p <= 1, has had the event; 0 for p = 0.
 * Where S stays at 1 - p (within sqrt(2^-52)) it is the middle of that
 * stretch, also when it runs into the last censored time (as R, Prism; SAS
 * gives none). The limits are the times at which the limits of S reach 1 - p
 * (Brookmeyer and Crowley 1982, Biometrics 38:29), for the first time where a
 * limit is not monotone.
 */
void ts_km_quantile_at(const ts_km *km, size_t group, double p,
                       ts_km_quantile *out);

typedef struct {
    double estimate, std_error; /* NaN where S is not known to the horizon */
    size_t n_event;             /* up to the horizon */
} ts_km_restricted;

/*
 * The restricted mean of a group: the area under S from 0 to a horizon >= 0,
 * with Greenwood's variance as survfit prints it (Irwin 1949, J Hyg 47:188;
 * Klein and Moeschberger 2003, 4.5; SAS multiplies it by d / (d - 1)).
 */
void ts_km_restricted_mean(const ts_km *km, size_t group, double horizon,
                           ts_km_restricted *out);

/*
 * Log-rank test of n_group >= 1 groups, stratified where there are strata
 * (Mantel 1966; Peto and Peto 1972, JRSS A 135:185). The caller gives
 * observed and expected (n_group values each, weighted) and variance (n_group
 * squared, of observed - expected, row-major), or NULL for what is not wanted.
 *
 * The statistic is (O-E)' V^- (O-E) with df = rank of V: groups that are never
 * at risk at an event, and groups never compared with another, drop out. With
 * df = 0 (no events, one group, ...) there is nothing to compare: statistic 0,
 * p_value 1.
 */
typedef struct {
    double statistic, p_value;
    size_t df;
    double z; /* of two groups: (O - E) / sqrt V of the second; else NaN */
    size_t n_event;
    size_t n_idle_group;   /* groups with subjects whose E is 0 */
    size_t n_idle_stratum; /* strata with events in which one group is alone */
} ts_logrank_result;

/* The weight of d events among n, and S after them; *survival starts at 1. */
double ts_logrank_next(ts_logrank_weight kind, double n, double d,
                       double *survival);

ts_status ts_logrank(const ts_survival *data, ts_logrank_result *out,
                     double *observed, double *expected, double *variance,
                     ts_error *err);

#endif
