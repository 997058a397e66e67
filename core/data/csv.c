/*
 * Reading CSV: the first pass learns what the file is, the second hands its
 * values over. Both go through the same source, records and rules, and both
 * sum the bytes, so that a file which changed in between is noticed.
 */
#include "ts/csv.h"

#include <stdio.h>
#include <string.h>
#include "csv_private.h"
#include "ts/memory.h"

/* First pass ------------------------------------------------------------- */

#define RAGGED_SHOWN 10

/* Records that are not as long as the header, and the empty lines since the
 * last record with text, which are wrong once another follows them. */
typedef struct {
    size_t n, line[RAGGED_SHOWN], cells[RAGGED_SHOWN]; /* cells 0: no text */
    size_t n_blank, blank;                             /* the first of them */
    double n_reject; /* where empty lines that follow each other are one */
} ragged;

static void add_ragged(ragged *list, size_t line, size_t cells)
{
    if (list->n < RAGGED_SHOWN) {
        list->line[list->n] = line;
        list->cells[list->n] = cells;
    }
    list->n++;
    list->n_reject += cells > 0;
}

static void add_blank(ragged *list)
{
    list->n_reject += list->n_blank > 0;
    for (size_t i = 0; i < list->n_blank; i++)
        if (list->n < RAGGED_SHOWN)
            add_ragged(list, list->blank + i, 0);
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
            ts_buffer_printf(&message, ", expected %zu", csv->n_field);
    }
    if (list->n > 1)
        ts_buffer_printf(&message, "; %zu such records", list->n);
    if (csv->n_field == 1 && list->n > 1 && list->cells[0] > 1 &&
        list->cells[1] == list->cells[0] && list->line[0] <= 12)
        ts_buffer_printf(&message, "; skip = %zu where line %zu is the header",
                         list->line[0] - 1, list->line[0]);
    ts_buffer_puts(&message, csv->lenient
                                 ? "; none has the length of the header"
                                 : "; lenient = true sets them apart");
    csv_type_strays(csv, &message);
    return csv_fail(&message, TS_EFORMAT, err);
}

static void count_record(ts_csv *csv)
{
    csv_record *r = &csv->record;
    bool hollow = csv->n_field > 1;
    for (size_t i = 0; i < csv->n_field; i++) {
        csv_cell *cell = &r->cell[i];
        const char *text = csv_record_text(&csv->source, cell);
        hollow = hollow && cell->length == 0 && !cell->quoted;
        const csv_rules *rules = csv_rules_of(csv, i);
        if (csv_cell_count(&csv->column[i], rules, text, cell->length,
                           cell->quoted)) {
            size_t line, place;
            csv_cell_place(csv, i, &line, &place);
            csv_type_show(&csv->column[i], rules, text, cell->length, line,
                          place);
        }
    }
    csv->facts.n_row++;
    csv->facts.n_hollow += hollow;
}

static ts_status first_pass(ts_csv *csv, ts_error *err)
{
    csv_source *s = &csv->source;
    csv_record *r = &csv->record;
    ragged wrong = {0};
    ts_status status;
    bool more;
    while (!(status = csv_record_read(s, r, &more, err)) && more) {
        if (csv->n_field > 1 && csv_record_blank(r)) {
            if (wrong.n_blank++ == 0)
                wrong.blank = s->line;
        } else {
            add_blank(&wrong);
            if (r->n == csv->n_field)
                count_record(csv);
            else
                add_ragged(&wrong, s->line, r->n);
        }
        csv_record_next(s, r);
    }
    if (!status && wrong.n && !(csv->lenient && csv->facts.n_row > 0))
        status = fail_ragged(csv, &wrong, err);
    if (status)
        return status;
    csv_source_sum(s, csv->facts.sha256);
    csv->facts.n_byte = s->done;
    csv->facts.n_reject = wrong.n_reject;
    return csv_type_decide(csv, err);
}

/* Opening ---------------------------------------------------------------- */

static ts_status new_reader(const char *path, const ts_csv_options *options,
                            ts_csv **out, ts_error *err)
{
    ts_csv *csv = ts_alloc_array(1, sizeof *csv);
    *out = csv;
    if (!csv)
        return ts_fail_memory(err);
    csv->source.fd = -1;
    csv->skip = options->skip;
    csv->lenient = options->lenient;
    csv->rules.decimal_comma = options->decimal_comma;
    csv->rules.empty_is_missing = options->empty_is_missing;
    csv->path = ts_strdup(path);
    if (!csv->path)
        return ts_fail_memory(err);
    return csv_words_copy(&csv->rules.na, options->na, options->n_na, err);
}

ts_status ts_csv_open(const char *path, const ts_csv_options *options,
                      ts_csv **out, ts_error *err)
{
    static const ts_csv_options none;
    ts_csv *csv;
    *out = NULL;
    if (!options)
        options = &none;
    ts_status status = new_reader(path, options, &csv, err);
    if (!status)
        status = csv_source_open(&csv->source, csv->path, options, err);
    if (!status)
        status = csv_header_read(csv, options, err);
    if (!status && options->names_only) {
        status = csv_type_names(csv, err);
    } else {
        if (!status)
            status = csv_header_apply(csv, options, err);
        if (!status)
            status = first_pass(csv, err);
    }
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
    csv_source_close(&csv->source);
    csv_reject_free(csv);
    ts_frame_free(csv->rejects);
    ts_free(csv->record.cell);
    for (size_t i = 0; i < csv->n_field; i++) {
        ts_free(csv->column[i].name);
        csv_codes_free(csv->column[i].codes);
        for (int k = 0; k < 4; k++)
            ts_free(csv->column[i].made[k]);
    }
    ts_free(csv->column);
    ts_free(csv->facts.column);
    csv_words_free(&csv->rules.na);
    ts_free(csv->path);
    ts_free(csv);
}

const ts_csv_facts *ts_csv_get_facts(const ts_csv *csv)
{
    return &csv->facts;
}

/* Second pass ------------------------------------------------------------ */

static ts_status put_na(const ts_csv_sink *sink, size_t i, ts_error *err)
{
    return sink->na ? sink->na(sink->context, i, err) : TS_OK;
}

static ts_status put_real(const ts_csv_sink *sink, size_t i, double x,
                          ts_error *err)
{
    return sink->real ? sink->real(sink->context, i, x, err) : TS_OK;
}

static ts_status put_text(const ts_csv_sink *sink, size_t i, const char *text,
                          size_t n, ts_error *err)
{
    return sink->text ? sink->text(sink->context, i, text, n, err) : TS_OK;
}

/* The flag and the limit of one side, in the columns i and i + 1. */
static ts_status put_side(const ts_csv_sink *sink, size_t i, bool missing,
                          bool beyond, double limit, ts_error *err)
{
    ts_status status = missing ? put_na(sink, i, err)
                               : put_text(sink, i, beyond ? "Y" : "N", 1, err);
    if (status)
        return status;
    return beyond ? put_real(sink, i + 1, limit, err)
                  : put_na(sink, i + 1, err);
}

/* A value of a column that is real: kind is what it turned out to be. */
static ts_status put_value(const csv_column *c, const ts_csv_sink *sink,
                           csv_kind kind, double x, ts_error *err)
{
    bool below = kind == CELL_BELOW, above = kind == CELL_ABOVE;
    bool missing = !below && !above && kind != CELL_NUMBER;
    ts_status status =
        missing ? put_na(sink, c->out, err) : put_real(sink, c->out, x, err);
    if (!status && c->flagged)
        status = put_side(sink, c->out + 1, missing, below, x, err);
    if (!status && c->above)
        status = put_side(sink, c->out + 3, missing, above, x, err);
    return status;
}

static ts_status reject_cell(ts_csv *csv, size_t i, const char *text,
                             size_t length, ts_error *err)
{
    size_t line, place;
    const csv_column *c = &csv->column[i];
    if (!csv->lenient)
        return TS_OK; /* the file changed, which its sum will tell */
    csv_cell_place(csv, i, &line, &place);
    return csv_reject_add(csv, (double)line, c->name, text, length,
                          csv_type_stray(c, csv_rules_of(csv, i), text, length),
                          err);
}

static ts_status deliver_cell(ts_csv *csv, const ts_csv_sink *sink, size_t i,
                              ts_error *err)
{
    const csv_column *c = &csv->column[i];
    const csv_rules *rules = csv_rules_of(csv, i);
    csv_cell *cell = &csv->record.cell[i];
    const char *text = csv_record_text(&csv->source, cell);
    size_t length = cell->length;
    double x = 0;
    if ((length == 0 && (!cell->quoted || rules->empty_is_missing)) ||
        csv_words_have(&rules->na, text, length))
        return put_value(c, sink, CELL_EMPTY, x, err);
    if (c->codes) {
        ptrdiff_t k = csv_codes_find(c->codes, text, length);
        if (k >= 0)
            return put_text(sink, c->out, c->codes->label[k],
                            strlen(c->codes->label[k]), err);
    } else if (c->type == TS_TEXT) {
        return put_text(sink, c->out, text, length, err);
    } else if (csv_number_parse(rules, text, length, &x)) {
        return put_value(c, sink, CELL_NUMBER, x, err);
    } else if (c->flagged) {
        csv_kind kind = csv_limit_parse(rules, text, length, &x);
        if (kind != CELL_OTHER)
            return put_value(c, sink, kind, x, err);
    }
    if (csv_cell_kind(rules, c, text, length, cell->quoted) == CELL_OTHER) {
        ts_status status = reject_cell(csv, i, text, length, err);
        if (status)
            return status;
    }
    return put_value(c, sink, CELL_EMPTY, x, err);
}

static ts_status deliver(ts_csv *csv, const ts_csv_sink *sink, ts_error *err)
{
    ts_status status = TS_OK;
    for (size_t i = 0; i < csv->n_field && !status; i++)
        status = deliver_cell(csv, sink, i, err);
    if (!status && sink->row)
        status = sink->row(sink->context, err);
    return status;
}

static ts_status fail_changed(const ts_csv *csv, ts_error *err)
{
    return csv_fail_line(csv->path, 0, TS_EIO,
                         "the file changed while it was read", err);
}

static ts_status reject_blank(ts_csv *csv, size_t line, size_t n, ts_error *err)
{
    char reason[48] = "an empty line";
    if (n > 1)
        snprintf(reason, sizeof reason, "%zu empty lines", n);
    return csv_reject_add(csv, (double)line, NULL, "", 0, reason, err);
}

static ts_status reject_record(ts_csv *csv, ts_error *err)
{
    const csv_source *s = &csv->source;
    const csv_record *r = &csv->record;
    const char *text = s->buffer + s->at;
    size_t length = r->bytes;
    char reason[64];
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        length--;
    snprintf(reason, sizeof reason, "%zu field%s, expected %zu", r->n,
             r->n == 1 ? "" : "s", csv->n_field);
    return csv_reject_add(csv, (double)s->line, NULL, text, length, reason,
                          err);
}

/* All records; *rows are those delivered. */
static ts_status second_pass(ts_csv *csv, const ts_csv_sink *sink, double *rows,
                             ts_error *err)
{
    csv_source *s = &csv->source;
    csv_record *r = &csv->record;
    size_t n_blank = 0, blank = 0;
    bool more;
    ts_status status;
    while (!(status = csv_record_read(s, r, &more, err)) && more) {
        if (csv->n_field > 1 && csv_record_blank(r)) {
            if (n_blank++ == 0)
                blank = s->line;
            csv_record_next(s, r);
            continue;
        }
        if (csv->lenient && n_blank)
            status = reject_blank(csv, blank, n_blank, err);
        n_blank = 0;
        if (status)
            return status;
        if (r->n == csv->n_field && (*rows)++ != csv->facts.n_row)
            status = deliver(csv, sink, err);
        else if (r->n != csv->n_field && csv->lenient)
            status = reject_record(csv, err);
        else
            status = fail_changed(csv, err);
        if (status)
            return status;
        csv_record_next(s, r);
    }
    /* the first pass found nothing wrong with these bytes */
    return status == TS_EFORMAT || status == TS_ELIMIT ? fail_changed(csv, err)
                                                       : status;
}

ts_status ts_csv_read(ts_csv *csv, const ts_csv_sink *sink, ts_error *err)
{
    char sha256[65];
    double rows = 0;
    ts_status status = csv_reject_begin(csv, err);
    if (status)
        return status;
    status = csv_header_pass(csv, err);
    if (status == TS_EFORMAT || status == TS_ELIMIT)
        return fail_changed(csv, err);
    if (!status)
        status = second_pass(csv, sink, &rows, err);
    if (status)
        return status;
    csv_source_sum(&csv->source, sha256);
    if (rows != csv->facts.n_row || strcmp(sha256, csv->facts.sha256) != 0)
        return fail_changed(csv, err);
    return csv_reject_end(csv, err);
}
