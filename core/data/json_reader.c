/*
 * The JSON tokenizer. What is surprising: a string that holds \u0000 is
 * refused, as no text of ours can hold it, and so is one that is not UTF-8.
 */
#include "json_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include "ts/hash.h"
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/text.h"

#define BLOCK (128 * 1024)
#define DEPTH 64
#define STRING_MAX 100000000
/* zlib packs at most 1032 to 1, tables of a trial some 20 to 1 */
#define BOMB_BYTES (16.0 * 1024 * 1024)
#define BOMB_RATIO 250

struct json_reader {
    char *path;
    int fd;
    ts_hash *hash;
    z_stream inflate;
    bool packed, packed_end;
    unsigned char *raw; /* bytes of the file */
    size_t raw_at, raw_end;
    unsigned char *text; /* decompressed */
    size_t at, end;
    bool eof, several;
    double line, line_start, offset; /* offset of text[0] */
    double token_line, token_column;
    char stack[DEPTH]; /* '{' or '[' */
    int depth;
    bool after_value, after_key, after_comma;
    ts_buffer value;
    double read, size;
};

ts_status json_fail(const json_reader *in, ts_error *err, const char *format,
                    ...)
{
    char what[400];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return ts_fail(err, TS_EFORMAT, "%s:%.0f:%.0f: %s", in->path,
                   in->token_line, in->token_column, what);
}

static ts_status read_raw(json_reader *in, ts_error *err)
{
    ssize_t n;
    ts_status status = ts_progress("bytes read", in->read, in->size, err);
    if (status)
        return status;
    do
        n = read(in->fd, in->raw, BLOCK);
    while (n < 0 && errno == EINTR && !ts_interrupted());
    if (n < 0)
        return errno == EINTR
                   ? ts_interrupt_check(err)
                   : ts_fail(err, TS_EIO, "%s: %s", in->path, strerror(errno));
    if (n > 0)
        ts_hash_add(in->hash, in->raw, (size_t)n);
    in->read += (double)n;
    in->raw_at = 0;
    in->raw_end = (size_t)n;
    return TS_OK;
}

/* Decompresses until there is some text, or the end. */
static ts_status unpack(json_reader *in, ts_error *err)
{
    while (in->end == 0) {
        ts_status status;
        if (in->raw_at == in->raw_end) {
            if ((status = read_raw(in, err)))
                return status;
            if (in->raw_end == 0) {
                if (!in->packed_end)
                    return ts_fail(err, TS_EFORMAT,
                                   "%s: the compressed data end too early",
                                   in->path);
                in->eof = true;
                return TS_OK;
            }
        }
        if (in->packed_end)
            return ts_fail(err, TS_EFORMAT,
                           "%s: bytes behind the end of the compressed data",
                           in->path);
        in->inflate.next_in = in->raw + in->raw_at;
        in->inflate.avail_in = (uInt)(in->raw_end - in->raw_at);
        in->inflate.next_out = in->text;
        in->inflate.avail_out = BLOCK;
        int rc = inflate(&in->inflate, Z_NO_FLUSH);
        in->raw_at = in->raw_end - in->inflate.avail_in;
        in->end = BLOCK - in->inflate.avail_out;
        double used = in->read - (double)(in->raw_end - in->raw_at);
        double made = in->offset + (double)in->end;
        if (made > BOMB_BYTES && made > BOMB_RATIO * used)
            return ts_fail(err, TS_ELIMIT,
                           "%s: %.0f bytes became more than %.0f, as no table "
                           "does: not unpacked",
                           in->path, used, made);
        if (rc == Z_STREAM_END)
            in->packed_end = true;
        else if (rc == Z_MEM_ERROR)
            return ts_fail_memory(err);
        else if (rc != Z_OK && rc != Z_BUF_ERROR)
            return ts_fail(err, TS_EFORMAT,
                           "%s: the compressed data are damaged at byte %.0f",
                           in->path,
                           in->read - (double)(in->raw_end - in->raw_at));
    }
    return TS_OK;
}

/* Makes text[at] readable, or sets eof. */
static ts_status fill(json_reader *in, ts_error *err)
{
    ts_status status;
    if (in->at < in->end || in->eof)
        return TS_OK;
    in->offset += (double)in->end;
    in->at = in->end = 0;
    if (in->packed)
        return unpack(in, err);
    if ((status = read_raw(in, err)))
        return status;
    in->eof = in->raw_end == 0;
    unsigned char *spare = in->text;
    in->text = in->raw;
    in->raw = spare;
    in->end = in->raw_end;
    in->raw_end = 0;
    return TS_OK;
}

/* The next byte without taking it; -1 at the end. */
static ts_status peek(json_reader *in, int *c, ts_error *err)
{
    ts_status status = TS_OK;
    if (in->at == in->end)
        status = fill(in, err);
    *c = !status && in->at < in->end ? in->text[in->at] : -1;
    return status;
}

static void take(json_reader *in)
{
    if (in->text[in->at++] == '\n') {
        in->line++;
        in->line_start = in->offset + (double)in->at;
    }
}

ts_status json_open(const char *path, int several, json_reader **out,
                    ts_error *err)
{
    struct stat info;
    ts_status status = TS_OK;
    json_reader *in = ts_alloc_array(1, sizeof *in);
    *out = NULL;
    if (!in)
        return ts_fail_memory(err);
    in->line = 1;
    in->several = several;
    in->fd = -1;
    in->path = ts_strdup(path);
    in->raw = ts_alloc(BLOCK);
    in->text = ts_alloc(BLOCK);
    if (!in->path || !in->raw || !in->text)
        status = ts_fail_memory(err);
    if (!status && ((in->fd = open(path, O_RDONLY | O_CLOEXEC)) < 0 ||
                    fstat(in->fd, &info)))
        status = ts_fail(err, TS_EIO, "%s: %s", path, strerror(errno));
    else if (!status && S_ISDIR(info.st_mode))
        status = ts_fail(err, TS_EIO, "%s is a folder", path);
    if (!status) {
        in->size = (double)info.st_size;
        status = ts_hash_new(&in->hash, err);
    }
    if (!status)
        status = read_raw(in, err);
    if (!status && in->raw_end >= 2 &&
        ((in->raw[0] == 0x1F && in->raw[1] == 0x8B) ||
         (in->raw[0] == 0x78 && (in->raw[0] * 256 + in->raw[1]) % 31 == 0))) {
        in->packed = true;
        if (inflateInit2(&in->inflate, 15 + 32) != Z_OK) {
            in->packed = false;
            status = ts_fail_memory(err);
        }
    } else if (!status) {
        unsigned char *spare = in->text;
        in->text = in->raw;
        in->raw = spare;
        in->end = in->raw_end;
        in->raw_end = 0;
        if (in->end >= 3 && memcmp(in->text, "\xEF\xBB\xBF", 3) == 0)
            in->at = 3;
    }
    if (status)
        json_close(in);
    else
        *out = in;
    return status;
}

void json_close(json_reader *in)
{
    if (!in)
        return;
    if (in->fd >= 0)
        close(in->fd);
    if (in->packed)
        inflateEnd(&in->inflate);
    ts_hash_free(in->hash);
    ts_buffer_free(&in->value);
    ts_free(in->path);
    ts_free(in->raw);
    ts_free(in->text);
    ts_free(in);
}

void json_hash(json_reader *in, char hex[65])
{
    ts_hash_end(in->hash, hex);
    in->hash = NULL;
}

/* Strings ------------------------------------------------------------------ */

static ts_status hex4(json_reader *in, unsigned *out, ts_error *err)
{
    int c;
    ts_status status;
    *out = 0;
    for (int i = 0; i < 4; i++) {
        if ((status = peek(in, &c, err)))
            return status;
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return json_fail(in, err, "\\u needs four hexadecimal digits");
        *out = *out * 16 + (unsigned)digit;
        take(in);
    }
    return TS_OK;
}

/* What stands behind \u, a pair of surrogates as one character. */
static ts_status escaped_character(json_reader *in, ts_error *err)
{
    unsigned c, low;
    int next;
    ts_status status = hex4(in, &c, err);
    if (!status && c >= 0xD800 && c < 0xDC00) {
        for (const char *want = "\\u"; *want && !status; want++) {
            status = peek(in, &next, err);
            if (!status && next != *want)
                return json_fail(in, err, "half a surrogate pair");
            if (!status)
                take(in);
        }
        if (!status)
            status = hex4(in, &low, err);
        if (!status && (low < 0xDC00 || low > 0xDFFF))
            return json_fail(in, err, "half a surrogate pair");
        if (!status)
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    } else if (!status && c >= 0xDC00 && c < 0xE000) {
        return json_fail(in, err, "half a surrogate pair");
    }
    if (!status && c == 0)
        return json_fail(in, err, "a string that holds \\u0000");
    if (!status)
        ts_utf8_add(&in->value, c);
    return status;
}

static ts_status escape(json_reader *in, ts_error *err)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    int c;
    ts_status status = peek(in, &c, err);
    if (status)
        return status;
    const char *known = c > 0 ? strchr(from, c) : NULL;
    if (c == 'u') {
        take(in);
        return escaped_character(in, err);
    }
    if (!known || !*known)
        return json_fail(in, err, "an escape that JSON does not have");
    ts_buffer_add(&in->value, to + (known - from), 1);
    take(in);
    return TS_OK;
}

/* The string behind an opening quote, into in->value. */
static ts_status string(json_reader *in, ts_error *err)
{
    int c;
    ts_status status;
    ts_buffer_clear(&in->value);
    for (;;) {
        if ((status = peek(in, &c, err)))
            return status;
        size_t from = in->at;
        while (in->at < in->end && (c = in->text[in->at]) != '"' && c != '\\' &&
               c >= 0x20)
            in->at++;
        ts_buffer_add(&in->value, (char *)in->text + from, in->at - from);
        if (in->value.length > STRING_MAX)
            return json_fail(in, err, "a string of more than %d bytes",
                             STRING_MAX);
        if (in->at == in->end) {
            if (in->eof || ((status = peek(in, &c, err)) == TS_OK && c < 0))
                return json_fail(in, err, "a string that does not end");
            if (status)
                return status;
            continue;
        }
        if (c < 0x20)
            return json_fail(in, err, "a control character in a string");
        take(in);
        if (c == '"')
            break;
        if ((status = escape(in, err)))
            return status;
    }
    if (in->value.failed)
        return ts_fail_memory(err);
    if (in->value.length &&
        ts_utf8_check(in->value.data, in->value.length) < in->value.length)
        return json_fail(in, err, "a string that is not UTF-8");
    return TS_OK;
}

/* Numbers and words -------------------------------------------------------- */

static bool is_number(const char *s)
{
    if (*s == '-')
        s++;
    if (*s == '0')
        s++;
    else if (*s >= '1' && *s <= '9')
        while (*s >= '0' && *s <= '9')
            s++;
    else
        return false;
    if (*s == '.') {
        if (*++s < '0' || *s > '9')
            return false;
        while (*s >= '0' && *s <= '9')
            s++;
    }
    if (*s == 'e' || *s == 'E') {
        s++;
        if (*s == '+' || *s == '-')
            s++;
        if (*s < '0' || *s > '9')
            return false;
        while (*s >= '0' && *s <= '9')
            s++;
    }
    return *s == '\0';
}

static bool in_word(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || c == '+' || c == '-' || c == '.';
}

static ts_status word(json_reader *in, json_token *token, ts_error *err)
{
    int c;
    ts_status status;
    ts_buffer_clear(&in->value);
    while (!(status = peek(in, &c, err)) && in_word(c)) {
        size_t from = in->at;
        while (in->at < in->end && in_word(in->text[in->at]))
            in->at++;
        ts_buffer_add(&in->value, (char *)in->text + from, in->at - from);
        if (in->value.length > 1000)
            return json_fail(in, err, "a number of more than 1000 digits");
    }
    if (status)
        return status;
    if (in->value.failed)
        return ts_fail_memory(err);
    const char *s = in->value.length ? in->value.data : "";
    if (is_number(s))
        token->type = JSON_NUMBER;
    else if (strcmp(s, "null") == 0)
        token->type = JSON_NULL;
    else if (strcmp(s, "true") == 0)
        token->type = JSON_TRUE;
    else if (strcmp(s, "false") == 0)
        token->type = JSON_FALSE;
    else if (*s)
        return json_fail(in, err, "'%.40s' is no JSON", s);
    else
        return json_fail(in, err, "a character that JSON does not have here");
    return TS_OK;
}

/* The grammar -------------------------------------------------------------- */

static ts_status blanks(json_reader *in, int *c, ts_error *err)
{
    ts_status status;
    while (!(status = peek(in, c, err)) &&
           (*c == ' ' || *c == '\t' || *c == '\n' || *c == '\r'))
        take(in);
    in->token_line = in->line;
    in->token_column = in->offset + (double)in->at - in->line_start + 1;
    return status;
}

/* Commas and colons before the next token. */
static ts_status separators(json_reader *in, int *c, ts_error *err)
{
    char inside = in->depth ? in->stack[in->depth - 1] : 0;
    ts_status status = blanks(in, c, err);
    if (status)
        return status;
    if (in->after_key) {
        if (*c != ':')
            return json_fail(in, err, "expected ':'");
        take(in);
        return blanks(in, c, err);
    }
    if (inside && in->after_value && *c == ',') {
        take(in);
        in->after_value = false;
        in->after_comma = true;
        return blanks(in, c, err);
    }
    if (inside && in->after_value && *c != '}' && *c != ']')
        return json_fail(in, err,
                         *c < 0 ? "the text ends within a value"
                                : "expected ',' or its end");
    return TS_OK;
}

static ts_status close_one(json_reader *in, int c, json_token *token,
                           ts_error *err)
{
    char inside = in->depth ? in->stack[in->depth - 1] : 0;
    if (inside != (c == '}' ? '{' : '[') || in->after_comma || in->after_key)
        return json_fail(in, err, "'%c' is not expected here", c);
    take(in);
    in->depth--;
    in->after_value = true;
    token->type = c == '}' ? JSON_OBJECT_END : JSON_ARRAY_END;
    return TS_OK;
}

static ts_status open_one(json_reader *in, int c, json_token *token,
                          ts_error *err)
{
    if (in->depth == DEPTH)
        return json_fail(in, err, "more than %d levels", DEPTH);
    take(in);
    in->stack[in->depth++] = (char)c;
    in->after_value = in->after_key = in->after_comma = false;
    token->type = c == '{' ? JSON_OBJECT : JSON_ARRAY;
    return TS_OK;
}

ts_status json_next(json_reader *in, json_token *token, ts_error *err)
{
    int c;
    ts_status status = separators(in, &c, err);
    *token = (json_token){JSON_END, "", 0};
    if (status)
        return status;
    if (c < 0) {
        if (in->depth || in->after_key)
            return json_fail(in, err, "the text ends within a value");
        return TS_OK;
    }
    if (in->depth == 0 && in->after_value && !in->several)
        return json_fail(in, err, "text behind the end");
    if (c == '}' || c == ']')
        return close_one(in, c, token, err);
    bool wants_key =
        in->depth && in->stack[in->depth - 1] == '{' && !in->after_key;
    if (wants_key && c != '"')
        return json_fail(in, err, "expected a key in quotes");
    if (c == '{' || c == '[')
        return open_one(in, c, token, err);
    if (c == '"') {
        take(in);
        if ((status = string(in, err)))
            return status;
        token->type = wants_key ? JSON_KEY : JSON_STRING;
    } else if ((status = word(in, token, err))) {
        return status;
    }
    in->after_comma = false;
    in->after_key = wants_key;
    in->after_value = !wants_key;
    token->text = in->value.length ? in->value.data : "";
    token->length = in->value.length;
    return TS_OK;
}
