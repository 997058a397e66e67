/* What the parts of the XLSX writer share: what is known of each column
 * (xlsx_check.c), the parts of the file (xlsx_write.c) and the sheets
 * (xlsx_sheet.c). */
#ifndef TS_XLSX_PRIVATE_H
#define TS_XLSX_PRIVATE_H

#include "ts/text.h"
#include "ts/xlsx.h"
#include "ts/zip.h"

/* Formats of cells, as styles.xml lists them. */
typedef enum {
    XLSX_GENERAL,
    XLSX_NAME, /* of a column: bold */
    XLSX_TEXT,
    XLSX_DATE,
    XLSX_DATETIME,
    XLSX_DATETIME_PARTS, /* with parts of a second */
    XLSX_TIME,
    XLSX_TIME_PARTS,
    XLSX_HOURS, /* beyond a day */
} xlsx_style;

typedef struct {
    const ts_column *column;
    const char *kind; /* of its dates, or NULL */
    xlsx_style style;
    char letters[4];
    size_t width;
    int32_t *shared; /* text: by level, its number among the shared ones */
} xlsx_column;

typedef struct {
    const ts_xlsx_sheet *given;
    xlsx_column *column;
    size_t n_comment, first_shape; /* comments, and those of sheets before */
} xlsx_sheet;

typedef struct {
    ts_zip *zip;
    ts_buffer out;
    xlsx_sheet *sheet;
    size_t n_sheet, n_shared;
    const ts_xlsx_options *options;
} xlsx_writer;

/* All of a sheet: names, limits, values; fills sheet->column. */
ts_status xlsx_check(xlsx_writer *w, size_t sheet, ts_error *err);

/* Text as XML has it, with what XML lacks as _xHHHH_. */
void xlsx_add_text(ts_buffer *out, const char *text);
/* <t>text</t>, or with its blanks kept. */
void xlsx_add_t(ts_buffer *out, const char *text);
bool xlsx_is_date(double x, const char *kind);
/* The number of a date in a spreadsheet. */
double xlsx_serial(double x, const char *kind);
/* Whether it lies before a spreadsheet's calendar. */
bool xlsx_is_early(double x, const char *kind);
bool xlsx_has_comment(const ts_column *column);

/* out to the zip, when there is enough of it. */
ts_status xlsx_flush(xlsx_writer *w, size_t most, ts_error *err);
/* xl/worksheets/sheetN.xml */
ts_status xlsx_write_sheet(xlsx_writer *w, size_t sheet, ts_error *err);
/* Its comments, their drawing and what leads to them. */
ts_status xlsx_write_comments(xlsx_writer *w, size_t sheet, ts_error *err);

#endif
