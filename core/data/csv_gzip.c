/*
 * Text that gzip compressed (RFC 1952), unpacked as it is read: one member or
 * several, each with its own check sum. What is surprising: the sum is known
 * at the end only, but the first pass over a CSV goes there before any value
 * is handed over.
 */
#include "csv_private.h"

#include <zlib.h>
#include "ts/memory.h"

/* A small file that unpacks to a huge one is meant to do harm, or damaged:
 * what gzip makes of data is seldom below a fiftieth. */
#define ALWAYS 100e6
#define RATIO 250

struct csv_gzip {
    z_stream stream;
    bool within; /* a member */
    bool begun;  /* with the first one */
    bool damaged;
    bool full; /* there was no room for all that came of the bytes so far */
    double in, out;
    unsigned char raw[32 * 1024];
};

static void *allocate(void *unused, unsigned n, unsigned size)
{
    (void)unused;
    return ts_alloc_array(n, size);
}

static void release(void *unused, void *block)
{
    (void)unused;
    ts_free(block);
}

ts_status csv_gzip_new(csv_gzip **out, ts_error *err)
{
    csv_gzip *g = ts_alloc_array(1, sizeof *g);
    *out = NULL;
    if (!g)
        return ts_fail_memory(err);
    g->stream.zalloc = allocate;
    g->stream.zfree = release;
    /* 16: a header and a check sum of gzip, and no others */
    if (inflateInit2(&g->stream, MAX_WBITS + 16) != Z_OK) {
        ts_free(g);
        return ts_fail_memory(err);
    }
    *out = g;
    return TS_OK;
}

void csv_gzip_free(csv_gzip *g)
{
    if (!g)
        return;
    inflateEnd(&g->stream);
    ts_free(g);
}

void csv_gzip_rewind(csv_gzip *g)
{
    inflateReset(&g->stream);
    g->stream.avail_in = 0;
    g->within = g->begun = g->damaged = g->full = false;
    g->in = g->out = 0;
}

static ts_status fail_at(const csv_gzip *g, const csv_source *s,
                         const char *why, ts_error *err)
{
    ts_buffer message = {0};
    csv_place(&message, s->path, 0, 0);
    ts_buffer_puts(&message, why);
    ts_buffer_printf(&message, " at byte %.0f",
                     g->in - (double)g->stream.avail_in);
    return csv_fail(&message, TS_EFORMAT, err);
}

static ts_status fail_bomb(const csv_gzip *g, const csv_source *s,
                           ts_error *err)
{
    ts_buffer message = {0};
    csv_place(&message, s->path, 0, 0);
    ts_buffer_printf(&message,
                     "%.0f compressed bytes hold more than %.0f: more than %d "
                     "times as many; if that is meant, unpack the file and "
                     "read that",
                     g->in, g->out, RATIO);
    return csv_fail(&message, TS_ELIMIT, err);
}

ts_status csv_gzip_read(csv_gzip *g, csv_source *s, void *into, size_t want,
                        size_t *got, ts_error *err)
{
    static const char damage[] = "the compressed data are damaged";
    z_stream *z = &g->stream;
    *got = 0;
    if (g->damaged)
        return fail_at(g, s, damage, err);
    for (;;) {
        if (z->avail_in == 0 && !g->full) {
            size_t n;
            ts_status status =
                csv_source_take(s, g->raw, sizeof g->raw, &n, err);
            if (status)
                return status;
            if (n == 0 && (g->within || !g->begun))
                return csv_fail_line(s->path, 0, TS_EFORMAT,
                                     "the compressed data end too early: the "
                                     "file was cut",
                                     err);
            if (n == 0)
                return TS_OK;
            z->next_in = g->raw;
            z->avail_in = (uInt)n;
            g->in += (double)n;
        }
        if (!g->within) {
            if (g->begun && *z->next_in != 0x1F)
                return fail_at(g, s,
                               "something stands behind the compressed "
                               "data,",
                               err);
            inflateReset(z);
            g->within = g->begun = true;
        }
        z->next_out = into;
        z->avail_out = (uInt)want;
        int rc = inflate(z, Z_NO_FLUSH);
        *got = want - z->avail_out;
        g->out += (double)*got;
        g->full = rc == Z_OK && z->avail_out == 0;
        if (rc == Z_MEM_ERROR)
            return ts_fail_memory(err);
        if (rc == Z_STREAM_END)
            g->within = false;
        else if (rc != Z_OK && rc != Z_BUF_ERROR) {
            /* what stands before the damage is handed over first, so that
             * the first error is the same for each size of block */
            g->damaged = true;
            return *got ? TS_OK : fail_at(g, s, damage, err);
        }
        if (g->out > ALWAYS && g->out > g->in * RATIO)
            return fail_bomb(g, s, err);
        if (*got)
            return TS_OK;
    }
}
