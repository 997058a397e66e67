/*
 * Any bytes as the file of a study, or, where they do not begin as such a file
 * does, as SQL that another program ran on one. It is refused, or its tables
 * can be listed, read, hashed and verified, and a change begun; whatever SQLite
 * finds there, the answer is a status and no memory is lost. Once verified, two
 * readings hash the same.
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ts/memory.h"
#include "ts/store.h"
#include "ts/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[60];

static void stop(const char *why, const ts_error *err)
{
    fprintf(stderr, "%s: %s\n", why, err ? err->text : "");
    abort();
}

static void remove_files(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    char name[80];
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}

static int write_file(const uint8_t *data, size_t size)
{
    remove_files();
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return 0;
    int whole = write(fd, data, size) == (ssize_t)size;
    close(fd);
    return whole;
}

static ts_store *small_study(void)
{
    static const char *const rows[] = {
        "create table v (a real, b text) strict",
        "insert into v values (1, 'x'), (null, ''), (3, null)",
        "insert into _ts_table (name, kind, position, key) values ('v', 'raw',"
        " 1, '[\"a\"]')",
        "insert into _ts_column values ('v', 1, 'a', 'real', 'A', 'mg', null,"
        " null, null), ('v', 2, 'b', 'text', null, null, null, '[\"x\"]', 'b')",
    };
    ts_error err;
    ts_store *store;
    if (ts_store_create(path, &store, &err) || ts_store_begin(store, &err))
        stop("no study", &err);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (ts_store_execute(store, rows[i], NULL, 0, &err))
            stop("no table", &err);
    if (ts_store_audit(store,
                       &(ts_event){.verb = "import", .object = "v", .rows = 3},
                       &err) ||
        ts_store_commit(store, &err))
        stop("no event", &err);
    return store;
}

/* The bytes of a study, open or locked, made once. */
static void write_study(int locked)
{
    static uint8_t bytes[2][100000];
    static size_t n[2];
    ts_error err;
    if (!n[locked]) {
        remove_files();
        ts_store *store = small_study();
        if (locked && ts_store_lock(store, "fuzz", NULL, &err))
            stop("no lock", &err);
        ts_store_close(store);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        n[locked] = (size_t)read(fd, bytes[locked], sizeof bytes[locked]);
        close(fd);
    }
    write_file(bytes[locked], n[locked]);
}

static int too_long(void *unused)
{
    (void)unused;
    return 1;
}

static int no_other_file(void *unused, int action, const char *a, const char *b,
                         const char *c, const char *d)
{
    (void)unused, (void)a, (void)b, (void)c, (void)d;
    return action == SQLITE_ATTACH ? SQLITE_DENY : SQLITE_OK;
}

/* Each line is a script of its own: one that fails leaves the others. */
static void other_hand(const uint8_t *data, size_t size)
{
    sqlite3 *db;
    char *text = malloc(size + 1);
    if (!text)
        return;
    memcpy(text, data, size);
    text[size] = '\0';
    write_study(data[0] == '!');
    if (sqlite3_open(path, &db) == SQLITE_OK) {
        sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 1000000);
        sqlite3_progress_handler(db, 20000, too_long, NULL);
        sqlite3_set_authorizer(db, no_other_file, NULL);
        char *rest;
        for (char *line = strtok_r(text, "\n", &rest); line;
             line = strtok_r(NULL, "\n", &rest))
            sqlite3_exec(db, line + strspn(line, "!"), NULL, NULL, NULL);
    }
    sqlite3_close(db);
    free(text);
}

/* Some rows of a table, by its name as a user would have it quoted. */
static void read_rows(ts_store *store, const char *name)
{
    ts_error err;
    ts_frame *f;
    ts_buffer sql = {0};
    ts_buffer_puts(&sql, "select * from \"");
    for (const char *p = name; *p; p++)
        ts_buffer_printf(&sql, *p == '"' ? "\"\"" : "%c", *p);
    ts_buffer_puts(&sql, "\" limit 50");
    if (!ts_store_query(store, sql.data, NULL, 0, NULL, 0, &f, &err)) {
        ts_store_get_missing(store, name, f, &err);
        ts_frame_free(f);
    }
    ts_buffer_free(&sql);
}

static void read_tables(ts_store *store)
{
    static const ts_field fields[] = {{.type = TS_TEXT}};
    ts_error err;
    ts_frame *f;
    if (ts_store_query(store, "select name from _ts_table limit 20", NULL, 0,
                       fields, 1, &f, &err))
        return;
    for (size_t i = 0; i < f->n_row; i++)
        if (ts_column_text(f->column[0], i))
            read_rows(store, ts_column_text(f->column[0], i));
    ts_frame_free(f);
}

static void hash_twice(ts_store *store)
{
    ts_error err;
    ts_frame *tables;
    char first[65], second[65];
    if (ts_store_content(store, "", &tables, first, &err))
        return;
    ts_frame_free(tables);
    if (ts_store_content(store, "", &tables, second, &err))
        stop("hashed once", &err);
    ts_frame_free(tables);
    if (strcmp(first, second) != 0)
        stop("hashes differ", NULL);
}

static void change(ts_store *store)
{
    ts_error err;
    if (ts_store_begin(store, &err)) {
        if (ts_store_get_lock(store))
            ts_store_unlock(store, "fuzz", NULL, &err);
        return;
    }
    ts_store_audit(store, &(ts_event){.verb = "drop", .object = "x"}, &err);
    ts_store_move_missing(store, "x", "y", &err);
    ts_store_rollback(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ts_error err;
    ts_store *store;
    size_t n;
    if (size < 1)
        return 0;
    if (!path[0])
        snprintf(path, sizeof path, "%s/fuzz_store.%ld.db",
                 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm",
                 (long)getpid());
    if (memcmp(data, "SQLite", size < 6 ? size : 6) != 0)
        other_hand(data, size);
    else if (!write_file(data, size))
        return 0;
    ts_status status = ts_store_open(path, &store, &err);
    if (status == TS_EFORMAT)
        status = ts_store_open_altered(path, &store, &err);
    if (!status) {
        read_tables(store);
        if (!ts_store_verify(store, &n, &err))
            hash_twice(store);
        ts_store_expect(store, "0123456789abcdef", &n, &err);
        change(store);
        ts_store_close(store);
    }
    remove_files();
    if (ts_memory_live() != 0)
        stop("memory left", NULL);
    return 0;
}
