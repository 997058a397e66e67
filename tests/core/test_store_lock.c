/* Locking: what a lock refuses, that no byte can be another one unnoticed, and
 * how it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/wait.h>
#include "store_files.h"
#include "ts/memory.h"
#include "ts/text.h"

static void locked_study(void)
{
    ts_error err;
    ts_store *store = study();
    if (ts_store_lock(store, "for the report", "a.lua:1", &err))
        fail_msg("%s", err.text);
    ts_store_close(store);
}

/* Journals ----------------------------------------------------------------- */

static void settings_are(ts_store *store, const char *journal, double sync)
{
    ts_error err;
    ts_frame *f;
    double x;
    assert_int_equal(
        ts_store_read(store, "pragma journal_mode", NULL, 0, NULL, 0, &f, &err),
        TS_OK);
    assert_string_equal(ts_column_text(f->column[0], 0), journal);
    ts_frame_free(f);
    assert_int_equal(ts_store_pragma(store, "pragma synchronous", &x, &err),
                     TS_OK);
    assert_true(x == sync);
}

static void journals_keep_each_commit(void **state)
{
    enum { FULL = 2, EXTRA = 3 };
    ts_error err;
    ts_store *store = study();
    (void)state;
    settings_are(store, "wal", FULL);
    assert_int_equal(ts_store_lock(store, "x", NULL, &err), TS_OK);
    settings_are(store, "delete", EXTRA);
    assert_int_equal(ts_store_unlock(store, "x", NULL, &err), TS_OK);
    settings_are(store, "wal", FULL);
    ts_store_close(store);
    /* a lock that was cut short left this */
    other_hand(path, "pragma journal_mode = delete");
    assert_int_equal(ts_store_open(path, &store, &err), TS_OK);
    settings_are(store, "wal", FULL);
    ts_store_close(store);
    /* where memory cannot be shared there is no write-ahead log */
    other_hand(path, "pragma journal_mode = delete");
    sqlite3 *reader;
    sqlite3_open(path, &reader);
    sqlite3_exec(reader, "begin; select * from t", NULL, NULL, NULL);
    assert_int_equal(ts_store_open(path, &store, &err), TS_OK);
    settings_are(store, "delete", EXTRA);
    sqlite3_close(reader);
    ts_store_close(store);
}

/* The lock ----------------------------------------------------------------- */

static void a_locked_study_is_one_file_that_stays(void **state)
{
    ts_error err;
    struct stat info;
    ts_store *store;
    size_t n;
    char beside[120];
    (void)state;
    locked_study();
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0400);
    snprintf(beside, sizeof beside, "%s-wal", path);
    assert_int_equal(access(beside, F_OK), -1);
    snprintf(beside, sizeof beside, "%s-shm", path);
    assert_int_equal(access(beside, F_OK), -1);
    assert_int_equal(ts_store_open(path, &store, &err), TS_OK);
    assert_true(ts_store_read_only(store));
    const ts_lock *lock = ts_store_get_lock(store);
    assert_non_null(lock);
    assert_string_equal(lock->reason, "for the report");
    assert_true(lock->event == 3);
    assert_int_equal(ts_store_begin(store, &err), TS_EREADONLY);
    assert_non_null(strstr(err.text, "was locked by"));
    assert_non_null(strstr(err.text, "for the report"));
    assert_int_equal(ts_store_lock(store, "x", NULL, &err), TS_EREADONLY);
    /* nor by a statement of the program's own that asks for no transaction */
    assert_int_equal(ts_store_execute(store, "delete from t", NULL, 0, &err),
                     TS_EREADONLY);
    assert_int_equal(ts_store_verify(store, &n, &err), TS_OK);
    assert_int_equal(n, 3);
    ts_store_close(store);
    snprintf(beside, sizeof beside, "%s-journal", path);
    assert_int_equal(access(beside, F_OK), -1);
}

static void a_lock_needs_the_file_alone(void **state)
{
    ts_error err;
    ts_store *store = study(), *other;
    (void)state;
    sqlite3_busy_timeout(store->db, 50);
    assert_int_equal(ts_store_open(path, &other, &err), TS_OK);
    assert_int_equal(ts_store_lock(store, "x", NULL, &err), TS_EIO);
    assert_non_null(strstr(err.text, "in use by another program"));
    assert_null(ts_store_get_lock(store));
    ts_store_close(other);
    settings_are(store, "wal", 2);
    assert_int_equal(ts_store_begin(store, &err), TS_OK);
    ts_store_rollback(store);
    assert_int_equal(ts_store_lock(store, "x", NULL, &err), TS_OK);
    ts_store_close(store);
}

static void altered(const char *sql, const char *words)
{
    ts_error err;
    ts_store *store;
    size_t n;
    locked_study();
    other_hand(path, sql);
    if (ts_store_open(path, &store, &err) != TS_EFORMAT)
        fail_msg("%s was not found", sql);
    if (!strstr(err.text, words))
        fail_msg("%s: '%s' lacks '%s'", sql, err.text, words);
    if (strstr(words, "restore"))
        return;
    if (ts_store_open_altered(path, &store, &err))
        fail_msg("%s: %s", sql, err.text);
    assert_non_null(strstr(ts_store_altered(store), words));
    assert_int_equal(ts_store_begin(store, &err), TS_EREADONLY);
    assert_int_equal(ts_store_verify(store, &n, &err), TS_EFORMAT);
    assert_int_equal(ts_store_unlock(store, "x", NULL, &err), TS_EFORMAT);
    assert_non_null(ts_store_get_lock(store));
    assert_int_equal(ts_store_begin(store, &err), TS_EREADONLY);
    ts_store_close(store);
}

static void what_was_altered_has_a_name(void **state)
{
    (void)state;
    altered("update t set x = 2 where x = 1", "on 20");
    altered("update t set x = 2 where x = 1", ": t was altered");
    altered("update _ts_column set label = 'b'",
            "_ts_column was altered, t was altered");
    altered("insert into _ts_setting values ('a', 'b')",
            "_ts_setting was altered");
    altered("create table more (x)", "more was added");
    altered("alter table t rename to u; update _ts_table set name = 'u';"
            "update _ts_column set tbl = 'u'",
            "t is gone, u was added");
    altered("update _ts_audit set who = 'nobody' where seq = 2",
            "broken at event 2");
    altered("update _ts_audit set detail = 'nothing' where seq = 3",
            "broken at event 3");
    altered("delete from _ts_audit where seq = 3", "restore the file");
    altered("update t set x = 2 where x = 1; update _ts_lock set sha256 ="
            " substr(sha256, 2) || '0'",
            "was altered");
    altered("drop table _ts_lock; create table _ts_lock (tbl, rows, sha256);"
            "update t set y = 'c'",
            "was added");
}

static void the_lock_survives_vacuum(void **state)
{
    ts_error err;
    ts_store *store;
    (void)state;
    locked_study();
    other_hand(path, "pragma page_size = 1024; vacuum; analyze");
    if (ts_store_open(path, &store, &err))
        fail_msg("%s", err.text);
    ts_store_close(store);
}

/* What the file holds, read without us. */
static void dump(const char *file, ts_buffer *out)
{
    static const char *const tables[] = {
        "t", "_ts_table", "_ts_column", "_ts_setting", "_ts_audit", "_ts_lock"};
    sqlite3 *db;
    sqlite3_open_v2(file, &db, SQLITE_OPEN_READONLY, NULL);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        sqlite3_stmt *stmt;
        char sql[60];
        snprintf(sql, sizeof sql, "select * from %s", tables[i]);
        if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL)) {
            ts_buffer_puts(out, "?");
            continue;
        }
        while (sqlite3_step(stmt) == SQLITE_ROW)
            for (int j = 0; j < sqlite3_column_count(stmt); j++) {
                const char *text = (const char *)sqlite3_column_text(stmt, j);
                ts_buffer_printf(out, "%d %s|", sqlite3_column_type(stmt, j),
                                 text ? text : "");
            }
        sqlite3_finalize(stmt);
    }
    sqlite3_close(db);
}

static char copy[120];

static void write_copy(const unsigned char *bytes, size_t n)
{
    snprintf(copy, sizeof copy, "%s/copy.db", folder);
    FILE *f = fopen(copy, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

/* One bit of each byte (in make check of every 61st), and every length. A file
 * that opens must say what it said. */
static void no_byte_can_be_another_one(void **state)
{
    ts_buffer was = {0}, is = {0};
    ts_error err;
    ts_store *store;
    size_t refused = 0, tried = 0, step = getenv("TRIALSH_LONG") ? 1 : 61;
    (void)state;
    locked_study();
    other_hand(path, "pragma page_size = 512; vacuum"); /* fewer bytes */
    FILE *f = fopen(path, "rb");
    static unsigned char bytes[200000];
    size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    dump(path, &was);
    for (size_t i = 0; i < n; i += step, tried++) {
        unsigned char bit = (unsigned char)(1u << (i * 5 % 8));
        bytes[i] ^= bit;
        write_copy(bytes, n);
        bytes[i] ^= bit;
        if (ts_store_open(copy, &store, &err)) {
            refused++;
            continue;
        }
        ts_store_close(store);
        ts_buffer_clear(&is);
        dump(copy, &is);
        if (was.length != is.length || memcmp(was.data, is.data, is.length))
            fail_msg("byte %zu: another content was opened", i);
    }
    assert_true(refused > tried / 40);
    for (size_t i = 0; i < n; i += n / 50) {
        write_copy(bytes, i);
        assert_int_not_equal(ts_store_open(copy, &store, &err), TS_OK);
    }
    ts_buffer_free(&was);
    ts_buffer_free(&is);
}

static void the_end_of_a_lock_is_an_event(void **state)
{
    ts_error err;
    ts_store *store;
    size_t n;
    struct stat info;
    (void)state;
    locked_study();
    assert_int_equal(ts_store_open(path, &store, &err), TS_OK);
    if (ts_store_unlock(store, "late queries", "b.lua:2", &err))
        fail_msg("%s", err.text);
    assert_null(ts_store_get_lock(store));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(ts_store_begin(store, &err), TS_OK);
    run(store, "insert into t values (4, 'd')");
    assert_int_equal(ts_store_audit(store, &event, &err), TS_OK);
    assert_int_equal(ts_store_commit(store, &err), TS_OK);
    assert_int_equal(ts_store_verify(store, &n, &err), TS_OK);
    assert_int_equal(n, 5);
    assert_int_equal(ts_store_unlock(store, "x", NULL, &err), TS_EINVALID);
    assert_int_equal(ts_store_lock(store, "again", NULL, &err), TS_OK);
    ts_store_close(store);
    assert_int_equal(ts_store_open(path, &store, &err), TS_OK);
    ts_store_close(store);
}

/* The event is there, the mode is not yet: a lock that was cut short. */
static void a_locked_file_that_may_be_written_to_is_locked(void **state)
{
    ts_error err;
    ts_store *store;
    (void)state;
    locked_study();
    chmod(path, 0644);
    assert_int_equal(ts_store_open(path, &store, &err), TS_OK);
    assert_true(ts_store_is_public(store));
    assert_int_equal(ts_store_begin(store, &err), TS_EREADONLY);
    ts_store_close(store);
}

static void a_lock_in_memory(void **state)
{
    ts_error err;
    ts_store *store;
    (void)state;
    assert_int_equal(ts_store_memory(&store, &err), TS_OK);
    assert_int_equal(ts_store_lock(store, "x", NULL, &err), TS_OK);
    assert_int_equal(ts_store_begin(store, &err), TS_EREADONLY);
    assert_int_equal(ts_store_unlock(store, "x", NULL, &err), TS_OK);
    assert_int_equal(ts_store_begin(store, &err), TS_OK);
    ts_store_rollback(store);
    ts_store_close(store);
}

/* Someone else's file may be read, and not unlocked. */
static void who_may_not_write_may_read(void **state)
{
    ts_error err;
    ts_store *store;
    int status;
    (void)state;
    if (getuid() != 0) {
        skip();
        return;
    }
    locked_study();
    assert_int_equal(chmod(path, 0444) | chmod(folder, 0755), 0);
    pid_t child = fork();
    if (child == 0) {
        if (setuid(65534))
            _exit(9);
        if (ts_store_open(path, &store, &err))
            _exit(1);
        size_t n;
        status = ts_store_verify(store, &n, &err)          ? 2
                 : ts_store_unlock(store, "x", NULL, &err) ? 0
                                                           : 3;
        if (!status && !ts_store_get_lock(store))
            status = 4;
        ts_store_close(store);
        _exit(status);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    chmod(folder, 0700);
    assert_int_equal(status, 0);
}

/* Allocations of ours fail, in make check every fifth: locked, or not, and open
 * to both. */
static void failing_allocations(void **state)
{
    ts_error err;
    long before = ts_memory_live(), step = getenv("TRIALSH_LONG") ? 1 : 5;
    (void)state;
    for (long n = 1;; n += step) {
        ts_store *store;
        assert_int_equal(ts_store_memory(&store, &err), TS_OK);
        fill(store, "create table t (x real, y text) strict",
             "insert into t values (1, 'a'), (0.1, ''), (null, null)");
        ts_memory_fail_at(n, 0);
        ts_status status = ts_store_lock(store, "x", "y:1", &err);
        if (!status)
            status = ts_store_unlock(store, "x", NULL, &err);
        long used = ts_memory_count();
        ts_memory_fail_at(0, 0);
        if (status)
            assert_int_equal(status, TS_ENOMEM);
        size_t n_event;
        assert_false(ts_store_in_transaction(store));
        if (ts_store_verify(store, &n_event, &err))
            fail_msg("allocation %ld: %s", n, err.text);
        bool locked = ts_store_get_lock(store) != NULL;
        assert_int_equal(ts_store_begin(store, &err),
                         locked ? TS_EREADONLY : TS_OK);
        assert_true(n_event == 2 || (locked && n_event == 3) || n_event == 4);
        ts_store_close(store);
        assert_int_equal(ts_memory_live(), before);
        if (used < n) {
            assert_int_equal(status, TS_OK);
            break;
        }
    }
    locked_study();
    for (long n = 1;; n += step) {
        ts_store *store;
        ts_memory_fail_at(n, 0);
        ts_status status = ts_store_open(path, &store, &err);
        long used = ts_memory_count();
        ts_memory_fail_at(0, 0);
        ts_store_close(store);
        assert_int_equal(ts_memory_live(), before);
        if (status)
            assert_int_equal(status, TS_ENOMEM);
        if (used < n)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(journals_keep_each_commit),
        cmocka_unit_test(a_locked_study_is_one_file_that_stays),
        cmocka_unit_test(a_lock_needs_the_file_alone),
        cmocka_unit_test(what_was_altered_has_a_name),
        cmocka_unit_test(the_lock_survives_vacuum),
        cmocka_unit_test(no_byte_can_be_another_one),
        cmocka_unit_test(the_end_of_a_lock_is_an_event),
        cmocka_unit_test(a_locked_file_that_may_be_written_to_is_locked),
        cmocka_unit_test(a_lock_in_memory),
        cmocka_unit_test(who_may_not_write_may_read),
        cmocka_unit_test(failing_allocations),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
