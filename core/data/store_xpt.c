/* SAS transport files into the store: rows as they come, codes of missing
 * values beside them. */
#include "store_internal.h"

#include <math.h>
#include "ts/interrupt.h"
#include "ts/memory.h"

typedef struct {
    ts_store *store;
    sqlite3_stmt *insert;
    const ts_xpt_facts *facts;
    ts_store_missing missing;
    double n_row;
    ts_store_zeros zeros;
} target;

static const char *column_of(const void *source, size_t j, ts_type *type)
{
    const ts_xpt_facts *facts = source;
    *type = facts->variable[j].type;
    return facts->variable[j].name;
}

static ts_status insert_real(void *context, size_t j, double x, ts_error *err)
{
    target *t = context;
    sqlite3_bind_double(t->insert, (int)j + 1, x);
    return ts_store_see_number(&t->zeros, j, x, err);
}

static ts_status insert_text(void *context, size_t j, const char *text,
                             size_t length, ts_error *err)
{
    target *t = context;
    /* text may stand in a buffer of the reader: copied */
    int rc = sqlite3_bind_text(t->insert, (int)j + 1, text, (int)length,
                               SQLITE_TRANSIENT);
    return rc ? ts_store_fail(t->store, rc, err) : TS_OK;
}

static ts_status insert_na(void *context, size_t j, char code, ts_error *err)
{
    target *t = context;
    sqlite3_bind_null(t->insert, (int)j + 1);
    if (code == '.' || code == ' ')
        return TS_OK;
    return ts_store_add_missing(&t->missing, t->n_row + 1,
                                t->facts->variable[j].name, code, err);
}

static ts_status insert_row(void *context, ts_error *err)
{
    target *t = context;
    int rc = sqlite3_step(t->insert);
    sqlite3_reset(t->insert);
    if (rc != SQLITE_DONE)
        return ts_store_fail(t->store, rc, err);
    if (fmod(++t->n_row, 16384) == 0)
        return ts_progress("rows imported", t->n_row, t->facts->n_row, err);
    return TS_OK;
}

static ts_status import_rows(target *t, const char *table, ts_xpt *xpt,
                             ts_error *err)
{
    ts_xpt_sink sink = {t, insert_real, insert_text, insert_na, insert_row};
    t->n_row = 0;
    ts_status status =
        ts_store_make_table(t->store, table, t->facts->n_column, column_of,
                            t->facts, t->zeros.column, &t->insert, err);
    if (!status)
        status = ts_xpt_read(xpt, &sink, err);
    sqlite3_finalize(t->insert);
    ts_store_end_missing(&t->missing);
    return status;
}

ts_status ts_store_import_xpt(ts_store *store, const char *table, ts_xpt *xpt,
                              ts_error *err)
{
    const ts_xpt_facts *facts = ts_xpt_get_facts(xpt);
    target t = {.store = store,
                .facts = facts,
                .missing = {store, table, NULL},
                .zeros = {facts->n_column, NULL}};
    ts_status status = TS_OK;
    double n_special = 0;
    for (size_t j = 0; j < facts->n_column; j++)
        n_special += facts->variable[j].n_special;
    if (n_special > 0)
        status = ts_store_make_missing(store, err);
    if (!status)
        status = import_rows(&t, table, xpt, err);
    if (!status && t.zeros.column) {
        status = ts_store_drop_table(store, table, err);
        if (!status)
            status = ts_store_move_missing(store, table, NULL, err);
        if (!status)
            status = import_rows(&t, table, xpt, err);
    }
    ts_free(t.zeros.column);
    return status;
}
