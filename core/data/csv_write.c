/*
 * Frames as CSV. What is written is what the reader takes: text is quoted
 * where it would be cut, trimmed or taken for a number or for nothing, and
 * what the reader refuses is refused here. Every level is looked at once.
 */
#include "ts/csv.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include "csv_private.h"
#include "sas_date.h"
#include "ts/file.h"
#include "ts/interrupt.h"
#include "ts/memory.h"

typedef struct {
    const ts_frame *frame;
    char delimiter;
    bool spreadsheet;
    const char *const *dates;
    bool **quoted; /* by column and level; NULL for real columns */
    ts_file_out *file;
    ts_buffer out;
} writer;

/* Whether a spreadsheet would take text for a formula, quoted or not. */
static bool is_formula(const char *text)
{
    static const char *const wide[] = {"\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"};
    if (*text && strchr("=+-@\t\r\n", *text))
        return true;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (strncmp(text, wide[i], 3) == 0)
            return true;
    return false;
}

static bool must_quote(const char *text)
{
    size_t n = strlen(text);
    return n == 0 || strpbrk(text, ",;\t|\"\r\n") || text[0] == ' ' ||
           text[n - 1] == ' ' || (unsigned char)text[0] == 0xEF ||
           strcmp(text, ".") == 0 || strcmp(text, "NA") == 0 ||
           (csv_number_begins(text, n) && ts_number_is(text, n));
}

/* The first name must not make the file look like another kind. */
static bool must_quote_first(const char *name)
{
    while (isalnum((unsigned char)*name) || *name == '_')
        name++;
    return *name != '\0';
}

/* Whether the reader would refuse the bytes of text. */
static bool refused(const char *text)
{
    size_t n = strlen(text);
    if (ts_utf8_check(text, n) != n)
        return true;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < 0x20 && (text[i] < '\t' || text[i] > '\r'))
            return true;
    return false;
}

static void add_text(writer *w, const char *text, bool quoted)
{
    ts_buffer *out = &w->out;
    const char *guard = w->spreadsheet && is_formula(text) ? "'" : "";
    if (!quoted) {
        ts_buffer_puts(out, guard);
        ts_buffer_puts(out, text);
        return;
    }
    ts_buffer_puts(out, "\"");
    ts_buffer_puts(out, guard);
    for (const char *quote; (quote = strchr(text, '"')); text = quote + 1) {
        ts_buffer_add(out, text, (size_t)(quote - text) + 1);
        ts_buffer_puts(out, "\"");
    }
    ts_buffer_puts(out, text);
    ts_buffer_puts(out, "\"");
}

/* x of SAS as ISO text: a date that is no whole day as a datetime, which does
 * not lose the rest. False where no text gives x again. */
static bool date_text(double x, const char *kind, char out[40])
{
    double seconds = x * 86400;
    if (sas_date_format(x, kind, out))
        return true;
    return strcmp(kind, "date") == 0 && x != floor(x) && seconds / 86400 == x &&
           sas_date_format(seconds, "datetime", out);
}

/* Checks ------------------------------------------------------------------- */

static ts_status check_names(const ts_frame *frame, ts_error *err)
{
    ts_buffer message = {0};
    size_t n = frame->n_column;
    if (n == 0)
        return ts_fail(err, TS_EINVALID,
                       "a frame without columns cannot be "
                       "written as CSV");
    if (n > CSV_MAX_COLUMN)
        return ts_fail(err, TS_ELIMIT,
                       "%zu columns; a CSV file has at most "
                       "%d",
                       n, CSV_MAX_COLUMN);
    const char **names = ts_alloc_array(n, sizeof *names);
    if (!names)
        return ts_fail_memory(err);
    for (size_t i = 0; i < n; i++) {
        names[i] = frame->column[i]->name;
        if (refused(names[i])) {
            ts_buffer_printf(&message, "the name of column %zu, ", i + 1);
            ts_text_escape(&message, names[i], strlen(names[i]));
            ts_buffer_puts(&message, ", is not UTF-8 or has control "
                                     "characters");
        } else if (strlen(names[i]) > CSV_MAX_NAME) {
            ts_buffer_printf(&message,
                             "the name of column %zu has more than "
                             "%d bytes",
                             i + 1, CSV_MAX_NAME);
        } else if (!csv_name_wrong(names, i, &message)) {
            continue;
        }
        break;
    }
    ts_free(names);
    if (message.length || message.failed)
        return csv_fail(&message, TS_EINVALID, err);
    return TS_OK;
}

static ts_status check_real(const ts_column *c, ts_error *err)
{
    for (size_t i = 0; i < c->n; i++)
        if (isinf(c->real[i]))
            return ts_column_fail(c->name, i + 1, TS_EINVALID,
                                  "CSV has no infinite numbers", err);
    return TS_OK;
}

/* Which levels need quotes, and what the reader will make of the column. */
static ts_status check_text(const ts_column *c, bool *quoted, bool *doubtful,
                            ts_error *err)
{
    csv_column seen = {0};
    const csv_rules plain = {0};
    size_t *cells = ts_alloc_array(c->n_level, sizeof *cells);
    ts_status status = TS_OK;
    if (!cells)
        return ts_fail_memory(err);
    for (size_t i = 0; i < c->n; i++)
        if (c->code[i] >= 0)
            cells[c->code[i]]++;
    for (size_t k = 0; k < c->n_level && !status; k++) {
        if (!cells[k])
            continue;
        quoted[k] = must_quote(c->level[k]);
        for (; cells[k] > 0; cells[k]--)
            csv_cell_count(&seen, &plain, c->level[k], strlen(c->level[k]),
                           quoted[k]);
        if (refused(c->level[k])) {
            size_t row = 0;
            while (c->code[row] != (int32_t)k)
                row++;
            status = ts_column_fail(c->name, row + 1, TS_EINVALID,
                                    "text that is not UTF-8 or has control "
                                    "characters",
                                    err);
        }
    }
    *doubtful = !csv_type_is_text(&seen);
    ts_free(cells);
    return status;
}

static double count_formulas(const ts_column *c)
{
    double n = is_formula(c->name);
    for (size_t i = 0; c->type == TS_TEXT && i < c->n; i++)
        n += c->code[i] >= 0 && is_formula(c->level[c->code[i]]);
    return n;
}

static double count_numbers(const ts_column *c, const char *kind)
{
    char text[40];
    double n = 0;
    for (size_t i = 0; i < c->n; i++)
        n += !ts_column_is_na(c, i) && !date_text(c->real[i], kind, text);
    return n;
}

static ts_status check_columns(writer *w, ts_csv_written *written,
                               ts_error *err)
{
    ts_status status = check_names(w->frame, err);
    size_t n = w->frame->n_column;
    if (!status && !(w->quoted = ts_alloc_array(n, sizeof *w->quoted)))
        status = ts_fail_memory(err);
    for (size_t j = 0; j < n && !status; j++) {
        const ts_column *c = w->frame->column[j];
        bool doubt = false;
        written->n_formula[j] = count_formulas(c);
        if (c->type == TS_REAL) {
            status = check_real(c, err);
            if (w->dates && w->dates[j] && !status)
                written->n_number[j] = count_numbers(c, w->dates[j]);
            continue;
        }
        w->quoted[j] = ts_alloc_array(c->n_level, sizeof **w->quoted);
        status = w->quoted[j] ? check_text(c, w->quoted[j], &doubt, err)
                              : ts_fail_memory(err);
        if (doubt && !status) {
            ts_buffer *list = &written->doubtful;
            ts_buffer_puts(list, list->length ? ", " : "");
            ts_text_escape(list, c->name, strlen(c->name));
        }
    }
    return !status && written->doubtful.failed ? ts_fail_memory(err) : status;
}

/* Writing ------------------------------------------------------------------ */

static ts_status flush(writer *w, ts_error *err)
{
    if (w->out.failed)
        return ts_fail_memory(err);
    ts_status status = ts_file_add(w->file, w->out.data, w->out.length, err);
    ts_buffer_clear(&w->out);
    return status;
}

static void add_cell(writer *w, size_t j, size_t i)
{
    const ts_column *c = w->frame->column[j];
    char number[40];
    if (j)
        ts_buffer_add(&w->out, &w->delimiter, 1);
    if (ts_column_is_na(c, i))
        return;
    if (c->type == TS_REAL) {
        const char *kind = w->dates ? w->dates[j] : NULL;
        if (!kind || !date_text(c->real[i], kind, number))
            ts_number_format(c->real[i], number);
        ts_buffer_puts(&w->out, number);
    } else {
        add_text(w, c->level[c->code[i]], w->quoted[j][c->code[i]]);
    }
}

static ts_status write_rows(writer *w, ts_error *err)
{
    enum { BLOCK = 1 << 18 };
    const ts_frame *f = w->frame;
    ts_status status = TS_OK;
    for (size_t j = 0; j < f->n_column; j++) {
        const char *name = f->column[j]->name;
        if (j)
            ts_buffer_add(&w->out, &w->delimiter, 1);
        add_text(w, name,
                 must_quote(name) || (j == 0 && must_quote_first(name)));
    }
    ts_buffer_puts(&w->out, "\n");
    for (size_t i = 0; i < f->n_row && !status; i++) {
        for (size_t j = 0; j < f->n_column; j++)
            add_cell(w, j, i);
        ts_buffer_puts(&w->out, "\n");
        if (w->out.length < BLOCK && !w->out.failed)
            continue;
        status = flush(w, err);
        if (!status)
            status = ts_progress("rows written", (double)i + 1,
                                 (double)f->n_row, err);
    }
    return status ? status : flush(w, err);
}

void ts_csv_written_free(ts_csv_written *written)
{
    ts_buffer_free(&written->doubtful);
    ts_free(written->n_formula);
    ts_free(written->n_number);
    written->n_formula = written->n_number = NULL;
}

ts_status ts_csv_write(const ts_frame *frame, const char *path,
                       const ts_csv_write_options *options,
                       ts_csv_written *written, ts_error *err)
{
    writer w = {.frame = frame,
                .delimiter = csv_is_tab_name(path) ? '\t' : ',',
                .spreadsheet = options->spreadsheet,
                .dates = options->dates};
    ts_csv_written unasked, *out = written ? written : &unasked;
    size_t n = frame->n_column;
    *out = (ts_csv_written){.n_formula = ts_alloc_array(n, sizeof(double)),
                            .n_number = ts_alloc_array(n, sizeof(double))};
    ts_status status = out->n_formula && out->n_number
                           ? check_columns(&w, out, err)
                           : ts_fail_memory(err);
    if (!status)
        status = ts_file_begin(path, options->mode, &w.file, err);
    if (!status) {
        status = write_rows(&w, err);
        if (status)
            ts_file_discard(w.file);
        else
            status = ts_file_end(w.file, err);
    }
    for (size_t j = 0; w.quoted && j < frame->n_column; j++)
        ts_free(w.quoted[j]);
    ts_free(w.quoted);
    ts_buffer_free(&w.out);
    if (!written)
        ts_csv_written_free(&unasked);
    return status;
}
