/* The log-rank test for k groups, with strata and weights. */
#include "ts/survival.h"

#include <math.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "event_order.h"
#include "score_form.h"
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/sum.h"

#define MOST_GROUPS 2000

typedef struct {
    size_t k;
    double *at_risk, *deaths; /* of each group, in one stratum */
    double *observed;
    ts_sum *expected, *variance; /* variance: lower triangle of k x k */
    bool *seen;                  /* groups that have subjects */
} sums;

static ts_status sums_new(size_t k, sums *s, ts_error *err)
{
    *s = (sums){.k = k};
    s->at_risk = ts_alloc_array(k, sizeof *s->at_risk);
    s->deaths = ts_alloc_array(k, sizeof *s->deaths);
    s->observed = ts_alloc_array(k, sizeof *s->observed);
    s->expected = ts_alloc_array(k, sizeof *s->expected);
    s->variance = ts_alloc_array(k, k * sizeof *s->variance);
    s->seen = ts_alloc_array(k, sizeof *s->seen);
    if (!s->at_risk || !s->deaths || !s->observed || !s->expected ||
        !s->variance || !s->seen)
        return ts_fail_memory(err);
    return TS_OK;
}

static void sums_free(sums *s)
{
    ts_free(s->at_risk);
    ts_free(s->deaths);
    ts_free(s->observed);
    ts_free(s->expected);
    ts_free(s->variance);
    ts_free(s->seen);
}

/* Adds one time with d events among n at risk, s->at_risk by group: moments of
 * the multivariate hypergeometric distribution, times a weight. */
static void add_time(sums *s, double n, double d, double weight)
{
    double spread = n > 1 ? weight * weight * d * (n - d) / (n - 1) : 0;
    for (size_t g = 0; g < s->k; g++) {
        double share = s->at_risk[g] / n;
        if (share == 0)
            continue;
        ts_sum_add(&s->expected[g], weight * d * share);
        if (spread == 0)
            continue;
        ts_sum_add(&s->variance[g * s->k + g], spread * share * (1 - share));
        for (size_t h = 0; h < g; h++)
            if (s->at_risk[h] > 0)
                ts_sum_add(&s->variance[g * s->k + h],
                           -spread * share * (s->at_risk[h] / n));
    }
}

double ts_logrank_next(ts_logrank_weight kind, double n, double d,
                       double *survival)
{
    double before = *survival;
    if (kind == TS_LOGRANK_EQUAL)
        return 1;
    *survival *= kind == TS_PETO_PRENTICE ? 1 - d / (n + 1) : 1 - d / n;
    return kind == TS_PETO_PRENTICE ? *survival : before;
}

static ts_status add_stratum(sums *s, ts_logrank_weight kind,
                             const ts_event_order *order, size_t stratum,
                             size_t *n_events, bool *one_group, ts_error *err)
{
    size_t first = order->start[stratum], end = order->start[stratum + 1];
    size_t n_group = 0, n_event = 0;
    double survival = 1;
    for (size_t g = 0; g < s->k; g++)
        s->at_risk[g] = 0;
    for (size_t i = first; i < end; i++)
        s->at_risk[order->tag[i] >> 1]++;
    for (size_t g = 0; g < s->k; g++) {
        n_group += s->at_risk[g] > 0;
        s->seen[g] |= s->at_risk[g] > 0;
    }
    size_t n_step = 0;
    for (size_t i = first, next; i < end; i = next) {
        double d = 0, weight = 1;
        if (n_step++ % 1024 == 0) {
            ts_status status = ts_interrupt_check(err);
            if (status)
                return status;
        }
        for (next = i; next < end && order->rank[next] == order->rank[i];
             next++)
            d += order->tag[next] & 1;
        if (d > 0) {
            weight = ts_logrank_next(kind, (double)(end - i), d, &survival);
            add_time(s, (double)(end - i), d, weight);
        }
        for (size_t j = i; j < next; j++) {
            s->at_risk[order->tag[j] >> 1]--;
            if (order->tag[j] & 1)
                s->observed[order->tag[j] >> 1] += weight;
        }
        n_event += (size_t)d;
    }
    *n_events += n_event;
    *one_group = n_group == 1 && n_event > 0;
    return TS_OK;
}

/* u' V^- u and the rank of V. */
static ts_status quadratic(const sums *s, double *chisq, size_t *df,
                           ts_error *err)
{
    size_t k = s->k;
    ts_status status;
    double *u = ts_alloc_array(k, sizeof *u);
    double *v = ts_alloc_array(k, k * sizeof *v);
    if (!u || !v) {
        status = ts_fail_memory(err);
        goto done;
    }
    for (size_t g = 0; g < k; g++)
        u[g] = s->observed[g] - ts_sum_value(&s->expected[g]);
    for (size_t i = 0; i < k * k; i++)
        v[i] = ts_sum_value(&s->variance[i]);
    status = ts_score_form(u, v, k, chisq, df, err);
done:
    ts_free(u);
    ts_free(v);
    return status;
}

static void hand_out(const sums *s, ts_logrank_result *out, double *observed,
                     double *expected, double *variance)
{
    size_t k = s->k;
    for (size_t g = 0; g < k; g++) {
        double e = ts_sum_value(&s->expected[g]);
        out->n_idle_group += s->seen[g] && e == 0;
        if (observed)
            observed[g] = s->observed[g];
        if (expected)
            expected[g] = e;
        for (size_t h = 0; variance && h <= g; h++)
            variance[g * k + h] = variance[h * k + g] =
                ts_sum_value(&s->variance[g * k + h]);
    }
}

ts_status ts_logrank(const ts_survival *data, ts_logrank_result *out,
                     double *observed, double *expected, double *variance,
                     ts_error *err)
{
    size_t k = data->group ? data->n_group : 1;
    sums s = {0};
    ts_event_order *order = NULL;
    *out = (ts_logrank_result){.p_value = 1, .z = NAN};
    if (k > MOST_GROUPS)
        return ts_fail(err, TS_ELIMIT,
                       "%zu groups: the log-rank test takes at most %d", k,
                       MOST_GROUPS);
    ts_status status =
        ts_event_order_new(data, data->stratum, data->n_stratum, &order, err);
    if (!status)
        status = sums_new(k, &s, err);
    for (size_t b = 0; !status && b < order->n_block; b++) {
        bool one_group = false;
        status = add_stratum(&s, data->weight, order, b, &out->n_event,
                             &one_group, err);
        out->n_idle_stratum += one_group;
    }
    if (!status)
        status = quadratic(&s, &out->statistic, &out->df, err);
    if (!status) {
        hand_out(&s, out, observed, expected, variance);
        if (out->df > 0)
            out->p_value = pchisq(out->statistic, (double)out->df, 0, 0);
        if (k == 2 && out->df == 1)
            out->z = (s.observed[1] - ts_sum_value(&s.expected[1])) /
                     sqrt(ts_sum_value(&s.variance[3]));
    } else {
        *out = (ts_logrank_result){.p_value = NAN, .z = NAN};
    }
    sums_free(&s);
    ts_event_order_free(order);
    return status;
}
