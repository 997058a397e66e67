/*
 * What a Dataset-JSON document says about its data set and its columns,
 * checked key by key against CDISC's schema of version 1.1. A key that is
 * optional may be null, which says nothing.
 */
#include "dsjson_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "ts/memory.h"
#include "ts/text.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static ts_status keep(char **field, const char *text, ts_error *err)
{
    ts_free(*field);
    *field = ts_strdup(text);
    return *field ? TS_OK : ts_fail_memory(err);
}

/* Patterns ----------------------------------------------------------------- */

/* Digits up to most, of a fixed number; moves *s. */
static bool number_to(const char **s, int digits, int least, int most)
{
    int x = 0;
    for (; digits > 0; digits--, (*s)++) {
        if (**s < '0' || **s > '9')
            return false;
        x = 10 * x + (**s - '0');
    }
    return x >= least && x <= most;
}

static bool byte_is(const char **s, char c)
{
    return *(*s)++ == c;
}

bool dsjson_is_time(const char *s)
{
    if (!number_to(&s, 4, 0, 9999) || !byte_is(&s, '-') ||
        !number_to(&s, 2, 1, 12) || !byte_is(&s, '-') ||
        !number_to(&s, 2, 1, 31) || !byte_is(&s, 'T') ||
        !number_to(&s, 2, 0, 23) || !byte_is(&s, ':') ||
        !number_to(&s, 2, 0, 59) || !byte_is(&s, ':') ||
        !number_to(&s, 2, 0, 59))
        return false;
    if (*s == '.') {
        size_t n = strspn(++s, "0123456789");
        if (n == 0)
            return false;
        s += n;
    }
    if (*s == 'Z')
        return s[1] == '\0';
    if (*s == '+' || *s == '-') {
        s++;
        return number_to(&s, 2, 0, 23) && byte_is(&s, ':') &&
               number_to(&s, 2, 0, 59) && *s == '\0';
    }
    return *s == '\0';
}

/* 1.1, 1.1.0, 1.1.12 */
static bool is_version(const char *s)
{
    if (strncmp(s, "1.1", 3) != 0)
        return false;
    s += 3;
    if (!*s)
        return true;
    if (*s++ != '.')
        return false;
    return *s && strspn(s, "0123456789") == strlen(s) && (*s != '0' || !s[1]);
}

bool dsjson_is_decimal(const char *s)
{
    s += *s == '+' || *s == '-';
    size_t before = strspn(s, "0123456789"), behind = 0;
    s += before;
    if (*s == '.') {
        behind = strspn(++s, "0123456789");
        s += behind;
    }
    return before + behind > 0 && *s == '\0';
}

/* The data set ------------------------------------------------------------- */

static ts_status add_attribute(ts_dsjson *data, const char *key,
                               const char *value, ts_error *err)
{
    ts_dsjson_attribute_pair *list =
        ts_realloc_array(data->attributes, data->n_attribute + 1, sizeof *list);
    if (!list)
        return ts_fail_memory(err);
    data->attributes = list;
    list[data->n_attribute] = (ts_dsjson_attribute_pair){NULL, NULL};
    data->n_attribute++;
    ts_status status = keep(&list[data->n_attribute - 1].key, key, err);
    return status ? status
                  : keep(&list[data->n_attribute - 1].value, value, err);
}

static ts_status source_system(dsjson_reader *r, ts_error *err)
{
    static const char *const keys[] = {"name", "version"};
    json_token t;
    char key[40];
    ts_status status;
    while (!(status = json_next(r->in, &t, err)) && t.type == JSON_KEY) {
        if (strcmp(t.text, keys[0]) != 0 && strcmp(t.text, keys[1]) != 0)
            return json_fail(r->in, err,
                             "sourceSystem: no key %.60s; it has name and "
                             "version",
                             t.text);
        snprintf(key, sizeof key, "sourceSystem.%s", t.text);
        if ((status = json_next(r->in, &t, err)))
            return status;
        if (t.type != JSON_STRING)
            return json_fail(r->in, err, "%s: a string is needed", key);
        if (ts_dsjson_attribute(r->data, key))
            return json_fail(r->in, err, "%s twice", key);
        if ((status = add_attribute(r->data, key, t.text, err)))
            return status;
    }
    for (size_t i = 0; i < COUNT(keys) && !status; i++) {
        snprintf(key, sizeof key, "sourceSystem.%s", keys[i]);
        if (!ts_dsjson_attribute(r->data, key))
            status = json_fail(r->in, err, "%s is missing", key);
    }
    return status;
}

/* A whole number from least on, as the schema wants it. */
static bool whole_from(double least, const json_token *t, double *x)
{
    *x = strtod(t->text, NULL);
    return *x >= least && *x == floor(*x) && *x <= 0x1p53;
}

ts_status dsjson_attribute(dsjson_reader *r, const char *key,
                           const json_token *t, ts_error *err)
{
    bool time = strcmp(key, "datasetJSONCreationDateTime") == 0 ||
                strcmp(key, "dbLastModifiedDateTime") == 0;
    if (strcmp(key, "sourceSystem") == 0)
        return t->type == JSON_OBJECT
                   ? source_system(r, err)
                   : json_fail(r->in, err, "%s: an object is needed", key);
    if (strcmp(key, "records") == 0) {
        if (t->type != JSON_NUMBER || !whole_from(0, t, &r->records))
            return json_fail(r->in, err,
                             "records: a whole number from 0 is needed");
        r->have_records = true;
        return TS_OK;
    }
    if (t->type != JSON_STRING)
        return json_fail(r->in, err, "%s: a string is needed", key);
    if (time && !dsjson_is_time(t->text))
        return json_fail(r->in, err,
                         "%s: '%.40s' is no time such as "
                         "2024-11-11T15:09:10",
                         key, t->text);
    if (strcmp(key, "datasetJSONVersion") == 0 && !is_version(t->text))
        return json_fail(r->in, err, "%s: %.20s cannot be read, 1.1 can", key,
                         t->text);
    return add_attribute(r->data, key, t->text, err);
}

/* Columns ------------------------------------------------------------------ */

static const struct {
    const char *name;
    dsjson_cell cell;
} types[] = {
    {"string", DSJSON_TEXT},     {"integer", DSJSON_INTEGER},
    {"float", DSJSON_NUMBER},    {"double", DSJSON_NUMBER},
    {"decimal", DSJSON_DECIMAL}, {"boolean", DSJSON_BOOLEAN},
    {"date", DSJSON_TEXT},       {"time", DSJSON_TEXT},
    {"datetime", DSJSON_TEXT},   {"URI", DSJSON_TEXT},
};

static ts_status no_type(dsjson_reader *r, size_t j, ts_error *err)
{
    const char *type = r->data->columns[j].data_type, *names[COUNT(types)];
    for (size_t i = 0; i < COUNT(types); i++)
        names[i] = types[i].name;
    const char *near = ts_text_nearest(type, names, COUNT(types));
    return json_fail(r->in, err, "columns[%zu].dataType: no type %.40s%s%s", j,
                     type, near ? "; nearest: " : "", near ? near : "");
}

static bool is_date(const char *type)
{
    return strcmp(type, "date") == 0 || strcmp(type, "time") == 0 ||
           strcmp(type, "datetime") == 0;
}

/* What targetDataType makes of it: dates as numbers, decimals in quotes. */
static ts_status check_target(dsjson_reader *r, size_t j, ts_error *err)
{
    const ts_dsjson_column *c = &r->data->columns[j];
    if (!c->target_type)
        return TS_OK;
    if (strcmp(c->target_type, "integer") == 0) {
        if (is_date(c->data_type))
            r->cells[j] = DSJSON_DATE;
        else if (strcmp(c->data_type, "integer") != 0)
            return json_fail(r->in, err,
                             "columns[%zu].targetDataType: integer is for "
                             "date, time and datetime, not for %s",
                             j, c->data_type);
    } else if (strcmp(c->target_type, "decimal") == 0) {
        if (strcmp(c->data_type, "decimal") != 0)
            return json_fail(r->in, err,
                             "columns[%zu].targetDataType: decimal is for "
                             "decimal, not for %s",
                             j, c->data_type);
    } else {
        return json_fail(r->in, err,
                         "columns[%zu].targetDataType: no type %.40s; there "
                         "are integer and decimal",
                         j, c->target_type);
    }
    return TS_OK;
}

/* A decimal column that the caller wants as text, or rounded. */
static ts_status check_wish(dsjson_reader *r, size_t j, ts_error *err)
{
    const ts_dsjson_options *o = r->options;
    for (size_t i = 0; o && i < o->n_type; i++) {
        if (strcmp(o->types[i].column, r->names[j]) != 0)
            continue;
        if (r->cells[j] != DSJSON_DECIMAL)
            return json_fail(r->in, err,
                             "types: %.100s is %s in the file, and only "
                             "decimal columns can be read in two ways",
                             r->names[j], r->data->columns[j].data_type);
        r->cells[j] =
            o->types[i].type == TS_TEXT ? DSJSON_DIGITS : DSJSON_ROUNDED;
    }
    return TS_OK;
}

static ts_status settle_type(dsjson_reader *r, size_t j, ts_error *err)
{
    const ts_dsjson_column *c = &r->data->columns[j];
    size_t i = 0;
    while (i < COUNT(types) && strcmp(c->data_type, types[i].name) != 0)
        i++;
    if (i == COUNT(types))
        return no_type(r, j, err);
    r->cells[j] = types[i].cell;
    ts_status status = check_target(r, j, err);
    return status ? status : check_wish(r, j, err);
}

/* One member of a column's object; name is the key. */
static ts_status column_member(dsjson_reader *r, size_t j, const char *name,
                               unsigned *seen, ts_error *err)
{
    ts_dsjson_column *c = &r->data->columns[j];
    const struct {
        const char *key;
        char **text;
        double *number;
    } keys[] = {
        {"itemOID", &c->item_oid, NULL},
        {"name", &r->names[j], NULL},
        {"label", &r->labels[j], NULL},
        {"dataType", &c->data_type, NULL},
        {"targetDataType", &c->target_type, NULL},
        {"length", NULL, &c->length},
        {"displayFormat", &r->formats[j], NULL},
        {"keySequence", NULL, &c->key_sequence},
    };
    size_t i = 0;
    json_token t;
    while (i < COUNT(keys) && strcmp(keys[i].key, name) != 0)
        i++;
    if (i == COUNT(keys)) {
        const char *names[COUNT(keys)];
        for (i = 0; i < COUNT(keys); i++)
            names[i] = keys[i].key;
        const char *near = ts_text_nearest(name, names, COUNT(keys));
        return json_fail(r->in, err, "columns[%zu]: no key %.40s%s%s", j, name,
                         near ? "; nearest: " : "", near ? near : "");
    }
    if (*seen & 1u << i)
        return json_fail(r->in, err, "columns[%zu].%s twice", j, keys[i].key);
    *seen |= 1u << i;
    ts_status status = json_next(r->in, &t, err);
    if (status)
        return status;
    if (t.type == JSON_NULL && i > 3)
        return TS_OK;
    if (keys[i].text)
        return t.type == JSON_STRING ? keep(keys[i].text, t.text, err)
                                     : json_fail(r->in, err,
                                                 "columns[%zu].%s: a string is "
                                                 "needed",
                                                 j, keys[i].key);
    return t.type == JSON_NUMBER && whole_from(1, &t, keys[i].number)
               ? TS_OK
               : json_fail(r->in, err,
                           "columns[%zu].%s: a whole number from 1 is needed",
                           j, keys[i].key);
}

static ts_status grow(dsjson_reader *r, ts_error *err)
{
    if (r->n == DSJSON_MAX_COLUMN)
        return json_fail(r->in, err,
                         "columns[%zu]: at most %d columns can be "
                         "read",
                         r->n, DSJSON_MAX_COLUMN);
    if (r->n < r->room)
        return TS_OK;
    size_t room = r->room ? r->room * 2 : 64;
    void **lists[] = {(void **)&r->builders, (void **)&r->labels,
                      (void **)&r->formats, (void **)&r->names};
    for (size_t i = 0; i < COUNT(lists); i++) {
        char **list = ts_realloc_array(*lists[i], room, sizeof(char *));
        if (!list)
            return ts_fail_memory(err);
        memset(list + r->room, 0, (room - r->room) * sizeof(char *));
        *lists[i] = list;
    }
    dsjson_cell *cells = ts_realloc_array(r->cells, room, sizeof *cells);
    if (!cells)
        return ts_fail_memory(err);
    r->cells = cells;
    ts_dsjson_column *columns =
        ts_realloc_array(r->data->columns, room, sizeof *columns);
    if (!columns)
        return ts_fail_memory(err);
    memset(columns + r->room, 0, (room - r->room) * sizeof *columns);
    r->data->columns = columns;
    r->room = room;
    return TS_OK;
}

static ts_status check_column(dsjson_reader *r, size_t j, ts_error *err)
{
    const ts_dsjson_column *c = &r->data->columns[j];
    const struct {
        const char *key, *value;
    } required[] = {{"itemOID", c->item_oid},
                    {"name", r->names[j]},
                    {"label", r->labels[j]},
                    {"dataType", c->data_type}};
    for (size_t i = 0; i < COUNT(required); i++)
        if (!required[i].value)
            return json_fail(r->in, err, "columns[%zu].%s is missing", j,
                             required[i].key);
    if (!r->names[j][0])
        return json_fail(r->in, err, "columns[%zu].name is empty", j);
    for (size_t i = 0; i < j; i++) {
        if (strcasecmp(r->names[i], r->names[j]) == 0)
            return json_fail(
                r->in, err, "columns[%zu].name: %.100s and %.100s %s", j,
                r->names[i], r->names[j],
                strcmp(r->names[i], r->names[j]) ? "differ only in case"
                                                 : "are one name");
        if (c->key_sequence > 0 &&
            r->data->columns[i].key_sequence == c->key_sequence)
            return json_fail(r->in, err,
                             "columns[%zu].keySequence: %.0f is that of "
                             "columns[%zu]",
                             j, c->key_sequence, i);
    }
    return TS_OK;
}

static ts_status one_column(dsjson_reader *r, ts_error *err)
{
    json_token t;
    unsigned seen = 0;
    ts_status status = grow(r, err);
    size_t j = r->n;
    if (status)
        return status;
    r->data->n_column = r->n = j + 1;
    while (!(status = json_next(r->in, &t, err)) && t.type == JSON_KEY)
        if ((status = column_member(r, j, t.text, &seen, err)))
            return status;
    if (!status)
        status = check_column(r, j, err);
    if (!status)
        status = settle_type(r, j, err);
    if (!status)
        status = ts_builder_new(r->names[j], &r->builders[j], err);
    if (!status)
        ts_builder_type(r->builders[j], r->cells[j] == DSJSON_TEXT ||
                                                r->cells[j] == DSJSON_DIGITS
                                            ? TS_TEXT
                                            : TS_REAL);
    return status;
}

/* The names in options->columns are those of columns. */
static ts_status check_wishes(const dsjson_reader *r, ts_error *err)
{
    const ts_dsjson_options *o = r->options;
    for (size_t i = 0; o && i < o->n_type; i++) {
        size_t j = 0;
        while (j < r->n && strcmp(r->names[j], o->types[i].column) != 0)
            j++;
        if (j < r->n)
            continue;
        const char *near = ts_text_nearest(o->types[i].column,
                                           (const char *const *)r->names, r->n);
        return json_fail(r->in, err, "types: no column %.100s%s%.100s",
                         o->types[i].column, near ? "; nearest: " : "",
                         near ? near : "");
    }
    return TS_OK;
}

ts_status dsjson_columns(dsjson_reader *r, ts_error *err)
{
    json_token t;
    ts_status status;
    while (!(status = json_next(r->in, &t, err)) && t.type == JSON_OBJECT)
        if ((status = one_column(r, err)))
            return status;
    if (!status && t.type != JSON_ARRAY_END)
        return json_fail(r->in, err, "columns[%zu]: an object is needed", r->n);
    if (!status && r->n == 0)
        return json_fail(r->in, err, "columns: there are none");
    return status ? status : check_wishes(r, err);
}
