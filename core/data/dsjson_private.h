/* What the files of the Dataset-JSON reader share. */
#ifndef TS_DSJSON_PRIVATE_H
#define TS_DSJSON_PRIVATE_H

#include "json_reader.h"
#include "ts/dsjson.h"

#define DSJSON_MAX_COLUMN 2000

typedef enum {
    DSJSON_TEXT,
    DSJSON_INTEGER,
    DSJSON_NUMBER,
    DSJSON_BOOLEAN,
    DSJSON_DECIMAL, /* a number in quotes, which a double must hold */
    DSJSON_ROUNDED, /* one that may be rounded */
    DSJSON_DIGITS,  /* one that is kept as text */
    DSJSON_DATE     /* or time: text that is a number of SAS */
} dsjson_cell;

typedef struct {
    json_reader *in;
    const ts_dsjson_options *options;
    ts_dsjson *data;
    ts_builder **builders;
    dsjson_cell *cells;
    char **labels, **formats, **names;
    size_t n, room;
    double n_row, records;
    bool have_records, have_rows;
    unsigned seen; /* keys of the document, by their place in the list */
} dsjson_reader;

/* The value of a key that describes the data set; "columns" and "rows" are
 * the caller's. */
ts_status dsjson_attribute(dsjson_reader *r, const char *key,
                           const json_token *token, ts_error *err);
/* The list of columns, behind its opening bracket. */
ts_status dsjson_columns(dsjson_reader *r, ts_error *err);
/* 2024-11-11T15:09:10, then .5, Z or +01:00. */
bool dsjson_is_time(const char *text);
/* Whether text is [+-]digits[.digits]. */
bool dsjson_is_decimal(const char *text);

#endif
