/*
 * Files of SAS (.sas7bdat, .sas7bcat), SPSS (.sav, .zsav, .por) and Stata
 * (.dta) as frames, by the library ReadStat in a child process.
 *
 *     ts_readstat *r;
 *     ts_readstat_read("adsl.sas7bdat", NULL, &r, &err);
 *     r->frame, r->n_row, r->columns[0].n_special ...
 *     ts_readstat_free(r);
 *
 * ReadStat dies on a failed malloc, is silent about some files that are cut,
 * and returns deleted rows. So headers, pages and sizes are looked at first,
 * by our own code; the child may read one open file, write to one pipe and use
 * so much memory and time; and what it sends is checked like any file that
 * somebody else made. The number of rows must be the same by the header, by
 * our count and by the child's.
 *
 * Numbers, dates and formats become SAS's, whatever the file is: days and
 * seconds since 1960-01-01, DATE9., DATETIME20., TIME8. Stata's %td are days
 * since then already; %tc, in milliseconds, are divided by 1000; SPSS's seconds
 * since 1582-10-14 lose 11903760000 of them, and become days where the format
 * is a date and all values are whole days. Other dates of Stata (%tw, %tm, %tq,
 * %th, %ty, %tC) stay the numbers they are. Formats that SAS has not are gone.
 *
 * Missing values: '.', and the codes .A to .Z and ._ of SAS and .a to .z of
 * Stata in column->special; what an SPSS file declares as missing; text of
 * nothing but blanks. Text has no trailing blanks.
 *
 * A column with value labels becomes text with the labels as levels, in the
 * order of the codes, when each of its values has one and no two codes share
 * one; else it stays what it is. Labels of missing values are no levels.
 *
 * A catalog (.sas7bcat) is a frame of FORMAT, CODE and LABEL. Fractions of a
 * .por file, which stand there in base 30, are right to 15 digits.
 */
#ifndef TS_READSTAT_H
#define TS_READSTAT_H

#include <stdbool.h>
#include "ts/frame.h"

typedef struct {
    const char *encoding; /* NULL: what the file says; else of iconv */
    const char *catalog;  /* path of a .sas7bcat with value labels; or NULL */
    bool no_labels;       /* codes stay codes */
    const char *const *labels; /* if not NULL: value labels in these only */
    size_t n_label;
    double n_row; /* that there must be; < 0: not known */
    /* the reader: this program unless another is named. 0: sensible limits */
    const char *program;
    double silence; /* seconds without a byte of it */
    double memory;  /* bytes it may use */
} ts_readstat_options;

/* What became of value labels. */
typedef enum {
    TS_LABELS_NONE,   /* there are none for this column, or were not wanted */
    TS_LABELS_LEVELS, /* they are its levels */
    TS_LABELS_PARTLY, /* some values have none */
    TS_LABELS_SHARED, /* two codes have the same */
    TS_LABELS_ABSENT  /* the column names a set that the Stata file has not */
} ts_readstat_labels;

typedef struct {
    double n_special;  /* values .A to .Z and ._ */
    double n_lost;     /* of those, lost because the column became text */
    double n_declared; /* values that the file declares missing */
    double n_cut;      /* texts that ended within a character */
    ts_readstat_labels labels;
    char *unlabelled; /* TS_LABELS_PARTLY: a value that has none */
    char *counts;     /* a date that stays a number: "months", "weeks" ... */
} ts_readstat_column;

typedef struct {
    ts_frame *frame;
    ts_readstat_column *columns; /* one per column of the frame */
    size_t n_column;
    double n_row;
    bool counted;   /* the file said how many rows it has */
    bool unjailed;  /* the kernel refused to confine the reader */
    char *label;    /* of the file, or NULL */
    char *encoding; /* as it was read */
    bool converted; /* and was not UTF-8 of the same bytes */
    char sha256[65], catalog_sha256[65]; /* "" without a catalog */
} ts_readstat;

/* By the ending of path. TS_EIO, TS_EFORMAT (damage, no such kind of file),
 * TS_ELIMIT (more than 2000 columns, 5e8 values, 1e6 value labels), TS_EINVALID
 * (options; another number of rows), TS_EPROCESS (the reader crashed, hung or
 * sent nonsense), TS_EINTERRUPT. Errors name the file, and the byte, row or
 * column. */
ts_status ts_readstat_read(const char *path, const ts_readstat_options *options,
                           ts_readstat **out, ts_error *err);
void ts_readstat_free(ts_readstat *data);

/* The child's whole life: main() calls it and ends with its result when
 * argv[1] is TS_READSTAT_CHILD. Reads file 3 and writes to 4. */
#define TS_READSTAT_CHILD "--read-foreign"
int ts_readstat_child(int argc, char **argv);

#endif
