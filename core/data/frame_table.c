/*
 * Frames as tables of a connection: a virtual table that reads the columns
 * where they are. Names are _frame_1, _frame_2, ... in schema temp.
 */
#include "store_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "ts/memory.h"
#include "ts/text.h"

typedef struct {
    sqlite3_vtab base;
    const ts_frame *frame;
} table;

typedef struct {
    sqlite3_vtab_cursor base;
    size_t row;
} cursor;

static int declare(sqlite3 *db, const ts_frame *frame)
{
    ts_buffer sql = {0};
    ts_buffer_puts(&sql, "create table x(");
    for (size_t i = 0; i < frame->n_column; i++) {
        const ts_column *column = frame->column[i];
        ts_buffer_puts(&sql, i ? ",\"" : "\"");
        for (const char *p = column->name; *p; p++) {
            ts_buffer_add(&sql, p, 1);
            if (*p == '"')
                ts_buffer_puts(&sql, "\"");
        }
        ts_buffer_puts(&sql, column->type == TS_REAL ? "\" real" : "\" text");
    }
    ts_buffer_puts(&sql, frame->n_column ? ")" : "\"_\" real)");
    int rc = sql.failed ? SQLITE_NOMEM : sqlite3_declare_vtab(db, sql.data);
    ts_buffer_free(&sql);
    return rc;
}

/* argv: module, schema, table name; the name finds the frame. */
static int connect(sqlite3 *db, void *context, int argc,
                   const char *const *argv, sqlite3_vtab **out, char **message)
{
    const ts_store *store = context;
    const attached *a = store->frames;
    (void)argc;
    while (a && strcmp(a->name, argv[2]) != 0)
        a = a->next;
    if (!a)
        return SQLITE_ERROR;
    int rc = declare(db, a->frame);
    if (rc) { /* two names that differ in case, too many columns */
        *message = sqlite3_mprintf("%s", sqlite3_errmsg(db));
        return rc;
    }
    table *t = sqlite3_malloc(sizeof *t);
    if (!t)
        return SQLITE_NOMEM;
    memset(t, 0, sizeof *t);
    t->frame = a->frame;
    *out = &t->base;
    return SQLITE_OK;
}

static int disconnect(sqlite3_vtab *base)
{
    sqlite3_free(base);
    return SQLITE_OK;
}

static int best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    const table *t = (const table *)base;
    info->estimatedCost = (double)t->frame->n_row;
    info->estimatedRows = (sqlite3_int64)t->frame->n_row;
    if (info->nOrderBy == 1 && info->aOrderBy[0].iColumn == -1 &&
        !info->aOrderBy[0].desc)
        info->orderByConsumed = 1;
    return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    cursor *c = sqlite3_malloc(sizeof *c);
    (void)base;
    if (!c)
        return SQLITE_NOMEM;
    memset(c, 0, sizeof *c);
    *out = &c->base;
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
    sqlite3_free(base);
    return SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *base, int index, const char *text,
                  int argc, sqlite3_value **argv)
{
    (void)index, (void)text, (void)argc, (void)argv;
    ((cursor *)base)->row = 0;
    return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *base)
{
    ((cursor *)base)->row++;
    return SQLITE_OK;
}

static int eof(sqlite3_vtab_cursor *base)
{
    return ((cursor *)base)->row >= ((table *)base->pVtab)->frame->n_row;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int j)
{
    const ts_frame *frame = ((table *)base->pVtab)->frame;
    size_t i = ((cursor *)base)->row;
    if ((size_t)j >= frame->n_column ||
        ts_column_is_na(frame->column[j], i))
        sqlite3_result_null(context);
    else if (frame->column[j]->type == TS_REAL)
        sqlite3_result_double(context, frame->column[j]->real[i]);
    else
        sqlite3_result_text(context, ts_column_text(frame->column[j], i), -1,
                            SQLITE_STATIC);
    return SQLITE_OK;
}

static int rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
    *out = (sqlite3_int64)((cursor *)base)->row + 1;
    return SQLITE_OK;
}

int ts_store_frame_module(ts_store *store)
{
    static const sqlite3_module module = {
        .xCreate = connect,
        .xConnect = connect,
        .xBestIndex = best_index,
        .xDisconnect = disconnect,
        .xDestroy = disconnect,
        .xOpen = open_cursor,
        .xClose = close_cursor,
        .xFilter = filter,
        .xNext = next,
        .xEof = eof,
        .xColumn = column,
        .xRowid = rowid,
    };
    return sqlite3_create_module_v2(store->db, "_ts_frame", &module, store,
                                    NULL);
}

/* A locked study is open for queries only, which SQLite takes to mean its
 * temporary tables too. */
static ts_status execute_temp(ts_store *store, const char *sql, ts_error *err)
{
    if (store->lock)
        ts_store_script(store, "pragma query_only = off", NULL);
    ts_status status = ts_store_execute(store, sql, NULL, 0, err);
    if (store->lock)
        ts_store_script(store, "pragma query_only = on", NULL);
    return status;
}

ts_status ts_store_attach(ts_store *store, const ts_frame *frame, char *name,
                          ts_error *err)
{
    char sql[100];
    attached *a = ts_alloc_array(1, sizeof *a);
    name[0] = '\0';
    if (!a)
        return ts_fail_memory(err);
    ts_status status = ts_frame_new(frame->n_row, &a->frame, err);
    for (size_t j = 0; j < frame->n_column && !status; j++)
        status = ts_frame_add(a->frame, ts_column_ref(frame->column[j]), err);
    if (status) {
        ts_frame_free(a->frame);
        ts_free(a);
        return status;
    }
    snprintf(a->name, sizeof a->name, "_frame_%ld", ++store->n_attached);
    a->next = store->frames;
    store->frames = a;
    snprintf(sql, sizeof sql, "create virtual table temp.%s using _ts_frame",
             a->name);
    status = execute_temp(store, sql, err);
    if (status)
        ts_store_detach(store, a->name);
    else
        memcpy(name, a->name, sizeof a->name);
    return status;
}

void ts_store_detach(ts_store *store, const char *name)
{
    char sql[100];
    attached **link = &store->frames;
    while (*link && strcmp((*link)->name, name) != 0)
        link = &(*link)->next;
    attached *a = *link;
    if (!a)
        return;
    snprintf(sql, sizeof sql, "drop table if exists temp.%s", a->name);
    if (execute_temp(store, sql, NULL))
        return; /* a statement still reads it: it stays until the end */
    *link = a->next;
    ts_frame_free(a->frame);
    ts_free(a);
}
