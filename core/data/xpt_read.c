/*
 * Reading XPT: opening checks every record of the file and every value of the
 * member, reading hands the values over. Both go through the same rows, and
 * the bytes are summed again at the end of reading, so that a file which
 * changed in between is noticed.
 */
#include "xpt_private.h"

#include <math.h>
#include <string.h>
#include <strings.h>
#include "ts/interrupt.h"
#include "ts/memory.h"

struct ts_xpt {
    char *path;
    xpt_source source;
    xpt_encoding encoding;
    xpt_library library;
    const xpt_member *member;
    ts_xpt_facts facts;
};

/* How many rows ------------------------------------------------------------ */

static ts_status is_blank(xpt_source *s, size_t at, size_t n, bool *blank,
                          size_t *first, ts_error *err)
{
    const unsigned char *p;
    ts_status status = TS_OK;
    *blank = true;
    for (size_t k; n && !status && *blank; at += k, n -= k) {
        k = n < 4096 ? n : 4096;
        status = xpt_source_at(s, at, k, &p, err);
        for (size_t i = 0; i < k && !status && *blank; i++)
            if (p[i] != ' ') {
                *blank = false;
                *first = at + i;
            }
    }
    return status;
}

/* What lies between the last row and the end of the member. */
static ts_status check_rest(xpt_source *s, const xpt_member *m, double rows,
                            ts_error *err)
{
    size_t used = (size_t)rows * m->width, first = 0;
    size_t at = m->data + used, rest = m->end - at;
    bool blank;
    ts_status status = is_blank(s, at, rest, &blank, &first, err);
    if (status || (blank && rest < XPT_RECORD))
        return status;
    if (m->said >= 0)
        return xpt_fail(s, first, TS_EFORMAT, err,
                        "member %s has %.0f rows, and more than blanks behind "
                        "the last one",
                        m->name, m->said);
    if (m->end == s->size)
        return xpt_fail(s, s->size, TS_EFORMAT, err,
                        "the file ends in row %.0f of member %s: %zu of %zu "
                        "bytes",
                        rows + 1, m->name, rest, m->width);
    return xpt_fail(s, m->end, TS_EFORMAT, err,
                    "member %s ends in its row %.0f: %zu of %zu bytes", m->name,
                    rows + 1, rest, m->width);
}

/* The rows of a member; *padding of them more could be the padding. */
static ts_status count_rows(xpt_source *s, const xpt_member *m, double *n_row,
                            double *n_padding, ts_error *err)
{
    size_t size = m->end - m->data;
    size_t whole = (size + XPT_RECORD - 1) / XPT_RECORD * XPT_RECORD;
    size_t n = m->said >= 0 ? (size_t)m->said : size / m->width;
    ts_status status = check_rest(s, m, (double)n, err);
    *n_padding = 0;
    /* padding is shorter than a record: rows that reach back further are
     * rows, blank or not */
    while (!status && m->said < 0 && n > 0 &&
           whole - (n - 1) * m->width < XPT_RECORD) {
        bool blank;
        size_t first;
        status = is_blank(s, m->data + (n - 1) * m->width, m->width, &blank,
                          &first, err);
        if (!blank)
            break;
        n--;
        ++*n_padding;
    }
    *n_row = (double)n;
    return status;
}

/* Rows --------------------------------------------------------------------- */

/* No byte of the row is set, or all are blanks. */
static bool all_are(const unsigned char *row, size_t n, unsigned char c)
{
    return row[0] == c && memcmp(row, row + 1, n - 1) == 0;
}

static ts_status give_number(ts_xpt *xpt, size_t j, const unsigned char *p,
                             size_t place, const ts_xpt_sink *sink,
                             ts_error *err)
{
    ts_xpt_variable *v = &xpt->facts.variable[j];
    double x;
    char code;
    switch (ts_ibm_decode(p, v->length, &x, &code)) {
    case TS_IBM_DAMAGED:
        return xpt_fail(&xpt->source, place, TS_EFORMAT, err,
                        "byte 0x%02X and zeros in %s is neither a number nor "
                        "a missing value",
                        p[0], v->name);
    case TS_IBM_MISSING:
        if (!sink) {
            v->n_missing++;
            v->n_special += code != '.';
            return TS_OK;
        }
        return sink->na ? sink->na(sink->context, j, code, err) : TS_OK;
    case TS_IBM_ROUNDED:
        v->n_rounded += !sink;
        break;
    case TS_IBM_EXACT:
        break;
    }
    return sink && sink->real ? sink->real(sink->context, j, x, err) : TS_OK;
}

static ts_status give_text(ts_xpt *xpt, size_t j, const unsigned char *p,
                           size_t place, const ts_xpt_sink *sink, ts_error *err)
{
    ts_xpt_variable *v = &xpt->facts.variable[j];
    size_t n = (size_t)v->length, length;
    const char *text;
    while (n && p[n - 1] == ' ')
        n--;
    if (n == 0) {
        if (!sink) {
            v->n_missing++;
            return TS_OK;
        }
        return sink->na ? sink->na(sink->context, j, ' ', err) : TS_OK;
    }
    ts_error why;
    ts_status status = xpt_text_read(&xpt->source, &xpt->encoding, place,
                                     (const char *)p, n, &text, &length, &why);
    if (status == TS_EFORMAT)
        return ts_fail(err, status, "%s (column %s)", why.text, v->name);
    if (status)
        return ts_fail(err, status, "%s", why.text);
    return sink && sink->text ? sink->text(sink->context, j, text, length, err)
                              : TS_OK;
}

/* One row; the values of a row lie within one window. */
static ts_status give_row(ts_xpt *xpt, const unsigned char *row, size_t place,
                          const ts_xpt_sink *sink, ts_error *err)
{
    const xpt_member *m = xpt->member;
    ts_xpt_facts *f = &xpt->facts;
    ts_status status = TS_OK;
    if (!m->all_text && row[0] == ' ' && all_are(row, m->width, ' '))
        return xpt_fail(&xpt->source, place, TS_EFORMAT, err,
                        "a row of blanks, where numbers must be");
    for (size_t j = 0; j < f->n_column && !status; j++) {
        size_t at = f->variable[j].position;
        status = f->variable[j].type == TS_REAL
                     ? give_number(xpt, j, row + at, place + at, sink, err)
                     : give_text(xpt, j, row + at, place + at, sink, err);
    }
    if (!status && sink && sink->row)
        status = sink->row(sink->context, err);
    if (!status && !sink)
        f->n_zero =
            row[0] == 0 && all_are(row, m->width, 0) ? f->n_zero + 1 : 0;
    return status;
}

static ts_status give_rows(ts_xpt *xpt, const ts_xpt_sink *sink, ts_error *err)
{
    const xpt_member *m = xpt->member;
    ts_status status = TS_OK;
    double n = xpt->facts.n_row;
    size_t since = 0;
    for (double i = 0; i < n && !status; i++) {
        const unsigned char *row;
        size_t place = m->data + (size_t)i * m->width;
        status = xpt_source_at(&xpt->source, place, m->width, &row, err);
        if (!status)
            status = give_row(xpt, row, place, sink, err);
        since += m->width + 200;
        if (!status && since > 4000000) {
            since = 0;
            status =
                ts_progress(sink ? "rows read" : "rows checked", i, n, err);
        }
    }
    return status;
}

/* Opening ------------------------------------------------------------------ */

static ts_status list_members(ts_xpt *xpt, ts_error *err)
{
    const xpt_library *l = &xpt->library;
    ts_xpt_facts *f = &xpt->facts;
    f->members = ts_alloc_array(l->n_member, sizeof *f->members);
    if (!f->members)
        return ts_fail_memory(err);
    for (; f->n_member < l->n_member; f->n_member++) {
        f->members[f->n_member] = ts_strdup(l->member[f->n_member].name);
        if (!f->members[f->n_member])
            return ts_fail_memory(err);
    }
    return TS_OK;
}

static ts_status fail_member(const ts_xpt *xpt, const char *wanted,
                             ts_error *err)
{
    const ts_xpt_facts *f = &xpt->facts;
    ts_buffer message = {0};
    ts_status code = wanted ? TS_ENOTFOUND : TS_EINVALID;
    ts_text_escape(&message, xpt->path, strlen(xpt->path));
    if (wanted) {
        ts_buffer_puts(&message, ": no member ");
        ts_text_escape(&message, wanted, strlen(wanted));
        ts_buffer_puts(&message, "; there ");
    } else {
        ts_buffer_printf(&message,
                         ": %zu members, and member = \"NAME\" says "
                         "which; there ",
                         f->n_member);
    }
    ts_buffer_puts(&message, f->n_member == 1 ? "is " : "are ");
    for (size_t i = 0; i < f->n_member && message.length < 1000; i++) {
        ts_buffer_puts(&message, i ? ", " : "");
        ts_text_escape(&message, f->members[i], strlen(f->members[i]));
    }
    if (message.failed)
        code = ts_fail_memory(err);
    else
        ts_fail(err, code, "%s", message.data);
    ts_buffer_free(&message);
    return code;
}

/* By its exact name, else without regard to case, if only one is meant. */
static ts_status choose_member(ts_xpt *xpt, const char *wanted, ts_error *err)
{
    const xpt_library *l = &xpt->library;
    size_t n = 0;
    if (!wanted && l->n_member > 1)
        return fail_member(xpt, NULL, err);
    if (!wanted)
        xpt->member = &l->member[0];
    for (size_t i = 0; i < l->n_member && !xpt->member; i++)
        if (strcmp(l->member[i].name, wanted) == 0)
            xpt->member = &l->member[i];
    for (size_t i = 0; i < l->n_member && wanted && !xpt->member; i++)
        n += strcasecmp(l->member[i].name, wanted) == 0;
    for (size_t i = 0; i < l->n_member && n == 1 && !xpt->member; i++)
        if (strcasecmp(l->member[i].name, wanted) == 0)
            xpt->member = &l->member[i];
    return xpt->member ? TS_OK : fail_member(xpt, wanted, err);
}

static void keep_time(const unsigned char *p, char out[17])
{
    for (int i = 0; i < 16; i++)
        out[i] = p[i] >= ' ' && p[i] < 0x7F ? (char)p[i] : '?';
    out[16] = '\0';
}

static ts_status read_descriptor(ts_xpt *xpt, ts_error *err)
{
    const xpt_member *m = xpt->member;
    const unsigned char *p;
    ts_xpt_facts *f = &xpt->facts;
    ts_status status =
        xpt_source_at(&xpt->source, m->descriptor, 2 * XPT_RECORD, &p, err);
    if (status)
        return status;
    keep_time(p + 64, f->created);
    keep_time(p + 80, f->modified);
    if (!(f->member = ts_strdup(m->name)))
        return ts_fail_memory(err);
    return xpt_header_text(&xpt->source, &xpt->encoding,
                           m->descriptor + 80 + 32, 40, &f->label, err);
}

/* Rows of every member are counted, those of one are kept. */
static ts_status count_members(ts_xpt *xpt, ts_error *err)
{
    const xpt_library *l = &xpt->library;
    ts_xpt_facts *f = &xpt->facts;
    ts_status status = TS_OK;
    for (size_t i = 0; i < l->n_member && !status; i++) {
        double n_row, n_padding;
        status =
            count_rows(&xpt->source, &l->member[i], &n_row, &n_padding, err);
        if (!status && &l->member[i] == xpt->member) {
            f->n_row = n_row;
            f->n_padding = xpt->member->all_text ? n_padding : 0;
        }
    }
    return status;
}

static ts_status settle_rows(ts_xpt *xpt, double wanted, ts_error *err)
{
    const xpt_member *m = xpt->member;
    ts_xpt_facts *f = &xpt->facts;
    size_t size = m->end - m->data;
    bool last = m->end == xpt->source.size;
    if (wanted >= 0 && (wanted < f->n_row || wanted > f->n_row + f->n_padding))
        return ts_fail(err, TS_EINVALID,
                       "%s: member %s has %.0f rows, not the %.0f that were "
                       "announced",
                       xpt->path, f->member, f->n_row, wanted);
    if (wanted >= 0) {
        f->n_row = wanted;
        f->n_padding = 0;
    }
    if (last && size % XPT_RECORD)
        f->n_lost = (double)(XPT_RECORD - size % XPT_RECORD);
    f->open_end = last && m->said < 0 && wanted < 0 &&
                  (double)size == f->n_row * (double)m->width;
    if (f->open_end && f->n_lost)
        return xpt_fail(&xpt->source, xpt->source.size, TS_EFORMAT, err,
                        "the file ends behind row %.0f of member %s and "
                        "within a record, so it was cut: nothing says whether "
                        "blanks or rows are gone; rows = %.0f reads it so",
                        f->n_row, f->member, f->n_row);
    return TS_OK;
}

static ts_status examine(ts_xpt *xpt, const ts_xpt_options *options,
                         ts_error *err)
{
    ts_xpt_facts *f = &xpt->facts;
    ts_status status = xpt_source_sum(&xpt->source, f->sha256, err);
    if (!status)
        status =
            xpt_header_read(&xpt->source, &xpt->encoding, &xpt->library, err);
    if (status)
        return status;
    f->version = xpt->library.version;
    f->n_byte = (double)xpt->source.size;
    f->encoding = xpt->encoding.converts ? xpt->encoding.name : "UTF-8";
    status = list_members(xpt, err);
    if (!status)
        status = choose_member(xpt, options->member, err);
    if (!status)
        status = read_descriptor(xpt, err);
    if (!status)
        status = xpt_variables_read(&xpt->source, &xpt->encoding, f->version,
                                    xpt->member, f, err);
    if (!status)
        status = count_members(xpt, err);
    if (!status)
        status = settle_rows(xpt, options->n_row, err);
    if (!status)
        status = give_rows(xpt, NULL, err);
    return status;
}

ts_status ts_xpt_open(const char *path, const ts_xpt_options *options,
                      ts_xpt **out, ts_error *err)
{
    static const ts_xpt_options none = {.n_row = -1};
    *out = NULL;
    options = options ? options : &none;
    ts_xpt *xpt = ts_alloc_array(1, sizeof *xpt);
    if (!xpt)
        return ts_fail_memory(err);
    xpt->source.fd = -1;
    xpt->path = ts_strdup(path);
    ts_status status = xpt->path ? TS_OK : ts_fail_memory(err);
    if (!status)
        status = xpt_source_open(&xpt->source, xpt->path, options, err);
    if (!status)
        status =
            xpt_encoding_open(&xpt->encoding, options->encoding, false, err);
    if (!status)
        status = examine(xpt, options, err);
    if (status)
        ts_xpt_close(xpt);
    else
        *out = xpt;
    return status;
}

const ts_xpt_facts *ts_xpt_get_facts(const ts_xpt *xpt)
{
    return &xpt->facts;
}

void ts_xpt_close(ts_xpt *xpt)
{
    if (!xpt)
        return;
    ts_xpt_facts *f = &xpt->facts;
    xpt_variables_free(f);
    for (size_t i = 0; i < f->n_member; i++)
        ts_free(f->members[i]);
    ts_free(f->members);
    ts_free(f->member);
    ts_free(f->label);
    xpt_library_free(&xpt->library);
    xpt_encoding_close(&xpt->encoding);
    xpt_source_close(&xpt->source);
    ts_free(xpt->path);
    ts_free(xpt);
}

/* Reading ------------------------------------------------------------------ */

ts_status ts_xpt_read(ts_xpt *xpt, const ts_xpt_sink *sink, ts_error *err)
{
    static const ts_xpt_sink nowhere;
    char sha256[65];
    xpt->source.length = 0; /* what the window holds may be old */
    ts_status status = give_rows(xpt, sink ? sink : &nowhere, err);
    if (status == TS_ENOMEM || status == TS_EINTERRUPT)
        return status;
    /* damage that was not there before is a change, which says more */
    ts_error why;
    xpt->source.length = 0;
    ts_status again = xpt_source_sum(&xpt->source, sha256, &why);
    if (again)
        return ts_fail(err, again, "%s", why.text);
    if (strcmp(sha256, xpt->facts.sha256) != 0)
        return ts_fail(err, TS_EIO, "%s: the file changed while it was read",
                       xpt->path);
    return status;
}

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

static ts_status frame_na(void *context, size_t column, char code,
                          ts_error *err)
{
    ts_builder *builder = ((ts_builder **)context)[column];
    return code == '.' || code == ' ' ? ts_builder_na(builder, err)
                                      : ts_builder_special(builder, code, err);
}

static ts_status describe_column(ts_column *column, const ts_xpt_variable *v,
                                 ts_error *err)
{
    ts_status status = ts_column_set(&column->label, v->label, err);
    if (!status)
        status = ts_column_set(&column->format, v->format, err);
    if (!status)
        status = ts_column_set(&column->informat, v->informat, err);
    return status;
}

ts_status ts_xpt_frame(ts_xpt *xpt, ts_frame **out, ts_error *err)
{
    const ts_xpt_facts *f = &xpt->facts;
    ts_frame *frame = NULL;
    ts_builder **builder = ts_alloc_array(f->n_column, sizeof *builder);
    ts_xpt_sink sink = {builder, frame_real, frame_text, frame_na, NULL};
    ts_status status = builder ? TS_OK : ts_fail_memory(err);
    *out = NULL;
    for (size_t j = 0; j < f->n_column && !status; j++)
        if (!(status = ts_builder_new(f->variable[j].name, &builder[j], err)))
            ts_builder_type(builder[j], f->variable[j].type);
    if (!status)
        status = ts_xpt_read(xpt, &sink, err);
    if (!status)
        status = ts_frame_new((size_t)f->n_row, &frame, err);
    for (size_t j = 0; j < f->n_column && !status; j++) {
        ts_column *column;
        status = ts_builder_end(builder[j], &column, err);
        builder[j] = NULL;
        if (!status && (status = describe_column(column, &f->variable[j], err)))
            ts_column_unref(column);
        else if (!status)
            status = ts_frame_add(frame, column, err);
    }
    for (size_t j = 0; builder && j < f->n_column; j++)
        ts_builder_free(builder[j]);
    ts_free(builder);
    if (status)
        ts_frame_free(frame);
    else
        *out = frame;
    return status;
}
