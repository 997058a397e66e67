/* Where the columns come from that a statement gives, as SQLite knows it. */
#include "ts/store.h"

#include "store_internal.h"

static void add(ts_buffer *out, const char *text)
{
    ts_buffer_puts(out, text ? text : "");
    ts_buffer_add(out, "", 1);
}

ts_status ts_store_origins(ts_store *store, const char *sql,
                           const ts_value *values, size_t n_value,
                           ts_buffer *out, ts_error *err)
{
    sqlite3_stmt *stmt = NULL;
    ts_status status =
        ts_store_prepare(store, sql, 0, values, n_value, &stmt, err);
    if (status)
        return status;
    for (int i = 0; i < sqlite3_column_count(stmt); i++) {
        add(out, sqlite3_column_name(stmt, i));
        add(out, sqlite3_column_table_name(stmt, i));
        add(out, sqlite3_column_origin_name(stmt, i));
    }
    sqlite3_finalize(stmt);
    return out->failed ? ts_fail_memory(err) : TS_OK;
}
