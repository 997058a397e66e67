/*
 * CSV and TSV files, in two passes: the first reads the header, finds the
 * type of every column from all its values and counts; the second delivers
 * the values. Memory does not grow with the file.
 *
 *     ts_csv *csv;
 *     ts_csv_open("adlb.csv", NULL, &csv, &err);
 *     ts_csv_frame(csv, &frame, &err);
 *     ts_csv_close(csv);
 *
 * RFC 4180 quotes; lines end in LF, CRLF or CR, mixed too; UTF-8 with or
 * without byte-order mark, UTF-16 with one, others by name. Errors name
 * file:line:column, the line where the record begins and the character where
 * the field does, both from 1.
 *
 * A column is real when every value is a number (ts_number_parse) or missing;
 * at least 90 % numbers is an error that lists the others; else it is text.
 * Missing: nothing between delimiters, the words of options->na, and NA and .
 * in a real column. A quoted "" is empty text, in a real column missing.
 */
#ifndef TS_CSV_H
#define TS_CSV_H

#include <stdbool.h>
#include "ts/frame.h"

typedef struct ts_csv ts_csv;

/* A type that the user decides. */
typedef struct {
    const char *column;
    ts_type type;
} ts_csv_type;

typedef struct {
    char delimiter;        /* 0: tab in .tsv and .tab, else by the header */
    const char *encoding;  /* NULL: UTF-8, or what a byte-order mark says */
    const char *const *na; /* more words for missing */
    size_t n_na;
    const ts_csv_type *types;
    size_t n_type;
    const char *data; /* the text itself; path is only its name then */
    size_t n_data;    /* data must outlive the ts_csv */
    size_t block;     /* bytes read at once; 0: a good number. For tests */
} ts_csv_options;

typedef struct {
    size_t n_column;
    char **names;
    ts_type *types;
    double *n_na_word; /* NA and . by column; missing in a real one */
    double n_row;
    char sha256[65]; /* of the file's bytes */
    char delimiter;
    const char *encoding; /* "UTF-8" or as given */
} ts_csv_facts;

/* The first pass. options may be NULL and need not outlive the call. */
ts_status ts_csv_open(const char *path, const ts_csv_options *options,
                      ts_csv **out, ts_error *err);
const ts_csv_facts *ts_csv_get_facts(const ts_csv *csv);
void ts_csv_close(ts_csv *csv);

/* Where the second pass delivers: one call a value, in column order, then
 * row. text is not terminated and lives until row returns. A status other
 * than TS_OK stops the pass. */
typedef struct {
    void *context;
    ts_status (*real)(void *context, size_t column, double x, ts_error *err);
    ts_status (*text)(void *context, size_t column, const char *text,
                      size_t length, ts_error *err);
    ts_status (*na)(void *context, size_t column, ts_error *err);
    ts_status (*row)(void *context, ts_error *err);
} ts_csv_sink;

/* The second pass; TS_EIO when the file changed since the first. */
ts_status ts_csv_read(ts_csv *csv, const ts_csv_sink *sink, ts_error *err);
ts_status ts_csv_frame(ts_csv *csv, ts_frame **out, ts_error *err);

/* Writes a frame so that reading it gives the same frame: shortest exact
 * numbers, NA as nothing, empty text as "", text quoted where it must be.
 * The file appears whole, by rename, or not at all; mode as its creation
 * mask allows. */
ts_status ts_csv_write(const ts_frame *frame, const char *path, int mode,
                       ts_error *err);

#endif
