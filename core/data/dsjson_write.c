/*
 * Writing Dataset-JSON. Equal frames and facts give equal bytes, so the time
 * of creation is the caller's.
 */
#include "dsjson_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>
#include "sas_date.h"
#include "ts/file.h"
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/text.h"

typedef struct {
    const char *type, *target; /* dataType, targetDataType */
    dsjson_cell cell;
} column_form;

typedef struct {
    const ts_frame *frame;
    const ts_dsjson_facts *facts;
    column_form *forms;
    ts_buffer out;
    ts_file_out *file;
    z_stream pack;
    bool packed, lines;
} writer;

static void add_string(ts_buffer *out, const char *text)
{
    ts_buffer_puts(out, "\"");
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\')
            ts_buffer_printf(out, "\\%c", c);
        else if (c == '\n')
            ts_buffer_puts(out, "\\n");
        else if (c < 0x20 || c == 0x7F)
            ts_buffer_printf(out, "\\u%04x", c);
        else
            ts_buffer_add(out, p, 1);
    }
    ts_buffer_puts(out, "\"");
}

static void add_key(ts_buffer *out, const char *key, const char *value)
{
    add_string(out, key);
    ts_buffer_puts(out, ":");
    add_string(out, value);
}

/* Types -------------------------------------------------------------------- */

static bool is_one_of(const char *type, const char *const *list)
{
    while (*list && strcmp(type, *list) != 0)
        list++;
    return *list != NULL;
}

static const char *const dates[] = {"date", "time", "datetime", NULL};

static bool real_fits(double x, dsjson_cell cell, const char *type)
{
    char text[40];
    switch (cell) {
    case DSJSON_INTEGER:
        return x == floor(x) && fabs(x) <= 0x1p53 && !(x == 0 && signbit(x));
    case DSJSON_BOOLEAN:
        return (x == 0 && !signbit(x)) || x == 1;
    case DSJSON_DATE:
        return sas_date_format(x, type, text);
    default:
        return true;
    }
}

static bool reals_fit(const ts_column *c, dsjson_cell cell, const char *type)
{
    bool fit = true;
    for (size_t i = 0; i < c->n && fit; i++)
        fit = isnan(c->real[i]) || real_fits(c->real[i], cell, type);
    return fit;
}

/* The form of a real column that is to be of that type; false: there is none
 * that holds its values. */
static bool real_form(const ts_column *c, const char *type, column_form *form)
{
    static const char *const numbers[] = {"float", "double", NULL};
    form->type = type;
    form->target = NULL;
    if (is_one_of(type, dates)) {
        form->cell = DSJSON_DATE;
        form->target = "integer";
    } else if (is_one_of(type, numbers)) {
        form->cell = DSJSON_NUMBER;
    } else if (strcmp(type, "integer") == 0) {
        form->cell = DSJSON_INTEGER;
    } else if (strcmp(type, "boolean") == 0) {
        form->cell = DSJSON_BOOLEAN;
    } else if (strcmp(type, "decimal") == 0) {
        form->cell = DSJSON_DECIMAL;
        form->target = "decimal";
    } else {
        return false;
    }
    return reals_fit(c, form->cell, type);
}

static bool text_form(const ts_column *c, const char *type, column_form *form)
{
    static const char *const plain[] = {"URI", "string", NULL};
    *form = (column_form){type, NULL, DSJSON_TEXT};
    if (is_one_of(type, plain) || is_one_of(type, dates))
        return true;
    bool fit = strcmp(type, "decimal") == 0;
    for (size_t k = 0; k < c->n_level && fit; k++)
        fit = dsjson_is_decimal(c->level[k]);
    form->target = "decimal";
    form->cell = DSJSON_DIGITS;
    return fit;
}

/* The type that the facts ask for, if the values allow it, else their own. */
static column_form form_of(const ts_column *c, const char *asked)
{
    column_form form;
    if (c->type == TS_TEXT) {
        if (!asked || !text_form(c, asked, &form))
            text_form(c, "string", &form);
    } else if (!asked || !real_form(c, asked, &form)) {
        if (!real_form(c, "integer", &form))
            real_form(c, "float", &form);
    }
    return form;
}

/* Bytes -------------------------------------------------------------------- */

/* Bytes so far to the file, through the packer where there is one. */
static ts_status flush(writer *w, int end, ts_error *err)
{
    ts_status status = TS_OK;
    if (w->out.failed)
        return ts_fail_memory(err);
    if (!w->packed) {
        status = ts_file_add(w->file, w->out.data, w->out.length, err);
        ts_buffer_clear(&w->out);
        return status;
    }
    unsigned char room[1 << 15];
    w->pack.next_in = (unsigned char *)w->out.data;
    w->pack.avail_in = (uInt)w->out.length;
    do {
        w->pack.next_out = room;
        w->pack.avail_out = sizeof room;
        deflate(&w->pack, end ? Z_FINISH : Z_NO_FLUSH);
        status =
            ts_file_add(w->file, room, sizeof room - w->pack.avail_out, err);
    } while (!status && w->pack.avail_out == 0);
    ts_buffer_clear(&w->out);
    return status;
}

static void add_column(writer *w, size_t j, const char *name)
{
    static const ts_dsjson_column nothing;
    const ts_column *c = w->frame->column[j];
    const ts_dsjson_column *known =
        w->facts->columns ? &w->facts->columns[j] : &nothing;
    const column_form *form = &w->forms[j];
    size_t longest = 1;
    ts_buffer oid = {0};
    ts_buffer_printf(&oid, "IT.%s.%s", name, c->name);
    ts_buffer_puts(&w->out, j ? ",{" : "{");
    add_key(&w->out, "itemOID",
            known->item_oid ? known->item_oid
            : oid.data      ? oid.data
                            : "");
    ts_buffer_puts(&w->out, ",");
    add_key(&w->out, "name", c->name);
    ts_buffer_puts(&w->out, ",");
    add_key(&w->out, "label", c->label ? c->label : c->name);
    ts_buffer_puts(&w->out, ",");
    add_key(&w->out, "dataType", form->type);
    if (form->target) {
        ts_buffer_puts(&w->out, ",");
        add_key(&w->out, "targetDataType", form->target);
    }
    for (size_t k = 0; c->type == TS_TEXT && k < c->n_level; k++) {
        size_t n = strlen(c->level[k]);
        longest = n > longest ? n : longest;
    }
    if (known->data_type ? known->length > 0
                         : strcmp(form->type, "string") == 0)
        ts_buffer_printf(&w->out, ",\"length\":%.0f",
                         fmax(known->length, (double)longest));
    if (c->format) {
        ts_buffer_puts(&w->out, ",");
        add_key(&w->out, "displayFormat", c->format);
    }
    if (known->key_sequence > 0)
        ts_buffer_printf(&w->out, ",\"keySequence\":%.0f", known->key_sequence);
    ts_buffer_puts(&w->out, "}");
    w->out.failed |= oid.failed;
    ts_buffer_free(&oid);
}

static void add_attributes(writer *w, const ts_dsjson_facts *facts)
{
    static const char *const order[] = {
        "fileOID",  "dbLastModifiedDateTime", "originator",
        "studyOID", "metaDataVersionOID",     "metaDataRef"};
    const char *system = NULL, *version = NULL;
    for (size_t k = 0; k < sizeof order / sizeof *order; k++)
        for (size_t i = 0; i < facts->n_attribute; i++)
            if (strcmp(facts->attributes[i].key, order[k]) == 0) {
                add_key(&w->out, order[k], facts->attributes[i].value);
                ts_buffer_puts(&w->out, ",");
            }
    for (size_t i = 0; i < facts->n_attribute; i++) {
        if (strcmp(facts->attributes[i].key, "sourceSystem.name") == 0)
            system = facts->attributes[i].value;
        if (strcmp(facts->attributes[i].key, "sourceSystem.version") == 0)
            version = facts->attributes[i].value;
    }
    if (system && version) {
        ts_buffer_puts(&w->out, "\"sourceSystem\":{");
        add_key(&w->out, "name", system);
        ts_buffer_puts(&w->out, ",");
        add_key(&w->out, "version", version);
        ts_buffer_puts(&w->out, "},");
    }
}

static void add_metadata(writer *w, const ts_dsjson_facts *facts)
{
    const char *name = facts->name ? facts->name : "DATA", *oid = NULL;
    ts_buffer group = {0};
    for (size_t i = 0; i < facts->n_attribute; i++)
        if (strcmp(facts->attributes[i].key, "itemGroupOID") == 0)
            oid = facts->attributes[i].value;
    ts_buffer_printf(&group, "IG.%s", name);
    ts_buffer_puts(&w->out, "{");
    add_key(&w->out, "datasetJSONCreationDateTime",
            facts->created ? facts->created : "1970-01-01T00:00:00Z");
    ts_buffer_puts(&w->out, ",\"datasetJSONVersion\":\"1.1.0\",");
    add_attributes(w, facts);
    add_key(&w->out, "itemGroupOID", oid ? oid : group.data ? group.data : "");
    ts_buffer_printf(&w->out, ",\"records\":%zu,", w->frame->n_row);
    add_key(&w->out, "name", name);
    ts_buffer_puts(&w->out, ",");
    add_key(&w->out, "label", facts->label ? facts->label : name);
    ts_buffer_puts(&w->out, ",\"columns\":[");
    for (size_t j = 0; j < w->frame->n_column; j++)
        add_column(w, j, name);
    ts_buffer_puts(&w->out, "]");
    w->out.failed |= group.failed;
    ts_buffer_free(&group);
}

/* A decimal has no exponent: zeros stand between its digits and the point. */
static void add_decimal(ts_buffer *out, double x)
{
    char text[32], digits[32];
    int n = 0;
    ts_number_format(x, text);
    const char *e = strchr(text, 'e');
    if (!e) {
        ts_buffer_puts(out, text);
        return;
    }
    for (const char *s = text; s < e; s++)
        if (*s >= '0' && *s <= '9')
            digits[n++] = *s;
    /* one digit stands before the point of the text */
    int point = atoi(e + 1) + 1;
    ts_buffer_puts(out, x < 0 ? "-" : "");
    for (int i = point < 1 ? point - 1 : 0; i < n || i < point; i++) {
        if (i == point)
            ts_buffer_puts(out, ".");
        ts_buffer_add(out, i >= 0 && i < n ? &digits[i] : "0", 1);
    }
}

static void add_cell(writer *w, size_t j, size_t i)
{
    const ts_column *c = w->frame->column[j];
    const column_form *form = &w->forms[j];
    bool na = ts_column_is_na(c, i);
    char text[40];
    switch (form->cell) {
    case DSJSON_TEXT:
        if (na)
            ts_buffer_puts(&w->out, "null");
        else
            add_string(&w->out, ts_column_text(c, i));
        return;
    case DSJSON_DIGITS:
        add_string(&w->out, na ? "" : ts_column_text(c, i));
        return;
    case DSJSON_DECIMAL:
    case DSJSON_ROUNDED:
        ts_buffer_puts(&w->out, "\"");
        if (!na)
            add_decimal(&w->out, c->real[i]);
        ts_buffer_puts(&w->out, "\"");
        return;
    case DSJSON_BOOLEAN:
        ts_buffer_puts(&w->out, na                ? "null"
                                : c->real[i] == 1 ? "true"
                                                  : "false");
        return;
    default:
        break;
    }
    if (na) {
        ts_buffer_puts(&w->out, "null");
    } else if (form->cell == DSJSON_DATE) {
        sas_date_format(c->real[i], form->type, text);
        add_string(&w->out, text);
    } else {
        ts_number_format(c->real[i], text);
        ts_buffer_puts(&w->out, text);
    }
}

static ts_status add_rows(writer *w, ts_error *err)
{
    ts_status status = TS_OK;
    for (size_t i = 0; i < w->frame->n_row && !status; i++) {
        ts_buffer_puts(&w->out, w->lines ? "[" : i ? ",\n[" : "\n[");
        for (size_t j = 0; j < w->frame->n_column; j++) {
            ts_buffer_puts(&w->out, j ? "," : "");
            add_cell(w, j, i);
        }
        ts_buffer_puts(&w->out, w->lines ? "]\n" : "]");
        if (w->out.length > (1 << 16)) {
            status = flush(w, 0, err);
            if (!status)
                status = ts_progress("rows written", (double)i,
                                     (double)w->frame->n_row, err);
        }
    }
    return status;
}

/* What is NULL is not said. */
static ts_status check_text(const char *text, const char *what, ts_error *err)
{
    size_t n = text ? strlen(text) : 0;
    if (!text || ts_utf8_check(text, n) == n)
        return TS_OK;
    return ts_fail(err, TS_EFORMAT, "%.100s holds a text that is not UTF-8",
                   what);
}

static ts_status check_column(const ts_column *c, ts_error *err)
{
    ts_status status = check_text(c->name, "the name of a column", err);
    if (!status)
        status = check_text(c->label, c->name, err);
    if (!status)
        status = check_text(c->format, c->name, err);
    for (size_t k = 0; k < c->n_level && !status; k++)
        status = check_text(c->level[k], c->name, err);
    for (size_t i = 0; c->type == TS_REAL && i < c->n && !status; i++)
        if (isinf(c->real[i]))
            status =
                ts_fail(err, TS_EINVALID, "%s, row %zu: JSON has no infinity",
                        c->name, i + 1);
    return status;
}

/* What Dataset-JSON cannot hold is told before a byte is written. */
static ts_status check(const ts_frame *frame, const ts_dsjson_facts *facts,
                       ts_error *err)
{
    ts_status status = check_text(facts->name, "the name of the data", err);
    if (!status)
        status = check_text(facts->label, "the label of the data", err);
    if (!status && facts->created && !dsjson_is_time(facts->created))
        status = ts_fail(err, TS_EINVALID,
                         "created is a time such as \"2026-11-24T03:12:43\"");
    if (!status &&
        (frame->n_column == 0 || frame->n_column > DSJSON_MAX_COLUMN))
        status = ts_fail(err, TS_ELIMIT,
                         "%zu columns; 1 to %d can be written as Dataset-JSON",
                         frame->n_column, DSJSON_MAX_COLUMN);
    for (size_t j = 0; j < frame->n_column && !status; j++)
        status = check_column(frame->column[j], err);
    return status;
}

ts_status ts_dsjson_write(const ts_frame *frame, const ts_dsjson_facts *facts,
                          const char *path, int mode, ts_error *err)
{
    writer w = {.frame = frame, .facts = facts};
    const char *dot = strrchr(path, '.');
    ts_status status = check(frame, facts, err);
    if (status)
        return status;
    w.packed = dot && strcasecmp(dot, ".dsjc") == 0;
    w.lines = w.packed || (dot && strcasecmp(dot, ".ndjson") == 0);
    w.forms = ts_alloc_array(frame->n_column, sizeof *w.forms);
    if (!w.forms)
        return ts_fail_memory(err);
    for (size_t j = 0; j < frame->n_column; j++)
        w.forms[j] =
            form_of(frame->column[j],
                    facts->columns ? facts->columns[j].data_type : NULL);
    if (w.packed && deflateInit(&w.pack, 9) != Z_OK) {
        ts_free(w.forms);
        return ts_fail_memory(err);
    }
    status = ts_file_begin(path, mode, &w.file, err);
    if (!status) {
        add_metadata(&w, facts);
        ts_buffer_puts(&w.out, w.lines ? "}\n" : ",\"rows\":[");
        status = add_rows(&w, err);
        if (!w.lines)
            ts_buffer_puts(&w.out, "\n]}\n");
        if (!status)
            status = flush(&w, 1, err);
        if (status)
            ts_file_discard(w.file);
        else
            status = ts_file_end(w.file, err);
    }
    if (w.packed)
        deflateEnd(&w.pack);
    ts_buffer_free(&w.out);
    ts_free(w.forms);
    return status;
}
