/*
 * CDISC Dataset-JSON 1.1: .json, .ndjson (a line of metadata, then a line per
 * row) and .dsjc (NDJSON compressed by zlib; gzip is read too).
 *
 *     ts_dsjson *d;
 *     ts_dsjson_read("adsl.json", NULL, &d, &err);
 *     d->frame, d->columns[0].label, ts_dsjson_attribute(d, "studyOID") ...
 *     ts_dsjson_free(d);
 *
 * The document is checked against CDISC's schema. Types: integer, float,
 * double and decimal (a string, "" is missing) are real, boolean is 1 or 0,
 * the rest text; null is missing, "" is empty text.
 * A date, time or datetime with targetDataType integer is a number as SAS has
 * it (days or seconds since 1960-01-01, or of the day) with its displayFormat;
 * without one it is the text that stands there. Numbers that a double cannot
 * hold (integers beyond 2^53, decimals with more digits) are errors. Errors
 * name file:line:column and the path, "rows[3][7]".
 */
#ifndef TS_DSJSON_H
#define TS_DSJSON_H

#include "ts/csv.h"
#include "ts/frame.h"

typedef struct {
    /* decimal columns: TS_TEXT keeps the digits, TS_REAL rounds them */
    const ts_csv_type *types;
    size_t n_type;
} ts_dsjson_options;

typedef struct {
    char *item_oid, *data_type, *target_type; /* target_type may be NULL */
    double length, key_sequence;              /* 0: not said */
} ts_dsjson_column;

typedef struct {
    char *key, *value; /* sourceSystem as "sourceSystem.name", ".version" */
} ts_dsjson_attribute_pair;

typedef struct {
    ts_frame *frame;           /* labels and formats are in its columns */
    ts_dsjson_column *columns; /* one per column of the frame */
    ts_dsjson_attribute_pair *attributes;
    size_t n_attribute, n_column;
    char sha256[65];
} ts_dsjson;

/* options may be NULL. */
ts_status ts_dsjson_read(const char *path, const ts_dsjson_options *options,
                         ts_dsjson **out, ts_error *err);
void ts_dsjson_free(ts_dsjson *data);
/* The value of a top-level attribute ("name", "label", "studyOID"), or NULL. */
const char *ts_dsjson_attribute(const ts_dsjson *data, const char *key);

/* What is written beside the rows; NULL where nothing is known. */
typedef struct {
    const char *name, *label;
    const char *created; /* ISO 8601; equal data and times give equal bytes */
    const ts_dsjson_attribute_pair *attributes; /* more of them */
    size_t n_attribute;
    /* NULL, or one per column of the frame; fields that are NULL or 0 are
     * filled in */
    const ts_dsjson_column *columns;
} ts_dsjson_facts;

/* Writes frame; the ending of path (.json, .ndjson, .dsjc) decides the form.
 * A column has the type that facts say where all its values fit, else a real
 * one is integer when all values are whole, or float. Doubles are exact. */
ts_status ts_dsjson_write(const ts_frame *frame, const ts_dsjson_facts *facts,
                          const char *path, int mode, ts_error *err);

#endif
