/*
 * _nth(x, k [, place]): the value of x in row k of a group, from the end where
 * k is below 0; NULL where there are fewer rows. Rows are told apart by place,
 * a number that grows in their order; without it they come in their order, as
 * those of a window do. Missing values are values like others.
 */
#include "store_internal.h"

#include <string.h>
#include "ts/memory.h"

typedef struct {
    double place;
    sqlite3_value *value;
} row;

/* The first k rows, or the last -k, in order. */
typedef struct {
    row *rows;
    sqlite3_int64 n, room, k;
    double n_seen;
} picking;

static int make_room(picking *p)
{
    if (p->n < p->room)
        return 1;
    sqlite3_int64 room = p->room ? p->room * 2 : 1;
    row *rows = ts_realloc_array(p->rows, (size_t)room, sizeof *rows);
    if (!rows)
        return 0;
    p->rows = rows;
    p->room = room;
    return 1;
}

/* Takes row i out. */
static void leave(picking *p, sqlite3_int64 i)
{
    sqlite3_value_free(p->rows[i].value);
    p->n--;
    memmove(p->rows + i, p->rows + i + 1, (size_t)(p->n - i) * sizeof *p->rows);
}

static void step(sqlite3_context *context, int n, sqlite3_value **v)
{
    picking *p = sqlite3_aggregate_context(context, sizeof *p);
    if (!p)
        return;
    p->k = sqlite3_value_int64(v[1]);
    double place = n > 2 ? sqlite3_value_double(v[2]) : ++p->n_seen;
    sqlite3_int64 most = p->k < 0 ? -p->k : p->k, i = p->n;
    while (i > 0 && p->rows[i - 1].place > place)
        i--;
    int full = p->n == most;
    if (full && (p->k > 0 ? i == p->n : i == 0))
        return;
    sqlite3_value *value = sqlite3_value_dup(v[0]);
    if (!value || (!full && !make_room(p))) {
        sqlite3_value_free(value);
        sqlite3_result_error_nomem(context);
        return;
    }
    if (full && p->k > 0) {
        leave(p, p->n - 1);
    } else if (full) {
        leave(p, 0);
        i--;
    }
    memmove(p->rows + i + 1, p->rows + i, (size_t)(p->n - i) * sizeof *p->rows);
    p->rows[i] = (row){place, value};
    p->n++;
}

static void give(sqlite3_context *context)
{
    const picking *p = sqlite3_aggregate_context(context, 0);
    if (p && p->n && p->n == (p->k < 0 ? -p->k : p->k))
        sqlite3_result_value(context, p->rows[p->k < 0 ? 0 : p->n - 1].value);
}

static void final(sqlite3_context *context)
{
    picking *p = sqlite3_aggregate_context(context, 0);
    give(context);
    if (!p)
        return;
    while (p->n)
        leave(p, p->n - 1);
    ts_free(p->rows);
    p->rows = NULL;
    p->room = 0;
}

int ts_store_nth_function(ts_store *store)
{
    int rc = ts_store_aggregate(store, "_nth", 2, step, final, give);
    return rc ? rc : ts_store_aggregate(store, "_nth", 3, step, final, give);
}
