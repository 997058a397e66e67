/*
 * What the files of the foreign readers share. Names begin with foreign_,
 * because readstat_ is the library's.
 *
 * The child's stream is a sequence of records: a byte for the kind, four for
 * the length of what follows, then that; integers and doubles as this machine
 * has them, text as its length in four bytes and its bytes. In order:
 *
 *   H  "trialsh 1", then a byte: 1 in the jail, 0 without
 *   F  i64 rows (-1: unknown), i64 columns, i64 version, text encoding, label
 *   V  per column: u8 is text, u32 width, texts name, label, format, set,
 *      u32 n, n ranges of values that mean missing: two doubles, or two texts
 *   L  a value label, at any place: text set, u8 what, value, text label
 *   R  per row: for each column a value
 *   E  i32 code of ReadStat, text what it said; nothing follows
 *   T  u64 columns, labels, rows, and bytes before this record; u64 FNV-1a of
 *      those bytes; nothing follows
 *
 * A value is a byte and what it needs: 0 missing, 1 a double, 2 a text, or
 * 'A' to 'Z' and '_' for themselves.
 */
#ifndef TS_READSTAT_PRIVATE_H
#define TS_READSTAT_PRIVATE_H

#include <stdint.h>
#include "ts/readstat.h"
#include "ts/text.h"
#include "xpt_private.h"

#define FOREIGN_HELLO "trialsh 1"
#define FOREIGN_MAX_COLUMN 2000
#define FOREIGN_MAX_VALUE 5e8                /* rows times columns */
#define FOREIGN_MAX_LABEL 1000000            /* value labels of a file */
#define FOREIGN_MAX_RECORD (64u << 20)       /* bytes of a record */
#define FOREIGN_MAX_STREAM (4.0 * (1 << 30)) /* and of all of them */

enum { FOREIGN_NA, FOREIGN_REAL, FOREIGN_TEXT };

typedef enum {
    FOREIGN_SAS,
    FOREIGN_CATALOG,
    FOREIGN_SAV,
    FOREIGN_POR,
    FOREIGN_STATA
} foreign_kind;

/* FNV-1a, 64 bits: guards against our own mistakes, not against malice. */
#define FOREIGN_HASH_START 14695981039346656037u
static inline uint64_t foreign_hash(uint64_t hash, const void *data, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ ((const unsigned char *)data)[i]) * 1099511628211u;
    return hash;
}

/* The bytes of a file ------------------------------------------------------ */

typedef struct {
    const char *path;
    int fd;
    const unsigned char *data; /* instead of fd; for tests */
    uint64_t size;
    bool big; /* numbers: the first byte is the highest */
} foreign_source;

ts_status foreign_open(foreign_source *s, const char *path, ts_error *err);
void foreign_close(foreign_source *s);
/* n bytes from that place on; an error when the file ends before. */
ts_status foreign_bytes(const foreign_source *s, uint64_t place, void *to,
                        size_t n, ts_error *err);
/* A number of 1, 2, 4 or 8 bytes at p. */
uint64_t foreign_number(const foreign_source *s, const unsigned char *p, int n);
/* The same at a place of the file. */
ts_status foreign_at(const foreign_source *s, uint64_t place, int n,
                     uint64_t *out, ts_error *err);
/* "file: byte N: " and what is wrong there. */
ts_status foreign_fail(const foreign_source *s, uint64_t place, ts_error *err,
                       const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Calls each with pieces of the file; also a place to look at interrupts. */
ts_status foreign_sum(const foreign_source *s, char sha256[65], ts_error *err);

/* Looks at headers, sizes and pages; *n_row is the number of rows, < 0 when
 * the file does not say it. */
ts_status foreign_check_sas(foreign_source *s, bool catalog, double *n_row,
                            ts_error *err);
ts_status foreign_check_stata(foreign_source *s, double *n_row, ts_error *err);
ts_status foreign_check_sav(foreign_source *s, double *n_row, ts_error *err);

/* What the child says, as a table ------------------------------------------ */

typedef struct {
    double low, high;   /* of a number */
    char *first, *last; /* of a text */
} foreign_range;

typedef struct {
    char *name, *label, *format;
    char *set; /* of value labels, in the file's bytes; NULL: none */
    bool text;
    uint32_t width;
    foreign_range *range;
    size_t n_range;
    ts_builder *builder;
    double n_special, n_declared, n_cut;
} foreign_variable;

typedef struct {
    char *set, *label;  /* in the file's bytes */
    unsigned char what; /* as in the stream */
    double x;
    char *text;
} foreign_label;

typedef struct {
    const char *path;
    foreign_kind kind;
    const char *given; /* encoding asked for; NULL: the file's */
    xpt_encoding encoding;
    bool converted; /* it changed a text */
    bool has_file;
    double said_row, said_column; /* < 0: not said */
    char *label;
    foreign_variable *variable;
    size_t n_variable;
    foreign_label *labels;
    size_t n_label, label_room;
    double n_row;
    size_t n_value; /* in the row that is being read */
} foreign_table;

void foreign_table_free(foreign_table *t);
/* Text of the file as UTF-8, checked; valid until the next call. where: what
 * an error says of the place, "row 3 of SEX". cut may be NULL: then a text
 * that ends within a character is an error, too. */
ts_status foreign_convert(foreign_table *t, const char *where, const char *text,
                          size_t length, const char **out, size_t *n, bool *cut,
                          ts_error *err);
ts_status foreign_add_file(foreign_table *t, double n_row, double n_column,
                           double version, const char *encoding,
                           const char *label, ts_error *err);
/* variable is taken over; its texts are the file's bytes. */
ts_status foreign_add_variable(foreign_table *t, foreign_variable *variable,
                               ts_error *err);
void foreign_variable_free(foreign_variable *v);
/* label is taken over. */
ts_status foreign_add_label(foreign_table *t, foreign_label *label,
                            ts_error *err);
ts_status foreign_add_real(foreign_table *t, double x, ts_error *err);
ts_status foreign_add_text(foreign_table *t, const char *text, size_t n,
                           ts_error *err);
ts_status foreign_add_na(foreign_table *t, char code, ts_error *err);
ts_status foreign_add_row(foreign_table *t, ts_error *err);

/* The columns as they shall be; catalog: where labels are, or NULL. */
ts_status foreign_finish(foreign_table *t, foreign_table *catalog,
                         const ts_readstat_options *options, ts_readstat *out,
                         ts_error *err);
/* A catalog's labels as a frame. */
ts_status foreign_finish_catalog(foreign_table *t, ts_readstat *out,
                                 ts_error *err);
/* Dates, times and formats of a real column as SAS has them. */
ts_status foreign_format(foreign_kind kind, const char *format,
                         ts_column *column, char **counts, ts_error *err);
/* Replaces *column by one of text with the labels of its set as levels, where
 * that can be. */
ts_status foreign_apply_labels(foreign_table *from, const foreign_variable *v,
                               ts_column **column, ts_readstat_column *facts,
                               ts_error *err);
/* The labels of a set in the order of their codes, or of all as they come. */
ts_status foreign_label_set(foreign_table *from, const char *set,
                            foreign_label ***out, size_t *n, ts_error *err);

/* The stream --------------------------------------------------------------- */

typedef struct {
    foreign_table *table;
    ts_buffer bytes; /* that came and were not read yet */
    size_t done;     /* of them */
    double n_byte;   /* of all records that were read */
    uint64_t hash;
    bool hello, unjailed, ended;
    int refused;  /* ReadStat's code, 0: none */
    char *reason; /* what it said */
} foreign_stream;

ts_status foreign_feed(foreign_stream *s, const void *data, size_t n,
                       ts_error *err);
/* When no more comes. */
ts_status foreign_end(foreign_stream *s, ts_error *err);
void foreign_stream_free(foreign_stream *s);

/* Runs the child over an open file. */
ts_status foreign_run(const foreign_source *source,
                      const ts_readstat_options *options,
                      foreign_stream *stream, ts_error *err);

#endif
