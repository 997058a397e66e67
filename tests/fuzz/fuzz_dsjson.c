/*
 * The Dataset-JSON reader on any bytes. What is read is written and read
 * again, and must be the same frame, with the same said of it.
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

static void same_text(const char *a, const char *b, const char *what)
{
    if ((a == NULL) != (b == NULL) || (a && strcmp(a, b) != 0))
        stop("another", what);
}

/* The time of creation and the version are the writer's. */
static void same_facts(const ts_dsjson *a, const ts_dsjson *b)
{
    static const char *const keys[] = {"fileOID",
                                       "originator",
                                       "studyOID",
                                       "metaDataVersionOID",
                                       "metaDataRef",
                                       "itemGroupOID",
                                       "dbLastModifiedDateTime",
                                       "sourceSystem.name",
                                       "sourceSystem.version"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        same_text(ts_dsjson_attribute(a, keys[i]),
                  ts_dsjson_attribute(b, keys[i]), keys[i]);
    for (size_t j = 0; j < a->n_column; j++) {
        const ts_column *x = a->frame->column[j], *y = b->frame->column[j];
        same_text(a->columns[j].item_oid, b->columns[j].item_oid, "itemOID");
        same_text(x->label, y->label, "label");
        same_text(x->format, y->format, "displayFormat");
        if (a->columns[j].key_sequence != b->columns[j].key_sequence)
            stop("another", "keySequence");
        /* -0 is no integer when it is written */
        if (strcmp(a->columns[j].data_type, "integer") != 0)
            same_text(a->columns[j].data_type, b->columns[j].data_type,
                      "dataType");
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
                                 .n_attribute = first->n_attribute,
                                 .columns = first->columns};
        if (ts_dsjson_write(first->frame, &facts, path, 0600, &err))
            stop("not written", err.text);
        if (ts_dsjson_read(path, NULL, &again, &err))
            stop("written and not read", err.text);
        same(first->frame, again->frame);
        same_facts(first, again);
        ts_dsjson_free(first);
        ts_dsjson_free(again);
    }
    unlink(path);
    if (ts_memory_live() != before)
        stop("memory is lost", "");
    return 0;
}
