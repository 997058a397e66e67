/*
 * For tests of studies as files: a folder of their own, a small study in it,
 * and another program that changes it.
 */
#ifndef STORE_FILES_H
#define STORE_FILES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../../core/data/store_internal.h"

static char folder[64], path[100];
static const ts_event event = {.verb = "import", .object = "t", .rows = 3};

static inline int make_folder(void **state)
{
    (void)state;
    /* in memory where that is possible: many files are synchronised */
    strcpy(folder, "/dev/shm/trialsh-store-XXXXXX");
    if (!mkdtemp(folder)) {
        strcpy(folder, "/tmp/trialsh-store-XXXXXX");
        assert_non_null(mkdtemp(folder));
    }
    snprintf(path, sizeof path, "%s/a.db", folder);
    return 0;
}

static inline int remove_folder(void **state)
{
    char command[200];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

/* Statements of another program on the file. */
static inline void other_hand(const char *file, const char *sql)
{
    sqlite3 *db;
    char *text = NULL;
    chmod(file, 0600);
    sqlite3_open(file, &db);
    if (sqlite3_exec(db, sql, NULL, NULL, &text))
        fail_msg("%s: %s", sql, text);
    sqlite3_close(db);
}

static inline void run(ts_store *store, const char *sql)
{
    ts_error err;
    if (ts_store_execute(store, sql, NULL, 0, &err))
        fail_msg("%s: %s", sql, err.text);
}

/* A study with a table t of that SQL, entered as an import would. */
static inline void fill(ts_store *store, const char *make, const char *rows)
{
    ts_error err;
    assert_int_equal(ts_store_begin(store, &err), TS_OK);
    run(store, make);
    run(store, rows);
    run(store, "insert into _ts_table (name, kind) values ('t', 'raw')");
    run(store, "insert into _ts_column (tbl, position, name, type, label)"
               " values ('t', 1, 'x', 'real', 'A number')");
    assert_int_equal(ts_store_audit(store, &event, &err), TS_OK);
    assert_int_equal(ts_store_commit(store, &err), TS_OK);
}

static inline ts_store *study(void)
{
    ts_error err;
    ts_store *store;
    chmod(path, 0600);
    unlink(path);
    if (ts_store_create(path, &store, &err))
        fail_msg("%s", err.text);
    fill(store, "create table t (x real, y text) strict",
         "insert into t values (1, 'a'), (0.1, ''), (null, null)");
    return store;
}

#endif
