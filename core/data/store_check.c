/*
 * Whether a file is a study, looked at as it is opened: SQLite reads files of
 * any hand, and some would make it run what it should not, or never end.
 */
#include "store_internal.h"

#include <stdio.h>
#include "ts/memory.h"

static ts_status check_identity(ts_store *store, ts_error *err)
{
    double id = 0, version = 0;
    ts_status status =
        ts_store_pragma(store, "pragma application_id", &id, err);
    if (!status && id != TS_STORE_ID)
        return ts_fail(err, TS_EFORMAT,
                       "%s is an SQLite file, but no study of trialsh",
                       store->path);
    if (!status)
        status = ts_store_pragma(store, "pragma user_version", &version, err);
    if (!status && version != TS_STORE_FORM)
        return ts_fail(err, TS_EFORMAT,
                       "%s was written by another version of trialsh "
                       "(form %.0f, this one knows %d)",
                       store->path, version, TS_STORE_FORM);
    return status;
}

/* What a study never has, SQLite would run or read by other means. */
static ts_status check_objects(ts_store *store, ts_error *err)
{
    static const ts_field fields[] = {{.type = TS_TEXT}, {.type = TS_TEXT}};
    ts_frame *f;
    ts_status status = ts_store_read(
        store,
        "select case when sql like 'create virtual%' then 'virtual table'"
        " else type end, name from sqlite_schema where"
        " case when type = 'table' then sql like 'create virtual%'"
        " else type is not 'index' or sql is not null end limit 1",
        NULL, 0, fields, 2, &f, err);
    if (status)
        return status;
    if (f->n_row) {
        const char *type = ts_column_text(f->column[0], 0);
        const char *name = ts_column_text(f->column[1], 0);
        status = ts_fail(err, TS_EFORMAT,
                         "%s holds the %s %s, which no study has: something "
                         "else than trialsh made it",
                         store->path, type ? type : "nameless thing",
                         name ? name : "NULL");
    }
    ts_frame_free(f);
    return status;
}

static ts_status try_to_read(ts_store *store, const char *sql, ts_error *err)
{
    ts_frame *f;
    ts_status status = ts_store_read(store, sql, NULL, 0, NULL, 0, &f, err);
    if (!status)
        ts_frame_free(f);
    return status;
}

/* Each table and column that is listed must be there. */
static ts_status check_listed(ts_store *store, ts_error *err)
{
    static const ts_field fields[] = {{.type = TS_TEXT}, {.type = TS_TEXT}};
    ts_frame *f;
    ts_status status = ts_store_read(
        store,
        "select name, '' from _ts_table union all"
        " select tbl, name from _ts_column except select name, '' from"
        " sqlite_schema where type = 'table' except select t.name, p.name"
        " from _ts_table t, pragma_table_info(t.name) p limit 1",
        NULL, 0, fields, 2, &f, err);
    if (status)
        return status;
    if (f->n_row) {
        const char *table = ts_column_text(f->column[0], 0);
        const char *column = ts_column_text(f->column[1], 0);
        status = ts_fail(err, TS_EFORMAT,
                         "%s is damaged: it lists %s%s%s%s, which is not there",
                         store->path, column && *column ? "a column " : "",
                         column ? column : "", column && *column ? " of " : "",
                         table ? table : "a table without a name");
    }
    ts_frame_free(f);
    return status;
}

/* A page that stands in two places of a table would make it endless: SQLite
 * checks before a row is read. */
static ts_status check_own_tables(ts_store *store, ts_error *err)
{
    static const struct {
        const char *name, *columns;
        bool always;
    } own[] = {
        {"_ts_table",
         "name, kind, position, rows, key, definition, sources, script, line,"
         " sha256, file, simulated, created",
         true},
        {"_ts_column",
         "tbl, position, name, type, label, unit, format, levels, origin",
         true},
        {"_ts_setting", "name, value", true},
        {"_ts_audit",
         "seq, utc, who, verb, object, rows, sha256, detail, script, content,"
         " previous, hash",
         true},
        {"_ts_attribute", "tbl, name, attribute, value", false},
        {"_ts_missing", "tbl, row, column, code", false},
        {"_ts_finding",
         "tbl, number, place, kind, rule, n, undecided, row, key, found",
         false},
        {"_ts_lock", "tbl, rows, sha256", false},
    };
    ts_status status = TS_OK;
    for (size_t i = 0; i < sizeof own / sizeof *own && !status; i++) {
        char sql[200];
        bool there;
        status = ts_store_has_table(store, own[i].name, &there, err);
        if (status || (!there && !own[i].always))
            continue;
        snprintf(sql, sizeof sql, "select %s from %s limit 0", own[i].columns,
                 own[i].name);
        status = try_to_read(store, sql, err);
        if (!status)
            status = ts_store_check_file(store, own[i].name, err);
    }
    return status ? status : check_listed(store, err);
}

ts_status ts_store_check_study(ts_store *store, bool altered, ts_error *err)
{
    ts_error why;
    ts_status status = check_identity(store, err);
    if (!status)
        status = check_objects(store, err);
    if (!status)
        status = check_own_tables(store, err);
    if (!status)
        status = ts_store_read_lock(store, err);
    if (!status && store->lock)
        status = ts_store_script(store, "pragma query_only = on", err);
    if (status || !store->lock)
        return status;
    status = ts_store_check_lock(store, &why);
    if (status && status != TS_EFORMAT)
        return ts_fail(err, status, "%s", why.text);
    if (status && !altered)
        return ts_fail(err, status,
                       "%s; restore it from a copy, or look at what is there: "
                       "study.open(file, { altered = true })",
                       why.text);
    if (status && !(store->altered = ts_strdup(why.text)))
        return ts_fail_memory(err);
    return TS_OK;
}
