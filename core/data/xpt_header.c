/*
 * The frame of an XPT file: header records of 80 bytes, and between them the
 * members. What is surprising: in version 5 nothing says where a member ends,
 * but the header of the next one.
 */
#include "xpt_private.h"

#include <ctype.h>
#include <string.h>
#include "ts/interrupt.h"
#include "ts/memory.h"

static const char head[] = "HEADER RECORD*******";
static const char tail[] = "HEADER RECORD!!!!!!!";

static bool is_header(const unsigned char *record)
{
    return memcmp(record, head, 20) == 0 && memcmp(record + 28, tail, 20) == 0;
}

static bool is_kind(const unsigned char *record, const char *kind)
{
    return is_header(record) && memcmp(record + 20, kind, 8) == 0;
}

/* What a record says about itself, for messages. */
static void describe(const unsigned char *record, char out[40])
{
    size_t n = 24;
    if (is_header(record)) {
        memcpy(out, "a ", 2);
        memcpy(out + 2, record + 20, 8);
        n = 10;
        while (n > 2 && out[n - 1] == ' ')
            n--;
        strcpy(out + n, " header");
        return;
    }
    out[0] = '\'';
    for (size_t i = 0; i < n; i++)
        out[i + 1] = (char)(record[i] ? record[i] : ' ');
    strcpy(out + n + 1, "'");
}

/* The digits at record[from..to), with blanks around them; -1: none. */
static double number_at(const unsigned char *record, int from, int to)
{
    double x = 0;
    while (from < to && record[from] == ' ')
        from++;
    while (to > from && record[to - 1] == ' ')
        to--;
    if (from == to)
        return -1;
    for (; from < to; from++) {
        if (!isdigit(record[from]))
            return -1;
        x = 10 * x + (record[from] - '0');
    }
    return x;
}

/* The header record of that kind at *at, which moves behind it. */
static ts_status expect(xpt_source *s, size_t *at, int version,
                        const char *five, const char *eight,
                        const unsigned char **record, ts_error *err)
{
    const char *kind = version == 8 ? eight : five;
    char found[40];
    int letters = (int)strcspn(kind, " ");
    if (s->size - *at < XPT_RECORD)
        return xpt_fail(s, s->size, TS_EFORMAT, err,
                        "the file ends where its %.*s header should be",
                        letters, kind);
    ts_status status = xpt_source_at(s, *at, XPT_RECORD, record, err);
    if (status)
        return status;
    if (!is_kind(*record, kind)) {
        const char *other = version == 8 ? five : eight;
        describe(*record, found);
        if (is_kind(*record, other))
            return xpt_fail(s, *at, TS_EFORMAT, err,
                            "%s of version %d in a file of version %d", found,
                            version == 8 ? 5 : 8, version);
        return xpt_fail(s, *at, TS_EFORMAT, err, "no %.*s header but %s",
                        letters, kind, found);
    }
    *at += XPT_RECORD;
    return TS_OK;
}

/* The version, from the first record. */
static ts_status library_head(xpt_source *s, int *version, size_t *at,
                              ts_error *err)
{
    const unsigned char *record;
    char found[40];
    if (s->size == 0)
        return xpt_fail(s, 0, TS_EFORMAT, err, "the file is empty");
    if (s->size < 3 * XPT_RECORD)
        return xpt_fail(s, s->size, TS_EFORMAT, err,
                        "the file ends within the header of a SAS transport "
                        "file, if it is one");
    ts_status status = xpt_source_at(s, 0, 3 * XPT_RECORD, &record, err);
    if (status)
        return status;
    if (memcmp(record, "**COMPRESSED**", 14) == 0)
        return xpt_fail(s, 0, TS_EFORMAT, err,
                        "made by PROC CPORT, which is another format; the "
                        "XPORT engine of SAS writes transport files");
    if (is_kind(record, "LIBRARY ")) {
        *version = 5;
    } else if (is_kind(record, "LIBV8   ")) {
        *version = 8;
    } else {
        describe(record, found);
        return xpt_fail(s, 0, TS_EFORMAT, err,
                        "no LIBRARY header of a SAS transport file but %s",
                        found);
    }
    if (memcmp(record + 80, "SAS     ", 8) != 0)
        return xpt_fail(s, 80, TS_EFORMAT, err,
                        "the record about the library does not begin with "
                        "SAS");
    *at = 3 * XPT_RECORD;
    return TS_OK;
}

/* Up to the descriptions of variables. */
static ts_status member_head(xpt_source *s, xpt_encoding *e, int version,
                             xpt_member *m, size_t *at, ts_error *err)
{
    const unsigned char *record;
    ts_status status;
    m->start = *at;
    m->said = -1;
    if ((status = expect(s, at, version, "MEMBER  ", "MEMBV8  ", &record, err)))
        return status;
    double size = number_at(record, 74, 78);
    if (size != 140 && size != 136)
        return xpt_fail(s, m->start + 74, TS_EFORMAT, err,
                        "descriptions of variables have 140 bytes, or 136; "
                        "the header says %.4s",
                        (const char *)record + 74);
    m->namestr_size = (size_t)size;
    if ((status = expect(s, at, version, "DSCRPTR ", "DSCPTV8 ", &record, err)))
        return status;
    if (s->size - *at < 2 * XPT_RECORD)
        return xpt_fail(s, s->size, TS_EFORMAT, err,
                        "the file ends within the description of a member");
    m->descriptor = *at;
    if ((status = xpt_source_at(s, *at, 2 * XPT_RECORD, &record, err)))
        return status;
    if (memcmp(record, "SAS     ", 8) != 0 ||
        memcmp(record + (version == 8 ? 40 : 16), "SASDATA ", 8) != 0)
        return xpt_fail(s, *at, TS_EFORMAT, err,
                        "the description of a member lacks SAS or SASDATA");
    status =
        xpt_header_text(s, e, *at + 8, version == 8 ? 32 : 8, &m->name, err);
    if (!status && !m->name)
        status = xpt_fail(s, *at + 8, TS_EFORMAT, err, "a member without name");
    *at += 2 * XPT_RECORD;
    return status;
}

static ts_status check_variable(xpt_source *s, xpt_member *m, size_t place,
                                const unsigned char *p, ts_error *err)
{
    int type = xpt_short(p), length = xpt_short(p + 4);
    if (type != 1 && type != 2)
        return xpt_fail(s, place, TS_EFORMAT, err,
                        "type %d of a variable; 1 is a number, 2 is text",
                        type);
    if (type == 1 && (length < 2 || length > 8))
        return xpt_fail(s, place + 4, TS_EFORMAT, err,
                        "a number of %d bytes; there are 2 to 8", length);
    if (length < 1)
        return xpt_fail(s, place + 4, TS_EFORMAT, err, "text of %d bytes",
                        length);
    m->width += (size_t)length;
    m->all_text = m->all_text && type == 2;
    return TS_OK;
}

static ts_status member_variables(xpt_source *s, int version, xpt_member *m,
                                  size_t *at, ts_error *err)
{
    const unsigned char *p;
    size_t place = *at;
    ts_status status = expect(s, at, version, "NAMESTR ", "NAMSTV8 ", &p, err);
    if (status)
        return status;
    double n = number_at(p, 48, 58);
    if (n < 1)
        return xpt_fail(s, place + 48, TS_EFORMAT, err,
                        "'%.10s' is no number of variables",
                        (const char *)p + 48);
    double room = (double)(s->size - *at) / (double)m->namestr_size;
    if (n > room)
        return xpt_fail(s, place + 48, TS_EFORMAT, err,
                        "%.0f variables are announced; the file ends at byte "
                        "%zu, within the description of number %.0f",
                        n, s->size, room + 1 > n ? n : room + 1);
    if (n > XPT_MAX_COLUMN)
        return xpt_fail(s, place + 48, TS_ELIMIT, err,
                        "%.0f variables; at most %d can be read", n,
                        XPT_MAX_COLUMN);
    m->n_variable = (size_t)n;
    m->namestr = *at;
    m->all_text = true;
    for (size_t i = 0; i < m->n_variable && !status; i++) {
        place = *at + i * m->namestr_size;
        if (!(status = xpt_source_at(s, place, m->namestr_size, &p, err)))
            status = check_variable(s, m, place, p, err);
    }
    *at += m->n_variable * m->namestr_size;
    return status;
}

/* Behind the padding of the record that at is in; only blanks or NULs there. */
static ts_status skip_padding(xpt_source *s, size_t *at, ts_error *err)
{
    const unsigned char *p;
    size_t n = (XPT_RECORD - *at % XPT_RECORD) % XPT_RECORD;
    if (n > s->size - *at)
        return xpt_fail(s, s->size, TS_EFORMAT, err,
                        "the file ends within its header");
    ts_status status = xpt_source_at(s, *at, n, &p, err);
    for (size_t i = 0; i < n && !status; i++)
        if (p[i] != ' ' && p[i] != '\0')
            status = xpt_fail(s, *at + i, TS_EFORMAT, err,
                              "byte 0x%02X where blanks fill a record", p[i]);
    *at += n;
    return status;
}

ts_status xpt_labels_read(xpt_source *s, const xpt_member *m,
                          ts_status (*each)(void *, const xpt_label *,
                                            ts_error *),
                          void *context, size_t *end, ts_error *err)
{
    size_t at = m->labels, fields = m->label_form == 9 ? 5 : 3;
    ts_status status = TS_OK;
    for (size_t i = 0; i < m->n_label && !status; i++) {
        const unsigned char *p;
        xpt_label label = {0};
        if (s->size - at < 2 * fields)
            return xpt_fail(s, s->size, TS_EFORMAT, err,
                            "the file ends within its long labels");
        if ((status = xpt_source_at(s, at, 2 * fields, &p, err)))
            return status;
        label.variable = (unsigned)p[0] << 8 | p[1];
        label.n_name = (unsigned)p[2] << 8 | p[3];
        label.n_label = (unsigned)p[4] << 8 | p[5];
        if (fields == 5) {
            label.n_format = (unsigned)p[6] << 8 | p[7];
            label.n_informat = (unsigned)p[8] << 8 | p[9];
        }
        if (label.variable < 1 || label.variable > m->n_variable)
            return xpt_fail(s, at, TS_EFORMAT, err,
                            "a long label of variable %u; there are %zu",
                            label.variable, m->n_variable);
        label.name = at + 2 * fields;
        label.label = label.name + label.n_name;
        label.format = label.label + label.n_label;
        label.informat = label.format + label.n_format;
        size_t next = label.informat + label.n_informat;
        if (next > s->size)
            return xpt_fail(s, at, TS_EFORMAT, err,
                            "the file ends within a long label");
        if (each)
            status = each(context, &label, err);
        at = next;
    }
    if (!status)
        status = skip_padding(s, &at, err);
    *end = at;
    return status;
}

/* Long labels, if there are any. */
static ts_status member_labels(xpt_source *s, int version, xpt_member *m,
                               size_t *at, ts_error *err)
{
    const unsigned char *p;
    if (version != 8 || s->size - *at < XPT_RECORD)
        return TS_OK;
    ts_status status = xpt_source_at(s, *at, XPT_RECORD, &p, err);
    if (status)
        return status;
    m->label_form = is_kind(p, "LABELV8 ") ? 8 : is_kind(p, "LABELV9 ") ? 9 : 0;
    if (!m->label_form)
        return TS_OK;
    double n = number_at(p, 48, XPT_RECORD);
    if (n < 0 || n > (double)m->n_variable)
        return xpt_fail(s, *at + 48, TS_EFORMAT, err,
                        "'%.32s' is no number of long labels; there are %zu "
                        "variables",
                        (const char *)p + 48, m->n_variable);
    m->n_label = (size_t)n;
    m->labels = *at + XPT_RECORD;
    return xpt_labels_read(s, m, NULL, NULL, at, err);
}

/* Where the next member begins, or the file ends. */
static ts_status find_end(xpt_source *s, xpt_member *m, ts_error *err)
{
    const unsigned char *p;
    char found[40];
    size_t at = m->data;
    for (; s->size - at >= XPT_RECORD; at += XPT_RECORD) {
        ts_status status = xpt_source_at(s, at, XPT_RECORD, &p, err);
        if (!status && at / XPT_RECORD % 65536 == 0)
            status =
                ts_progress("bytes read", (double)at, (double)s->size, err);
        if (status)
            return status;
        if (p[0] != 'H' || !is_header(p))
            continue;
        if (!is_kind(p, "MEMBER  ") && !is_kind(p, "MEMBV8  ")) {
            describe(p, found);
            return xpt_fail(s, at, TS_EFORMAT, err, "%s among the rows", found);
        }
        m->end = at;
        return TS_OK;
    }
    m->end = s->size;
    return TS_OK;
}

static ts_status known_end(xpt_source *s, xpt_member *m, ts_error *err)
{
    double have = (double)(s->size - m->data);
    double want = m->said * (double)m->width;
    if (want > have)
        return xpt_fail(s, s->size, TS_EFORMAT, err,
                        "the file ends in row %.0f of %.0f of member %s",
                        (double)((s->size - m->data) / m->width) + 1, m->said,
                        m->name);
    size_t used = (size_t)m->said * m->width;
    size_t padded = (used + XPT_RECORD - 1) / XPT_RECORD * XPT_RECORD;
    m->end = padded < s->size - m->data ? m->data + padded : s->size;
    return TS_OK;
}

static ts_status member_rows(xpt_source *s, int version, xpt_member *m,
                             size_t *at, ts_error *err)
{
    const unsigned char *p;
    size_t place = *at;
    ts_status status = expect(s, at, version, "OBS     ", "OBSV8   ", &p, err);
    if (status)
        return status;
    m->data = *at;
    if (version == 8) {
        /* thirty zeros are version 5's way to say nothing */
        bool none = memcmp(p + 48, "0000000000000000", 16) == 0;
        double n = number_at(p, 48, XPT_RECORD);
        if (n < 0 || n > 9e15)
            return xpt_fail(s, place + 48, TS_EFORMAT, err,
                            "'%.32s' is no number of rows",
                            (const char *)p + 48);
        m->said = none ? -1 : n;
    }
    status = m->said >= 0 ? known_end(s, m, err) : find_end(s, m, err);
    *at = m->end;
    return status;
}

static ts_status member_read(xpt_source *s, xpt_encoding *e, int version,
                             xpt_member *m, size_t *at, ts_error *err)
{
    ts_status status = member_head(s, e, version, m, at, err);
    if (!status)
        status = member_variables(s, version, m, at, err);
    if (!status)
        status = skip_padding(s, at, err);
    if (!status)
        status = member_labels(s, version, m, at, err);
    if (!status)
        status = member_rows(s, version, m, at, err);
    return status;
}

static ts_status add_member(xpt_source *s, xpt_library *l, size_t at,
                            ts_error *err)
{
    if (l->n_member == XPT_MAX_MEMBER)
        return xpt_fail(s, at, TS_ELIMIT, err, "more than %d members",
                        XPT_MAX_MEMBER);
    if (l->n_member == l->room) {
        size_t room = l->room ? l->room * 2 : 4;
        xpt_member *member = ts_realloc_array(l->member, room, sizeof *member);
        if (!member)
            return ts_fail_memory(err);
        l->member = member;
        l->room = room;
    }
    l->member[l->n_member++] = (xpt_member){0};
    return TS_OK;
}

ts_status xpt_header_read(xpt_source *s, xpt_encoding *e, xpt_library *l,
                          ts_error *err)
{
    size_t at = 0;
    *l = (xpt_library){0};
    ts_status status = library_head(s, &l->version, &at, err);
    if (!status && at == s->size)
        status = xpt_fail(s, at, TS_EFORMAT, err,
                          "the file ends where its first member should be");
    while (!status && at < s->size) {
        if (!(status = add_member(s, l, at, err)))
            status = member_read(s, e, l->version, &l->member[l->n_member - 1],
                                 &at, err);
    }
    if (status)
        xpt_library_free(l);
    return status;
}

void xpt_library_free(xpt_library *l)
{
    for (size_t i = 0; i < l->n_member; i++)
        ts_free(l->member[i].name);
    ts_free(l->member);
    *l = (xpt_library){0};
}
