/* The data sets of tests/data/survival.csv and rows of reference values. */
#ifndef SURVIVAL_SETS_H
#define SURVIVAL_SETS_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ts/survival.h"

#define SET_ROWS 300
#define FIELDS 16

typedef struct {
    double time[SET_ROWS], event[SET_ROWS];
    int group[SET_ROWS], stratum[SET_ROWS];
    ts_survival data;
} survival_set;

/* The next line of a CSV file without quotes, cut into its fields. */
static inline int next_row(FILE *file, char *line, size_t room,
                           char *field[FIELDS])
{
    int n = 0;
    if (!fgets(line, (int)room, file))
        return 0;
    line[strcspn(line, "\n")] = '\0';
    for (char *p = line; p && n < FIELDS; n++) {
        field[n] = p;
        p = strchr(p, ',');
        if (p)
            *p++ = '\0';
    }
    return n;
}

static inline FILE *open_csv(const char *path)
{
    char header[400];
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("cannot open %s: run from the project root", path);
    assert_non_null(fgets(header, sizeof header, file));
    return file;
}

static inline double number(const char *text)
{
    if (strcmp(text, "NA") == 0)
        return NAN;
    return strcmp(text, "Inf") == 0 ? INFINITY : strtod(text, NULL);
}

static inline int equal(double a, double b, double tolerance)
{
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b);
    return a == b || fabs(a - b) <= tolerance * fmax(fabs(a), fabs(b));
}

#define assert_near(a, b, tolerance)                                        \
    do {                                                                    \
        double a_ = (a), b_ = (b);                                          \
        if (!equal(a_, b_, tolerance))                                      \
            fail_msg("%s is %.17g, not %.17g", #a, a_, b_);                 \
    } while (0)

static inline void set_append(survival_set *set, double time, double event,
                              int group, int stratum)
{
    ts_survival *d = &set->data;
    assert_true(d->n < SET_ROWS);
    set->time[d->n] = time;
    set->event[d->n] = event;
    set->group[d->n] = group;
    set->stratum[d->n] = stratum;
    d->n++;
    if ((size_t)group >= d->n_group)
        d->n_group = (size_t)group + 1;
    if ((size_t)stratum >= d->n_stratum)
        d->n_stratum = (size_t)stratum + 1;
}

static inline void set_start(survival_set *set)
{
    memset(set, 0, sizeof *set);
    set->data.time = set->time;
    set->data.event = set->event;
    set->data.group = set->group;
    set->data.stratum = set->stratum;
}

static inline void set_load(survival_set *set, const char *name)
{
    char line[400], *field[FIELDS];
    FILE *file = open_csv("tests/data/survival.csv");
    set_start(set);
    while (next_row(file, line, sizeof line, field))
        if (strcmp(field[0], name) == 0)
            set_append(set, strtod(field[1], NULL), strtod(field[2], NULL),
                       atoi(field[3]), atoi(field[4]));
    fclose(file);
    if (set->data.n == 0)
        fail_msg("no data set %s", name);
}

/* The same rows in reverse order. */
static inline void set_reverse(const survival_set *from, survival_set *to)
{
    set_start(to);
    for (size_t i = from->data.n; i-- > 0;)
        set_append(to, from->time[i], from->event[i], from->group[i],
                   from->stratum[i]);
}

#endif
