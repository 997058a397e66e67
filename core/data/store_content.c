/*
 * The hash of what a table, and a study, holds: names, labels and values by
 * their bits, in order. How SQLite lays them out in its file does not matter,
 * so that it survives VACUUM; every length stands before its bytes, so that
 * no two contents feed the same.
 *
 * What is hashed, numbers in 8 bytes, the highest first: n for a missing value,
 * r and a double, i and a whole number, t or b, a length and the bytes of a
 * text or blob. A part is the names of its columns (c, length, bytes), the
 * values row by row, and e and how many rows. The parts of a table are what is
 * known of its columns, its attributes, its codes of missing values (0 and the
 * number of the part where there are none), and the rows, each behind its
 * number; a table with a primary key has rows without, in the order of that.
 */
#include "store_internal.h"

#include <endian.h>
#include <math.h>
#include <stdint.h>
#include <string.h>
#include "ts/hash.h"
#include "ts/interrupt.h"
#include "ts/memory.h"

/* One value costs a few bytes: they are gathered before they are hashed. */
typedef struct {
    ts_hash *hash;
    size_t used;
    unsigned char room[16384];
} feed;

static void flush(feed *f)
{
    ts_hash_add(f->hash, f->room, f->used);
    f->used = 0;
}

static void feed_bytes(feed *f, const void *data, size_t n)
{
    if (n > sizeof f->room - f->used) {
        flush(f);
        if (n > sizeof f->room) {
            ts_hash_add(f->hash, data, n);
            return;
        }
    }
    if (n)
        memcpy(f->room + f->used, data, n);
    f->used += n;
}

static void feed_number(feed *f, char mark, uint64_t bits)
{
    unsigned char bytes[9] = {(unsigned char)mark};
    bits = htobe64(bits); /* the same hash on every machine */
    memcpy(bytes + 1, &bits, sizeof bits);
    feed_bytes(f, bytes, sizeof bytes);
}

static void feed_text(feed *f, char mark, const void *text, size_t length)
{
    feed_number(f, mark, length);
    feed_bytes(f, text, length);
}

static ts_status feed_value(feed *f, sqlite3_stmt *stmt, int j, ts_error *err)
{
    double x;
    uint64_t bits;
    const void *data;
    int type = sqlite3_column_type(stmt, j);
    switch (type) {
    case SQLITE_NULL:
        feed_bytes(f, "n", 1);
        return TS_OK;
    case SQLITE_INTEGER:
        feed_number(f, 'i', (uint64_t)sqlite3_column_int64(stmt, j));
        return TS_OK;
    case SQLITE_FLOAT:
        x = sqlite3_column_double(stmt, j);
        memcpy(&bits, &x, sizeof bits);
        feed_number(f, 'r', bits);
        return TS_OK;
    default:
        data = type == SQLITE_TEXT ? (const void *)sqlite3_column_text(stmt, j)
                                   : sqlite3_column_blob(stmt, j);
        int length = sqlite3_column_bytes(stmt, j);
        if (!data && (length || type == SQLITE_TEXT))
            return ts_fail_memory(err);
        feed_text(f, type == SQLITE_TEXT ? 't' : 'b', data, (size_t)length);
        return TS_OK;
    }
}

static void feed_names(feed *f, sqlite3_stmt *stmt, int k)
{
    for (int j = 0; j < k; j++) {
        const char *name = sqlite3_column_name(stmt, j);
        feed_text(f, 'c', name ? name : "", name ? strlen(name) : 0);
    }
}

/* The names of the columns of a statement, its rows, and how many. Of facts
 * that are not there no names either: most studies lack their table. */
static ts_status feed_rows(ts_store *store, feed *f, const char *sql,
                           const ts_value *values, size_t n_value,
                           double *n_row, ts_error *err)
{
    sqlite3_stmt *stmt;
    ts_status status =
        ts_store_prepare(store, sql, 1, values, n_value, &stmt, err);
    if (status)
        return status;
    int rc = SQLITE_DONE, k = sqlite3_column_count(stmt);
    bool facts = n_value > 0;
    *n_row = 0;
    if (!facts)
        feed_names(f, stmt, k);
    while (!status && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (facts && *n_row == 0)
            feed_names(f, stmt, k);
        for (int j = 0; j < k && !status; j++)
            status = feed_value(f, stmt, j, err);
        if (fmod(++*n_row, 65536) == 0 && !status)
            status = ts_progress("rows hashed", *n_row, 0, err);
    }
    if (!status && rc != SQLITE_DONE)
        status = ts_store_fail(store, rc, err);
    if (!facts || *n_row > 0)
        feed_number(f, 'e', (uint64_t)*n_row);
    sqlite3_finalize(stmt);
    return status;
}

static bool is_named(const ts_frame *columns, const char *name)
{
    for (size_t i = 0; i < columns->n_row; i++)
        if (sqlite3_stricmp(ts_column_text(columns->column[0], i), name) == 0)
            return true;
    return false;
}

/* "select ..." of all rows in the order they are stored, which is that of the
 * primary key where a table has one. */
static ts_status select_rows(ts_store *store, const char *table, char **sql,
                             ts_error *err)
{
    static const char *const rowid[] = {"rowid", "_rowid_", "oid"};
    static const ts_field fields[] = {{.type = TS_TEXT}, {.type = TS_REAL}};
    const ts_value values[] = {ts_store_text(table)};
    sqlite3_str *s = sqlite3_str_new(store->db);
    ts_frame *columns;
    double n_key = 0;
    *sql = NULL;
    ts_status status = ts_store_read(
        store, "select name, pk from pragma_table_info(?) order by pk, cid",
        values, 1, fields, 2, &columns, err);
    if (status) {
        sqlite3_free(sqlite3_str_finish(s));
        return status;
    }
    for (size_t i = 0; i < columns->n_row; i++) {
        if (columns->column[1]->real[i] == 0)
            continue;
        if (!n_key++)
            sqlite3_str_appendf(s, "select * from main.\"%w\"", table);
        sqlite3_str_appendf(s, "%s \"%w\"", n_key > 1 ? "," : " order by",
                            ts_column_text(columns->column[0], i));
    }
    int i = 0;
    while (i < 2 && is_named(columns, rowid[i]))
        i++;
    if (!n_key && !is_named(columns, rowid[i]))
        sqlite3_str_appendf(s, "select %s, * from main.\"%w\" order by 1",
                            rowid[i], table);
    else if (!n_key)
        sqlite3_str_appendf(s, "select * from main.\"%w\" not indexed", table);
    ts_frame_free(columns);
    *sql = sqlite3_str_finish(s);
    return *sql ? TS_OK : ts_fail_memory(err);
}

ts_status ts_store_has_table(ts_store *store, const char *name, bool *there,
                             ts_error *err)
{
    const ts_value values[] = {ts_store_text(name)};
    ts_frame *f;
    ts_status status = ts_store_read(
        store, "select 1 from sqlite_schema where type = 'table' and name = ?",
        values, 1, NULL, 0, &f, err);
    *there = !status && f->n_row > 0;
    if (!status)
        ts_frame_free(f);
    return status;
}

/* What stands beside a table: its columns, and what not every study has. */
static ts_status feed_facts(ts_store *store, feed *f, const char *table,
                            ts_error *err)
{
    static const struct {
        const char *table, *sql;
    } facts[] = {
        {"_ts_column", "select name, type, label, unit, format, levels, origin"
                       " from _ts_column where tbl = ? order by position"},
        {"_ts_attribute",
         "select name, attribute, value from _ts_attribute where tbl = ?"
         " order by name, attribute"},
        {"_ts_missing",
         "select row, column, code from _ts_missing where tbl = ?"
         " order by row, column"},
    };
    const ts_value values[] = {ts_store_text(table)};
    ts_status status = TS_OK;
    double n_row;
    bool there;
    for (size_t i = 0; i < sizeof facts / sizeof *facts && !status; i++) {
        status = ts_store_has_table(store, facts[i].table, &there, err);
        if (!status && there)
            status = feed_rows(store, f, facts[i].sql, values, 1, &n_row, err);
        if (!status && (!there || n_row == 0))
            feed_number(f, '0', i);
    }
    return status;
}

ts_status ts_store_hash_table(ts_store *store, const char *table, double *n_row,
                              char sha256[65], ts_error *err)
{
    char *sql = NULL;
    feed *f = ts_alloc_array(1, sizeof *f);
    ts_status status = f ? ts_hash_new(&f->hash, err) : ts_fail_memory(err);
    *n_row = 0;
    if (!status)
        status = feed_facts(store, f, table, err);
    if (!status)
        status = select_rows(store, table, &sql, err);
    if (!status)
        status = feed_rows(store, f, sql, NULL, 0, n_row, err);
    sqlite3_free(sql);
    if (!status) {
        flush(f);
        ts_hash_end(f->hash, sha256);
    } else if (f) {
        ts_hash_free(f->hash);
    }
    ts_free(f);
    return status;
}

/* Hashes the tables that names lists, into columns of rows and hashes. */
static ts_status hash_tables(ts_store *store, const ts_column *names,
                             ts_frame *out, ts_hash *all, ts_error *err)
{
    ts_column *rows = NULL, *hashes = NULL;
    ts_builder *builder = NULL;
    ts_status status = ts_column_new_real("rows", names->n, &rows, err);
    if (!status)
        status = ts_builder_new("sha256", &builder, err);
    if (!status)
        ts_builder_type(builder, TS_TEXT);
    for (size_t i = 0; i < names->n && !status; i++) {
        char sha256[65];
        const char *name = ts_column_text(names, i);
        status = ts_store_hash_table(store, name, &rows->real[i], sha256, err);
        if (!status)
            status = ts_builder_text(builder, sha256, 64, err);
        ts_hash_add(all, name, strlen(name) + 1);
        if (!status)
            ts_hash_add(all, sha256, 64);
    }
    if (!status) {
        status = ts_builder_end(builder, &hashes, err);
        builder = NULL;
    }
    ts_builder_free(builder);
    if (status) {
        ts_column_unref(rows);
        return status;
    }
    status = ts_frame_add(out, rows, err);
    if (status)
        ts_column_unref(hashes);
    else
        status = ts_frame_add(out, hashes, err);
    return status;
}

ts_status ts_store_content(ts_store *store, const char *head, ts_frame **out,
                           char sha256[65], ts_error *err)
{
    static const ts_field fields[] = {{.name = "tbl", .type = TS_TEXT}};
    ts_hash *all = NULL;
    ts_status status = ts_store_read(
        store,
        "select name from sqlite_schema where type = 'table'"
        " and name not like 'sqlite\\_%' escape '\\'"
        " and name not in ('_ts_audit', '_ts_lock') order by name",
        NULL, 0, fields, 1, out, err);
    if (status)
        return status;
    status = ts_hash_new(&all, err);
    if (!status)
        status = hash_tables(store, (*out)->column[0], *out, all, err);
    if (status) {
        ts_hash_free(all);
        ts_frame_free(*out);
        *out = NULL;
        return status;
    }
    ts_hash_add(all, head, strlen(head));
    ts_hash_end(all, sha256);
    return TS_OK;
}
