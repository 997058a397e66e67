/* SAS transport files in the store: codes of missing values beside the table,
 * and imports that are whole or not at all. */
#include "xpt_files.h"

#include "ts/store.h"

/* A file whose row 16 of AVAL is -0, which we read but do not write. */
static void make_file(void)
{
    ts_frame *f = sample(40);
    f->column[1]->real[16] = -1;
    file made = written(f, 5, "A");
    static const unsigned char one[] = {0xC1, 0x10, 0, 0, 0, 0, 0, 0};
    size_t n = 0;
    for (size_t i = 0; i + 8 <= made.n; i++)
        if (memcmp(made.bytes + i, one, 8) == 0 && n++ == 1)
            memcpy(made.bytes + i, "\x80\0\0\0\0\0\0\0", 8);
    assert_int_equal(n, 2); /* -1 is in row 4, too */
    write_file(in_folder("a.xpt"), made.bytes, made.n);
    free(made.bytes);
}

static ts_status import(ts_store *store, ts_error *err)
{
    ts_xpt *xpt;
    ts_status status = ts_xpt_open(in_folder("a.xpt"), NULL, &xpt, err);
    if (status)
        return status;
    status = ts_store_begin(store, err);
    if (!status)
        status = ts_store_import_xpt(store, "a", xpt, err);
    if (!status)
        status = ts_store_commit(store, err);
    if (status)
        ts_store_rollback(store);
    ts_xpt_close(xpt);
    return status;
}

static size_t n_tables(ts_store *store)
{
    ts_frame *f;
    assert_int_equal(ts_store_query(store,
                                    "select name from sqlite_schema where "
                                    "name in ('a', '_ts_missing')",
                                    NULL, 0, NULL, 0, &f, NULL),
                     TS_OK);
    size_t n = f->n_row;
    ts_frame_free(f);
    return n;
}

static void the_store_keeps_codes_beside_the_table(void **unused)
{
    ts_store *store;
    ts_frame *f;
    ts_error err = {0};
    (void)unused;
    make_file();
    assert_int_equal(ts_store_memory(&store, &err), TS_OK);
    if (import(store, &err))
        fail_msg("%s", err.text);
    assert_int_equal(n_tables(store), 2);
    assert_int_equal(ts_store_query(store, "select * from a order by rowid",
                                    NULL, 0, NULL, 0, &f, &err),
                     TS_OK);
    assert_null(f->column[1]->special);
    assert_true(f->column[1]->real[16] == 0 && signbit(f->column[1]->real[16]));
    assert_true(f->column[1]->real[9] == 0 && !signbit(f->column[1]->real[9]));
    assert_int_equal(ts_store_get_missing(store, "a", f, &err), TS_OK);
    for (size_t i = 0; i < 40; i++) {
        assert_int_equal(f->column[1]->special[i], i % 7 == 5 ? 'C' : 0);
        assert_int_equal(f->column[2]->special[i], i % 11 == 10 ? '_' : 0);
    }
    /* a frame with codes, stored, has them again */
    assert_int_equal(ts_store_write(store, "b", f, &err), TS_OK);
    ts_frame_free(f);
    assert_int_equal(ts_store_move_missing(store, "b", "c", &err), TS_OK);
    assert_int_equal(ts_store_query(store,
                                    "select count(*) from _ts_missing where "
                                    "tbl = 'c'",
                                    NULL, 0, NULL, 0, &f, &err),
                     TS_OK);
    assert_true(f->column[0]->real[0] == 8);
    ts_frame_free(f);
    assert_int_equal(ts_store_move_missing(store, "c", NULL, &err), TS_OK);
    assert_int_equal(ts_store_query(store,
                                    "select distinct tbl from "
                                    "_ts_missing",
                                    NULL, 0, NULL, 0, &f, &err),
                     TS_OK);
    assert_int_equal(f->n_row, 1);
    ts_frame_free(f);
    ts_store_close(store);
}

static void an_import_is_whole_or_not_at_all(void **unused)
{
    (void)unused;
    make_file();
    for (long n = 1;; n++) {
        ts_store *store;
        ts_error err = {0};
        assert_int_equal(ts_store_memory(&store, &err), TS_OK);
        ts_memory_fail_at(n, 0);
        ts_status status = import(store, &err);
        long used = ts_memory_count();
        ts_memory_fail_at(0, 0);
        if (status)
            assert_int_equal(status, TS_ENOMEM);
        assert_int_equal(n_tables(store), status ? 0 : 2);
        ts_store_close(store);
        assert_int_equal(ts_memory_live(), 0);
        if (n > used) {
            assert_int_equal(status, TS_OK);
            break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_store_keeps_codes_beside_the_table),
        cmocka_unit_test(an_import_is_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
