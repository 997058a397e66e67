/*
 * Time to an event that a competing one may forestall: cumulative incidence by
 * group and Gray's test.
 *
 *     ts_survival data = {.time = t, .event = e, .n = n,
 *                         .group = arm, .n_group = 2};
 *     ts_cuminc *c;
 *     ts_cuminc_new(&data, competing, TS_KM_LOG_LOG, 0.95, &c, &err);
 *
 * competing: n values, 1 where the competing event came first; nobody has
 * both. At equal times both kinds of events come before censorings. Equal
 * times are those of survival.h.
 */
#ifndef TS_COMPETING_H
#define TS_COMPETING_H

#include "ts/survival.h"

/* One group, as ts_km_curve. */
typedef struct {
    size_t n, n_event, n_competing, n_time;
    double *time;
    double *n_risk, *n_events, *n_competed, *n_censor;
    double *incidence; /* of the event, just after the time */
    double *survival;  /* free of both */
    double *std_error;
    double *conf_low, *conf_high; /* NaN where the scale has none */
} ts_cuminc_curve;

typedef struct {
    size_t n_group;
    ts_cuminc_curve *curve;
} ts_cuminc;

/*
 * Aalen and Johansen 1978 (Scand J Stat 5:141) by group. The variance is that
 * of the delta method with a finite-sample factor for ties (as in Gray's
 * cmprsk); intervals are symmetric on the scale of log(-log F), log F or F.
 * TS_EINVALID for times, events or codes that are none, TS_EDEGENERATE for no
 * rows.
 */
ts_status ts_cuminc_new(const ts_survival *data, const double *competing,
                        ts_km_scale scale, double conf_level, ts_cuminc **out,
                        ts_error *err);
void ts_cuminc_free(ts_cuminc *c);

/*
 * Gray 1988 (Ann Stat 16:1141), with rho = 0: whether groups have the same
 * cumulative incidence, within strata where there are some. The caller gives
 * observed and expected (n_group values each), or NULL.
 */
typedef struct {
    double statistic, p_value; /* nothing to compare: 0, and P is 1 */
    size_t df;
    double z; /* of two groups: that of the second; else NaN */
    size_t n_event, n_competing;
} ts_gray_result;

ts_status ts_gray(const ts_survival *data, const double *competing,
                  ts_gray_result *out, double *observed, double *expected,
                  ts_error *err);

#endif
