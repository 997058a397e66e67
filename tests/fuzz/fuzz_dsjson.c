/*
 * The Dataset-JSON reader on any bytes. What is read is written and read
 * again, and must be the same frame.
 */
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ts/dsjson.h"
#include "ts/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void stop(const char *why, const char *what)
{
    fprintf(stderr, "%s: %s\n", why, what);
    abort();
}

static void same(const ts_frame *a, const ts_frame *b)
{
    if (a->n_row != b->n_row || a->n_column != b->n_column)
        stop("another shape", "");
    for (size_t j = 0; j < a->n_column; j++) {
        const ts_column *x = a->column[j], *y = b->column[j];
        if (x->type != y->type || strcmp(x->name, y->name) != 0)
            stop("another column", x->name);
        for (size_t i = 0; i < a->n_row; i++) {
            const char *s = ts_column_text(x, i), *t = ts_column_text(y, i);
            bool equal = ts_column_is_na(x, i) ? ts_column_is_na(y, i)
                         : x->type == TS_TEXT
                             ? t && strcmp(s, t) == 0
                             : memcmp(&x->real[i], &y->real[i], 8) == 0;
            if (!equal)
                stop("another value", x->name);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[60];
    ts_error err;
    ts_dsjson *first, *again;
    long before = ts_memory_live();
    snprintf(path, sizeof path, "/tmp/fuzz_dsjson.%ld.ndjson", (long)getpid());
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        return 0;
    close(fd);
    if (ts_dsjson_read(path, NULL, &first, &err) == TS_OK) {
        ts_dsjson_facts facts = {.name = "F",
                                 .attributes = first->attributes,
                                 .n_attribute = first->n_attribute};
        if (ts_dsjson_write(first->frame, &facts, path, 0600, &err))
            stop("not written", err.text);
        if (ts_dsjson_read(path, NULL, &again, &err))
            stop("written and not read", err.text);
        same(first->frame, again->frame);
        ts_dsjson_free(first);
        ts_dsjson_free(again);
    }
    unlink(path);
    if (ts_memory_live() != before)
        stop("memory is lost", "");
    return 0;
}
