/*
 * CSV that gzip compressed: what it comes to is what the text comes to; every
 * cut and every flipped bit is an error or no change; members, bombs, and
 * reads that fail, also of files that are not compressed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zlib.h>
#include "csv_cases.h"
#include "ts/hash.h"

/* Appends one gzip member that holds the text. */
static void pack(const char *text, size_t n, ts_buffer *to)
{
    unsigned char out[65536];
    z_stream z = {0};
    assert_int_equal(
        deflateInit2(&z, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY),
        Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)text;
    z.avail_in = (uInt)n;
    do {
        z.next_out = out;
        z.avail_out = sizeof out;
        deflate(&z, Z_FINISH);
        ts_buffer_add(to, (const char *)out, sizeof out - z.avail_out);
    } while (z.avail_out == 0);
    deflateEnd(&z);
}

static const char text[] = "a;b\n1;x\n22;\"say \"\"no\"\"\"\n;\xC3\xA9\n4;\n";
static const char outcome[] =
    "a:real b:text\n1|'x'\n22|'say \"no\"'\nNA|'\xC3\xA9'\n4|NA\n";

static void outcome_is(const ts_buffer *packed, const ts_csv_options *given,
                       const char *wanted)
{
    static const size_t blocks[] = {0, 1, 2, 3, 7, 20};
    for (size_t i = 0; i < COUNT(blocks); i++) {
        ts_buffer got = {0};
        ts_csv_options options = *given;
        options.data = packed->data;
        options.n_data = packed->length;
        options.block = blocks[i];
        csv_outcome("x.csv.gz", &options, &got);
        assert_string_equal(got.data, wanted);
        ts_buffer_free(&got);
    }
}

static void members(void **unused)
{
    ts_buffer packed = {0};
    const ts_csv_options none = {0};
    (void)unused;
    pack(text, sizeof text - 1, &packed);
    outcome_is(&packed, &none, outcome);
    ts_buffer_clear(&packed);
    pack(text, 11, &packed); /* within a cell; one has nothing in it */
    pack("", 0, &packed);
    pack(text + 11, sizeof text - 1 - 11, &packed);
    outcome_is(&packed, &none, outcome);
    ts_buffer_free(&packed);
    assert_int_equal(ts_memory_live(), 0);
}

static void encodings(void **unused)
{
    ts_buffer packed = {0};
    const ts_csv_options none = {0}, latin1 = {.encoding = "latin1"};
    (void)unused;
    pack("a\n\xE9\n", 4, &packed);
    outcome_is(&packed, &latin1, "a:text\n'\xC3\xA9'\n");
    outcome_is(&packed, &none,
               "format: x.csv.gz:2:1: byte 0xE9 is not valid UTF-8; if the "
               "file is older, say encoding = \"latin1\" or \"windows-1252\"");
    ts_buffer_clear(&packed);
    pack("\xFF\xFE"
         "a\0\n\0\xE9\0\n\0",
         10, &packed);
    outcome_is(&packed, &none, "a:text\n'\xC3\xA9'\n");
    ts_buffer_free(&packed);
}

/* What is in it is looked at as if it were not compressed. */
static void contents(void **unused)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"", "format: x.csv.gz: the file is empty; its first line must hold "
             "the names of the columns"},
        {"PK\x03\x04....", "format: x.csv.gz: this is not CSV but a zip "
                           "archive; unpack it and read what is in it"},
        {"a,b\n1\n", "format: x.csv.gz:2: 1 field, expected 2; lenient = true "
                     "sets them apart"},
    };
    ts_buffer packed = {0}, twice = {0};
    const ts_csv_options none = {0};
    (void)unused;
    for (size_t i = 0; i < COUNT(cases); i++) {
        ts_buffer_clear(&packed);
        pack(cases[i].text, strlen(cases[i].text), &packed);
        outcome_is(&packed, &none, cases[i].error);
    }
    pack(packed.data, packed.length, &twice);
    outcome_is(&twice, &none,
               "format: x.csv.gz: this is not CSV but compressed by gzip "
               "twice; unpack it and read what is in it");
    ts_buffer_free(&packed);
    ts_buffer_free(&twice);
}

static void cut(void **unused)
{
    ts_buffer packed = {0};
    const ts_csv_options none = {0};
    (void)unused;
    pack(text, sizeof text - 1, &packed);
    for (size_t n = packed.length - 1; n >= 2; n--) {
        packed.length = n;
        outcome_is(&packed, &none,
                   "format: x.csv.gz: the compressed data end too early: the "
                   "file was cut");
    }
    ts_buffer_free(&packed);
    assert_int_equal(ts_memory_live(), 0);
}

static void damaged(void **unused)
{
    ts_buffer packed = {0};
    size_t n_error = 0, n_bit = 0;
    (void)unused;
    pack(text, sizeof text - 1, &packed);
    for (size_t bit = 0; bit < packed.length * 8; bit++) {
        ts_buffer got = {0};
        ts_csv_options options = {.data = packed.data, .n_data = packed.length};
        packed.data[bit / 8] ^= (char)(1 << bit % 8);
        if (csv_outcome("x.csv.gz", &options, &got))
            n_error++;
        else /* the time of the file, the system it comes from */
            assert_string_equal(got.data, outcome);
        packed.data[bit / 8] ^= (char)(1 << bit % 8);
        n_bit++;
        ts_buffer_free(&got);
    }
    assert_in_range(n_error, n_bit - 64, n_bit);
    ts_buffer_puts(&packed, "more");
    const ts_csv_options none = {0};
    char wanted[200];
    snprintf(wanted, sizeof wanted,
             "format: x.csv.gz: something stands behind the compressed data, "
             "at byte %zu",
             packed.length - 4);
    outcome_is(&packed, &none, wanted);
    packed.length -= 4;
    packed.data[packed.length - 6] ^= 1; /* the check sum */
    snprintf(wanted, sizeof wanted,
             "format: x.csv.gz: the compressed data are damaged at byte %zu",
             packed.length - 4);
    outcome_is(&packed, &none, wanted);
    ts_buffer_free(&packed);
    assert_int_equal(ts_memory_live(), 0);
}

/* 120 MB of one letter in 500 kB: stopped early, and in little memory. */
static void bomb(void **unused)
{
    ts_buffer packed = {0}, line = {0}, got = {0};
    z_stream z = {0};
    unsigned char out[65536];
    (void)unused;
    for (int i = 0; i < 1000; i++)
        ts_buffer_printf(&line, "%0999d\n", 7);
    assert_int_equal(
        deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY),
        Z_OK);
    for (int i = 0; i <= 120; i++) {
        z.next_in = (unsigned char *)line.data;
        z.avail_in = (uInt)line.length;
        do {
            z.next_out = out;
            z.avail_out = sizeof out;
            deflate(&z, i == 120 ? Z_FINISH : Z_NO_FLUSH);
            ts_buffer_add(&packed, (char *)out, sizeof out - z.avail_out);
        } while (z.avail_out == 0);
    }
    deflateEnd(&z);
    ts_buffer_free(&line);
    ts_csv_options options = {.data = packed.data, .n_data = packed.length};
    assert_int_equal(csv_outcome("x.csv.gz", &options, &got), TS_ELIMIT);
    if (!strstr(got.data, "hold more than 100") ||
        !strstr(got.data, "more than 250 times as many; if that is meant, "
                          "unpack the file and read that"))
        fail_msg("%s", got.data);
    ts_buffer_free(&got);
    ts_buffer_free(&packed);
    assert_int_equal(ts_memory_live(), 0);
}

static void each_allocation(void **unused)
{
    ts_buffer packed = {0};
    (void)unused;
    pack(text, sizeof text - 1, &packed);
    ts_csv_options options = {
        .data = packed.data, .n_data = packed.length, .block = 3};
    long live = ts_memory_live();
    for (long n = 1;; n++) {
        ts_buffer got = {0};
        ts_buffer_printf(&got, "%*s", 4000, "");
        ts_buffer_clear(&got);
        ts_memory_fail_at(n, 0);
        ts_status status = csv_outcome("x.csv.gz", &options, &got);
        long used = ts_memory_count();
        ts_memory_fail_at(0, 0);
        if (n <= used)
            assert_int_equal(status, TS_ENOMEM);
        else
            assert_string_equal(got.data, outcome);
        ts_buffer_free(&got);
        assert_int_equal(ts_memory_live(), live);
        if (n > used)
            break;
    }
    ts_buffer_free(&packed);
}

/* Reads that fail ---------------------------------------------------------- */

static long fail_at, n_read;
static size_t most; /* bytes that one read gives; 0: as many as asked for */

/* Stands before that of the C library. */
ssize_t read(int fd, void *into, size_t n)
{
    n_read++;
    if (fail_at && n_read == fail_at) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_read, fd, into, most && n > most ? most : n);
}

static void read_fails(const char *data, size_t n, const char *encoding)
{
    char path[] = "/tmp/test_csv_gzip.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, data, n) == (ssize_t)n);
    close(fd);
    ts_csv_options options = {.encoding = encoding, .block = 16};
    long live = ts_memory_live();
    most = 5;
    for (fail_at = 1;; fail_at++) {
        ts_buffer got = {0};
        n_read = 0;
        ts_status status = csv_outcome(path, &options, &got);
        bool failed = n_read >= fail_at;
        if (failed)
            assert_non_null(strstr(got.data, ": Input/output error"));
        else
            assert_string_equal(got.data, outcome);
        assert_int_equal(status, failed ? TS_EIO : TS_OK);
        ts_buffer_free(&got);
        assert_int_equal(ts_memory_live(), live);
        if (!failed)
            break;
    }
    assert_in_range(fail_at, 20, 1000);
    fail_at = 0;
    most = 0;
    unlink(path);
}

static void each_read(void **unused)
{
    ts_buffer packed = {0};
    (void)unused;
    read_fails(text, sizeof text - 1, NULL);
    read_fails(text, sizeof text - 1, "utf-8");
    pack(text, sizeof text - 1, &packed);
    read_fails(packed.data, packed.length, NULL);
    ts_buffer_free(&packed);
}

/* The sum is that of the file, not of what it holds. */
static void sum(void **unused)
{
    ts_buffer packed = {0};
    char wanted[65];
    ts_csv *csv;
    ts_error err;
    (void)unused;
    pack(text, sizeof text - 1, &packed);
    ts_csv_options options = {.data = packed.data, .n_data = packed.length};
    assert_int_equal(ts_csv_open("x.csv.gz", &options, &csv, &err), 0);
    ts_hash_text(packed.data, packed.length, wanted);
    assert_string_equal(ts_csv_get_facts(csv)->sha256, wanted);
    assert_true(ts_csv_get_facts(csv)->n_byte == (double)packed.length);
    ts_csv_close(csv);
    ts_buffer_free(&packed);
}

/* .tsv.gz has tabs */
static void names(void **unused)
{
    ts_buffer packed = {0}, got = {0};
    (void)unused;
    pack("a,b\tc\n1,2\t3\n", 12, &packed);
    ts_csv_options options = {.data = packed.data, .n_data = packed.length};
    csv_outcome("x.TSV.gz", &options, &got);
    assert_string_equal(got.data, "a,b:text c:real\n'1,2'|3\n");
    ts_buffer_free(&got);
    ts_buffer_free(&packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members),
        cmocka_unit_test(encodings),
        cmocka_unit_test(contents),
        cmocka_unit_test(cut),
        cmocka_unit_test(damaged),
        cmocka_unit_test(bomb),
        cmocka_unit_test(sum),
        cmocka_unit_test(names),
        cmocka_unit_test(each_allocation),
        cmocka_unit_test(each_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
