/* What reading an XPT file comes to, as one text: facts, variables and rows,
 * or the error. */
#ifndef XPT_OUTCOME_H
#define XPT_OUTCOME_H

#include <stddef.h>
#include <string.h>
#include "ts/xpt.h"

static inline ts_status put_real(void *to, size_t column, double x,
                                 ts_error *err)
{
    char text[32];
    (void)err;
    ts_number_format(x, text);
    ts_buffer_printf(to, "%s%s", column ? "|" : "", text);
    return TS_OK;
}

static inline ts_status put_text(void *to, size_t column, const char *text,
                                 size_t length, ts_error *err)
{
    (void)err;
    ts_buffer_puts(to, column ? "|'" : "'");
    ts_text_escape(to, text, length);
    ts_buffer_puts(to, "'");
    return TS_OK;
}

static inline ts_status put_na(void *to, size_t column, char code,
                               ts_error *err)
{
    (void)err;
    ts_buffer_printf(to, "%s", column ? "|" : "");
    if (code != ' ')
        ts_buffer_printf(to, "%s%c", code == '.' ? "" : ".", code);
    return TS_OK;
}

static inline ts_status put_row(void *to, ts_error *err)
{
    (void)err;
    ts_buffer_puts(to, "\n");
    return TS_OK;
}

static inline void put_field(ts_buffer *to, const char *what, const char *text)
{
    if (!text)
        return;
    ts_buffer_printf(to, " %s=", what);
    ts_text_escape(to, text, strlen(text));
}

/* Variables and rows alone are what a file that is written again keeps. */
static inline ts_status xpt_rows(ts_xpt *xpt, ts_buffer *to, ts_error *err)
{
    const ts_xpt_facts *f = ts_xpt_get_facts(xpt);
    ts_xpt_sink sink = {to, put_real, put_text, put_na, put_row};
    for (size_t j = 0; j < f->n_column; j++) {
        const ts_xpt_variable *v = &f->variable[j];
        ts_text_escape(to, v->name, strlen(v->name));
        ts_buffer_puts(to, v->type == TS_REAL ? ":real" : ":text");
        put_field(to, "label", v->label);
        put_field(to, "format", v->format);
        put_field(to, "informat", v->informat);
        ts_buffer_puts(to, "\n");
    }
    return ts_xpt_read(xpt, &sink, err);
}

static inline ts_status
xpt_outcome(const char *path, const ts_xpt_options *options, ts_buffer *to)
{
    ts_xpt *xpt;
    ts_error err = {0};
    ts_status status = ts_xpt_open(path, options, &xpt, &err);
    if (!status) {
        const ts_xpt_facts *f = ts_xpt_get_facts(xpt);
        ts_buffer_printf(to, "v%d %.0f rows", f->version, f->n_row);
        put_field(to, "member", f->member);
        put_field(to, "label", f->label);
        if (f->n_padding > 0)
            ts_buffer_printf(to, " padding=%.0f", f->n_padding);
        if (f->n_lost > 0)
            ts_buffer_printf(to, " lost=%.0f", f->n_lost);
        if (f->n_zero > 0)
            ts_buffer_printf(to, " zero=%.0f", f->n_zero);
        if (f->open_end)
            ts_buffer_puts(to, " open");
        ts_buffer_puts(to, "\n");
        status = xpt_rows(xpt, to, &err);
        ts_xpt_close(xpt);
    }
    if (status) {
        ts_buffer_clear(to);
        ts_buffer_printf(to, "%s: %s\n", ts_status_name(status), err.text);
    }
    return status;
}

#endif
