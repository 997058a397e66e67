/*
 * The header of a CSV file: what stands before it, what separates its names,
 * the names, and what the options say of the columns by name.
 */
#include "csv_private.h"

#include <string.h>
#include <strings.h>
#include "ts/memory.h"

/* Before the header -------------------------------------------------------- */

static bool delimits(char c)
{
    unsigned char d = (unsigned char)c;
    return d == '\t' || (d >= 0x20 && d < 0x7F && d != '"');
}

static ts_status fail_skip(const ts_csv *csv, ts_error *err)
{
    const csv_source *s = &csv->source;
    size_t lines = s->line - (s->at == s->end); /* the last has no end */
    ts_buffer message = {0};
    csv_place(&message, csv->path, 0, 0);
    ts_buffer_printf(&message, "skip = %zu, but the file has %zu line%s",
                     csv->skip, lines, lines == 1 ? "" : "s");
    return csv_fail(&message, TS_EFORMAT, err);
}

/* Over lines of any text, which quotes do not join. */
static ts_status skip_lines(ts_csv *csv, ts_error *err)
{
    csv_source *s = &csv->source;
    while (s->line <= csv->skip) {
        const char *p = s->buffer + s->at, *end = s->buffer + s->end;
        while (*p != '\n' && *p != '\r') /* one stands behind the window */
            p++;
        if (p < end && (p[0] == '\n' || p + 1 < end || s->eof)) {
            p += p[0] == '\r' && p + 1 < end && p[1] == '\n' ? 2 : 1;
            s->at = (size_t)(p - s->buffer);
            s->line++;
            continue;
        }
        if (s->eof)
            return fail_skip(csv, err);
        ts_status status = csv_source_fill(s, err);
        if (status)
            return status;
    }
    return TS_OK;
}

/* To the header: behind a byte-order mark, a line "sep=;", whose delimiter
 * goes to *said (0: none), and the lines to skip, which count that line. */
static ts_status begin(ts_csv *csv, char *said, ts_error *err)
{
    csv_source *s = &csv->source;
    ts_status status = csv_source_rewind(s, err);
    *said = 0;
    while (!status && s->end - s->at < 7 && !s->eof && !s->flaw)
        status = csv_source_fill(s, err);
    if (status)
        return status;
    const char *head = s->buffer + s->at;
    size_t n = s->end - s->at;
    if (n >= 6 && strncasecmp(head, "sep=", 4) == 0 && delimits(head[4]) &&
        (head[5] == '\r' || head[5] == '\n')) {
        *said = head[4];
        s->at += n > 6 && head[5] == '\r' && head[6] == '\n' ? 7 : 6;
        s->line = 2;
    }
    return skip_lines(csv, err);
}

/* Counts delimiters outside quotes in the header line, which it reads into
 * the window. */
static ts_status find_delimiter(ts_csv *csv, char *delimiter, ts_error *err)
{
    static const char candidates[] = ",;\t|";
    csv_source *s = &csv->source;
    size_t count[4] = {0}, i = 0, most = 0;
    bool quoted = false, first = true;
    for (;; i++) {
        while (s->at + i >= s->end && !s->eof) {
            ts_status status = csv_source_fill(s, err);
            if (status)
                return status;
        }
        if (s->at + i >= s->end)
            break;
        char c = s->buffer[s->at + i];
        /* inside quotes a second quote opens again what it closed */
        if (c == '"' && (quoted || first))
            quoted = !quoted;
        else if (!quoted && (c == '\n' || c == '\r'))
            break;
        bool doubles = c == '"' && !quoted;
        first = doubles;
        if (quoted)
            continue;
        const char *known = strchr(candidates, c);
        if (known)
            count[known - candidates]++;
        first = first || known;
    }
    size_t n_comma = count[0];
    if (csv->rules.decimal_comma)
        count[0] = 0;
    for (size_t k = 1; k < 4; k++)
        if (!count[0] && count[k] > count[most])
            most = k;
    *delimiter = candidates[most];
    if (most == 0 && csv->rules.decimal_comma && !n_comma)
        *delimiter = ';'; /* one column */
    return TS_OK;
}

static ts_status set_delimiter(ts_csv *csv, char wanted, char said,
                               ts_error *err)
{
    char delimiter = wanted ? wanted : said;
    ts_status status = TS_OK;
    if (!delimiter && csv_is_tab_name(csv->path))
        delimiter = '\t';
    if (!delimiter)
        status = find_delimiter(csv, &delimiter, err);
    csv->facts.delimiter = delimiter;
    csv->facts.encoding = csv->source.converts ? csv->source.encoding : "UTF-8";
    csv_record_delimiter(&csv->record, delimiter);
    return status;
}

/* Names ------------------------------------------------------------------ */

void csv_cell_place(const ts_csv *csv, size_t field, size_t *line,
                    size_t *column)
{
    const csv_cell *cell = &csv->record.cell[field];
    csv_source_place(&csv->source, cell->start - cell->quoted, line, column);
}

static ts_status list_names(const ts_csv *csv, const char ***out, ts_error *err)
{
    *out = ts_alloc_array(csv->n_field, sizeof **out);
    if (!*out)
        return ts_fail_memory(err);
    for (size_t i = 0; i < csv->n_field; i++)
        (*out)[i] = csv->column[i].name;
    return TS_OK;
}

/* Names that are none or cannot be told apart in SQL. */
static ts_status check_names(const ts_csv *csv, ts_error *err)
{
    ts_buffer message = {0}, one = {0};
    const char **names;
    ts_status status = list_names(csv, &names, err);
    if (status)
        return status;
    for (size_t i = 0; i < csv->n_field; i++) {
        ts_buffer_clear(&one);
        if (!csv_name_wrong(names, i, &one))
            continue;
        if (i == 0 && csv->n_field > 1)
            ts_buffer_puts(&one, " (row names of R? write.csv(..., row.names "
                                 "= FALSE) leaves them out)");
        if (message.length) {
            ts_buffer_puts(&message, "; ");
        } else {
            size_t line, column;
            csv_cell_place(csv, i, &line, &column);
            csv_place(&message, csv->path, line, column);
        }
        ts_buffer_add(&message, one.data ? one.data : "", one.length);
        message.failed = message.failed || one.failed;
    }
    ts_buffer_free(&one);
    ts_free(names);
    if (message.length || message.failed)
        return csv_fail(&message, TS_EFORMAT, err);
    return TS_OK;
}

static ts_status take_names(ts_csv *csv, ts_error *err)
{
    csv_record *r = &csv->record;
    bool more;
    size_t line = csv->source.line;
    ts_status status = csv_record_read(&csv->source, r, &more, err);
    if (status)
        return status;
    if (!more || csv_record_blank(r))
        return csv_fail_line(csv->path, line, TS_EFORMAT,
                             "the line is empty; it must hold the names of the "
                             "columns",
                             err);
    if (r->n > CSV_MAX_COLUMN)
        return csv_fail_line(csv->path, line, TS_ELIMIT,
                             "more than 2000 columns", err);
    csv->column = ts_alloc_array(r->n, sizeof *csv->column);
    if (!csv->column)
        return ts_fail_memory(err);
    for (; csv->n_field < r->n; csv->n_field++) {
        csv_cell *cell = &r->cell[csv->n_field];
        const char *text = csv_record_text(&csv->source, cell);
        if (cell->length > CSV_MAX_NAME)
            return csv_fail_line(csv->path, line, TS_ELIMIT,
                                 "the name of a column has more than 10000 "
                                 "bytes",
                                 err);
        char *name = ts_strndup(text, cell->length);
        if (!name)
            return ts_fail_memory(err);
        csv->column[csv->n_field].name = name;
    }
    status = check_names(csv, err);
    csv_record_next(&csv->source, r);
    return status;
}

ts_status csv_header_read(ts_csv *csv, const ts_csv_options *options,
                          ts_error *err)
{
    char said;
    if (options->delimiter && !delimits(options->delimiter))
        return ts_fail(err, TS_EINVALID,
                       "delimiter: a quote, a control character or part of a "
                       "letter cannot separate cells");
    ts_status status = begin(csv, &said, err);
    if (!status)
        status = set_delimiter(csv, options->delimiter, said, err);
    return status ? status : take_names(csv, err);
}

ts_status csv_header_pass(ts_csv *csv, ts_error *err)
{
    char said;
    bool more = false;
    ts_status status = begin(csv, &said, err);
    if (!status)
        status = csv_record_read(&csv->source, &csv->record, &more, err);
    if (!status && more)
        csv_record_next(&csv->source, &csv->record);
    return status;
}

/* Options by name -------------------------------------------------------- */

/* In quotes where it would not be seen whole. */
static void put_name(ts_buffer *out, const char *name)
{
    const char *quote = csv_blank_outside(name, strlen(name)) ? "\"" : "";
    ts_buffer_puts(out, quote);
    ts_text_escape(out, name, strlen(name));
    ts_buffer_puts(out, quote);
}

static ts_status find_column(const ts_csv *csv, const char *option,
                             const char *name, csv_column **out, ts_error *err)
{
    ts_buffer message = {0};
    const char **names;
    for (size_t i = 0; i < csv->n_field; i++)
        if (strcmp(csv->column[i].name, name) == 0) {
            *out = &csv->column[i];
            return TS_OK;
        }
    ts_status status = list_names(csv, &names, err);
    if (status)
        return status;
    const char *near = ts_text_nearest(name, names, csv->n_field);
    csv_place(&message, csv->path, 0, 0);
    ts_buffer_printf(&message, "%s: there is no column ", option);
    put_name(&message, name);
    if (near) {
        ts_buffer_puts(&message, "; nearest: ");
        put_name(&message, near);
    }
    ts_free(names);
    return csv_fail(&message, TS_ENOTFOUND, err);
}

static ts_status apply_codes(ts_csv *csv, const ts_csv_options *options,
                             ts_error *err)
{
    csv_column *c;
    ts_status status = TS_OK;
    for (size_t i = 0; i < options->n_codes && !status; i++) {
        status = find_column(csv, "codes", options->codes[i].column, &c, err);
        if (!status && !c->codes)
            status = csv_codes_copy(&c->codes, &options->codes[i], err);
    }
    return status;
}

static ts_status fail_censored(const ts_csv *csv, const csv_column *c,
                               ts_error *err)
{
    ts_buffer message = {0};
    csv_place(&message, csv->path, 0, 0);
    ts_buffer_puts(&message, "censored: ");
    ts_text_escape(&message, c->name, strlen(c->name));
    ts_buffer_printf(&message, " is text, as %s says it",
                     c->codes ? "its list of codes" : c->declared_by);
    return csv_fail(&message, TS_EINVALID, err);
}

static ts_status apply_censored(ts_csv *csv, const ts_csv_options *options,
                                ts_error *err)
{
    csv_column *c;
    for (size_t i = 0; i < csv->n_field && options->any_censored; i++) {
        c = &csv->column[i];
        if (!c->codes && c->declared != TS_TEXT)
            c->limits = LIMITS_MAY;
    }
    for (size_t i = 0; i < options->n_censored; i++) {
        ts_status status =
            find_column(csv, "censored", options->censored[i], &c, err);
        if (status)
            return status;
        if (c->codes || c->declared == TS_TEXT)
            return fail_censored(csv, c, err);
        c->limits = LIMITS_MUST;
    }
    return TS_OK;
}

static ts_status apply_commas(ts_csv *csv, const ts_csv_options *options,
                              ts_error *err)
{
    csv_column *c;
    ts_status status = TS_OK;
    for (size_t i = 0; i < options->n_comma && !status; i++) {
        status = find_column(csv, "decimal commas", options->comma[i], &c, err);
        if (!status)
            c->comma = true;
    }
    csv->comma_rules = csv->rules;
    csv->comma_rules.decimal_comma = csv->comma_rules.point_too = true;
    return status;
}

ts_status csv_header_apply(ts_csv *csv, const ts_csv_options *options,
                           ts_error *err)
{
    csv_column *c;
    ts_status status = apply_codes(csv, options, err);
    if (!status)
        status = apply_commas(csv, options, err);
    for (size_t i = 0; i < options->n_type && !status; i++) {
        const ts_csv_type *t = &options->types[i];
        status = find_column(csv, "types", t->column, &c, err);
        if (status)
            break;
        c->declared = t->type;
        c->declared_by = t->by ? t->by : "types";
    }
    for (size_t i = 0; i < csv->n_field && options->all_text && !status; i++) {
        c = &csv->column[i];
        if (c->declared || c->codes)
            continue;
        c->declared = TS_TEXT;
        c->declared_by = "all_text";
    }
    return status ? status : apply_censored(csv, options, err);
}
