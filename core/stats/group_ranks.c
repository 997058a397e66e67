/* Ranks of several groups at once. */
#include "group_ranks.h"

#include <math.h>
#include <stdlib.h>
#include "ts/memory.h"

const ts_group_test ts_group_test_empty = {.statistic = NAN,
                                           .df = NAN,
                                           .z = NAN,
                                           .p_value = NAN,
                                           .p_smallest = NAN,
                                           .steps = NAN};

typedef struct {
    double x;
    int group;
} unit;

static int by_value(const void *a, const void *b)
{
    double x = ((const unit *)a)->x, y = ((const unit *)b)->x;
    return (x > y) - (x < y);
}

void ts_group_ranks_free(ts_group_ranks *r)
{
    ts_free(r->score);
    ts_free(r->group);
    ts_free(r->size);
    ts_free(r->place);
    *r = (ts_group_ranks){0};
}

/* Groups that have values, numbered anew; number[g] is -1 for the others. */
static ts_status choose_groups(const ts_groups *data, size_t least, int *number,
                               ts_group_ranks *r, ts_error *err)
{
    for (size_t i = 0; i < data->n; i++)
        r->size[data->group[i]]++;
    for (size_t g = 0; g < data->n_group; g++) {
        number[g] = r->size[g] ? (int)r->n_group : -1;
        if (r->size[g]) {
            r->size[r->n_group] = r->size[g];
            r->place[r->n_group++] = g;
        }
    }
    if (r->n_group < least)
        return ts_fail(err, TS_EDEGENERATE, "%zu groups with values are needed",
                       least);
    return TS_OK;
}

static void score_units(const unit *u, bool decimal, ts_group_ranks *r)
{
    for (size_t i = 0, end; i < r->n; i = end) {
        end = i + 1;
        while (end < r->n &&
               (decimal ? u[end].x == u[i].x
                        : u[end].x - u[end - 1].x <=
                              ts_rounding(u[end].x, u[end - 1].x)))
            end++;
        double t = (double)(end - i);
        r->ties += t * t * t - t;
        for (size_t j = i; j < end; j++)
            r->score[j] = (int64_t)(i + end + 1);
    }
}

ts_status ts_group_ranks_new(const ts_groups *data, size_t least,
                             ts_group_ranks *out, ts_error *err)
{
    ts_group_ranks r = {.n = data->n};
    int decimals;
    *out = r;
    ts_status status = ts_rank_check(data->x, data->n, "the sample", err);
    if (status)
        return status;
    unit *units = ts_alloc_array(data->n, sizeof *units);
    int *number = ts_alloc_array(data->n_group, sizeof *number);
    r.score = ts_alloc_array(data->n, sizeof *r.score);
    r.group = ts_alloc_array(data->n, sizeof *r.group);
    r.size = ts_alloc_array(data->n_group, sizeof *r.size);
    r.place = ts_alloc_array(data->n_group, sizeof *r.place);
    if (!units || !number || !r.score || !r.group || !r.size || !r.place) {
        status = ts_fail_memory(err);
        goto done;
    }
    if ((status = choose_groups(data, least, number, &r, err)))
        goto done;
    decimals = ts_decimal_grid(data->x, data->n, NULL, 0, 0);
    for (size_t i = 0; i < data->n; i++)
        units[i] =
            (unit){ts_grid_value(data->x[i], decimals), number[data->group[i]]};
    qsort(units, data->n, sizeof *units, by_value);
    for (size_t i = 0; i < data->n; i++)
        r.group[i] = units[i].group;
    score_units(units, decimals >= 0, &r);
    *out = r;
    r = (ts_group_ranks){0};
done:
    ts_free(units);
    ts_free(number);
    ts_group_ranks_free(&r);
    return status;
}

ts_status ts_exact_refused(ts_exact exact, ts_error *err)
{
    if (exact != TS_EXACT_ALWAYS)
        return TS_OK;
    return ts_fail(err, TS_ELIMIT,
                   "the exact distribution needs more than %.0e steps or %.0e "
                   "numbers",
                   TS_EXACT_STEPS, TS_EXACT_NUMBERS);
}
