/*
 * Dates, times and formats of SPSS and Stata as SAS has them. Whole numbers
 * stay exact; a time in milliseconds becomes the double nearest to it in
 * seconds.
 */
#include "readstat_private.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ts/memory.h"

#define DAY 86400.0
#define SPSS_DAYS 137775.0 /* from 1582-10-14 to 1960-01-01 */

typedef enum { PLAIN, STATA_MILLISECONDS, SPSS_DATE, SPSS_TIME } change;

/* NAME of "NAME12.3", and what follows it. */
static size_t name_length(const char *format)
{
    size_t n = 0;
    while (isalpha((unsigned char)format[n]))
        n++;
    return n;
}

static bool is_one_of(const char *name, size_t n, const char *const *list)
{
    for (; *list; list++)
        if (strlen(*list) == n && strncmp(*list, name, n) == 0)
            return true;
    return false;
}

/* "DATE9" of the file becomes "DATE9.", as in transport files. */
static void sas_format(const char *format, char *out, size_t room)
{
    snprintf(out, room, "%s%s", format, strchr(format, '.') ? "" : ".");
}

/* SPSS: F8.2, A20, DATE11, DATETIME20, MOYR8 ... */
static change spss_format(const char *format, char *out, size_t room)
{
    static const char *const dates[] = {"DATE",  "ADATE", "EDATE",
                                        "JDATE", "SDATE", "MOYR",
                                        "QYR",   "WKYR",  NULL};
    static const char *const moments[] = {"DATETIME", "YMDHMS", NULL};
    static const char *const times[] = {"TIME", "DTIME", "MTIME", NULL};
    static const char *const same[] = {"COMMA", "DOLLAR", "E", NULL};
    size_t n = name_length(format);
    const char *size = format + n, *dot = strchr(size, '.') ? "" : ".";
    if (is_one_of(format, n, dates)) {
        snprintf(out, room, "DATE9.");
        return SPSS_DATE;
    }
    if (is_one_of(format, n, moments)) {
        snprintf(out, room, "DATETIME20.");
        return SPSS_TIME;
    }
    if (is_one_of(format, n, times))
        snprintf(out, room, "TIME8.");
    else if (is_one_of(format, n, same))
        snprintf(out, room, "%s%s", format, dot);
    else if (n == 1 && *format == 'A')
        snprintf(out, room, "$%s%s", size, dot);
    else if (n == 1 && *format == 'F') {
        /* "8.0" is SAS's "8." */
        const char *end = strstr(size, ".0");
        size_t whole = end && !end[2] ? (size_t)(end + 1 - size) : strlen(size);
        snprintf(out, room, "%.*s%s", (int)whole, size, dot);
    }
    return PLAIN;
}

/* Stata: %td..., %tc..., %9.2f, %9.0g, %12s */
static change stata_format(const char *format, char *out, size_t room,
                           const char **counts)
{
    static const struct {
        char letter;
        const char *counts;
    } others[] = {{'C', "milliseconds with leap seconds"},
                  {'w', "weeks since 1960"},
                  {'m', "months since 1960"},
                  {'q', "quarters since 1960"},
                  {'h', "half-years since 1960"},
                  {'y', "years"},
                  {'b', "business days"}};
    const char *p = format + (*format == '%');
    p += *p == '-' || *p == '~';
    if (*p == 'd')
        p--; /* before version 7 of Stata %d was %td */
    else if (*p != 't') {
        char *end;
        long width = strtol(p, &end, 10);
        long decimals = *end == '.' ? strtol(end + 1, &end, 10) : 0;
        if (width <= 0 || width > 244 || decimals < 0 || decimals > 32)
            return PLAIN;
        if (*end == 'f' && decimals)
            snprintf(out, room, "%ld.%ld", width, decimals);
        else if (*end == 'f')
            snprintf(out, room, "%ld.", width);
        else if (*end == 'g')
            snprintf(out, room, "BEST%ld.", width);
        else if (*end == 's')
            snprintf(out, room, "$%ld.", width);
        return PLAIN;
    }
    if (p[1] == 'd') {
        snprintf(out, room, "DATE9.");
    } else if (p[1] == 'c') {
        snprintf(out, room, "DATETIME20.");
        return STATA_MILLISECONDS;
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (p[1] == others[i].letter)
            *counts = others[i].counts;
    return PLAIN;
}

/* Whether all values are whole days, for a column of dates. */
static bool whole_days(const ts_column *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (!isnan(c->real[i]) && fmod(c->real[i], DAY) != 0)
            return false;
    return true;
}

static void shift(ts_column *c, change how)
{
    for (size_t i = 0; i < c->n; i++) {
        double x = c->real[i];
        c->real[i] = how == STATA_MILLISECONDS ? x / 1000
                     : how == SPSS_DATE        ? x / DAY - SPSS_DAYS
                                               : x - SPSS_DAYS * DAY;
    }
}

ts_status foreign_format(foreign_kind kind, const char *format,
                         ts_column *column, char **counts, ts_error *err)
{
    char out[300] = "";
    const char *counted = NULL;
    change how = PLAIN;
    *counts = NULL;
    if (!format)
        return TS_OK;
    if (kind == FOREIGN_SAS)
        sas_format(format, out, sizeof out);
    else if (kind == FOREIGN_STATA)
        how = stata_format(format, out, sizeof out, &counted);
    else
        how = spss_format(format, out, sizeof out);
    if (column->type == TS_REAL) {
        if (how == SPSS_DATE && !whole_days(column)) {
            how = SPSS_TIME; /* the time of the day would be lost */
            snprintf(out, sizeof out, "DATETIME20.");
        }
        if (how != PLAIN)
            shift(column, how);
        if (counted && !(*counts = ts_strdup(counted)))
            return ts_fail_memory(err);
    }
    return *out ? ts_column_set(&column->format, out, err) : TS_OK;
}
