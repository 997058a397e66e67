/*
 * Frames as XPT. Everything is checked before the file is begun: each level of
 * a text column is converted once, each number encoded when its row is.
 */
#include "xpt_private.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "ts/file.h"
#include "ts/interrupt.h"
#include "ts/memory.h"

/* Text --------------------------------------------------------------------- */

/* Text of that column (row 0: of its label) in the encoding of the file. */
static ts_status convert(xpt_writer *w, const char *column, size_t row,
                         const char *text, char **out, size_t *n, ts_error *err)
{
    size_t length = strlen(text);
    char why[200];
    *out = NULL;
    size_t good = xpt_text_check(text, length, false);
    if (good < length) {
        snprintf(why, sizeof why, "byte 0x%02X is %s",
                 (unsigned char)text[good],
                 (unsigned char)text[good] < 0x20 ? "a control character"
                                                  : "not UTF-8");
        return ts_column_fail(column, row, TS_EINVALID, why, err);
    }
    if (!w->encoding.converts) {
        size_t i = 0;
        while (i < length && !((unsigned char)text[i] & 0x80))
            i++;
        if (i < length && !w->options.encoding && !w->eight)
            return ts_column_fail(
                column, row, TS_EINVALID,
                "letters beyond ASCII in a file of version 5; "
                "encoding = \"utf-8\" or \"latin1\" says how they "
                "are to be written",
                err);
        *n = length;
        *out = ts_strndup(text, length);
        return *out ? TS_OK : ts_fail_memory(err);
    }
    size_t done = xpt_encoding_convert(&w->encoding, text, length);
    if (w->encoding.text.failed)
        return ts_fail_memory(err);
    if (done < length) {
        snprintf(why, sizeof why, "%s has no letter for a part of it",
                 w->encoding.name);
        return ts_column_fail(column, row, TS_EINVALID, why, err);
    }
    *n = w->encoding.text.length;
    *out = ts_strndup(*n ? w->encoding.text.data : "", *n);
    return *out ? TS_OK : ts_fail_memory(err);
}

/* Levels ------------------------------------------------------------------- */

/* row: the first that has it */
static ts_status take_level(xpt_writer *w, xpt_field *f, size_t level,
                            size_t row, ts_error *err)
{
    const ts_column *c = f->column;
    size_t n, most = w->eight ? XPT_MAX_TEXT : 200;
    char why[100];
    ts_status status =
        convert(w, c->name, row, c->level[level], &f->text[level], &n, err);
    if (status)
        return status;
    while (n && f->text[level][n - 1] == ' ')
        n--;
    f->n_text[level] = n;
    if (n > most) {
        snprintf(why, sizeof why,
                 "text of %zu bytes; version %d has at most %zu", n,
                 w->eight ? 8 : 5, most);
        return ts_column_fail(c->name, row, TS_ELIMIT, why, err);
    }
    if (strstr(f->text[level], "HEADER RECORD*******"))
        return ts_column_fail(c->name, row, TS_EINVALID,
                              "text that looks like a header of the file", err);
    if (n > f->length)
        f->length = n;
    return TS_OK;
}

static ts_status take_text(xpt_writer *w, xpt_field *f, ts_error *err)
{
    const ts_column *c = f->column;
    ts_status status = TS_OK;
    f->length = 1;
    f->text = ts_alloc_array(c->n_level, sizeof *f->text);
    f->n_text = ts_alloc_array(c->n_level, sizeof *f->n_text);
    if (!f->text || !f->n_text)
        return ts_fail_memory(err);
    for (size_t i = 0; i < c->n && !status; i++) {
        if (c->code[i] < 0)
            continue;
        if (!f->text[c->code[i]] &&
            (status = take_level(w, f, (size_t)c->code[i], i + 1, err)))
            return status;
        size_t n = f->n_text[c->code[i]];
        if (n == 0)
            w->written.n_empty++;
        else if (f->text[c->code[i]][n] == ' ')
            w->written.n_trimmed++;
    }
    return status;
}

static ts_status check_numbers(xpt_writer *w, const ts_column *c, ts_error *err)
{
    unsigned char bytes[8];
    char number[32], why[100];
    for (size_t i = 0; i < c->n; i++) {
        double x = c->real[i];
        w->written.n_minus_zero += x == 0 && signbit(x);
        if (isnan(x) || ts_ibm_encode(x, bytes))
            continue;
        ts_number_format(x, number);
        snprintf(why, sizeof why,
                 fabs(x) > 1 ? "%s is beyond 7.2e75, the largest number of a "
                               "SAS transport file"
                             : "%s is below 5.4e-79, the smallest number of "
                               "a SAS transport file",
                 number);
        return ts_column_fail(c->name, i + 1, TS_EINVALID, why, err);
    }
    return TS_OK;
}

/* Names, labels, formats --------------------------------------------------- */

static ts_status check_name(const xpt_writer *w, const char *name,
                            ts_error *err)
{
    size_t n = strlen(name), most = w->eight ? 32 : 8;
    char why[100];
    bool good = n > 0 && !isdigit((unsigned char)name[0]);
    for (size_t i = 0; i < n; i++)
        good = good && (unsigned char)name[i] < 0x80 &&
               (isalnum((unsigned char)name[i]) || name[i] == '_');
    if (!good)
        return ts_column_fail(
            name, 0, TS_EINVALID,
            "a name in a SAS transport file is made of letters "
            "A to Z, digits and _, and begins with no digit",
            err);
    if (n > most) {
        snprintf(why, sizeof why,
                 "a name of %zu bytes; version %d has at most %zu%s", n,
                 w->eight ? 8 : 5, most,
                 !w->eight && n <= 32 ? ", version = 8 has 32" : "");
        return ts_column_fail(name, 0, TS_ELIMIT, why, err);
    }
    return TS_OK;
}

/* Whether the parts read as that text again: "8.02" and "0." would not. */
static bool says_the_same(const xpt_format *f, const char *text)
{
    char again[64], width[12] = "", decimals[12] = "";
    if (f->width)
        snprintf(width, sizeof width, "%d", f->width);
    if (f->decimals)
        snprintf(decimals, sizeof decimals, "%d", f->decimals);
    int n = snprintf(again, sizeof again, "%s%s.%s", f->name, width, decimals);
    if (!strchr(text, '.'))
        again[n - 1] = '\0';
    return strcmp(again, text) == 0;
}

/* "DATE9.", "$20.", "8.2" in its parts. */
static ts_status parse_format(const xpt_writer *w, const char *column,
                              const char *text, xpt_format *out, ts_error *err)
{
    char why[200];
    if (!text || !*text)
        return TS_OK;
    const char *dot = strchr(text, '.');
    const char *end = dot ? dot : text + strlen(text);
    const char *digits = end;
    while (digits > text && isdigit((unsigned char)digits[-1]))
        digits--;
    size_t n = (size_t)(digits - text), most = w->eight ? 32 : 8;
    size_t letters =
        strspn(text + (*text == '$'), "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "abcdefghijklmnopqrstuvwxyz0123456789_");
    bool good = n <= most && end - digits <= 5 &&
                letters + (*text == '$') >= n &&
                (!dot || (strlen(dot + 1) <= 2 &&
                          strspn(dot + 1, "0123456789") == strlen(dot + 1)));
    int width = 0, decimals = 0;
    if (good) {
        for (const char *p = digits; p < end; p++)
            width = 10 * width + (*p - '0');
        for (const char *p = dot ? dot + 1 : ""; *p; p++)
            decimals = 10 * decimals + (*p - '0');
    }
    memset(out, 0, sizeof *out);
    if (good) {
        memcpy(out->name, text, n);
        out->width = width;
        out->decimals = decimals;
    }
    if (!good || width > 32767 || !says_the_same(out, text)) {
        snprintf(why, sizeof why,
                 "'%.60s' is no format that version %d can hold: a name of "
                 "up to %zu letters, a width, a dot, decimals",
                 text, w->eight ? 8 : 5, most);
        return ts_column_fail(column, 0, TS_EINVALID, why, err);
    }
    return TS_OK;
}

static ts_status take_label(xpt_writer *w, const char *column,
                            const char *label, size_t most, char **out,
                            ts_error *err)
{
    size_t n;
    char why[120];
    if (!label || !*label)
        return TS_OK;
    ts_status status = convert(w, column, 0, label, out, &n, err);
    if (status || n <= most)
        return status;
    snprintf(why, sizeof why,
             "a label of %zu bytes; version %d has at most %zu%s", n,
             w->eight ? 8 : 5, most,
             !w->eight && n <= 256 ? ", version = 8 has 256" : "");
    return ts_column_fail(column, 0, TS_ELIMIT, why, err);
}

static ts_status take_column(xpt_writer *w, xpt_field *f, ts_error *err)
{
    const ts_column *c = f->column;
    ts_status status = check_name(w, c->name, err);
    if (!status)
        status = take_label(w, c->name, c->label, w->eight ? 256 : 40,
                            &f->label, err);
    if (!status)
        status = parse_format(w, c->name, c->format, &f->format, err);
    if (!status)
        status = parse_format(w, c->name, c->informat, &f->informat, err);
    if (status)
        return status;
    if (c->type == TS_TEXT)
        return take_text(w, f, err);
    f->length = 8;
    w->all_text = false;
    return check_numbers(w, c, err);
}

/* "2026-11-24T03:12:43" as "24NOV26:03:12:43" */
static ts_status take_time(const char *created, char out[17], ts_error *err)
{
    static const char months[] = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
    unsigned y, m, d, hour = 0, minute = 0, second = 0;
    int end = 0, whole = 0;
    if (!created)
        created = "1960-01-01";
    int n = sscanf(created, "%4u-%2u-%2u%n%*1[T ]%2u:%2u:%2u%n", &y, &m, &d,
                   &end, &hour, &minute, &second, &whole);
    if (n == 6)
        end = whole;
    if ((n != 3 && n != 6) || created[end] || m < 1 || m > 12 || d < 1 ||
        d > 31 || hour > 23 || minute > 59 || second > 59)
        return ts_fail(err, TS_EINVALID,
                       "created is a time such as \"2026-11-24T03:12:43\"");
    snprintf(out, 17, "%02u%.3s%02u:%02u:%02u:%02u", d % 100,
             months + 3 * (m - 1), y % 100, hour, minute, second);
    return TS_OK;
}

static ts_status take_frame(xpt_writer *w, ts_error *err)
{
    const ts_frame *frame = w->frame;
    size_t n = frame->n_column;
    ts_status status = TS_OK;
    if (n == 0)
        return ts_fail(err, TS_EINVALID,
                       "a frame without columns cannot be "
                       "written as a SAS transport file");
    if (n > XPT_MAX_COLUMN)
        return ts_fail(err, TS_ELIMIT,
                       "%zu columns; at most %d can be "
                       "written",
                       n, XPT_MAX_COLUMN);
    if (!(w->field = ts_alloc_array(n, sizeof *w->field)))
        return ts_fail_memory(err);
    w->all_text = true;
    for (size_t j = 0; j < n && !status; j++) {
        w->field[j].column = frame->column[j];
        status = take_column(w, &w->field[j], err);
        for (size_t i = 0; i < j && !status; i++)
            if (strcasecmp(frame->column[i]->name, frame->column[j]->name) == 0)
                status = ts_column_fail(
                    frame->column[j]->name, 0, TS_EINVALID,
                    "two columns have that name, but for case", err);
        w->width += w->field[j].length;
    }
    return status;
}

/* In version 5 blank rows at the end are padding to any reader. */
static ts_status check_end(const xpt_writer *w, ts_error *err)
{
    size_t n = w->frame->n_row;
    if (w->eight || !w->all_text || n == 0)
        return TS_OK;
    size_t whole = (n * w->width + XPT_RECORD - 1) / XPT_RECORD * XPT_RECORD;
    if (whole - (n - 1) * w->width >= XPT_RECORD)
        return TS_OK;
    for (size_t j = 0; j < w->frame->n_column; j++) {
        int32_t code = w->field[j].column->code[n - 1];
        if (code >= 0 && w->field[j].n_text[code])
            return TS_OK;
    }
    return ts_fail(err, TS_EINVALID,
                   "row %zu, the last one, is missing throughout: in version "
                   "5 it would be taken for the padding of the file; version "
                   "= 8 says how many rows there are",
                   n);
}

/* Rows --------------------------------------------------------------------- */

static void add_value(xpt_writer *w, const xpt_field *f, size_t i)
{
    const ts_column *c = f->column;
    unsigned char bytes[8];
    if (c->type == TS_REAL) {
        if (isnan(c->real[i]))
            ts_ibm_missing(c->special && c->special[i] ? c->special[i] : '.',
                           bytes);
        else
            ts_ibm_encode(c->real[i] + 0.0, bytes); /* -0 becomes 0 */
        ts_buffer_add(&w->out, (const char *)bytes, 8);
    } else {
        int32_t code = c->code[i];
        size_t n = code < 0 ? 0 : f->n_text[code];
        ts_buffer_add(&w->out, code < 0 ? "" : f->text[code], n);
        xpt_add_padded(&w->out, "", f->length - n);
    }
}

static ts_status flush(xpt_writer *w, ts_error *err)
{
    ts_status status =
        w->out.failed ? ts_fail_memory(err)
                      : ts_file_add(w->file, w->out.data, w->out.length, err);
    ts_buffer_clear(&w->out);
    return status;
}

static ts_status write_rows(xpt_writer *w, ts_error *err)
{
    ts_status status = TS_OK;
    size_t n = w->frame->n_row, past = 0;
    for (size_t i = 0; i < n && !status; i++) {
        size_t from = w->out.length;
        for (size_t j = 0; j < w->frame->n_column; j++)
            add_value(w, &w->field[j], i);
        const char *row = w->out.data + from;
        if (!w->out.failed && !w->all_text && row[0] == ' ' &&
            memcmp(row, row + 1, w->width - 1) == 0)
            return ts_fail(err, TS_EINVALID,
                           "row %zu: its numbers are written as blanks, which "
                           "is no row",
                           i + 1);
        if (w->out.failed || w->out.length > (1 << 20)) {
            past += w->out.length;
            status = flush(w, err);
            if (!status)
                status = ts_progress("rows written", (double)i, (double)n, err);
        }
    }
    past += w->out.length;
    xpt_add_padded(&w->out, "", (XPT_RECORD - past % XPT_RECORD) % XPT_RECORD);
    return status ? status : flush(w, err);
}

static ts_status check_options(xpt_writer *w, ts_error *err)
{
    ts_xpt_write_options *o = &w->options;
    if (o->version != 0 && o->version != 5 && o->version != 8)
        return ts_fail(err, TS_EINVALID,
                       "version %d of SAS transport files; there are 5 and 8",
                       o->version);
    w->eight = o->version == 8;
    if (!o->member)
        o->member = "DATA";
    ts_status status = take_time(o->created, w->time, err);
    if (!status)
        status = check_name(w, o->member, err);
    if (!status)
        status = xpt_encoding_open(&w->encoding, o->encoding, true, err);
    if (!status)
        status = take_label(w, "the label of the table", o->label, 40,
                            &w->label, err);
    return status;
}

static void forget(xpt_writer *w)
{
    for (size_t j = 0; w->field && j < w->frame->n_column; j++) {
        xpt_field *f = &w->field[j];
        for (size_t k = 0; f->text && k < f->column->n_level; k++)
            ts_free(f->text[k]);
        ts_free(f->text);
        ts_free(f->n_text);
        ts_free(f->label);
    }
    ts_free(w->field);
    ts_free(w->label);
    xpt_encoding_close(&w->encoding);
    ts_buffer_free(&w->out);
    ts_file_discard(w->file);
}

ts_status ts_xpt_write(const ts_frame *frame, const char *path,
                       const ts_xpt_write_options *options,
                       ts_xpt_written *written, ts_error *err)
{
    xpt_writer w = {.frame = frame};
    w.options = options ? *options : (ts_xpt_write_options){.mode = 0600};
    if (written)
        *written = (ts_xpt_written){0};
    ts_status status = check_options(&w, err);
    if (!status)
        status = take_frame(&w, err);
    if (!status)
        status = check_end(&w, err);
    if (!status)
        status = ts_file_begin(path, w.options.mode, &w.file, err);
    if (!status) {
        xpt_add_header(&w);
        status = flush(&w, err);
    }
    if (!status)
        status = write_rows(&w, err);
    if (!status) {
        ts_file_out *file = w.file;
        w.file = NULL;
        status = ts_file_end(file, err);
    }
    if (!status && written)
        *written = w.written;
    forget(&w);
    return status;
}
