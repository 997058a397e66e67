/*
 * The aggregates that expressions have beyond SQLite's: sums are compensated,
 * and what needs all values holds them until the group ends.
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
    double p;  /* of quantile */
    int asked; /* p is known */
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
static void count_lost(sqlite3_context *context, const holding *h, int which)
{
    ts_store *store = sqlite3_user_data(context);
    if (which == GEOMEAN || which == GEOSD)
        for (size_t i = 0; i < h->n; i++)
            if (h->x[i] <= 0) {
                store->count[TS_COUNT_LN]++;
                return;
            }
    if (h->n > (which == VARIANCE || which == STDDEV || which == GEOSD))
        store->count[TS_COUNT_OVERFLOW]++;
}

static void hold_final(sqlite3_context *context, int which)
{
    holding *h = sqlite3_aggregate_context(context, 0);
    double value = NAN;
    if (!h)
        return;
    switch (which) {
    case MEDIAN:
    case QUANTILE:
        ts_sort(h->x, h->n);
        value = which == MEDIAN ? ts_median_sorted(h->x, h->n)
                                : ts_quantile_sorted(h->x, h->n, h->p, 2);
        break;
    case VARIANCE:
        value = ts_variance(h->x, h->n);
        break;
    case STDDEV:
        value = ts_sd(h->x, h->n);
        break;
    case GEOMEAN:
        value = ts_geomean(h->x, h->n);
        break;
    default:
        value = ts_geosd(h->x, h->n);
    }
    if (isfinite(value))
        sqlite3_result_double(context, value);
    else
        count_lost(context, h, which);
    ts_free(h->x);
    h->x = NULL;
    h->n = h->room = 0;
}

static void median_final(sqlite3_context *context)
{
    hold_final(context, MEDIAN);
}

static void quantile_final(sqlite3_context *context)
{
    hold_final(context, QUANTILE);
}

static void variance_final(sqlite3_context *context)
{
    hold_final(context, VARIANCE);
}

static void stddev_final(sqlite3_context *context)
{
    hold_final(context, STDDEV);
}

static void geomean_final(sqlite3_context *context)
{
    hold_final(context, GEOMEAN);
}

static void geosd_final(sqlite3_context *context)
{
    hold_final(context, GEOSD);
}

typedef void step(sqlite3_context *, int, sqlite3_value **);
typedef void finish(sqlite3_context *);

int ts_store_aggregates(ts_store *store)
{
    static const struct {
        const char *name;
        int n;
        step *step;
        finish *final;
    } aggregates[] = {
        {"sum", 1, sum_step, sum_final},
        {"mean", 1, sum_step, mean_final},
        {"avg", 1, sum_step, mean_final},
        {"median", 1, hold_step, median_final},
        {"quantile", 2, hold_step, quantile_final},
        {"variance", 1, hold_step, variance_final},
        {"stddev", 1, hold_step, stddev_final},
        {"geomean", 1, hold_step, geomean_final},
        {"geosd", 1, hold_step, geosd_final},
    };
    int rc = SQLITE_OK;
    for (size_t i = 0; i < sizeof aggregates / sizeof *aggregates && !rc; i++)
        rc = sqlite3_create_function_v2(
            store->db, aggregates[i].name, aggregates[i].n,
            SQLITE_UTF8 | SQLITE_DIRECTONLY, store, NULL, aggregates[i].step,
            aggregates[i].final, NULL);
    return rc;
}
