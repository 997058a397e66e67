/*
 * The variables of a member: names, labels and formats from the descriptions
 * of 140 bytes, and from the section of long labels of version 8.
 */
#include "xpt_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "ts/memory.h"

ts_status xpt_header_text(xpt_source *s, xpt_encoding *e, size_t place,
                          size_t length, char **out, ts_error *err)
{
    const unsigned char *bytes;
    const char *text;
    size_t n;
    *out = NULL;
    ts_status status = xpt_source_at(s, place, length, &bytes, err);
    if (status)
        return status;
    while (length && (bytes[length - 1] == ' ' || bytes[length - 1] == '\0'))
        length--;
    if (!length)
        return TS_OK;
    status =
        xpt_text_read(s, e, place, (const char *)bytes, length, &text, &n, err);
    if (!status && !(*out = ts_strndup(text, n)))
        status = ts_fail_memory(err);
    return status;
}

/* NAME, width and decimals as SAS writes them: "DATE9.", "8.2"; NULL: none */
static ts_status read_format(xpt_source *s, xpt_encoding *e, size_t name,
                             size_t size, char **out, ts_error *err)
{
    const unsigned char *p;
    ts_buffer text = {0};
    *out = NULL;
    ts_status status = xpt_source_at(s, size, 4, &p, err);
    if (status)
        return status;
    int width = xpt_short(p), decimals = xpt_short(p + 2);
    if (width < 0 || decimals < 0)
        return xpt_fail(s, size, TS_EFORMAT, err,
                        "a format of width %d with %d decimals", width,
                        decimals);
    if ((status = xpt_header_text(s, e, name, 8, out, err)) ||
        (!*out && !width && !decimals))
        return status;
    ts_buffer_puts(&text, *out ? *out : "");
    if (width)
        ts_buffer_printf(&text, "%d", width);
    ts_buffer_puts(&text, ".");
    if (decimals)
        ts_buffer_printf(&text, "%d", decimals);
    ts_free(*out);
    *out = NULL;
    if (text.failed) {
        ts_buffer_free(&text);
        return ts_fail_memory(err);
    }
    *out = text.data;
    return TS_OK;
}

static ts_status read_variable(xpt_source *s, xpt_encoding *e, int version,
                               size_t place, ts_xpt_variable *v, ts_error *err)
{
    const unsigned char *p;
    ts_status status = xpt_source_at(s, place, 136, &p, err);
    if (status)
        return status;
    v->header = place;
    v->type = xpt_short(p) == 1 ? TS_REAL : TS_TEXT;
    v->length = xpt_short(p + 4);
    v->position =
        (size_t)p[84] << 24 | (size_t)p[85] << 16 | (size_t)p[86] << 8 | p[87];
    if (version == 8)
        status = xpt_header_text(s, e, place + 88, 32, &v->name, err);
    if (!status && !v->name)
        status = xpt_header_text(s, e, place + 8, 8, &v->name, err);
    if (!status && !v->name)
        status =
            xpt_fail(s, place + 8, TS_EFORMAT, err, "a variable without name");
    if (!status)
        status = read_format(s, e, place + 56, place + 64, &v->format, err);
    if (!status)
        status = read_format(s, e, place + 72, place + 80, &v->informat, err);
    return status;
}

/* Long labels -------------------------------------------------------------- */

typedef struct {
    xpt_source *source;
    xpt_encoding *encoding;
    ts_xpt_facts *facts;
} labels;

/* A long name of a format in the place of its first eight bytes. */
static ts_status long_format(labels *l, char **format, size_t place, unsigned n,
                             ts_error *err)
{
    char *name;
    ts_buffer text = {0};
    ts_status status =
        xpt_header_text(l->source, l->encoding, place, n, &name, err);
    if (status || !name)
        return status;
    const char *size = "";
    if (*format && !strchr(name, '.')) {
        size = *format + strcspn(*format, ".");
        while (size > *format && size[-1] >= '0' && size[-1] <= '9')
            size--;
    }
    ts_buffer_printf(&text, "%s%s", name, size);
    if (!strchr(name, '.') && !*size)
        ts_buffer_puts(&text, ".");
    ts_free(name);
    if (text.failed) {
        ts_buffer_free(&text);
        return ts_fail_memory(err);
    }
    ts_free(*format);
    *format = text.data;
    return TS_OK;
}

static ts_status add_label(void *context, const xpt_label *label, ts_error *err)
{
    labels *l = context;
    ts_xpt_variable *v = &l->facts->variable[label->variable - 1];
    char *text = NULL;
    ts_status status = TS_OK;
    if (label->n_name) {
        status = xpt_header_text(l->source, l->encoding, label->name,
                                 label->n_name, &text, err);
        if (!status && text && strcasecmp(text, v->name) != 0)
            status = xpt_fail(l->source, label->name, TS_EFORMAT, err,
                              "a long label of %s for variable %u, which is "
                              "%s",
                              text, label->variable, v->name);
        ts_free(text);
        text = NULL;
    }
    if (!status && label->n_label)
        status = xpt_header_text(l->source, l->encoding, label->label,
                                 label->n_label, &text, err);
    if (!status && text) {
        ts_free(v->label);
        v->label = text;
    }
    if (!status)
        status =
            long_format(l, &v->format, label->format, label->n_format, err);
    if (!status)
        status = long_format(l, &v->informat, label->informat,
                             label->n_informat, err);
    return status;
}

/* Checks ------------------------------------------------------------------- */

static int by_position(const void *a, const void *b)
{
    const ts_xpt_variable *x = *(const ts_xpt_variable *const *)a;
    const ts_xpt_variable *y = *(const ts_xpt_variable *const *)b;
    return x->position < y->position ? -1 : x->position > y->position;
}

static int by_name(const void *a, const void *b)
{
    const ts_xpt_variable *x = *(const ts_xpt_variable *const *)a;
    const ts_xpt_variable *y = *(const ts_xpt_variable *const *)b;
    int order = strcasecmp(x->name, y->name);
    return order ? order : x->header < y->header ? -1 : 1;
}

/* Values lie side by side, in any order, and names differ. */
static ts_status check_variables(xpt_source *s, ts_xpt_facts *f, ts_error *err)
{
    size_t n = f->n_column, at = 0;
    ts_status status = TS_OK;
    ts_xpt_variable **order = ts_alloc_array(n, sizeof *order);
    if (!order)
        return ts_fail_memory(err);
    for (size_t i = 0; i < n; i++)
        order[i] = &f->variable[i];
    qsort(order, n, sizeof *order, by_position);
    for (size_t i = 0; i < n && !status; i++) {
        if (order[i]->position != at)
            status = xpt_fail(s, order[i]->header + 84, TS_EFORMAT, err,
                              "%s begins at byte %zu of a row, and byte %zu "
                              "is the next that is free",
                              order[i]->name, order[i]->position, at);
        at += (size_t)order[i]->length;
    }
    qsort(order, n, sizeof *order, by_name);
    for (size_t i = 1; i < n && !status; i++)
        if (strcasecmp(order[i - 1]->name, order[i]->name) == 0)
            status = xpt_fail(s, order[i]->header + 8, TS_EFORMAT, err,
                              "two variables are named %s", order[i]->name);
    ts_free(order);
    return status;
}

ts_status xpt_variables_read(xpt_source *s, xpt_encoding *e, int version,
                             const xpt_member *m, ts_xpt_facts *f,
                             ts_error *err)
{
    labels context = {s, e, f};
    size_t end;
    ts_status status = TS_OK;
    f->variable = ts_alloc_array(m->n_variable, sizeof *f->variable);
    if (!f->variable)
        return ts_fail_memory(err);
    f->n_column = m->n_variable;
    for (size_t i = 0; i < f->n_column && !status; i++)
        status = read_variable(s, e, version, m->namestr + i * m->namestr_size,
                               &f->variable[i], err);
    if (!status && m->n_label)
        status = xpt_labels_read(s, m, add_label, &context, &end, err);
    /* a long one is cut there, perhaps within a letter */
    for (size_t i = 0; i < f->n_column && !status; i++)
        if (!f->variable[i].label)
            status = xpt_header_text(s, e, f->variable[i].header + 16, 40,
                                     &f->variable[i].label, err);
    if (!status)
        status = check_variables(s, f, err);
    return status;
}

void xpt_variables_free(ts_xpt_facts *f)
{
    for (size_t i = 0; i < f->n_column; i++) {
        ts_free(f->variable[i].name);
        ts_free(f->variable[i].label);
        ts_free(f->variable[i].format);
        ts_free(f->variable[i].informat);
    }
    ts_free(f->variable);
    f->variable = NULL;
    f->n_column = 0;
}
