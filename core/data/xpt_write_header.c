/*
 * The header of an XPT file that is written: the library, one member, its
 * variables, and in version 8 the labels and formats too long for them.
 */
#include "xpt_private.h"

#include <stdio.h>
#include <string.h>

void xpt_add_padded(ts_buffer *out, const char *text, size_t width)
{
    static const char blanks[] = "                                        ";
    size_t n = text ? strlen(text) : 0;
    ts_buffer_add(out, text ? text : "", n < width ? n : width);
    for (; n < width; n += sizeof blanks - 1)
        ts_buffer_add(out, blanks,
                      width - n < sizeof blanks - 1 ? width - n
                                                    : sizeof blanks - 1);
}

static void add_short(ts_buffer *out, size_t x)
{
    char bytes[2] = {(char)(x >> 8), (char)x};
    ts_buffer_add(out, bytes, 2);
}

static void add_zeros(ts_buffer *out, size_t n)
{
    static const char zeros[64];
    ts_buffer_add(out, zeros, n);
}

static void fill_record(ts_buffer *out)
{
    xpt_add_padded(out, "",
                   (XPT_RECORD - out->length % XPT_RECORD) % XPT_RECORD);
}

static void add_head(ts_buffer *out, const char *kind, const char *rest)
{
    ts_buffer_printf(out, "HEADER RECORD*******%-8sHEADER RECORD!!!!!!!%-32s",
                     kind, rest);
}

static void add_library(xpt_writer *w)
{
    static const char zeros[] = "000000000000000000000000000000";
    ts_buffer *out = &w->out;
    const char *member = w->options.member;
    add_head(out, w->eight ? "LIBV8" : "LIBRARY", zeros);
    xpt_add_padded(out, "SAS     SAS     SASLIB  9.4     trialsh", 64);
    xpt_add_padded(out, w->time, 16);
    xpt_add_padded(out, w->time, XPT_RECORD);
    add_head(out, w->eight ? "MEMBV8" : "MEMBER",
             "000000000000000001600000000140");
    add_head(out, w->eight ? "DSCPTV8" : "DSCRPTR", zeros);
    xpt_add_padded(out, "SAS", 8);
    xpt_add_padded(out, member, w->eight ? 32 : 8);
    xpt_add_padded(out, "SASDATA 9.4     trialsh", w->eight ? 24 : 48);
    xpt_add_padded(out, w->time, 16);
    xpt_add_padded(out, w->time, 32);
    xpt_add_padded(out, w->label, 48);
}

static void add_format(ts_buffer *out, const xpt_format *f)
{
    xpt_add_padded(out, f->name, 8);
    add_short(out, (size_t)f->width);
    add_short(out, (size_t)f->decimals);
}

/* A label of which the field holds the begin ends with a whole letter. */
static void add_short_label(xpt_writer *w, const char *label)
{
    size_t n = label ? strlen(label) : 0;
    if (n > 40) {
        n = 40;
        while (!w->encoding.converts && n > 0 && (label[n] & 0xC0) == 0x80)
            n--;
    }
    ts_buffer_add(&w->out, label ? label : "", n);
    xpt_add_padded(&w->out, "", 40 - n);
}

static void add_variable(xpt_writer *w, size_t j, size_t position)
{
    const xpt_field *f = &w->field[j];
    ts_buffer *out = &w->out;
    add_short(out, f->column->type == TS_REAL ? 1 : 2);
    add_short(out, 0);
    add_short(out, f->length);
    add_short(out, j + 1);
    xpt_add_padded(out, f->column->name, 8);
    add_short_label(w, f->label);
    add_format(out, &f->format);
    add_zeros(out, 4);
    add_format(out, &f->informat);
    add_short(out, position >> 16);
    add_short(out, position & 0xFFFF);
    if (!w->eight) {
        add_zeros(out, 52);
        return;
    }
    xpt_add_padded(out, f->column->name, 32);
    add_short(out, f->label ? strlen(f->label) : 0);
    add_short(out, strlen(f->format.name));
    add_short(out, strlen(f->informat.name));
    add_zeros(out, 14);
}

static bool long_format(const xpt_field *f)
{
    return strlen(f->format.name) > 8 || strlen(f->informat.name) > 8;
}

static bool long_label(const xpt_field *f)
{
    return (f->label && strlen(f->label) > 40) || long_format(f);
}

static void add_long_labels(xpt_writer *w)
{
    ts_buffer *out = &w->out;
    char rest[33];
    size_t n = 0;
    bool formats = false;
    for (size_t j = 0; j < w->frame->n_column; j++) {
        n += long_label(&w->field[j]);
        formats = formats || long_format(&w->field[j]);
    }
    if (!n)
        return;
    snprintf(rest, sizeof rest, "%zu", n);
    add_head(out, formats ? "LABELV9" : "LABELV8", rest);
    for (size_t j = 0; j < w->frame->n_column; j++) {
        const xpt_field *f = &w->field[j];
        if (!long_label(f))
            continue;
        const char *label = f->label ? f->label : "";
        add_short(out, j + 1);
        add_short(out, strlen(f->column->name));
        add_short(out, strlen(label));
        if (formats) {
            add_short(out, strlen(f->format.name));
            add_short(out, strlen(f->informat.name));
        }
        ts_buffer_puts(out, f->column->name);
        ts_buffer_puts(out, label);
        if (formats) {
            ts_buffer_puts(out, f->format.name);
            ts_buffer_puts(out, f->informat.name);
        }
    }
    fill_record(out);
}

void xpt_add_header(xpt_writer *w)
{
    ts_buffer *out = &w->out;
    char rest[33];
    size_t position = 0;
    add_library(w);
    snprintf(rest, sizeof rest, "%010zu00000000000000000000",
             w->frame->n_column);
    add_head(out, w->eight ? "NAMSTV8" : "NAMESTR", rest);
    for (size_t j = 0; j < w->frame->n_column; j++) {
        add_variable(w, j, position);
        position += w->field[j].length;
    }
    fill_record(out);
    if (w->eight)
        add_long_labels(w);
    if (w->eight)
        snprintf(rest, sizeof rest, "%15zu", w->frame->n_row);
    else
        snprintf(rest, sizeof rest, "%030d", 0);
    add_head(out, w->eight ? "OBSV8" : "OBS", rest);
}
