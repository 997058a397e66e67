/*
 * Bytes to records. A record lies whole in the buffer, so fields are pointers
 * into it; the buffer is as large as the largest record. The delimiter is
 * found by a table of 256 classes, which is what makes it fast.
 */
#include "csv_record.h"

#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ts/hash.h"
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/text.h"

#define BLOCK (256 * 1024)
#define RECORD_MAX 100000000
#define FIELD_MAX 2000 /* columns that SQLite takes */

struct csv_input {
    char *path;
    int fd; /* -1 when data is read */
    const char *data;
    size_t n_data, data_at;
    ts_hash *hash;
    char hex[65];
    iconv_t convert; /* (iconv_t)-1: none */
    char encoding[40];
    char *raw; /* bytes before conversion */
    size_t raw_length;
    char *text; /* UTF-8; a record lies whole in it */
    size_t room, end, at, block;
    bool eof, checked;
    unsigned char stop[256]; /* bytes that end an unquoted field */
    char delimiter;
    csv_field *fields;
    size_t n_field, field_room;
    size_t line, next_line, record; /* record: where the last one began */
    double read, size;
};

static ts_status file_error(const csv_input *in, ts_error *err)
{
    return ts_fail(err, TS_EIO, "%s: %s", in->path, strerror(errno));
}

/* What lies under a .csv name that is no text. */
static const char *disguise(const unsigned char *s, size_t n)
{
    static const struct {
        const char *magic;
        size_t length;
        const char *name;
    } kinds[] = {
        {"PK\003\004", 4, "a spreadsheet (xlsx, ods) or a zip archive"},
        {"\037\213", 2, "compressed by gzip"},
        {"BZh", 3, "compressed by bzip2"},
        {"\xFD" "7zXZ", 5, "compressed by xz"},
        {"\xD0\xCF\x11\xE0", 4, "an old spreadsheet (xls)"},
        {"SQLite format 3", 15, "an SQLite file"},
        {"HEADER RECORD*******", 20, "a SAS transport file"},
        {"%PDF-", 5, "a PDF"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (n >= kinds[i].length &&
            memcmp(s, kinds[i].magic, kinds[i].length) == 0)
            return kinds[i].name;
    while (n && (*s == ' ' || *s == '\n' || *s == '\r' || *s == '\t'))
        s++, n--;
    if (n >= 5 && (strncasecmp((const char *)s, "<html", 5) == 0 ||
                   strncasecmp((const char *)s, "<!doc", 5) == 0 ||
                   strncasecmp((const char *)s, "<tabl", 5) == 0))
        return "an HTML page";
    return NULL;
}

static ts_status start_conversion(csv_input *in, const char *from,
                                  ts_error *err)
{
    in->convert = iconv_open("UTF-8", from);
    if (in->convert == (iconv_t)-1)
        return ts_fail(err, TS_EINVALID, "%s: no encoding %.40s is known",
                       in->path, from);
    /* no smaller than the start that look_at_start has read */
    in->block = in->block < 64 ? 64 : in->block;
    in->raw = ts_alloc(in->block);
    if (!in->raw)
        return ts_fail_memory(err);
    strncpy(in->encoding, from, sizeof in->encoding - 1);
    return TS_OK;
}

/* Reads up to n bytes into to, hashing them. */
static ts_status read_bytes(csv_input *in, char *to, size_t n, size_t *got,
                            ts_error *err)
{
    ssize_t k;
    *got = 0;
    if (in->data) {
        size_t left = in->n_data - in->data_at;
        n = n < left ? n : left;
        memcpy(to, in->data + in->data_at, n);
        in->data_at += n;
        in->read += (double)n;
        ts_hash_add(in->hash, to, n);
        *got = n;
        return TS_OK;
    }
    do
        k = read(in->fd, to, n);
    while (k < 0 && errno == EINTR && !ts_interrupted());
    if (k < 0)
        return errno == EINTR ? ts_interrupt_check(err) : file_error(in, err);
    *got = (size_t)k;
    in->read += (double)k;
    if (k)
        ts_hash_add(in->hash, to, (size_t)k);
    return TS_OK;
}

static ts_status make_room(csv_input *in, size_t more, ts_error *err)
{
    if (in->record > 0) {
        memmove(in->text, in->text + in->record, in->end - in->record);
        in->at -= in->record;
        in->end -= in->record;
        in->record = 0;
    }
    if (in->end > RECORD_MAX)
        return ts_fail(err, TS_ELIMIT,
                       "%s:%zu: a record of more than %d bytes; is a quote "
                       "not closed?",
                       in->path, in->line, RECORD_MAX);
    if (in->end + more > in->room) {
        size_t room = in->room * 2 > in->end + more ? in->room * 2
                                                    : in->end + more;
        char *text = ts_realloc(in->text, room);
        if (!text)
            return ts_fail_memory(err);
        in->text = text;
        in->room = room;
    }
    return TS_OK;
}

/* Converts raw bytes; what is incomplete at their end waits for more. */
static ts_status convert(csv_input *in, ts_error *err)
{
    size_t got;
    ts_status status = read_bytes(in, in->raw + in->raw_length,
                                  in->block - in->raw_length, &got, err);
    if (status || (status = make_room(in, 4 * in->block, err)))
        return status;
    in->eof = got == 0;
    in->raw_length += got;
    char *from = in->raw, *to = in->text + in->end;
    size_t left = in->raw_length, space = in->room - in->end;
    size_t rc = iconv(in->convert, &from, &left, &to, &space);
    if (rc == (size_t)-1 && (errno == EILSEQ || (in->eof && left)))
        return ts_fail(err, TS_EFORMAT, "%s: bytes near %.0f are not %s",
                       in->path, in->read - (double)left, in->encoding);
    in->end = (size_t)(to - in->text);
    memmove(in->raw, from, left);
    in->raw_length = left;
    return TS_OK;
}

static ts_status fill(csv_input *in, ts_error *err)
{
    size_t got;
    ts_status status = ts_progress("bytes", in->read, in->size, err);
    if (status)
        return status;
    if (in->convert != (iconv_t)-1)
        return convert(in, err);
    /* as much again as the record has, so that a long one is not scanned
     * once for every block */
    size_t more = in->end - in->record;
    more = more > in->block ? more : in->block;
    if ((status = make_room(in, more, err)) ||
        (status = read_bytes(in, in->text + in->end, more, &got, err)))
        return status;
    in->end += got;
    in->eof = got == 0;
    return TS_OK;
}

/* The first bytes: a mark, a disguise, the encoding. */
static ts_status look_at_start(csv_input *in, const char *encoding,
                               ts_error *err)
{
    unsigned char *s = (unsigned char *)in->text;
    ts_status status = TS_OK;
    size_t got = 1;
    while (in->end < 64 && got && !status) {
        status = read_bytes(in, in->text + in->end, 64 - in->end, &got, err);
        in->end += got;
    }
    if (status)
        return status;
    if (in->end == 0)
        return ts_fail(err, TS_EFORMAT, "%s is empty", in->path);
    const char *kind = disguise(s, in->end);
    if (kind)
        return ts_fail(err, TS_EFORMAT, "%s is %s, not a text file", in->path,
                       kind);
    size_t mark = 0;
    if (in->end >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0) {
        mark = 3;
        encoding = NULL;
    } else if (in->end >= 2 && memcmp(s, "\xFF\xFE", 2) == 0) {
        mark = 2;
        encoding = "UTF-16LE";
    } else if (in->end >= 2 && memcmp(s, "\xFE\xFF", 2) == 0) {
        mark = 2;
        encoding = "UTF-16BE";
    }
    strcpy(in->encoding, "UTF-8");
    if (encoding && strcasecmp(encoding, "utf-8") != 0 &&
        strcasecmp(encoding, "utf8") != 0) {
        if ((status = start_conversion(in, encoding, err)))
            return status;
        in->raw_length = in->end - mark;
        memcpy(in->raw, in->text + mark, in->raw_length);
        in->end = 0;
    } else {
        in->at = in->record = mark;
    }
    return TS_OK;
}

static ts_status open_file(csv_input *in, ts_error *err)
{
    struct stat info;
    in->fd = open(in->path, O_RDONLY | O_CLOEXEC);
    if (in->fd < 0)
        return file_error(in, err);
    if (fstat(in->fd, &info) == 0) {
        if (S_ISDIR(info.st_mode))
            return ts_fail(err, TS_EIO, "%s is a folder", in->path);
        in->size = (double)info.st_size;
    }
    return TS_OK;
}

ts_status csv_input_open(const csv_source *source, csv_input **out,
                         ts_error *err)
{
    ts_status status = TS_OK;
    csv_input *in = ts_alloc_array(1, sizeof *in);
    *out = NULL;
    if (!in)
        return ts_fail_memory(err);
    in->fd = -1;
    in->convert = (iconv_t)-1;
    in->block = source->block ? source->block : BLOCK;
    in->room = in->block + 64; /* 64: what look_at_start reads */
    in->line = in->next_line = 1;
    in->data = source->data;
    in->n_data = source->n_data;
    in->size = (double)source->n_data;
    in->path = ts_strdup(source->path);
    in->text = ts_alloc(in->room);
    if (!in->path || !in->text)
        status = ts_fail_memory(err);
    if (!status && !in->data)
        status = open_file(in, err);
    if (!status)
        status = ts_hash_new(&in->hash, err);
    if (!status)
        status = look_at_start(in, source->encoding, err);
    if (status) {
        csv_input_close(in);
        return status;
    }
    csv_input_delimiter(in, ',');
    *out = in;
    return TS_OK;
}

void csv_input_close(csv_input *in)
{
    if (!in)
        return;
    if (in->fd >= 0)
        close(in->fd);
    if (in->convert != (iconv_t)-1)
        iconv_close(in->convert);
    ts_hash_free(in->hash);
    ts_free(in->path);
    ts_free(in->raw);
    ts_free(in->text);
    ts_free(in->fields);
    ts_free(in);
}

void csv_input_delimiter(csv_input *in, char delimiter)
{
    memset(in->stop, 0, sizeof in->stop);
    in->stop[(unsigned char)delimiter] = 1;
    in->stop['\n'] = in->stop['\r'] = 1;
    in->stop[0] = 1;
    in->delimiter = delimiter;
}

const char *csv_input_encoding(const csv_input *in)
{
    return in->encoding;
}

size_t csv_line(const csv_input *in)
{
    return in->line;
}

static size_t characters(const char *from, const char *to)
{
    size_t n = 1;
    for (; from < to; from++)
        n += ((unsigned char)*from & 0xC0) != 0x80;
    return n;
}

size_t csv_character(const csv_input *in, const csv_field *field)
{
    const char *from = in->text + in->record;
    /* in a record of several lines the character is that of its own line */
    for (const char *p = field->text; p > from; p--)
        if (p[-1] == '\n' || p[-1] == '\r') {
            from = p;
            break;
        }
    return characters(from, field->text - field->quoted);
}

void csv_position(const csv_input *in, double *done, double *total)
{
    *done = in->read;
    *total = in->size;
}

void csv_hash(csv_input *in, char hex[65])
{
    if (in->hash) {
        ts_hash_end(in->hash, in->hex);
        in->hash = NULL;
    }
    memcpy(hex, in->hex, 65);
}

static ts_status add_field(csv_input *in, size_t from, size_t to, bool quoted,
                           bool doubled, ts_error *err)
{
    if (in->n_field == in->field_room) {
        size_t room = in->field_room ? in->field_room * 2 : 32;
        if (in->n_field > FIELD_MAX)
            return ts_fail(err, TS_ELIMIT, "%s:%zu: more than %d columns",
                           in->path, in->line, FIELD_MAX);
        csv_field *fields = ts_realloc_array(in->fields, room, sizeof *fields);
        if (!fields)
            return ts_fail_memory(err);
        in->fields = fields;
        in->field_room = room;
    }
    /* offsets for now: the buffer may still move */
    in->fields[in->n_field++] = (csv_field){
        (const char *)(uintptr_t)from, to - from, quoted, doubled};
    return TS_OK;
}

enum { MORE = 1 }; /* the record goes on behind what is in the buffer */

/* One quoted field from the quote at *at; lines counts those within. */
static int quoted_field(csv_input *in, size_t *at, size_t *lines,
                        ts_error *err)
{
    size_t from = *at + 1, i = from;
    bool doubled = false;
    for (;;) {
        const char *quote = memchr(in->text + i, '"', in->end - i);
        if (!quote) {
            if (!in->eof)
                return MORE;
            return ts_fail(err, TS_EFORMAT,
                           "%s:%zu:%zu: a quote that is not closed", in->path,
                           in->line + *lines,
                           characters(in->text + in->record, in->text + *at));
        }
        i = (size_t)(quote - in->text);
        if (i + 1 >= in->end && !in->eof)
            return MORE;
        if (i + 1 < in->end && in->text[i + 1] == '"') {
            doubled = true;
            i += 2;
            continue;
        }
        break;
    }
    for (size_t k = from; k < i; k++)
        *lines += in->text[k] == '\n' ||
                  (in->text[k] == '\r' && in->text[k + 1] != '\n');
    ts_status status = add_field(in, from, i, true, doubled, err);
    if (status)
        return status;
    *at = i + 1;
    if (*at < in->end && !in->stop[(unsigned char)in->text[*at]])
        return ts_fail(err, TS_EFORMAT,
                       "%s:%zu:%zu: text behind a closing quote", in->path,
                       in->line + *lines,
                       characters(in->text + in->record, in->text + *at));
    return TS_OK;
}

/* Fields of the record at in->record; MORE when it is not all there. */
static int scan(csv_input *in, ts_error *err)
{
    size_t at = in->record, lines = 0;
    in->n_field = 0;
    for (;;) {
        if (at == in->end && !in->eof)
            return MORE;
        if (at < in->end && in->text[at] == '"') {
            int status = quoted_field(in, &at, &lines, err);
            if (status)
                return status;
        } else {
            size_t from = at;
            while (at < in->end && !in->stop[(unsigned char)in->text[at]])
                at++;
            if (at == in->end && !in->eof)
                return MORE;
            int status = add_field(in, from, at, false, false, err);
            if (status)
                return status;
        }
        if (at == in->end) {
            if (!in->eof)
                return MORE;
            break;
        }
        char c = in->text[at];
        if (c == in->delimiter) {
            at++;
            continue;
        }
        if (c == '\0')
            return ts_fail(err, TS_EFORMAT, "%s:%zu:%zu: a NUL byte", in->path,
                           in->line + lines,
                           characters(in->text + in->record, in->text + at));
        if (c == '\r') {
            if (at + 1 == in->end && !in->eof)
                return MORE;
            at += at + 1 < in->end && in->text[at + 1] == '\n';
        }
        at++;
        lines++;
        break;
    }
    in->at = at;
    in->next_line = in->line + lines;
    return TS_OK;
}

static ts_status check_text(csv_input *in, ts_error *err)
{
    const char *s = in->text + in->record;
    size_t n = in->at - in->record, bad = ts_utf8_check(s, n);
    if (bad < n)
        return ts_fail(err, TS_EFORMAT,
                       "%s:%zu:%zu: byte %02X is not UTF-8; encoding = "
                       "\"latin1\" or another says what it is",
                       in->path, in->line, characters(s, s + bad),
                       (unsigned char)s[bad]);
    const char *nul = memchr(s, '\0', n);
    if (nul)
        return ts_fail(err, TS_EFORMAT, "%s:%zu:%zu: a NUL byte", in->path,
                       in->line, characters(s, nul));
    return TS_OK;
}

ts_status csv_next(csv_input *in, csv_field **fields, size_t *n,
                   ts_error *err)
{
    int status;
    *n = 0;
    in->record = in->at;
    in->line = in->next_line;
    for (;;) {
        if (in->record == in->end) {
            if (in->eof)
                return TS_OK;
            status = MORE;
        } else {
            status = scan(in, err);
        }
        if (status == TS_OK)
            break;
        if (status != MORE || (status = fill(in, err)))
            return (ts_status)status;
    }
    if ((status = check_text(in, err)))
        return (ts_status)status;
    for (size_t i = 0; i < in->n_field; i++)
        in->fields[i].text = in->text + (uintptr_t)in->fields[i].text;
    *fields = in->fields;
    *n = in->n_field;
    return TS_OK;
}

void csv_value(csv_input *in, csv_field *field)
{
    if (!field->doubled)
        return;
    /* in place: the record is not looked at again */
    char *text = in->text + (field->text - in->text), *to = text;
    for (size_t i = 0; i < field->length; i++) {
        *to++ = text[i];
        i += text[i] == '"';
    }
    field->length = (size_t)(to - text);
    field->doubled = false;
}

ts_status csv_guess_delimiter(csv_input *in, char *out, ts_error *err)
{
    static const char candidates[] = ",;\t|";
    size_t count[4] = {0};
    bool quoted = false;
    ts_status status = TS_OK;
    size_t i = in->record = in->at;
    for (;; i++) {
        while (i == in->end && !in->eof && !status) {
            size_t offset = i - in->record;
            status = fill(in, err);
            i = in->record + offset;
        }
        if (status || i == in->end)
            break;
        char c = in->text[i];
        if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '\n' || c == '\r'))
            break;
        for (int k = 0; k < 4 && !quoted; k++)
            count[k] += c == candidates[k];
    }
    in->at = in->record;
    *out = ',';
    if (count[0])
        return status;
    size_t most = 0;
    for (int k = 1; k < 4; k++)
        if (count[k] > most) {
            most = count[k];
            *out = candidates[k];
        }
    return status;
}
