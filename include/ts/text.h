/*
 * Text: a growing buffer, UTF-8, numbers to and from text, near names.
 */
#ifndef TS_TEXT_H
#define TS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A growing string. Start from {0}; on ENOMEM failed is set and stays. */
typedef struct {
    char *data; /* always ends in '\0' once something was added */
    size_t length, room;
    bool failed;
} ts_buffer;

void ts_buffer_add(ts_buffer *buffer, const char *text, size_t length);
void ts_buffer_puts(ts_buffer *buffer, const char *text);
void ts_buffer_printf(ts_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void ts_buffer_clear(ts_buffer *buffer);
void ts_buffer_free(ts_buffer *buffer);

/* Offset of the first byte that is not UTF-8 (overlong forms, surrogates and
 * code points above U+10FFFF are not), or length when all is. */
size_t ts_utf8_check(const char *text, size_t length);
/* Decodes one code point of valid UTF-8 and moves *at behind it. */
unsigned ts_utf8_next(const char *text, size_t length, size_t *at);
/* Appends code point c as UTF-8. */
void ts_utf8_add(ts_buffer *buffer, unsigned c);

/* Columns that text takes on a terminal: 0 for combining, 2 for wide. */
size_t ts_text_width(const char *text, size_t length);
/* Appends text with control, bidirectional and zero-width characters shown as
 * \xNN or \uNNNN and bad bytes as \xNN, so that no data steers a terminal. */
void ts_text_escape(ts_buffer *buffer, const char *text, size_t length);

/* Shortest decimal text that reads back as x: "0.1", "1e-310", "42", "NaN".
 * out has room for 32 bytes. */
void ts_number_format(double x, char *out);
/* A number as study data may hold it: [+-]digits[.digits][e[+-]digits],
 * finite, at most 17 significant digits, no leading zeros, no hexadecimal, no
 * thousands. False leaves *x alone. The result is correctly rounded. */
bool ts_number_parse(const char *text, size_t length, double *x);
/* Whether ts_number_parse would take it; faster. */
bool ts_number_is(const char *text, size_t length);

/* x to that many decimals (negative: tens, hundreds), half away from zero, of
 * the decimal text of x: 2.675 to 2 is 2.68. NaN and Inf as they are. */
double ts_number_round(double x, int decimals);

/* The name among names that is nearest to name, by edit distance without
 * regard to case, or NULL when none is near. */
const char *ts_text_nearest(const char *name, const char *const *names,
                            size_t n);

#endif
