/*
 * Our checks of headers and pages, and the decoder of the reader's stream, on
 * any bytes. The first byte says which, the second the size of the pieces in
 * which a stream comes, and what is done with labels; the rest is the file or
 * the stream. A hash in a stream is put right, so that what stands behind it is
 * reached.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../core/data/readstat_private.h"
#include "ts/memory.h"

static void stop(const char *why)
{
    fprintf(stderr, "%s\n", why);
    abort();
}

static void check_file(int what, const uint8_t *data, size_t size)
{
    ts_error err;
    double n_row = 0;
    foreign_source s = {.path = "x", .fd = -1, .data = data, .size = size};
    ts_status status = what < 2    ? foreign_check_sas(&s, what, &n_row, &err)
                       : what == 2 ? foreign_check_stata(&s, &n_row, &err)
                                   : foreign_check_sav(&s, &n_row, &err);
    if (status > 0 || (!status && n_row < -1))
        stop("a check that gives nonsense");
}

/* The counts and the hash of a trailer as they must be. */
static void mend(uint8_t *data, size_t size)
{
    uint64_t hash = FOREIGN_HASH_START, n_byte, counts[3] = {0};
    uint32_t length;
    for (size_t at = 0; at + 5 <= size; at += 5 + (size_t)length) {
        memcpy(&length, data + at + 1, sizeof length);
        if (length > size - at - 5)
            return;
        counts[0] += data[at] == 'V';
        counts[1] += data[at] == 'L';
        counts[2] += data[at] == 'R';
        if (data[at] == 'T' && length == 40) {
            n_byte = at;
            memcpy(data + at + 5, counts, sizeof counts);
            memcpy(data + at + 29, &n_byte, sizeof n_byte);
            memcpy(data + at + 37, &hash, sizeof hash);
            return;
        }
        hash = foreign_hash(hash, data + at, 5 + (size_t)length);
    }
}

static ts_status decode(foreign_table *t, const uint8_t *data, size_t size,
                        size_t step, ts_error *err)
{
    foreign_stream s = {.table = t};
    ts_status status = TS_OK;
    for (size_t at = 0; at < size && !status; at += step)
        status = foreign_feed(&s, data + at,
                              size - at < step ? size - at : step, err);
    if (!status)
        status = foreign_end(&s, err);
    if (!status && s.refused)
        status = ts_fail(err, TS_EFORMAT, "refused");
    foreign_stream_free(&s);
    return status;
}

static void check_frame(const ts_readstat *r)
{
    for (size_t j = 0; j < r->frame->n_column; j++) {
        const ts_column *c = r->frame->column[j];
        if (c->n != (size_t)r->n_row)
            stop("a column of another length");
        if (c->type != TS_TEXT)
            continue;
        for (size_t i = 0; i < c->n; i++)
            if (c->code[i] < -1 || c->code[i] >= (int32_t)c->n_level)
                stop("a code without level");
        for (size_t i = 0; i < c->n_level; i++)
            if (ts_utf8_check(c->level[i], strlen(c->level[i])) !=
                strlen(c->level[i]))
                stop("text that is not UTF-8");
    }
}

static void read_stream(int what, int how, const uint8_t *data, size_t size)
{
    static const foreign_kind kinds[] = {FOREIGN_SAS, FOREIGN_CATALOG,
                                         FOREIGN_SAV, FOREIGN_STATA};
    foreign_table t = {.path = "x", .kind = kinds[what & 3], .said_row = -1};
    ts_readstat_options options = {.n_row = -1, .no_labels = how & 1};
    ts_readstat *r = ts_alloc_array(1, sizeof *r);
    ts_error err;
    size_t step = how & 2 ? 65536 : 1 + (size_t)how / 4;
    ts_status status = decode(&t, data, size, step, &err);
    if (!status)
        status = t.kind == FOREIGN_CATALOG
                     ? foreign_finish_catalog(&t, r, &err)
                     : foreign_finish(&t, &t, &options, r, &err);
    if (!status)
        check_frame(r);
    ts_readstat_free(r);
    foreign_table_free(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    if ((data[0] & 7) < 4) {
        check_file(data[0] & 3, data + 2, size - 2);
    } else {
        uint8_t *copy = malloc(size);
        memcpy(copy, data + 2, size - 2);
        mend(copy, size - 2);
        read_stream(data[0] & 3, data[1], copy, size - 2);
        free(copy);
    }
    if (ts_memory_live() != 0)
        stop("memory left");
    return 0;
}
