/* Studies from another hand: what SQLite would run is refused, what is damaged
 * has a name, and nothing is endless. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include "store_files.h"
#include "ts/interrupt.h"

/* Statements of another program; false when its SQLite cannot run them. */
static bool other_program(const char *sql)
{
    sqlite3 *db;
    sqlite3_open(path, &db);
    bool done = sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
    sqlite3_close(db);
    return done;
}

/* A study with a table dm of two rows, in pages of 512 bytes. */
static void make_study(void)
{
    ts_error err;
    ts_store *store;
    unlink(path);
    if (ts_store_create(path, &store, &err))
        fail_msg("%s", err.text);
    ts_store_close(store);
    assert_true(other_program(
        "pragma journal_mode = delete; pragma page_size = 512; vacuum;"
        "create table dm (x real, y text) strict;"
        "insert into dm values (1, 'a'), (2, 'b');"
        "insert into _ts_table (name, kind) values ('dm', 'raw');"
        "insert into _ts_column (tbl, position, name, type) values"
        " ('dm', 1, 'x', 'real'), ('dm', 2, 'y', 'text')"));
}

static void refused(const char *words)
{
    ts_error err;
    ts_store *store;
    ts_status status = ts_store_open(path, &store, &err);
    if (status != TS_EFORMAT)
        fail_msg("%d instead of a refusal with '%s'", status, words);
    assert_null(store);
    if (!strstr(err.text, words))
        fail_msg("'%s' lacks '%s'", err.text, words);
}

static void what_sqlite_would_run_is_refused(void **state)
{
    static const struct {
        const char *sql, *words;
    } cases[] = {
        {"create trigger t after insert on dm begin delete from dm; end",
         "holds the trigger t"},
        {"create view v as with recursive c(x) as (select 1 union all select x"
         " + 1 from c) select x from c",
         "holds the view v"},
        {"drop table dm; create view dm as select ln(1) as x, 'y' as y",
         "holds the view dm"},
        {"create index i on dm (abs(x))", "holds the index i"},
        {"create virtual table r using rtree(id, a, b)",
         "holds the virtual table r"},
        {"create virtual table f using fts5(x)", "holds the virtual table f"},
        {"alter table _ts_table rename to t; create view _ts_table as select"
         " * from t",
         "holds the view _ts_table"},
    };
    int tried = 0;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make_study();
        if (!other_program(cases[i].sql))
            continue;
        tried++;
        refused(cases[i].words);
    }
    assert_true(tried >= 5);
}

static void what_is_damaged_has_a_name(void **state)
{
    static const struct {
        const char *sql, *words;
    } cases[] = {
        {"pragma writable_schema = 1; update sqlite_schema set sql = 'x' where"
         " name = 'dm'",
         "malformed database schema"},
        {"drop table _ts_column", "no such table: _ts_column"},
        {"alter table _ts_table drop column script", "no such column: script"},
        {"alter table _ts_audit drop column content",
         "no such column: content"},
        {"create table _ts_missing (tbl)", "no such column: row"},
        {"create table _ts_attribute (x)", "no such column: tbl"},
        {"drop table dm", "lists dm, which is not there"},
        {"alter table dm drop column y",
         "lists a column y of dm, which is not there"},
        {"pragma user_version = 9", "form 9"},
        {"pragma application_id = 1", "no study"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make_study();
        if (!other_program(cases[i].sql))
            fail_msg("%s", cases[i].sql);
        refused(cases[i].words);
    }
}

/* A computed column, a check and a default are no objects of their own. They
 * cannot call what only we may, nor make what is too large. */
static void what_tables_compute_is_inert(void **state)
{
    static const struct {
        const char *sql, *words;
    } cases[] = {
        {"create table t (x real, y text as (zeroblob(999999999)))", "too big"},
        {"create table t (x real, y text as (load_extension('evil')))", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ts_error err = {0};
        ts_store *store;
        ts_frame *f;
        make_study();
        if (!other_program(cases[i].sql))
            continue;
        other_program("insert into t (x) values (1)");
        if (ts_store_open(path, &store, &err))
            continue; /* refused: as good */
        assert_int_not_equal(ts_store_query(store, "select y from t", NULL, 0,
                                            NULL, 0, &f, &err),
                             TS_OK);
        if (!strstr(err.text, cases[i].words))
            fail_msg("'%s' lacks '%s'", err.text, cases[i].words);
        ts_store_close(store);
    }
}

/* Our functions are for SQL text alone: a schema that calls them is in vain,
 * even where one was brought in past the check of its text. */
static void a_schema_cannot_call_our_functions(void **state)
{
    static const struct {
        const char *call, *words;
    } cases[] = {
        {"ln(x)", "non-deterministic functions prohibited"},
        {"_group_key(0, x)", "unsafe use of _group_key()"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ts_error err = {0};
        ts_store *store;
        ts_frame *f;
        char sql[300];
        snprintf(sql, sizeof sql,
                 "create table t (x real, y real as (abs(x))); insert into t"
                 " (x) values (1); pragma writable_schema = 1; update"
                 " sqlite_schema set sql = replace(sql, 'abs(x)', '%s') where"
                 " name = 't'",
                 cases[i].call);
        make_study();
        assert_true(other_program(sql));
        ts_status status = ts_store_open(path, &store, &err);
        if (!status)
            status = ts_store_query(store, "select y from t", NULL, 0, NULL, 0,
                                    &f, &err);
        assert_int_not_equal(status, TS_OK);
        if (!strstr(err.text, cases[i].words))
            fail_msg("%s: %s", cases[i].call, err.text);
        ts_store_close(store);
    }
}

/* Endless tables ----------------------------------------------------------- */

static double number(const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *stmt;
    sqlite3_open(path, &db);
    sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    double x = sqlite3_column_double(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return x;
}

/* Lets each child of the table's root page be the first one. */
static void fold(const char *table)
{
    enum { PAGE = 512 };
    char sql[100];
    unsigned char page[PAGE];
    snprintf(sql, sizeof sql,
             "select rootpage from sqlite_schema where name = '%s'", table);
    long root = (long)number(sql);
    FILE *f = fopen(path, "r+b");
    fseek(f, (root - 1) * PAGE, SEEK_SET);
    assert_int_equal(fread(page, 1, PAGE, f), PAGE);
    assert_int_equal(page[0], 5); /* an inner page of a table */
    size_t n = (size_t)page[3] * 256 + page[4];
    assert_true(n > 2);
    size_t first = (size_t)page[12] * 256 + page[13];
    for (size_t i = 1; i < n; i++) {
        size_t cell = (size_t)page[12 + 2 * i] * 256 + page[13 + 2 * i];
        memcpy(page + cell, page + first, 4);
    }
    fseek(f, (root - 1) * PAGE, SEEK_SET);
    fwrite(page, 1, PAGE, f);
    fclose(f);
}

static void a_page_in_two_places_is_found(void **state)
{
    ts_error err;
    ts_store *store;
    size_t n;
    (void)state;
    make_study();
    assert_true(other_program(
        "with recursive c(x) as (select 1 union all select x + 1 from c limit"
        " 200) insert into _ts_setting select 's' || x, x from c"));
    fold("_ts_setting");
    refused("is damaged");
    make_study();
    assert_true(other_program(
        "with recursive c(x) as (select 1 union all select x + 1 from c limit"
        " 500) insert into dm select x, x from c"));
    fold("dm");
    assert_int_equal(ts_store_open(path, &store, &err), TS_OK);
    assert_int_equal(ts_store_verify(store, &n, &err), TS_EFORMAT);
    assert_non_null(strstr(err.text, "is damaged"));
    ts_store_close(store);
}

static void on_alarm(int unused)
{
    (void)unused;
    ts_interrupt_raise();
}

/* Ctrl-C, by a signal while SQLite works. */
static void endless_queries_stop_within_a_second(void **state)
{
    static const char *const endless[] = {
        "with recursive c(x) as (select 1 union all select x + 1 from c)"
        " select sum(x) from c",
        "with recursive c(x) as (select 1 union all select x from c)"
        " select x from c where x = 2",
        "with recursive c(x) as (select 1 union all select x + 1 from c limit"
        " 100000) select count(*) from c a, c b, c d where a.x < b.x + d.x",
    };
    struct itimerval after = {.it_value = {0, 200000}};
    ts_error err;
    ts_store *store;
    ts_frame *f;
    (void)state;
    assert_int_equal(ts_store_memory(&store, &err), TS_OK);
    signal(SIGALRM, on_alarm);
    for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
        setitimer(ITIMER_REAL, &after, NULL);
        clock_t began = clock(); /* not of others that keep the machine busy */
        assert_int_equal(
            ts_store_query(store, endless[i], NULL, 0, NULL, 0, &f, &err),
            TS_EINTERRUPT);
        assert_true(clock() - began < CLOCKS_PER_SEC);
        ts_interrupt_clear();
    }
    signal(SIGALRM, SIG_DFL);
    assert_int_equal(
        ts_store_query(store, "select 1", NULL, 0, NULL, 0, &f, &err), TS_OK);
    ts_frame_free(f);
    ts_store_close(store);
}

/* Files -------------------------------------------------------------------- */

static void a_link_leads_to_the_study(void **state)
{
    char link[120], beside[130];
    ts_error err;
    ts_store *store;
    (void)state;
    unlink(path);
    assert_int_equal(ts_store_create(path, &store, &err), TS_OK);
    ts_store_close(store);
    snprintf(link, sizeof link, "%s/elsewhere", folder);
    mkdir(link, 0700);
    snprintf(link, sizeof link, "%s/elsewhere/link.db", folder);
    assert_int_equal(symlink("../a.db", link), 0);
    assert_int_equal(ts_store_open(link, &store, &err), TS_OK);
    assert_string_equal(ts_store_path(store), link);
    assert_int_equal(ts_store_begin(store, &err), TS_OK);
    ts_store_rollback(store);
    /* its own files stand beside the file, not beside the link */
    snprintf(beside, sizeof beside, "%s-wal", link);
    assert_int_equal(access(beside, F_OK), -1);
    assert_int_equal(ts_store_lock(store, "x", NULL, &err), TS_OK);
    ts_store_close(store);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0400);
    /* nothing is made through a link that leads nowhere */
    unlink(path);
    assert_int_equal(ts_store_create(link, &store, &err), TS_EEXISTS);
    assert_int_equal(access(path, F_OK), -1);
    unlink(link);
}

static void names_with_odd_bytes(void **state)
{
    static const char *const names[] = {
        "a b.db",  "a%41?b#c.db", "\xff\xfe.db", "-x.db",
        "a\nb.db", "it's.db",     "\"q\".db",    "\xe2\x82\xac.db",
        "a;b.db",  ":memory:x",   "file:x.db"};
    char here[4096];
    (void)state;
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(folder), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ts_error err;
        ts_store *store;
        struct stat info;
        if (ts_store_create(names[i], &store, &err))
            fail_msg("%s: %s", names[i], err.text);
        ts_store_close(store);
        assert_int_equal(stat(names[i], &info), 0);
        assert_true(info.st_size > 0);
        assert_int_equal(ts_store_open(names[i], &store, &err), TS_OK);
        assert_int_equal(ts_store_lock(store, "x", NULL, &err), TS_OK);
        ts_store_close(store);
        assert_int_equal(ts_store_open(names[i], &store, &err), TS_OK);
        assert_non_null(ts_store_get_lock(store));
        ts_store_close(store);
        assert_int_equal(unlink(names[i]), 0);
    }
    assert_int_equal(chdir(here), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_sqlite_would_run_is_refused),
        cmocka_unit_test(what_is_damaged_has_a_name),
        cmocka_unit_test(what_tables_compute_is_inert),
        cmocka_unit_test(a_schema_cannot_call_our_functions),
        cmocka_unit_test(a_page_in_two_places_is_found),
        cmocka_unit_test(endless_queries_stop_within_a_second),
        cmocka_unit_test(a_link_leads_to_the_study),
        cmocka_unit_test(names_with_odd_bytes),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
