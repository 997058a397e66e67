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

/* SQLite takes 2000 columns in a table and in a result, and verbs add some of
 * their own, which carry the order of rows. */
#define MAX_COLUMN 1990

ts_status ts_store_make_table(ts_store *store, const char *name, size_t k,
                              const char *(*column)(const void *, size_t,
                                                    ts_type *),
                              const void *source, const bool *minus_zero,
                              sqlite3_stmt **out, ts_error *err)
{
    ts_buffer create = {0}, insert = {0};
    ts_status status = TS_OK;
    *out = NULL;
    if (k > MAX_COLUMN)
        return ts_fail(err, TS_ELIMIT,
                       "%s: %zu columns; a table of a study has at most %d",
                       name, k, MAX_COLUMN);
    ts_buffer_puts(&create, "create table ");
    add_name(&create, name);
    ts_buffer_puts(&insert, "insert into ");
    add_name(&insert, name);
    ts_buffer_puts(&insert, " values");
    for (size_t j = 0; j < k; j++) {
        ts_type type;
        const char *known = column(source, j, &type);
        ts_buffer_puts(&create, j ? ", " : " (");
        add_name(&create, known);
        if (type == TS_REAL && minus_zero && minus_zero[j]) {
            ts_buffer_puts(&create, " any check (typeof(");
            add_name(&create, known);
            ts_buffer_puts(&create, ") in ('real', 'null'))");
        } else {
            ts_buffer_puts(&create, type == TS_REAL ? " real" : " text");
        }
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

ts_status ts_store_drop_table(ts_store *store, const char *name, ts_error *err)
{
    ts_buffer sql = {0};
    ts_buffer_puts(&sql, "drop table ");
    add_name(&sql, name);
    ts_status status = sql.failed
                           ? ts_fail_memory(err)
                           : ts_store_execute(store, sql.data, NULL, 0, err);
    ts_buffer_free(&sql);
    return status;
}

ts_status ts_store_see_number(ts_store_zeros *zeros, size_t j, double x,
                              ts_error *err)
{
    if (x != 0 || !signbit(x))
        return TS_OK;
    if (!zeros->column && !(zeros->column = ts_alloc_array(zeros->n_column, 1)))
        return ts_fail_memory(err);
    zeros->column[j] = true;
    return TS_OK;
}

static const char *frame_column(const void *source, size_t j, ts_type *type)
{
    const ts_frame *frame = source;
    *type = frame->column[j]->type;
    return frame->column[j]->name;
}

static ts_status see_numbers(const ts_frame *frame, ts_store_zeros *zeros,
                             ts_error *err)
{
    ts_status status = TS_OK;
    for (size_t j = 0; j < frame->n_column; j++) {
        const ts_column *c = frame->column[j];
        for (size_t i = 0; c->type == TS_REAL && i < c->n && !status; i++)
            status = ts_store_see_number(zeros, j, c->real[i], err);
    }
    return status;
}

ts_status ts_store_write(ts_store *store, const char *table,
                         const ts_frame *frame, ts_error *err)
{
    sqlite3_stmt *insert;
    size_t k = frame->n_column;
    ts_store_zeros zeros = {k, NULL};
    ts_status status = see_numbers(frame, &zeros, err);
    bool special = false;
    for (size_t j = 0; j < k; j++)
        special = special || frame->column[j]->special;
    if (special && !status)
        status = ts_store_make_missing(store, err);
    if (!status)
        status = ts_store_make_table(store, table, k, frame_column, frame,
                                     zeros.column, &insert, err);
    ts_free(zeros.column);
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
    ts_store_zeros zeros;
} csv_target;

static const char *csv_column(const void *source, size_t j, ts_type *type)
{
    const ts_csv_facts *facts = source;
    *type = facts->column[j].type;
    return facts->column[j].name;
}

static ts_status insert_real(void *context, size_t j, double x, ts_error *err)
{
    csv_target *t = context;
    sqlite3_bind_double(t->insert, (int)j + 1, x);
    return ts_store_see_number(&t->zeros, j, x, err);
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

static ts_status import_rows(csv_target *t, const char *table, ts_csv *csv,
                             ts_error *err)
{
    const ts_csv_facts *facts = ts_csv_get_facts(csv);
    ts_csv_sink sink = {t, insert_real, insert_text, insert_na, insert_row};
    t->n_row = 0;
    ts_status status =
        ts_store_make_table(t->store, table, facts->n_column, csv_column, facts,
                            t->zeros.column, &t->insert, err);
    if (!status)
        status = ts_csv_read(csv, &sink, err);
    sqlite3_finalize(t->insert);
    return status;
}

ts_status ts_store_import_csv(ts_store *store, const char *table, ts_csv *csv,
                              ts_error *err)
{
    const ts_csv_facts *facts = ts_csv_get_facts(csv);
    csv_target t = {store, NULL, 0, facts->n_row, {facts->n_column, NULL}};
    ts_status status = import_rows(&t, table, csv, err);
    if (!status && t.zeros.column) {
        status = ts_store_drop_table(store, table, err);
        if (!status)
            status = import_rows(&t, table, csv, err);
    }
    ts_free(t.zeros.column);
    return status;
}
