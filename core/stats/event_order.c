/*
 * Checks survival data and sorts it, once for all groups or strata.
 *
 * Times are not negative, so their bit patterns sort as they do: a radix sort
 * takes a tenth of what qsort would, and its order does not depend on libc.
 */
#include "event_order.h"

#include <math.h>
#include <string.h>
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/sum.h"

#define DIGIT 11
#define BUCKETS (1u << DIGIT)

/* group and event travel with the time: to look them up by row afterwards
 * would cost more than the sort */
typedef struct {
    uint64_t bits;
    uint32_t row, tag;
} key;

static ts_status check_codes(const char *what, const int *code, size_t n_code,
                             size_t n, ts_error *err)
{
    for (size_t i = 0; code && i < n; i++)
        if (code[i] < 0 || (size_t)code[i] >= n_code)
            return ts_fail(err, TS_EINVALID, "row %zu has no %s", i + 1, what);
    return TS_OK;
}

static ts_status check(const ts_survival *data, ts_error *err)
{
    if (data->n == 0)
        return ts_fail(err, TS_EDEGENERATE, "no subjects");
    if (data->n > UINT32_MAX)
        return ts_fail(err, TS_ELIMIT, "more than %u subjects", UINT32_MAX);
    for (size_t i = 0; i < data->n; i++) {
        if (!isfinite(data->time[i]))
            return ts_fail(err, TS_EINVALID, "row %zu: the time is %s", i + 1,
                           isnan(data->time[i]) ? "missing" : "infinite");
        if (data->time[i] < 0)
            return ts_fail(err, TS_EINVALID, "row %zu: time %g is negative",
                           i + 1, data->time[i]);
        if (data->entry &&
            !(data->entry[i] >= 0 && data->entry[i] < data->time[i]))
            return ts_fail(err, TS_EINVALID,
                           "row %zu: the entry %g is not between 0 and the "
                           "time %g",
                           i + 1, data->entry[i], data->time[i]);
        if (data->case_weight &&
            !(data->case_weight[i] > 0 && isfinite(data->case_weight[i])))
            return ts_fail(err, TS_EINVALID,
                           "row %zu: the weight %g is not above 0", i + 1,
                           data->case_weight[i]);
        if (data->event[i] != 0 && data->event[i] != 1)
            return ts_fail(err, TS_EINVALID,
                           "row %zu: the event is %g; it must be 0 or 1", i + 1,
                           data->event[i]);
    }
    ts_status status =
        check_codes("group", data->group, data->n_group, data->n, err);
    if (!status)
        status = check_codes("stratum", data->stratum, data->n_stratum, data->n,
                             err);
    return status;
}

/* Sorts keys by bits; spare has room for as many. Returns where they are, in
 * no order when the user stopped it. */
static key *sort(key *keys, key *spare, size_t n)
{
    for (int shift = 0; shift < 64; shift += DIGIT) {
        size_t count[BUCKETS] = {0}, at = 0;
        if (ts_interrupted())
            break;
        for (size_t i = 0; i < n; i++)
            count[keys[i].bits >> shift & (BUCKETS - 1)]++;
        if (count[keys[0].bits >> shift & (BUCKETS - 1)] == n)
            continue; /* all have the same digit */
        for (unsigned d = 0; d < BUCKETS; d++) {
            size_t here = count[d];
            count[d] = at;
            at += here;
        }
        for (size_t i = 0; i < n; i++)
            spare[count[keys[i].bits >> shift & (BUCKETS - 1)]++] = keys[i];
        key *swap = keys;
        keys = spare;
        spare = swap;
    }
    return keys;
}

static double time_of(const key *k)
{
    double t;
    memcpy(&t, &k->bits, sizeof t);
    return t;
}

/*
 * How far apart equal times may be. R's survfit takes sqrt(eps) of the mean of
 * the distinct times, or of 1 where the mean is less. The latter is not
 * followed for times below a thousandth: it would merge what differs.
 */
static double tolerance(const key *keys, size_t n)
{
    ts_sum sum = {0};
    size_t n_distinct = 0;
    for (size_t i = 0; i < n; i++)
        if (i == 0 || keys[i].bits != keys[i - 1].bits) {
            ts_sum_add(&sum, time_of(&keys[i]));
            n_distinct++;
        }
    double mean = ts_sum_value(&sum) / (double)n_distinct;
    return 0x1p-26 * (mean < 1e-3 ? mean : fmax(mean, 1));
}

/* Deals the sorted rows out to their blocks and gives equal times one rank. */
static void deal(ts_event_order *order, const key *keys, const int *block)
{
    size_t n = order->n, n_time = 0;
    double last = 0; /* a chain of near times is one, as in R */
    for (size_t i = 0; i < n; i++)
        order->start[block ? block[i] + 1 : 1]++;
    for (size_t b = 0; b < order->n_block; b++)
        order->start[b + 1] += order->start[b];
    order->same_time = tolerance(keys, n);
    for (size_t i = 0; i < n; i++) {
        double t = time_of(&keys[i]);
        if (i == 0 || t - last > order->same_time)
            order->time[n_time++] = t;
        last = t;
        size_t at = order->start[block ? block[keys[i].row] : 0]++;
        order->tag[at] = keys[i].tag;
        order->rank[at] = (uint32_t)(n_time - 1);
        order->row[at] = keys[i].row;
    }
    /* each start now stands where the next block begins */
    memmove(order->start + 1, order->start,
            order->n_block * sizeof *order->start);
    order->start[0] = 0;
}

ts_status ts_event_order_new(const ts_survival *data, const int *block,
                             size_t n_block, ts_event_order **out,
                             ts_error *err)
{
    key *keys = NULL, *spare = NULL;
    ts_event_order *order = NULL;
    *out = NULL;
    ts_status status = check(data, err);
    if (status)
        return status;
    size_t n = data->n;
    if (!block)
        n_block = 1;
    order = ts_alloc_array(1, sizeof *order);
    keys = ts_alloc_array(n, sizeof *keys);
    spare = ts_alloc_array(n, sizeof *spare);
    if (!order || !keys || !spare)
        goto memory;
    order->n = n;
    order->n_block = n_block;
    order->start = ts_alloc_array(n_block + 1, sizeof *order->start);
    order->tag = ts_alloc_array(n, sizeof *order->tag);
    order->rank = ts_alloc_array(n, sizeof *order->rank);
    order->row = ts_alloc_array(n, sizeof *order->row);
    order->time = ts_alloc_array(n, sizeof *order->time);
    if (!order->start || !order->tag || !order->rank || !order->row ||
        !order->time)
        goto memory;
    for (size_t i = 0; i < n; i++) {
        double t = data->time[i] + 0.0; /* -0 is 0 */
        memcpy(&keys[i].bits, &t, sizeof t);
        keys[i].row = (uint32_t)i;
        keys[i].tag = (data->group ? (uint32_t)data->group[i] << 1 : 0) |
                      (data->event[i] == 1);
    }
    const key *sorted = sort(keys, spare, n);
    status = ts_interrupt_check(err);
    if (!status) {
        deal(order, sorted, block);
        *out = order;
        order = NULL;
    }
    goto done;
memory:
    status = ts_fail_memory(err);
done:
    ts_event_order_free(order);
    ts_free(keys);
    ts_free(spare);
    return status;
}

void ts_event_order_free(ts_event_order *order)
{
    if (!order)
        return;
    ts_free(order->start);
    ts_free(order->tag);
    ts_free(order->rank);
    ts_free(order->row);
    ts_free(order->time);
    ts_free(order);
}
