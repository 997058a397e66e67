/*
 * Kaplan-Meier curves by group, their intervals, S(t) and quantiles.
 *
 * The standard error that is summed is that of log S; a limit that its scale
 * does not define (log-log at S = 1) is NaN, as in R's survfit.
 */
#include "ts/survival.h"

#include <math.h>
#include <stdlib.h>
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
static ts_status allocate(ts_km_curve *curve, size_t n_time, size_t n_entry,
                          ts_error *err)
{
    double **array[] = {&curve->time,          &curve->n_risk,
                        &curve->n_events,      &curve->n_censor,
                        &curve->survival,      &curve->std_error,
                        &curve->std_error_log, &curve->conf_low,
                        &curve->conf_high,     &curve->n_left};
    size_t n_array = sizeof array / sizeof *array;
    if (n_time == 0)
        return TS_OK;
    double *block =
        ts_alloc_array(n_time * n_array + 2 * n_entry, sizeof *block);
    if (!block)
        return ts_fail_memory(err);
    for (size_t j = 0; j < n_array; j++)
        *array[j] = block + j * n_time;
    curve->entry = block + n_array * n_time;
    curve->n_later = curve->entry + n_entry;
    curve->n_time = n_time;
    curve->n_entry = n_entry;
    return TS_OK;
}

static double weight_of(const ts_survival *data, const ts_event_order *order,
                        size_t i)
{
    return data->case_weight ? data->case_weight[order->row[i]] : 1;
}

static void count_events(ts_km_curve *curve, const ts_survival *data,
                         const ts_event_order *order, size_t group)
{
    size_t first = order->start[group], end = order->start[group + 1];
    size_t j = curve->n_time;
    ts_sum left = {0};
    curve->n = end - first;
    for (size_t i = end; i-- > first;) {
        double w = weight_of(data, order, i);
        if (i + 1 == end || order->rank[i] != order->rank[i + 1])
            j--;
        ts_sum_add(&left, w);
        curve->time[j] = order->time[order->rank[i]];
        curve->n_risk[j] = curve->n_left[j] = ts_sum_value(&left);
        if (order->tag[i] & 1) {
            curve->n_events[j] += w;
            curve->n_event++;
        } else {
            curve->n_censor[j] += w;
        }
    }
}

/* Late entries ------------------------------------------------------------- */

typedef struct {
    double entry, weight;
    uint32_t row;
} late;

static int by_entry(const void *a, const void *b)
{
    const late *x = a, *y = b;
    if (x->entry != y->entry)
        return x->entry < y->entry ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* What enters at t or later, or after it. */
static double entering(const ts_km_curve *curve, double t, double same,
                       bool at_t)
{
    size_t low = 0, high = curve->n_entry;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        double e = curve->entry[middle];
        if (at_t ? t - e > same : t - e >= -same)
            low = middle + 1;
        else
            high = middle;
    }
    return low < curve->n_entry ? curve->n_later[low] : 0;
}

/* Takes those who enter later out of those at risk. */
static ts_status enter(ts_km_curve *curve, const ts_survival *data,
                       const ts_event_order *order, size_t group, ts_error *err)
{
    size_t first = order->start[group], n = curve->n_entry;
    late *list = ts_alloc_array(n, sizeof *list);
    ts_sum later = {0};
    if (!list)
        return ts_fail_memory(err);
    for (size_t i = 0; i < n; i++)
        list[i] =
            (late){data->entry[order->row[first + i]],
                   weight_of(data, order, first + i), order->row[first + i]};
    qsort(list, n, sizeof *list, by_entry);
    for (size_t i = n; i-- > 0;) {
        ts_sum_add(&later, list[i].weight);
        curve->entry[i] = list[i].entry;
        curve->n_later[i] = ts_sum_value(&later);
    }
    for (size_t j = 0; j < curve->n_time; j++) {
        double now = curve->n_events[j] + curve->n_censor[j];
        double risk = curve->n_left[j] -
                      entering(curve, curve->time[j], order->same_time, true);
        /* the difference of two sums is rounded: nobody but those of this time
         */
        if (fabs(risk - now) < 1e-12 * curve->n_left[j])
            risk = now;
        curve->n_risk[j] = risk;
    }
    ts_free(list);
    return TS_OK;
}

/* Estimates ---------------------------------------------------------------- */

static void set_error(ts_km_curve *curve, size_t j, double variance)
{
    double s = curve->survival[j], se = s > 0 ? sqrt(variance) : INFINITY;
    curve->std_error_log[j] = se;
    curve->std_error[j] = s > 0 ? s * se : NAN;
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
        curve->survival[j] = survival;
        set_error(curve, j, ts_sum_value(&variance));
    }
}

/* How many of the times come before a row is at risk. */
static size_t times_to_entry(const ts_km_curve *curve, double entry,
                             double same)
{
    size_t low = 0, high = curve->n_time;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (curve->time[middle] - entry > same)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/*
 * The variance of log S by the influence of each row, from its entry to its
 * time the sum of (dN - Y d / n) / (n - d). hazard: room for n_time + 1, and
 * sums for 3 times as many.
 */
static void influence(ts_km_curve *curve, const ts_survival *data,
                      const ts_event_order *order, size_t group, double *hazard,
                      double *sums)
{
    size_t n_time = curve->n_time, first = order->start[group];
    double present = 0, once = 0, twice = 0; /* w^2, w^2 a, w^2 a^2 */
    ts_sum gone = {0}, total = {0};
    for (size_t j = 0; j < n_time; j++) {
        double n = curve->n_risk[j], d = curve->n_events[j];
        if (d < n)
            ts_sum_add(&total, d / (n * (n - d)));
        hazard[j + 1] = ts_sum_value(&total);
    }
    for (size_t i = first; i < order->start[group + 1]; i++) {
        double w = weight_of(data, order, i);
        double entry = data->entry ? data->entry[order->row[i]] : 0;
        size_t k =
            data->entry ? times_to_entry(curve, entry, order->same_time) : 0;
        double *to = &sums[3 * k], a = hazard[k];
        to[0] += w * w;
        to[1] += w * w * a;
        to[2] += w * w * a * a;
    }
    size_t i = first;
    for (size_t j = 0; j < n_time; j++) {
        double left = curve->n_risk[j] - curve->n_events[j], h = hazard[j + 1];
        present += sums[3 * j];
        once += sums[3 * j + 1];
        twice += sums[3 * j + 2];
        uint32_t rank = order->rank[i];
        for (; i < order->start[group + 1] && order->rank[i] == rank; i++) {
            double w = weight_of(data, order, i), entry = 0;
            size_t k = 0;
            if (data->entry) {
                entry = data->entry[order->row[i]];
                k = times_to_entry(curve, entry, order->same_time);
            }
            double a = hazard[k], u = h - a;
            if (order->tag[i] & 1)
                u -= left > 0 ? 1 / left : 0;
            ts_sum_add(&gone, w * w * u * u);
            present -= w * w;
            once -= w * w * a;
            twice -= w * w * a * a;
        }
        double stay = h * h * present - 2 * h * once + twice;
        set_error(curve, j, ts_sum_value(&gone) + fmax(stay, 0));
    }
}

static ts_status estimate_robust(ts_km_curve *curve, const ts_survival *data,
                                 const ts_event_order *order, size_t group,
                                 ts_error *err)
{
    size_t n = curve->n_time + 1;
    double *room = ts_alloc_array(4 * n, sizeof *room);
    if (!room)
        return ts_fail_memory(err);
    estimate(curve);
    influence(curve, data, order, group, room, room + n);
    ts_free(room);
    return TS_OK;
}

static bool is_fractional(const ts_survival *data)
{
    for (size_t i = 0; data->case_weight && i < data->n; i++)
        if (data->case_weight[i] != floor(data->case_weight[i]))
            return true;
    return false;
}

static ts_status fill(ts_km *km, size_t g, const ts_survival *data,
                      const ts_event_order *order, ts_error *err)
{
    ts_km_curve *curve = &km->curve[g];
    size_t n = order->start[g + 1] - order->start[g];
    ts_status status =
        allocate(curve, count_times(order, g), data->entry ? n : 0, err);
    if (status || n == 0)
        return status;
    count_events(curve, data, order, g);
    if (data->entry && (status = enter(curve, data, order, g, err)))
        return status;
    if (km->robust)
        return estimate_robust(curve, data, order, g, err);
    estimate(curve);
    return TS_OK;
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
    km->robust = is_fractional(data);
    for (size_t g = 0; g < km->n_group; g++) {
        ts_km_curve *curve = &km->curve[g];
        if ((status = ts_interrupt_check(err)) ||
            (status = fill(km, g, data, order, err)))
            goto done;
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
    if (risk < curve->n_time && curve->n_entry == 0)
        out->n_risk = curve->n_risk[risk];
    else if (risk < curve->n_time) /* at 0 also who enters then */
        out->n_risk = fmax(0, curve->n_left[risk] -
                                  entering(curve, t, km->same_time, t > 0));
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
