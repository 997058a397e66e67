/*
 * Locking a study. The lock is the last event of the audit trail, whose
 * sha256 is the hash of all that the study holds; _ts_lock keeps those of the
 * tables, so that what was altered has a name.
 */
#include "store_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "ts/memory.h"
#include "ts/text.h"

const ts_lock *ts_store_get_lock(const ts_store *store)
{
    return store->lock;
}

const char *ts_store_altered(const ts_store *store)
{
    return store->altered;
}

void ts_store_free_lock(ts_store *store)
{
    if (store->lock)
        ts_free(store->lock->reason);
    ts_free(store->lock);
    store->lock = NULL;
}

static const char *text_of(const ts_frame *f, size_t j)
{
    const char *text = ts_column_text(f->column[j], 0);
    return text ? text : "";
}

static ts_status make_lock(ts_store *store, const ts_frame *event,
                           ts_error *err)
{
    ts_lock *lock = ts_alloc_array(1, sizeof *lock);
    if (!lock)
        return ts_fail_memory(err);
    lock->event = event->column[0]->real[0];
    snprintf(lock->utc, sizeof lock->utc, "%s", text_of(event, 2));
    snprintf(lock->who, sizeof lock->who, "%s", text_of(event, 3));
    snprintf(lock->content, sizeof lock->content, "%s", text_of(event, 4));
    snprintf(lock->head, sizeof lock->head, "%s", text_of(event, 6));
    store->lock = lock;
    lock->reason = ts_strdup(text_of(event, 5));
    if (lock->reason)
        return TS_OK;
    ts_store_free_lock(store);
    return ts_fail_memory(err);
}

ts_status ts_store_read_lock(ts_store *store, ts_error *err)
{
    static const ts_field fields[] = {{.type = TS_REAL}, {.type = TS_TEXT},
                                      {.type = TS_TEXT}, {.type = TS_TEXT},
                                      {.type = TS_TEXT}, {.type = TS_TEXT},
                                      {.type = TS_TEXT}};
    ts_frame *event;
    bool listed;
    ts_store_free_lock(store);
    ts_status status = ts_store_has_table(store, "_ts_lock", &listed, err);
    if (!status)
        status = ts_store_read(
            store,
            "select seq, verb, utc, who, sha256, detail, hash from _ts_audit"
            " order by seq desc limit 1",
            NULL, 0, fields, 7, &event, err);
    if (status)
        return status;
    bool locked = event->n_row && strcmp(text_of(event, 1), "lock") == 0;
    if (locked)
        status = make_lock(store, event, err);
    else if (listed)
        status = ts_fail(err, TS_EFORMAT,
                         "%s was locked, and the event that locked it is not "
                         "the last of the audit trail: restore the file from "
                         "a copy",
                         store->path);
    ts_frame_free(event);
    return status;
}

/* What a study holds without the event that locked it. */
static ts_status content_now(ts_store *store, ts_frame **tables,
                             char sha256[65], ts_error *err)
{
    static const ts_field fields[] = {{.type = TS_TEXT}};
    ts_value seq = {TS_REAL, store->lock->event, NULL, 0};
    ts_frame *f;
    ts_status status =
        ts_store_read(store, "select previous from _ts_audit where seq = ?",
                      &seq, 1, fields, 1, &f, err);
    if (status)
        return status;
    status = ts_store_content(store, f->n_row ? text_of(f, 0) : "", tables,
                              sha256, err);
    ts_frame_free(f);
    return status;
}

/* "t is gone, u was added": how two lists of tables, by name, differ. */
static void name_differences(const ts_frame *was, const ts_frame *is,
                             ts_buffer *out)
{
    size_t i = 0, j = 0, n = 0;
    while (i < was->n_row || j < is->n_row) {
        const char *a = i < was->n_row ? ts_column_text(was->column[0], i) : "",
                   *b = j < is->n_row ? ts_column_text(is->column[0], j) : "";
        int order = i == was->n_row ? 1 : j == is->n_row ? -1 : strcmp(a, b);
        const char *what = NULL;
        if (order < 0)
            what = " is gone";
        else if (order > 0)
            what = " was added";
        else if (was->column[1]->real[i] != is->column[1]->real[j] ||
                 strcmp(ts_column_text(was->column[2], i),
                        ts_column_text(is->column[2], j)) != 0)
            what = " was altered";
        if (what && n++ < 8)
            ts_buffer_printf(out, "%s%s%s", n > 1 ? ", " : "",
                             order > 0 ? b : a, what);
        i += order <= 0;
        j += order >= 0;
    }
    if (n > 8)
        ts_buffer_printf(out, " and %zu others", n - 8);
}

ts_status ts_store_check_content(ts_store *store, ts_error *err)
{
    static const ts_field fields[] = {
        {.type = TS_TEXT}, {.type = TS_REAL}, {.type = TS_TEXT}};
    const ts_lock *lock = store->lock;
    char sha256[65];
    ts_buffer what = {0};
    ts_frame *is, *was = NULL;
    ts_status status = content_now(store, &is, sha256, err);
    if (status)
        return status;
    status = ts_store_read(
        store,
        "select tbl, rows, sha256 from _ts_lock where tbl is not null"
        " and sha256 is not null order by tbl",
        NULL, 0, fields, 3, &was, err);
    if (status)
        goto done;
    name_differences(was, is, &what);
    if (!what.data && strcmp(sha256, lock->content) != 0)
        ts_buffer_puts(&what, "it was altered, and its list of tables too");
    if (what.failed)
        status = ts_fail_memory(err);
    else if (what.data)
        status =
            ts_fail(err, TS_EFORMAT, "%s is not what %s locked on %.10s: %s",
                    store->path, lock->who, lock->utc, what.data);
done:
    ts_buffer_free(&what);
    ts_frame_free(was);
    ts_frame_free(is);
    return status;
}

ts_status ts_store_check_lock(ts_store *store, ts_error *err)
{
    size_t n;
    ts_status status = ts_store_check_file(store, NULL, err);
    if (!status)
        status = ts_store_check_chain(store, &n, err);
    return status ? status : ts_store_check_content(store, err);
}

/* Locking ------------------------------------------------------------------ */

static ts_status list_tables(ts_store *store, const ts_frame *tables,
                             ts_error *err)
{
    ts_status status = ts_store_execute(
        store,
        "create table _ts_lock (tbl text primary key, rows real not null,"
        " sha256 text not null) strict",
        NULL, 0, err);
    for (size_t i = 0; i < tables->n_row && !status; i++) {
        const char *name = ts_column_text(tables->column[0], i);
        ts_value values[] = {
            ts_store_text(name),
            {TS_REAL, tables->column[1]->real[i], NULL, 0},
            ts_store_text(ts_column_text(tables->column[2], i)),
        };
        status = ts_store_execute(store, "insert into _ts_lock values (?,?,?)",
                                  values, 3, err);
    }
    return status;
}

static ts_status lock_content(ts_store *store, const char *reason,
                              const char *script, ts_error *err)
{
    char head[65], sha256[65];
    ts_frame *tables = NULL;
    ts_event event = {.verb = "lock",
                      .detail = reason,
                      .script = script,
                      .sha256 = sha256,
                      .rows = -1};
    ts_status status = ts_store_head(store, head, err);
    if (!status)
        status = ts_store_content(store, head, &tables, sha256, err);
    if (!status)
        status = list_tables(store, tables, err);
    ts_frame_free(tables);
    if (!status)
        status = ts_store_audit(store, &event, err);
    return status ? status : ts_store_read_lock(store, err);
}

/* A locked file is read by who could read it in its group, and written to by
 * nobody. */
static ts_status set_mode(ts_store *store, bool may_write, ts_error *err)
{
    struct stat info;
    if (store->in_memory)
        return TS_OK;
    if (stat(store->file, &info) == 0) {
        mode_t mode =
            may_write ? (info.st_mode & 0777) | S_IWUSR : info.st_mode & 0440;
        if (chmod(store->file, mode) == 0)
            return TS_OK;
    }
    return ts_fail(err, TS_EIO,
                   "%s is locked, and the mode of its file cannot be changed: "
                   "%s",
                   store->path, strerror(errno));
}

ts_status ts_store_lock(ts_store *store, const char *reason, const char *script,
                        ts_error *err)
{
    size_t n;
    /* what cannot be changed is refused before the journal is another, and
     * what is not right is not locked */
    ts_status status = ts_store_begin(store, err);
    if (status)
        return status;
    ts_store_rollback(store);
    status = ts_store_verify(store, &n, err);
    if (status)
        return status;
    if (!store->in_memory)
        status = ts_store_script(
            store, "pragma journal_mode = delete; pragma synchronous = extra",
            err);
    if (!status)
        status = ts_store_begin(store, err);
    if (!status)
        status = lock_content(store, reason, script, err);
    if (!status)
        status = ts_store_commit(store, err);
    if (status) {
        ts_store_free_lock(store);
        ts_store_rollback(store);
        ts_store_journal(store);
        return status;
    }
    ts_store_script(store, "pragma query_only = on", NULL);
    return set_mode(store, false, err);
}

static ts_status end_lock(ts_store *store, const char *reason,
                          const char *script, ts_error *err)
{
    ts_event event = {
        .verb = "unlock", .detail = reason, .script = script, .rows = -1};
    ts_lock *lock = store->lock;
    store->lock = NULL;
    ts_status status = ts_store_begin(store, err);
    if (!status)
        status = ts_store_execute(store, "drop table _ts_lock", NULL, 0, err);
    if (!status)
        status = ts_store_audit(store, &event, err);
    if (!status)
        status = ts_store_commit(store, err);
    if (status)
        ts_store_rollback(store);
    store->lock = lock;
    return status;
}

ts_status ts_store_unlock(ts_store *store, const char *reason,
                          const char *script, ts_error *err)
{
    if (!store->lock)
        return ts_fail(err, TS_EINVALID, "%s is not locked", store->path);
    ts_status status = set_mode(store, true, err);
    if (!status)
        status = ts_store_reopen(store, err);
    if (!status)
        status = ts_store_check_lock(store, err);
    if (!status)
        status = end_lock(store, reason, script, err);
    if (status) {
        ts_store_script(store, "pragma query_only = on", NULL);
        set_mode(store, false, NULL);
        return status;
    }
    ts_store_free_lock(store);
    ts_store_journal(store);
    return TS_OK;
}
