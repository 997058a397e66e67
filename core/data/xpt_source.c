/*
 * The bytes of an XPT file through a window, and its texts. Positions are
 * offsets from the file's begin, which errors tell.
 */
#include "xpt_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ts/hash.h"
#include "ts/interrupt.h"
#include "ts/memory.h"

#define BLOCK (256 * 1024)

static void add_path(ts_buffer *out, const char *path)
{
    ts_text_escape(out, path, strlen(path));
    ts_buffer_puts(out, ": ");
}

ts_status xpt_fail(const xpt_source *s, size_t place, ts_status code,
                   ts_error *err, const char *format, ...)
{
    char text[1000];
    ts_buffer message = {0};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    add_path(&message, s->path);
    ts_buffer_printf(&message, "byte %zu: ", place);
    ts_text_escape(&message, text, strlen(text));
    if (message.failed)
        code = ts_fail_memory(err);
    else
        ts_fail(err, code, "%s", message.data);
    ts_buffer_free(&message);
    return code;
}

static ts_status fail_file(const xpt_source *s, ts_status code, const char *why,
                           ts_error *err)
{
    ts_buffer message = {0};
    add_path(&message, s->path);
    ts_buffer_puts(&message, why);
    if (message.failed)
        code = ts_fail_memory(err);
    else
        ts_fail(err, code, "%s", message.data);
    ts_buffer_free(&message);
    return code;
}

ts_status xpt_source_open(xpt_source *s, const char *path,
                          const ts_xpt_options *options, ts_error *err)
{
    struct stat about;
    *s = (xpt_source){
        .path = path, .fd = -1, .data = options->data, .size = options->n_data};
    s->block = options->block ? options->block : BLOCK;
    if (s->data)
        return TS_OK;
    /* a pipe without a writer must not hang here */
    s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (s->fd < 0 || fstat(s->fd, &about) != 0)
        return fail_file(s, TS_EIO, strerror(errno), err);
    if (!S_ISREG(about.st_mode))
        return fail_file(s, TS_EIO, "is no file", err);
    s->size = (size_t)about.st_size;
    return TS_OK;
}

void xpt_source_close(xpt_source *s)
{
    if (s->fd >= 0)
        close(s->fd);
    ts_free(s->window);
    *s = (xpt_source){.fd = -1};
}

/* Reads n bytes at that place; a file that ends before them changed. */
static ts_status read_all(const xpt_source *s, size_t place, void *out,
                          size_t n, ts_error *err)
{
    for (size_t done = 0; done < n;) {
        ssize_t k =
            pread(s->fd, (char *)out + done, n - done, (off_t)(place + done));
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return fail_file(s, TS_EIO, strerror(errno), err);
        if (k == 0)
            return fail_file(s, TS_EIO, "the file changed while it was read",
                             err);
        done += (size_t)k;
    }
    return TS_OK;
}

ts_status xpt_source_at(xpt_source *s, size_t place, size_t n,
                        const unsigned char **out, ts_error *err)
{
    *out = NULL;
    if (s->data) {
        *out = (const unsigned char *)s->data + place;
        return TS_OK;
    }
    if (s->window && place >= s->start && place + n <= s->start + s->length) {
        *out = s->window + (place - s->start);
        return TS_OK;
    }
    size_t want = n > s->block ? n : s->block;
    if (want > s->size - place)
        want = s->size - place;
    if (want > s->room) {
        unsigned char *window = ts_realloc(s->window, want);
        if (!window)
            return ts_fail_memory(err);
        s->window = window;
        s->room = want;
    }
    s->length = 0;
    ts_status status = read_all(s, place, s->window, want, err);
    if (status)
        return status;
    s->start = place;
    s->length = want;
    *out = s->window;
    return TS_OK;
}

ts_status xpt_source_sum(xpt_source *s, char sha256[65], ts_error *err)
{
    ts_hash *hash;
    const unsigned char *bytes;
    ts_status status = ts_hash_new(&hash, err);
    if (status)
        return status;
    for (size_t at = 0, n; at < s->size && !status; at += n) {
        n = s->size - at < s->block ? s->size - at : s->block;
        if (!(status = xpt_source_at(s, at, n, &bytes, err))) {
            ts_hash_add(hash, bytes, n);
            status =
                ts_progress("bytes read", (double)at, (double)s->size, err);
        }
    }
    if (status)
        ts_hash_free(hash);
    else
        ts_hash_end(hash, sha256);
    return status;
}

/* Text --------------------------------------------------------------------- */

static ts_status fail_encoding(const char *encoding, const char *why,
                               ts_error *err)
{
    ts_buffer message = {0};
    ts_status code = TS_EINVALID;
    ts_buffer_puts(&message, "encoding '");
    ts_text_escape(&message, encoding,
                   strlen(encoding) < 60 ? strlen(encoding) : 60);
    ts_buffer_printf(&message, "' %s", why);
    if (message.failed)
        code = ts_fail_memory(err);
    else
        ts_fail(err, code, "%s", message.data);
    ts_buffer_free(&message);
    return code;
}

/* Blanks are cut off as bytes, so a blank must be one byte, and ASCII too. */
static bool keeps_ascii(xpt_encoding *e)
{
    static const char ascii[] = "AZaz09 _.";
    size_t n = sizeof ascii - 1;
    return xpt_encoding_convert(e, ascii, n) == n && e->text.length == n &&
           memcmp(e->text.data, ascii, n) == 0;
}

ts_status xpt_encoding_open(xpt_encoding *e, const char *encoding, bool write,
                            ts_error *err)
{
    *e = (xpt_encoding){0};
    if (!encoding || strcasecmp(encoding, "utf-8") == 0 ||
        strcasecmp(encoding, "utf8") == 0)
        return TS_OK;
    if (strlen(encoding) >= sizeof e->name)
        return fail_encoding(encoding, "is not known", err);
    e->converter =
        write ? iconv_open(encoding, "UTF-8") : iconv_open("UTF-8", encoding);
    if (e->converter == (iconv_t)-1)
        return errno == ENOMEM ? ts_fail_memory(err)
                               : fail_encoding(encoding,
                                               "is not known; there are utf-8, "
                                               "latin1, windows-1252 ...",
                                               err);
    e->converts = true;
    strcpy(e->name, encoding);
    bool good = keeps_ascii(e), memory = e->text.failed;
    if (good)
        return TS_OK;
    xpt_encoding_close(e);
    return memory ? ts_fail_memory(err)
                  : fail_encoding(encoding,
                                  "has other bytes than ASCII for "
                                  "letters and blanks, which SAS "
                                  "has not",
                                  err);
}

void xpt_encoding_close(xpt_encoding *e)
{
    if (e->converts)
        iconv_close(e->converter);
    ts_buffer_free(&e->text);
    *e = (xpt_encoding){0};
}

size_t xpt_encoding_convert(xpt_encoding *e, const char *text, size_t length)
{
    char out[1024];
    char *from = (char *)text; /* iconv does not write there */
    size_t left = length;
    bool ending = length == 0; /* the last call ends shift states */
    ts_buffer_clear(&e->text);
    iconv(e->converter, NULL, NULL, NULL, NULL);
    for (;;) {
        char *to = out;
        size_t room = sizeof out;
        size_t rc = ending ? iconv(e->converter, NULL, NULL, &to, &room)
                           : iconv(e->converter, &from, &left, &to, &room);
        bool full = rc == (size_t)-1 && errno == E2BIG;
        ts_buffer_add(&e->text, out, (size_t)(to - out));
        if (full)
            continue;
        if (ending || rc == (size_t)-1)
            break;
        ending = true;
    }
    return length - left;
}

size_t xpt_text_check(const char *text, size_t length, bool converted)
{
    size_t good = ts_utf8_check(text, length);
    for (size_t i = 0; i < good; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 && (c < '\t' || c > '\r'))
            return i;
        /* what a wrong encoding makes of quotes and dashes */
        if (converted && c == 0xC2 && (unsigned char)text[i + 1] < 0xA0)
            return i;
    }
    return good;
}

ts_status xpt_text_read(xpt_source *s, xpt_encoding *e, size_t place,
                        const char *bytes, size_t length, const char **out,
                        size_t *n, ts_error *err)
{
    *out = bytes;
    *n = length;
    if (e->converts) {
        size_t done = xpt_encoding_convert(e, bytes, length);
        if (e->text.failed)
            return ts_fail_memory(err);
        if (done < length)
            return xpt_fail(s, place + done, TS_EFORMAT, err,
                            "byte 0x%02X is not valid %s",
                            (unsigned char)bytes[done], e->name);
        *out = e->text.data ? e->text.data : "";
        *n = e->text.length;
    }
    size_t good = xpt_text_check(*out, *n, e->converts);
    if (good == *n)
        return TS_OK;
    unsigned char c = (unsigned char)(*out)[good];
    if (e->converts && c >= 0x80)
        return xpt_fail(s, place, TS_EFORMAT, err,
                        "a control character of %s in the text; windows-1252 "
                        "has letters and quotes there",
                        e->name);
    size_t at = place + (e->converts ? 0 : good);
    if (c >= 0x80)
        return xpt_fail(s, at, TS_EFORMAT, err,
                        "byte 0x%02X is not valid UTF-8; encoding = "
                        "\"latin1\" or \"windows-1252\" reads older files",
                        c);
    return xpt_fail(
        s, at, TS_EFORMAT, err,
        c ? "control character 0x%02X in text" : "a NUL byte in text", c);
}
