/*
 * Text: a growing buffer, UTF-8, widths, near names. What is surprising:
 * widths come from wcwidth, so LC_CTYPE must be a UTF-8 locale to be right.
 */
#include "ts/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include "ts/memory.h"

static bool reserve(ts_buffer *buffer, size_t more)
{
    size_t need = buffer->length + more + 1;
    if (buffer->failed)
        return false;
    if (need > buffer->room) {
        size_t room = buffer->room ? buffer->room * 2 : 128;
        while (room < need)
            room *= 2;
        char *data = ts_realloc(buffer->data, room);
        if (!data) {
            buffer->failed = true;
            return false;
        }
        buffer->data = data;
        buffer->room = room;
    }
    return true;
}

void ts_buffer_add(ts_buffer *buffer, const char *text, size_t length)
{
    if (!reserve(buffer, length))
        return;
    if (length)
        memcpy(buffer->data + buffer->length, text, length);
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
}

void ts_buffer_puts(ts_buffer *buffer, const char *text)
{
    ts_buffer_add(buffer, text, strlen(text));
}

void ts_buffer_printf(ts_buffer *buffer, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length >= 0 && reserve(buffer, (size_t)length)) {
        vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format,
                  again);
        buffer->length += (size_t)length;
    }
    va_end(again);
}

void ts_buffer_clear(ts_buffer *buffer)
{
    buffer->length = 0;
    if (buffer->data)
        buffer->data[0] = '\0';
}

void ts_buffer_free(ts_buffer *buffer)
{
    ts_free(buffer->data);
    *buffer = (ts_buffer){0};
}

/* Length of the sequence at text, or 0 when it is not UTF-8. */
static size_t sequence(const unsigned char *s, size_t left)
{
    unsigned c = s[0], low = 0x80, high = 0xBF;
    size_t n;
    if (c < 0x80)
        return 1;
    if (c >= 0xC2 && c <= 0xDF)
        n = 2;
    else if (c >= 0xE0 && c <= 0xEF)
        n = 3;
    else if (c >= 0xF0 && c <= 0xF4)
        n = 4;
    else
        return 0;
    if (left < n)
        return 0;
    if (c == 0xE0)
        low = 0xA0;
    else if (c == 0xED)
        high = 0x9F;
    else if (c == 0xF0)
        low = 0x90;
    else if (c == 0xF4)
        high = 0x8F;
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    return n;
}

size_t ts_utf8_check(const char *text, size_t length)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t at = 0;
    while (at < length) {
        uint64_t word;
        /* eight ASCII bytes at a time: nearly all data is that */
        while (at + 8 <= length && (memcpy(&word, s + at, 8),
                                    !(word & UINT64_C(0x8080808080808080))))
            at += 8;
        if (at == length)
            break;
        size_t n = sequence(s + at, length - at);
        if (!n)
            return at;
        at += n;
    }
    return length;
}

unsigned ts_utf8_next(const char *text, size_t length, size_t *at)
{
    const unsigned char *s = (const unsigned char *)text + *at;
    size_t n = sequence(s, length - *at);
    if (n <= 1) {
        *at += 1;
        return s[0];
    }
    unsigned c = s[0] & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; i++)
        c = c << 6 | (s[i] & 0x3F);
    *at += n;
    return c;
}

void ts_utf8_add(ts_buffer *buffer, unsigned c)
{
    char s[4];
    if (c < 0x80) {
        s[0] = (char)c;
        ts_buffer_add(buffer, s, 1);
    } else if (c < 0x800) {
        s[0] = (char)(0xC0 | c >> 6);
        s[1] = (char)(0x80 | (c & 0x3F));
        ts_buffer_add(buffer, s, 2);
    } else if (c < 0x10000) {
        s[0] = (char)(0xE0 | c >> 12);
        s[1] = (char)(0x80 | (c >> 6 & 0x3F));
        s[2] = (char)(0x80 | (c & 0x3F));
        ts_buffer_add(buffer, s, 3);
    } else {
        s[0] = (char)(0xF0 | c >> 18);
        s[1] = (char)(0x80 | (c >> 12 & 0x3F));
        s[2] = (char)(0x80 | (c >> 6 & 0x3F));
        s[3] = (char)(0x80 | (c & 0x3F));
        ts_buffer_add(buffer, s, 4);
    }
}

size_t ts_text_width(const char *text, size_t length)
{
    size_t width = 0;
    for (size_t at = 0; at < length;) {
        unsigned c = ts_utf8_next(text, length, &at);
        int w = c < 0x80 ? (c >= 0x20 && c != 0x7F) : wcwidth((wchar_t)c);
        width += w < 0 ? 1 : (size_t)w;
    }
    return width;
}

static bool steers(unsigned c)
{
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) ||
           (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x2069) || c == 0xFEFF;
}

void ts_text_escape(ts_buffer *buffer, const char *text, size_t length)
{
    const unsigned char *s = (const unsigned char *)text;
    for (size_t at = 0; at < length;) {
        size_t n = sequence(s + at, length - at), from = at;
        if (!n) {
            ts_buffer_printf(buffer, "\\x%02X", s[at++]);
            continue;
        }
        unsigned c = ts_utf8_next(text, length, &at);
        if (!steers(c))
            ts_buffer_add(buffer, text + from, n);
        else if (c < 0x100)
            ts_buffer_printf(buffer, "\\x%02X", c);
        else
            ts_buffer_printf(buffer, "\\u%04X", c);
    }
}

static int lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

#define NEAR_MAX 64

/* Damerau's distance: one slip is an insertion, a deletion, another letter or
 * two letters swapped. */
static size_t distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    size_t row[3][NEAR_MAX + 1];
    size_t *before = row[0], *last = row[1], *now = row[2];
    if (n > NEAR_MAX || m > NEAR_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= m; j++)
        last[j] = j;
    for (size_t i = 1; i <= n; i++) {
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            int ca = lower(a[i - 1]), cb = lower(b[j - 1]);
            size_t best = last[j - 1] + (ca != cb);
            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && ca == lower(b[j - 2]) &&
                cb == lower(a[i - 2]) && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
        size_t *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[m];
}

const char *ts_text_nearest(const char *name, const char *const *names,
                            size_t n)
{
    const char *best = NULL;
    size_t length = strlen(name);
    /* a third of the letters may be wrong, one always */
    size_t least = 1 + (length > 3 ? length / 3 : 0);
    for (size_t i = 0; i < n; i++) {
        size_t d = distance(name, names[i]);
        if (d == SIZE_MAX)
            continue;
        if (d > least) {
            /* a name begun but not finished is near, though last in line */
            size_t k = 0;
            while (k < length && names[i][k] &&
                   lower(names[i][k]) == lower(name[k]))
                k++;
            if (best || k < length || k < 3)
                continue;
            best = names[i];
            continue;
        }
        if (!best || d < least)
            best = names[i];
        least = d;
    }
    return best;
}
