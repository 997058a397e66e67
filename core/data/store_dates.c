/*
 * The functions of dates that expressions have. Arguments beyond those that
 * users write are names for the messages, and the kind of number that a column
 * of SAS holds: "date", "datetime", "time", or "day" for a date whose fraction
 * goes.
 */
#include "store_internal.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "sas_date.h"

int ts_store_days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

int ts_store_date_parts(const char *text, int part[3])
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
        (n > 2 &&
         (part[2] < 1 || part[2] > ts_store_days_in_month(part[0], part[1]))))
        return 0;
    return n;
}

/* By counting from March. */
double ts_store_day_number(const int part[3])
{
    int year = part[0] - (part[1] <= 2);
    int era = (year < 0 ? year - 399 : year) / 400, of_era = year - era * 400;
    int of_year =
        (153 * (part[1] + (part[1] > 2 ? -3 : 9)) + 2) / 5 + part[2] - 1;
    int day = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    return (double)era * 146097 + day - 719468;
}

static const char *text_of(sqlite3_value *v)
{
    const char *text = (const char *)sqlite3_value_text(v);
    return text ? text : "";
}

/* "BRTHDTC: '04.01.2024' is ..."; name may be NULL. */
static void refuse(sqlite3_context *context, const char *name, const char *text,
                   const char *is, const char *more)
{
    char message[400];
    if (name && *name == '\'')
        name = NULL; /* the text itself, as it was written */
    snprintf(message, sizeof message, "%.100s%s'%.60s' is %s%.150s",
             name ? name : "", name ? ": " : "", text, is, more);
    sqlite3_result_error(context, message, -1);
}

/* What helps with text that is no ISO date. */
static void refuse_date(sqlite3_context *context, const char *name,
                        const char *text, int complete)
{
    char more[200] = "";
    if (strcmp(text, "NA") == 0)
        snprintf(more, sizeof more,
                 "; nullif(..., 'NA') makes that text missing");
    else if (complete && !ts_store_is_date_shaped(text))
        snprintf(more, sizeof more,
                 "; iso(%.60s, 'dd.mm.yyyy') reads other formats",
                 name ? name : "...");
    refuse(context, name, text,
           !complete                       ? "no complete ISO date"
           : ts_store_is_date_shaped(text) ? "no date of the calendar"
                                           : "no ISO date",
           more);
}

static int date_text(sqlite3_context *context, sqlite3_value *v, int least,
                     int part[3], const char *name)
{
    const char *text = text_of(v);
    int n = *text ? ts_store_date_parts(text, part) : 0;
    if (!*text || n >= least)
        return n;
    refuse_date(context, name, text, !n);
    return 0;
}

/* days(a, b[, names]): whole days from a to b; ISO dates, or numbers of
 * days. */
static void days(sqlite3_context *context, int n, sqlite3_value **v)
{
    int a[3], b[3];
    const char *first = n > 2 ? text_of(v[2]) : NULL;
    const char *second = n > 3 ? text_of(v[3]) : NULL;
    if (sqlite3_value_type(v[0]) == SQLITE_NULL ||
        sqlite3_value_type(v[1]) == SQLITE_NULL)
        return;
    if (sqlite3_value_type(v[0]) != SQLITE_TEXT &&
        sqlite3_value_type(v[1]) != SQLITE_TEXT)
        ts_store_finite(context,
                        floor(sqlite3_value_double(v[1])) -
                            floor(sqlite3_value_double(v[0])),
                        TS_COUNT_OVERFLOW);
    else if (date_text(context, v[0], 3, a, first) &&
             date_text(context, v[1], 3, b, second))
        sqlite3_result_double(context,
                              ts_store_day_number(b) - ts_store_day_number(a));
}

static void give_date(sqlite3_context *context, const int part[3])
{
    char out[40];
    int n =
        snprintf(out, sizeof out, "%04d-%02d-%02d", part[0], part[1], part[2]);
    if (part[1] < 1)
        n = 4;
    else if (part[2] < 1)
        n = 7;
    out[n] = '\0';
    sqlite3_result_text(context, out, -1, SQLITE_TRANSIENT);
}

static void whole_date(sqlite3_context *context, int n_value, sqlite3_value **v,
                       int last)
{
    int part[3] = {0, last ? 12 : 1, 1};
    if (sqlite3_value_type(v[0]) == SQLITE_NULL)
        return;
    int n =
        date_text(context, v[0], 1, part, n_value > 1 ? text_of(v[1]) : NULL);
    if (!n)
        return;
    if (n < 2)
        part[1] = last ? 12 : 1;
    if (n < 3)
        part[2] = last ? ts_store_days_in_month(part[0], part[1]) : 1;
    give_date(context, part);
}

static void first_date(sqlite3_context *context, int n, sqlite3_value **v)
{
    whole_date(context, n, v, 0);
}

static void last_date(sqlite3_context *context, int n, sqlite3_value **v)
{
    whole_date(context, n, v, 1);
}

/* _iso(x, kind): a number of SAS as ISO text; NULL, counted, for another. */
static void to_iso(sqlite3_context *context, int n, sqlite3_value **v)
{
    ts_store *store = sqlite3_user_data(context);
    const char *kind = text_of(v[1]);
    char out[40];
    double x;
    (void)n;
    if (!ts_store_number(context, v[0], &x))
        return;
    if (strcmp(kind, "day") == 0) {
        x = floor(x);
        kind = "date";
    }
    if (sas_date_format(x == 0 ? 0 : x, kind, out)) {
        sqlite3_result_text(context, out, -1, SQLITE_TRANSIENT);
    } else {
        store->count[TS_COUNT_DATE]++;
        sqlite3_result_null(context);
    }
}

/* _sas(text, kind, name): ISO text as a number of SAS. */
static void to_sas(sqlite3_context *context, int n, sqlite3_value **v)
{
    const char *text = text_of(v[0]), *name = text_of(v[2]);
    int part[3];
    double x;
    (void)n;
    if (!*text)
        return;
    if (sas_date_parse(text, text_of(v[1]), &x))
        sqlite3_result_double(context, x);
    else if (!ts_store_date_parts(text, part))
        refuse_date(context, name, text, 1);
    else if (strcmp(text_of(v[1]), "date") == 0)
        refuse(context, name, text,
               strlen(text) > 10 ? "no date without a time"
                                 : "no complete ISO date",
               "");
    else
        refuse(context, name, text, "no ISO date with a time", "");
}

static int digits(const char **text, int least, int most, int *out)
{
    int n = 0;
    for (*out = 0; n < most && isdigit((unsigned char)**text); n++, (*text)++)
        *out = *out * 10 + (**text - '0');
    return n >= least;
}

static int month_name(const char **text, int *out)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (int m = 0; m < 12; m++) {
        int k = 0;
        while (k < 3 && tolower((unsigned char)(*text)[k]) == names[3 * m + k])
            k++;
        if (k == 3) {
            *out = m + 1;
            *text += 3;
            return 1;
        }
    }
    return 0;
}

#define UNKNOWN (-1) /* a day or month that the word unknown stands for */

/* Whether text is what the pattern says, as year, month, day. A day, or day and
 * month, may be the word unknown; years of two digits are those
 * from first on. */
static int by_pattern(const char *text, const char *p, const char *unknown,
                      int first, int part[3])
{
    size_t n_unknown = strlen(unknown);
    while (*p) {
        size_t n_part = strncmp(p, "mon", 3) == 0 ? 3
                        : *p == 'm' || *p == 'd'  ? 1u + (p[1] == p[0])
                                                  : 0;
        if (n_part && n_unknown && strncasecmp(text, unknown, n_unknown) == 0) {
            part[*p == 'm' ? 1 : 2] = UNKNOWN;
            text += n_unknown;
            p += n_part;
        } else if (strncmp(p, "yyyy", 4) == 0) {
            if (!digits(&text, 4, 4, &part[0]))
                return 0;
            p += 4;
        } else if (strncmp(p, "yy", 2) == 0) {
            if (!digits(&text, 2, 2, &part[0]))
                return 0;
            part[0] = first + (part[0] - first % 100 + 100) % 100;
            p += 2;
        } else if (strncmp(p, "mon", 3) == 0) {
            if (!month_name(&text, &part[1]))
                return 0;
            p += 3;
        } else if (*p == 'm' || *p == 'd') {
            int two = p[1] == p[0];
            if (!digits(&text, two ? 2 : 1, 2, &part[*p == 'm' ? 1 : 2]))
                return 0;
            p += two ? 2 : 1;
        } else if (*p++ != *text++) {
            return 0;
        }
    }
    if (*text || part[0] < 1)
        return 0;
    if (part[1] == UNKNOWN)
        return part[2] == UNKNOWN;
    return part[1] >= 1 && part[1] <= 12 &&
           (part[2] == UNKNOWN ||
            (part[2] >= 1 &&
             part[2] <= ts_store_days_in_month(part[0], part[1])));
}

/* _iso_text(text, pattern, name, unknown, first): a date that is written
 * otherwise. */
static void text_to_iso(sqlite3_context *context, int n, sqlite3_value **v)
{
    const char *text = text_of(v[0]);
    char more[100];
    int part[3] = {0, 0, 0};
    (void)n;
    if (!*text)
        return;
    if (by_pattern(text, text_of(v[1]), text_of(v[3]), sqlite3_value_int(v[4]),
                   part)) {
        give_date(context, part);
        return;
    }
    snprintf(more, sizeof more, " '%.60s'", text_of(v[1]));
    refuse(context, text_of(v[2]), text, "no date written as", more);
}

int ts_store_date_functions(ts_store *store)
{
    static const struct {
        const char *name;
        int n;
        void (*function)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = {
        {"days", 2, days},
        {"days", 4, days},
        {"first_date", 1, first_date},
        {"first_date", 2, first_date},
        {"last_date", 1, last_date},
        {"last_date", 2, last_date},
        {"_iso", 2, to_iso},
        {"_sas", 3, to_sas},
        {"_iso_text", 5, text_to_iso},
    };
    int rc = SQLITE_OK;
    for (size_t i = 0; i < sizeof functions / sizeof *functions && !rc; i++)
        rc = sqlite3_create_function_v2(
            store->db, functions[i].name, functions[i].n,
            SQLITE_UTF8 | SQLITE_DIRECTONLY, store, functions[i].function, NULL,
            NULL, NULL);
    return rc;
}
