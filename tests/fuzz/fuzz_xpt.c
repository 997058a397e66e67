/*
 * The XPT reader on any bytes: the first byte chooses block size, encoding
 * and member, the rest is the file. What is read is written, read again and
 * must be the same; the size of a block must not matter.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../core/xpt_outcome.h"
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

/* Some names, labels and formats that can be read cannot be written; what is
 * written must come back. */
static void write_and_read(const ts_xpt_options *options, int version)
{
    static char path[40];
    ts_xpt *xpt;
    ts_frame *frame = NULL;
    ts_error err;
    ts_buffer first = {0}, again = {0};
    ts_xpt_write_options how = {
        .version = version, .mode = 0600, .encoding = "utf-8"};
    ts_xpt_written written;
    if (!path[0])
        snprintf(path, sizeof path, "/tmp/fuzz_xpt.%ld.xpt", (long)getpid());
    if (ts_xpt_open("x.xpt", options, &xpt, &err) ||
        xpt_rows(xpt, &first, &err) || ts_xpt_frame(xpt, &frame, &err))
        stop("read once, refused twice", &first, NULL);
    double n_row = ts_xpt_get_facts(xpt)->n_row;
    ts_xpt_close(xpt);
    if (!ts_xpt_write(frame, path, &how, &written, &err)) {
        ts_xpt_options check = {.n_row = n_row};
        if (ts_xpt_open(path, &check, &xpt, &err) ||
            xpt_rows(xpt, &again, &err)) {
            ts_buffer_puts(&again, err.text);
            stop("written, but not read", &first, &again);
        }
        ts_xpt_close(xpt);
        if (!same(&first, &again))
            stop("read, written and read", &first, &again);
        unlink(path);
    }
    ts_frame_free(frame);
    ts_buffer_free(&first);
    ts_buffer_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const encodings[] = {NULL, "latin1", "windows-1252",
                                            "Shift_JIS"};
    ts_buffer whole = {0}, pieces = {0};
    if (size < 1)
        return 0;
    ts_xpt_options options = {
        .n_row = data[0] & 8 ? data[0] >> 6 : -1,
        .encoding = encodings[data[0] & 3],
        .member = data[0] & 4 ? "TWO" : NULL,
        .data = (const char *)data + 1,
        .n_data = size - 1,
    };
    ts_status status = xpt_outcome("x.xpt", &options, &whole);
    options.block = 1u + (data[0] >> 4);
    xpt_outcome("x.xpt", &options, &pieces);
    if (!same(&whole, &pieces))
        stop("blocks differ", &whole, &pieces);
    if (!status)
        write_and_read(&options, data[0] & 16 ? 8 : 5);
    ts_buffer_free(&whole);
    ts_buffer_free(&pieces);
    if (ts_memory_live() != 0)
        stop("memory left", NULL, NULL);
    return 0;
}
