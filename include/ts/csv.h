/*
 * CSV and TSV files, read in two passes and written so that they read back.
 *
 *     ts_csv *csv;
 *     ts_csv_open("adlb.csv", NULL, &csv, &err);
 *     ts_csv_frame(csv, &frame, &err);
 *     ts_csv_close(csv);
 *
 * ts_csv_open reads the whole file once: it checks encoding and structure,
 * decides the type of each column by all its cells, counts rows and takes the
 * SHA-256 of the bytes. ts_csv_read reads it again and delivers the values;
 * it fails when the file is another one by then. Memory is that of the
 * longest record, whatever the size of the file, and of what is rejected. A
 * file that gzip compressed is unpacked on the way, both times.
 *
 * Records are RFC 4180's, with LF, CRLF and CR as line ends, mixed or not.
 * Blanks beside a delimiter are data; so is a quote inside an unquoted cell.
 * Lines with nothing in them are passed over at the end of a file and an
 * error elsewhere; where there is one column they are missing values.
 *
 * A number is what ts_number_parse takes, but for whole numbers beyond 2^53
 * that a double does not hold exactly. An empty cell is missing, a quoted
 * empty one is empty text. "", NA and . are missing in a column that is
 * otherwise numeric. A column of numbers and missing cells alone is real (one
 * of nothing but quoted empties is text); one with at least 90 % numbers
 * among its values is an error that shows the others; any other is text and
 * keeps its bytes.
 *
 * Errors begin "file:line:column: ", both counted from 1 in the file, the
 * column in characters; about a whole record "file:line: ".
 */
#ifndef TS_CSV_H
#define TS_CSV_H

#include <stdbool.h>
#include "ts/frame.h"
#include "ts/text.h"

typedef struct ts_csv ts_csv;

/* A type that somebody decides: real refuses any cell that is neither number
 * nor missing, text takes all. by is who, for the error: NULL is "types". */
typedef struct {
    const char *column;
    ts_type type;
    const char *by;
} ts_csv_type;

/* Codes that stand for texts, "1" for "Male": the column is text whose levels
 * are the labels, in that order; any other cell that is not missing is an
 * error. Labels differ from each other, and so do codes. */
typedef struct {
    const char *column;
    const char *const *code, *const *label;
    size_t n;
} ts_csv_codes;

typedef struct {
    /* 0: tab in .tsv and .tab; else comma, or the semicolon, tab or bar of a
     * header line without a comma outside quotes; a first line "sep=;", as
     * spreadsheets write it, comes before these */
    char delimiter;
    /* NULL: UTF-8, or UTF-16 and UTF-32 where a byte-order mark says so; else
     * a name that iconv knows: "latin1", "windows-1252", "utf-16le" */
    const char *encoding;
    /* numbers are written 1,5, in quotes where commas separate the cells; 1.5
     * is none. comma: columns where both are */
    bool decimal_comma;
    const char *const *comma;
    size_t n_comma;
    /* lines of the file before the header, whatever they hold */
    size_t skip;
    const char *const *na; /* more words for missing, quoted or not */
    size_t n_na;
    const ts_csv_type *types;
    size_t n_type;
    bool all_text; /* the type of a column that types does not name */
    const ts_csv_codes *codes;
    size_t n_codes;
    /* Columns whose cells may be "<50", "> 1e7" or "<=5": the limit becomes
     * the value, and behind the column X stand X_BLQFL (Y, N), X_LLOQ and,
     * where there is a ">", X_ALQFL and X_ULOQ; without X_ for AVAL. A column
     * of this list has nothing else; any_censored lets all other columns have
     * them that are otherwise numeric. */
    const char *const *censored;
    size_t n_censored;
    bool any_censored;
    /* Stray cells of a column that is real otherwise (or has codes) become
     * missing, records of another length are left out; ts_csv_get_rejects has
     * both. An error where no record has the length of the header. */
    bool lenient;
    bool empty_is_missing; /* "" is what nothing is */
    bool names_only;       /* facts have the names of the columns, no more */
    const char *data;      /* the text itself; path is only its name then */
    size_t n_data;         /* data must outlive the ts_csv */
    size_t block;          /* bytes read at once; 0: a good number. For tests */
} ts_csv_options;

typedef struct {
    const char *name;
    ts_type type;
    double n_missing;  /* cells without a value */
    double n_na_word;  /* NA and .; missing in a real column */
    double n_quoted;   /* ""; missing in a real column */
    double n_declared; /* words of options->na, missing */
    double n_number;
    double n_below, n_above; /* censored cells that were read */
    double n_reject;         /* stray cells, missing as lenient has it */
    /* no numbers here, but something to tell the user: cells such as 1,5,
     * where the comma separates no cells, and such as <50, of text columns */
    double n_comma, n_limit;
    double n_outer; /* texts that begin or end with a blank */
    /* text for want of another spelling: more than 17 digits, whole numbers
     * beyond 2^53, commas between thousands */
    double n_digits, n_inexact, n_thousands;
    /* of a text column that may have limits and has some: cells that are
     * neither number nor limit; the first, cut, and its line */
    double n_stray;
    const char *stray;
    size_t stray_line;
    const char *const *level; /* the labels of codes, else NULL */
    size_t n_level;
} ts_csv_column;

typedef struct {
    size_t n_column;
    ts_csv_column *column;
    double n_row;
    double n_reject; /* records left out, as lenient has it */
    double n_hollow; /* rows of several cells, all of them empty */
    double n_byte;
    char sha256[65]; /* of the file's bytes */
    char delimiter;
    const char *encoding; /* "UTF-8" or as given */
} ts_csv_facts;

/* The first pass. options may be NULL and need not outlive the call. TS_EIO
 * (not there, not a file), TS_EFORMAT (structure, bytes), TS_ETYPE (stray
 * cells), TS_ENOTFOUND (a column of the options), TS_EINVALID (options),
 * TS_EEXISTS (a name that censored would make is there), TS_ELIMIT (a record
 * over 100,000,000 bytes, more than 2000 columns, a name over 10,000 bytes,
 * a compressed file that unpacks to 250 times its size), TS_EINTERRUPT. */
ts_status ts_csv_open(const char *path, const ts_csv_options *options,
                      ts_csv **out, ts_error *err);
const ts_csv_facts *ts_csv_get_facts(const ts_csv *csv);
void ts_csv_close(ts_csv *csv);

/* Where the second pass delivers: one call a value, in column order, then
 * row. text is not terminated and lives until row returns. A status other
 * than TS_OK stops the pass and is returned. NULL: not called. */
typedef struct {
    void *context;
    ts_status (*real)(void *context, size_t column, double x, ts_error *err);
    ts_status (*text)(void *context, size_t column, const char *text,
                      size_t length, ts_error *err);
    ts_status (*na)(void *context, size_t column, ts_error *err);
    ts_status (*row)(void *context, ts_error *err);
} ts_csv_sink;

/* The second pass; may be repeated. TS_EIO when the file changed since the
 * first, which may be known at the end only: the caller takes back what the
 * sink did. */
ts_status ts_csv_read(ts_csv *csv, const ts_csv_sink *sink, ts_error *err);
ts_status ts_csv_frame(ts_csv *csv, ts_frame **out, ts_error *err);

/* What the last second pass rejected, in the order of the file: LINE (real),
 * COLUMN (its name, NA for a record), VALUE (the cell, or the record as it
 * stands), REASON. NULL before the first one and unless options->lenient. */
const ts_frame *ts_csv_get_rejects(const ts_csv *csv);

typedef struct {
    int mode; /* of the file */
    /* text that a spreadsheet would take for a formula, names included, gets a
     * ' in front: what begins with = + - @, tab, CR, LF or a full-width = + -
     * @. Numbers stay as they are. */
    bool spreadsheet;
    /* by column: "date", "datetime" or "time" for numbers of SAS that are
     * written as ISO 8601, or NULL; NULL for none */
    const char *const *dates;
} ts_csv_write_options;

typedef struct {
    /* text columns that read back as numbers, or not at all, unless
     * ts_csv_options.types says text: "SITE, VISITNUM" */
    ts_buffer doubtful;
    double *n_formula; /* by column: such texts and the name, guarded or not */
    double *n_number;  /* by column: dates that ISO text cannot hold */
} ts_csv_written;

void ts_csv_written_free(ts_csv_written *written);

/* Writes a frame so that reading it gives the same frame, but for dates as
 * text: shortest exact numbers, NA as nothing, empty text as "", text quoted where it must be.
 * The file appears whole, by rename, or not at all, with that mode; a name
 * that ends in .tsv or .tab gets tabs. Refused is what ts_csv_open would not
 * take: an infinite number, text that is not UTF-8 or has control characters,
 * names without letters or alike but for case. written may be NULL; the
 * caller frees it, after a failure too. */
ts_status ts_csv_write(const ts_frame *frame, const char *path,
                       const ts_csv_write_options *options,
                       ts_csv_written *written, ts_error *err);

#endif
