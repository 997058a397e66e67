/*
 * The functions and aggregates that expressions have beyond SQLite's. What is
 * surprising: functions that turn a value into NA count it in store->count,
 * from which the notes are made; none of them is deterministic for SQLite, or
 * it would call them once where rows must be counted.
 */
#include "store_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "ts/describe.h"
#include "ts/memory.h"
#include "ts/sum.h"
#include "ts/text.h"

/* Scalars ------------------------------------------------------------------ */

/* The number in v; false for NULL (*x is NaN) and, with an error, for text. */
static int number(sqlite3_context *context, sqlite3_value *v, double *x)
{
    char message[200];
    *x = NAN;
    switch (sqlite3_value_type(v)) {
    case SQLITE_NULL:
        return 0;
    case SQLITE_INTEGER:
    case SQLITE_FLOAT:
        *x = sqlite3_value_double(v);
        return 1;
    default:
        snprintf(message, sizeof message,
                 "'%.60s' is text where a number is needed",
                 (const char *)sqlite3_value_text(v));
        sqlite3_result_error(context, message, -1);
        return 0;
    }
}

static void finite_or_null(sqlite3_context *context, double x, int which)
{
    ts_store *store = sqlite3_user_data(context);
    if (isfinite(x)) {
        sqlite3_result_double(context, x);
        return;
    }
    store->count[which]++;
    sqlite3_result_null(context);
}

static void natural_log(sqlite3_context *context, int n, sqlite3_value **v)
{
    double x;
    (void)n;
    if (number(context, v[0], &x))
        finite_or_null(context, x > 0 ? log(x) : NAN, TS_COUNT_LN);
}

static void decimal_log(sqlite3_context *context, int n, sqlite3_value **v)
{
    double x;
    (void)n;
    if (number(context, v[0], &x))
        finite_or_null(context, x > 0 ? log10(x) : NAN, TS_COUNT_LOG10);
}

static void square_root(sqlite3_context *context, int n, sqlite3_value **v)
{
    double x;
    (void)n;
    if (number(context, v[0], &x))
        finite_or_null(context, x >= 0 ? sqrt(x) : NAN, TS_COUNT_SQRT);
}

static void exponential(sqlite3_context *context, int n, sqlite3_value **v)
{
    double x;
    (void)n;
    if (number(context, v[0], &x))
        finite_or_null(context, exp(x), TS_COUNT_POWER);
}

static void power(sqlite3_context *context, int n, sqlite3_value **v)
{
    double x, y;
    (void)n;
    if (number(context, v[0], &x) && number(context, v[1], &y))
        finite_or_null(context, pow(x, y), TS_COUNT_POWER);
}

static void divide(sqlite3_context *context, int n, sqlite3_value **v)
{
    double x, y;
    (void)n;
    if (number(context, v[0], &x) && number(context, v[1], &y))
        finite_or_null(context, x / y, TS_COUNT_DIVIDE);
}

static void refuse_log(sqlite3_context *context, int n, sqlite3_value **v)
{
    (void)n, (void)v;
    sqlite3_result_error(context,
                         "log is base 10 in SQL and natural in R; write ln(x) "
                         "or log10(x)",
                         -1);
}

/* _decide(place, condition): the condition, counted where it is NULL. */
static void decide(sqlite3_context *context, int n, sqlite3_value **v)
{
    ts_store *store = sqlite3_user_data(context);
    int place = TS_COUNT_UNDECIDED + sqlite3_value_int(v[0]);
    (void)n;
    if (sqlite3_value_type(v[1]) == SQLITE_NULL && place >= 0 &&
        place < TS_COUNT_MAX)
        store->count[place]++;
    sqlite3_result_value(context, v[1]);
}

/* _text(x): a number as it prints, 77 and not 77.0; text as it is. */
static void to_text(sqlite3_context *context, int n, sqlite3_value **v)
{
    char out[32];
    (void)n;
    if (sqlite3_value_type(v[0]) == SQLITE_INTEGER ||
        sqlite3_value_type(v[0]) == SQLITE_FLOAT) {
        ts_number_format(sqlite3_value_double(v[0]), out);
        sqlite3_result_text(context, out, -1, SQLITE_TRANSIENT);
    } else {
        sqlite3_result_value(context, v[0]);
    }
}

/* _number(x): the number that a text holds; NULL, counted, for other text. */
static void to_number(sqlite3_context *context, int n, sqlite3_value **v)
{
    double x = NAN;
    (void)n;
    if (sqlite3_value_type(v[0]) != SQLITE_TEXT) {
        sqlite3_result_value(context, v[0]);
        return;
    }
    ts_number_parse((const char *)sqlite3_value_text(v[0]),
                    (size_t)sqlite3_value_bytes(v[0]), &x);
    finite_or_null(context, x, TS_COUNT_CAST);
}

/* flag(condition): Y or N, NULL where it is not decided. */
static void flag(sqlite3_context *context, int n, sqlite3_value **v)
{
    (void)n;
    if (sqlite3_value_type(v[0]) == SQLITE_NULL)
        sqlite3_result_null(context);
    else
        sqlite3_result_text(context, sqlite3_value_int(v[0]) ? "Y" : "N", 1,
                            SQLITE_STATIC);
}

/* Dates -------------------------------------------------------------------- */

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* Reads YYYY[-MM[-DD[Thh...]]]: how many parts there are, or 0. */
static int date_parts(const char *text, int part[3])
{
    static const int at[] = {0, 5, 8}, width[] = {4, 2, 2};
    size_t length = strlen(text);
    int n = 0;
    for (; n < 3 && (size_t)(at[n] + width[n]) <= length; n++) {
        if (n && text[at[n] - 1] != '-')
            return 0;
        part[n] = 0;
        for (int i = 0; i < width[n]; i++) {
            char c = text[at[n] + i];
            if (c < '0' || c > '9')
                return 0;
            part[n] = part[n] * 10 + (c - '0');
        }
    }
    if (!n)
        return 0;
    char after = text[at[n - 1] + width[n - 1]];
    if (after && !(n == 3 && (after == 'T' || after == ' ')))
        return 0;
    if ((n > 1 && (part[1] < 1 || part[1] > 12)) ||
        (n > 2 && (part[2] < 1 || part[2] > days_in_month(part[0], part[1]))))
        return 0;
    return n;
}

/* Days since 1970-01-01 in the Gregorian calendar, by counting from March. */
static double day_number(const int part[3])
{
    int year = part[0] - (part[1] <= 2);
    int era = (year < 0 ? year - 399 : year) / 400, of_era = year - era * 400;
    int of_year = (153 * (part[1] + (part[1] > 2 ? -3 : 9)) + 2) / 5 +
                  part[2] - 1;
    int day = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    return (double)era * 146097 + day - 719468;
}

static int date_text(sqlite3_context *context, sqlite3_value *v, int least,
                     int part[3])
{
    char message[200];
    const char *text = (const char *)sqlite3_value_text(v);
    if (!text || !*text)
        return 0;
    int n = date_parts(text, part);
    if (n >= least)
        return n;
    snprintf(message, sizeof message, "'%.60s' is no %sISO date%s", text,
             n ? "complete " : "",
             strcmp(text, "NA") == 0
                 ? "; nullif(..., 'NA') makes that text missing"
                 : "");
    sqlite3_result_error(context, message, -1);
    return 0;
}

/* days(a, b): whole days from a to b; ISO dates, or numbers of days. */
static void days(sqlite3_context *context, int n, sqlite3_value **v)
{
    int a[3], b[3];
    (void)n;
    if (sqlite3_value_type(v[0]) == SQLITE_NULL ||
        sqlite3_value_type(v[1]) == SQLITE_NULL)
        return;
    if (sqlite3_value_type(v[0]) != SQLITE_TEXT &&
        sqlite3_value_type(v[1]) != SQLITE_TEXT)
        sqlite3_result_double(context, floor(sqlite3_value_double(v[1])) -
                                           floor(sqlite3_value_double(v[0])));
    else if (date_text(context, v[0], 3, a) && date_text(context, v[1], 3, b))
        sqlite3_result_double(context, day_number(b) - day_number(a));
}

static void whole_date(sqlite3_context *context, sqlite3_value *v, int last)
{
    char out[40];
    int part[3] = {0, last ? 12 : 1, 1};
    if (sqlite3_value_type(v) == SQLITE_NULL)
        return;
    int n = date_text(context, v, 1, part);
    if (!n)
        return;
    if (n < 2)
        part[1] = last ? 12 : 1;
    if (n < 3)
        part[2] = last ? days_in_month(part[0], part[1]) : 1;
    snprintf(out, sizeof out, "%04d-%02d-%02d", part[0], part[1], part[2]);
    sqlite3_result_text(context, out, -1, SQLITE_TRANSIENT);
}

static void first_date(sqlite3_context *context, int n, sqlite3_value **v)
{
    (void)n;
    whole_date(context, v[0], 0);
}

static void last_date(sqlite3_context *context, int n, sqlite3_value **v)
{
    (void)n;
    whole_date(context, v[0], 1);
}

/* Sums --------------------------------------------------------------------- */

typedef struct {
    ts_sum sum;
    double n;
} summing;

static void sum_step(sqlite3_context *context, int n, sqlite3_value **v)
{
    double x;
    summing *s = sqlite3_aggregate_context(context, sizeof *s);
    (void)n;
    if (s && number(context, v[0], &x)) {
        ts_sum_add(&s->sum, x);
        s->n++;
    }
}

static void sum_final(sqlite3_context *context)
{
    summing *s = sqlite3_aggregate_context(context, 0);
    if (s && s->n > 0)
        sqlite3_result_double(context, ts_sum_value(&s->sum));
}

static void mean_final(sqlite3_context *context)
{
    summing *s = sqlite3_aggregate_context(context, 0);
    if (s && s->n > 0)
        sqlite3_result_double(context, ts_sum_value(&s->sum) / s->n);
}

/* Aggregates that need all values ------------------------------------------ */

typedef struct {
    double *x;
    size_t n, room;
    double p; /* of quantile */
    int asked; /* p is known */
} holding;

/* The p of quantile(x, p), which is one number for all rows. */
static int same_p(sqlite3_context *context, holding *h, sqlite3_value *v)
{
    double p;
    if (!number(context, v, &p) || !(p >= 0 && p <= 1)) {
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
    if (!number(context, v[0], &x))
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

/* A geometric mean of values not above 0 is missing, and the note says so. */
static void count_not_positive(sqlite3_context *context, const holding *h)
{
    ts_store *store = sqlite3_user_data(context);
    for (size_t i = 0; i < h->n; i++)
        if (h->x[i] <= 0) {
            store->count[TS_COUNT_LN]++;
            return;
        }
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
    if (which == GEOMEAN || which == GEOSD)
        count_not_positive(context, h);
    if (isfinite(value))
        sqlite3_result_double(context, value);
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

typedef void call(sqlite3_context *, int, sqlite3_value **);
typedef void finish(sqlite3_context *);

int ts_store_functions(ts_store *store)
{
    static const struct {
        const char *name;
        int n;
        call *scalar, *step;
        finish *final;
    } functions[] = {
        {"ln", 1, natural_log, NULL, NULL},
        {"log10", 1, decimal_log, NULL, NULL},
        {"log", -1, refuse_log, NULL, NULL},
        {"sqrt", 1, square_root, NULL, NULL},
        {"exp", 1, exponential, NULL, NULL},
        {"power", 2, power, NULL, NULL},
        {"_divide", 2, divide, NULL, NULL},
        {"_decide", 2, decide, NULL, NULL},
        {"_text", 1, to_text, NULL, NULL},
        {"_number", 1, to_number, NULL, NULL},
        {"flag", 1, flag, NULL, NULL},
        {"days", 2, days, NULL, NULL},
        {"first_date", 1, first_date, NULL, NULL},
        {"last_date", 1, last_date, NULL, NULL},
        {"sum", 1, NULL, sum_step, sum_final},
        {"mean", 1, NULL, sum_step, mean_final},
        {"avg", 1, NULL, sum_step, mean_final},
        {"median", 1, NULL, hold_step, median_final},
        {"quantile", 2, NULL, hold_step, quantile_final},
        {"variance", 1, NULL, hold_step, variance_final},
        {"stddev", 1, NULL, hold_step, stddev_final},
        {"geomean", 1, NULL, hold_step, geomean_final},
        {"geosd", 1, NULL, hold_step, geosd_final},
    };
    int rc = SQLITE_OK;
    for (size_t i = 0; i < sizeof functions / sizeof *functions && !rc; i++)
        rc = sqlite3_create_function_v2(
            store->db, functions[i].name, functions[i].n,
            SQLITE_UTF8 | SQLITE_DIRECTONLY, store, functions[i].scalar,
            functions[i].step, functions[i].final, NULL);
    return rc;
}
