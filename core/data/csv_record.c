/*
 * Records of a CSV file. A record is whole in the window when it is handed
 * over; where the window ends within one, more is read and the cell that was
 * cut is scanned again. The scan of plain cells is the hot loop of an import.
 */
#include "csv_private.h"

#include <string.h>
#include "ts/memory.h"

static ts_status fail_quote(const csv_source *s, size_t opened, size_t at,
                            ts_error *err)
{
    size_t line, column, first, unused;
    ts_buffer message = {0};
    csv_source_place(s, opened, &first, &unused);
    csv_source_place(s, at, &line, &column);
    csv_place(&message, s->path, line, column);
    ts_buffer_puts(&message, "text behind a closing quote; a quote within "
                             "quotes is doubled");
    if (first != line)
        ts_buffer_printf(&message, " (the quote was opened in line %zu)",
                         first);
    return csv_fail(&message, TS_EFORMAT, err);
}

static ts_status fail_open(const csv_source *s, size_t opened, ts_error *err)
{
    size_t line, column;
    ts_buffer message = {0};
    csv_source_place(s, opened, &line, &column);
    csv_place(&message, s->path, line, column);
    ts_buffer_puts(&message, "this quote is never closed");
    return csv_fail(&message, TS_EFORMAT, err);
}

static size_t count_lines(const char *p, const char *end)
{
    size_t n = 0;
    for (; p < end; p++)
        n += *p == '\r' || (*p == '\n' && p[-1] != '\r');
    return n;
}

/* The end of a quoted cell that opens at start: just behind its closing
 * quote, or NULL when the window does not hold it. */
static const char *quoted_end(const csv_source *s, const char *start,
                              bool *doubled)
{
    const char *end = s->buffer + s->end, *p = start + 1;
    *doubled = false;
    while ((p = memchr(p, '"', (size_t)(end - p)))) {
        if (p + 1 == end)
            return s->eof ? end : NULL;
        if (p[1] != '"')
            return p + 1;
        *doubled = true;
        p += 2;
    }
    return NULL;
}

static ts_status more_cells(csv_record *r, ts_error *err)
{
    size_t room = r->room ? r->room * 2 : 32;
    csv_cell *list = ts_realloc_array(r->cell, room, sizeof *list);
    if (!list)
        return ts_fail_memory(err);
    r->cell = list;
    r->room = room;
    return TS_OK;
}

void csv_record_delimiter(csv_record *r, char delimiter)
{
    r->delimiter = delimiter;
    memset(r->stop, 0, sizeof r->stop);
    r->stop[(unsigned char)delimiter] = true;
    r->stop['\n'] = r->stop['\r'] = true;
}

ts_status csv_record_read(csv_source *s, csv_record *r, bool *more,
                          ts_error *err)
{
    size_t cell = 0; /* where the cell that is read begins, behind s->at */
    size_t n = 0;
    ts_status status;
    *more = false;
    r->lines = 1;
    for (;;) {
        const char *base = s->buffer + s->at, *end = s->buffer + s->end;
        const char *p = base + cell;
        bool quoted = *p == '"', doubled = false;
        if (!quoted) {
            /* the line end behind the window stops this */
            while (!r->stop[(unsigned char)*p])
                p++;
        } else {
            p = quoted_end(s, p, &doubled);
            if (!p && s->eof)
                return s->end - s->at > CSV_MAX_RECORD
                           ? csv_source_too_long(s, err)
                           : fail_open(s, cell, err);
            if (!p)
                goto refill;
            if (p < end && !r->stop[(unsigned char)*p])
                return fail_quote(s, cell, (size_t)(p - base), err);
        }
        if (p + 1 >= end && !s->eof && (p == end || *p == '\r'))
            goto refill;
        if (n == 0 && base == end)
            return TS_OK;
        if (quoted)
            r->lines += count_lines(base + cell + 1, p);
        if (n < CSV_MAX_COLUMN) {
            if (n == r->room && (status = more_cells(r, err)))
                return status;
            r->cell[n].start = (uint32_t)cell + quoted;
            r->cell[n].length =
                (uint32_t)((size_t)(p - base) - cell) - 2 * quoted;
            r->cell[n].quoted = quoted;
            r->cell[n].doubled = doubled;
        }
        n++;
        if (*p == r->delimiter) { /* never so behind the window */
            cell = (size_t)(p - base) + 1;
            continue;
        }
        if (*p == '\r' && p + 1 < end && p[1] == '\n')
            p++;
        r->n = n;
        r->bytes = (size_t)(p - base) + (p < end);
        if (r->bytes > CSV_MAX_RECORD)
            return csv_source_too_long(s, err);
        *more = true;
        return TS_OK;
    refill:
        if ((status = csv_source_fill(s, err)))
            return status;
    }
}

void csv_record_next(csv_source *s, const csv_record *r)
{
    s->at += r->bytes;
    s->line += r->lines;
}

void csv_record_undouble(char *text, csv_cell *cell)
{
    char *to = text;
    const char *from = text, *end = text + cell->length;
    while (from < end) {
        from += *from == '"'; /* the first of two */
        *to++ = *from++;
    }
    /* places in the record are found by counting: keep its length */
    memset(to, '"', (size_t)(end - to));
    cell->length = (uint32_t)(to - text);
    cell->doubled = false;
}
