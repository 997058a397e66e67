/* Categories from columns, and crossed. */
#include "category.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "ts/memory.h"
#include "ts/model.h"
#include "ts/text.h"

void ts_category_free(ts_category *c)
{
    for (size_t i = 0; i < c->n_level; i++)
        ts_free(c->level[i]);
    ts_free(c->level);
    ts_free(c->code);
    *c = (ts_category){0};
}

/* Room for n_row codes and n_level levels that are still to be written; the
 * level count grows as they are, so that a failure frees what is there. */
static ts_status reserve(ts_category *c, size_t n_row, size_t n_level,
                         ts_error *err)
{
    *c = (ts_category){0};
    if (n_level > INT_MAX)
        return ts_fail(err, TS_ELIMIT, "%zu categories are too many", n_level);
    c->code = ts_alloc_array(n_row, sizeof *c->code);
    c->level = ts_alloc_array(n_level, sizeof *c->level);
    if (c->code && c->level)
        return TS_OK;
    ts_category_free(c);
    return ts_fail_memory(err);
}

static ts_status add_level(ts_category *c, const char *name, ts_error *err)
{
    if (!(c->level[c->n_level] = ts_strdup(name))) {
        ts_category_free(c);
        return ts_fail_memory(err);
    }
    c->n_level++;
    return TS_OK;
}

/* Text -------------------------------------------------------------------- */

typedef struct {
    const char *text;
    int code;
} entry;

static int by_bytes(const void *a, const void *b)
{
    return strcmp(((const entry *)a)->text, ((const entry *)b)->text);
}

static ts_status of_text(const ts_column *column, ts_category *out,
                         ts_error *err)
{
    size_t k = column->n_level;
    entry *order = ts_alloc_array(k, sizeof *order);
    int *place = ts_alloc_array(k, sizeof *place);
    ts_status status =
        order && place ? reserve(out, column->n, k, err) : ts_fail_memory(err);
    if (status)
        goto done;
    for (size_t i = 0; i < k; i++)
        order[i] = (entry){column->level[i], (int)i};
    if (!column->ordered)
        qsort(order, k, sizeof *order, by_bytes);
    for (size_t i = 0; i < k && !status; i++) {
        place[order[i].code] = (int)i;
        status = add_level(out, order[i].text, err);
    }
    for (size_t i = 0; i < column->n && !status; i++)
        out->code[i] = column->code[i] < 0 ? -1 : place[column->code[i]];
done:
    ts_free(order);
    ts_free(place);
    return status;
}

/* Numbers ----------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static size_t distinct(double *sorted, size_t n)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        if (k == 0 || sorted[i] != sorted[k - 1])
            sorted[k++] = sorted[i];
    return k;
}

static ts_status of_numbers(const ts_column *column, ts_category *out,
                            ts_error *err)
{
    double *value = ts_alloc_array(column->n, sizeof *value);
    size_t n = 0;
    if (!value)
        return ts_fail_memory(err);
    for (size_t i = 0; i < column->n; i++)
        if (!isnan(column->real[i]))
            value[n++] = column->real[i];
    qsort(value, n, sizeof *value, by_value);
    size_t k = distinct(value, n);
    ts_status status = reserve(out, column->n, k, err);
    for (size_t i = 0; i < k && !status; i++) {
        char name[32];
        ts_number_format(value[i], name);
        status = add_level(out, name, err);
    }
    for (size_t i = 0; i < column->n && !status; i++) {
        const double *at =
            isnan(column->real[i])
                ? NULL
                : bsearch(&column->real[i], value, k, sizeof *value, by_value);
        out->code[i] = at ? (int)(at - value) : -1;
    }
    ts_free(value);
    return status;
}

ts_status ts_category_of(const ts_column *column, ts_category *out,
                         ts_error *err)
{
    return column->type == TS_TEXT ? of_text(column, out, err)
                                   : of_numbers(column, out, err);
}

/* Crossing ---------------------------------------------------------------- */

/* Pairs of codes are numbers below 2^53 wherever both counts are sane. */
static double pair(const ts_category *a, const ts_category *b, size_t i)
{
    if (a->code[i] < 0 || b->code[i] < 0)
        return NAN;
    return (double)a->code[i] * (double)b->n_level + (double)b->code[i];
}

static ts_status name_pair(ts_category *out, const ts_category *a,
                           const ts_category *b, double key, ts_error *err)
{
    ts_buffer name = {0};
    size_t left = (size_t)(key / (double)b->n_level);
    size_t right = (size_t)(key - (double)left * (double)b->n_level);
    ts_buffer_printf(&name, "%s%c%s", a->level[left], TS_PART_SEPARATOR,
                     b->level[right]);
    if (name.failed) {
        ts_buffer_free(&name);
        ts_category_free(out);
        return ts_fail_memory(err);
    }
    ts_status status = add_level(out, name.data, err);
    ts_buffer_free(&name);
    return status;
}

ts_status ts_category_cross(ts_category *a, const ts_category *b, size_t n_row,
                            ts_error *err)
{
    ts_category out = {0};
    size_t n = 0;
    if ((double)a->n_level * (double)b->n_level > 9007199254740992.0)
        return ts_fail(err, TS_ELIMIT, "too many categories to cross");
    double *key = ts_alloc_array(n_row, sizeof *key);
    if (!key)
        return ts_fail_memory(err);
    for (size_t i = 0; i < n_row; i++) {
        key[n] = pair(a, b, i);
        n += !isnan(key[n]);
    }
    qsort(key, n, sizeof *key, by_value);
    size_t k = distinct(key, n);
    ts_status status = reserve(&out, n_row, k, err);
    for (size_t i = 0; i < k && !status; i++)
        status = name_pair(&out, a, b, key[i], err);
    for (size_t i = 0; i < n_row && !status; i++) {
        double own = pair(a, b, i);
        const double *at =
            isnan(own) ? NULL : bsearch(&own, key, k, sizeof own, by_value);
        out.code[i] = at ? (int)(at - key) : -1;
    }
    ts_free(key);
    if (status)
        return status;
    ts_category_free(a);
    *a = out;
    return TS_OK;
}
