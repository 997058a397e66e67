/*
 * The child: ReadStat over file 3, what it says into file 4, nothing else. It
 * gives up what it does not need before it looks at the first byte. Text goes
 * out as the file has it: to convert it would need files of the C library.
 */
#include "readstat_private.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <readstat.h>
#include "ts/jail.h"

enum { IN = 3, OUT = 4 };

typedef struct {
    /* the file, through a window: ReadStat reads .por files byte by byte */
    unsigned char window[65536];
    off_t start, place;
    size_t length;
    /* the stream */
    unsigned char *bytes; /* that were not written yet */
    size_t n, room;
    size_t record; /* where the last record begins */
    uint64_t hash, n_byte;
    uint64_t n_variable, n_label, n_row, n_value;
    char said[512]; /* ReadStat's words about an error */
    bool failed;    /* to write */
} child;

/* The file ----------------------------------------------------------------- */

static int open_file(const char *path, void *context)
{
    (void)path, (void)context;
    return 0;
}

static int close_file(void *context)
{
    (void)context;
    return 0;
}

static readstat_off_t seek_file(readstat_off_t offset,
                                readstat_io_flags_t whence, void *context)
{
    child *c = context;
    off_t end = whence == READSTAT_SEEK_END ? lseek(IN, 0, SEEK_END) : 0;
    off_t from = whence == READSTAT_SEEK_CUR ? c->place : end;
    if (end < 0 || (offset < 0 ? from + offset < 0 : offset > INT64_MAX - from))
        return -1;
    return c->place = from + offset;
}

static bool fill(child *c)
{
    ssize_t n;
    do
        n = pread(IN, c->window, sizeof c->window, c->place);
    while (n < 0 && errno == EINTR);
    c->start = c->place;
    c->length = n > 0 ? (size_t)n : 0;
    return n >= 0;
}

static ssize_t read_file(void *to, size_t n, void *context)
{
    child *c = context;
    size_t done = 0;
    while (done < n) {
        if (c->place < c->start || c->place >= c->start + (off_t)c->length) {
            if (!fill(c))
                return -1;
            if (!c->length)
                break;
        }
        size_t at = (size_t)(c->place - c->start), left = c->length - at;
        if (left > n - done)
            left = n - done;
        memcpy((char *)to + done, c->window + at, left);
        done += left;
        c->place += (off_t)left;
    }
    return (ssize_t)done;
}

static readstat_error_t update(long size, readstat_progress_handler progress,
                               void *user, void *context)
{
    (void)size, (void)progress, (void)user, (void)context;
    return READSTAT_OK;
}

/* The stream --------------------------------------------------------------- */

static void flush(child *c)
{
    for (size_t done = 0; done < c->n && !c->failed;) {
        ssize_t n = write(OUT, c->bytes + done, c->n - done);
        if (n < 0 && errno == EINTR)
            continue;
        c->failed = n <= 0;
        done += n > 0 ? (size_t)n : 0;
    }
    c->n = 0;
}

static void put(child *c, const void *data, size_t n)
{
    if (c->failed || !n)
        return;
    if (c->room - c->n < n) {
        size_t room = 2 * (c->n + n) + 65536;
        unsigned char *bytes = realloc(c->bytes, room);
        if (!bytes) {
            c->failed = true;
            return;
        }
        c->bytes = bytes;
        c->room = room;
    }
    memcpy(c->bytes + c->n, data, n);
    c->n += n;
}

static void put_byte(child *c, int byte)
{
    put(c, &(unsigned char){(unsigned char)byte}, 1);
}

static void put_whole(child *c, int64_t x)
{
    put(c, &x, sizeof x);
}

static void put_short(child *c, uint32_t x)
{
    put(c, &x, sizeof x);
}

static void put_double(child *c, double x)
{
    put(c, &x, sizeof x);
}

static void put_text(child *c, const char *text)
{
    size_t n = text ? strlen(text) : 0;
    if (n > UINT32_MAX)
        n = UINT32_MAX; /* the parent refuses it */
    put_short(c, (uint32_t)n);
    put(c, text, n);
}

static void begin(child *c, char kind)
{
    c->record = c->n;
    put_byte(c, kind);
    put_short(c, 0);
}

/* 0, or what makes ReadStat stop. */
static int end(child *c)
{
    if (c->failed)
        return READSTAT_HANDLER_ABORT;
    size_t length = c->n - c->record - 5;
    if (length > FOREIGN_MAX_RECORD) {
        c->n = c->record;
        strcpy(c->said, "a row, or a text, of more than 64 MiB");
        return READSTAT_HANDLER_ABORT;
    }
    uint32_t n = (uint32_t)length;
    memcpy(c->bytes + c->record + 1, &n, sizeof n);
    c->hash = foreign_hash(c->hash, c->bytes + c->record, c->n - c->record);
    c->n_byte += c->n - c->record;
    if (c->n >= 65536)
        flush(c);
    return c->failed ? READSTAT_HANDLER_ABORT : READSTAT_HANDLER_OK;
}

/* What ReadStat says ------------------------------------------------------- */

static int on_metadata(readstat_metadata_t *m, void *context)
{
    child *c = context;
    begin(c, 'F');
    put_whole(c, readstat_get_row_count(m));
    put_whole(c, readstat_get_var_count(m));
    put_whole(c, readstat_get_file_format_version(m));
    put_text(c, readstat_get_file_encoding(m));
    put_text(c, readstat_get_file_label(m));
    return end(c);
}

static int on_variable(int index, readstat_variable_t *v, const char *set,
                       void *context)
{
    child *c = context;
    bool text =
        readstat_variable_get_type_class(v) == READSTAT_TYPE_CLASS_STRING;
    int n = readstat_variable_get_missing_ranges_count(v);
    if (index != (int)c->n_variable) {
        strcpy(c->said, "columns out of order");
        return READSTAT_HANDLER_ABORT;
    }
    c->n_variable++;
    begin(c, 'V');
    put_byte(c, text);
    put_short(c, (uint32_t)readstat_variable_get_storage_width(v));
    put_text(c, readstat_variable_get_name(v));
    put_text(c, readstat_variable_get_label(v));
    put_text(c, readstat_variable_get_format(v));
    put_text(c, set);
    put_short(c, (uint32_t)(n > 0 ? n : 0));
    for (int i = 0; i < n; i++) {
        readstat_value_t low = readstat_variable_get_missing_range_lo(v, i);
        readstat_value_t high = readstat_variable_get_missing_range_hi(v, i);
        if (text) {
            put_text(c, readstat_string_value(low));
            put_text(c, readstat_string_value(high));
        } else {
            put_double(c, readstat_double_value(low));
            put_double(c, readstat_double_value(high));
        }
    }
    return end(c);
}

static void put_value(child *c, readstat_value_t value)
{
    if (readstat_value_is_tagged_missing(value)) {
        int tag = toupper((unsigned char)readstat_value_tag(value));
        put_byte(c,
                 (tag >= 'A' && tag <= 'Z') || tag == '_' ? tag : FOREIGN_NA);
    } else if (readstat_value_is_system_missing(value)) {
        put_byte(c, FOREIGN_NA);
    } else if (readstat_value_type_class(value) == READSTAT_TYPE_CLASS_STRING) {
        const char *text = readstat_string_value(value);
        put_byte(c, FOREIGN_TEXT);
        put_text(c, text);
    } else {
        put_byte(c, FOREIGN_REAL);
        put_double(c, readstat_double_value(value));
    }
}

static int on_value_label(const char *set, readstat_value_t value,
                          const char *label, void *context)
{
    child *c = context;
    c->n_label++;
    begin(c, 'L');
    put_text(c, set);
    put_value(c, value);
    put_text(c, label);
    return end(c);
}

static int on_value(int row, readstat_variable_t *v, readstat_value_t value,
                    void *context)
{
    child *c = context;
    if (row != (int)c->n_row ||
        readstat_variable_get_index(v) != (int)c->n_value) {
        strcpy(c->said, "values out of order");
        return READSTAT_HANDLER_ABORT;
    }
    if (c->n_value == 0)
        begin(c, 'R');
    put_value(c, value);
    if (++c->n_value < c->n_variable)
        return c->failed ? READSTAT_HANDLER_ABORT : READSTAT_HANDLER_OK;
    c->n_value = 0;
    c->n_row++;
    return end(c);
}

static void on_error(const char *message, void *context)
{
    child *c = context;
    size_t n = strlen(message);
    if (n >= sizeof c->said)
        n = sizeof c->said - 1;
    memcpy(c->said, message, n);
    c->said[n] = '\0';
}

/* Life --------------------------------------------------------------------- */

static readstat_error_t parse(child *c, readstat_parser_t *p, const char *kind,
                              const char *encoding)
{
    readstat_set_open_handler(p, open_file);
    readstat_set_close_handler(p, close_file);
    readstat_set_seek_handler(p, seek_file);
    readstat_set_read_handler(p, read_file);
    readstat_set_update_handler(p, update);
    readstat_set_io_ctx(p, c);
    readstat_set_handler_character_encoding(p, NULL);
    if (*encoding) /* else it refuses those that it does not know */
        readstat_set_file_character_encoding(p, encoding);
    readstat_set_metadata_handler(p, on_metadata);
    readstat_set_variable_handler(p, on_variable);
    readstat_set_value_handler(p, on_value);
    readstat_set_value_label_handler(p, on_value_label);
    readstat_set_error_handler(p, on_error);
    if (strcmp(kind, "sas7bdat") == 0)
        return readstat_parse_sas7bdat(p, "", c);
    if (strcmp(kind, "sas7bcat") == 0)
        return readstat_parse_sas7bcat(p, "", c);
    if (strcmp(kind, "sav") == 0)
        return readstat_parse_sav(p, "", c);
    if (strcmp(kind, "por") == 0)
        return readstat_parse_por(p, "", c);
    return readstat_parse_dta(p, "", c);
}

static void say_end(child *c, readstat_error_t code)
{
    if (code == READSTAT_OK && c->n_value) {
        strcpy(c->said, "a row that does not end");
        code = READSTAT_ERROR_PARSE;
    }
    if (c->n_value) /* the row that was begun is not sent */
        c->n = c->record;
    if (code == READSTAT_OK) {
        uint64_t n_byte = c->n_byte, hash = c->hash;
        begin(c, 'T');
        put_whole(c, (int64_t)c->n_variable);
        put_whole(c, (int64_t)c->n_label);
        put_whole(c, (int64_t)c->n_row);
        put_whole(c, (int64_t)n_byte);
        put(c, &hash, sizeof hash);
    } else {
        char said[700];
        int32_t number = code;
        /* its own words about an abort are about us */
        const char *message = readstat_error_message(code);
        bool ours = code == READSTAT_ERROR_USER_ABORT && c->said[0];
        snprintf(said, sizeof said, "%s%s%s", ours ? "" : message,
                 !ours && c->said[0] ? "; " : "", c->said);
        begin(c, 'E');
        put(c, &number, sizeof number);
        put_text(c, said);
    }
    end(c);
    flush(c);
}

int ts_readstat_child(int argc, char **argv)
{
    if (argc != 6)
        return 2;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    ts_jail_limits(atof(argv[4]), atof(argv[3]), 0);
    int jailed = ts_jail_strict() == 0;
    child *c = calloc(1, sizeof *c);
    readstat_parser_t *parser = c ? readstat_parser_init() : NULL;
    if (!parser)
        return 3;
    c->hash = FOREIGN_HASH_START;
    begin(c, 'H');
    put(c, FOREIGN_HELLO, sizeof FOREIGN_HELLO - 1);
    put_byte(c, jailed);
    end(c);
    say_end(c, parse(c, parser, argv[2], argv[5]));
    return c->failed ? 4 : 0;
}
