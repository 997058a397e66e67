/*
 * The functions that expressions have beyond SQLite's; aggregates are in
 * store_aggregates.c. What is surprising: functions that turn a value into NA
 * count it in store->count, from which the notes are made; none of them is
 * deterministic for SQLite, or it would call them once where rows must be
 * counted.
 */
#include "store_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
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
    int of_year =
        (153 * (part[1] + (part[1] > 2 ? -3 : 9)) + 2) / 5 + part[2] - 1;
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
        ts_store_finite(context,
                        floor(sqlite3_value_double(v[1])) -
                            floor(sqlite3_value_double(v[0])),
                        TS_COUNT_OVERFLOW);
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

typedef void call(sqlite3_context *, int, sqlite3_value **);

int ts_store_functions(ts_store *store)
{
    static const struct {
        const char *name;
        int n;
        call *function;
    } functions[] = {
        {"ln", 1, natural_log},      {"log10", 1, decimal_log},
        {"log", -1, refuse_log},     {"sqrt", 1, square_root},
        {"exp", 1, exponential},     {"power", 2, power},
        {"_divide", 2, divide},      {"_add", 2, add},
        {"_subtract", 2, subtract},  {"_multiply", 2, multiply},
        {"_decide", 2, decide},      {"_text", 1, to_text},
        {"_number", 1, to_number},   {"flag", 1, flag},
        {"days", 2, days},           {"first_date", 1, first_date},
        {"last_date", 1, last_date},
        {"_limit_value", 1, ts_store_limit_value},
        {"_limit_below", 1, ts_store_limit_below},
        {"_limit_above", 1, ts_store_limit_above},
    };
    int rc = SQLITE_OK;
    for (size_t i = 0; i < sizeof functions / sizeof *functions && !rc; i++)
        rc = sqlite3_create_function_v2(
            store->db, functions[i].name, functions[i].n,
            SQLITE_UTF8 | SQLITE_DIRECTONLY, store, functions[i].function, NULL,
            NULL, NULL);
    return rc;
}
