/*
 * CSV into the store: the rows of a lenient, censored import, and that any
 * failing allocation, a file that changes or a table that is there leave the
 * study as it was.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ts/csv.h"
#include "ts/memory.h"
#include "ts/store.h"

static const char text[] = "ID,AVAL,SEX,N\n"
                           "a,<50,1,1\nb,60,2,2\nc,,1,3\nd,x,3,4\ne,1,2\n"
                           "f,>7,,5\n\ng,8,1,6\nh,9,1,7\ni,1,1,8\nj,2,1,9\n"
                           "k,3,1,ten\n";
static const char *const aval[] = {"AVAL"};
static const char *const code[] = {"1", "2"}, *const label[] = {"Male",
                                                                "Female"};
static const ts_csv_codes codes[] = {{"SEX", code, label, 2}};
static const ts_csv_options options = {.lenient = true,
                                       .censored = aval,
                                       .n_censored = 1,
                                       .codes = codes,
                                       .n_codes = 1,
                                       .data = text,
                                       .n_data = sizeof text - 1,
                                       .block = 7};

/* What a query of numbers and texts gives, as one line a row. */
static void ask(ts_store *store, const char *sql, ts_buffer *to)
{
    ts_frame *f;
    ts_error err;
    assert_int_equal(ts_store_query(store, sql, NULL, 0, NULL, 0, &f, &err), 0);
    for (size_t i = 0; i < f->n_row; i++) {
        for (size_t j = 0; j < f->n_column; j++) {
            const ts_column *c = f->column[j];
            char number[32];
            ts_buffer_puts(to, j ? "|" : "");
            if (ts_column_is_na(c, i)) {
                ts_buffer_puts(to, "NA");
            } else if (c->type == TS_REAL) {
                ts_number_format(c->real[i], number);
                ts_buffer_puts(to, number);
            } else {
                ts_buffer_puts(to, ts_column_text(c, i));
            }
        }
        ts_buffer_puts(to, "\n");
    }
    ts_frame_free(f);
}

static ts_status import(ts_store *store, ts_error *err)
{
    ts_csv *csv;
    ts_status status = ts_csv_open("x.csv", &options, &csv, err);
    if (status)
        return status;
    status = ts_store_begin(store, err);
    if (!status)
        status = ts_store_import_csv(store, "x", csv, err);
    if (!status)
        status =
            ts_store_write(store, "x_rejects", ts_csv_get_rejects(csv), err);
    if (!status)
        status = ts_store_commit(store, err);
    if (status && ts_store_in_transaction(store))
        ts_store_rollback(store);
    ts_csv_close(csv);
    return status;
}

static void rows_and_rejects(void **unused)
{
    ts_store *store;
    ts_error err;
    ts_buffer got = {0};
    (void)unused;
    assert_int_equal(ts_store_memory(&store, &err), 0);
    assert_int_equal(import(store, &err), 0);
    ask(store, "select * from x", &got);
    assert_string_equal(got.data, "a|50|Y|50|N|NA|Male|1\n"
                                  "b|60|N|NA|N|NA|Female|2\n"
                                  "c|NA|NA|NA|NA|NA|Male|3\n"
                                  "d|NA|NA|NA|NA|NA|NA|4\n"
                                  "f|7|N|NA|Y|7|NA|5\n"
                                  "g|8|N|NA|N|NA|Male|6\n"
                                  "h|9|N|NA|N|NA|Male|7\n"
                                  "i|1|N|NA|N|NA|Male|8\n"
                                  "j|2|N|NA|N|NA|Male|9\n"
                                  "k|3|N|NA|N|NA|Male|NA\n");
    ts_buffer_clear(&got);
    ask(store, "select * from x_rejects", &got);
    assert_string_equal(got.data, "5|AVAL|x|is not a number\n"
                                  "5|SEX|3|is none of the codes\n"
                                  "6|NA|e,1,2|3 fields, expected 4\n"
                                  "8|NA||an empty line\n"
                                  "13|N|ten|is not a number\n");
    ts_buffer_free(&got);
    ts_store_close(store);
    assert_int_equal(ts_memory_live(), 0);
}

static void each_allocation(void **unused)
{
    ts_store *store;
    ts_error err;
    (void)unused;
    assert_int_equal(ts_store_memory(&store, &err), 0);
    long live = ts_memory_live();
    for (long n = 1;; n++) {
        ts_buffer got = {0};
        ts_memory_fail_at(n, 0);
        ts_status status = import(store, &err);
        long used = ts_memory_count();
        ts_memory_fail_at(0, 0);
        if (n > used) {
            assert_int_equal(status, 0);
            assert_in_range(n, 60, 10000);
            break;
        }
        assert_int_equal(status, TS_ENOMEM);
        assert_int_equal(ts_memory_live(), live);
        ask(store,
            "select count(*) as n from sqlite_schema where name like 'x%'",
            &got);
        assert_string_equal(got.data, "0\n");
        ts_buffer_free(&got);
    }
    ts_store_close(store);
    assert_int_equal(ts_memory_live(), 0);
}

static void a_table_that_is_there(void **unused)
{
    ts_store *store;
    ts_error err;
    ts_buffer got = {0};
    (void)unused;
    assert_int_equal(ts_store_memory(&store, &err), 0);
    assert_int_equal(ts_store_execute(store,
                                      "create table x_rejects (a real) strict",
                                      NULL, 0, &err),
                     0);
    assert_int_equal(import(store, &err), TS_ESQL);
    ask(store, "select name from sqlite_schema where name like 'x%'", &got);
    assert_string_equal(got.data, "x_rejects\n");
    ts_buffer_free(&got);
    ts_store_close(store);
    assert_int_equal(ts_memory_live(), 0);
}

static void a_file_that_changes(void **unused)
{
    char path[] = "/tmp/test_csv_import.XXXXXX";
    ts_store *store;
    ts_csv *csv;
    ts_error err;
    int fd = mkstemp(path);
    (void)unused;
    assert_true(fd >= 0 && write(fd, "a,b\n1,2\n3\n4,5\n", 14) == 14);
    ts_csv_options lenient = {.lenient = true};
    assert_int_equal(ts_csv_open(path, &lenient, &csv, &err), 0);
    assert_int_equal(ts_store_memory(&store, &err), 0);
    assert_int_equal(ts_store_begin(store, &err), 0);
    assert_true(pwrite(fd, "9", 1, 8) == 1); /* in what is set apart */
    assert_int_equal(ts_store_import_csv(store, "x", csv, &err), TS_EIO);
    assert_non_null(strstr(err.text, "the file changed while it was read"));
    assert_null(ts_csv_get_rejects(csv));
    ts_store_rollback(store);
    ts_csv_close(csv);
    ts_store_close(store);
    close(fd);
    unlink(path);
    assert_int_equal(ts_memory_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_and_rejects),
        cmocka_unit_test(each_allocation),
        cmocka_unit_test(a_table_that_is_there),
        cmocka_unit_test(a_file_that_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
