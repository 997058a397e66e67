/*
 * Values below limits, turned: ranks from the largest value down stand for
 * times, so that equal values are equal times whatever their size. A value that
 * equals a limit comes before those below it, as an event before a censoring.
 */
#include "ts/nondetect.h"

#include <math.h>
#include <stdlib.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "group_ranks.h"
#include "rank_pairs.h"
#include "subset_sums.h"
#include "ts/memory.h"

typedef struct {
    double value;
    size_t row;
} entry;

typedef struct {
    double *time, *event; /* n: ranks from 0, 1 where measured */
    double *value;        /* of each rank */
    size_t n_rank;
} turned;

static int larger_first(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    return (x->value < y->value) - (x->value > y->value);
}

static void turned_free(turned *t)
{
    ts_free(t->time);
    ts_free(t->event);
    ts_free(t->value);
}

static ts_status turn(const ts_nondetect *data, turned *t, ts_error *err)
{
    size_t n = data->n;
    entry *order = ts_alloc_array(n + 1, sizeof *order);
    *t = (turned){.time = ts_alloc_array(n + 1, sizeof *t->time),
                  .event = ts_alloc_array(n + 1, sizeof *t->event),
                  .value = ts_alloc_array(n + 1, sizeof *t->value)};
    if (!order || !t->time || !t->event || !t->value) {
        ts_free(order);
        return ts_fail_memory(err);
    }
    for (size_t i = 0; i < n; i++)
        order[i] = (entry){data->value[i], i};
    qsort(order, n, sizeof *order, larger_first);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || order[i].value != order[i - 1].value)
            t->value[t->n_rank++] = order[i].value;
        t->time[order[i].row] = (double)t->n_rank - 1;
        t->event[order[i].row] = !data->below[order[i].row];
    }
    ts_free(order);
    return TS_OK;
}

static ts_survival survival_of(const ts_nondetect *data, const turned *t)
{
    return (ts_survival){.time = t->time,
                         .event = t->event,
                         .n = data->n,
                         .group = data->group,
                         .n_group = data->group ? data->n_group : 1,
                         .stratum = data->stratum,
                         .n_stratum = data->n_stratum};
}

/* Curves ------------------------------------------------------------------ */

ts_status ts_nondetect_km(const ts_nondetect *data, double conf_level,
                          ts_km **out, ts_error *err)
{
    turned t;
    *out = NULL;
    ts_status status = turn(data, &t, err);
    if (!status) {
        ts_survival s = survival_of(data, &t);
        status = ts_km_new(&s, TS_KM_LOG_LOG, conf_level, out, err);
    }
    for (size_t g = 0; !status && g < (*out)->n_group; g++) {
        ts_km_curve *curve = &(*out)->curve[g];
        for (size_t j = 0; j < curve->n_time; j++)
            curve->time[j] = -t.value[(size_t)curve->time[j]];
    }
    turned_free(&t);
    return status;
}

/* Test -------------------------------------------------------------------- */

/* Room for what find_scores() needs of each rank. */
typedef struct {
    double *events, *rows, *weight;
} rank_sums;

/* What each rank adds to its rows of one stratum: its weight where measured,
 * less what all ranks before it and itself expect of one who is there. */
static void score_stratum(const ts_nondetect *data, const turned *t,
                          ts_logrank_weight kind, int stratum, rank_sums r,
                          double *score)
{
    double survival = 1, hazard = 0, at_risk = 0;
    for (size_t j = 0; j < t->n_rank; j++)
        r.events[j] = r.rows[j] = r.weight[j] = 0;
    for (size_t i = 0; i < data->n; i++)
        if (!data->stratum || data->stratum[i] == stratum) {
            r.rows[(size_t)t->time[i]]++;
            r.events[(size_t)t->time[i]] += t->event[i];
            at_risk++;
        }
    for (size_t j = 0; j < t->n_rank; j++) {
        if (r.events[j] > 0) {
            r.weight[j] =
                ts_logrank_next(kind, at_risk, r.events[j], &survival);
            hazard += r.weight[j] * r.events[j] / at_risk;
        }
        at_risk -= r.rows[j];
        r.rows[j] = hazard;
    }
    for (size_t i = 0; i < data->n; i++)
        if (!data->stratum || data->stratum[i] == stratum) {
            size_t j = (size_t)t->time[i];
            score[i] = t->event[i] * r.weight[j] - r.rows[j];
        }
}

static ts_status find_scores(const ts_nondetect *data, const turned *t,
                             ts_logrank_weight kind, double *score,
                             ts_error *err)
{
    rank_sums r = {ts_alloc_array(t->n_rank, sizeof *r.events),
                   ts_alloc_array(t->n_rank, sizeof *r.rows),
                   ts_alloc_array(t->n_rank, sizeof *r.weight)};
    size_t n_stratum = data->stratum ? data->n_stratum : 1;
    ts_status status =
        r.events && r.rows && r.weight ? TS_OK : ts_fail_memory(err);
    for (size_t h = 0; h < n_stratum && !status; h++)
        score_stratum(data, t, kind, (int)h, r, score);
    ts_free(r.events);
    ts_free(r.rows);
    ts_free(r.weight);
    return status;
}

static ts_status permute(const ts_nondetect *data, const turned *t,
                         ts_logrank_weight kind, const ts_rank_options *opt,
                         ts_peto_result *out, ts_error *err)
{
    ts_tails tails;
    ts_smallest smallest;
    bool possible = false;
    size_t n_stratum = data->stratum ? data->n_stratum : 1;
    size_t *m = ts_alloc_array(n_stratum, sizeof *m);
    double *score = ts_alloc_array(data->n, sizeof *score), sum = 0;
    ts_status status = score && m ? find_scores(data, t, kind, score, err)
                                  : ts_fail_memory(err);
    for (size_t i = 0; i < data->n && !status; i++)
        if (data->group[i] == 1) {
            m[data->stratum ? data->stratum[i] : 0]++;
            sum += score[i];
        }
    if (!status)
        status = data->stratum
                     ? ts_stratified_sums(score, data->stratum, data->n, m,
                                          n_stratum, sum, &tails, &smallest,
                                          &possible, err)
                     : ts_subset_sums(score, data->n, m[0], sum, &tails,
                                      &smallest, &possible, err);
    if (possible && !status) {
        out->exact = true;
        out->p_value = ts_tails_p(&tails, opt);
        out->p_smallest = ts_smallest_p(&smallest, opt);
    }
    ts_free(score);
    ts_free(m);
    return status;
}

static void by_deviate(const ts_rank_options *opt, ts_peto_result *out)
{
    const ts_logrank_result *r = &out->asymptotic;
    out->p_value = r->p_value;
    if (opt->alternative != TS_TWO_SIDED && !isnan(r->z))
        out->p_value = pnorm5(r->z, 0, 1, opt->alternative == TS_LESS, 0);
}

static ts_status check_groups(const ts_nondetect *data, ts_error *err)
{
    size_t *n = ts_alloc_array(data->n_group, sizeof *n);
    ts_status status = n ? TS_OK : ts_fail_memory(err);
    for (size_t i = 0; i < data->n && !status; i++)
        n[data->group[i]]++;
    for (size_t g = 0; g < data->n_group && !status; g++)
        if (n[g] == 0)
            status = ts_fail(err, TS_EDEGENERATE, "a group has no values");
    ts_free(n);
    return status;
}

ts_status ts_peto_prentice(const ts_nondetect *data, ts_logrank_weight weight,
                           const ts_rank_options *opt, ts_peto_result *out,
                           double *observed, double *expected, ts_error *err)
{
    turned t = {0};
    *out = (ts_peto_result){.p_value = NAN, .p_smallest = NAN};
    ts_status status = check_groups(data, err);
    if (!status)
        status = turn(data, &t, err);
    if (!status) {
        ts_survival s = survival_of(data, &t);
        s.weight = weight;
        status =
            ts_logrank(&s, &out->asymptotic, observed, expected, NULL, err);
    }
    if (!status) {
        by_deviate(opt, out);
        if (data->n_group == 2 && opt->exact != TS_EXACT_NEVER)
            status = permute(data, &t, weight, opt, out, err);
    }
    if (!status && !out->exact)
        status = ts_exact_refused(opt->exact, err);
    turned_free(&t);
    if (status)
        *out = (ts_peto_result){.p_value = NAN, .p_smallest = NAN};
    return status;
}
