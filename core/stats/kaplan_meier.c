/*
 * Kaplan-Meier curves by group, their intervals, S(t) and quantiles.
 *
 * The standard error that is summed is that of log S; a limit that its scale
 * does not define (log-log at S = 1) is NaN, as in R's survfit.
 */
#include "ts/survival.h"

#include <math.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "event_order.h"
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/sum.h"

#define SAME_PROBABILITY 0x1p-26

static size_t count_times(const ts_event_order *order, size_t group)
{
    size_t n = 0;
    for (size_t i = order->start[group]; i < order->start[group + 1]; i++)
        n += i == order->start[group] || order->rank[i] != order->rank[i - 1];
    return n;
}

/* All arrays of a curve in one block, which curve->time owns. */
static ts_status allocate(ts_km_curve *curve, size_t n_time, ts_error *err)
{
    double **array[] = {
        &curve->time,          &curve->n_risk,   &curve->n_events,
        &curve->n_censor,      &curve->survival, &curve->std_error,
        &curve->std_error_log, &curve->conf_low, &curve->conf_high};
    size_t n_array = sizeof array / sizeof *array;
    if (n_time == 0)
        return TS_OK;
    double *block = ts_alloc_array(n_time, n_array * sizeof *block);
    if (!block)
        return ts_fail_memory(err);
    for (size_t j = 0; j < n_array; j++)
        *array[j] = block + j * n_time;
    curve->n_time = n_time;
    return TS_OK;
}

static void count_events(ts_km_curve *curve, const ts_event_order *order,
                         size_t group)
{
    size_t first = order->start[group], end = order->start[group + 1];
    size_t j = 0;
    curve->n = end - first;
    for (size_t i = first; i < end; i++) {
        if (i > first && order->rank[i] != order->rank[i - 1])
            j++;
        if (i == first || order->rank[i] != order->rank[i - 1]) {
            curve->time[j] = order->time[order->rank[i]];
            curve->n_risk[j] = (double)(end - i);
        }
        if (order->tag[i] & 1) {
            curve->n_events[j]++;
            curve->n_event++;
        } else {
            curve->n_censor[j]++;
        }
    }
}

static void estimate(ts_km_curve *curve)
{
    double survival = 1;
    ts_sum variance = {0}; /* of log S */
    for (size_t j = 0; j < curve->n_time; j++) {
        double n = curve->n_risk[j], d = curve->n_events[j];
        survival *= (n - d) / n;
        if (d < n)
            ts_sum_add(&variance, d / (n * (n - d)));
        double se = survival > 0 ? sqrt(ts_sum_value(&variance)) : INFINITY;
        curve->survival[j] = survival;
        curve->std_error_log[j] = se;
        curve->std_error[j] = survival > 0 ? survival * se : NAN;
    }
}

static void interval(double s, double se_log, ts_km_scale scale, double z,
                     double *low, double *high)
{
    *low = *high = NAN;
    if (s == 0)
        return;
    if (scale == TS_KM_PLAIN) {
        *low = fmax(s - z * s * se_log, 0);
        *high = fmin(s + z * s * se_log, 1);
    } else if (scale == TS_KM_LOG) {
        *low = s * exp(-z * se_log);
        *high = fmin(s * exp(z * se_log), 1);
    } else if (s < 1) {
        double h = -log(s), width = z * se_log / h;
        *low = exp(-h * exp(width));
        *high = exp(-h * exp(-width));
    }
}

ts_status ts_km_new(const ts_survival *data, ts_km_scale scale,
                    double conf_level, ts_km **out, ts_error *err)
{
    ts_event_order *order = NULL;
    ts_km *km = NULL;
    *out = NULL;
    if (!(conf_level > 0 && conf_level < 1))
        return ts_fail(err, TS_EINVALID, "conf_level %g is not between 0 and 1",
                       conf_level);
    ts_status status =
        ts_event_order_new(data, data->group, data->n_group, &order, err);
    if (status)
        return status;
    double z = qnorm((1 - conf_level) / 2, 0, 1, 0, 0);
    km = ts_alloc_array(1, sizeof *km);
    if (!km ||
        !(km->curve = ts_alloc_array(order->n_block, sizeof *km->curve))) {
        status = ts_fail_memory(err);
        goto done;
    }
    km->n_group = order->n_block;
    km->scale = scale;
    km->conf_level = conf_level;
    km->same_time = order->same_time;
    for (size_t g = 0; g < km->n_group; g++) {
        ts_km_curve *curve = &km->curve[g];
        if ((status = ts_interrupt_check(err)) ||
            (status = allocate(curve, count_times(order, g), err)))
            goto done;
        count_events(curve, order, g);
        estimate(curve);
        for (size_t j = 0; j < curve->n_time; j++)
            interval(curve->survival[j], curve->std_error_log[j], scale, z,
                     &curve->conf_low[j], &curve->conf_high[j]);
    }
    *out = km;
    km = NULL;
done:
    ts_km_free(km);
    ts_event_order_free(order);
    return status;
}

void ts_km_free(ts_km *km)
{
    if (!km)
        return;
    for (size_t g = 0; g < km->n_group; g++)
        ts_free(km->curve[g].time);
    ts_free(km->curve);
    ts_free(km);
}

/* How many of the times are before t; with_equal: or at t. */
static size_t times_before(const ts_km *km, const ts_km_curve *curve, double t,
                           bool with_equal)
{
    double limit = with_equal ? t + km->same_time : t - km->same_time;
    size_t low = 0, high = curve->n_time;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        double at = curve->time[middle];
        if (with_equal ? at <= limit : at < limit)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void ts_km_point_at(const ts_km *km, size_t group, double t, ts_km_point *out)
{
    const ts_km_curve *curve = &km->curve[group];
    *out = (ts_km_point){0, NAN, NAN, NAN, NAN, false};
    size_t risk = times_before(km, curve, t, false);
    size_t step = times_before(km, curve, t, true);
    if (risk < curve->n_time)
        out->n_risk = curve->n_risk[risk];
    out->beyond = risk == curve->n_time;
    if (out->beyond && (curve->n_time == 0 || curve->survival[risk - 1] > 0))
        return;
    if (step > 0) {
        out->survival = curve->survival[step - 1];
        out->std_error = curve->std_error[step - 1];
        out->conf_low = curve->conf_low[step - 1];
        out->conf_high = curve->conf_high[step - 1];
    } else {
        out->survival = 1;
        out->std_error = 0;
        interval(1, 0, km->scale, 0, &out->conf_low, &out->conf_high);
    }
}

/* The time at which a falling step function reaches 1 - p. */
static double crossing(const ts_km_curve *curve, const double *s, double p,
                       bool *plateau)
{
    size_t n = curve->n_time, reach = n, pass = n;
    *plateau = false;
    for (size_t j = n; j-- > 0;) { /* the first is found last; NaN: neither */
        if (1 - s[j] >= p - SAME_PROBABILITY)
            reach = j;
        if (1 - s[j] >= p + SAME_PROBABILITY)
            pass = j;
    }
    if (reach == n)
        return NAN;
    *plateau = reach != pass;
    if (pass < n)
        return (curve->time[reach] + curve->time[pass]) / 2;
    /* S ends at 1 - p: the last time ends the plateau, unless p is all */
    if (!(fabs(1 - s[n - 1] - p) < SAME_PROBABILITY))
        return NAN;
    *plateau = reach != n - 1;
    return (curve->time[reach] + curve->time[n - 1]) / 2;
}

void ts_km_quantile_at(const ts_km *km, size_t group, double p,
                       ts_km_quantile *out)
{
    const ts_km_curve *curve = &km->curve[group];
    bool ignored;
    *out = (ts_km_quantile){NAN, NAN, NAN, false};
    if (!(p >= 0 && p <= 1) || curve->n == 0)
        return;
    if (p == 0) {
        *out = (ts_km_quantile){0, 0, 0, false};
        return;
    }
    out->estimate = crossing(curve, curve->survival, p, &out->plateau);
    out->conf_low = crossing(curve, curve->conf_low, p, &ignored);
    out->conf_high = crossing(curve, curve->conf_high, p, &ignored);
}

void ts_km_restricted_mean(const ts_km *km, size_t group, double horizon,
                           ts_km_restricted *out)
{
    const ts_km_curve *curve = &km->curve[group];
    size_t n = times_before(km, curve, horizon, true);
    ts_sum area = {0}, variance = {0};
    *out = (ts_km_restricted){NAN, NAN, 0};
    for (size_t j = 0; j < n; j++)
        out->n_event += (size_t)curve->n_events[j];
    if (times_before(km, curve, horizon, false) == curve->n_time &&
        (curve->n_time == 0 || curve->survival[curve->n_time - 1] > 0))
        return; /* beyond the last time */
    for (size_t j = n; j-- > 0;) {
        double to = j + 1 < n ? curve->time[j + 1] : horizon;
        double d = curve->n_events[j], left = curve->n_risk[j] - d;
        /* a time may lie beyond the horizon by rounding */
        ts_sum_add(&area, curve->survival[j] * fmax(0, to - curve->time[j]));
        if (left > 0) {
            double a = ts_sum_value(&area);
            ts_sum_add(&variance, a * a * d / (curve->n_risk[j] * left));
        }
    }
    ts_sum_add(&area, n > 0 ? fmin(curve->time[0], horizon) : horizon);
    out->estimate = ts_sum_value(&area);
    out->std_error = sqrt(ts_sum_value(&variance));
}
