/*
 * The bytes of a CSV file as checked UTF-8 text, a block at a time, summed on
 * the way. What is surprising: a flaw found in a block is reported only when
 * the reader has used all the text before it, since then its line is known.
 */
#include "csv_private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "ts/interrupt.h"
#include "ts/memory.h"

void csv_place(ts_buffer *out, const char *path, size_t line, size_t column)
{
    ts_text_escape(out, path, strlen(path));
    if (line)
        ts_buffer_printf(out, ":%zu", line);
    if (column)
        ts_buffer_printf(out, ":%zu", column);
    ts_buffer_puts(out, ": ");
}

ts_status csv_fail(ts_buffer *message, ts_status code, ts_error *err)
{
    enum { MAX = 1500 };
    if (message->failed) {
        code = ts_fail_memory(err);
    } else if (message->length > MAX) {
        size_t cut = MAX;
        while (cut > 0 && (message->data[cut] & 0xC0) == 0x80)
            cut--;
        ts_fail(err, code, "%.*s ...", (int)cut, message->data);
    } else {
        ts_fail(err, code, "%s", message->data);
    }
    ts_buffer_free(message);
    return code;
}

ts_status csv_fail_line(const char *path, size_t line, ts_status code,
                        const char *why, ts_error *err)
{
    ts_buffer message = {0};
    csv_place(&message, path, line, 0);
    ts_buffer_puts(&message, why);
    return csv_fail(&message, code, err);
}

/* Places and flaws ------------------------------------------------------- */

void csv_source_place(const csv_source *s, size_t offset, size_t *line,
                      size_t *column)
{
    const char *p = s->buffer + s->at, *end = p + offset, *begin = p;
    *line = s->line;
    *column = 1;
    for (; p < end; p++) {
        if (*p == '\r' || (*p == '\n' && !(p > begin && p[-1] == '\r')))
            ++*line;
        if (*p == '\r' || *p == '\n')
            *column = 1;
        else if ((*p & 0xC0) != 0x80)
            ++*column;
    }
}

static ts_status fail_flaw(const csv_source *s, ts_error *err)
{
    size_t line, column;
    ts_buffer message = {0};
    csv_source_place(s, s->end - s->at, &line, &column);
    csv_place(&message, s->path, line, column);
    if (s->flaw == TEXT_NUL && !s->converts) {
        ts_buffer_puts(&message, "a NUL byte; text has none (a UTF-16 file "
                                 "needs encoding = \"utf-16le\")");
    } else if (s->flaw != TEXT_ENCODING && s->flaw_byte >= 0x80) {
        ts_buffer_printf(&message,
                         "byte 0x%02X is a control character in %s; "
                         "windows-1252 has a letter or quote there",
                         s->flaw_byte, s->encoding);
    } else if (s->flaw != TEXT_ENCODING) {
        ts_buffer_printf(&message, "control character 0x%02X", s->flaw_byte);
    } else {
        ts_buffer_printf(&message, "byte 0x%02X is not valid %s", s->flaw_byte,
                         s->converts ? s->encoding : "UTF-8");
        if (!s->converts)
            ts_buffer_puts(&message, "; if the file is older, say encoding = "
                                     "\"latin1\" or \"windows-1252\"");
    }
    return csv_fail(&message, TS_EFORMAT, err);
}

static void found_flaw(csv_source *s, csv_flaw flaw, unsigned char byte)
{
    if (s->flaw)
        return;
    s->flaw = flaw;
    s->flaw_byte = byte;
}

/* Whether n bytes are the beginning of one UTF-8 character. */
static bool is_cut(const unsigned char *s, size_t n)
{
    size_t need = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] < 0xC2 || s[0] > 0xF4 || n >= need)
        return false;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return false;
    return true;
}

/* How many of n bytes are text; stops at a flaw (noted) or a cut character. */
static size_t check_text(csv_source *s, const char *text, size_t n)
{
    static const uint64_t ones = UINT64_C(0x0101010101010101);
    static const uint64_t high = UINT64_C(0x8080808080808080);
    const unsigned char *p = (const unsigned char *)text;
    size_t i = 0;
    while (i < n) {
        uint64_t word;
        /* eight bytes at a time while none is below a blank or above ASCII */
        while (i + 8 <= n && (memcpy(&word, p + i, 8),
                              !((word | (word - ones * 0x20)) & high)))
            i += 8;
        size_t stop = i + 8 < n ? i + 8 : n;
        while (i < stop) {
            unsigned char c = p[i];
            if (c >= 0x20 && c < 0x80) {
                i++;
            } else if (c < 0x80) {
                /* tab, line feed, vertical tab, form feed, return are text */
                if (c < '\t' || c > '\r') {
                    found_flaw(s, c ? TEXT_CONTROL : TEXT_NUL, c);
                    return i;
                }
                i++;
            } else {
                size_t left = n - i;
                size_t need = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
                if (left < need && is_cut(p + i, left))
                    return i;
                if (left < need || ts_utf8_check(text + i, need) != need) {
                    found_flaw(s, TEXT_ENCODING, c);
                    return i;
                }
                if (s->converts && c == 0xC2 && p[i + 1] < 0xA0 &&
                    s->encoding[0] != 'U' && s->encoding[0] != 'u') {
                    found_flaw(s, TEXT_CONTROL, p[i + 1]);
                    return i;
                }
                i += need;
            }
        }
    }
    return n;
}

/* Blocks ----------------------------------------------------------------- */

static ssize_t take_bytes(csv_source *s, void *into, size_t want)
{
    if (!s->data)
        return read(s->fd, into, want);
    size_t left = s->n_data - s->data_at, n = left < want ? left : want;
    memcpy(into, s->data + s->data_at, n);
    s->data_at += n;
    return (ssize_t)n;
}

ts_status csv_source_take(csv_source *s, void *into, size_t want, size_t *got,
                          ts_error *err)
{
    ssize_t n;
    *got = 0;
    do
        n = take_bytes(s, into, want);
    while (n < 0 && errno == EINTR && !ts_interrupted());
    if (n < 0)
        return errno == EINTR
                   ? ts_interrupt_check(err)
                   : csv_fail_line(s->path, 0, TS_EIO, strerror(errno), err);
    if (n > 0 && s->hash)
        ts_hash_add(s->hash, into, (size_t)n);
    s->done += (double)n;
    *got = (size_t)n;
    return TS_OK;
}

static ts_status read_bytes(csv_source *s, void *into, size_t want, size_t *got,
                            ts_error *err)
{
    ts_status status = s->gzip ? csv_gzip_read(s->gzip, s, into, want, got, err)
                               : csv_source_take(s, into, want, got, err);
    s->ended = !status && *got == 0;
    return status;
}

/* Room for more bytes behind end, and one for the line end that stops. */
static bool make_room(csv_source *s, size_t more)
{
    size_t need = s->end + more + sizeof s->carry + 1;
    if (need <= s->room)
        return true;
    char *buffer = ts_realloc(s->buffer, need);
    if (!buffer)
        return false;
    s->buffer = buffer;
    s->room = need;
    return true;
}

/* Takes over n new bytes behind end: all, or those before a flaw or cut. */
static void accept(csv_source *s, size_t n)
{
    char *text = s->buffer + s->end;
    size_t good = check_text(s, text, n);
    s->n_carry = 0;
    if (good < n && !s->flaw) {
        if (s->ended)
            found_flaw(s, TEXT_ENCODING, (unsigned char)text[good]);
        else
            memcpy(s->carry, text + good, s->n_carry = n - good);
    }
    s->end += good;
    s->buffer[s->end] = '\n';
}

static ts_status fill_plain(csv_source *s, size_t want, ts_error *err)
{
    size_t got;
    if (!make_room(s, want))
        return ts_fail_memory(err);
    memcpy(s->buffer + s->end, s->carry, s->n_carry);
    ts_status status =
        read_bytes(s, s->buffer + s->end + s->n_carry, want, &got, err);
    if (!status)
        accept(s, s->n_carry + got);
    return status;
}

static ts_status fill_converted(csv_source *s, ts_error *err)
{
    size_t got;
    ts_status status = read_bytes(s, s->raw + s->n_raw, s->block, &got, err);
    if (status)
        return status;
    size_t left = s->n_raw + got;
    /* no encoding makes more than four bytes of UTF-8 from one */
    size_t room = left * 4 + 64;
    if (!make_room(s, room))
        return ts_fail_memory(err);
    memcpy(s->buffer + s->end, s->carry, s->n_carry);
    char *from = (char *)s->raw, *to = s->buffer + s->end + s->n_carry;
    char *begin = to;
    size_t done = left ? iconv(s->converter, &from, &left, &to, &room) : 0;
    int why = errno;
    if (done == (size_t)-1 && (why != EINVAL || s->ended || left > 16)) {
        accept(s, s->n_carry + (size_t)(to - begin));
        found_flaw(s, TEXT_ENCODING, (unsigned char)*from);
        return TS_OK;
    }
    if (s->ended && !left)
        iconv(s->converter, NULL, NULL, &to, &room);
    memmove(s->raw, from, left);
    s->n_raw = left;
    accept(s, s->n_carry + (size_t)(to - begin));
    return TS_OK;
}

ts_status csv_source_too_long(const csv_source *s, ts_error *err)
{
    ts_buffer message = {0};
    csv_place(&message, s->path, s->line, 0);
    ts_buffer_printf(&message, "a record of more than %d bytes%s",
                     CSV_MAX_RECORD,
                     memchr(s->buffer + s->at, '"', s->end - s->at)
                         ? " (is a quote never closed?)"
                         : "");
    return csv_fail(&message, TS_ELIMIT, err);
}

ts_status csv_source_fill(csv_source *s, ts_error *err)
{
    size_t used = s->end - s->at;
    ts_status status;
    if (s->flaw)
        return fail_flaw(s, err);
    if (used > CSV_MAX_RECORD)
        return csv_source_too_long(s, err);
    if ((status = ts_progress("bytes read", s->done, s->size, err)))
        return status;
    if (s->at) {
        memmove(s->buffer, s->buffer + s->at, used + 1);
        s->at = 0;
        s->end = used;
    }
    /* a record is scanned again after each fill: let what it adds grow */
    do
        status = s->converts
                     ? fill_converted(s, err)
                     : fill_plain(s, used > s->block ? used : s->block, err);
    while (!status && !s->ended && !s->flaw && s->end < 2 * used);
    s->eof = s->ended && !s->flaw;
    return status;
}

ts_status csv_source_rewind(csv_source *s, ts_error *err)
{
    ts_hash_free(s->hash);
    s->hash = NULL;
    s->at = s->end = s->n_raw = s->n_carry = 0;
    s->line = 1;
    s->done = 0;
    s->eof = s->ended = false;
    s->flaw = TEXT_GOOD;
    if (s->converts)
        iconv(s->converter, NULL, NULL, NULL, NULL);
    s->data_at = 0;
    if (!s->data && lseek(s->fd, 0, SEEK_SET) < 0)
        return csv_fail_line(s->path, 0, TS_EIO, strerror(errno), err);
    if (s->gzip)
        csv_gzip_rewind(s->gzip);
    ts_status status = ts_hash_new(&s->hash, err);
    while (!status && s->end < 3 && !s->eof && !s->flaw)
        status = csv_source_fill(s, err);
    if (!status && s->end >= 3 && memcmp(s->buffer, "\xEF\xBB\xBF", 3) == 0)
        s->at = 3;
    return status;
}

void csv_source_sum(csv_source *s, char hex[65])
{
    ts_hash_end(s->hash, hex);
    s->hash = NULL;
}
