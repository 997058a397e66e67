/* Records of a delimited text file, one after the other. */
#ifndef TS_CSV_RECORD_H
#define TS_CSV_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include "ts/error.h"

typedef struct {
    const char *text; /* between the quotes where there are some */
    size_t length;
    bool quoted, doubled; /* doubled: "" within stands for " */
} csv_field;

typedef struct csv_input csv_input;

/* What is read: a file, or data when it is not NULL. */
typedef struct {
    const char *path, *data;
    size_t n_data;
    const char *encoding;
    size_t block; /* 0: a good number */
} csv_source;

ts_status csv_input_open(const csv_source *source, csv_input **out,
                         ts_error *err);
void csv_input_close(csv_input *in);
void csv_input_delimiter(csv_input *in, char delimiter);
const char *csv_input_encoding(const csv_input *in);

/* The next record: *n fields, valid until the next call. *n is 0 at the end
 * of the file. */
ts_status csv_next(csv_input *in, csv_field **fields, size_t *n,
                   ts_error *err);
/* The physical line where the last record began. */
size_t csv_line(const csv_input *in);
/* The character, from 1, where a field of the last record begins. */
size_t csv_character(const csv_input *in, const csv_field *field);
/* Undoes doubled quotes in the field's text, in place. */
void csv_value(csv_input *in, csv_field *field);
/* Once csv_next gave 0: the hash of all bytes. */
void csv_hash(csv_input *in, char hex[65]);
/* Bytes read so far, and of the file (0 where not known). */
void csv_position(const csv_input *in, double *done, double *total);
/* The delimiter that the first line speaks for. */
ts_status csv_guess_delimiter(csv_input *in, char *out, ts_error *err);

#endif
