/*
 * SAS's calendar: days since 1960-01-01 in the Gregorian calendar, by the
 * count of days from March (so that leap days come last).
 */
#include "sas_date.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EPOCH 3653 /* 1960-01-01 lies so many days before 1970-01-01 */

static int leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && leap(year));
}

static double days_of(int year, int month, int day)
{
    int y = year - (month <= 2);
    int era = y / 400, of_era = y - era * 400;
    int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097.0 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
           719468 + EPOCH;
}

static void date_of(double days, int *year, int *month, int *day)
{
    long z = (long)days - EPOCH + 719468;
    long era = (z >= 0 ? z : z - 146096) / 146097;
    long of_era = z - era * 146097;
    long y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    long of_year = of_era - (365 * y + y / 4 - y / 100);
    long m = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = (int)(y + era * 400 + (*month <= 2));
}

/* Digits of a fixed number, then the byte that must follow. */
static bool digits(const char **s, int n, int *out)
{
    *out = 0;
    for (; n > 0; n--, (*s)++) {
        if (!isdigit((unsigned char)**s))
            return false;
        *out = *out * 10 + (**s - '0');
    }
    return true;
}

static bool byte(const char **s, const char *one_of)
{
    if (!**s || !strchr(one_of, **s))
        return false;
    (*s)++;
    return true;
}

static bool parse_date(const char **s, double *days)
{
    int year, month, day;
    if (!digits(s, 4, &year) || !byte(s, "-") || !digits(s, 2, &month) ||
        !byte(s, "-") || !digits(s, 2, &day) || year < 1 || month < 1 ||
        month > 12 || day < 1 || day > month_days(year, month))
        return false;
    *days = days_of(year, month, day);
    return true;
}

/* At most nine digits but for zeros: more would not come back. */
static bool parse_fraction(const char **s, double *fraction)
{
    char text[12] = "0.";
    size_t n = strspn(*s + 1, "0123456789"), used = n;
    while (used && (*s)[used] == '0')
        used--;
    if (n == 0 || used > 9)
        return false;
    memcpy(text + 2, *s + 1, used);
    *fraction = strtod(text, NULL);
    *s += 1 + n;
    return true;
}

/* Apart, so that a sum with days is rounded once. */
static bool parse_time(const char **s, double *whole, double *fraction)
{
    int hour, minute, second = 0;
    *fraction = 0;
    if (!digits(s, 2, &hour) || !byte(s, ":") || !digits(s, 2, &minute))
        return false;
    if (**s == ':') {
        (*s)++;
        if (!digits(s, 2, &second))
            return false;
        if (**s == '.' && !parse_fraction(s, fraction))
            return false;
    }
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *whole = hour * 3600.0 + minute * 60.0 + second;
    return true;
}

bool sas_date_parse(const char *text, const char *kind, double *x)
{
    double days = 0, whole = 0, fraction = 0;
    bool wants_date = strcmp(kind, "time") != 0;
    bool wants_time = strcmp(kind, "date") != 0;
    if (wants_date && !parse_date(&text, &days))
        return false;
    if (wants_date && wants_time && !byte(&text, "T "))
        return false;
    if (wants_time && !parse_time(&text, &whole, &fraction))
        return false;
    if (*text)
        return false;
    *x = wants_time ? days * 86400 + whole + fraction : days;
    return true;
}

/* The fraction of a second with as many digits as x needs to come back. */
static bool add_fraction(double x, double fraction, const char *kind,
                         char *text, char *end)
{
    char tail[20];
    double back;
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(tail, sizeof tail, "%.*f", digits, fraction);
        if (tail[0] == '1')
            continue; /* the next second */
        strcpy(end, tail + 1);
        if (sas_date_parse(text, kind, &back) && back == x)
            return true;
    }
    return false;
}

bool sas_date_format(double x, const char *kind, char *out)
{
    bool date = strcmp(kind, "time") != 0, time = strcmp(kind, "date") != 0;
    double days = date ? (time ? floor(x / 86400) : x) : 0;
    double seconds = time ? x - days * 86400 : 0;
    int year = 1, month = 1, day = 1;
    size_t n = 0;
    if (!isfinite(x) || days != floor(days) || fabs(days) > 4e6 ||
        seconds < 0 || seconds >= 86400 || (x == 0 && signbit(x)))
        return false;
    if (date) {
        date_of(days, &year, &month, &day);
        if (year < 1 || year > 9999)
            return false;
        n = (size_t)snprintf(out, 40, "%04d-%02d-%02d", year, month, day);
    }
    if (time) {
        int whole = (int)seconds;
        double fraction = seconds - whole;
        n += (size_t)snprintf(out + n, 40 - n, "%s%02d:%02d:%02d",
                              date ? "T" : "", whole / 3600, whole / 60 % 60,
                              whole % 60);
        if (fraction > 0)
            return add_fraction(x, fraction, kind, out, out + n);
    }
    return true;
}
