/*
 * The CSV reader beyond what it makes of a text: files and what is none,
 * files that change, interrupts, sinks that stop, limits, long messages.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ts/csv.h"
#include "ts/hash.h"
#include "ts/interrupt.h"
#include "ts/memory.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Files -------------------------------------------------------------------- */

static void write_text(const char *path, const char *text, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    fclose(f);
}

static char folder[] = "/tmp/test_csv.XXXXXX";

static int make_folder(void **unused)
{
    (void)unused;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **unused)
{
    char path[64];
    (void)unused;
    snprintf(path, sizeof path, "%s/a.csv", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/pipe", folder);
    unlink(path);
    return rmdir(folder);
}

/* The same text as a file: the outcome is that of memory, path aside. */
static void from_file(void **unused)
{
    char path[64], sum[65];
    ts_csv *csv;
    ts_error err;
    (void)unused;
    snprintf(path, sizeof path, "%s/a.csv", folder);
    write_text(path, "a,b\n1,x\n", 8);
    assert_int_equal(ts_csv_open(path, NULL, &csv, &err), 0);
    ts_hash_text("a,b\n1,x\n", 8, sum);
    const ts_csv_facts *f = ts_csv_get_facts(csv);
    assert_string_equal(f->sha256, sum);
    assert_true(f->n_byte == 8 && f->n_row == 1 && f->n_column == 2);
    assert_string_equal(f->encoding, "UTF-8");
    for (int again = 0; again < 2; again++) {
        ts_frame *frame;
        assert_int_equal(ts_csv_frame(csv, &frame, &err), 0);
        assert_true(frame->n_row == 1 && frame->column[0]->real[0] == 1);
        assert_string_equal(ts_column_text(frame->column[1], 0), "x");
        ts_frame_free(frame);
    }
    ts_csv_close(csv);
    assert_int_equal(ts_memory_live(), 0);
}

static void changed_between(void **unused)
{
    static const char *const after[] = {
        "a,b\n2,x\n", "a,b\n1,x\n2,y\n", "a,b\n",         "",
        "a\n1\n",     "a,b\n1,\"\n",     "a,b\n1,\x01\n", "a,b\n1,x\n\n"};
    char path[64];
    (void)unused;
    snprintf(path, sizeof path, "%s/a.csv", folder);
    for (size_t i = 0; i < COUNT(after); i++) {
        ts_csv *csv;
        ts_frame *frame;
        ts_error err;
        write_text(path, "a,b\n1,x\n", 8);
        assert_int_equal(ts_csv_open(path, NULL, &csv, &err), 0);
        write_text(path, after[i], strlen(after[i]));
        assert_int_equal(ts_csv_frame(csv, &frame, &err), TS_EIO);
        assert_null(frame);
        assert_non_null(strstr(err.text, "changed while it was read"));
        ts_csv_close(csv);
    }
    assert_int_equal(ts_memory_live(), 0);
}

static void no_files(void **unused)
{
    char path[64];
    ts_csv *csv;
    ts_error err;
    (void)unused;
    snprintf(path, sizeof path, "%s/none.csv", folder);
    assert_int_equal(ts_csv_open(path, NULL, &csv, &err), TS_EIO);
    assert_non_null(strstr(err.text, "No such file"));
    assert_int_equal(ts_csv_open(folder, NULL, &csv, &err), TS_EIO);
    assert_non_null(strstr(err.text, "is a folder"));
    snprintf(path, sizeof path, "%s/pipe", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(ts_csv_open(path, NULL, &csv, &err), TS_EIO);
    assert_non_null(strstr(err.text, "is a pipe"));
    assert_null(csv);
    assert_int_equal(ts_memory_live(), 0);
}

/* Interrupts, sinks that stop, limits ------------------------------------- */

static void interrupted(void **unused)
{
    ts_csv *csv;
    ts_frame *frame;
    ts_error err;
    ts_csv_options options = {.data = "a\n1\n", .n_data = 4};
    (void)unused;
    ts_interrupt_raise();
    assert_int_equal(ts_csv_open("x.csv", &options, &csv, &err), TS_EINTERRUPT);
    ts_interrupt_clear();
    assert_int_equal(ts_csv_open("x.csv", &options, &csv, &err), 0);
    ts_interrupt_raise();
    assert_int_equal(ts_csv_frame(csv, &frame, &err), TS_EINTERRUPT);
    ts_interrupt_clear();
    assert_int_equal(ts_csv_frame(csv, &frame, &err), 0);
    ts_frame_free(frame);
    ts_csv_close(csv);
    assert_int_equal(ts_memory_live(), 0);
}

static ts_status refuse(void *context, ts_error *err)
{
    return --*(int *)context ? TS_OK : ts_fail(err, TS_EFORMAT, "enough");
}

static void sink_stops(void **unused)
{
    int left = 2;
    ts_csv *csv;
    ts_error err;
    ts_csv_options options = {.data = "a\n1\n2\n3\n", .n_data = 8};
    ts_csv_sink sink = {.context = &left, .row = refuse};
    (void)unused;
    assert_int_equal(ts_csv_open("x.csv", &options, &csv, &err), 0);
    assert_int_equal(ts_csv_read(csv, &sink, &err), TS_EFORMAT);
    assert_string_equal(err.text, "enough");
    assert_int_equal(left, 0);
    ts_csv_close(csv);
}

static void fails(ts_buffer *text, ts_status code, const char *part)
{
    ts_csv *csv;
    ts_error err;
    ts_csv_options options = {.data = text->data, .n_data = text->length};
    assert_false(text->failed);
    assert_int_equal(ts_csv_open("x.csv", &options, &csv, &err), code);
    if (!strstr(err.text, part))
        fail_msg("%s\nis without\n%s", err.text, part);
    ts_buffer_free(text);
}

static void limits(void **unused)
{
    ts_buffer text = {0};
    (void)unused;
    for (int i = 0; i < 2001; i++)
        ts_buffer_printf(&text, "%sv%d", i ? "," : "", i);
    fails(&text, TS_ELIMIT, "x.csv:1: more than 2000 columns");
    for (int i = 0; i < 10001; i++)
        ts_buffer_puts(&text, "x");
    fails(&text, TS_ELIMIT, "more than 10000 bytes");
    /* one record of 101 MB, then one that a lost quote makes */
    ts_buffer_puts(&text, "a\n");
    for (int i = 0; i < 101000; i++)
        ts_buffer_printf(&text, "%01000d", 7);
    fails(&text, TS_ELIMIT, "x.csv:2: a record of more than 100000000 bytes");
    ts_buffer_puts(&text, "a,b\n1,\"x\n");
    for (int i = 0; i < 101000; i++)
        ts_buffer_printf(&text, "%0999d\n", 7);
    fails(&text, TS_ELIMIT, "(is a quote never closed?)");
    /* more columns than there may be, far down */
    ts_buffer_puts(&text, "a,b\n1,2\n");
    for (int i = 0; i < 5000; i++)
        ts_buffer_puts(&text, ",");
    fails(&text, TS_EFORMAT, "x.csv:3: 5001 fields, expected 2");
    assert_int_equal(ts_memory_live(), 0);
}

/* A text as long as the record may be is read; so are 2000 columns. */
static void almost_limits(void **unused)
{
    ts_buffer text = {0};
    ts_csv *csv;
    ts_frame *frame;
    ts_error err;
    (void)unused;
    for (int i = 0; i < 2000; i++)
        ts_buffer_printf(&text, "%sv%d", i ? "," : "", i);
    for (int i = 0; i < 2000; i++)
        ts_buffer_printf(&text, "%s%d", i ? "," : "\n", i);
    ts_csv_options options = {
        .data = text.data, .n_data = text.length, .block = 1000};
    assert_int_equal(ts_csv_open("x.csv", &options, &csv, &err), 0);
    assert_int_equal(ts_csv_frame(csv, &frame, &err), 0);
    for (int i = 0; i < 2000; i++)
        assert_true(frame->column[i]->real[0] == i);
    ts_frame_free(frame);
    ts_csv_close(csv);
    ts_buffer_clear(&text);
    ts_buffer_puts(&text, "a\n\"");
    for (int i = 0; i < 20000; i++)
        ts_buffer_printf(&text, "%0998d\"\"", 7);
    ts_buffer_puts(&text, "\"\n");
    options = (ts_csv_options){.data = text.data, .n_data = text.length};
    assert_int_equal(ts_csv_open("x.csv", &options, &csv, &err), 0);
    assert_int_equal(ts_csv_frame(csv, &frame, &err), 0);
    assert_int_equal(strlen(ts_column_text(frame->column[0], 0)), 20000 * 999);
    ts_frame_free(frame);
    ts_csv_close(csv);
    ts_buffer_free(&text);
    assert_int_equal(ts_memory_live(), 0);
}

/* An error is one line of bounded length whatever the data. */
static void long_message(int shift)
{
    ts_buffer text = {0};
    ts_csv *csv;
    ts_error err;
    for (int i = 0; i < 100; i++)
        ts_buffer_printf(&text, "%s%.*s\xF0\x9D\x94\xB8\xF0\x9D\x94\xB8 %d",
                         i ? "," : "", i ? 0 : shift, "some", i);
    for (int row = 0; row < 20; row++)
        for (int i = 0; i < 100; i++)
            ts_buffer_printf(&text, "%s%s", i ? "," : "\n",
                             row < 18 ? "1" : "\xC3\xA9\xC3\xA9");
    ts_csv_options options = {.data = text.data, .n_data = text.length};
    assert_int_equal(ts_csv_open("x.csv", &options, &csv, &err), TS_ETYPE);
    assert_in_range(strlen(err.text), 1400, 1510);
    assert_int_equal(ts_utf8_check(err.text, strlen(err.text)),
                     strlen(err.text));
    ts_buffer_free(&text);
}

static void long_messages(void **unused)
{
    (void)unused;
    for (int shift = 0; shift < 4; shift++)
        long_message(shift);
}

static void counts(void **unused)
{
    static const char *const na_99[] = {"-99"};
    static const char text[] = "a,b\nNA,NA\n.,x\n,\n\"\",\"\"\n-99,-99\n7,7\n";
    ts_csv_options options = {
        .data = text, .n_data = sizeof text - 1, .na = na_99, .n_na = 1};
    ts_csv *csv;
    ts_error err;
    (void)unused;
    assert_int_equal(ts_csv_open("x.csv", &options, &csv, &err), 0);
    const ts_csv_facts *f = ts_csv_get_facts(csv);
    const ts_csv_column *a = &f->column[0], *b = &f->column[1];
    assert_int_equal(a->type, TS_REAL);
    assert_int_equal(b->type, TS_TEXT);
    assert_true(a->n_missing == 5 && b->n_missing == 2);
    assert_true(a->n_na_word == 2 && b->n_na_word == 1);
    assert_true(a->n_quoted == 1 && b->n_quoted == 1);
    assert_true(a->n_declared == 1 && b->n_declared == 1);
    assert_true(a->n_number == 1 && b->n_number == 1);
    assert_true(f->n_row == 6);
    ts_csv_close(csv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_file),     cmocka_unit_test(changed_between),
        cmocka_unit_test(no_files),      cmocka_unit_test(interrupted),
        cmocka_unit_test(sink_stops),    cmocka_unit_test(limits),
        cmocka_unit_test(almost_limits), cmocka_unit_test(long_messages),
        cmocka_unit_test(counts),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
