/*
 * New tables, from frames and from files. All of it runs inside a transaction
 * that the caller began.
 */
#include "store_internal.h"

#include <math.h>
#include <string.h>
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/text.h"

static void add_name(ts_buffer *sql, const char *name)
{
    ts_buffer_puts(sql, "\"");
    for (const char *p = name; *p; p++) {
        ts_buffer_add(sql, p, 1);
        if (*p == '"')
            ts_buffer_puts(sql, "\"");
    }
    ts_buffer_puts(sql, "\"");
}

ts_status ts_store_make_table(ts_store *store, const char *name, size_t k,
                              const char *(*column)(const void *, size_t,
                                                    ts_type *),
                              const void *source, sqlite3_stmt **out,
                              ts_error *err)
{
    ts_buffer create = {0}, insert = {0};
    ts_status status = TS_OK;
    *out = NULL;
    ts_buffer_puts(&create, "create table ");
    add_name(&create, name);
    ts_buffer_puts(&insert, "insert into ");
    add_name(&insert, name);
    ts_buffer_puts(&insert, " values");
    for (size_t j = 0; j < k; j++) {
        ts_type type;
        ts_buffer_puts(&create, j ? ", " : " (");
        add_name(&create, column(source, j, &type));
        ts_buffer_puts(&create, type == TS_REAL ? " real" : " text");
        ts_buffer_puts(&insert, j ? ",?" : "(?");
    }
    ts_buffer_puts(&create, ") strict");
    ts_buffer_puts(&insert, ")");
    if (create.failed || insert.failed)
        status = ts_fail_memory(err);
    if (!status)
        status = ts_store_execute(store, create.data, NULL, 0, err);
    if (!status) {
        store->trusted++;
        int rc = sqlite3_prepare_v2(store->db, insert.data, -1, out, NULL);
        store->trusted--;
        if (rc)
            status = ts_store_fail(store, rc, err);
    }
    ts_buffer_free(&create);
    ts_buffer_free(&insert);
    return status;
}

static const char *frame_column(const void *source, size_t j, ts_type *type)
{
    const ts_frame *frame = source;
    *type = frame->column[j]->type;
    return frame->column[j]->name;
}

ts_status ts_store_write(ts_store *store, const char *table,
                         const ts_frame *frame, ts_error *err)
{
    sqlite3_stmt *insert;
    size_t k = frame->n_column;
    ts_status status = TS_OK;
    bool special = false;
    for (size_t j = 0; j < k; j++)
        special = special || frame->column[j]->special;
    if (special)
        status = ts_store_make_missing(store, err);
    if (!status)
        status = ts_store_make_table(store, table, k, frame_column, frame,
                                     &insert, err);
    if (status)
        return status;
    ts_store_missing missing = {store, table, NULL};
    for (size_t i = 0; i < frame->n_row && !status; i++) {
        for (size_t j = 0; j < k; j++) {
            const ts_column *c = frame->column[j];
            int at = (int)j + 1;
            if (ts_column_is_na(c, i))
                sqlite3_bind_null(insert, at);
            else if (c->type == TS_REAL)
                sqlite3_bind_double(insert, at, c->real[i]);
            else
                sqlite3_bind_text(insert, at, ts_column_text(c, i), -1,
                                  SQLITE_STATIC);
        }
        int rc = sqlite3_step(insert);
        if (rc != SQLITE_DONE)
            status = ts_store_fail(store, rc, err);
        sqlite3_reset(insert);
        for (size_t j = 0; j < k && !status; j++) {
            const ts_column *c = frame->column[j];
            if (c->special && c->special[i])
                status = ts_store_add_missing(&missing, (double)i + 1, c->name,
                                              c->special[i], err);
        }
        if (!status && i % 65536 == 65535)
            status = ts_progress("rows written", (double)i,
                                 (double)frame->n_row, err);
    }
    sqlite3_finalize(insert);
    ts_store_end_missing(&missing);
    return status;
}

/* Files -------------------------------------------------------------------- */

typedef struct {
    ts_store *store;
    sqlite3_stmt *insert;
    double n_row, total;
} csv_target;

static const char *csv_column(const void *source, size_t j, ts_type *type)
{
    const ts_csv_facts *facts = source;
    *type = facts->types[j];
    return facts->names[j];
}

static ts_status insert_real(void *context, size_t j, double x, ts_error *err)
{
    (void)err;
    sqlite3_bind_double(((csv_target *)context)->insert, (int)j + 1, x);
    return TS_OK;
}

static ts_status insert_text(void *context, size_t j, const char *text,
                             size_t length, ts_error *err)
{
    csv_target *t = context;
    int rc = sqlite3_bind_text(t->insert, (int)j + 1, text, (int)length,
                               SQLITE_STATIC);
    return rc ? ts_store_fail(t->store, rc, err) : TS_OK;
}

static ts_status insert_na(void *context, size_t j, ts_error *err)
{
    (void)err;
    sqlite3_bind_null(((csv_target *)context)->insert, (int)j + 1);
    return TS_OK;
}

static ts_status insert_row(void *context, ts_error *err)
{
    csv_target *t = context;
    int rc = sqlite3_step(t->insert);
    sqlite3_reset(t->insert);
    if (rc != SQLITE_DONE)
        return ts_store_fail(t->store, rc, err);
    if (fmod(++t->n_row, 16384) == 0)
        return ts_progress("rows imported", t->n_row, t->total, err);
    return TS_OK;
}

ts_status ts_store_import_csv(ts_store *store, const char *table, ts_csv *csv,
                              ts_error *err)
{
    const ts_csv_facts *facts = ts_csv_get_facts(csv);
    csv_target target = {store, NULL, 0, facts->n_row};
    ts_csv_sink sink = {&target, insert_real, insert_text, insert_na,
                        insert_row};
    ts_status status = ts_store_make_table(store, table, facts->n_column,
                                           csv_column, facts, &target.insert,
                                           err);
    if (!status)
        status = ts_csv_read(csv, &sink, err);
    sqlite3_finalize(target.insert);
    return status;
}
