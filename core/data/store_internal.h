/* What the files of the store share. */
#ifndef TS_STORE_INTERNAL_H
#define TS_STORE_INTERNAL_H

#include <sqlite3.h>
#include "ts/store.h"

typedef struct attached {
    struct attached *next;
    char name[32];
    ts_frame *frame; /* columns shared with the caller's */
} attached;

/* Groupings that one query may hold. */
#define TS_STORE_GROUPS 32

struct grouping;

struct ts_store {
    sqlite3 *db;
    char *path; /* ":memory:" for one in memory */
    int read_only;
    int trusted; /* above 0 while a statement of our own is prepared */
    double n_end; /* transactions that ended */
    double count[TS_COUNT_MAX];
    attached *frames;
    long n_attached;
    struct grouping *group[TS_STORE_GROUPS];
};

/* err from what SQLite says now; interrupts and full disks by their names. */
ts_status ts_store_fail(ts_store *store, int rc, ts_error *err);
/* Statements of the store itself, several at once, without parameters. */
ts_status ts_store_script(ts_store *store, const char *sql, ts_error *err);
/* The number that a pragma answers with, or 0. */
ts_status ts_store_pragma(ts_store *store, const char *sql, double *out,
                          ts_error *err);
/* Our functions and aggregates on that connection. */
int ts_store_functions(ts_store *store);
/* Groups by number, and the end of those of the last query. */
int ts_store_group_functions(ts_store *store);
void ts_store_free_groups(ts_store *store);
/* Makes a table of k columns, named and typed by column(source, j, &type), and
 * prepares the insert of a row. */
ts_status ts_store_make_table(ts_store *store, const char *name, size_t k,
                              const char *(*column)(const void *, size_t,
                                                    ts_type *),
                              const void *source, sqlite3_stmt **out,
                              ts_error *err);

/* The table of codes, made before statements are prepared that a change of
 * the schema would ask to prepare again, without trust. */
ts_status ts_store_make_missing(ts_store *store, ts_error *err);
/* Codes of missing values, entered as rows come. */
typedef struct {
    ts_store *store;
    const char *table;
    sqlite3_stmt *insert; /* NULL until the first code */
} ts_store_missing;

ts_status ts_store_add_missing(ts_store_missing *m, double row,
                               const char *column, char code, ts_error *err);
void ts_store_end_missing(ts_store_missing *m);

/* The module that makes frames readable. */
int ts_store_frame_module(ts_store *store);

#endif
