/* What reading a CSV comes to, as one text: types and rows, or the error. */
#ifndef CSV_OUTCOME_H
#define CSV_OUTCOME_H

#include <stddef.h>
#include <string.h>
#include "ts/csv.h"

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

static inline ts_status put_na(void *to, size_t column, ts_error *err)
{
    (void)err;
    ts_buffer_puts(to, column ? "|NA" : "NA");
    return TS_OK;
}

static inline ts_status put_row(void *to, ts_error *err)
{
    (void)err;
    ts_buffer_puts(to, "\n");
    return TS_OK;
}

/* "# 3 a 'x' is not a number": what was set apart. */
static inline void put_rejects(const ts_csv *csv, ts_buffer *to)
{
    const ts_frame *f = ts_csv_get_rejects(csv);
    for (size_t i = 0; f && i < f->n_row; i++) {
        const char *column = ts_column_text(f->column[1], i);
        const char *text = ts_column_text(f->column[2], i);
        ts_buffer_printf(to, "# %.0f ", f->column[0]->real[i]);
        ts_text_escape(to, column ? column : "-", strlen(column ? column : "-"));
        ts_buffer_puts(to, " '");
        ts_text_escape(to, text, strlen(text));
        ts_buffer_printf(to, "' %s\n", ts_column_text(f->column[3], i));
    }
}

/* "a:real b:text\n1|'x'\n"; an error is "status: text". */
static inline ts_status
csv_outcome(const char *path, const ts_csv_options *options, ts_buffer *to)
{
    static const ts_csv_sink to_text = {NULL, put_real, put_text, put_na,
                                        put_row};
    ts_csv_sink sink = to_text;
    ts_csv *csv;
    ts_error err;
    ts_status status = ts_csv_open(path, options, &csv, &err);
    sink.context = to;
    if (!status) {
        const ts_csv_facts *f = ts_csv_get_facts(csv);
        for (size_t i = 0; i < f->n_column; i++) {
            ts_buffer_puts(to, i ? " " : "");
            ts_text_escape(to, f->column[i].name, strlen(f->column[i].name));
            ts_buffer_puts(to, f->column[i].type == TS_REAL ? ":real"
                                                            : ":text");
        }
        ts_buffer_puts(to, "\n");
        status = ts_csv_read(csv, &sink, &err);
        put_rejects(csv, to);
    }
    ts_csv_close(csv);
    if (status)
        ts_buffer_printf(to, "%s: %s", ts_status_name(status), err.text);
    return status;
}

#endif
