/* Rates of events per person-time. */
#include "ts/rate.h"

#include <math.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "counts_check.h"
#include "level.h"
#include "odds_family.h"
#include "root.h"

static ts_status check_rate(double events, double time, const char *what,
                            ts_error *err)
{
    ts_status status = ts_check_count(events, what, err);
    if (status)
        return status;
    if (!(time >= 0 && isfinite(time)))
        return ts_fail(err, TS_EINVALID, "%s: %g is no person-time", what,
                       time);
    if (time == 0 && events > 0)
        return ts_fail(err, TS_EINVALID, "%s: %g events in no person-time",
                       what, events);
    return TS_OK;
}

static double at_most_1(double p)
{
    return p < 1 - 1e-12 ? p : 1;
}

ts_status ts_rate_of(double events, double time, const ts_rate_options *opt,
                     ts_rate *out, ts_error *err)
{
    ts_rate r = {NAN, NAN, NAN, NAN, NAN};
    *out = r;
    ts_status status = ts_check_level(opt->conf_level, err);
    if (status || (status = check_rate(events, time, "the sample", err)))
        return status;
    if (time == 0)
        return ts_fail(err, TS_EDEGENERATE, "there is no person-time");
    if (!isnan(opt->null) && !(opt->null > 0 && isfinite(opt->null)))
        return ts_fail(err, TS_EINVALID, "%g is no rate above 0", opt->null);
    double alpha = ts_level_alpha(opt->conf_level);
    double tail = opt->alternative == TS_TWO_SIDED ? alpha / 2 : alpha;
    r.estimate = events / time;
    r.std_error = sqrt(events) / time;
    r.conf_low = 0;
    r.conf_high = INFINITY;
    if (opt->alternative != TS_LESS && events > 0)
        r.conf_low = qgamma(tail, events, 1, 1, 0) / time;
    if (opt->alternative != TS_GREATER)
        r.conf_high = qgamma(tail, events + 1, 1, 0, 0) / time;
    if (!isnan(opt->null)) {
        double mean = opt->null * time;
        double lower = ppois(events, mean, 1, 0);
        double upper = ppois(events - 1, mean, 0, 0);
        r.p_value = opt->alternative == TS_LESS      ? lower
                    : opt->alternative == TS_GREATER ? upper
                                                     : 2 * fmin(lower, upper);
        r.p_value = at_most_1(r.p_value);
    }
    *out = r;
    return TS_OK;
}

/* Two rates -----------------------------------------------------------------
 */

static ts_status check_two(const ts_two_rates *r, ts_error *err)
{
    ts_status status =
        check_rate(r->events_1, r->time_1, "the first group", err);
    return status ? status
                  : check_rate(r->events_2, r->time_2, "the second group", err);
}

/* Events of the first group, given all of the stratum: their odds are the
 * ratio of rates times that of person-times, which goes to the weights. */
static ts_status family_of(const ts_two_rates *r, ts_odds_family *out,
                           ts_error *err)
{
    double log_times = log(r->time_1 / r->time_2);
    ts_status status = ts_odds_binomial(r->events_1 + r->events_2, out, err);
    for (size_t i = 0; !status && i < out->n; i++)
        out->log_weight[i] += (double)i * log_times;
    return status;
}

ts_status ts_rate_ratio(const ts_two_rates *strata, size_t n,
                        const ts_odds_options *opt, ts_exact_odds *out,
                        ts_error *err)
{
    ts_odds_family sum = {0};
    double x = 0;
    size_t n_used = 0;
    const ts_two_rates *only = NULL;
    *out = (ts_exact_odds){NAN, NAN, NAN, NAN, NAN, NAN, NAN, false, false};
    ts_status status = ts_check_level(opt->conf_level, err);
    if (!status && !(opt->null >= 0 && isfinite(opt->null)))
        status = ts_fail(err, TS_EINVALID, "%g is no ratio above 0", opt->null);
    for (size_t h = 0; h < n && !status; h++) {
        ts_odds_family own;
        if ((status = check_two(&strata[h], err)))
            break;
        if (strata[h].time_1 == 0 || strata[h].time_2 == 0)
            continue;
        if ((status = family_of(&strata[h], &own, err)))
            break;
        x += strata[h].events_1;
        only = &strata[h];
        if (n_used++ == 0) {
            sum = own;
            continue;
        }
        status = ts_odds_convolve(&sum, &own, err);
        ts_odds_free(&own);
    }
    if (!status && n_used == 0)
        status = ts_fail(err, TS_EDEGENERATE,
                         n == 1 ? "a group has no person-time"
                                : "no stratum has person-time in both groups");
    if (!status)
        status = ts_odds_infer(&sum, (size_t)x, opt, out, err);
    if (!status && n_used == 1 && !out->fixed) /* closed form */
        out->estimate =
            only->events_1 / only->time_1 / (only->events_2 / only->time_2);
    ts_odds_free(&sum);
    return status;
}

/* The rate of a group, of the most likely pair in which the other's is d >= 0
 * more: the root of a quadratic. */
static double smaller_rate(double events, double other, double time,
                           double other_time, double d)
{
    double n = time + other_time;
    double b = n * d - events - other;
    double root = hypot(b, 2 * sqrt(n * events * d));
    return b > 0 ? 2 * events * d / (b + root) : (root - b) / (2 * n);
}

typedef struct {
    const ts_two_rates *r;
    double target;
} query;

static double score_z(const ts_two_rates *r, double d)
{
    double rate_1, rate_2;
    if (d >= 0) {
        rate_2 =
            smaller_rate(r->events_2, r->events_1, r->time_2, r->time_1, d);
        rate_1 = rate_2 + d;
    } else {
        rate_1 =
            smaller_rate(r->events_1, r->events_2, r->time_1, r->time_2, -d);
        rate_2 = rate_1 - d;
    }
    double away = r->events_1 / r->time_1 - r->events_2 / r->time_2 - d;
    double variance = rate_1 / r->time_1 + rate_2 / r->time_2;
    return variance > 0 ? away / sqrt(variance) : 0;
}

static double z_gap(double d, void *context)
{
    const query *q = context;
    return score_z(q->r, d) - q->target;
}

/* Where z, which falls as the difference grows, is target. */
static double difference_limit(query *q, double estimate, double target)
{
    double far = estimate;
    double step = 1 / q->r->time_1 + 1 / q->r->time_2;
    q->target = target;
    for (; (z_gap(far, q) > 0) == (target < 0) && isfinite(far); step *= 2)
        far += target < 0 ? step : -step;
    return ts_root(z_gap, q, fmin(far, estimate), fmax(far, estimate));
}

ts_status ts_rate_difference(const ts_two_rates *rates,
                             const ts_two_options *opt, ts_two_result *out,
                             ts_error *err)
{
    ts_two_result r = {.n_used = 1,
                       .std_error = NAN,
                       .homogeneity = NAN,
                       .homogeneity_df = NAN,
                       .homogeneity_p = NAN};
    *out = (ts_two_result){NAN, NAN, NAN, NAN, NAN, NAN,
                            NAN, NAN, 0,   NAN, NAN, NAN};
    ts_status status = ts_check_level(opt->conf_level, err);
    if (status || (status = check_two(rates, err)))
        return status;
    if (rates->time_1 == 0 || rates->time_2 == 0)
        return ts_fail(err, TS_EDEGENERATE, "a group has no person-time");
    if (!isfinite(opt->null))
        return ts_fail(err, TS_EINVALID, "%g is no difference", opt->null);
    double alpha = ts_level_alpha(opt->conf_level);
    double z = qnorm5(opt->alternative == TS_TWO_SIDED ? alpha / 2 : alpha, 0,
                      1, 0, 0);
    query q = {rates, 0};
    r.estimate_1 = rates->events_1 / rates->time_1;
    r.estimate_2 = rates->events_2 / rates->time_2;
    r.estimate = r.estimate_1 - r.estimate_2;
    r.z = score_z(rates, opt->null);
    r.p_value = opt->alternative == TS_LESS ? pnorm5(r.z, 0, 1, 1, 0)
                : opt->alternative == TS_GREATER
                    ? pnorm5(r.z, 0, 1, 0, 0)
                    : 2 * pnorm5(-fabs(r.z), 0, 1, 1, 0);
    r.conf_low = opt->alternative == TS_LESS
                     ? -INFINITY
                     : difference_limit(&q, r.estimate, z);
    r.conf_high = opt->alternative == TS_GREATER
                      ? INFINITY
                      : difference_limit(&q, r.estimate, -z);
    *out = r;
    return TS_OK;
}
