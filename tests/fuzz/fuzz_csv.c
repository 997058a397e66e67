/*
 * The CSV reader on any bytes: the first byte chooses block size, encoding
 * and delimiter, the second what the options change, the rest is the file,
 * packed by gzip where the second byte says so. What is read is written, read
 * again and must be the same; the size of a block must not matter.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include "../core/csv_outcome.h"
#include "ts/memory.h"

static void stop(const char *why, const ts_buffer *a, const ts_buffer *b)
{
    fprintf(stderr, "%s:\n%s\n%s\n", why, a && a->data ? a->data : "",
            b && b->data ? b->data : "");
    abort();
}

static bool same(const ts_buffer *a, const ts_buffer *b)
{
    return a->length == b->length &&
           (a->length == 0 || memcmp(a->data, b->data, a->length) == 0);
}

/* The frame as CSV, read with the types it has, comes to the same, but for
 * what was set apart, which is the end of first. */
static void write_and_read(ts_csv_options options, const ts_buffer *first)
{
    static char path[40];
    static const ts_csv_write_options private = {.mode = 0600};
    const ts_csv_facts *f;
    ts_csv *csv;
    ts_frame *frame;
    ts_error err;
    ts_buffer again = {0};
    if (!path[0])
        /* where writing is quick, if there is such a place */
        snprintf(path, sizeof path, "%s/fuzz_csv.%ld.csv",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
                 (long)getpid());
    if (ts_csv_open("x.csv", &options, &csv, &err))
        stop("read once, refused twice", first, NULL);
    f = ts_csv_get_facts(csv);
    ts_csv_type *types = calloc(f->n_column, sizeof *types);
    for (size_t i = 0; i < f->n_column; i++)
        types[i] = (ts_csv_type){f->column[i].name, f->column[i].type, NULL};
    if (ts_csv_frame(csv, &frame, &err) ||
        ts_csv_write(frame, path, &private, NULL, &err)) {
        ts_buffer text = {0};
        ts_buffer_puts(&text, err.text);
        stop("not written", first, &text);
    }
    ts_frame_free(frame);
    options = (ts_csv_options){.types = types, .n_type = f->n_column};
    csv_outcome(path, &options, &again);
    put_rejects(csv, &again);
    if (!same(first, &again))
        stop("read, written and read", first, &again);
    ts_buffer_free(&again);
    free(types);
    ts_csv_close(csv);
    unlink(path);
}

/* The file as gzip packs it. */
static void pack(const uint8_t *data, size_t size, ts_buffer *to)
{
    unsigned char out[4096];
    z_stream z = {0};
    if (deflateInit2(&z, 1, Z_DEFLATED, MAX_WBITS + 16, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    z.next_in = (unsigned char *)(uintptr_t)data;
    z.avail_in = (uInt)size;
    do {
        z.next_out = out;
        z.avail_out = sizeof out;
        deflate(&z, Z_FINISH);
        ts_buffer_add(to, (const char *)out, sizeof out - z.avail_out);
    } while (z.avail_out == 0);
    deflateEnd(&z);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const encodings[] = {
        NULL,           NULL,       NULL,     "latin1",
        "windows-1252", "utf-16le", "utf-16", "Shift_JIS"};
    static const char delimiters[] = {0, 0, '\t', '|'};
    static const char *const code[] = {"2", "1", "x"}, *const label[] = {
                                                           "two", "one",
                                                           "an x"};
    static const ts_csv_codes codes[] = {{"a", code, label, 3}};
    static const char *const censored[] = {"a"}, *const na[] = {"-9", ""};
    ts_buffer whole = {0}, pieces = {0}, packed = {0};
    if (size < 2)
        return 0;
    const uint8_t how = data[1];
    ts_csv_options options = {
        .encoding = encodings[data[0] & 7],
        .delimiter = delimiters[data[0] >> 3 & 3],
        .lenient = how & 1,
        .any_censored = how & 2,
        .decimal_comma = how & 4,
        .skip = how >> 3 & 1,
        .data = (const char *)data + 2,
        .n_data = size - 2,
    };
    if (how & 16) {
        pack(data + 2, size - 2, &packed);
        options.data = packed.data;
        options.n_data = packed.length;
    }
    if (how >> 5 == 1) {
        options.codes = codes;
        options.n_codes = 1;
    } else if (how >> 5 == 2) {
        options.censored = censored;
        options.n_censored = 1;
    } else if (how >> 5 == 3) {
        options.na = na;
        options.n_na = 2;
    } else if (how >> 5 == 4) {
        options.all_text = true;
        options.empty_is_missing = true;
    }
    ts_status status = csv_outcome("x.csv", &options, &whole);
    options.block = 1u + (data[0] >> 5);
    csv_outcome("x.csv", &options, &pieces);
    if (!same(&whole, &pieces))
        stop("blocks differ", &whole, &pieces);
    if (!status)
        write_and_read(options, &whole);
    ts_buffer_free(&whole);
    ts_buffer_free(&pieces);
    ts_buffer_free(&packed);
    if (ts_memory_live() != 0)
        stop("memory left", NULL, NULL);
    return 0;
}
