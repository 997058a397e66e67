/* Ratio of rates with variances between subjects. */
#include "ts/rate.h"

#include <math.h>
#include "ts/inference.h"
#include "ts/sum.h"

typedef struct {
    double n, events, time, rate, variance; /* variance: of the log rate */
    double pearson;
} side;

static side side_of(const ts_rate_subjects *d, int group)
{
    side s = {.variance = NAN};
    ts_sum events = {0}, time = {0}, squares = {0}, pearson = {0};
    for (size_t i = 0; i < d->n; i++)
        if (d->group[i] == group && d->time[i] > 0) {
            s.n++;
            ts_sum_add(&events, d->events[i]);
            ts_sum_add(&time, d->time[i]);
        }
    s.events = ts_sum_value(&events);
    s.time = ts_sum_value(&time);
    s.rate = s.events / s.time;
    if (!(s.events > 0))
        return s;
    for (size_t i = 0; i < d->n; i++)
        if (d->group[i] == group && d->time[i] > 0) {
            double expected = s.rate * d->time[i];
            double r = d->events[i] - expected;
            ts_sum_add(&squares, r * r);
            ts_sum_add(&pearson, r * r / expected);
        }
    s.pearson = ts_sum_value(&pearson);
    if (s.n > 1)
        s.variance =
            ts_sum_value(&squares) / (s.events * s.events) * s.n / (s.n - 1);
    return s;
}

ts_status ts_rate_robust(const ts_rate_subjects *data,
                         const ts_rate_options *opt, ts_robust_rates *out,
                         ts_error *err)
{
    side a = side_of(data, 1), b = side_of(data, 0);
    *out = (ts_robust_rates){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    if (!(a.time > 0) || !(b.time > 0))
        return ts_fail(err, TS_EDEGENERATE, "a group has no person-time");
    if (b.events > 0)
        out->estimate = a.rate / b.rate;
    if (a.events > 0 && b.events > 0 && a.n + b.n > 2)
        out->dispersion = (a.pearson + b.pearson) / (a.n + b.n - 2);
    double v = a.variance + b.variance;
    if (!(v > 0)) /* NaN too */
        return TS_OK;
    ts_inference t;
    out->std_error = sqrt(v);
    out->df = v * v /
              (a.variance * a.variance / (a.n - 1) +
               b.variance * b.variance / (b.n - 1));
    ts_inference_t(log(out->estimate), out->std_error, out->df,
                   isnan(opt->null) ? 0 : log(opt->null), opt->alternative,
                   opt->conf_level, &t);
    out->statistic = t.statistic;
    out->p_value = t.p_value;
    out->conf_low = exp(t.conf_low);
    out->conf_high = exp(t.conf_high);
    return TS_OK;
}
