/*
 * Frames: rows kept in memory, in columns.
 *
 *     ts_builder *b;
 *     ts_builder_new("AVAL", &b, &err);
 *     ts_builder_real(b, 850, &err);
 *     ts_builder_na(b, &err);
 *     ts_builder_end(b, &column, &err);
 *
 * A column is real (doubles, NA is NaN) or text (codes into levels, NA is -1).
 * Columns are counted references and never change once a frame holds them, so
 * frames share them instead of copying.
 */
#ifndef TS_FRAME_H
#define TS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ts/error.h"

typedef enum { TS_REAL = 1, TS_TEXT = 2 } ts_type;

typedef struct {
    int references;
    char *name;
    ts_type type;
    size_t n;
    double *real;  /* TS_REAL: n values, NaN is NA */
    int32_t *code; /* TS_TEXT: n codes into level, -1 is NA */
    char **level;  /* in order of declaration, else of first appearance */
    size_t n_level;
    bool ordered; /* the order of the levels was declared, not found */
    char *label, *unit, *format, *informat; /* NULL: none */
    /* TS_REAL: NULL, or n codes that say which missing value of SAS an NA is:
     * '_', 'A' to 'Z', or 0 for the plain one and for values */
    char *special;
} ts_column;

typedef struct {
    size_t n_row, n_column;
    ts_column **column;
} ts_frame;

/* A real column of n values, NA all of them; the caller fills ->real. */
ts_status ts_column_new_real(const char *name, size_t n, ts_column **out,
                             ts_error *err);
ts_column *ts_column_ref(ts_column *column);
void ts_column_unref(ts_column *column);
/* A column that shares nothing but says the same, under another name if name
 * is not NULL. */
ts_status ts_column_copy(const ts_column *column, const char *name,
                         ts_column **out, ts_error *err);
/* Its n rows of those places, each below column->n, in that order. Levels that
 * were found are those of these rows, in order of first appearance; declared
 * ones stay. */
ts_status ts_column_pick(const ts_column *column, const size_t *place, size_t n,
                         ts_column **out, ts_error *err);
/* The text of row i, NULL for NA or a real column. Borrowed. */
const char *ts_column_text(const ts_column *column, size_t i);
bool ts_column_is_na(const ts_column *column, size_t i);
/* Sets special[i]; makes the array if there is none. */
ts_status ts_column_set_special(ts_column *column, size_t i, char code,
                                ts_error *err);
/* Replaces &column->label, unit or format; value may be NULL. */
ts_status ts_column_set(char **field, const char *value, ts_error *err);

/* The error "AVAL, row 3: why" with that code; row 0 is none. */
ts_status ts_column_fail(const char *name, size_t row, ts_status code,
                         const char *why, ts_error *err);

/* An empty frame; columns are added and must all have n_row values. */
ts_status ts_frame_new(size_t n_row, ts_frame **out, ts_error *err);
void ts_frame_free(ts_frame *frame);
/* Takes over the caller's reference, also on failure. TS_EEXISTS when a
 * column has that name already, TS_EINVALID when its length differs. */
ts_status ts_frame_add(ts_frame *frame, ts_column *column, ts_error *err);
/* The column of that exact name, borrowed; TS_ENOTFOUND with the nearest. */
ts_status ts_frame_column(const ts_frame *frame, const char *name,
                          ts_column **out, ts_error *err);

/* Builds one column value by value. Its type is that of its first value;
 * TS_ETYPE when a later one differs, unless nothing but NA came before. */
typedef struct ts_builder ts_builder;

ts_status ts_builder_new(const char *name, ts_builder **out, ts_error *err);
/* Fixes the type before the first value. */
void ts_builder_type(ts_builder *builder, ts_type type);
/* Declares the levels of a text column, in order; before the first value. */
ts_status ts_builder_levels(ts_builder *builder, const char *const *levels,
                            size_t n, ts_error *err);
ts_status ts_builder_real(ts_builder *builder, double x, ts_error *err);
ts_status ts_builder_text(ts_builder *builder, const char *text,
                          size_t length, ts_error *err);
ts_status ts_builder_na(ts_builder *builder, ts_error *err);
/* NA in a column whose type was fixed as real, with its code in special. */
ts_status ts_builder_special(ts_builder *builder, char code, ts_error *err);
size_t ts_builder_count(const ts_builder *builder);
/* Hands the column over and frees the builder, also on failure. A column of
 * nothing but NA is real unless its type was fixed. */
ts_status ts_builder_end(ts_builder *builder, ts_column **out, ts_error *err);
void ts_builder_free(ts_builder *builder);

#endif
