/*
 * Reading CSV: the first pass learns what the file is, the second hands its
 * values over. Both go through the same source and records, and both sum the
 * bytes, so that a file which changed in between is noticed.
 */
#include "ts/csv.h"

#include <string.h>
#include <strings.h>
#include "csv_private.h"
#include "ts/memory.h"

struct ts_csv {
    char *path;
    csv_source source;
    csv_record record;
    csv_words na;
    csv_column *column;
    ts_csv_facts facts;
};

/* The header ------------------------------------------------------------- */

static bool delimits(char c)
{
    unsigned char d = (unsigned char)c;
    return d == '\t' || (d >= 0x20 && d < 0x7F && d != '"');
}

/* To the first record of the file: behind a byte-order mark and a line
 * "sep=;", whose delimiter goes to *said (0: none). */
static ts_status begin(ts_csv *csv, char *said, ts_error *err)
{
    csv_source *s = &csv->source;
    ts_status status = csv_source_rewind(s, err);
    *said = 0;
    while (!status && s->end - s->at < 7 && !s->eof && !s->flaw)
        status = csv_source_fill(s, err);
    const char *head = s->buffer + s->at;
    size_t n = s->end - s->at;
    if (status || n < 6 || strncasecmp(head, "sep=", 4) != 0 ||
        !delimits(head[4]) || (head[5] != '\r' && head[5] != '\n'))
        return status;
    *said = head[4];
    s->at += n > 6 && head[5] == '\r' && head[6] == '\n' ? 7 : 6;
    s->line = 2;
    return TS_OK;
}

/* Counts delimiters outside quotes in the header line, which it reads into
 * the window. */
static ts_status find_delimiter(csv_source *s, char *delimiter, ts_error *err)
{
    static const char candidates[] = ",;\t|";
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
    for (int k = 1; k < 4; k++)
        if (!count[0] && count[k] > count[most])
            most = (size_t)k;
    *delimiter = candidates[most];
    return TS_OK;
}

static void place_cell(const ts_csv *csv, size_t i, size_t *line,
                       size_t *column)
{
    const csv_cell *cell = &csv->record.cell[i];
    csv_source_place(&csv->source, cell->start - cell->quoted, line, column);
}

/* Names that are none or cannot be told apart in SQL. */
static ts_status check_names(const ts_csv *csv, ts_error *err)
{
    ts_buffer message = {0}, one = {0};
    const char *const *names = (const char *const *)csv->facts.names;
    for (size_t i = 0; i < csv->facts.n_column; i++) {
        ts_buffer_clear(&one);
        if (!csv_name_wrong(names, i, &one))
            continue;
        if (i == 0 && csv->facts.n_column > 1)
            ts_buffer_puts(&one, " (row names of R? write.csv(..., row.names "
                                 "= FALSE) leaves them out)");
        if (message.length) {
            ts_buffer_puts(&message, "; ");
        } else {
            size_t line, column;
            place_cell(csv, i, &line, &column);
            csv_place(&message, csv->path, line, column);
        }
        ts_buffer_add(&message, one.data ? one.data : "", one.length);
        message.failed = message.failed || one.failed;
    }
    ts_buffer_free(&one);
    if (message.length || message.failed)
        return csv_fail(&message, TS_EFORMAT, err);
    return TS_OK;
}

static ts_status fail_header(const ts_csv *csv, size_t line, ts_status code,
                             const char *why, ts_error *err)
{
    ts_buffer message = {0};
    csv_place(&message, csv->path, line, 0);
    ts_buffer_puts(&message, why);
    return csv_fail(&message, code, err);
}

static bool room_for_columns(ts_csv *csv, size_t n)
{
    ts_csv_facts *f = &csv->facts;
    csv->column = ts_alloc_array(n, sizeof *csv->column);
    f->names = ts_alloc_array(n, sizeof *f->names);
    f->types = ts_alloc_array(n, sizeof *f->types);
    f->n_missing = ts_alloc_array(n, sizeof *f->n_missing);
    f->n_na_word = ts_alloc_array(n, sizeof *f->n_na_word);
    f->n_declared = ts_alloc_array(n, sizeof *f->n_declared);
    f->n_comma = ts_alloc_array(n, sizeof *f->n_comma);
    return csv->column && f->names && f->types && f->n_missing &&
           f->n_na_word && f->n_declared && f->n_comma;
}

static ts_status take_header(ts_csv *csv, ts_error *err)
{
    csv_record *r = &csv->record;
    ts_csv_facts *f = &csv->facts;
    bool more;
    size_t line = csv->source.line;
    ts_status status = csv_record_read(&csv->source, r, &more, err);
    if (status)
        return status;
    if (!more || csv_record_blank(r))
        return fail_header(csv, line, TS_EFORMAT,
                           "the line is empty; it must hold the names of the "
                           "columns",
                           err);
    if (r->n > CSV_MAX_COLUMN)
        return fail_header(csv, line, TS_ELIMIT, "more than 2000 columns", err);
    if (!room_for_columns(csv, r->n))
        return ts_fail_memory(err);
    for (; f->n_column < r->n; f->n_column++) {
        csv_cell *cell = &r->cell[f->n_column];
        const char *text = csv_record_text(&csv->source, cell);
        if (cell->length > CSV_MAX_NAME)
            return fail_header(csv, line, TS_ELIMIT,
                               "the name of a column has more than 10000 "
                               "bytes",
                               err);
        char *name = ts_strndup(text, cell->length);
        if (!name)
            return ts_fail_memory(err);
        csv->column[f->n_column].name = f->names[f->n_column] = name;
    }
    status = check_names(csv, err);
    csv_record_next(&csv->source, r);
    return status;
}

static ts_status declare_types(ts_csv *csv, const ts_csv_options *options,
                               ts_error *err)
{
    const ts_csv_facts *f = &csv->facts;
    for (size_t t = 0; t < options->n_type; t++) {
        const char *name = options->types[t].column;
        size_t i = 0;
        while (i < f->n_column && strcmp(f->names[i], name) != 0)
            i++;
        if (i < f->n_column) {
            csv->column[i].declared = options->types[t].type;
            continue;
        }
        const char *near =
            ts_text_nearest(name, (const char *const *)f->names, f->n_column);
        ts_buffer message = {0};
        csv_place(&message, csv->path, 0, 0);
        ts_buffer_puts(&message, "types: there is no column ");
        ts_text_escape(&message, name, strlen(name));
        if (near) {
            ts_buffer_puts(&message, "; nearest: ");
            ts_text_escape(&message, near, strlen(near));
        }
        return csv_fail(&message, TS_ENOTFOUND, err);
    }
    return TS_OK;
}

/* First pass ------------------------------------------------------------- */

#define RAGGED_SHOWN 10

typedef struct {
    size_t n, line[RAGGED_SHOWN], cells[RAGGED_SHOWN]; /* cells 0: no text */
    size_t n_blank, blank[RAGGED_SHOWN]; /* since the last record with text */
} ragged;

static void add_ragged(ragged *list, size_t line, size_t cells)
{
    if (list->n < RAGGED_SHOWN) {
        list->line[list->n] = line;
        list->cells[list->n] = cells;
    }
    list->n++;
}

/* Blank lines are wrong once a record follows them. */
static void add_blank(ragged *list)
{
    for (size_t i = 0; i < list->n_blank; i++)
        if (i < RAGGED_SHOWN)
            add_ragged(list, list->blank[i], 0);
        else
            list->n++;
    list->n_blank = 0;
}

static ts_status fail_ragged(const ts_csv *csv, const ragged *list,
                             ts_error *err)
{
    ts_buffer message = {0};
    for (size_t i = 0; i < list->n && i < RAGGED_SHOWN; i++) {
        if (i == 0)
            csv_place(&message, csv->path, list->line[i], 0);
        else
            ts_buffer_printf(&message, "; line %zu: ", list->line[i]);
        if (list->cells[i])
            ts_buffer_printf(&message, "%zu field%s", list->cells[i],
                             list->cells[i] == 1 ? "" : "s");
        else
            ts_buffer_puts(&message, "nothing");
        if (i == 0)
            ts_buffer_printf(&message, ", expected %zu", csv->facts.n_column);
    }
    if (list->n > 1)
        ts_buffer_printf(&message, "; %zu such records", list->n);
    return csv_fail(&message, TS_EFORMAT, err);
}

static void count_record(ts_csv *csv)
{
    csv_record *r = &csv->record;
    for (size_t i = 0; i < csv->facts.n_column; i++) {
        csv_cell *cell = &r->cell[i];
        const char *text = csv_record_text(&csv->source, cell);
        if (csv_type_count(&csv->column[i], &csv->na, text, cell->length,
                           cell->quoted)) {
            size_t line, place;
            place_cell(csv, i, &line, &place);
            csv_type_show(&csv->column[i], text, cell->length, line, place);
        }
    }
    csv->facts.n_row++;
}

static ts_status first_pass(ts_csv *csv, ts_error *err)
{
    csv_source *s = &csv->source;
    csv_record *r = &csv->record;
    ragged wrong = {0};
    ts_status status;
    bool more;
    while (!(status = csv_record_read(s, r, &more, err)) && more) {
        if (csv->facts.n_column > 1 && csv_record_blank(r)) {
            if (wrong.n_blank < RAGGED_SHOWN)
                wrong.blank[wrong.n_blank] = s->line;
            wrong.n_blank++;
        } else {
            add_blank(&wrong);
            if (r->n == csv->facts.n_column)
                count_record(csv);
            else
                add_ragged(&wrong, s->line, r->n);
        }
        csv_record_next(s, r);
    }
    if (!status && wrong.n)
        status = fail_ragged(csv, &wrong, err);
    if (status)
        return status;
    csv_source_sum(s, csv->facts.sha256);
    csv->facts.n_byte = s->done;
    return csv_type_decide(csv->column, csv->path, &csv->facts, err);
}

static ts_status check_options(const ts_csv_options *options, ts_error *err)
{
    if (options->delimiter && !delimits(options->delimiter))
        return ts_fail(err, TS_EINVALID,
                       "delimiter: a quote, a control character or part of a "
                       "letter cannot separate cells");
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
        status = find_delimiter(&csv->source, &delimiter, err);
    csv->facts.delimiter = delimiter;
    csv->facts.encoding = csv->source.converts ? csv->source.encoding : "UTF-8";
    csv_record_delimiter(&csv->record, delimiter);
    return status;
}

ts_status ts_csv_open(const char *path, const ts_csv_options *options,
                      ts_csv **out, ts_error *err)
{
    static const ts_csv_options none;
    char said;
    *out = NULL;
    if (!options)
        options = &none;
    ts_status status = check_options(options, err);
    if (status)
        return status;
    ts_csv *csv = ts_alloc_array(1, sizeof *csv);
    if (!csv)
        return ts_fail_memory(err);
    csv->source.fd = -1;
    csv->path = ts_strdup(path);
    status = csv->path
                 ? csv_words_copy(&csv->na, options->na, options->n_na, err)
                 : ts_fail_memory(err);
    if (!status)
        status = csv_source_open(&csv->source, csv->path, options, err);
    if (!status)
        status = begin(csv, &said, err);
    if (!status)
        status = set_delimiter(csv, options->delimiter, said, err);
    if (!status)
        status = take_header(csv, err);
    if (!status)
        status = declare_types(csv, options, err);
    if (!status)
        status = first_pass(csv, err);
    if (status)
        ts_csv_close(csv);
    else
        *out = csv;
    return status;
}

void ts_csv_close(ts_csv *csv)
{
    if (!csv)
        return;
    ts_csv_facts *f = &csv->facts;
    csv_source_close(&csv->source);
    ts_free(csv->record.cell);
    for (size_t i = 0; i < f->n_column; i++)
        ts_free(f->names[i]);
    ts_free(f->names);
    ts_free(f->types);
    ts_free(f->n_missing);
    ts_free(f->n_na_word);
    ts_free(f->n_declared);
    ts_free(f->n_comma);
    ts_free(csv->column);
    csv_words_free(&csv->na);
    ts_free(csv->path);
    ts_free(csv);
}

const ts_csv_facts *ts_csv_get_facts(const ts_csv *csv)
{
    return &csv->facts;
}

/* Second pass ------------------------------------------------------------ */

static ts_status deliver(ts_csv *csv, const ts_csv_sink *sink, ts_error *err)
{
    csv_record *r = &csv->record;
    ts_status status = TS_OK;
    for (size_t i = 0; i < csv->facts.n_column && !status; i++) {
        csv_cell *cell = &r->cell[i];
        const char *text = csv_record_text(&csv->source, cell);
        size_t length = cell->length;
        bool real = csv->facts.types[i] == TS_REAL;
        double x;
        if ((length == 0 && !cell->quoted) ||
            csv_words_have(&csv->na, text, length) ||
            (real && !ts_number_parse(text, length, &x)))
            status = sink->na ? sink->na(sink->context, i, err) : TS_OK;
        else if (real)
            status = sink->real ? sink->real(sink->context, i, x, err) : TS_OK;
        else if (sink->text)
            status = sink->text(sink->context, i, text, length, err);
    }
    if (!status && sink->row)
        status = sink->row(sink->context, err);
    return status;
}

static ts_status fail_changed(const ts_csv *csv, ts_error *err)
{
    ts_buffer message = {0};
    csv_place(&message, csv->path, 0, 0);
    ts_buffer_puts(&message, "the file changed while it was read");
    return csv_fail(&message, TS_EIO, err);
}

ts_status ts_csv_read(ts_csv *csv, const ts_csv_sink *sink, ts_error *err)
{
    csv_source *s = &csv->source;
    csv_record *r = &csv->record;
    char said, sha256[65];
    double row = 0;
    bool more = true;
    ts_status status = begin(csv, &said, err);
    if (!status)
        status = csv_record_read(s, r, &more, err);
    if (!status && more)
        csv_record_next(s, r);
    while (!status && more) {
        status = csv_record_read(s, r, &more, err);
        if (status || !more)
            break;
        if (!(csv->facts.n_column > 1 && csv_record_blank(r))) {
            if (r->n != csv->facts.n_column || row++ == csv->facts.n_row)
                return fail_changed(csv, err);
            if ((status = deliver(csv, sink, err)))
                return status;
        }
        csv_record_next(s, r);
    }
    /* the first pass found nothing wrong with these bytes */
    if (status == TS_EFORMAT || status == TS_ELIMIT)
        return fail_changed(csv, err);
    if (status)
        return status;
    csv_source_sum(s, sha256);
    if (row != csv->facts.n_row || strcmp(sha256, csv->facts.sha256) != 0)
        return fail_changed(csv, err);
    return TS_OK;
}

/* Into a frame ----------------------------------------------------------- */

static ts_status frame_real(void *context, size_t column, double x,
                            ts_error *err)
{
    return ts_builder_real(((ts_builder **)context)[column], x, err);
}

static ts_status frame_text(void *context, size_t column, const char *text,
                            size_t length, ts_error *err)
{
    return ts_builder_text(((ts_builder **)context)[column], text, length, err);
}

static ts_status frame_na(void *context, size_t column, ts_error *err)
{
    return ts_builder_na(((ts_builder **)context)[column], err);
}

ts_status ts_csv_frame(ts_csv *csv, ts_frame **out, ts_error *err)
{
    ts_builder **builder = ts_alloc_array(csv->facts.n_column, sizeof *builder);
    ts_frame *frame = NULL;
    ts_csv_sink sink = {.context = builder,
                        .real = frame_real,
                        .text = frame_text,
                        .na = frame_na};
    ts_status status = builder ? TS_OK : ts_fail_memory(err);
    *out = NULL;
    for (size_t i = 0; i < csv->facts.n_column && !status; i++) {
        status = ts_builder_new(csv->facts.names[i], &builder[i], err);
        if (!status)
            ts_builder_type(builder[i], csv->facts.types[i]);
    }
    if (!status)
        status = ts_csv_read(csv, &sink, err);
    if (!status)
        status = ts_frame_new((size_t)csv->facts.n_row, &frame, err);
    for (size_t i = 0; i < csv->facts.n_column && !status; i++) {
        ts_column *column;
        status = ts_builder_end(builder[i], &column, err);
        builder[i] = NULL;
        if (!status)
            status = ts_frame_add(frame, column, err);
    }
    for (size_t i = 0; builder && i < csv->facts.n_column; i++)
        ts_builder_free(builder[i]);
    ts_free(builder);
    if (status)
        ts_frame_free(frame);
    else
        *out = frame;
    return status;
}
