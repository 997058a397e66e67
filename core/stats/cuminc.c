/*
 * Cumulative incidence by group. The variance at a time is a sum over all
 * earlier ones, of which each depends on both; it is carried from time to time
 * as three sums.
 */
#include "ts/competing.h"

#include <limits.h>
#include <math.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "cause_order.h"
#include "ts/interrupt.h"
#include "ts/memory.h"

ts_status ts_cause_order_new(const ts_survival *data, const double *competing,
                             const int *block, size_t n_block,
                             ts_event_order **out, ts_error *err)
{
    *out = NULL;
    if (data->n_group > INT_MAX / 4)
        return ts_fail(err, TS_ELIMIT, "%zu groups are too many",
                       data->n_group);
    int *group = ts_alloc_array(data->n, sizeof *group);
    if (data->n && !group)
        return ts_fail_memory(err);
    ts_status status = TS_OK;
    for (size_t i = 0; i < data->n && !status; i++) {
        double c = competing[i];
        if ((c != 0 && c != 1) || (c == 1 && data->event[i] == 1))
            status = ts_fail(err, TS_EINVALID,
                             c == 1 ? "row %zu has both events"
                                    : "row %zu: the competing event must be 0 "
                                      "or 1",
                             i + 1);
        if (data->group && data->group[i] < 0)
            status = ts_fail(err, TS_EINVALID, "row %zu has no group", i + 1);
        group[i] = 2 * (data->group ? data->group[i] : 0) + (c == 1);
    }
    if (!status) {
        ts_survival coded = *data;
        coded.group = group;
        coded.n_group = 2 * (data->group ? data->n_group : 1);
        status = ts_event_order_new(&coded, block, n_block, out, err);
    }
    ts_free(group);
    return status;
}

static ts_status allocate(ts_cuminc_curve *c, const ts_event_order *order,
                          size_t group, ts_error *err)
{
    double **array[] = {&c->time,       &c->n_risk,    &c->n_events,
                        &c->n_competed, &c->n_censor,  &c->incidence,
                        &c->survival,   &c->std_error, &c->conf_low,
                        &c->conf_high};
    size_t n_array = sizeof array / sizeof *array;
    size_t first = order->start[group], end = order->start[group + 1];
    size_t n_time = 0;
    for (size_t i = first; i < end; i++)
        n_time += i == first || order->rank[i] != order->rank[i - 1];
    c->n = end - first;
    if (n_time == 0)
        return TS_OK;
    double *block = ts_alloc_array(n_time, n_array * sizeof *block);
    if (!block)
        return ts_fail_memory(err);
    for (size_t j = 0; j < n_array; j++)
        *array[j] = block + j * n_time;
    c->n_time = n_time;
    return TS_OK;
}

static void count(ts_cuminc_curve *c, const ts_event_order *order, size_t group)
{
    size_t first = order->start[group], end = order->start[group + 1];
    size_t j = 0;
    for (size_t i = first; i < end; i++) {
        bool new_time = i == first || order->rank[i] != order->rank[i - 1];
        if (new_time && i > first)
            j++;
        if (new_time) {
            c->time[j] = order->time[order->rank[i]];
            c->n_risk[j] = (double)(end - i);
        }
        if (ts_tag_event(order->tag[i])) {
            c->n_events[j]++;
            c->n_event++;
        } else if (ts_tag_competing(order->tag[i])) {
            c->n_competed[j]++;
            c->n_competing++;
        } else {
            c->n_censor[j]++;
        }
    }
}

/*
 * F - its expectation is a sum over times u of what each hazard there differs
 * from its own: the event's counts x = 1 - (F - F(u)) / S(u), the competing
 * one's x = -(F - F(u)) / S(u), times S(u-). Var F = sum of w x^2, where w is
 * the variance of the hazard times S(u-)^2; as F grows by s, x falls by s / S.
 */
static void estimate(ts_cuminc_curve *c)
{
    double incidence = 0, survival = 1;
    double w_ss = 0, w_sx = 0, w_xx = 0; /* sums of w / S^2, w x / S, w x^2 */
    for (size_t j = 0; j < c->n_time; j++) {
        double n = c->n_risk[j], d = c->n_events[j], other = c->n_competed[j];
        double step = survival * d / n, w = survival * survival / (n * n);
        incidence += step;
        w_xx += step * (step * w_ss - 2 * w_sx);
        w_sx -= step * w_ss;
        survival *= (n - d - other) / n;
        double own = w * d * ts_tie_factor(d, n);
        double all = own + w * other * ts_tie_factor(other, n);
        w_xx += own;
        if (survival > 0) {
            w_sx += own / survival;
            w_ss += all / (survival * survival);
        }
        c->incidence[j] = incidence;
        c->survival[j] = survival;
        c->std_error[j] = sqrt(fmax(w_xx, 0));
    }
}

static void interval(double f, double se, ts_km_scale scale, double z,
                     double *low, double *high)
{
    *low = *high = NAN;
    if (scale == TS_KM_PLAIN) {
        *low = fmax(f - z * se, 0);
        *high = fmin(f + z * se, 1);
    } else if (scale == TS_KM_LOG && f > 0) {
        *low = f * exp(-z * se / f);
        *high = fmin(f * exp(z * se / f), 1);
    } else if (scale == TS_KM_LOG_LOG && f > 0 && f < 1) {
        double h = -log(f), width = z * se / (f * h);
        *low = exp(-h * exp(width));
        *high = exp(-h * exp(-width));
    }
}

ts_status ts_cuminc_new(const ts_survival *data, const double *competing,
                        ts_km_scale scale, double conf_level, ts_cuminc **out,
                        ts_error *err)
{
    ts_event_order *order = NULL;
    ts_cuminc *all = NULL;
    size_t n_group = data->group ? data->n_group : 1;
    *out = NULL;
    if (!(conf_level > 0 && conf_level < 1))
        return ts_fail(err, TS_EINVALID, "conf_level %g is not between 0 and 1",
                       conf_level);
    double z = qnorm5((1 - conf_level) / 2, 0, 1, 0, 0);
    ts_status status =
        ts_cause_order_new(data, competing, data->group, n_group, &order, err);
    if (status)
        return status;
    all = ts_alloc_array(1, sizeof *all);
    if (all)
        all->curve = ts_alloc_array(n_group, sizeof *all->curve);
    if (!all || !all->curve)
        status = ts_fail_memory(err);
    else
        all->n_group = n_group;
    for (size_t g = 0; g < n_group && !status; g++) {
        ts_cuminc_curve *c = &all->curve[g];
        if ((status = ts_interrupt_check(err)) ||
            (status = allocate(c, order, g, err)))
            break;
        count(c, order, g);
        estimate(c);
        for (size_t j = 0; j < c->n_time; j++)
            interval(c->incidence[j], c->std_error[j], scale, z,
                     &c->conf_low[j], &c->conf_high[j]);
    }
    ts_event_order_free(order);
    if (status)
        ts_cuminc_free(all);
    else
        *out = all;
    return status;
}

void ts_cuminc_free(ts_cuminc *c)
{
    if (!c)
        return;
    for (size_t g = 0; g < c->n_group; g++)
        ts_free(c->curve[g].time);
    ts_free(c->curve);
    ts_free(c);
}
