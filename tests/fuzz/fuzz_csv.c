/*
 * The CSV reader on any bytes: the first byte chooses block size, encoding
 * and delimiter, the rest is the file. What is read is written, read again
 * and must be the same; the size of a block must not matter.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
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

/* The frame as CSV, read with the types it has, comes to the same. */
static void write_and_read(ts_csv_options options, const ts_buffer *first)
{
    static char path[40];
    const ts_csv_facts *f;
    ts_csv *csv;
    ts_frame *frame;
    ts_error err;
    ts_buffer again = {0};
    if (!path[0])
        snprintf(path, sizeof path, "/tmp/fuzz_csv.%ld.csv", (long)getpid());
    if (ts_csv_open("x.csv", &options, &csv, &err))
        stop("read once, refused twice", first, NULL);
    f = ts_csv_get_facts(csv);
    ts_csv_type *types = calloc(f->n_column, sizeof *types);
    for (size_t i = 0; i < f->n_column; i++)
        types[i] = (ts_csv_type){f->names[i], f->types[i]};
    if (ts_csv_frame(csv, &frame, &err) ||
        ts_csv_write(frame, path, 0600, NULL, &err)) {
        ts_buffer text = {0};
        ts_buffer_puts(&text, err.text);
        stop("not written", first, &text);
    }
    ts_frame_free(frame);
    options = (ts_csv_options){.types = types, .n_type = f->n_column};
    csv_outcome(path, &options, &again);
    if (!same(first, &again))
        stop("read, written and read", first, &again);
    ts_buffer_free(&again);
    free(types);
    ts_csv_close(csv);
    unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const encodings[] = {
        NULL,           NULL,       NULL,     "latin1",
        "windows-1252", "utf-16le", "utf-16", "Shift_JIS"};
    static const char delimiters[] = {0, 0, '\t', '|'};
    ts_buffer whole = {0}, pieces = {0};
    if (size < 1)
        return 0;
    ts_csv_options options = {
        .encoding = encodings[data[0] & 7],
        .delimiter = delimiters[data[0] >> 3 & 3],
        .data = (const char *)data + 1,
        .n_data = size - 1,
    };
    ts_status status = csv_outcome("x.csv", &options, &whole);
    options.block = 1u + (data[0] >> 5);
    csv_outcome("x.csv", &options, &pieces);
    if (!same(&whole, &pieces))
        stop("blocks differ", &whole, &pieces);
    if (!status)
        write_and_read(options, &whole);
    ts_buffer_free(&whole);
    ts_buffer_free(&pieces);
    if (ts_memory_live() != 0)
        stop("memory left", NULL, NULL);
    return 0;
}
