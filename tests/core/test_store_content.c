/* The hash of what a study holds, and whether it is what its trail says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store_files.h"

static void hash_of(const char *make, const char *rows, const char *more,
                    char sha256[65])
{
    ts_error err;
    ts_store *store;
    double n_row;
    assert_int_equal(ts_store_memory(&store, &err), TS_OK);
    fill(store, make, rows);
    if (more)
        run(store, more);
    if (ts_store_hash_table(store, "t", &n_row, sha256, &err))
        fail_msg("%s", err.text);
    ts_store_close(store);
}

static void contents_that_differ_have_other_hashes(void **state)
{
    static const char table[] = "create table t (x real, y text) strict",
                      any[] = "create table t (x any, y text) strict";
    static const struct {
        const char *make, *rows, *more;
    } cases[] = {
        {table, "insert into t values (1, 'a'), (2, 'b')", NULL},
        {table, "insert into t values (2, 'b'), (1, 'a')", NULL},
        {table, "insert into t values (1, 'a')", NULL},
        {table, "insert into t values (1, 'ab'), (2, '')", NULL},
        {table, "insert into t values (1, 'a'), (2, null)", NULL},
        {table, "insert into t values (1, 'a'), (null, 'b')", NULL},
        {table, "insert into t values (1, 'a'), (null, 'b')",
         "create table _ts_missing as select 't' as tbl, 2 as row,"
         " 'x' as column, 'A' as code"},
        {table, "insert into t values (1, 'a'), (null, 'b')",
         "create table _ts_missing as select 't' as tbl, 2 as row,"
         " 'x' as column, 'B' as code"},
        {table, "insert into t values (1, 'a'), (2 + 4e-16, 'b')", NULL},
        {table, "insert into t values (1, 'a'), (2, 'B')", NULL},
        {any, "insert into t values ('1', 'a'), (2.0, 'b')", NULL},
        {any, "insert into t values (1, 'a'), (2.0, 'b')", NULL},
        {any, "insert into t values (x'31', 'a'), (2.0, 'b')", NULL},
        {any, "insert into t values (0.0, 'a')", NULL},
        {any, "insert into t values (-0.0, 'a')", NULL},
        {table, "insert into t (rowid, x, y) values (1, 1, 'a'), (3, 2, 'b')",
         NULL},
        {"create table t (x real, z text) strict",
         "insert into t values (1, 'a'), (2, 'b')", NULL},
        {table, "insert into t values (1, 'a'), (2, 'b')",
         "update _ts_column set label = 'Another'"},
        {table, "insert into t values (1, 'a'), (2, 'b')",
         "update _ts_column set label = null, unit = 'A number'"},
        {table, "insert into t values (1, 'a'), (2, 'b')",
         "update _ts_column set levels = '[\"a\",\"b\"]'"},
        {table, "insert into t values (1, 'a'), (2, 'b')",
         "create table _ts_attribute as select 't' as tbl, 'x' as name,"
         " 'informat' as attribute, 'DATE9.' as value"},
    };
    enum { N = sizeof cases / sizeof *cases };
    char hash[N][65];
    (void)state;
    for (size_t i = 0; i < N; i++) {
        hash_of(cases[i].make, cases[i].rows, cases[i].more, hash[i]);
        for (size_t j = 0; j < i; j++)
            if (strcmp(hash[i], hash[j]) == 0)
                fail_msg("cases %zu and %zu are the same", j, i);
    }
    char again[65];
    hash_of(cases[0].make, cases[0].rows, NULL, again);
    assert_string_equal(again, hash[0]);
    /* reports hold hashes for years: the way they are computed stays */
    assert_string_equal(hash[0], "37bcd2c554c0c8c77b60436bca8f579090963"
                                 "78145936fa907417caab40e722d");
}

static void the_hash_is_that_of_the_content(void **state)
{
    ts_error err;
    ts_store *store = study();
    double n_row;
    char before[65], after[65];
    (void)state;
    assert_int_equal(ts_store_hash_table(store, "t", &n_row, before, &err),
                     TS_OK);
    assert_true(n_row == 3);
    ts_store_close(store);
    other_hand(path, "pragma journal_mode = delete; pragma page_size = 512;"
                     "vacuum; pragma journal_mode = wal");
    assert_int_equal(ts_store_open(path, &store, &err), TS_OK);
    assert_int_equal(ts_store_hash_table(store, "t", &n_row, after, &err),
                     TS_OK);
    assert_string_equal(before, after);
    run(store, "alter table t rename to \"x\"\"; drop table t;--\"");
    run(store, "update _ts_column set tbl = 'x\"; drop table t;--'");
    assert_int_equal(
        ts_store_hash_table(store, "x\"; drop table t;--", &n_row, after, &err),
        TS_OK);
    assert_string_equal(before, after);
    ts_store_close(store);
}

static void columns_called_like_row_numbers(void **state)
{
    ts_error err;
    ts_store *store;
    double n_row;
    char hash[65];
    (void)state;
    assert_int_equal(ts_store_memory(&store, &err), TS_OK);
    fill(store,
         "create table t (rowid real, \"_ROWID_\" text, oid text) strict",
         "insert into t values (3, 'a', 'b'), (2, 'c', 'd')");
    assert_int_equal(ts_store_hash_table(store, "t", &n_row, hash, &err),
                     TS_OK);
    assert_true(n_row == 2);
    ts_store_close(store);
}

/* Expected hashes ---------------------------------------------------------- */

static void expected_hashes(void **state)
{
    ts_error err;
    ts_store *store = study();
    char head[65], content[65], short_head[65];
    size_t n;
    (void)state;
    assert_int_equal(ts_store_head(store, head, &err), TS_OK);
    assert_int_equal(ts_store_expect(store, head, &n, &err), TS_OK);
    assert_int_equal(n, 0);
    assert_int_equal(ts_store_lock(store, "x", NULL, &err), TS_OK);
    strcpy(content, ts_store_get_lock(store)->content);
    assert_int_equal(ts_store_expect(store, head, &n, &err), TS_OK);
    assert_int_equal(n, 1);
    assert_int_equal(ts_store_expect(store, content, &n, &err), TS_OK);
    assert_int_equal(n, 0);
    memcpy(short_head, head, 16);
    short_head[16] = '\0';
    assert_int_equal(ts_store_expect(store, short_head, &n, &err), TS_OK);
    short_head[15] = '\0';
    assert_int_equal(ts_store_expect(store, short_head, &n, &err), TS_EINVALID);
    assert_int_equal(ts_store_expect(store, "", &n, &err), TS_EINVALID);
    content[0] = content[0] == '0' ? '1' : '0';
    assert_int_equal(ts_store_expect(store, content, &n, &err), TS_EFORMAT);
    strcpy(content, ts_store_get_lock(store)->content);
    assert_int_equal(ts_store_unlock(store, "y", NULL, &err), TS_OK);
    assert_int_equal(ts_store_expect(store, content, &n, &err), TS_EFORMAT);
    assert_non_null(strstr(err.text, "unlocked since"));
    assert_int_equal(ts_store_head(store, head, &err), TS_OK);
    ts_store_close(store);
    /* a trail without its end is a trail; only who knows the end finds it */
    other_hand(path, "delete from _ts_audit where seq > 2");
    assert_int_equal(ts_store_open(path, &store, &err), TS_OK);
    assert_int_equal(ts_store_verify(store, &n, &err), TS_OK);
    assert_int_equal(ts_store_expect(store, head, &n, &err), TS_EFORMAT);
    assert_non_null(strstr(err.text, "cut or altered"));
    ts_store_close(store);
}

/* Without a lock verify compares the tables with their events. */
static void tables_that_another_hand_changed(void **state)
{
    static const struct {
        const char *sql, *words;
    } cases[] = {
        {"update t set y = 'b' where x = 1", "t is not what event 2 left"},
        {"update _ts_column set unit = 'mg'", "t is not what event 2 left"},
        {"drop table t; delete from _ts_table; delete from _ts_column",
         "t is gone"},
        {"create table u (x real) strict; insert into _ts_table (name, kind)"
         " values ('u', 'raw')",
         "u has no event"},
        {"insert into _ts_setting values ('trial', '{}')",
         "the definition of the trial"},
        {"create table _ts_result (x)", "results has no event"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ts_error err;
        size_t n;
        ts_store *store = study();
        assert_int_equal(ts_store_verify(store, &n, &err), TS_OK);
        ts_store_close(store);
        other_hand(path, cases[i].sql);
        if (ts_store_open(path, &store, &err))
            fail_msg("%s: %s", cases[i].sql, err.text);
        if (ts_store_verify(store, &n, &err) != TS_EFORMAT)
            fail_msg("%s was not found", cases[i].sql);
        if (!strstr(err.text, cases[i].words))
            fail_msg("'%s' lacks '%s'", err.text, cases[i].words);
        /* nor can it be locked as it is */
        assert_int_equal(ts_store_lock(store, "x", NULL, &err), TS_EFORMAT);
        assert_null(ts_store_get_lock(store));
        ts_store_close(store);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contents_that_differ_have_other_hashes),
        cmocka_unit_test(the_hash_is_that_of_the_content),
        cmocka_unit_test(columns_called_like_row_numbers),
        cmocka_unit_test(expected_hashes),
        cmocka_unit_test(tables_that_another_hand_changed),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
