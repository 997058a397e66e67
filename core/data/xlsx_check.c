/*
 * What a workbook can hold, looked at before any of it is written, and how each
 * column will be written.
 */
#include "xlsx_private.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "sas_date.h"
#include "ts/memory.h"

enum { MOST_ROWS = 1048576, MOST_COLUMNS = 16384, MOST_TEXT = 32767 };

/* Dates -------------------------------------------------------------------- */

/* 1960-01-01 in days since 1899-12-30, from which spreadsheets count; they
 * take 1900 for a leap year, so that the count holds from 1900-03-01 on. */
#define EPOCH 21916
#define FIRST 61

bool xlsx_is_date(double x, const char *kind)
{
    char text[40];
    /* times beyond a day are hours to a spreadsheet, no date to others */
    if (strcmp(kind, "time") == 0)
        return x >= 0 && x < 1e9;
    return sas_date_format(x + 0.0, kind, text); /* -0 is 0 */
}

double xlsx_serial(double x, const char *kind)
{
    if (strcmp(kind, "date") == 0)
        return x + EPOCH;
    return x / 86400 + (strcmp(kind, "time") == 0 ? 0 : EPOCH);
}

bool xlsx_is_early(double x, const char *kind)
{
    return strcmp(kind, "time") != 0 && xlsx_serial(x, kind) < FIRST;
}

static void check_dates(xlsx_column *c, const char *kind, double *n_text)
{
    const ts_column *column = c->column;
    bool parts = false, hours = false;
    double early = 0;
    for (size_t i = 0; i < column->n; i++) {
        double x = column->real[i];
        if (isnan(x))
            continue;
        if (!xlsx_is_date(x, kind)) {
            if (n_text)
                *n_text = -1;
            return;
        }
        parts = parts || x != floor(x);
        hours = hours || x >= 86400;
        early += xlsx_is_early(x, kind);
    }
    c->kind = kind;
    if (n_text)
        *n_text = early;
    if (strcmp(kind, "date") == 0)
        c->style = XLSX_DATE;
    else if (strcmp(kind, "datetime") == 0)
        c->style = parts ? XLSX_DATETIME_PARTS : XLSX_DATETIME;
    else
        c->style = hours ? XLSX_HOURS : parts ? XLSX_TIME_PARTS : XLSX_TIME;
}

/* Text --------------------------------------------------------------------- */

/* Letters as a spreadsheet counts them: those of UTF-16. */
static size_t n_letters(const char *text)
{
    size_t n = 0;
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        n += (c < 0x80 || c >= 0xC0) + (c >= 0xF0);
    }
    return n;
}

static ts_status check_text(const char *name, size_t row, const char *text,
                            ts_error *err)
{
    char why[80];
    size_t length = strlen(text);
    if (ts_utf8_check(text, length) != length)
        return ts_column_fail(name, row, TS_EINVALID, "text that is not UTF-8",
                              err);
    size_t n = length <= MOST_TEXT ? 0 : n_letters(text);
    if (n <= MOST_TEXT)
        return TS_OK;
    snprintf(why, sizeof why, "text of %zu letters; a cell has at most %d", n,
             MOST_TEXT);
    return ts_column_fail(name, row, TS_ELIMIT, why, err);
}

static ts_status check_levels(xlsx_writer *w, xlsx_column *c, ts_error *err)
{
    const ts_column *column = c->column;
    ts_status status = TS_OK;
    c->shared = ts_alloc_array(column->n_level, sizeof *c->shared);
    if (!c->shared)
        return ts_fail_memory(err);
    for (size_t k = 0; k < column->n_level; k++)
        c->shared[k] = -1;
    for (size_t i = 0; i < column->n && !status; i++) {
        int32_t code = column->code[i];
        if (code < 0 || c->shared[code] >= 0)
            continue;
        const char *text = column->level[code];
        status = check_text(column->name, i + 1, text, err);
        if (w->n_shared >= INT32_MAX)
            return ts_fail(err, TS_ELIMIT, "too many texts for a workbook");
        c->shared[code] = (int32_t)w->n_shared++;
        size_t width = ts_text_width(text, strcspn(text, "\r\n"));
        c->width = width > c->width ? width : c->width;
    }
    return status;
}

/* Columns ------------------------------------------------------------------ */

static ts_status check_reals(xlsx_column *c, const char *kind, double *n_text,
                             ts_error *err)
{
    static const size_t widths[] = {
        [XLSX_GENERAL] = 0,         [XLSX_DATE] = 10,
        [XLSX_DATETIME] = 19,       [XLSX_TIME] = 8,
        [XLSX_HOURS] = 10,          [XLSX_TEXT] = 0,
        [XLSX_DATETIME_PARTS] = 23, [XLSX_TIME_PARTS] = 12};
    enum { LOOKED_AT = 1000, SHOWN = 12 };
    const ts_column *column = c->column;
    char number[32];
    for (size_t i = 0; i < column->n; i++)
        if (isinf(column->real[i]))
            return ts_column_fail(column->name, i + 1, TS_EINVALID,
                                  "a workbook has no infinite numbers", err);
    if (kind)
        check_dates(c, kind, n_text);
    c->width = widths[c->style];
    for (size_t i = 0; i < column->n && i < LOOKED_AT && !c->kind; i++) {
        if (isnan(column->real[i]))
            continue;
        ts_number_format(column->real[i], number);
        size_t width = strlen(number);
        width = width < SHOWN ? width : SHOWN;
        c->width = width > c->width ? width : c->width;
    }
    return TS_OK;
}

static void set_letters(char letters[4], size_t j)
{
    char reversed[4];
    int n = 0;
    for (size_t x = j + 1; x > 0; x = (x - 1) / 26)
        reversed[n++] = (char)('A' + (x - 1) % 26);
    for (int i = 0; i < n; i++)
        letters[i] = reversed[n - 1 - i];
    letters[n] = '\0';
}

bool xlsx_has_comment(const ts_column *column)
{
    return (column->label && *column->label) || (column->unit && *column->unit);
}

static ts_status check_column(xlsx_writer *w, xlsx_sheet *s, size_t j,
                              ts_error *err)
{
    enum { WIDEST = 60 };
    const ts_xlsx_sheet *given = s->given;
    xlsx_column *c = &s->column[j];
    c->column = given->frame->column[j];
    const char *texts[] = {c->column->name, c->column->label, c->column->unit};
    ts_status status = TS_OK;
    set_letters(c->letters, j);
    for (size_t k = 0; k < 3 && !status; k++)
        if (texts[k])
            status = check_text(c->column->name, 0, texts[k], err);
    if (status)
        return status;
    s->n_comment += xlsx_has_comment(c->column);
    c->style = c->column->type == TS_TEXT ? XLSX_TEXT : XLSX_GENERAL;
    status = c->column->type == TS_TEXT
                 ? check_levels(w, c, err)
                 : check_reals(
                       c, given->kinds ? given->kinds[j] : NULL,
                       given->n_text_date ? &given->n_text_date[j] : NULL, err);
    size_t name = ts_text_width(c->column->name, strlen(c->column->name));
    c->width = (name + 1 > c->width ? name + 1 : c->width) + 2;
    c->width = c->width < WIDEST ? c->width : WIDEST;
    return status;
}

/* Sheets ------------------------------------------------------------------- */

static ts_status check_name(const xlsx_writer *w, size_t sheet, ts_error *err)
{
    enum { LONGEST = 31 };
    const char *name = w->sheet[sheet].given->name;
    size_t n = strlen(name);
    if (n == 0 || ts_utf8_check(name, n) != n || n_letters(name) > LONGEST)
        return ts_column_fail(name, 0, TS_EINVALID,
                              "the name of a sheet has 1 to 31 letters", err);
    for (const char *p = name; *p; p++)
        if (strchr("[]:*?/\\", *p) || (unsigned char)*p < 0x20)
            return ts_column_fail(name, 0, TS_EINVALID,
                                  "the name of a sheet has none of []:*?/\\",
                                  err);
    if (name[0] == '\'' || name[n - 1] == '\'' ||
        strcasecmp(name, "history") == 0)
        return ts_column_fail(name, 0, TS_EINVALID, "no name for a sheet", err);
    for (size_t i = 0; i < sheet; i++)
        if (strcasecmp(name, w->sheet[i].given->name) == 0)
            return ts_column_fail(name, 0, TS_EEXISTS,
                                  "two sheets have that name, but for case",
                                  err);
    return TS_OK;
}

ts_status xlsx_check(xlsx_writer *w, size_t sheet, ts_error *err)
{
    xlsx_sheet *s = &w->sheet[sheet];
    const ts_frame *frame = s->given->frame;
    char why[100];
    ts_status status = check_name(w, sheet, err);
    if (status)
        return status;
    if (frame->n_column == 0)
        return ts_column_fail(s->given->name, 0, TS_EINVALID,
                              "a frame without columns makes no sheet", err);
    if (frame->n_column > MOST_COLUMNS) {
        snprintf(why, sizeof why, "%zu columns; a sheet has at most %d",
                 frame->n_column, MOST_COLUMNS);
        return ts_column_fail(s->given->name, 0, TS_ELIMIT, why, err);
    }
    if (frame->n_row > MOST_ROWS - 1) {
        snprintf(why, sizeof why,
                 "%zu rows; a sheet has at most %d below the names",
                 frame->n_row, MOST_ROWS - 1);
        return ts_column_fail(s->given->name, 0, TS_ELIMIT, why, err);
    }
    if (!(s->column = ts_alloc_array(frame->n_column, sizeof *s->column)))
        return ts_fail_memory(err);
    for (size_t j = 0; j < frame->n_column && !status; j++)
        status = check_column(w, s, j, err);
    return status;
}
