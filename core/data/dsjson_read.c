/*
 * Reading Dataset-JSON. In .json the columns come before the rows, as every
 * writer has it; a file that has them the other way round is refused.
 */
#include "ts/dsjson.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "json_reader.h"
#include "sas_date.h"
#include "ts/memory.h"
#include "ts/text.h"

typedef enum { PLAIN_TEXT, NUMBER, DECIMAL, BOOLEAN, SAS_DATE } cell_kind;

typedef struct {
    json_reader *in;
    ts_dsjson *data;
    ts_builder **builders;
    cell_kind *kinds;
    char **labels, **formats, **names;
    size_t n, room;
    double n_row, records;
    bool have_records, have_rows;
} reader;

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

static ts_status keep(char **field, const char *text, ts_error *err)
{
    ts_free(*field);
    *field = ts_strdup(text);
    return *field ? TS_OK : ts_fail_memory(err);
}

/* Metadata ----------------------------------------------------------------- */

static ts_status add_attribute(ts_dsjson *data, const char *key,
                               const char *value, ts_error *err)
{
    ts_dsjson_attribute_pair *list = ts_realloc_array(
        data->attributes, data->n_attribute + 1, sizeof *list);
    if (!list)
        return ts_fail_memory(err);
    data->attributes = list;
    list[data->n_attribute] = (ts_dsjson_attribute_pair){NULL, NULL};
    data->n_attribute++;
    ts_status status = keep(&list[data->n_attribute - 1].key, key, err);
    return status ? status
                  : keep(&list[data->n_attribute - 1].value, value, err);
}

static ts_status source_system(reader *r, ts_error *err)
{
    json_token t;
    char key[100];
    ts_status status;
    while (!(status = json_next(r->in, &t, err)) && t.type == JSON_KEY) {
        snprintf(key, sizeof key, "sourceSystem.%.60s", t.text);
        if ((status = json_next(r->in, &t, err)))
            return status;
        if (t.type != JSON_STRING)
            return json_fail(r->in, err, "%s: a string is needed", key);
        if ((status = add_attribute(r->data, key, t.text, err)))
            return status;
    }
    return status;
}

static const struct {
    const char *name;
    cell_kind kind;
} types[] = {
    {"string", PLAIN_TEXT}, {"integer", NUMBER},   {"float", NUMBER},
    {"double", NUMBER},     {"decimal", DECIMAL},  {"boolean", BOOLEAN},
    {"date", PLAIN_TEXT},   {"time", PLAIN_TEXT},  {"datetime", PLAIN_TEXT},
    {"URI", PLAIN_TEXT},
};

static ts_status kind_of(reader *r, size_t j, ts_error *err)
{
    const ts_dsjson_column *c = &r->data->columns[j];
    const char *names[sizeof types / sizeof *types];
    size_t n = sizeof types / sizeof *types;
    for (size_t i = 0; i < n; i++) {
        names[i] = types[i].name;
        if (c->data_type && strcmp(c->data_type, types[i].name) == 0) {
            r->kinds[j] = types[i].kind;
            if (c->target_type && strcmp(c->target_type, "integer") == 0 &&
                types[i].kind == PLAIN_TEXT)
                r->kinds[j] = SAS_DATE;
            return TS_OK;
        }
    }
    if (!c->data_type)
        return json_fail(r->in, err, "columns[%zu]: no dataType", j);
    const char *near = ts_text_nearest(c->data_type, names, n);
    return near ? json_fail(r->in, err,
                            "columns[%zu].dataType: no type %.40s; nearest: "
                            "%s",
                            j, c->data_type, near)
                : json_fail(r->in, err, "columns[%zu].dataType: no type %.40s",
                            j, c->data_type);
}

static ts_status column_text(reader *r, size_t j, const char *key,
                             const char *value, ts_error *err)
{
    ts_dsjson_column *c = &r->data->columns[j];
    struct {
        const char *key;
        char **field;
    } fields[] = {
        {"itemOID", &c->item_oid},   {"name", &r->names[j]},
        {"label", &r->labels[j]},    {"dataType", &c->data_type},
        {"targetDataType", &c->target_type},
        {"displayFormat", &r->formats[j]},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strcmp(fields[i].key, key) == 0)
            return keep(fields[i].field, value, err);
    return json_fail(r->in, err, "columns[%zu]: no key %.40s", j, key);
}

/* One member of a column's object; token is the key. */
static ts_status column_member(reader *r, size_t j, const char *name,
                               ts_error *err)
{
    char key[40];
    json_token t;
    snprintf(key, sizeof key, "%s", name);
    ts_status status = json_next(r->in, &t, err);
    if (status)
        return status;
    bool number = strcmp(key, "length") == 0 ||
                  strcmp(key, "keySequence") == 0;
    if (t.type == JSON_NULL)
        return TS_OK;
    if (t.type != (number ? JSON_NUMBER : JSON_STRING))
        return json_fail(r->in, err, "columns[%zu].%s: a %s is needed", j, key,
                         number ? "number" : "string");
    if (!number)
        return column_text(r, j, key, t.text, err);
    double x = strtod(t.text, NULL);
    if (!(x >= 1) || x != floor(x))
        return json_fail(r->in, err, "columns[%zu].%s: %s is no length", j,
                         key, t.text);
    if (key[0] == 'l')
        r->data->columns[j].length = x;
    else
        r->data->columns[j].key_sequence = x;
    return TS_OK;
}

static ts_status grow(reader *r, ts_error *err)
{
    if (r->n < r->room)
        return TS_OK;
    size_t room = r->room ? r->room * 2 : 64;
    if (room > 4096)
        return json_fail(r->in, err, "more than 2000 columns");
    void **lists[] = {(void **)&r->builders, (void **)&r->labels,
                      (void **)&r->formats, (void **)&r->names};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        char **list = ts_realloc_array(*lists[i], room, sizeof(char *));
        if (!list)
            return ts_fail_memory(err);
        memset(list + r->room, 0, (room - r->room) * sizeof(char *));
        *lists[i] = list;
    }
    cell_kind *kinds = ts_realloc_array(r->kinds, room, sizeof *kinds);
    if (!kinds)
        return ts_fail_memory(err);
    r->kinds = kinds;
    ts_dsjson_column *columns =
        ts_realloc_array(r->data->columns, room, sizeof *columns);
    if (!columns)
        return ts_fail_memory(err);
    memset(columns + r->room, 0, (room - r->room) * sizeof *columns);
    r->data->columns = columns;
    r->room = room;
    return TS_OK;
}

static ts_status check_name(reader *r, size_t j, ts_error *err)
{
    if (!r->names[j] || !r->names[j][0])
        return json_fail(r->in, err, "columns[%zu]: no name", j);
    for (size_t i = 0; i < j; i++)
        if (strcasecmp(r->names[i], r->names[j]) == 0)
            return json_fail(r->in, err,
                             "columns[%zu].name: %.100s and %.100s %s", j,
                             r->names[i], r->names[j],
                             strcmp(r->names[i], r->names[j])
                                 ? "differ only in case"
                                 : "are one name");
    return TS_OK;
}

static ts_status one_column(reader *r, ts_error *err)
{
    json_token t;
    ts_status status = grow(r, err);
    size_t j = r->n;
    if (status)
        return status;
    r->data->n_column = r->n = j + 1;
    while (!(status = json_next(r->in, &t, err)) && t.type == JSON_KEY)
        if ((status = column_member(r, j, t.text, err)))
            return status;
    if (!status && (status = check_name(r, j, err)) == TS_OK)
        status = kind_of(r, j, err);
    if (!status)
        status = ts_builder_new(r->names[j], &r->builders[j], err);
    if (!status)
        ts_builder_type(r->builders[j],
                        r->kinds[j] == PLAIN_TEXT ? TS_TEXT : TS_REAL);
    return status;
}

static ts_status columns(reader *r, ts_error *err)
{
    json_token t;
    ts_status status;
    if (r->n)
        return json_fail(r->in, err, "columns twice");
    while (!(status = json_next(r->in, &t, err)) && t.type == JSON_OBJECT)
        if ((status = one_column(r, err)))
            return status;
    if (!status && t.type != JSON_ARRAY_END)
        return json_fail(r->in, err, "columns[%zu]: an object is needed",
                         r->n);
    if (!status && r->n == 0)
        return json_fail(r->in, err, "columns: there are none");
    return status;
}

/* Rows --------------------------------------------------------------------- */

static ts_status wrong_cell(const reader *r, size_t j, const json_token *t,
                            const char *what, ts_error *err)
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

static ts_status number_cell(reader *r, size_t j, const json_token *t,
                             ts_error *err)
{
    double x = strtod(t->text, NULL);
    if (!isfinite(x))
        return wrong_cell(r, j, t, "number that a double holds", err);
    if (fabs(x) >= 0x1p53 && !strpbrk(t->text, ".eE")) {
        char back[400];
        snprintf(back, sizeof back, "%.0f", x);
        if (strcmp(back, t->text) != 0)
            return wrong_cell(r, j, t, "whole number that a double holds",
                              err);
    }
    return ts_builder_real(r->builders[j], x, err);
}

static ts_status cell(reader *r, size_t j, const json_token *t, ts_error *err)
{
    ts_builder *b = r->builders[j];
    double x;
    if (t->type == JSON_NULL)
        return ts_builder_na(b, err);
    switch (r->kinds[j]) {
    case PLAIN_TEXT:
        if (t->type != JSON_STRING)
            return wrong_cell(r, j, t, "string", err);
        return ts_builder_text(b, t->text, t->length, err);
    case NUMBER:
        if (t->type != JSON_NUMBER)
            return wrong_cell(r, j, t, "number", err);
        return number_cell(r, j, t, err);
    case DECIMAL:
        if (t->type == JSON_STRING && t->length == 0)
            return ts_builder_na(b, err);
        if (t->type != JSON_STRING ||
            !ts_number_parse(t->text, t->length, &x))
            return wrong_cell(r, j, t, "decimal number in quotes", err);
        return ts_builder_real(b, x, err);
    case BOOLEAN:
        if (t->type != JSON_TRUE && t->type != JSON_FALSE)
            return wrong_cell(r, j, t, "true or false", err);
        return ts_builder_real(b, t->type == JSON_TRUE, err);
    default:
        if (t->type == JSON_STRING && t->length == 0)
            return ts_builder_na(b, err);
        if (t->type != JSON_STRING ||
            !sas_date_parse(t->text, r->data->columns[j].data_type, &x))
            return wrong_cell(r, j, t, r->data->columns[j].data_type, err);
        return ts_builder_real(b, x, err);
    }
}

static ts_status one_row(reader *r, ts_error *err)
{
    json_token t;
    ts_status status;
    size_t j = 0;
    while (!(status = json_next(r->in, &t, err)) && t.type != JSON_ARRAY_END) {
        if (j == r->n)
            return json_fail(r->in, err,
                             "rows[%.0f]: more than %zu values", r->n_row,
                             r->n);
        if ((status = cell(r, j++, &t, err)))
            return status;
    }
    if (!status && j < r->n)
        return json_fail(r->in, err, "rows[%.0f]: %zu values, expected %zu",
                         r->n_row, j, r->n);
    r->n_row++;
    return status;
}

static ts_status rows(reader *r, ts_error *err)
{
    json_token t;
    ts_status status;
    if (!r->n)
        return json_fail(r->in, err, "rows before columns cannot be read");
    if (r->have_rows)
        return json_fail(r->in, err, "rows twice");
    r->have_rows = true;
    while (!(status = json_next(r->in, &t, err)) && t.type == JSON_ARRAY)
        if ((status = one_row(r, err)))
            return status;
    if (!status && t.type != JSON_ARRAY_END)
        return json_fail(r->in, err, "rows[%.0f]: a list is needed", r->n_row);
    return status;
}

/* The whole ---------------------------------------------------------------- */

static const char *const keys[] = {
    "datasetJSONCreationDateTime", "datasetJSONVersion", "fileOID",
    "dbLastModifiedDateTime", "originator", "sourceSystem", "studyOID",
    "metaDataVersionOID", "metaDataRef", "itemGroupOID", "records", "name",
    "label", "columns", "rows"};

static ts_status known_key(const reader *r, const char *key, ts_error *err)
{
    size_t n = sizeof keys / sizeof *keys;
    for (size_t i = 0; i < n; i++)
        if (strcmp(keys[i], key) == 0)
            return TS_OK;
    const char *near = ts_text_nearest(key, keys, n);
    return near ? json_fail(r->in, err, "no key %.60s; nearest: %s", key, near)
                : json_fail(r->in, err, "no key %.60s in Dataset-JSON 1.1",
                            key);
}

static ts_status member(reader *r, const char *name, ts_error *err)
{
    char key[80];
    json_token t;
    snprintf(key, sizeof key, "%.79s", name);
    ts_status status = known_key(r, key, err);
    if (!status)
        status = json_next(r->in, &t, err);
    if (status || t.type == JSON_NULL)
        return status;
    json_type want = strcmp(key, "columns") == 0 || strcmp(key, "rows") == 0
                         ? JSON_ARRAY
                     : strcmp(key, "sourceSystem") == 0 ? JSON_OBJECT
                     : strcmp(key, "records") == 0      ? JSON_NUMBER
                                                        : JSON_STRING;
    if (t.type != want)
        return json_fail(r->in, err, "%s: a %s is needed", key,
                         want == JSON_ARRAY    ? "list"
                         : want == JSON_OBJECT ? "group of keys"
                         : want == JSON_NUMBER ? "number"
                                               : "string");
    if (strcmp(key, "columns") == 0)
        return columns(r, err);
    if (strcmp(key, "rows") == 0)
        return rows(r, err);
    if (want == JSON_OBJECT)
        return source_system(r, err);
    if (want == JSON_NUMBER) {
        r->records = strtod(t.text, NULL);
        r->have_records = true;
        return TS_OK;
    }
    if (strcmp(key, "datasetJSONVersion") == 0 &&
        strncmp(t.text, "1.1", 3) != 0)
        return json_fail(r->in, err,
                         "datasetJSONVersion: %.20s cannot be read, 1.1 can",
                         t.text);
    return add_attribute(r->data, key, t.text, err);
}

static ts_status document(reader *r, ts_error *err)
{
    json_token t;
    ts_status status = json_next(r->in, &t, err);
    if (!status && t.type != JSON_OBJECT)
        return json_fail(r->in, err, t.type == JSON_END
                                         ? "an empty file"
                                         : "no Dataset-JSON: an object is "
                                           "needed at the start");
    while (!status && !(status = json_next(r->in, &t, err)) &&
           t.type == JSON_KEY)
        status = member(r, t.text, err);
    if (!status && !ts_dsjson_attribute(r->data, "datasetJSONVersion"))
        return json_fail(r->in, err, "no Dataset-JSON: datasetJSONVersion is "
                                     "missing");
    if (!status && !r->n)
        return json_fail(r->in, err, "columns are missing");
    /* lines of rows: NDJSON */
    while (!status && !(status = json_next(r->in, &t, err)) &&
           t.type != JSON_END) {
        if (t.type != JSON_ARRAY || r->have_rows)
            return json_fail(r->in, err, "a row is a list of values");
        status = one_row(r, err);
    }
    if (!status && r->have_records && r->records != r->n_row)
        return json_fail(r->in, err, "records says %.0f, there are %.0f rows",
                         r->records, r->n_row);
    return status;
}

static ts_status make_frame(reader *r, ts_error *err)
{
    ts_status status =
        ts_frame_new((size_t)r->n_row, &r->data->frame, err);
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

ts_status ts_dsjson_read(const char *path, ts_dsjson **out, ts_error *err)
{
    reader r = {0};
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
    ts_free(r.kinds);
    json_close(r.in);
    if (status)
        ts_dsjson_free(r.data);
    else
        *out = r.data;
    return status;
}
