/*
 * What a CSV file holds as frames: its rows, and what was set apart.
 */
#include "ts/csv.h"

#include <string.h>
#include "csv_private.h"
#include "ts/memory.h"

static ts_status frame_real(void *context, size_t column, double x,
                            ts_error *err)
{
    return ts_builder_real(((ts_builder **)context)[column], x, err);
}

static ts_status frame_text(void *context, size_t column, const char *text,
                            size_t length, ts_error *err)
{
    return ts_builder_text(((ts_builder **)context)[column], text, length, err);
}

static ts_status frame_na(void *context, size_t column, ts_error *err)
{
    return ts_builder_na(((ts_builder **)context)[column], err);
}

static ts_status new_builder(const ts_csv_column *f, ts_builder **out,
                             ts_error *err)
{
    ts_status status = ts_builder_new(f->name, out, err);
    if (!status)
        ts_builder_type(*out, f->type);
    if (!status && f->level)
        status = ts_builder_levels(*out, f->level, f->n_level, err);
    return status;
}

/* Moves what the builders hold into a new frame; they are gone then, also
 * after a failure. */
static ts_status end_builders(ts_builder **builder, size_t n, size_t n_row,
                              ts_frame **out, ts_error *err)
{
    ts_frame *frame = NULL;
    ts_status status = ts_frame_new(n_row, &frame, err);
    for (size_t i = 0; i < n && !status; i++) {
        ts_column *column;
        status = ts_builder_end(builder[i], &column, err);
        builder[i] = NULL;
        if (!status)
            status = ts_frame_add(frame, column, err);
    }
    if (status)
        ts_frame_free(frame);
    else
        *out = frame;
    return status;
}

ts_status ts_csv_frame(ts_csv *csv, ts_frame **out, ts_error *err)
{
    size_t n = csv->facts.n_column;
    ts_builder **builder = ts_alloc_array(n, sizeof *builder);
    ts_csv_sink sink = {.context = builder,
                        .real = frame_real,
                        .text = frame_text,
                        .na = frame_na};
    ts_status status = builder ? TS_OK : ts_fail_memory(err);
    *out = NULL;
    for (size_t i = 0; i < n && !status; i++)
        status = new_builder(&csv->facts.column[i], &builder[i], err);
    if (!status)
        status = ts_csv_read(csv, &sink, err);
    if (!status)
        status = end_builders(builder, n, (size_t)csv->facts.n_row, out, err);
    for (size_t i = 0; builder && i < n; i++)
        ts_builder_free(builder[i]);
    ts_free(builder);
    return status;
}

/* Rejects ---------------------------------------------------------------- */

enum { LINE, COLUMN, VALUE, REASON, N_REJECT };

void csv_reject_free(ts_csv *csv)
{
    for (int i = 0; i < N_REJECT; i++) {
        ts_builder_free(csv->reject[i]);
        csv->reject[i] = NULL;
    }
}

ts_status csv_reject_begin(ts_csv *csv, ts_error *err)
{
    static const char *const names[] = {"LINE", "COLUMN", "VALUE", "REASON"};
    ts_status status = TS_OK;
    if (!csv->lenient)
        return TS_OK;
    csv_reject_free(csv);
    for (int i = 0; i < N_REJECT && !status; i++) {
        status = ts_builder_new(names[i], &csv->reject[i], err);
        if (!status)
            ts_builder_type(csv->reject[i], i == LINE ? TS_REAL : TS_TEXT);
    }
    return status;
}

ts_status csv_reject_add(ts_csv *csv, double line, const char *column,
                         const char *text, size_t length, const char *reason,
                         ts_error *err)
{
    ts_builder **b = csv->reject;
    ts_status status = ts_builder_real(b[LINE], line, err);
    if (!status)
        status = column
                     ? ts_builder_text(b[COLUMN], column, strlen(column), err)
                     : ts_builder_na(b[COLUMN], err);
    if (!status)
        status = ts_builder_text(b[VALUE], text, length, err);
    if (!status)
        status = ts_builder_text(b[REASON], reason, strlen(reason), err);
    return status;
}

ts_status csv_reject_end(ts_csv *csv, ts_error *err)
{
    ts_frame *frame = NULL;
    if (!csv->lenient)
        return TS_OK;
    ts_status status = end_builders(
        csv->reject, N_REJECT, ts_builder_count(csv->reject[0]), &frame, err);
    if (status)
        return status;
    ts_frame_free(csv->rejects);
    csv->rejects = frame;
    return TS_OK;
}

const ts_frame *ts_csv_get_rejects(const ts_csv *csv)
{
    return csv->rejects;
}
