/*
 * Whether a study is what its audit trail says: the file by SQLite's check,
 * the chain of events, and each table by the hash that its last event has.
 */
#include "store_internal.h"

#include <stdio.h>
#include <string.h>
#include "ts/hash.h"

ts_status ts_store_check_file(ts_store *store, const char *table, ts_error *err)
{
    static const ts_field fields[] = {{.type = TS_TEXT}};
    char sql[100];
    ts_frame *f;
    snprintf(sql, sizeof sql,
             table ? "pragma integrity_check('%s')"
                   : "pragma integrity_check(1)",
             table);
    ts_status status = ts_store_read(store, sql, NULL, 0, fields, 1, &f, err);
    if (status)
        return status;
    const char *text = f->n_row ? ts_column_text(f->column[0], 0) : NULL;
    if (!text || strcmp(text, "ok") != 0)
        status = ts_fail(err, TS_EFORMAT, "%s is damaged: %s", store->path,
                         text ? text : "it cannot be checked");
    ts_frame_free(f);
    return status;
}

static ts_status differs(ts_store *store, const char *table, const char *what,
                         ts_error *err)
{
    return ts_fail(err, TS_EFORMAT,
                   "%s: %s %s; it was changed by something else than trialsh",
                   store->path, table, what);
}

/* Whether the hash is that of the last event about object; of a table that was
 * put aside, of any. */
static ts_status check_hash(ts_store *store, const char *table,
                            const char *object, bool any, const char *sha256,
                            ts_error *err)
{
    static const ts_field fields[] = {{.type = TS_TEXT}, {.type = TS_REAL}};
    const ts_value values[] = {ts_store_text(object)};
    char what[100] = "has no event in the audit trail";
    ts_frame *f;
    ts_status status =
        ts_store_read(store,
                      "select content, seq from _ts_audit where object = ?"
                      " and content is not null order by seq desc",
                      values, 1, fields, 2, &f, err);
    if (status)
        return status;
    bool found = false;
    for (size_t i = 0; i < f->n_row && (any || i == 0) && !found; i++)
        found = strcmp(ts_column_text(f->column[0], i), sha256) == 0;
    if (f->n_row)
        snprintf(what, sizeof what, "is not what event %.0f left",
                 f->column[1]->real[0]);
    ts_frame_free(f);
    return found ? TS_OK : differs(store, table, what, err);
}

/* "_ts_was_3_lb" was lb. */
static const char *original(const char *name)
{
    static const char aside[] = "_ts_was_";
    if (strncmp(name, aside, sizeof aside - 1) != 0)
        return name;
    name += sizeof aside - 1;
    name += strspn(name, "0123456789");
    return *name == '_' ? name + 1 : name;
}

static ts_status check_table(ts_store *store, const char *name,
                             const char *object, ts_error *err)
{
    char sha256[65];
    double n_row;
    bool there;
    ts_status status = ts_store_has_table(store, name, &there, err);
    if (!status && !there)
        return differs(store, name, "is gone", err);
    if (!status)
        status = ts_store_hash_table(store, name, &n_row, sha256, err);
    return status ? status
                  : check_hash(store, name, object, strcmp(name, object) != 0,
                               sha256, err);
}

static ts_status check_results(ts_store *store, ts_error *err)
{
    char sha256[65];
    double n_row;
    bool there;
    ts_status status = ts_store_has_table(store, "_ts_result", &there, err);
    if (status || !there)
        return status;
    status = ts_store_hash_table(store, "_ts_result", &n_row, sha256, err);
    return status ? status
                  : check_hash(store, "results", "results", false, sha256, err);
}

/* The definition of the trial has its hash in its last event. */
static ts_status check_trial(ts_store *store, ts_error *err)
{
    static const ts_field fields[] = {{.type = TS_TEXT}, {.type = TS_TEXT}};
    ts_frame *f;
    char sha256[65];
    ts_status status = ts_store_read(
        store,
        "select value, (select sha256 from _ts_audit where verb = 'define'"
        " order by seq desc limit 1) from _ts_setting where name = 'trial'",
        NULL, 0, fields, 2, &f, err);
    if (status)
        return status;
    const char *value = f->n_row ? ts_column_text(f->column[0], 0) : NULL;
    const char *hash = f->n_row ? ts_column_text(f->column[1], 0) : NULL;
    if (value) {
        ts_hash_text(value, strlen(value), sha256);
        if (!hash || strcmp(hash, sha256) != 0)
            status = differs(store, "the definition of the trial",
                             "is not what its last event left", err);
    }
    ts_frame_free(f);
    return status;
}

/* No table may be gone that no event dropped. */
static ts_status check_gone(ts_store *store, ts_error *err)
{
    static const ts_field fields[] = {{.type = TS_TEXT}};
    ts_frame *f;
    ts_status status = ts_store_read(
        store,
        "select object from _ts_audit a where content is not null"
        " and object <> 'results' and object not in"
        " (select name from _ts_table) and not exists (select 1 from"
        " _ts_audit b where b.object = a.object and b.seq > a.seq and"
        " b.verb in ('drop', 'withdraw')) limit 1",
        NULL, 0, fields, 1, &f, err);
    if (status)
        return status;
    if (f->n_row)
        status =
            differs(store, ts_column_text(f->column[0], 0), "is gone", err);
    ts_frame_free(f);
    return status;
}

static ts_status check_tables(ts_store *store, ts_error *err)
{
    static const ts_field fields[] = {{.type = TS_TEXT}};
    ts_frame *f;
    ts_status status = ts_store_read(
        store,
        "select name from _ts_table where name is not null order by position",
        NULL, 0, fields, 1, &f, err);
    if (status)
        return status;
    for (size_t i = 0; i < f->n_row && !status; i++) {
        const char *name = ts_column_text(f->column[0], i);
        status = check_table(store, name, original(name), err);
    }
    ts_frame_free(f);
    if (!status)
        status = check_gone(store, err);
    if (!status)
        status = check_results(store, err);
    return status ? status : check_trial(store, err);
}

ts_status ts_store_verify(ts_store *store, size_t *n_event, ts_error *err)
{
    *n_event = 0;
    ts_status status = ts_store_check_file(store, NULL, err);
    if (!status)
        status = ts_store_check_chain(store, n_event, err);
    if (!status && store->lock)
        status = ts_store_check_content(store, err);
    return status ? status : check_tables(store, err);
}
