/*
 * Texts such as "<3.2" in SQL, taken apart as a censored import does it. What
 * is neither number, limit nor nothing stops the query, for the verb detect.
 */
#include "store_internal.h"

#include "csv_private.h"

/* What is in v: CELL_EMPTY for NULL and empty text; CELL_OTHER with an error
 * in the context. */
static csv_kind take(sqlite3_context *context, int n_value, sqlite3_value **v,
                     double *x)
{
    static const csv_rules plain;
    ts_buffer message = {0};
    int type = sqlite3_value_type(v[0]);
    if (type == SQLITE_FLOAT || type == SQLITE_INTEGER) {
        *x = sqlite3_value_double(v[0]);
        return CELL_NUMBER;
    }
    const char *text = (const char *)sqlite3_value_text(v[0]);
    size_t n = (size_t)sqlite3_value_bytes(v[0]);
    if (!text || n == 0)
        return CELL_EMPTY;
    if (csv_number_parse(&plain, text, n, x))
        return CELL_NUMBER;
    csv_kind kind = csv_limit_parse(&plain, text, n, x);
    if (kind != CELL_OTHER)
        return kind;
    const char *name =
        n_value > 1 ? (const char *)sqlite3_value_text(v[1]) : NULL;
    ts_buffer_puts(&message, name ? name : "detect");
    ts_buffer_puts(&message, ": '");
    ts_text_escape(&message, text, n < 60 ? n : 60);
    ts_buffer_puts(&message, "' is no number and no limit such as <3.2; "
                             "detect { na = \"");
    ts_text_escape(&message, text, n < 60 ? n : 60);
    ts_buffer_puts(&message, "\" } makes it missing");
    if (message.failed)
        sqlite3_result_error_nomem(context);
    else
        sqlite3_result_error(context, message.data, -1);
    ts_buffer_free(&message);
    return CELL_OTHER;
}

void ts_store_limit_value(sqlite3_context *context, int n, sqlite3_value **v)
{
    double x;
    csv_kind kind = take(context, n, v, &x);
    if (kind != CELL_EMPTY && kind != CELL_OTHER)
        sqlite3_result_double(context, x);
}

/* Y or N, where there is a value. */
static void flag_of(sqlite3_context *context, int n, sqlite3_value **v,
                    csv_kind side)
{
    double x;
    csv_kind kind = take(context, n, v, &x);
    if (kind != CELL_EMPTY && kind != CELL_OTHER)
        sqlite3_result_text(context, kind == side ? "Y" : "N", 1,
                            SQLITE_STATIC);
}

void ts_store_limit_below(sqlite3_context *context, int n, sqlite3_value **v)
{
    flag_of(context, n, v, CELL_BELOW);
}

void ts_store_limit_above(sqlite3_context *context, int n, sqlite3_value **v)
{
    flag_of(context, n, v, CELL_ABOVE);
}
