/*
 * Opening a CSV file: is it one, is it compressed, how is its text encoded.
 * All that by its first bytes, before anything is read for good.
 */
#include "csv_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ts/memory.h"

#define BLOCK (256 * 1024)

static bool ends_in(const char *path, size_t n, const char *ending)
{
    size_t length = strlen(ending);
    return n > length && strncasecmp(path + n - length, ending, length) == 0;
}

bool csv_is_tab_name(const char *path)
{
    size_t n = strlen(path);
    if (ends_in(path, n, ".gz"))
        n -= 3;
    return ends_in(path, n, ".tsv") || ends_in(path, n, ".tab");
}

static bool begins(const unsigned char *head, size_t n, const char *magic,
                   size_t length)
{
    return n >= length && memcmp(head, magic, length) == 0;
}

static bool is_utf8_name(const char *name)
{
    return strcasecmp(name, "utf-8") == 0 || strcasecmp(name, "utf8") == 0;
}

static ts_status fail_mark(const csv_source *s, const char *declared,
                           const char *mark, ts_error *err)
{
    ts_buffer message = {0};
    csv_place(&message, s->path, 0, 0);
    ts_buffer_printf(&message, "encoding = \"");
    ts_text_escape(&message, declared, strlen(declared));
    ts_buffer_printf(&message, "\", but the file begins with the mark of %s",
                     mark);
    return csv_fail(&message, TS_EFORMAT, err);
}

static ts_status fail_encoding(const char *name, ts_error *err)
{
    static const char *const known[] = {
        "UTF-8",        "UTF-16",       "UTF-16LE",     "UTF-16BE",
        "latin1",       "ISO-8859-1",   "ISO-8859-2",   "ISO-8859-15",
        "windows-1252", "windows-1250", "windows-1251", "Shift_JIS",
        "EUC-JP",       "GB18030",      "macintosh",    "UTF-32"};
    const char *near =
        ts_text_nearest(name, known, sizeof known / sizeof *known);
    ts_buffer message = {0};
    ts_buffer_puts(&message, "no encoding is named '");
    ts_text_escape(&message, name, strlen(name) < 60 ? strlen(name) : 60);
    ts_buffer_puts(&message, "'");
    if (near)
        ts_buffer_printf(&message, "; nearest: %s", near);
    return csv_fail(&message, TS_EINVALID, err);
}

/* The encoding: what was declared, else what a byte-order mark says. */
static ts_status decide_encoding(csv_source *s, const char *declared,
                                 const unsigned char *head, size_t n,
                                 ts_error *err)
{
    const char *mark = NULL;
    if (begins(head, n, "\xFF\xFE\0\0", 4) ||
        begins(head, n, "\0\0\xFE\xFF", 4))
        mark = "UTF-32";
    else if (begins(head, n, "\xFF\xFE", 2) || begins(head, n, "\xFE\xFF", 2))
        mark = "UTF-16";
    else if (begins(head, n, "\xEF\xBB\xBF", 3))
        mark = "UTF-8";
    if (declared && mark && strncasecmp(declared, mark, strlen(mark)) != 0 &&
        !(is_utf8_name(declared) && is_utf8_name(mark)))
        return fail_mark(s, declared, mark, err);
    const char *name = declared ? declared : mark;
    if (!name || is_utf8_name(name))
        return TS_OK;
    if (strlen(name) < sizeof s->encoding)
        s->converter = iconv_open("UTF-8", name);
    if (strlen(name) >= sizeof s->encoding || s->converter == (iconv_t)-1)
        return fail_encoding(name, err);
    s->converts = true;
    strcpy(s->encoding, name);
    return TS_OK;
}

static ts_status open_file(csv_source *s, ts_error *err)
{
    struct stat about;
    /* a pipe without a writer must not hang here */
    s->fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (s->fd < 0 || fstat(s->fd, &about) != 0)
        return csv_fail_line(s->path, 0, TS_EIO, strerror(errno), err);
    if (S_ISDIR(about.st_mode))
        return csv_fail_line(s->path, 0, TS_EIO, "is a folder, not a file",
                             err);
    if (!S_ISREG(about.st_mode))
        return csv_fail_line(s->path, 0, TS_EIO,
                             "is a pipe or a device; it is read twice, so save "
                             "it as a file first",
                             err);
    s->size = (double)about.st_size;
    return TS_OK;
}

/* The first bytes; of what is compressed those of the text. */
static ts_status read_head(csv_source *s, unsigned char *head, size_t *n,
                           ts_error *err)
{
    size_t got = 1;
    ts_status status = TS_OK;
    for (*n = 0; !status && got && *n < CSV_HEAD; *n += got)
        status = csv_source_take(s, head + *n, CSV_HEAD - *n, &got, err);
    if (status || !begins(head, *n, "\x1F\x8B", 2))
        return status;
    s->data_at = 0;
    if (!s->data && lseek(s->fd, 0, SEEK_SET) < 0)
        return csv_fail_line(s->path, 0, TS_EIO, strerror(errno), err);
    status = csv_gzip_new(&s->gzip, err);
    got = 1;
    for (*n = 0; !status && got && *n < CSV_HEAD; *n += got)
        status = csv_gzip_read(s->gzip, s, head + *n, CSV_HEAD - *n, &got, err);
    return status;
}

ts_status csv_source_open(csv_source *s, const char *path,
                          const ts_csv_options *options, ts_error *err)
{
    unsigned char head[CSV_HEAD];
    size_t n = 0;
    const char *advice;
    *s = (csv_source){.path = path,
                      .fd = -1,
                      .data = options->data,
                      .n_data = options->n_data,
                      .size = (double)options->n_data};
    s->block = options->block ? options->block : BLOCK;
    ts_status status = s->data ? TS_OK : open_file(s, err);
    if (!status)
        status = read_head(s, head, &n, err);
    if (status)
        return status;
    if (n == 0)
        return csv_fail_line(path, 0, TS_EFORMAT,
                             "the file is empty; its first line must hold the "
                             "names of the columns",
                             err);
    const char *kind = csv_other_kind(head, n, &advice);
    if (kind) {
        ts_buffer message = {0};
        csv_place(&message, path, 0, 0);
        ts_buffer_printf(&message, "this is not CSV but %s; %s", kind, advice);
        return csv_fail(&message, TS_EFORMAT, err);
    }
    status = decide_encoding(s, options->encoding, head, n, err);
    if (!status && s->converts && !(s->raw = ts_alloc(s->block + 16)))
        status = ts_fail_memory(err);
    return status;
}

void csv_source_close(csv_source *s)
{
    if (s->fd >= 0)
        close(s->fd);
    if (s->converts)
        iconv_close(s->converter);
    csv_gzip_free(s->gzip);
    ts_hash_free(s->hash);
    ts_free(s->buffer);
    ts_free(s->raw);
    *s = (csv_source){.fd = -1};
}
