/*
 * From an estimate and its standard error to a test and an interval, by the t
 * distribution (infinite df: the normal one).
 */
#ifndef TS_INFERENCE_H
#define TS_INFERENCE_H

#include "ts/location.h"

typedef struct {
    double statistic, p_value, conf_low, conf_high;
} ts_inference;

/* mu: the value under the null hypothesis; a one-sided interval ends in
 * infinity. All NaN without a standard error above 0 or df above 0. */
void ts_inference_t(double estimate, double std_error, double df, double mu,
                    ts_alternative alternative, double conf_level,
                    ts_inference *out);

#endif
