/*
 * SAS transport files (XPORT), versions 5 and 8, read and written.
 *
 *     ts_xpt *xpt;
 *     ts_xpt_open("adsl.xpt", NULL, &xpt, &err);
 *     ts_xpt_frame(xpt, &frame, &err);
 *     ts_xpt_close(xpt);
 *
 * ts_xpt_open looks at every record of the file, decodes every value of the
 * member that was asked for and takes the SHA-256 of the bytes; ts_xpt_read
 * delivers the values and fails when the file is another one by then. Memory
 * is that of the header and a block, whatever the size of the file.
 *
 * Numbers are IBM's: base 16, 56 bits, 2 to 8 bytes of them. Every double from
 * 5.4e-79 to 7.2e75 has an exact form there; an IBM number of more than 53
 * bits is rounded to the nearest double and counted. A missing number keeps
 * its code: '.', '_' or 'A' to 'Z'. Text loses its trailing blanks, as in
 * SAS, and text of nothing but blanks is missing.
 *
 * Version 5 does not say how many rows there are. A row that the file ends
 * in is an error, as is a last record that is cut unless blanks behind the
 * last row show that only blanks are gone. What no reader can decide is told
 * in the facts: rows of blank text that could be the padding of the last
 * record (taken as padding), and a file that ends with a row and a record, as
 * one does that was cut there. options->n_row decides all of them. Version 8
 * has the number.
 *
 * Errors begin "file: byte N: ", N counted from 0.
 * Source: SAS, TS-140 and the V8 and V9 extension of it.
 */
#ifndef TS_XPT_H
#define TS_XPT_H

#include <stdbool.h>
#include "ts/frame.h"
#include "ts/text.h"

/* IBM floating point ------------------------------------------------------- */

typedef enum {
    TS_IBM_EXACT,
    TS_IBM_ROUNDED, /* more than 53 bits: the nearest double, ties to even */
    TS_IBM_MISSING, /* *x is NaN, *code is '.', '_' or 'A' to 'Z' */
    TS_IBM_DAMAGED  /* no digits, but neither zero nor a missing value */
} ts_ibm;

/* The first length bytes (2 to 8) of an IBM number; those left out are 0. */
ts_ibm ts_ibm_decode(const unsigned char *bytes, int length, double *x,
                     char *code);
/* False when x has no exact IBM form: not finite, above (1 - 16^-14) 16^63,
 * or below 16^-65 and not zero. -0 keeps its sign. */
bool ts_ibm_encode(double x, unsigned char bytes[8]);
/* code: '.', '_' or 'A' to 'Z'. */
void ts_ibm_missing(char code, unsigned char bytes[8]);

/* Reading ------------------------------------------------------------------ */

typedef struct ts_xpt ts_xpt;

typedef struct {
    const char *member;   /* which one; NULL: the only one */
    const char *encoding; /* NULL: UTF-8; else of iconv, ASCII in its half */
    double n_row;         /* rows that there must be; < 0: not known */
    const char *data;     /* the bytes themselves; path is only a name then */
    size_t n_data;        /* data must outlive the ts_xpt */
    size_t block;         /* bytes read at once; 0: a good number. For tests */
} ts_xpt_options;

typedef struct {
    char *name, *label, *format, *informat; /* NULL but name: none */
    ts_type type;
    int length;      /* bytes of a value */
    size_t position; /* in the row */
    size_t header;   /* where the file describes it */
    double n_missing, n_special, n_rounded;
} ts_xpt_variable;

typedef struct {
    int version;                    /* 5 or 8 */
    char *member, *label;           /* label NULL: none */
    char created[17], modified[17]; /* "16APR22:20:09:03" */
    size_t n_column;
    ts_xpt_variable *variable;
    double n_row, n_byte;
    double n_padding; /* rows of blanks at the end, taken as padding */
    double n_zero;    /* rows at the end with no bit set */
    double n_lost;    /* bytes of padding that the file lacks */
    bool open_end;    /* nothing shows that the last row is the last */
    size_t n_member;
    char **members;
    char sha256[65]; /* of the file's bytes */
    const char *encoding;
} ts_xpt_facts;

/* options may be NULL and need not outlive the call. TS_EIO (not there, not
 * a file), TS_EFORMAT (damage), TS_ENOTFOUND (no such member), TS_EINVALID
 * (several members and none asked for, options, another number of rows),
 * TS_ELIMIT (more than 2000 columns or 1000 members), TS_EINTERRUPT. */
ts_status ts_xpt_open(const char *path, const ts_xpt_options *options,
                      ts_xpt **out, ts_error *err);
const ts_xpt_facts *ts_xpt_get_facts(const ts_xpt *xpt);
void ts_xpt_close(ts_xpt *xpt);

/* Where the rows go: one call a value, in column order, then row. na gets
 * '.', '_' or 'A' to 'Z' for a number and ' ' for text. text is not
 * terminated and lives until the call returns. */
typedef struct {
    void *context;
    ts_status (*real)(void *context, size_t column, double x, ts_error *err);
    ts_status (*text)(void *context, size_t column, const char *text,
                      size_t length, ts_error *err);
    ts_status (*na)(void *context, size_t column, char code, ts_error *err);
    ts_status (*row)(void *context, ts_error *err);
} ts_xpt_sink;

/* May be repeated. TS_EIO when the file changed, which is known at the end
 * only: the caller takes back what the sink did. */
ts_status ts_xpt_read(ts_xpt *xpt, const ts_xpt_sink *sink, ts_error *err);
/* All rows, with labels, formats, informats and codes of missing values. */
ts_status ts_xpt_frame(ts_xpt *xpt, ts_frame **out, ts_error *err);

/* Writing ------------------------------------------------------------------ */

typedef struct {
    int version;          /* 5 or 8; 0: 5 */
    const char *member;   /* NULL: DATA */
    const char *label;    /* NULL: none */
    const char *encoding; /* NULL: ASCII in version 5, UTF-8 in 8 */
    const char *created;  /* "2026-11-24T03:12:43"; NULL: 1960-01-01 */
    int mode;             /* of the file */
} ts_xpt_write_options;

typedef struct {
    double n_empty;   /* texts "", which are missing in SAS */
    double n_trimmed; /* texts that lost trailing blanks */
    /* -0, written as 0: IBM's form has one, but R's readers, haven and foreign,
     * take its bytes for a missing value */
    double n_minus_zero;
} ts_xpt_written;

/* One member of the frame's rows; the same frame gives the same bytes. The
 * file appears whole, by rename, or not at all. TS_EINVALID and TS_ELIMIT
 * name the column and the row of what the version cannot hold: names (5: 8
 * bytes, 8: 32, of A-Z 0-9 _), labels (40, 256), text (200, 32767), numbers
 * that IBM's form lacks, text that the encoding lacks, control characters, and
 * in version 5 rows of blank text at the end, which would be padding. */
ts_status ts_xpt_write(const ts_frame *frame, const char *path,
                       const ts_xpt_write_options *options,
                       ts_xpt_written *written, ts_error *err);

#endif
