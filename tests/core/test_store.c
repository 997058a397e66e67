/* The store: what it opens, what SQL text may do, the chain of events, and
 * that failing allocations leave nothing behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/store.h"

static char folder[64], path[100];
static const ts_event dropped = {.verb = "drop", .object = "x", .rows = -1};

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/trialsh-store-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.db", folder);
    return 0;
}

static int remove_folder(void **state)
{
    char command[200];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static ts_store *memory_store(void)
{
    ts_error err;
    ts_store *store;
    assert_int_equal(ts_store_memory(&store, &err), TS_OK);
    return store;
}

static double one(ts_store *store, const char *sql)
{
    ts_error err;
    ts_frame *f;
    if (ts_store_query(store, sql, NULL, 0, NULL, 0, &f, &err))
        fail_msg("%s: %s", sql, err.text);
    double x = f->column[0]->real[0];
    ts_frame_free(f);
    return x;
}

static void refused(ts_store *store, const char *sql, const char *words)
{
    ts_error err = {0};
    ts_frame *f;
    ts_status status = ts_store_query(store, sql, NULL, 0, NULL, 0, &f, &err);
    if (!status)
        fail_msg("%s was not refused", sql);
    assert_null(f);
    if (!strstr(err.text, words))
        fail_msg("%s: '%s' lacks '%s'", sql, err.text, words);
}

static void a_new_study_is_the_users_alone(void **state)
{
    ts_error err;
    ts_store *store;
    struct stat info;
    (void)state;
    assert_int_equal(ts_store_create(path, &store, &err), TS_OK);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    ts_store *second;
    assert_int_equal(ts_store_create(path, &second, &err), TS_EEXISTS);
    assert_null(second);
    ts_store_close(store);
    assert_int_equal(ts_store_open(path, &store, &err), TS_OK);
    assert_true(one(store, "select count(*) from _ts_audit") == 1);
    ts_store_close(store);
}

static void only_studies_are_opened(void **state)
{
    char other[120];
    ts_error err;
    ts_store *store;
    sqlite3 *db;
    (void)state;
    snprintf(other, sizeof other, "%s/none.db", folder);
    assert_int_equal(ts_store_open(other, &store, &err), TS_ENOTFOUND);
    assert_int_equal(access(other, F_OK), -1);
    snprintf(other, sizeof other, "%s/other.db", folder);
    sqlite3_open(other, &db);
    sqlite3_exec(db, "create table t(x)", NULL, NULL, NULL);
    sqlite3_close(db);
    assert_int_equal(ts_store_open(other, &store, &err), TS_EFORMAT);
    assert_non_null(strstr(err.text, "no study"));
    snprintf(other, sizeof other, "%s/text.db", folder);
    FILE *f = fopen(other, "w");
    for (int i = 0; i < 2000; i++)
        fputs("not a database ", f);
    fclose(f);
    assert_int_equal(ts_store_open(other, &store, &err), TS_EFORMAT);
    assert_int_equal(ts_store_open(folder, &store, &err), TS_EFORMAT);
    assert_null(store);
}

static void sql_text_only_reads(void **state)
{
    ts_store *store = memory_store();
    (void)state;
    refused(store, "insert into _ts_setting values ('a', 'b')", "only reads");
    refused(store, "delete from _ts_audit", "only reads");
    refused(store, "update _ts_audit set who = 'x'", "only reads");
    refused(store, "create table t(x)", "only reads");
    refused(store, "drop table _ts_audit", "only reads");
    refused(store, "attach 'evil.db' as e", "only reads");
    refused(store, "pragma writable_schema = 1", "only reads");
    refused(store, "pragma journal_mode = off", "only reads");
    refused(store, "begin", "only reads");
    refused(store, "vacuum", "only reads");
    refused(store, "select load_extension('x')", "");
    refused(store, "select \"no_such\"", "no such column");
    refused(store, "select 1; select 2", "more than one statement");
    refused(store, "", "empty statement");
    refused(store, "select zeroblob(999999999)", "too big");
    refused(store, "select log(10)", "ln(x)");
    refused(store, "select mean('a')", "is text");
    refused(store, "select days('2024-13-01', '2024-01-01')",
            "no date of the calendar");
    refused(store, "select days('2024-02', '2024-01-01')", "complete");
    refused(store, "select round(1.5, 0.5)", "whole number");
    ts_store_close(store);
}

static void functions_and_their_counts(void **state)
{
    ts_store *store = memory_store();
    (void)state;
    assert_true(one(store, "select days('2024-02-28', '2024-03-01')") == 2);
    assert_true(one(store, "select days('0000-02-29', '0000-03-01')") == 1);
    assert_true(one(store, "select days('2024-03-01', '2023-03-01')") == -366);
    assert_true(one(store, "select days('1960-01-01', '1970-01-01')") == 3653);
    assert_true(one(store, "select last_date('2023-02') = '2023-02-28' and "
                           "last_date('2024') = '2024-12-31' and "
                           "first_date('2024') = '2024-01-01' and "
                           "flag(1) = 'Y' and flag(0) = 'N' and "
                           "flag(null) is null and _text(77.0) = '77'"));
    assert_true(isnan(one(store, "select ln(0)")));
    assert_true(ts_store_counts(store)[TS_COUNT_LN] == 1);
    assert_true(isnan(one(store, "select _divide(1, 0)")));
    assert_true(ts_store_counts(store)[TS_COUNT_DIVIDE] == 1);
    assert_true(ts_store_counts(store)[TS_COUNT_LN] == 0);
    assert_true(isnan(one(store, "select _decide(2, null)")));
    assert_true(ts_store_counts(store)[TS_COUNT_UNDECIDED + 2] == 1);
    /* Neumaier's example, where a plain sum gives 0 */
    assert_true(one(store, "select sum(x) from (select 1 as x union all "
                           "select 1e100 union all select 1 union all "
                           "select -1e100)") == 2);
    ts_store_close(store);
}

/* _nth(x, k, place) over places in any order; its k is from either end. */
static void values_by_their_place(void **state)
{
    ts_store *store = memory_store();
    (void)state;
    const char *from = "from (select column1 as x, column2 as p from (values "
                       "(30, 3), (10, 1), (null, 5), (40, 4), (20, 2)))";
    const struct {
        const char *k;
        double x;
    } cases[] = {{"1", 10},  {"2", 20},   {"4", 40},  {"5", NAN}, {"6", NAN},
                 {"0", NAN}, {"-1", NAN}, {"-2", 40}, {"-5", 10}, {"-6", NAN}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char sql[300];
        snprintf(sql, sizeof sql, "select _nth(x, %s, p) %s", cases[i].k, from);
        double x = one(store, sql);
        assert_true(isnan(cases[i].x) ? isnan(x) : x == cases[i].x);
        /* in the order of a window, up to its last row */
        snprintf(sql, sizeof sql,
                 "select max(v) from (select _nth(x, %s) over (order by p rows "
                 "between unbounded preceding and unbounded following) as v "
                 "%s)",
                 cases[i].k, from);
        x = one(store, sql);
        assert_true(isnan(cases[i].x) ? isnan(x) : x == cases[i].x);
    }
    assert_true(one(store,
                    "select group_concat(v) = '1.0,1.5,2.0,2.5' from (select "
                    "median(x) over (order by x rows between unbounded "
                    "preceding and current row) as v from (select 1 as x "
                    "union all select 2 union all select 3 union all "
                    "select 4))") == 1);
    refused(store,
            "select sum(x) over (rows between current row and current row) "
            "from (select 1 as x union all select 2)",
            "no value leaves a window");
    ts_store_close(store);
}

static void an_endless_query_is_interrupted(void **state)
{
    ts_store *store = memory_store();
    (void)state;
    ts_interrupt_raise();
    refused(store,
            "with recursive c(x) as (select 1 union all select x + 1 from c) "
            "select sum(x) from c",
            "interrupted");
    ts_interrupt_clear();
    assert_true(one(store, "select 2") == 2);
    ts_store_close(store);
}

static ts_frame *small_frame(void)
{
    ts_error err;
    ts_frame *f;
    ts_builder *b;
    ts_column *c;
    assert_int_equal(ts_frame_new(3, &f, &err), TS_OK);
    assert_int_equal(ts_builder_new("x", &b, &err), TS_OK);
    ts_builder_real(b, 0.1, &err);
    ts_builder_na(b, &err);
    ts_builder_real(b, -0.0, &err);
    assert_int_equal(ts_builder_end(b, &c, &err), TS_OK);
    assert_int_equal(ts_frame_add(f, c, &err), TS_OK);
    assert_int_equal(ts_builder_new("a \"b\"", &b, &err), TS_OK);
    ts_builder_text(b, "p", 1, &err);
    ts_builder_text(b, "", 0, &err);
    ts_builder_na(b, &err);
    assert_int_equal(ts_builder_end(b, &c, &err), TS_OK);
    assert_int_equal(ts_frame_add(f, c, &err), TS_OK);
    return f;
}

static void frames_are_written_and_attached(void **state)
{
    ts_error err;
    char name[32], sql[200];
    ts_store *store = memory_store();
    ts_frame *f = small_frame(), *back;
    (void)state;
    assert_int_equal(ts_store_begin(store, &err), TS_OK);
    assert_int_equal(ts_store_write(store, "t", f, &err), TS_OK);
    assert_int_equal(ts_store_commit(store, &err), TS_OK);
    assert_int_equal(
        ts_store_query(store, "select * from t", NULL, 0, NULL, 0, &back, &err),
        TS_OK);
    assert_true(back->column[0]->real[0] == 0.1);
    assert_true(isnan(back->column[0]->real[1]));
    assert_true(back->column[0]->real[2] == 0);
    assert_true(signbit(back->column[0]->real[2]));
    assert_string_equal(ts_column_text(back->column[1], 1), "");
    assert_null(ts_column_text(back->column[1], 2));
    assert_string_equal(back->column[1]->name, "a \"b\"");
    ts_frame_free(back);
    assert_int_equal(ts_store_attach(store, f, name, &err), TS_OK);
    snprintf(sql, sizeof sql,
             "select count(*) from temp.%s a join t b on a.x = b.x", name);
    assert_true(one(store, sql) == 2);
    ts_store_detach(store, name);
    refused(store, sql, "no such table");
    ts_frame_free(f);
    ts_store_close(store);
}

static void the_chain_shows_what_was_altered(void **state)
{
    ts_error err;
    ts_store *store;
    size_t n;
    sqlite3 *db;
    (void)state;
    assert_int_equal(ts_store_open(path, &store, &err), TS_OK);
    assert_int_equal(ts_store_begin(store, &err), TS_OK);
    assert_int_equal(
        ts_store_audit(store,
                       &(ts_event){.verb = "note",
                                   .object = "dm",
                                   .rows = 27,
                                   .detail = "dm.csv"},
                       &err),
        TS_OK);
    assert_int_equal(ts_store_audit(store, &dropped, &err), TS_OK);
    assert_int_equal(ts_store_commit(store, &err), TS_OK);
    assert_int_equal(ts_store_verify(store, &n, &err), TS_OK);
    assert_int_equal(n, 3);
    ts_store_close(store);
    sqlite3_open(path, &db);
    assert_int_equal(sqlite3_exec(db,
                                  "update _ts_audit set rows = 26 where "
                                  "verb = 'note'",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(ts_store_open(path, &store, &err), TS_OK);
    assert_int_equal(ts_store_verify(store, &n, &err), TS_EFORMAT);
    assert_non_null(strstr(err.text, "broken at event 2"));
    ts_store_close(store);
}

/* What a hostile hand may have made of the trail: errors, never a crash. */
static void a_trail_without_its_rules(void **state)
{
    static const char *const made[] = {
        "select 1",
        "insert into _ts_audit (seq, utc) values (1, 'x')",
        "insert into _ts_audit (seq, previous) values (1, '')",
        "insert into _ts_audit values ('a', 2, 3, 4, 5, 'b', 7, 8, 9, 10, 11, 12)",
    };
    (void)state;
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        ts_error err;
        ts_store *store;
        sqlite3 *db;
        size_t n;
        unlink(path);
        assert_int_equal(ts_store_create(path, &store, &err), TS_OK);
        ts_store_close(store);
        sqlite3_open(path, &db);
        assert_int_equal(
            sqlite3_exec(db,
                         "drop table _ts_audit; create table _ts_audit (seq,"
                         " utc, who, verb, object, rows, sha256, detail,"
                         " script, content, previous, hash)",
                         NULL, NULL, NULL),
            SQLITE_OK);
        sqlite3_exec(db, made[i], NULL, NULL, NULL);
        sqlite3_close(db);
        ts_status status = ts_store_open(path, &store, &err);
        if (status) {
            assert_int_equal(status, TS_EFORMAT);
            continue;
        }
        assert_int_not_equal(ts_store_verify(store, &n, &err), TS_OK);
        assert_int_equal(ts_store_begin(store, &err), TS_OK);
        ts_store_audit(store, &dropped, &err);
        ts_store_rollback(store);
        ts_store_close(store);
    }
}

static void a_file_that_is_gone_takes_nothing(void **state)
{
    ts_error err;
    ts_store *store;
    (void)state;
    unlink(path);
    assert_int_equal(ts_store_create(path, &store, &err), TS_OK);
    assert_int_equal(ts_store_begin(store, &err), TS_OK);
    ts_store_rollback(store);
    unlink(path);
    assert_int_equal(ts_store_begin(store, &err), TS_EIO);
    assert_non_null(strstr(err.text, "was deleted"));
    assert_false(ts_store_in_transaction(store));
    ts_store_close(store);
}

/* SQLite takes some names for no file, and forgets what is stored there. */
static void a_name_is_a_file(void **state)
{
    static const char *const names[] = {":memory:", "file:a.db?mode=memory"};
    char here[4096];
    (void)state;
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(folder), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ts_error err;
        ts_store *store;
        struct stat info;
        assert_int_equal(ts_store_create(names[i], &store, &err), TS_OK);
        ts_store_close(store);
        assert_int_equal(stat(names[i], &info), 0);
        assert_true(info.st_size > 0);
        assert_int_equal(ts_store_open(names[i], &store, &err), TS_OK);
        ts_store_close(store);
    }
    assert_int_equal(chdir(here), 0);
}

static void a_folder_without_write_access(void **state)
{
    ts_error err;
    ts_store *store;
    int status;
    (void)state;
    unlink(path);
    assert_int_equal(ts_store_create(path, &store, &err), TS_OK);
    ts_store_close(store);
    assert_int_equal(chmod(path, 0666) | chmod(folder, 0555), 0);
    pid_t child = fork();
    if (child == 0) { /* the superuser may write everywhere */
        if (getuid() == 0 && setuid(65534))
            _exit(9);
        if (ts_store_open(path, &store, &err))
            _exit(1);
        size_t n;
        status = ts_store_verify(store, &n, &err) ? 2
                 : n != 1                         ? 3
                          : ts_store_begin(store, &err) != TS_EREADONLY;
        ts_store_close(store);
        _exit(status);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    chmod(folder, 0700);
    assert_int_equal(status, 0);
}

static double n_audited(ts_store *store)
{
    ts_error err;
    ts_frame *frame;
    assert_int_equal(ts_store_query(store, "select count(*) from _ts_audit",
                                    NULL, 0, NULL, 0, &frame, &err),
                     TS_OK);
    double n = frame->column[0]->real[0];
    ts_frame_free(frame);
    return n;
}

static void one_state_while_it_is_held(void **state)
{
    ts_error err;
    ts_store *a, *b;
    double was, is;
    (void)state;
    unlink(path);
    assert_int_equal(ts_store_create(path, &a, &err), TS_OK);
    assert_int_equal(ts_store_open(path, &b, &err), TS_OK);
    assert_int_equal(ts_store_hold(a, &err), TS_OK);
    assert_true(ts_store_is_held(a));
    assert_false(ts_store_in_transaction(a));
    assert_int_equal(ts_store_version(a, &was, &err), TS_OK);
    assert_int_equal(ts_store_begin(b, &err), TS_OK);
    assert_int_equal(ts_store_audit(b, &dropped, &err), TS_OK);
    assert_int_equal(ts_store_commit(b, &err), TS_OK);
    double n = n_audited(b);
    assert_true(n_audited(a) == n - 1);
    assert_int_equal(ts_store_version(a, &is, &err), TS_OK);
    assert_true(is == was);
    assert_int_equal(ts_store_begin(a, &err), TS_EINVALID);
    assert_non_null(strstr(err.text, "not changed meanwhile"));
    ts_store_release(a);
    assert_true(n_audited(a) == n);
    assert_int_equal(ts_store_version(a, &is, &err), TS_OK);
    assert_true(is > was);
    assert_int_equal(ts_store_begin(a, &err), TS_OK);
    ts_store_rollback(a);
    assert_int_equal(ts_store_hold(a, &err), TS_OK);
    ts_store_close(a); /* while it is held */
    ts_store_close(b);
}

static void a_child_reads_a_copy(void **state)
{
    ts_error err;
    ts_store *store;
    double was, is;
    size_t n;
    (void)state;
    unlink(path);
    assert_int_equal(ts_store_create(path, &store, &err), TS_OK);
    assert_null(ts_store_image(store, 100, &n)); /* so many bytes at most */
    assert_int_equal(ts_store_version(store, &was, &err), TS_OK);
    double events = n_audited(store);
    unsigned char *image = ts_store_image(store, 10000000, &n);
    assert_non_null(image);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        int good = ts_store_become(store, image, n, &err) == TS_OK &&
                   ts_store_version(store, &is, &err) == TS_OK && is == was &&
                   n_audited(store) == events &&
                   (ts_store_begin(store, &err) ||
                    ts_store_audit(store, &dropped, &err));
        _exit(good ? 0 : 1);
    }
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(n_audited(store) == events);
    ts_store_image_free(image);
    ts_store_close(store);
}

static void a_version_for_each_change(void **state)
{
    ts_error err;
    ts_store *a, *b;
    double was, is;
    (void)state;
    unlink(path);
    assert_int_equal(ts_store_create(path, &a, &err), TS_OK);
    assert_int_equal(ts_store_open(path, &b, &err), TS_OK);
    assert_int_equal(ts_store_version(a, &was, &err), TS_OK);
    assert_int_equal(ts_store_version(a, &is, &err), TS_OK);
    assert_true(is == was);
    assert_int_equal(ts_store_begin(b, &err), TS_OK);
    assert_int_equal(ts_store_audit(b, &dropped, &err), TS_OK);
    assert_int_equal(ts_store_commit(b, &err), TS_OK);
    assert_int_equal(ts_store_version(a, &is, &err), TS_OK);
    assert_true(is > was);
    was = is;
    assert_int_equal(ts_store_begin(a, &err), TS_OK);
    assert_int_equal(ts_store_audit(a, &dropped, &err), TS_OK);
    ts_store_rollback(a);
    assert_int_equal(ts_store_version(a, &is, &err), TS_OK);
    assert_true(is > was);
    was = is; /* what changes nothing makes none */
    assert_int_equal(ts_store_begin(a, &err), TS_OK);
    assert_int_equal(ts_store_commit(a, &err), TS_OK);
    assert_int_equal(ts_store_version(a, &is, &err), TS_OK);
    assert_true(is == was);
    ts_store_close(a);
    ts_store_close(b);
}

static void a_rollback_leaves_what_was_there(void **state)
{
    ts_error err;
    ts_store *store = memory_store();
    ts_frame *f = small_frame();
    (void)state;
    assert_int_equal(ts_store_begin(store, &err), TS_OK);
    assert_int_equal(ts_store_write(store, "t", f, &err), TS_OK);
    ts_store_rollback(store);
    refused(store, "select * from t", "no such table");
    ts_frame_free(f);
    ts_store_close(store);
}

/* Every allocation of ours fails once: an error or success, nothing lost. */
static void failing_allocations(void **state)
{
    ts_error err;
    ts_frame *f = small_frame();
    long before = ts_memory_live();
    (void)state;
    for (long n = 1;; n++) {
        ts_store *store = NULL;
        ts_frame *back = NULL;
        size_t n_event;
        char name[32];
        ts_memory_fail_at(n, 0);
        ts_status status = ts_store_memory(&store, &err);
        if (!status)
            status = ts_store_begin(store, &err);
        if (!status)
            status = ts_store_write(store, "t", f, &err);
        if (!status)
            status = ts_store_attach(store, f, name, &err);
        if (!status)
            status = ts_store_query(
                store,
                "select median(x), geomean(x), _group_key(0, x) from t "
                "group by 3",
                NULL, 0, NULL, 0, &back, &err);
        ts_frame_free(back);
        back = NULL;
        if (!status)
            status = ts_store_query(
                store,
                "select _nth(x, 2) over w, _nth(\"a \"\"b\"\"\", -2) over w, "
                "quantile(x, 0.5) over w, (select _nth(x, 3, -x) from t) "
                "from t window w as (order by x rows between unbounded "
                "preceding and unbounded following)",
                NULL, 0, NULL, 0, &back, &err);
        if (!status)
            status = ts_store_commit(store, &err);
        if (!status)
            status = ts_store_verify(store, &n_event, &err);
        long used = ts_memory_count();
        ts_memory_fail_at(0, 0);
        ts_frame_free(back);
        ts_store_close(store);
        assert_int_equal(ts_memory_live(), before);
        if (used < n) {
            assert_int_equal(status, TS_OK);
            break;
        }
        assert_int_equal(status, TS_ENOMEM);
    }
    ts_frame_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_study_is_the_users_alone),
        cmocka_unit_test(only_studies_are_opened),
        cmocka_unit_test(sql_text_only_reads),
        cmocka_unit_test(functions_and_their_counts),
        cmocka_unit_test(values_by_their_place),
        cmocka_unit_test(an_endless_query_is_interrupted),
        cmocka_unit_test(frames_are_written_and_attached),
        cmocka_unit_test(the_chain_shows_what_was_altered),
        cmocka_unit_test(a_trail_without_its_rules),
        cmocka_unit_test(a_file_that_is_gone_takes_nothing),
        cmocka_unit_test(a_name_is_a_file),
        cmocka_unit_test(a_folder_without_write_access),
        cmocka_unit_test(a_version_for_each_change),
        cmocka_unit_test(one_state_while_it_is_held),
        cmocka_unit_test(a_child_reads_a_copy),
        cmocka_unit_test(a_rollback_leaves_what_was_there),
        cmocka_unit_test(failing_allocations),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
