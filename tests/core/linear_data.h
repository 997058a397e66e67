/* A small trial for tests of linear models: 12 rows, one of them incomplete. */
#ifndef LINEAR_DATA_H
#define LINEAR_DATA_H

#include <math.h>
#include <string.h>
#include "ts/frame.h"

enum { LINEAR_ROWS = 12 };

static void linear_add_real(ts_frame *frame, const char *name, const double *x)
{
    ts_column *column;
    if (!ts_column_new_real(name, LINEAR_ROWS, &column, NULL)) {
        memcpy(column->real, x, LINEAR_ROWS * sizeof *x);
        ts_frame_add(frame, column, NULL);
    }
}

static void linear_add_text(ts_frame *frame, const char *name,
                            const char *const *levels, size_t n,
                            const char *codes)
{
    ts_builder *b;
    ts_column *column;
    if (ts_builder_new(name, &b, NULL))
        return;
    ts_builder_levels(b, levels, n, NULL);
    for (int i = 0; i < LINEAR_ROWS; i++) {
        const char *text = levels[codes[i] - '0'];
        ts_builder_text(b, text, strlen(text), NULL);
    }
    if (!ts_builder_end(b, &column, NULL))
        ts_frame_add(frame, column, NULL);
}

/* y, x, z, w numbers (w a weight), a of 2 and b of 3 levels. */
static ts_frame *linear_data(void)
{
    static const double y[] = {3, 5, 2, 8, 7, NAN, 6, 4, 9, 1, 5, 7};
    static const double x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    static const double z[] = {5, 3, 8, 1, 9, 2, 7, 4, 6, 5, 3, 8};
    static const double w[] = {1, 2, 1, 3, 0.5, 1, 2, 2, 1, 1, 0, 4};
    static const char *const arms[] = {"Placebo", "Active"};
    static const char *const sites[] = {"P", "Q", "R"};
    ts_frame *frame;
    if (ts_frame_new(LINEAR_ROWS, &frame, NULL))
        return NULL;
    linear_add_real(frame, "y", y);
    linear_add_real(frame, "x", x);
    linear_add_real(frame, "z", z);
    linear_add_real(frame, "w", w);
    linear_add_text(frame, "a", arms, 2, "010110100101");
    linear_add_text(frame, "b", sites, 3, "012012012021");
    return frame;
}

#endif
