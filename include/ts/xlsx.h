/*
 * Frames as a workbook of Office Open XML (.xlsx; ECMA-376, transitional), one
 * sheet each.
 *
 *     ts_xlsx_sheet sheet = {.name = "adsl", .frame = frame};
 *     ts_xlsx_write("adsl.xlsx", &sheet, 1, &options, &err);
 *
 * Row 1 holds the names and stays in view; a label and a unit are the comment
 * of their name. Text is text, in cells of that format, whatever it begins
 * with; numbers are the shortest text that reads back as the same double; NA is
 * no cell, empty text a cell that is empty. Dates and times of SAS become
 * those of spreadsheets, whose calendar holds from 1900-03-01 on: earlier ones
 * are ISO text. Equal frames and options give equal bytes.
 *
 * It is written here and not by libxlsxwriter, whose release 1.1.4 writes 16
 * digits of a number, says nothing when its temporary files do not fit on the
 * disk, and dies of most allocations that fail.
 */
#ifndef TS_XLSX_H
#define TS_XLSX_H

#include "ts/frame.h"

typedef struct {
    const char *name; /* at most 31 letters, none of []:*?/\ */
    const ts_frame *frame;
    /* by column: "date", "time" or "datetime" of SAS, or NULL; or NULL */
    const char *const *kinds;
    const char *mark; /* above each printed page; or NULL */
    /* NULL, or a number by column: of dates that became text, or -1 for a
     * kind whose values are not all dates, so that they stay numbers */
    double *n_text_date;
} ts_xlsx_sheet;

/* What the properties of the file say; NULL where nothing is to be said. */
typedef struct {
    const char *title, *creator, *keywords;
    const char *created; /* "2026-11-24T03:12:43"; NULL: 1960-01-01 */
    int mode;            /* of the file */
} ts_xlsx_options;

/* The file appears whole, by rename, or not at all. Everything is checked
 * before it is begun: TS_ELIMIT for more rows (1,048,576), columns (16,384) or
 * text (32,767) than a sheet has, TS_EINVALID for names of sheets, infinite
 * numbers and text that is not UTF-8, each with column and row. */
ts_status ts_xlsx_write(const char *path, const ts_xlsx_sheet *sheets, size_t n,
                        const ts_xlsx_options *options, ts_error *err);

#endif
