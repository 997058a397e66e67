/*
 * Value labels. A file describes them by set and code; a column that has a
 * label for each of its values becomes text, with the labels as levels.
 */
#include "readstat_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "ts/memory.h"

/* Numbers in order, texts by their bytes, what means missing at the end. */
static int compare(const void *a, const void *b)
{
    const foreign_label *x = *(foreign_label *const *)a;
    const foreign_label *y = *(foreign_label *const *)b;
    if (x->what != y->what)
        return x->what == FOREIGN_REAL   ? -1
               : y->what == FOREIGN_REAL ? 1
               : x->what == FOREIGN_TEXT ? -1
               : y->what == FOREIGN_TEXT ? 1
               : x->what < y->what       ? -1
                                         : 1;
    if (x->what == FOREIGN_REAL)
        return (x->x > y->x) - (x->x < y->x);
    if (x->what == FOREIGN_TEXT)
        return strcmp(x->text ? x->text : "", y->text ? y->text : "");
    return 0;
}

/* Names of SAS's formats have no case. */
static bool is_set(const foreign_table *from, const char *name, const char *set)
{
    if (!name)
        return false;
    return from->kind == FOREIGN_CATALOG ? strcasecmp(name, set) == 0
                                         : strcmp(name, set) == 0;
}

ts_status foreign_label_set(foreign_table *from, const char *set,
                            foreign_label ***out, size_t *n, ts_error *err)
{
    *n = 0;
    *out = ts_alloc_array(from->n_label ? from->n_label : 1, sizeof **out);
    if (!*out)
        return ts_fail_memory(err);
    for (size_t i = 0; i < from->n_label; i++)
        if (!set || is_set(from, from->labels[i].set, set))
            (*out)[(*n)++] = &from->labels[i];
    if (set && *n)
        qsort(*out, *n, sizeof **out, compare);
    return TS_OK;
}

/* What a code is called. */
typedef struct {
    double x;
    char *code; /* of a text */
    char *label;
} level;

/* The labels of one column as UTF-8, in the order of their codes. */
typedef struct {
    size_t n;
    level *level;
    level **sorted;
} levels;

static void levels_free(levels *l)
{
    for (size_t i = 0; i < l->n; i++) {
        ts_free(l->level[i].code);
        ts_free(l->level[i].label);
    }
    ts_free(l->level);
    ts_free(l->sorted);
    *l = (levels){0};
}

static ts_status as_text(foreign_table *from, const char *set, const char *text,
                         char **out, ts_error *err)
{
    char where[80] = "value labels of ";
    const char *utf8;
    size_t n;
    strncat(where, set, 40);
    ts_status status =
        foreign_convert(from, where, text, strlen(text), &utf8, &n, NULL, err);
    if (!status && !(*out = ts_strndup(utf8, n)))
        status = ts_fail_memory(err);
    return status;
}

static bool is_declared(const foreign_variable *v, const foreign_label *l)
{
    for (size_t i = 0; i < v->n_range; i++)
        if (v->text
                ? v->range[i].first && strcmp(l->text, v->range[i].first) == 0
                : l->x >= v->range[i].low && l->x <= v->range[i].high)
            return true;
    return false;
}

/* Labels of missing values, and empty ones, are no levels. */
static bool is_level(const foreign_variable *v, const foreign_label *l)
{
    if (!l->label || l->what != (v->text ? FOREIGN_TEXT : FOREIGN_REAL) ||
        (v->text && !l->text))
        return false;
    return !is_declared(v, l);
}

static ts_status find_levels(foreign_table *from, const foreign_variable *v,
                             levels *out, ts_error *err)
{
    foreign_label **list;
    size_t n;
    *out = (levels){0};
    ts_status status = foreign_label_set(from, v->set, &list, &n, err);
    if (!status && n) {
        out->level = ts_alloc_array(n, sizeof *out->level);
        out->sorted = ts_alloc_array(n, sizeof *out->sorted);
        if (!out->level || !out->sorted)
            status = ts_fail_memory(err);
    }
    for (size_t i = 0; i < n && !status; i++) {
        if (!is_level(v, list[i]) ||
            (i && compare(&list[i - 1], &list[i]) == 0))
            continue; /* of two labels of one code the first counts */
        level *l = &out->level[out->n];
        out->sorted[out->n++] = l;
        l->x = list[i]->x;
        status = as_text(from, v->set, list[i]->label, &l->label, err);
        if (!status && v->text)
            status = as_text(from, v->set, list[i]->text, &l->code, err);
    }
    ts_free(list);
    return status;
}

static int by_label(const void *a, const void *b)
{
    return strcmp((*(level *const *)a)->label, (*(level *const *)b)->label);
}

static int by_code(const void *a, const void *b)
{
    return strcmp((*(level *const *)a)->code, (*(level *const *)b)->code);
}

/* Whether two codes have one label. */
static bool is_shared(levels *l)
{
    qsort(l->sorted, l->n, sizeof *l->sorted, by_label);
    for (size_t i = 1; i < l->n; i++)
        if (by_label(&l->sorted[i - 1], &l->sorted[i]) == 0)
            return true;
    return false;
}

static const level *find_number(const levels *l, double x)
{
    size_t low = 0, high = l->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (l->level[middle].x < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low < l->n && l->level[low].x == x ? &l->level[low] : NULL;
}

/* After sorting by code. */
static const level *find_text(const levels *l, const char *text)
{
    level key = {.code = (char *)text}, *at = &key;
    level **found = bsearch(&at, l->sorted, l->n, sizeof *l->sorted, by_code);
    return found ? *found : NULL;
}

static const level *find(const levels *l, const ts_column *c, size_t i)
{
    return c->type == TS_REAL ? find_number(l, c->real[i])
                              : find_text(l, ts_column_text(c, i));
}

/* The first value without a label; *out stays NULL when there is none. */
static ts_status find_unlabelled(const levels *l, const ts_column *c,
                                 char **out, ts_error *err)
{
    char number[32];
    for (size_t i = 0; i < c->n; i++) {
        if (ts_column_is_na(c, i) || find(l, c, i))
            continue;
        if (c->type == TS_REAL)
            ts_number_format(c->real[i], number);
        *out = ts_strdup(c->type == TS_REAL ? number : ts_column_text(c, i));
        return *out ? TS_OK : ts_fail_memory(err);
    }
    return TS_OK;
}

static ts_status relabel(const levels *l, const ts_column *c, ts_column **out,
                         ts_error *err)
{
    ts_builder *b;
    ts_status status = ts_builder_new(c->name, &b, err);
    if (status)
        return status;
    for (size_t i = 0; i < l->n && !status; i++) {
        const char *label = l->level[i].label;
        status = ts_builder_levels(b, &label, 1, err);
    }
    for (size_t i = 0; i < c->n && !status; i++) {
        if (ts_column_is_na(c, i)) {
            status = ts_builder_na(b, err);
        } else {
            const char *label = find(l, c, i)->label;
            status = ts_builder_text(b, label, strlen(label), err);
        }
    }
    if (!status)
        return ts_builder_end(b, out, err);
    ts_builder_free(b);
    return status;
}

/* Stata's older files end with their sets, so one may have been cut off. */
static bool is_absent(const foreign_table *from, const char *set)
{
    for (size_t i = 0; i < from->n_label; i++)
        if (is_set(from, from->labels[i].set, set))
            return false;
    return from->kind == FOREIGN_STATA;
}

ts_status foreign_apply_labels(foreign_table *from, const foreign_variable *v,
                               ts_column **column, ts_readstat_column *facts,
                               ts_error *err)
{
    levels l;
    ts_column *labelled;
    ts_status status = find_levels(from, v, &l, err);
    if (!status && !l.n && is_absent(from, v->set))
        facts->labels = TS_LABELS_ABSENT;
    if (!status && l.n) {
        bool shared = is_shared(&l);
        if (v->text)
            qsort(l.sorted, l.n, sizeof *l.sorted, by_code);
        status = find_unlabelled(&l, *column, &facts->unlabelled, err);
        facts->labels = facts->unlabelled ? TS_LABELS_PARTLY
                        : shared          ? TS_LABELS_SHARED
                                          : TS_LABELS_LEVELS;
    }
    if (!status && facts->labels == TS_LABELS_LEVELS &&
        !(status = relabel(&l, *column, &labelled, err))) {
        ts_column_unref(*column);
        *column = labelled;
        facts->n_lost = facts->n_special;
    }
    levels_free(&l);
    return status;
}
