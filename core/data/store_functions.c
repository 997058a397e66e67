/*
 * The functions that expressions have beyond SQLite's; those of dates are in
 * store_dates.c, aggregates in store_aggregates.c. What is surprising:
 * functions that turn a value into NA count it in store->count, from which the
 * notes are made; none of them is deterministic for SQLite, or it would call
 * them once where rows must be counted.
 */
#include "store_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "ts/text.h"

/* Scalars ------------------------------------------------------------------ */

int ts_store_number(sqlite3_context *context, sqlite3_value *v, double *x)
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

void ts_store_finite(sqlite3_context *context, double x, int which)
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
    if (ts_store_number(context, v[0], &x))
        ts_store_finite(context, x > 0 ? log(x) : NAN, TS_COUNT_LN);
}

static void decimal_log(sqlite3_context *context, int n, sqlite3_value **v)
{
    double x;
    (void)n;
    if (ts_store_number(context, v[0], &x))
        ts_store_finite(context, x > 0 ? log10(x) : NAN, TS_COUNT_LOG10);
}

static void square_root(sqlite3_context *context, int n, sqlite3_value **v)
{
    double x;
    (void)n;
    if (ts_store_number(context, v[0], &x))
        ts_store_finite(context, x >= 0 ? sqrt(x) : NAN, TS_COUNT_SQRT);
}

static void exponential(sqlite3_context *context, int n, sqlite3_value **v)
{
    double x;
    (void)n;
    if (ts_store_number(context, v[0], &x))
        ts_store_finite(context, exp(x), TS_COUNT_POWER);
}

/* round(x[, digits]), as round at the prompt: half away from zero, of the
 * number as it is written. */
static void round_number(sqlite3_context *context, int n, sqlite3_value **v)
{
    double x, digits = 0;
    char message[100], text[32];
    if (!ts_store_number(context, v[0], &x) ||
        (n > 1 && !ts_store_number(context, v[1], &digits)))
        return;
    if (digits != floor(digits)) {
        ts_number_format(digits, text);
        snprintf(message, sizeof message,
                 "round: the digits are a whole number, not %s", text);
        sqlite3_result_error(context, message, -1);
        return;
    }
    /* no number has digits beyond these */
    digits = fmin(fmax(digits, -400), 400);
    ts_store_finite(context, ts_number_round(x, (int)digits),
                    TS_COUNT_OVERFLOW);
}

/* Its 15 significant digits: what is left of 0.1 + 0.2 is 0.3, and
 * 570.0000000000001 is 570. Scores and grades compare such values. */
static void digits15(sqlite3_context *context, int n, sqlite3_value **v)
{
    double x;
    char text[40];
    (void)n;
    if (!ts_store_number(context, v[0], &x))
        return;
    snprintf(text, sizeof text, "%.14e", x);
    sqlite3_result_double(context, strtod(text, NULL));
}

static int two_numbers(sqlite3_context *context, sqlite3_value **v, double *x,
                       double *y)
{
    return ts_store_number(context, v[0], x) &&
           ts_store_number(context, v[1], y);
}

static void power(sqlite3_context *context, int n, sqlite3_value **v)
{
    double x, y;
    (void)n;
    if (two_numbers(context, v, &x, &y))
        ts_store_finite(context, pow(x, y), TS_COUNT_POWER);
}

static void divide(sqlite3_context *context, int n, sqlite3_value **v)
{
    double x, y;
    (void)n;
    if (two_numbers(context, v, &x, &y))
        ts_store_finite(context, x / y,
                        y == 0 ? TS_COUNT_DIVIDE : TS_COUNT_OVERFLOW);
}

static void add(sqlite3_context *context, int n, sqlite3_value **v)
{
    double x, y;
    (void)n;
    if (two_numbers(context, v, &x, &y))
        ts_store_finite(context, x + y, TS_COUNT_OVERFLOW);
}

static void subtract(sqlite3_context *context, int n, sqlite3_value **v)
{
    double x, y;
    (void)n;
    if (two_numbers(context, v, &x, &y))
        ts_store_finite(context, x - y, TS_COUNT_OVERFLOW);
}

static void multiply(sqlite3_context *context, int n, sqlite3_value **v)
{
    double x, y;
    (void)n;
    if (two_numbers(context, v, &x, &y))
        ts_store_finite(context, x * y, TS_COUNT_OVERFLOW);
}

static void refuse_log(sqlite3_context *context, int n, sqlite3_value **v)
{
    (void)n, (void)v;
    sqlite3_result_error(context,
                         "log is base 10 in SQL and natural in R; write ln(x) "
                         "or log10(x)",
                         -1);
}

/* Where a place of the statement is counted, or -1. */
static int place_of(sqlite3_value *v)
{
    sqlite3_int64 place = sqlite3_value_int64(v);
    return place >= 0 && place < TS_COUNT_MAX - TS_COUNT_UNDECIDED
               ? TS_COUNT_UNDECIDED + (int)place
               : -1;
}

/* _decide(place, condition): the condition, counted where it is NULL. */
static void decide(sqlite3_context *context, int n, sqlite3_value **v)
{
    ts_store *store = sqlite3_user_data(context);
    int place = place_of(v[0]);
    (void)n;
    if (sqlite3_value_type(v[1]) == SQLITE_NULL && place >= 0)
        store->count[place]++;
    sqlite3_result_value(context, v[1]);
}

/* _open(place, x) and _also(place, x): x, and whether it or one before it in
 * that row is NULL; _else(place, x): x, counted where one was. */
static void note_open(sqlite3_context *context, sqlite3_value **v, int first)
{
    ts_store *store = sqlite3_user_data(context);
    int place = place_of(v[0]);
    if (place >= 0)
        store->open[place] = (!first && store->open[place]) ||
                             sqlite3_value_type(v[1]) == SQLITE_NULL;
    sqlite3_result_value(context, v[1]);
}

static void open_first(sqlite3_context *context, int n, sqlite3_value **v)
{
    (void)n;
    note_open(context, v, 1);
}

static void open_also(sqlite3_context *context, int n, sqlite3_value **v)
{
    (void)n;
    note_open(context, v, 0);
}

static void take_else(sqlite3_context *context, int n, sqlite3_value **v)
{
    ts_store *store = sqlite3_user_data(context);
    int place = place_of(v[0]);
    (void)n;
    if (place >= 0 && store->open[place])
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
    ts_store_finite(context, x, TS_COUNT_CAST);
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

typedef void call(sqlite3_context *, int, sqlite3_value **);

int ts_store_functions(ts_store *store)
{
    static const struct {
        const char *name;
        int n;
        call *function;
    } functions[] = {
        {"ln", 1, natural_log},
        {"log10", 1, decimal_log},
        {"log", -1, refuse_log},
        {"sqrt", 1, square_root},
        {"exp", 1, exponential},
        {"power", 2, power},
        {"round", 1, round_number},
        {"round", 2, round_number},
        {"_divide", 2, divide},
        {"_digits15", 1, digits15},
        {"_add", 2, add},
        {"_subtract", 2, subtract},
        {"_multiply", 2, multiply},
        {"_decide", 2, decide},
        {"_open", 2, open_first},
        {"_also", 2, open_also},
        {"_else", 2, take_else},
        {"_text", 1, to_text},
        {"_number", 1, to_number},
        {"flag", 1, flag},
        {"_limit_value", 2, ts_store_limit_value},
        {"_limit_below", 2, ts_store_limit_below},
        {"_limit_above", 2, ts_store_limit_above},
    };
    int rc = SQLITE_OK;
    for (size_t i = 0; i < sizeof functions / sizeof *functions && !rc; i++)
        rc = sqlite3_create_function_v2(
            store->db, functions[i].name, functions[i].n,
            SQLITE_UTF8 | SQLITE_DIRECTONLY, store, functions[i].function, NULL,
            NULL, NULL);
    rc = rc ? rc : ts_store_date_functions(store);
    rc = rc ? rc : ts_store_order_functions(store);
    return rc ? rc : ts_store_letter_functions(store);
}
