/*
 * Rank sums within strata, weighted by 1 / (n + 1). Exact: the statistic is a
 * whole number in units of one over the least common multiple of all n + 1,
 * and its distribution the convolution of those of the strata.
 */
#include "ts/rank.h"

#include <math.h>
#include "group_ranks.h"
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/sum.h"

typedef struct {
    ts_group_ranks r;
    size_t n_1;
    int64_t sum; /* doubled mid-ranks of group 1 */
} stratum_ranks;

/* Values of one stratum, or TS_EDEGENERATE that says it lacks a group. */
static ts_status rank_stratum(const ts_groups *data, const int *stratum,
                              int which, double *x, int *group,
                              stratum_ranks *out, ts_error *err)
{
    ts_groups part = {.x = x, .group = group, .n_group = 2};
    for (size_t i = 0; i < data->n; i++)
        if (stratum[i] == which) {
            x[part.n] = data->x[i];
            group[part.n++] = data->group[i];
        }
    *out = (stratum_ranks){0};
    ts_status status = ts_group_ranks_new(&part, 2, &out->r, err);
    if (status)
        return status;
    out->n_1 = out->r.size[1];
    for (size_t i = 0; i < out->r.n; i++)
        if (out->r.group[i] == 1)
            out->sum += out->r.score[i];
    return TS_OK;
}

/* Deviation from the mean and variance of the weighted rank sum. */
static void add_normal(const stratum_ranks *s, ts_sum *away, ts_sum *variance)
{
    double n = (double)s->r.n, n_1 = (double)s->n_1;
    double own = n_1 * (n - n_1) / 12 * (n + 1 - s->r.ties / (n * (n - 1)));
    ts_sum_add(away, ((double)s->sum / 2 - n_1 * (n + 1) / 2) / (n + 1));
    ts_sum_add(variance, own / ((n + 1) * (n + 1)));
}

/* Least common multiple of all n + 1, or 0 when it is too large. */
static int64_t common_multiple(const stratum_ranks *s, size_t n)
{
    int64_t all = 1;
    for (size_t h = 0; h < n && all; h++)
        all = ts_common_multiple(all, (int64_t)s[h].r.n + 1);
    return all;
}

static double convolution_steps(const stratum_ranks *s, size_t n,
                                int64_t multiple, double *numbers)
{
    double steps = 0;
    *numbers = 1;
    for (size_t h = 0; h < n; h++) {
        double m = (double)s[h].r.n, n_1 = (double)s[h].n_1;
        double range = 2 * n_1 * (m - n_1) + 1;
        steps += ts_subset_steps(s[h].r.score, s[h].r.n, s[h].n_1);
        steps += *numbers * range;
        *numbers += range * (double)multiple / (m + 1);
    }
    return steps;
}

static ts_status distribute(const stratum_ranks *s, size_t n, int64_t multiple,
                            ts_lattice *total, ts_error *err)
{
    ts_status status = ts_lattice_nothing(total, err);
    for (size_t h = 0; h < n && !status; h++) {
        ts_lattice part;
        status =
            ts_lattice_subset(s[h].r.score, s[h].r.n, s[h].n_1, &part, err);
        if (!status)
            status =
                ts_lattice_convolve(
                total, &part, multiple / ((int64_t)s[h].r.n + 1), err);
        ts_lattice_free(&part);
    }
    return status;
}

static ts_status run_exact(const stratum_ranks *s, size_t n, int64_t multiple,
                           const ts_rank_options *opt, ts_group_test *t,
                           ts_error *err)
{
    ts_lattice total;
    int64_t observed = 0, mean = 0;
    for (size_t h = 0; h < n; h++) {
        observed += s[h].sum * (multiple / ((int64_t)s[h].r.n + 1));
        mean += (int64_t)s[h].n_1 * multiple;
    }
    ts_status status = distribute(s, n, multiple, &total, err);
    if (!status) {
        ts_tails tails = ts_lattice_tails(&total, observed, mean, 1);
        ts_smallest smallest = ts_lattice_smallest(&total, mean, 1);
        t->p_value = ts_tails_p(&tails, opt);
        t->p_smallest = ts_smallest_p(&smallest, opt);
        t->exact = true;
    }
    ts_lattice_free(&total);
    return status;
}

static ts_status run(const stratum_ranks *s, size_t n,
                     const ts_rank_options *opt, ts_group_test *t,
                     ts_error *err)
{
    ts_sum away = {0}, variance = {0};
    double numbers;
    int64_t multiple = common_multiple(s, n);
    for (size_t h = 0; h < n; h++) {
        add_normal(&s[h], &away, &variance);
        t->n_used += s[h].r.n;
        t->tied = t->tied || s[h].r.ties > 0;
    }
    t->n_stratum = n;
    t->statistic = ts_sum_value(&away);
    double sd = sqrt(fmax(0, ts_sum_value(&variance)));
    t->z = ts_normal_z(t->statistic, sd, 0, opt->alternative);
    t->steps =
        multiple > 0 ? convolution_steps(s, n, multiple, &numbers) : INFINITY;
    if (opt->exact != TS_EXACT_NEVER && t->steps <= TS_EXACT_STEPS &&
        numbers <= TS_EXACT_NUMBERS)
        return run_exact(s, n, multiple, opt, t, err);
    ts_status status = ts_exact_refused(opt->exact, err);
    if (status)
        return status;
    ts_tails tails = ts_normal_tails(t->statistic, sd, 0);
    t->p_value = ts_tails_p(&tails, opt);
    return TS_OK;
}

ts_status ts_van_elteren(const ts_groups *data, const int *stratum,
                         size_t n_stratum, const ts_rank_options *opt,
                         ts_group_test *out, ts_error *err)
{
    ts_group_test t = ts_group_test_empty;
    size_t n = 0;
    *out = t;
    ts_status status = ts_rank_check(data->x, data->n, "the sample", err);
    if (status)
        return status;
    double *x = ts_alloc_array(data->n, sizeof *x);
    int *group = ts_alloc_array(data->n, sizeof *group);
    stratum_ranks *strata = ts_alloc_array(n_stratum, sizeof *strata);
    if (!x || !group || !strata) {
        status = ts_fail_memory(err);
        goto done;
    }
    for (size_t h = 0; h < n_stratum; h++) {
        status = rank_stratum(data, stratum, (int)h, x, group, &strata[n], err);
        if (!status)
            n++;
        else if (status != TS_EDEGENERATE)
            goto done;
    }
    status = n ? run(strata, n, opt, &t, err)
               : ts_fail(err, TS_EDEGENERATE, "no stratum has both groups");
    if (!status)
        *out = t;
done:
    for (size_t h = 0; h < n; h++)
        ts_group_ranks_free(&strata[h].r);
    ts_free(strata);
    ts_free(group);
    ts_free(x);
    return status;
}
