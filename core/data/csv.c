/*
 * The two passes over a delimited text file: what the columns are, and their
 * values. Typing looks at every value; the few that keep a column from being
 * numeric are remembered for the error that names them.
 */
#include "ts/csv.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "csv_record.h"
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/text.h"

#define SHOWN 4 /* offending cells or records that an error shows */

typedef struct {
    double n_number, n_text, n_word; /* n_word: NA and . */
    bool forced;
    struct {
        size_t line, character;
        char text[24];
    } odd[SHOWN]; /* the first cells that are no numbers */
} column_facts;

struct ts_csv {
    char *path;
    ts_csv_facts facts;
    column_facts *columns;
    char **na;
    size_t n_na;
    csv_source source; /* its encoding is not used but encoding below */
    char *encoding;
    double n_blank; /* blank lines at the end, which are no rows */
    bool skip_separator_line;
};

const ts_csv_facts *ts_csv_get_facts(const ts_csv *csv)
{
    return &csv->facts;
}

void ts_csv_close(ts_csv *csv)
{
    if (!csv)
        return;
    for (size_t j = 0; csv->facts.names && j < csv->facts.n_column; j++)
        ts_free(csv->facts.names[j]);
    for (size_t i = 0; csv->na && i < csv->n_na; i++)
        ts_free(csv->na[i]);
    ts_free(csv->facts.names);
    ts_free(csv->facts.types);
    ts_free(csv->facts.n_na_word);
    ts_free(csv->columns);
    ts_free(csv->na);
    ts_free(csv->encoding);
    ts_free(csv->path);
    ts_free(csv);
}

static ts_status open_input(const ts_csv *csv, csv_input **out, ts_error *err)
{
    csv_source source = csv->source;
    source.encoding = csv->encoding;
    return csv_input_open(&source, out, err);
}

/* The header --------------------------------------------------------------- */

static ts_status check_names(const ts_csv *csv, size_t line, ts_error *err)
{
    char **names = csv->facts.names;
    for (size_t j = 0; j < csv->facts.n_column; j++) {
        if (!names[j][0])
            return ts_fail(err, TS_EFORMAT, "%s:%zu: column %zu has no name",
                           csv->path, line, j + 1);
        for (size_t i = 0; i < j; i++) {
            if (strcmp(names[i], names[j]) == 0)
                return ts_fail(err, TS_EFORMAT,
                               "%s:%zu: columns %zu and %zu are both named %s",
                               csv->path, line, i + 1, j + 1, names[j]);
            if (strcasecmp(names[i], names[j]) == 0)
                return ts_fail(err, TS_EFORMAT,
                               "%s:%zu: columns %zu and %zu, %s and %s, "
                               "differ only in case",
                               csv->path, line, i + 1, j + 1, names[i],
                               names[j]);
        }
    }
    return TS_OK;
}

static ts_status read_header(ts_csv *csv, csv_input *in, ts_error *err)
{
    csv_field *fields;
    size_t n;
    ts_csv_facts *f = &csv->facts;
    ts_status status = csv_next(in, &fields, &n, err);
    if (status)
        return status;
    if (n == 0 || (n == 1 && fields[0].length == 0 && !fields[0].quoted))
        return ts_fail(err, TS_EFORMAT, "%s: no header in line 1", csv->path);
    f->names = ts_alloc_array(n, sizeof *f->names);
    f->types = ts_alloc_array(n, sizeof *f->types);
    f->n_na_word = ts_alloc_array(n, sizeof *f->n_na_word);
    csv->columns = ts_alloc_array(n, sizeof *csv->columns);
    if (!f->names || !f->types || !f->n_na_word || !csv->columns)
        return ts_fail_memory(err);
    f->n_column = n;
    for (size_t j = 0; j < n && !status; j++) {
        csv_value(in, &fields[j]);
        f->names[j] = ts_strndup(fields[j].text, fields[j].length);
        if (!f->names[j])
            status = ts_fail_memory(err);
    }
    return status ? status : check_names(csv, csv_line(in), err);
}

static ts_status force_types(ts_csv *csv, const ts_csv_options *options,
                             ts_error *err)
{
    const ts_csv_facts *f = &csv->facts;
    for (size_t i = 0; options && i < options->n_type; i++) {
        const ts_csv_type *t = &options->types[i];
        size_t j = 0;
        while (j < f->n_column && strcmp(f->names[j], t->column) != 0)
            j++;
        if (j == f->n_column) {
            const char *near = ts_text_nearest(
                t->column, (const char *const *)f->names, f->n_column);
            return ts_fail(err, TS_ENOTFOUND,
                           near ? "types: %s has no column %s; nearest: %s"
                                : "types: %s has no column %s",
                           csv->path, t->column, near);
        }
        f->types[j] = t->type;
        csv->columns[j].forced = true;
    }
    return TS_OK;
}

/* Values ------------------------------------------------------------------- */

static bool is_na_word(const ts_csv *csv, const csv_field *field)
{
    for (size_t i = 0; i < csv->n_na; i++)
        if (strlen(csv->na[i]) == field->length &&
            memcmp(csv->na[i], field->text, field->length) == 0)
            return true;
    return false;
}

/* NA and ., which are missing in a real column only. */
static bool is_usual_word(const csv_field *field)
{
    return (field->length == 1 && field->text[0] == '.') ||
           (field->length == 2 && memcmp(field->text, "NA", 2) == 0);
}

static bool is_missing(const ts_csv *csv, const csv_field *field)
{
    return (field->length == 0 && !field->quoted) ||
           (csv->n_na && is_na_word(csv, field));
}

static bool parse(const csv_field *field, double *x)
{
    char c = field->length ? field->text[0] : 'x';
    if ((c < '0' || c > '9') && c != '-' && c != '+')
        return false;
    return ts_number_parse(field->text, field->length, x);
}

static void look(ts_csv *csv, csv_input *in, const csv_field *field, size_t j)
{
    column_facts *c = &csv->columns[j];
    double x;
    if (is_missing(csv, field))
        return;
    if (parse(field, &x)) {
        c->n_number++;
    } else if (is_usual_word(field)) {
        c->n_word++;
    } else if (field->length || !field->quoted) {
        if (c->n_text < SHOWN) {
            int k = (int)c->n_text;
            c->odd[k].line = csv_line(in);
            c->odd[k].character = csv_character(in, field);
            int shown = field->length < 20 ? (int)field->length : 20;
            while (shown > 0 && shown < (int)field->length &&
                   ((unsigned char)field->text[shown] & 0xC0) == 0x80)
                shown--;
            snprintf(c->odd[k].text, sizeof c->odd[k].text, "%.*s", shown,
                     field->text);
        }
        c->n_text++;
    } else {
        /* "": text in a text column, missing in a real one */
    }
}

static ts_status not_numbers(const ts_csv *csv, size_t j, ts_error *err)
{
    const column_facts *c = &csv->columns[j];
    ts_buffer cells = {0};
    const char *name = csv->facts.names[j];
    for (int k = 0; k < SHOWN && k < c->n_text; k++)
        ts_buffer_printf(&cells, "%s%s:%zu:%zu: '%s'", k ? ", " : "",
                         csv->path, c->odd[k].line, c->odd[k].character,
                         c->odd[k].text);
    ts_status status =
        cells.failed
            ? ts_fail_memory(err)
            : ts_fail(err, TS_ETYPE,
                      "%s: no number%s, and %.0f values of %s are; types = "
                      "{ %s = \"text\" } takes all as text",
                      cells.data,
                      c->n_text > SHOWN ? "s, as others are none"
                      : c->n_text > 1   ? "s"
                                        : "",
                      c->n_number, name, name);
    ts_buffer_free(&cells);
    return status;
}

static ts_status decide(ts_csv *csv, size_t j, ts_error *err)
{
    column_facts *c = &csv->columns[j];
    ts_csv_facts *f = &csv->facts;
    if (!c->forced) {
        bool mostly = c->n_number > 0 && c->n_text > 0 &&
                      c->n_number >= 0.9 * (c->n_number + c->n_text);
        if (mostly)
            return not_numbers(csv, j, err);
        f->types[j] = c->n_text > 0 ? TS_TEXT : TS_REAL;
    } else if (f->types[j] == TS_REAL && c->n_text > 0) {
        return not_numbers(csv, j, err);
    }
    f->n_na_word[j] = c->n_word;
    return TS_OK;
}

/* Records ------------------------------------------------------------------ */

static bool is_blank(const csv_field *fields, size_t n)
{
    return n == 1 && fields[0].length == 0 && !fields[0].quoted;
}

typedef struct {
    size_t n, line[SHOWN], fields[SHOWN];
} ragged;

static void note_ragged(ragged *r, size_t line, size_t fields)
{
    if (r->n < SHOWN) {
        r->line[r->n] = line;
        r->fields[r->n] = fields;
    }
    r->n++;
}

static ts_status ragged_error(const ts_csv *csv, const ragged *r,
                              ts_error *err)
{
    ts_buffer list = {0};
    for (size_t k = 0; k < SHOWN && k < r->n; k++)
        ts_buffer_printf(&list, "%s%s:%zu: %zu field%s, expected %zu",
                         k ? "; " : "", csv->path, r->line[k], r->fields[k],
                         r->fields[k] == 1 ? "" : "s", csv->facts.n_column);
    if (r->n > SHOWN)
        ts_buffer_printf(&list, "; and %zu more", r->n - SHOWN);
    ts_status status = list.failed
                           ? ts_fail_memory(err)
                           : ts_fail(err, TS_EFORMAT, "%s", list.data);
    ts_buffer_free(&list);
    return status;
}

/* Excel writes sep=; as a first line for itself. */
static ts_status separator_line(ts_csv *csv, csv_input *in, char *delimiter,
                                ts_error *err)
{
    csv_field *fields;
    size_t n;
    csv_input_delimiter(in, '\001');
    ts_status status = csv_next(in, &fields, &n, err);
    if (!status && n == 1 && fields[0].length == 5 &&
        strncasecmp(fields[0].text, "sep=", 4) == 0) {
        *delimiter = fields[0].text[4];
        csv->skip_separator_line = true;
    }
    return status;
}

/* Opens the file for a pass, with the header still to come. */
static ts_status begin_pass(ts_csv *csv, csv_input **out, ts_error *err)
{
    csv_field *fields;
    size_t n;
    ts_status status = open_input(csv, out, err);
    if (!status && csv->skip_separator_line)
        status = csv_next(*out, &fields, &n, err);
    if (!status)
        csv_input_delimiter(*out, csv->facts.delimiter);
    return status;
}

static ts_status choose_delimiter(ts_csv *csv, const ts_csv_options *options,
                                  ts_error *err)
{
    const char *dot = strrchr(csv->path, '.');
    char delimiter = options ? options->delimiter : 0;
    csv_input *in = NULL;
    ts_status status;
    if (!delimiter && dot &&
        (strcasecmp(dot, ".tsv") == 0 || strcasecmp(dot, ".tab") == 0))
        delimiter = '\t';
    if (delimiter) {
        csv->facts.delimiter = delimiter;
        return TS_OK;
    }
    status = open_input(csv, &in, err);
    if (!status)
        status = csv_guess_delimiter(in, &delimiter, err);
    csv_input_close(in);
    in = NULL;
    char named = 0;
    if (!status)
        status = open_input(csv, &in, err);
    if (!status) {
        /* a first line that no record can be is told by its own pass */
        ts_error quiet;
        if (separator_line(csv, in, &named, &quiet) == TS_OK && named)
            delimiter = named;
    }
    csv_input_close(in);
    csv->facts.delimiter = delimiter;
    return status;
}

static ts_status first_pass(ts_csv *csv, const ts_csv_options *options,
                            ts_error *err)
{
    csv_input *in = NULL;
    csv_field *fields;
    size_t n, blank_line = 0;
    double blanks = 0;
    ragged bad = {0};
    ts_status status = begin_pass(csv, &in, err);
    if (!status)
        status = read_header(csv, in, err);
    if (!status)
        status = force_types(csv, options, err);
    while (!status && !(status = csv_next(in, &fields, &n, err)) && n) {
        if (is_blank(fields, n)) {
            if (!blanks++)
                blank_line = csv_line(in);
            continue;
        }
        if (blanks > 0 && csv->facts.n_column > 1)
            note_ragged(&bad, blank_line, 1);
        else
            csv->facts.n_row += blanks; /* one column: missing values */
        blanks = 0;
        if (n != csv->facts.n_column) {
            note_ragged(&bad, csv_line(in), n);
            continue;
        }
        csv->facts.n_row++;
        for (size_t j = 0; j < n; j++)
            look(csv, in, &fields[j], j);
    }
    csv->n_blank = blanks;
    if (!status && bad.n)
        status = ragged_error(csv, &bad, err);
    for (size_t j = 0; j < csv->facts.n_column && !status; j++)
        status = decide(csv, j, err);
    if (!status) {
        csv_hash(in, csv->facts.sha256);
        if (strcmp(csv_input_encoding(in), "UTF-8") != 0 && !csv->encoding) {
            csv->encoding = ts_strdup(csv_input_encoding(in));
            if (!csv->encoding)
                status = ts_fail_memory(err);
        }
        csv->facts.encoding = csv->encoding ? csv->encoding : "UTF-8";
    }
    csv_input_close(in);
    return status;
}

static ts_status copy_options(ts_csv *csv, const ts_csv_options *options,
                              ts_error *err)
{
    csv->source.path = csv->path;
    if (!options)
        return TS_OK;
    csv->source.data = options->data;
    csv->source.n_data = options->n_data;
    csv->source.block = options->block;
    if (options->encoding && !(csv->encoding = ts_strdup(options->encoding)))
        return ts_fail_memory(err);
    csv->na = ts_alloc_array(options->n_na, sizeof *csv->na);
    if (!csv->na)
        return ts_fail_memory(err);
    for (; csv->n_na < options->n_na; csv->n_na++)
        if (!(csv->na[csv->n_na] = ts_strdup(options->na[csv->n_na])))
            return ts_fail_memory(err);
    return TS_OK;
}

ts_status ts_csv_open(const char *path, const ts_csv_options *options,
                      ts_csv **out, ts_error *err)
{
    ts_csv *csv = ts_alloc_array(1, sizeof *csv);
    ts_status status;
    *out = NULL;
    if (!csv)
        return ts_fail_memory(err);
    csv->path = ts_strdup(path);
    if (!csv->path)
        status = ts_fail_memory(err);
    else
        status = copy_options(csv, options, err);
    if (!status)
        status = choose_delimiter(csv, options, err);
    if (!status)
        status = first_pass(csv, options, err);
    if (status) {
        ts_csv_close(csv);
        return status;
    }
    *out = csv;
    return TS_OK;
}

/* The second pass ---------------------------------------------------------- */

static ts_status deliver(const ts_csv *csv, csv_input *in,
                         csv_field *field, size_t j, const ts_csv_sink *sink,
                         ts_error *err)
{
    double x;
    if (is_missing(csv, field))
        return sink->na(sink->context, j, err);
    if (csv->facts.types[j] == TS_REAL) {
        if (parse(field, &x))
            return sink->real(sink->context, j, x, err);
        return sink->na(sink->context, j, err);
    }
    csv_value(in, field);
    return sink->text(sink->context, j, field->text, field->length, err);
}

static ts_status deliver_blank(const ts_csv *csv, const ts_csv_sink *sink,
                               ts_error *err)
{
    ts_status status = TS_OK;
    for (size_t j = 0; j < csv->facts.n_column && !status; j++)
        status = sink->na(sink->context, j, err);
    return status ? status : sink->row(sink->context, err);
}

static ts_status changed(const ts_csv *csv, ts_error *err)
{
    return ts_fail(err, TS_EIO, "%s changed while it was read", csv->path);
}

ts_status ts_csv_read(ts_csv *csv, const ts_csv_sink *sink, ts_error *err)
{
    csv_input *in = NULL;
    csv_field *fields;
    size_t n;
    double rows = 0, blanks = 0;
    char sha256[65];
    ts_status status = begin_pass(csv, &in, err);
    if (!status)
        status = csv_next(in, &fields, &n, err);
    while (!status && !(status = csv_next(in, &fields, &n, err)) && n) {
        if (is_blank(fields, n)) {
            blanks++;
            continue;
        }
        for (; blanks > 0 && !status; blanks--, rows++)
            status = deliver_blank(csv, sink, err);
        if (!status && (n != csv->facts.n_column || rows >= csv->facts.n_row))
            status = changed(csv, err);
        for (size_t j = 0; j < n && !status; j++)
            status = deliver(csv, in, &fields[j], j, sink, err);
        if (!status)
            status = sink->row(sink->context, err);
        rows++;
    }
    if (!status) {
        csv_hash(in, sha256);
        if (rows != csv->facts.n_row || strcmp(sha256, csv->facts.sha256) != 0)
            status = changed(csv, err);
    }
    csv_input_close(in);
    return status;
}

/* Into a frame ------------------------------------------------------------- */

static ts_status frame_real(void *context, size_t j, double x, ts_error *err)
{
    return ts_builder_real(((ts_builder **)context)[j], x, err);
}

static ts_status frame_text(void *context, size_t j, const char *text,
                            size_t length, ts_error *err)
{
    return ts_builder_text(((ts_builder **)context)[j], text, length, err);
}

static ts_status frame_na(void *context, size_t j, ts_error *err)
{
    return ts_builder_na(((ts_builder **)context)[j], err);
}

static ts_status frame_row(void *context, ts_error *err)
{
    (void)context, (void)err;
    return TS_OK;
}

ts_status ts_csv_frame(ts_csv *csv, ts_frame **out, ts_error *err)
{
    const ts_csv_facts *f = &csv->facts;
    ts_frame *frame = NULL;
    ts_status status = TS_OK;
    *out = NULL;
    ts_builder **builders = ts_alloc_array(f->n_column, sizeof *builders);
    if (!builders)
        return ts_fail_memory(err);
    for (size_t j = 0; j < f->n_column && !status; j++) {
        status = ts_builder_new(f->names[j], &builders[j], err);
        if (!status)
            ts_builder_type(builders[j], f->types[j]);
    }
    ts_csv_sink sink = {builders, frame_real, frame_text, frame_na, frame_row};
    if (!status)
        status = ts_csv_read(csv, &sink, err);
    if (!status)
        status = ts_frame_new((size_t)f->n_row, &frame, err);
    for (size_t j = 0; j < f->n_column && !status; j++) {
        ts_column *column;
        status = ts_builder_end(builders[j], &column, err);
        builders[j] = NULL;
        if (!status)
            status = ts_frame_add(frame, column, err);
    }
    for (size_t j = 0; j < f->n_column; j++)
        ts_builder_free(builders[j]);
    ts_free(builders);
    if (status)
        ts_frame_free(frame);
    else
        *out = frame;
    return status;
}
