/*
 * A PDF of exact size and without a date. cairo cuts the page to whole points
 * and stamps the time: the page is drawn on the next larger whole point, its
 * MediaBox set to what was asked for, and the date blanked. The new MediaBox is
 * longer than the old one, so the offsets behind it move.
 */
#include "ts/gnuplot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINTS_PER_MM (72 / 25.4)

/* The only place where key stands, or NULL. */
static char *only(const ts_buffer *pdf, const char *key)
{
    char *first = memmem(pdf->data, pdf->length, key, strlen(key));
    if (!first)
        return NULL;
    size_t behind = pdf->length - (size_t)(first + 1 - pdf->data);
    return memmem(first + 1, behind, key, strlen(key)) ? NULL : first;
}

static bool blank_date(ts_buffer *pdf)
{
    char *date = only(pdf, "/CreationDate (");
    char *close = date ? memchr(date, ')', 40) : NULL;
    if (!close)
        return false;
    memset(date, ' ', (size_t)(close - date) + 1);
    return true;
}

/* Adds shift to the offsets of all objects behind place. */
static bool move_offsets(ts_buffer *pdf, size_t table, size_t place, int shift)
{
    char *line = pdf->data + table;
    size_t left = pdf->length - table;
    unsigned n;
    int head;
    if (sscanf(line, "xref 0 %u%n", &n, &head) != 1 || line[head++] != '\n' ||
        (left - (size_t)head) / 20 < n)
        return false;
    for (line += head; n--; line += 20) {
        char rest = line[10], *stop;
        unsigned long offset = strtoul(line, &stop, 10);
        if (stop != line + 10)
            return false;
        if (line[17] == 'n' && offset > place) {
            snprintf(line, 11, "%010lu", offset + (unsigned long)shift);
            line[10] = rest;
        }
    }
    return true;
}

static ts_status unexpected(ts_error *err, const char *what)
{
    return ts_fail(err, TS_EFORMAT,
                   "gnuplot's PDF has no %s where cairo 1.16 writes it", what);
}

ts_status ts_pdf_finish(ts_buffer *pdf, double width, double height,
                        ts_error *err)
{
    char box[80], *old, *close, *start;
    unsigned long table;
    if (pdf->length < 100 || memcmp(pdf->data, "%PDF-", 5) ||
        memcmp(pdf->data + pdf->length - 6, "%%EOF\n", 6))
        return ts_fail(err, TS_EFORMAT, "gnuplot did not write a whole PDF");
    /* cairo 1.18 packs its objects: there is nothing to mend in place, the
     * page stays on whole points and SOURCE_DATE_EPOCH dates it */
    if (memmem(pdf->data, pdf->length, "/ObjStm", 7))
        return TS_OK;
    if (!blank_date(pdf))
        return unexpected(err, "date");
    old = only(pdf, "/MediaBox [");
    close = old ? memchr(old, ']', 60) : NULL;
    if (!close)
        return unexpected(err, "page size");
    start = strstr(pdf->data + pdf->length - 40, "startxref\n");
    if (!start || sscanf(start + 10, "%lu", &table) != 1 ||
        table + 10 > pdf->length)
        return unexpected(err, "table of objects");

    int length = snprintf(box, sizeof box, "/MediaBox [ 0 0 %.4f %.4f ]",
                          width * POINTS_PER_MM, height * POINTS_PER_MM);
    int shift = length - (int)(close + 1 - old);
    size_t place = (size_t)(old - pdf->data);
    size_t behind = place + (size_t)(close + 1 - old);
    if (table < place || !move_offsets(pdf, table, place, shift))
        return unexpected(err, "table of objects");

    ts_buffer moved = {0};
    ts_buffer_add(&moved, pdf->data, place);
    ts_buffer_add(&moved, box, (size_t)length);
    ts_buffer_add(&moved, pdf->data + behind,
                  (size_t)(start - pdf->data) - behind);
    ts_buffer_printf(&moved, "startxref\n%lu\n%%%%EOF\n",
                     table + (unsigned long)shift);
    if (moved.failed) {
        ts_buffer_free(&moved);
        return ts_fail_memory(err);
    }
    ts_buffer_free(pdf);
    *pdf = moved;
    return TS_OK;
}
