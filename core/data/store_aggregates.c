/*
 * The aggregates that expressions have beyond SQLite's: sums are compensated,
 * and what needs all values holds them until the group ends. They serve as
 * window functions too, over all rows of a group or from its first row to this
 * one, so that no value is ever taken out again.
 */
#include "store_internal.h"

#include <math.h>
#include "ts/describe.h"
#include "ts/memory.h"
#include "ts/sum.h"

/* Sums --------------------------------------------------------------------- */

typedef struct {
    ts_sum sum, scaled; /* scaled: for a mean whose sum overflows */
    double n;
} summing;

static void sum_step(sqlite3_context *context, int n, sqlite3_value **v)
{
    double x;
    summing *s = sqlite3_aggregate_context(context, sizeof *s);
    (void)n;
    if (s && ts_store_number(context, v[0], &x)) {
        ts_sum_add(&s->sum, x);
        ts_sum_add(&s->scaled, x * 0x1p-70);
        s->n++;
    }
}

static void sum_final(sqlite3_context *context)
{
    summing *s = sqlite3_aggregate_context(context, 0);
    if (s && s->n > 0)
        ts_store_finite(context, ts_sum_value(&s->sum), TS_COUNT_OVERFLOW);
}

static void mean_final(sqlite3_context *context)
{
    summing *s = sqlite3_aggregate_context(context, 0);
    if (!s || s->n == 0)
        return;
    double sum = ts_sum_value(&s->sum);
    ts_store_finite(context,
                    isfinite(sum) ? sum / s->n
                                  : ts_sum_value(&s->scaled) / s->n * 0x1p70,
                    TS_COUNT_OVERFLOW);
}

/* Aggregates that need all values ------------------------------------------ */

typedef struct {
    double *x;
    size_t n, room;
    double p;       /* of quantile */
    int asked;      /* p is known */
    size_t n_value; /* the value below is that of so many */
    double value;
    int lost; /* what to count where it is not finite; -1: nothing */
} holding;

/* The p of quantile(x, p), which is one number for all rows. */
static int same_p(sqlite3_context *context, holding *h, sqlite3_value *v)
{
    double p;
    if (!ts_store_number(context, v, &p) || !(p >= 0 && p <= 1)) {
        sqlite3_result_error(context, "quantile(x, p) needs p from 0 to 1", -1);
        return 0;
    }
    if (h->asked && p != h->p) {
        sqlite3_result_error(
            context, "quantile(x, p) needs one p, not another in each row", -1);
        return 0;
    }
    h->p = p;
    h->asked = 1;
    return 1;
}

static void hold_step(sqlite3_context *context, int n, sqlite3_value **v)
{
    double x;
    holding *h = sqlite3_aggregate_context(context, sizeof *h);
    if (!h)
        return;
    if (n > 1 && !same_p(context, h, v[1]))
        return;
    if (!ts_store_number(context, v[0], &x))
        return;
    if (h->n == h->room) {
        size_t room = h->room ? h->room * 2 : 64;
        double *grown = ts_realloc_array(h->x, room, sizeof *grown);
        if (!grown) {
            sqlite3_result_error_nomem(context);
            return;
        }
        h->x = grown;
        h->room = room;
    }
    h->x[h->n++] = x;
}

enum { MEDIAN, QUANTILE, VARIANCE, STDDEV, GEOMEAN, GEOSD };

/* Why an aggregate of n values is missing, for the note: a geometric one of
 * values not above 0, an overflow; too few values are no surprise. */
static int why_lost(const holding *h, int which)
{
    if (which == GEOMEAN || which == GEOSD)
        for (size_t i = 0; i < h->n; i++)
            if (h->x[i] <= 0)
                return TS_COUNT_LN;
    if (h->n > (which == VARIANCE || which == STDDEV || which == GEOSD))
        return TS_COUNT_OVERFLOW;
    return -1;
}

static double compute(holding *h, int which)
{
    switch (which) {
    case MEDIAN:
        ts_sort(h->x, h->n);
        return ts_median_sorted(h->x, h->n);
    case QUANTILE:
        ts_sort(h->x, h->n);
        return ts_quantile_sorted(h->x, h->n, h->p, 2);
    case VARIANCE:
        return ts_variance(h->x, h->n);
    case STDDEV:
        return ts_sd(h->x, h->n);
    case GEOMEAN:
        return ts_geomean(h->x, h->n);
    default:
        return ts_geosd(h->x, h->n);
    }
}

/* The value of the rows so far, which a window asks for at each of them. */
static void hold_value(sqlite3_context *context, int which)
{
    ts_store *store = sqlite3_user_data(context);
    holding *h = sqlite3_aggregate_context(context, 0);
    if (!h || !h->n)
        return;
    if (h->n_value != h->n) {
        h->value = compute(h, which);
        h->n_value = h->n;
        h->lost = isfinite(h->value) ? -1 : why_lost(h, which);
    }
    if (isfinite(h->value))
        sqlite3_result_double(context, h->value);
    else if (h->lost >= 0)
        store->count[h->lost]++;
}

static void hold_final(sqlite3_context *context, int which)
{
    holding *h = sqlite3_aggregate_context(context, 0);
    if (h && h->n && h->n_value == h->n)
        h->lost = -1; /* the rows of a window counted it */
    hold_value(context, which);
    if (!h)
        return;
    ts_free(h->x);
    h->x = NULL;
    h->n = h->room = h->n_value = 0;
}

static void median_value(sqlite3_context *context)
{
    hold_value(context, MEDIAN);
}

static void median_final(sqlite3_context *context)
{
    hold_final(context, MEDIAN);
}

static void quantile_value(sqlite3_context *context)
{
    hold_value(context, QUANTILE);
}

static void quantile_final(sqlite3_context *context)
{
    hold_final(context, QUANTILE);
}

static void variance_value(sqlite3_context *context)
{
    hold_value(context, VARIANCE);
}

static void variance_final(sqlite3_context *context)
{
    hold_final(context, VARIANCE);
}

static void stddev_value(sqlite3_context *context)
{
    hold_value(context, STDDEV);
}

static void stddev_final(sqlite3_context *context)
{
    hold_final(context, STDDEV);
}

static void geomean_value(sqlite3_context *context)
{
    hold_value(context, GEOMEAN);
}

static void geomean_final(sqlite3_context *context)
{
    hold_final(context, GEOMEAN);
}

static void geosd_value(sqlite3_context *context)
{
    hold_value(context, GEOSD);
}

static void geosd_final(sqlite3_context *context)
{
    hold_final(context, GEOSD);
}

/* Windows only grow. */
static void never(sqlite3_context *context, int n, sqlite3_value **v)
{
    (void)n, (void)v;
    sqlite3_result_error(context, "no value leaves a window", -1);
}

int ts_store_aggregate(ts_store *store, const char *name, int n,
                       ts_store_step *step, ts_store_finish *final,
                       ts_store_finish *value)
{
    return sqlite3_create_window_function(
        store->db, name, n, SQLITE_UTF8 | SQLITE_DIRECTONLY, store, step, final,
        value, never, NULL);
}

int ts_store_aggregates(ts_store *store)
{
    static const struct {
        const char *name;
        int n;
        ts_store_step *step;
        ts_store_finish *final, *value;
    } aggregates[] = {
        {"sum", 1, sum_step, sum_final, sum_final},
        {"mean", 1, sum_step, mean_final, mean_final},
        {"avg", 1, sum_step, mean_final, mean_final},
        {"median", 1, hold_step, median_final, median_value},
        {"quantile", 2, hold_step, quantile_final, quantile_value},
        {"variance", 1, hold_step, variance_final, variance_value},
        {"stddev", 1, hold_step, stddev_final, stddev_value},
        {"geomean", 1, hold_step, geomean_final, geomean_value},
        {"geosd", 1, hold_step, geosd_final, geosd_value},
    };
    int rc = ts_store_nth_function(store);
    for (size_t i = 0; i < sizeof aggregates / sizeof *aggregates && !rc; i++)
        rc = ts_store_aggregate(store, aggregates[i].name, aggregates[i].n,
                                aggregates[i].step, aggregates[i].final,
                                aggregates[i].value);
    return rc;
}
