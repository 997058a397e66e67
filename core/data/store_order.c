/*
 * The order of dates that are text. Bytes would order them, and a partial date
 * (2020-01 beside 2020-01-05), an impossible one or one that is written
 * otherwise would get a definite answer; here it is NULL where the dates do not
 * say. A date without a time stands for its day: beside it times do not count.
 */
#include "store_internal.h"

#include <ctype.h>
#include <stdio.h>

enum { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, PARTS };

typedef struct {
    double part[PARTS];
    int n;            /* parts that are there; 0: no date */
    const char *zone; /* behind the time: "", "Z", "+01:00" */
} moment;

static int two_digits(const char *s, int most, double *out)
{
    if (!isdigit((unsigned char)s[0]) || !isdigit((unsigned char)s[1]))
        return 0;
    *out = (s[0] - '0') * 10 + (s[1] - '0');
    return *out <= most;
}

/* hh[:mm[:ss[.f]]] and a zone. */
static int read_time(const char *s, moment *m)
{
    static const int most[] = {23, 59, 59};
    for (int i = 0; i < 3; i++) {
        if (i && *s != ':')
            break;
        s += i > 0;
        if (!two_digits(s, most[i], &m->part[HOUR + i]))
            return 0;
        m->n = HOUR + i + 1;
        s += 2;
    }
    if (m->n == PARTS && *s == '.') {
        double unit = 0.1;
        for (s++; isdigit((unsigned char)*s); s++, unit /= 10)
            m->part[SECOND] += (*s - '0') * unit;
    }
    m->zone = s;
    double unused;
    return !*s || strcmp(s, "Z") == 0 ||
           ((*s == '+' || *s == '-') && two_digits(s + 1, 14, &unused));
}

static moment read_moment(const char *text)
{
    moment m = {.zone = ""};
    int part[3];
    m.n = ts_store_date_parts(text, part);
    if (!m.n && strlen(text) > 4 && strncmp(text + 4, "---", 3) == 0) {
        char year[5] = {text[0], text[1], text[2], text[3], '\0'};
        m.n = ts_store_date_parts(year, part); /* a month that is not known */
    }
    for (int i = 0; i < m.n; i++)
        m.part[i] = part[i];
    if (m.n == 3 && text[10] && !read_time(text + 11, &m))
        m.n = 0;
    return m;
}

/* The first or the last day that it may be. */
static double bound(const moment *m, int last)
{
    int part[3] = {(int)m->part[YEAR], last ? 12 : 1, 1};
    if (m->n > MONTH)
        part[MONTH] = (int)m->part[MONTH];
    part[DAY] = m->n > DAY ? (int)m->part[DAY]
                : last     ? ts_store_days_in_month(part[YEAR], part[MONTH])
                           : 1;
    return ts_store_day_number(part);
}

/* Whether a is before b, or the same: 1, 0, or -1 for what nobody knows. */
static int before(const moment *a, const moment *b, int or_same)
{
    int n = a->n < b->n ? a->n : b->n;
    if (n <= DAY) {
        double first_a = bound(a, 0), last_a = bound(a, 1);
        double first_b = bound(b, 0), last_b = bound(b, 1);
        if (or_same)
            return last_a <= first_b ? 1 : first_a > last_b ? 0 : -1;
        return last_a < first_b ? 1 : first_a >= last_b ? 0 : -1;
    }
    if (n > HOUR && strcmp(a->zone, b->zone) != 0)
        return -1;
    for (int i = 0; i < n; i++)
        if (a->part[i] != b->part[i])
            return a->part[i] < b->part[i];
    return or_same;
}

int ts_store_is_date_shaped(const char *s)
{
    static const char shape[] = "0000-00-00";
    int i = 0;
    while (i < 10 && (shape[i] == '0' ? isdigit((unsigned char)s[i]) != 0
                                      : s[i] == shape[i]))
        i++;
    return i == 10;
}

/* Counts a text that is no date, and keeps what is said of the first. */
static void no_date(ts_store *store, sqlite3_value *v, const char *text)
{
    const char *name = (const char *)sqlite3_value_text(v);
    if (store->count[TS_COUNT_UNDATED]++ > 0)
        return;
    snprintf(store->undated, sizeof store->undated, "%.100s: '%.60s' is no %s",
             name ? name : "", text,
             ts_store_is_date_shaped(text) ? "date of the calendar"
                                           : "ISO date");
}

/* _before(a, b, or_same, strict, name_a, name_b): a < b or a <= b, of texts
 * that are dates; not strict: where one is a date, else of any texts. */
static void compare_dates(sqlite3_context *context, int n, sqlite3_value **v)
{
    ts_store *store = sqlite3_user_data(context);
    const char *a = (const char *)sqlite3_value_text(v[0]);
    const char *b = (const char *)sqlite3_value_text(v[1]);
    int or_same = sqlite3_value_int(v[2]), strict = sqlite3_value_int(v[3]);
    (void)n;
    if (!a || !b)
        return;
    if (!strict && !ts_store_is_date_shaped(a) && !ts_store_is_date_shaped(b)) {
        int length_a = sqlite3_value_bytes(v[0]);
        int length_b = sqlite3_value_bytes(v[1]);
        int order =
            memcmp(a, b, (size_t)(length_a < length_b ? length_a : length_b));
        if (!order)
            order = (length_a > length_b) - (length_a < length_b);
        sqlite3_result_int(context, order < 0 || (or_same && order == 0));
        return;
    }
    if (!*a || !*b)
        return;
    moment x = read_moment(a), y = read_moment(b);
    if (!x.n)
        no_date(store, v[4], a);
    if (!y.n)
        no_date(store, v[5], b);
    int answer = x.n && y.n ? before(&x, &y, or_same) : -1;
    if (answer >= 0)
        sqlite3_result_int(context, answer);
}

int ts_store_order_functions(ts_store *store)
{
    return sqlite3_create_function_v2(store->db, "_before", 6,
                                      SQLITE_UTF8 | SQLITE_DIRECTONLY, store,
                                      compare_dates, NULL, NULL, NULL);
}
