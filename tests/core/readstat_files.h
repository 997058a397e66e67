/* Files of SAS, SPSS and Stata that tests read: made here by ReadStat's writer,
 * or kept in tests/data/foreign. */
#ifndef READSTAT_FILES_H
#define READSTAT_FILES_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <readstat.h>
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/readstat.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/trialsh-test-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static inline const char *in_folder(const char *name)
{
    static char file[4][128];
    static int i;
    i = (i + 1) % 4;
    snprintf(file[i], sizeof file[i], "%s/%s", folder, name);
    return file[i];
}

typedef struct {
    unsigned char *bytes;
    size_t n;
} content;

static inline content load(const char *path)
{
    content c = {0};
    FILE *f = fopen(path, "rb");
    if (!f)
        return c;
    fseek(f, 0, SEEK_END);
    c.n = (size_t)ftell(f);
    rewind(f);
    c.bytes = malloc(c.n + 1);
    assert_int_equal(fread(c.bytes, 1, c.n, f), c.n);
    fclose(f);
    return c;
}

static inline const char *store(const char *name, const void *bytes, size_t n)
{
    const char *path = in_folder(name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
    return path;
}

/* The program under test, which is its own reader. */
static inline ts_readstat_options ours(void)
{
    const char *program = getenv("TRIALSH");
    return (ts_readstat_options){
        .n_row = -1, .program = program ? program : "build/trialsh"};
}

static inline ts_status reads(const char *path, ts_readstat **out,
                              ts_error *err)
{
    ts_readstat_options options = ours();
    return ts_readstat_read(path, &options, out, err);
}

static inline ts_readstat *must_read(const char *path)
{
    ts_error err = {0};
    ts_readstat *r;
    if (reads(path, &r, &err))
        fail_msg("%s", err.text);
    return r;
}

/* Writing ------------------------------------------------------------------ */

static inline ssize_t write_bytes(const void *data, size_t n, void *context)
{
    return (ssize_t)fwrite(data, 1, n, context);
}

/* ID "ID00001" ..., X i / 8, missing for each seventh, and in SAS and Stata .C
 * for each eleventh, N of text in every third row. */
static inline const char *make_file(const char *name, int n, bool compressed)
{
    const char *path = in_folder(name), *dot = strrchr(name, '.');
    bool sas = strcmp(dot, ".sas7bdat") == 0, por = strcmp(dot, ".por") == 0;
    bool stata = strcmp(dot, ".dta") == 0;
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    readstat_writer_t *w = readstat_writer_init();
    readstat_set_data_writer(w, write_bytes);
    readstat_writer_set_file_timestamp(w, 1500000000);
    if (compressed)
        readstat_writer_set_compression(w, READSTAT_COMPRESS_ROWS);
    readstat_variable_t *id =
        readstat_add_variable(w, "ID", READSTAT_TYPE_STRING, 12);
    readstat_variable_t *x =
        readstat_add_variable(w, "X", READSTAT_TYPE_DOUBLE, 8);
    readstat_variable_t *t =
        readstat_add_variable(w, "T", READSTAT_TYPE_STRING, 100);
    readstat_variable_set_label(x, "A number");
    assert_int_equal(sas     ? readstat_begin_writing_sas7bdat(w, f, n)
                     : por   ? readstat_begin_writing_por(w, f, n)
                     : stata ? readstat_begin_writing_dta(w, f, n)
                             : readstat_begin_writing_sav(w, f, n),
                     READSTAT_OK);
    for (int i = 1; i <= n; i++) {
        char text[32];
        readstat_begin_row(w);
        snprintf(text, sizeof text, "ID%05d", i);
        readstat_insert_string_value(w, id, text);
        if (i % 7 == 0)
            readstat_insert_missing_value(w, x);
        else if (i % 11 == 0 && (sas || stata))
            readstat_insert_tagged_missing_value(w, x, sas ? 'C' : 'c');
        else
            readstat_insert_double_value(w, x, i / 8.0);
        readstat_insert_string_value(w, t, i % 3 ? "" : "every third row");
        assert_int_equal(readstat_end_row(w), READSTAT_OK);
    }
    assert_int_equal(readstat_end_writing(w), READSTAT_OK);
    readstat_writer_free(w);
    fclose(f);
    return path;
}

/* Whether a frame is that of make_file(). */
static inline void check_frame(const ts_frame *f, int n, bool special,
                               double tolerance)
{
    assert_int_equal(f->n_row, n);
    assert_int_equal(f->n_column, 3);
    for (int i = 1; i <= n; i++) {
        char text[32];
        size_t k = (size_t)i - 1;
        snprintf(text, sizeof text, "ID%05d", i);
        assert_string_equal(ts_column_text(f->column[0], k), text);
        bool coded = special && i % 11 == 0 && i % 7;
        if (i % 7 == 0 || coded)
            assert_true(isnan(f->column[1]->real[k]));
        else if (fabs(f->column[1]->real[k] - i / 8.0) > tolerance * i)
            fail_msg("row %d: %.17g", i, f->column[1]->real[k]);
        assert_int_equal(f->column[1]->special ? f->column[1]->special[k] : 0,
                         coded ? 'C' : 0);
        if (i % 3)
            assert_true(ts_column_is_na(f->column[2], k));
        else
            assert_string_equal(ts_column_text(f->column[2], k),
                                "every third row");
    }
}

#endif
