/*
 * Text for gnuplot. Doubling quotes is not a complete escape there, so every
 * byte but letters and spaces goes out in octal within double quotes; digits
 * too, for gnuplot's octal reader takes more than three (\0501 is "A").
 */
#include "ts/gnuplot.h"

#include <math.h>
#include <string.h>

#define LONGEST 1000 /* characters; more than any label can hold */

static bool ends_with(const ts_buffer *out, size_t start, const char *two)
{
    return out->length >= start + 2 &&
           memcmp(out->data + out->length - 2, two, 2) == 0;
}

void ts_gnuplot_plain(ts_buffer *out, const char *text, size_t length)
{
    size_t start = out->length, at = 0, characters = 0;
    while (at < length && !out->failed) {
        if (ts_utf8_check(text + at, length - at < 4 ? length - at : 4) == 0) {
            at++; /* not UTF-8 */
            continue;
        }
        if (characters++ == LONGEST - 1) {
            ts_utf8_add(out, 0x2026);
            return;
        }
        unsigned c = ts_utf8_next(text, length, &at);
        if ((c & 0xFFFE) == 0xFFFE)
            continue; /* no character, and not allowed in XML */
        if (c < 0x20 || (c >= 0x7F && c <= 0x9F))
            c = ' ';
        if ((c == '>' && ends_with(out, start, "]]")) ||
            (c == '+' && ends_with(out, start, "\\U")))
            ts_buffer_add(out, " ", 1);
        ts_utf8_add(out, c);
    }
}

void ts_gnuplot_text(ts_buffer *out, const char *text, size_t length)
{
    ts_buffer plain = {0};
    ts_gnuplot_plain(&plain, text, length);
    out->failed |= plain.failed;
    ts_buffer_add(out, "\"", 1);
    for (size_t i = 0; i < plain.length; i++) {
        unsigned char c = (unsigned char)plain.data[i];
        if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == ' ')
            ts_buffer_add(out, plain.data + i, 1);
        else
            ts_buffer_printf(out, "\\%03o", c);
    }
    ts_buffer_add(out, "\"", 1);
    ts_buffer_free(&plain);
}

void ts_gnuplot_number(ts_buffer *out, double x)
{
    if (isfinite(x))
        ts_buffer_printf(out, "%.17g", x);
    else
        ts_buffer_puts(out, "NaN");
}
