/*
 * The child's stream, read as a file of an enemy: every length is checked
 * against its record, every record against what may come at its place, and the
 * end against the counts and the hash that the child took.
 */
#include "readstat_private.h"

#include <string.h>
#include "ts/memory.h"

/* A record that is being read. */
typedef struct {
    const unsigned char *at;
    size_t left;
    bool short_of; /* something did not fit */
} piece;

static ts_status nonsense(const foreign_stream *s, const char *what,
                          ts_error *err)
{
    return ts_fail(err, TS_EPROCESS,
                   "%s: the reader sent what cannot be read (%s at byte %.0f "
                   "of its answer)",
                   s->table->path, what, s->n_byte);
}

static void take(piece *p, void *to, size_t n)
{
    if (p->left < n) {
        p->short_of = true;
        p->left = 0;
        memset(to, 0, n);
        return;
    }
    memcpy(to, p->at, n);
    p->at += n;
    p->left -= n;
}

static unsigned char take_byte(piece *p)
{
    unsigned char byte;
    take(p, &byte, 1);
    return byte;
}

static double take_double(piece *p)
{
    double x;
    take(p, &x, sizeof x);
    return x;
}

static double take_whole(piece *p)
{
    int64_t x;
    take(p, &x, sizeof x);
    return (double)x;
}

static const char *take_bytes(piece *p, uint32_t *length)
{
    take(p, length, sizeof *length);
    const char *text = (const char *)p->at;
    if (p->short_of || p->left < *length) {
        p->short_of = true;
        *length = 0;
        return "";
    }
    p->at += *length;
    p->left -= *length;
    return text;
}

/* A copy; NULL for nothing, and when memory runs out, which *failed tells. */
static char *take_text(piece *p, bool *failed)
{
    uint32_t n;
    const char *text = take_bytes(p, &n);
    if (!n)
        return NULL;
    if (memchr(text, '\0', n)) {
        p->short_of = true;
        return NULL;
    }
    char *copy = ts_strndup(text, n);
    *failed = *failed || !copy;
    return copy;
}

/* Records ------------------------------------------------------------------ */

static ts_status read_hello(foreign_stream *s, piece *p, ts_error *err)
{
    char hello[sizeof FOREIGN_HELLO - 1];
    take(p, hello, sizeof hello);
    unsigned char jailed = take_byte(p);
    if (s->hello || memcmp(hello, FOREIGN_HELLO, sizeof hello) != 0 ||
        jailed > 1)
        return nonsense(s, "no greeting", err);
    s->hello = true;
    s->unjailed = !jailed;
    return TS_OK;
}

static ts_status read_file(foreign_stream *s, piece *p, ts_error *err)
{
    bool failed = false;
    double n_row = take_whole(p), n_column = take_whole(p);
    double version = take_whole(p);
    char *encoding = take_text(p, &failed);
    char *label = take_text(p, &failed);
    ts_status status = TS_OK;
    if (failed)
        status = ts_fail_memory(err);
    else if (p->short_of || s->table->has_file)
        status = nonsense(s, "a header", err);
    else
        status = foreign_add_file(s->table, n_row, n_column, version, encoding,
                                  label, err);
    ts_free(encoding);
    ts_free(label);
    return status;
}

static void read_ranges(foreign_variable *v, piece *p, bool *failed)
{
    uint32_t n;
    take(p, &n, sizeof n);
    if (n > 32) {
        p->short_of = true;
        return;
    }
    v->range = n ? ts_alloc_array(n, sizeof *v->range) : NULL;
    if (n && !v->range) {
        *failed = true;
        return;
    }
    v->n_range = n;
    for (uint32_t i = 0; i < n; i++) {
        if (v->text) {
            v->range[i].first = take_text(p, failed);
            v->range[i].last = take_text(p, failed);
        } else {
            v->range[i].low = take_double(p);
            v->range[i].high = take_double(p);
        }
    }
}

static ts_status read_variable(foreign_stream *s, piece *p, ts_error *err)
{
    foreign_variable v = {0};
    bool failed = false;
    unsigned char text = take_byte(p);
    v.text = text == 1;
    take(p, &v.width, sizeof v.width);
    v.name = take_text(p, &failed);
    v.label = take_text(p, &failed);
    v.format = take_text(p, &failed);
    v.set = take_text(p, &failed);
    read_ranges(&v, p, &failed);
    ts_status status = TS_OK;
    if (failed)
        status = ts_fail_memory(err);
    else if (p->short_of || text > 1 || !s->table->has_file ||
             s->table->n_row > 0 || s->table->n_value > 0)
        status = nonsense(s, "a column", err);
    else
        return foreign_add_variable(s->table, &v, err);
    foreign_variable_free(&v);
    return status;
}

static bool is_code(unsigned char what)
{
    return (what >= 'A' && what <= 'Z') || what == '_';
}

static ts_status read_label(foreign_stream *s, piece *p, ts_error *err)
{
    foreign_label label = {0};
    bool failed = false;
    label.set = take_text(p, &failed);
    label.what = take_byte(p);
    if (label.what == FOREIGN_REAL)
        label.x = take_double(p);
    else if (label.what == FOREIGN_TEXT)
        label.text = take_text(p, &failed);
    else if (label.what != FOREIGN_NA && !is_code(label.what))
        p->short_of = true;
    label.label = take_text(p, &failed);
    ts_status status = TS_OK;
    if (failed)
        status = ts_fail_memory(err);
    else if (p->short_of)
        status = nonsense(s, "a value label", err);
    else
        return foreign_add_label(s->table, &label, err);
    ts_free(label.set);
    ts_free(label.text);
    ts_free(label.label);
    return status;
}

static ts_status read_value(foreign_stream *s, piece *p, ts_error *err)
{
    unsigned char what = take_byte(p);
    uint32_t n;
    if (what == FOREIGN_REAL) {
        double x = take_double(p);
        if (!p->short_of)
            return foreign_add_real(s->table, x, err);
    } else if (what == FOREIGN_TEXT) {
        const char *text = take_bytes(p, &n);
        if (!p->short_of)
            return foreign_add_text(s->table, text, n, err);
    } else if ((what == FOREIGN_NA || is_code(what)) && !p->short_of) {
        return foreign_add_na(s->table, (char)(what ? what : '.'), err);
    }
    return nonsense(s, "a value", err);
}

static ts_status read_row(foreign_stream *s, piece *p, ts_error *err)
{
    ts_status status = TS_OK;
    if (!s->table->n_variable)
        return nonsense(s, "a row without columns", err);
    for (size_t j = 0; j < s->table->n_variable && !status; j++)
        status = read_value(s, p, err);
    return status ? status : foreign_add_row(s->table, err);
}

static ts_status read_refusal(foreign_stream *s, piece *p, ts_error *err)
{
    int32_t code;
    bool failed = false;
    take(p, &code, sizeof code);
    ts_free(s->reason);
    s->reason = take_text(p, &failed);
    if (failed)
        return ts_fail_memory(err);
    if (p->short_of || code == 0)
        return nonsense(s, "a refusal", err);
    s->refused = code;
    s->ended = true;
    return TS_OK;
}

static ts_status read_trailer(foreign_stream *s, piece *p, ts_error *err)
{
    double n_variable = take_whole(p), n_label = take_whole(p);
    double n_row = take_whole(p), n_byte = take_whole(p);
    uint64_t hash;
    take(p, &hash, sizeof hash);
    if (p->short_of || n_variable != (double)s->table->n_variable ||
        n_label != (double)s->table->n_label || n_row != s->table->n_row ||
        n_byte != s->n_byte || hash != s->hash)
        return nonsense(s, "counts and checks that differ", err);
    s->ended = true;
    return TS_OK;
}

static ts_status read_record(foreign_stream *s, unsigned char kind, piece p,
                             ts_error *err)
{
    ts_status status;
    if (s->ended)
        return nonsense(s, "more than its end", err);
    switch (kind) {
    case 'H':
        status = read_hello(s, &p, err);
        break;
    case 'F':
        status = read_file(s, &p, err);
        break;
    case 'V':
        status = read_variable(s, &p, err);
        break;
    case 'L':
        status = read_label(s, &p, err);
        break;
    case 'R':
        status = read_row(s, &p, err);
        break;
    case 'E':
        status = read_refusal(s, &p, err);
        break;
    case 'T':
        status = read_trailer(s, &p, err);
        break;
    default:
        return nonsense(s, "an unknown record", err);
    }
    if (!status && p.left)
        status = nonsense(s, "a record that is too long", err);
    return status;
}

/* Pieces of any size come in ----------------------------------------------- */

ts_status foreign_feed(foreign_stream *s, const void *data, size_t n,
                       ts_error *err)
{
    enum { HEAD = 5 };
    ts_status status = TS_OK;
    if (s->done) { /* what was read makes room */
        memmove(s->bytes.data, s->bytes.data + s->done,
                s->bytes.length - s->done);
        s->bytes.length -= s->done;
        s->done = 0;
    }
    ts_buffer_add(&s->bytes, data, n);
    if (s->bytes.failed)
        return ts_fail_memory(err);
    while (!status && s->bytes.length - s->done >= HEAD) {
        const unsigned char *at =
            (const unsigned char *)s->bytes.data + s->done;
        uint32_t length;
        memcpy(&length, at + 1, sizeof length);
        if (!s->hello && *at != 'H')
            return nonsense(s, "no greeting", err);
        if (length > FOREIGN_MAX_RECORD)
            return nonsense(s, "a record of too many bytes", err);
        if (s->bytes.length - s->done - HEAD < length)
            break;
        status = read_record(s, *at, (piece){at + HEAD, length, false}, err);
        s->hash = foreign_hash(s->n_byte > 0 ? s->hash : FOREIGN_HASH_START, at,
                               HEAD + (size_t)length);
        s->n_byte += HEAD + (double)length;
        s->done += HEAD + (size_t)length;
    }
    if (!status && s->n_byte > FOREIGN_MAX_STREAM)
        status = ts_fail(err, TS_ELIMIT, "%s: more than %.0f GiB of values",
                         s->table->path, FOREIGN_MAX_STREAM / (1 << 30));
    return status;
}

ts_status foreign_end(foreign_stream *s, ts_error *err)
{
    if (s->ended && s->done == s->bytes.length)
        return TS_OK;
    return nonsense(s, "an end that is missing", err);
}

void foreign_stream_free(foreign_stream *s)
{
    ts_buffer_free(&s->bytes);
    ts_free(s->reason);
    s->reason = NULL;
}
