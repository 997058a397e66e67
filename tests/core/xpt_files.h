/* Files that tests of XPT make: frames of cells, written and read back. */
#ifndef XPT_FILES_H
#define XPT_FILES_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ts/memory.h"
#include "xpt_outcome.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static char folder[] = "/tmp/test_xpt.XXXXXX";

static inline const char *in_folder(const char *name)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static inline int make_folder(void **unused)
{
    (void)unused;
    return mkdtemp(folder) ? 0 : -1;
}

static inline int remove_folder(void **unused)
{
    (void)unused;
    unlink(in_folder("a.xpt"));
    return rmdir(folder); /* fails where a temporary file was left */
}

/* Files -------------------------------------------------------------------- */

/* A column of cells: NULL is NA; a number begins with '#', a special missing
 * value is "#.A". */
static inline ts_column *column(const char *name, const char *const *cells,
                                size_t n)
{
    ts_builder *b;
    ts_column *c;
    bool real = false;
    for (size_t i = 0; i < n; i++)
        real = real || (cells[i] && cells[i][0] == '#');
    assert_int_equal(ts_builder_new(name, &b, NULL), 0);
    ts_builder_type(b, real ? TS_REAL : TS_TEXT);
    for (size_t i = 0; i < n; i++)
        if (!cells[i])
            ts_builder_na(b, NULL);
        else if (real && cells[i][1] == '.')
            ts_builder_special(b, cells[i][2], NULL);
        else if (real)
            ts_builder_real(b, strtod(cells[i] + 1, NULL), NULL);
        else
            ts_builder_text(b, cells[i], strlen(cells[i]), NULL);
    assert_int_equal(ts_builder_end(b, &c, NULL), 0);
    return c;
}

static inline ts_frame *frame_of(size_t n_row, size_t n,
                                 ts_column *const *columns)
{
    ts_frame *f;
    assert_int_equal(ts_frame_new(n_row, &f, NULL), 0);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(ts_frame_add(f, columns[i], NULL), 0);
    return f;
}

static inline ts_frame *one_column(const char *name, const char *const *cells,
                                   size_t n)
{
    ts_column *c = column(name, cells, n);
    return frame_of(n, 1, &c);
}

/* Five columns, labels, formats, text and numbers, missing of all kinds. */
static inline ts_frame *sample(size_t n)
{
    const char *ids[80], *values[80], *days[80], *notes[80];
    static char id[80][32], value[80][32];
    for (size_t i = 0; i < n; i++) {
        snprintf(id[i], sizeof id[i], "S-%03zu", i);
        snprintf(value[i], sizeof value[i], "#%.6g", sqrt((double)i) - 3);
        ids[i] = id[i];
        values[i] = i % 7 == 3 ? NULL : i % 7 == 5 ? "#.C" : value[i];
        days[i] = i % 11 == 10 ? "#._" : "#21915";
        notes[i] = i % 3 ? NULL : "a note";
    }
    ts_column *c[] = {column("USUBJID", ids, n), column("AVAL", values, n),
                      column("ADT", days, n), column("NOTE", notes, n)};
    ts_column_set(&c[0]->label, "Unique Subject Identifier", NULL);
    ts_column_set(&c[1]->format, "8.2", NULL);
    ts_column_set(&c[2]->label, "Analysis Date", NULL);
    ts_column_set(&c[2]->format, "DATE9.", NULL);
    ts_column_set(&c[2]->informat, "YYMMDD10.", NULL);
    ts_column_set(&c[3]->format, "$10.", NULL);
    return frame_of(n, 4, c);
}

typedef struct {
    unsigned char *bytes;
    size_t n;
} file;

static inline file read_file(const char *path)
{
    struct stat about;
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fstat(fileno(f), &about), 0);
    file out = {malloc((size_t)about.st_size), (size_t)about.st_size};
    assert_int_equal(fread(out.bytes, 1, out.n, f), out.n);
    fclose(f);
    return out;
}

static inline void write_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

static inline file written(ts_frame *frame, int version, const char *member)
{
    ts_error err = {0};
    ts_xpt_write_options how = {
        .version = version, .member = member, .label = "a label", .mode = 0600};
    if (ts_xpt_write(frame, in_folder("a.xpt"), &how, NULL, &err))
        fail_msg("%s", err.text);
    ts_frame_free(frame);
    return read_file(in_folder("a.xpt"));
}

static inline ts_status outcome(const file *f, size_t n, const char *member,
                                double rows, size_t block, ts_buffer *to)
{
    /* a copy of that size: what lies behind it is found by the sanitizer */
    char *copy = malloc(n ? n : 1);
    memcpy(copy, f->bytes, n);
    ts_xpt_options options = {.n_row = rows,
                              .member = member,
                              .data = copy,
                              .n_data = n,
                              .block = block};
    ts_status status = xpt_outcome("a.xpt", &options, to);
    free(copy);
    return status;
}

static inline void assert_outcome(const file *f, double rows,
                                  const char *expected)
{
    ts_buffer got = {0};
    outcome(f, f->n, NULL, rows, 0, &got);
    assert_string_equal(got.data, expected);
    ts_buffer_free(&got);
}

static inline void assert_refused(const file *f, size_t n, const char *words)
{
    ts_buffer got = {0};
    ts_status status = outcome(f, n, NULL, -1, 0, &got);
    if (!status)
        fail_msg("read, but '%s' was expected: %s", words, got.data);
    if (!strstr(got.data, words))
        fail_msg("'%s' lacks '%s'", got.data, words);
    ts_buffer_free(&got);
}

#endif
