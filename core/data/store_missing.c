/*
 * The codes of SAS's special missing values, beside the tables: most studies
 * have none, so the table of codes is made by the first one.
 */
#include "store_internal.h"

#include <string.h>

static ts_status has_codes(ts_store *store, bool *there, ts_error *err)
{
    ts_frame *f;
    ts_status status = ts_store_query(
        store, "select 1 from sqlite_schema where name = '_ts_missing'", NULL,
        0, NULL, 0, &f, err);
    *there = !status && f->n_row > 0;
    if (!status)
        ts_frame_free(f);
    return status;
}

ts_status ts_store_make_missing(ts_store *store, ts_error *err)
{
    return ts_store_execute(
        store,
        "create table if not exists _ts_missing (tbl text not null,"
        " row integer not null, column text not null, code text not null,"
        " primary key (tbl, row, column)) strict, without rowid",
        NULL, 0, err);
}

static ts_status prepare(ts_store_missing *m, ts_error *err)
{
    ts_store *store = m->store;
    store->trusted++;
    int rc = sqlite3_prepare_v2(store->db,
                                "insert into _ts_missing values (?,?,?,?)", -1,
                                &m->insert, NULL);
    store->trusted--;
    return rc ? ts_store_fail(store, rc, err) : TS_OK;
}

ts_status ts_store_add_missing(ts_store_missing *m, double row,
                               const char *column, char code, ts_error *err)
{
    ts_status status = m->insert ? TS_OK : prepare(m, err);
    if (status)
        return status;
    /* what is bound lives until the step: nothing is copied, nothing fails */
    sqlite3_bind_text(m->insert, 1, m->table, -1, SQLITE_STATIC);
    sqlite3_bind_int64(m->insert, 2, (sqlite3_int64)row);
    sqlite3_bind_text(m->insert, 3, column, -1, SQLITE_STATIC);
    sqlite3_bind_text(m->insert, 4, &code, 1, SQLITE_STATIC);
    int rc = sqlite3_step(m->insert);
    if (rc != SQLITE_DONE)
        status = ts_store_fail(m->store, rc, err);
    sqlite3_reset(m->insert);
    sqlite3_clear_bindings(m->insert);
    return status;
}

void ts_store_end_missing(ts_store_missing *m)
{
    sqlite3_finalize(m->insert);
    m->insert = NULL;
}

ts_status ts_store_move_missing(ts_store *store, const char *table,
                                const char *to, ts_error *err)
{
    bool there;
    ts_value values[] = {ts_store_text(to ? to : table), ts_store_text(table)};
    ts_status status = has_codes(store, &there, err);
    if (status || !there)
        return status;
    return to ? ts_store_execute(store,
                                 "update _ts_missing set tbl = ? where tbl = ?",
                                 values, 2, err)
              : ts_store_execute(store, "delete from _ts_missing where tbl = ?",
                                 values, 1, err);
}

static ts_column *column_named(const ts_frame *frame, const char *name)
{
    for (size_t j = 0; j < frame->n_column; j++)
        if (strcmp(frame->column[j]->name, name) == 0)
            return frame->column[j];
    return NULL;
}

ts_status ts_store_get_missing(ts_store *store, const char *table,
                               ts_frame *frame, ts_error *err)
{
    bool there;
    ts_frame *codes;
    ts_value values[] = {ts_store_text(table)};
    ts_field fields[3] = {
        {.type = TS_REAL}, {.type = TS_TEXT}, {.type = TS_TEXT}};
    ts_status status = has_codes(store, &there, err);
    if (status || !there)
        return status;
    status = ts_store_query(
        store,
        "select row, column, code from _ts_missing where tbl = ? order by 1",
        values, 1, fields, 3, &codes, err);
    if (status)
        return status;
    for (size_t i = 0; i < codes->n_row && !status; i++) {
        double row = codes->column[0]->real[i];
        ts_column *c = column_named(frame, ts_column_text(codes->column[1], i));
        if (c && c->type == TS_REAL && row >= 1 &&
            row <= (double)frame->n_row && ts_column_is_na(c, (size_t)row - 1))
            status = ts_column_set_special(
                c, (size_t)row - 1, ts_column_text(codes->column[2], i)[0],
                err);
    }
    ts_frame_free(codes);
    return status;
}
