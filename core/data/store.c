/*
 * The store: statements and transactions. What is surprising: the authorizer
 * (store_open.c) refuses everything but reading unless `trusted` is up, and our
 * own statements raise it only while they are prepared.
 */
#include "store_internal.h"

#include <ctype.h>
#include <string.h>
#include "ts/memory.h"

ts_status ts_store_fail(ts_store *store, int rc, ts_error *err)
{
    const char *text = sqlite3_errmsg(store->db);
    int why;
    switch (rc & 0xFF) {
    case SQLITE_NOMEM:
        return ts_fail_memory(err);
    case SQLITE_INTERRUPT:
        return ts_fail(err, TS_EINTERRUPT, "interrupted");
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        why = sqlite3_system_errno(store->db);
        return ts_fail(err, TS_EIO, "%s: %s%s%s", store->path, text,
                       why ? ": " : "", why ? strerror(why) : "");
    case SQLITE_NOTADB:
        return ts_fail(err, TS_EFORMAT,
                       "%s is no study, or damaged; read and s:import take "
                       "files of data",
                       store->path);
    case SQLITE_CORRUPT:
        return ts_fail(err, TS_EFORMAT, "%s: %s", store->path, text);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ts_fail(err, TS_EIO, "%s is in use by another program",
                       store->path);
    case SQLITE_READONLY:
        return ts_fail(err, TS_EREADONLY, "%s cannot be changed: %s",
                       store->path, text);
    case SQLITE_AUTH:
        return ts_fail(err, TS_EREADONLY, "SQL text only reads (%s)", text);
    case SQLITE_TOOBIG:
        return ts_fail(err, TS_ELIMIT, "%s", text);
    default:
        return ts_fail(err, TS_ESQL, "%s", text);
    }
}

ts_status ts_store_prepare(ts_store *store, const char *sql, int trusted,
                           const ts_value *values, size_t n_value,
                           sqlite3_stmt **out, ts_error *err)
{
    const char *tail;
    store->trusted += trusted;
    int rc = sqlite3_prepare_v2(store->db, sql, -1, out, &tail);
    store->trusted -= trusted;
    if (rc)
        return ts_store_fail(store, rc, err);
    if (!*out)
        return ts_fail(err, TS_ESQL, "an empty statement");
    while (isspace((unsigned char)*tail) || *tail == ';')
        tail++;
    ts_status status = TS_OK;
    int slots = sqlite3_bind_parameter_count(*out);
    if (*tail)
        status = ts_fail(err, TS_ESQL, "more than one statement: %.40s", tail);
    else if (!trusted && !store->trusted && !sqlite3_stmt_readonly(*out))
        status = ts_fail(err, TS_EREADONLY, "SQL text only reads");
    else if ((size_t)slots != n_value)
        status =
            ts_fail(err, TS_EINVALID, "%d ? for %zu values", slots, n_value);
    for (size_t i = 0; i < n_value && !status; i++) {
        const ts_value *v = &values[i];
        int at = (int)i + 1;
        if (v->type == TS_REAL)
            rc = sqlite3_bind_double(*out, at, v->real);
        else if (v->type == TS_TEXT)
            rc = sqlite3_bind_text(*out, at, v->text, (int)v->length,
                                   SQLITE_STATIC);
        else
            rc = sqlite3_bind_null(*out, at);
        if (rc)
            status = ts_store_fail(store, rc, err);
    }
    if (status) {
        sqlite3_finalize(*out);
        *out = NULL;
    }
    return status;
}

ts_status ts_store_execute(ts_store *store, const char *sql,
                           const ts_value *values, size_t n_value,
                           ts_error *err)
{
    sqlite3_stmt *stmt;
    ts_status status =
        ts_store_prepare(store, sql, 1, values, n_value, &stmt, err);
    if (status)
        return status;
    store->trusted++; /* create table prepares statements as it runs */
    int rc;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
        ;
    store->trusted--;
    if (rc != SQLITE_DONE)
        status = ts_store_fail(store, rc, err);
    sqlite3_finalize(stmt);
    return status;
}

/* One builder per column of the statement. */
static ts_status make_builders(sqlite3_stmt *stmt, size_t k,
                               const ts_field *variables, ts_builder **builders,
                               ts_error *err)
{
    ts_status status = TS_OK;
    for (size_t j = 0; j < k && !status; j++) {
        const ts_field *v = variables ? &variables[j] : NULL;
        const char *name =
            v && v->name ? v->name : sqlite3_column_name(stmt, (int)j);
        if (!name)
            return ts_fail_memory(err);
        status = ts_builder_new(name, &builders[j], err);
        if (!status && v && v->type)
            ts_builder_type(builders[j], (ts_type)v->type);
        if (!status && v && v->n_level)
            status = ts_builder_levels(builders[j], v->levels, v->n_level, err);
    }
    return status;
}

static ts_status add_value(sqlite3_stmt *stmt, int j, ts_builder *builder,
                           ts_error *err)
{
    switch (sqlite3_column_type(stmt, j)) {
    case SQLITE_NULL:
        return ts_builder_na(builder, err);
    case SQLITE_INTEGER:
    case SQLITE_FLOAT:
        return ts_builder_real(builder, sqlite3_column_double(stmt, j), err);
    default: {
        const char *text = (const char *)sqlite3_column_text(stmt, j);
        if (!text)
            return ts_fail_memory(err);
        return ts_builder_text(builder, text,
                               (size_t)sqlite3_column_bytes(stmt, j), err);
    }
    }
}

static ts_status finish_frame(ts_builder **builders, size_t k,
                              const ts_field *variables, ts_frame **out,
                              ts_error *err)
{
    ts_frame *frame;
    size_t n = k ? ts_builder_count(builders[0]) : 0;
    ts_status status = ts_frame_new(n, &frame, err);
    for (size_t j = 0; j < k && !status; j++) {
        ts_column *column;
        status = ts_builder_end(builders[j], &column, err);
        builders[j] = NULL;
        if (!status && variables) {
            const ts_field *v = &variables[j];
            if ((status = ts_column_set(&column->label, v->label, err)) ||
                (status = ts_column_set(&column->unit, v->unit, err)) ||
                (status = ts_column_set(&column->format, v->format, err)) ||
                (status = ts_column_set(&column->informat, v->informat, err)))
                ts_column_unref(column);
        }
        if (!status)
            status = ts_frame_add(frame, column, err);
    }
    if (status) {
        ts_frame_free(frame);
        frame = NULL;
    }
    *out = frame;
    return status;
}

ts_status ts_store_query(ts_store *store, const char *sql,
                         const ts_value *values, size_t n_value,
                         const ts_field *variables, size_t n_variable,
                         ts_frame **out, ts_error *err)
{
    sqlite3_stmt *stmt = NULL;
    ts_builder **builders = NULL;
    size_t k = 0;
    *out = NULL;
    memset(store->count, 0, sizeof store->count);
    ts_status status =
        ts_store_prepare(store, sql, 0, values, n_value, &stmt, err);
    if (status)
        return status;
    k = (size_t)sqlite3_column_count(stmt);
    if (n_variable && n_variable != k) {
        status = ts_fail(err, TS_EINVALID, "%zu variables for %zu columns",
                         n_variable, k);
        goto done;
    }
    variables = n_variable ? variables : NULL;
    builders = ts_alloc_array(k, sizeof *builders);
    if (!builders) {
        status = ts_fail_memory(err);
        goto done;
    }
    status = make_builders(stmt, k, variables, builders, err);
    int rc = SQLITE_DONE;
    while (!status && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
        for (size_t j = 0; j < k && !status; j++)
            status = add_value(stmt, (int)j, builders[j], err);
    if (!status && rc != SQLITE_DONE)
        status = ts_store_fail(store, rc, err);
    if (!status)
        status = finish_frame(builders, k, variables, out, err);
done:
    for (size_t j = 0; builders && j < k; j++)
        ts_builder_free(builders[j]);
    ts_free(builders);
    sqlite3_finalize(stmt);
    ts_store_free_groups(store);
    return status;
}

ts_status ts_store_read(ts_store *store, const char *sql,
                        const ts_value *values, size_t n_value,
                        const ts_field *fields, size_t n_field, ts_frame **out,
                        ts_error *err)
{
    ts_error why = {0};
    store->trusted++;
    ts_status status =
        ts_store_query(store, sql, values, n_value, fields, n_field, out, &why);
    store->trusted--;
    if (status == TS_ESQL || status == TS_ETYPE)
        return ts_fail(err, TS_EFORMAT, "%s is damaged: %s", store->path,
                       why.text);
    return status ? ts_fail(err, status, "%s", why.text) : TS_OK;
}

ts_status ts_store_script(ts_store *store, const char *sql, ts_error *err)
{
    store->trusted++;
    int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    store->trusted--;
    return rc ? ts_store_fail(store, rc, err) : TS_OK;
}

ts_status ts_store_pragma(ts_store *store, const char *sql, double *out,
                          ts_error *err)
{
    ts_frame *frame;
    store->trusted++;
    ts_status status =
        ts_store_query(store, sql, NULL, 0, NULL, 0, &frame, err);
    store->trusted--;
    if (status)
        return status;
    *out = frame->n_row ? frame->column[0]->real[0] : 0;
    ts_frame_free(frame);
    return TS_OK;
}

/* Transactions ------------------------------------------------------------- */

int ts_store_in_transaction(const ts_store *store)
{
    return !store->held && !sqlite3_get_autocommit(store->db);
}

static void end_transaction(ts_store *store)
{
    sqlite3_finalize(store->undo);
    store->undo = NULL;
    if (sqlite3_total_changes(store->db) != store->n_change)
        store->n_end++;
}

ts_status ts_store_begin(ts_store *store, ts_error *err)
{
    const ts_lock *lock = store->lock;
    if (store->held)
        return ts_fail(err, TS_EINVALID,
                       "%s is being read as it was, and not changed meanwhile",
                       store->path);
    if (lock)
        return ts_fail(err, TS_EREADONLY,
                       "%s was locked by %s on %.10s (%s) and cannot be "
                       "changed; s:unlock{ reason = \"...\" } ends the lock",
                       store->path, lock->who, lock->utc, lock->reason);
    if (store->read_only)
        return ts_fail(err, TS_EREADONLY,
                       "%s is open for reading only: there is no write access "
                       "to it or its folder",
                       store->path);
    /* SQLite writes on into a file that nobody will find again */
    int moved = 0;
    sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (moved)
        return ts_fail(err, TS_EIO,
                       "%s was deleted, moved or replaced since it was opened: "
                       "nothing can be stored in it",
                       store->path);
    store->n_change = sqlite3_total_changes(store->db);
    store->trusted++;
    int rc = sqlite3_prepare_v2(store->db, "rollback", -1, &store->undo, NULL);
    store->trusted--;
    ts_status status = rc ? ts_store_fail(store, rc, err)
                          : ts_store_script(store, "begin immediate", err);
    if (status)
        end_transaction(store);
    return status;
}

ts_status ts_store_version(ts_store *store, double *out, ts_error *err)
{
    ts_status status = TS_OK;
    if (store->held) {
        *out = store->held_version;
        return TS_OK;
    }
    store->trusted++; /* another schema prepares the statement again */
    int rc = store->version ? SQLITE_OK
                            : sqlite3_prepare_v2(
                                  store->db, "pragma data_version", -1,
                                  &store->version, NULL);
    if (!rc && (rc = sqlite3_step(store->version)) == SQLITE_ROW)
        *out = sqlite3_column_double(store->version, 0) + store->n_end;
    if (rc != SQLITE_ROW)
        status = ts_store_fail(store, rc, err);
    sqlite3_reset(store->version);
    store->trusted--;
    return status;
}

ts_status ts_store_hold(ts_store *store, ts_error *err)
{
    ts_status status;
    store->trusted++;
    int rc = sqlite3_prepare_v2(store->db, "commit", -1, &store->held, NULL);
    store->trusted--;
    if (rc) {
        status = ts_store_fail(store, rc, err);
        sqlite3_finalize(store->held);
        store->held = NULL;
        return status;
    }
    sqlite3_stmt *end = store->held;
    store->held = NULL; /* the version is asked for yet, and begins to read */
    status = ts_store_script(store, "begin", err);
    if (!status)
        status = ts_store_version(store, &store->held_version, err);
    store->held = end;
    if (status)
        ts_store_release(store);
    return status;
}

int ts_store_is_held(const ts_store *store)
{
    return store->held != NULL;
}

void ts_store_release(ts_store *store)
{
    if (!sqlite3_get_autocommit(store->db) &&
        sqlite3_step(store->held) != SQLITE_DONE)
        ts_store_script(store, "rollback", NULL);
    sqlite3_finalize(store->held);
    store->held = NULL;
}

ts_status ts_store_commit(ts_store *store, ts_error *err)
{
    ts_status status = ts_store_script(store, "commit", err);
    if (status) {
        ts_store_rollback(store);
    } else {
        end_transaction(store);
    }
    return status;
}

void ts_store_rollback(ts_store *store)
{
    /* SQLite may have rolled back by itself, after a full disk for one */
    if (ts_store_in_transaction(store) && store->undo)
        sqlite3_step(store->undo);
    if (ts_store_in_transaction(store))
        ts_store_script(store, "rollback", NULL);
    end_transaction(store);
}
