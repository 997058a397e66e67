/*
 * Reading Dataset-JSON: the document and its rows. In .json the columns come
 * before the rows, as every writer has it; a file that has them the other way
 * round is refused.
 */
#include "dsjson_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sas_date.h"
#include "ts/memory.h"
#include "ts/text.h"

void ts_dsjson_free(ts_dsjson *data)
{
    if (!data)
        return;
    for (size_t j = 0; data->columns && j < data->n_column; j++) {
        ts_free(data->columns[j].item_oid);
        ts_free(data->columns[j].data_type);
        ts_free(data->columns[j].target_type);
    }
    for (size_t i = 0; i < data->n_attribute; i++) {
        ts_free(data->attributes[i].key);
        ts_free(data->attributes[i].value);
    }
    ts_frame_free(data->frame);
    ts_free(data->columns);
    ts_free(data->attributes);
    ts_free(data);
}

const char *ts_dsjson_attribute(const ts_dsjson *data, const char *key)
{
    for (size_t i = 0; i < data->n_attribute; i++)
        if (strcmp(data->attributes[i].key, key) == 0)
            return data->attributes[i].value;
    return NULL;
}

/* Rows --------------------------------------------------------------------- */

static ts_status wrong_cell(const dsjson_reader *r, size_t j,
                            const json_token *t, const char *what,
                            ts_error *err)
{
    return json_fail(r->in, err, "rows[%.0f][%zu] (%.60s): '%.40s' is no %s",
                     r->n_row, j, r->names[j],
                     t->type == JSON_TRUE    ? "true"
                     : t->type == JSON_FALSE ? "false"
                     : t->type == JSON_ARRAY || t->type == JSON_OBJECT
                         ? "a list or an object"
                         : t->text,
                     what);
}

static ts_status number_cell(dsjson_reader *r, size_t j, const json_token *t,
                             ts_error *err)
{
    bool whole = r->cells[j] == DSJSON_INTEGER;
    double x;
    if (t->type != JSON_NUMBER)
        return wrong_cell(r, j, t, whole ? "whole number" : "number", err);
    /* beyond 17 digits the nearest double is what JSON means */
    bool near = ts_number_parse(t->text, t->length, &x);
    if (!near) {
        x = strtod(t->text, NULL);
        near = isfinite(x) && x != 0;
    }
    if (!near)
        return wrong_cell(r, j, t, "number that a double holds", err);
    if (whole && x != floor(x))
        return wrong_cell(r, j, t, "whole number", err);
    if (fabs(x) >= 0x1p53 && !strpbrk(t->text, ".eE")) {
        char back[400];
        snprintf(back, sizeof back, "%.0f", x);
        if (strcmp(back, t->text) != 0)
            return wrong_cell(r, j, t, "whole number that a double holds", err);
    }
    return ts_builder_real(r->builders[j], x, err);
}

/* The digits of a decimal without zeros at its ends, at most room of them:
 * its value is 0.digits times ten to *point. -1: more than room. */
static int decimal_digits(const char *s, char *digits, int room, int *point)
{
    int n = 0, zeros = 0;
    bool behind = false;
    *point = 0;
    for (s += *s == '+' || *s == '-'; *s; s++) {
        if (*s == '.') {
            behind = true;
            continue;
        }
        *point += n || *s != '0' ? !behind : -behind;
        if (*s == '0') {
            zeros += n > 0;
            continue;
        }
        if (n + zeros >= room)
            return -1;
        for (; zeros; zeros--)
            digits[n++] = '0';
        digits[n++] = *s;
    }
    return n;
}

/* Whether x, written with as many digits, is that decimal again. */
static bool holds_decimal(const char *text, double x)
{
    enum { ROOM = 800 }; /* no double has more digits */
    char digits[ROOM], back[ROOM + 20];
    int point, n = decimal_digits(text, digits, ROOM, &point);
    if (n <= 0 || !isfinite(x))
        return n == 0;
    if (n <= 15 && point > -290 && point < 290)
        return true;
    snprintf(back, sizeof back, "%.*e", n - 1, fabs(x));
    return back[0] == digits[0] &&
           (n == 1 || memcmp(back + 2, digits + 1, (size_t)n - 1) == 0) &&
           atoi(back + (n == 1 ? 2 : n + 2)) == point - 1;
}

static ts_status decimal_cell(dsjson_reader *r, size_t j, const json_token *t,
                              ts_error *err)
{
    ts_builder *b = r->builders[j];
    if (t->type != JSON_STRING || (t->length && !dsjson_is_decimal(t->text)))
        return wrong_cell(r, j, t, "decimal number in quotes", err);
    if (t->length == 0)
        return ts_builder_na(b, err);
    if (r->cells[j] == DSJSON_DIGITS)
        return ts_builder_text(b, t->text, t->length, err);
    double x = strtod(t->text, NULL);
    if (!isfinite(x) ||
        (r->cells[j] == DSJSON_DECIMAL && !holds_decimal(t->text, x)))
        return json_fail(r->in, err,
                         "rows[%.0f][%zu] (%.60s): '%.40s' has more digits "
                         "than a double holds; types = { %.60s = \"text\" } "
                         "keeps them, \"real\" rounds",
                         r->n_row, j, r->names[j], t->text, r->names[j]);
    return ts_builder_real(b, x, err);
}

static ts_status cell(dsjson_reader *r, size_t j, const json_token *t,
                      ts_error *err)
{
    ts_builder *b = r->builders[j];
    double x;
    if (t->type == JSON_NULL)
        return ts_builder_na(b, err);
    switch (r->cells[j]) {
    case DSJSON_TEXT:
        if (t->type != JSON_STRING)
            return wrong_cell(r, j, t, "string", err);
        return ts_builder_text(b, t->text, t->length, err);
    case DSJSON_INTEGER:
    case DSJSON_NUMBER:
        return number_cell(r, j, t, err);
    case DSJSON_DECIMAL:
    case DSJSON_ROUNDED:
    case DSJSON_DIGITS:
        return decimal_cell(r, j, t, err);
    case DSJSON_BOOLEAN:
        if (t->type != JSON_TRUE && t->type != JSON_FALSE)
            return wrong_cell(r, j, t, "true or false", err);
        return ts_builder_real(b, t->type == JSON_TRUE, err);
    case DSJSON_DATE:
        break;
    }
    if (t->type == JSON_STRING && t->length == 0)
        return ts_builder_na(b, err);
    if (t->type != JSON_STRING ||
        !sas_date_parse(t->text, r->data->columns[j].data_type, &x))
        return wrong_cell(r, j, t, r->data->columns[j].data_type, err);
    return ts_builder_real(b, x, err);
}

static ts_status one_row(dsjson_reader *r, ts_error *err)
{
    json_token t;
    ts_status status;
    size_t j = 0;
    /* a bomb of rows is noticed where its first one too many begins */
    if (r->have_records && r->n_row >= r->records)
        return json_fail(r->in, err, "rows[%.0f]: records says %.0f", r->n_row,
                         r->records);
    while (!(status = json_next(r->in, &t, err)) && t.type != JSON_ARRAY_END) {
        if (j == r->n)
            return json_fail(r->in, err, "rows[%.0f]: more than %zu values",
                             r->n_row, r->n);
        if ((status = cell(r, j++, &t, err)))
            return status;
    }
    if (!status && j < r->n)
        return json_fail(r->in, err, "rows[%.0f]: %zu values, expected %zu",
                         r->n_row, j, r->n);
    r->n_row++;
    return status;
}

static ts_status rows(dsjson_reader *r, ts_error *err)
{
    json_token t;
    ts_status status;
    if (!r->n)
        return json_fail(r->in, err, "rows before columns cannot be read");
    r->have_rows = true;
    while (!(status = json_next(r->in, &t, err)) && t.type == JSON_ARRAY)
        if ((status = one_row(r, err)))
            return status;
    if (!status && t.type != JSON_ARRAY_END)
        return json_fail(r->in, err, "rows[%.0f]: a list is needed", r->n_row);
    return status;
}

/* The whole ---------------------------------------------------------------- */

static const struct {
    const char *name;
    bool required;
} keys[] = {
    {"datasetJSONCreationDateTime", true},
    {"datasetJSONVersion", true},
    {"fileOID", false},
    {"dbLastModifiedDateTime", false},
    {"originator", false},
    {"sourceSystem", false},
    {"studyOID", false},
    {"metaDataVersionOID", false},
    {"metaDataRef", false},
    {"itemGroupOID", true},
    {"records", true},
    {"name", true},
    {"label", true},
    {"columns", true},
    {"rows", false},
};

#define N_KEY (sizeof keys / sizeof *keys)

static ts_status no_key(const dsjson_reader *r, const char *key, ts_error *err)
{
    const char *names[N_KEY];
    for (size_t i = 0; i < N_KEY; i++)
        names[i] = keys[i].name;
    const char *near = ts_text_nearest(key, names, N_KEY);
    return near
               ? json_fail(r->in, err, "no key %.60s; nearest: %s", key, near)
               : json_fail(r->in, err, "no key %.60s in Dataset-JSON 1.1", key);
}

static ts_status member(dsjson_reader *r, const char *name, ts_error *err)
{
    json_token t;
    size_t i = 0;
    while (i < N_KEY && strcmp(keys[i].name, name) != 0)
        i++;
    if (i == N_KEY)
        return no_key(r, name, err);
    if (r->seen & 1u << i)
        return json_fail(r->in, err, "%s twice", keys[i].name);
    r->seen |= 1u << i;
    ts_status status = json_next(r->in, &t, err);
    if (status || (t.type == JSON_NULL && !keys[i].required))
        return status;
    bool columns = strcmp(keys[i].name, "columns") == 0;
    if (!columns && strcmp(keys[i].name, "rows") != 0)
        return dsjson_attribute(r, keys[i].name, &t, err);
    if (t.type != JSON_ARRAY)
        return json_fail(r->in, err, "%s: a list is needed", keys[i].name);
    return columns ? dsjson_columns(r, err) : rows(r, err);
}

static ts_status metadata(dsjson_reader *r, ts_error *err)
{
    json_token t;
    ts_status status = json_next(r->in, &t, err);
    if (!status && t.type != JSON_OBJECT)
        return json_fail(r->in, err,
                         t.type == JSON_END ? "an empty file"
                                            : "no Dataset-JSON: an object is "
                                              "needed at the start");
    while (!status && !(status = json_next(r->in, &t, err)) &&
           t.type == JSON_KEY)
        status = member(r, t.text, err);
    for (size_t i = 0; i < N_KEY && !status; i++)
        if (keys[i].required && !(r->seen & 1u << i))
            status = json_fail(r->in, err, "%s is missing%s", keys[i].name,
                               r->n ? "" : ": is it Dataset-JSON?");
    return status;
}

static ts_status document(dsjson_reader *r, ts_error *err)
{
    json_token t;
    ts_status status = metadata(r, err);
    /* lines of rows: NDJSON */
    while (!status && !(status = json_next(r->in, &t, err)) &&
           t.type != JSON_END) {
        if (r->have_rows)
            return json_fail(r->in, err, "text behind the end");
        if (t.type != JSON_ARRAY)
            return json_fail(r->in, err, "rows[%.0f]: a list is needed",
                             r->n_row);
        status = one_row(r, err);
    }
    if (!status && r->records != r->n_row)
        status = json_fail(r->in, err, "records: %.0f, and there %s %.0f rows",
                           r->records, r->n_row == 1 ? "is" : "are", r->n_row);
    return status;
}

static ts_status make_frame(dsjson_reader *r, ts_error *err)
{
    ts_status status = ts_frame_new((size_t)r->n_row, &r->data->frame, err);
    for (size_t j = 0; j < r->n && !status; j++) {
        ts_column *column;
        status = ts_builder_end(r->builders[j], &column, err);
        r->builders[j] = NULL;
        if (status)
            return status;
        if ((status = ts_column_set(&column->label, r->labels[j], err)) ||
            (status = ts_column_set(&column->format, r->formats[j], err)))
            ts_column_unref(column);
        else
            status = ts_frame_add(r->data->frame, column, err);
    }
    return status;
}

ts_status ts_dsjson_read(const char *path, const ts_dsjson_options *options,
                         ts_dsjson **out, ts_error *err)
{
    dsjson_reader r = {.options = options};
    *out = NULL;
    r.data = ts_alloc_array(1, sizeof *r.data);
    if (!r.data)
        return ts_fail_memory(err);
    ts_status status = json_open(path, 1, &r.in, err);
    if (!status)
        status = document(&r, err);
    if (!status) {
        json_hash(r.in, r.data->sha256);
        status = make_frame(&r, err);
    }
    for (size_t j = 0; j < r.n; j++) {
        ts_builder_free(r.builders[j]);
        ts_free(r.labels[j]);
        ts_free(r.formats[j]);
        ts_free(r.names[j]);
    }
    ts_free(r.builders);
    ts_free(r.labels);
    ts_free(r.formats);
    ts_free(r.names);
    ts_free(r.cells);
    json_close(r.in);
    if (status)
        ts_dsjson_free(r.data);
    else
        *out = r.data;
    return status;
}
